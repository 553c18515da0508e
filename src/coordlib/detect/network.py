"""Edges to the coordination network (CooRTweet's generate_coordinated_network)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.detect.edges import Classes, Compat, aggregate, coordinated_edges
from coordlib.detect.pairs import fast_column
from coordlib.detect.threshold import check_quantile, limit, over_threshold, ties_at_top
from coordlib.errors import ParameterError, TiedWeightsWarning

#: What marks the edges of a subgraph.
_MARKS = {1: "weight_threshold", 2: "weight_threshold_fast"}


def generate_coordinated_network(
    pairs: pd.DataFrame,
    fast_net: bool | int = False,
    edge_weight: float = 0.9,
    subgraph: int = 0,
    objects: bool = False,
    compat: Compat = None,
    min_weight: int | None = None,
    significance: pd.DataFrame | None = None,
    classes: Classes = (),
) -> nx.Graph[str]:
    """Build the network of accounts that shared the same objects within the time window.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them (with a ``time_window_N`` column from
        :func:`coordlib.flag_speed_share` if `fast_net` is asked for). Not changed.
    fast_net
        Also count the pairs of a narrower window: True for the narrowest one flagged, or its seconds.
        Attributes then end in ``_full`` and ``_fast``; an edge without fast pairs has no ``_fast`` ones.
    subgraph
        0 all edges; 1 edges over the threshold (not together with `fast_net`); 2 edges over the threshold
        of the fast weights; 3 those, with all neighbours of their ends; vertices are marked
        ``color_v`` 1 (an end) or 0 (a neighbour).
    edge_weight, min_weight, objects, compat, significance, classes
        As in :func:`coordlib.coordinated_edges`; the last two not together with `fast_net`.

    Returns
    -------
    networkx.Graph
        Vertices are account ids in CooRTweet's order; edge attributes are plain Python values named as in
        CooRTweet, with ``n_objects`` beside ``weight``. ``graph.graph`` holds the threshold(s) used.

    Raises
    ------
    ParameterError
        A value out of range, or a combination that has no meaning (the message says which).

    Warns
    -----
    TiedWeightsWarning
        With ``subgraph=1``: there are edges, and none is over the threshold because the quantile is the heaviest weight itself.

    Notes
    -----
    ``n_content_id`` belongs to the end that sorts first by code point, ``n_content_id_y`` to the other. Follows CooRTweet
    (Righetti & Balluff 2025, see :func:`coordlib.detect_groups`).

    Examples
    --------
    >>> pairs = pd.DataFrame({"object_id": ["o"], "account_id": ["a"], "account_id_y": ["b"],
    ...                       "content_id": ["1"], "content_id_y": ["2"], "time_delta": [10]})
    >>> generate_coordinated_network(pairs).edges["a", "b"]["weight"]
    1
    """
    _check(fast_net, subgraph, compat, pairs)
    if fast_net is not False and significance is not None:
        raise ParameterError("significance with fast_net: choose one of them")
    if fast_net is False:
        edges = coordinated_edges(pairs, edge_weight, min_weight, objects, compat, significance, classes)
        weights = edges["weight"].to_numpy()
        limits = {} if classes else {"threshold": limit(weights, edge_weight, min_weight)}
        attributes = ("edge_weight", "evidence", "min_weight")
        limits |= {name: edges.attrs[name] for name in attributes if edges.attrs.get(name) is not None}
        if subgraph == 1 and not classes and (words := ties_at_top(weights, edge_weight, min_weight)):
            warnings.warn(words, TiedWeightsWarning, stacklevel=2)
    else:
        edges, limits = _full_and_fast(pairs, fast_net, edge_weight, min_weight, objects, compat)
    graph = _marked(edges, _MARKS[subgraph]) if subgraph in _MARKS else edges_to_graph(edges)
    graph.graph.update({name: value for name, value in limits.items() if value == value})
    return _with_neighbours(graph) if subgraph == 3 else graph


def _check(fast_net: bool | int, subgraph: int, compat: Compat, pairs: pd.DataFrame) -> None:
    if subgraph not in (0, 1, 2, 3) or isinstance(subgraph, bool):
        raise ParameterError(f"subgraph = {subgraph!r}: choose 0, 1, 2 or 3")
    if subgraph == 1 and fast_net is not False:
        raise ParameterError("subgraph = 1 with fast_net: choose subgraph 2 or 3, or fast_net=False")
    if subgraph in (2, 3) and fast_net is False:
        fast_column(pairs, True)
        if compat is None:
            raise ParameterError(f"subgraph = {subgraph} needs the fast network: pass fast_net=True")


def _full_and_fast(
    pairs: pd.DataFrame,
    fast_net: bool | int,
    edge_weight: float,
    min_weight: int | None,
    objects: bool,
    compat: Compat,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Edges with the attributes of the whole and of the fast network, each with its own threshold."""
    check_quantile(edge_weight)
    column = fast_column(pairs, fast_net)
    full = aggregate(pairs, objects=objects, compat=compat)
    fast = aggregate(pairs[pairs[column] == 1], objects=objects, compat=compat)
    limits: dict[str, Any] = {"fast_window": int(column.rpartition("_")[2])}
    for name, part in (("full", full), ("fast", fast)):
        weights = part["weight"].to_numpy()
        limits[f"threshold_{name}"] = limit(weights, edge_weight, min_weight)
        part["weight_threshold"] = over_threshold(weights, edge_weight, min_weight)
    ends = ["account_id", "account_id_y"]
    both = full.merge(fast, on=ends, how="left", suffixes=("_full", "_fast"), validate="one_to_one")
    measures = full.columns.drop(ends)
    return both[[*ends, *(f"{name}_{part}" for name in measures for part in ("full", "fast"))]], limits


def edges_to_graph(edges: pd.DataFrame) -> nx.Graph[str]:
    """Turn a table of edges into a graph.

    Parameters
    ----------
    edges
        ``account_id``, ``account_id_y`` and any further columns, as :func:`coordlib.coordinated_edges` and
        :func:`coordlib.detect.combine_layers` return them.

    Returns
    -------
    networkx.Graph
        Accounts as nodes, by first appearance among all first, then all second accounts; the further columns
        as attributes of the edges, missing values left out.

    Examples
    --------
    >>> edges = pd.DataFrame({"account_id": ["a"], "account_id_y": ["b"], "weight": [2], "layers": [["url"]]})
    >>> edges_to_graph(edges).edges["a", "b"]
    {'weight': 2, 'layers': ['url']}
    """
    graph: nx.Graph[str] = nx.Graph()
    first, second = edges["account_id"].tolist(), edges["account_id_y"].tolist()
    graph.add_nodes_from(dict.fromkeys([*first, *second]))
    names = [str(name) for name in edges.columns if name not in ("account_id", "account_id_y")]
    columns = [[_plain(value, name) for value in edges[name].tolist()] for name in names]
    for a, b, *values in zip(first, second, *columns, strict=True):
        graph.add_edge(a, b, **{n: v for n, v in zip(names, values, strict=True) if v is not None})
    return graph


def _plain(value: Any, name: str) -> Any:
    """Plain Python value; None for what an edge does not have; counts stay whole beside gaps."""
    if isinstance(value, list):
        return list(value)
    if value is None or value is pd.NA or value != value:
        return None
    whole = isinstance(value, float) and name.startswith(("weight", "n_"))
    return int(value) if whole else value


def _marked(edges: pd.DataFrame, mark: str) -> nx.Graph[str]:
    """Keep the marked edges and their ends, in the order the graph of all edges has them: most are never made."""
    graph = edges_to_graph(edges[edges[mark] == 1] if mark in edges else edges[:0])
    every = pd.concat([edges["account_id"], edges["account_id_y"]]).unique()
    ordered = _rebuilt(graph, (name for name in every if name in graph), graph.edges(data=True))
    return _rebuilt(ordered, ordered, ordered.edges(data=True))


def _with_neighbours(graph: nx.Graph[str]) -> nx.Graph[str]:
    """Keep the graph induced on all neighbours of the ends of the fast edges over the threshold."""
    marks: Iterable[tuple[str, str, Any]] = graph.edges(data="weight_threshold_fast")
    fast = {name for *ends, mark in marks if mark == 1 for name in ends}
    around = {neighbour for name in fast for neighbour in graph[name]}
    kept = [(a, b, data) for a, b, data in graph.edges(data=True) if a in around and b in around]
    result = _rebuilt(graph, (name for name in graph if name in around), kept)
    nx.set_node_attributes(result, {name: int(name in fast) for name in result}, "color_v")
    return result


def _rebuilt(
    graph: nx.Graph[str], nodes: Iterable[str], edges: Iterable[tuple[str, str, dict[str, Any]]]
) -> nx.Graph[str]:
    result: nx.Graph[str] = nx.Graph(**graph.graph)
    result.add_nodes_from(nodes)
    result.add_edges_from((a, b, dict(data)) for a, b, data in edges)
    return result
