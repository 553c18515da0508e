"""Where the accounts of a network are drawn: each component by itself, its communities apart, then packed in shelves.

Same graph, same seed, same coordinates (for one igraph version); rows and hash seeds make no difference.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from coordlib.describe.communities import louvain

#: From this many accounts on a connected network is drawn as its communities, which open.
BUBBLES_FROM = 60

Points = npt.NDArray[np.float64]

#: Above this size networkx takes seconds to minutes; without igraph, circles of growing radius are drawn.
NETWORKX_LIMIT = 500
_SPACING = 90.0


def layout_graph(
    graph: nx.Graph[str], seed: int = 1, groups: Mapping[str, int] | None = None
) -> dict[str, tuple[float, float]]:
    """Return coordinates for every node, in pixels.

    Parameters
    ----------
    graph
        Undirected; node names are text.
    seed
        Start of the random generator.
    groups
        Number of the community of those nodes that have one: each community gets a disc of its own.

    Notes
    -----
    Each component is laid out with Fruchterman and Reingold's method, by igraph where it is installed, by
    networkx below 500 nodes, and as nested rings above. The start box grows with the square root of the
    number of nodes: from a unit box igraph needs a hundred times longer.

    References
    ----------
    Fruchterman & Reingold (1991), https://doi.org/10.1002/spe.4380211102

    Examples
    --------
    >>> sorted(layout_graph(nx.path_graph(["a", "b", "c"])))
    ['a', 'b', 'c']
    """
    components = sorted(
        (sorted(map(str, part)) for part in nx.connected_components(graph)), key=lambda c: (-len(c), c[0])
    )
    boxes = []
    for nodes in components:
        if groups and nodes[0] in groups:
            points = _discs(graph, nodes, groups, seed)
        else:
            points = _fit(_component(graph, nodes, seed), len(nodes))
        boxes.append((nodes, points))
    return _pack(boxes)


def disc_radius(size: int) -> float:
    """Return the radius of the disc that holds a community of so many accounts, in pixels."""
    return math.sqrt(size) * _SPACING * 0.6


def _discs(graph: nx.Graph[str], nodes: list[str], groups: Mapping[str, int], seed: int) -> Points:
    """Lay out each community in a disc, and the discs like accounts, pushed apart until none covers another."""
    members: dict[int, list[str]] = {}
    for node in nodes:
        members.setdefault(groups[node], []).append(node)
    names = sorted(members)
    whole: nx.Graph[str] = nx.Graph()
    whole.add_nodes_from(f"{place:06}" for place in range(len(names)))
    number = {node: f"{place:06}" for place, name in enumerate(names) for node in members[name]}
    whole.add_edges_from(
        (number[a], number[b]) for a, b in graph.subgraph(nodes).edges if number[a] != number[b]
    )
    radius = np.array([disc_radius(len(members[name])) for name in names])
    centres = _component(whole, sorted(whole), seed)
    spread = max(float(np.ptp(centres, axis=0).max()), 1e-9)
    centres = _apart(centres / spread * 2.2 * float(np.sqrt((radius**2).sum())), radius)
    found: dict[str, Any] = {}
    for name, centre, reach in zip(names, centres, radius, strict=True):
        points = _component(graph, members[name], seed)
        points = points - points.mean(axis=0)
        far = np.maximum(np.hypot(*points.T), 1e-9)
        shrunk = np.minimum(far, np.quantile(far, 0.85)) / far  # a few far away would squeeze all others
        points = points * shrunk[:, None] / max(float((far * shrunk).max()), 1e-9)
        found.update(zip(members[name], centre + points * reach * 0.85, strict=True))
    points = np.array([found[node] for node in nodes], dtype=np.float64)
    return np.asarray(points - points.min(axis=0), dtype=np.float64)


def _apart(centres: Points, radius: npt.NDArray[np.float64]) -> Points:
    """Push discs that cover each other apart, a little at a time."""
    centres = centres.copy()
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


def _component(graph: nx.Graph[str], nodes: list[str], seed: int) -> Points:
    place = {node: number for number, node in enumerate(nodes)}
    edges = sorted((place[str(a)], place[str(b)]) for a, b in graph.subgraph(nodes).edges if a != b)
    edges = sorted({(min(pair), max(pair)) for pair in edges})
    if len(nodes) == 1:
        return np.zeros((1, 2))
    if len(nodes) == 2:
        return np.array([[0.0, 0.0], [1.0, 0.0]])
    try:
        import igraph
    except ImportError:
        return (
            _networkx(len(nodes), edges, seed) if len(nodes) < NETWORKX_LIMIT else _rings(len(nodes), edges)
        )
    return _igraph(igraph, len(nodes), edges, seed)


def _igraph(igraph: Any, size: int, edges: list[tuple[int, int]], seed: int) -> Points:
    generator = random.Random(seed)
    spread = math.sqrt(size) / 2
    start = [[generator.uniform(-spread, spread), generator.uniform(-spread, spread)] for _ in range(size)]
    igraph.set_random_number_generator(random.Random(seed))
    try:
        drawing = igraph.Graph(n=size, edges=edges)
        found = drawing.layout_fruchterman_reingold(niter=300, seed=start, grid=size > 300)
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(found.coords, dtype=np.float64)


def _networkx(size: int, edges: list[tuple[int, int]], seed: int) -> Points:
    drawing: nx.Graph[int] = nx.Graph()
    drawing.add_nodes_from(range(size))
    drawing.add_edges_from(edges)
    found = nx.spring_layout(drawing, seed=seed, iterations=60)
    return np.array([found[number] for number in range(size)], dtype=np.float64)


def _rings(size: int, edges: list[tuple[int, int]]) -> Points:
    """Put the best connected in the middle and the others on rings around, twelve more on each."""
    degree = np.zeros(size, dtype=np.int64)
    for first, second in edges:
        degree[first] += 1
        degree[second] += 1
    order = np.lexsort((np.arange(size), -degree))
    points = np.zeros((size, 2))
    done, ring = 1, 1
    while done < size:
        count = min(12 * ring, size - done)
        angles = 2 * np.pi * np.arange(count) / count
        points[order[done : done + count]] = ring * np.column_stack((np.cos(angles), np.sin(angles)))
        done, ring = done + count, ring + 1
    return points


def _fit(points: Points, size: int) -> Points:
    """Scale a component so that its area grows with its number of nodes."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-9)
    return np.asarray((points - low) / extent * (math.sqrt(size) * _SPACING * 1.2), dtype=np.float64)


def _pack(boxes: list[tuple[list[str], Points]]) -> dict[str, tuple[float, float]]:
    sizes = [points.max(axis=0) + _SPACING * 1.5 for _, points in boxes]
    area = sum(float(width * height) for width, height in sizes)
    shelf = max([1.35 * math.sqrt(area), *(float(width) for width, _ in sizes)])
    placed: dict[str, tuple[float, float]] = {}
    left = top = tallest = 0.0
    for (nodes, points), (width, height) in zip(boxes, sizes, strict=True):
        if left and left + width > shelf:
            left, top, tallest = 0.0, top + tallest, 0.0
        for node, (x, y) in zip(nodes, points, strict=True):
            placed[node] = (round(left + float(x), 1), round(top + float(y), 1))
        left, tallest = left + float(width), max(tallest, float(height))
    return placed


def communities(graph: nx.Graph[str]) -> dict[str, int]:
    """Number the communities of the networks that are too large to be drawn account by account."""
    groups: dict[str, int] = {}
    parts = [sorted(map(str, part)) for part in nx.connected_components(graph) if len(part) >= BUBBLES_FROM]
    for nodes in sorted(parts, key=lambda nodes: (-len(nodes), nodes[0])):
        place = {node: number for number, node in enumerate(nodes)}
        plain: nx.Graph[int] = nx.Graph()
        plain.add_nodes_from(range(len(nodes)))
        plain.add_edges_from((place[str(a)], place[str(b)]) for a, b in graph.subgraph(nodes).edges)
        found = sorted(louvain(plain), key=lambda members: (-len(members), min(members)))
        if len(found) > 1:
            start = len(set(groups.values()))
            groups |= {
                nodes[node]: start + number for number, members in enumerate(found) for node in members
            }
    return groups
