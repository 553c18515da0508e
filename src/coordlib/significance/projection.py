"""From the table account × object to the network of accounts, compiled: it is done thousands of times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from coordlib.significance.arrays import Ints


class Links(NamedTuple):
    """Weighted links by the node they leave from: those of node n are ``others[starts[n] : starts[n + 1]]``, ascending."""

    starts: Ints
    others: Ints
    weights: Ints


@njit(cache=True)
def _links(nodes: Ints, others: Ints, weights: Ints, n_nodes: int, n_others: int) -> tuple[Ints, Ints, Ints]:
    # Sorted by counting, first by the one end and then by the other; links between the same two then lie side by side.
    places = np.zeros(n_others + 1, np.int64)
    for link in range(len(nodes)):
        places[others[link] + 1] += 1
    places = np.cumsum(places)
    order = np.empty(len(nodes), np.int64)
    for link in range(len(nodes)):
        order[places[others[link]]] = link
        places[others[link]] += 1
    starts = np.zeros(n_nodes + 1, np.int64)
    for link in range(len(nodes)):
        starts[nodes[link] + 1] += 1
    starts = np.cumsum(starts)
    ends = starts[:-1].copy()
    found, sums = np.empty(len(nodes), np.int64), np.empty(len(nodes), np.int64)
    for place in range(len(order)):
        link = order[place]
        node = nodes[link]
        if ends[node] > starts[node] and found[ends[node] - 1] == others[link]:
            sums[ends[node] - 1] += weights[link]
        else:
            found[ends[node]], sums[ends[node]] = others[link], weights[link]
            ends[node] += 1
    filled = 0
    for node in range(n_nodes):
        start = filled
        for place in range(starts[node], ends[node]):
            found[filled], sums[filled] = found[place], sums[place]
            filled += 1
        starts[node] = start
    starts[n_nodes] = filled
    return starts, found[:filled], sums[:filled]


def links_of(nodes: Ints, others: Ints, weights: Ints, n_nodes: int, n_others: int) -> Links:
    """Sort links and sum those between the same two (a sparse matrix does as much, forty times slower where it is small).

    Examples
    --------
    >>> [part.tolist() for part in links_of(np.array([1, 0, 1]), np.array([0, 1, 0]), np.array([2, 1, 3]), 2, 2)]
    [[0, 1, 2], [1, 0], [1, 5]]
    """
    return Links(*_links(nodes, others, weights, n_nodes, n_others))


def project(accounts: Ints, objects: Ints, n_accounts: int, n_objects: int) -> tuple[Ints, Ints, Ints]:
    """Return every two accounts (first < second) with objects in common, and how many.

    Examples
    --------
    >>> who, what = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 1, 0, 1, 2, 2])
    >>> [part.tolist() for part in project(who, what, 3, 3)]
    [[0, 1], [1, 2], [2, 1]]
    """
    ones = np.ones(len(accounts), dtype=np.int64)
    table = links_of(accounts, objects, ones, n_accounts, n_objects)
    other = links_of(objects, accounts, ones, n_objects, n_accounts)
    first, second, common = _project(table.starts, table.others, other.starts, other.others)
    return first, second, common


def triangles(graph: Links) -> int:
    """Count the triangles of a symmetric graph without loops.

    Examples
    --------
    >>> one, other = np.nonzero(1 - np.eye(4))
    >>> triangles(links_of(one, other, np.ones(12, int), 4, 4))
    4
    """
    return int(_triangles(graph.starts, graph.others))


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
def _project(starts: Ints, objects: Ints, object_starts: Ints, accounts: Ints) -> tuple[Ints, Ints, Ints]:
    n = len(starts) - 1
    common = np.zeros(n, dtype=np.int64)
    met = np.empty(n, dtype=np.int64)
    size, filled = max(16, len(objects)), 0
    first, second, weight = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    # Accounts of an object are in order; those behind the current one are its partners.
    behind = object_starts[:-1].copy()
    for account in range(n):
        n_met = 0
        for place in range(starts[account], starts[account + 1]):
            this = objects[place]
            behind[this] += 1
            for partner in accounts[behind[this] : object_starts[this + 1]]:
                if common[partner] == 0:
                    met[n_met] = partner
                    n_met += 1
                common[partner] += 1
        while filled + n_met > size:
            first = np.concatenate((first, np.empty(size, np.int64)))
            second = np.concatenate((second, np.empty(size, np.int64)))
            weight = np.concatenate((weight, np.empty(size, np.int64)))
            size *= 2
        for partner in met[:n_met]:
            first[filled], second[filled], weight[filled] = account, partner, common[partner]
            filled += 1
            common[partner] = 0
    return first[:filled], second[:filled], weight[:filled]


@njit(cache=True)
def _triangles(starts: Ints, indices: Ints) -> int:
    n = len(starts) - 1
    marks = np.zeros(n, dtype=np.bool_)
    count = 0
    for node in range(n):
        for place in range(starts[node], starts[node + 1]):
            marks[indices[place]] = True
        for place in range(starts[node], starts[node + 1]):
            other = indices[place]
            if other > node:
                for further in range(starts[other + 1] - 1, starts[other] - 1, -1):
                    if indices[further] <= other:
                        break
                    count += marks[indices[further]]
        for place in range(starts[node], starts[node + 1]):
            marks[indices[place]] = False
    return count
