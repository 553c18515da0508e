"""One notebook, many parameters: a point of a grid is an executed notebook with its files, and a comparison over all.

Points run in processes of their own; a finished one is not run again while parameters and template are the same.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from pydantic import Field
from tqdm import tqdm

from coordlib.detect.sweep import Sweep, compare, edge_keys
from coordlib.errors import CoordError, ParameterError, RunError, StoreError, UnknownParameterError
from coordlib.files import put_folder, read_json, staging_of, workspace_lock, write_json, written
from coordlib.parameters import Parameters
from coordlib.places import Workspace, file_name, find_workspace
from coordlib.report.record import RunRecord
from coordlib.report.tables import read_csv, write_csv
from coordlib.runs.notebooks import notebook_defaults, refuse_unknown, run_notebook, template_facts
from coordlib.runs.stored import load_day
from coordlib.shown import Shown

POINT, RECORD = "point.json", "sweep.json"
#: Parameters of a notebook that the sweep gives itself.
_OWN = ("workspace", "output_dir")
#: Parameters that say which posts are looked at.
_POSTS = {"date", "source", "shares", "mapping", "workspace"}


class NotebookSweep(Parameters):
    """A sweep file: which notebook, which parameters stay, which vary."""

    notebook: str
    """Template, such as 02-daily-monitoring.ipynb, or the path of one of your own."""
    name: str = Field(
        "sweep", pattern=r"^\w[\w.-]*$", description="Name of the folder under WORKSPACE/sweeps."
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="Parameters that stay the same.")
    grid: dict[str, list[Any]] = Field(min_length=1, description="Parameter to the values it takes.")
    reference: dict[str, Any] = Field(default_factory=dict)
    """The point to compare with (none: the usual values)."""

    def points(self, known: Mapping[str, Any], template: str) -> list[dict[str, Any]]:
        """Return the setting of every point in the order of the grid; refuse what the notebook does not have."""
        grid, names = self.grid, {*self.parameters, *self.grid}
        refuse_unknown(names, known, template)
        if unknown := set(self.reference) - set(grid):
            raise UnknownParameterError.from_names(unknown, grid, "reference")
        if own := names & set(_OWN):
            raise ParameterError(
                f"{', '.join(sorted(own))}: each point has its own; leave it out of the sweep file"
            )
        if twice := set(self.parameters) & set(grid):
            raise ParameterError(
                f"{', '.join(sorted(twice))}: stands under parameters and under grid; choose one"
            )
        for name, values in grid.items():
            if not values:
                raise ParameterError(f"grid: {name} has no value; give a list of at least one")
            if name in self.reference and self.reference[name] not in values:
                raise ParameterError(f"reference: {name} = {self.reference[name]} is no value of the grid")
        return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


@dataclass(frozen=True)
class SweepDone(Shown):
    """How a sweep ended: its folder, the comparison, how many points ran, were done before, and failed."""

    folder: Path
    comparison: Sweep | None
    ran: int
    kept: int
    failed: Mapping[str, str]


def sweep_notebooks(
    parameters: NotebookSweep, workspace: Path | str, *, jobs: int | None = None, progress: bool = True
) -> SweepDone:
    """Run a notebook at every point of a grid, and compare what the points found (nothing, where no point wrote a report).

    Parameters
    ----------
    parameters
        The sweep file.
    workspace
        Folder of the workspace.
    jobs
        Notebooks at a time (none: one per core).
    progress
        Show a bar on a terminal.

    Raises
    ------
    UnknownParameterError, ParameterError
        A parameter the notebook does not have, or the sweep gives itself; nothing has run.
    WorkspaceLockedError
        The same sweep is running already.
    RunError
        Points rest on different posts, because these were changed between two runs.

    Notes
    -----
    A failed point is told at the end and the others go on; the same command runs the missing points again. With no
    ``date`` all points are of the newest stored day, and of a newer one all are run again.
    """
    place = find_workspace(workspace)
    own = Path(parameters.notebook)
    template = own if own.is_file() else place.notebook(parameters.notebook)
    known = notebook_defaults(template)
    points = parameters.points(known, template.name)
    given = {key: value for key, value in parameters.parameters.items() if key != "date" or value is not None}
    if known.get("date", "") is None:
        # All points look at this day: one stored between two points would mix two.
        with suppress(StoreError):
            given = {"date": load_day(place.root).date, **given}
    root, facts = place.root / "sweeps" / parameters.name, template_facts(template)
    wanted = {_folder(root, point): {"parameters": {**given, **point}, "notebook": facts} for point in points}
    # As JSON keeps them: a date from the YAML file must equal the one that was written down.
    wanted = {folder: json.loads(json.dumps(made, default=str)) for folder, made in wanted.items()}
    with workspace_lock(root, f"coordlib sweep {parameters.name}"):
        missing = {folder: made for folder, made in wanted.items() if read_json(folder / POINT) != made}
        todo = {folder: made["parameters"] for folder, made in missing.items()}
        listed = [(folder.name, made) for folder, made in wanted.items()]
        record = {"points": listed, "varied": list(parameters.grid), "reference": parameters.reference}
        write_json(root / RECORD, record)
        failed = _run_all(template, todo, place, jobs or os.cpu_count() or 1, progress)
        comparison = _compared(root)
    if comparison is not None:
        for name in ("points", "inclusion"):
            with written(root / f"{name}.csv") as beside:
                write_csv(getattr(comparison, name), beside)
    return SweepDone(root, comparison, len(todo) - len(failed), len(wanted) - len(todo), failed)


def read_sweep(folder: Path | str) -> Sweep:
    """Return the comparison over the finished points of a sweep, from the files each point wrote.

    Parameters
    ----------
    folder
        Folder of the sweep: ``WORKSPACE/sweeps/NAME``.

    Raises
    ------
    RunError
        There is none, none of its points wrote a report, or they rest on different posts.
    """
    if (found := _compared(Path(folder))) is None:
        raise RunError(f"{folder}: holds no finished point of a sweep; run 'coordlib sweep' first")
    return found


def _compared(root: Path) -> Sweep | None:
    """Put the finished points side by side; None where no point wrote a report."""
    record = read_json(root / RECORD)
    points = [
        (root / name, made["parameters"])
        for name, made in record.get("points", [])
        if read_json(root / name / POINT) == made and (root / name / "edges.csv").is_file()
    ]
    if not points:
        return None
    varied, reference = record["varied"], record["reference"]
    runs = [RunRecord.read(folder) for folder, _ in points]
    posts = {run.inputs.get("posts") for run in runs}
    if len(posts) > 1 and not _POSTS & set(varied):
        raise RunError(
            f"{root}: its points rest on different posts, which were changed between two runs; remove this folder and run again"
        )
    # The ends are the first two columns of every edge list we write, whatever they are called.
    ends = [read_csv(folder / "edges.csv").iloc[:, :2] for folder, _ in points]
    names = pd.Index(pd.unique(np.concatenate([edges.to_numpy().ravel() for edges in ends])), dtype="str")
    names = names.sort_values()
    rows = []
    for (_, values), run, edges in zip(points, runs, ends, strict=True):
        said = run.counts.as_json()  # a notebook of one's own need not say any of it
        facts = {
            "outcome": run.outcome if run.model_fields_set else None,
            "pairs": said.get("n_pairs"),
            "edges_all": said.get("n_edges_all"),
            "threshold": run.weight_threshold,
            "left_out_by_tie": _left_out_by_tie(run),
        }
        one, two = (names.get_indexer(edges.iloc[:, end]).astype("int64") for end in (0, 1))
        rows.append(({name: values[name] for name in varied}, facts, edge_keys(one, two, len(names))))
    there = any(all(point[name] == value for name, value in reference.items()) for point, _, _ in rows)
    return compare(rows, names, reference if there else None)


def _left_out_by_tie(run: RunRecord) -> int:
    """Count the edges of a point that are as heavy as the quantile, which must be exceeded."""
    used, limit = run.parameters, run.weight_threshold
    fixed = used.get("min_weight") is not None or (used.get("evidence") or {}).get("classes")
    if fixed or limit is None or not float(limit).is_integer():
        return 0
    return run.weights.get(str(int(limit)), 0)


def _run_all(
    template: Path, todo: Mapping[Path, dict[str, Any]], place: Workspace, jobs: int, progress: bool
) -> dict[str, str]:
    """Run the points in processes of their own, some at a time; return the name of each that failed with the reason."""
    failed: dict[str, str] = {}
    waiting = list(todo.items())
    running: dict[Connection, tuple[Path, multiprocessing.Process]] = {}
    with tqdm(total=len(todo), desc="points", unit="point", disable=None if progress else True) as bar:
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    folder, values = waiting.pop(0)
                    answer, told = multiprocessing.Pipe(duplex=False)
                    # A daemon: one that Ctrl-C met half started is ended at exit, not waited for.
                    point = told, template, folder, values, place
                    process = multiprocessing.Process(target=_in_process, args=point, daemon=True)
                    process.start()
                    told.close()
                    running[answer] = folder, process
                for answer in cast("list[Connection]", wait(list(running))):
                    folder, process = running.pop(answer)
                    try:
                        error = answer.recv()
                    except EOFError:
                        error = "its process was ended from outside (memory?); the same command runs it again, --jobs 1 needs less"
                    answer.close()
                    if error:
                        failed[folder.name] = error
                    process.join()
                    bar.update()
        finally:
            for folder, process in running.values():
                process.kill()
                process.join()
                shutil.rmtree(staging_of(folder), ignore_errors=True)
    return failed


def _in_process(told: Connection, *point: Any) -> None:
    """Run one point in a process that Ctrl-C does not reach and that ends with the one that started it."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # In the main thread nbclient would take signals for itself, and may then wait for a kernel that has gone.
    with ThreadPoolExecutor(1) as thread:
        told.send(thread.submit(_run, *point).result())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _run(template: Path, folder: Path, values: dict[str, Any], place: Workspace) -> str | None:
    """Run one point beside its place; return what went wrong, or None."""
    staging, failed = staging_of(folder), folder.with_name(f"{folder.name}.failed.ipynb")
    known, own = notebook_defaults(template), (place.root, staging)
    places = {name: str(path.resolve()) for name, path in zip(_OWN, own, strict=True) if name in known}
    given = {**places, **values}
    try:
        run_notebook(template, staging / "notebook.ipynb", given, failed=failed)
        write_json(staging / POINT, {"parameters": values, "notebook": template_facts(template)})
        put_folder(staging, folder)
    except CoordError as error:
        return str(error)
    except Exception as error:  # one point must not take the others with it
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return None


def _folder(root: Path, point: Mapping[str, Any]) -> Path:
    """Folder of a point, named by what differs."""
    return root / file_name(",".join(f"{name}={point[name]}" for name in sorted(point)))
