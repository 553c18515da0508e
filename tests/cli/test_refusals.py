"""What a command cannot do is refused in one line before it writes anything: code 2 says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., tuple[int, str, str]]


def refused(command: Command, *words: object) -> str:
    """The one line of a command that ends with code 2."""
    code, out, said = command(*words)
    assert (code, out, said.count("\n")) == (2, "", 1), (code, out, said)
    return said


@pytest.mark.parametrize("day", ["2026-13-01", "soon", "", " "])
def test_what_is_no_day_is_no_day_of_entry(day: str, tmp_path: Path, command: Command) -> None:
    (tmp_path / "list.csv").write_text("username\nann\n", encoding="utf-8")
    place = tmp_path / "w"
    expected = f"date = '{day}': expected YYYY-MM-DD"
    assert expected in refused(command, "discover", "-w", place, "--hashtag", "x", "--date", day)
    listed = ["pool", "import", tmp_path / "list.csv", "-w", place, "--source", "x", "--min-mentions", 1]
    assert expected in refused(command, *listed, "--date", day)
    assert not place.exists()


@pytest.mark.parametrize("day", ["2026-13-01", "0001-01-01", "9999-12-31", ""])
def test_no_world_begins_where_there_are_no_posts(day: str, tmp_path: Path, command: Command) -> None:
    said = refused(command, "simulate", "archive", tmp_path / "a", "--start", day)
    assert f"start = '{day}': expected a day like 2026-09-01" in said
    assert not (tmp_path / "a").exists()
