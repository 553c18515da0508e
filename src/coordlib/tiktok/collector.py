"""Working off the windows of a run: phase by phase, until all are done, the quota is spent or the service is down.

Every step reads a window from the store, sends one request, and writes page, ledger row and window state in
one transaction. There is no other memory: a process killed at any moment is continued by the next one, with
the same rows, none lost and none twice.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from tqdm import tqdm

from coordlib.errors import QueryError, QuotaExhausted, ServiceError, UnreachableError
from coordlib.store import coverage, windows
from coordlib.store.stored_posts import posted_last
from coordlib.store.windows import NewWindow, Window
from coordlib.tiktok.endpoints import VIDEO_QUERY, FailedWindow, Outcome, clean, ending, posts_of, rows_of
from coordlib.tiktok.errors import SPLITTABLE, TROUBLE, Answer, Kind
from coordlib.tiktok.plan import Plan, keyword_of, possible_name
from coordlib.tiktok.query import CORE_FIELDS, MAX_SPAN_DAYS, Query, any_of, check_max_count, video_body
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
#: Planned windows that fail altogether, one after the other, before the service is taken to be down.
MAX_FAILED_WINDOWS = 3
#: Failures after which a period of a query is given up, how old it may be in days, and how many are tried again in one run.
MAX_RETRIES, RETRY_DAYS, RETRIES_A_RUN = 3, 15, 50
#: What is asked for where nothing is stored yet: a word that some video of any week has, and the days counted back from now.
EVERYDAY_WORD, FIRST_DAY, LAST_DAY = "fyp", 10, 4
_ONE_DAY = dt.timedelta(days=1)


def new_window(query: Query, start: dt.date, end: dt.date, **more: Any) -> NewWindow:
    """Return a window of a query, to be written."""
    return NewWindow(query.to_json(), query.fingerprint, start, end, **more)


class Collector:
    """Works off the windows of a run, phase by phase.

    Parameters
    ----------
    client
        The client; its store keeps everything.
    max_count, progress
        Rows a page; show a progress bar on a terminal.
    """

    def __init__(self, client: Session, *, max_count: int = 100, progress: bool = True) -> None:
        self.client = client
        self.store = client.store
        self.progress = progress
        self.max_count = check_max_count(max_count)
        # Windows of the run that failed altogether, one after the other.
        self._failed_in_a_row = 0
        self._refusals: Counter[int] = Counter()
        self._parts_in_a_row: Counter[int] = Counter()
        self._answered = False

    def carry_over(self, run_id: str) -> list[Outcome]:
        """Take over from earlier runs: what they never began is left to the next plan, what they began is
        finished, and periods of the last 15 days that failed some days ago are tried again."""
        windows.carry_over(self.store, run_id, self._now())
        outcomes = []
        for earlier, phase in windows.begun(self.store, run_id):
            outcomes.append(self.work(earlier, phase))
            if outcomes[-1].reason in ("quota", "outage"):
                return outcomes
        if windows.planned(self.store, run_id, "retry") is None:
            now, kinds = self._now(), [*sorted(kind.value for kind in PASSING), KNOWN_BROKEN]
            since = day_of(now) - dt.timedelta(days=RETRY_DAYS)
            limits = {"failed_before": now - BROKEN_MEMORY, "tries": MAX_RETRIES, "limit": RETRIES_A_RUN}
            again = windows.to_retry(self.store, kinds, since=since, **limits)
            if not again:
                return outcomes
            windows.plan(self.store, run_id, "retry", again, {"windows": len(again)}, now)
        return [*outcomes, self.work(run_id, "retry")]

    def run(self, run_id: str, phase: str, make_plan: Callable[[], Plan]) -> Outcome:
        """Plan a phase, unless this run has planned it already, and work it off; where the service returned nothing, anew."""
        noted = windows.planned(self.store, run_id, phase)
        if noted is None:
            plan = make_plan()
            new = [
                new_window(item.query, item.start, item.end, max_pages=item.max_pages, subjects=item.subjects)
                for item in plan.requests
            ]
            windows.plan(self.store, run_id, phase, new, plan.facts(), self._now())
        elif noted.get("probe") == "nothing":
            windows.reopen(self.store, run_id, phase, self._now())
        return self.work(run_id, phase)

    def work(self, run_id: str, phase: str, *, max_records: int | None = None) -> Outcome:
        """Work off what is open of a phase, and say how it went (the phase as a whole)."""
        store, before, reason = self.store, self.client.requests, "done"
        total = len(windows.select(store, run_id=run_id, phase=phase, states=windows.OPEN))
        hide = None if self.progress else True
        with tqdm(total=total, desc=phase, unit="window", disable=hide, leave=False) as bar:
            while reason == "done" and (window := windows.next_open(store, run_id, phase)) is not None:
                try:
                    self._step(window)
                except UnreachableError:
                    raise
                except (QuotaExhausted, ServiceError) as error:
                    reason = "quota" if isinstance(error, QuotaExhausted) else "outage"
                    break
                if windows.get(store, window.window_id).state not in windows.OPEN:
                    bar.update()
                if self._failed_in_a_row >= MAX_FAILED_WINDOWS:
                    reason = "outage"
                elif max_records is not None and windows.count_posts(store, run_id, phase) >= max_records:
                    reason = "max-records"
        if reason == "quota":
            windows.pause(store, run_id, phase, self._now())
        probed = self._nothing(run_id, phase, asked=reason == "done")
        if probed in ("nothing", "unanswered"):
            reason = "silent"
        return self._outcome(run_id, phase, reason, self.client.requests - before, probed)

    def _nothing(self, run_id: str, phase: str, *, asked: bool) -> str | None:
        """Believe windows without a row where others of the phase, or a probe, brought some; else they count as failed."""
        done = windows.select(self.store, run_id=run_id, phase=phase, states=("done",))
        silent, probed = [window for window in done if window.rows == 0 and window.reason == "done"], None
        if silent and windows.count_posts(self.store, run_id, phase) == 0:
            accounts = Query.from_json(silent[0].query).usernames() is not None
            noted = windows.planned(self.store, run_id, phase) or {}
            probed = noted.get("probe") or (probe(self.client, accounts=accounts) if asked else None)
            if probed is None:
                return "unanswered" if asked else None
            windows.note(self.store, run_id, phase, probe=probed)
        for window in silent:
            if probed == "nothing":
                self._close(window, "silent", window.log_id)
            else:
                self._settle(window.root_id, believed=True)
        return probed

    def _outcome(self, run_id: str, phase: str, reason: str, requests: int, probed: str | None) -> Outcome:
        found = windows.select(self.store, run_id=run_id, phase=phase)
        failed = [w for w in found if w.state == "failed"]
        cut = [w for w in found if w.state == "done" and w.reason not in (None, "done")]
        if reason == "done" and (failed or cut):
            reason = "failed-windows" if failed else str(cut[0].reason)
        begun = [w for w in found if w.state in ("quota", "running")]
        at = next(iter([*begun, *(w for w in cut if w.reason == "max-pages")]), None)
        left = tuple(
            FailedWindow(repr(Query.from_json(w.query)), str(w.start), str(w.end), w.reason or "", w.log_id)
            for w in failed
        )
        return Outcome(
            n_rows=windows.count_posts(self.store, run_id, phase),
            complete=reason == "done",
            reason=reason,
            next_cursor=at.cursor if at else None,
            search_id=at.search_id if at else None,
            requests=requests,
            failed_windows=left,
            log_ids=tuple(dict.fromkeys(window.log_id for window in found if window.log_id)),
            probe=probed,
        )

    def _now(self) -> int:
        return int(self.client.clock())

    def _step(self, window: Window) -> None:
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
        if 0 < made < self._now() - SEARCH_ID_AGE:
            schedules[Kind.SEARCH_NOT_READY] = ()
        about: dict[str, Any] = {"purpose": window.phase, "window_id": window.window_id, "json": body}
        keep = partial(self._keep, window, query)
        answer = self.client.request(VIDEO_QUERY, fields=fields, schedules=schedules, keep=keep, **about)
        if answer.ok:
            self._answered, self._failed_in_a_row = True, 0
            self._parts_in_a_row.pop(window.root_id, None)
            if window.fields in ((), CORE_FIELDS):
                self.client.full_fields_worked = True
        else:
            self._failed(window, query, answer)

    def _keep(self, window: Window, query: Query, answer: Answer) -> None:
        """Store a page and move its window on; runs inside the transaction of the page's ledger row."""
        wanted, data = query.usernames(), answer.data
        # Matching is approximate, and audits found wrong accounts in timelines: it is checked here.
        rows = [
            post
            for post in posts_of(VIDEO_QUERY, data)
            if wanted is None or str(post["account_id"]).lower() in wanted
        ]
        fresh = windows.keep_rows(self.store, window.window_id, rows, self._now())
        listed = bool(data.get("videos"))
        pages, empty = window.pages + 1, 0 if listed else window.empty_pages + 1
        cursor = clean(data.get("cursor"), "cursor")
        search_id = clean(data.get("search_id"), "search_id") or window.search_id
        ended = ending(data, listed, window.cursor, empty, last=0 < (window.max_pages or 0) <= pages)
        if ended is None and (search_id is None or (listed and cursor < window.cursor)):
            ended = "no-cursor"
        counts = {"pages": pages, "rows": window.rows + fresh, "empty_pages": empty}
        place = {"cursor": window.cursor if cursor is None else cursor, "search_id": search_id}
        state = "running" if ended is None else "done"
        self._update(window, state=state, reason=ended, **counts, **place)
        if ended is not None:
            self._settle(window.root_id)

    def _update(self, window: Window, **changes: Any) -> None:
        windows.update(self.store, window.window_id, self._now(), **changes)

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
                    self._close(part, answer.kind.value, answer.log_id)
                self._settle(window.root_id)
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
                    coverage.mark_problem(self.store, culprit, answer.message, window.upper, self._now())
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
            windows.add(self.store, window.run_id, window.phase, new, self._now())
            self._update(window, state="split", reason=reason, log_id=log_id)

    def _cut_out_broken(self, window: Window) -> bool:
        """Cut days out of a window that failed alone for other queries lately; no request is spent on them."""
        since = self._now() - BROKEN_MEMORY
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
                self._close(window, KNOWN_BROKEN, inside[window.start])
            else:
                windows.add(self.store, window.run_id, window.phase, failed, self._now())
                self._replace(window, reversed(stretches), None)
            self._settle(window.root_id)
        return True

    def _close(self, window: Window, reason: str, log_id: str | None) -> None:
        """End a window as failed."""
        self._update(window, state="failed", reason=reason, log_id=log_id)

    def _fail(self, window: Window, query: Query, answer: Answer) -> None:
        with self.store.transaction():
            self._close(window, answer.kind.value, answer.log_id)
            names = query.usernames() or frozenset()
            if answer.kind in (Kind.INVALID, Kind.ACCOUNT_REFUSED) and len(names) == 1:
                account = next(item for item in query.and_ if item.field_name == "username")
                [name] = account.field_values
                coverage.mark_problem(self.store, name, answer.message, window.upper, self._now())
            self._settle(window.root_id)
        if answer.kind in PASSING or (answer.kind in REFUSALS and not self._answered):
            self._note_failed_root(window.root_id)

    def _note_failed_root(self, root_id: int) -> None:
        family = windows.select(self.store, root_id=root_id)
        if not any(part.state in (*windows.OPEN, "done") or part.pages for part in family):
            self._failed_in_a_row += 1

    def _settle(self, root_id: int, *, believed: bool = False) -> None:
        """Once nothing of a planned window is open, note what it covers; one without a row waits for the end of its phase."""
        family = windows.select(self.store, root_id=root_id)
        root = next(part for part in family if part.window_id == root_id)
        if any(part.state in (*windows.OPEN, "carried") for part in family) or not root.subjects:
            return
        if not any(part.state == "done" and (believed or part.rows) for part in family):
            return
        coverage.mark(self.store, root.subjects, (root.start, root.end), self._now())


def probe(session: Session, *, accounts: bool) -> str | None:
    """Ask for what must be there: ``rows`` or ``nothing``; None where the question was not answered.

    Searches were silently empty for weeks, without an error (traktok issue 29: words found nothing from
    2026-03-09, while accounts did). So where a whole phase brought no row, the accounts (else captions)
    stored last are asked for once, in the same manner, or an everyday word.
    """
    days = posted_last(session.store, "account_id" if accounts else "text", 20)
    last = max((day for _, day in days), default=day_of(session.clock()))
    recent = [(name, day) for name, day in days if (last - day).days < MAX_SPAN_DAYS]
    names = [name if accounts else keyword_of(name) for name, _ in recent]
    if subjects := [name for name in names if (possible_name(name) if accounts else name)]:
        wanted, first = any_of("username" if accounts else "keyword", subjects), min(day for _, day in recent)
    else:
        wanted = any_of("keyword", [EVERYDAY_WORD])
        first, last = (day_of(session.clock()) - dt.timedelta(days=back) for back in (FIRST_DAY, LAST_DAY))
    body = video_body(Query(and_=(wanted,)).to_json(), first, last)
    try:
        answer = session.request(VIDEO_QUERY, fields=("id", "username"), json=body, purpose="probe")
    except (QuotaExhausted, QueryError, ServiceError):
        return None
    if not answer.ok:
        return None
    return "rows" if rows_of(VIDEO_QUERY, answer.data) or answer.data.get("has_more") else "nothing"
