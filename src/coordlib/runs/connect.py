"""Making the client a run asks with: of the real service, or of a simulated one, whose clock is the client's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from coordlib.errors import ParameterError
from coordlib.files import write_json
from coordlib.parameters import BASE_URL
from coordlib.places import SIMULATED, Workspace
from coordlib.store import Store
from coordlib.store.stored_posts import holds_posts
from coordlib.tiktok import Credentials, RequestBudget, TikTokResearch
from coordlib.times import day_start

#: Makes a client that keeps its requests in the store under a run's id.
Connect = Callable[[Store, str], TikTokResearch]

#: For a plan that asks nothing.
NOBODY = Credentials("dry-run", "dry-run")

#: Key and secret a simulated service takes when nothing else is configured.
SIMULATED_CREDENTIALS = Credentials("sim-key", "sim-secret")


def connector(
    daily_requests: int,
    base_url: str = BASE_URL,
    credentials: Credentials | None = None,
    clock: Clock | None = None,
) -> Connect:
    """Return what makes a client; without credentials it finds them in the environment, ``.env`` or the keyring.

    Where the service says that it is simulated, so does the workspace from then on, unless its clock is given: the
    client waits by moving that on, so retries take no time.
    """
    telling = clock or time

    def connect(store: Store, run_id: str) -> TikTokResearch:
        def on_origin(simulated: bool) -> None:
            if clock is None:
                mark_origin(store, base_url, simulated=simulated)

        return TikTokResearch(
            credentials if credentials is not None else Credentials.find(),
            base_url,
            store=store,
            budget=RequestBudget(store, daily=daily_requests, clock=telling.time),
            run_id=run_id,
            clock=telling.time,
            sleep=telling.sleep,
            on_origin=on_origin,
        )

    return connect


def mark_origin(store: Store, address: str, *, simulated: bool) -> None:
    """Mark the workspace of a store as simulated, or refuse to mix simulated and real posts."""
    place = Workspace(store.path.parent)
    if place.simulated == simulated or str(store.path) == ":memory:":
        return
    if not simulated or holds_posts(store):
        holds, answers = ("real", "simulated") if simulated else ("simulated", "real")
        raise ParameterError(
            f"{place.root}: holds {holds} posts, and {address} answers with {answers} ones; use another workspace"
        )
    note = "Simulated data: every account, caption and number in here is invented."
    write_json(place.root / SIMULATED, {"simulated": True, "note": note, "address": address})


class Clock(Protocol):
    """The clock of a simulated service: it tells the time, lets it pass, and is moved forward, never back."""

    def time(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def not_before(self, moment: float) -> None: ...


def begin_day(clock: Clock, day: str, hour: int = 6) -> None:
    """Set the simulated clock to the morning of a day, never back."""
    clock.not_before(float(day_start(day) + hour * 3600))
