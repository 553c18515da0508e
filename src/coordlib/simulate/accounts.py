"""The accounts of the simulated world: invented handles, regions, languages, rhythms; and the stage they act on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coordlib.simulate.captions import words
from coordlib.simulate.ids import DAY, IntArray

#: posts by hour of local time, from midnight: low at night, a lunch bump, an evening peak
HOURS = np.array([5, 3, 2, 1, 1, 1, 2, 4, 6, 6, 6, 7, 9, 8, 7, 8, 9, 11, 13, 15, 16, 14, 11, 8], dtype=float)


@dataclass(frozen=True)
class Stage:
    """Where posts are made: the source of randomness, the accounts, the first UTC midnight and the number of days."""

    rng: np.random.Generator
    accounts: pd.DataFrame
    start: int
    days: int

    def times(self, day: IntArray, account: IntArray) -> IntArray:
        """Draw one UTC second within each day (counted from the first), by the local rhythm of an account's region."""
        size = len(day)
        offset = self.accounts["utc_offset"].to_numpy()[account]
        cumulative = np.cumsum(HOURS / HOURS.sum())
        local_hour = np.searchsorted(cumulative, self.rng.random(size), side="right").clip(0, 23)
        second = (local_hour - offset) % 24 * 3600 + self.rng.integers(0, 3600, size)
        return np.asarray(self.start + day * DAY + second, dtype=np.int64)


def make_accounts(rng: np.random.Generator, size: int, start: int) -> pd.DataFrame:
    """Invent accounts, one row each: rate in posts a day, reach the log of the median views, created in UTC seconds."""
    known = words()["regions"]
    languages, offsets, weights = (list(column) for column in zip(*known.values(), strict=True))
    region = rng.choice(np.arange(len(known)), size, p=np.array(weights) / np.sum(weights))
    rate = np.clip(np.exp(rng.normal(np.log(0.25), 1.0, size)), 0.01, 12.0)
    reach = rng.normal(np.log(700), 1.2, size)
    followers = np.exp(reach + rng.normal(0.3, 0.8, size)).astype(np.int64)
    return pd.DataFrame(
        {
            "account_id": _handles(rng, size),
            "display_name": [f"Simulated {k}" for k in range(size)],
            "region": np.array(list(known), dtype=object)[region],
            "language": np.array(languages, dtype=object)[region],
            "utc_offset": np.array(offsets, dtype=np.int64)[region],
            "rate": rate,
            "reach": reach,
            "created": start - rng.integers(5, 2000, size) * DAY,
            "followers": followers,
            "following": np.exp(rng.normal(np.log(180), 1.0, size)).astype(np.int64),
            "verified": rng.random(size) < 0.01,
            "private": rng.random(size) < 0.02,
        }
    )


def _handles(rng: np.random.Generator, size: int) -> list[str]:
    syllables, styles = words()["syllables"], words()["handles"]
    parts = rng.integers(0, len(syllables), (size, 4))
    style = rng.integers(0, len(styles), size)
    number = rng.integers(1, 99, size)
    long_number = rng.integers(10**6, 10**9, size)
    taken: dict[str, None] = {}
    for k in range(size):
        a, b = (syllables[parts[k, i]] + syllables[parts[k, i + 1]] for i in (0, 2))
        name = styles[style[k]].format(a=a, b=b, n=number[k], m=long_number[k])
        while name in taken:
            name = f"{name}{len(taken) % 10}"
        taken[name] = None
    return list(taken)
