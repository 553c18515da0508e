"""What left the database leaves what was made from it too: detections and days are made again without it, the rest is removed.

Runs are marked in the store by the deletion itself and folders are found by the tombstones, not by a list
handed over, so a clean-up that was cut short is completed by the next one.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from coordlib.errors import ParameterError, RunError
from coordlib.lock import workspace_lock
from coordlib.parameters import DailyMonitoring, DetectionParameters, SeedDiscovery
from coordlib.places import Workspace
from coordlib.report.package import read_run, withdraw
from coordlib.report.pseudonyms import pseudonyms_of
from coordlib.runs.day import run_day
from coordlib.runs.discover import report_discovery
from coordlib.runs.stored import stored_discovery
from coordlib.store import Store, open_store
from coordlib.store.forgotten import forget, name_pattern
from coordlib.store.refresh import is_deleted, outdated_runs
from coordlib.store.runs import Run, record_facts, run_of, runs
from coordlib.store.stored_posts import account_names, run_posts

_VIDEO_ID = re.compile(rb"(?<!\d)\d{15,20}(?!\d)")


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up did: runs detected again, days made again, folders removed (versions, analyses, failed days)."""

    detected: tuple[str, ...]
    rebuilt: tuple[str, ...]
    removed: tuple[str, ...]
    without: str = "the deleted videos"

    def __bool__(self) -> bool:
        return bool(self.detected or self.rebuilt or self.removed)

    def describe(self) -> str:
        """One line for the terminal."""
        if not self:
            return f"no report and no detection had {self.without} in it"
        return (
            f"without {self.without}: {len(self.detected)} detections and {len(self.rebuilt)} day reports made "
            f"again, {len(self.removed)} folders removed ({', '.join(self.removed) or 'none'})"
        )


def clean_reports(workspace: Workspace) -> Cleaned:
    """Remove deleted videos from the detections, the reports, the drafts and the points of sweeps.

    What a run found is found again by its notebook from the posts that are left, with the parameters it had; the pool
    stays. The notes of a day say that posts were removed. Earlier versions, analyses, drafts and points of a sweep are
    not made again: their folders are removed, and so is a page whose notebook fails now.
    """
    note = "Posts that the platform no longer returns were removed from this report on {}."
    with open_store(workspace.database) as store:
        return _clean(store, workspace, outdated_runs(store), partial(_holds_deleted, store), note)


def forget_account(workspace: Workspace, account: str) -> Cleaned:
    """Take an account out of the database and of everything made from it: pages, files, versions, analyses, drafts.

    Days and discoveries are made again without it and say that an account was taken out, not which; everything else that
    names it is removed. It is kept out when a later collection brings it again.
    """
    pattern = name_pattern(account)
    made = names.name(account) if (names := pseudonyms_of(workspace.root, ())) else account
    with workspace_lock(workspace.root, "coordlib forget"), open_store(workspace.database) as store:
        names_it = partial(_names, (pattern, name_pattern(made)))
        if (
            not outdated_runs(store)
            and account not in account_names(store)
            and not any(names_it(folder) for folder in _folders(workspace))
        ):
            raise ParameterError(f"{account}: nothing in {workspace.root} names this account")
        forget(store, account, int(time.time()))
        note = "An account was taken out of this report on {}, as it was asked for."
        cleaned = _clean(store, workspace, outdated_runs(store), names_it, note)
    return replace(cleaned, without=account)


def remake_reports(workspace: Workspace) -> Cleaned:
    """Make every day and discovery again from its stored posts; remove versions, analyses and drafts made before.

    What it is for: a workspace that changes between handles and pseudonyms, where nothing of before may stay.
    """
    with workspace_lock(workspace.root, "coordlib remake"), open_store(workspace.database) as store:
        done = [run.run_id for run in runs(store) if run.status == "done"]
        began = time.time()
        cleaned = _clean(store, workspace, done, lambda folder: _made_before(folder, began), None)
    return replace(cleaned, without="what was made before")


def _clean(
    store: Store, workspace: Workspace, again: list[str], holds: Callable[[Path], bool], note: str | None
) -> Cleaned:
    """Make runs again, each as a new version where it differs, and take away every folder that holds what is gone."""
    rebuilt: list[str] = []
    removed: list[str] = []

    def take_away(folder: Path) -> None:
        folder.unlink() if folder.is_file() else withdraw(folder)
        removed.append(folder.relative_to(workspace.root).as_posix())

    for run_id in again:
        run = run_of(store, run_id)
        assert run is not None  # its id was read from the same table
        if run.status == "done":
            folder = _page(workspace, run)
            if _again(store, workspace, run, note):
                rebuilt.append(folder.relative_to(workspace.root).as_posix())
            else:
                take_away(folder)
    for folder in (path for path in _folders(workspace) if holds(path)):
        take_away(folder)
    shutil.rmtree(workspace.notes, ignore_errors=True)  # they hold names too
    for run_id in again:
        record_facts(store, run_id, {"outdated": None})
    return Cleaned(tuple(again), tuple(sorted(rebuilt)), tuple(removed))


def _made_before(folder: Path, time: float) -> bool:
    """Whether a version, an analysis, a draft or a notebook that failed is older than a time; a withdrawn one holds nothing."""
    if folder.is_file():
        return folder.stat().st_mtime < time
    record = folder / "run.json"
    withdrawn = read_run(folder).get("outcome") == "withdrawn"
    return (
        folder.parent.name != "days"
        and not withdrawn
        and not (record.exists() and record.stat().st_mtime >= time)
    )


def _page(workspace: Workspace, run: Run) -> Path:
    if run.kind == "discover":
        return workspace.analysis_folder(run.run_id.removeprefix("discover-"))
    return workspace.day_folder(run.date)


def _again(store: Store, workspace: Workspace, run: Run, note: str | None) -> bool:
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
    if note:
        head = note.split("{}")[0]
        notes = [text for text in run.facts.get("notes", []) if not text.startswith(head)]
        today = dt.datetime.now(dt.UTC).date().isoformat()
        record_facts(store, run.run_id, {"notes": [*notes, note.format(today)]})
    options = DailyMonitoring.load(_known(run.parameters, DailyMonitoring))
    return run_day(store, workspace, run.run_id, run.date, options, grow_pool=False).ok


def _known(parameters: Mapping[str, Any], model: type[DetectionParameters]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name in model.model_fields}


def _folders(workspace: Workspace) -> list[Path]:
    places = ("reports/days/*", "reports/versions/*", "reports/analyses/*", "drafts/*/*", "sweeps/*/*")
    found = (path for place in places for path in workspace.root.glob(place))
    return sorted(path for path in found if path.is_dir() or path.name.endswith(".failed.ipynb"))


def _files(folder: Path) -> list[Path]:
    """The files of a folder; a notebook that failed is kept beside its folder, and is its own."""
    every = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    return [file for file in every if file.is_file() and file.suffix != ".zip"]


def _holds_deleted(store: Store, folder: Path) -> bool:
    seen: set[bytes] = set()
    for file in _files(folder):
        seen.update(_VIDEO_ID.findall(file.read_bytes()))
    return any(is_deleted(store, digits.decode()) for digits in sorted(seen))


def _names(patterns: Sequence[re.Pattern[str]], folder: Path) -> bool:
    """Whether a folder or a file in it names an account."""
    texts = (file.read_bytes().decode("utf-8", errors="replace") for file in _files(folder))
    words = itertools.chain([folder.name.replace("-", " ")], texts)
    return any(pattern.search(text) for text in words for pattern in patterns)
