"""Monitor days of a simulated world over HTTP, without pages: the process that is killed again and again.

Run by monitor_30_days.py and by the tests: monitored_child.py WORKSPACE ADDRESS DAILY_REQUESTS DAY [DAY …]
"""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
from no_pages import decided_without_a_page

from coordlib.errors import ParameterError
from coordlib.parameters import Monitoring
from coordlib.runs import day as day_module
from coordlib.runs.connect import SIMULATED_CREDENTIALS, begin_day, connector
from coordlib.runs.monitor import monitor_day


class RemoteClock:
    """The clock of a service in another process, at an address: tells its time, waits by moving it on."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url.rstrip('/')}/__sim/clock"

    def time(self) -> float:
        """Return the simulated time, UTC seconds."""
        return float(httpx.get(self._url, timeout=60).raise_for_status().json()["now"])

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        httpx.post(self._url, timeout=60, json={"advance": seconds}).raise_for_status()

    def not_before(self, moment: float) -> None:
        """Move the clock forward to a moment; never back."""
        if self.time() < moment:
            httpx.post(self._url, timeout=60, json={"now": moment}).raise_for_status()


def main() -> None:
    """Monitor the days given, in order; a day that is reported already is passed over."""
    workspace, address, daily = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    day_module.run_report = decided_without_a_page
    clock = RemoteClock(address)
    connect = connector(daily, address, SIMULATED_CREDENTIALS, clock)
    for date in sys.argv[4:]:
        begin_day(clock, date)
        try:
            monitor_day(workspace, date, connect, Monitoring(daily_requests=daily))
        except ParameterError as error:
            if "is reported already" not in str(error):
                raise
        print(date, flush=True)


if __name__ == "__main__":
    main()
