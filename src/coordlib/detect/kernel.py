"""The one engine under detection: pairs of rows within a time window, and pairs summed to edges, in whole numbers.

Each step exists twice, compiled by numba and in plain numpy, with the same results to the last byte. Compiled code is
used for large tables only: loading it takes longer than a day's posts do. It is compiled once a machine (``python -m
coordlib.detect.compiled`` does so beforehand) and kept beside this file, or in the user's cache where that is read-only.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

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

#: Whole numbers, in 32 or 64 bits.
IntArray = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

#: Rows or pairs from which compiled code pays for its loading.
COMPILED_FROM = 2_000_000
#: Pairs held at a time where they are only summed; about 40 bytes each.
CHUNK = 8_000_000


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


@functools.cache
def _compiled() -> Any:
    """Return the module of compiled functions, or None where numba is not installed or switched off."""
    if os.environ.get("COORDLIB_PLAIN"):
        return None
    try:
        from coordlib.detect import compiled
    except ImportError:
        return None
    return compiled


def compiled_for(size: int) -> Any:
    """Return the compiled steps where a table of this size pays for loading them or finds them loaded, else None."""
    loaded = _compiled.cache_info().currsize and size >= COMPILED_FROM // 1_000
    return _compiled() if size and (loaded or size >= COMPILED_FROM) else None


def _kind_for(columns: Sequence[IntArray]) -> Any:
    """Return 32 bits where the numbers fit, else 64."""
    largest = max((int(column.max(initial=0)) for column in columns), default=0)
    return np.int32 if largest < 2**31 else np.int64


def side_by_side(*columns: IntArray, order: IntArray | None = None) -> IntArray:
    """Make one table of columns without negative numbers, in 32 bits where they fit: a row is then read at once.

    With `order`, its rows are those of these numbers.
    """
    table = np.empty((len(columns[0]), len(columns)), dtype=_kind_for(columns))
    for place, column in enumerate(columns):
        table[:, place] = column if order is None else column[order]
    return table


def from_first(times: IntArray) -> IntArray:
    """Return times counted from the earliest of them, in 32 bits where they fit."""
    if not len(times):
        return times
    first = times.min()
    kind = np.int32 if int(times.max()) - int(first) < 2**31 else np.int64
    return np.asarray(times - first, dtype=kind)


def slices(sizes: IntArray, most: int) -> Iterator[slice]:
    """Cut a list into slices whose sizes sum to at most `most`, or hold one element."""
    totals, start = np.cumsum(sizes), 0
    while start < len(sizes):
        done = int(totals[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(totals, done + most, side="right")))
        yield slice(start, stop)
        start = stop


def order_by(keys: IntArray, order: IntArray | None = None) -> IntArray:
    """Return row numbers sorted by keys from 0; rows of one key stay in the order given (default: by number)."""
    compiled = compiled_for(len(keys))
    if compiled is None:
        if order is None:
            return np.argsort(keys, kind="stable")
        return order[np.argsort(keys[order], kind="stable")]
    if order is None:
        order = np.arange(len(keys), dtype=np.int32 if len(keys) < 2**31 else np.int64)
    bits = int(keys.max()).bit_length()
    digit = bits if 2**bits <= max(2**16, len(keys)) else 16
    for shift in range(0, max(bits, 1), max(digit, 1)):
        result = np.empty_like(order)
        compiled.counting_order(keys, order, shift, 2**digit, result)
        order = result
    return order


def window_order(objects: IntArray, times: IntArray) -> IntArray:
    """Return row numbers by object, then time from 0; rows of one object and time come in any order.

    That order decides nothing: pairs are sorted by row afterwards, and sums do not depend on it.
    """
    if compiled_for(len(objects)) is not None:
        return order_by(objects, order_by(times))
    stride = int(times.max(initial=0)) + 1
    if (int(objects.max(initial=0)) + 1) * stride < 2**62:
        return np.argsort(objects.astype(np.int64) * stride + times)
    return np.lexsort((times, objects))


def window_table(
    objects: IntArray, accounts: IntArray, contents: IntArray, times: IntArray, usable: Mask
) -> IntArray:
    """Make the table of the usable rows in the order of :func:`window_order`, times counted from the earliest."""
    columns, every = (objects, accounts, contents), usable.all()
    some = times if every else times[usable]
    compiled = compiled_for(len(some))
    if compiled is not None and int(some.max()) - int(some.min()) < 2**31 and _kind_for(columns) == np.int32:
        rows = np.empty((len(some), 4), dtype=np.int32)
        compiled.window_table(*columns, times, some.min(), usable, int(objects.max()) + 1, rows)
        return rows
    objects, accounts, contents = columns if every else (column[usable] for column in columns)
    some = from_first(some)
    return side_by_side(objects, accounts, contents, some, order=window_order(objects, some))


def count_pairs(
    rows: IntArray, window: int, loops: bool, good: Mask | None = None, n_accounts: int = 0, apart: int = 0
) -> tuple[Mask, IntArray]:
    """Say which rows are in a pair, and how many pairs each account has as the one that sorts first.

    A pair is two rows of one object, at least `apart` and at most `window` from each other, at least one of them `good`;
    without `loops` also of two accounts and two contents. Rows are sorted by object, then time.
    """
    found = np.zeros(len(rows), dtype=bool)
    counts = np.zeros(max(n_accounts, 1), dtype=np.int64)
    good = np.ones(len(rows), dtype=bool) if good is None else good
    window = min(int(window), int(rows[:, TIME].max(initial=0)))
    compiled = compiled_for(len(rows)) or compiled_for(int(_partners(rows, window).sum()))
    if compiled is not None:
        compiled.count_pairs(rows, window, apart, loops, good, found, counts)
        return found, counts
    for i, j in _pieces(rows, window, loops, good, apart):
        found[i] = found[j] = True
        counts += np.bincount(np.minimum(rows[i, ACCOUNT], rows[j, ACCOUNT]), minlength=len(counts))
    return found, counts


def passing_contents(found: IntArray, contents: IntArray, accounts: IntArray, least: int) -> Mask:
    """Say of each content whether it is of an account with at least so many rows of contents in `found`.

    `contents` and `accounts` are those of all rows; −1 is a missing one.
    """
    in_pair = np.zeros(int(contents.max(initial=0)) + 2, dtype=bool)
    in_pair[found] = True
    counted = np.flatnonzero(in_pair[contents])
    contents, accounts = contents[counted], accounts[counted]
    passing = np.zeros_like(in_pair)
    passing[contents[(np.bincount(accounts) >= least)[accounts]]] = True
    return passing


def row_pairs(
    rows: IntArray,
    window: int,
    loops: bool,
    good: Mask,
    counts: IntArray,
    start: int = 0,
    stop: int | None = None,
    apart: int = 0,
) -> IntArray:
    """Return the pairs whose account that sorts first is from `start` to before `stop`, as two columns of row numbers.

    `counts` is the number of pairs of each account, from :func:`count_pairs`. The row of the account that sorts first
    comes first; compiled code puts the pairs of each account together, plain numpy leaves them in the order of rows.
    """
    window = min(int(window), int(rows[:, TIME].max(initial=0)))
    stop = len(counts) if stop is None else stop
    compiled = compiled_for(int(counts.sum()))
    if compiled is not None:
        places = np.cumsum(counts[start:stop])
        pairs = np.empty((int(places[-1]), 2), dtype=np.int32 if len(rows) < 2**31 else np.int64)
        places -= counts[start:stop]
        compiled.fill_pairs(rows, window, apart, loops, good, start, stop, places, pairs)
        return pairs
    parts = [np.empty((0, 2), dtype=np.int64)]
    for i, j in _pieces(rows, window, loops, good, apart):
        one, two = rows[i, ACCOUNT], rows[j, ACCOUNT]
        low, high = np.where(one <= two, i, j), np.where(one <= two, j, i)
        inside = (rows[low, ACCOUNT] >= start) & (rows[low, ACCOUNT] < stop)
        parts.append(np.column_stack([low[inside], high[inside]]))
    return np.concatenate(parts)


def edges_between(
    rows: IntArray, window: int, good: Mask, counts: IntArray, start: int, stop: int, apart: int = 0
) -> Edges:
    """Sum pairs of :func:`row_pairs`."""
    pairs = row_pairs(rows, window, False, good, counts, start, stop, apart)
    return _sum_grouped(rows, pairs, np.cumsum(counts[start:stop]), int(counts.sum()))


def merged_edges(pairs: IntArray) -> Edges:
    """Sum pairs in any order, each given by its two rows, that of the account that sorts first first; objects ascend."""
    low = pairs[:, 0, ACCOUNT]
    places = 2 * order_by(low) if len(low) else np.empty(0, dtype=np.int64)
    grouped, ends = np.column_stack([places, places + 1]), np.cumsum(np.bincount(low))
    edges = _sum_grouped(pairs.reshape(-1, 4), grouped, ends, len(pairs))
    edge, objects = np.repeat(np.arange(len(edges)), edges.n_objects), edges.objects.copy()
    several = np.repeat(edges.n_objects > 1, edges.n_objects)
    key = (edge[several] << 32) | objects[several]
    key.sort()
    objects[several] = key & 0xFFFFFFFF
    return replace(edges, objects=objects)


def _sum_grouped(rows: IntArray, pairs: IntArray, ends: IntArray, size: int) -> Edges:
    """Sum pairs of row numbers; where compiled code is used for so many, those of one account end where `ends` says."""
    compiled = compiled_for(size)
    if compiled is None:
        low, high = rows[pairs[:, 0]], rows[pairs[:, 1]]
        order = np.argsort(low[:, ACCOUNT].astype(np.int64) << 32 | high[:, ACCOUNT], kind="stable")
        low, high = low[order], high[order]
        columns = (low[:, ACCOUNT], high[:, ACCOUNT], low[:, OBJECT], low[:, CONTENT], high[:, CONTENT])
        return sum_sorted(np.column_stack([*columns, np.abs(low[:, TIME] - high[:, TIME])]))
    # Room for as many edges as pairs: what is not written to takes no memory.
    numbers, seconds = np.empty((6, len(pairs)), dtype=rows.dtype), np.empty(len(pairs), dtype=np.int64)
    objects = np.empty(len(pairs), dtype=rows.dtype)
    n_edges, n_objects = compiled.sum_rows(rows, pairs, ends, numbers, seconds, objects)
    low, high, weight, n_shared, n_low, n_high = numbers[:, :n_edges]
    return Edges(low, high, weight, n_shared, n_low, n_high, seconds[:n_edges], objects[:n_objects])


def close_rows(
    objects: IntArray, accounts: IntArray, times: IntArray, window: int
) -> tuple[IntArray, IntArray]:
    """Return the row numbers of one object and two accounts at most `window` apart: the later, ascending, then the earlier.

    Rows of one object are adjacent (`objects` never decreases); every row counts as a content of its own.
    """
    times = from_first(times)
    order = window_order(objects, times)
    rows = side_by_side(objects[order], accounts[order], order, times[order])
    good = np.ones(len(order), dtype=bool)
    _, counts = count_pairs(rows, window, False, good, int(accounts.max(initial=-1)) + 1)
    one, two = order[row_pairs(rows, window, False, good, counts)].T
    later, earlier = np.maximum(one, two), np.minimum(one, two)
    order = order_by(later, order_by(earlier))
    return later[order], earlier[order]


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


def _pieces(rows: IntArray, window: int, loops: bool, good: Mask, apart: int) -> Any:
    """Yield pairs in plain numpy, a bounded number of candidates at a time."""
    counts = _partners(rows, window)
    for piece in slices(counts, CHUNK // 2):
        size = counts[piece]
        if total := int(size.sum()):
            i = np.repeat(np.arange(piece.start, piece.stop), size)
            j = i + 1 + np.arange(total) - np.repeat(np.cumsum(size) - size, size)
            stays = good[i] | good[j]
            if apart > 0:
                stays &= rows[j, TIME] - rows[i, TIME] >= apart
            if not loops:
                stays &= (rows[i, ACCOUNT] != rows[j, ACCOUNT]) & (rows[i, CONTENT] != rows[j, CONTENT])
            yield i[stays], j[stays]


def _partners(rows: IntArray, window: int) -> IntArray:
    """For rows sorted by object and time: how many later ones are of the same object and within the window."""
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    objects, times = rows[:, OBJECT].astype(np.int64), rows[:, TIME].astype(np.int64)
    stride = int(times.max()) + window + 1
    if (int(objects[-1]) + 1) * stride < 2**62:
        key = objects * np.int64(stride) + times
        return np.searchsorted(key, key + window, side="right") - np.arange(1, len(key) + 1)
    # Times centuries apart over millions of objects do not fit one 64-bit key: search object by object.
    bounds = np.append(np.flatnonzero(np.diff(objects, prepend=-1)), len(objects))
    ends = np.empty(len(objects), dtype=np.int64)
    for low, high in itertools.pairwise(bounds):
        ends[low:high] = low + np.searchsorted(times[low:high], times[low:high] + window, side="right")
    return ends - np.arange(1, len(ends) + 1)
