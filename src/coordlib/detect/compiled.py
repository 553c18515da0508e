"""The steps of :mod:`coordlib.detect.kernel` compiled by numba; loaded by it for large tables only."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

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

#: Up to so many values each is compared with those before it; more are sorted.
_FEW = 16

_compile: Any = numba.njit(cache=True, nogil=True)


@_compile
def counting_order(keys, order, shift, n_digits):  # type: ignore[no-untyped-def]
    """Sort row numbers by some bits of their keys (`n_digits` is a power of two), stable."""
    places = np.zeros(n_digits + 1, dtype=np.int64)
    for row in order:
        places[((keys[row] >> shift) & (n_digits - 1)) + 1] += 1
    for digit in range(n_digits):
        places[digit + 1] += places[digit]
    result = np.empty_like(order)
    for row in order:
        digit = (keys[row] >> shift) & (n_digits - 1)
        result[places[digit]] = row
        places[digit] += 1
    return result


@_compile
def _is_pair(rows, i, j, loops, good):  # type: ignore[no-untyped-def]
    if not (good[i] or good[j]):
        return False
    return loops or (rows[i, ACCOUNT] != rows[j, ACCOUNT] and rows[i, CONTENT] != rows[j, CONTENT])


@_compile
def count_pairs(rows, window, loops, good, found, counts):  # type: ignore[no-untyped-def]
    """Mark the rows that are in a pair and count pairs by the account that sorts first."""
    for i in range(len(rows)):
        last = rows[i, TIME] + window
        for j in range(i + 1, len(rows)):
            if rows[j, OBJECT] != rows[i, OBJECT] or rows[j, TIME] > last:
                break
            if _is_pair(rows, i, j, loops, good):
                found[i] = True
                found[j] = True
                counts[min(rows[i, ACCOUNT], rows[j, ACCOUNT])] += 1


@_compile
def fill_pairs(rows, window, loops, good, start, stop, pairs):  # type: ignore[no-untyped-def]
    """Write the row numbers of the pairs whose account that sorts first is in a range."""
    k = 0
    for i in range(len(rows)):
        last = rows[i, TIME] + window
        for j in range(i + 1, len(rows)):
            if rows[j, OBJECT] != rows[i, OBJECT] or rows[j, TIME] > last:
                break
            if start <= min(rows[i, ACCOUNT], rows[j, ACCOUNT]) < stop and _is_pair(rows, i, j, loops, good):
                pairs[k, 0] = i
                pairs[k, 1] = j
                k += 1


@_compile
def describe_pairs(rows, numbers, pairs):  # type: ignore[no-untyped-def]
    """Write accounts, object, contents and seconds of each pair of rows."""
    for k in range(len(numbers)):
        i, j = numbers[k, 0], numbers[k, 1]
        if rows[i, ACCOUNT] > rows[j, ACCOUNT]:
            i, j = j, i
        pairs[k, LOW] = rows[i, ACCOUNT]
        pairs[k, HIGH] = rows[j, ACCOUNT]
        pairs[k, SHARED] = rows[i, OBJECT]
        pairs[k, LOW_CONTENT] = rows[i, CONTENT]
        pairs[k, HIGH_CONTENT] = rows[j, CONTENT]
        pairs[k, SECONDS] = abs(rows[i, TIME] - rows[j, TIME])


@_compile
def _first_of_each(values, found):  # type: ignore[no-untyped-def]
    """Write the distinct values in the order in which they first appear; return how many there are."""
    n = len(values)
    ascending = True
    for k in range(1, n):
        if values[k] < values[k - 1]:
            ascending = False
            break
    count = 0
    if ascending:
        for k in range(n):
            if k == 0 or values[k] != values[k - 1]:
                found[count] = values[k]
                count += 1
    elif n <= _FEW:
        for k in range(n):
            known = False
            for before in range(count):
                known = known or found[before] == values[k]
            if not known:
                found[count] = values[k]
                count += 1
    else:
        by_value = np.argsort(values, kind="mergesort")
        first = np.zeros(n, dtype=np.bool_)
        for k in range(n):
            first[by_value[k]] = k == 0 or values[by_value[k]] != values[by_value[k - 1]]
        for k in range(n):
            if first[k]:
                found[count] = values[k]
                count += 1
    return count


@_compile
def sum_pairs(pairs, order):  # type: ignore[no-untyped-def]
    """Sum sorted pairs to edges: numbers (low, high, weight, objects, contents of each), seconds, first pair, objects."""
    n_edges, run, longest = 0, 0, 0
    for k in range(len(order)):
        p = order[k]
        if k == 0 or pairs[p, LOW] != pairs[order[k - 1], LOW] or pairs[p, HIGH] != pairs[order[k - 1], HIGH]:
            n_edges += 1
            run = 0
        run += 1
        longest = max(longest, run)
    numbers = np.empty((n_edges, 6), dtype=pairs.dtype)
    seconds = np.zeros(n_edges, dtype=np.int64)
    first = np.empty(n_edges, dtype=order.dtype)
    objects = np.empty(len(order), dtype=pairs.dtype)
    scratch = np.empty((3, longest), dtype=pairs.dtype)
    found = np.empty(longest, dtype=pairs.dtype)
    n_objects, k = 0, 0
    for edge in range(n_edges):
        start = order[k]
        first[edge] = start
        weight = 0
        while k < len(order):
            p = order[k]
            if pairs[p, LOW] != pairs[start, LOW] or pairs[p, HIGH] != pairs[start, HIGH]:
                break
            scratch[0, weight] = pairs[p, SHARED]
            scratch[1, weight] = pairs[p, LOW_CONTENT]
            scratch[2, weight] = pairs[p, HIGH_CONTENT]
            seconds[edge] += pairs[p, SECONDS]
            weight += 1
            k += 1
        shared = _first_of_each(scratch[0, :weight], objects[n_objects:])
        n_objects += shared
        numbers[edge, 0] = pairs[start, LOW]
        numbers[edge, 1] = pairs[start, HIGH]
        numbers[edge, 2] = weight
        numbers[edge, 3] = shared
        numbers[edge, 4] = _first_of_each(scratch[1, :weight], found)
        numbers[edge, 5] = _first_of_each(scratch[2, :weight], found)
    return numbers, seconds, first, objects[:n_objects].copy()


@_compile
def number_text(starts, text, known, seed):  # type: ignore[no-untyped-def]
    """Number texts by first appearance: text n is the bytes from starts[n] to starts[n + 1]; −1 where not known.

    A `seed` nobody knows beforehand keeps hostile ids from slowing the search; the numbers do not depend on it.
    """
    n = len(starts) - 1
    size = 16
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1, dtype=np.int32)
    codes = np.full(n, -1, dtype=np.int32)
    firsts = np.empty(n, dtype=np.int32)
    count = 0
    for row in range(n):
        if not known[row]:
            continue
        begin, length = starts[row], starts[row + 1] - starts[row]
        digest = np.uint64(seed)
        for k in range(length):
            digest = (digest ^ np.uint64(text[begin + k])) * np.uint64(1099511628211)
        digest ^= digest >> np.uint64(29)
        place = np.int64(digest & np.uint64(size - 1))
        while True:
            code = table[place]
            if code < 0:
                table[place] = count
                firsts[count] = row
                codes[row] = count
                count += 1
                break
            other = starts[firsts[code]]
            if starts[firsts[code] + 1] - other == length:
                k = 0
                while k < length and text[other + k] == text[begin + k]:
                    k += 1
                if k == length:
                    codes[row] = code
                    break
            place = (place + 1) & (size - 1)
    return codes, count


@_compile
def same_text(codes, starts, text, other_starts, other_text):  # type: ignore[no-untyped-def]
    """Say for each row whether the text with the row's code is the row's other text."""
    same = np.zeros(len(codes), dtype=np.bool_)
    for row in range(len(codes)):
        code = codes[row]
        if code < 0 or starts[code + 1] - starts[code] != other_starts[row + 1] - other_starts[row]:
            continue
        k = 0
        length = starts[code + 1] - starts[code]
        while k < length and text[starts[code] + k] == other_text[other_starts[row] + k]:
            k += 1
        same[row] = k == length
    return same


def warm_up() -> None:
    """Compile what large tables of ordinary size use, so that it lies in the cache."""
    rows = np.array([[0, 0, 0, 0], [0, 1, 1, 5]], dtype=np.int32)
    order = np.arange(2, dtype=np.int32)
    good, found = np.ones(2, dtype=bool), np.zeros(2, dtype=bool)
    for keys in (rows[:, 0], rows[:, 0].copy(), rows[:, 3].astype(np.int64)):
        counting_order(keys, order, 0, 65536)
    count_pairs(rows, 10, False, good, found, np.zeros(2, dtype=np.int64))
    numbers = np.empty((1, 2), dtype=np.int32)
    fill_pairs(rows, 10, False, good, 0, 2, numbers)
    pairs = np.empty((1, 6), dtype=np.int32)
    describe_pairs(rows, numbers, pairs)
    sum_pairs(pairs, order[:1])
    starts, text = np.array([0, 1, 2]), np.frombuffer(b"ab", dtype=np.uint8)
    number_text(starts, text, good, 1)
    same_text(order, starts, text, starts, text)


if __name__ == "__main__":
    from coordlib.detect import compiled  # under its own name, which the cache goes by

    compiled.warm_up()
