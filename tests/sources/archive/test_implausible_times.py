"""Times that are none are refused at every door: they would make all posts simultaneous, and tie everybody to everybody."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from coordlib.cli import main
from coordlib.errors import TimeFormatError
from coordlib.sources import read_day
from coordlib.times import utc_seconds

#: What was taken for a time: spreadsheet day numbers (tltnAI/ClaudeRepoX#15), years, dates as numbers, words.
IMPLAUSIBLE = (
    "0",
    "2025",
    "46024.1",
    "202501011200",
    "9999-01-01",
    "now",
    "today",
    "2025-01",
    "0001-01-01",
    "99999999999",
)


@pytest.mark.parametrize("value", IMPLAUSIBLE)
def test_no_reader_takes_it_for_a_time(value: str) -> None:
    assert utc_seconds(pd.Series([value])).isna().all()


@pytest.mark.parametrize(
    "value", ["1735689600", "2025-01-01", "20250101", "1735689600123", "2025-01-01T00:00:00Z"]
)
def test_a_time_is_a_time(value: str) -> None:
    assert utc_seconds(pd.Series([value])).tolist() == [1735689600]


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["coordlib", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("46024.1", "a day number of a spreadsheet"),
        ("2025", "a year"),
        ("0", "a time before 1990 or after tomorrow"),
    ],
)
def test_every_command_says_what_it_looks_like_and_writes_nothing(
    value: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shares = tmp_path / "shares.csv"
    shares.write_text(
        f"object_id,account_id,content_id,timestamp_share\no,a,1,{value}\no,b,2,{value}\n", encoding="utf-8"
    )
    code, said = run(monkeypatch, capsys, "detect", shares, "-o", tmp_path / "e.csv")
    assert (code, words in said, said.count("\n")) == (2, True, 1), said
    links = tmp_path / "links.csv"
    links.write_text(f"account.url,expanded,date\na,u,{value}\nb,u,{value}\n", encoding="utf-8")
    code, said = run(monkeypatch, capsys, "links", links, "-o", tmp_path / "out", "--time-window", "60")
    assert (code, words in said) == (2, True), said
    posts = tmp_path / "posts.csv"
    posts.write_text(f"id,username,date,text\n1,ann,{value},tea\n2,bob,{value},tea\n", encoding="utf-8")
    code, said = run(monkeypatch, capsys, "import", posts, "-o", tmp_path / "s.csv")
    assert code == 2 and "no value is a time" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["links.csv", "posts.csv", "shares.csv"]


def test_an_archive_names_the_line(tmp_path: Path) -> None:
    folder = tmp_path / "2025-01-01"
    folder.mkdir()
    (folder / "daily_snapshot.csv").write_text(
        "video_id,author_name,create_time,video_description\n1,a,1735689600,x\n2,b,46024.1,x\n",
        encoding="utf-8",
    )
    with pytest.raises(
        TimeFormatError, match=r"line 3, column 'create_time': '46024\.1' is not a time, but a day number"
    ):
        read_day(folder)


@pytest.mark.parametrize("value", ["7.6E+017", "1E+18", "7,57123E+18", "7.61762492475843E+017"])
def test_an_id_a_spreadsheet_rounded_is_refused(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """twintproject/twint#355, dilshod/xlsx2csv#64: other spreadsheets than Excel write three digits of exponent."""
    file = tmp_path / "posts.csv"
    rows = "".join(f'"{value}",user{n},2026-01-02 10:00:0{n},tea\n' for n in range(3))
    file.write_text("id,username,date,text\n" + rows, encoding="utf-8")
    code, said = run(monkeypatch, capsys, "import", file, "-o", tmp_path / "s.csv")
    assert (code, "rounded by a spreadsheet" in said) == (2, True), said
