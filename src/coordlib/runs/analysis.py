"""One network of one day in depth: runs notebook 03 and keeps its page among the analyses."""

from __future__ import annotations

from pathlib import Path

from coordlib.errors import ParameterError
from coordlib.runs.notebooks import run_notebook
from coordlib.runs.parameters import ComponentAnalysis
from coordlib.runs.stored import load_day
from coordlib.runs.workspace import Workspace

TEMPLATE = "03-component-analysis.ipynb"


def analyse_component(parameters: ComponentAnalysis, *, progress: bool = False) -> Path:
    """Run the component analysis of one network and return the executed notebook.

    Raises
    ------
    StoreError
        The day is not stored.
    ParameterError
        The day has no network of that number.
    RunError
        The notebook failed.
    """
    workspace = Workspace(Path(parameters.workspace))
    day = load_day(workspace.root, parameters.date)
    n_networks = int(day.facts.get("n_networks", 0))
    if parameters.network > n_networks:
        raise ParameterError(f"network = {parameters.network}: {day.date} has {n_networks} networks")
    name = f"{day.date}-network-{parameters.network}"
    folder = Path(parameters.output_dir) if parameters.output_dir else workspace.analysis_folder(name)
    values = {
        **parameters.for_notebook(),
        "workspace": str(workspace.root.resolve()),
        "date": day.date,
        "output_dir": str(folder.resolve()),
    }
    return run_notebook(
        workspace.notebook(TEMPLATE), folder / "index.ipynb", values,
        front_matter={"title": f"Network {parameters.network} of {day.date}", "date": day.date, "search": False},
        progress=progress,
    )  # fmt: skip
