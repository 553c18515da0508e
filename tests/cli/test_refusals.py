"""What a command cannot do is refused in one line before it writes anything: code 2 says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
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
    expected = f"date = '{day}' is not a day; write it as 2026-11-01 or 20261101 (UTC)"
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


def test_a_folder_does_not_become_a_workspace_by_being_rendered(tmp_path: Path, command: Command) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine", encoding="utf-8")
    for place in (tmp_path / "notes", tmp_path / "notes" / "mine.txt", tmp_path / "not-there"):
        said = refused(command, "render", "-w", place, "--engine", "smalldocs")
        assert f"{place}: there is no workspace here" in said
    assert [path.name for path in tmp_path.rglob("*")] == ["notes", "mine.txt"]


def notebook(path: Path, source: str) -> Path:
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def test_a_notebook_that_is_refused_leaves_no_folder(tmp_path: Path, command: Command) -> None:
    text, wrong = tmp_path / "text.ipynb", tmp_path / "p.yml"
    text.write_text("no notebook", encoding="utf-8")
    wrong.write_text("mispelt: 1\n", encoding="utf-8")
    own = notebook(tmp_path / "own.ipynb", "a = 1")
    cell = "from coordlib.errors import ParameterError\nraise ParameterError('a = 1: is not enough')"
    refusing = notebook(tmp_path / "refusing.ipynb", cell)
    before, output = sorted(tmp_path.rglob("*")), tmp_path / "new" / "folder" / "o.ipynb"
    for words, said in (
        ([text, output], "not readable as a Jupyter notebook"),
        ([tmp_path / "absent.ipynb", output], "there is no such notebook"),
        ([own, output, "-f", wrong], "mispelt"),
        ([refusing, output], "a = 1: is not enough"),
        ([own, text / "below" / "o.ipynb"], "there is no folder"),
        ([own, own], "is the input itself"),
    ):
        assert said in refused(command, "notebook", *words)
        assert sorted(tmp_path.rglob("*")) == before
    assert command("notebook", own, output)[0] == 0 and output.is_file()


def test_a_refused_export_or_demo_leaves_no_folder_and_moves_nothing(
    tmp_path: Path, command: Command
) -> None:
    said = refused(command, "pool", "export", tmp_path / "new" / "pool.csv", "-w", tmp_path / "w")
    assert "there is no workspace database here" in said
    (tmp_path / "demo").mkdir()
    for option in (["--accounts", 5], ["--days", 0], ["--seed", -1]):
        assert option[0] in refused(command, "demo", "-w", tmp_path / "demo", "--aside", *option)
    assert [path.name for path in tmp_path.rglob("*")] == ["demo"]


def test_a_table_is_written_under_a_name_that_says_what_it_is(tmp_path: Path, command: Command) -> None:
    output = tmp_path / "x.xlsx"
    for words in (
        ["benchmark", "-o", output],
        ["calibrate", "-o", output],
        ["pool", "export", output, "-w", "w"],
    ):
        assert f"{output}: the file name must end in .csv" in refused(command, *words)


@pytest.mark.parametrize("name", ["benchmark", "calibrate"])
def test_simulated_posts_have_an_object_of_their_own(name: str, command: Command) -> None:
    assert "object_id = 'nope': is for" in refused(command, name, "--object-id", "nope")


def test_days_without_an_hour_are_refused_wherever_pairs_are_looked_for(
    tmp_path: Path, command: Command
) -> None:
    rows = [f"{n},u{n % 4},2026-03-0{1 + n % 3},words {n // 4}" for n in range(24)]
    file = tmp_path / "days.csv"
    file.write_text("\n".join(["content_id,account_id,posted_at,text", *rows, ""]), encoding="utf-8")
    for words in (
        ["detect", file, "-o", tmp_path / "e.csv"],
        ["report", file, "-w", tmp_path / "w"],
        ["calibrate", file],
    ):
        assert "days.csv: holds days without an hour, and the window is 120 seconds" in refused(
            command, *words
        )
