"""Deleted videos leave what was made from them too: detections and days are made again without them, the rest is removed.

Runs are marked in the store by the deletion itself and folders are found by the tombstones, not by a list
handed over, so a clean-up that was cut short is completed by the next one.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordlib.errors import RunError
from coordlib.parameters import DailyMonitoring, DetectionParameters, SeedDiscovery
from coordlib.places import Workspace
from coordlib.runs.day import run_day
from coordlib.runs.discover import report_discovery
from coordlib.runs.stored import stored_discovery
from coordlib.store import Store, open_store
from coordlib.store.refresh import is_deleted, outdated_runs
from coordlib.store.runs import Run, record_facts, run_of
from coordlib.store.stored_posts import run_posts

_VIDEO_ID = re.compile(rb"(?<!\d)\d{15,20}(?!\d)")


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up did: runs detected again, days made again, folders removed (versions, analyses, failed days)."""

    detected: tuple[str, ...]
    rebuilt: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.detected or self.rebuilt or self.removed)

    def describe(self) -> str:
        """One line for the terminal."""
        if not self:
            return "no report and no detection rested on a deleted video"
        return (
            f"without the deleted videos: {len(self.detected)} detections and {len(self.rebuilt)} day reports made "
            f"again, {len(self.removed)} folders removed ({', '.join(self.removed) or 'none'})"
        )


def clean_reports(workspace: Workspace) -> Cleaned:
    """Remove deleted videos from the detections, the reports, the drafts and the points of sweeps.

    What a run found is found again by its notebook from the posts that are left, with the parameters it had; the pool
    stays. The notes of a day say that posts were removed. Earlier versions, analyses, drafts and points of a sweep are
    not made again: their folders are removed, and so is a page whose notebook fails now.
    """
    rebuilt: list[str] = []
    removed: list[str] = []
    with open_store(workspace.database) as store:
        detected = outdated_runs(store)
        for run_id in detected:
            run = run_of(store, run_id)
            assert run is not None  # its id was read from the same table
            if run.status == "done":
                folder = _page(workspace, run)
                shutil.rmtree(folder, ignore_errors=True)
                (rebuilt if _again(store, workspace, run) else removed).append(
                    folder.relative_to(workspace.root).as_posix()
                )
        for folder in (path for path in _folders(workspace) if _holds_deleted(store, path)):
            shutil.rmtree(folder)
            removed.append(folder.relative_to(workspace.root).as_posix())
        for run_id in detected:
            record_facts(store, run_id, {"outdated": None})
    return Cleaned(tuple(detected), tuple(sorted(rebuilt)), tuple(removed))


def _page(workspace: Workspace, run: Run) -> Path:
    if run.kind == "discover":
        return workspace.analysis_folder(run.run_id.removeprefix("discover-"))
    return workspace.day_folder(run.date)


def _again(store: Store, workspace: Workspace, run: Run) -> bool:
    """Run the notebook of a run again; return whether it has a page now."""
    if run.kind == "discover":
        record_facts(store, run.run_id, {"n_videos": len(run_posts(store, run.run_id))})
        seeding = SeedDiscovery.load(
            _known(run.parameters, SeedDiscovery) | {"workspace": str(workspace.root)}
        )
        try:
            report_discovery(stored_discovery(workspace, run.run_id), seeding)
        except RunError:
            return False
        return True
    today = dt.datetime.now(dt.UTC).date().isoformat()
    note = f"Posts that the platform no longer returns were removed from this report on {today}."
    notes = [text for text in run.facts.get("notes", []) if not text.startswith("Posts that the platform")]
    record_facts(store, run.run_id, {"notes": [*notes, note]})
    options = DailyMonitoring.load(_known(run.parameters, DailyMonitoring))
    return run_day(store, workspace, run.run_id, run.date, options, grow_pool=False).ok


def _known(parameters: Mapping[str, Any], model: type[DetectionParameters]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name in model.model_fields}


def _folders(workspace: Workspace) -> list[Path]:
    places = ("reports/days/*", "reports/versions/*", "reports/analyses/*", "drafts/*/*", "sweeps/*/*")
    return sorted(path for place in places for path in workspace.root.glob(place) if path.is_dir())


def _holds_deleted(store: Store, folder: Path) -> bool:
    seen: set[bytes] = set()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix != ".zip":
            seen.update(_VIDEO_ID.findall(file.read_bytes()))
    return any(is_deleted(store, digits.decode()) for digits in sorted(seen))
