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
def links_of(nodes: Ints, others: Ints, weights: Ints, n_nodes: int, n_others: int) -> Links:
    """Sort links and sum those between the same two (a sparse matrix does as much, forty times slower where it is small)."""
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
    return Links(starts, found[:filled], sums[:filled])


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
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return every two accounts (first < second) with at least so many objects in common, how many, and how many pairs have 0, 1, 2 …"""
    ones = np.ones(len(who), dtype=np.int64)
    starts, objects, _ = links_of(who, what, ones, n_accounts, n_objects)
    object_starts, accounts, _ = links_of(what, who, ones, n_objects, n_accounts)
    common, met = np.zeros(n_accounts, dtype=np.int64), np.empty(n_accounts, dtype=np.int64)
    counts = np.zeros(n_objects + 1, dtype=np.int64)
    size, filled, most = max(16, len(objects)), 0, 0
    first, second, weight = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    # Accounts of an object are in order; those behind the current one are its partners.
    behind = object_starts[:-1].copy()
    for account in range(n_accounts):
        n_met = 0
        for place in range(starts[account], starts[account + 1]):
            this = objects[place]
            behind[this] += 1
            for other in range(behind[this], object_starts[this + 1]):
                partner = accounts[other]
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
            together = common[partner]
            counts[together] += 1
            most = max(most, together)
            if together >= least:
                first[filled], second[filled], weight[filled] = account, partner, together
                filled += 1
            common[partner] = 0
    return first[:filled], second[:filled], weight[:filled], counts[: most + 1]


@njit(cache=True)
def triangles(starts: Ints, indices: Ints) -> int:
    """Count the triangles of a symmetric graph without loops."""
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
