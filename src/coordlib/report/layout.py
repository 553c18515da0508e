"""Where the accounts of a network are drawn, and the still picture of it for paper and readers without scripts.

Same graph, same seed, same coordinates (for one igraph version); rows and hash seeds make no difference.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from coordlib.describe.communities import louvain
from coordlib.report.words import escape

#: From this many accounts on a connected network is drawn as its communities, which open.
BUBBLES_FROM = 60
#: Above this size networkx takes seconds to minutes; without igraph, circles of growing radius are drawn.
NETWORKX_LIMIT = 500
_SPACING, _SEED = 90.0, 1
#: Width of the still picture, and its lines: beyond this many they would only be grey, and the heaviest are drawn.
_WIDTH, _LINES = 900, 600

Points = npt.NDArray[np.float64]
Edges = list[tuple[int, int]]


def layout_graph(
    graph: nx.Graph[str], groups: Mapping[str, int] | None = None
) -> dict[str, tuple[float, float]]:
    """Return coordinates for every node, in pixels; each community of `groups` gets a disc of its own.

    The method of a component is Fruchterman and Reingold's (1991, https://doi.org/10.1002/spe.4380211102).
    """
    boxes = []
    for nodes in _components(graph):
        if groups and nodes[0] in groups:
            points = _discs(graph, nodes, groups)
        else:
            points = _component(graph, nodes)
            low, high = points.min(axis=0), points.max(axis=0)
            extent = max(float((high - low).max()), 1e-9)
            points = (points - low) / extent * (math.sqrt(len(nodes)) * _SPACING * 1.2)
        boxes.append((nodes, points))
    return _pack(boxes)


def _components(graph: nx.Graph[str]) -> list[list[str]]:
    """The connected parts, the largest first, each sorted."""
    return sorted((sorted(part) for part in nx.connected_components(graph)), key=lambda c: (-len(c), c[0]))


def communities(graph: nx.Graph[str]) -> dict[str, int]:
    """Number the communities of the networks that are too large to be drawn account by account."""
    groups: dict[str, int] = {}
    for nodes in (part for part in _components(graph) if len(part) >= BUBBLES_FROM):
        found = louvain(graph.subgraph(nodes), weight="")
        if len(found) > 1:
            start = len(set(groups.values()))
            for number, members in enumerate(sorted(found, key=lambda one: (-len(one), min(one)))):
                groups |= dict.fromkeys(members, start + number)
    return groups


def disc_radius(size: int) -> float:
    """Return the radius of the disc that holds a community of so many accounts, in pixels."""
    return math.sqrt(size) * _SPACING * 0.6


def _discs(graph: nx.Graph[str], nodes: list[str], groups: Mapping[str, int]) -> Points:
    """Lay out each community in a disc, and the discs like accounts, pushed apart until none covers another."""
    members: dict[int, list[str]] = {}
    for node in nodes:
        members.setdefault(groups[node], []).append(node)
    names = sorted(members)
    number = {node: f"{place:06}" for place, name in enumerate(names) for node in members[name]}
    whole: nx.Graph[str] = nx.Graph()
    whole.add_nodes_from(sorted(set(number.values())))
    whole.add_edges_from((number[a], number[b]) for a, b in graph.subgraph(nodes).edges)
    radius = np.array([disc_radius(len(members[name])) for name in names])
    centres = _component(whole, sorted(whole))
    spread = max(float(np.ptp(centres, axis=0).max()), 1e-9)
    centres = _apart(centres / spread * 2.2 * float(np.sqrt((radius**2).sum())), radius)
    found: dict[str, Any] = {}
    for name, centre, reach in zip(names, centres, radius, strict=True):
        points = _component(graph, members[name])
        points = points - points.mean(axis=0)
        far = np.maximum(np.hypot(*points.T), 1e-9)
        shrunk = np.minimum(far, np.quantile(far, 0.85)) / far  # a few far away would squeeze all others
        points = points * shrunk[:, None] / max(float((far * shrunk).max()), 1e-9)
        found.update(zip(members[name], centre + points * reach * 0.85, strict=True))
    points = np.array([found[node] for node in nodes], dtype=np.float64)
    return np.asarray(points - points.min(axis=0), dtype=np.float64)


def _apart(centres: Points, radius: npt.NDArray[np.float64]) -> Points:
    """Push discs that cover each other apart, a little at a time."""
    centres[:, 0] += np.arange(len(centres)) * 1e-6  # two in one place part too
    reach = (radius[:, None] + radius[None, :]) * 1.08
    for _ in range(400):
        between = centres[:, None, :] - centres[None, :, :]
        far = np.hypot(between[..., 0], between[..., 1])
        np.fill_diagonal(far, np.inf)
        lacking = np.clip(reach - far, 0, None)
        if not lacking.any():
            break
        centres += (between / far[..., None] * lacking[..., None] * 0.35).sum(axis=1)
    return centres


def _component(graph: nx.Graph[str], nodes: list[str]) -> Points:
    """Lay out some nodes and the edges among them."""
    size, place = len(nodes), {node: number for number, node in enumerate(nodes)}
    pairs = ((place[a], place[b]) for a, b in graph.subgraph(nodes).edges if a != b)
    edges = sorted({(min(pair), max(pair)) for pair in pairs})
    if size <= 2:
        return np.array([[0.0, 0.0], [1.0, 0.0]][:size])
    if size >= BUBBLES_FROM and find_spec("igraph"):
        return _igraph(size, edges)
    if size >= NETWORKX_LIMIT:
        return _rings(size, edges)
    drawing: nx.Graph[int] = nx.empty_graph(size)
    drawing.add_edges_from(edges)
    found = nx.spring_layout(drawing, seed=_SEED, iterations=60)
    return np.array([found[number] for number in range(size)], dtype=np.float64)


def _igraph(size: int, edges: Edges) -> Points:
    """By igraph; from a start box that does not grow with the nodes it needs a hundred times longer."""
    import igraph

    generator, spread = random.Random(_SEED), math.sqrt(size) / 2
    start = [[generator.uniform(-spread, spread), generator.uniform(-spread, spread)] for _ in range(size)]
    igraph.set_random_number_generator(random.Random(_SEED))
    try:
        drawing = igraph.Graph(n=size, edges=edges)
        found = drawing.layout_fruchterman_reingold(niter=300, seed=start, grid=size > 300)
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(found.coords, dtype=np.float64)


def _rings(size: int, edges: Edges) -> Points:
    """Put the best connected in the middle and the others on rings around, twelve more on each."""
    degree = np.bincount(np.array(edges, dtype=np.int64).ravel(), minlength=size)
    order = np.lexsort((np.arange(size), -degree))
    points = np.zeros((size, 2))
    done, ring = 1, 1
    while done < size:
        count = min(12 * ring, size - done)
        angles = 2 * np.pi * np.arange(count) / count
        points[order[done : done + count]] = ring * np.column_stack((np.cos(angles), np.sin(angles)))
        done, ring = done + count, ring + 1
    return points


def _pack(boxes: list[tuple[list[str], Points]]) -> dict[str, tuple[float, float]]:
    """Put the components beside and below each other, as on shelves."""
    sizes = [(points.max(axis=0) + _SPACING * 1.5).tolist() for _, points in boxes]
    area = sum(width * height for width, height in sizes)
    shelf = max([1.35 * math.sqrt(area), *(width for width, _ in sizes)])
    placed: dict[str, tuple[float, float]] = {}
    left = top = tallest = 0.0
    for (nodes, points), (width, height) in zip(boxes, sizes, strict=True):
        if left and left + width > shelf:
            left, top, tallest = 0.0, top + tallest, 0.0
        for node, (x, y) in zip(nodes, points.tolist(), strict=True):
            placed[node] = (round(left + x, 1), round(top + y, 1))
        left, tallest = left + width, max(tallest, height)
    return placed


def network_svg(
    nodes: Sequence[dict[str, Any]],
    edges: Sequence[dict[str, Any]],
    bubbles: Sequence[dict[str, Any]],
    title: str,
) -> str:
    """Return nodes, edges and closed bubbles as the interactive drawing first shows them; `title` is escaped already."""
    shown = {f"b{one['id']}": {**one, "name": f"{one['n']:,} accounts"} for one in bubbles}
    shown |= {str(node["id"]): node for node in nodes if node.get("bubble") is None}
    of = {n["id"]: str(n["id"]) if n.get("bubble") is None else f"b{n['bubble']}" for n in nodes}
    lines: dict[tuple[str, str], float] = {}
    for edge in edges:
        start, end = sorted((of[edge["from"]], of[edge["to"]]))
        if start != end:
            lines[start, end] = lines.get((start, end), 0.0) + float(edge["width"])
    left, top = (min(one[axis] - one["size"] for one in shown.values()) for axis in ("x", "y"))
    right, bottom = (max(one[axis] + one["size"] for one in shown.values()) for axis in ("x", "y"))
    scale = _WIDTH / max(right - left, 1.0)
    at = {
        key: (round((one["x"] - left) * scale), round((one["y"] - top) * scale)) for key, one in shown.items()
    }
    heavy = sorted(lines.items(), key=lambda line: (-line[1], line[0]))[:_LINES]
    drawn: dict[float, list[str]] = {}  # lines as wide as each other are one path
    for (start, end), width in sorted(heavy):
        (x1, y1), (x2, y2) = at[start], at[end]
        drawn.setdefault(round(min(6.0, 0.4 + width * scale / 4), 1), []).append(f"M{x1} {y1}L{x2} {y2}")
    parts = [f'<path d="{"".join(path)}" stroke-width="{wide}"/>' for wide, path in sorted(drawn.items())]
    points = []
    for key, one in shown.items():
        (x, y), radius = at[key], max(1.5, one["size"] * scale)
        name = escape(one["name"])
        points.append(
            f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" fill="{one["color"]}"><title>{name}</title></circle>'
        )
        if "n" in one and radius > 9:
            points.append(f'<text x="{x}" y="{y + 4}">{one["n"]:,}</text>')
    height = max(1, round((bottom - top) * scale))
    return (
        f'<figure class="cl-still"><svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}">'
        f'<g stroke="currentColor" stroke-opacity=".35">{"".join(parts)}</g>{"".join(points)}</svg></figure>'
    )
