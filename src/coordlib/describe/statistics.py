"""Statistics of accounts and of shared objects (CooRTweet's account_stats and group_stats), and their concentration."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.describe.posts import post_ends
from coordlib.detect.pairs import fast_column
from coordlib.errors import ParameterError

Threshold = Literal["full", "fast", "none"]
Compat = Literal["coortweet"] | None

_FAST_MISSING = "weight_threshold = 'fast' needs a network made with fast_net=True (see flag_speed_share)"


def account_stats(
    graph: nx.Graph[str], pairs: pd.DataFrame, weight_threshold: Threshold = "full", compat: Compat = None
) -> pd.DataFrame:
    """Summarise the edges and the shares of each account.

    Parameters
    ----------
    graph
        The network, as :func:`coordlib.generate_coordinated_network` returns it.
    pairs
        The pairs it was made from.
    weight_threshold
        Which edges count: ``"full"`` those over the threshold, ``"fast"`` those over the threshold of the
        fast network (and only fast pairs for the shares), ``"none"`` all.
    compat
        ``"coortweet"`` averages over the *distinct* (time, symmetry) values of an account's edges, as CooRTweet does:
        three edges of 1, 1 and 4 seconds give 2.5. The default averages over the edges: 2.

    Returns
    -------
    pandas.DataFrame
        One row per account, sorted: ``account_id``, ``avg_time_delta`` (seconds), ``avg_edge_symmetry_score``
        (both with ``_full`` and ``_fast`` for a network with fast attributes; missing where an account has
        none) and ``unique_shares_count`` (distinct contents of the account in all of `pairs`, int64).

    Raises
    ------
    ParameterError
        An unknown threshold, or ``"fast"`` for a network without fast attributes (with ``compat`` it warns
        and takes all edges).

    Examples
    --------
    >>> import coordlib as cl
    >>> pairs = pd.DataFrame({"object_id": ["o"], "account_id": ["a"], "account_id_y": ["b"],
    ...                       "content_id": ["1"], "content_id_y": ["2"], "time_delta": [10]})
    >>> cl.account_stats(cl.generate_coordinated_network(pairs), pairs, "none")["avg_time_delta"].tolist()
    [10.0, 10.0]
    """
    fast_graph, edges = _edges_that_count(graph, weight_threshold, compat)
    if weight_threshold == "fast" and not fast_graph:
        if compat is None:
            raise ParameterError(_FAST_MISSING)
        warnings.warn("the network has no fast shares; all its edges are used", UserWarning, stacklevel=2)
    suffixes = ("_full", "_fast") if fast_graph else ("",)
    names = [f"{name}{end}" for name in ("avg_time_delta", "edge_symmetry_score") for end in suffixes]
    rows = [
        (account, *(data.get(name) for name in names))
        for a, b, data in edges
        for account in dict.fromkeys((a, b))  # a loop is one edge of its account
    ]
    table = pd.DataFrame(rows, columns=["account_id", *names])
    table = table.astype({"account_id": "str", **dict.fromkeys(names, "float64")})
    if compat is not None:
        table = table.drop_duplicates()
    means = table.groupby("account_id")[names].mean()
    means.columns = [name if name.startswith("avg_") else f"avg_{name}" for name in names]
    if weight_threshold == "fast" and fast_graph:
        pairs = pairs[pairs[fast_column(pairs, graph.graph.get("fast_window", True))] == 1]
    contents = post_ends(pairs).drop_duplicates().groupby("account_id").size()
    means["unique_shares_count"] = contents.reindex(means.index, fill_value=0).astype("int64")
    return means.sort_index().reset_index().astype({"account_id": "str"})


def group_stats(
    graph: nx.Graph[str], weight_threshold: Threshold = "full", compat: Compat = None
) -> pd.DataFrame:
    """Count the accounts that shared each object.

    Parameters
    ----------
    graph
        The network, made with ``objects=True``.
    weight_threshold
        Which edges count: ``"full"`` those over the threshold, ``"fast"`` those over the threshold of the fast
        network, ``"none"`` all.
    compat
        ``"coortweet"`` counts distinct first ends of edges only, and splits objects at commas, as CooRTweet does;
        it undercounts every object. The default counts distinct accounts at either end.

    Returns
    -------
    pandas.DataFrame
        ``object_id`` (str) and ``num_accounts`` (int64), most accounts first; ties by first appearance.

    Raises
    ------
    ParameterError
        The network has no objects, or no fast attributes although ``"fast"`` was asked for.

    Examples
    --------
    >>> import coordlib as cl
    >>> pairs = pd.DataFrame({"object_id": ["o"], "account_id": ["a"], "account_id_y": ["b"],
    ...                       "content_id": ["1"], "content_id_y": ["2"], "time_delta": [10]})
    >>> cl.group_stats(cl.generate_coordinated_network(pairs, objects=True), "none").values.tolist()
    [['o', 2]]
    """
    fast_graph, edges = _edges_that_count(graph, weight_threshold, compat)
    if weight_threshold == "fast" and not fast_graph and graph.number_of_edges():
        raise ParameterError(_FAST_MISSING)
    full_or_fast = "fast" if weight_threshold == "fast" else "full"
    column = f"object_ids_{full_or_fast}" if fast_graph else "object_ids"
    if graph.number_of_edges() and not any(name.startswith("object_ids") for name in _first_edge(graph)):
        raise ParameterError("the network has no objects: make it with objects=True")
    place = {name: number for number, name in enumerate(graph)}
    accounts: dict[str, set[str]] = {}
    for a, b, data in edges:
        ends = {a, b} if compat is None else {min(a, b, key=place.__getitem__)}
        for item in _objects(data.get(column) or [], compat):
            accounts.setdefault(item, set()).update(ends)
    counts = [(item, len(names)) for item, names in accounts.items()]
    table = pd.DataFrame(counts, columns=["object_id", "num_accounts"])
    table = table.astype({"object_id": "str", "num_accounts": "int64"})
    return table.sort_values("num_accounts", ascending=False, kind="stable", ignore_index=True)


def unbiased_gini(values: npt.ArrayLike) -> float:
    """Return the unbiased Gini coefficient of non-negative values; nan for a single value."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n < 2 or ordered.sum() == 0:
        return float("nan")
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return float((ranks * ordered).sum() / ((n - 1) * ordered.sum()))


def _edges_that_count(
    graph: nx.Graph[str], weight_threshold: str, compat: str | None
) -> tuple[bool, list[tuple[str, str, dict[str, Any]]]]:
    """Say whether the edges of a network carry ``_full`` and ``_fast`` attributes, and which of them count."""
    if weight_threshold not in ("full", "fast", "none"):
        raise ParameterError(f"weight_threshold = {weight_threshold!r}: choose 'full', 'fast' or 'none'")
    if compat not in (None, "coortweet"):
        raise ParameterError(f"compat = {compat!r}: choose None or 'coortweet'")
    fast = "fast_window" in graph.graph or "weight_full" in _first_edge(graph)
    mark = f"weight_threshold_{weight_threshold}" if fast else "weight_threshold"
    every = weight_threshold == "none" or (weight_threshold == "fast" and not fast)
    return fast, [edge for edge in graph.edges(data=True) if every or edge[2].get(mark) == 1]


def _first_edge(graph: nx.Graph[str]) -> dict[str, Any]:
    return next((data for _, _, data in graph.edges(data=True)), {})


def _objects(listed: list[str | None], compat: Compat) -> list[str]:
    if compat is None:
        return [item for item in listed if item is not None]
    return ",".join("NA" if item is None else item for item in listed).rstrip(",").split(",")
