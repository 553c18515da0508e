"""One run at a time in a workspace, even from cron, even after a kill -9."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from coordlib.errors import StoreError, WorkspaceLockedError
from coordlib.files import sweep_leftovers

LOCK_NAME = ".lock"
HOLDER_NAME = ".lock-holder.json"


@contextmanager
def workspace_lock(root: Path | str, command: str = "a run") -> Iterator[None]:
    """Hold the workspace for the length of the block, or refuse at once.

    The lock is the operating system's (``flock``), so it ends with the process that holds it. It does not reach
    across machines that share a folder by NFS. Who holds the workspace may take it again: a refresh renders.
    What a killed run left half-written is swept when the lock is taken.

    Parameters
    ----------
    root
        Folder of the workspace; created if absent.
    command
        What is running, for the message another run gets.

    Raises
    ------
    WorkspaceLockedError
        Another process holds the workspace; the message says what it is and since when.
    StoreError
        The folder cannot be made or written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, workspace_lock(folder, "coordlib monitor"):
    ...     (Path(folder) / ".lock").exists()
    True
    """
    folder = Path(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    lock = FileLock((folder / LOCK_NAME).resolve(), timeout=0, is_singleton=True)
    if lock.is_locked:
        yield
        return
    try:
        lock.acquire()
    except Timeout:
        raise WorkspaceLockedError(
            f"{folder}: {_holder(folder)} is writing here; wait until it has ended and start again"
        ) from None
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        for place in (folder, *folder.glob("reports/*/")):
            sweep_leftovers(place)
        _note(folder, command)
        yield
    finally:
        (folder / HOLDER_NAME).unlink(missing_ok=True)
        lock.release()


def _cannot_write(folder: Path, error: OSError) -> StoreError:
    why = "it is a file" if folder.is_file() else error.strerror
    return StoreError(f"{folder}: cannot be written to ({why}); name a workspace you may write in")


def _note(folder: Path, command: str) -> None:
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = json.dumps({"command": command, "process": os.getpid(), "since": now})
    (folder / HOLDER_NAME).write_text(text, encoding="utf-8")


def _holder(folder: Path) -> str:
    try:
        note = json.loads((folder / HOLDER_NAME).read_text(encoding="utf-8"))
        return f"'{note['command']}' (process {note['process']}, since {note['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
