"""``coordlib import`` writes shares whole or not at all, and says what it left out."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coordlib import CoordError
from coordlib.cli import app
from coordlib.errors import EmptyInputError, ParameterError
from coordlib.runs import import_shares

ROWS = [f'{n},a{n % 3},{1714731322 + n},"tea, {n % 2}","fyp,tea"' for n in range(25)]


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    file = tmp_path / "videos.csv"
    header = "video_id,author_name,create_time,video_description,hashtag_names"
    file.write_text("\n".join([header, *ROWS, ROWS[0], "26,,1,x,"]) + "\n", encoding="utf-8")
    return file


def run(*arguments: object) -> str:
    result = CliRunner().invoke(
        app, ["import", *map(str, arguments)], catch_exceptions=False, standalone_mode=False
    )
    return result.output


def test_the_shares_and_the_report_of_a_file(videos: Path, tmp_path: Path) -> None:
    output = tmp_path / "shares.parquet"
    text = run(videos, "-o", output)
    shares = pd.read_parquet(output)
    assert list(shares.columns) == ["object_id", "account_id", "content_id", "timestamp_share"]
    assert len(shares) == 25
    assert shares["timestamp_share"].dtype == "int64"
    assert "read as traktok, 25 of 27 rows kept" in text
    assert "dropped 1: the same post again" in text
    assert "dropped 1: no account" in text
    assert "3 accounts" in text


@pytest.mark.parametrize("name", ["shares.parquet", "shares.csv"])
def test_pieces_of_any_size_write_the_same_file(videos: Path, tmp_path: Path, name: str) -> None:
    first, second = tmp_path / f"a-{name}", tmp_path / f"b-{name}"
    small = import_shares(videos, first, object_id=["text", "hashtag"], chunk_rows=4)
    large = import_shares(videos, second, object_id=["text", "hashtag"])
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    order = ["layer", "object_id", "content_id"]
    pd.testing.assert_frame_equal(
        read(first).sort_values(order, ignore_index=True), read(second).sort_values(order, ignore_index=True)
    )
    assert (small.accounts, small.objects, small.dropped) == (large.accounts, large.objects, large.dropped)
    assert [file.name for file in tmp_path.iterdir() if "part" in file.name] == []


def test_options_choose_object_list_and_mapping(videos: Path, tmp_path: Path) -> None:
    output = tmp_path / "shares.csv"
    run(videos, "-o", output, "--object-id", "hashtag", "--whole-list")
    assert pd.read_csv(output)["object_id"].unique().tolist() == ["fyp,tea"]
    with pytest.warns(FutureWarning, match="import: object is now object_id"):
        run(videos, "-o", output, "--object", "text")
    with pytest.raises(
        ParameterError, match="import: object is the old name of object_id; give one of the two"
    ):
        run(videos, "-o", output, "--object", "text", "--object-id", "hashtag")
    assert "fyp,tea" not in set(pd.read_csv(output)["object_id"])
    mapping = tmp_path / "map.yml"
    mapping.write_text(
        "{account_id: author_name, content_id: video_id, posted_at: create_time, objects: {caption: video_description}}"
    )
    assert "read by the mapping" in run(videos, "-o", output, "--mapping", mapping)


@pytest.mark.parametrize(
    ("output", "options", "error", "message"),
    [
        ("shares.xlsx", {}, ParameterError, "must end in .parquet or .csv"),
        ("nowhere/shares.csv", {}, ParameterError, "there is no folder"),
        ("shares.csv", {"object_id": "voice"}, EmptyInputError, "gives no share"),
        ("shares.csv", {"object_id": "picture"}, ParameterError, "offers text, voice"),
    ],
)
def test_a_failed_import_writes_nothing(
    videos: Path, tmp_path: Path, output: str, options: dict[str, str], error: type[CoordError], message: str
) -> None:
    with pytest.raises(error, match=message):
        import_shares(videos, tmp_path / output, **options)  # type: ignore[arg-type]
    assert [file.name for file in tmp_path.iterdir()] == ["videos.csv"]


def test_a_mapped_table_can_be_written_as_link_shares(tmp_path: Path) -> None:
    table, mapping = tmp_path / "mine.csv", tmp_path / "map.yml"
    table.write_text(
        "who,no,at,what\nann,1,1735690000,https://a.example/\nben,2,1735690001,\n", encoding="utf-8"
    )
    mapping.write_text(
        "account_id: who\ncontent_id: no\nposted_at: at\nobjects: {link: what}\n", encoding="utf-8"
    )
    report = run(table, "-o", tmp_path / "links.csv", "--mapping", mapping, "--link-shares")
    assert "dropped 1: no object of the kind asked for" in report
    links = pd.read_csv(tmp_path / "links.csv")
    assert links[["account.url", "expanded", "date"]].values.tolist() == [
        ["ann", "https://a.example/", "2025-01-01 00:06:40"]
    ]


def record(name: str, operation: str, link: str = "") -> str:
    body = {"createdAt": "2025-11-08T00:00:12.000Z", "embed": {"external": {"uri": link}}}
    commit = {"operation": operation, "collection": "app.bsky.feed.post", "rkey": name}
    made = commit if operation == "delete" else {**commit, "record": body}
    return json.dumps({"did": "did:plc:tea", "time_us": 1762560012000000, "kind": "commit", "commit": made})


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_post_deleted_or_updated_in_a_later_piece_is_deleted_or_updated(tmp_path: Path, size: int) -> None:
    lines = [
        record("1", "create", "https://a.example/1"),
        record("2", "create", "https://a.example/2"),
        record("3", "create", "https://a.example/3"),
        record("1", "delete"),
        record("2", "update", "https://a.example/new"),
        json.dumps({"did": "did:plc:tea", "time_us": 1762560012000000, "kind": "identity"}),
    ]
    file = tmp_path / "stream.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    report = import_shares(file, tmp_path / "shares.csv", chunk_rows=size)
    found = pd.read_csv(tmp_path / "shares.csv")
    assert sorted(found["object_id"]) == ["https://a.example/3", "https://a.example/new"]
    assert (report.rows, report.posts, sum(report.dropped.values())) == (6, 2, 4)


def test_crowdtangle_can_be_written_as_link_shares(tmp_path: Path) -> None:
    file = tmp_path / "pages.csv"
    file.write_text(
        "Page Name,Facebook Id,Post Created,URL,Link,Final Link\n"
        "P,1,2021-07-06 16:45:20 EDT,U1,https://a.example/,\nQ,2,2021-07-06 16:45:25 EDT,U2,https://a.example/,\n",
        encoding="utf-8",
    )
    output = tmp_path / "links.parquet"
    run(file, "-o", output, "--link-shares")
    table = pd.read_parquet(output)
    assert table["account.url"].to_list() == ["https://www.facebook.com/1", "https://www.facebook.com/2"]
    assert table["date"].to_list() == ["2021-07-06 20:45:20", "2021-07-06 20:45:25"]
