"""A search of Media Cloud reads like its story list; the client is handed in."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from coordlib.errors import CredentialsError, EmptyInputError, QueryError, ServiceError
from coordlib.sources import search_stories, to_shares
from coordlib.sources.mediacloud import mediacloud_client

DAY = dt.date(2024, 5, 3)


def story(number: int, title: str = "Tea is back") -> dict[str, Any]:
    return {
        "id": f"s{number}",
        "media_name": f"news{number}.example",
        "media_url": f"news{number}.example",
        "title": title,
        "publish_date": DAY,
        "url": f"https://news{number}.example/tea",
        "language": "en",
        "indexed_date": dt.datetime(2024, 5, 4, 1, 2, 3),  # noqa: DTZ001 - as the client gives it
    }


class Client:
    """Answers page by page, as the real client does, and remembers what it was asked."""

    def __init__(self, *pages: list[dict[str, Any]], error: Exception | None = None) -> None:
        self.pages, self.error, self.calls = list(pages), error, list[dict[str, Any]]()

    def story_list(
        self, query: str, start_date: dt.date, end_date: dt.date, **options: Any
    ) -> tuple[list[Any], Any]:
        if self.error:
            raise self.error
        self.calls.append({"query": query, "start": start_date, "end": end_date, **options})
        number = len(self.calls)
        return self.pages[number - 1], f"token{number}" if number < len(self.pages) else None


def test_stories_of_all_pages_become_shares_of_their_title() -> None:
    client = Client([story(1), story(2)], [story(3), story(1)])
    export = search_stories("tea", DAY, DAY, client=client, collections=[7], sources=[3])
    assert [call["pagination_token"] for call in client.calls] == [None, "token1"]
    assert (client.calls[0]["collection_ids"], client.calls[0]["source_ids"]) == ([7], [3])
    assert export.report.dropped == {"the same post again": 1}
    shares = to_shares(export)
    assert shares["object_id"].unique().tolist() == ["Tea is back"]
    assert shares["account_id"].to_list() == ["news1.example", "news2.example", "news3.example"]
    assert shares["timestamp_share"].unique().tolist() == [1714694400]
    assert any("days without an hour" in note for note in export.report.notes)


def test_stopping_early_is_said() -> None:
    export = search_stories("tea", DAY, DAY, client=Client([story(1)], [story(2)]), max_pages=1)
    assert "more are there" in export.report.source


class CountingClient(Client):
    """Says as well how many stories there are."""

    there = 3

    def story_count(
        self, query: str, start_date: dt.date, end_date: dt.date, **options: Any
    ) -> dict[str, int]:
        return {"relevant": self.there, "total": 1_000}


def test_a_list_shorter_than_the_services_own_count_is_not_called_complete() -> None:
    whole = search_stories("tea", DAY, DAY, client=CountingClient([story(1), story(2)], [], [story(3)]))
    assert "complete" not in whole.report.source
    part = search_stories("tea", DAY, DAY, client=CountingClient([story(1), story(2)]))
    assert "not complete: 2 stories of the 3" in part.report.source
    with pytest.raises(ServiceError, match="counts 3 stories and lists none"):
        search_stories("tea", DAY, DAY, client=CountingClient([]))


def test_a_token_that_comes_back_ends_the_search() -> None:
    class Stuck(Client):
        def story_list(self, *args: Any, **options: Any) -> tuple[list[Any], Any]:
            return super().story_list(*args, **options)[0], "same"

    export = search_stories("tea", DAY, DAY, client=Stuck([story(1)], [story(2)], [story(3)]))
    assert "stopped after 2 pages, more are there" in export.report.source


def test_a_search_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(QueryError, match="empty"):
        search_stories(" ", DAY, DAY, client=Client([]))
    with pytest.raises(QueryError, match="before"):
        search_stories("tea", DAY, DAY - dt.timedelta(days=1), client=Client([]))


def test_nothing_found_and_a_failure_are_different_errors() -> None:
    with pytest.raises(EmptyInputError, match="no story matches"):
        search_stories("tea", DAY, DAY, client=Client([]))
    with pytest.raises(ServiceError, match="RuntimeError") as caught:
        search_stories("tea", DAY, DAY, client=Client(error=RuntimeError("Token secret-key")))
    assert "secret-key" not in str(caught.value)


def test_without_a_key_the_error_says_where_to_put_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MC_API_KEY", "COORDLIB_MEDIACLOUD_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CredentialsError, match="MC_API_KEY"):
        mediacloud_client()


class Stories(BaseHTTPRequestHandler):
    """Two pages of stories, and the rate the service allows, as the real one answers."""

    def do_GET(self) -> None:
        wanted = parse_qs(urlsplit(self.path).query)
        if "search/" not in self.path:
            return self.answer({"params": {"query-rate": "6000/m"}})
        if "total-count" in self.path:
            return self.answer({"count": {"relevant": 4, "total": 9}})
        second = "pagination_token" in wanted
        told = {"publish_date": "2024-05-03", "indexed_date": "2024-05-04T01:02:03.4"}
        page = [story(4) | told] if second else [story(number) | told for number in (1, 2, 3)]
        return self.answer({"stories": page, "pagination_token": None if second else "next"})

    def answer(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_the_real_client_over_a_real_socket_gives_the_stories_of_all_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MC_API_KEY", "x")
    pytest.importorskip("mediacloud.api", reason="the optional package mediacloud is not installed")
    with HTTPServer(("127.0.0.1", 0), Stories) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client: Any = mediacloud_client()
        client.BASE_API_URL = f"http://127.0.0.1:{server.server_address[1]}/api/"
        client.RATE_LIMIT_PER_MINUTE = 6000
        export = search_stories("tea", DAY, DAY, client=client, collections=[7])
        server.shutdown()
        thread.join()
    assert export.frame["content_id"].tolist() == ["s1", "s2", "s3", "s4"]
    assert export.frame["posted_at"].unique().tolist() == [1714694400]


def test_the_real_client_takes_what_we_ask_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MC_API_KEY", "x")
    api = pytest.importorskip("mediacloud.api", reason="the optional package mediacloud is not installed")
    parameters = inspect.signature(api.SearchApi.story_list).parameters
    assert {"query", "start_date", "end_date", "collection_ids", "source_ids", "pagination_token"} <= set(
        parameters
    )
    assert mediacloud_client() is not None
