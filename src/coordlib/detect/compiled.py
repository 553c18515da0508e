"""The steps of :mod:`coordlib.detect.kernel` compiled by numba; loaded by it for large tables only."""

from __future__ import annotations

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
from coordlib.detect.compiled_texts import compile_step, in_one_place, mix_texts, same_text

__all__ = ["in_one_place", "mix_texts", "same_text"]

#: Up to so many values each is compared with those before it; more are sorted.
_FEW = 16


@compile_step
def counting_order(keys, order, shift, n_digits, result):  # type: ignore[no-untyped-def]
    """Sort row numbers by some bits of their keys (`n_digits` is a power of two), stable."""
    places = np.zeros(n_digits + 1, dtype=np.int64)
    for row in order:
        places[((keys[row] >> shift) & (n_digits - 1)) + 1] += 1
    for digit in range(n_digits):
        places[digit + 1] += places[digit]
    for row in order:
        digit = (keys[row] >> shift) & (n_digits - 1)
        result[places[digit]] = row
        places[digit] += 1


@compile_step
def _sort_keys(keys, other, largest):  # type: ignore[no-untyped-def]
    """Sort numbers by what is above their lower 32 bits (at most `largest`), stable; return which of the two arrays holds the result."""
    size = len(keys)
    if size <= 2 * _FEW:
        for k in range(1, size):
            key = keys[k]
            before = k - 1
            while before >= 0 and keys[before] > key:
                keys[before + 1] = keys[before]
                before -= 1
            keys[before + 1] = key
        return keys
    places = np.empty(257, dtype=np.int64)
    shift = 32
    while largest >> (shift - 32):
        places[:] = 0
        for k in range(size):
            places[((keys[k] >> shift) & 255) + 1] += 1
        for digit in range(256):
            places[digit + 1] += places[digit]
        for k in range(size):
            digit = (keys[k] >> shift) & 255
            other[places[digit]] = keys[k]
            places[digit] += 1
        keys, other = other, keys
        shift += 8
    return keys


@compile_step
def window_table(objects, accounts, contents, times, first, usable, n_objects, rows):  # type: ignore[no-untyped-def]
    """Write the usable rows of each object together, by time; those of one object fit the cache where they are sorted."""
    places = np.zeros(n_objects + 1, dtype=np.int64)
    for row in range(len(objects)):
        if usable[row]:
            places[objects[row] + 1] += 1
    longest = places.max()
    for number in range(n_objects):
        places[number + 1] += places[number]
    last = 0
    for row in range(len(objects)):
        if usable[row]:
            k = places[objects[row]]
            places[objects[row]] += 1
            rows[k, OBJECT] = objects[row]
            rows[k, ACCOUNT] = accounts[row]
            rows[k, CONTENT] = contents[row]
            rows[k, TIME] = times[row] - first
            last = max(last, times[row] - first)
    keys, other = np.empty((2, longest), dtype=np.int64)
    some = np.empty((longest, 2), dtype=rows.dtype)
    start = 0
    for number in range(n_objects):
        end = places[number]
        for k in range(start, end):
            keys[k - start] = (np.int64(rows[k, TIME]) << 32) | (k - start)
            some[k - start, 0] = rows[k, ACCOUNT]
            some[k - start, 1] = rows[k, CONTENT]
        by_time = _sort_keys(keys[: end - start], other[: end - start], last)
        for k in range(start, end):
            place = by_time[k - start] & 0xFFFFFFFF
            rows[k, ACCOUNT] = some[place, 0]
            rows[k, CONTENT] = some[place, 1]
            rows[k, TIME] = by_time[k - start] >> 32
        start = end


@compile_step
def _is_pair(passes, account, content, passes_y, account_y, content_y, seconds, apart, loops):  # type: ignore[no-untyped-def]
    """Numbers, not the arrays they stand in: a function that takes arrays makes the loop around it three times slower."""
    return (
        (passes or passes_y)
        and (apart <= 0 or seconds >= apart)
        and (loops or (account != account_y and content != content_y))
    )


@compile_step
def count_pairs(rows, window, apart, loops, good, found, counts):  # type: ignore[no-untyped-def]
    """Mark the rows that are in a pair and count pairs by the account that sorts first."""
    for i in range(len(rows)):
        item, account, content, time = rows[i, OBJECT], rows[i, ACCOUNT], rows[i, CONTENT], rows[i, TIME]
        passes, paired = good[i], False
        for j in range(i + 1, len(rows)):
            seconds = rows[j, TIME] - time
            if rows[j, OBJECT] != item or seconds > window:
                break
            other = rows[j, ACCOUNT]
            if _is_pair(passes, account, content, good[j], other, rows[j, CONTENT], seconds, apart, loops):
                paired = found[j] = True
                counts[min(account, other)] += 1
        found[i] |= paired


@compile_step
def fill_pairs(rows, window, apart, loops, good, start, stop, places, pairs):  # type: ignore[no-untyped-def]
    """Write the row numbers of the pairs whose account that sorts first is in a range, its row first.

    Those of one account are together, from its place on.
    """
    for i in range(len(rows)):
        item, account, content, time = rows[i, OBJECT], rows[i, ACCOUNT], rows[i, CONTENT], rows[i, TIME]
        passes = good[i]
        for j in range(i + 1, len(rows)):
            seconds = rows[j, TIME] - time
            if rows[j, OBJECT] != item or seconds > window:
                break
            other = rows[j, ACCOUNT]
            first = min(account, other) - start
            if 0 <= first < stop - start and _is_pair(
                passes, account, content, good[j], other, rows[j, CONTENT], seconds, apart, loops
            ):
                k = places[first]
                places[first] += 1
                pairs[k, 0], pairs[k, 1] = (i, j) if account <= other else (j, i)


@compile_step
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


@compile_step
def count_edges(pairs):  # type: ignore[no-untyped-def]
    """Return the number of edges and the most pairs of one."""
    n_edges, run, longest = 0, 0, 0
    for k in range(len(pairs)):
        if k == 0 or pairs[k, LOW] != pairs[k - 1, LOW] or pairs[k, HIGH] != pairs[k - 1, HIGH]:
            n_edges += 1
            run = 0
        run += 1
        longest = max(longest, run)
    return n_edges, longest


@compile_step
def _n_distinct(values):  # type: ignore[no-untyped-def]
    """Count distinct values, which come in another order afterwards where they are many."""
    n = len(values)
    if n > _FEW:
        values.sort()
        return 1 + (values[1:] != values[:-1]).sum()
    count = 0
    for k in range(n):
        known = False
        for before in range(k):
            known = known or values[before] == values[k]
        count += not known
    return count


@compile_step
def sum_sorted(pairs, longest, numbers, seconds, objects):  # type: ignore[no-untyped-def]
    """Write for each edge its numbers (low, high, weight, objects, contents of each), seconds and distinct objects."""
    scratch = np.empty((3, longest), dtype=pairs.dtype)
    n_objects, k = 0, 0
    for edge in range(len(seconds)):
        start = k
        while k < len(pairs) and pairs[k, LOW] == pairs[start, LOW] and pairs[k, HIGH] == pairs[start, HIGH]:
            scratch[0, k - start] = pairs[k, SHARED]
            scratch[1, k - start] = pairs[k, LOW_CONTENT]
            scratch[2, k - start] = pairs[k, HIGH_CONTENT]
            seconds[edge] += pairs[k, SECONDS]
            k += 1
        weight = k - start
        shared = _first_of_each(scratch[0, :weight], objects[n_objects:])
        n_objects += shared
        numbers[0, edge] = pairs[start, LOW]
        numbers[1, edge] = pairs[start, HIGH]
        numbers[2, edge] = weight
        numbers[3, edge] = shared
        numbers[4, edge] = _n_distinct(scratch[1, :weight])
        numbers[5, edge] = _n_distinct(scratch[2, :weight])
    return n_objects


@compile_step
def _sum_account(  # type: ignore[no-untyped-def]
    account, size, largest, keys, other, pairs, scratch, numbers, seconds, objects, edge, n_objects
):
    """Sum the pairs of one account, which fit the cache where they are sorted; return the numbers of edges and of objects so far."""
    by_high = _sort_keys(keys[:size], other[:size], largest)
    k = 0
    while k < size:
        high = by_high[k] >> 32
        weight, total = 0, 0
        while k < size and by_high[k] >> 32 == high:
            place = by_high[k] & 0xFFFFFFFF
            for column in range(3):
                scratch[column, weight] = pairs[place, column]
            total += pairs[place, 3]
            weight += 1
            k += 1
        numbers[0, edge] = account
        numbers[1, edge] = high
        numbers[2, edge] = weight
        seconds[edge] = total
        if weight <= _FEW:  # as most edges; written out, since this is half of the time
            for column in range(3):
                count = 0
                for one in range(weight):
                    value, known = scratch[column, one], False
                    for before in range(one):
                        known |= scratch[column, before] == value
                    if not known:
                        if column == 0:
                            objects[n_objects + count] = value
                        count += 1
                numbers[3 + column, edge] = count
            n_objects += numbers[3, edge]
        else:
            shared = _first_of_each(scratch[0, :weight], objects[n_objects:])
            n_objects += shared
            numbers[3, edge] = shared
            numbers[4, edge] = _n_distinct(scratch[1, :weight])
            numbers[5, edge] = _n_distinct(scratch[2, :weight])
        edge += 1
    return edge, n_objects


@compile_step
def sum_accounts(  # type: ignore[no-untyped-def]
    rows, order, ends, start, window, apart, good, counts, first, largest, numbers, seconds, objects
):
    """Sum the pairs of some accounts, from `first` on, as those that sort first; return the numbers of edges and of objects.

    `order` has the rows of one account after the other, ascending; from `start` on, those of these end where `ends` says.
    """
    most = counts.max()
    keys, other = np.empty((2, most), dtype=np.int64)
    scratch, pairs = np.empty((3, most), dtype=rows.dtype), np.empty((most, 4), dtype=rows.dtype)
    edge, n_objects = 0, 0
    for number in range(len(ends)):
        account, size = first + number, 0
        for k in range(start, ends[number] if counts[number] else start):
            i = order[k]
            item, content, time, passes = rows[i, OBJECT], rows[i, CONTENT], rows[i, TIME], good[i]
            # The rows before it in its window, then those after it.
            for step in (-1, 1):
                j = i + step
                while 0 <= j < len(rows) and rows[j, OBJECT] == item:
                    gap, high = step * (rows[j, TIME] - time), rows[j, ACCOUNT]
                    if gap > window:
                        break
                    if high > account and _is_pair(
                        passes, account, content, good[j], high, rows[j, CONTENT], gap, apart, False
                    ):
                        keys[size] = (np.int64(high) << 32) | size
                        pairs[size, 0] = item
                        pairs[size, 1] = content
                        pairs[size, 2] = rows[j, CONTENT]
                        pairs[size, 3] = gap
                        size += 1
                    j += step
        start = ends[number]
        edge, n_objects = _sum_account(
            account, size, largest, keys, other, pairs, scratch, numbers, seconds, objects, edge, n_objects
        )
    return edge, n_objects


@compile_step
def sum_rows(rows, order, ends, largest, numbers, seconds, objects):  # type: ignore[no-untyped-def]
    """Sum pairs, each two rows one after the other, in the order given, in which an account's end where `ends` says."""
    most, start = 0, 0
    for end in ends:
        most = max(most, end - start)
        start = end
    keys, other = np.empty((2, most), dtype=np.int64)
    scratch, pairs = np.empty((3, most), dtype=rows.dtype), np.empty((most, 4), dtype=rows.dtype)
    edge, n_objects, start = 0, 0, 0
    for account in range(len(ends)):
        size = ends[account] - start
        for k in range(size):
            one = 2 * order[start + k]
            keys[k] = (np.int64(rows[one + 1, ACCOUNT]) << 32) | k
            pairs[k, 0] = rows[one, OBJECT]
            pairs[k, 1] = rows[one, CONTENT]
            pairs[k, 2] = rows[one + 1, CONTENT]
            pairs[k, 3] = abs(rows[one, TIME] - rows[one + 1, TIME])
        start = ends[account]
        edge, n_objects = _sum_account(
            account, size, largest, keys, other, pairs, scratch, numbers, seconds, objects, edge, n_objects
        )
    return edge, n_objects


def warm_up() -> None:
    """Compile what large tables of ordinary size use, so that it lies in the cache."""
    rows = np.array([[0, 0, 0, 0], [0, 1, 1, 5]], dtype=np.int32)
    order = np.arange(2, dtype=np.int32)
    good, found = np.ones(2, dtype=bool), np.zeros(2, dtype=bool)
    for keys in (rows[:, 0], rows[:, 0].copy(), rows[:, 3].astype(np.int64)):
        counting_order(keys, order, 0, 65536, order.copy())
    times = order.astype(np.int64)
    for some in (order, np.frombuffer(order.tobytes(), dtype=np.int32)):
        window_table(order, order, some, times, times[0], good, 2, rows.copy())
    count_pairs(rows, 10, 0, False, good, found, np.zeros(2, dtype=np.int64))
    pairs = np.empty((1, 2), dtype=np.int32)
    fill_pairs(rows, 10, 0, False, good, 0, 2, np.zeros(2, dtype=np.int64), pairs)
    numbers, seconds = np.empty((6, 1), dtype=np.int32), np.zeros(1, dtype=np.int64)
    objects, ends = np.empty(1, dtype=np.int32), np.array([1, 2])
    sum_rows(rows, order[:1], ends[:1], 1, numbers, seconds, objects)
    sum_accounts(rows, order, ends, 0, 10, 0, good, np.array([1, 0]), 0, 1, numbers, seconds, objects)
    pairs = np.zeros((1, 6), dtype=np.int32)
    count_edges(pairs)
    sum_sorted(pairs, 1, numbers, seconds, objects)
    text = np.frombuffer(bytes(16), dtype=np.uint8)  # not to be written to, as Arrow gives it
    starts = np.frombuffer(np.array([0, 1, 2]).tobytes(), dtype=np.int64)
    same_text(order, starts, text, starts, text)
    digests = np.empty(2, dtype=np.uint64)
    mix_texts(starts, np.ndarray(9, "<u8", text, strides=(1,)), text, np.uint64(0), digests)
    in_one_place(digests, 6)


if __name__ == "__main__":
    from coordlib.detect import compiled  # under its own name, which the cache goes by

    compiled.warm_up()
