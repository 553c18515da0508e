"""A monitoring day: ask for the pool's posts, search their captions, and report what is known then.

Everything is in the workspace as it comes: stopped at any moment, the same day goes on where it was, another takes over what was left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from coordlib.errors import AlreadyReportedError, CollectError, ParameterError, QuotaExhausted
from coordlib.files import workspace_lock
from coordlib.parameters import Monitoring
from coordlib.places import Workspace
from coordlib.report.post_set import pseudonyms_of
from coordlib.runs.connect import Connect
from coordlib.runs.day import DayReport, StoredRun
from coordlib.runs.health import collection_health
from coordlib.runs.stored import planted_accounts
from coordlib.store import Store, coverage, open_store
from coordlib.store.pool import pool
from coordlib.store.runs import newest_run
from coordlib.store.stored_posts import period_posts
from coordlib.tiktok import Collector, Plan, TikTokResearch, plan_accounts, plan_captions
from coordlib.times import day_of, day_start, one_day

#: Why a collection ended before its end.
STOPS = ("quota", "outage")
#: What each part of a day asks for.
_ASKED = {"accounts": "posts of accounts", "captions": "posts with captions"}


@dataclass(frozen=True)
class MonitoredDay:
    """How a monitoring day ended, why it stopped early (None: it did not), and the kinds of posts of which not even what must be there came."""

    report: DayReport
    stopped: str | None
    requests: int
    left_over: int
    unknown: tuple[str, ...] = ()

    def line(self) -> str:
        """Say in one line what the day found, what it cost, and where the service's silence is no answer."""
        stopped = f", stopped early ({self.stopped})" if self.stopped else ""
        zero = f"; the service returned no {' and no '.join(self.unknown)}" if self.unknown else ""
        known = ", not even those that must be there, so this is no quiet day" if zero else ""
        return f"{self.report.line()}; {self.requests:,} requests{stopped}{zero}{known}"

    def raise_for_stop(self) -> None:
        """Raise what stands for an early stop or an empty service (QuotaExhausted, CollectError); the report is written all the same."""
        left = f"{self.left_over:,} accounts and captions are left"
        rest = f"the report of {self.report.date} is written, {left}; start again"
        if self.stopped == "quota":
            raise QuotaExhausted(f"the request quota is spent; {rest} after 00:00 UTC")
        if self.stopped == "outage":
            raise CollectError(f"the service failed or refused every query; {rest} later")
        if _ASKED["accounts"] in self.unknown:
            silent = "the service returned nothing, not even what must be there"
            raise CollectError(f"{silent}; the report of {self.report.date} is written; start again later")


def monitored_period(date: str | dt.date, parameters: Monitoring) -> tuple[str, str]:
    """Return the first and the last UTC day looked at; the newest ``lag_days`` are left out, the archive lacks them yet."""
    end = as_day(date) - dt.timedelta(days=parameters.lag_days)
    return (end - dt.timedelta(days=parameters.days_back - 1)).isoformat(), end.isoformat()


def monitor_day(
    workspace: Workspace | Path | str,
    date: str,
    connect: Connect,
    parameters: Monitoring | None = None,
    *,
    again: bool = False,
) -> MonitoredDay:
    """Collect and report one day, the morning of the run (YYYY-MM-DD, UTC), with the client that ``connect`` makes.

    A stopped collection has its report too; ``stopped`` says why and :meth:`MonitoredDay.raise_for_stop` turns it into the exit
    code. Refused credentials leave a page that says so. ``again`` makes a new version of a finished day, the old one is kept.
    """
    place = workspace if isinstance(workspace, Workspace) else Workspace(Path(workspace))
    options, day = parameters or Monitoring(), as_day(date)
    date = day.isoformat()
    run_id = f"monitor-{date}"
    if not place.database.exists():
        raise _no_pool(place, date)
    pseudonyms_of(place.root, ())
    with workspace_lock(place.root, f"coordlib monitor --date {date}"), open_store(place.database) as store:
        watched = _watched_accounts(store, date, place)
        if not again and _is_reported(store, date):
            raise AlreadyReportedError(
                f"{date} is reported already; '--again' makes a new version of its report"
            )
        with connect(store, run_id) as client:
            phases = _phases(client, day, watched, options)
            run = StoredRun(store, place, run_id, date, client.clock)
            run.begin("monitor", options)
            try:
                stopped = _collect(Collector(client), run_id, phases)
            except CollectError as error:
                run.fail(f"The day could not be collected: {error}", str(error))
                raise
        period = monitored_period(date, options)
        posts = period_posts(store, *period)
        health = collection_health(
            store,
            run_id,
            active=watched,
            posts=posts,
            period=period,
            budget=options.daily_requests,
            stopped=stopped,
            planted=planted_accounts(place),
        )
        daily = options.daily().model_copy(update={"workspace": str(place.root)})
        facts = {
            "source": "research-api",
            "period_start": day_start(period[0]),
            "period_end": day_start(period[1]) + 86_399,
            "health": health.model_dump(exclude_unset=True),
        }
        report = run.report(posts, facts, daily, stored=True)
    unknown = tuple(words for phase, words in _ASKED.items() if health.probes.get(phase) == "nothing")
    return MonitoredDay(report, stopped, health.requests.spent or 0, health.left_over, unknown)


def plan_day(workspace: Path | str, date: str, connect: Connect, parameters: Monitoring) -> list[Plan]:
    """Return the plans a monitoring day would follow now, its captions from the stored posts, without asking or changing anything."""
    place, day = Workspace(Path(workspace)), as_day(date)
    with open_store(place.database, read_only=True) as store:
        watched = _watched_accounts(store, day.isoformat(), place)
        with connect(store, f"monitor-{day}") as client:
            return [plan() for plan in _phases(client, day, watched, parameters).values()]


def _collect(collector: Collector, run_id: str, phases: Mapping[str, Callable[[], Plan]]) -> str | None:
    """Ask for what earlier days left, then accounts, then captions; return why it ended early, if it did."""
    for outcome in collector.carry_over(run_id):
        if outcome.reason in STOPS:
            return outcome.reason
    for phase, plan in phases.items():
        if collector.client.budget.remaining() == 0:
            return "quota"
        if (reason := collector.run(run_id, phase, plan).reason) in STOPS:
            return reason
    return None


def _phases(
    client: TikTokResearch, day: dt.date, watched: list[str], parameters: Monitoring
) -> dict[str, Callable[[], Plan]]:
    """What plans each part of a day; a day still to come is refused: its empty answers would count as asked for ever."""
    today = day_of(client.clock())
    if day > today:
        raise ParameterError(f"date = {day}: is still to come; today is {today} (UTC)")
    store, settings = client.store, parameters.collection()

    def accounts() -> Plan:
        histories = coverage.account_histories(store, watched, day)
        return plan_accounts(histories, day, client.budget.remaining(), settings)

    def captions() -> Plan:
        days, least = settings.days_back + settings.lag_days, settings.caption_min_length
        histories = coverage.caption_histories(store, watched, day, days_back=days, min_length=least)
        return plan_captions(histories, day, client.budget.remaining(), settings)

    return {"accounts": accounts, "captions": captions}


def _watched_accounts(store: Store, date: str, place: Workspace) -> list[str]:
    """The active accounts of the pool as it was when the day began."""
    everyone = pool(store, before=date)
    active = everyone.loc[everyone["status"] == "active", "account_id"].astype(str).tolist()
    if not active:
        raise _no_pool(place, date)
    return active


def as_day(text: str | dt.date | None) -> dt.date:
    """Return a day (none: today, UTC), or say how one is written."""
    try:
        return one_day(dt.datetime.now(dt.UTC) if text is None else text)
    except ValueError as error:
        raise ParameterError(f"date = {error}") from None


def _no_pool(place: Workspace, date: str) -> ParameterError:
    return ParameterError(
        f"{place.root}: no account of the pool is watched on {date}; "
        "add some with 'coordlib discover' or 'coordlib pool import'"
    )


def _is_reported(store: Store, date: str) -> bool:
    """Whether a day is monitored to its end and the service returned something; its page was in place before it was called done."""
    run = newest_run(store, date)
    if run is None or run.kind != "monitor" or run.status != "done":
        return False
    health = run.facts.get("health") or {}
    return not health.get("stopped") and (health.get("probes") or {}).get("accounts") != "nothing"
