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
from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.detect.columns import (
    ACCOUNT,
    CONTENT,
    OBJECT,
    TIME,
)

#: Whole numbers, in 32 or 64 bits.
IntArray = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

#: Rows or pairs from which compiled code pays for its loading.
COMPILED_FROM = 2_000_000
#: Pairs held at a time where they are only summed; about 40 bytes each.
CHUNK = 8_000_000


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
