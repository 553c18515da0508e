"""Link sharing as a report: what notebook 05 makes of its steps, and its page among the analyses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.errors import ParameterError
from coordlib.links.coord_shares import CoordShares
from coordlib.lock import workspace_lock
from coordlib.parameters import LinkSharing
from coordlib.places import find_workspace
from coordlib.report.configuration import read_site
from coordlib.report.link_outputs import get_outputs
from coordlib.report.link_result import LinkReport
from coordlib.report.record import RunRecord
from coordlib.runs.decided import run_page
from coordlib.runs.label_networks import label_link_networks
from coordlib.runs.link_sharing import (
    LinkInput,
    chosen_interval,
    file_slug,
    link_facts,
    link_run,
    load_link_shares,
)
from coordlib.sources.label_endpoint import LabelEndpoint

TEMPLATE = "05-link-sharing.ipynb"


def make_link_report(source: LinkInput, found: CoordShares, parameters: Mapping[str, Any]) -> LinkReport:
    """Put together what a report of link sharing shows.

    Parameters
    ----------
    source
        The shares, of :func:`coordlib.load_link_shares`.
    found
        What :func:`coordlib.get_coord_shares` returned.
    parameters
        What the notebook was run with.
    """
    results = get_outputs(
        found,
        component_summary=True,
        cluster_summary=True,
        top_coord_urls=True,
        top_coord_shares=True,
        labels=label_link_networks(found, endpoint=LabelEndpoint.from_environment),
        top=parameters["top"],
        order_by=parameters["order_by"],
    )
    tables = {key: table for key, table in results.items() if isinstance(table, pd.DataFrame)}
    name = f"links-{file_slug(source.name)}"
    title = f"Link sharing: {file_slug(source.name)}" + (" (simulated data)" if source.simulated else "")
    run: RunRecord = {
        **link_run(source, found, parameters),
        "name": name,
        "kind": "links",
        "title": title,
        "labels": results["labels"],
    }
    usual = LinkSharing().for_notebook()
    differing = {
        key: value
        for key, value in parameters.items()
        if key not in ("shares", "workspace", "output_dir", "rows_shown") and value != usual[key]
    }
    place = find_workspace(parameters["workspace"], create=True)
    draft = place.draft_folder("analyses", name, differing)
    return LinkReport(found, tables, run, link_facts(source, found), draft)


def analyse_links(parameters: LinkSharing) -> Path:
    """Run the link-sharing notebook and return its page among the workspace's analyses.

    Raises
    ------
    InputError
        A table that cannot be used, or no URL shared twice where the interval is to be estimated.
    RunError
        The notebook failed.
    """
    workspace = find_workspace(parameters.workspace, create=True)
    if read_site(workspace.root).identities == "pseudonyms":
        raise ParameterError(
            f"{workspace.root}: names accounts by pseudonyms, and a report of link sharing cannot; use another workspace"
        )
    source = load_link_shares(parameters.shares)
    # A table without any delay to measure is the input's fault, to be told before a notebook is run.
    chosen_interval(source.shares, parameters)
    folder = workspace.analysis_folder(f"links-{file_slug(source.name)}")
    shares = str(Path(parameters.shares).resolve()) if parameters.shares else None
    with workspace_lock(workspace.root, "coordlib links"):
        run_page(workspace, TEMPLATE, folder, {**parameters.for_notebook(), "shares": shares})
    return folder / "index.ipynb"
