"""The command line: every command is registered under its name, and errors are one line with a code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from coordlib import errors
from coordlib.cli import app, main
from coordlib.cli.app import COMMANDS, exit_code


def test_every_command_has_its_place_in_the_help() -> None:
    for module in set(COMMANDS.values()):
        import_module(f"coordlib.cli.{module}")
    click: Any = typer.main.get_command(app)
    assert set(click.commands) == set(COMMANDS)


def test_the_help_loads_nothing_a_command_works_with() -> None:
    """One second of CPU for a list of commands is what people notice first."""
    code = (
        "import sys; from coordlib.cli import app; app(['--help'], standalone_mode=False); "
        "print(sorted({'pandas', 'numpy', 'httpx', 'papermill', 'sqlite3', 'yaml'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(name in told for name in COMMANDS) and told.strip().endswith("[]")


def test_a_group_of_commands_without_one_says_what_is_missing(command: Callable[..., Any]) -> None:
    code, out, err = command("pool")
    assert code == 2 and "import" in out
    assert err == "coordlib: a command has to follow; see 'coordlib pool --help'\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.MissingColumnError("x"), 2),
        (errors.ParameterError("x"), 2),
        (errors.StoreError("x"), 2),
        (errors.RunError("x"), 1),
        (errors.ServiceError("x"), 1),
        (errors.QuotaExhausted("x"), 3),
        (errors.WorkspaceLockedError("x"), 4),
    ],
)
def test_the_exit_code_says_what_kind_of_end_it_was(error: errors.CoordError, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("analyse --workspace no-such-folder", "no-such-folder"),
        ("detect words.csv -o edges.csv", "words.csv: "),
        ("detect no-such.csv -o edges.csv", "no-such.csv: "),
        ("detect words.csv -o edges.csv --time-window -5", "time_window"),
        ("report words.csv --workspace w", "words.csv: "),
        ("links words.csv -o out", "words.csv: "),
        ("verify no-such-report", "no-such-report"),
        ("detect --no-such-option", "No such option"),
    ],
)
def test_a_mistake_ends_in_one_line_on_stderr_without_a_traceback(
    command: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "words.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "coordlib.cli", *command.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("coordlib: ") and done.stderr.count("\n") == 1 and words in done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"words.csv", "w"}


def test_an_error_that_quotes_a_file_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "shares.csv"
    table.write_text("\x1b[2J\x07\u202eobject,b\n1,2\n", encoding="utf-8")
    code, _, said = ended(monkeypatch, capsys, "detect", str(table), "-o", str(tmp_path / "edges.csv"))
    assert code == 2
    assert "object" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["coordlib", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    return (int(stop.value.code or 0), *capsys.readouterr())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["detekt"], "No such command 'detekt'. Did you mean 'detect'?; see 'coordlib --help'"),
        (["detect", "x.csv"], "Missing option '--output' / '-o'; see 'coordlib detect --help'"),
        (["render", "--wrkspace", "w"], "--workspace"),
        (["pool", "lst"], "Did you mean 'list'?"),
    ],
)
def test_a_misspelt_command_or_option_is_one_line_with_the_nearest_name(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ended(monkeypatch, capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("coordlib: ") and err.count("\n") == 1
    assert said in err


def test_without_a_command_the_help_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ended(monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert "detect" in out


@pytest.mark.parametrize(
    ("stop", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted; start the same command again to continue"),
        (OSError(28, "No space left on device", "w/day.csv"), 1, "w/day.csv: No space left on device"),
    ],
)
def test_an_interrupted_run_and_a_full_disk_are_one_line(
    stop: BaseException,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr("coordlib.runs.edge_list.detect_file", stopped)
    assert ended(monkeypatch, capsys, "detect", "x.csv", "-o", str(tmp_path / "e.csv")) == (
        code,
        "",
        f"coordlib: {said}\n",
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [("detect", "(default: 120)"), ("links", "(default: 0.9)"), ("report", "(default: none)")],
)
def test_the_help_of_a_command_states_the_models_defaults(
    command: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In square brackets they were taken for markup and left out."""
    monkeypatch.setenv("COLUMNS", "200")
    assert said in ended(monkeypatch, capsys, command, "--help")[1]


def test_the_old_name_of_an_option_is_told_in_one_line_without_a_place_in_our_code(tmp_path: Path) -> None:
    shares = tmp_path / "shares.csv"
    shares.write_text("account.url,expanded,date\na,https://n.example/1,1767348000\n", encoding="utf-8")
    words = ["links", str(shares), "-o", str(tmp_path / "tables"), "--interval", "60"]
    done = subprocess.run(
        [sys.executable, "-m", "coordlib.cli", *words], capture_output=True, text=True, check=False
    )
    assert done.stderr == "coordlib: links: --interval is now --time-window\n"
    assert done.returncode == 0


def test_a_reader_that_goes_away_stops_nothing(tmp_path: Path) -> None:
    rows = [f"tea,u{n % 2},{n},{1_700_000_000 + n}" for n in range(6)]
    head = "object_id,account_id,content_id,timestamp_share"
    (tmp_path / "shares.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "coordlib.cli", "detect", "shares.csv", "-o", "edges.csv"],
        cwd=tmp_path,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "edges.csv").exists()
