"""Making the client a run asks with: credentials, address, and the day's budget."""

from __future__ import annotations

import time
from collections.abc import Callable

from coordlib.store import Store
from coordlib.tiktok import Credentials, RequestBudget, TikTokResearch
from coordlib.tiktok.endpoints import BASE_URL

__all__ = ["BASE_URL", "connector"]


def connector(
    daily_requests: int, base_url: str = BASE_URL, credentials: Credentials | None = None
) -> Callable[[Store, str], TikTokResearch]:
    """Return what :func:`coordlib.runs.monitor.monitor_day` makes its client with.

    Parameters
    ----------
    daily_requests
        Requests a UTC day may spend.
    base_url
        Address of the service.
    credentials
        Key and secret (none: found in the environment, ``.env`` or the keyring when a run begins).
    """

    def connect(store: Store, run_id: str) -> TikTokResearch:
        budget = RequestBudget(store, daily=daily_requests, clock=time.time)
        found = credentials if credentials is not None else Credentials.find()
        return TikTokResearch(found, base_url, store=store, budget=budget, run_id=run_id)

    return connect
