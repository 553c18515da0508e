"""Sets that have much in common: every such pair, found exactly, and clusters of them that do not chain.

The similarity of two sets is the weight of what they share over the weight of what either has (Jaccard).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: Rows whose candidates are looked up together, and pairs compared together: bounds of memory.
_ROWS, _PAIRS = 1_000, 50_000
#: Pairs kept before they are thinned to those that tell which sets hang together at which similarity.
_KEPT = 4_000_000
#: More sets than this that hang together are cut at a higher similarity before they are clustered.
LARGEST = 4_000
#: A similarity is a quotient of sums, so it is compared with this much room for rounding.
_ROUNDING = 1e-9


class Sets:
    """Sets, made of pairs of a row and a feature of it, in any order, repeated or not.

    With `rarity` a feature weighs log(N / max(n, 10))³, N sets of which n have it: what everybody writes weighs
    nothing, and a word is as rare as can be up to ten sets, because the copies that are looked for share it.
    """

    def __init__(self, rows: IntArray, features: npt.NDArray[Any], n_rows: int, rarity: bool = False) -> None:
        codes, names = pd.factorize(features)
        both = np.sort(rows * np.int64(len(names) + 1) + codes)
        both = both[np.append(True, both[1:] != both[:-1])[: len(both)]]
        rows, codes = np.divmod(both, np.int64(len(names) + 1))
        found = np.bincount(codes, minlength=len(names))
        weights = np.log(n_rows / np.maximum(found, 10)) ** 3 if rarity else np.ones(len(names))
        self.totals: FloatArray = np.bincount(rows, weights[codes], n_rows).astype(np.float64)
        common = found > 1
        rank = np.empty(len(names), dtype=np.int64)
        rank[np.argsort(found, kind="stable")] = np.arange(len(names)) - int((~common).sum())
        keep = common[codes] & (weights[codes] > 0)
        rows, codes = rows[keep], codes[keep]
        # Sets as rows; the columns are the features more than one has, the rarest first, the values their weights.
        places, shape = (rows, rank[codes]), (n_rows, int(common.sum()))
        self.matrix: Any = scipy.sparse.csr_matrix((weights[codes], places), shape=shape)
        self.matrix.sort_indices()

    def pairs(self, least: float) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
        """Give all pairs of rows (i < j) at least so similar, in parts, with their similarity.

        Two sets that are similar enough share one of their rarest features: of each set, those after which less than
        `least` of its weight remains need not be looked at (prefix filter of Chaudhuri, Ganti & Kaushik 2006). So no
        pair is missed, which hashing (MinHash) cannot say.
        """
        rare = self._rarest(least)
        columns = rare.T.tocsr()
        for start in range(0, rare.shape[0], _ROWS):
            met = (rare[start : start + _ROWS] @ columns).tocoo()
            one, two = met.row.astype(np.int64) + start, met.col.astype(np.int64)
            low, high = np.sort([self.totals[one], self.totals[two]], axis=0)
            keep = (one < two) & (low >= least * high - _ROUNDING)
            one, two = one[keep], two[keep]
            for first in range(0, len(one), _PAIRS):
                left, right = one[first : first + _PAIRS], two[first : first + _PAIRS]
                close = self.similarity(left, right)
                keep = close >= least - _ROUNDING
                yield left[keep], right[keep], close[keep]

    def _rarest(self, least: float) -> Any:
        """Keep of each set the features that a similar one must share one of; values are 1."""
        matrix, lengths = self.matrix, np.diff(self.matrix.indptr)
        rows = np.repeat(np.arange(matrix.shape[0]), lengths)
        up_to = np.cumsum(matrix.data)
        ends = np.append(0.0, up_to)[matrix.indptr[1:]]
        # What remains from a feature on, itself included; the features of one set only come before all others.
        rest = np.repeat(ends, lengths) - up_to + matrix.data
        keep = rest >= least * self.totals[rows] - _ROUNDING * np.maximum(ends[-1] if len(ends) else 0.0, 1.0)
        ones = np.ones(int(keep.sum()), dtype=np.float32)
        return scipy.sparse.csr_matrix((ones, (rows[keep], matrix.indices[keep])), shape=matrix.shape)

    def similarity(self, one: IntArray, two: IntArray) -> FloatArray:
        """Return the similarity of pairs of rows."""
        shared = self.matrix[one].minimum(self.matrix[two]).sum(axis=1)
        shared = np.asarray(shared, dtype=np.float64).ravel()
        either = self.totals[one] + self.totals[two] - shared
        return np.divide(shared, either, out=np.zeros(len(shared)), where=either > 0)

    def inside(self, rows: IntArray) -> FloatArray:
        """Return the similarity of each of some rows with each of them."""
        part = self.matrix[rows]
        used = np.unique(part.indices)
        part = part[:, used]
        shared = (part.sign() @ part.T).toarray()
        either = self.totals[rows][:, None] + self.totals[rows][None, :] - shared
        close: FloatArray = np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)
        np.fill_diagonal(close, 1.0)
        return close


def clusters(sets: Sets, least: float, rule: Literal["complete", "average"]) -> IntArray:
    """Return for each set the number of the first set of its cluster; the sets are taken in their order.

    *Complete*: one after the other joins the cluster to whose every member it is at least so similar, the most similar if
    there are several, or begins one. So later sets never change where earlier ones are. *Average*: clusters are
    joined while the mean similarity between them is at least so large. Neither lets a chain of small steps join what
    has little in common.
    """
    first = np.arange(len(sets.totals))
    for rows in _hanging_together(_close(sets, least), least):
        if len(rows) < 3 or len(rows) > LARGEST:  # so many, after every cut, are all but equal
            first[rows] = rows.min()
            continue
        close = sets.inside(rows)
        labels = _complete(close, least) if rule == "complete" else _average(close, least)
        for label in np.unique(labels):
            first[rows[labels == label]] = rows[labels == label].min()
    return first


def _complete(close: FloatArray, least: float) -> IntArray:
    farthest = np.zeros_like(close)
    labels, n_clusters = np.empty(len(close), dtype=np.int64), 0
    for row in range(len(close)):
        known = farthest[:n_clusters, row]
        best = int(known.argmax()) if known.max(initial=-1) >= least - _ROUNDING else n_clusters
        farthest[best] = np.minimum(farthest[best], close[row]) if best < n_clusters else close[row]
        labels[row], n_clusters = best, max(n_clusters, best + 1)
    return labels


def _average(close: FloatArray, least: float) -> IntArray:
    apart = np.maximum(scipy.spatial.distance.squareform(1 - close, checks=False), 0)
    tree = scipy.cluster.hierarchy.linkage(apart, "average")
    labels = scipy.cluster.hierarchy.fcluster(tree, 1 - least + _ROUNDING, "distance")
    return np.asarray(labels, dtype=np.int64)


def _close(sets: Sets, least: float) -> Any:
    """Return a sparse graph of the similar sets, thinned where it is large to a forest of the strongest ties."""
    shape = (len(sets.totals),) * 2
    graph, waiting, held = scipy.sparse.csr_matrix(shape), [], 0
    for part in sets.pairs(least):
        waiting.append(part)
        held += len(part[0])
        if held > _KEPT:
            graph = scipy.sparse.csgraph.minimum_spanning_tree(graph + _graph(waiting, shape))
            waiting, held = [], 0
    return graph + _graph(waiting, shape)


def _graph(parts: list[tuple[IntArray, IntArray, FloatArray]], shape: tuple[int, int]) -> Any:
    """Return pairs as a sparse graph with small numbers for strong ties, as trees want them, and no zeros."""
    if not parts:
        return scipy.sparse.csr_matrix(shape)
    one, two, close = map(np.concatenate, zip(*parts, strict=True))
    return scipy.sparse.csr_matrix((2 - close, (one, two)), shape=shape)


def _hanging_together(graph: Any, least: float) -> list[IntArray]:
    """Return the rows that are tied, directly or through others; too many of them are cut at a higher similarity."""
    _, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    found, higher = [], least + (1 - least) / 4
    for rows in parts:
        if len(rows) <= LARGEST or higher > 1 - 1e-6:
            found += [rows] if len(rows) > 1 else []
            continue
        tied = graph[rows][:, rows].tocoo()
        strong = tied.data <= 2 - higher
        part = type(graph)((tied.data[strong], (tied.row[strong], tied.col[strong])), shape=tied.shape)
        found += [rows[inner] for inner in _hanging_together(part, higher)]
    return found
