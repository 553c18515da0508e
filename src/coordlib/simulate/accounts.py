"""The accounts of the simulated world: invented handles, regions, languages, rhythms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

#: region, language, hours from UTC, share of accounts (the United States dominate the archive, too)
REGIONS: tuple[tuple[str, str, int, float], ...] = (
    ("US", "en", -6, 0.48), ("GB", "en", 0, 0.07), ("IT", "it", 1, 0.08), ("FR", "fr", 1, 0.06),
    ("ES", "es", 1, 0.04), ("MX", "es", -6, 0.05), ("DE", "de", 1, 0.05), ("BR", "pt", -3, 0.04),
    ("BD", "bn", 6, 0.05), ("ID", "id", 7, 0.04), ("MA", "ar", 1, 0.02), ("AE", "ar", 4, 0.02),
)  # fmt: skip
#: posts by hour of local time, from midnight: low at night, a lunch bump, an evening peak
HOURS = np.array([5, 3, 2, 1, 1, 1, 2, 4, 6, 6, 6, 7, 9, 8, 7, 8, 9, 11, 13, 15, 16, 14, 11, 8], dtype=float)
_SYLLABLES = ("ba", "ko", "li", "ra", "mu", "ne", "to", "si", "va", "do", "pe", "zu", "mi", "la", "ki", "fo")
_STYLES = ("sim_{a}{b}{n}", "sim.{a}{b}.{n}", "{a}{b}_sim{n}", "simuser{m}", "sim{a}{n}", "sim_{a}_{b}{n}")


def make_accounts(rng: np.random.Generator, size: int, start: int) -> pd.DataFrame:
    """Invent accounts.

    Returns
    -------
    DataFrame
        account_id str (unique handle), display_name str, region str, language str, utc_offset int64
        (hours), rate float64 (posts a day), reach float64 (log of the median views), created int64
        (UTC seconds), followers int64, following int64, verified bool, private bool.
    """
    names, weights = np.arange(len(REGIONS)), np.array([row[3] for row in REGIONS])
    region = rng.choice(names, size, p=weights / weights.sum())
    rate = np.clip(np.exp(rng.normal(np.log(0.25), 1.0, size)), 0.01, 12.0)
    reach = rng.normal(np.log(700), 1.2, size)
    followers = np.exp(reach + rng.normal(0.3, 0.8, size)).astype(np.int64)
    return pd.DataFrame(
        {
            "account_id": _handles(rng, size),
            "display_name": [f"Simulated {k}" for k in range(size)],
            "region": np.array([row[0] for row in REGIONS], dtype=object)[region],
            "language": np.array([row[1] for row in REGIONS], dtype=object)[region],
            "utc_offset": np.array([row[2] for row in REGIONS], dtype=np.int64)[region],
            "rate": rate,
            "reach": reach,
            "created": start - rng.integers(5, 2000, size) * 86400,
            "followers": followers,
            "following": np.exp(rng.normal(np.log(180), 1.0, size)).astype(np.int64),
            "verified": rng.random(size) < 0.01,
            "private": rng.random(size) < 0.02,
        }
    )


def _handles(rng: np.random.Generator, size: int) -> list[str]:
    parts = rng.integers(0, len(_SYLLABLES), (size, 4))
    style = rng.integers(0, len(_STYLES), size)
    number = rng.integers(1, 99, size)
    long_number = rng.integers(10**6, 10**9, size)
    taken: set[str] = set()
    handles = []
    for k in range(size):
        a, b = (_SYLLABLES[parts[k, i]] + _SYLLABLES[parts[k, i + 1]] for i in (0, 2))
        name = _STYLES[style[k]].format(a=a, b=b, n=number[k], m=long_number[k])
        while name in taken:
            name = f"{name}{len(taken) % 10}"
        taken.add(name)
        handles.append(name)
    return handles


def circadian_times(
    rng: np.random.Generator, day_start: npt.NDArray[np.int64], utc_offset: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Draw one UTC second per row within a UTC day, by the local rhythm of the row's region."""
    size = len(day_start)
    cumulative = np.cumsum(HOURS / HOURS.sum())
    local_hour = np.searchsorted(cumulative, rng.random(size), side="right").clip(0, 23)
    hour = (local_hour - utc_offset) % 24
    return np.asarray(day_start + hour * 3600 + rng.integers(0, 3600, size), dtype=np.int64)
