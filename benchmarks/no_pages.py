"""The steps of notebook 02 in one process, without its page: for measuring and testing what is around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import coordlib as cl
from coordlib.places import Workspace
from coordlib.runs.notebooks import Decided


def decided_without_a_page(
    workspace: Workspace, template: str, folder: Path, parameters: dict[str, Any], **options: object
) -> Decided:
    """Detect and describe a stored day as the notebook does; stands in the place of run_report."""
    day = cl.load_day(workspace.root, parameters["date"])
    method = {name: parameters[name] for name in ("edge_weight", "min_weight")}
    shares = cl.prep_data(day.posts, parameters["object_id"], timestamp_share="posted_at")
    pairs = cl.detect_groups(shares, parameters["time_window"], parameters["min_participation"])
    edges = cl.coordinated_edges(pairs, **method)
    graph = cl.generate_coordinated_network(pairs, subgraph=1, objects=True, **method)
    report = cl.make_report(day, pairs, edges, graph, parameters)
    return Decided(folder, report.run, report.accounts, report.edges)
