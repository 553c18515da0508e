"""Running a template notebook with papermill: template in, dated executed copy out.

A template is never changed. Parameters are validated before a kernel starts. A notebook that fails
is kept beside the place of its success, with its traceback, and the caller gets a
:class:`~coordlib.errors.RunError` that says where.
"""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

if "jsonschema" not in sys.modules:
    # It would build forty grammars (0.7 s) to check international addresses, of which a notebook's schema has none.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    import jsonschema  # noqa: F401

    del sys.modules["rfc3987_syntax"]

import nbformat
import papermill
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from coordlib import errors
from coordlib.errors import FileFormatError, NotebookInputError, RunError, UnknownParameterError, new_names
from coordlib.files import RUNNING, runs_still
from coordlib.parameters import (
    ComponentAnalysis,
    DailyMonitoring,
    LinkSharing,
    OwnTable,
    Parameters,
    ParameterSweep,
    SeedDiscovery,
)
from coordlib.places import project_root
from coordlib.report.checksums import sha256_file
from coordlib.report.notebook_page import as_executed, as_page, write_notebook
from coordlib.report.provenance import NOTEBOOK

#: The parameter model behind each template, by file name.
MODELS: dict[str, type[Parameters]] = {
    "01-seed-discovery.ipynb": SeedDiscovery,
    "02-daily-monitoring.ipynb": DailyMonitoring,
    "03-component-analysis.ipynb": ComponentAnalysis,
    "04-parameter-sweep.ipynb": ParameterSweep,
    "05-link-sharing.ipynb": LinkSharing,
    "06-own-table.ipynb": OwnTable,
}

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def template_facts(template: Path) -> dict[str, Any]:
    """Return name and SHA-256 of a template, and whether it differs from the project's own."""
    own = project_root() / "notebooks" / template.name
    edited = not own.exists() or own.read_bytes() != template.read_bytes()
    return {"name": template.name, "sha256": sha256_file(template), "edited": edited}


def notebook_defaults(template: Path) -> dict[str, Any]:
    """Return the names and defaults in the cell of a template that is tagged ``parameters``."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    found = papermill.inspect_notebook(_read(template))
    return {name: ast.literal_eval(str(item["default"])) for name, item in found.items()}


def refuse_unknown(names: Collection[str], known: Mapping[str, Any], template: str) -> None:
    """Refuse parameters that a notebook with the defaults ``known`` does not have."""
    if names and not known:
        raise UnknownParameterError(
            f"{template}: no cell tagged 'parameters' sets a name, so {', '.join(sorted(names))} cannot be given; "
            "tag the cell that holds the parameters (tools that clean notebooks may remove the tag)"
        )
    if unknown := set(names) - set(known):
        raise UnknownParameterError.from_names(unknown, known, template, used=names)


def _read(template: Path) -> Any:
    try:
        notebook = nbformat.read(template, as_version=4)
    except FileNotFoundError:
        raise FileFormatError(f"{template}: there is no such notebook") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError):
        raise FileFormatError(f"{template}: not readable as a Jupyter notebook") from None
    notebook.metadata.setdefault(
        "kernelspec", {"name": "python3", "display_name": "Python 3", "language": "python"}
    )
    return notebook


def run_notebook(
    template: Path | str,
    output: Path | str,
    parameters: Mapping[str, Any] | None = None,
    *,
    front_matter: Mapping[str, Any] | None = None,
    timeout: int = 600,
    progress: bool = False,
    failed: Path | None = None,
) -> Path:
    """Execute a template notebook with parameters and keep the executed copy.

    Parameters
    ----------
    template
        Notebook with a cell tagged ``parameters``.
    output
        Where the executed copy goes. On failure it is not written.
    parameters
        Values for the parameters cell. Unknown names are refused with the nearest known one.
    front_matter
        Title, date and so on: the copy becomes a page of the site, with the executed notebook beside it
        (``notebook.ipynb``). Without it the copy is the executed notebook, as Jupyter shows it.
    timeout
        Seconds one cell may take.
    progress
        Show a progress bar on a terminal.
    failed
        Where a notebook that failed is kept (none: beside `output`, as ``NAME.failed.ipynb``).

    Raises
    ------
    UnknownParameterError, ParameterError
        Before anything runs.
    NotebookInputError
        A cell refused what it was given (a parameter, a file); nothing is kept.
    RunError
        A cell failed or took too long, or the kernel died or could not start; the message names the error and the
        notebook as far as it came.
    """
    template, output = Path(template), Path(output)
    values = _validated(template, dict(parameters or {}))
    output.parent.mkdir(parents=True, exist_ok=True)
    running = output.with_name(f".{output.stem}{RUNNING}")
    failed = failed or output.with_name(f"{output.stem}.failed.ipynb")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it would say is in the error
    notebook, config, sockets = _read(template), Config(), _folder_for_sockets()
    try:
        # Sockets of its own: by default two runs in one folder would share theirs, and leave them there.
        with (
            tempfile.TemporaryDirectory(prefix=f"coordlib-{os.getpid()}-", dir=sockets) as place,
            warnings.catch_warnings(),
        ):
            if sockets:  # no open port on shared machines
                config.KernelManager.transport, config.KernelManager.ip = "ipc", f"{place}/kernel"
            warnings.simplefilter("ignore")
            os.environ[NOTEBOOK] = json.dumps(template_facts(template))
            papermill.execute_notebook(
                notebook,
                str(running)
                .replace("{", "{{")
                .replace("}", "}}"),  # papermill fills in what stands in braces
                parameters=values,
                kernel_name="python3",
                progress_bar=progress and sys.stderr.isatty(),
                config=config,
                kernel_manager_class=QuietKernelManager,
                execution_timeout=timeout,
                request_save_on_cell_execute=False,
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # else its shutdown logs an "error"
            )
    except (
        Exception
    ) as error:  # of a cell, or of the kernel: it died, found no memory, no file handle, no socket
        if _mistake(error):
            running.unlink(missing_ok=True)
            raise NotebookInputError(f"{template.name}: {failure_line(error).partition(': ')[2]}") from error
        kept = f"; kept as {failed}" if running.exists() else ""
        if kept:
            running.replace(failed)
        raise RunError(f"{template.name} failed ({failure_line(error)}){kept}") from error
    except BaseException:
        running.unlink(missing_ok=True)
        raise
    finally:
        os.environ.pop(NOTEBOOK, None)
    notebook = nbformat.read(running, as_version=4)
    if front_matter:
        write_notebook(beside(output), as_executed(notebook, still=True))
        write_notebook(output, as_page(notebook, front_matter))
    else:
        write_notebook(output, as_executed(notebook))
    running.unlink()
    failed.unlink(missing_ok=True)
    return output


def _mistake(error: Exception) -> bool:
    """Say whether a notebook stopped because what it was given cannot be used."""
    kind = getattr(errors, str(getattr(error, "ename", "")), None)
    return isinstance(kind, type) and issubclass(kind, errors.InputError | errors.ParameterError)


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels whose last words do not go to the terminal: what a notebook did is told from its cells."""

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel."""
        await super().start_kernel(stderr=subprocess.DEVNULL, **options)


def _folder_for_sockets() -> str | None:
    """Return a temporary folder in which a socket's address is not too long; None where there is none.

    Sockets that killed runs left there go.
    """
    for name in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if len(os.fsencode(name)) <= 70 and os.access(name, os.W_OK):
            for left in Path(name).glob("coordlib-*-*"):
                number = left.name.split("-")[1]
                if left.is_dir() and number.isdigit() and not runs_still(int(number)):
                    shutil.rmtree(left, ignore_errors=True)
            return name
    return None


def beside(page: Path) -> Path:
    """Return where the executed notebook behind a page is kept."""
    return page.with_name("notebook.ipynb")


def failure_line(error: Exception) -> str:
    """Return one line that says which error stopped a notebook."""
    if isinstance(error, PapermillExecutionError):
        return " ".join(f"{error.ename}: {error.evalue}".split())[:300]
    if isinstance(error, CellTimeoutError):
        return "a cell took too long"
    return " ".join(f"the kernel failed: {error}".split())[:300]


def failure_traceback(error: Exception) -> str:
    """Return the traceback of a failed notebook as plain text."""
    lines = getattr(error, "traceback", None) or [str(error)]
    return _ANSI.sub("", "\n".join(map(str, lines)))


def _validated(template: Path, values: dict[str, Any]) -> dict[str, Any]:
    defaults, model = notebook_defaults(template), MODELS.get(template.name)
    if model is not None:
        renamed = {old: new for old, new in model.renamed.items() if new in defaults}
        values = new_names(values, renamed, template.name)
    refuse_unknown(values, defaults, template.name)
    if model is None:
        return values
    checked = model.load({**defaults, **values}, where=template.name).for_notebook()
    return {name: checked[model.renamed.get(name, name)] for name in values}
