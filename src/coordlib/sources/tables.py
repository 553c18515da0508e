"""Read a table of text from CSV or Parquet, and say in one line what is wrong with a file that cannot be read.

Everything stays text: ids on TikTok, Facebook and Instagram do not fit a float, so nothing is
converted before the caller knows which column is which.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pandas as pd

from coordlib.errors import EmptyInputError, FileFormatError, InputError, MissingColumnError
from coordlib.posts import rounded_id
from coordlib.sources.parquet import iter_parquet

BLOCK = 1 << 20
DELIMITERS = (",", ";", "\t")
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
    #: Records above the header: notes, and a spreadsheet's ``sep=;``.
    skip: int = 0
    escape: str | None = None
    #: False: quotation marks are letters like any other.
    quotes: bool = True

    def reader(self, stream: IO[str]) -> Any:
        """Return a csv reader that stands at the header."""
        reader = csv.reader(
            stream,
            delimiter=self.delimiter,
            escapechar=self.escape,
            quoting=csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE,
        )
        for _ in range(self.skip):
            next(reader)
        return reader


@dataclass(frozen=True)
class Dialect:
    """What is known of how a file is written, before it is looked at.

    `escape` is the character of dialects that write ``\\"`` inside quotes, `quotes` is False where quotation marks mean
    nothing, `skip_lines` stand above the header. `is_header` finds the header among the first lines, below notes.
    """

    escape: str | None = None
    quotes: bool = True
    skip_lines: int = 0
    is_header: Callable[[Iterable[str]], bool] | None = None


#: Stands in the place of a row or line that is none, with its number.
DAMAGED = "coordlib.damaged"
#: So many lines are looked at for a header.
_HEADER_WITHIN = 20
#: A text that packs better than this is none that was collected.
_MAX_PACKED, _SMALL = 200, 1 << 26


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
    dialect
        How a text file is written, where that is known.
    names
        Columns of names, in which "NA" is one, unless another cell of its row is NA as well.

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
    who reads pieces counts the rows that lack something; the two halves of a row with an unquoted line break are
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
    """Find rows broken in two by a line break without quotes: together they have the header's cells; row to line."""
    found: dict[int, int] = {}
    wanted, row, before = len(layout.columns), -2, 0
    with open_text(path, layout.compressed) as stream:
        reader = layout.reader(stream)
        for record in reader:
            row += bool(record)
            if row < 0 or not record:
                continue
            if before and len(record) < wanted and before + len(record) == wanted + 1:
                found |= {row - 1: reader.line_num - 1, row: reader.line_num}
                before = 0
            else:
                before = len(record) if len(record) < wanted else 0
    return found


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


def inspect_text(path: Path, where: str, dialect: Dialect | None = None) -> TextLayout:
    """Check every byte of a CSV file and find its delimiter and its header."""
    dialect = dialect or Dialect()
    compressed = file_kind(path, where) == "gzip"
    lines, tail, marks = _check_bytes(path, where, compressed)
    with open_text(path, compressed) as stream:
        skip, first, delimiter = _header(stream, dialect)
    if not first.strip():
        raise EmptyInputError(f"{where}: the file holds only blank lines; export or download it again")
    delimiter = delimiter or _delimiter(first)
    try:
        names = _cells(first, delimiter)
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
    repeated = frozenset(name for name, count in Counter(names).items() if count > 1)
    layout = TextLayout(
        compressed, delimiter, tuple(_unique(names)), repeated, skip, dialect.escape, dialect.quotes
    )
    if dialect.quotes and delimiter == "\t" and '"' in marks and _bare_quotes(path, layout):
        return replace(layout, quotes=False)
    if dialect.escape is None and '\\"' in marks and not _even(path, layout):
        escaped = replace(layout, escape="\\")
        return escaped if _even(path, escaped) else layout
    return layout


def _header(stream: IO[str], dialect: Dialect) -> tuple[int, str, str | None]:
    """Return how many records stand above the header, the header, and the delimiter a ``sep=`` line names."""
    for _ in range(dialect.skip_lines):
        stream.readline()
    skipped, first, delimiter = dialect.skip_lines, None, None
    for _ in range(_HEADER_WITHIN):
        blank, record = _first_record(stream)
        skipped += blank
        if not record:
            break
        named = re.fullmatch(r'"?sep=([,;\t])"?\s*', record)
        if named and first is None:
            delimiter = named[1]
        else:
            first = first or (skipped, record, delimiter)
            if dialect.is_header is None or dialect.is_header(
                _cells(record, delimiter or _delimiter(record))
            ):
                return skipped, record, delimiter
        skipped += 1
    return first or (0, "", None)


def _cells(record: str, delimiter: str) -> list[str]:
    """Return the names in a header line, without outer spaces and byte-order mark."""
    return [
        name.strip().lstrip("\ufeff")
        for name in next(csv.reader(io.StringIO(record), delimiter=delimiter), [])
    ]


def _even(path: Path, layout: TextLayout) -> bool:
    """Say whether every row has as many cells as the header."""
    with open_text(path, layout.compressed) as stream:
        return all(len(record) == len(layout.columns) for record in layout.reader(stream) if record)


def _bare_quotes(path: Path, layout: TextLayout) -> bool:
    """Say whether no tab or line break is protected by quotes, and some cells begin with a mark that does not quote them."""
    bare = False
    with open_text(path, layout.compressed) as stream:
        for line in itertools.islice(stream, layout.skip, None):
            cells = line.rstrip("\r\n").split("\t")
            if line.strip() and len(cells) != len(layout.columns):
                return False
            bare = bare or any(
                cell.startswith('"') and not re.fullmatch(r'"(?:[^"]|"")*"', cell) for cell in cells
            )
    return bare


def check_text(path: Path, where: str) -> bool:
    """Check that every byte of a file is readable text; return whether the file is compressed."""
    compressed = file_kind(path, where) == "gzip"
    _check_bytes(path, where, compressed)
    return compressed


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


@contextmanager
def open_text(path: Path, compressed: bool) -> Iterator[IO[str]]:
    """Open a checked CSV file as text, without its byte-order mark."""
    with (
        gzip.open(path, "rb") if compressed else path.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
    ):
        yield text


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


def _check_bytes(path: Path, where: str, compressed: bool) -> tuple[int, str, set[str]]:
    """Check every byte; return the number of lines, what stands after the last line break, and which quotes there are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, last, size, marks = 1, b"", 0, set[str]()
    packed = path.stat().st_size if compressed else 0
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
                size += len(block)
                if packed and size > max(_SMALL, packed * _MAX_PACKED):
                    raise FileFormatError(
                        f"{where}: unpacks to more than {_MAX_PACKED} times its size, so it is no export; "
                        "unpack it and look at what it holds"
                    )
                marks |= {mark for mark in ('"', '\\"') if mark.encode() in block}
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
    return line, last.decode("utf-8", errors="replace"), marks


def _place(path: Path, compressed: bool, wanted: str) -> str:
    """Return ", line N, column 'NAME'" of the first cell with one of the wanted characters."""
    pattern = re.compile(f"[{wanted}]")
    with (
        gzip.open(path, "rb") if compressed else path.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        _, first = _first_record(text)
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


def _first_record(stream: IO[str]) -> tuple[int, str]:
    """Return the number of blank lines above it, and the next line; a quoted name may hold a line break."""
    record, blank = "", 0
    for text in stream:
        if not record and not text.strip():
            blank += 1
            continue
        record += text
        if record.count('"') % 2 == 0 or len(record) > BLOCK:
            break
    return blank, record


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
            if (
                not unclosed
                and len(record) == len(layout.columns) + 1
                and number == 1
                and record[0].isdigit()
            ):
                return (
                    f", line {reader.line_num}: has {len(record)} cells, the header has {len(layout.columns)}; the first "
                    f"cell, '{record[0]}', looks like a row name: write the table without them (in R row.names = FALSE)"
                )
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
