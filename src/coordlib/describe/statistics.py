"""Statistics of accounts and of shared objects (CooRTweet's account_stats and group_stats), and their concentration."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

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
    _check(weight_threshold, compat)
    fast_graph = is_fast(graph)
    if weight_threshold == "fast" and not fast_graph:
        if compat is None:
            raise ParameterError(_FAST_MISSING)
        warnings.warn("the network has no fast shares; all its edges are used", UserWarning, stacklevel=2)
    suffixes = ("_full", "_fast") if fast_graph else ("",)
    names = [f"{name}{end}" for name in ("avg_time_delta", "edge_symmetry_score") for end in suffixes]
    rows = [
        (account, *(data.get(name) for name in names))
        for a, b, data in graph.edges(data=True)
        if _counts(data, weight_threshold, fast_graph)
        for account in dict.fromkeys((a, b))  # a loop is one edge of its account
    ]
    table = pd.DataFrame(rows, columns=["account_id", *names])
    table = table.astype({"account_id": "str", **dict.fromkeys(names, "float64")})
    if compat is not None:
        table = table.drop_duplicates()
    means = table.groupby("account_id")[names].mean()
    means.columns = [name if name.startswith("avg_") else f"avg_{name}" for name in names]
    fast_only = weight_threshold == "fast" and fast_graph
    used = pairs[pairs[fast_column(pairs, graph.graph.get("fast_window", True))] == 1] if fast_only else pairs
    means["unique_shares_count"] = _distinct_contents(used).reindex(means.index, fill_value=0).astype("int64")
    order = sorted(means.index)
    result = means.loc[order].rename_axis("account_id").reset_index()
    return result.astype({"account_id": "str"})


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
    _check(weight_threshold, compat)
    fast_graph = is_fast(graph)
    if weight_threshold == "fast" and not fast_graph and graph.number_of_edges():
        raise ParameterError(_FAST_MISSING)
    column = (
        "object_ids" if not fast_graph else f"object_ids_{'fast' if weight_threshold == 'fast' else 'full'}"
    )
    first = next(iter(graph.edges(data=True)), None)
    if first is not None and not any(name.startswith("object_ids") for name in first[2]):
        raise ParameterError("the network has no objects: make it with objects=True")
    place = {name: number for number, name in enumerate(graph)}
    accounts: dict[str, set[str]] = {}
    for a, b, data in graph.edges(data=True):
        if not _counts(data, weight_threshold, fast_graph):
            continue
        ends = {a, b} if compat is None else {min(a, b, key=place.__getitem__)}
        for item in _objects(data.get(column) or [], compat):
            accounts.setdefault(item, set()).update(ends)
    table = pd.DataFrame(
        {"object_id": list(accounts), "num_accounts": [len(names) for names in accounts.values()]}
    ).astype({"object_id": "str", "num_accounts": "int64"})
    return table.sort_values("num_accounts", ascending=False, kind="stable", ignore_index=True)


def unbiased_gini(values: npt.ArrayLike) -> float:
    """Return the unbiased Gini coefficient of non-negative values; nan for a single value."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n < 2 or ordered.sum() == 0:
        return float("nan")
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return float((ranks * ordered).sum() / ((n - 1) * ordered.sum()))


def is_fast(graph: nx.Graph[str]) -> bool:
    """Say whether the edges of a network carry ``_full`` and ``_fast`` attributes."""
    first = next(iter(graph.edges(data=True)), None)
    return "fast_window" in graph.graph or (first is not None and "weight_full" in first[2])


def _check(weight_threshold: str, compat: str | None) -> None:
    if weight_threshold not in ("full", "fast", "none"):
        raise ParameterError(f"weight_threshold = {weight_threshold!r}: choose 'full', 'fast' or 'none'")
    if compat not in (None, "coortweet"):
        raise ParameterError(f"compat = {compat!r}: choose None or 'coortweet'")


def _counts(data: dict[str, Any], weight_threshold: str, fast_graph: bool) -> bool:
    if weight_threshold == "none" or (weight_threshold == "fast" and not fast_graph):
        return True
    mark = f"weight_threshold_{weight_threshold}" if fast_graph else "weight_threshold"
    return bool(data.get(mark) == 1)


def _objects(listed: list[str | None], compat: Compat) -> list[str]:
    if compat is None:
        return [item for item in listed if item is not None]
    return ",".join("NA" if item is None else item for item in listed).rstrip(",").split(",")


def _distinct_contents(pairs: pd.DataFrame) -> pd.Series:
    ends = pd.DataFrame(
        {
            "account_id": pd.concat([pairs["account_id"], pairs["account_id_y"]]),
            "content_id": pd.concat([pairs["content_id"], pairs["content_id_y"]]),
        }
    )
    return ends.drop_duplicates().groupby("account_id").size()
