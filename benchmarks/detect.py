"""How much faster and smaller the sliding window is than forming all pairs of an object.

Run from the project's root: ``python benchmarks/detect.py [ROWS …]`` (default: 10000 100000). Both ways are run in the same
process on the same shares, in turns; the ratio is what counts, single times depend on the machine. The results of
the last run, with the machine, are in detect.md beside this file (``--write`` renews it).
"""

from __future__ import annotations

import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from coordlib import coordinated_edges, detect_groups, prep_data

WINDOW, LEAST, TURNS = 60, 2, 3
#: The naive way is left out where it would form more pairs than this.
MOST_PAIRS = 60_000_000


def make_shares(rows: int, seed: int = 20240601) -> pd.DataFrame:
    """Shares over 30 days with heavy-tailed objects: the hottest has about 1 % of the rows."""
    random = np.random.default_rng(seed)
    n_objects, n_accounts, span = max(500, rows // 20), min(20_000, max(5_000, rows // 50)), 30 * 86_400
    popularity = (np.arange(n_objects) + 40.0) ** -1.05
    objects = random.choice(n_objects, rows, p=popularity / popularity.sum())
    activity = random.lognormal(0, 1.5, n_accounts)
    accounts = random.choice(n_accounts, rows, p=activity / activity.sum())
    born, life = (
        random.uniform(0, 0.8 * span, n_objects),
        random.lognormal(np.log(2 * 86_400), 0.7, n_objects),
    )
    times = np.mod(born[objects] + random.exponential(1.0, rows) * life[objects], span).astype(np.int64)
    # Every fiftieth row repeats the one before it by another account, a few seconds later.
    copies = np.arange(1, rows, 50)
    objects[copies], times[copies] = (
        objects[copies - 1],
        times[copies - 1] + random.integers(0, 30, len(copies)),
    )
    return prep_data(
        pd.DataFrame(
            {
                "object_id": [f"o{n}" for n in objects],
                "account_id": [f"a{n}" for n in accounts],
                "content_id": [f"c{n}" for n in range(rows)],
                "timestamp_share": times + 1_700_000_000,
            }
        )
    )


def naive(shares: pd.DataFrame) -> pd.DataFrame:
    """All pairs of rows of each object, then the filters: what a join by object does."""
    shares = shares[shares.groupby("account_id")["content_id"].transform("size") >= LEAST]
    # Numbers instead of text, so that the join is as light as it can be.
    names = ["object_id", "account_id", "content_id"]
    codes = shares.assign(**{name: pd.factorize(shares[name])[0] for name in names})
    pairs = codes.merge(codes, on="object_id", suffixes=("", "_y"))
    near = (pairs["timestamp_share"] - pairs["timestamp_share_y"]).abs() <= WINDOW
    pairs = pairs[near & (pairs["content_id"] < pairs["content_id_y"])]
    pairs = pairs[pairs["account_id"] != pairs["account_id_y"]]
    shares = codes
    found = set(pairs["content_id"]) | set(pairs["content_id_y"])
    rows = shares[shares["content_id"].isin(found)]
    counts = rows["account_id"].value_counts()
    passing = counts.index[counts >= LEAST]
    return pairs[pairs["account_id"].isin(passing) | pairs["account_id_y"].isin(passing)]


def fastest(work: Callable[[], pd.DataFrame]) -> tuple[float, float, int]:
    """Shortest wall time of some turns (s), peak memory of one more (MB), and rows found."""
    times = []
    for _ in range(TURNS):
        start = time.perf_counter()
        found = len(work())
        times.append(time.perf_counter() - start)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return min(times), peak, found


def _machine() -> str:
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pandas {pd.__version__}, numpy {np.__version__}."
    )


def measure(rows: int) -> str:
    """One row of the table of results."""
    shares = make_shares(rows)
    ours = fastest(lambda: detect_groups(shares, WINDOW, LEAST))
    edges, _, _ = fastest(lambda: coordinated_edges(detect_groups(shares, WINDOW, LEAST)))
    sizes = shares["object_id"].value_counts()
    left_out = "left out (memory)" if int((sizes.astype("int64") ** 2).sum()) > MOST_PAIRS else None
    text = f"| {rows:,} | {ours[2]:,} | {ours[0]:.2f} s / {ours[1]:,.0f} MB | {edges:.2f} s |"
    if left_out:
        return f"{text} {left_out} | |"
    theirs = fastest(lambda: naive(shares))
    if theirs[2] != ours[2]:
        raise SystemExit(f"the two ways differ: {ours[2]} and {theirs[2]} pairs")
    return (
        f"{text} {theirs[0]:.2f} s / {theirs[1]:,.0f} MB | {theirs[0] / ours[0]:.0f} × faster, "
        f"{theirs[1] / ours[1]:.1f} × less memory |"
    )


def main() -> None:
    """Measure, print, and with ``--write`` keep the results."""
    words = [word for word in sys.argv[1:] if word != "--write"]
    lines = [
        "# Sliding window against all pairs of an object",
        "",
        f"Window {WINDOW} s, participation {LEAST}; shortest of {TURNS} turns; memory of Python objects and arrays.",
        _machine(),
        "",
        "| rows | pairs | detect_groups | with edges | all pairs per object | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for rows in [int(float(word)) for word in words] or [10_000, 100_000]:
        lines.append(measure(rows))
        print(lines[-1], file=sys.stderr)
    text = "\n".join(lines) + "\n"
    print(text)
    if "--write" in sys.argv:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
