"""One monitoring day: store the posts, run the notebook, read back what it decided, keep it.

A replay and a live monitoring run differ only in where the day's posts come from; both hand a
:class:`DayMaterial` to :func:`report_material`. **The notebook is the one home of the method**: what it wrote is checked
against itself, and detection, pool and counts are recorded from it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.errors import RunError
from coordlib.parameters import DailyMonitoring
from coordlib.places import Workspace
from coordlib.report.package import failure_page
from coordlib.report.pseudonyms import pseudonyms_of
from coordlib.report.record import code_version
from coordlib.report.words import plural
from coordlib.runs.decided import Decided, run_report
from coordlib.runs.notebooks import failure_traceback
from coordlib.store import Store, open_store
from coordlib.store.forgotten import forget_again
from coordlib.store.pool import add_to_pool, replace_pool
from coordlib.store.runs import finish_run, record_detection, record_facts, start_run
from coordlib.store.stored_posts import account_names, record_posts

TEMPLATE = "02-daily-monitoring.ipynb"


@dataclass(frozen=True)
class DayMaterial:
    """What is known about a day before it is analysed.

    ``posts`` is a table of posts, or None for a day without input. ``pool_before`` replaces
    the stored pool (the archive's own list before the first day and after a gap). ``facts`` are
    counts and coverage shown in the report. ``stored`` says that the posts were read from the store.
    """

    date: str
    posts: pd.DataFrame | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    pool_before: list[str] | None = None
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
        tested = (
            f", {plural(counts['n_significant'], 'significant pair')}" if "n_significant" in counts else ""
        )
        return (
            f"{self.date}  {self.outcome}: {plural(counts['n_posts'], 'post')}, {plural(counts['n_accounts'], 'account')} in "
            f"{plural(counts['n_networks'], 'network')}, {plural(counts['n_edges'], 'edge')}{tested}, {counts['n_new_accounts']:,} new"
        )


def report_day(
    workspace: Workspace,
    material: DayMaterial,
    parameters: DailyMonitoring,
    *,
    clock: Callable[[], float] = time.time,
) -> DayReport:
    """Take one archived day from its posts to its report.

    The posts are stored before the notebook runs. A failing notebook costs the day until it is run again: its
    detection and its new accounts are not recorded, and the day's page says so.
    """
    run_id = f"replay-{material.date}"
    with open_store(workspace.database) as store:
        start_run(
            store,
            run_id,
            kind="replay",
            date=material.date,
            started_at=int(clock()),
            code_version=code_version(),
            parameters=parameters.for_notebook(),
        )
        if material.pool_before is not None:
            yesterday = dt.date.fromisoformat(material.date) - dt.timedelta(days=1)
            replace_pool(
                store,
                material.pool_before,
                added_on=yesterday.isoformat(),
                reason="in the archive's own list",
                source="archive",
            )
        return report_material(store, workspace, run_id, material, parameters, clock=clock)


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
    """Run the day's notebook on its stored posts, and record what it decided."""
    folder = workspace.day_folder(date)
    try:
        values = {**parameters.for_notebook(), "date": date}
        decided = run_report(workspace, TEMPLATE, folder, values, published_at=clock())
    except RunError as error:
        cause = error.__cause__
        trace = failure_traceback(cause) if isinstance(cause, Exception) else str(error)
        fail_day(store, workspace, run_id, date, str(error), trace, clock)
        return DayReport(date, run_id, "failed", folder, {}, [], str(error))
    record(store, run_id, decided, parameters.for_notebook())
    if grow_pool:
        add_to_pool(
            store,
            decided.new_accounts,
            added_on=date,
            source="network",
            reason=f"in a coordinated network on {date}",
        )
    finish_run(store, run_id, status="done", outcome=decided.outcome, finished_at=int(clock()))
    return DayReport(date, run_id, decided.outcome, folder, decided.counts, decided.new_accounts)


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
    with store.transaction():
        record_detection(store, run_id, decided.accounts, decided.edges, set(decided.new_accounts))
        record_facts(store, run_id, {**decided.counts, "parameters": {**parameters, **decided.parameters}})
