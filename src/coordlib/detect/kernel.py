"""The sliding window: all pairs of rows of one object whose times are close, without forming the others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

#: Pairs formed at a time; bounds memory at a few hundred MB whatever the hottest object is.
CHUNK = 4_000_000


def close_pairs(
    groups: IntArray,
    times: IntArray,
    window: int,
    keep: Callable[[IntArray, IntArray], npt.NDArray[np.bool_]] | None = None,
) -> tuple[IntArray, IntArray]:
    """Return the row numbers (i, j), j < i, of rows of one group at most `window` seconds apart.

    Rows must be numbered so that rows of one group are adjacent (`groups` never decreases). Pairs come with i
    ascending, then j. `keep` sees each chunk of pairs and says which ones stay, so that dropped pairs never
    pile up. Time and memory grow with the number of pairs inside the window, not with the square of a group.
    """
    found = [_kept(i, j, keep) for i, j in _window_chunks(groups, times, window)]
    if not found:
        none = np.empty(0, dtype=np.int64)
        return none, none.copy()
    later = np.concatenate([i for i, _ in found])
    earlier = np.concatenate([j for _, j in found])
    order = np.argsort(later * np.int64(len(groups)) + earlier, kind="stable")
    return later[order], earlier[order]


def _kept(
    i: IntArray, j: IntArray, keep: Callable[[IntArray, IntArray], npt.NDArray[np.bool_]] | None
) -> tuple[IntArray, IntArray]:
    if keep is None:
        return i, j
    chosen = keep(i, j)
    return i[chosen], j[chosen]


def _window_chunks(groups: IntArray, times: IntArray, window: int) -> Iterator[tuple[IntArray, IntArray]]:
    if len(groups) < 2:
        return
    order = np.lexsort((times, groups))
    ends = _window_ends(groups[order], times[order], window)
    counts = ends - np.arange(len(order)) - 1
    totals = np.cumsum(counts)
    start = 0
    while start < len(order):
        done = int(totals[start - 1]) if start else 0
        # At least one row a chunk: a single row's partners are the least that can be formed.
        stop = max(start + 1, int(np.searchsorted(totals, done + CHUNK, side="right")))
        size = counts[start:stop]
        total = int(size.sum())
        if total:
            left = np.repeat(np.arange(start, stop), size)
            first = np.repeat(np.cumsum(size) - size, size)
            right = left + 1 + np.arange(total) - first
            a, b = order[left], order[right]
            yield np.maximum(a, b), np.minimum(a, b)
        start = stop


def _window_ends(groups: IntArray, times: IntArray, window: int) -> IntArray:
    """For rows sorted by (group, time): one past the last row of the same group within the window."""
    offset = times - times.min()
    span = int(offset.max())
    reach = min(int(window), span)
    stride = span + reach + 1
    dense = np.cumsum(np.concatenate([[0], np.diff(groups) != 0])).astype(np.int64)
    if (int(dense[-1]) + 1) * stride < 2**62:
        key = dense * np.int64(stride) + offset
        return np.asarray(np.searchsorted(key, key + reach, side="right"), dtype=np.int64)
    # Times centuries apart over millions of objects do not fit one 64-bit key: search object by object.
    bounds = np.concatenate([np.flatnonzero(np.diff(dense, prepend=-1)), [len(dense)]])
    ends = np.empty(len(dense), dtype=np.int64)
    for low, high in itertools.pairwise(bounds):
        part = offset[low:high]
        ends[low:high] = low + np.searchsorted(part, part + reach, side="right")
    return ends
