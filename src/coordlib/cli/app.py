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

import signal
import sys
import warnings
from importlib import import_module

import typer
from typer.exceptions import TyperException

from coordlib.errors import (
    CollectError,
    CoordError,
    DatabaseFailedError,
    NotebookInputError,
    PublishError,
    QuotaExhausted,
    RunError,
    WorkspaceLockedError,
)

app = typer.Typer(
    name="coordlib",
    help="Find, publish and cite coordinated sharing on social media.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

#: Command to the module of coordlib.cli that registers it and its line in the help, in the order the help shows them.
COMMANDS: dict[str, tuple[str, str]] = {
    "detect": (
        "detect",
        "Find accounts that repeatedly share the same objects within a short time of each other.",
    ),
    "replay": (
        "workspace",
        "Replay an archive of days: store, detect, update the pool, report; then render the site.",
    ),
    "analyse": (
        "workspace",
        "Analyse one network of one day in depth (notebook 03); the page joins the site at the next render.",
    ),
    "notebook": (
        "workspace",
        "Run a template notebook with validated parameters, as papermill would, refusing unknown names.",
    ),
    "report": (
        "report",
        "Make a report of a file of posts: page, tables, evidence, network, citation, zip (notebook 06).",
    ),
    "sweep": (
        "sweep",
        "Try many parameters: a file with 'notebook:' runs that notebook at every point, any other makes one page (notebook 04).",
    ),
    "render": (
        "workspace",
        "Render the site of a workspace with quarto, or with smalldocs where quarto is not installed.",
    ),
    "verify": (
        "verify",
        "Check a published report: the hash of every file, and its numbers from the posts on; says what differs, and where.",
    ),
    "serve": ("workspace", "Serve a rendered site on this machine only, until interrupted."),
    "simulate": ("simulate", "Make a simulated world with known truth: for demos, teaching and tests."),
    "links": (
        "links",
        "Find accounts that repeatedly share the same URLs within a short time of each other (CooRnet).",
    ),
    "refresh": ("refresh", "Check stored videos again and delete those the service no longer returns."),
    "benchmark": (
        "benchmark",
        "Compare three ways of ordering accounts where it is known who belongs to a campaign.",
    ),
    "calibrate": (
        "calibrate",
        "Measure what given parameters find, miss and falsely accuse on posts like your own, in which nobody coordinates.",
    ),
    "import": (
        "import_",
        "Read an export from a platform or a tool and write its shares, ready for detection.",
    ),
    "monitor": (
        "monitor",
        "Collect the pool's posts, search their captions, detect, report one day, render the site.",
    ),
    "discover": (
        "discover",
        "Collect a hashtag's videos, find accounts that post together, and put them into the pool with the reason.",
    ),
    "pool": ("watched", "The pool of monitored accounts."),
    "forget": (
        "watched",
        "Take an account out of the database, every page, file and version, and keep it out; the pages say that it happened.",
    ),
    "remake": (
        "watched",
        "Make every day again from its stored posts and remove what was made before, as a change to pseudonyms needs it.",
    ),
    "demo": (
        "demo",
        "Show everything on a simulated world: seed discovery, monitored days, one network in depth, the site.",
    ),
    "bluesky": (
        "bluesky",
        "Find who posted a list of addresses on Bluesky; started again, it continues where it stopped.",
    ),
}


@app.callback()
def coordlib() -> None:
    """Find, publish and cite coordinated sharing on social media."""


def load_commands(first_word: str | None) -> None:
    """Register the command that is asked for; for the help, those not loaded by their line alone, which loads nothing."""
    app.registered_commands[:] = [
        command for command in app.registered_commands if command.callback is not _listed
    ]
    if first_word in COMMANDS:
        import_module(f"coordlib.cli.{COMMANDS[first_word][0]}")
        return
    for name, (module, line) in COMMANDS.items():
        if f"coordlib.cli.{module}" not in sys.modules:
            app.command(name, help=line)(_listed)


def _listed() -> None:
    """Stand in the help for a command that is not loaded."""


def exit_code(error: CoordError) -> int:
    """Return the exit code that stands for an error."""
    match error:
        case QuotaExhausted():
            return 3
        case WorkspaceLockedError():
            return 4
        case NotebookInputError():
            return 2
        case RunError() | CollectError() | PublishError() | DatabaseFailedError():
            return 1
    return 2


def main() -> None:
    """Run the command line; a user's mistake ends in one line, never in a traceback."""
    signal.signal(signal.SIGTERM, _terminate)
    # A warning, such as of an option's old name, is one line too; Python would add a place in our own code.
    warnings.formatwarning = lambda message, *place, **line: f"coordlib: {message}\n"
    try:
        load_commands(sys.argv[1] if len(sys.argv) > 1 else None)
        code = app(sys.argv[1:] or ["--help"], prog_name="coordlib", standalone_mode=False)
    except CoordError as error:
        code = _say(str(error), exit_code(error))
    except TyperException as error:
        place = getattr(getattr(error, "ctx", None), "command_path", "coordlib")
        code = _say(f"{error.format_message().rstrip('.')}; see '{place} --help'", 2)
    except OSError as error:
        # The machine's own refusals, such as a full disk, in the middle of a run.
        place = f"{error.filename}: " if error.filename else ""
        code = _say(f"{place}{error.strerror or error}", 1)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:  # our own mistake: told as such, with a report to send
        code = _our_fault(error)
    if code == 130:
        _say("interrupted; start the same command again to continue", code)
    sys.exit(code if isinstance(code, int) else 0)


def _our_fault(error: Exception) -> int:
    """Say that it is our fault and where the report is kept."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="coordlib-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"coordlib {' '.join(sys.argv[1:2])}\n\n{''.join(traceback.format_exception(error))}")
    return _say(
        f"a mistake of coordlib's own ({type(error).__name__}: {error}); the report is kept in {file.name}, send it with the issue",
        70,
    )


def _terminate(signal_number: int, frame: object) -> None:
    """SIGTERM, as schedulers send it, ends a run as Ctrl-C does: what was done is kept."""
    raise KeyboardInterrupt


def _say(message: str, code: int) -> int:
    """Print an error as one line that cannot steer a terminal, and return the exit code that goes with it."""
    printable = "".join(character if character.isprintable() else " " for character in message)
    print("coordlib: " + " ".join(printable.split()), file=sys.stderr)
    return code
