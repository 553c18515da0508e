"""The application object, the exit codes, and the one place that turns errors into one line.

Exit codes
----------
0  everything asked was done
1  the run finished, but something in it failed (a day, a notebook); the message says which
2  wrong input, parameter or option: nothing was written
3  stopped early and can be continued (the request budget is spent)
4  another run holds the workspace
70  a mistake of coordlib's own; a report is kept
130  interrupted; the next start continues
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from coordlib import errors

#: The commands as the help shows them, each with the module that has it, which is loaded when it is asked for.
COMMANDS = {
    "detect": "detection",
    "replay": "workspace",
    "analyse": "workspace",
    "notebook": "workspace",
    "report": "detection",
    "sweep": "detection",
    "render": "workspace",
    "verify": "workspace",
    "serve": "workspace",
    "simulate": "simulated",
    "links": "detection",
    "refresh": "collecting",
    "benchmark": "detection",
    "calibrate": "detection",
    "import": "collecting",
    "monitor": "collecting",
    "discover": "collecting",
    "pool": "workspace",
    "forget": "workspace",
    "remake": "workspace",
    "demo": "simulated",
    "bluesky": "collecting",
}


class _WhenAsked(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        self._load(*COMMANDS)
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        self._load(cmd_name)
        return super().get_command(ctx, cmd_name)

    def _load(self, *names: str) -> None:
        if missing := {COMMANDS[name] for name in names if name in COMMANDS and name not in self.commands}:
            for module in missing:
                import_module(f"coordlib.cli.{module}")
            self.commands.update(typer.main.get_group(app).commands)


app = typer.Typer(
    name="coordlib",
    cls=_WhenAsked,
    help="Find, publish and cite coordinated sharing on social media.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def coordlib() -> None:
    """Find, publish and cite coordinated sharing on social media."""


def exit_code(error: errors.CoordError) -> int:
    """Return the exit code that stands for an error."""
    if isinstance(error, errors.QuotaExhausted):
        return 3
    if isinstance(error, errors.WorkspaceLockedError):
        return 4
    ended = errors.RunError | errors.CollectError | errors.PublishError | errors.DatabaseFailedError
    return 1 if isinstance(error, ended) and not isinstance(error, errors.NotebookInputError) else 2


def main() -> None:
    """Run the command line; a user's mistake ends in one line, never in a traceback."""
    signal.signal(signal.SIGTERM, _terminate)
    # A process that ends need not look for garbage in all that it has loaded: a sixth of the time of --help.
    atexit.register(gc.freeze)
    sys.stdout = _MayBeClosed(sys.stdout)
    # A warning, such as of an option's old name, is one line too; Python would add a place in our own code.
    warnings.formatwarning = lambda message, *place, **line: f"coordlib: {message}\n"
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="coordlib", standalone_mode=False)
    except errors.CoordError as error:
        code = _say(str(error), exit_code(error))
    except TyperException as error:
        place = getattr(getattr(error, "ctx", None), "command_path", "coordlib")
        said = error.format_message().rstrip(".") or "a command has to follow"
        code = _say(f"{said}; see '{place} --help'", 2)
    except OSError as error:
        # The machine's own refusals, such as a full disk, in the middle of a run.
        place = f"{error.filename}: " if error.filename else ""
        code = _say(f"{place}{error.strerror or error}", 1)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:  # our own mistake: told as such, with a report to send
        with tempfile.NamedTemporaryFile(
            "w", prefix="coordlib-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(f"coordlib {' '.join(sys.argv[1:2])}\n\n{''.join(traceback.format_exception(error))}")
        said = f"a mistake of coordlib's own ({type(error).__name__}: {error})"
        code = _say(f"{said}; the report is kept in {file.name}, send it with the issue", 70)
    if code == 130:
        _say("interrupted; start the same command again to continue", code)
    sys.exit(code if isinstance(code, int) else 0)


class _MayBeClosed:
    """Standard output whose reader may go away, as ``| head`` does: what was begun is done all the same, unheard."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._heard(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._heard(self._stream.flush)

    def _heard(self, step: Callable[..., Any], *given: Any) -> None:
        try:
            step(*given)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def _terminate(signal_number: int, frame: object) -> None:
    """SIGTERM, as schedulers send it, ends a run as Ctrl-C does: what was done is kept."""
    raise KeyboardInterrupt


def _say(message: str, code: int) -> int:
    """Print an error as one line that cannot steer a terminal, and return the exit code that goes with it."""
    printable = "".join(character if character.isprintable() else " " for character in message)
    print("coordlib: " + " ".join(printable.split()), file=sys.stderr)
    return code
