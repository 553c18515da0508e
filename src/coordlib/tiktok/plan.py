"""Where the day's requests go: pure functions of what is known, without clock, database and network.

A request costs the same whether it brings a hundred videos or none, so the plan fills pages. Accounts are asked when they should
have something new, captions searched when many share them; what does not fit the budget is carried over and named.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coordlib.errors import QueryError
from coordlib.shown import Shown
from coordlib.store.coverage import AccountHistory, CaptionHistory, caption_key
from coordlib.tiktok.query import MAX_SPAN_DAYS, Condition, Query, any_of

if TYPE_CHECKING:
    from coordlib.parameters import CollectionParameters

#: Rows of a page, and the share of them that survives: deleted and private videos are dropped after it was cut.
PAGE, KEPT = 100, 0.85
#: Videos expected of a query that fills a page, with some room left.
FULL_PAGE = PAGE * KEPT * 0.9
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
class PlannedRequest(Shown):
    """One query over one period, with what it is expected to cost and to bring."""

    query: Query
    start: dt.date
    end: dt.date
    subjects: tuple[tuple[str, str], ...] = field(repr=False)
    expected_rows: float
    expected_requests: float
    priority: float
    why: str
    max_pages: int | None = None


@dataclass(frozen=True, slots=True)
class Plan(Shown):
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
            "subjects": self.n_subjects,
            "not_due": self.not_due,
            "carried_over": len(self.carried_over),
        }

    def describe(self, limit: int = 20) -> str:
        """Return the plan as text: what ``--dry-run`` prints."""
        queries = f"{len(self.requests)} {'query' if len(self.requests) == 1 else 'queries'}"
        head = f"{self.phase}, {self.day}: {queries} for {self.n_subjects} {self.phase}, about "
        head += f"{self.expected_requests:.0f} of {self.budget} requests for about {self.expected_rows:.0f} videos"
        lines = [
            f"  {item.start} to {item.end}  {len(item.subjects):>4} {self.phase}  "
            f"~{item.expected_requests:.1f} requests  ~{item.expected_rows:.0f} videos  {item.why}"
            for item in self.requests[:limit]
        ]
        if len(self.requests) > limit:
            lines.append(f"  … and {len(self.requests) - limit} more")
        left = f"due but carried over for lack of requests: {len(self.carried_over)}"
        return "\n".join([head, *lines, f"  not due yet: {self.not_due}; {left}"])


def expected_pages(rows: float) -> float:
    """Return the pages expected when ``rows`` rows are expected, at least one: the sum over k of P(N > k ·
    PAGE), with N normal, mean ``rows`` and variance ``DISPERSION · rows``."""
    pages, deviation = 1.0, math.sqrt(DISPERSION * max(rows, 1e-9))
    for k in range(1, min(1_000, math.floor(rows / PAGE + 6) + 1)):
        pages += 0.5 * math.erfc((k * PAGE - rows) / (deviation * math.sqrt(2)))
    return round(pages, 3)


def posting_rates(accounts: Iterable[AccountHistory]) -> dict[str, float]:
    """Return the posts per day expected of each account: the mean of its covered days, drawn towards the
    pool's mean as if that were three more days, (posts + PRIOR_DAYS · r) / (days + PRIOR_DAYS), with r the
    pool's posts per covered day."""
    known = list(accounts)
    days = sum(item.days for item in known)
    pool = (sum(item.posts for item in known if item.days) + PRIOR_RATE * PRIOR_DAYS) / (days + PRIOR_DAYS)
    return {
        item.account_id: ((item.posts if item.days else 0) + PRIOR_DAYS * pool) / (item.days + PRIOR_DAYS)
        for item in known
    }


@dataclass(slots=True)
class _Batch:
    """Accounts asked for together: their posts a day, the rows expected, the longest wait in days."""

    start: dt.date
    names: list[str]
    rate: float
    rows: float
    waited: float


def plan_accounts(
    accounts: Sequence[AccountHistory], day: dt.date, budget: int, settings: CollectionParameters
) -> Plan:
    """Plan which accounts are asked, together with which others, for which days.

    Parameters
    ----------
    accounts, day
        What is known of each account of the pool; the day that is planned (videos are asked for up to
        ``settings.lag_days`` days before it).
    budget, settings
        Requests left today (the share kept for captions is taken off here); the collection's parameters.

    Returns
    -------
    Plan
        Queries in order of expected videos per request, those that waited too long first.
    """
    oldest, end = _period(day, settings)
    # One impossible handle (from an import) must not keep the others from being asked.
    possible = [item for item in accounts if possible_name(item.account_id)]
    impossible = {item.account_id for item in accounts} - {item.account_id for item in possible}
    rates = posting_rates(possible)
    due: dict[dt.date, list[_Batch]] = {}
    for item in sorted(possible, key=lambda account: account.account_id):
        start = oldest if item.covered is None else max(oldest, item.covered[1] + dt.timedelta(days=1))
        expected = rates[item.account_id] * ((end - start).days + 1)
        if start <= end and _is_due(item, expected, day, settings):
            waited = 0.0 if item.covered is None else float((end - item.covered[1]).days)
            one = _Batch(start, [item.account_id], rates[item.account_id], expected, waited)
            due.setdefault(start, []).append(one)
    batches, most, full = list[_Batch](), settings.accounts_per_query, settings.pages_per_query * FULL_PAGE
    for start in sorted(due):  # busy ones together, so that quiet ones share a page
        busy_first = sorted(due[start], key=lambda batch: (-batch.rate, batch.names))
        batches += _joined(busy_first, full, most, end, last_only=True)
    # Batches that leave most of a page empty, where asking for a few days twice saves a request. Oldest start
    # first: a later batch joins an earlier one by going back to its start.
    batches.sort(key=lambda batch: (batch.start, batch.rows))
    requests = []
    for batch in _joined(batches, FULL_PAGE, most, end):
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
    not_due = len(possible) - sum(map(len, due.values()))
    return Plan("accounts", day, budget, chosen, tuple(sorted([*impossible, *left])), not_due)


def _period(day: dt.date, settings: CollectionParameters) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that are asked for on a day."""
    end = day - dt.timedelta(days=settings.lag_days)
    return end - dt.timedelta(days=settings.days_back - 1), end


def _is_due(item: AccountHistory, expected: float, day: dt.date, settings: CollectionParameters) -> bool:
    if item.covered is None:
        return True
    if item.problem:
        return item.asked_on is None or (day - item.asked_on).days >= REFUSED_DAYS
    waited = (day - item.covered[1]).days - settings.lag_days
    return waited >= settings.max_interval_days or expected >= settings.ask_when_expected


def possible_name(name: str) -> bool:
    """Whether the service can be asked for an account of this name."""
    try:
        Condition("username", "EQ", (name,))
    except QueryError:
        return False
    return True


def _joined(
    batches: Iterable[_Batch], target: float, most: int, end: dt.date, last_only: bool = False
) -> list[_Batch]:
    """Add each batch to the first (or only the last) one before it that has room for the rows from its start on."""
    kept: list[_Batch] = []
    for batch in batches:
        for other in kept[-1:] if last_only else kept:
            rows = other.rows + batch.rate * ((end - other.start).days + 1)
            if rows <= target and len(other.names) + len(batch.names) <= most:
                other.names += batch.names
                other.rate += batch.rate
                other.rows += batch.rows
                other.waited = max(other.waited, batch.waited)
                break
        else:
            kept.append(batch)
    return kept


def fit(requests: Sequence[PlannedRequest], budget: float) -> tuple[tuple[PlannedRequest, ...], list[str]]:
    """Take requests in order of priority while they fit (one that does not stops no smaller one); name the
    others' subjects."""
    chosen, left, spent = [], list[str](), 0.0
    for item in sorted(requests, key=lambda one: (-one.priority, one.start, one.query.fingerprint)):
        if spent + item.expected_requests <= budget:
            chosen.append(item)
            spent += item.expected_requests
        else:
            left += [name for _, name in item.subjects]
    return tuple(chosen), left


@dataclass(frozen=True, slots=True)
class _Search:
    caption: CaptionHistory
    keyword: str
    start: dt.date
    end: dt.date
    value: float
    #: The rows it is expected to bring, and the class of its value: captions of one class are searched together.
    rows: float
    worth: int


def caption_value(caption: CaptionHistory, newest: dt.date) -> float:
    """Return how many unknown posts of coordinated accounts a search for a caption is expected to bring: a
    half for each pool account beyond the first that shares it, plus a small hope for a caption of one; halved
    for every three days from when it was last seen to the newest day that can be asked for."""
    age = max(0, (newest - caption.last_seen).days)
    return (0.05 + 0.5 * (len(caption.accounts) - 1)) * math.pow(0.5, age / 3)


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
    day, budget, settings
        As for :func:`plan_accounts`; nothing is taken off the budget here.

    Returns
    -------
    Plan
        Queries of several captions each, in order of expected new posts per request. Accounts already
        known to share the captions are left out of the search where they fit into one list: their posts
        are stored.
    """
    oldest, end = _period(day, settings)
    margin = dt.timedelta(days=settings.caption_margin_days)
    searches: dict[str, _Search] = {}
    for caption in sorted(captions, key=lambda item: (-len(item.accounts), item.caption)):
        keyword = keyword_of(caption.caption)
        start, last = max(oldest, caption.first_seen - margin), min(end, caption.last_seen + margin)
        if caption.covered is not None and caption.covered[0] <= start:
            start = max(start, caption.covered[1] + dt.timedelta(days=1))
        worth_it = keyword and len(caption.accounts) >= settings.caption_min_accounts
        if worth_it and start <= last:
            value = caption_value(caption, end)
            worth = round(math.log2(value))
            search = _Search(caption, keyword, start, last, value, 1.0 + 1.5 * value, worth)
            searches.setdefault(keyword.casefold(), search)
    requests = [_caption_request(group, settings) for group in _groups(searches.values(), settings)]
    worthwhile = [item for item in requests if item.priority >= settings.min_yield]
    chosen, left = fit(worthwhile, budget)
    not_due = len(captions) - sum(len(item.subjects) for item in worthwhile)
    return Plan("captions", day, budget, chosen, tuple(sorted(left)), not_due)


def _groups(searches: Iterable[_Search], settings: CollectionParameters) -> list[list[_Search]]:
    """Put captions of like worth and like period into one query, as many as fill a page."""
    groups: list[list[_Search]] = []
    for item in sorted(searches, key=lambda one: (-one.worth, one.start, one.end, -one.value, one.keyword)):
        together = [*groups[-1], item] if groups else [item]
        first, last = min(s.start for s in together), max(s.end for s in together)
        fits = (
            len(together) > 1
            and len(together) <= settings.captions_per_query
            and sum(s.rows for s in together) <= FULL_PAGE
            and sum(len(s.keyword) for s in together) <= QUERY_CHARACTERS
            and (last - first).days <= min(MAX_SPAN_DAYS, settings.days_back)
            and together[0].worth == item.worth
            and len({name for s in together for name in s.caption.accounts}) <= settings.accounts_per_query
        )
        groups[-1:] = [together] if fits else [*groups[-1:], [item]]
    return groups


def _caption_request(group: Sequence[_Search], settings: CollectionParameters) -> PlannedRequest:
    known = sorted({name for item in group for name in item.caption.accounts if possible_name(name)})
    skip = settings.skip_known and 0 < len(known) <= settings.accounts_per_query
    keywords = any_of("keyword", [item.keyword for item in group])
    rows = sum(item.rows for item in group)
    pages = expected_pages(rows / KEPT)
    most = max(len(item.caption.accounts) for item in group)
    return PlannedRequest(
        Query(and_=(keywords,), not_=(any_of("username", known),) if skip else ()),
        min(item.start for item in group),
        max(item.end for item in group),
        tuple(("caption", caption_key(item.caption.caption)) for item in group),
        rows,
        pages,
        sum(item.value for item in group) / pages,
        f"shared by up to {most} pool account{'s' if most > 1 else ''}",
        settings.caption_pages,
    )
