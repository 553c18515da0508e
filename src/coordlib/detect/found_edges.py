"""Edges in whole numbers, with the names beside, and the table they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coordlib.detect import kernel
from coordlib.detect.arrow import to_arrow
from coordlib.detect.kernel import Edges, IntArray

#: Edges of one batch of the result.
BATCH = 1_000_000


@dataclass(frozen=True)
class FoundEdges:
    """All edges of a table of shares, sorted by their two accounts, in numbers with the names beside.

    An object's number is its place in the order in which objects appear in pairs; ``object_order`` says for each
    place where among the names its object stands. The parts are gone through more than once.
    """

    parts: Iterable[Edges]
    account_names: pa.Array
    object_names: pa.Array | pa.ChunkedArray
    object_order: IntArray

    def weight_counts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the weights that edges have, ascending, and how many edges have each."""
        counts = np.zeros(1, dtype=np.int64)
        for part in self.parts:
            some = np.bincount(part.weight)
            if len(some) > len(counts):
                some, counts = counts, some
            counts[: len(some)] += some
        weights = np.flatnonzero(counts)
        return weights, counts[weights]

    def batches(
        self, over: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]], all_edges: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Yield the columns of :func:`coordlib.coordinated_edges`, ids dictionary-encoded.

        `over` marks heavy weights by 1; without `all_edges` the others are left out. A batch has the same edges
        however many parts there are; there is at least one.
        """
        held: list[Edges] = []
        room, yielded = BATCH, False
        for part in self.parts:
            some = part if all_edges else part.where(over(part.weight) == 1)
            start = 0
            while start < len(some):
                stop = min(start + room, len(some))
                held.append(some.between(start, stop))
                room, start = room - (stop - start), stop
                if not room:
                    yield self._batch(kernel.joined(held), over)
                    held, room, yielded = [], BATCH, True
        if held or not yielded:
            yield self._batch(kernel.joined(held or [kernel.no_edges()]), over)

    def _batch(
        self, edges: Edges, over: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]
    ) -> pa.RecordBatch:
        used, objects = compact(edges.objects, len(self.object_order))
        low, high = edges.n_low.astype(np.int64), edges.n_high.astype(np.int64)
        names = self.object_names.take(to_arrow(self.object_order[used]))
        if isinstance(names, pa.ChunkedArray):
            names = names.combine_chunks()
        columns = {
            "account_id": self._accounts(edges.low),
            "account_id_y": self._accounts(edges.high),
            "weight": edges.weight.astype(np.int64),
            "n_objects": edges.n_objects.astype(np.int64),
            "avg_time_delta": edges.seconds / edges.weight,
            "n_content_id": low,
            "n_content_id_y": high,
            "edge_symmetry_score": np.minimum(low, high) / np.maximum(low, high),
            "object_ids": _lists(
                to_arrow(np.append(0, np.cumsum(edges.n_objects)).astype(np.int32)),
                pa.DictionaryArray.from_arrays(to_arrow(objects), names, safe=False),
            ),
            "weight_threshold": over(edges.weight).astype(np.int64),
        }
        arrays = {
            name: to_arrow(some) if isinstance(some, np.ndarray) else some for name, some in columns.items()
        }
        # No cell is missing, and a writer that knows need not look.
        fields = [pa.field(name, array.type, nullable=False) for name, array in arrays.items()]
        return pa.RecordBatch.from_arrays(list(arrays.values()), schema=pa.schema(fields))

    def _accounts(self, codes: IntArray) -> pa.DictionaryArray:
        indices = to_arrow(codes.astype(np.int32, copy=False))
        return pa.DictionaryArray.from_arrays(indices, self.account_names, safe=False)


def _lists(offsets: pa.Array, values: pa.Array) -> pa.ListArray:
    """Return lists without a missing value."""
    return pa.ListArray.from_arrays(offsets, values, pa.list_(pa.field("item", values.type, nullable=False)))


def compact(codes: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Return the numbers that occur, sorted, and each number's place among them."""
    seen = np.zeros(size + 1, dtype=bool)
    seen[codes] = True
    return np.flatnonzero(seen), (np.cumsum(seen, dtype=np.int32) - 1)[codes]
