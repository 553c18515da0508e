"""Records in JSON files of the Twitter/X API: lists, answers with ``data`` or ``users``, or one of them per line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coordlib.errors import EmptyInputError, FileFormatError, InputError


def records(source: Path | str | Sequence[Path | str], pattern: str, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a folder's matching files, of one file, or of several, in the order of their names.

    Raises
    ------
    InputError
        No such file or folder.
    EmptyInputError
        A folder without a matching file.
    FileFormatError
        A file that is not JSON; with its line.
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
        if error.msg != "Extra data":
            raise FileFormatError(
                f"{path}, line {error.lineno}: is not JSON ({error.msg.lower()}); download it again"
            ) from None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise FileFormatError(
                f"{path}, line {number}: is not JSON ({error.msg.lower()}); one value per line is expected"
            ) from None


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
