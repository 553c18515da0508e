"""Look at the bytes of a text table: encoding, delimiter, where the header is, how quotes are written."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from pathlib import Path
from typing import IO, Literal, NamedTuple, TypeVar

import pyarrow as pa

from coordlib.errors import EmptyInputError, FileFormatError, InputError
from coordlib.shown import Shown

BLOCK = 1 << 20
_DELIMITERS = (",", ";", "\t", "|")
_MAGIC = {b"PAR1": "parquet", b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_ZSTD_NOTE = b"\x2a\x4d\x18"
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # a zip archive or a workbook, new or old
#: Bytes that are not UTF-8, as the codec error handler "surrogateescape" shows them.
_UNDECODED = "\udc80-\udcff"
#: A caption with its transcript can be longer than the csv module's cautious default.
csv.field_size_limit(1 << 28)
#: So many lines are looked at for a header.
_HEADER_WITHIN = 20
#: A text that packs better than this is none that was collected.
_MAX_PACKED, _SMALL = 200, 1 << 26
#: So much of a file's beginning, and of so many files, is kept to be asked again.
_HEAD, _KEPT = 1 << 16, 4
#: A file written a moment ago may change again without showing another time: clocks of file systems tick.
_TICK_NS = 20_000_000
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class TextLayout:
    """How the bytes of a CSV file are laid out: what a parser has to be told.

    Names the header has more than once (`repeated`) are numbered apart in `columns`; `skip` counts the records above the
    header (notes, a spreadsheet's ``sep=;``); `quoting` is as the csv module and pandas take it.
    """

    delimiter: str
    columns: tuple[str, ...]
    repeated: frozenset[str] = frozenset()
    skip: int = 0
    escape: str | None = None
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL

    def records(self, path: Path, errors: str = "strict") -> Iterator[tuple[int, list[str]]]:
        """Yield the cells of each record from the header on (blank ones too), and the line on which it ends."""
        with open_text(path, errors) as stream:
            rows = csv.reader(stream, delimiter=self.delimiter, escapechar=self.escape, quoting=self.quoting)
            for record in itertools.islice(rows, self.skip, None):
                yield rows.line_num, record


@dataclass(frozen=True)
class Dialect(Shown):
    """What is known of how a file is written: the character before a quote inside quotes, whether quotes mean
    anything, how many lines stand above the header, and what finds the header among the lines below."""

    escape: str | None = None
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    skip_lines: int = 0
    is_header: Callable[[Iterable[str]], bool] | None = None


def _once(look: Callable[[Path, str], Answer]) -> Callable[[Path, str], Answer]:
    """Look at a file once, and again when it is another one: its place, size or times have changed."""
    known = lru_cache(maxsize=_KEPT)(lambda key, path, where: look(path, where))

    @wraps(look)
    def asked(path: Path, where: str) -> Answer:
        with suppress(OSError):  # the look itself says what is wrong
            now = path.stat()
            if now.st_ctime_ns + _TICK_NS <= time.time_ns():
                key = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
                return known(key, path, where)
        return look(path, where)

    return asked


def file_kind(path: Path, where: str) -> str:
    """Return ``"parquet"``, ``"gzip"``, ``"zstd"`` or ``"text"`` from the first bytes of a file."""
    head = first_bytes(path, where)
    if head[1:4] == _ZSTD_NOTE and head[0] >> 4 == 5:  # as pzstd begins
        return "zstd"
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "text")


@_once
def first_bytes(path: Path, where: str) -> bytes:
    """Return the beginning of a file that can be read, as it is on disk."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except FileNotFoundError:
        raise InputError(f"{where}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise InputError(f"{where}: is a folder; give one file in it") from None
    except OSError as error:
        raise InputError(f"{where}: cannot be opened ({error.strerror})") from None
    if not head:
        raise EmptyInputError(f"{where}: the file is empty (0 bytes); export or download it again")
    if head[:4] in _PACKED:
        raise FileFormatError(
            f"{where}: is a zip archive or an Excel workbook; unpack it, or save the sheet as 'CSV UTF-8'"
        )
    return head


def inspect_text(path: Path, where: str, dialect: Dialect = Dialect()) -> TextLayout:
    """Check every byte of a CSV file and find its delimiter and its header."""
    checked = check_bytes(path, where)
    try:
        skip, first, delimiter = _header(beginning := io.StringIO(checked.head, newline=""), dialect)
        if not checked.whole and not beginning.read(1):  # a header longer than what is kept
            with open_text(path) as stream:
                skip, first, delimiter = _header(stream, dialect)
        delimiter = delimiter or _delimiter(first)
        names = _cells(first, delimiter)
    except csv.Error:
        raise FileFormatError(
            f"{where}: a column name holds a carriage return, so where the header ends is not known; "
            "save the file as 'CSV UTF-8'"
        ) from None
    if not first.strip():
        raise EmptyInputError(f"{where}: the file holds only blank lines; export or download it again")
    cells = len(next(csv.reader(io.StringIO(checked.tail, newline=""), delimiter=delimiter), []))
    # A line with quotes can be the end of a longer row; one without is a row, or what is left of it.
    if checked.lines > 1 and checked.tail.strip() and '"' not in checked.tail and cells < len(names):
        raise FileFormatError(
            f"{where}, line {checked.lines}: the last line has {cells} cells, the header {len(names)}, so the file is cut "
            "short; download it again, or complete the line"
        )
    columns, seen = list[str](), Counter[str]()
    for name in names:
        columns.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    repeated = frozenset(name for name, count in seen.items() if count > 1)
    layout = TextLayout(delimiter, tuple(columns), repeated, skip, dialect.escape, dialect.quoting)
    quoted = dialect.quoting == csv.QUOTE_MINIMAL and '"' in checked.marks
    if quoted and delimiter == "\t" and _bare_quotes(path, layout):
        return replace(layout, quoting=csv.QUOTE_NONE)
    if dialect.escape is None and '\\"' in checked.marks and not _even(path, layout):
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
        named = re.fullmatch(r'"?sep=([,;\t|])"?\s*', record, re.IGNORECASE)
        if named and first is None:
            delimiter = named[1]
        else:
            first = first or (skipped, record, delimiter)
            names = _cells(record, delimiter or _delimiter(record))
            if dialect.is_header is None or dialect.is_header(names):
                return skipped, record, delimiter
        skipped += 1
    return first or (0, "", None)


def _cells(record: str, delimiter: str) -> list[str]:
    """Return the names in a header line, without outer spaces and byte-order mark."""
    cells = next(csv.reader(io.StringIO(record), delimiter=delimiter), [])
    return [name.strip().lstrip("\ufeff") for name in cells]


def _even(path: Path, layout: TextLayout) -> bool:
    """Say whether every row has as many cells as the header."""
    return all(len(record) == len(layout.columns) for _, record in layout.records(path) if record)


def _bare_quotes(path: Path, layout: TextLayout) -> bool:
    """Say whether no tab or line break is protected by quotes, and some cells begin with a mark that does not quote them."""
    bare = False
    with open_text(path) as stream:
        for line in itertools.islice(stream, layout.skip, None):
            cells = line.rstrip("\r\n").split("\t")
            if line.strip() and len(cells) != len(layout.columns):
                return False
            bare = bare or any(
                cell.startswith('"') and not re.fullmatch(r'"(?:[^"]|"")*"', cell) for cell in cells
            )
    return bare


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file as what was packed in it."""
    kind = file_kind(path, str(path))
    if kind == "zstd":
        return io.BufferedReader(pa.input_stream(str(path), compression="zstd"), BLOCK)
    return gzip.open(path, "rb") if kind == "gzip" else path.open("rb")  # type: ignore[return-value]


@contextmanager
def open_text(path: Path, errors: str = "strict") -> Iterator[IO[str]]:
    """Open a checked CSV file as text, without its byte-order mark."""
    with (
        open_bytes(path) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors=errors, newline="") as text,
    ):
        yield text


class Checked(NamedTuple):
    """The number of lines, what stands after the last line break, which quotes there are, how the file begins, and whether that is all."""

    lines: int
    tail: str
    marks: frozenset[str]
    head: str
    whole: bool


@_once
def check_bytes(path: Path, where: str) -> Checked:
    """Check that every byte of a file is readable text."""
    compressed = file_kind(path, where) != "text"
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, line, last, size, marks = b"", 1, b"", 0, set[str]()
    packed = path.stat().st_size if compressed else 0
    try:
        with open_bytes(path) as stream:
            while block := stream.read(BLOCK):
                if line == 1 and not last and block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                    raise FileFormatError(f"{where}: is written in UTF-16; save it as 'CSV UTF-8'")
                if b"\0" in block:
                    raise FileFormatError(
                        f"{where}{_place(path, chr(0))}: NUL bytes, so the file is damaged or "
                        "not a text table; export or download it again"
                    )
                decoder.decode(block)
                if not size:
                    head = block if len(block) < _HEAD else block[: block.rfind(b"\n", 0, _HEAD) + 1]
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
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{where}{_place(path, _UNDECODED)}: byte 0x{error.object[error.start]:02X} is not UTF-8 "
            "(it looks like an older Windows or Mac encoding); save the file as 'CSV UTF-8'"
        ) from None
    except (EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise InputError(f"{where}: cannot be read ({error.strerror})") from None
        if "memory" in str(error):
            raise FileFormatError(
                f"{where}: is packed in too long a window; pack it again without --long"
            ) from None
        raise FileFormatError(
            f"{where}, about line {line}: the compressed file is cut short or damaged; download it again"
        ) from None
    if line == 1 and not last:
        raise EmptyInputError(f"{where}: the file is empty; export or download it again")
    tail, whole = last.decode("utf-8", errors="replace"), size == len(head)
    return Checked(line, tail, frozenset(marks), head.decode("utf-8-sig"), whole)


def _place(path: Path, wanted: str) -> str:
    """Return ", line N, column 'NAME'" of the first cell with one of the wanted characters."""
    pattern, names = re.compile(f"[{wanted}]"), list[str]()
    with open_text(path, "surrogateescape") as text:
        layout = TextLayout(_delimiter(_first_record(text)[1]), ())
    with suppress(csv.Error, EOFError, zlib.error, OSError):
        for line, record in layout.records(path, "surrogateescape"):
            for number in (number for number, cell in enumerate(record) if pattern.search(cell)):
                name = f"'{names[number].strip()}'" if number < len(names) else str(number + 1)
                return f", line {line}, column {name}" if names else f", line {line}, in the header"
            names = names or record
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
    return max(_DELIMITERS, key=outside.count)
