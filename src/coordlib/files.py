"""Files that are there whole or not at all, never in the place of what they were made from, and one run at a time in a workspace."""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coordlib.errors import ParameterError, PublishError, StoreError, WorkspaceLockedError

#: Endings of a folder that is being made, of one that is being replaced, of a notebook that runs; all begin with a dot.
WRITING, _OLD, RUNNING = ".writing", ".old", ".running.ipynb"


@contextmanager
def written(path: Path | str) -> Iterator[Path]:
    """Give a place beside a file to write to; at the end it takes the file's place, on any error it goes (PublishError)."""
    target = Path(path)
    beside = target.with_name(f".{target.stem}-{os.getpid()}.part{target.suffix}")
    _sweep_parts(target)
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


def read_json(path: Path | str) -> dict[str, Any]:
    """Return the JSON object in a file, an empty one where none can be read."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def staging_of(folder: Path) -> Path:
    """Return the folder in which another is made before it is put in place: ``days/.2025-01-03.writing``."""
    return folder.with_name(f".{folder.name}{WRITING}")


def put_folder(made: Path, target: Path) -> None:
    """Put a complete folder in the place of another in one step, so that there is always one of the two.

    Where the file system cannot exchange folders a kill can leave none: the next :func:`sweep_leftovers` mends that.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    bring_back(target)
    old = target.with_name(f".{target.name}{_OLD}")
    if target.exists() and not _exchange(made, target):
        target.rename(old)
    if made.exists() and not target.exists():
        made.rename(target)
    for replaced in (made, old):
        shutil.rmtree(replaced, ignore_errors=True)


def sweep_leftovers(folder: Path) -> None:
    """Under the workspace's lock, remove what a killed run left half-written, and bring back what it had taken away."""
    for old in folder.glob(f".*{_OLD}"):
        bring_back(old.with_name(old.name[1 : -len(_OLD)]))
    for left in (path for ending in (WRITING, RUNNING) for path in folder.glob(f".*{ending}")):
        left.chmod(left.stat().st_mode | 0o700)  # a copy of a folder nobody may write in is one itself
        shutil.rmtree(left) if left.is_dir() else left.unlink()


@contextmanager
def workspace_lock(root: Path | str, command: str = "a run") -> Iterator[None]:
    """Hold the workspace for the length of the block, or refuse at once, saying who holds it.

    The lock is the operating system's (``flock``), so it ends with the process that holds it; it does not reach across machines
    that share a folder by NFS. Who holds the workspace may take it again. What a killed run left half-written is swept.
    """
    from filelock import FileLock, Timeout

    folder = Path(root)
    holder = folder / ".lock-holder.json"
    lock = FileLock((folder / ".lock").resolve(), timeout=0, is_singleton=True)
    if lock.is_locked:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        note = read_json(holder)
        told = {"command", "process", "since"} <= set(note)
        who = "'{command}' (process {process}, since {since})".format_map(note) if told else "another run"
        raise WorkspaceLockedError(
            f"{folder}: {who} is writing here; wait until it has ended and start again"
        ) from None
    except OSError as error:
        why = "it is a file" if folder.is_file() else error.strerror
        raise StoreError(
            f"{folder}: cannot be written to ({why}); name a workspace you may write in"
        ) from error
    try:
        for place in (folder, *folder.glob("reports/*/")):
            sweep_leftovers(place)
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
        note = {"command": command, "process": os.getpid(), "since": now}
        holder.write_text(json.dumps(note), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def bring_back(target: Path) -> None:
    """Mend what a kill amid :func:`put_folder` left of a folder."""
    old = target.with_name(f".{target.name}{_OLD}")
    if old.is_dir() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, two: Path) -> bool:
    """Exchange two folders in one step of the operating system; False where it cannot."""
    here, exchange = -100, 2  # AT_FDCWD; RENAME_EXCHANGE, on macOS RENAME_SWAP
    first, second = os.fsencode(one), os.fsencode(two)
    try:
        system = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return bool(system.renamex_np(first, second, exchange) == 0)
        return bool(system.renameat2(here, first, here, second, exchange) == 0)
    except (OSError, AttributeError):
        return False


def _sweep_parts(target: Path) -> None:
    """Remove what writers of this file left beside it when they were killed."""
    name = re.compile(rf"\.{re.escape(target.stem)}-(\d+)\.part{re.escape(target.suffix)}")
    for path in target.parent.glob(".*.part*"):
        if (match := name.fullmatch(path.name)) and not runs_still(int(match[1])):
            path.unlink(missing_ok=True)


def runs_still(process: int) -> bool:
    """Whether a process of this machine has not ended."""
    try:
        os.kill(process, 0)
    except OSError as error:  # any other: it runs, as somebody else's
        return not isinstance(error, ProcessLookupError)
    return True


def refuse_input(
    output: Path | str, *inputs: Path | str | None, endings: Collection[str] = (), new_folder: bool = False
) -> None:
    """Refuse, before any work, an output that is one of the inputs, has none of the endings, or lies where nothing can be written.

    A `new_folder` is one its writer makes, once nothing else is wrong.
    """
    target = Path(output)
    above = target.absolute().parents
    there = next(folder for folder in above if folder.exists()) if new_folder else above[0]
    if not there.is_dir():
        raise ParameterError(f"{target}: there is no folder '{target.parent}'; create it first")
    if target.is_dir():
        raise ParameterError(f"{target}: is a folder; give the name of a file")
    if not os.access(there, os.W_OK):
        raise ParameterError(f"{target}: no right to write in '{there}'; choose another folder")
    for source in inputs:
        if source is not None and target.exists() and Path(source).exists() and target.samefile(source):
            raise ParameterError(f"{target}: is the input itself; give the output a name of its own")
    if endings and target.suffix.lower() not in endings:
        raise ParameterError(f"{target}: the file name must end in {' or '.join(endings)}")


def files_below(folder: Path | str) -> list[str]:
    """Return the names of all files below a folder, sorted."""
    cut = len(str(folder)) + 1
    return sorted(f"{where}/{name}"[cut:] for where, _, names in os.walk(folder) for name in names)
