"""Read a Parquet file as the text a CSV of the same table would hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from coordlib.errors import FileFormatError


def iter_parquet(
    path: Path, where: str, chunk_rows: int, groups: Sequence[int] | None = None
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a Parquet file, or of some of its groups, piece by piece; the index goes on counting.

    Raises
    ------
    FileFormatError
        Not a Parquet file, or long ids that were stored as floating-point numbers.
    """
    try:
        with pq.ParquetFile(path) as source:
            names = list(source.schema_arrow.names)
            if twice := sorted(name for name in set(names) if names.count(name) > 1):
                raise FileFormatError(
                    f"{where}: more than one column is named '{twice[0]}'; rename all but one"
                )
            start = 0
            for batch in source.iter_batches(batch_size=chunk_rows, row_groups=groups):
                batch.validate(full=True)  # text that is not UTF-8 would fail where it is first looked at
                table = pd.DataFrame(
                    {
                        name: _as_text(column, name, where)
                        for name, column in zip(names, batch.columns, strict=True)
                    }
                )
                table.index = pd.RangeIndex(start, start + len(table))
                start += len(table)
                yield table
            if start == 0:
                yield pd.DataFrame({name: pd.Series([], dtype="str") for name in names})
    # Arrow reports damaged pages as OSError, and types it cannot write as text as "not implemented".
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise FileFormatError(
            f"{where}: is not a readable Parquet file ({' '.join(str(error).split())}); write or download it again"
        ) from None


def _as_text(column: Any, name: str, where: str) -> pd.Series[str]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_floating(kind):
        exact = {16: 2**11, 32: 2**24}.get(kind.bit_width, 2**53)
        return _floats_as_text(column.to_pandas(), name, where, exact)
    if pa.types.is_timestamp(kind):
        stamps = column.to_pandas()
        stamps = stamps if stamps.dt.tz is None else stamps.dt.tz_convert("UTC")
        written: pd.Series[str] = stamps.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ").astype("str")
        return written
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lists = [None if value is None else ",".join(map(str, value)) for value in column.to_pylist()]
        return pd.Series(lists, dtype="str")
    if pa.types.is_struct(kind):
        return pd.Series([None if value is None else str(value) for value in column.to_pylist()], dtype="str")
    text: pd.Series[str] = column.cast(pa.string()).to_pandas().astype("str")
    return text


def _floats_as_text(values: pd.Series[Any], name: str, where: str, exact: int) -> pd.Series[str]:
    whole = values.dropna()
    integral = bool((whole == whole.round()).all())
    if integral and bool((whole.abs() > exact).any()):
        raise FileFormatError(
            f"{where}, column '{name}': long ids are stored as floating-point numbers and have lost digits; "
            "write the column as text or 64-bit integers"
        )
    if integral:
        return values.astype("Int64").astype("str").where(values.notna())
    text: pd.Series[str] = values.map(repr).astype("str").where(values.notna())
    return text
