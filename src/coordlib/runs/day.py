"""One monitoring day: store the posts, detect, update the pool, run the notebook, keep the files.

A replay and a live monitoring run differ only in where the day's posts come from; both hand a
:class:`DayMaterial` to :func:`report_day`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.describe.day import DayAnalysis, analyse_day, day_counts
from coordlib.errors import CoordError, RunError
from coordlib.report.package import seal
from coordlib.report.provenance import code_version
from coordlib.runs.notebooks import failure_traceback, run_notebook
from coordlib.runs.parameters import DailyMonitoring
from coordlib.runs.workspace import Workspace
from coordlib.site.build import failure_page
from coordlib.store import open_store
from coordlib.store.pool import add_to_pool, pool, replace_pool
from coordlib.store.posts import record_posts, run_posts
from coordlib.store.runs import finish_run, record_detection, record_facts, start_run

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
    """How a day ended and where its report is."""

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


def report_day(
    workspace: Workspace,
    material: DayMaterial,
    parameters: DailyMonitoring,
    *,
    kind: str = "replay",
    clock: Callable[[], float] = time.time,
) -> DayReport:
    """Take one day from its posts to its sealed report folder.

    The posts, the detection and the pool are stored before the notebook runs, so a failing notebook
    costs the page of that day and nothing else.
    """
    run_id = f"{kind}-{material.date}"
    options = parameters.for_notebook()
    with open_store(workspace.database) as store:
        start_run(
            store, run_id, kind=kind, date=material.date, started_at=int(clock()), code_version=code_version(),
            parameters=options,
        )  # fmt: skip
        if material.pool_before is not None:
            yesterday = dt.date.fromisoformat(material.date) - dt.timedelta(days=1)
            replace_pool(
                store, material.pool_before, added_on=yesterday.isoformat(), reason="in the archive's own list",
                source="archive",
            )  # fmt: skip
        watched = pool(store, before=material.date)["account_id"].tolist()
        record_posts(store, run_id, material.posts, int(clock()), stored=material.stored)
        analysis = analyse_day(
            run_posts(store, run_id), watched, time_window=parameters.time_window,
            min_participation=parameters.min_participation, edge_weight=parameters.edge_weight,
            min_weight=parameters.min_weight, min_posts=parameters.min_posts,
        )  # fmt: skip
        record_detection(store, run_id, analysis.accounts, _retained(analysis), set(analysis.new_accounts))
        add_to_pool(
            store, analysis.new_accounts, added_on=material.date, source="network",
            reason=f"in a coordinated network on {material.date}",
        )  # fmt: skip
        counts = day_counts(
            analysis.shares, analysis.pairs, analysis.edges, analysis.graph, analysis.posts, watched
        )
        record_facts(store, run_id, {**material.facts, **counts, "has_input": material.posts is not None})
        message, outcome = None, str(analysis.outcome)
        try:
            run_day_notebook(workspace, material.date, parameters)
        except RunError as error:
            message, outcome = str(error), "failed"
            _failure(workspace, material.date, error)
        finish_run(
            store, run_id, status="failed" if message else "done", outcome=outcome, finished_at=int(clock()),
            message=message,
        )  # fmt: skip
    return DayReport(
        material.date,
        run_id,
        outcome,
        workspace.day_folder(material.date),
        counts,
        analysis.new_accounts,
        message,
    )


def _retained(analysis: DayAnalysis) -> pd.DataFrame:
    return analysis.edges[analysis.edges["weight_threshold"] == 1]


def run_day_notebook(workspace: Workspace, date: str, parameters: DailyMonitoring) -> None:
    """Run the daily notebook on a stored day and seal its folder."""
    folder = workspace.day_folder(date)
    values = {
        **parameters.for_notebook(),
        "workspace": str(workspace.root.resolve()),
        "date": date,
        "output_dir": str(folder.resolve()),
    }
    run_notebook(
        workspace.notebook(TEMPLATE), folder / "index.ipynb", values,
        front_matter={"title": f"Coordinated sharing on {date}", "date": date, "search": False},
    )  # fmt: skip
    seal(folder)


def _failure(workspace: Workspace, date: str, error: CoordError) -> None:
    cause = error.__cause__
    trace = failure_traceback(cause) if isinstance(cause, Exception) else str(error)
    failure_page(workspace.day_folder(date), date, str(error), trace)
