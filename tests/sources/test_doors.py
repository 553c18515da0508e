"""Every door treats the same thing in the same way: times, line breaks, damaged lines, columns in our own words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

import coordlib as cl
from coordlib import load_link_shares, load_table, read_export
from coordlib.errors import DamagedLinesWarning, FileFormatError, InputError, TimeFormatError
from coordlib.parameters import DetectionParameters
from coordlib.runs.edge_list import detect_file
from coordlib.sources import load_tweets_json, text_layout


def table(times: list[object], objects: tuple[str, ...] = ("o", "o", "o")) -> pd.DataFrame:
    return pd.DataFrame(
        {"object_id": objects, "account_id": list("abc"), "content_id": list("123"), "timestamp_share": times}
    )


@pytest.mark.parametrize(
    "times",
    [
        [0, 0, 0],
        [2025, 2025, 2025],
        [20250101, 20250102, 20250102],
        [46024.1, 46024.2, 46025.0],
        [0, 46024, 46025],
        ["202501011200", "202501011201", "202501011202"],
        [1735689600, 1735689605, 0],
        [28_928_160, 28_928_161, 28_928_162],
        ["2199-01-01 00:00:00", "2025-01-01 00:00:00", "2025-01-01 00:00:05"],
    ],
)
def test_what_is_no_time_is_refused_from_python_too(times: list[object]) -> None:
    """tltnAI/ClaudeRepoX#15: posts without a time become simultaneous, and everybody is tied to everybody."""
    with pytest.raises(TimeFormatError, match="not a time of a post"):
        cl.prep_data(table(times))
    assert len(cl.prep_data(table(times), plausible=None)) == 3

    raw = table(times)
    if all(isinstance(time, int | float) for time in times):  # as pandas reads a file
        with pytest.raises(TimeFormatError, match="not a time of a post"):
            cl.detect_groups(raw.astype({"object_id": "str", "account_id": "str", "content_id": "str"}), 60)
    assert len(cl.detect_groups(cl.prep_data(raw, plausible=None), 60, min_participation=1)) >= 0


@pytest.mark.parametrize("times", [[0, 0], [2025, 2025], [46024.1, 46024.2], ["2199-01-01 00:00:00"] * 2])
def test_what_is_no_time_is_refused_among_links_too(times: list[object]) -> None:
    links = pd.DataFrame({"account.url": ["a", "b"], "expanded": ["u", "u"], "date": times})
    with pytest.raises(TimeFormatError, match="not a time of a post"):
        cl.get_coord_shares(links, 60)


def test_a_clock_of_its_own_is_taken(tmp_path: Path) -> None:
    """nicolarighetti/CooRTweet#13, #27: small invented tables count from 0."""
    assert cl.prep_data(table([0, 5, 1000]))["timestamp_share"].tolist() == [0, 5, 1000]
    shares = tmp_path / "shares.csv"
    table([0, 5, 1000]).to_csv(shares, index=False)
    assert detect_file(shares, tmp_path / "edges.csv").n_shares == 3


def test_one_text_with_three_kinds_of_line_breaks_is_one_object(tmp_path: Path) -> None:
    """DocNow/twarc PR #208: the same caption comes with CRLF, LF and CR."""
    texts = ("two\r\nlines", "two\nlines", "two\rlines")
    posts = table([1735689600, 1735689605, 1735689606], texts)
    assert cl.prep_data(posts)["object_id"].nunique() == 1
    posts.to_parquet(tmp_path / "shares.parquet")
    found = detect_file(tmp_path / "shares.parquet", tmp_path / "edges.csv", subgraph=0)
    assert found.n_pairs == 0 or found.n_edges_all == 3


def test_a_time_in_the_future_or_before_the_platform_is_left_out_and_said(tmp_path: Path) -> None:
    rows = [
        {
            "uri": f"at://did:plc:u{n}/app.bsky.feed.post/{n}",
            "author": {"did": f"did:plc:u{n}"},
            "indexedAt": at,
        }
        | {"record": {"text": "tea", "createdAt": at}, "cid": str(n)}
        for n, at in enumerate(["2026-01-02T10:00:00Z", "2010-01-01T00:00:00Z", "2098-01-01T00:00:00Z"])
    ]
    file = tmp_path / "bsky.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    report = read_export(file, format="bluesky-posts").report
    said = (
        "a time that cannot be read, is before 2022-11-17 or after tomorrow, such as '2010-01-01T00:00:00Z'"
    )
    assert (report.posts, report.dropped) == (1, {said: 2})


def test_a_damaged_line_of_tweets_is_left_out_counted_and_named(tmp_path: Path) -> None:
    """DocNow/twarc#181: one line cut by an interrupted stream, which cannot be asked again."""
    lines = [json.dumps({"id": str(n), "author_id": "9", "text": "tea"}) for n in range(5)]
    file = tmp_path / "data.jsonl"
    file.write_text("\n".join([*lines[:2], lines[2][:20], *lines[3:]]), encoding="utf-8")
    with pytest.warns(DamagedLinesWarning, match=r"damaged lines left out: 1, such as line 3"):
        assert load_tweets_json(file)["tweet_id"].tolist() == ["0", "1", "3", "4"]
    file.write_text("\n".join([lines[0][:20], *lines[1:]]), encoding="utf-8")
    with pytest.warns(DamagedLinesWarning, match="such as line 1"):
        assert len(load_tweets_json(file)) == 4
    file.write_text("\n".join([lines[0], lines[1][:9], lines[2][:9], lines[3]]), encoding="utf-8")
    with pytest.raises(FileFormatError, match="line 2: is not JSON"):
        load_tweets_json(file)


def test_a_table_of_posts_in_our_own_words_needs_no_mapping(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(
        "account_id,content_id,posted_at,text,links\n"
        'a,1,2026-01-02 10:00:00,Tea,"[""https://n.example/1"", ""https://n.example/2""]"\n'
        "b,2,1767348005,Tea,https://n.example/1\n",
        encoding="utf-8",
    )
    export = read_export(file)
    assert (export.format.name, export.report.posts) == ("posts", 2)
    shares = cl.sources.to_shares(export, object_id="link")
    assert shares["object_id"].tolist() == [
        "https://n.example/1",
        "https://n.example/2",
        "https://n.example/1",
    ]


def test_accounts_of_a_links_table_keep_their_digits(tmp_path: Path) -> None:
    """twintproject/twint#355: ids as a spreadsheet rounds them; 100.0 beside 100 is one account."""
    rows = pd.DataFrame({"account.url": ["100", "100.0", "101"], "expanded": "u", "date": [0, 5, 6]})
    edges = cl.get_coord_shares(rows, 60, edge_weight=0).edges
    assert edges[["from", "to"]].to_numpy().tolist() == [["100", "101"]]
    rounded = rows.assign(**{"account.url": ["1.2E+17", "1.3E+17", "1.4E+17"]})
    with pytest.raises(InputError, match="rounded id"):
        cl.get_coord_shares(rounded, 60)
    with pytest.raises(InputError, match="float"):
        cl.get_coord_shares(rounded.assign(**{"account.url": [1.2e17, 1.3e17, 1.4e17]}), 60)
    file = tmp_path / "links.csv"
    rounded.assign(date=1767348000).to_csv(file, index=False)
    with pytest.raises(FileFormatError, match=r"row 1, column 'account\.url'"):
        load_link_shares(file)


OPENED: list[str] = []
sys.addaudithook(
    lambda event, args: (
        OPENED.append(str(args[0])) if event == "open" and "posts.csv" in str(args[0]) else None
    )
)
DOORS = {
    "links": (load_link_shares, "account.url,expanded,date", ["a,u,1735689600", "b,u,1735689605"]),
    "crowdtangle": (
        load_link_shares,
        "Page Name,Facebook Id,Post Created,URL,Link",
        [f"P,{n},2021-07-06 16:45:20 EDT,https://fb.example/{n},https://a.example/1" for n in (1, 2)],
    ),
    "table": (load_table, "object_id,account_id,content_id,timestamp_share", ["o,a,1,1735689600"]),
    "detect": (
        lambda file: detect_file(file, file.with_name("edges.csv")),
        "object_id,account_id,content_id,timestamp_share",
        ["o,a,1,1735689600", "o,b,2,1735689605"],
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_file_is_opened_at_most_four_times(
    door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_layout, "_TICK_NS", -(10**9))
    read, header, rows = DOORS[door]
    file = tmp_path / "posts.csv"
    file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    OPENED.clear()
    read(file)
    assert 2 <= OPENED.count(str(file)) <= 4


def test_a_file_that_was_written_again_is_looked_at_again(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    for header in ("a,b", "c,d", "e;f"):
        file.write_text(f"{header}\n1,2\n".replace(",", header[1]), encoding="utf-8")
        assert text_layout.inspect_text(file, "here").columns == (header[0], header[2])


SECONDS = [1767348000, 1767348001, 1767348002, 1767348003]


def written(folder: Path, columns: dict[str, list[object]], kind: str) -> Path:
    """Write a table of shares as CSV, Parquet or JSON lines."""
    frame = pd.DataFrame({"object_id": "o", "content_id": list("1234"), "timestamp_share": SECONDS} | columns)
    path = folder / f"shares.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_rounded_ids_are_seen_in_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    """twintproject/twint#355: a spreadsheet keeps fifteen digits, whatever the file is written as afterwards."""
    for tail in ("0000", "000"):
        accounts = [f"{712345678901234 + n}{tail}" for n in range(4)]
        with pytest.raises(InputError, match="rounded"):
            detect_file(written(tmp_path, {"account_id": accounts}, kind), tmp_path / "edges.csv")


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_an_account_has_one_spelling_in_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    for accounts in (["100.0", "100", "101", "102"], ["ann", " ann", "bob", "cid "]):
        source = written(tmp_path, {"account_id": accounts}, kind)
        once = DetectionParameters(min_participation=1, min_weight=1)
        found = detect_file(source, tmp_path / "e.csv", once)
        assert found.n_accounts == 3


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("word", ["NA", "nan", "None", "null"])
def test_words_that_mean_missing_tie_nobody_in_any_kind_of_file(kind: str, word: str, tmp_path: Path) -> None:
    """pandas-dev/pandas#55032, #24681."""
    once = DetectionParameters(min_participation=1, min_weight=1)
    shared = {"account_id": list("abcd"), "object_id": [word, word, "tea", "tea"]}
    assert detect_file(written(tmp_path, shared, kind), tmp_path / "e.csv", once).n_edges_all == 1
    timed = {"account_id": list("abcd"), "timestamp_share": [word, *map(str, SECONDS[1:])]}
    assert detect_file(written(tmp_path, timed, kind), tmp_path / "e.csv", once).n_edges_all == 3


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_days_without_an_hour_are_refused_in_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    for day in ("2026-01-02", "2026-01-02 00:00:00"):
        source = written(tmp_path, {"account_id": list("abcd"), "timestamp_share": [day] * 4}, kind)
        with pytest.raises(TimeFormatError, match="days without an hour"):
            detect_file(source, tmp_path / "edges.csv")


def test_a_list_in_a_parquet_file_is_several_shares(tmp_path: Path) -> None:
    source = written(
        tmp_path, {"account_id": list("abcd"), "object_id": [["x", "y"], ["y", "z"]] * 2}, "parquet"
    )
    once = DetectionParameters(min_participation=1, min_weight=1)
    found = detect_file(source, tmp_path / "e.csv", once)
    assert (found.n_shares, found.n_edges_all) == (8, 6)


def test_what_an_export_loses_is_said_where_edges_are_found(tmp_path: Path) -> None:
    posts = {"id": list("1234"), "username": list("abcd"), "date": [0, *SECONDS[1:]], "text": ["tea"] * 4}
    pd.DataFrame(posts).to_json(source := tmp_path / "posts.jsonl", orient="records", lines=True)
    assert "left out: a time that cannot be read" in detect_file(source, tmp_path / "e.csv").summary()


def test_a_table_of_links_may_be_json_and_days_are_pointed_out(tmp_path: Path) -> None:
    rows = [{"account.url": who, "expanded": "https://n.example/a", "date": "2026-01-02"} for who in "ab"]
    lines = [json.dumps(row) for row in rows]
    (tmp_path / "l.jsonl").write_text("\n".join([lines[0], "{bad", lines[1]]), encoding="utf-8")
    source = load_link_shares(tmp_path / "l.jsonl")
    assert len(source.shares) == 2 and "days without an hour" in source.reading["Good to know"]
    assert source.reading["Left out while reading"] == "a damaged line: 1"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2025-01", "a month without a day"),
        ("3/22/2016 18:31", "a date whose day and month cannot be told apart"),
        ("now", "a word"),
        ("9999-12-31", "a time before 1990 or after tomorrow"),
        ("46024,5", "a number with a comma"),
        ("639029448000000000", "a time before 1990"),
    ],
)
def test_a_refused_time_says_what_it_looks_like(value: str, words: str, tmp_path: Path) -> None:
    """civictechdc/cib-mango-tree#227; the last are the ticks of another clock, not nanoseconds of 1990."""
    source = tmp_path / "posts.csv"
    source.write_text(f'id,username,date,text\n1,ann,"{value}",tea\n', encoding="utf-8")
    with pytest.raises(TimeFormatError, match=words):
        read_export(source)
    source.write_text('id,username,date,text\n1,ann,"2026-01-02T10:00:00,5Z",tea\n', encoding="utf-8")
    assert read_export(source).posts["posted_at"].tolist() == [1767348000]
