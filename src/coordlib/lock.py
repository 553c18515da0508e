"""One run at a time in a workspace, even from cron, even after a kill -9."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coordlib.errors import StoreError, WorkspaceLockedError
from coordlib.files import read_json, sweep_leftovers

LOCK_NAME = ".lock"
HOLDER_NAME = ".lock-holder.json"


@contextmanager
def workspace_lock(root: Path | str, command: str = "a run") -> Iterator[None]:
    """Hold the workspace for the length of the block, or refuse at once, saying who holds it.

    The lock is the operating system's (``flock``), so it ends with the process that holds it; it does not reach across machines
    that share a folder by NFS. Who holds the workspace may take it again. What a killed run left half-written is swept.
    """
    from filelock import FileLock, Timeout

    folder = Path(root)
    holder = folder / HOLDER_NAME
    lock = FileLock((folder / LOCK_NAME).resolve(), timeout=0, is_singleton=True)
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
