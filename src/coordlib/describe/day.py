"""One day's posts, from shares to the tables of the report, in one call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import networkx as nx
import pandas as pd

from coordlib.describe.accounts import describe_accounts
from coordlib.describe.networks import describe_networks
from coordlib.describe.posts import describe_posts, evidence_pairs
from coordlib.detect import coordinated_edges, detect_groups, generate_coordinated_network
from coordlib.posts import prep_data

Outcome = Literal["network", "no-coordination", "too-little-data", "no-input", "failed"]


@dataclass(frozen=True)
class DayAnalysis:
    """Everything a day's report shows.

    ``pairs`` are all pairs of the day, ``evidence`` those behind the retained edges; ``new_accounts``
    are the network's accounts that were not in the pool, sorted.
    """

    shares: pd.DataFrame
    pairs: pd.DataFrame
    edges: pd.DataFrame
    graph: nx.Graph[str]
    accounts: pd.DataFrame
    networks: pd.DataFrame
    posts: pd.DataFrame
    evidence: pd.DataFrame
    new_accounts: list[str]
    outcome: Outcome


def analyse_day(
    posts: pd.DataFrame,
    pool: Iterable[str] = (),
    *,
    time_window: int = 120,
    min_participation: int = 2,
    edge_weight: float = 0.9,
    min_weight: int | None = None,
    min_posts: int = 100,
    compat: Literal["coortweet"] | None = None,
) -> DayAnalysis:
    """Detect and describe the coordinated networks among the posts of a day.

    Parameters
    ----------
    posts
        One row per post with the columns of :mod:`coordlib.posts`.
    pool
        The accounts that were watched before this day.
    time_window, min_participation, edge_weight, min_weight
        As in :func:`coordlib.detect_groups` and :func:`coordlib.generate_coordinated_network`.
    min_posts
        A day without a network and with fewer posts has the outcome ``too-little-data``.
    compat
        ``"coortweet"`` keeps the order of rows, accounts and network numbers of CooRTweet, which follows the
        order of ``posts``.
    """
    shares = prep_data(
        posts, object_id="text", account_id="account_id", content_id="content_id",
        timestamp_share="posted_at",
    )  # fmt: skip
    pairs = detect_groups(shares, time_window=time_window, min_participation=min_participation, compat=compat)
    edges = coordinated_edges(pairs, edge_weight=edge_weight, min_weight=min_weight)
    graph = generate_coordinated_network(
        pairs, edge_weight=edge_weight, min_weight=min_weight, subgraph=1, objects=True
    )
    if compat is not None:
        graph.graph["network_order"] = "appearance"
    watched = set(pool)
    evidence = evidence_pairs(pairs, graph, posts)
    accounts = describe_accounts(graph, pairs, posts, watched)
    return DayAnalysis(
        shares=shares, pairs=pairs, edges=edges, graph=graph, accounts=accounts,
        networks=describe_networks(graph, accounts, posts, evidence), posts=describe_posts(evidence, posts),
        evidence=evidence, new_accounts=sorted(set(graph) - watched),
        outcome=day_outcome(graph, len(posts), min_posts),
    )  # fmt: skip


def day_outcome(graph: nx.Graph[str], n_posts: int, min_posts: int = 100) -> Outcome:
    """Say which kind of day it was: a network, no coordination, too little data, or no input.

    Examples
    --------
    >>> day_outcome(nx.Graph(), 29)
    'too-little-data'
    """
    if graph.number_of_edges():
        return "network"
    if n_posts == 0:
        return "no-input"
    return "too-little-data" if n_posts < min_posts else "no-coordination"


def day_counts(
    shares: pd.DataFrame,
    pairs: pd.DataFrame,
    edges: pd.DataFrame,
    graph: nx.Graph[str],
    posts: pd.DataFrame,
    pool: Iterable[str],
) -> dict[str, int]:
    """Count what a day's report states; ``pool`` are the accounts watched before the day."""
    before = set(pool)
    new = set(graph) - before
    return {
        "n_posts": len(shares),
        "n_post_accounts": int(shares["account_id"].nunique()),
        "n_pool_posts": int(shares["account_id"].isin(before).sum()),
        "n_pairs": len(pairs),
        "n_edges_all": len(edges),
        "n_edges": graph.number_of_edges(),
        "n_accounts": graph.number_of_nodes(),
        "n_networks": nx.number_connected_components(graph),
        "n_coordinated_posts": len(posts),
        "pool_before": len(before),
        "n_new_accounts": len(new),
        "pool_size": len(before | new),
    }
