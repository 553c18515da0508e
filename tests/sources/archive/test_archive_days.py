"""The archive's daily folders are read whole: odd rows are counted, absent files are no error."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from coordlib.errors import (
    EmptyInputError,
    FileFormatError,
    InputError,
    MissingColumnError,
    TimeFormatError,
)
from coordlib.sources import list_days, read_day
from coordlib.sources.archive import split_list

HEADER = (
    "video_id,author_name,view_count,comment_count,share_count,like_count,region_code,create_time,effect_ids,"
    "music_id,video_description,hashtag_names,voice_to_text,video_url\n"
)
ROW = '7583486171670498590,tea.time,10,NA,1e+05,3,IT,2025-12-13 23:19:49,0,7382619935791074081,"a, b\r\n🍵 ",fyp,NA,\n'


def folder_with(root: Path, date: str = "2025-12-17", **files: str) -> Path:
    day = root / date
    day.mkdir(parents=True)
    for name, text in files.items():
        (day / f"{name}.csv").write_bytes(text.encode())
    return day


def test_a_day_has_its_posts_with_types_and_texts_as_written(tmp_path: Path) -> None:
    posts = read_day(folder_with(tmp_path, daily_snapshot=HEADER + ROW)).posts
    assert posts is not None
    row = posts.iloc[0]
    assert (row["content_id"], row["music_id"]) == ("7583486171670498590", "7382619935791074081")
    assert row["text"] == "a, b\r\n🍵 "
    assert posts["posted_at"].to_list() == [1765667989]
    assert posts["posted_at"].dtype == "int64"
    assert row["shares"] == 100_000
    assert pd.isna(row["comments"])
    assert pd.isna(row["voice_to_text"])
    assert posts["likes"].dtype == "Int64"


def test_both_spellings_of_the_time_are_the_same_second(tmp_path: Path) -> None:
    other = ROW.replace("2025-12-13 23:19:49", "2025-12-13T23:19:49Z")
    posts = read_day(folder_with(tmp_path, daily_snapshot=HEADER + ROW + other)).posts
    assert posts is not None
    assert posts["posted_at"].nunique() == 1


def test_duplicates_stay_in_order_and_are_counted(tmp_path: Path) -> None:
    first = ROW.replace("tea.time", "zeta")
    day = read_day(folder_with(tmp_path, daily_snapshot=HEADER + first + ROW + ROW))
    assert day.posts is not None
    assert day.posts["account_id"].to_list() == ["zeta", "tea.time", "tea.time"]
    assert any("2 rows repeat a video_id" in note for note in day.notes)
    assert any("3 of 3 values of 'comment_count' are missing" in note for note in day.notes)


def test_a_number_that_no_count_can_be_stays_unknown_and_is_named(tmp_path: Path) -> None:
    big = ROW.replace("1e+05", str(2**63))
    less = ROW.replace("1e+05", "-5")
    day = read_day(folder_with(tmp_path, daily_snapshot=HEADER + big + less))
    assert day.posts is not None and day.posts["shares"].isna().all()
    assert any(
        "2 values of 'share_count' are no counts, such as '9223372036854775808'" in n for n in day.notes
    )


def test_rows_without_id_account_or_time_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [ROW, ROW.replace("tea.time", "NA"), ROW.replace("2025-12-13 23:19:49", "")]
    day = read_day(folder_with(tmp_path, daily_snapshot=HEADER + "".join(rows)))
    assert day.posts is not None
    assert len(day.posts) == 1
    assert any("1 rows dropped: no account in column 'author_name'" in note for note in day.notes)
    assert any("1 rows dropped: no time in column 'create_time'" in note for note in day.notes)


def test_a_day_without_a_snapshot_is_a_day_without_input(tmp_path: Path) -> None:
    day = read_day(
        folder_with(tmp_path, error_log="timestamp,type,message\n2025-12-17,chunk_error,HTTP 500\n")
    )
    assert day.posts is None
    assert day.recent is None
    assert day.pool_after is None
    assert day.errors["message"].to_list() == ["HTTP 500"]


def test_the_pool_before_a_day_lacks_its_last_new_entries(tmp_path: Path) -> None:
    day = read_day(
        folder_with(
            tmp_path,
            tiktok_coordinated_accounts_ids="x\nb\na\nc\n",
            new_accounts_log="Timestamp,New_Accounts_Count,Total_Accounts\n2025-12-17,2,3\n",
        )
    )
    assert (day.pool_before, day.pool_after, day.new_accounts) == (["b"], ["b", "a", "c"], 2)


def test_days_are_listed_by_date_and_other_folders_ignored(tmp_path: Path) -> None:
    for date in ("2025-01-02", "2024-12-31", "2025-01-01", "2025-02-30", "notes"):
        folder_with(tmp_path, date)
    assert [day.date for day in list_days(tmp_path)] == [
        dt.date(2024, 12, 31),
        dt.date(2025, 1, 1),
        dt.date(2025, 1, 2),
    ]


def test_a_gzipped_file_is_read_under_its_own_name(tmp_path: Path) -> None:
    day = folder_with(tmp_path)
    (day / "daily_snapshot.csv.gz").write_bytes(gzip.compress((HEADER + ROW).encode()))
    read = read_day(day)
    assert read.posts is not None
    assert list(read.files) == ["daily_snapshot.csv.gz"]


def test_a_snapshot_with_a_header_alone_is_a_day_with_no_posts(tmp_path: Path) -> None:
    posts = read_day(folder_with(tmp_path, daily_snapshot=HEADER)).posts
    assert posts is not None
    assert posts.empty
    assert posts["posted_at"].dtype == "int64"


@pytest.mark.parametrize(
    ("snapshot", "error", "message"),
    [
        ("", EmptyInputError, "daily_snapshot.csv: the file is empty"),
        (HEADER.replace("video_id", "id") + ROW, MissingColumnError, "missing column 'video_id'"),
        (
            HEADER + ROW + ROW.replace("2025-12-13 23:19:49", "last week"),
            TimeFormatError,
            "line 5, column 'create_time': 'last week' is not a time",
        ),
        (HEADER + ROW.replace("7583486171670498590", "7.58E+18"), FileFormatError, "column 'video_id'"),
    ],
)
def test_a_damaged_snapshot_is_refused_with_its_place(
    tmp_path: Path, snapshot: str, error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_day(folder_with(tmp_path, daily_snapshot=snapshot))


def test_a_folder_that_is_no_day_or_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="YYYY-MM-DD"):
        list_days(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        read_day(tmp_path / "2025-01-01")
    with pytest.raises(InputError, match="has to be named"):
        read_day(tmp_path)


def test_a_comma_joined_cell_becomes_a_list_without_the_default_effect() -> None:
    assert split_list(pd.Series(["fyp,news", "0", "", None], dtype="str")).to_list() == [
        ["fyp", "news"],
        [],
        [],
        [],
    ]


@pytest.mark.reference
def test_the_real_days_hold_what_their_manifest_says(shared: Path) -> None:
    archive = shared / "data" / "csbn"
    facts = json.loads((archive / "MANIFEST.json").read_text(encoding="utf-8"))["days"]
    days = {day.date.isoformat(): day for day in list_days(archive)}
    assert list(days) == sorted(facts)
    for date, day in days.items():
        expected = facts[date]
        assert len(day.pool_after or []) == expected["pool"]["after"]
        assert day.new_accounts == expected["pool"]["new"]
        assert len(day.errors) == expected["errors"]
        assert day.files == expected["files"] | {
            name: mark for name, mark in day.files.items() if name not in expected["files"]
        }
        if expected["input"] is None:
            assert day.posts is None
            continue
        assert day.posts is not None
        assert {
            "rows": len(day.posts),
            "accounts": day.posts["account_id"].nunique(),
            "captions": day.posts["text"].nunique(),
            "duplicate_video_ids": int(day.posts["content_id"].duplicated().sum()),
        } == {
            name: expected["input"][name] for name in ("rows", "accounts", "captions", "duplicate_video_ids")
        }
