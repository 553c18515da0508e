"""What kind of day it was, the counts its report states, what is new since the day before, and how much it depends on window and threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import networkx as nx
import numpy as np
import pandas as pd

from coordlib.detect.threshold import over_threshold, ties_at_top

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
    watched: Iterable[str] | None = None,
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
    watched
        Accounts watched after the day, where that is not everybody of the network (none: it is); ``n_not_watched`` then
        counts the accounts of the network that are not.
    """
    before, distinct = set(pool), posts.drop_duplicates("content_id")
    after = before | set(graph) if watched is None else set(watched)
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
        "n_new_accounts": len(after - before),
        "pool_size": len(after),
        **({} if watched is None else {"n_not_watched": len(set(graph) - after)}),
    }


class Change:
    """What changed between two days (``account_id`` and ``network`` of each); networks keep the numbers of their own day."""

    def __init__(self, before: pd.DataFrame, accounts: pd.DataFrame) -> None:
        sizes, sizes_before = (
            table.groupby("network").size().reset_index(name="n_accounts") for table in (accounts, before)
        )
        both = accounts.merge(before, on="account_id", suffixes=("", "_before"))
        again = both.groupby(["network", "network_before"]).size().reset_index(name="n_shared")
        again = again.merge(sizes, on="network")[["network", "n_accounts", "network_before", "n_shared"]]
        order = ["network", "n_shared", "network_before"]
        #: Networks of both days with accounts in common.
        self.again = again.sort_values(order, ascending=[True, False, True], ignore_index=True)
        #: Networks whose accounts were in none before, and those whose accounts are in none now.
        self.begun = sizes[~sizes["network"].isin(both["network"])].reset_index(drop=True)
        self.ended = sizes_before[~sizes_before["network"].isin(both["network_before"])].reset_index(
            drop=True
        )
        #: Accounts that are in a network now only, and before only.
        now, then = set(accounts["account_id"]), set(before["account_id"])
        self.came, self.gone = sorted(now - then), sorted(then - now)


#: Quantiles of the weights that are tried.
QUANTILES = (0.5, 0.7, 0.8, 0.9, 0.95)


def other_settings(pairs: pd.DataFrame, time_window: int) -> dict[str, int]:
    """Return how many accounts other windows and thresholds find among the same pairs."""
    windows = sorted({max(1, time_window // part) for part in (4, 2, 1)})
    codes, names = pd.factorize(
        pd.concat([pairs["account_id"], pairs["account_id_y"]]), use_na_sentinel=False
    )
    first, second = codes.reshape(2, -1)
    edge = np.minimum(first, second) * len(names) + np.maximum(first, second)
    found, tied = [], 0
    for window in windows:
        edges, weights = np.unique(edge[pairs["time_delta"].to_numpy() <= window], return_counts=True)
        for quantile in QUANTILES:
            kept = edges[over_threshold(weights, quantile) == 1]
            if len(edges) and not len(kept):
                tied += 1
            else:
                found.append(len(pd.unique(np.concatenate(np.divmod(kept, len(names))))))
    return {
        "least": min(found, default=0),
        "most": max(found, default=0),
        "settings": len(found) + tied,
        "tied": tied,
        "narrowest": windows[0],
    }


def pool_quality(pool: Iterable[str], planted: Mapping[str, str]) -> dict[str, Any]:
    """Compare a pool with the accounts planted in a simulated world, by their network.

    With P the pool and T the planted accounts: precision = |P ∩ T| / |P|, recall = |P ∩ T| / |T|, None where nothing is
    divided by (Manning, Raghavan & Schütze 2008, Introduction to Information Retrieval, section 8.3).
    """
    watched = set(pool)
    hits = watched & set(planted)
    sizes = Counter(planted.values())
    found = Counter(planted[account] for account in hits)
    return {
        "n_pool": len(watched),
        "n_planted": len(planted),
        "n_hits": len(hits),
        "precision": len(hits) / len(watched) if watched else None,
        "recall": len(hits) / len(planted) if planted else None,
        "networks": [
            {"network": name, "n_planted": sizes[name], "n_hits": found[name]} for name in sorted(sizes)
        ],
    }
