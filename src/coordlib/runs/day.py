"""One monitoring day: store the posts, run the notebook, read back what it decided, keep it; an archive is replayed day by day.

A replay and a live monitoring run differ only in where the day's posts come from.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from coordlib.errors import ParameterError, RunError
from coordlib.lock import workspace_lock
from coordlib.parameters import DailyMonitoring, Parameters
from coordlib.places import Workspace
from coordlib.report.failure import failure_page
from coordlib.report.provenance import code_version
from coordlib.report.pseudonyms import pseudonyms_of
from coordlib.report.words import plural
from coordlib.runs.notebooks import Decided, failure_traceback, run_report
from coordlib.sources.archive import ArchiveDay, list_days, read_day
from coordlib.store import Store, open_store
from coordlib.store.forgotten import forget_again
from coordlib.store.pool import add_to_pool, replace_pool
from coordlib.store.runs import finish_run, record_detection, record_facts, runs, start_run
from coordlib.store.stored_posts import account_names, record_posts

TEMPLATE = "02-daily-monitoring.ipynb"


@dataclass(frozen=True)
class DayMaterial:
    """What is known about a day before it is analysed.

    ``posts`` is None for a day without input and ``stored`` where they are from the store; ``facts`` are shown in the report.
    """

    date: str
    posts: pd.DataFrame | None
    facts: Mapping[str, Any]
    stored: bool = False


@dataclass(frozen=True)
class DayReport:
    """How a day ended and where its report is. A day whose notebook failed has no counts and no new accounts."""

    date: str
    run_id: str
    outcome: str
    folder: Path
    counts: Mapping[str, int]
    new_accounts: list[str]
    message: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the day has a report (a day with nothing found has one)."""
        return self.outcome != "failed"

    def line(self) -> str:
        """Say in one line what the day's report says."""
        if not self.ok:
            return f"{self.date}  failed: {self.message}"
        counts = self.counts
        names = {
            "n_accounts": "account",
            "n_networks": "network",
            "n_edges": "edge",
            "n_significant": "significant pair",
        }
        told = {name: plural(counts[name], word) for name, word in names.items() if name in counts}
        tested = f", {told['n_significant']}" if "n_significant" in told else ""
        return (
            f"{self.date}  {self.outcome}: {plural(counts['n_posts'], 'post')}, {told['n_accounts']} in "
            f"{told['n_networks']}, {told['n_edges']}{tested}, {counts['n_new_accounts']:,} new"
        )


def begin_run(
    store: Store, run_id: str, kind: str, date: str, parameters: Parameters, clock: Callable[[], float]
) -> None:
    """Begin a run, with the version of the code and every parameter."""
    start_run(
        store,
        run_id,
        kind=kind,
        date=date,
        started_at=int(clock()),
        code_version=code_version(),
        parameters=parameters.for_notebook(),
    )


def report_material(
    store: Store,
    workspace: Workspace,
    run_id: str,
    material: DayMaterial,
    parameters: DailyMonitoring,
    *,
    clock: Callable[[], float] = time.time,
) -> DayReport:
    """Store what is known about the day of a run that was begun, and report it."""
    record_posts(store, run_id, material.posts, int(clock()), stored=material.stored)
    forget_again(store, int(clock()))
    record_facts(store, run_id, {**material.facts, "has_input": material.posts is not None})
    return run_day(store, workspace, run_id, material.date, parameters, clock=clock)


def run_day(
    store: Store,
    workspace: Workspace,
    run_id: str,
    date: str,
    parameters: DailyMonitoring,
    *,
    clock: Callable[[], float] = time.time,
    grow_pool: bool = True,
) -> DayReport:
    """Run the day's notebook on its stored posts, and record what it decided.

    A failing notebook costs the day until it is run again: nothing of it is recorded, and the day's page says so.
    """
    folder = workspace.day_folder(date)
    try:
        values = {**parameters.for_notebook(), "date": date}
        decided = run_report(workspace, TEMPLATE, folder, values, published_at=clock())
    except RunError as error:
        cause = error.__cause__
        trace = failure_traceback(cause) if isinstance(cause, Exception) else str(error)
        fail_day(store, workspace, run_id, date, str(error), trace, clock)
        return DayReport(date, run_id, "failed", folder, {}, [], str(error))
    outcome, new = decided.run["outcome"], list(decided.run["new_accounts"])
    record(store, run_id, decided, parameters.for_notebook())
    if grow_pool:
        reason = f"in a coordinated network on {date}"
        add_to_pool(store, new, added_on=date, source="network", reason=reason)
    finish_run(store, run_id, status="done", outcome=outcome, finished_at=int(clock()))
    return DayReport(date, run_id, outcome, folder, dict(decided.run["counts"]), new)


def fail_day(
    store: Store,
    workspace: Workspace,
    run_id: str,
    date: str,
    message: str,
    trace: str,
    clock: Callable[[], float],
) -> None:
    """Leave a page that says why there is no report (a good one stays, with a note), and the run as failed."""
    finish_run(store, run_id, status="failed", outcome="failed", finished_at=int(clock()), message=message)
    names = pseudonyms_of(workspace.root, account_names(store))
    told = (message, trace) if names is None else (names.text(message), names.text(trace))
    failure_page(workspace.day_folder(date), date, *told)


def record(store: Store, run_id: str, decided: Decided, parameters: Mapping[str, Any]) -> None:
    """Keep what a notebook decided as the detection of its run."""
    run = decided.run
    with store.transaction():
        record_detection(store, run_id, decided.accounts, decided.edges, set(run["new_accounts"]))
        record_facts(store, run_id, {**run["counts"], "parameters": {**parameters, **run["parameters"]}})


def replay_archive(
    archive: Path | str,
    workspace: Path | str,
    parameters: DailyMonitoring | None = None,
    *,
    progress: bool = True,
) -> list[DayReport]:
    """Do for each day of an archive (folders named YYYY-MM-DD), in order, what a monitoring day does.

    All days are read before the first is stored, so that nothing of an archive with a damaged file is written.
    """
    archive, place = Path(archive), Workspace(Path(workspace))
    if place.root.exists() and not place.root.is_dir():
        raise ParameterError(f"{place.root}: is a file; give the folder of the workspace")
    if place.root.resolve() == archive.resolve():
        raise ParameterError(f"{place.root}: is the archive itself; give the workspace a folder of its own")
    days = list_days(archive)
    silent = None if progress else True
    for folder in tqdm(days, desc="checking", unit="day", disable=silent):
        read_day(folder.path)
    options = (parameters or DailyMonitoring()).model_copy(update={"workspace": str(place.root)})
    reports: list[DayReport] = []
    previous = None
    with workspace_lock(place.root, "coordlib replay"):
        simulated = archive / "simulated.json"
        _refuse_another_kind(place, simulated=simulated.exists())
        if simulated.exists():
            shutil.copyfile(simulated, place.root / "simulated.json")
        for folder in tqdm(days, desc="replaying", unit="day", disable=silent):
            day = read_day(folder.path)
            reports.append(_report(place, day, previous, options))
            previous = day.date
    return reports


def _refuse_another_kind(place: Workspace, *, simulated: bool) -> None:
    """An archive brings its own pool and its own truth: neither takes the place of what is in a workspace."""
    if not place.database.exists():
        return
    with open_store(place.database) as store:
        every = runs(store)
    if any(run.kind in ("monitor", "discover") for run in every):
        raise ParameterError(
            f"{place.root}: is a monitored workspace, and an archive would replace its pool; name a new folder"
        )
    if every and place.simulated != simulated:
        ours, theirs = ("real", "simulated") if simulated else ("simulated", "real")
        raise ParameterError(
            f"{place.root}: holds {ours} posts, and the archive {theirs} ones; name a new folder"
        )


def _report(
    place: Workspace, day: ArchiveDay, previous: dt.date | None, options: DailyMonitoring
) -> DayReport:
    """Take one archived day from its posts to its report.

    The archive's own pool is taken over before the first day and after a gap; from one day to the next it is our own.
    """
    yesterday, date = day.date - dt.timedelta(days=1), day.date.isoformat()
    run_id = f"replay-{date}"
    with open_store(place.database) as store:
        begin_run(store, run_id, "replay", date, options, time.time)
        if previous != yesterday and day.pool_before is not None:
            why = {"reason": "in the archive's own list", "source": "archive"}
            replace_pool(store, day.pool_before, added_on=yesterday.isoformat(), **why)
        return report_material(store, place, run_id, DayMaterial(date, day.posts, _facts(day)), options)


def _facts(day: ArchiveDay) -> Mapping[str, Any]:
    posts = day.posts if day.posts is not None else pd.DataFrame({"posted_at": []})
    times = posts["posted_at"].dropna()
    return {
        "source": "archive",
        "n_recent": None if day.recent is None else len(day.recent),
        "period_start": int(times.min()) if len(times) else None,
        "period_end": int(times.max()) if len(times) else None,
        "n_duplicate_rows": int(posts.duplicated("content_id").sum()) if len(posts) else 0,
        "n_transcripts": int(posts["voice_to_text"].notna().sum()) if "voice_to_text" in posts.columns else 0,
        "n_errors": len(day.errors),
        "errors_by_type": {str(k): int(v) for k, v in day.errors["type"].value_counts().sort_index().items()},
        "error_samples": [" ".join(str(text).split())[:300] for text in day.errors["message"].head(3)],
        "inputs": {name: dict(facts) for name, facts in sorted(day.files.items())},
        "notes": [note.replace(f"{day.path}/", "") for note in day.notes],  # published: no local folder
    }
