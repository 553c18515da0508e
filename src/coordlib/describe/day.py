"""What kind of day it was, and the counts its report states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import networkx as nx
import pandas as pd

from coordlib.detect.threshold import ties_at_top

Outcome = Literal["network", "tied", "no-coordination", "too-little-data", "no-input", "failed"]


def day_outcome(
    graph: nx.Graph[str],
    edges: pd.DataFrame,
    n_posts: int,
    *,
    edge_weight: float = 0.9,
    min_weight: int | None = None,
    min_posts: int = 100,
    by_weight: bool = True,
) -> Outcome:
    """Say which kind of day it was.

    Parameters
    ----------
    graph
        The network over the threshold.
    edges
        All edges (``weight``).
    n_posts
        Posts that were looked at.
    edge_weight, min_weight
        How the threshold was set: where the quantile is the heaviest weight itself, the day is ``tied``.
    min_posts
        A day without a network and with fewer posts is called too little data.
    by_weight
        Whether the threshold is one of weights; with classes of evidence nothing can tie.

    Examples
    --------
    >>> day_outcome(nx.Graph(), pd.DataFrame({"weight": []}), 29), day_outcome(nx.Graph(), pd.DataFrame({"weight": [9, 9]}), 29)
    ('too-little-data', 'tied')
    """
    if graph.number_of_edges():
        return "network"
    if n_posts == 0:
        return "no-input"
    if by_weight and ties_at_top(edges["weight"].to_numpy(), edge_weight, min_weight):
        return "tied"
    return "too-little-data" if n_posts < min_posts else "no-coordination"


def day_counts(
    posts: pd.DataFrame,
    pairs: pd.DataFrame,
    edges: pd.DataFrame,
    graph: nx.Graph[str],
    coordinated: pd.DataFrame,
    pool: Iterable[str] = (),
) -> dict[str, int]:
    """Count what a report states; a post that was collected twice counts once.

    Parameters
    ----------
    posts
        All posts that were looked at.
    pairs, edges, graph
        All pairs, all edges, the network over the threshold.
    coordinated
        The posts in pairs behind the network's edges.
    pool
        Accounts watched before.
    """
    before, distinct = set(pool), posts.drop_duplicates("content_id")
    new = set(graph) - before
    top = int(edges["weight"].max()) if len(edges) else 0
    return {
        "n_posts": len(distinct),
        "n_post_accounts": int(posts["account_id"].nunique()),
        "n_pool_posts": int(distinct["account_id"].isin(before).sum()),
        "n_pairs": len(pairs),
        "n_edges_all": len(edges),
        "n_edges": graph.number_of_edges(),
        "n_edges_one_object": sum(data.get("n_objects") == 1 for _, _, data in graph.edges(data=True)),
        "n_objects": int(coordinated["object_id"].nunique()),
        "top_weight": top,
        "n_edges_top": int((edges["weight"] == top).sum()) if len(edges) else 0,
        "n_accounts": graph.number_of_nodes(),
        "n_networks": nx.number_connected_components(graph),
        "n_coordinated_posts": len(coordinated),
        "pool_before": len(before),
        "n_new_accounts": len(new),
        "pool_size": len(before | new),
    }
