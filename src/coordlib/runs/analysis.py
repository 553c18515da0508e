"""Reports beside the days: one network in depth (03), a sweep (04), link sharing (05), a table of one's own (06)."""

from __future__ import annotations

from pathlib import Path

from coordlib.errors import ParameterError
from coordlib.files import workspace_lock
from coordlib.parameters import ComponentAnalysis, LinkSharing, OwnTable, ParameterSweep
from coordlib.places import find_workspace
from coordlib.report.configuration import read_site
from coordlib.report.post_set import PostSet, pseudonyms_of
from coordlib.runs.link_sharing import chosen_interval, load_link_shares
from coordlib.runs.notebooks import Decided, run_report
from coordlib.runs.stored import file_label, load_day, load_table
from coordlib.times import DAYS_WITHOUT_HOUR, refuse_days

COMPONENT, SWEEP = "03-component-analysis.ipynb", "04-parameter-sweep.ipynb"
LINKS, TABLE = "05-link-sharing.ipynb", "06-own-table.ipynb"


def analyse_component(parameters: ComponentAnalysis, *, published_at: float | None = None) -> Decided:
    """Run the component analysis of one network of a stored day and keep its page among the analyses, published now or then."""
    workspace = find_workspace(parameters.workspace)
    day = load_day(workspace.root, parameters.date)
    if parameters.account and (names := pseudonyms_of(workspace.root, ())):
        parameters = parameters.model_copy(update={"account": names.name(parameters.account)})
    n_networks = int(day.facts.get("n_networks", 0))
    if parameters.account is None and (parameters.network or 1) > n_networks:
        raise ParameterError(f"network = {parameters.network}: {day.date} has {n_networks} networks")
    which = parameters.network if parameters.account is None else f"of-{parameters.account}"
    folder = workspace.analysis_folder(f"{day.date}-network-{which}")
    values = {**parameters.for_notebook(), "date": day.date}
    with workspace_lock(workspace.root, "coordlib analyse"):
        return run_report(workspace, COMPONENT, folder, values, progress=True, published_at=published_at)


def report_table(parameters: OwnTable) -> Decided:
    """Make a report of a file of posts and keep its page among the analyses."""
    workspace = find_workspace(parameters.workspace, create=True)
    how = {"mapping": parameters.mapping, "format": parameters.format, "name": parameters.name}
    data = load_table(parameters.source, workspace.root, **how)
    _refuse_days(data, parameters.source, parameters.time_window)
    folder = workspace.analysis_folder(data.name)
    with workspace_lock(workspace.root, "coordlib report"):
        return run_report(workspace, TABLE, folder, parameters.for_notebook(), progress=True)


def report_sweep(parameters: ParameterSweep, name: str | None = None) -> Path:
    """Run the sweep notebook on a stored day or a file, keep its page among the analyses, and return its folder."""
    workspace = find_workspace(parameters.workspace)
    values = parameters.for_notebook()
    if parameters.source is None:
        of = load_day(workspace.root, parameters.date).name
    else:
        data = load_table(parameters.source, workspace.root, mapping=parameters.mapping)
        _refuse_days(data, parameters.source, min(parameters.time_window))
        of = data.name
        values["source"] = str(Path(parameters.source).resolve())
    folder = workspace.analysis_folder(file_label(name or f"{of}-sweep"))
    with workspace_lock(workspace.root, "coordlib sweep"):
        run_report(workspace, SWEEP, folder, values, network=False, progress=True)
    return folder


def _refuse_days(data: PostSet, source: str | None, time_window: int) -> None:
    if DAYS_WITHOUT_HOUR in data.facts["about"].get("Good to know", ""):
        refuse_days(str(source), time_window)


def analyse_links(parameters: LinkSharing) -> Path:
    """Run the link-sharing notebook on a table of shares, keep its page among the analyses, and return its folder."""
    workspace = find_workspace(parameters.workspace, create=True)
    if read_site(workspace.root).identities == "pseudonyms":
        raise ParameterError(
            f"{workspace.root}: names accounts by pseudonyms, and a report of link sharing cannot; use another workspace"
        )
    source = load_link_shares(parameters.shares)
    # A table without any delay to measure is the input's fault, to be told before a notebook is run.
    chosen_interval(source.shares, parameters)
    folder = workspace.analysis_folder(f"links-{file_label(source.name)}")
    shares = str(Path(parameters.shares).resolve()) if parameters.shares else None
    with workspace_lock(workspace.root, "coordlib links"):
        run_report(workspace, LINKS, folder, {**parameters.for_notebook(), "shares": shares}, network=False)
    return folder
