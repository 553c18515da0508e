"""One window of work: its next request, and what becomes of it — paged on, begun again, split, given up, settled.

Every step reads the window from the store, sends one request, and writes page, ledger row and window state in one transaction.
There is no other memory: a process killed at any moment is continued by the next one, with the same rows, none lost and none twice.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

from coordlib.store import coverage, windows
from coordlib.store.windows import NewWindow, Window
from coordlib.tiktok.endpoints import VIDEO_QUERY, as_post, clean, rows_of
from coordlib.tiktok.errors import SPLITTABLE, TROUBLE, Answer, Kind
from coordlib.tiktok.lists import ending
from coordlib.tiktok.query import CORE_FIELDS, Query, check_max_count, video_body
from coordlib.tiktok.session import Session
from coordlib.times import day_of

#: Restarts of a window whose search id is never accepted, before it is split.
MAX_RESTARTS = 2
#: A planned window of which this many parts fail one after the other is given up.
MAX_FAILED_IN_A_ROW = 12
#: Seconds for which a day that failed alone for two queries is taken to be broken for all.
BROKEN_MEMORY = 3 * 86_400
#: A video's id is older than its creation time by at most so many seconds (31 hours in 89,672 videos).
ID_SLACK = 48 * 3_600
#: Age in seconds from which a search id that is refused is taken for dead, not for not ready.
SEARCH_ID_AGE = 3_600
#: Failures that say nothing about the query itself: its period is tried again in a later run.
PASSING = TROUBLE | {Kind.RATE, Kind.SEARCH_NOT_READY}
#: Refusals that, from the very first request on, say that no query of ours will be answered (a wrong address).
REFUSALS = frozenset({Kind.INVALID, Kind.SCOPE_FIELDS, Kind.NOT_FOUND})
#: Reason of days that are not asked for, since they failed alone for other queries.
KNOWN_BROKEN = "known-broken-day"
_ONE_DAY = dt.timedelta(days=1)


def new_window(query: Query, start: dt.date, end: dt.date, **more: Any) -> NewWindow:
    """Return a window of a query, to be written."""
    return NewWindow(query.to_json(), query.fingerprint, start, end, **more)


class WindowWork:
    """Moves single windows on; remembers how many of a run failed altogether, one after the other."""

    def __init__(self, client: Session, max_count: int) -> None:
        self.client = client
        self.store = client.store
        self.max_count = check_max_count(max_count)
        self.failed_in_a_row = 0
        self._refusals: Counter[int] = Counter()
        self._parts_in_a_row: Counter[int] = Counter()
        self._answered = False

    def now(self) -> int:
        """The client's clock in whole seconds."""
        return int(self.client.clock())

    def step(self, window: Window) -> None:
        """Send the next request of a window and write down what came of it."""
        if window.pages == 0 and window.restarts == 0 and self._cut_out_broken(window):
            return
        query = Query.from_json(window.query)
        fields = window.fields or self.client.video_fields()
        body = video_body(window.query, window.start, window.upper, self.max_count)
        if window.search_id is not None:
            body |= {"cursor": window.cursor, "search_id": window.search_id}
        # Fewer tries for a window that can still be split: a persistent 500 is found out more cheaply.
        schedules: dict[Kind, tuple[float, ...]] = {Kind.SERVER: (5,)} if window.start < window.upper else {}
        # The upper half of a search id is the time it was made.
        made = int(window.search_id or 0) >> 32 if (window.search_id or "0").isdecimal() else 0
        if 0 < made < self.now() - SEARCH_ID_AGE:
            schedules[Kind.SEARCH_NOT_READY] = ()
        about: dict[str, Any] = {"purpose": window.phase, "window_id": window.window_id, "json": body}
        keep = partial(self._keep, window, query)
        answer = self.client.request(VIDEO_QUERY, fields=fields, schedules=schedules, keep=keep, **about)
        if answer.ok:
            self._answered, self.failed_in_a_row = True, 0
            self._parts_in_a_row.pop(window.root_id, None)
            if window.fields in ((), CORE_FIELDS):
                self.client.full_fields_worked = True
        else:
            self._failed(window, query, answer)

    def _keep(self, window: Window, query: Query, answer: Answer) -> None:
        """Store a page and move its window on; runs inside the transaction of the page's ledger row."""
        wanted = query.usernames()
        # Matching is approximate, and audits found wrong accounts in timelines: it is checked here.
        rows = [
            as_post(row)
            for row in rows_of(VIDEO_QUERY, answer.data)
            if row.get("username") and (wanted is None or str(row["username"]).lower() in wanted)
        ]
        fresh = windows.keep_rows(self.store, window.window_id, rows, self.now())
        listed = bool(answer.data.get("videos"))
        pages, empty = window.pages + 1, 0 if listed else window.empty_pages + 1
        cursor = clean(answer.data.get("cursor"), "create_time")
        search_id = clean(answer.data.get("search_id"), "search_id") or window.search_id
        ended = ending(
            answer.data, listed, window.cursor, pages=pages, empty=empty, max_pages=window.max_pages
        )
        if ended is None and (search_id is None or (listed and cursor < window.cursor)):
            ended = "no-cursor"
        counts = {"pages": pages, "rows": window.rows + fresh, "empty_pages": empty}
        place = {"cursor": window.cursor if cursor is None else cursor, "search_id": search_id}
        state = "running" if ended is None else "done"
        self._update(window, state=state, reason=ended, **counts, **place)
        if ended is not None:
            self.settle(window.root_id)

    def _update(self, window: Window, **changes: Any) -> None:
        windows.update(self.store, window.window_id, self.now(), **changes)

    def _failed(self, window: Window, query: Query, answer: Answer) -> None:
        kind, client = answer.kind, self.client
        if kind in TROUBLE:
            self._parts_in_a_row[window.root_id] += 1
        if kind is Kind.INVALID and window.fields == CORE_FIELDS and not client.full_fields_worked:
            # The short list of fields is refused as well, so the list was not the cause.
            client.full_fields_refused, client.full_fields_worked = False, True
            self._update(window, fields=())
            window = windows.get(self.store, window.window_id)
        fields_refused = kind in (Kind.INVALID, Kind.SCOPE_FIELDS) and not window.fields
        if kind is Kind.SEARCH_NOT_READY and window.restarts < MAX_RESTARTS and window.search_id is not None:
            self._restart(window)
        elif fields_refused and client.refuse_full_fields(answer):
            self._update(window, fields=client.video_fields())
        elif kind in TROUBLE and self._parts_in_a_row[window.root_id] >= MAX_FAILED_IN_A_ROW:
            # All its parts fail: everything left of the planned window is recorded as failed.
            with self.store.transaction():
                for part in windows.select(self.store, root_id=window.root_id, states=windows.OPEN):
                    self.close(part, answer.kind.value, answer.log_id)
                self.settle(window.root_id)
            self._note_failed_root(window.root_id)
        elif kind in SPLITTABLE and window.start < window.upper:
            middle = window.start + (window.upper - window.start) // 2
            parts = ((middle + _ONE_DAY, window.upper), (window.start, middle))
            self._replace(window, [(query, *part) for part in parts], answer)
        elif kind is Kind.SEARCH_NOT_READY and (halves := query.halves()) is not None:
            self._replace(window, [(half, window.start, window.upper) for half in halves], answer)
        elif kind not in (Kind.INVALID, Kind.ACCOUNT_REFUSED) or not self._without_culprit(
            window, query, answer
        ):
            self._fail(window, query, answer)

    def _restart(self, window: Window) -> None:
        """Begin a window again without its search id, from the day it had reached: ids fall nearly as times do."""
        oldest = windows.oldest_post(self.store, window.window_id)
        upper = window.upper
        if oldest is not None and oldest >> 32 > 0:
            upper = max(window.start, min(upper, day_of((oldest >> 32) + ID_SLACK)))
        again: dict[str, Any] = {"search_id": None, "cursor": 0, "empty_pages": 0, "state": "running"}
        self._update(window, restarts=window.restarts + 1, upper_date=upper.isoformat(), **again)

    def _without_culprit(self, window: Window, query: Query, answer: Answer) -> bool:
        """Take a refused account out of a batch, or cut the batch in two; False when there is nothing to cut."""
        words = answer.message.lower().replace("@", " ").split()
        named = [name for name in query.usernames() or () if name in words]
        self._refusals[window.root_id] += 1
        longest, halves = query.longest_list(), query.halves()
        if longest is None:
            return False
        if len(named) == 1:
            culprit = next((value for value in longest.field_values if value.lower() == named[0]), None)
            if culprit is not None and (rest := query.without("username", culprit)) is not None:
                with self.store.transaction():
                    coverage.mark_problem(self.store, culprit, answer.message, window.upper, self.now())
                    self._replace(window, [(rest, window.start, window.upper)], answer)
                return True
        # One bad value needs two requests per halving; more refusals than that are not about a value.
        most = 2 * len(longest.field_values).bit_length() + 12
        if halves is None or self._refusals[window.root_id] > most:
            return False
        self._replace(window, [(half, window.start, window.upper) for half in halves], answer)
        return True

    def _replace(
        self, window: Window, parts: Iterable[tuple[Query, dt.date, dt.date]], answer: Answer | None
    ) -> None:
        """Put smaller windows in the place of one."""
        same: dict[str, Any] = {"fields": window.fields, "max_pages": window.max_pages}
        new = [new_window(*part, root_id=window.root_id, **same) for part in parts]
        reason, log_id = (answer.kind.value, answer.log_id) if answer else (KNOWN_BROKEN, None)
        with self.store.transaction():
            windows.add(self.store, window.run_id, window.phase, new, self.now())
            self._update(window, state="split", reason=reason, log_id=log_id)

    def _cut_out_broken(self, window: Window) -> bool:
        """Cut days out of a window that failed alone for other queries lately; no request is spent on them."""
        since = self.now() - BROKEN_MEMORY
        broken = windows.broken_days(self.store, since, sorted(kind.value for kind in TROUBLE))
        inside = {day: log_id for day, log_id in broken.items() if window.start <= day <= window.upper}
        if not inside:
            return False
        query = Query.from_json(window.query)
        stretches, first = [], window.start
        for day in [*sorted(inside), window.upper + _ONE_DAY]:
            if first < day:
                stretches.append((query, first, day - _ONE_DAY))
            first = day + _ONE_DAY
        same: dict[str, Any] = {"root_id": window.root_id, "state": "failed", "reason": KNOWN_BROKEN}
        failed = [new_window(query, day, day, log_id=log_id, **same) for day, log_id in inside.items()]
        with self.store.transaction():
            if window.start == window.upper:
                self.close(window, KNOWN_BROKEN, inside[window.start])
            else:
                windows.add(self.store, window.run_id, window.phase, failed, self.now())
                self._replace(window, reversed(stretches), None)
            self.settle(window.root_id)
        return True

    def close(self, window: Window, reason: str, log_id: str | None) -> None:
        """End a window as failed."""
        self._update(window, state="failed", reason=reason, log_id=log_id)

    def _fail(self, window: Window, query: Query, answer: Answer) -> None:
        with self.store.transaction():
            self.close(window, answer.kind.value, answer.log_id)
            names = query.usernames() or frozenset()
            if answer.kind in (Kind.INVALID, Kind.ACCOUNT_REFUSED) and len(names) == 1:
                account = next(item for item in query.and_ if item.field_name == "username")
                [name] = account.field_values
                coverage.mark_problem(self.store, name, answer.message, window.upper, self.now())
            self.settle(window.root_id)
        if answer.kind in PASSING or (answer.kind in REFUSALS and not self._answered):
            self._note_failed_root(window.root_id)

    def _note_failed_root(self, root_id: int) -> None:
        family = windows.select(self.store, root_id=root_id)
        if not any(part.state in (*windows.OPEN, "done") or part.pages for part in family):
            self.failed_in_a_row += 1

    def settle(self, root_id: int, *, believed: bool = False) -> None:
        """Once nothing of a planned window is open, note what it covers; one without a row waits for the end of its phase."""
        family = windows.select(self.store, root_id=root_id)
        root = next(part for part in family if part.window_id == root_id)
        if any(part.state in (*windows.OPEN, "carried") for part in family) or not root.subjects:
            return
        if not any(part.state == "done" and (believed or part.rows) for part in family):
            return
        missing = sum((part.end - part.start).days + 1 for part in family if part.state == "failed")
        whole = (None, "done", "max-pages")
        missing += sum(part.state == "done" and part.reason not in whole for part in family)
        coverage.mark(self.store, root.subjects, root.start, root.end, self.now(), missing=missing)
