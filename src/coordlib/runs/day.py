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
from coordlib.files import workspace_lock
from coordlib.parameters import DailyMonitoring, Parameters
from coordlib.places import SIMULATED, Workspace
from coordlib.report.package import failure_page
from coordlib.report.post_set import pseudonyms_of
from coordlib.report.record import code_version
from coordlib.report.words import plural
from coordlib.runs.notebooks import Decided, failure_traceback, run_report
from coordlib.sources.archive import ArchiveDay, list_days, read_day
from coordlib.store import Store, open_store
from coordlib.store.deletion import forget_again
from coordlib.store.pool import add_to_pool, replace_pool
from coordlib.store.runs import finish_run, record_detection, record_facts, runs, start_run
from coordlib.store.stored_posts import account_names, record_posts

TEMPLATE = "02-daily-monitoring.ipynb"


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
        words = ["post", "account", "network", "edge"]
        posts, accounts, networks, edges = (plural(counts[f"n_{word}s"], word) for word in words)
        if "n_significant" in counts:
            edges += f", {plural(counts['n_significant'], 'significant pair')}"
        found = f"{posts}, {accounts} in {networks}, {edges}, {counts['n_new_accounts']:,} new"
        return f"{self.date}  {self.outcome}: {found}"


@dataclass(frozen=True)
class StoredRun:
    """A run as it is kept in the store while it goes on: of a day, or a discovery up to it; by a clock of UTC seconds."""

    store: Store
    workspace: Workspace
    run_id: str
    date: str
    clock: Callable[[], float] = time.time

    def begin(self, kind: str, parameters: Parameters) -> None:
        """Begin it, with the version of the code and every parameter."""
        start_run(
            self.store,
            self.run_id,
            kind=kind,
            date=self.date,
            started_at=int(self.clock()),
            code_version=code_version(),
            parameters=parameters.for_notebook(),
        )

    def end(self, outcome: str | None, message: str | None = None) -> None:
        """Write how it ended; "failed" is an outcome too."""
        status, now = "failed" if outcome == "failed" else "done", int(self.clock())
        finish_run(self.store, self.run_id, status=status, outcome=outcome, finished_at=now, message=message)

    def record(self, decided: Decided, parameters: Mapping[str, Any]) -> None:
        """Keep what its notebook decided as its detection."""
        run, new = decided.run, set(decided.run.new_accounts)
        with self.store.transaction():
            record_detection(self.store, self.run_id, decided.accounts, decided.edges, new)
            used = {**parameters, **run.parameters}
            record_facts(self.store, self.run_id, {**run.counts.as_json(), "parameters": used})

    def report(
        self,
        posts: pd.DataFrame | None,
        facts: Mapping[str, Any],
        parameters: DailyMonitoring,
        *,
        stored: bool = False,
    ) -> DayReport:
        """Store what is known about the day (no posts: there was no input; `stored`: they are in the store), and report it."""
        record_posts(self.store, self.run_id, posts, int(self.clock()), stored=stored)
        forget_again(self.store, int(self.clock()))
        record_facts(self.store, self.run_id, facts)
        return self.report_again(parameters)

    def report_again(self, parameters: DailyMonitoring, *, grow_pool: bool = True) -> DayReport:
        """Run the day's notebook on its stored posts, and record what it decided.

        A failing notebook costs the day until it is run again: nothing of it is recorded, and the day's page says so.
        """
        folder = self.workspace.day_folder(self.date)
        values = {**parameters.for_notebook(), "date": self.date}
        record_facts(self.store, self.run_id, {"pool_stays": not grow_pool or None, "n_not_watched": None})
        try:
            decided = run_report(self.workspace, TEMPLATE, folder, values, published_at=self.clock())
        except RunError as error:
            cause = error.__cause__
            self.fail(str(error), failure_traceback(cause) if isinstance(cause, Exception) else str(error))
            return DayReport(self.date, self.run_id, "failed", folder, {}, [], str(error))
        outcome, new = decided.run.outcome, list(decided.run.new_accounts)
        self.record(decided, parameters.for_notebook())
        if grow_pool:
            reason = f"in a coordinated network on {self.date}"
            # Not before the last monitored day: whom the days between watched stays as it was.
            entry = max([self.date, *(run.date for run in runs(self.store) if run.kind == "monitor")])
            add_to_pool(self.store, new, added_on=entry, source="network", reason=reason)
        self.end(outcome)
        return DayReport(self.date, self.run_id, outcome, folder, decided.run.counts.as_json(), new)

    def fail(self, message: str, trace: str) -> None:
        """Leave a page that says why there is no report (a good one stays, with a note), and the run as failed."""
        self.end("failed", message)
        names = pseudonyms_of(self.workspace.root, account_names(self.store))
        told = (message, trace) if names is None else (names.text(message), names.text(trace))
        failure_page(self.workspace.day_folder(self.date), self.date, *told)


def replay_archive(
    archive: Path | str, workspace: Path | str, parameters: DailyMonitoring | None = None
) -> list[DayReport]:
    """Do for each day of an archive (folders named YYYY-MM-DD), in order, what a monitoring day does.

    All days are read before the first is stored, so that nothing of an archive with a damaged file is written.
    """
    archive, place = Path(archive), Workspace(Path(workspace))
    if place.root.exists() and not place.root.is_dir():
        raise ParameterError(f"{place.root}: is a file; give the folder of the workspace")
    if place.root.resolve() == archive.resolve():
        raise ParameterError(f"{place.root}: is the archive itself; give the workspace a folder of its own")
    pseudonyms_of(place.root, ())
    days = list_days(archive)
    for folder in tqdm(days, desc="checking", unit="day", disable=None):
        read_day(folder.path)
    options = (parameters or DailyMonitoring()).model_copy(update={"workspace": str(place.root)})
    reports: list[DayReport] = []
    previous = None
    with workspace_lock(place.root, "coordlib replay"):
        simulated = archive / SIMULATED
        _refuse_another_kind(place, simulated=simulated.exists())
        if simulated.exists():
            shutil.copyfile(simulated, place.root / SIMULATED)
        for folder in tqdm(days, desc="replaying", unit="day", disable=None):
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


def _report(place: Workspace, day: ArchiveDay, before: dt.date | None, options: DailyMonitoring) -> DayReport:
    """Report one archived day; the archive's own pool is taken over before the first day and after a gap."""
    yesterday, date = day.date - dt.timedelta(days=1), day.date.isoformat()
    with open_store(place.database) as store:
        run = StoredRun(store, place, f"replay-{date}", date)
        run.begin("replay", options)
        if before != yesterday and day.pool_before is not None:
            why = {"reason": "in the archive's own list", "source": "archive"}
            replace_pool(store, day.pool_before, added_on=yesterday.isoformat(), **why)
        return run.report(day.posts, _facts(day), options)


def _facts(day: ArchiveDay) -> Mapping[str, Any]:
    posts = day.posts if day.posts is not None else pd.DataFrame({"posted_at": []})
    times = posts["posted_at"].dropna()
    return {
        "source": "archive",
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
