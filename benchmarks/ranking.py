"""Three ways to order accounts, on groups planted into simulated corpora and archive days: average precision of each.

Run from the project's root: ``python benchmarks/ranking.py [RUNS]`` (10 seeds a row by default). The worlds are in
significance_worlds.py; the last printed table is in docs/ranking.md. The constants of the score were chosen on other seeds of these
kinds of world, but not on the patterns of a campaign, which come first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from significance_worlds import Maker, early_birds, fans, organic, scheduled, shares, trigger

import coordlib as cl
from coordlib.describe.calibration import _world
from coordlib.simulate import Groups, plant_groups, simulate_pattern
from coordlib.simulate.shares import Pattern
from coordlib.sources.archive import list_days, read_day

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "csbn"

CORPORA: dict[str, Maker] = {
    "600 accounts, 2 h": partial(organic, posts=6_000, accounts=600, objects=600),
    "hyperactive, 30 min": partial(organic, delay=1_800, spread=2),
    "4,000 quiet accounts, 10 min": partial(organic, delay=600, posts=10_000, accounts=4_000, objects=4_000),
    "planners at the full hour": partial(scheduled, share=0.3),
    "fan communities, 10 min": partial(fans, size=40, delay=600),
    "one caption, a crowd a day": partial(trigger, share=0.5),
    "early birds": partial(early_birds, share=0.2, delay=300),
}
METHODS = ["percentile", "cosine", "score"]
GROUPS = {
    "in the open": Groups(moments=5),
    "hiding": Groups(moments=5, hiding=4),
    "part .6": Groups(participation=0.6, hiding=2),
    "twice only": Groups(moments=2, hiding=2),
    "5 minutes apart": Groups(spread=300),
    "half the texts changed": Groups(rewritten=0.5),
}


def tables() -> Iterator[tuple[str, Callable[[int], pd.DataFrame]]]:
    """Name of a row, and what makes its labelled data from a seed."""
    for pattern in get_args(Pattern):
        yield f"campaign in {pattern}", partial(_pattern, pattern)
    for corpus, make in CORPORA.items():
        for name, groups in GROUPS.items():
            yield f"{corpus}; {name}", partial(_planted, make, groups)


def _pattern(pattern: Pattern, seed: int) -> pd.DataFrame:
    return simulate_pattern(pattern, seed=seed)


def _planted(make: Maker, groups: Groups, seed: int) -> pd.DataFrame:
    table = plant_groups(shares(make(np.random.default_rng(seed))), groups, seed)
    return table.assign(coordinated=table["group"].notna())


def archive_days(runs: int) -> Iterator[str]:
    """Rows of the mean average precision over the archive days beside the project, names dealt out anew."""
    days = []
    for day in list_days(ARCHIVE) if ARCHIVE.is_dir() else []:
        posts = read_day(day.path).posts
        if posts is not None and len(posts) >= 400:
            table = cl.prep_data(posts, "text", timestamp_share="posted_at").dropna()
            days.append(table.sort_values(["timestamp_share", "account_id", "content_id"], ignore_index=True))
    for name in GROUPS if days else ():
        worlds = (_world(day, GROUPS[name], 3_000_000 + run) for day in days for run in range(runs))
        found = pd.concat(
            [cl.benchmark(world.assign(coordinated=world["group"].notna())) for world in worlds]
        )
        means = found.groupby("method")["average_precision"].mean()
        yield f"| {len(days)} archive days; {name} | {' | '.join(f'{value:.2f}' for value in means[METHODS])} |"


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print(
        "| corpus; groups | percentile | cosine | score | AUC of the score | accounts to inspect for 90 % |\n|---|---|---|---|---|---|"
    )
    for name, make in tables():
        found = pd.concat([cl.benchmark(make(3_000_000 + run)) for run in range(runs)]).groupby("method")
        precision, auc = found["average_precision"].mean(), found["auc"].mean()
        inspect, planted = found["inspect_90"].mean(), found["coordinated"].mean()
        cells = [f"{precision[method]:.2f}" for method in METHODS]
        print(
            f"| {name} | {' | '.join(cells)} | {auc['score']:.3f} | {inspect['score']:.0f} (of {planted['score']:.0f}) |",
            flush=True,
        )
    for row in archive_days(max(1, runs // 2)):
        print(row, flush=True)


if __name__ == "__main__":
    main()
