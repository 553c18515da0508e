"""Working off the windows of a run: phase by phase, until all are done, the quota is spent or the service is down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from tqdm import tqdm

from coordlib.errors import QueryError, QuotaExhausted, ServiceError, UnreachableError
from coordlib.store import windows
from coordlib.store.stored_posts import posted_last
from coordlib.tiktok.endpoints import VIDEO_QUERY, FailedWindow, Outcome, rows_of
from coordlib.tiktok.plan import Plan, keyword_of, possible_name
from coordlib.tiktok.query import MAX_SPAN_DAYS, Query, any_of, video_body
from coordlib.tiktok.session import Session
from coordlib.tiktok.window_work import BROKEN_MEMORY, KNOWN_BROKEN, PASSING, WindowWork, new_window
from coordlib.times import day_of

#: Planned windows that fail altogether, one after the other, before the service is taken to be down.
MAX_FAILED_WINDOWS = 3
#: Failures after which a period of a query is given up, and periods tried again in one run.
MAX_RETRIES, RETRIES_A_RUN = 3, 50
#: What is asked for where nothing is stored yet: a word that some video of any week has, and the days counted back from now.
EVERYDAY_WORD, FIRST_DAY, LAST_DAY = "fyp", 10, 4


class Collector:
    """Works off the windows of a run, phase by phase.

    Parameters
    ----------
    client
        The client; its store keeps everything.
    max_count
        Rows a page.
    progress
        Show a progress bar on a terminal.
    """

    def __init__(self, client: Session, *, max_count: int = 100, progress: bool = True) -> None:
        self.client = client
        self.store = client.store
        self.progress = progress
        self._work = WindowWork(client, max_count)

    def carry_over(self, run_id: str, *, retry_days: int = 15) -> list[Outcome]:
        """Take over from earlier runs: what they never began is left to the next plan, what they began is
        finished, and periods of the last ``retry_days`` days that failed some days ago are tried again."""
        windows.carry_over(self.store, run_id, self._work.now())
        outcomes = []
        for earlier, phase in windows.begun(self.store, run_id):
            outcomes.append(self.work(earlier, phase))
            if outcomes[-1].reason in ("quota", "outage"):
                return outcomes
        if windows.planned(self.store, run_id, "retry") is None:
            now, kinds = self._work.now(), [*sorted(kind.value for kind in PASSING), KNOWN_BROKEN]
            since = day_of(now) - dt.timedelta(days=retry_days)
            limits = {"failed_before": now - BROKEN_MEMORY, "tries": MAX_RETRIES, "limit": RETRIES_A_RUN}
            again = windows.to_retry(self.store, kinds, since=since, **limits)
            if not again:
                return outcomes
            windows.plan(self.store, run_id, "retry", again, {"windows": len(again)}, now)
        return [*outcomes, self.work(run_id, "retry")]

    def run(self, run_id: str, phase: str, make_plan: Callable[[], Plan]) -> Outcome:
        """Plan a phase, unless this run has planned it already, and work it off."""
        if windows.planned(self.store, run_id, phase) is None:
            plan = make_plan()
            new = [
                new_window(item.query, item.start, item.end, max_pages=item.max_pages, subjects=item.subjects)
                for item in plan.requests
            ]
            windows.plan(self.store, run_id, phase, new, plan.facts(), self._work.now())
        return self.work(run_id, phase)

    def work(self, run_id: str, phase: str, *, max_records: int | None = None) -> Outcome:
        """Work off what is open of a phase, and say how it went (the phase as a whole)."""
        store, before, reason = self.store, self.client.requests, "done"
        total = len(windows.select(store, run_id=run_id, phase=phase, states=windows.OPEN))
        hide = None if self.progress else True
        with tqdm(total=total, desc=phase, unit="window", disable=hide, leave=False) as bar:
            while reason == "done" and (window := windows.next_open(store, run_id, phase)) is not None:
                try:
                    self._work.step(window)
                except UnreachableError:
                    raise
                except (QuotaExhausted, ServiceError) as error:
                    reason = "quota" if isinstance(error, QuotaExhausted) else "outage"
                    break
                if windows.get(store, window.window_id).state not in windows.OPEN:
                    bar.update()
                if self._work.failed_in_a_row >= MAX_FAILED_WINDOWS:
                    reason = "outage"
                elif max_records is not None and windows.count_posts(store, run_id, phase) >= max_records:
                    reason = "max-records"
        if reason == "quota":
            windows.pause(store, run_id, phase, self._work.now())
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
                self._work.close(window, "silent", window.log_id)
            else:
                self._work.settle(window.root_id, believed=True)
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


def probe(session: Session, *, accounts: bool) -> str | None:
    """Ask for what must be there: ``rows`` or ``nothing``; None where the question was not answered.

    Searches were silently empty for weeks, without an error (traktok issue 29: words found nothing from 2026-03-09, while
    accounts did). So where a whole phase brought no row, the accounts (else captions) stored last are asked for once, in the
    same manner, or an everyday word.
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
