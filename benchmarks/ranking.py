"""Three ways to order accounts, on groups planted into several kinds of corpus: average precision of each.

Run from the project's root: ``python benchmarks/ranking.py [RUNS]`` (10 seeds a row by default). The worlds are in
significance_worlds.py; the last printed table is in docs/ranking.md. The constants of the score were chosen on other seeds of these
kinds of world, but not on the patterns of a campaign, which come first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import get_args

import numpy as np
import pandas as pd
from significance_worlds import Maker, early_birds, fans, organic, scheduled, shares, trigger

import coordlib as cl
from coordlib.simulate import Groups, plant_groups, simulate_pattern
from coordlib.simulate.groups import Pattern

CORPORA: dict[str, Maker] = {
    "600 accounts, 2 h": partial(organic, posts=6_000, accounts=600, objects=600),
    "hyperactive, 30 min": partial(organic, delay=1_800, spread=2),
    "4,000 quiet accounts, 10 min": partial(organic, delay=600, posts=10_000, accounts=4_000, objects=4_000),
    "planners at the full hour": partial(scheduled, share=0.3),
    "fan communities, 10 min": partial(fans, size=40, delay=600),
    "one caption, a crowd a day": partial(trigger, share=0.5),
    "early birds": partial(early_birds, share=0.2, delay=300),
}
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
        cells = [f"{precision[method]:.2f}" for method in ("percentile", "cosine", "score")]
        print(
            f"| {name} | {' | '.join(cells)} | {auc['score']:.3f} | {inspect['score']:.0f} (of {planted['score']:.0f}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
