"""From the table account × object to the network of accounts, compiled: it is done thousands of times."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy import sparse

from coordlib.significance.arrays import Ints


def project(table: sparse.csr_array) -> tuple[Ints, Ints, Ints]:
    """Return every two accounts (first < second) with objects in common, and how many.

    Examples
    --------
    >>> table = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]]))
    >>> [part.tolist() for part in project(table)]
    [[0, 1], [1, 2], [2, 1]]
    """
    other = table.tocsc()
    parts = [part.astype(np.int64) for part in (table.indptr, table.indices, other.indptr, other.indices)]
    first, second, common = _project(*parts)
    return first, second, common


def triangles(graph: sparse.csr_array) -> int:
    """Count the triangles of a symmetric graph.

    Examples
    --------
    >>> triangles(sparse.csr_array(np.ones((4, 4)) - np.eye(4)))
    4
    """
    graph.sort_indices()
    return int(_triangles(graph.indptr.astype(np.int64), graph.indices.astype(np.int64)))


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
