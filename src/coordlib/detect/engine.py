"""From a table of shares as Arrow holds it to edges, without a data frame between: detection of millions of rows."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coordlib.detect import kernel
from coordlib.detect.kernel import Edges, IntArray, Mask

_LAST = np.iinfo(np.int64).max
#: Edges of one batch of the result.
BATCH = 1_000_000


@dataclass(frozen=True)
class Codes:
    """Shares as whole numbers; −1 is a missing id. A content's number says only which contents are the same."""

    objects: IntArray
    accounts: IntArray
    contents: IntArray
    times: IntArray
    timed: Mask
    #: Shares whose object is the post itself.
    of_itself: Mask
    object_names: pa.Array
    account_names: pa.Array
    content_names: pa.Array
    n_contents: int

    @classmethod
    def from_table(cls, shares: pa.Table) -> Codes:
        """Number the ids of a table with ``object_id``, ``account_id``, ``content_id`` and ``timestamp_share`` (int64)."""
        objects, object_names = _dictionary(shares["object_id"])
        accounts, account_names = _dictionary(shares["account_id"])
        texts = _text(shares["content_id"])
        contents, n_contents = _numbered(texts)
        times = shares["timestamp_share"].combine_chunks()
        return cls(
            objects, accounts, contents, times.fill_null(0).to_numpy(zero_copy_only=False),
            times.is_valid().to_numpy(zero_copy_only=False), _same_text(objects, object_names, texts),
            object_names, account_names, texts, n_contents,
        )  # fmt: skip

    def has_duplicates(self) -> bool:
        """Say whether a content is listed twice for one object."""
        if self.n_contents == int((self.contents >= 0).sum()):
            return False
        repeated = np.bincount(self.contents + 1, minlength=1) > 1
        repeated[0] = False
        rows = np.flatnonzero(repeated[self.contents + 1])
        key = self.contents[rows].astype(np.int64) * (len(self.object_names) + 1) + self.objects[rows] + 1
        return len(np.unique(key)) < len(key)

    def lacking(self) -> dict[str, int]:
        """Count the shares that can be in no pair, by what they lack."""
        missing = {"object": self.objects, "account": self.accounts, "content": self.contents}
        return {name: int((codes < 0).sum()) for name, codes in missing.items()} | {
            "time": int((~self.timed).sum())
        }


def _text(column: pa.ChunkedArray) -> pa.Array:
    """Return ids as one array of text in which an empty or blank one is missing."""
    text = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(text, pa.ChunkedArray):
        text = pa.concat_arrays(text.chunks)
    text = text.cast(pa.large_string())
    starts, data = _buffers(text)
    filled = starts[1:] > starts[:-1]
    first = data[starts[:-1][filled]] if len(data) else data
    # Only what is empty or begins with no printable ASCII character can be blank.
    if filled.all() and ((first > 32) & (first < 127)).all():
        return text
    blank = pc.equal(pc.utf8_trim_whitespace(text), "")
    return pc.if_else(blank.fill_null(True), pa.scalar(None, pa.large_string()), text)


def _buffers(text: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return where each text starts, and one place more, and the bytes of them all."""
    if not len(text):
        return np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint8)
    _, starts, data = text.buffers()
    places = np.frombuffer(starts, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    return places, np.frombuffer(data, dtype=np.uint8) if data and data.size else np.empty(0, dtype=np.uint8)


def _dictionary(column: pa.ChunkedArray) -> tuple[IntArray, pa.Array]:
    """Number ids; names are text, different and neither missing nor blank."""
    if not pa.types.is_dictionary(column.type):
        column = pa.chunked_array([_text(column)]).dictionary_encode()
    column = column.unify_dictionaries()
    names = _text(column.chunk(0).dictionary) if column.num_chunks else pa.array([], pa.large_string())
    codes = np.concatenate(
        [np.empty(0, dtype=np.int32), *(chunk.indices.fill_null(-1).to_numpy() for chunk in column.chunks)]
    )
    if names.null_count:
        known = names.is_valid().to_numpy(zero_copy_only=False)
        places = np.append(np.where(known, np.cumsum(known) - 1, -1), -1)
        codes, names = places[codes], names.drop_null()
    return codes, names


def _numbered(texts: pa.Array) -> tuple[IntArray, int]:
    compiled = kernel.compiled_for(len(texts))
    if compiled is not None:
        known = texts.is_valid().to_numpy(zero_copy_only=False)
        codes, count = compiled.number_text(*_buffers(texts), known, secrets.randbits(63))
        return codes, int(count)
    encoded = texts.dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy(), len(encoded.dictionary)


def _same_text(codes: IntArray, names: pa.Array, texts: pa.Array) -> Mask:
    compiled = kernel.compiled_for(len(texts))
    if compiled is not None:
        return np.asarray(compiled.same_text(codes, *_buffers(names), *_buffers(texts)))
    own = names.take(pa.array(np.maximum(codes, 0))) if len(names) else texts
    same = pc.equal(own, texts).fill_null(False).to_numpy(zero_copy_only=False)
    return np.asarray(same & (codes >= 0))


@dataclass(frozen=True)
class FoundEdges:
    """All edges of a table of shares, sorted by their two accounts, in numbers with the names beside.

    An object's number is its place in the order in which objects appear in pairs.
    """

    edges: Edges
    account_names: pa.Array
    object_names: pa.Array

    def batches(self, over: npt.NDArray[np.int64], rows: Mask | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the columns of :func:`coordlib.coordinated_edges`, ids dictionary-encoded; `over` marks heavy edges."""
        edges = self.edges
        ends = np.cumsum(edges.n_objects, dtype=np.int64)
        chosen = np.arange(len(edges)) if rows is None else np.flatnonzero(rows)
        for start in range(0, max(len(chosen), 1), BATCH):
            some = chosen[start : start + BATCH]
            sizes = edges.n_objects[some].astype(np.int64)
            begins = np.cumsum(sizes) - sizes
            places = np.repeat(ends[some] - sizes - begins, sizes) + np.arange(int(sizes.sum()))
            used, objects = _compact(edges.objects[places], len(self.object_names))
            low, high = edges.n_low[some].astype(np.int64), edges.n_high[some].astype(np.int64)
            lists = pa.ListArray.from_arrays(
                pa.array(np.append(begins, sizes.sum()).astype(np.int32)),
                pa.DictionaryArray.from_arrays(pa.array(objects), self.object_names.take(pa.array(used))),
            )
            yield pa.RecordBatch.from_pydict(
                {
                    "account_id": self._accounts(edges.low[some]),
                    "account_id_y": self._accounts(edges.high[some]),
                    "weight": edges.weight[some].astype(np.int64),
                    "n_objects": sizes,
                    "avg_time_delta": edges.seconds[some] / edges.weight[some],
                    "n_content_id": low,
                    "n_content_id_y": high,
                    "edge_symmetry_score": np.minimum(low, high) / np.maximum(low, high),
                    "object_ids": lists,
                    "weight_threshold": over[some],
                }
            )

    def _accounts(self, codes: IntArray) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), self.account_names)


def _compact(codes: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Return the numbers that occur, sorted, and each number's place among them."""
    seen = np.zeros(size + 1, dtype=bool)
    seen[codes] = True
    return np.flatnonzero(seen), (np.cumsum(seen, dtype=np.int32) - 1)[codes]


def find_edges(codes: Codes, time_window: int, min_participation: int) -> FoundEdges:
    """Return the edges :func:`coordlib.detect_groups` and :func:`coordlib.coordinated_edges` find, sorted by account.

    Pairs are counted first and then formed a bounded number at a time: memory follows shares and edges.
    """
    n_accounts, n_objects = len(codes.account_names), len(codes.object_names)
    by_name = pc.sort_indices(codes.account_names).to_numpy()
    rank = np.empty(n_accounts + 1, dtype=np.int32)
    rank[by_name], rank[n_accounts] = np.arange(n_accounts), n_accounts
    accounts = rank[codes.accounts]
    kept = np.arange(len(accounts), dtype=np.int32 if len(accounts) < 2**31 else np.int64)
    if min_participation > 1:
        kept = kept[(np.bincount(accounts, minlength=n_accounts + 1) >= min_participation)[accounts]]
    order, object_names = _object_order(codes, accounts, kept)
    lost = ~codes.timed | codes.of_itself | (codes.objects < 0) | (codes.accounts < 0) | (codes.contents < 0)
    usable = kept[~lost[kept]]
    place = np.empty(n_objects + 1, dtype=np.int32)
    place[order] = np.arange(n_objects)
    objects, times = place[codes.objects[usable]], kernel.from_first(codes.times[usable])
    by_row = kernel.window_order(objects, times)
    rows = kernel.side_by_side(objects, accounts[usable], codes.contents[usable], times)[by_row]
    del objects, times, by_row
    good = np.ones(len(rows), dtype=bool)
    found, counts = kernel.count_pairs(rows, time_window, False, good, n_accounts)
    if min_participation > 1:
        passing = kernel.passing_contents(
            rows[found, kernel.CONTENT], codes.contents[kept], accounts[kept], min_participation
        )
        good = passing[rows[:, kernel.CONTENT]]
        _, counts = kernel.count_pairs(rows, time_window, False, good, n_accounts)
    parts = [
        kernel.sum_pairs(
            kernel.as_pairs(rows, kernel.row_pairs(rows, time_window, False, good, total, start, stop))
        )
        for start, stop, total in _ranges(counts)
    ]
    return FoundEdges(kernel.joined(parts), codes.account_names.take(by_name), object_names)


def _ranges(counts: IntArray) -> Iterator[tuple[int, int, int]]:
    """Yield ranges of accounts with a bounded number of pairs (at least one account), and that number."""
    totals = np.cumsum(counts)
    start, done = 0, 0
    while start == 0 or start < len(counts):
        stop = max(start + 1, int(np.searchsorted(totals, done + kernel.CHUNK, side="right")))
        total = int(totals[stop - 1]) - done
        yield start, stop, total
        start, done = stop, done + total


def _object_order(codes: Codes, accounts: IntArray, kept: IntArray) -> tuple[IntArray, Any]:
    """Return objects in the order in which their pairs come, and their names in that order.

    Rows are ordered by time, account, content and object, then brought together by account in the order the accounts
    have there: an object's place is that of its first row, so by its account's place, the time, the content and itself.
    """
    n_accounts, n_objects = len(codes.account_names), len(codes.object_names)
    times = np.where(codes.timed, codes.times, _LAST)[kept]
    accounts = accounts[kept]
    earliest = np.full(n_accounts + 1, _LAST)
    np.minimum.at(earliest, accounts, times)
    turn = np.empty(n_accounts + 1, dtype=np.int32)
    turn[np.argsort(earliest, kind="stable")] = np.arange(n_accounts + 1)
    turns, objects = turn[accounts], codes.objects[kept]
    first_turn = np.full(n_objects + 1, n_accounts + 1, dtype=np.int32)
    np.minimum.at(first_turn, objects, turns)
    first = np.flatnonzero((turns == first_turn[objects]) & (objects >= 0))
    first_time = np.full(n_objects + 1, _LAST)
    np.minimum.at(first_time, objects[first], times[first])
    order = np.lexsort((first_time[:n_objects], first_turn[:n_objects]))
    same = np.diff(first_turn[order]) == 0
    same &= np.diff(first_time[order]) == 0
    tied = np.append(False, same) | np.append(same, False)
    if len(order) > 1 and tied.any():
        group = np.full(n_objects + 1, -1)
        group[order[tied]] = np.cumsum(np.append(True, ~same)[tied])
        rows = first[(group[objects[first]] >= 0) & (times[first] == first_time[objects[first]])]
        table = pa.table(
            {
                "group": group[objects[rows]], "content": codes.content_names.take(pa.array(kept[rows])),
                "object": codes.object_names.take(pa.array(objects[rows])), "code": objects[rows],
            }
        )  # fmt: skip
        keys = [("group", "ascending"), ("content", "ascending"), ("object", "ascending")]
        sorted_codes = table.take(pc.sort_indices(table, keys))["code"].to_numpy()
        known = group >= 0
        # Objects without a kept row are in no pair; where they come does not matter.
        known[sorted_codes] = False
        distinct = sorted_codes[np.sort(np.unique(sorted_codes, return_index=True)[1])]
        order[tied] = np.concatenate([distinct, np.flatnonzero(known)])
    return order, codes.object_names.take(pa.array(order))
