"""The pool from the command line: lists come in, accounts pause, tables go out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coordlib.cli import app
from coordlib.errors import FileFormatError, MissingColumnError, ParameterError
from coordlib.runs.pool import account_name, read_account_list
from coordlib.store import open_store
from coordlib.store.pool import add_to_pool, pool


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "w"


def run(*arguments: object) -> str:
    """Run a command that is expected to succeed and return what it printed."""
    result = CliRunner().invoke(app, [str(word) for word in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def names(workspace: Path, status: str | None = None) -> list[str]:
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        everyone = pool(store)
    return everyone.loc[everyone["status"].eq(status) if status else slice(None), "account_id"].tolist()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_accounts_mentioned_often_enough_join_the_pool_with_the_reason(workspace: Path, tmp_path: Path):
    file = write(tmp_path / "list.csv", "account\n@Uno\nuno\ndue\nhttps://www.tiktok.com/@tre?lang=it\ntre\n")
    said = run("pool", "import", file, "-w", workspace, "--source", "fact-checkers", "--date", "2026-11-23")
    assert "2 of 3 accounts are mentioned at least 2 times" in said
    assert names(workspace) == ["tre", "uno"]
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        first = pool(store).iloc[0]
    assert (first["reason"], first["source"]) == ("mentioned 2 times in fact-checkers", "import")


def test_a_column_of_counts_is_used_instead_of_counting_rows(tmp_path: Path):
    found = read_account_list(write(tmp_path / "list.csv", "username,mentions\nuno,5\ndue,1\n"))
    assert found.chosen(2) == ["uno"]


def test_importing_the_same_list_twice_changes_nothing(workspace: Path, tmp_path: Path):
    file = write(tmp_path / "list.csv", "username\nuno\nuno\n")
    for _ in range(2):
        said = run("pool", "import", file, "-w", workspace, "--source", "x")
    assert "0 were new in the pool, 1 were there already" in said
    assert names(workspace) == ["uno"]


def test_a_dry_run_changes_nothing(workspace: Path, tmp_path: Path):
    file = write(tmp_path / "list.csv", "username\nuno\nuno\n")
    assert "nothing was changed" in run("pool", "import", file, "-w", workspace, "--source", "x", "--dry-run")
    assert not workspace.exists()


def test_every_row_that_is_no_account_is_counted_also_those_not_shown(workspace: Path, tmp_path: Path):
    bad = "".join(f"not a name {number}\n" for number in range(7))
    file = write(tmp_path / "list.csv", f"username\nuno\nuno\n{bad}")
    said = run("pool", "import", file, "-w", workspace, "--source", "x")
    assert "7 of 9 rows are no account name" in said


def test_a_list_without_a_source_is_refused(workspace: Path, tmp_path: Path):
    file = write(tmp_path / "list.csv", "username\nuno\nuno\n")
    with pytest.raises(ParameterError, match="source is empty"):
        run("pool", "import", file, "-w", workspace, "--source", " ")
    assert not workspace.exists()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("a,b\n1,2\n", MissingColumnError, "username"),
        ("username,mentions\nuno,many\n", FileFormatError, "line 2, column 'mentions': 'many'"),
        ("username\nnot a name\n", FileFormatError, "holds no account name"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, text: str, error: type[Exception], words: str
):
    with pytest.raises(error, match=words) as caught:
        read_account_list(write(tmp_path / "list.csv", text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "<script>", "a", "x" * 25, "", "no one"])
def test_what_is_no_handle_is_no_account(cell: str):
    assert account_name(cell) is None


@pytest.mark.parametrize("cell", ["@Esempio.Uno ", "https://www.tiktok.com/@esempio.uno/video/7"])
def test_a_handle_and_the_address_of_a_profile_are_the_account(cell: str):
    assert account_name(cell) == "esempio.uno"


def test_a_paused_account_stays_in_the_pool_and_comes_back(workspace: Path, tmp_path: Path):
    file = write(tmp_path / "list.csv", "username\nuno\ndue\n")
    run("pool", "import", file, "-w", workspace, "--source", "x", "--min-mentions", "1")
    run("pool", "pause", "@uno", "-w", workspace)
    assert names(workspace, "paused") == ["uno"]
    assert "1 active, 1 paused" in run("pool", "list", "-w", workspace)
    run("pool", "resume", "uno", "-w", workspace)
    assert names(workspace, "paused") == []


def test_an_unknown_account_is_named_and_nothing_is_changed(workspace: Path, tmp_path: Path):
    file = write(tmp_path / "list.csv", "username\nuno\n")
    run("pool", "import", file, "-w", workspace, "--source", "x", "--min-mentions", "1")
    with pytest.raises(ParameterError, match="nobody: not in the pool"):
        run("pool", "pause", "uno", "nobody", "-w", workspace)
    assert names(workspace, "paused") == []


def test_an_exported_pool_runs_nothing_in_a_spreadsheet(workspace: Path, tmp_path: Path):
    with open_store(workspace / "coordlib.sqlite") as store:
        add_to_pool(store, ["uno"], added_on="2026-11-23", reason="=HYPERLINK(1)", source="import")
    run("pool", "export", tmp_path / "pool.csv", "-w", workspace)
    with (tmp_path / "pool.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["reason"] == "'=HYPERLINK(1)"
    with pytest.raises(ParameterError, match="is there already"):
        run("pool", "export", tmp_path / "pool.csv", "-w", workspace)


def test_show_says_why_an_account_is_watched(workspace: Path, tmp_path: Path):
    file = write(tmp_path / "list.csv", "username\nuno\n")
    run(
        "pool",
        "import",
        file,
        "-w",
        workspace,
        "--source",
        "x",
        "--min-mentions",
        "1",
        "--date",
        "2026-11-23",
    )
    said = run("pool", "show", "uno", "-w", workspace)
    assert "uno: active, since 2026-11-23 (import): mentioned once in x" in said
    assert "on 0 days" in said
