"""Read a table of text from CSV or Parquet, and say in one line what is wrong with a file that cannot be read.

Everything stays text: ids do not fit a float, so nothing is converted before the caller knows which column is which.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from coordlib.errors import EmptyInputError, FileFormatError, MissingColumnError
from coordlib.ids import rounded_id
from coordlib.progress import with_progress
from coordlib.sources.text_layout import Dialect, TextLayout, check_bytes, file_kind, inspect_text, open_bytes

#: Stands in the place of a row or line that is none, with its number.
DAMAGED = "coordlib.damaged"
_BLANK = re.compile(r"""[\s\[\](){}'"]""")


def read_table(
    path: Path | str, *, needed: Sequence[str] = (), allow_no_rows: bool = False, names: Sequence[str] = ()
) -> pd.DataFrame:
    """Read a CSV (also packed) or Parquet file, every value as the text that was written.

    Columns are of dtype ``str`` in file order, their names without outer spaces; an empty cell is the empty string,
    ``NA`` is missing (but in the columns `names`, unless another cell of its row is NA as well). The `needed` columns have
    to be there, once, and every row has to have the header's cells.
    """
    pieces = iter_table(Path(path), chunk_rows=1 << 18, needed=needed, names=names, whole_rows=True)
    text = file_kind(Path(path), str(path)) != "parquet"
    n_lines = check_bytes(Path(path), str(path)).lines if text else None
    table = pd.concat(with_progress(pieces, "reading", n_lines), ignore_index=True)
    if table.empty and not allow_no_rows:
        raise EmptyInputError(f"{path}: has a header but no rows; give a file with at least one row")
    return table


def iter_table(
    path: Path,
    *,
    chunk_rows: int,
    needed: Sequence[str] = (),
    dialect: Dialect | None = None,
    names: Sequence[str] = (),
    whole_rows: bool = False,
) -> Iterator[pd.DataFrame]:
    """Read a table piece by piece, each as :func:`read_table` would give it; the index goes on counting.

    But a row that is too short gets empty cells (unless `whole_rows` refuses it): whoever reads pieces counts
    what is lacking. The halves of a row with an unquoted line break are named in a column :data:`DAMAGED`.
    """
    where = str(path)
    if file_kind(path, where) == "parquet":
        for piece in iter_parquet(path, where, chunk_rows):
            _require(needed, list(piece.columns), where)
            yield piece
        return
    layout = _layout(path, where, dialect, needed)
    halves: dict[int, int] | None = None
    for piece in _parsed(path, where, layout, names, chunk_rows):
        # Pandas gives a row with fewer cells than the header empty ones, so its last cell is empty.
        if halves is None and len(piece.columns) > 1 and piece.iloc[:, -1].isin(["", None]).any():
            halves = _refuse_short_rows(path, where, layout) if whole_rows else _halves(path, layout)
        _without_na(piece, names)
        if halves:
            marks = [f"line {halves[row]}" if row in halves else None for row in piece.index]
            piece[DAMAGED] = pd.Series(marks, index=piece.index, dtype="str")
        yield piece


def _layout(path: Path, where: str, dialect: Dialect | None, needed: Sequence[str]) -> TextLayout:
    """Look at a text file; the columns that are needed, where they are known, tell its header from notes above it."""
    layout = inspect_text(path, where, dialect or Dialect(is_header=set(needed).issubset if needed else None))
    _require(needed, layout.columns, where)
    refuse_repeated(needed, layout.repeated, where)
    return layout


def _parsed(
    path: Path, where: str, layout: TextLayout, names: Sequence[str], chunk_rows: int
) -> Iterator[pd.DataFrame]:
    """Let pandas read the file, in pieces, without interpreting anything."""
    missing = {number: ["NA"] for number, column in enumerate(layout.columns) if column not in set(names)}
    options: dict[str, Any] = {
        "sep": layout.delimiter,
        "dtype": str,
        "keep_default_na": False,
        "na_values": missing if names else ["NA"],
        "encoding": "utf-8",
        "index_col": False,
        "header": None,
        "names": range(len(layout.columns)),
        "skiprows": layout.skip + 1,
        "escapechar": layout.escape,
        "quoting": layout.quoting,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            with open_bytes(path) as stream, pd.read_csv(stream, chunksize=chunk_rows, **options) as pieces:
                for piece in pieces:
                    if len(piece.columns) != len(layout.columns):  # the parser ended the header elsewhere
                        raise FileFormatError(
                            f"{where}: it is not clear where its header ends (a lone carriage return?); "
                            "save the file as 'CSV UTF-8'"
                        )
                    piece.columns = list(layout.columns)
                    yield piece
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise FileFormatError(f"{where}{_parser_reason(path, layout, str(error))}") from None


def _without_na(table: pd.DataFrame, names: Sequence[str]) -> None:
    """Take "NA" for missing in columns of names where R wrote the row: another cell of it is NA as well."""
    if present := [name for name in names if name in table.columns]:
        others = table.drop(columns=present).isna().any(axis=1)
        for name in present:
            table[name] = table[name].mask((table[name] == "NA") & others)


def _halves(path: Path, layout: TextLayout) -> dict[int, int]:
    """Find rows broken by a line break without quotes, row to line."""
    # Together two halves have the header's cells; a row whose last cell was broken is whole, and what follows a cell alone.
    found: dict[int, int] = {}
    wanted, row, before = len(layout.columns), -2, 0
    for line, record in layout.records(path):
        row += bool(record)
        if row < 0 or not record:
            continue
        half = 0 < before < wanted and before + len(record) == wanted + 1
        if (half and len(record) < wanted) or (len(record) == 1 and before):
            found |= {row - 1: found.get(row - 1, line - 1), row: line}
            before = 0 if half else wanted
        else:
            before = len(record)
    return found


def line_of_row(path: Path | str, row: int, needed: Sequence[str] = ()) -> int:
    """Return the line in the file on which a row ends (rows count from 0 below the header)."""
    path, ended, seen = Path(path), 0, -2
    for line, record in _layout(path, str(path), None, needed).records(path):
        ended, seen = line, seen + bool(record)
        if seen == row:
            break
    return ended


def refuse_damaged_ids(table: pd.DataFrame, columns: Iterable[str], where: str) -> None:
    """Refuse ids that a spreadsheet rounded: many accounts would become one."""
    for name in columns:
        if name in table.columns and (found := rounded_id(table[name])) is not None:
            row, value = found
            raise FileFormatError(
                f"{where}, row {row + 1}, column '{name}': '{value}' is an id rounded by a spreadsheet and cannot be "
                "repaired; use the file as it was exported, not saved again by Excel"
            )


def _require(needed: Iterable[str], available: Sequence[str], where: str) -> None:
    if missing := set(needed) - set(available):
        raise MissingColumnError.from_names(missing, available, where)


def refuse_repeated(needed: Iterable[str], repeated: Iterable[str], where: str) -> None:
    """Refuse a table that has a column that is needed twice: nobody knows which is meant."""
    if twice := sorted(set(needed) & set(repeated)):
        raise FileFormatError(
            f"{where}, line 1: more than one column is named '{twice[0]}'; rename all but one"
        )


def _refuse_short_rows(path: Path, where: str, layout: TextLayout) -> dict[int, int]:
    for line, record in layout.records(path):
        if 0 < len(record) < len(layout.columns) and any(cell.strip() for cell in record):
            raise FileFormatError(
                f"{where}, line {line}: has {len(record)} cells, the header has {len(layout.columns)}; "
                "complete the line, or quote the cell that holds a line break"
            )
    return {}


def _parser_reason(path: Path, layout: TextLayout, text: str) -> str:
    """Say where and why a file could not be parsed; `text` is what pandas said."""
    unclosed, start, ended, wanted = "EOF inside string" in text, 1, layout.skip, len(layout.columns)
    records = layout.records(path)
    for number, (line, record) in enumerate(records):
        start, ended = ended + 1, line
        if unclosed or len(record) <= wanted:
            continue
        reason = "a cell with a comma or a line break is missing its quotes"
        if number == 1 and len(record) == wanted + 1 and record[0].isdigit():
            below = next((cells for _, cells in records if cells), record)
            if len(below) == len(record):
                reason = (
                    f"the first cell, '{record[0]}', looks like a row name: "
                    "write the table without them (in R row.names = FALSE)"
                )
        return f", line {line}: has {len(record)} cells, the header has {wanted}; {reason}"
    if unclosed:
        return (
            f", line {start}: a quoted cell that begins here is never closed, so the file is cut short or damaged; "
            "close the quotes, or export or download it again"
        )
    return f": is not a readable table ({' '.join(text.split())})"


def iter_parquet(
    path: Path, where: str, chunk_rows: int, groups: Sequence[int] | None = None
) -> Iterator[pd.DataFrame]:
    """Yield a Parquet file, or some groups of its rows, in pieces, as the text a CSV of the same table would hold."""
    try:
        with pq.ParquetFile(path) as source:
            names = list(source.schema_arrow.names)
            if twice := sorted(name for name in names if names.count(name) > 1):
                raise FileFormatError(
                    f"{where}: more than one column is named '{twice[0]}'; rename all but one"
                )
            start = 0
            for batch in source.iter_batches(batch_size=chunk_rows, row_groups=groups):
                batch.validate(full=True)  # text that is not UTF-8 would fail where it is first looked at
                columns = zip(names, batch.columns, strict=True)
                table = pd.DataFrame({name: _as_text(column, name, where) for name, column in columns})
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
        return _as_text(column.dictionary_decode(), name, where)
    if pa.types.is_floating(kind):
        exact = {16: 2**11, 32: 2**24}.get(kind.bit_width, 2**53)
        return _floats_as_text(column.to_pandas(), name, where, exact)
    text: pd.Series[Any]
    if pa.types.is_timestamp(kind):
        stamps = column.to_pandas()
        stamps = stamps if stamps.dt.tz is None else stamps.dt.tz_convert("UTC")
        text = stamps.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_struct(kind):
        cells = [list_text(cell) if isinstance(cell, list) else cell for cell in column.to_pylist()]
        text = pd.Series([None if cell is None else str(cell) for cell in cells])
    else:
        text = column.cast(pa.string()).to_pandas()
    return text.astype("str")


def list_text(items: list[Any]) -> str:
    """Return a list as the text of a cell: words joined by commas, as JSON where that could not be told from one of them."""
    words = ",".join(map(str, items))
    if _BLANK.search(words) or not all(isinstance(item, str | int) for item in items):
        return json.dumps(items, ensure_ascii=False, default=str)
    return words


def _floats_as_text(values: pd.Series[Any], name: str, where: str, exact: int) -> pd.Series[str]:
    whole = values.dropna()
    integral = bool((whole == whole.round()).all())
    if integral and bool((whole.abs() > exact).any()):
        raise FileFormatError(
            f"{where}, column '{name}': long ids are stored as floating-point numbers and have lost digits; "
            "write the column as text or 64-bit integers"
        )
    text: pd.Series[str] = (values.astype("Int64") if integral else values.map(repr)).astype("str")
    return text.where(values.notna())
