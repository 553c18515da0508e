"""Monitoring a simulated world: its clock is the client's clock, and waiting costs no time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from coordlib.simulate.archive import write_truth
from coordlib.simulate.clock import RemoteClock
from coordlib.simulate.service import Service
from coordlib.simulate.world import DAY, World
from coordlib.store import Store
from coordlib.tiktok import Credentials, RequestBudget, TikTokResearch

#: Hour of the simulated morning at which a monitoring day begins, UTC.
MORNING = 6


def world_days(world: World, days: int | None = None) -> list[str]:
    """Return the days of a world on which it is monitored, YYYY-MM-DD (none: all)."""
    length = world.parameters.days if days is None else min(days, world.parameters.days)
    return [
        dt.datetime.fromtimestamp(world.start + k * DAY, dt.UTC).date().isoformat() for k in range(length)
    ]


def mark_simulated(world: World, root: Path | str, days: list[str]) -> None:
    """Write beside the database that the workspace is simulated, and the truth it is held against."""
    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    write_truth(world, root, days)


def morning_of(day: str, hour: int = MORNING) -> float:
    """Return the UTC second at which the monitoring of a day begins.

    Examples
    --------
    >>> morning_of("1970-01-02", hour=1)
    90000.0
    """
    date = dt.date.fromisoformat(day)
    return dt.datetime(date.year, date.month, date.day, hour, tzinfo=dt.UTC).timestamp()


def begin_day(service: Service, day: str, hour: int = MORNING) -> None:
    """Set the simulated clock to the morning of a day, never back."""
    service.state.now = max(service.state.now, morning_of(day, hour))


def simulated_connector(
    service: Service, base_url: str, daily_requests: int
) -> Callable[[Store, str], TikTokResearch]:
    """Return what makes a client for a simulated service in this process.

    The client reads the service's clock and waits by moving it on, so a day of retries takes seconds.
    """
    key, secret = next(iter(service.config.clients.items()))

    def sleep(seconds: float) -> None:
        service.state.now += seconds

    return _connector(Credentials(key, secret), base_url, daily_requests, lambda: service.state.now, sleep)


def remote_connector(
    base_url: str, daily_requests: int, clock: RemoteClock, credentials: Credentials
) -> Callable[[Store, str], TikTokResearch]:
    """Return what makes a client for a simulated service in another process, on that service's clock."""
    return _connector(credentials, base_url, daily_requests, clock.time, clock.sleep)


def _connector(
    credentials: Credentials,
    base_url: str,
    daily_requests: int,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Callable[[Store, str], TikTokResearch]:
    def connect(store: Store, run_id: str) -> TikTokResearch:
        budget = RequestBudget(store, daily=daily_requests, clock=clock)
        return TikTokResearch(
            credentials, base_url, store=store, budget=budget, run_id=run_id, clock=clock, sleep=sleep
        )

    return connect
