"""Seconds that link-sharing detection takes, from a table of shares to its summaries.

Run ``python benchmarks/links.py [SHARES.csv ...]``. Without a file, simulated tables of three sizes are
used. Each line is the best of three runs; reading the file is not counted.
"""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import coordlib as cl


def best_of(runs: int, work: Callable[[], object]) -> float:
    """Return the shortest of several runs in seconds."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def everything(shares: pd.DataFrame, compat: str | None) -> None:
    """Estimate the interval, detect at 60 seconds, and make every table."""
    cl.estimate_coord_interval(shares, compat=compat)
    output = cl.get_coord_shares(shares, 60, compat=compat, gtimestamps=True)
    cl.get_component_summary(output)
    cl.get_cluster_summary(output)
    cl.get_top_coord_urls(output)
    cl.get_top_coord_shares(output)


def tables(paths: list[str]) -> dict[str, pd.DataFrame]:
    """Return the tables to time, by name."""
    if paths:
        return {Path(path).name: pd.read_csv(path) for path in paths}
    sizes = {"small": (400, 14), "middle": (400, 60), "large": (4_000, 400)}
    return {
        name: cl.simulate.simulate_link_shares(n, 3, days=days).shares for name, (n, days) in sizes.items()
    }


def main(paths: list[str]) -> None:
    """Print one line per table and mode."""
    print(f"Python {platform.python_version()}, pandas {pd.__version__}, {platform.machine()}")
    print("| table | rows | mode | get_coord_shares (s) | all functions (s) |")
    print("|---|---|---|---|---|")
    for name, shares in tables(paths).items():
        for compat in (None, "coornet"):
            detect = best_of(3, lambda: cl.get_coord_shares(shares, 60, compat=compat))  # noqa: B023 - called at once
            whole = best_of(3, lambda: everything(shares, compat))  # noqa: B023 - called at once
            print(f"| {name} | {len(shares):,} | {compat or 'sliding window'} | {detect:.2f} | {whole:.2f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of the process: {peak:,.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
