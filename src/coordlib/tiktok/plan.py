"""Where the day's requests go.

A request costs the same whether it brings a hundred videos or none, so the plan fills pages. Accounts
are asked when they are expected to have something new, together with as many others as fill a page, and
only for the days not yet covered. What waits too long rises until it is served, so nothing is forgotten;
what does not fit the budget is carried over and named. Captions have a plan of their own (caption_plan).

Everything here is a pure function of what is known: no clock, no database, no network.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coordlib.errors import QueryError
from coordlib.store.coverage import AccountHistory
from coordlib.tiktok.query import Condition, Query, any_of

if TYPE_CHECKING:
    from coordlib.parameters import CollectionParameters

PAGE = 100

#: Rows of a page that survive: deleted and private videos are dropped after the page was cut.
KEPT = 0.85

#: Videos expected of a query that fills a page, with some room left.
FULL_PAGE = PAGE * KEPT * 0.9

#: Posts per day expected of an account nobody has asked for yet, when no other account is known either,
#: and the days of history that this expectation is worth.
PRIOR_RATE, PRIOR_DAYS = 0.5, 3.0

#: Posts come in bursts: the variance of an account's count over its mean.
DISPERSION = 3.0

#: Days after which an account the service refused is tried again.
REFUSED_DAYS = 30


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One query over one period, with what it is expected to cost and to bring."""

    query: Query = field(repr=False)
    start: dt.date
    end: dt.date
    subjects: tuple[tuple[str, str], ...] = field(repr=False)
    expected_rows: float
    expected_requests: float
    priority: float
    why: str
    max_pages: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A phase of a day: requests in order, and what did not fit.

    ``not_due`` counts subjects that have nothing new to be asked for; ``carried_over`` names those that
    were due and found no place in the budget (captions by their key).
    """

    phase: str
    day: dt.date
    budget: int
    requests: tuple[PlannedRequest, ...]
    carried_over: tuple[str, ...] = ()
    not_due: int = 0

    @property
    def expected_requests(self) -> float:
        """Requests the plan is expected to spend."""
        return sum(item.expected_requests for item in self.requests)

    @property
    def expected_rows(self) -> float:
        """Videos the plan is expected to bring."""
        return sum(item.expected_rows for item in self.requests)

    @property
    def n_subjects(self) -> int:
        """Accounts or captions the plan asks for."""
        return sum(len(item.subjects) for item in self.requests)

    def facts(self) -> dict[str, Any]:
        """Return the plan in numbers, for the store and the report."""
        return {
            "day": self.day.isoformat(),
            "budget": self.budget,
            "windows": len(self.requests),
            "subjects": self.n_subjects,
            "expected_requests": round(self.expected_requests, 1),
            "expected_rows": round(self.expected_rows, 1),
            "not_due": self.not_due,
            "carried_over": len(self.carried_over),
        }

    def describe(self, limit: int = 20) -> str:
        """Return the plan as text: what ``--dry-run`` prints."""
        n_queries, n_subjects = len(self.requests), self.n_subjects
        head = f"{self.phase}, {self.day}: {n_queries} {'query' if n_queries == 1 else 'queries'} for {n_subjects} {self.phase}, about "
        head += f"{self.expected_requests:.0f} of {self.budget} requests for about {self.expected_rows:.0f} videos"
        lines = [head]
        lines += [
            f"  {item.start} to {item.end}  {len(item.subjects):>4} {self.phase}  "
            f"~{item.expected_requests:.1f} requests  ~{item.expected_rows:.0f} videos  {item.why}"
            for item in self.requests[:limit]
        ]
        if len(self.requests) > limit:
            lines.append(f"  … and {len(self.requests) - limit} more")
        left = f"due but carried over for lack of requests: {len(self.carried_over)}"
        return "\n".join([*lines, f"  not due yet: {self.not_due}; {left}"])


def expected_pages(rows: float) -> float:
    """Return the pages expected when ``rows`` rows are expected.

    The sum over k of P(N > k · PAGE), with N normal, mean ``rows`` and variance ``DISPERSION · rows``;
    at least one page.
    """
    pages, k = 1.0, 1
    deviation = math.sqrt(DISPERSION * max(rows, 1e-9))
    while k <= rows / PAGE + 6 and k < 1_000:
        pages += 0.5 * math.erfc((k * PAGE - rows) / (deviation * math.sqrt(2)))
        k += 1
    return round(pages, 3)


def posting_rates(accounts: Iterable[AccountHistory]) -> dict[str, float]:
    """Return the posts per day expected of each account.

    The mean of its covered days, drawn towards the pool's mean as if that were three more days:
    (posts + PRIOR_DAYS · r) / (days + PRIOR_DAYS), with r the pool's posts per covered day.
    """
    known = list(accounts)
    days = sum(item.days for item in known)
    pool = (sum(item.posts for item in known if item.days) + PRIOR_RATE * PRIOR_DAYS) / (days + PRIOR_DAYS)
    return {
        item.account_id: ((item.posts if item.days else 0) + PRIOR_DAYS * pool) / (item.days + PRIOR_DAYS)
        for item in known
    }


@dataclass(slots=True)
class _Batch:
    start: dt.date
    names: list[str]
    rows: float
    waited: float

    def takes(self, other: _Batch, rows: float, target: float, settings: CollectionParameters) -> bool:
        """Whether another batch fits in, with the rows it is expected to bring then."""
        names = len(self.names) + len(other.names)
        return names <= settings.accounts_per_query and self.rows + rows <= target

    def add(self, other: _Batch) -> None:
        self.names += other.names
        self.rows += other.rows
        self.waited = max(self.waited, other.waited)


def plan_accounts(
    accounts: Sequence[AccountHistory], day: dt.date, budget: int, settings: CollectionParameters
) -> Plan:
    """Plan which accounts are asked, together with which others, for which days.

    Parameters
    ----------
    accounts
        What is known of each account of the pool.
    day
        The day that is planned; videos are asked for up to ``settings.lag_days`` days before it.
    budget
        Requests left today; the share kept for captions is taken off here.
    settings
        The collection's parameters.

    Returns
    -------
    Plan
        Queries in order of expected videos per request, those that waited too long first.
    """
    end = day - dt.timedelta(days=settings.lag_days)
    oldest = end - dt.timedelta(days=settings.days_back - 1)
    # One impossible handle (from an import) must not keep the others from being asked.
    possible = [item for item in accounts if possible_name(item.account_id)]
    impossible = {item.account_id for item in accounts} - {item.account_id for item in possible}
    rates = posting_rates(possible)
    due: dict[dt.date, list[AccountHistory]] = {}
    for item in sorted(possible, key=lambda account: account.account_id):
        start = oldest if item.covered is None else max(oldest, item.covered[1] + dt.timedelta(days=1))
        if start <= end and _is_due(item, rates[item.account_id], start, end, day, settings):
            due.setdefault(start, []).append(item)
    batches = [batch for start in sorted(due) for batch in _batches(due[start], start, end, rates, settings)]
    requests = []
    for batch in _join_small(batches, end, rates, settings):
        pages = expected_pages(batch.rows / KEPT)
        overdue = max(0.0, batch.waited - settings.max_interval_days)
        request = PlannedRequest(
            Query(and_=(any_of("username", batch.names),)),
            batch.start,
            end,
            tuple(("account", name) for name in batch.names),
            batch.rows,
            pages,
            batch.rows / pages * (1 + overdue),
            f"waited up to {batch.waited:.0f} days" if batch.waited else "never asked",
        )
        requests.append(request)
    chosen, left = fit(requests, budget - math.floor(budget * settings.caption_share))
    carried = sorted([*impossible, *left])
    not_due = len(possible) - sum(map(len, due.values()))
    return Plan("accounts", day, budget, chosen, tuple(carried), not_due)


def _is_due(
    item: AccountHistory,
    rate: float,
    start: dt.date,
    end: dt.date,
    day: dt.date,
    settings: CollectionParameters,
) -> bool:
    if item.covered is None:
        return True
    if item.problem:
        return item.asked_on is None or (day - item.asked_on).days >= REFUSED_DAYS
    expected = rate * ((end - start).days + 1)
    waited = (end - item.covered[1]).days
    return waited >= settings.max_interval_days or expected >= settings.ask_when_expected


def possible_name(name: str) -> bool:
    """Whether the service can be asked for an account of this name."""
    try:
        Condition("username", "EQ", (name,))
    except QueryError:
        return False
    return True


def _batches(
    accounts: Sequence[AccountHistory],
    start: dt.date,
    end: dt.date,
    rates: dict[str, float],
    settings: CollectionParameters,
) -> list[_Batch]:
    """Fill queries with accounts of one period: busy ones together, so that quiet ones share a page."""
    span = (end - start).days + 1
    target = settings.pages_per_query * FULL_PAGE
    batches: list[_Batch] = []
    for item in sorted(accounts, key=lambda account: (-rates[account.account_id], account.account_id)):
        waited = 0.0 if item.covered is None else float((end - item.covered[1]).days)
        one = _Batch(start, [item.account_id], rates[item.account_id] * span, waited)
        if batches and batches[-1].takes(one, one.rows, target, settings):
            batches[-1].add(one)
        else:
            batches.append(one)
    return batches


def _join_small(
    batches: list[_Batch], end: dt.date, rates: dict[str, float], settings: CollectionParameters
) -> list[_Batch]:
    """Join batches that leave most of a page empty, where asking for a few days twice saves a request."""
    kept: list[_Batch] = []
    # Oldest start first: a later batch joins an earlier one by going back to its start.
    for batch in sorted(batches, key=lambda item: (item.start, item.rows)):
        rate = sum(rates[name] for name in batch.names)
        for other in kept:
            if other.takes(batch, rate * ((end - other.start).days + 1), FULL_PAGE, settings):
                other.add(batch)
                break
        else:
            kept.append(batch)
    return kept


def fit(requests: Sequence[PlannedRequest], budget: float) -> tuple[tuple[PlannedRequest, ...], list[str]]:
    """Take requests in order of priority while they fit, and name the subjects of the others.

    One that does not fit does not stop smaller ones.
    """
    chosen, left, spent = [], list[str](), 0.0
    for item in sorted(requests, key=lambda one: (-one.priority, one.start, one.query.fingerprint)):
        if spent + item.expected_requests <= budget:
            chosen.append(item)
            spent += item.expected_requests
        else:
            left += [name for _, name in item.subjects]
    return tuple(chosen), left
