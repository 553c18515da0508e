"""The network of accounts of a table account × object, and its communities (Louvain, in whole numbers), compiled: it is done thousands of times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from coordlib.significance.arrays import Floats, Ints


class Links(NamedTuple):
    """Weighted links by the node they leave from: those of node n are ``others[starts[n] : starts[n + 1]]``, ascending."""

    starts: Ints
    others: Ints
    weights: Ints


@njit(cache=True)
def links_of(nodes: Ints, others: Ints, weights: Ints, n_nodes: int, n_others: int) -> Links:
    """Sort links and sum those between the same two (a sparse matrix does as much, forty times slower where it is small)."""
    order = _by_counting(nodes, n_nodes, _by_counting(others, n_others, np.arange(len(nodes))))
    found, sums = np.empty(len(nodes), np.int64), np.empty(len(nodes), np.int64)
    counts, filled, last = np.zeros(n_nodes + 1, np.int64), 0, -1
    for link in order:
        node = nodes[link]
        if node == last and found[filled - 1] == others[link]:
            sums[filled - 1] += weights[link]
        else:
            found[filled], sums[filled], last = others[link], weights[link], node
            counts[node + 1] += 1
            filled += 1
    return Links(np.cumsum(counts), found[:filled], sums[:filled])


@njit(cache=True)
def _by_counting(keys: Ints, n: int, order: Ints) -> Ints:
    """Sort numbers by their keys, which are below `n`; those with the same key stay in their order."""
    places = np.zeros(n + 1, np.int64)
    for key in keys:
        places[key + 1] += 1
    places = np.cumsum(places)
    result = np.empty_like(order)
    for number in order:
        result[places[keys[number]]] = number
        places[keys[number]] += 1
    return result


@njit(cache=True)
def ranks(names: Ints, n: int) -> Ints:
    """Return how many of the names, whole numbers below `n`, are below each number up to `n`: their numbers without gaps."""
    there = np.zeros(n + 1, np.int64)
    for name in names:
        there[name + 1] = 1
    return np.cumsum(there)


@njit(cache=True)
def network_of(first: Ints, second: Ints, weights: Ints, n: int) -> Links:
    """Return the links between accounts in both directions; accounts without one are left out."""
    numbers = ranks(np.concatenate((first, second)), n)
    one, other, inside = numbers[first], numbers[second], numbers[n]
    ends, others = np.concatenate((one, other)), np.concatenate((other, one))
    return links_of(ends, others, np.concatenate((weights, weights)), inside, inside)


@njit(cache=True)
def largest_component(starts: Ints, others: Ints) -> int:
    """Count the nodes of the largest connected part of a symmetric graph."""
    n = len(starts) - 1
    seen, waiting = np.zeros(n, dtype=np.bool_), np.empty(n, dtype=np.int64)
    largest = 0
    for node in range(n):
        if not seen[node]:
            seen[node], waiting[0], size, done = True, node, 1, 0
            while done < size:
                for other in others[starts[waiting[done]] : starts[waiting[done] + 1]]:
                    if not seen[other]:
                        seen[other], waiting[size] = True, other
                        size += 1
                done += 1
            largest = max(largest, size)
    return largest


@njit(cache=True)
def project(
    who: Ints, what: Ints, n_accounts: int, n_objects: int, least: int
) -> tuple[Ints, Ints, Ints, int]:
    """Return every two accounts (first < second) with at least so many objects in common, how many, and how many pairs have any."""
    starts = np.zeros(n_objects + 1, np.int64)
    for this in what:
        starts[this + 1] += 1
    starts = np.cumsum(starts)
    # The accounts of each object, each once and in order: those behind the current one are its partners.
    accounts, behind, ends = np.empty(len(who), np.int64), starts[:-1].copy(), starts[:-1].copy()
    order = _by_counting(who, n_accounts, np.arange(len(who)))
    for row in order:
        this = what[row]
        if ends[this] == starts[this] or accounts[ends[this] - 1] != who[row]:
            accounts[ends[this]] = who[row]
            ends[this] += 1
    common, met_by = np.zeros(n_accounts, np.int64), np.full(n_accounts, -1)
    size, n_met, filled = max(16, len(who)), 0, 0
    first, second, weight = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    enough, row = np.empty(n_accounts + 1, np.int64), 0
    while row < len(order):
        account, n_enough = who[order[row]], 0
        while row < len(order) and who[order[row]] == account:
            this = what[order[row]]
            row += 1
            if behind[this] == ends[this] or accounts[behind[this]] != account:
                continue
            behind[this] += 1
            for place in range(behind[this], ends[this]):
                partner = accounts[place]
                together = common[partner] + 1 if met_by[partner] == account else 1
                n_met += together == 1
                met_by[partner], common[partner] = account, together
                enough[n_enough] = partner
                n_enough += together == least
        while filled + n_enough > size:
            first = np.concatenate((first, np.empty(size, np.int64)))
            second = np.concatenate((second, np.empty(size, np.int64)))
            weight = np.concatenate((weight, np.empty(size, np.int64)))
            size *= 2
        for partner in enough[:n_enough]:
            first[filled], second[filled], weight[filled] = account, partner, common[partner]
            filled += 1
    return first[:filled], second[:filled], weight[:filled], n_met


@njit(cache=True)
def triangles(starts: Ints, indices: Ints) -> int:
    """Count the triangles of a symmetric graph without loops."""
    n = len(starts) - 1
    marks = np.zeros(n, dtype=np.bool_)
    count = 0
    for node in range(n):
        mine = indices[starts[node] : starts[node + 1]]
        marks[mine] = True
        for other in mine:
            if other > node:
                for further in indices[starts[other] : starts[other + 1]][::-1]:
                    if further <= other:
                        break
                    count += marks[further]
        marks[mine] = False
    return count


@njit(cache=True)
def statistics(first: Ints, second: Ints, weights: Ints, n: int) -> Floats:
    """Return modularity, share of closed triangles and of the largest component, number of communities, size of the largest."""
    if not len(weights):
        return np.zeros(5)
    graph = network_of(first, second, weights, n)
    quality, community = modularity(graph)
    degrees, sizes = np.diff(graph.starts), np.bincount(community)
    triples = (degrees * (degrees - 1) // 2).sum()
    closed = 3 * triangles(graph.starts, graph.others) / triples if triples else 0.0
    part = largest_component(graph.starts, graph.others) / len(degrees)
    return np.array([quality, closed, part, (sizes > 1).sum(), sizes.max()])


@njit(cache=True)
def modularity(graph: Links) -> tuple[float, Ints]:
    """Return the modularity that is reached greedily, level by level, and the community of each node.

    Notes
    -----
    Q = Σ_c [inside_c / 2m - (degree_c / 2m)²]. A node moves only where Q, a whole number after multiplication
    by (2m)², rises; so the search ends, and nodes are tried in their order, so that the result is always the
    same.

    References
    ----------
    Blondel, V. D., Guillaume, J.-L., Lambiotte, R., & Lefebvre, E. (2008). Fast unfolding of communities in
    large networks. Journal of Statistical Mechanics, P10008.
    """
    total = graph.weights.sum()
    if not total:
        return 0.0, np.arange(len(graph.starts) - 1)
    (starts, others, weights), community = _divided(graph)
    inside, squares = 0, 0.0
    for node in range(len(starts) - 1):
        links = slice(starts[node], starts[node + 1])
        inside += weights[links][others[links] == node].sum()
        squares += (weights[links].sum() / total) ** 2
    return inside / total - squares, community


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
