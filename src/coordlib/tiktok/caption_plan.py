"""Which captions are searched: those that most pool accounts share and that are newest, several in one query.

Like the plan of accounts a pure function of what is known: no clock, no database, no network.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coordlib.store.coverage import CaptionHistory, caption_key
from coordlib.tiktok.plan import FULL_PAGE, KEPT, Plan, PlannedRequest, expected_pages, fit, possible_name
from coordlib.tiktok.query import MAX_SPAN_DAYS, Query, any_of

if TYPE_CHECKING:
    from coordlib.parameters import CollectionParameters

#: Characters of captions in one query, and of one caption used as a keyword.
QUERY_CHARACTERS, KEYWORD_CHARACTERS = 6_000, 300


@dataclass(frozen=True, slots=True)
class _Search:
    caption: CaptionHistory
    keyword: str
    start: dt.date
    end: dt.date
    rows: float
    value: float

    @property
    def worth(self) -> int:
        """The class of its value: captions of one class are searched together."""
        return round(math.log2(self.value))


def caption_value(caption: CaptionHistory, newest: dt.date) -> float:
    """Return how many unknown posts of coordinated accounts a search for a caption is expected to bring.

    Half as many as pool accounts share it, for each account beyond the first, plus a small hope for a
    caption of one account; halved for every three days from when it was last seen to the newest day that can be asked for.
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
    margin = dt.timedelta(days=settings.caption_margin_days)
    searches: dict[str, _Search] = {}
    for caption in sorted(captions, key=lambda item: (-len(item.accounts), item.caption)):
        keyword = keyword_of(caption.caption)
        start, last = max(oldest, caption.first_seen - margin), min(end, caption.last_seen + margin)
        if caption.covered is not None and caption.covered[0] <= start:
            start = max(start, caption.covered[1] + dt.timedelta(days=1))
        worth_it = keyword and len(caption.accounts) >= settings.caption_min_accounts
        if worth_it and start <= last and keyword.casefold() not in searches:
            value = caption_value(caption, end)
            found = _Search(caption, keyword, start, last, 1.0 + 1.5 * value, value)
            searches[keyword.casefold()] = found
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
        if fits:
            groups[-1] = together
        else:
            groups.append([item])
    return groups


def _caption_request(group: Sequence[_Search], settings: CollectionParameters) -> PlannedRequest:
    known = sorted({name for item in group for name in item.caption.accounts if possible_name(name)})
    skip = settings.skip_known and 0 < len(known) <= settings.accounts_per_query
    keywords = any_of("keyword", [item.keyword for item in group])
    rows, value = sum(item.rows for item in group), sum(item.value for item in group)
    pages = expected_pages(rows / KEPT)
    most = max(len(item.caption.accounts) for item in group)
    return PlannedRequest(
        Query(and_=(keywords,), not_=(any_of("username", known),) if skip else ()),
        min(item.start for item in group),
        max(item.end for item in group),
        tuple(("caption", caption_key(item.caption.caption)) for item in group),
        rows,
        pages,
        value / pages,
        f"shared by up to {most} pool account{'s' if most > 1 else ''}",
        settings.caption_pages,
    )
