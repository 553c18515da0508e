"""Read a table of text from CSV or Parquet, and say in one line what is wrong with a file that cannot be read.

Everything stays text: ids on TikTok, Facebook and Instagram do not fit a float, so nothing is
converted before the caller knows which column is which.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd

from coordlib.errors import EmptyInputError, FileFormatError, InputError, MissingColumnError
from coordlib.sources.parquet import iter_parquet

BLOCK = 1 << 20
DELIMITERS = (",", ";", "\t")
#: An id that a spreadsheet turned into a rounded number, such as 7,57123E+18, 7.6E+017 or 1E+18.
EXCEL_NUMBER = re.compile(r"^\s*-?\d+(?:[.,]\d+)?[eE]\+?\d{1,3}\s*$")
_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
#: Bytes that are not UTF-8, as the codec error handler "surrogateescape" shows them.
_UNDECODED = "\udc80-\udcff"
#: A caption with its transcript can be longer than the csv module's cautious default.
csv.field_size_limit(1 << 28)


@dataclass(frozen=True)
class TextLayout:
    """How the bytes of a CSV file are laid out: what a parser has to be told."""

    compressed: bool
    delimiter: str
    columns: tuple[str, ...]
    #: Names the header has more than once; in `columns` they are numbered apart.
    repeated: frozenset[str] = frozenset()


def read_table(
    path: Path | str,
    *,
    needed: Sequence[str] = (),
    where: str | None = None,
    allow_no_rows: bool = False,
    escape: str | None = None,
) -> pd.DataFrame:
    """Read a CSV, gzipped CSV or Parquet file, every value as the text that was written.

    Parameters
    ----------
    path
        The file. Gzip and Parquet are recognised by their first bytes, the delimiter (comma,
        semicolon, tab) by the header line.
    needed
        Columns that must be there.
    where
        How errors name the file (default: the path).
    allow_no_rows
        Return a table without rows for a file that has only a header line.
    escape
        Escape character of dialects that write ``\\"`` inside quotes.

    Returns
    -------
    DataFrame
        Columns of dtype ``str`` in file order, rows in file order. ``NA`` is missing, an empty
        cell is the empty string, captions are not stripped. Header names lose outer spaces and a
        byte-order mark.

    Raises
    ------
    EmptyInputError
        No bytes, or no rows below the header.
    MissingColumnError
        A needed column is absent.
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
        layout = inspect_text(path, where)
        _require(needed, layout.columns, where, layout.repeated)
        with _parser_errors(path, where, layout):
            table = pd.read_csv(path, **parser_options(layout, escape))
        _name_columns(table, layout, where)
        _refuse_short_rows(table, path, where, layout, escape)
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
    escape: str | None = None,
) -> Iterator[pd.DataFrame]:
    """Read a table piece by piece, each piece as :func:`read_table` would give it.

    Parameters and errors are those of :func:`read_table`, but a row that is too short gets empty cells:
    who reads pieces counts the rows that lack something. `chunk_rows` is the largest number of rows in one
    piece. The index goes on counting over the pieces.
    """
    path = Path(path)
    where = where or str(path)
    if file_kind(path, where) == "parquet":
        for piece in iter_parquet(path, where, chunk_rows):
            _require(needed, list(piece.columns), where)
            yield piece
        return
    layout = inspect_text(path, where)
    _require(needed, layout.columns, where, layout.repeated)
    with (
        _parser_errors(path, where, layout),
        pd.read_csv(path, chunksize=chunk_rows, **parser_options(layout, escape)) as pieces,
    ):
        for piece in pieces:
            _name_columns(piece, layout, where)
            yield piece


def _name_columns(table: pd.DataFrame, layout: TextLayout, where: str) -> None:
    if len(table.columns) != len(layout.columns):  # the parser ended the header elsewhere
        raise FileFormatError(
            f"{where}: it is not clear where its header ends (a lone carriage return?); save the file as 'CSV UTF-8'"
        )
    table.columns = list(layout.columns)


def file_kind(path: Path, where: str) -> str:
    """Return ``"parquet"``, ``"gzip"`` or ``"text"`` from the first bytes of a file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except FileNotFoundError:
        raise InputError(f"{where}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise InputError(f"{where}: is a folder; give one file in it") from None
    except OSError as error:
        raise InputError(f"{where}: cannot be opened ({error.strerror})") from None
    if not head:
        raise EmptyInputError(f"{where}: the file is empty (0 bytes); export or download it again")
    if head == _ZIP:
        raise FileFormatError(
            f"{where}: is a zip archive or an Excel workbook; unpack it, or save the sheet as 'CSV UTF-8'"
        )
    if head == _PARQUET:
        return "parquet"
    return "gzip" if head[:2] == _GZIP else "text"


def inspect_text(path: Path, where: str) -> TextLayout:
    """Check every byte of a CSV file and find its delimiter and its header."""
    compressed = file_kind(path, where) == "gzip"
    lines, tail = _check_bytes(path, where, compressed)
    with open_text(path, compressed) as stream:
        first = _first_record(stream)
    if not first.strip():
        raise EmptyInputError(f"{where}: the file holds only blank lines; export or download it again")
    delimiter = _delimiter(first)
    try:
        names = next(csv.reader(io.StringIO(first), delimiter=delimiter))
    except csv.Error:
        raise FileFormatError(
            f"{where}: a column name holds a carriage return, so where the header ends is not known; "
            "save the file as 'CSV UTF-8'"
        ) from None
    cells = len(next(csv.reader(io.StringIO(tail, newline=""), delimiter=delimiter), []))
    # A line with quotes can be the end of a longer row; one without is a row, or what is left of it.
    if lines > 1 and tail.strip() and '"' not in tail and cells < len(names):
        raise FileFormatError(
            f"{where}, line {lines}: the last line has {cells} cells, the header {len(names)}, so the file is cut "
            "short; download it again, or complete the line"
        )
    names = [name.strip().lstrip("\ufeff") for name in names]
    repeated = frozenset(name for name, count in Counter(names).items() if count > 1)
    return TextLayout(compressed, delimiter, tuple(_unique(names)), repeated)


def check_text(path: Path, where: str) -> bool:
    """Check that every byte of a file is readable text; return whether the file is compressed."""
    compressed = file_kind(path, where) == "gzip"
    _check_bytes(path, where, compressed)
    return compressed


def parser_options(layout: TextLayout, escape: str | None = None) -> dict[str, Any]:
    """Return the options under which pandas reads the file without interpreting anything."""
    return {
        "sep": layout.delimiter,
        "dtype": str,
        "keep_default_na": False,
        "na_values": ["NA"],
        "encoding": "utf-8",
        "compression": "gzip" if layout.compressed else None,
        "index_col": False,
        "escapechar": escape,
        "low_memory": True,
    }


@contextmanager
def open_text(path: Path, compressed: bool) -> Iterator[IO[str]]:
    """Open a checked CSV file as text, without its byte-order mark."""
    with (
        gzip.open(path, "rb") if compressed else path.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
    ):
        yield text


def line_of_row(path: Path | str, row: int) -> int:
    """Return the line in the file on which a row ends (rows count from 0 below the header)."""
    path = Path(path)
    layout = inspect_text(path, str(path))
    with open_text(path, layout.compressed) as stream:
        reader = csv.reader(stream, delimiter=layout.delimiter)
        seen = -2
        for record in reader:
            seen += bool(record)
            if seen == row:
                break
        return reader.line_num


def refuse_damaged_ids(table: pd.DataFrame, columns: Iterable[str], where: str) -> None:
    """Refuse ids that a spreadsheet rounded: many accounts would become one.

    Raises
    ------
    FileFormatError
        With the column, the row and the value.
    """
    for name in columns:
        if name not in table.columns:
            continue
        values = table[name].astype("str")
        damaged = values.str.match(EXCEL_NUMBER.pattern, na=False).to_numpy(dtype=bool)
        if not damaged.any():
            continue
        numbers = damaged | values.str.fullmatch(r"\s*\d+\s*", na=False).to_numpy(dtype=bool)
        filled = values.notna().to_numpy() & (values.str.strip() != "").to_numpy(dtype=bool)
        # Among names, one that looks like a rounded number is a name.
        if numbers.sum() * 2 > filled.sum():
            row = int(damaged.argmax())
            raise FileFormatError(
                f"{where}, row {row + 1}, column '{name}': '{values.iloc[row]}' is an id rounded by a "
                "spreadsheet and cannot be repaired; use the file as it was exported, not saved again by Excel"
            )


def _check_bytes(path: Path, where: str, compressed: bool) -> tuple[int, str]:
    """Check every byte; return the number of lines and what stands after the last line break."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, last = 1, b""
    try:
        with gzip.open(path, "rb") if compressed else path.open("rb") as stream:
            while block := stream.read(BLOCK):
                if line == 1 and not last and block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                    raise FileFormatError(f"{where}: is written in UTF-16; save it as 'CSV UTF-8'")
                if b"\0" in block:
                    raise FileFormatError(
                        f"{where}{_place(path, compressed, chr(0))}: NUL bytes, so the file is damaged or "
                        "not a text table; export or download it again"
                    )
                decoder.decode(block)
                line += block.count(b"\n")
                _, newline, end = block.rpartition(b"\n")
                last = end if newline else last + block if len(last) < BLOCK else last
            decoder.decode(b"", final=True)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileFormatError(
            f"{where}, about line {line}: the compressed file is cut short or damaged; download it again"
        ) from None
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{where}{_place(path, compressed, _UNDECODED)}: byte 0x{error.object[error.start]:02X} is not UTF-8 "
            "(it looks like an older Windows or Mac encoding); save the file as 'CSV UTF-8'"
        ) from None
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({error.strerror})") from None
    if line == 1 and not last:
        raise EmptyInputError(f"{where}: the file is empty; export or download it again")
    return line, last.decode("utf-8", errors="replace")


def _place(path: Path, compressed: bool, wanted: str) -> str:
    """Return ", line N, column 'NAME'" of the first cell with one of the wanted characters."""
    pattern = re.compile(f"[{wanted}]")
    with (
        gzip.open(path, "rb") if compressed else path.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        first = _first_record(text)
        if found := pattern.search(first):
            return f", line {first.count(chr(10), 0, found.start()) + 1}, in the header"
        delimiter = _delimiter(first)
        reader = csv.reader(text, delimiter=delimiter)
        try:
            names = next(csv.reader(io.StringIO(first), delimiter=delimiter), [])
            for record in reader:
                for number, cell in enumerate(record):
                    if pattern.search(cell):
                        name = f"'{names[number].strip()}'" if number < len(names) else str(number + 1)
                        return f", line {first.count(chr(10)) + reader.line_num}, column {name}"
        except (csv.Error, EOFError, zlib.error):
            pass
    return ""


def _first_record(stream: IO[str]) -> str:
    """Return the header line; a quoted name may hold a line break."""
    record = ""
    for text in stream:
        if not record and not text.strip():
            continue
        record += text
        if record.count('"') % 2 == 0 or len(record) > BLOCK:
            break
    return record


def _delimiter(header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    counts = {delimiter: outside.count(delimiter) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def _unique(names: Iterable[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        yield f"{name}.{count}" if count else name


def _require(
    needed: Iterable[str], available: Sequence[str], where: str, repeated: Iterable[str] = ()
) -> None:
    missing = [name for name in needed if name not in set(available)]
    if missing:
        raise MissingColumnError.from_names(missing, available, where)
    if twice := sorted(set(needed) & set(repeated)):
        raise FileFormatError(
            f"{where}, line 1: more than one column is named '{twice[0]}'; rename all but one"
        )


def _refuse_short_rows(
    table: pd.DataFrame, path: Path, where: str, layout: TextLayout, escape: str | None
) -> None:
    """Refuse rows with fewer cells than the header: pandas would fill them up.

    A row that was filled up has an empty last cell, so a file without any is not read a second time.
    """
    wanted = len(layout.columns)
    if wanted < 2 or not table.iloc[:, -1].isin(["", None]).any():
        return
    with open_text(path, layout.compressed) as stream:
        reader = csv.reader(stream, delimiter=layout.delimiter, escapechar=escape)
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
        reader = csv.reader(stream, delimiter=layout.delimiter)
        ended = 0
        for record in reader:
            start, ended = ended + 1, reader.line_num
            if not unclosed and len(record) > len(layout.columns):
                return (
                    f", line {reader.line_num}: has {len(record)} cells, the header has {len(layout.columns)}; "
                    "a cell with a comma or a line break is missing its quotes"
                )
    if unclosed:
        return (
            f", line {start}: a quoted cell that begins here is never closed, so the file is cut short or damaged; "
            "close the quotes, or export or download it again"
        )
    return f": is not a readable table ({' '.join(text.split())})"
