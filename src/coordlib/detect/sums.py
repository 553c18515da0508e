"""Pairs summed to edges, in whole numbers: the second half of :mod:`coordlib.detect.kernel`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from coordlib.detect import kernel
from coordlib.detect.columns import (
    ACCOUNT,
    CONTENT,
    HIGH,
    HIGH_CONTENT,
    LOW,
    LOW_CONTENT,
    OBJECT,
    SECONDS,
    SHARED,
    TIME,
)
from coordlib.detect.kernel import IntArray, Mask, compiled_for, order_by, slices

#: Pairs summed at a time: memory that was used before is had at once, fresh memory has to be cleared.
PIECE = 500_000


@dataclass(frozen=True)
class Edges:
    """Pairs summed by their two accounts, sorted by them; all arrays but `objects` have one number an edge.

    ``objects`` holds the distinct objects of the first edge in the order of its pairs, then those of the second, ….
    """

    low: IntArray
    high: IntArray
    weight: IntArray
    n_objects: IntArray
    n_low: IntArray
    n_high: IntArray
    seconds: IntArray
    objects: IntArray

    def __len__(self) -> int:
        return len(self.low)

    def where(self, mask: Mask) -> Edges:
        """Keep some of the edges."""
        columns = {name: getattr(self, name)[mask] for name in ONE_AN_EDGE}
        return Edges(**columns, objects=self.objects[np.repeat(mask, self.n_objects)])

    def split(self, size: int) -> tuple[Edges, Edges]:
        """Return the first edges, at most so many, and the rest."""
        cuts = dict.fromkeys(ONE_AN_EDGE, size) | {"objects": int(self.n_objects[:size].sum())}
        first = {name: getattr(self, name)[:cut] for name, cut in cuts.items()}
        return Edges(**first), Edges(**{name: getattr(self, name)[cut:] for name, cut in cuts.items()})


ONE_AN_EDGE = [field.name for field in fields(Edges) if field.name != "objects"]


def window_edges(
    rows: IntArray, window: int, good: Mask, counts: IntArray, apart: int = 0
) -> Iterator[Edges]:
    """Sum the pairs of rows, those of some accounts after those of others; the arguments are those of :func:`coordlib.detect.kernel.row_pairs`."""
    compiled = compiled_for(int(counts.sum()))
    if compiled is None:
        for part in slices(counts, kernel.CHUNK):
            yield _sum_plain(
                rows, kernel.row_pairs(rows, window, False, good, counts, part.start, part.stop, apart)
            )
        return
    order, n_rows = order_by(rows[:, ACCOUNT]), np.bincount(rows[:, ACCOUNT], minlength=len(counts))
    ends, largest = np.cumsum(n_rows), int(n_rows.nonzero()[0].max(initial=0))
    for part in slices(counts, PIECE):
        first = int(ends[part.start] - n_rows[part.start])
        edges = _compiled_edges(
            int(counts[part].sum()),
            rows.dtype,
            compiled.sum_accounts,
            rows,
            order,
            ends[part],
            first,
            window,
            apart,
            good,
            counts[part],
            part.start,
            largest,
        )
        columns = {field.name: getattr(edges, field.name) for field in fields(Edges)}
        yield Edges(**{name: column.astype(_least_kind(column)) for name, column in columns.items()})


def merged_edges(pairs: IntArray) -> Edges:
    """Sum pairs in any order, each given by its two rows, that of the account that sorts first first; objects ascend."""
    low = pairs[:, 0, ACCOUNT]
    rows, compiled = pairs.reshape(-1, 4), compiled_for(len(pairs))
    if compiled is None:
        places = 2 * np.argsort(low, kind="stable")
        edges = _sum_plain(rows, np.column_stack([places, places + 1]))
    else:
        ends, largest = np.cumsum(np.bincount(low)), int(rows[:, ACCOUNT].max())
        edges = _compiled_edges(len(pairs), rows.dtype, compiled.sum_rows, rows, order_by(low), ends, largest)
    edge, objects = np.repeat(np.arange(len(edges)), edges.n_objects), edges.objects.copy()
    several = np.repeat(edges.n_objects > 1, edges.n_objects)
    key = (edge[several] << 32) | objects[several]
    key.sort()
    objects[several] = key & 0xFFFFFFFF
    return replace(edges, objects=objects)


def _sum_plain(rows: IntArray, pairs: IntArray) -> Edges:
    """Sum pairs of row numbers in plain numpy."""
    low, high = rows[pairs[:, 0]], rows[pairs[:, 1]]
    order = np.argsort(low[:, ACCOUNT].astype(np.int64) << 32 | high[:, ACCOUNT], kind="stable")
    low, high = low[order], high[order]
    columns = (low[:, ACCOUNT], high[:, ACCOUNT], low[:, OBJECT], low[:, CONTENT], high[:, CONTENT])
    return sum_sorted(np.column_stack([*columns, np.abs(low[:, TIME] - high[:, TIME])]))


def _compiled_edges(size: int, kind: Any, step: Any, *given: Any) -> Edges:
    """Let a compiled step sum so many pairs."""
    # Room for as many edges as pairs: what is not written to takes no memory.
    numbers, seconds = np.empty((6, size), dtype=kind), np.empty(size, dtype=np.int64)
    objects = np.empty(size, dtype=kind)
    n_edges, n_objects = step(*given, numbers, seconds, objects)
    low, high, weight, n_shared, n_low, n_high = numbers[:, :n_edges]
    return Edges(low, high, weight, n_shared, n_low, n_high, seconds[:n_edges], objects[:n_objects])


def _least_kind(column: IntArray) -> Any:
    """Return the smallest kind of whole numbers that holds these, which are not negative."""
    largest = int(column.max(initial=0))
    return next(kind for kind in (np.int8, np.int16, np.int32, np.int64) if largest <= np.iinfo(kind).max)


def sum_pairs(pairs: IntArray) -> tuple[Edges, IntArray]:
    """Sum pairs in any order (columns LOW to SECONDS of :mod:`coordlib.detect.columns`); return also the number of each edge's first pair."""
    order = order_by(pairs[:, LOW], order_by(pairs[:, HIGH])) if len(pairs) else np.empty(0, dtype=np.int64)
    edges = sum_sorted(pairs[order])
    return edges, order[np.cumsum(edges.weight, dtype=np.int64) - edges.weight]


def sum_sorted(pairs: IntArray) -> Edges:
    """Sum pairs that are sorted by their two accounts."""
    compiled = compiled_for(len(pairs))
    if compiled is not None:
        n_edges, longest = compiled.count_edges(pairs)
        # Arrays are made here, not in compiled code: numpy asks for pages that are faster to touch.
        numbers, seconds = np.empty((6, n_edges), dtype=pairs.dtype), np.zeros(n_edges, dtype=np.int64)
        objects = np.empty(len(pairs), dtype=pairs.dtype)
        count = compiled.sum_sorted(pairs, longest, numbers, seconds, objects)
        low, high, weight, n_objects, n_low, n_high = numbers
        return Edges(low, high, weight, n_objects, n_low, n_high, seconds, objects[:count].copy())
    new = np.ones(len(pairs), dtype=bool)
    new[1:] = (pairs[1:, [LOW, HIGH]] != pairs[:-1, [LOW, HIGH]]).any(axis=1)
    starts = np.flatnonzero(new)
    edge = np.cumsum(new) - 1

    def distinct(column: int) -> IntArray:
        """Places of the first pair of each (edge, value)."""
        codes = pairs[:, column].astype(np.int64)
        _, places = np.unique(edge * (codes.max(initial=0) + 1) + codes, return_index=True)
        return np.sort(places)

    def counts(places: IntArray) -> IntArray:
        return np.bincount(edge[places], minlength=len(starts)).astype(pairs.dtype)

    shared = distinct(SHARED)
    sums = np.cumsum(pairs[:, SECONDS], dtype=np.int64)
    until = sums[np.append(starts[1:], len(pairs)) - 1] if len(pairs) else sums
    return Edges(
        low=pairs[starts, LOW],
        high=pairs[starts, HIGH],
        weight=np.diff(np.append(starts, len(pairs))).astype(pairs.dtype),
        n_objects=counts(shared),
        n_low=counts(distinct(LOW_CONTENT)),
        n_high=counts(distinct(HIGH_CONTENT)),
        seconds=np.diff(until, prepend=0),
        objects=pairs[shared, SHARED],
    )


def no_edges() -> Edges:
    """Return a table without edges."""
    none = np.empty(0, dtype=np.int32)
    return Edges(none, none, none, none, none, none, none.astype(np.int64), none)


def joined(parts: list[Edges]) -> Edges:
    """Put edges of consecutive ranges of accounts together."""
    if len(parts) == 1:
        return parts[0]
    columns = {}
    for field in fields(Edges):
        columns[field.name] = np.concatenate([getattr(part, field.name) for part in parts])
    return Edges(**columns)
