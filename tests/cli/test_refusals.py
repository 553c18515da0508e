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


def test_no_command_takes_a_place_for_its_files_from_a_file(tmp_path: Path, command: Command) -> None:
    """The notebooks do: what a command makes has its place in the workspace, and the line did nothing."""
    file, posts, place = tmp_path / "p.yml", tmp_path / "posts.csv", tmp_path / "w"
    file.write_text("output_dir: elsewhere\n", encoding="utf-8")
    posts.write_text("account_id\n", encoding="utf-8")
    for words in (
        ["discover", "--hashtag", "x"],
        ["monitor"],
        ["replay", tmp_path],
        ["analyse"],
        ["report", posts],
        ["links", posts],
        ["sweep"],
    ):
        said = refused(command, *words, "-w", place, "-f", file)
        assert "output_dir = 'elsewhere'" in said and "take it out of the file" in said
    file.write_text("date: 2026-09-01\n", encoding="utf-8")
    assert "an archive has its own days" in refused(command, "replay", tmp_path, "-w", place, "-f", file)
    assert not place.exists()


def test_the_network_of_a_file_is_the_one_analysed(replayed_copy: Path, command: Command) -> None:
    (replayed_copy / "p.yml").write_text("network: 99\n", encoding="utf-8")
    said = refused(command, "analyse", "-w", replayed_copy, "-f", replayed_copy / "p.yml")
    assert "network = 99" in said
