"""Where the day's requests go.

A request costs the same whether it brings a hundred videos or none, so the plan fills pages. Accounts
are asked when they are expected to have something new, together with as many others as fill a page, and
only for the days not yet covered. Captions that pool accounts share are searched several at a time, those
shared by most and newest first. What waits too long rises until it is served, so nothing is forgotten;
what does not fit the budget is carried over and named.

Everything here is a pure function of what is known: no clock, no database, no network.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coordlib.collect.tiktok.query import MAX_SPAN_DAYS, Condition, Query, any_of
from coordlib.errors import QueryError
from coordlib.store.coverage import AccountHistory, CaptionHistory, caption_key

if TYPE_CHECKING:
    from coordlib.workflow.params import CollectionParameters

PAGE = 100

#: Rows of a page that survive: deleted and private videos are dropped after the page was cut.
KEPT = 0.85

#: Posts per day expected of an account nobody has asked for yet, when no other account is known either,
#: and the days of history that this expectation is worth.
PRIOR_RATE, PRIOR_DAYS = 0.5, 3.0

#: Posts come in bursts: the variance of an account's count over its mean.
DISPERSION = 3.0

#: Days after which an account the service refused is tried again.
REFUSED_DAYS = 30

#: Characters of captions in one query, and of one caption used as a keyword.
QUERY_CHARACTERS, KEYWORD_CHARACTERS = 6_000, 300


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

    def facts(self) -> dict[str, Any]:
        """Return the plan in numbers, for the store and the report."""
        return {
            "day": self.day.isoformat(),
            "budget": self.budget,
            "windows": len(self.requests),
            "subjects": sum(len(item.subjects) for item in self.requests),
            "expected_requests": round(self.expected_requests, 1),
            "expected_rows": round(self.expected_rows, 1),
            "not_due": self.not_due,
            "carried_over": len(self.carried_over),
        }

    def describe(self, limit: int = 20) -> str:
        """Return the plan as text: what ``--dry-run`` prints."""
        head = f"{self.phase}, {self.day}: {len(self.requests)} queries for "
        head += f"{sum(len(item.subjects) for item in self.requests)} {self.phase}, about {self.expected_requests:.0f} "
        head += f"of {self.budget} requests for about {self.expected_rows:.0f} videos"
        lines = [head]
        for item in self.requests[:limit]:
            lines.append(
                f"  {item.start} to {item.end}  {len(item.subjects):>4} {self.phase}  "
                f"~{item.expected_requests:.1f} requests  ~{item.expected_rows:.0f} videos  {item.why}"
            )
        if len(self.requests) > limit:
            lines.append(f"  … and {len(self.requests) - limit} more")
        lines.append(
            f"  not due yet: {self.not_due}; due but carried over for lack of requests: {len(self.carried_over)}"
        )
        return "\n".join(lines)


def expected_pages(rows: float, page: int = PAGE) -> float:
    """Return the pages expected when ``rows`` rows are expected.

    The sum over k of P(N > k · page), with N normal, mean ``rows`` and variance ``DISPERSION · rows``;
    at least one page.

    Examples
    --------
    >>> expected_pages(5)
    1.0
    >>> 1.4 < expected_pages(100) < 1.6
    True
    """
    pages, k = 1.0, 1
    deviation = math.sqrt(DISPERSION * max(rows, 1e-9))
    while k <= rows / page + 6 and k < 1_000:
        pages += 0.5 * math.erfc((k * page - rows) / (deviation * math.sqrt(2)))
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
        item.username: ((item.posts if item.days else 0) + PRIOR_DAYS * pool) / (item.days + PRIOR_DAYS)
        for item in known
    }


@dataclass(slots=True)
class _Batch:
    start: dt.date
    names: list[str]
    rows: float
    waited: float


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
    impossible = [item.username for item in accounts if not _possible(item.username)]
    accounts = [item for item in accounts if item.username not in set(impossible)]
    rates = posting_rates(accounts)
    due: dict[dt.date, list[AccountHistory]] = {}
    not_due = 0
    for item in sorted(accounts, key=lambda account: account.username):
        start = oldest if item.covered is None else max(oldest, item.covered[1] + dt.timedelta(days=1))
        if start > end or not _is_due(item, rates[item.username], start, end, day, settings):
            not_due += 1
            continue
        due.setdefault(start, []).append(item)
    batches: list[_Batch] = []
    for start in sorted(due):
        batches += _batches(due[start], start, end, rates, day, settings)
    batches = _join_small(batches, end, rates, settings)
    requests = []
    for batch in batches:
        query = Query(and_=(any_of("username", batch.names),))
        pages = expected_pages(batch.rows / KEPT)
        overdue = max(0.0, batch.waited - settings.max_interval_days)
        request = PlannedRequest(
            query, batch.start, end, tuple(("account", name) for name in batch.names), batch.rows, pages,
            batch.rows / pages * (1 + overdue), f"waited up to {batch.waited:.0f} days" if batch.waited else "never asked",
        )  # fmt: skip
        requests.append(request)
    allowed = budget - math.floor(budget * settings.caption_share)
    chosen, left = _fit(requests, allowed)
    carried = tuple(sorted([*impossible, *(name for request in left for _, name in request.subjects)]))
    return Plan("accounts", day, budget, chosen, carried, not_due)


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
    waited = (end - item.covered[1]).days
    if item.problem:
        return item.asked_on is None or (day - item.asked_on).days >= REFUSED_DAYS
    return (
        waited >= settings.max_interval_days or rate * ((end - start).days + 1) >= settings.ask_when_expected
    )


def _possible(name: str) -> bool:
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
    day: dt.date,
    settings: CollectionParameters,
) -> list[_Batch]:
    """Fill queries with accounts of one period: busy ones together, so that quiet ones share a page."""
    span = (end - start).days + 1
    target = settings.pages_per_query * PAGE * KEPT * 0.9
    batches: list[_Batch] = []
    for item in sorted(accounts, key=lambda account: (-rates[account.username], account.username)):
        rows = rates[item.username] * span
        waited = 0.0 if item.covered is None else float((end - item.covered[1]).days)
        last = batches[-1] if batches else None
        if last is None or len(last.names) >= settings.accounts_per_query or last.rows + rows > target:
            batches.append(_Batch(start, [item.username], rows, waited))
        else:
            last.names.append(item.username)
            last.rows += rows
            last.waited = max(last.waited, waited)
    return batches


def _join_small(
    batches: list[_Batch], end: dt.date, rates: dict[str, float], settings: CollectionParameters
) -> list[_Batch]:
    """Join batches that leave most of a page empty, where asking for a few days twice saves a request."""
    kept: list[_Batch] = []
    # Oldest start first: a later batch joins an earlier one by going back to its start.
    for batch in sorted(batches, key=lambda item: (item.start, item.rows)):
        for other in kept:
            span = (end - other.start).days + 1
            more = sum(rates[name] for name in batch.names) * span
            if (
                len(other.names) + len(batch.names) <= settings.accounts_per_query
                and other.rows + more <= PAGE * KEPT * 0.9
            ):
                other.names += batch.names
                other.rows += batch.rows
                other.waited = max(other.waited, batch.waited)
                break
        else:
            kept.append(batch)
    return kept


def _fit(
    requests: Sequence[PlannedRequest], budget: float
) -> tuple[tuple[PlannedRequest, ...], list[PlannedRequest]]:
    """Take requests in order of priority while they fit; one that does not fit does not stop smaller ones."""
    chosen, left, spent = [], [], 0.0
    for item in sorted(
        requests, key=lambda request: (-request.priority, request.start, request.query.fingerprint)
    ):
        if spent + item.expected_requests <= budget:
            chosen.append(item)
            spent += item.expected_requests
        else:
            left.append(item)
    return tuple(chosen), left


@dataclass(frozen=True, slots=True)
class _Search:
    caption: CaptionHistory
    keyword: str
    start: dt.date
    end: dt.date
    rows: float
    value: float


def caption_value(caption: CaptionHistory, newest: dt.date) -> float:
    """Return how many unknown posts of coordinated accounts a search for a caption is expected to bring.

    Half as many as pool accounts share it, for each account beyond the first, plus a small hope for a
    caption of one account; halved for every three days from when it was last seen to the newest day that can be asked for.

    Examples
    --------
    >>> new = CaptionHistory("…", ("a", "b", "c"), 3, dt.date(2026, 11, 1), dt.date(2026, 11, 1))
    >>> caption_value(new, dt.date(2026, 11, 1))
    1.05
    """
    age = max(0, (newest - caption.last_seen).days)
    sharers = len(caption.accounts)
    return (0.05 + 0.5 * (sharers - 1)) * math.pow(0.5, age / 3)


def keyword_of(caption: str) -> str:
    """Return the part of a caption that is searched: at most 300 characters, cut between words."""
    text = caption.replace("\x00", "").strip()
    if len(text) <= KEYWORD_CHARACTERS:
        return text
    cut = text[:KEYWORD_CHARACTERS]
    head = cut.rsplit(None, 1)[0] if any(letter.isspace() for letter in cut) else cut
    return head if len(head) > KEYWORD_CHARACTERS // 2 else cut


def plan_captions(
    captions: Sequence[CaptionHistory], day: dt.date, budget: int, settings: CollectionParameters
) -> Plan:
    """Plan which captions are searched, together with which others, for which days.

    Parameters
    ----------
    captions
        Captions of pool accounts (see :func:`coordlib.store.coverage.caption_histories`).
    day
        The day that is planned.
    budget
        Requests left today.
    settings
        The collection's parameters.

    Returns
    -------
    Plan
        Queries of several captions each, in order of expected new posts per request. Accounts already
        known to share the captions are left out of the search where they fit into one list: their posts
        are stored.
    """
    end = day - dt.timedelta(days=settings.lag_days)
    oldest = end - dt.timedelta(days=settings.days_back - 1)
    searches, not_due = [], 0
    seen: set[str] = set()
    margin = dt.timedelta(days=settings.caption_margin_days)
    for caption in sorted(captions, key=lambda item: (-len(item.accounts), item.caption)):
        keyword = keyword_of(caption.caption)
        start, last = max(oldest, caption.first_seen - margin), min(end, caption.last_seen + margin)
        if caption.covered is not None and caption.covered[0] <= start:
            start = max(start, caption.covered[1] + dt.timedelta(days=1))
        value = caption_value(caption, end)
        if (
            start > last
            or keyword.casefold() in seen
            or len(caption.accounts) < settings.caption_min_accounts
            or not keyword
        ):
            not_due += 1
            continue
        seen.add(keyword.casefold())
        rows = 1.0 + 1.5 * value
        searches.append(_Search(caption, keyword, start, last, rows, value))
    requests = [_caption_request(group, settings) for group in _groups(searches, settings)]
    worthwhile = [item for item in requests if item.priority >= settings.min_yield]
    chosen, left = _fit(worthwhile, budget)
    carried = tuple(sorted(name for request in left for _, name in request.subjects))
    poor = sum(len(item.subjects) for item in requests) - sum(len(item.subjects) for item in worthwhile)
    return Plan("captions", day, budget, chosen, carried, not_due + poor)


def _groups(searches: Sequence[_Search], settings: CollectionParameters) -> list[list[_Search]]:
    """Put captions of like worth and like period into one query, as many as fill a page."""
    groups: list[list[_Search]] = []
    order = sorted(
        searches,
        key=lambda item: (-round(math.log2(item.value)), item.start, item.end, -item.value, item.keyword),
    )
    for item in order:
        group = groups[-1] if groups else []
        together = [*group, item]
        first, last = min(s.start for s in together), max(s.end for s in together)
        fits = (
            bool(group)
            and len(together) <= settings.captions_per_query
            and sum(s.rows for s in together) <= PAGE * KEPT * 0.9
            and sum(len(s.keyword) for s in together) <= QUERY_CHARACTERS
            and (last - first).days <= min(MAX_SPAN_DAYS, settings.days_back)
            and round(math.log2(group[0].value)) == round(math.log2(item.value))
            and len({name for s in together for name in s.caption.accounts}) <= settings.accounts_per_query
        )
        if fits:
            group.append(item)
        else:
            groups.append([item])
    return groups


def _caption_request(group: Sequence[_Search], settings: CollectionParameters) -> PlannedRequest:
    known = sorted({name for item in group for name in item.caption.accounts if _possible(name)})
    without = (
        (any_of("username", known),)
        if settings.skip_known and 0 < len(known) <= settings.accounts_per_query
        else ()
    )
    rows, value = sum(item.rows for item in group), sum(item.value for item in group)
    pages = expected_pages(rows / KEPT)
    most = max(len(item.caption.accounts) for item in group)
    return PlannedRequest(
        Query(and_=(any_of("keyword", [item.keyword for item in group]),), not_=without),
        min(item.start for item in group), max(item.end for item in group),
        tuple(("caption", caption_key(item.caption.caption)) for item in group), rows, pages, value / pages,
        f"shared by up to {most} pool account{'s' if most > 1 else ''}", settings.caption_pages,
    )  # fmt: skip
