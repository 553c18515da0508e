"""What a mapping can say about a table: each ability is declared, and nothing about times is guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from coordlib import read_export
from coordlib.errors import ParameterError, TimeFormatError
from coordlib.sources import Export, load_mapping, to_shares
from coordlib.sources.exports import format_names

HEAD = "id,username,date,text\n"
BASE = {"account_id": "username", "content_id": "id", "posted_at": "date", "objects": {"text": "text"}}


def read(folder: Path, text: str, name: str = "posts.csv", **mapping: Any) -> Export:
    (folder / name).write_text(text, encoding="utf-8")
    return read_export(folder / name, format=load_mapping({**BASE, **mapping}))


def test_day_first_and_twelve_hours_are_read_as_declared_and_never_guessed(tmp_path: Path) -> None:
    """civictechdc/cib-mango-tree#227."""
    rows = HEAD + "1,a,03/04/2026 06:31 PM,x\n2,b,13/04/2026 06:31 AM,x\n"
    time = {"column": "date", "format": "%d/%m/%Y %I:%M %p", "zone": "Europe/Rome"}
    assert read(tmp_path, rows, posted_at=time).frame["posted_at"].tolist() == [
        1775233860,
        1776054660,
    ]
    with pytest.raises(TimeFormatError, match="say the format in a mapping"):
        read_export(tmp_path / "posts.csv")


@pytest.mark.parametrize(
    ("time", "cell", "told"),
    [
        ({"format": "%d/%m/%Y %H:%M"}, "13/04/2026 06:31", True),
        ({"format": "%d/%m/%Y %H:%M", "zone": "Europe/Rome"}, "13/04/2026 06:31", False),
        ({"format": "%d/%m/%Y %H:%M %z"}, "13/04/2026 06:31 +0200", False),
        ({"zone": "Europe/Rome"}, "2026-04-13 06:31:00", False),
        ({}, "2026-04-13 06:31:00", True),
    ],
)
def test_times_are_said_to_be_taken_as_utc_where_nothing_names_a_zone(
    tmp_path: Path, time: dict[str, str], cell: str, told: bool
) -> None:
    export = read(tmp_path, f"{HEAD}1,a,{cell},x\n", posted_at={"column": "date", **time})
    assert ("times without a zone are taken as UTC" in export.report.notes) is told


def test_an_hour_the_clock_has_twice_is_no_time(tmp_path: Path) -> None:
    rows = HEAD + "1,a,2026-07-01 12:00:00,x\n2,b,2026-10-25 02:30:00,x\n"
    export = read(tmp_path, rows, posted_at={"column": "date", "zone": "Europe/Rome"})
    assert export.frame["posted_at"].tolist() == [1782900000]
    assert list(export.report.dropped.values()) == [1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"posted_at": {"column": "date", "format": "%H:%M"}}, "says no day, month and year"),
        ({"posted_at": {"column": "date", "zone": "Mars/X"}}, "'Mars/X' is no time zone"),
        ({"posted_at": []}, "at least 1 item"),
        ({"account_id": []}, r"account_id = \[\]: value should have at least 1 item"),
        ({"content_id": 5}, "content_id"),
        ({"objects": {"text": {"column": "text", "unless": "tag"}}}, "mapping: object_id 'tag' is not among"),
        ({"objects": {"text": {"ignore": "0"}}}, "objects.text.column: field required"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        load_mapping({**BASE, **wrong})


def test_the_old_name_of_the_time_is_taken_for_one_version_with_a_warning() -> None:
    old = {"timestamp_share" if name == "posted_at" else name: value for name, value in BASE.items()}
    with pytest.warns(FutureWarning, match="mapping: timestamp_share is now posted_at"):
        assert load_mapping(old) == load_mapping(BASE)


def test_a_key_is_taken_of_each_item_of_a_list(tmp_path: Path) -> None:
    people = [{"username": "x", "kind": "user"}, {"username": "y", "kind": "bot"}]
    record = {"id": "1", "username": "a", "date": "2026-01-02", "text": "t", "people": people}
    (tmp_path / "p.json").write_text(json.dumps([record]), encoding="utf-8")
    for source, found in (
        ({"column": "people", "key": "username"}, ["x", "y"]),
        ({"column": "people", "key": "username", "where": {"kind": "bot"}}, ["y"]),
        ({"column": "people", "key": ["nick", "username"], "first": "true"}, ["x"]),
    ):
        known = load_mapping({**BASE, "objects": {"person": source}})
        assert to_shares(read_export(tmp_path / "p.json", format=known))["object_id"].tolist() == found


@pytest.mark.parametrize("kind", ["json", "parquet", "csv"])
def test_a_hashtag_of_two_words_is_whole_in_a_list_and_cut_in_a_text(tmp_path: Path, kind: str) -> None:
    tags = [["green tea", "#Cake"], ["#one #two", "a,b", None], [], None]
    post = {"id": list("1234"), "username": "a", "date": "2026-01-02 10:00:00", "text": "t"}
    lists = [cell if kind != "csv" else cell and json.dumps(cell) for cell in tags]
    table = pd.DataFrame(post | {"tags": pd.Series(lists, dtype=object)})
    table.loc[len(table)] = [
        "5",
        "a",
        "2026-01-02 10:00:00",
        "t",
        ["tea", "cake"] if kind != "csv" else "green tea",
    ]
    if kind == "json":
        table.to_json(tmp_path / "p.json", orient="records")
    else:
        getattr(table, f"to_{kind}")(tmp_path / f"p.{kind}", index=False)
    known = load_mapping({**BASE, "objects": {"hashtag": {"column": "tags", "hashtags": "true"}}})
    found = read_export(tmp_path / f"p.{kind}", format=known).frame["hashtags"]
    assert found.dropna().tolist()[:2] == [["green tea", "cake"], ["one", "two", "a", "b"]]
    assert found.dropna().tolist()[2] == (["tea", "cake"] if kind != "csv" else ["green", "tea"])


def test_a_number_within_a_channel_becomes_an_id(tmp_path: Path) -> None:
    """A post number counts within its wall, channel or group only."""
    rows = "room,id,username,date,text\nr,1,a,2026-01-02,x\ns,1,b,2026-01-02,x\n"
    assert read(tmp_path, rows, content_id=["room", "id"]).frame["content_id"].tolist() == ["r:1", "s:1"]


def test_a_vk_post_is_known_by_its_wall(tmp_path: Path) -> None:
    head = "id,thread_id,timestamp,unix_timestamp,link,item_type,body,author_id,author_screen_name\n"
    rows = "".join(
        f"7,7,2026-01-02 10:00:00,176734800{n},https://vk.com/wall-{n}_7,post,x,{n},s{n}\n" for n in (1, 2)
    )
    (tmp_path / "vk.csv").write_text(head + rows, encoding="utf-8")
    export = read_export(tmp_path / "vk.csv")
    assert (export.format.name, export.report.posts) == ("4cat-vk", 2)


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("Posts of the tea project,,,\nOnly inside,,,\n" + HEAD, {}),
        ("two notes\nabout, the, file, really, much\n" + HEAD, {"skip_lines": 2}),
        ("sep=,\n" + HEAD, {}),
        ("\n\n" + HEAD, {}),
    ],
)
def test_the_header_is_found_below_notes(tmp_path: Path, text: str, mapping: dict[str, Any]) -> None:
    """civictechdc/cib-mango-tree importing/test_data/single_note.csv, notes_with_commas.csv."""
    export = read(tmp_path, text + "1,a,2026-01-02,x\n", **mapping)
    assert export.frame["account_id"].tolist() == ["a"]


def test_backslashes_before_quotes_are_seen(tmp_path: Path) -> None:
    """YouTube Data Tools, list of comments."""
    rows = (
        HEAD + r'1,a,2026-01-02,"she said \"tea\", twice"' + "\n" + r'2,b,2026-01-02,"\"tea\", again"' + "\n"
    )
    assert read(tmp_path, rows).frame["text"].tolist() == ['she said "tea", twice', '"tea", again']


@pytest.mark.parametrize(
    ("cell", "text"),
    [('"Tea" at five', '"Tea" at five'), ('"Open', '"Open'), ('"two ""words"""', 'two "words"')],
)
def test_quotation_marks_in_a_table_of_tabs(tmp_path: Path, cell: str, text: str) -> None:
    """YouTube Data Tools, .tab files: bare marks are letters, doubled ones quote."""
    rows = (HEAD + f"1,a,2026-01-02,{cell}\n2,b,2026-01-02,x\n").replace(",", "\t")
    assert read(tmp_path, rows, "posts.tab").frame["text"].tolist() == [text, "x"]


def test_row_names_of_r_are_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"row\.names = FALSE"):
        read(tmp_path, HEAD + "1,1,a,2026-01-02,x\n")


def test_every_format_is_a_mapping_that_can_be_copied(project: Path) -> None:
    folder = project / "src" / "coordlib" / "sources" / "exports" / "formats"
    assert [load_mapping(folder / f"{name}.yml").name for name in format_names()] == ["mapping"] * len(
        format_names()
    )
