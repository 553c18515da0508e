"""Seed discovery: a hashtag's videos, who of their authors act together, and those into the pool."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.describe.day import DayAnalysis, analyse_day
from coordlib.errors import CollectError, ParameterError, QueryError, QuotaExhausted, StoreError
from coordlib.report.provenance import code_version
from coordlib.runs.connect import connector
from coordlib.runs.lock import workspace_lock
from coordlib.runs.monitor import Connect
from coordlib.runs.notebooks import run_notebook
from coordlib.runs.parameters import CollectionParameters, SeedDiscovery
from coordlib.runs.workspace import Workspace
from coordlib.store import Store, open_store
from coordlib.store.period import counted_requests
from coordlib.store.pool import add_to_pool, pool
from coordlib.store.posts import collected_posts, record_posts, run_posts
from coordlib.store.runs import finish_run, record_detection, record_facts, run_of, start_run
from coordlib.tiktok import Query, any_of
from coordlib.tiktok.budget import RESEARCH

TEMPLATE = "01-seed-discovery.ipynb"
#: Days a discovery looks at when no first day is given.
DEFAULT_DAYS = 10


@dataclass(frozen=True)
class StoredDiscovery:
    """A discovery as it is stored: its posts (the archive's columns), the pool, what is known of its collection.

    ``pool`` leaves out the accounts that this discovery itself brought into the pool.
    """

    name: str
    run_id: str
    period: tuple[str, str]
    posts: pd.DataFrame
    pool: list[str]
    facts: Mapping[str, Any]
    simulated: bool

    @property
    def seeds(self) -> list[str]:
        """The accounts that entered the pool with this discovery, sorted."""
        return [str(name) for name in self.facts.get("seeds", [])]

    def raise_for_stop(self) -> None:
        """Raise what stands for an early stop; what was collected is stored and can be reported.

        Raises
        ------
        QuotaExhausted
            The requests are spent.
        CollectError
            The service failed or refused every query.
        """
        stored = f"{self.name}: {len(self.posts):,} videos are stored"
        if self.facts.get("reason") == "quota":
            raise QuotaExhausted(
                f"{stored}, the requests are spent before all were asked for; start again after 00:00 UTC, "
                "or at once where only --max-requests was reached"
            )
        if self.facts.get("reason") == "outage":
            raise CollectError(f"{stored}, then the service failed or refused every query; start again later")


def discovery_period(parameters: SeedDiscovery, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day, filling in what was not given.

    Examples
    --------
    >>> days = discovery_period(SeedDiscovery(hashtags=["x"]), dt.date(2026, 11, 23))
    >>> [day.isoformat() for day in days]
    ['2026-11-11', '2026-11-20']
    """
    end = parameters.end or today - dt.timedelta(days=CollectionParameters().lag_days)
    return parameters.start or end - dt.timedelta(days=DEFAULT_DAYS - 1), end


def discovery_name(parameters: SeedDiscovery, period: tuple[dt.date, dt.date]) -> str:
    """Return the name of a discovery's folder and run: hashtags, regions, period.

    Examples
    --------
    >>> discovery_name(SeedDiscovery(hashtags=["Elezioni"], regions=["IT"]), (dt.date(2026, 11, 1), dt.date(2026, 11, 7)))
    'seed-elezioni-it-2026-11-01-2026-11-07'
    """
    words = [
        word.lower().removeprefix("#") for word in (*sorted(parameters.hashtags), *sorted(parameters.regions))
    ]
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(words)).strip("-")[:60]
    if re.sub(r"[^a-z0-9-]", "", "-".join(words)) != "-".join(words):
        slug = f"{slug}-{hashlib.sha256('-'.join(words).encode()).hexdigest()[:8]}".strip("-")
    return f"seed-{slug}-{period[0]}-{period[1]}"


def discover_seeds(
    parameters: SeedDiscovery, connect: Connect | None = None, *, lock: bool = True, progress: bool = True
) -> StoredDiscovery:
    """Collect a hashtag's videos where asked to, and return the discovery as it is stored.

    Parameters
    ----------
    parameters
        What to look for. Without ``collect`` nothing is asked and nothing written.
    connect
        Makes the client (none: the service, with the credentials of the environment).
    lock
        Hold the workspace while collecting (false: the caller does).
    progress
        Show a progress bar on a terminal.

    Raises
    ------
    ParameterError
        A hashtag, a region or a day that the service would refuse; nothing was asked or written.
    StoreError
        Nothing is stored for these hashtags and this period, and ``collect`` is false.

    A collection that ended early is returned as well (:meth:`StoredDiscovery.raise_for_stop`); the same
    call goes on where it stopped.
    """
    place = Workspace(Path(parameters.workspace))
    if parameters.collect:
        discovery_query(parameters)
        make = connect or connector(CollectionParameters().daily_requests)
        if lock:
            with workspace_lock(place.root, "coordlib discover"):
                return _collect(place, parameters, make, progress)
        return _collect(place, parameters, make, progress)
    period = _stored_period(parameters)
    with open_store(place.database, read_only=True) as store:
        return _load(store, place, parameters, period)


def analyse_discovery(found: StoredDiscovery, parameters: SeedDiscovery) -> DayAnalysis:
    """Detect and describe the coordinated accounts among a discovery's posts."""
    return analyse_day(
        found.posts, found.pool, time_window=parameters.time_window, min_participation=parameters.min_participation,
        edge_weight=parameters.edge_weight, min_weight=parameters.min_weight, min_posts=1,
    )  # fmt: skip


def add_seeds(
    parameters: SeedDiscovery,
    found: StoredDiscovery,
    accounts: pd.DataFrame,
    *,
    date: str | None = None,
    lock: bool = True,
) -> list[str]:
    """Put the accounts of a discovery's networks into the pool, with the reason; return those that were new.

    Parameters
    ----------
    parameters, found
        The discovery.
    accounts
        Its accounts (columns ``account_id``, ``network``).
    date
        Day of entry (none: today, UTC).
    lock
        Hold the workspace (false: the caller does).
    """  # fmt: skip
    place = Workspace(Path(parameters.workspace))
    if lock:
        with workspace_lock(place.root, "coordlib discover"):
            return add_seeds(parameters, found, accounts, date=date, lock=False)
    added_on = date or dt.datetime.now(dt.UTC).date().isoformat()
    tags = ", ".join(f"#{tag.removeprefix('#')}" for tag in sorted(parameters.hashtags))
    new: list[str] = []
    with open_store(place.database) as store, store.transaction():
        size = accounts["network"].value_counts().to_dict()
        for row in accounts.sort_values("account_id").itertuples(index=False):
            reason = (
                f"shared videos with {tags} within {parameters.time_window} s of {size[row.network] - 1} other accounts, "
                f"{found.period[0]} to {found.period[1]}"
            )
            new += add_to_pool(store, [str(row.account_id)], added_on=added_on, reason=reason, source="seed")
        run = run_of(store, found.run_id)
        earlier = run["facts"].get("seeds", []) if run else []
        record_facts(store, found.run_id, {"seeds": sorted({*earlier, *new})})
    return new


def seed_facts(found: StoredDiscovery, analysis: DayAnalysis, parameters: SeedDiscovery) -> dict[str, str]:
    """Put a discovery into words, each number with its unit and denominator."""
    posts, accounts = found.posts, analysis.accounts
    known = int(accounts["account_id"].isin(set(found.pool)).sum())
    tags = ", ".join(f"#{tag.removeprefix('#')}" for tag in sorted(parameters.hashtags))
    return {
        "Hashtags": tags,
        "Regions": ", ".join(sorted(parameters.regions)) or "all",
        "Period": f"{found.period[0]} to {found.period[1]} (UTC)",
        "Videos": f"{len(posts):,} by {posts['account_id'].nunique():,} accounts",
        "Requests": f"{found.facts.get('n_requests', 0):,} of at most {parameters.max_requests:,}",
        "Complete": "yes"
        if found.facts.get("complete")
        else f"no ({found.facts.get('reason') or 'not known'})",
        "Pairs": f"{len(analysis.pairs):,} pairs of videos with the same caption within {parameters.time_window} seconds",
        "Coordinated accounts": f"{len(accounts):,} of {posts['account_id'].nunique():,} in {len(analysis.networks):,} networks",
        "Seeds": f"{len(accounts) - known:,} new, {known:,} in the pool already",
    }


def discover(
    parameters: SeedDiscovery,
    connect: Connect | None = None,
    *,
    date: str | None = None,
    progress: bool = True,
) -> tuple[StoredDiscovery, list[str], Path]:
    """Collect, detect, fill the pool, and run notebook 01: what ``coordlib discover`` does.

    Returns
    -------
    tuple
        The discovery, the accounts that are new in the pool, and the executed notebook.
    """
    place = Workspace(Path(parameters.workspace))
    with workspace_lock(place.root, "coordlib discover"):
        found = discover_seeds(
            parameters.model_copy(update={"collect": True}), connect, lock=False, progress=progress
        )
        analysis = analyse_discovery(found, parameters)
        new = add_seeds(parameters, found, analysis.accounts, date=date, lock=False)
        folder = Path(parameters.output_dir) if parameters.output_dir else place.analysis_folder(found.name)
        values = {
            **parameters.for_notebook(), "workspace": str(place.root.resolve()), "start": found.period[0],
            "end": found.period[1], "collect": False, "add_to_pool": False, "output_dir": str(folder.resolve()),
        }  # fmt: skip
        tags = ", ".join(f"#{tag.removeprefix('#')}" for tag in sorted(parameters.hashtags))
        page = run_notebook(
            place.notebook(TEMPLATE), folder / "index.ipynb", values,
            front_matter={"title": f"Seed discovery: {tags}", "date": found.period[1], "search": False},
        )  # fmt: skip
    return found, new, page


def discovery_query(parameters: SeedDiscovery) -> Query:
    """Return the query of a discovery: any of the hashtags, and any of the regions where there are some.

    Raises
    ------
    ParameterError
        A hashtag or a region that the service would refuse, or days that are exchanged.

    Examples
    --------
    >>> discovery_query(SeedDiscovery(hashtags=["#Elezioni"], regions=["it"]))
    Query(hashtag_name EQ 'elezioni' and region_code EQ 'IT')
    """
    if parameters.start and parameters.end and parameters.end < parameters.start:
        raise ParameterError(f"end = {parameters.end}: is before start = {parameters.start}; exchange them")
    try:
        conditions = [any_of("hashtag_name", parameters.hashtags)]
        if parameters.regions:
            conditions.append(any_of("region_code", parameters.regions))
    except QueryError as error:
        raise ParameterError(str(error)) from None
    return Query(and_=tuple(conditions))


def _collect(
    place: Workspace, parameters: SeedDiscovery, connect: Connect, progress: bool
) -> StoredDiscovery:
    query = discovery_query(parameters)
    place.root.mkdir(parents=True, exist_ok=True)
    with open_store(place.database) as store, connect(store, "discover") as client:
        today = dt.datetime.fromtimestamp(client.clock(), dt.UTC).date()
        period = discovery_period(parameters, today)
        if period[1] > today or period[0] > period[1]:
            raise ParameterError(
                f"{period[0]} to {period[1]}: the days must be in order and none of them still to come; "
                f"today is {today} (UTC)"
            )
        name = discovery_name(parameters, period)
        run_id = client.run_id = f"discover-{name}"
        limits, spent = client.budget.limits, client.budget.used()
        limits[RESEARCH] = min(limits[RESEARCH], spent + parameters.max_requests)
        start_run(
            store, run_id, kind="discover", date=period[1].isoformat(), started_at=int(client.clock()),
            code_version=code_version(), parameters=parameters.for_notebook(),
        )  # fmt: skip
        try:
            outcome = client.videos(query, *period, run_id=run_id, phase="discovery", progress=progress)
        except CollectError as error:
            finish_run(
                store, run_id, status="failed", outcome="failed", finished_at=int(client.clock()), message=str(error)
            )  # fmt: skip
            raise
        now = int(client.clock())
        rows = collected_posts(store, run_id)
        record_posts(store, run_id, rows, now, stored=True)
        record_facts(
            store, run_id,
            {
                "complete": outcome.complete, "reason": outcome.reason, "n_videos": len(rows),
                "n_requests": sum(counted_requests(store, run_id).values()), "period": [day.isoformat() for day in period],
            },
        )  # fmt: skip
        found = _load(store, place, parameters, period)
        analysis = analyse_discovery(found, parameters)
        kept = analysis.edges[analysis.edges["weight_threshold"] == 1]
        record_detection(store, run_id, analysis.accounts, kept, set(analysis.new_accounts))
        finish_run(store, run_id, status="done", outcome=str(analysis.outcome), finished_at=now)
    return found


def _stored_period(parameters: SeedDiscovery) -> tuple[dt.date, dt.date]:
    if parameters.start is None or parameters.end is None:
        raise StoreError(
            f"{parameters.workspace}: give start and end of a stored discovery, or set collect to ask the service"
        )
    return parameters.start, parameters.end


def _load(
    store: Store, place: Workspace, parameters: SeedDiscovery, period: tuple[dt.date, dt.date]
) -> StoredDiscovery:
    name = discovery_name(parameters, period)
    run = run_of(store, f"discover-{name}")
    if run is None:
        raise StoreError(
            f"{place.root}: no discovery '{name}' is stored; run 'coordlib discover' first, or set collect to true"
        )
    first, last = (day.isoformat() for day in period)
    own = set(run["facts"].get("seeds", []))
    watched = [str(username) for username in pool(store)["account_id"] if username not in own]
    return StoredDiscovery(
        name,
        run["run_id"],
        (first, last),
        run_posts(store, run["run_id"]),
        watched,
        run["facts"],
        place.simulated,
    )
