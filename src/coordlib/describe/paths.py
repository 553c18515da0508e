"""Shortest paths and triangles of a network, with the faster library where it is installed.

The weight is taken as distance, as in the reference report: heavy edges are long there. That is a convention of
the published tables, not a claim that accounts that coordinate more are further apart.
"""

from __future__ import annotations

from typing import Any

import networkx as nx

#: From so many accounts on igraph is used, if it is installed: seconds instead of minutes.
LARGE = 300

#: Both libraries add the same numbers in another order; beyond these decimals they may differ.
_DECIMALS = 12


def betweenness(graph: nx.Graph[str], *, large: int = LARGE) -> dict[str, float]:
    """Return the normalised betweenness of every account, the weight as distance.

    References
    ----------
    Brandes, U. (2001). A faster algorithm for betweenness centrality. Journal of Mathematical Sociology 25,
    163–177, https://doi.org/10.1080/0022250X.2001.9990249
    """
    n = graph.number_of_nodes()
    fast = _as_igraph(graph) if n >= large else None
    if fast is None:
        raw = nx.betweenness_centrality(graph, weight="weight", normalized=True)
    else:
        scale = 2 / ((n - 1) * (n - 2)) if n > 2 else 1.0
        raw = dict(zip(graph, (v * scale for v in fast.betweenness(weights="weight")), strict=True))
    return {name: round(float(value), _DECIMALS) for name, value in raw.items()}


def diameters(graph: nx.Graph[str], *, large: int = LARGE) -> tuple[int, float]:
    """Return the longest shortest path of a connected network, in steps and with the weight as distance."""
    fast = _as_igraph(graph) if graph.number_of_nodes() >= large else None
    if fast is not None:
        return int(fast.diameter()), float(fast.diameter(weights="weight"))
    # One account at a time: all distances at once would need memory by the square of the accounts.
    steps = max(max(nx.single_source_shortest_path_length(graph, name).values()) for name in graph)
    far = max(
        max(nx.single_source_dijkstra_path_length(graph, name, weight="weight").values()) for name in graph
    )
    return int(steps), float(far)


def transitivity(graph: nx.Graph[str], *, large: int = LARGE) -> float:
    """Return the share of connected triples that are closed; NaN where there is no triple."""
    if not any(degree > 1 for _, degree in graph.degree()):
        return float("nan")
    fast = _as_igraph(graph) if graph.number_of_nodes() >= large else None
    return float(nx.transitivity(graph) if fast is None else fast.transitivity_undirected())


def _as_igraph(graph: nx.Graph[str]) -> Any | None:
    try:
        import igraph
    except ImportError:
        return None
    place = {name: number for number, name in enumerate(graph)}
    ends = [(place[a], place[b]) for a, b in graph.edges]
    result = igraph.Graph(n=len(place), edges=ends)
    result.es["weight"] = [weight for _, _, weight in graph.edges(data="weight", default=1)]
    return result
