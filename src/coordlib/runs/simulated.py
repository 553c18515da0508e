"""Monitoring a simulated world: its clock is the client's clock, and waiting costs no time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from coordlib.simulate.ids import DAY
from coordlib.simulate.world import World
from coordlib.store import Store
from coordlib.tiktok import Credentials, RequestBudget, TikTokResearch
from coordlib.times import day_of, day_start

#: Hour of the simulated morning at which a monitoring day begins, UTC.
MORNING = 6

#: Key and secret a simulated service takes when nothing else is configured.
SIMULATED_CREDENTIALS = Credentials("sim-key", "sim-secret")


class Clock(Protocol):
    """The clock of a simulated service: in this process, or in another one over HTTP."""

    def time(self) -> float:
        """Return the simulated time, UTC seconds."""

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""

    def not_before(self, moment: float) -> None:
        """Move the clock forward to a moment; never back."""


def world_days(world: World, days: int | None = None) -> list[str]:
    """Return the days of a world on which it is monitored, YYYY-MM-DD (none: all)."""
    length = world.parameters.days if days is None else min(days, world.parameters.days)
    return [day_of(world.start + k * DAY).isoformat() for k in range(length)]


def morning_of(day: str, hour: int = MORNING) -> float:
    """Return the UTC second at which the monitoring of a day begins.

    Examples
    --------
    >>> morning_of("1970-01-02", hour=1)
    90000.0
    """
    return float(day_start(day) + hour * 3600)


def begin_day(clock: Clock, day: str, hour: int = MORNING) -> None:
    """Set the simulated clock to the morning of a day, never back."""
    clock.not_before(morning_of(day, hour))


def simulated_connector(
    clock: Clock, base_url: str, daily_requests: int, credentials: Credentials = SIMULATED_CREDENTIALS
) -> Callable[[Store, str], TikTokResearch]:
    """Return what makes a client for a simulated service.

    The client reads the service's clock and waits by moving it on, so a day of retries takes seconds.
    """

    def connect(store: Store, run_id: str) -> TikTokResearch:
        budget = RequestBudget(store, daily=daily_requests, clock=clock.time)
        times: dict[str, Any] = {"clock": clock.time, "sleep": clock.sleep}
        return TikTokResearch(credentials, base_url, store=store, run_id=run_id, budget=budget, **times)

    return connect
