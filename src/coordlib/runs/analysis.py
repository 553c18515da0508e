"""Reports beside the days: one network in depth (03), a sweep (04), a table of one's own (06)."""

from __future__ import annotations

from pathlib import Path

from coordlib.errors import ParameterError
from coordlib.lock import workspace_lock
from coordlib.parameters import ComponentAnalysis, OwnTable, ParameterSweep
from coordlib.places import find_workspace
from coordlib.report.pseudonyms import pseudonyms_of
from coordlib.runs.decided import Decided, run_page, run_report
from coordlib.runs.stored import file_label, load_day, load_table

COMPONENT, SWEEP, TABLE = "03-component-analysis.ipynb", "04-parameter-sweep.ipynb", "06-own-table.ipynb"


def analyse_component(parameters: ComponentAnalysis, *, progress: bool = False) -> Decided:
    """Run the component analysis of one network of a stored day and keep its page among the analyses."""
    workspace = find_workspace(parameters.workspace)
    day = load_day(workspace.root, parameters.date)
    if parameters.account and (names := pseudonyms_of(workspace.root, ())):
        parameters = parameters.model_copy(update={"account": names.name(parameters.account)})
    n_networks = int(day.facts.get("n_networks", 0))
    if parameters.account is None and (parameters.network or 1) > n_networks:
        raise ParameterError(f"network = {parameters.network}: {day.date} has {n_networks} networks")
    which = (
        f"network-{parameters.network}" if parameters.account is None else f"network-of-{parameters.account}"
    )
    folder = workspace.analysis_folder(f"{day.date}-{which}")
    values = {**parameters.for_notebook(), "date": day.date}
    with workspace_lock(workspace.root, "coordlib analyse"):
        return run_report(workspace, COMPONENT, folder, values, progress=progress)


def report_table(parameters: OwnTable, *, progress: bool = False) -> Decided:
    """Make a report of a file of posts and keep its page among the analyses."""
    workspace = find_workspace(parameters.workspace, create=True)
    how = {"mapping": parameters.mapping, "format": parameters.format, "name": parameters.name}
    folder = workspace.analysis_folder(load_table(parameters.source, workspace.root, **how).name)
    with workspace_lock(workspace.root, "coordlib report"):
        return run_report(workspace, TABLE, folder, parameters.for_notebook(), progress=progress)


def report_sweep(parameters: ParameterSweep, name: str | None = None, *, progress: bool = False) -> Path:
    """Run the sweep notebook on a stored day or a file, keep its page among the analyses, and return its folder."""
    workspace = find_workspace(parameters.workspace)
    values = parameters.for_notebook()
    if parameters.source is None:
        of = load_day(workspace.root, parameters.date).name
    else:
        of = load_table(parameters.source, workspace.root, mapping=parameters.mapping).name
        values["source"] = str(Path(parameters.source).resolve())
    folder = workspace.analysis_folder(file_label(name or f"{of}-sweep"))
    with workspace_lock(workspace.root, "coordlib sweep"):
        run_page(workspace, SWEEP, folder, values, progress=progress)
    return folder
