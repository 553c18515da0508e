"""Numbers between Arrow and numpy. Arrow's own ways load pandas, which takes as long as detecting in half a million shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


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
