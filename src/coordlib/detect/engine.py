"""From a table of shares as Arrow holds it to edges, without a data frame between: detection of millions of rows."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coordlib.detect import kernel
from coordlib.detect.columns import CONTENT
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
    def from_batches(cls, batches: Iterable[pa.RecordBatch]) -> Codes:
        """Number the ids of ``object_id``, ``account_id``, ``content_id``; ``timestamp_share`` is whole seconds.

        Ids are text, whole numbers or dictionaries of them; batches are not kept.
        """
        objects: list[pa.Array] = []
        accounts: list[pa.Array] = []
        contents = [pa.array([], pa.large_string())]
        times, timed = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=bool)]
        for batch in batches:
            objects.append(_encoded(batch["object_id"]))
            accounts.append(_encoded(batch["account_id"]))
            contents.append(_text(batch["content_id"]))
            moments = batch["timestamp_share"].cast(pa.int64())
            times.append(moments.fill_null(0).to_numpy(zero_copy_only=False))
            timed.append(moments.is_valid().to_numpy(zero_copy_only=False))
        object_codes, object_names = _unified(objects)
        account_codes, account_names = _unified(accounts)
        texts = pa.concat_arrays(contents)
        del contents, objects, accounts
        numbers, n_contents = _numbered(texts)
        return cls(
            object_codes,
            account_codes,
            numbers,
            np.concatenate(times),
            np.concatenate(timed),
            _same_text(object_codes, object_names, texts),
            object_names,
            account_names,
            texts,
            n_contents,
        )

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


def _text(column: pa.Array) -> pa.Array:
    """Return ids as text in which an empty or blank one is missing."""
    text = column.cast(pa.large_string())
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


def _encoded(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else _text(column).dictionary_encode()


def _unified(parts: list[pa.DictionaryArray]) -> tuple[IntArray, pa.Array]:
    """Number ids; names are text, different and neither missing nor blank."""
    chunks = pa.chunked_array(parts, parts[0].type if parts else pa.dictionary(pa.int32(), pa.large_string()))
    chunks = chunks.unify_dictionaries().chunks
    codes = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks]
    names = _text(chunks[0].dictionary if chunks else pa.array([], pa.large_string()))
    places = np.append(np.arange(len(names), dtype=np.int32), np.int32(-1))
    if names.null_count:
        known = names.is_valid().to_numpy(zero_copy_only=False)
        places[:-1] = np.where(known, np.cumsum(known) - 1, -1)
        codes, names = [places[part] for part in codes], names.drop_null()
    return np.concatenate([places[:0], *codes]), names


def _numbered(texts: pa.Array) -> tuple[IntArray, int]:
    compiled = kernel.compiled_for(len(texts))
    if compiled is not None:
        known = texts.is_valid().to_numpy(zero_copy_only=False)
        codes, firsts = np.full(len(texts), -1, dtype=np.int32), np.empty(len(texts), dtype=np.int32)
        table = np.full(1 << (2 * len(texts) - 1).bit_length(), -1, dtype=np.int32)
        count, _ = compiled.number_text(*_buffers(texts), known, secrets.randbits(63), table, firsts, codes)
        return codes, int(count)
    encoded = texts.dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), len(encoded.dictionary)


def _same_text(codes: IntArray, names: pa.Array, texts: pa.Array) -> Mask:
    """Say for each row whether the name with its code is its text."""
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

    parts: list[Edges]
    account_names: pa.Array
    object_names: pa.Array

    @property
    def weights(self) -> npt.NDArray[np.int64]:
        """The number of pairs of each edge."""
        return np.concatenate([part.weight for part in self.parts]).astype(np.int64)

    def n_accounts(self) -> int:
        """Count the accounts that have an edge."""
        seen = np.zeros(len(self.account_names), dtype=bool)
        for part in self.parts:
            seen[part.low] = seen[part.high] = True
        return int(seen.sum())

    def where(self, mask: Mask) -> FoundEdges:
        """Keep some of the edges."""
        masks = np.split(mask, np.cumsum([len(part) for part in self.parts])[:-1])
        parts = [part.where(some) for part, some in zip(self.parts, masks, strict=True)]
        return FoundEdges(parts, self.account_names, self.object_names)

    def batches(self, over: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        """Yield the columns of :func:`coordlib.coordinated_edges`, ids dictionary-encoded; `over` marks heavy edges.

        A batch has the same edges however many parts there are; there is at least one.
        """
        for start in range(0, max(len(over), 1), BATCH):
            some, done = [], 0
            for part in self.parts:
                some.append(part.between(max(start - done, 0), max(start + BATCH - done, 0)))
                done += len(part)
            yield self._batch(kernel.joined(some), over[start : start + BATCH])

    def _batch(self, edges: Edges, over: npt.NDArray[np.int64]) -> pa.RecordBatch:
        used, objects = _compact(edges.objects, len(self.object_names))
        low, high = edges.n_low.astype(np.int64), edges.n_high.astype(np.int64)
        columns = {
            "account_id": self._accounts(edges.low),
            "account_id_y": self._accounts(edges.high),
            "weight": edges.weight.astype(np.int64),
            "n_objects": edges.n_objects.astype(np.int64),
            "avg_time_delta": edges.seconds / edges.weight,
            "n_content_id": low,
            "n_content_id_y": high,
            "edge_symmetry_score": np.minimum(low, high) / np.maximum(low, high),
            "object_ids": pa.ListArray.from_arrays(
                pa.array(np.append(0, np.cumsum(edges.n_objects)).astype(np.int32)),
                pa.DictionaryArray.from_arrays(pa.array(objects), self.object_names.take(pa.array(used))),
            ),
            "weight_threshold": over,
        }
        return pa.RecordBatch.from_pydict(columns)

    def _accounts(self, codes: IntArray) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), self.account_names)


def _compact(codes: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Return the numbers that occur, sorted, and each number's place among them."""
    seen = np.zeros(size + 1, dtype=bool)
    seen[codes] = True
    return np.flatnonzero(seen), (np.cumsum(seen, dtype=np.int32) - 1)[codes]


@dataclass(frozen=True)
class Rows:
    """Shares that can be in a pair, sorted by object and time, accounts and objects numbered as the result has them."""

    rows: IntArray
    #: Contents and accounts of all shares of accounts that have enough of them.
    contents: IntArray
    accounts: IntArray
    min_participation: int
    account_names: pa.Array
    object_names: pa.Array


def window_rows(codes: Codes, min_participation: int) -> Rows:
    """Sort shares for :func:`find_edges`, which needs nothing else of them."""
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
    names = codes.account_names.take(by_name)
    return Rows(rows, codes.contents[kept], accounts[kept], min_participation, names, object_names)


def find_edges(shares: Rows, time_window: int, time_window_low: int = 0) -> FoundEdges:
    """Return the edges :func:`coordlib.detect_groups` and :func:`coordlib.coordinated_edges` find, sorted by account.

    Pairs are counted first and then formed a bounded number at a time: memory follows shares and edges.
    """
    rows, n_accounts, least = shares.rows, len(shares.account_names), shares.min_participation
    good = np.ones(len(rows), dtype=bool)
    found, counts = kernel.count_pairs(rows, time_window, False, good, n_accounts, time_window_low)
    rows, good = rows[found], good[found]
    if least > 1:
        passing = kernel.passing_contents(rows[:, CONTENT], shares.contents, shares.accounts, least)
        good = passing[rows[:, CONTENT]]
        # Dropped are the pairs of two rows that both do not pass, and those are few.
        few = rows[~good]
        every = np.ones(len(few), dtype=bool)
        counts -= kernel.count_pairs(few, time_window, False, every, n_accounts, time_window_low)[1]
    parts = [
        kernel.sum_sorted(
            kernel.account_pairs(rows, time_window, False, good, counts, start, stop, time_window_low)
        )
        for start, stop in _ranges(counts)
    ]
    return FoundEdges(parts, shares.account_names, shares.object_names)


def _ranges(counts: IntArray) -> Iterator[tuple[int, int]]:
    """Yield ranges of accounts with a bounded number of pairs, at least one account each."""
    totals = np.cumsum(counts)
    start, done = 0, 0
    while start < len(counts):
        stop = max(start + 1, int(np.searchsorted(totals, done + kernel.CHUNK, side="right")))
        yield start, stop
        start, done = stop, int(totals[stop - 1])


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
                "group": group[objects[rows]],
                "content": codes.content_names.take(pa.array(kept[rows])),
                "object": codes.object_names.take(pa.array(objects[rows])),
                "code": objects[rows],
            }
        )
        keys = [("group", "ascending"), ("content", "ascending"), ("object", "ascending")]
        sorted_codes = table.take(pc.sort_indices(table, keys))["code"].to_numpy()
        known = group >= 0
        # Objects without a kept row are in no pair; where they come does not matter.
        known[sorted_codes] = False
        distinct = sorted_codes[np.sort(np.unique(sorted_codes, return_index=True)[1])]
        order[tied] = np.concatenate([distinct, np.flatnonzero(known)])
    return order, codes.object_names.take(pa.array(order))
