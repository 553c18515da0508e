"""Records in JSON files of the Twitter/X API: lists, answers with ``data`` or ``users``, or one of them per line."""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coordlib.errors import DamagedLinesWarning, EmptyInputError, FileFormatError, InputError


def records(source: Path | str | Sequence[Path | str], pattern: str, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a folder's matching files, of one file, or of several, in the order of their names.

    Raises
    ------
    InputError
        No such file or folder.
    EmptyInputError
        A folder without a matching file.
    FileFormatError
        A file that is not JSON, or with more damaged lines than one in a hundred; with the line.

    Warns
    -----
    DamagedLinesWarning
        A few lines that are no JSON, as an interrupted stream leaves them, were left out.
    """
    for path in _files(source, pattern):
        for value in _values(path):
            yield from _unwrapped(value, kind, path)


def _files(source: Path | str | Sequence[Path | str], pattern: str) -> list[Path]:
    if not isinstance(source, str | Path):
        return [Path(path) for path in source]
    path = Path(source)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder")
    found = sorted(path.glob(pattern))
    if not found:
        raise EmptyInputError(
            f"{path}: no file named {pattern}; name the files one by one if they are called otherwise"
        )
    return found


def _values(path: Path) -> Iterator[Any]:
    """The JSON values of a file: one for the whole file, or one per line."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileFormatError(f"{path}: is not UTF-8 text; download it again") from None
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error}); check the name or download it again") from None
    try:
        yield json.loads(text)
        return
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" and not _has_lines(text):
            raise FileFormatError(
                f"{path}, line {error.lineno}: is not JSON ({error.msg.lower()}); download it again"
            ) from None
    yield from _lines(text, path)


def _has_lines(text: str) -> bool:
    """Say whether a text that is no JSON as a whole holds a record a line: one of its first lines is JSON."""
    for line in text.split("\n", 5)[:5]:
        try:
            if isinstance(json.loads(line), dict):
                return True
        except json.JSONDecodeError:
            continue
    return False


def _lines(text: str, path: Path) -> Iterator[Any]:
    """One JSON value a line; a stream that was interrupted cannot be asked again, so a few damaged lines are left out."""
    damaged: list[str] = []
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    for number, line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            damaged.append(f"line {number}")
            if len(damaged) > max(1, len(lines) // 100) or len(damaged) * 3 > len(lines):
                raise FileFormatError(
                    f"{path}, {damaged[0]}: is not JSON ({error.msg.lower()}); one value per line is expected"
                ) from None
    if damaged:
        warnings.warn(
            f"{path}: {len(damaged):,} of {len(lines):,} lines are damaged and left out, such as {damaged[0]}",
            DamagedLinesWarning,
            stacklevel=2,
        )


def _unwrapped(value: Any, kind: str, path: Path) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
        return
    if not isinstance(value, dict):
        raise FileFormatError(f"{path}: holds a {type(value).__name__}, not a list of records")
    includes = value.get("includes")
    inner = value.get(kind)
    if inner is None and kind == "users" and isinstance(includes, dict):
        inner = includes.get("users")
    if isinstance(inner, list):
        yield from (item for item in inner if isinstance(item, dict))
    elif isinstance(inner, dict):
        yield inner
    elif "id" in value:
        yield value
