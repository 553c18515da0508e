"""GraphML that every reader of it accepts, whatever the accounts wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from networkx.readwrite.graphml import GraphMLWriter

from coordlib.report.tables import is_missing
from coordlib.report.text import clean_text


class _Writer(GraphMLWriter):
    """Writes booleans as XML Schema has them, ``true`` and ``false`` (networkx 3.6 writes Python's words)."""

    def add_data(
        self, name: str, element_type: type, value: Any, scope: str = "all", default: Any = None
    ) -> Any:
        return super().add_data(
            name, element_type, str(value).lower() if element_type is bool else value, scope, default
        )


def write_graphml(graph: nx.Graph[str], path: Path | str) -> Path:
    """Write a graph as GraphML with the same bytes for the same graph.

    Nodes and edges are written sorted. Missing values are left out, lists and dicts become JSON text, and
    characters that XML cannot hold are dropped.
    """
    clean: nx.Graph[str] = nx.DiGraph() if graph.is_directed() else nx.Graph()
    for node in sorted(graph.nodes, key=str):
        clean.add_node(clean_text(node), **_attributes(graph.nodes[node]))
    ends = [pair if graph.is_directed() else tuple(sorted(pair, key=str)) for pair in graph.edges]
    for first, second in sorted(ends, key=lambda pair: (str(pair[0]), str(pair[1]))):
        clean.add_edge(clean_text(first), clean_text(second), **_attributes(graph.edges[first, second]))
    path = Path(path)
    writer = _Writer(encoding="utf-8", prettyprint=True, infer_numeric_types=True)
    writer.add_graph_element(clean)
    with path.open("wb") as file:
        writer.dump(file)
    return path


def _attributes(data: dict[Any, Any]) -> dict[str, Any]:
    plain = {clean_text(name): _plain(value) for name, value in data.items() if not is_missing(value)}
    return {name: plain[name] for name in sorted(plain)}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple | dict):
        return clean_text(json.dumps(value, ensure_ascii=False, default=str))
    return clean_text(value)
