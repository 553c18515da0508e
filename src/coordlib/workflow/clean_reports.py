"""Deleted videos leave the published files too: days are made again without them, the rest is removed.

Folders are found by the tombstones in the store, not by a list handed over, so a clean-up that was cut
short is completed by the next one.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from coordlib.errors import RunError
from coordlib.store import Store, open_store
from coordlib.store.refresh import is_deleted
from coordlib.store.runs import newest_run, record_facts
from coordlib.workflow.day import run_day_notebook
from coordlib.workflow.params import DailyMonitoring
from coordlib.workflow.project import Workspace

_VIDEO_ID = re.compile(rb"(?<!\d)\d{15,20}(?!\d)")


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up did: days made again, folders removed (earlier versions, analyses, days that failed)."""

    rebuilt: tuple[str, ...]
    removed: tuple[str, ...]

    def describe(self) -> str:
        """One line for the terminal."""
        if not self.rebuilt and not self.removed:
            return "no published file held a deleted video"
        return (
            f"{len(self.rebuilt)} day reports made again without the deleted videos, "
            f"{len(self.removed)} folders removed ({', '.join(self.removed) or 'none'}); render the site again"
        )


def clean_reports(workspace: Workspace) -> Cleaned:
    """Remove deleted videos from everything under ``WORKSPACE/reports``.

    A day's report is made again from the store, where the videos are gone; its notes say that videos were
    removed. Earlier versions of days and analyses cannot be made again: their folders are removed.
    """
    rebuilt: list[str] = []
    removed: list[str] = []
    with open_store(workspace.database) as store:
        for folder in _folders(workspace):
            if not _holds_deleted(store, folder):
                continue
            name = folder.relative_to(workspace.root).as_posix()
            shutil.rmtree(folder)
            if folder.parent == workspace.days and _rebuild(store, workspace, folder.name):
                rebuilt.append(folder.name)
            else:
                removed.append(name)
    return Cleaned(tuple(rebuilt), tuple(removed))


def _folders(workspace: Workspace) -> list[Path]:
    reports = workspace.root / "reports"
    parents = [workspace.days, reports / "versions", reports / "analyses"]
    return sorted(path for parent in parents if parent.is_dir() for path in parent.iterdir() if path.is_dir())


def _holds_deleted(store: Store, folder: Path) -> bool:
    seen: set[bytes] = set()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix != ".zip":
            seen.update(_VIDEO_ID.findall(file.read_bytes()))
    return any(is_deleted(store, digits.decode()) for digits in sorted(seen))


def _rebuild(store: Store, workspace: Workspace, date: str) -> bool:
    run = newest_run(store, date)
    if run is None:
        return False
    today = dt.datetime.now(dt.UTC).date().isoformat()
    note = f"Posts that the platform no longer returns were removed from this report on {today}."
    notes = [text for text in run["facts"].get("notes", []) if not text.startswith("Posts that the platform")]
    record_facts(store, run["run_id"], {"notes": [*notes, note]})
    known = {name: value for name, value in run["parameters"].items() if name in DailyMonitoring.model_fields}
    try:
        run_day_notebook(workspace, date, DailyMonitoring.load(known))
    except RunError:
        shutil.rmtree(workspace.day_folder(date), ignore_errors=True)
        return False
    return True
