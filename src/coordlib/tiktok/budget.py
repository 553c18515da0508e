"""How many requests a UTC day may use, kept in the workspace across processes."""

from __future__ import annotations

from collections.abc import Callable

from coordlib.errors import ParameterError, QuotaExhausted
from coordlib.store import Store, ledger
from coordlib.times import day_of

#: Requests a day over all endpoints, and over followers and following, which have a pool of their own.
DAILY_REQUESTS = 1_000
DAILY_FOLLOW_REQUESTS = 20_000

RESEARCH, FOLLOW = "research", "follow"

#: Seconds after 00:00 UTC in which "quota exceeded" may still mean the day before.
MIDNIGHT_SLACK = 300


class RequestBudget:
    """The requests of a UTC day, counted before each attempt.

    Parameters
    ----------
    store
        Where the count is kept, so that a second process or a restart goes on counting.
    daily
        Requests a day for all endpoints but the two follow lists. The quota is shared by the whole
        project: set it lower when colleagues use it too.
    daily_follow
        Requests a day for followers and following.
    clock
        UTC seconds.

    Examples
    --------
    >>> from coordlib.store import open_store
    >>> budget = RequestBudget(open_store(":memory:"), daily=2, clock=lambda: 1_790_000_000)
    >>> budget.spend(); budget.remaining()
    1
    """

    def __init__(
        self,
        store: Store,
        *,
        daily: int = DAILY_REQUESTS,
        daily_follow: int = DAILY_FOLLOW_REQUESTS,
        clock: Callable[[], float],
    ) -> None:
        if daily < 0 or daily_follow < 0:
            raise ParameterError(f"daily requests = {min(daily, daily_follow)}: give 0 or more")
        self.store, self._clock = store, clock
        self.limits = {RESEARCH: daily, FOLLOW: daily_follow}

    @property
    def day(self) -> str:
        """The current UTC day, YYYY-MM-DD."""
        return day_of(self._clock()).isoformat()

    def used(self, pool: str = RESEARCH) -> int:
        """Requests used today."""
        return ledger.used(self.store, self.day, pool)[0]

    def remaining(self) -> int:
        """Research requests left today; none when the service has called the quota spent."""
        spent, exhausted = ledger.used(self.store, self.day, RESEARCH)
        return 0 if exhausted else max(0, self.limits[RESEARCH] - spent)

    def spend(self, pool: str = RESEARCH) -> None:
        """Count one request.

        Raises
        ------
        QuotaExhausted
            The day has none left; nothing was sent.
        """
        if not ledger.spend(self.store, self.day, pool, self.limits[pool]):
            raise QuotaExhausted(
                f"the {pool} requests of {self.day} are spent ({self.used(pool)} of {self.limits[pool]}); "
                "start again after 00:00 UTC"
            )

    def exhausted(self, pool: str = RESEARCH, sent_at: float | None = None) -> None:
        """Note that the service answered "quota exceeded": nothing more is sent on that UTC day.

        In the first minutes after midnight the answer is taken for yesterday's (the two clocks differ),
        so that a day is never given up for a request that came too early.
        """
        moment = self._clock() if sent_at is None else sent_at
        if moment % 86_400 >= MIDNIGHT_SLACK:
            ledger.mark_exhausted(self.store, day_of(moment).isoformat(), pool)
