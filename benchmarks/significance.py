"""How often the evidence for an edge errs where nobody coordinates, and how often it finds planted groups.

Run from the project's root: ``python benchmarks/significance.py [RUNS] [--window SECONDS] [--first SEED] [--only WORD] [--write]``
(30 runs a world and group by default, a third of that for the boundary). The worlds are in significance_worlds.py, the results of the
last written run in significance.md, both beside this file. Real data are permuted too where they lie beside the project.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from significance_worlds import BOUNDARY, DAY, GROUPS, WORLDS, Maker, Planter, World, organic, shares, trigger

from coordlib import edge_significance, prep_data
from coordlib.sources.archive import list_days, read_day
from detect import make_shares

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "csbn"
FIRST_SEED = 5_000_000
ALPHA = 0.05


def no_coordination(name: str, make: Maker, runs: int, first: int, window: int) -> tuple[str, int]:
    """A row of the table for a world in which every significant edge is false, and the runs that had one."""
    counts = np.array(
        [_flagged(shares(make(np.random.default_rng(first + run))), window) for run in range(runs)]
    )
    with_any = (counts > 0).sum(axis=0)
    row = " | ".join(f"{number} of {runs}" for number in with_any)
    return f"| {name} | {row} | {counts[:, 0].mean():.2f} (most {counts[:, 0].max()}) |", int(with_any[0])


def _flagged(table: pd.DataFrame, window: int) -> tuple[int, int, int, int]:
    edges = edge_significance(table, window, ALPHA)
    return (
        int(edges["significant"].sum()),
        int((edges["evidence"] == "beyond the crowd").sum()),
        int((edges["evidence"] == "closed circle").sum()),
        int((edges["q_discovery"] <= ALPHA).sum()),
    )


def planted(name: str, make: Planter, expected: float, runs: int, first: int) -> tuple[str, bool]:
    """A row of the table for planted groups, and whether the recall is within .10 of what was measured first."""
    found = np.array([_found(*make(np.random.default_rng(first + run))) for run in range(runs)])
    pairs, crowd, circle, discovered, false = found.T
    recall = ((crowd + circle) / pairs).mean()
    cells = [
        f"{value:.2f}"
        for value in (
            recall,
            (crowd / pairs).mean(),
            (circle / pairs).mean(),
            (discovered / pairs).mean(),
            expected,
        )
    ]
    return f"| {name} | {' | '.join(cells)} | {false.mean():.2f} |", abs(recall - expected) <= 0.10 + 1e-9


def _found(world: World, first_planted: int, size: int) -> tuple[int, int, int, int, int]:
    """Planted pairs, those beyond the crowd, in a closed circle, and discovered; and false edges."""
    edges = edge_significance(shares(world), q=ALPHA)
    left, right = (
        edges[name].astype("int64").to_numpy() - first_planted for name in ("account_id", "account_id_y")
    )
    true = (left >= 0) & (right >= 0) & (left // size == right // size) & (left < 4 * size)
    evidence = edges["evidence"].to_numpy()
    return (
        4 * size * (size - 1) // 2,
        int((true & (evidence == "beyond the crowd")).sum()),
        int((true & (evidence == "closed circle")).sum()),
        int((true & (edges["q_discovery"] <= ALPHA).to_numpy()).sum()),
        int((~true & edges["significant"].to_numpy()).sum()),
    )


def real_data() -> Iterator[tuple[str, pd.DataFrame, int]]:
    """Name, shares and window of what lies beside the project: archive days, and two layers of CooRTweet's German data."""
    for day in list_days(ARCHIVE) if ARCHIVE.is_dir() else []:
        posts = read_day(day.path).posts
        if posts is not None and len(posts):
            yield str(day.date), prep_data(posts, object_id="text", timestamp_share="posted_at"), 120
    german = ARCHIVE.parent / "coortweet" / "german_elections.csv.gz"
    if german.is_file():
        table = pd.read_csv(german, dtype=str)
        for layer in ("url_id", "hashtag_id"):
            names = {"object_id": layer, "content_id": "post_id", "timestamp_share": "timestamp"}
            yield f"German elections, {layer}", prep_data(table, **names), 60


def permuted(runs: int, first: int) -> Iterator[str]:
    """Rows for real data whose account names are dealt out anew: activity, objects and times stay."""
    for name, table, window in real_data():
        table = table.dropna(ignore_index=True)
        counts = []
        for run in range(runs):
            dealt = np.random.default_rng(first + run).permutation(table["account_id"].to_numpy())
            counts.append(_flagged(table.assign(account_id=pd.Series(dealt, dtype="str")), window))
        any_significant, _, _, any_discovered = (np.array(counts) > 0).sum(axis=0)
        yield f"| {name} | {any_significant} of {runs} | {any_discovered} of {runs} |"


def cost(name: str, table: pd.DataFrame) -> str:
    """CPU time and memory of the whole, detection of the coincidences included; memory in a second pass."""
    started = time.process_time()
    edges = edge_significance(table)
    seconds = time.process_time() - started
    tracemalloc.start()
    edge_significance(table)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    found = int((edges["q_discovery"] <= ALPHA).sum())
    return f"| {name} | {len(table):,} | {len(edges):,} | {found:,} | {seconds:.1f} s | {peak:,.0f} MB |"


def main() -> None:
    """Run every world, print the tables, and with ``--write`` keep them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("runs", nargs="?", type=int, default=30)
    options.add_argument("--first", type=int, default=FIRST_SEED)
    options.add_argument("--only", default="")
    options.add_argument("--window", type=int, default=120)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    started, few = time.process_time(), max(1, given.runs // 3)
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    head = "| world | significant | beyond the crowd | closed circle | discovered | significant edges a run |"
    say("# Evidence for an edge: calibration\n")
    say(
        f"Seeds {given.first} and up, window {given.window} s, alpha {ALPHA}. Runs with at least one edge of the class.\n"
    )
    say(f"## Worlds without coordination\n\n{head}\n|---|---|---|---|---|---|")
    wrong = 0
    for name, make in WORLDS.items():
        if given.only in name:
            line, runs_with = no_coordination(name, make, given.runs, given.first, given.window)
            wrong += runs_with
            say(line)
    say(
        f"\n{wrong} runs with a significant edge.\n\n## The boundary: nothing is claimed here\n\n{head}\n|---|---|---|---|---|---|"
    )
    for name, make in BOUNDARY.items():
        if given.only in name:
            say(no_coordination(name, make, few, given.first, given.window)[0])
    say(
        "\n## Planted groups\n\nShare of the planted pairs; false edges a run. `first` is the recall of the first measurement.\n"
    )
    say(
        "| group | significant | beyond the crowd | closed circle | discovered | first | false |\n|---|---|---|---|---|---|---|"
    )
    off = []
    for name, (plant, expected) in GROUPS.items():
        if given.only in name:
            line, near = planted(name, plant, expected, given.runs, given.first)
            off += [] if near else [name]
            say(line)
    say(f"\nMore than .10 from the first measurement: {', '.join(off) or 'none'}.")
    if given.only in "real data" and ARCHIVE.is_dir():
        say(
            "\n## Real data, account names dealt out anew\n\n| data | significant | discovered |\n|---|---|---|"
        )
        for line in permuted(given.runs, given.first):
            say(line)
    if given.only in "cost":
        random = np.random.default_rng(given.first)
        say("\n## Cost\n\n| corpus | rows | edges | discovered | CPU | memory |\n|---|---|---|---|---|---|")
        say(cost("heavy-tailed, a copy every 50 rows", make_shares(1_000_000)))
        say(cost("organic, 48 h", shares(organic(random, 2 * DAY, 1_000_000, 100_000, 100_000))))
        say(
            cost(
                "one caption, 200 accounts a day within 5 min", shares(trigger(random, share=0.8, delay=300))
            )
        )
    say(f"\n{time.process_time() - started:.0f} s of CPU.")
    if given.write:
        (Path(__file__).with_suffix(".md")).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
