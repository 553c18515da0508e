"""GraphML that every reader of it accepts, whatever the accounts wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import networkx as nx

from coordlib.report.tables import is_missing, plain
from coordlib.report.words import clean_text

_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_OPENING = (
    f"<?xml version='1.0' encoding='utf-8'?>\n<graphml xmlns=\"{_GRAPHML}\" "
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="{_GRAPHML} {_GRAPHML}/1.0/graphml.xsd">\n'
)
#: Of the graph, nodes and edges, each attribute's number and the kinds of its values.
Keys = dict[tuple[str, str], tuple[int, set[type]]]
_KINDS = {bool: "boolean", int: "long", float: "double", str: "string"}


def write_graphml(graph: nx.Graph[str], path: Path | str, *, simulated: bool = False) -> Path:
    """Write a graph as GraphML with the same bytes for the same graph: sorted, missing values left out, lists as JSON, mixed values as text.

    A graph of simulated data says so by itself: its attribute ``simulated`` is true.
    """
    path, arrow = Path(path), graph.is_directed()
    clean = {node: clean_text(node) for node in graph}
    if len(set(clean.values())) < len(clean):
        graph, clean = nx.relabel_nodes(graph, clean), {name: name for name in clean.values()}
    ids = {node: quoted(name) for node, name in clean.items()}
    keys: Keys = {}

    def elements() -> Iterator[str]:
        texts: dict[Any, str] = {}
        if simulated:
            keys["graph", "simulated"] = 0, {bool}
            yield '    <data key="d0">true</data>\n'
        for node in sorted(graph.nodes, key=str):
            yield element(f"node id={ids[node]}", _data(graph.nodes[node], "node", keys, texts))
        ends = [pair if arrow else tuple(sorted(pair, key=str)) for pair in graph.edges]
        for one, other in sorted(ends, key=lambda pair: (str(pair[0]), str(pair[1]))):
            data = _data(graph.edges[one, other], "edge", keys, texts)
            yield element(f"edge source={ids[one]} target={ids[other]}", data)

    write_elements(path, elements(), keys, directed=arrow)
    return path


def write_elements(
    path: Path, elements: Iterable[str], keys: Keys, nodes: Collection[str] = (), *, directed: bool = False
) -> None:
    """Write a graph of elements, above them `nodes` without attributes; `keys` and `nodes` fill up while elements are made."""
    beside = path.with_suffix(".elements")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.writelines(elements)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(_OPENING)
            for (scope, name), (number, kinds) in reversed(keys.items()):
                kind = next(iter(kinds)) if len(kinds) == 1 else float if kinds == {int, float} else str
                what = f'for="{scope}" attr.name={quoted(name)} attr.type="{_KINDS[kind]}"'
                file.write(f'  <key id="d{number}" {what} />\n')
            start = f'  <graph edgedefault="{"" if directed else "un"}directed"'
            if not (nodes or beside.stat().st_size):
                file.write(f"{start} />\n</graphml>\n")
                return
            file.write(f"{start}>\n")
            file.writelines(element(f"node id={quoted(name)}") for name in sorted(nodes))
            with beside.open(encoding="utf-8", newline="") as written:
                shutil.copyfileobj(written, file)
            file.write("  </graph>\n</graphml>\n")
    finally:
        beside.unlink(missing_ok=True)


def element(start: str, data: str = "") -> str:
    """Return a node or an edge with its data."""
    end = start.partition(" ")[0]
    return f"    <{start}>\n{data}    </{end}>\n" if data else f"    <{start} />\n"


def quoted(text: str) -> str:
    """Return text quoted as the value of an attribute."""
    element = ElementTree.tostring(ElementTree.Element("n", i=clean_text(text)), encoding="unicode")
    return element.removeprefix("<n i=").removesuffix(" />")


def _data(data: Mapping[Any, Any], scope: str, keys: Keys, texts: dict[Any, str]) -> str:
    """Return the attributes of an element; `texts` keeps what was escaped: the same objects stand on edge after edge."""
    lines = []
    for name in sorted(data, key=str):
        value = data[name]
        if is_missing(value):
            continue
        number, kinds = keys.setdefault((scope, clean_text(name)), (len(keys), set()))
        known: Any = tuple(value) if isinstance(value, list) else value
        items = known if isinstance(known, tuple) else (known,)
        if all(isinstance(item, str) for item in items):
            kinds.add(str)
            text = texts.get(known)
            if text is None:
                text = texts[known] = escape(_plain(value))
        else:
            value = _plain(value)
            kinds.add(type(value))
            text = escape(value) if isinstance(value, str) else str(value).lower()
        lines.append(f'      <data key="d{number}">{text}</data>\n')
    return "".join(lines)


def _plain(value: Any) -> Any:
    """A value as an attribute holds it: a number, or text."""
    value = plain(value)
    if isinstance(value, bool | int | float):
        return value
    is_json = isinstance(value, list | tuple | dict)
    return clean_text(json.dumps(value, ensure_ascii=False, default=str) if is_json else value)
