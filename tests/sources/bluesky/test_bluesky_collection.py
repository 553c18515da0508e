"""A collection of addresses continues where it stopped and ends in shares."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import httpx
import pandas as pd
import pytest

from coordlib.errors import EmptyInputError, FileFormatError, InputError, ParameterError, ServiceError
from coordlib.runs import collect_links
from coordlib.runs.import_shares import read_targets
from coordlib.sources import BlueskySearch

URLS = ["https://a.example/1", "https://a.example/2"]


def post(number: int, url: str) -> dict[str, object]:
    moment = f"2025-11-08T00:00:{number:02d}.000Z"
    return {
        "uri": f"at://did:plc:{number}/app.bsky.feed.post/1",
        "author": {"did": f"did:plc:{number}", "handle": f"h{number}.example"},
        "record": {"createdAt": moment, "text": url, "embed": {"external": {"uri": url}}},
        "indexedAt": moment,
    }


class Network:
    """Two pages per address and nothing before them; from a given request on, nothing but failures."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.requests, self.fails_after = list[dict[str, str]](), fails_after

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = dict(request.url.params)
        if self.fails_after is not None and len(self.requests) >= self.fails_after:
            return httpx.Response(502)
        self.requests.append(asked)
        if asked.get("until"):
            return httpx.Response(200, json={"posts": []})
        if asked.get("cursor"):
            return httpx.Response(200, json={"posts": [post(2, asked["url"])]})
        return httpx.Response(200, json={"posts": [post(1, asked["url"])], "cursor": "1"})

    def client(self) -> BlueskySearch:
        return BlueskySearch(
            base_url="https://bsky.example", transport=httpx.MockTransport(self), sleep=lambda _: None
        )


def test_addresses_become_shares(tmp_path: Path) -> None:
    output = tmp_path / "shares.parquet"
    with Network().client() as client:
        report = collect_links(URLS, output, client)
    shares = pd.read_parquet(output)
    assert shares["object_id"].to_list() == [URLS[0]] * 2 + [URLS[1]] * 2
    assert (report.searches, report.pages, report.posts, report.shares, report.accounts) == (2, 6, 2, 4, 2)
    assert report.doubts == {}


def test_a_broken_run_continues_and_asks_nothing_twice(tmp_path: Path) -> None:
    output, network = tmp_path / "shares.csv", Network(fails_after=4)
    with network.client() as client, pytest.raises(ServiceError, match="nothing is lost"):
        collect_links(URLS, output, client)
    assert not output.exists()
    network.fails_after = None
    with network.client() as client:
        assert collect_links(URLS, output, client).shares == 4
    assert len(network.requests) == 6
    with network.client() as client:
        assert collect_links(URLS, output, client).shares == 4
    assert len(network.requests) == 6


def test_a_line_cut_short_by_a_crash_is_asked_for_again(tmp_path: Path) -> None:
    output, network = tmp_path / "shares.csv", Network()
    with network.client() as client:
        pages = collect_links(URLS, output, client).pages_file
        whole = pages.read_bytes()
        for cut in (1, 40, len(whole.splitlines()[-1]) - 1):
            pages.write_bytes(whole[:-cut])
            assert collect_links(URLS, output, client).shares == 4
            assert pages.read_bytes() == whole
    assert all(json.loads(line)["position"] for line in whole.splitlines())


def test_answers_to_another_search_are_not_mixed_in(tmp_path: Path) -> None:
    with Network().client() as client:
        collect_links(URLS, tmp_path / "shares.csv", client)
        with pytest.raises(ParameterError, match="another search"):
            collect_links(URLS, tmp_path / "shares.csv", client, since=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))


def test_a_damaged_pages_file_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "shares.pages.jsonl").write_text("{}\n{}\n", encoding="utf-8")
    with Network().client() as client, pytest.raises(FileFormatError, match="line 1"):
        collect_links(URLS, tmp_path / "shares.csv", client)


def test_link_shares_are_written_for_coornets_functions(tmp_path: Path) -> None:
    with Network().client() as client:
        collect_links(URLS, tmp_path / "links.parquet", client, link_shares=True)
    assert {"expanded", "date", "account.url", "is_orig"} <= set(
        pd.read_parquet(tmp_path / "links.parquet").columns
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/1\n\n# a comment\nhttps://a.example/2\nhttps://a.example/1\n",
        "title,url\nT,https://a.example/1\nU,https://a.example/2\n",
    ],
)
def test_addresses_are_read_from_lines_or_a_column(tmp_path: Path, text: str) -> None:
    file = tmp_path / "urls.txt"
    file.write_text(text, encoding="utf-8")
    assert read_targets(file) == URLS


def test_a_wrong_address_is_refused_before_anything_is_asked_or_written(tmp_path: Path) -> None:
    network = Network()
    with (
        network.client() as client,
        pytest.raises(ParameterError, match=r"'a\.example' is not a web address"),
    ):
        collect_links([*URLS, "a.example"], tmp_path / "shares.csv", client)
    assert (network.requests, list(tmp_path.iterdir())) == ([], [])


def test_a_file_without_addresses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(EmptyInputError):
        read_targets(tmp_path / "urls.txt")
    with pytest.raises(InputError, match="no such file"):
        read_targets(tmp_path / "other.txt")
    with Network().client() as client, pytest.raises(ParameterError, match=r"parquet or \.csv"):
        collect_links(URLS, tmp_path / "shares.xlsx", client)
