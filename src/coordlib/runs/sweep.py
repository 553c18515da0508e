"""One notebook, many parameters: a point of a grid is an executed notebook with its files, and a comparison over all.

Points run in parallel processes, each in a folder of its own named by what differs. A finished point is not run again
while its parameters and its template are the same; a killed one leaves nothing half-written.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field
from tqdm import tqdm

from coordlib.detect.sweep import Sweep, compare, edge_keys
from coordlib.errors import CoordError, ParameterError, UnknownParameterError
from coordlib.files import write_json
from coordlib.lock import workspace_lock
from coordlib.parameters import Parameters
from coordlib.places import Workspace, find_workspace
from coordlib.report.package import read_run, replace_folder, staging_of
from coordlib.report.tables import read_csv, write_csv
from coordlib.runs.notebooks import notebook_defaults, run_notebook, template_facts

POINT = "point.json"


class NotebookSweep(Parameters):
    """A sweep file: which notebook, which parameters stay, which vary."""

    notebook: str = Field(
        description="Template, such as 02-daily-monitoring.ipynb, or the path of one of your own."
    )
    name: str = Field("sweep", pattern=r"^[\w.-]+$", description="Name of the folder under WORKSPACE/sweeps.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Parameters that stay the same.")
    grid: dict[str, list[Any]] = Field(min_length=1, description="Parameter to the values it takes.")
    reference: dict[str, Any] = Field(
        default_factory=dict, description="The point to compare with (none: the middle)."
    )

    def points(self) -> list[dict[str, Any]]:
        """Return the setting of every point, in the order of the grid."""
        if empty := [name for name, values in self.grid.items() if not values]:
            raise ParameterError(f"grid: {', '.join(empty)} has no value; give a list of at least one")
        return [
            dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())
        ]


@dataclass(frozen=True)
class SweepDone:
    """How a sweep ended: its folder, the comparison, how many points ran, were done before, and failed."""

    folder: Path
    comparison: Sweep | None
    ran: int
    kept: int
    failed: dict[str, str]


def sweep_notebooks(
    parameters: NotebookSweep, workspace: Path | str, *, jobs: int | None = None, progress: bool = True
) -> SweepDone:
    """Run a notebook at every point of a grid, and compare what the points found.

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
    UnknownParameterError
        A parameter the notebook does not have.

    Notes
    -----
    A failed point is told at the end and the others go on; the same command runs the missing points again.
    """
    place = find_workspace(workspace)
    own = Path(parameters.notebook)
    template = own if own.is_file() else place.notebook(parameters.notebook)
    known = notebook_defaults(template)
    if unknown := (set(parameters.parameters) | set(parameters.grid)) - set(known):
        raise UnknownParameterError.from_names(unknown, known, template.name)
    root = place.root / "sweeps" / parameters.name
    wanted = {_folder(root, point): {**parameters.parameters, **point} for point in parameters.points()}
    facts = template_facts(template)
    todo = {
        folder: values
        for folder, values in wanted.items()
        if _done(folder) != {"parameters": values, "notebook": facts}
    }
    failed: dict[str, str] = {}
    with workspace_lock(root, "coordlib sweep"), ProcessPoolExecutor(jobs or os.cpu_count()) as pool:
        work = {pool.submit(_run, template, folder, values, place): folder for folder, values in todo.items()}
        try:
            for finished in tqdm(
                as_completed(work),
                total=len(work),
                desc="points",
                unit="point",
                disable=None if progress else True,
            ):
                if error := finished.result():
                    failed[work[finished].name] = error
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    found = [
        (point, folder) for point, folder in zip(parameters.points(), wanted, strict=True) if _done(folder)
    ]
    comparison = _compare(found, parameters.reference) if found else None
    if comparison is not None:
        write_csv(comparison.points, root / "points.csv")
        write_csv(comparison.inclusion, root / "inclusion.csv")
    return SweepDone(root, comparison, len(todo) - len(failed), len(wanted) - len(todo), failed)


def read_sweep(folder: Path | str) -> Sweep:
    """Return the comparison over the points of a finished sweep, from the files each point wrote."""
    folders = sorted(path.parent for path in Path(folder).glob(f"*/{POINT}"))
    if not folders:
        raise ParameterError(f"{folder}: holds no finished point of a sweep; run 'coordlib sweep' first")
    settings = [_done(path)["parameters"] for path in folders]
    names = [name for name in settings[0] if len({repr(s.get(name)) for s in settings}) > 1] or list(
        settings[0]
    )
    return _compare([({n: s[n] for n in names}, path) for s, path in zip(settings, folders, strict=True)], {})


def _compare(found: list[tuple[dict[str, Any], Path]], reference: Mapping[str, Any]) -> Sweep:
    tables = [read_csv(folder / "edges.csv") for _, folder in found]
    ends = pd.concat([table[name] for table in tables for name in ("account_id", "account_id_y")])
    names = pd.Index(ends.unique(), dtype="str").sort_values()
    rows = []
    for (point, folder), edges in zip(found, tables, strict=True):
        run = read_run(folder)
        counts = run.get("counts") or {}
        facts = {"outcome": run.get("outcome"), "pairs": counts.get("n_pairs"), "edges_all": counts.get("n_edges_all"),
                 "threshold": run.get("weight_threshold")}  # fmt: skip
        one, two = (names.get_indexer(edges[name]).astype("int64") for name in ("account_id", "account_id_y"))
        rows.append((point, facts, edge_keys(one, two, len(names))))
    return compare(rows, names, reference)


def _folder(root: Path, point: Mapping[str, Any]) -> Path:
    return root / Workspace(root).draft_folder("", "", point).name.lstrip(",")


def _done(folder: Path) -> dict[str, Any]:
    """What a finished point was made with; empty where there is none."""
    try:
        found: dict[str, Any] = json.loads((folder / POINT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _run(template: Path, folder: Path, values: dict[str, Any], place: Workspace) -> str | None:
    """Run one point beside its place; return what went wrong, or None."""
    staging = staging_of(folder)
    shutil.rmtree(staging, ignore_errors=True)
    places = {"workspace": str(place.root.resolve()), "output_dir": str(staging.resolve())}
    given = {**{name: path for name, path in places.items() if name in notebook_defaults(template)}, **values}
    try:
        run_notebook(template, staging / "notebook.ipynb", given)
        write_json(staging / POINT, {"parameters": values, "notebook": template_facts(template)})
        replace_folder(staging, folder)
    except CoordError as error:
        return str(error)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return None
