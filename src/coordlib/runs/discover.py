"""Seed discovery: a hashtag's videos, who of their authors act together, and those into the pool."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from coordlib.errors import CollectError, ParameterError, QueryError, QuotaExhausted, takes_old_names
from coordlib.files import workspace_lock
from coordlib.parameters import CollectionParameters, SeedDiscovery
from coordlib.places import Workspace, file_name, find_workspace
from coordlib.report.post_set import PostSet, pseudonyms_of
from coordlib.runs.connect import Connect, connector
from coordlib.runs.day import StoredRun
from coordlib.runs.monitor import as_day
from coordlib.runs.notebooks import Decided, handles_of, run_report
from coordlib.runs.stored import load_discovery, stored_discovery
from coordlib.store import open_store
from coordlib.store.ledger import RESEARCH, counted_requests
from coordlib.store.pool import add_to_pool
from coordlib.store.runs import record_facts
from coordlib.store.stored_posts import collected_posts, record_posts
from coordlib.tiktok import Query, any_of
from coordlib.times import day_of

TEMPLATE = "01-seed-discovery.ipynb"
#: Days a discovery looks at when no first day is given.
DEFAULT_DAYS = 10
#: What left a discovery with less than was asked for, by its reason.
_LACKING = {
    "outage": "then the service failed or refused every query",
    "silent": "and the service did not return what must be there either, so this says nothing about the hashtag",
    "failed-windows": "queries for some of the days failed",
}


def raise_for_stop(found: PostSet) -> None:
    """Raise what stands for a discovery that lacks something; what was collected is stored and can be reported."""
    stored, reason = f"{found.name}: {len(found.posts):,} videos are stored", found.facts.get("reason")
    if reason == "quota":
        raise QuotaExhausted(
            f"{stored}, the requests are spent before all were asked for; start again after 00:00 UTC, "
            "or at once where only --max-requests was reached"
        )
    if reason in _LACKING:
        raise CollectError(f"{stored}, {_LACKING[reason]}; start again later")


def discovery_name(parameters: SeedDiscovery, period: tuple[dt.date, dt.date]) -> str:
    """Return the name of a discovery's folder and run: hashtags, regions, period."""
    asked = (*sorted(parameters.hashtags), *sorted(parameters.regions))
    words = "-".join(word.lower().removeprefix("#") for word in asked)
    return f"seed-{file_name(words, 'a-z0-9', longest=60)}-{period[0]}-{period[1]}"


def discover_seeds(
    parameters: SeedDiscovery | Mapping[str, Any], connect: Connect | None = None, *, progress: bool = True
) -> PostSet:
    """Collect a hashtag's videos where asked to, and return the discovery as it is stored.

    Parameters
    ----------
    parameters
        What to look for. Without ``collect`` nothing is asked and nothing written.
    connect
        Makes the client (none: the service, with the credentials of the environment).
    progress
        Show a progress bar on a terminal.

    Raises
    ------
    ParameterError
        A hashtag, a region or a day that the service would refuse; nothing was asked or written.
    StoreError
        Nothing is stored for these hashtags and this period, and ``collect`` is false.

    A collection that ended early is returned as well (:func:`raise_for_stop`); the same call goes on where it stopped.
    """
    if not isinstance(parameters, SeedDiscovery):
        parameters = SeedDiscovery.load(dict(parameters))
    if not parameters.collect:
        return load_discovery(parameters.workspace, parameters.hashtags, parameters.start, parameters.end)
    place = find_workspace(parameters.workspace, create=True)
    query = discovery_query(parameters)
    pseudonyms_of(place.root, ())
    make = connect or connector(CollectionParameters().daily_requests)
    with workspace_lock(place.root, "coordlib discover"):
        run_id = _collect(place, parameters, make, query, progress)
    return stored_discovery(place, run_id)


def add_seeds(found: PostSet, new_accounts: Sequence[str], *, date: str | None = None) -> list[str]:
    """Put accounts of a discovery into the pool, with the reason; return those that were new.

    Parameters
    ----------
    found
        The discovery.
    new_accounts
        The accounts that enter.
    date
        Day of entry, YYYY-MM-DD (none: today, UTC).
    """
    place = Workspace(found.workspace)
    added_on = as_day(date).isoformat()
    about = found.facts["about"]
    reason = f"posted together with others among the videos of {about['Hashtags']}, {about['Asked for']}"
    with (
        workspace_lock(place.root, "coordlib discover"),
        open_store(place.database) as store,
        store.transaction(),
    ):
        handles = handles_of(place, store)
        entering = sorted(handles.get(name, name) for name in new_accounts)
        new = add_to_pool(store, entering, added_on=added_on, reason=reason, source="seed")
        record_facts(store, found.run_id, {"seeds": sorted({*found.facts.get("seeds", []), *new})})
    return new


def discover(
    parameters: SeedDiscovery, connect: Connect | None = None, *, date: str | None = None
) -> tuple[PostSet, list[str], Decided]:
    """Collect, run notebook 01, and fill the pool: the discovery, the accounts new in the pool, what the notebook decided.

    Where the notebook fails, what was collected is stored and nobody entered the pool.
    """
    place = find_workspace(parameters.workspace, create=True)
    as_day(date)
    with workspace_lock(place.root, "coordlib discover"):
        found = discover_seeds(parameters.model_copy(update={"collect": True}), connect)
        decided = report_discovery(found, parameters)
        new = add_seeds(found, decided.run.new_accounts, date=date)
    return found, new, decided


def report_discovery(found: PostSet, parameters: SeedDiscovery) -> Decided:
    """Run notebook 01 on a stored discovery and record what it decided."""
    place, values = Workspace(found.workspace), parameters.for_notebook()
    start, end = found.facts["period"]
    hashtags = parameters.hashtags or found.parameters["hashtags"]
    given = {"hashtags": hashtags, "start": start, "end": end, "collect": False, "add_to_pool": False}
    then = found.started_at if found.simulated else None  # a simulated world has a clock of its own
    folder = place.analysis_folder(found.name)
    decided = run_report(place, TEMPLATE, folder, {**values, **given}, published_at=then)
    with open_store(place.database) as store:
        run = StoredRun(store, place, found.run_id, found.date, lambda: found.started_at)
        run.record(decided, values)
        run.end(decided.run.outcome)
    return decided


@takes_old_names(parameters="asked")
def discovery_query(asked: SeedDiscovery | PostSet, found: PostSet | None = None) -> Query:
    """Return the query of a discovery: any of the hashtags, and any of the regions where there are some.

    `asked` are its parameters, or a stored discovery; `found` is where a stored discovery was given once, with a warning.

    Raises
    ------
    ParameterError
        A hashtag or a region that the service would refuse, or days that are exchanged.

    Examples
    --------
    >>> discovery_query(SeedDiscovery(hashtags=["#Elezioni"], regions=["it"]))
    Query(hashtag_name EQ 'elezioni' and region_code EQ 'IT')
    """
    if found is not None:
        warnings.warn(
            "discovery_query: give the stored discovery alone: discovery_query(found)",
            FutureWarning,
            stacklevel=3,
        )
        asked = found
    if isinstance(asked, PostSet):
        asked = SeedDiscovery.load({name: asked.parameters[name] for name in ("hashtags", "regions")})
    if not asked.hashtags:
        raise ParameterError("hashtags = []: name at least one to ask the service for")
    if asked.start and asked.end and asked.end < asked.start:
        raise ParameterError(f"end = {asked.end}: is before start = {asked.start}; exchange them")
    try:
        conditions = [any_of("hashtag_name", asked.hashtags)]
        if asked.regions:
            conditions.append(any_of("region_code", asked.regions))
    except QueryError as error:
        raise ParameterError(str(error)) from None
    return Query(and_=tuple(conditions))


def _collect(place: Workspace, asked: SeedDiscovery, connect: Connect, query: Query, progress: bool) -> str:
    with open_store(place.database) as store, connect(store, "discover") as client:
        today = day_of(client.clock())
        end = asked.end or today - dt.timedelta(days=CollectionParameters().lag_days)
        period = asked.start or end - dt.timedelta(days=DEFAULT_DAYS - 1), end
        if period[1] > today or period[0] > period[1]:
            raise ParameterError(
                f"{period[0]} to {period[1]}: the days must be in order and none of them still to come; "
                f"today is {today} (UTC)"
            )
        run_id = client.run_id = f"discover-{discovery_name(asked, period)}"
        limits, spent = client.budget.limits, client.budget.used()
        limits[RESEARCH] = min(limits[RESEARCH], spent + asked.max_requests)
        run = StoredRun(store, place, run_id, period[1].isoformat(), client.clock)
        run.begin("discover", asked)
        how: dict[str, Any] = {"phase": "discovery", "with_rows": False, "progress": progress}
        try:
            outcome = client.videos(query, *period, run_id=run_id, **how)
        except CollectError as error:
            run.end("failed", str(error))
            raise
        rows = collected_posts(store, run_id)
        record_posts(store, run_id, rows, int(client.clock()), stored=True)
        facts = {
            "complete": outcome.complete,
            "reason": outcome.reason,
            "n_videos": len(rows),
            "n_requests": sum(counted_requests(store, run_id).values()),
            "period": [day.isoformat() for day in period],
        }
        record_facts(store, run_id, facts)
        run.end(None)
    return run_id
