"""Detection of a dataset in partitions: the steps between which only tables pass, each a pure function.

Pairs arise only within one object and edges only within two accounts. :func:`pairs_of` takes the shares of some
objects, :func:`coordlib.detect.sums.merged_edges` the pairs of some accounts; what they need to know of the rest (which accounts and contents
take part, in which order objects come) is collected from small tables of each partition between the two. The result
is that of :func:`coordlib.detect.engine.find_edges` on the whole, for any number of partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coordlib.detect import kernel
from coordlib.detect.codes import LAST, Codes, digests_of
from coordlib.detect.columns import ACCOUNT, OBJECT, TIME
from coordlib.detect.engine import first_shares, turns_of
from coordlib.detect.kernel import IntArray, Mask


def partition_of(texts: pa.Array, count: int) -> IntArray:
    """Return for each text the number of its partition, the same on every machine."""
    return ((digests_of(texts) >> np.uint64(33)) % np.uint64(count)).astype(np.int32)


@dataclass(frozen=True)
class Accounts:
    """Every account of a dataset by name, with its number of shares and its turn; the last row is a missing account."""

    names: pa.Array
    shares: npt.NDArray[np.int64]
    turns: IntArray

    @classmethod
    def merged(cls, parts: Sequence[pa.RecordBatch]) -> Accounts:
        """Add up the tables of :func:`account_table`."""
        table = pa.Table.from_batches(parts).group_by("account", use_threads=False)
        table = table.aggregate([("shares", "sum"), ("earliest", "min")]).sort_by("account")
        names = table["account"].combine_chunks()
        shares, earliest = table["shares_sum"].to_numpy(), table["earliest_min"].to_numpy()
        if not names.null_count:
            shares, earliest = np.append(shares, 0), np.append(earliest, LAST)
        return cls(names.drop_null(), shares, turns_of(earliest))


def account_table(codes: Codes) -> dict[str, pa.Array | np.ndarray]:
    """Return the accounts of a partition (null: missing), how many shares each has, and its earliest time."""
    n_accounts = len(codes.account_names)
    shares = np.bincount(codes.accounts + 1, minlength=n_accounts + 1)
    earliest = np.full(n_accounts + 1, LAST)
    np.minimum.at(earliest, codes.accounts + 1, codes.times_or_last())
    names = pa.concat_arrays([pa.array([None], pa.large_string()), codes.account_names])
    first = 0 if shares[0] else 1
    columns = {"account": names, "shares": shares, "earliest": earliest}
    return {name: column[first:] for name, column in columns.items()}


def without_duplicates(codes: Codes) -> Mask:
    """Say which shares stay when of a content listed twice for one object the earliest is kept."""
    rank = np.empty(len(codes.account_names) + 1, dtype=np.int64)
    rank[pc.sort_indices(codes.account_names).to_numpy()] = np.arange(len(codes.account_names))
    rank[-1] = len(codes.account_names)
    times = codes.times_or_last()
    order = np.lexsort((rank[codes.accounts], times, codes.objects, codes.contents))
    stays = np.ones(len(order), dtype=bool)
    contents, objects = codes.contents[order], codes.objects[order]
    stays[order[1:]] = (contents[1:] != contents[:-1]) | (objects[1:] != objects[:-1]) | (contents[1:] < 0)
    return stays


@dataclass(frozen=True)
class Window:
    """What a partition tells the others: its shares that are in a pair, and what they depend on."""

    #: Rows of the kernel, sorted by object and time; accounts and contents are numbered over all partitions,
    #: objects among those of the partition that are in a pair.
    rows: IntArray
    #: Pairs of each account as the one that sorts first.
    counts: npt.NDArray[np.int64]
    #: Contents and accounts of all shares of accounts that have enough of them.
    contents: IntArray
    accounts: IntArray
    #: Objects that are in a pair by their number among all of the partition, their first turn and time.
    objects: IntArray
    turns: IntArray
    times: npt.NDArray[np.int64]
    #: Which of the shares are the first of an object, and of which.
    first_rows: IntArray
    first_objects: IntArray


def window_of(codes: Codes, accounts: Accounts, min_participation: int, time_window: int) -> Window:
    """Search the shares of some objects for pairs, before anything is known of the rest but the accounts."""
    n_accounts, n_objects = len(accounts.names), len(codes.object_names)
    rank = np.full(len(codes.account_names) + 1, n_accounts, dtype=np.int32)
    rank[:-1] = pc.index_in(codes.account_names, value_set=accounts.names).to_numpy()
    owners = rank[codes.accounts]
    kept = np.flatnonzero(accounts.shares[owners] >= min_participation)
    codes, owners = codes.where(kept), owners[kept]
    turns, first_times, first = first_shares(
        codes.objects, accounts.turns[owners], codes.times_or_last(), n_objects
    )
    rows = kernel.window_table(codes.objects, owners, codes.contents, codes.times, codes.complete())
    found, counts = kernel.count_pairs(rows, time_window, False, n_accounts=n_accounts)
    rows = rows[found]
    paired = np.zeros(n_objects + 1, dtype=bool)
    paired[rows[:, OBJECT]] = True
    number = np.cumsum(paired, dtype=np.int32) - 1
    rows[:, OBJECT] = number[rows[:, OBJECT]]
    first = first[paired[codes.objects[first]]]
    return Window(
        rows,
        counts[:n_accounts],
        codes.contents,
        owners,
        np.flatnonzero(paired),
        turns[paired[:-1]],
        first_times[paired[:-1]],
        kept[first],
        number[codes.objects[first]],
    )


def pairs_of(
    rows: IntArray, good: Mask, places: IntArray, ranges: Sequence[tuple[int, int]], time_window: int
) -> Iterator[IntArray]:
    """Yield, for each range of accounts (from one number to before another, ascending), the pairs whose first account is in it.

    Of the rows (:attr:`Window.rows`) `good` says whether their content is of an account that takes part often enough, and
    `places` the place of each object among those of all partitions. Each pair is two rows, the first account's before the other.
    """
    objects = places[rows[:, OBJECT]]
    order = kernel.window_order(objects, rows[:, TIME])
    good, rows = good[order], rows[order]
    rows[:, OBJECT] = objects[order]
    n_accounts = ranges[-1][1] if ranges else 0
    counts = kernel.count_pairs(rows, time_window, False, good, n_accounts)[1][:n_accounts]
    totals = np.append(0, np.cumsum(counts))
    held = np.empty((0, 2), dtype=np.int64)
    first = until = 0
    for start, stop in ranges:
        if stop > until:  # search once for as many ranges as fit
            first = start
            until = max(stop, int(np.searchsorted(totals, totals[start] + kernel.CHUNK, side="right")) - 1)
            until = max([stop, *(end for _, end in ranges if end <= until)])
            held = kernel.row_pairs(rows, time_window, False, good, counts, first, until)
            low = rows[held[:, 0], ACCOUNT]
            if (low[1:] < low[:-1]).any():  # plain numpy leaves them in the order of rows
                held = held[np.argsort(low, kind="stable")]
        yield rows[held[totals[start] - totals[first] : totals[stop] - totals[first]]]
