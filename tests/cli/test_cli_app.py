"""The command line: every command is registered under its name, and errors are one line with a code."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from coordlib import errors
from coordlib.cli.app import COMMANDS, app, exit_code, load_commands


def test_every_command_is_registered_under_the_name_it_is_found_by() -> None:
    load_commands(None)
    click = typer.main.get_command(app)
    assert set(click.commands) == set(COMMANDS)  # type: ignore[attr-defined]


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


def test_a_mistake_ends_in_one_line_on_stderr_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "coordlib.cli", "analyse", "--workspace", "no-such-folder"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("coordlib: no-such-folder") and done.stderr.count("\n") == 1


def test_an_unknown_command_is_refused_with_the_help() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "coordlib.cli", "detekt"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "detekt" in done.stderr and "Traceback" not in done.stderr
