"""From shares in whole numbers to edges in whole numbers, and the table they become: detection of millions of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coordlib.detect import kernel
from coordlib.detect.codes import LAST, Codes, from_arrow, to_arrow
from coordlib.detect.columns import CONTENT
from coordlib.detect.kernel import IntArray
from coordlib.detect.sums import Edges, joined, no_edges, window_edges
from coordlib.progress import with_progress

#: Edges of one batch of the result.
BATCH = 1_000_000
#: Marks the weights over a threshold by 1.
Marks = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]


@dataclass(frozen=True)
class FoundEdges:
    """All edges of a table of shares, sorted by their two accounts, in numbers with the names beside.

    An object's number is its place in the order in which objects appear in pairs; ``object_order`` says for each
    place where among the names its object stands. The parts are asked for more than once.
    """

    parts: Callable[[], Iterable[Edges]]
    account_names: pa.Array
    object_names: pa.Array | pa.ChunkedArray
    object_order: IntArray

    def weight_counts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the weights that edges have, ascending, and how many edges have each."""
        counts = np.zeros(1, dtype=np.int64)
        for part in self.parts():
            some = np.bincount(part.weight)
            if len(some) > len(counts):
                some, counts = counts, some
            counts[: len(some)] += some
        weights = np.flatnonzero(counts)
        return weights, counts[weights]

    def batches(self, over: Marks, all_edges: bool = True) -> Iterator[pa.RecordBatch]:
        """Yield the columns of :func:`coordlib.coordinated_edges`, ids dictionary-encoded.

        Without `all_edges` those that `over` does not mark are left out. A batch has the same edges however many parts
        there are; there is at least one.
        """
        held: list[Edges] = []
        room, yielded = BATCH, False
        for part in self.parts():
            some = part if all_edges else part.where(over(part.weight) == 1)
            while len(some):
                few, some = some.split(room)
                held, room = [*held, few], room - len(few)
                if not room:
                    yield self._batch(joined(held), over)
                    held, room, yielded = [], BATCH, True
        if held or not yielded:
            yield self._batch(joined(held or [no_edges()]), over)

    def _batch(self, edges: Edges, over: Marks) -> pa.RecordBatch:
        used, objects = compact(edges.objects, len(self.object_order))
        low, high = edges.n_low, edges.n_high
        names = self.object_names.take(to_arrow(self.object_order[used]))
        if isinstance(names, pa.ChunkedArray):
            names = names.combine_chunks()
        starts = to_arrow(np.append(0, np.cumsum(edges.n_objects)).astype(np.int32))
        shared = pa.DictionaryArray.from_arrays(to_arrow(objects), names, safe=False)
        item = pa.field("item", shared.type, nullable=False)
        columns = {
            "account_id": self._accounts(edges.low),
            "account_id_y": self._accounts(edges.high),
            "weight": edges.weight.astype(np.int64),
            "n_objects": edges.n_objects.astype(np.int64),
            "avg_time_delta": edges.seconds / edges.weight,
            "n_content_id": low.astype(np.int64),
            "n_content_id_y": high.astype(np.int64),
            "edge_symmetry_score": np.minimum(low, high) / np.maximum(low, high),
            "object_ids": pa.ListArray.from_arrays(starts, shared, pa.list_(item)),
            "weight_threshold": over(edges.weight).astype(np.int64),
        }
        arrays = [to_arrow(some) if isinstance(some, np.ndarray) else some for some in columns.values()]
        # No cell is missing, and a writer that knows need not look.
        fields = [
            pa.field(name, some.type, nullable=False) for name, some in zip(columns, arrays, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))

    def _accounts(self, codes: IntArray) -> pa.DictionaryArray:
        indices = to_arrow(codes.astype(np.int32, copy=False))
        return pa.DictionaryArray.from_arrays(indices, self.account_names, safe=False)


def compact(codes: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Return the numbers that occur, sorted, and each number's place among them."""
    seen = np.zeros(size + 1, dtype=bool)
    seen[codes] = True
    return np.flatnonzero(seen), (np.cumsum(seen, dtype=np.int32) - 1)[codes]


@dataclass(frozen=True)
class Rows:
    """Shares that can be in a pair, sorted by object and time, accounts and objects numbered as the result has them."""

    rows: IntArray
    #: Contents and accounts of all shares; accounts that have too few of them have too few in pairs as well.
    contents: IntArray
    accounts: IntArray
    min_participation: int
    account_names: pa.Array
    object_names: pa.Array
    object_order: IntArray


def window_rows(codes: Codes, min_participation: int) -> Rows:
    """Sort shares for :func:`find_edges`, which needs nothing else of them."""
    n_accounts, n_objects = len(codes.account_names), len(codes.object_names)
    by_name = from_arrow(pc.sort_indices(codes.account_names))
    rank = np.empty(n_accounts + 1, dtype=np.int32)
    rank[by_name], rank[n_accounts] = np.arange(n_accounts), n_accounts
    accounts = rank[codes.accounts]
    enough = np.bincount(accounts, minlength=n_accounts + 1) >= min_participation
    # Shares of other accounts stay in the columns, for a large table is not copied for a few; they count nowhere.
    stays = None if enough.all() else enough[accounts]
    objects = codes.objects if stays is None else np.where(stays, codes.objects, np.int32(-1))
    times = codes.times_or_last()
    earliest = np.full(n_accounts + 1, LAST)
    np.minimum.at(earliest, accounts, times)
    first_turn, first_time, first = first_shares(objects, turns_of(earliest)[accounts], times, n_objects)

    def texts(tied: IntArray) -> pa.Table:
        rows = first[np.isin(objects[first], tied)]
        numbers = to_arrow(objects[rows])
        names = codes.content_names.take(to_arrow(rows)), codes.object_names.take(numbers)
        return pa.table([numbers, *names], ["number", "content", "object"])

    order = object_order(first_turn, first_time, texts)
    place = np.zeros(n_objects + 1, dtype=np.int32)
    place[order] = np.arange(n_objects)
    usable = codes.complete() if stays is None else codes.complete() & stays
    rows = kernel.window_table(place[objects], accounts, codes.contents, codes.times, usable)
    names = codes.account_names.take(to_arrow(by_name))
    return Rows(rows, codes.contents, accounts, min_participation, names, codes.object_names, order)


def find_edges(shares: Rows, time_window: int, time_window_low: int = 0) -> FoundEdges:
    """Return the edges :func:`coordlib.detect_groups` and :func:`coordlib.coordinated_edges` find, sorted by account.

    Pairs are counted first and then formed a bounded number at a time: memory follows shares and edges.
    """
    rows, n_accounts, least = shares.rows, len(shares.account_names), shares.min_participation
    found, counts = kernel.count_pairs(rows, time_window, False, None, n_accounts, time_window_low)
    rows = rows[found]
    good = np.ones(len(rows), dtype=bool)
    if least > 1:
        passing = kernel.passing_contents(rows[:, CONTENT], shares.contents, shares.accounts, least)
        good = passing[rows[:, CONTENT]]
        # Dropped are the pairs of two rows that both do not pass, and those are few.
        few = rows[~good]
        counts -= kernel.count_pairs(few, time_window, False, None, n_accounts, time_window_low)[1]
    edges = window_edges(rows, time_window, good, counts, time_window_low)
    n_pairs = int(counts.sum())
    parts = list(
        with_progress(edges, "summing pairs", n_pairs, " pairs", lambda part: int(part.weight.sum()))
    )
    return FoundEdges(lambda: parts, shares.account_names, shares.object_names, shares.object_order)


def first_shares(
    objects: IntArray, turns: IntArray, times: IntArray, n_objects: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Return each object's first turn, its first time in it, and the rows that have both; −1 is no object.

    Pairs come by the turn of the account that shared an object first, then by time; what ties, by text.
    """
    first_turn = np.full(n_objects + 1, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(first_turn, objects, turns)
    first = np.flatnonzero((turns == first_turn[objects]) & (objects >= 0))
    first_time = np.full(n_objects + 1, LAST)
    np.minimum.at(first_time, objects[first], times[first])
    rows = first[times[first] == first_time[objects[first]]]
    return first_turn[:n_objects], first_time[:n_objects], rows


def object_order(turns: IntArray, times: IntArray, texts: Callable[[IntArray], pa.Table]) -> IntArray:
    """Return objects in the order in which their pairs come.

    `texts` is asked about objects that tie: a table of ``number``, ``content`` and ``object`` with every first share.
    """
    order = np.lexsort((times, turns))
    same = (np.diff(turns[order]) == 0) & (np.diff(times[order]) == 0)
    tied = np.append(False, same) | np.append(same, False)
    if len(order) < 2 or not tied.any():
        return order
    group = np.full(len(order), -1)
    group[order[tied]] = np.cumsum(np.append(True, ~same)[tied])
    table = texts(np.sort(order[tied]))
    table = table.append_column("group", to_arrow(group[from_arrow(table["number"].combine_chunks())]))
    keys = [("group", "ascending"), ("content", "ascending"), ("object", "ascending")]
    numbers = from_arrow(table["number"].take(pc.sort_indices(table, keys)).combine_chunks())
    known = group >= 0
    # Objects without a share are in no pair; where they come does not matter.
    known[numbers] = False
    distinct = numbers[np.sort(np.unique(numbers, return_index=True)[1])]
    order[tied] = np.concatenate([distinct, np.flatnonzero(known)])
    return order


def turns_of(earliest: npt.NDArray[np.int64]) -> IntArray:
    """Return the turn of each account, given in the order of their names with their earliest time."""
    turn = np.empty(len(earliest), dtype=np.int32)
    turn[np.argsort(earliest, kind="stable")] = np.arange(len(earliest))
    return turn
