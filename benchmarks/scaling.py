"""How detection grows with rows, with the window, with the hottest object, and with cores.

Run from the project's root: ``python benchmarks/scaling.py [MOST ROWS] [--write]`` (default: 100000; the largest given counts).
Above a million shares they are of more months, and above ten million detected with ``--memory 1GB``.
Each point is one process from Parquet to the file of edges; CPU seconds are its own and those of its workers, peak memory
is that of the largest process. With ``--write`` the numbers go to scaling.csv and the figure to docs/scaling.svg.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from engines import WINDOW, measured

from detect import make_shares

PROJECT = Path(__file__).parents[1]
#: Shares of 30 days; more of them are of more months.
MONTH = 1_000_000
COLUMNS = ("panel", "x", "pairs", "edges", "cpu_s", "wall_s", "peak_mb")
PANELS = {
    "rows": "shares",
    "window": "window (seconds)",
    "hottest object": "share of all rows (%)",
    "cores": "processes, --memory 1GB",
}


def points(most: int, folder: Path) -> Iterator[tuple[str, float, str, Path, int]]:
    """Yield panel, place on its axis, engine, file and window of each point."""

    def saved(name: str, shares: pd.DataFrame) -> Path:
        shares.to_parquet(folder / f"{name}.parquet", index=False)
        return folder / f"{name}.parquet"

    for rows in sorted({*(10**n for n in range(4, 10) if 10**n <= most), most}):
        source = saved("rows", make_shares(min(rows, MONTH)))
        if rows > MONTH:
            source = months(source, rows // MONTH)
        yield "rows", rows, "coordlib" if rows <= 10 * MONTH else "coordlib --memory 1GB", source, WINDOW
    rows = min(most, 1_000_000)
    shares = make_shares(rows)
    source = saved("shares", shares)
    for window in (10, 60, 600, 3600):
        yield "window", window, "coordlib", source, window
    random = np.random.default_rng(1)
    for percent in (1, 10, 50, 100):
        hot = shares.copy()
        some = random.random(rows) < percent / 100
        hot.loc[some, "object_id"] = "hot"
        hot.loc[some, "timestamp_share"] = 1_700_000_000 + random.integers(0, 30 * 86_400, int(some.sum()))
        yield "hottest object", percent, "coordlib", saved("hot", hot), WINDOW
    for cores in (1, 2, 4):
        yield "cores", cores, f"coordlib on {cores}", source, WINDOW


def months(month: Path, count: int) -> Path:
    """Write a month again and again, a month earlier each time, with other objects, contents and roles of accounts.

    More shares in one month would be hotter objects of as many accounts, so that pairs would grow faster than shares.
    """
    table, path = pq.read_table(month), month.with_name("months.parquet")
    accounts = table["account_id"].combine_chunks().dictionary_encode()
    with pq.ParquetWriter(path, table.schema) as writer:
        for number in range(count):
            some = {name: table[name] for name in table.column_names}
            some["timestamp_share"] = pc.subtract(some["timestamp_share"], 30 * 86_400 * number)
            order = np.random.default_rng(number).permutation(len(accounts.dictionary))
            some["account_id"] = accounts.dictionary.take(pa.array(order)).take(accounts.indices)
            for name in ("object_id", "content_id"):
                own = pa.scalar(f"-{number}", table[name].type)
                some[name] = pc.binary_join_element_wise(table[name], own, pa.scalar("", own.type))
            writer.write_table(pa.table(some, table.schema))
    return path


def draw(rows: list[dict[str, str]], path: Path) -> None:
    """CPU and memory above, one column a question; both axes are logarithms."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "scaling", "svg.fonttype": "none"}
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(PANELS), figsize=(13, 5.5), sharey="row", layout="constrained")
    for (panel, label), (above, below) in zip(PANELS.items(), axes.T, strict=True):
        some = [row for row in rows if row["panel"] == panel]
        x = [float(row["x"]) for row in some]
        for axis, name in ((above, "wall_s" if panel == "cores" else "cpu_s"), (below, "peak_mb")):
            axis.loglog(x, [float(row[name]) for row in some], "o-", color="#0072b2")
            axis.grid(alpha=0.3)
        above.set_title(f"{panel}: wall clock" if panel == "cores" else panel)
        below.set_xlabel(label)
    axes[0, 0].set_ylabel("CPU seconds")
    axes[1, 0].set_ylabel("peak memory (MB)")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure, print, and with ``--write`` keep and draw the results."""
    most = max([100_000, *(int(float(word)) for word in sys.argv[1:] if not word.startswith("--"))])
    table = []
    with tempfile.TemporaryDirectory() as folder:
        for panel, x, engine, source, window in points(most, Path(folder)):
            cpu, wall, peak, found = measured(engine, source, window)
            values = (panel, x, *found.split(), f"{cpu:.2f}", f"{wall:.2f}", f"{peak:.0f}")
            table.append({name: str(value) for name, value in zip(COLUMNS, values, strict=True)})
            print(*values, sep=",", flush=True)
    if "--write" in sys.argv:
        with Path(__file__).with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
        draw(table, PROJECT / "docs" / "scaling.svg")


if __name__ == "__main__":
    main()
