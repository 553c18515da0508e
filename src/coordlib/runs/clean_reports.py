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

from coordlib.describe.day import analyse_day, day_counts
from coordlib.errors import RunError
from coordlib.runs.day import run_day_notebook
from coordlib.runs.parameters import DailyMonitoring, DetectionParameters
from coordlib.runs.workspace import Workspace
from coordlib.store import Store, open_store
from coordlib.store.pool import pool
from coordlib.store.posts import run_posts
from coordlib.store.refresh import is_deleted, outdated_runs
from coordlib.store.runs import finish_run, newest_run, record_detection, record_facts, run_of

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
    """Remove deleted videos from the detections and from everything under ``WORKSPACE/reports``.

    What a run detected is detected again from the posts that are left, with the parameters it had; the pool
    stays. A day's report is made again from the store; its notes say that posts were removed. Earlier versions
    of days and analyses cannot be made again: their folders are removed.
    """
    rebuilt: list[str] = []
    removed: list[str] = []
    with open_store(workspace.database) as store:
        detected = outdated_runs(store)
        days = [_detect_again(store, run_id) for run_id in detected]
        # A clean-up that was killed between removing a day's folder and making it again.
        cut_short = {run["date"] for run in days if run["kind"] != "discover" and run["status"] == "done"}
        missing = [workspace.day_folder(date) for date in sorted(cut_short)]
        missing = [folder for folder in missing if not folder.is_dir()]
        for folder in [*missing, *(path for path in _folders(workspace) if _holds_deleted(store, path))]:
            shutil.rmtree(folder, ignore_errors=folder in missing)
            if folder.parent == workspace.days and _rebuild(store, workspace, folder.name):
                rebuilt.append(folder.name)
            else:
                removed.append(folder.relative_to(workspace.root).as_posix())
        for run_id in detected:
            record_facts(store, run_id, {"outdated": None})
    return Cleaned(tuple(detected), tuple(sorted(rebuilt)), tuple(removed))


def _detect_again(store: Store, run_id: str) -> dict[str, Any]:
    """Detect a run's networks in the posts that are left, with the run's own parameters."""
    run = run_of(store, run_id)
    assert run is not None  # its id was read from the same table
    model = DetectionParameters if run["kind"] == "discover" else DailyMonitoring
    options = model.load(_known(run["parameters"], model))
    posts = run_posts(store, run_id)
    watched = pool(store, before=run["date"])["account_id"].tolist()
    analysis = analyse_day(
        posts, watched, time_window=options.time_window, min_participation=options.min_participation,
        edge_weight=options.edge_weight, min_weight=options.min_weight, min_posts=getattr(options, "min_posts", 1),
    )  # fmt: skip
    kept = analysis.edges[analysis.edges["weight_threshold"] == 1]
    with store.transaction():
        record_detection(store, run_id, analysis.accounts, kept, set(analysis.new_accounts))
        if run["kind"] == "discover":
            record_facts(store, run_id, {"n_videos": len(posts)})
        else:
            counts = day_counts(
                analysis.shares, analysis.pairs, analysis.edges, analysis.graph, analysis.posts, watched
            )
            record_facts(store, run_id, counts)
        if run["status"] == "done":
            finish_run(
                store, run_id, status="done", outcome=str(analysis.outcome), finished_at=run["finished_at"],
                message=run["message"],
            )  # fmt: skip
    return run


def _known(parameters: Mapping[str, Any], model: type[DetectionParameters]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name in model.model_fields}


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
    try:
        run_day_notebook(workspace, date, DailyMonitoring.load(_known(run["parameters"], DailyMonitoring)))
    except RunError:
        shutil.rmtree(workspace.day_folder(date), ignore_errors=True)
        return False
    return True
