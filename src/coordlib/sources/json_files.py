"""Read JSON and JSON-lines files as a table of text with dotted column names."""

from __future__ import annotations

import codecs
import json
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.errors import EmptyInputError, FileFormatError
from coordlib.ids import valid_text
from coordlib.sources.tables import DAMAGED, list_text
from coordlib.sources.text_layout import check_bytes, file_kind, first_bytes, open_bytes

#: The byte-order mark.
_MARK = codecs.BOM_UTF8
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_AFTER_A_CUT = re.compile(rb'^[^\r\n]*\}\r?\n\{"')
#: Objects nested deeper than any platform's stay JSON text.
MAX_DEPTH = 12
#: Keys under which services put the list of records.
_WRAPPERS = (
    *("data", "articles", "videos", "stories", "statuses", "posts", "tweets", "messages", "records"),
    *("items", "results", "result"),
)
#: Stands in the place of a page of an API that holds errors and counts alone, with its line.
EMPTY_PAGE = "coordlib.empty_page"
#: What a page of an API has beside its records.
_PAGE = {"data", "includes", "errors", "meta", "__twarc", "matching_rules"}


def is_json(path: Path, where: str) -> bool:
    """Say whether a file begins like JSON, or after a line that an interrupted stream cut."""
    head = first_bytes(path, where)
    if file_kind(path, where) in ("gzip", "zstd"):
        try:
            with open_bytes(path) as stream:
                head = stream.read(4096)
        except (EOFError, OSError, zlib.error):  # damaged, which its reader says
            return False
    return head.removeprefix(_MARK).lstrip()[:1] in (b"{", b"[") or bool(_AFTER_A_CUT.search(head))


def iter_records(path: Path, where: str, chunk_rows: int) -> Iterator[pd.DataFrame]:
    """Read the records of a file piece by piece (one JSON value is held in memory); the index goes on counting."""
    start, batch, empty = 0, list[dict[str, Any]](), list[dict[str, Any]]()
    for record in json_records(path, where):
        (empty if EMPTY_PAGE in record else batch).append(record)
        if len(batch) >= chunk_rows:
            yield records_table(batch, start)
            start, batch = start + len(batch), []
    if batch or (start and empty):
        yield records_table(batch + empty, start)
    elif start == 0:
        raise EmptyInputError(f"{where}: holds no records; export or download it again")


def flatten(record: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield dotted names and text of a record; lists are those of :func:`list_text`."""
    for key, value in record.items():
        name = _clean(f"{prefix}{key}")
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        if isinstance(value, dict) and depth < MAX_DEPTH:
            yield from flatten(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield name, _clean(list_text(value))
        else:
            as_json = isinstance(value, dict | bool)
            yield name, _clean(json.dumps(value, ensure_ascii=False) if as_json else str(value))


def _clean(text: str) -> str:
    """Replace what JSON can write but no text file can hold: halves of characters, and NUL."""
    return valid_text(text).replace("\0", "\ufffd")


def records_table(batch: Sequence[dict[str, Any]], start: int = 0) -> pd.DataFrame:
    """Return records as a table of text, its rows numbered from `start`."""
    rows = [dict(flatten(record)) for record in batch]
    return pd.DataFrame(rows, index=pd.RangeIndex(start, start + len(rows))).astype("str")


def json_records(
    path: Path, where: str = "", *, places: Sequence[str] = _WRAPPERS
) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, which an answer has in one of `places`; damaged lines among many as :data:`DAMAGED`."""
    where = where or str(path)
    # The same byte checks as for a table: encoding, NUL bytes, compressed files cut short.
    check_bytes(path, where)
    with open_bytes(path) as stream:
        filled = filter(None, map(_stripped, stream))
        first, second = next(filled, b""), next(filled, None)
    # A line that an interrupted stream cut may be the first one.
    if second is None or (_value(first) is None and not isinstance(_value(second), dict)):
        with open_bytes(path) as stream:
            answer = _parse(stream.read().removeprefix(_MARK), where, 1)
        if answer != {}:  # what services answer when nothing is found
            yield from _unwrap(answer, where, 1, places)
        return
    damaged, number, first_error = 0, 0, None
    with open_bytes(path) as stream:
        for number, line in enumerate(map(_stripped, stream), start=1):
            if not line:
                continue
            try:
                value = _parse(line, where, number)
            except FileFormatError as error:
                first_error = first_error or error
                # A stream that was interrupted cannot be asked again: a line among many is left out and counted.
                damaged += 1
                if damaged > max(1, number // 100):
                    raise first_error from None
                yield {DAMAGED: f"line {number}"}
                continue
            yield from _unwrap(value, where, number, places)
    if first_error is not None and damaged * 3 > number:
        raise first_error


def _stripped(line: bytes) -> bytes:
    return line.removeprefix(_MARK).strip()


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _parse(text: bytes, where: str, line: int) -> Any:
    """Read JSON; NaN is missing, and what GDELT writes into strings (bare line breaks, a backslash before any letter) is taken."""
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise FileFormatError(f"{where}, line {line}: is nested too deeply to be an export") from None
    except ValueError as error:
        with suppress(ValueError, RecursionError):
            mended = _ESCAPE.sub(lambda found: found[0] if found[1] in b'"\\/bfnrtu' else found[1], text)
            return json.loads(mended, parse_constant=lambda _: None, strict=False)
        at = line + getattr(error, "lineno", 1) - 1
        raise FileFormatError(
            f"{where}, line {at}: is not JSON ({getattr(error, 'msg', error)}); the file may be cut short: "
            "export or download it again"
        ) from None


def _unwrap(value: Any, where: str, line: int, places: Sequence[str]) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, dict):
                raise FileFormatError(
                    f"{where}, line {line}: expected a list of records, found {type(item).__name__}"
                )
            # A file may be a list of pages, as lines may be pages.
            yield from _unwrap(item, where, line, places) if item and set(item) <= _PAGE else [item]
    elif not isinstance(value, dict):
        raise FileFormatError(f"{where}, line {line}: expected records, found {type(value).__name__}")
    elif (listed := _listed(value, places)) is not None:
        yield from listed
    # A page of an API without records: {"data": {…}} is one record, errors and counts alone are none.
    elif set(value) <= _PAGE and isinstance(value.get("data"), dict):
        yield value["data"]
    else:
        yield {EMPTY_PAGE: f"line {line}"} if value and set(value) <= _PAGE else value


def _listed(value: dict[str, Any], places: Sequence[str], depth: int = 2) -> list[dict[str, Any]] | None:
    """Return the list of records of an answer: in one of `places`, or a step or two further in, or the one thing it holds."""
    alone = value if len(value) == 1 and places is _WRAPPERS else {}
    for inner in (value[key] for key in (*places, *alone) if key in value):
        if isinstance(inner, list) and all(isinstance(item, dict) for item in inner):
            return inner
        if isinstance(inner, dict) and depth and (found := _listed(inner, places, depth - 1)) is not None:
            return found
    return None
