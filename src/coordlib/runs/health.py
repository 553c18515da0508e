"""What a run asked, what came back and what is missing: the facts behind the collection-health box."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coordlib.describe.day import pool_quality
from coordlib.report.health import AskedAccounts, Health, Queries, Requests, SearchedCaptions
from coordlib.store import Store, ledger, windows
from coordlib.store.coverage import refused_accounts
from coordlib.store.pool import pool
from coordlib.store.windows import Window
from coordlib.tiktok import Query
from coordlib.times import day_of

#: A query that returns nothing is worth a warning when at least this many posts were to be expected.
MIN_EXPECTED = 5.0
#: How many warnings, failed queries and names a report keeps.
SHOWN = 20


@dataclass(frozen=True)
class PlannedQuery:
    """A planned query with the smaller ones it was cut into; ``parts`` leaves out those replaced by others."""

    root: Window
    parts: tuple[Window, ...]

    @property
    def subjects(self) -> set[str]:
        """The accounts or captions (by key) it asks for."""
        return {name for _, name in self.root.subjects}

    @property
    def waiting(self) -> bool:
        """Whether something of it is left to do."""
        return any(part.state in (*windows.OPEN, "carried") for part in self.parts)

    @property
    def begun(self) -> bool:
        """Whether a request was spent on it."""
        return any(part.pages or part.state in ("done", "failed") for part in self.parts)

    @property
    def rows(self) -> int:
        """Videos it brought (a video at the seam of two parts counts twice)."""
        return sum(part.rows for part in self.parts)

    @property
    def silent(self) -> bool:
        """Whether it was answered to its end without a single row."""
        return bool(self.parts) and self.rows == 0 and all(p.state == "done" and p.pages for p in self.parts)

    def failed_subjects(self) -> set[str]:
        """The subjects of which at least one day failed."""
        spelling = {name.lower(): name for name in self.subjects}
        names: set[str] = set()
        for part in (part for part in self.parts if part.state == "failed"):
            of_accounts = part.phase == "accounts" and part.query
            asked = Query.from_json(part.query).usernames() if of_accounts else None
            names |= self.subjects if asked is None else {spelling[one] for one in spelling.keys() & asked}
        return names


def planned_queries(found: Sequence[Window], phase: str) -> list[PlannedQuery]:
    """Group the windows of a phase by the planned query they belong to, in the order of the plan."""
    families: dict[int, list[Window]] = {}
    for window in found:
        if window.phase == phase:
            families.setdefault(window.root_id, []).append(window)
    planned = []
    for number, family in sorted(families.items()):
        root = next(window for window in family if window.window_id == number)
        planned.append(PlannedQuery(root, tuple(window for window in family if window.state != "split")))
    return planned


def collection_health(
    store: Store,
    run_id: str,
    *,
    active: Sequence[str],
    posts: pd.DataFrame,
    period: tuple[str, str],
    budget: int,
    stopped: str | None,
    planted: Mapping[str, str] | None = None,
) -> Health:
    """Sum up how complete the collection of a run was.

    ``active`` are the pool accounts to be watched, ``posts`` those of the period (first and last UTC day), ``stopped``
    says why the collection ended early, ``planted`` is the truth of a simulated world.
    """
    found, phases = windows.select(store, run_id=run_id), windows.phases(store, run_id)
    by_outcome = ledger.counted_requests(store, run_id)
    answered, refused = windows.run_answers(store, run_id, "accounts"), set(refused_accounts(store))
    gaps = windows.known_gaps(store, run_id, *period)
    # A run that was stopped before its accounts were planned has left all of them.
    accounts_plan = phases.get("accounts") or ({"carried_over": len(active)} if stopped else {})
    phases_run = list(dict.fromkeys(window.phase for window in found))
    queries = {phase: planned_queries(found, phase) for phase in ("accounts", "captions", *phases_run)}
    accounts, captions = queries["accounts"], queries["captions"]
    probes = {phase: facts["probe"] for phase, facts in phases.items() if "probe" in facts}
    mute = "all queries returned nothing, and so did one for posts that must be there: this says nothing about the {}"
    dead = [phase for phase, told in sorted(probes.items()) if told == "nothing"]
    zero = [
        *({"phase": phase, "expected": None, "text": mute.format(phase)} for phase in dead),
        *account_warnings(accounts, posts),
        *caption_warnings(captions, windows.earlier_yield(store, run_id, "captions")),
    ]
    return Health(
        stopped=stopped,
        accounts=_accounts(accounts, accounts_plan, len(active), answered, refused),
        captions=_captions(captions, phases.get("captions") or {}),
        windows=_windows(found, sum(map(len, queries.values())), len(queries.get("retry", ()))),
        requests=Requests(spent=sum(by_outcome.values()), budget=budget, by_outcome=by_outcome),
        errors=ledger.errors(store, run_id),
        transcripts={"with": int(posts["voice_to_text"].notna().sum()), "of": len(posts)},
        days=days_with_rows(posts["posted_at"], period),
        earlier_gaps=[{"date": day, "queries": n} for day, n in gaps.items()],
        turned_to_zero=zero[:SHOWN],
        probes=probes,
        truth=pool_quality(pool(store)["account_id"], planted) if planted else None,
    )


def days_with_rows(times: Iterable[int], period: tuple[str, str]) -> list[dict[str, Any]]:
    """Count posts per UTC day of a period, days without any included."""
    counts = Counter(day_of(moment) for moment in times)
    first, last = (dt.date.fromisoformat(day) for day in period)
    days = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
    return [{"date": day.isoformat(), "rows": counts.get(day, 0)} for day in days]


def account_warnings(queries: Sequence[PlannedQuery], posts: pd.DataFrame) -> list[dict[str, Any]]:
    """Name the queries that brought nothing though, by the stored posts a day of their accounts, some were to be expected."""
    silent = [query for query in queries if query.silent]
    if not silent or posts.empty:
        return []
    days = posts["posted_at"].astype("int64") // 86_400
    span = int(days.max() - days.min()) + 1
    rate = (posts["account_id"].value_counts() / span).to_dict()
    named = []
    for query in silent:
        start, end = query.root.start, query.root.end
        expected = sum(rate.get(name, 0.0) for name in query.subjects) * ((end - start).days + 1)
        if expected >= MIN_EXPECTED:
            text = (
                f"{len(query.subjects):,} accounts from {start} to {end} returned nothing, though about "
                f"{expected:,.0f} posts were to be expected from what they posted before"
            )
            named.append({"phase": "accounts", "expected": round(expected, 1), "text": text})
    return sorted(named, key=lambda item: (-item["expected"], item["text"]))


def caption_warnings(queries: Sequence[PlannedQuery], earlier: tuple[int, int]) -> list[dict[str, Any]]:
    """Say so when every caption search brought nothing although earlier ones (``earlier``: queries, videos) brought posts.

    One search may well find nothing new; all of them is what the service once did for weeks, without an error.
    """
    answered = [one for one in queries if not one.waiting and all(part.state == "done" for part in one.parts)]
    n_earlier, rows_earlier = earlier
    # Rows of a query that failed for some of its days show as well that the search works.
    if not answered or not n_earlier or any(query.rows for query in queries):
        return []
    expected = rows_earlier / n_earlier * len(answered)
    if expected < MIN_EXPECTED:
        return []
    text = (
        f"all {len(answered):,} caption searches returned nothing, though about {expected:,.0f} posts were to be "
        f"expected from the {n_earlier:,} searches of earlier days"
    )
    return [{"phase": "captions", "expected": round(expected, 1), "text": text}]


def _accounts(
    queries: Sequence[PlannedQuery], plan: Mapping[str, Any], active: int, heard: set[str], refused: set[str]
) -> AskedAccounts:
    asked = {name for query in queries if query.begun for name in query.subjects}
    failed = {name for query in queries for name in query.failed_subjects()} - refused
    waiting = {name for query in queries if query.waiting for name in query.subjects}
    heard = {name.casefold() for name in heard}
    posting = {name for name in asked if name.casefold() in heard}
    return AskedAccounts(
        active=active,
        asked=len(asked),
        answered=len(posting),
        silent=len(asked - posting - failed - waiting - refused),
        failed=len(failed),
        failed_names=sorted(failed)[:SHOWN],
        refused=len(asked & refused),
        refused_names=sorted(asked & refused)[:SHOWN],
        not_due=int(plan.get("not_due", 0)),
        left_over=int(plan.get("carried_over", 0)) + len(waiting),
    )


def _captions(queries: Sequence[PlannedQuery], plan: Mapping[str, Any]) -> SearchedCaptions:
    failed = {name for query in queries for name in query.failed_subjects()}
    waiting = {name for query in queries if query.waiting for name in query.subjects}
    begun = {name for query in queries if query.begun and not query.waiting for name in query.subjects}
    counts = {name: int(plan.get(name, 0)) for name in ("subjects", "carried_over", "not_due")}
    return SearchedCaptions(
        found=sum(counts.values()),
        searched=len(begun - failed),
        failed=len(failed),
        not_due=counts["not_due"],
        left_over=counts["carried_over"] + len(waiting),
        planned=bool(plan),
    )


def _windows(found: Sequence[Window], total: int, retried: int) -> Queries:
    failed = [window for window in found if window.state == "failed"]
    return Queries(
        total=total,
        retried=retried,
        failed=len({window.root_id for window in failed}),
        failed_list=[
            {name: getattr(window, name) for name in ("phase", "reason", "log_id")}
            | {"start": window.start.isoformat(), "end": window.end.isoformat()}
            for window in failed[:SHOWN]
        ],
        cut_short=len({w.root_id for w in found if w.state == "done" and w.reason not in (None, "done")}),
    )
