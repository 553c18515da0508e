"""GraphML that every reader of it accepts, whatever the accounts wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import networkx as nx

from coordlib.report.tables import is_missing, plain
from coordlib.report.words import clean_text

_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
OPENING = (
    f"<?xml version='1.0' encoding='utf-8'?>\n<graphml xmlns=\"{_GRAPHML}\" "
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="{_GRAPHML} {_GRAPHML}/1.0/graphml.xsd">\n'
)
CLOSING = "  </graph>\n</graphml>\n"
#: Of nodes and edges, each attribute's number and the kinds of its values.
Keys = dict[tuple[str, str], tuple[int, set[type]]]
_KINDS = {bool: "boolean", int: "long", float: "double", str: "string"}


def write_graphml(graph: nx.Graph[str], path: Path | str, *, simulated: bool = False) -> Path:
    """Write a graph as GraphML with the same bytes for the same graph: sorted, missing values left out, lists as JSON, mixed values as text.

    A graph of simulated data says so by itself: its attribute ``simulated`` is true.
    """
    path = Path(path)
    clean = {node: clean_text(node) for node in graph}
    if len(set(clean.values())) < len(clean):
        graph, clean = nx.relabel_nodes(graph, clean), {name: name for name in clean.values()}
    ids = {node: quoted(name) for node, name in clean.items()}
    keys: Keys = {}
    texts: dict[Any, str] = {}
    arrow = graph.is_directed()
    ends = [pair if arrow else tuple(sorted(pair, key=str)) for pair in graph.edges]
    ends.sort(key=lambda pair: (str(pair[0]), str(pair[1])))
    elements = path.with_suffix(".elements")
    try:
        with elements.open("w", encoding="utf-8", newline="") as file:
            for node in sorted(graph.nodes, key=str):
                _element(file, f"node id={ids[node]}", _data(graph.nodes[node], "node", keys, texts))
            for one, other in ends:
                data = _data(graph.edges[one, other], "edge", keys, texts)
                _element(file, f"edge source={ids[one]} target={ids[other]}", data)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(OPENING)
            for (scope, name), (number, kinds) in reversed(keys.items()):
                kind = next(iter(kinds)) if len(kinds) == 1 else float if kinds == {int, float} else str
                what = f'for="{scope}" attr.name={quoted(name)} attr.type="{_KINDS[kind]}"'
                file.write(f'  <key id="d{number}" {what} />\n')
            if simulated:
                file.write(
                    f'  <key id="d{len(keys)}" for="graph" attr.name="simulated" attr.type="boolean" />\n'
                )
            start = f'  <graph edgedefault="{"" if arrow else "un"}directed"'
            if not clean and not simulated:
                file.write(f"{start} />\n</graphml>\n")
                return path
            file.write(f"{start}>\n")
            if simulated:
                file.write(f'    <data key="d{len(keys)}">true</data>\n')
            with elements.open(encoding="utf-8", newline="") as written:
                shutil.copyfileobj(written, file)
            file.write(CLOSING)
    finally:
        elements.unlink(missing_ok=True)
    return path


def quoted(text: str) -> str:
    """Return text quoted as the value of an attribute."""
    element = ElementTree.tostring(ElementTree.Element("n", i=clean_text(text)), encoding="unicode")
    return element.removeprefix("<n i=").removesuffix(" />")


def _element(file: IO[str], start: str, data: str) -> None:
    end = start.partition(" ")[0]
    file.write(f"    <{start}>\n{data}    </{end}>\n" if data else f"    <{start} />\n")


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
