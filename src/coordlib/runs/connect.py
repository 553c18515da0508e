"""Making the client a run asks with: credentials, address, the day's budget, and whether the answers are real."""

from __future__ import annotations

import time
from collections.abc import Callable

from coordlib.errors import ParameterError
from coordlib.files import write_json
from coordlib.places import Workspace
from coordlib.store import Store
from coordlib.tiktok import Credentials, RequestBudget, TikTokResearch
from coordlib.tiktok.endpoints import BASE_URL

__all__ = ["BASE_URL", "connector"]


def connector(
    daily_requests: int, base_url: str = BASE_URL, credentials: Credentials | None = None
) -> Callable[[Store, str], TikTokResearch]:
    """Return what :func:`coordlib.runs.monitor.monitor_day` makes its client with.

    Credentials are found in the environment, ``.env`` or the keyring when a run begins, unless they are given. Where the
    service says that it is simulated, so does the workspace from then on.
    """

    def connect(store: Store, run_id: str) -> TikTokResearch:
        budget = RequestBudget(store, daily=daily_requests, clock=time.time)
        found = credentials if credentials is not None else Credentials.find()
        return TikTokResearch(
            found,
            base_url,
            store=store,
            budget=budget,
            run_id=run_id,
            on_origin=lambda simulated: mark_origin(store, base_url, simulated=simulated),
        )

    return connect


def mark_origin(store: Store, address: str, *, simulated: bool) -> None:
    """Mark the workspace of a store as simulated, or refuse to mix simulated and real posts."""
    place = Workspace(store.path.parent)
    if place.simulated == simulated or str(store.path) == ":memory:":
        return
    if not simulated or store.connection.execute("SELECT 1 FROM posts LIMIT 1").fetchone():
        holds, answers = ("real", "simulated") if simulated else ("simulated", "real")
        raise ParameterError(
            f"{place.root}: holds {holds} posts, and {address} answers with {answers} ones; use another workspace"
        )
    if simulated:
        note = "Simulated data: every account, caption and number in here is invented."
        write_json(place.root / "simulated.json", {"simulated": True, "note": note, "address": address})
