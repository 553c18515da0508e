"""The last step of a report's notebook: from the network to everything a page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.report.post_set import PostSet
from coordlib.report.result import Report, describe_report
from coordlib.runs.label_networks import label_networks
from coordlib.sources.label_endpoint import LabelEndpoint


def make_report(
    source: PostSet,
    pairs: pd.DataFrame,
    edges: pd.DataFrame,
    graph: nx.Graph[str],
    parameters: Mapping[str, Any] | None = None,
    *,
    significance: pd.DataFrame | None = None,
    whole: pd.DataFrame | None = None,
    leave_out: Sequence[str] = (),
) -> Report:
    """Describe a network as a report does: its accounts, its components, its posts, and the pairs behind its edges.

    Parameters
    ----------
    source
        The posts, of :func:`coordlib.load_day`, :func:`coordlib.load_discovery` or :func:`coordlib.load_table`.
    pairs
        All pairs, of :func:`coordlib.detect_groups`.
    edges
        All edges, of :func:`coordlib.coordinated_edges`.
    graph
        The network that is reported, of :func:`coordlib.generate_coordinated_network` with ``subgraph=1``, or
        any graph of these accounts: what it holds is what the report says, what the database keeps, and who is
        watched tomorrow.
    parameters
        What the notebook was run with. Where the steps were made with other values, those stand in the record.
    significance, whole
        Results of :func:`coordlib.edge_significance` and :func:`coordlib.network_significance` (none: the report says
        nothing of either).
    leave_out
        Accounts that do not enter the pool.

    Raises
    ------
    InputError
        The graph has an edge without a pair of posts behind it.
    """
    engagement = [name for name in ("likes", "comments", "shares") if source.posts[name].notna().any()]
    label = partial(label_networks, engagement=engagement, endpoint=LabelEndpoint.from_environment)
    return describe_report(
        source,
        pairs,
        edges,
        graph,
        parameters,
        significance=significance,
        whole=whole,
        labels=label,
        leave_out=leave_out,
    )
