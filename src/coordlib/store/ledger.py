"""The ledger of requests, and how many a day has used: the service shows no counter of its quota, and every attempt costs.

So each attempt is counted before it is sent and written down after it was answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from coordlib.errors import ParameterError, QuotaExhausted
from coordlib.shown import Shown
from coordlib.store.database import Store, insert
from coordlib.times import day_of

#: Pools of requests: the two follow lists have one of their own.
RESEARCH, FOLLOW = "research", "follow"
#: Requests a day over all endpoints, and over followers and following.
DAILY_REQUESTS, DAILY_FOLLOW_REQUESTS = 1_000, 20_000
#: Seconds after 00:00 UTC in which "quota exceeded" may still mean the day before.
MIDNIGHT_SLACK = 300


def record(store: Store, *, message: str | None = None, **columns: str | int | None) -> None:
    """Write one attempt into the ledger (table ``requests``), 500 characters of its message at most."""
    columns["message"] = message and message[:500]
    store.write(insert("requests", tuple(columns)), tuple(columns.values()))


class RequestBudget(Shown):
    """The requests of a UTC day, counted before each attempt.

    Parameters
    ----------
    store, clock
        Where the count is kept, so that a second process or a restart goes on counting; UTC seconds.
    daily
        Requests a day for all endpoints but the two follow lists. The quota is shared by the
        whole project: set it lower when colleagues use it too.

    Examples
    --------
    >>> from coordlib.store import open_store
    >>> budget = RequestBudget(open_store(":memory:"), daily=2, clock=lambda: 1_790_000_000)
    >>> budget.spend(); budget.remaining()
    1
    """

    def __init__(self, store: Store, *, daily: int = DAILY_REQUESTS, clock: Callable[[], float]) -> None:
        if daily < 0:
            raise ParameterError(f"daily requests = {daily}: give 0 or more")
        self.store, self._clock = store, clock
        self.limits = {RESEARCH: daily, FOLLOW: DAILY_FOLLOW_REQUESTS}

    def _parts(self) -> Mapping[str, Any]:
        return {"day (UTC)": self.day, "used": self.used(), "remaining": self.remaining()}

    @property
    def day(self) -> str:
        """The current UTC day, YYYY-MM-DD."""
        return day_of(self._clock()).isoformat()

    def used(self, pool: str = RESEARCH) -> int:
        """Requests used today."""
        return self._today(pool)[0]

    def remaining(self) -> int:
        """Research requests left today; none when the service has called the quota spent."""
        spent, exhausted = self._today(RESEARCH)
        return 0 if exhausted else max(0, self.limits[RESEARCH] - spent)

    def _today(self, pool: str) -> tuple[int, bool]:
        """Return how many requests of a pool are used today, and whether the service called it exhausted."""
        sql = "SELECT used, exhausted FROM budget WHERE day = ? AND pool = ?"
        row = self.store.row(sql, (self.day, pool))
        return (0, False) if row is None else (int(row["used"]), bool(row["exhausted"]))

    def spend(self, pool: str = RESEARCH) -> None:
        """Count one request; :class:`QuotaExhausted` where the day has none left, before anything is sent."""
        with self.store.transaction():
            spent, exhausted = self._today(pool)
            if exhausted or spent >= self.limits[pool]:
                raise QuotaExhausted(
                    f"the {pool} requests of {self.day} are spent ({spent} of {self.limits[pool]}); "
                    "start again after 00:00 UTC"
                )
            counted = insert("budget", ("day", "pool", "used"), "(day, pool) DO UPDATE SET used = used + 1")
            self.store.write(counted, (self.day, pool, 1))

    def exhausted(self, pool: str = RESEARCH, sent_at: float | None = None) -> None:
        """Note that the service called the day's quota spent; just after midnight that is taken for yesterday's."""
        moment = self._clock() if sent_at is None else sent_at
        if moment % 86_400 >= MIDNIGHT_SLACK:
            noted = insert("budget", ("day", "pool", "exhausted"), "(day, pool) DO UPDATE SET exhausted = 1")
            self.store.write(noted, (day_of(moment).isoformat(), pool, 1))


def errors(store: Store, run_id: str) -> dict[str, dict[str, Any]]:
    """Return how many attempts of a run failed, by kind, with three samples of each."""
    told = "http_status, code, message, log_id"
    found: dict[str, dict[str, Any]] = {}
    sql = f"SELECT kind, {told} FROM requests WHERE kind <> 'ok' AND run_id = ? ORDER BY request_id"
    for row in store.rows(sql, (run_id,)):
        kind = found.setdefault(row["kind"], {"count": 0, "samples": []})
        kind["count"] += 1
        if len(kind["samples"]) < 3:
            kind["samples"].append({name: row[name] for name in told.split(", ")})
    return found


def counted_requests(store: Store, run_id: str) -> dict[str, int]:
    """Return a run's requests by outcome, those for access tokens left out: they cost no quota."""
    sql = "SELECT kind, count(*) FROM requests WHERE run_id = ? AND endpoint <> 'token' GROUP BY kind ORDER BY kind"
    return {row[0]: int(row[1]) for row in store.rows(sql, (run_id,))}
