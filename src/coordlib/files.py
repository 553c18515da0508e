"""Files that are there whole or not at all, and never in the place of what they were made from."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coordlib.errors import ParameterError, PublishError


@contextmanager
def written(path: Path | str) -> Iterator[Path]:
    """Give a place beside a file to write to; at the end it takes the file's place, on any error it goes.

    Raises
    ------
    PublishError
        The file cannot be written; what was there stays.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with written(target) as beside:
    ...     _ = beside.write_text("whole")
    >>> target.read_text(), [path.name for path in target.parent.iterdir()]
    ('whole', ['a.txt'])
    """
    target = Path(path)
    beside = target.with_name(f".{target.stem}-{secrets.token_hex(4)}.part{target.suffix}")
    try:
        yield beside
        beside.replace(target)
    except OSError as error:
        raise PublishError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write a text file (UTF-8), whole or not at all."""
    with written(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: Path | str, value: Mapping[str, Any]) -> None:
    """Write JSON with sorted keys, whole or not at all."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n")


def refuse_input(output: Path | str, *inputs: Path | str | None) -> None:
    """Refuse, before any work, an output that is one of the inputs, or lies where nothing can be written.

    Raises
    ------
    ParameterError
        It is, or it cannot.
    """
    target = Path(output)
    if not target.parent.is_dir():
        raise ParameterError(f"{target}: there is no folder '{target.parent}'; create it first")
    if target.is_dir():
        raise ParameterError(f"{target}: is a folder; give the name of a file")
    if not os.access(target.parent, os.W_OK):
        raise ParameterError(f"{target}: no right to write in '{target.parent}'; choose another folder")
    for source in inputs:
        if source is not None and target.exists() and Path(source).exists() and target.samefile(source):
            raise ParameterError(f"{target}: is the input itself; give the output a name of its own")
