"""Shares as Arrow holds them to whole numbers: ids numbered once, without a data frame between."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coordlib.detect import kernel
from coordlib.detect.kernel import IntArray, Mask

#: A time after every other.
LAST = np.iinfo(np.int64).max


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

    @classmethod
    def from_batches(cls, batches: Iterable[pa.RecordBatch]) -> Codes:
        """Number the ids of ``object_id``, ``account_id``, ``content_id``; ``timestamp_share`` is whole seconds.

        Ids are text, whole numbers or dictionaries of them; batches are not kept.
        """
        objects: list[pa.Array] = []
        accounts: list[pa.Array] = []
        contents = [pa.nulls(0, pa.large_string())]
        times, timed = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=bool)]
        for batch in batches:
            objects.append(encoded(batch["object_id"]))
            accounts.append(encoded(batch["account_id"]))
            contents.append(as_text(batch["content_id"]))
            seconds = batch["timestamp_share"].cast(pa.int64())
            times.append(from_arrow(seconds))
            timed.append(from_arrow(seconds.is_valid()))
        object_codes, object_names = number_ids(objects)
        account_codes, account_names = number_ids(accounts)
        texts = pa.concat_arrays(contents)
        del contents, objects, accounts
        numbers, _ = number_texts(texts)
        of_itself = same_text(object_codes, object_names, texts)
        moments = np.concatenate(times), np.concatenate(timed)
        return cls(
            object_codes, account_codes, numbers, *moments, of_itself, object_names, account_names, texts
        )

    @classmethod
    def of_partition(cls, parts: Iterable[Mapping[str, pa.Array]], contents: IntArray) -> Codes:
        """Number objects and accounts of shares whose contents have numbers, and for which ``of_itself`` is known."""
        some = [part for part in parts if len(part["of_itself"])]
        objects, object_names = number_ids([part["object_id"] for part in some])
        accounts, account_names = number_ids([part["account_id"] for part in some])
        moments = [part["timestamp_share"] for part in some]
        no_time, none = np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
        return cls(
            objects,
            accounts,
            contents,
            np.concatenate([no_time, *(from_arrow(column) for column in moments)]),
            np.concatenate([none, *(from_arrow(column.is_valid()) for column in moments)]),
            np.concatenate([none, *(from_arrow(part["of_itself"]) for part in some)]),
            object_names,
            account_names,
            pa.nulls(0, pa.large_string()),
        )

    def where(self, rows: Mask | IntArray) -> Codes:
        """Keep some of the shares; names stay."""
        columns = ("objects", "accounts", "contents", "times", "timed", "of_itself")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def times_or_last(self) -> npt.NDArray[np.int64]:
        """Return times, a missing one after all others."""
        return self.times if self.timed.all() else np.where(self.timed, self.times, LAST)

    def complete(self) -> Mask:
        """Say which shares lack nothing and may be in a pair."""
        whole = self.timed & ~self.of_itself
        for codes in (self.objects, self.accounts, self.contents):
            whole &= codes >= 0
        return whole

    def has_duplicates(self) -> bool:
        """Say whether a content is listed twice for one object."""
        known = self.contents[self.contents >= 0]
        seen = np.zeros(int(known.max(initial=-1)) + 1, dtype=bool)
        seen[known] = True
        if np.count_nonzero(seen) == len(known):
            return False
        key = self.contents.astype(np.int64) * (len(self.object_names) + 1) + self.objects + 1
        key = np.sort(key[self.contents >= 0])
        return bool((key[1:] == key[:-1]).any())

    def lacking(self) -> dict[str, int]:
        """Count the shares that can be in no pair, by what they lack."""
        missing = {"object": self.objects, "account": self.accounts, "content": self.contents}
        counts = {name: int((codes < 0).sum()) for name, codes in missing.items()}
        return counts | {"time": int((~self.timed).sum())}


def as_text(column: pa.Array) -> pa.Array:
    """Return ids as text in which an empty or blank one is missing."""
    text = column.cast(pa.large_string())
    starts, data = text_buffers(text)
    filled = starts[1:] > starts[:-1]
    first = data[starts[:-1][filled]] if len(data) else data
    # Only what is empty or begins with no printable ASCII character can be blank.
    if filled.all() and ((first > 32) & (first < 127)).all():
        return text
    blank = pc.equal(pc.utf8_trim_whitespace(text), "")
    return pc.if_else(blank.fill_null(True), pa.scalar(None, pa.large_string()), text)


def text_buffers(text: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return where each text starts, and one place more, and the bytes of them all."""
    places, letters = np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint8)
    if len(text):
        _, starts, data = text.buffers()
        places = np.frombuffer(starts, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
        letters = np.frombuffer(data or b"", dtype=np.uint8)
    # Never to be written to, so that one form of compiled code fits all.
    places.flags.writeable = letters.flags.writeable = False
    return places, letters


def encoded(column: pa.Array) -> pa.DictionaryArray:
    """Return ids as numbers, with each id once beside them."""
    return column if pa.types.is_dictionary(column.type) else as_text(column).dictionary_encode()


def number_ids(parts: list[pa.DictionaryArray]) -> tuple[IntArray, pa.Array]:
    """Number ids, −1 is a missing one; names are text, different and neither missing nor blank."""
    chunks = pa.chunked_array(parts, parts[0].type if parts else pa.dictionary(pa.int32(), pa.large_string()))
    chunks = chunks.unify_dictionaries().chunks
    codes = [from_arrow(chunk.indices, -1) for chunk in chunks]
    names = as_text(chunks[0].dictionary if chunks else pa.nulls(0, pa.large_string()))
    places = np.append(np.arange(len(names), dtype=np.int32), np.int32(-1))
    if names.null_count:
        known = from_arrow(names.is_valid())
        places[:-1] = np.where(known, np.cumsum(known) - 1, -1)
        codes, names = [places[part] for part in codes], names.drop_null()
    return np.concatenate([places[:0], *codes]), names


def digests_of(texts: pa.Array, seed: int = 0) -> npt.NDArray[np.uint64]:
    """Return a number for each text, eight bytes mixed at a time: the same for the same text on every machine."""
    starts, data = text_buffers(texts)
    if (compiled := kernel.compiled_for(len(texts))) is not None:
        digests = np.empty(len(texts), dtype=np.uint64)
        compiled.mix_texts(starts, eight_bytes(data), data, np.uint64(seed), digests)
        return digests
    lengths = np.diff(starts)
    digests = lengths.astype(np.uint64) ^ np.uint64(seed)
    data = np.append(data[starts[0] : starts[-1]], np.zeros(8, dtype=np.uint8))
    words = eight_bytes(data)
    for place in range(0, int(lengths.max(initial=0)), 8):
        rows = np.flatnonzero(lengths > place)
        unused = np.maximum(8 - (lengths[rows] - place), 0).astype(np.uint64) * np.uint64(8)
        word = words[starts[rows] - starts[0] + place] << unused
        mixed = (digests[rows] ^ word) * np.uint64(0x9E3779B97F4A7C15)
        digests[rows] = mixed ^ (mixed >> np.uint64(32))
    return digests


def eight_bytes(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return the number that eight bytes make, from each byte on that so many follow."""
    return np.ndarray(max(len(data) - 7, 0), "<u8", data, strides=(1,))


def number_texts(texts: pa.Array) -> tuple[IntArray, int]:
    """Number different texts; −1 is a missing one."""
    seed = secrets.randbits(64)
    digests = digests_of(texts, seed)
    # What has a digest of its own is a text of its own; only the others are compared.
    if (compiled := kernel.compiled_for(len(texts))) is not None:
        digests = digests[compiled.in_one_place(digests, max(len(texts).bit_length() + 2, 6))]
    digests.sort()
    repeated = np.unique(digests[1:][digests[1:] == digests[:-1]])
    if len(repeated) > len(texts) // 20:
        return _numbered(texts)
    kind: Any = np.int32 if len(texts) < 2**31 else np.int64
    if not len(repeated) and not texts.null_count:
        return np.arange(len(texts), dtype=kind), len(texts)
    rows = np.flatnonzero(np.isin(digests_of(texts, seed), repeated))
    known = from_arrow(texts.is_valid())
    known[rows] = False
    codes = np.cumsum(known, dtype=kind) - 1
    n_single = int(known.sum())
    codes[~known] = -1
    some, count = _numbered(texts.take(to_arrow(rows)))
    codes[rows] = np.where(some < 0, -1, some + n_single)
    return codes, n_single + count


def _numbered(texts: pa.Array) -> tuple[IntArray, int]:
    encoded = texts.dictionary_encode()
    return from_arrow(encoded.indices, -1), len(encoded.dictionary)


def same_text(codes: IntArray, names: pa.Array, texts: pa.Array) -> Mask:
    """Say for each row whether the name with its code is its text."""
    if (compiled := kernel.compiled_for(len(texts))) is not None:
        return np.asarray(compiled.same_text(codes, *text_buffers(names), *text_buffers(texts)))
    own = names.take(to_arrow(np.maximum(codes, 0))) if len(names) else texts
    return np.asarray(from_arrow(pc.equal(own, texts)) & (codes >= 0))


# --- between Arrow and numpy: Arrow's own ways load pandas, which takes as long as detecting in half a million shares ---


def from_arrow(column: pa.Array, missing: int = 0) -> npt.NDArray[Any]:
    """Return numbers, or a mask; one that is missing becomes `missing`.

    Examples
    --------
    >>> from_arrow(pa.array([7, None, 9])[1:], -1).tolist(), from_arrow(pa.array([True, False])).tolist()
    ([-1, 9], [True, False])
    """
    valid, data = column.buffers()
    start, stop = column.offset, column.offset + len(column)
    if pa.types.is_boolean(column.type):
        numbers = _bits(data, stop)[start:]
    else:
        numbers = np.frombuffer(data or b"", dtype=column.type.to_pandas_dtype())[start:stop]
    return (
        np.where(_bits(valid, stop)[start:], numbers, numbers.dtype.type(missing))
        if column.null_count
        else numbers
    )


def to_arrow(numbers: npt.NDArray[Any]) -> pa.Array:
    """Return numbers, or a mask, as Arrow has them.

    Examples
    --------
    >>> to_arrow(np.array([True, False])).to_pylist(), to_arrow(np.arange(4)[::2]).to_pylist()
    ([True, False], [0, 2])
    """
    data = np.packbits(numbers, bitorder="little") if numbers.dtype == bool else np.ascontiguousarray(numbers)
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [None, pa.py_buffer(data)])


def _bits(data: pa.Buffer, stop: int) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(data or b"", dtype=np.uint8), count=stop, bitorder="little").view(bool)
