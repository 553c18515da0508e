"""What left the database leaves what was made from it too: detections and days are made again without it, the rest is removed.

Runs are marked in the store by the deletion itself and folders are found by the tombstones, so the next clean-up completes one cut short.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import shutil
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordlib.errors import ParameterError, RunError
from coordlib.files import workspace_lock
from coordlib.parameters import DailyMonitoring, DetectionParameters, SeedDiscovery
from coordlib.places import Workspace
from coordlib.report.package import withdraw
from coordlib.report.post_set import pseudonyms_of
from coordlib.report.record import RunRecord
from coordlib.runs.day import StoredRun
from coordlib.runs.discover import report_discovery
from coordlib.runs.pool import asked_account
from coordlib.runs.stored import stored_discovery
from coordlib.store import Store, open_store
from coordlib.store.deletion import forget, is_deleted, is_mentioned, name_pattern, outdated_runs
from coordlib.store.runs import Run, record_facts, run_of, runs
from coordlib.store.stored_posts import account_names, run_posts

#: A drawing in a stored notebook, in groups of four letters.
_DRAWN = re.compile(rb"data:image/svg\+xml;base64,((?:[A-Za-z0-9+/]{4})+)")
_VIDEO_ID = re.compile(rb"(?<!\d)\d{15,20}(?!\d)")


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up did: runs detected again, days made again, folders removed (versions, analyses, failed days)."""

    detected: tuple[str, ...]
    rebuilt: tuple[str, ...]
    removed: tuple[str, ...]
    without: str

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

    A run's notebook is run again on the posts that are left, with the parameters it had, and its day says so; the pool stays.
    Earlier versions, analyses, drafts and points are removed, and so is a page whose notebook fails now.
    """
    note = "Posts that the platform no longer returns were removed from this report on {}."
    with open_store(workspace.database) as store:

        def holds_deleted(folder: Path) -> bool:
            seen = {digits for file in _files(folder) for digits in _VIDEO_ID.findall(_said(file))}
            return any(is_deleted(store, digits.decode()) for digits in sorted(seen))

        return _clean(store, workspace, outdated_runs(store), holds_deleted, "the deleted videos", note)


def forget_account(workspace: Workspace, account: str) -> Cleaned:
    """Take an account out of the database and of everything made from it, and keep it out when a later collection brings it again.

    Days and discoveries are made again without it and say that an account was taken out, not which; all else that names it is removed.
    """
    account = asked_account(account)
    made = names.name(account) if (names := pseudonyms_of(workspace.root, ())) else account
    patterns = [name_pattern(account), name_pattern(made)]
    # Where nothing of the account is stored, a word in a text is not enough: it might be any word.
    as_account = [re.compile(rf"[@/\",>\n]{one.pattern}[\",<&?/\s]", one.flags) for one in patterns]

    def names_it(folder: Path, patterns: list[re.Pattern[str]] = patterns) -> bool:
        texts = (_said(file).decode("utf-8", errors="replace") for file in _files(folder))
        words = itertools.chain([folder.name.replace("-", " ")], texts)
        return any(pattern.search(text) for text in words for pattern in patterns)

    with workspace_lock(workspace.root, "coordlib forget"), open_store(workspace.database) as store:
        known = outdated_runs(store) or account in account_names(store) or is_mentioned(store, account)
        if not known and not any(names_it(folder, as_account) for folder in _folders(workspace)):
            raise ParameterError(
                f"{account}: no account of this name is in {workspace.root}, nor is it mentioned (@{account})"
            )
        forget(store, account, int(time.time()))
        note = "An account was taken out of this report on {}, as it was asked for."
        return _clean(store, workspace, outdated_runs(store), names_it, account, note)


def remake_reports(workspace: Workspace) -> Cleaned:
    """Make every day and discovery again, remove all made before: for a workspace that changes between handles and pseudonyms."""
    began = time.time()
    pseudonyms_of(workspace.root, ())

    def made_before(folder: Path) -> bool:
        if folder.is_file():
            return folder.stat().st_mtime < began
        record = folder / "run.json"
        new = record.exists() and record.stat().st_mtime >= began
        # What was made again may be as it was; what was withdrawn holds nothing.
        return not new and folder not in rebuilt and RunRecord.read(folder).outcome != "withdrawn"

    with workspace_lock(workspace.root, "coordlib remake"), open_store(workspace.database) as store:
        again = [run for run in runs(store) if run.collected]
        rebuilt = {_folder(workspace, run) for run in again}
        return _clean(store, workspace, [run.run_id for run in again], made_before, "what was made before")


def _clean(
    store: Store,
    workspace: Workspace,
    again: list[str],
    holds: Callable[[Path], bool],
    without: str,
    note: str | None = None,
) -> Cleaned:
    """Make runs again, each as a new version where it differs, and take away every folder that holds what is gone."""
    rebuilt: list[Path] = []
    removed: list[Path] = []

    def take_away(folder: Path) -> None:
        folder.unlink() if folder.is_file() else withdraw(folder)
        removed.append(folder)

    for run_id in again:
        run = run_of(store, run_id)
        assert run is not None  # its id was read from the same table
        if not run.collected:
            continue
        folder = _folder(workspace, run)
        rebuilt.append(folder) if _again(store, workspace, run, note) else take_away(folder)
    for folder in (path for path in _folders(workspace) if holds(path)):
        take_away(folder)
    shutil.rmtree(workspace.notes, ignore_errors=True)  # they hold names too
    for run_id in again:
        record_facts(store, run_id, {"outdated": None})
    made, gone = ([one.relative_to(workspace.root).as_posix() for one in some] for some in (rebuilt, removed))
    return Cleaned(tuple(again), tuple(sorted(made)), tuple(gone), without)


def _again(store: Store, workspace: Workspace, run: Run, note: str | None) -> bool:
    """Run the notebook of a run again; return whether it has a page now."""

    def options(model: type[DetectionParameters]) -> dict[str, Any]:
        return {name: value for name, value in run.parameters.items() if name in model.model_fields}

    if run.kind == "discover":
        record_facts(store, run.run_id, {"n_videos": len(run_posts(store, run.run_id))})
        seeding = SeedDiscovery.load(options(SeedDiscovery) | {"workspace": str(workspace.root)})
        try:
            report_discovery(stored_discovery(workspace, run.run_id), seeding)
        except RunError:
            return False
        return True
    if note:
        head, today = note.split("{}")[0], dt.datetime.now(dt.UTC).date().isoformat()
        notes = [text for text in run.facts.get("notes", []) if not text.startswith(head)]
        record_facts(store, run.run_id, {"notes": [*notes, note.format(today)]})
    watching = DailyMonitoring.load(options(DailyMonitoring))
    return StoredRun(store, workspace, run.run_id, run.date).report_again(watching, grow_pool=False).ok


def _folder(workspace: Workspace, run: Run) -> Path:
    """The folder of a run's report."""
    if run.kind == "discover":
        return workspace.analysis_folder(run.run_id.removeprefix("discover-"))
    return workspace.day_folder(run.date)


def _folders(workspace: Workspace) -> list[Path]:
    places = ("reports/days/*", "reports/versions/*", "reports/analyses/*", "drafts/*/*", "sweeps/*/*")
    found = sorted(path for place in places for path in workspace.root.glob(place))
    return [path for path in found if path.is_dir() or path.name.endswith(".failed.ipynb")]


def _files(folder: Path) -> list[Path]:
    """The files of a folder; a notebook that failed is kept beside its folder, and is its own."""
    every = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    return [file for file in every if file.is_file() and file.suffix != ".zip"]


def _said(file: Path) -> bytes:
    """What stands in a file, and in the drawings of a notebook, whose letters are coded."""
    text = file.read_bytes()
    return b"\n".join([text, *map(b64decode, _DRAWN.findall(text))])
