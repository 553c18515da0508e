"""Running a template notebook with papermill, and reading back what it decided: template in, dated executed copy out.

The template is never changed. Parameters are validated before a kernel starts; a notebook that fails is kept with its traceback.
"""

from __future__ import annotations

import ast
import contextlib
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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

if "jsonschema" not in sys.modules:
    # nbformat's jsonschema would build forty grammars (0.7 s) to check international addresses; no notebook has one.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    import nbformat

    del sys.modules["rfc3987_syntax"]

import nbformat
import pandas as pd
import papermill
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from coordlib import errors
from coordlib import parameters as models
from coordlib.errors import FileFormatError, NotebookInputError, RunError, UnknownParameterError, new_names
from coordlib.files import RUNNING, runs_still, staging_of
from coordlib.parameters import Parameters
from coordlib.places import Workspace, project_root
from coordlib.report.checksums import sha256_file
from coordlib.report.notebook_page import as_executed, as_page, write_notebook
from coordlib.report.package import install, seal
from coordlib.report.post_set import pseudonyms_of
from coordlib.report.record import NOTEBOOK, RunRecord
from coordlib.report.tables import read_csv
from coordlib.store import Store, open_store
from coordlib.store.stored_posts import account_names

#: The parameter model behind each template, by file name.
MODELS: dict[str, type[Parameters]] = {
    "01-seed-discovery.ipynb": models.SeedDiscovery,
    "02-daily-monitoring.ipynb": models.DailyMonitoring,
    "03-component-analysis.ipynb": models.ComponentAnalysis,
    "04-parameter-sweep.ipynb": models.ParameterSweep,
    "05-link-sharing.ipynb": models.LinkSharing,
    "06-own-table.ipynb": models.OwnTable,
}


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
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata.setdefault("kernelspec", kernel)
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
    made = [folder for folder in output.parents if not folder.exists()]
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
                re.sub("([{}])", r"\1\1", str(running)),  # papermill fills in what stands in braces
                parameters=values,
                kernel_name="python3",
                progress_bar=progress and sys.stderr.isatty(),
                config=config,
                kernel_manager_class=QuietKernelManager,
                execution_timeout=timeout,
                request_save_on_cell_execute=False,
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # else its shutdown logs an "error"
            )
    except Exception as error:
        # Of a cell, or of the kernel: it died, or found no memory, no file handle, no socket.
        kind = getattr(errors, str(getattr(error, "ename", "")), None)
        if isinstance(kind, type) and issubclass(kind, errors.InputError | errors.ParameterError):
            running.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # one that holds something
                for folder in made:
                    folder.rmdir()
            raise NotebookInputError(f"{template.name}: {_failure_line(error).partition(': ')[2]}") from error
        kept = f"; kept as {failed}" if running.exists() else ""
        if kept:
            running.replace(failed)
        raise RunError(f"{template.name} failed ({_failure_line(error)}){kept}") from error
    except BaseException:
        running.unlink(missing_ok=True)
        raise
    finally:
        os.environ.pop(NOTEBOOK, None)
    notebook = nbformat.read(running, as_version=4)
    if front_matter:
        write_notebook(output.with_name("notebook.ipynb"), as_executed(notebook, still=True))
        write_notebook(output, as_page(notebook, front_matter))
    else:
        write_notebook(output, as_executed(notebook))
    running.unlink()
    failed.unlink(missing_ok=True)
    return output


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels whose last words do not go to the terminal: what a notebook did is told from its cells."""

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel."""
        await super().start_kernel(stderr=subprocess.DEVNULL, **options)


def _folder_for_sockets() -> str | None:
    """Return a temporary folder whose name is short enough for a socket (none: None); what killed runs left there goes."""
    for name in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if len(os.fsencode(name)) <= 70 and os.access(name, os.W_OK):
            for left in Path(name).glob("coordlib-*-*"):
                number = left.name.split("-")[1]
                if left.is_dir() and number.isdigit() and not runs_still(int(number)):
                    shutil.rmtree(left, ignore_errors=True)
            return name
    return None


def _failure_line(error: Exception) -> str:
    """Return one line that says which error stopped a notebook."""
    said = f"the kernel failed: {error}"
    if isinstance(error, PapermillExecutionError):
        said = f"{error.ename}: {error.evalue}"
    return "a cell took too long" if isinstance(error, CellTimeoutError) else " ".join(said.split())[:300]


def failure_traceback(error: Exception) -> str:
    """Return the traceback of a failed notebook as plain text."""
    lines = getattr(error, "traceback", None) or [str(error)]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(map(str, lines)))


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


@dataclass(frozen=True)
class Decided:
    """What a notebook found and wrote: the record of its run, its accounts, its edges."""

    folder: Path
    run: RunRecord
    accounts: pd.DataFrame = field(default_factory=pd.DataFrame)
    edges: pd.DataFrame = field(default_factory=pd.DataFrame)


def handles_of(workspace: Workspace, store: Store) -> dict[str, str]:
    """Return the names the database has by the pseudonyms that notebooks know (empty: they know the names)."""
    names = pseudonyms_of(workspace.root, account_names(store))
    return {made: name for name, made in names.known.items()} if names else {}


def with_handles(workspace: Workspace, decided: Decided) -> Decided:
    """Return what a notebook decided under the names the database has."""
    if decided.run.identities != "pseudonyms" or not workspace.database.exists():
        return decided
    with open_store(workspace.database, read_only=True) as store:
        handles = handles_of(workspace, store)

    def named(table: pd.DataFrame, *ends: str) -> pd.DataFrame:
        return table.assign(**{end: table[end].map(lambda name: handles.get(name, name)) for end in ends})

    new = sorted(handles.get(name, name) for name in decided.run.new_accounts)
    accounts = named(decided.accounts, "account_id")
    edges = named(decided.edges, "account_id", "account_id_y")
    return Decided(decided.folder, decided.run.model_copy(update={"new_accounts": new}), accounts, edges)


def run_report(
    workspace: Workspace,
    template: str,
    folder: Path,
    parameters: Mapping[str, Any],
    *,
    network: bool = True,
    progress: bool = False,
    published_at: float | None = None,
) -> Decided:
    """Run a notebook beside its place, put page and files in place together, and return what it decided.

    Where it fails, what was published stays. A report without a `network` has no accounts and no edges, and
    `published_at` is the time of publication (none: now).
    """
    staging = staging_of(folder)
    shutil.rmtree(staging, ignore_errors=True)
    values = {**parameters, "workspace": str(workspace.root.resolve()), "output_dir": str(staging.resolve())}
    try:
        run_notebook(
            workspace.notebook(template),
            staging / "index.ipynb",
            values,
            front_matter={"title": folder.name},
            progress=progress,
            failed=folder.with_name(f"{folder.name}.failed.ipynb"),
        )
        made = read_back(staging) if network else Decided(staging, RunRecord.read(staging))
        seal(staging, published_at)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    install(staging, folder)
    return with_handles(workspace, replace(made, folder=folder)) if network else made


def read_back(folder: Path) -> Decided:
    """Read what a notebook decided, and hold its files against each other."""
    run, name = RunRecord.read(folder), folder.name.strip(".")
    if not {"outcome", "counts", "parameters", "new_accounts", "outputs"} <= run.model_fields_set:
        raise RunError(
            f"{name}: the notebook wrote no report; its last step has to be report.save(output_dir)"
        )
    for file in (folder / "accounts.csv", folder / "edges.csv"):
        if not file.is_file() or sha256_file(file) != run.outputs.get(file.name):
            raise RunError(f"{file}: is not the file the notebook wrote; run it again")
    accounts, edges = read_csv(folder / "accounts.csv"), read_csv(folder / "edges.csv")
    known = set(accounts["account_id"])
    strangers = {*edges["account_id"], *edges["account_id_y"], *run.new_accounts} - known
    if strangers or len(known) != run.counts.n_accounts or len(edges) != run.counts.n_edges:
        raise RunError(f"{name}: accounts, edges and counts of the notebook do not belong together")
    numbers = {"weight": "int64", "n_objects": "int64", "avg_time_delta": "float64"}
    return Decided(folder, run, accounts.astype({"network": "int64"}), edges.astype(numbers))
