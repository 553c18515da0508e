"""The clock of a simulated service in another process, read and moved through its admin endpoint."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx


class RemoteClock:
    """Tells a simulated service's time and waits by moving it on.

    Parameters
    ----------
    base_url
        Address of the service, on loopback.
    """

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def time(self) -> float:
        """Return the simulated time, UTC seconds."""
        return float(self._http.get("/__sim/clock").raise_for_status().json()["now"])

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._http.post("/__sim/clock", json={"advance": seconds}).raise_for_status()

    def not_before(self, moment: float) -> None:
        """Move the clock forward to a moment; never back."""
        if self.time() < moment:
            self._http.post("/__sim/clock", json={"now": moment}).raise_for_status()
