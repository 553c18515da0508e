"""Communities of thousands of random networks: the Louvain method on arrays, in whole numbers."""

from __future__ import annotations

import numpy as np
from numba import njit

from coordlib.significance.arrays import Ints
from coordlib.significance.projection import Links, links_of, ranks


def modularity(graph: Links) -> tuple[float, Ints]:
    """Return the modularity that is reached greedily, level by level, and the community of each node.

    Parameters
    ----------
    graph
        Weights (whole numbers), symmetric.

    Notes
    -----
    Q = Σ_c [inside_c / 2m - (degree_c / 2m)²]. A node moves only where Q, a whole number after multiplication
    by (2m)², rises; so the search ends, and nodes are tried in their order, so that the result is always the
    same.

    References
    ----------
    Blondel, V. D., Guillaume, J.-L., Lambiotte, R., & Lefebvre, E. (2008). Fast unfolding of communities in
    large networks. Journal of Statistical Mechanics, P10008.

    Examples
    --------
    >>> ends = np.array([[0, 1], [0, 2], [1, 2], [3, 4], [3, 5], [4, 5], [2, 3]]).T
    >>> graph = links_of(np.append(*ends), np.append(*ends[::-1]), np.ones(14, int), 6, 6)
    >>> quality, community = modularity(graph)
    >>> round(quality, 4), community.tolist()
    (0.3571, [0, 0, 0, 1, 1, 1])
    """
    total = int(graph.weights.sum())
    if not total:
        return 0.0, np.arange(len(graph.starts) - 1)
    (starts, others, weights), community = _divided(graph)
    n = len(starts) - 1
    nodes = np.repeat(np.arange(n), np.diff(starts))
    degrees = np.bincount(nodes, weights, n) / total
    return float(weights[nodes == others].sum() / total - degrees @ degrees), community


@njit(cache=True)
def _divided(graph: Links) -> tuple[Links, Ints]:
    """Return the network of the communities that nothing improves any more, and the community of each node."""
    n = len(graph.starts) - 1
    community = np.arange(n)
    while True:
        moved = _move(graph.starts, graph.others, graph.weights)
        numbers = ranks(moved, n)
        if numbers[n] == n:
            return graph, community
        names = numbers[moved]
        nodes = np.repeat(np.arange(n), np.diff(graph.starts))
        community, n = names[community], numbers[n]
        graph = links_of(names[nodes], names[graph.others], graph.weights, n, n)


@njit(cache=True)
def _move(starts: Ints, indices: Ints, weights: Ints) -> Ints:
    """Move nodes to the neighbouring community that gains most, until none does."""
    n = len(starts) - 1
    community = np.arange(n)
    degrees = np.zeros(n, dtype=np.int64)
    for node in range(n):
        degrees[node] = weights[starts[node] : starts[node + 1]].sum()
    total = degrees.sum()
    sizes = degrees.copy()
    shared = np.zeros(n, dtype=np.int64)
    again = True
    while again:
        again = False
        for node in range(n):
            home = community[node]
            for place in range(starts[node], starts[node + 1]):
                if indices[place] != node:
                    shared[community[indices[place]]] += weights[place]
            sizes[home] -= degrees[node]
            best, most = home, shared[home] * total - sizes[home] * degrees[node]
            for place in range(starts[node], starts[node + 1]):
                there = community[indices[place]]
                gain = shared[there] * total - sizes[there] * degrees[node]
                if gain > most or (gain == most and there < best and best != home):
                    best, most = there, gain
            for place in range(starts[node], starts[node + 1]):
                shared[community[indices[place]]] = 0
            sizes[best] += degrees[node]
            if best != home:
                community[node] = best
                again = True
    return community
