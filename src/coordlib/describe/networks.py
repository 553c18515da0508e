"""The connected components of a coordination network: size, shape, reach, time, and what their edges are evidence of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.describe.posts import (
    MEASURES,
    empty_table,
    joined,
    mean_engagement,
    network_numbers,
    network_pairs,
    plain_posts,
    post_ends,
)
from coordlib.errors import ParameterError, takes_old_names
from coordlib.significance.classes import SIGNIFICANT, UNDECIDED, WORDS, evidence_table

#: What accounts and networks say of the edges of theirs that are kept.
EVIDENCE_COUNTS = {"evidence": "str", "n_significant": "Int64", "n_undecided": "Int64"}
_ENDS = ["account_id", "account_id_y"]
_RANKS = {name: rank for rank, name in enumerate(WORDS)}
_COUNTED = {"n_significant": SIGNIFICANT, "n_undecided": UNDECIDED}
_DISCOVERED = {
    "network": "Int64",
    "group": "Int64",
    **dict.fromkeys(("account_id", "account_id_y", "evidence"), "str"),
    "q_value": "float64",
    **dict.fromkeys(("added", "kept"), "bool"),
    **dict.fromkeys(("weight", "n_objects", "occasions", "episodes"), "int64"),
    "closed_share": "float64",
    "others_present": "int64",
}


Threshold = Literal["full", "fast", "none"]
Compat = Literal["coortweet"] | None

FAST_MISSING = "weight_threshold = 'fast' needs a network made with fast_net=True (see flag_speed_share)"


def edges_that_count(
    graph: nx.Graph[str], weight_threshold: str, compat: str | None
) -> tuple[bool, list[tuple[str, str, dict[str, Any]]]]:
    """Say whether the edges of a network carry ``_full`` and ``_fast`` attributes, and which of them count."""
    if not isinstance(graph, nx.Graph):
        raise ParameterError(
            f"graph: a {type(graph).__name__} is no network; give the network first, then its pairs"
        )
    if weight_threshold not in ("full", "fast", "none"):
        raise ParameterError(f"weight_threshold = {weight_threshold!r}: choose 'full', 'fast' or 'none'")
    if compat not in (None, "coortweet"):
        raise ParameterError(f"compat = {compat!r}: choose None or 'coortweet'")
    fast = "fast_window" in graph.graph or "weight_full" in first_edge(graph)
    mark = f"weight_threshold_{weight_threshold}" if fast else "weight_threshold"
    every = weight_threshold == "none" or (weight_threshold == "fast" and not fast)
    return fast, [edge for edge in graph.edges(data=True) if every or edge[2].get(mark) == 1]


def first_edge(graph: nx.Graph[str]) -> dict[str, Any]:
    return next((data for _, _, data in graph.edges(data=True)), {})


def unbiased_gini(values: npt.ArrayLike) -> float:
    """Return the unbiased Gini coefficient of non-negative values; nan for a single value."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n < 2 or ordered.sum() == 0:
        return float("nan")
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return float((ranks * ordered).sum() / ((n - 1) * ordered.sum()))


def account_evidence(graph: nx.Graph[str]) -> pd.DataFrame:
    """Return the strongest class among each account's edges, and how many are significant and undecided."""
    ends = [(end, data) for a, b, data in graph.edges(data=True) for end in (a, b)]
    return _summed(ends, "account_id")[list(EVIDENCE_COUNTS)]


def network_evidence(graph: nx.Graph[str]) -> pd.DataFrame:
    """Return the same for each network, by its number, with the smallest q of its edges of the first pass."""
    numbers = network_numbers(graph)
    return _summed([(numbers[a], data) for a, _, data in graph.edges(data=True)], "network")


def strongest_class(significance: pd.DataFrame) -> pd.Series:
    """Return the strongest class among all pairs of each account, kept by a weight or not, by account."""
    ranks = significance["evidence"].map(_RANKS)
    ends = pd.concat([ranks.set_axis(significance[name]) for name in ("account_id", "account_id_y")])
    return ends.groupby(level=0).min().map(dict(enumerate(WORDS))).astype("str")


def discovered_pairs(significance: pd.DataFrame | None, graph: nx.Graph[str]) -> pd.DataFrame:
    """Return the significant and undecided pairs, strongest class first, with ``network`` (Int64), ``kept`` (bool: an edge of `graph`) and,
    of those that are no edge, ``group`` (Int64): the connected groups they form, of significant pairs first.
    """
    if significance is None:
        return empty_table(_DISCOVERED)
    found = significance[significance["evidence"].isin([*SIGNIFICANT, *UNDECIDED])].copy()
    numbers = network_numbers(graph)
    both = found["account_id"].map(numbers), found["account_id_y"].map(numbers)
    found["network"] = both[0].where(both[0] == both[1]).astype("Int64")
    found["kept"] = joined(found, graph)
    found["group"], before = pd.Series(pd.NA, found.index, dtype="Int64"), 0
    for classes in _COUNTED.values():
        outside = found[~found["kept"] & found["evidence"].isin(classes)]
        groups = network_numbers(nx.from_pandas_edgelist(outside, "account_id", "account_id_y", ["weight"]))
        found.loc[outside.index, "group"] = outside["account_id"].map(groups).astype("Int64") + before
        before += max(groups.values(), default=0)
    found["rank"] = found["evidence"].map(_RANKS)
    found = found.sort_values(["rank", "q_value", "account_id", "account_id_y"], ignore_index=True)
    return found[list(_DISCOVERED)].astype(_DISCOVERED)


def pairs_outside(pairs: pd.DataFrame, discovered: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of posts behind the discovered pairs that are no edge, as :func:`network_pairs`, with their ``group``."""
    outside = discovered.loc[discovered["group"].notna(), [*_ENDS, "network", "group"]]
    graph = nx.from_pandas_edgelist(outside, "account_id", "account_id_y")
    found = network_pairs(pairs, graph, posts).drop(columns="network")
    one, other = (found[name] for name in _ENDS)
    ends = pd.DataFrame(
        {"account_id": one.where(one < other, other), "account_id_y": other.where(one < other, one)}
    )
    numbers = ends.merge(outside, on=_ENDS, how="left")
    found.insert(8, "network", numbers["network"].astype("Int64"))
    found.insert(9, "group", numbers["group"].astype("int64"))
    return found


def evidence_totals(significance: pd.DataFrame | None) -> dict[str, int]:
    """Count significant and undecided pairs, kept or not (nothing where there was no test)."""
    if significance is None:
        return {}
    return {name: int(significance["evidence"].isin(some).sum()) for name, some in _COUNTED.items()}


def evidence_counts(significance: pd.DataFrame, graph: nx.Graph[str]) -> dict[str, Any]:
    """Count the pairs of each class, all and kept ones, in whole numbers, and keep what the tests were made with."""
    table = evidence_table(significance).drop(columns="significant").set_index("evidence")
    of_kept = [data.get("evidence") for _, _, data in graph.edges(data=True)]
    return {
        **{str(name): value for name, value in significance.attrs.items()},
        "pairs": len(significance),
        "significant_accounts": int(strongest_class(significance).isin(SIGNIFICANT).sum()),
        "classes": table[table["edges"] > 0].to_dict("index"),
        "kept": {name: of_kept.count(name) for name in WORDS if name in of_kept},
        "untested": of_kept.count(None),
    }


def _summed(edges: list[tuple[Any, dict[str, Any]]], by: str) -> pd.DataFrame:
    tested = [
        (key, data.get("evidence"), None if data.get("added") else data.get("q_value")) for key, data in edges
    ]
    known = pd.DataFrame(tested, columns=[by, "evidence", "q_value"]).dropna(subset="evidence")
    marked = {name: known["evidence"].isin(classes) for name, classes in _COUNTED.items()}
    known = known.assign(evidence=known["evidence"].map(_RANKS), **marked)
    found = known.groupby(by).agg({"evidence": "min", "q_value": "min", **dict.fromkeys(_COUNTED, "sum")})
    found["evidence"] = found["evidence"].map(dict(enumerate(WORDS)))
    return found.astype({**EVIDENCE_COUNTS, "q_value": "float64"})


def planted_counts(
    significance: pd.DataFrame, graph: nx.Graph[str], planted: Mapping[str, str]
) -> dict[str, tuple[int, int]]:
    """Of each kind of pair, how many join two accounts of one planted network, and how many there are."""
    first, second = (significance[name].map(planted) for name in ("account_id", "account_id_y"))
    together = (first == second) & first.notna()
    found = {}
    for name, classes in _COUNTED.items():
        chosen = significance["evidence"].isin(classes)
        found[name.removeprefix("n_")] = (int((together & chosen).sum()), int(chosen.sum()))
    ends = [(planted.get(a), planted.get(b)) for a, b in graph.edges]
    found["kept"] = (sum(a == b and a is not None for a, b in ends), len(ends))
    return found


#: From so many accounts on igraph is used, if it is installed: seconds instead of minutes.
LARGE = 300

#: Both libraries add the same numbers in another order; beyond these decimals they may differ.
_DECIMALS = 12


def betweenness(graph: nx.Graph[str], *, large: int = LARGE) -> dict[str, float]:
    """Return the normalised betweenness of every account (Brandes 2001), the weight as distance."""
    n, fast = len(graph), _as_igraph(graph, large)
    if fast is None:
        raw = nx.betweenness_centrality(graph, weight="weight", normalized=True)
    else:
        scale = 2 / ((n - 1) * (n - 2)) if n > 2 else 1.0
        raw = dict(zip(graph, (v * scale for v in fast.betweenness(weights="weight")), strict=True))
    return {name: round(float(value), _DECIMALS) for name, value in raw.items()}


def diameters(graph: nx.Graph[str], *, large: int = LARGE) -> tuple[int, float]:
    """Return the longest shortest path of a connected network, in steps and with the weight as distance."""
    if fast := _as_igraph(graph, large):
        return int(fast.diameter()), float(fast.diameter(weights="weight"))
    return int(nx.diameter(graph)), float(nx.diameter(graph, weight="weight"))


def transitivity(graph: nx.Graph[str]) -> float:
    """Return the share of connected triples that are closed; NaN where there is no triple."""
    if not any(degree > 1 for _, degree in graph.degree()):
        return float("nan")
    fast = _as_igraph(graph, LARGE)
    return float(nx.transitivity(graph) if fast is None else fast.transitivity_undirected())


def _as_igraph(graph: nx.Graph[str], large: int) -> Any | None:
    if len(graph) < large:
        return None
    try:
        import igraph
    except ImportError:
        return None
    place = {name: number for number, name in enumerate(graph)}
    ends = [(place[a], place[b]) for a, b in graph.edges]
    weights = [weight for _, _, weight in graph.edges(data="weight", default=1)]
    return igraph.Graph(len(place), ends, edge_attrs={"weight": weights})


_COLUMNS = {
    **dict.fromkeys(("network", "n_accounts", "n_edges"), "int64"),
    **EVIDENCE_COUNTS,
    **dict.fromkeys(("q_value", "density"), "float64"),
    "diameter": "int64",
    **dict.fromkeys(("diameter_weighted", "transitivity", "coorscore"), "float64"),
    **dict.fromkeys(("coordinated_share_ratio", "gini_objects"), "float64"),
    **dict.fromkeys(("n_posts", "n_objects"), "int64"),
    **{f"avg_{name}": "float64" for name in MEASURES},
    **dict.fromkeys(("first_seen", "last_seen"), "Int64"),
    "accounts": "object",
}


@takes_old_names(evidence="pairs")
def describe_networks(
    graph: nx.Graph[str], accounts: pd.DataFrame, posts: pd.DataFrame, pairs: pd.DataFrame
) -> pd.DataFrame:
    """Describe every connected component of a coordination network.

    Parameters
    ----------
    graph
        The network, as :func:`coordlib.generate_coordinated_network` returns it (with ``objects=True`` for
        ``n_objects``).
    accounts
        Its accounts, from :func:`describe_accounts`.
    posts
        The day's posts with the columns of :mod:`coordlib.posts`.
    pairs
        The pairs behind its edges, from :func:`network_pairs`.

    Returns
    -------
    pandas.DataFrame
        One row per component, by ``network`` number: ``n_accounts``, ``n_edges``, ``evidence`` (strongest class
        among its edges), ``n_significant``, ``n_undecided``, ``q_value`` (missing where the graph was not tested),
        ``density`` (2m/(n(n−1))),
        ``diameter`` (steps), ``diameter_weighted`` (weight as distance, as the reference report prints it),
        ``transitivity`` (missing where no account has two neighbours), ``coorscore`` (mean of strength/degree),
        ``coordinated_share_ratio`` (posts behind retained edges / all posts of its accounts that day),
        ``gini_objects`` (unbiased Gini coefficient of the coordinated posts per object; 1 for a single object),
        ``n_posts`` (posts behind retained edges), ``n_objects``, ``avg_views`` … (means over all posts of its accounts that
        day, each counted once), ``first_seen``, ``last_seen`` (Int64 UTC seconds), ``accounts`` (sorted list).
    """
    known = plain_posts(posts)
    if accounts.empty:
        return empty_table(_COLUMNS)
    numbers = accounts.set_index("account_id")["network"]
    known["network"] = known["account_id"].map(numbers)
    known = known[known["network"].notna()]
    groups = accounts.groupby("network", sort=True)
    table = pd.DataFrame([_shape(graph, part) for _, part in groups])
    spans = groups.agg({"n_posts": "sum", "first_seen": "min", "last_seen": "max"})
    for found in (network_evidence(graph), spans, mean_engagement(known, "network")):
        table = table.join(found, on="network")
    collected = table["network"].map(known["network"].value_counts()).astype("float64")
    table["coordinated_share_ratio"] = table["n_posts"].astype("float64") / collected
    # How unevenly the coordinated posts of a network spread over its objects.
    behind = post_ends(pairs, "network", "object_id").drop(columns="account_id").drop_duplicates()
    sizes = behind.groupby(["network", "object_id"]).size().groupby(level="network")
    table["gini_objects"] = table["network"].map(sizes.agg(unbiased_gini)).fillna(1.0)
    return table[list(_COLUMNS)].astype(_COLUMNS)


def _shape(graph: nx.Graph[str], members: pd.DataFrame) -> dict[str, Any]:
    names = set(members["account_id"])
    part = graph.subgraph(names).copy()  # a view answers much slower
    objects = {item for _, _, data in part.edges(data=True) for item in data.get("object_ids") or ()}
    steps, far = diameters(part)
    return {
        "network": int(members["network"].iloc[0]),
        "n_accounts": len(names),
        "n_edges": part.number_of_edges(),
        "density": nx.density(part),
        "diameter": steps,
        "diameter_weighted": far,
        "transitivity": transitivity(part),
        "coorscore": float((members["strength"] / members["degree"]).mean()),
        "n_objects": len(objects),
        "accounts": sorted(names),
    }
