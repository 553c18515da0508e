"""Link sharing as a page: runs notebook 05 and keeps its page among the analyses."""

from __future__ import annotations

from pathlib import Path

from coordlib.links.interval import estimate_coord_interval
from coordlib.runs.link_sharing import file_slug, link_folder, load_link_shares
from coordlib.runs.notebooks import run_notebook
from coordlib.runs.parameters import LinkSharing
from coordlib.runs.workspace import Workspace

TEMPLATE = "05-link-sharing.ipynb"


def analyse_links(parameters: LinkSharing) -> Path:
    """Run the link-sharing notebook and return its executed copy among the workspace's analyses.

    Raises
    ------
    InputError
        A table that cannot be used, or no URL shared twice where the interval is to be estimated.
    RunError
        The notebook failed.
    """
    workspace = Workspace(Path(parameters.workspace))
    source = load_link_shares(parameters.shares)
    if parameters.coordination_interval is None:
        # A table without any delay to measure is the input's fault, to be told before a notebook is run.
        estimate_coord_interval(
            source.shares, parameters.q, parameters.p, clean_urls=parameters.clean_urls,
            keep_ourl_only=parameters.keep_ourl_only, compat=parameters.compat,
        )  # fmt: skip
    folder = link_folder(source, workspace.root, parameters.output_dir)
    values = {
        **parameters.for_notebook(),
        "shares": str(Path(parameters.shares).resolve()) if parameters.shares else None,
        "workspace": str(workspace.root.resolve()),
        "output_dir": str(folder.resolve()),
    }
    title = f"Link sharing: {file_slug(source.name)}" + (" (simulated data)" if source.simulated else "")
    return run_notebook(
        workspace.notebook(TEMPLATE), folder / "index.ipynb", values,
        front_matter={
            "title": title, "subtitle": f"Shares from {source.period[0]} to {source.period[1]} (UTC)",
            "date": source.last_day, "search": False,
        },
    )  # fmt: skip
