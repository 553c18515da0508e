"""Read a table of text from CSV or Parquet, and say in one line what is wrong with a file that cannot be read.

Everything stays text: ids on TikTok, Facebook and Instagram do not fit a float, so nothing is
converted before the caller knows which column is which.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.errors import EmptyInputError, FileFormatError, MissingColumnError
from coordlib.ids import rounded_id
from coordlib.sources.parquet import iter_parquet
from coordlib.sources.text_layout import Dialect, TextLayout, file_kind, inspect_text, open_text

#: Stands in the place of a row or line that is none, with its number.
DAMAGED = "coordlib.damaged"


def read_table(
    path: Path | str,
    *,
    needed: Sequence[str] = (),
    where: str | None = None,
    allow_no_rows: bool = False,
    dialect: Dialect | None = None,
    names: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a CSV, gzipped CSV or Parquet file, every value as the text that was written.

    Gzip and Parquet are recognised by their first bytes, the delimiter (comma, semicolon, tab) by the header line, unless
    the `dialect` is known. `where` is how errors name the file (none: its path). Columns are of dtype ``str`` in file order,
    ``NA`` is missing (but a name in the columns `names`, unless another cell of its row is NA as well), an empty cell is the
    empty string, captions are not stripped; header names lose outer spaces and a byte-order mark.

    Raises
    ------
    EmptyInputError
        No bytes, or no rows below the header unless `allow_no_rows`.
    MissingColumnError
        A `needed` column is absent.
    FileFormatError
        NUL bytes, an encoding other than UTF-8, a gzip file cut short, an Excel workbook, a needed
        column that is there twice, or rows with more or fewer cells than the header; with the line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "shares.csv"
    >>> _ = file.write_text("video_id,caption\\n7583486171670498590, hello \\n", encoding="utf-8")
    >>> read_table(file, needed=["video_id"]).iloc[0].to_list()
    ['7583486171670498590', ' hello ']
    """
    path = Path(path)
    where = where or str(path)
    kind = file_kind(path, where)
    if kind == "parquet":
        table = pd.concat(iter_parquet(path, where, 1 << 18), ignore_index=True)
    else:
        layout = inspect_text(path, where, dialect or _below_notes(needed))
        _require(needed, layout.columns, where, layout.repeated)
        with _parser_errors(path, where, layout):
            table = pd.read_csv(path, **_parser_options(layout, names))
        _name_columns(table, layout, where)
        _without_na(table, names)
        _refuse_short_rows(table, path, where, layout)
    _require(needed, [str(name) for name in table.columns], where)
    if table.empty and not allow_no_rows:
        raise EmptyInputError(f"{where}: has a header but no rows; give a file with at least one row")
    return table


def iter_table(
    path: Path | str,
    *,
    chunk_rows: int,
    needed: Sequence[str] = (),
    where: str | None = None,
    dialect: Dialect | None = None,
    names: Sequence[str] = (),
) -> Iterator[pd.DataFrame]:
    """Read a table piece by piece, each piece as :func:`read_table` would give it.

    Parameters and errors are those of :func:`read_table`, but a row that is too short gets empty cells:
    a reader of pieces counts the rows that lack something; the two halves of a row with an unquoted line break are
    named in a column :data:`DAMAGED`. `chunk_rows` is the largest number of rows in one piece. The index goes on
    counting over the pieces. In the columns `names` an "NA" is a name, unless another cell of its row is NA as well.
    """
    path = Path(path)
    where = where or str(path)
    if file_kind(path, where) == "parquet":
        for piece in iter_parquet(path, where, chunk_rows):
            _require(needed, list(piece.columns), where)
            yield piece
        return
    layout = inspect_text(path, where, dialect or _below_notes(needed))
    _require(needed, layout.columns, where, layout.repeated)
    halves: dict[int, int] | None = None
    with (
        _parser_errors(path, where, layout),
        pd.read_csv(path, chunksize=chunk_rows, **_parser_options(layout, names)) as pieces,
    ):
        for piece in pieces:
            _name_columns(piece, layout, where)
            if halves is None and len(layout.columns) > 1 and piece.iloc[:, -1].isin(["", None]).any():
                halves = _halves(path, layout)
            _without_na(piece, names)
            if halves:
                lines = piece.index.map(halves.get)
                piece[DAMAGED] = pd.Series(
                    [None if pd.isna(line) else f"line {int(line)}" for line in lines],
                    index=piece.index,
                    dtype="str",
                )
            yield piece


def _without_na(table: pd.DataFrame, names: Sequence[str]) -> None:
    """Take "NA" for missing in columns of names where R wrote the row: another cell of it is NA as well."""
    if names and (present := [name for name in names if name in table.columns]):
        others = table.drop(columns=present).isna().any(axis=1)
        for name in present:
            table[name] = table[name].mask((table[name] == "NA") & others)


def _below_notes(needed: Sequence[str]) -> Dialect:
    """Find the header by the columns that are needed, where they are known."""
    return Dialect(is_header=set(needed).issubset if needed else None)


def _halves(path: Path, layout: TextLayout) -> dict[int, int]:
    """Find rows broken by a line break without quotes, row to line.

    Together two halves have the header's cells; a row whose last cell was broken is whole, and what follows a cell alone.
    """
    found: dict[int, int] = {}
    wanted, row, before = len(layout.columns), -2, 0
    with open_text(path, layout.compressed) as stream:
        reader = layout.reader(stream)
        for record in reader:
            row += bool(record)
            if row < 0 or not record:
                continue
            half = 0 < before < wanted and before + len(record) == wanted + 1
            if (half and len(record) < wanted) or (len(record) == 1 and before):
                found |= {row - 1: found.get(row - 1, reader.line_num - 1), row: reader.line_num}
                before = 0 if half else wanted
            else:
                before = len(record)
    return found


def _name_columns(table: pd.DataFrame, layout: TextLayout, where: str) -> None:
    if len(table.columns) != len(layout.columns):  # the parser ended the header elsewhere
        raise FileFormatError(
            f"{where}: it is not clear where its header ends (a lone carriage return?); save the file as 'CSV UTF-8'"
        )
    table.columns = list(layout.columns)


def _parser_options(layout: TextLayout, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return the options under which pandas reads the file without interpreting anything; NA is missing, but for names."""
    missing = {number: ["NA"] for number, column in enumerate(layout.columns) if column not in set(names)}
    return {
        "sep": layout.delimiter,
        "dtype": str,
        "keep_default_na": False,
        "na_values": missing if names else ["NA"],
        "encoding": "utf-8",
        "compression": "gzip" if layout.compressed else None,
        "index_col": False,
        "header": None,
        "names": range(len(layout.columns)),
        "skiprows": layout.skip + 1,
        "escapechar": layout.escape,
        "quoting": csv.QUOTE_MINIMAL if layout.quotes else csv.QUOTE_NONE,
        "low_memory": True,
    }


def line_of_row(path: Path | str, row: int, needed: Sequence[str] = ()) -> int:
    """Return the line in the file on which a row ends (rows count from 0 below the header)."""
    path = Path(path)
    layout = inspect_text(path, str(path), _below_notes(needed))
    with open_text(path, layout.compressed) as stream:
        reader = layout.reader(stream)
        seen = -2
        for record in reader:
            seen += bool(record)
            if seen == row:
                break
        return int(reader.line_num)


def refuse_damaged_ids(table: pd.DataFrame, columns: Iterable[str], where: str) -> None:
    """Refuse ids that a spreadsheet rounded: many accounts would become one.

    Raises
    ------
    FileFormatError
        With the column, the row and the value.
    """
    for name in columns:
        if name in table.columns and (found := rounded_id(table[name])) is not None:
            row, value = found
            raise FileFormatError(
                f"{where}, row {row + 1}, column '{name}': '{value}' is an id rounded by a spreadsheet and cannot be "
                "repaired; use the file as it was exported, not saved again by Excel"
            )


def _require(
    needed: Iterable[str], available: Sequence[str], where: str, repeated: Iterable[str] = ()
) -> None:
    missing = [name for name in needed if name not in set(available)]
    if missing:
        raise MissingColumnError.from_names(missing, available, where)
    refuse_repeated(needed, repeated, where)


def refuse_repeated(needed: Iterable[str], repeated: Iterable[str], where: str) -> None:
    """Refuse a table that has a column that is needed twice: nobody knows which is meant."""
    if twice := sorted(set(needed) & set(repeated)):
        raise FileFormatError(
            f"{where}, line 1: more than one column is named '{twice[0]}'; rename all but one"
        )


def _refuse_short_rows(table: pd.DataFrame, path: Path, where: str, layout: TextLayout) -> None:
    """Refuse rows with fewer cells than the header: pandas would fill them up.

    A row that was filled up has an empty last cell, so a file without any is not read a second time.
    """
    wanted = len(layout.columns)
    if wanted < 2 or not table.iloc[:, -1].isin(["", None]).any():
        return
    with open_text(path, layout.compressed) as stream:
        reader = layout.reader(stream)
        for record in reader:
            if 0 < len(record) < wanted and any(cell.strip() for cell in record):
                raise FileFormatError(
                    f"{where}, line {reader.line_num}: has {len(record)} cells, the header has {wanted}; "
                    "complete the line, or quote the cell that holds a line break"
                )


@contextmanager
def _parser_errors(path: Path, where: str, layout: TextLayout) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise FileFormatError(f"{where}{_parser_reason(path, layout, str(error))}") from None


def _parser_reason(path: Path, layout: TextLayout, text: str) -> str:
    unclosed, start = "EOF inside string" in text, 1
    with open_text(path, layout.compressed) as stream:
        reader = layout.reader(stream)
        ended = reader.line_num
        for number, record in enumerate(reader):
            start, ended = ended + 1, reader.line_num
            named = number == 1 and len(record) == len(layout.columns) + 1 and record[0].isdigit()
            if not unclosed and named and len(next(filter(None, reader), record)) == len(record):
                return (
                    f", line {ended}: has {len(record)} cells, the header has {len(layout.columns)}; the first "
                    f"cell, '{record[0]}', looks like a row name: write the table without them (in R row.names = FALSE)"
                )
            if not unclosed and len(record) > len(layout.columns):
                return (
                    f", line {ended}: has {len(record)} cells, the header has {len(layout.columns)}; "
                    "a cell with a comma or a line break is missing its quotes"
                )
    if unclosed:
        return (
            f", line {start}: a quoted cell that begins here is never closed, so the file is cut short or damaged; "
            "close the quotes, or export or download it again"
        )
    return f": is not a readable table ({' '.join(text.split())})"
