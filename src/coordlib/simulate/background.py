"""The accounts of the simulated world and what goes on without anyone planting it: day and night, viral captions, fans, newsrooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.simulate.material import DAY, IntArray, make_captions, pick, soil, words

#: Posts by hour of local time, from midnight: low at night, a lunch bump, an evening peak.
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


def posts_of(account: IntArray, time: IntArray, caption: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Return a table of posts: account (its position), time (UTC second), caption; its text stays as it is."""
    return pd.DataFrame({"account": account, "time": time, "caption": pd.Series(caption, dtype=object)})


def ordinary(stage: Stage) -> pd.DataFrame:
    """Posts of every account by its own rate and its region's rhythm.

    Of the captions 4 % are empty, 12 % generic ("#fyp"), 0.3 % hostile (markup, formulas, quotes, fake missing values).
    """
    rng = stage.rng
    counts = rng.poisson(stage.accounts["rate"].to_numpy()[:, None], (len(stage.accounts), stage.days))
    account, day = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    time = stage.times(day, account)
    draw = rng.random(len(account))
    caption = np.full(len(account), "", dtype=object)
    for code, mine in by_language(stage.accounts, account):
        own, short = mine[draw[mine] >= 0.163], mine[(draw[mine] >= 0.043) & (draw[mine] < 0.163)]
        caption[own] = soil(rng, make_captions(rng, code, len(own)))
        generic = [text.replace("{language}", code) for text in words()["generic"]]
        caption[short] = pick(rng, generic, len(short))
    bad = np.flatnonzero((draw >= 0.04) & (draw < 0.043))
    caption[bad] = pick(rng, words()["hostile"], len(bad))
    return posts_of(account, time, caption)


def viral(stage: Stage, people: IntArray) -> pd.DataFrame:
    """Captions that travel: each cascade has a heavy-tailed size and spreads over hours to days."""
    rng = stage.rng
    cascades = max(3, int(len(people) * stage.days / 120))
    sizes = np.clip(rng.zipf(1.9, cascades) + 2, 3, max(6, len(people) // 8))
    return _bursts(stage, people, sizes, lambda size: rng.lognormal(np.log(5 * 3600), 1.1, size))


def fans(stage: Stage, people: IntArray) -> pd.DataFrame:
    """Communities in which many post the same words after a goal, a release, a reveal: twelve minutes later on average.

    An audience that answers within the window looks exactly like a group (docs/evidence.md), so one that should be told
    from the planted networks must answer more slowly.
    """
    rng, days = stage.rng, stage.days
    moments = max(1, round(days / 4))
    parts = []
    for _ in range(max(2, len(people) // 90)):
        crowd = rng.choice(people, min(len(people), int(rng.integers(25, 65))), replace=False)
        sizes = np.maximum(4, (len(crowd) * rng.uniform(0.35, 0.8, moments)).astype(int))
        day = ((np.arange(moments) + rng.random(moments)) * days / moments).astype(np.int64)
        parts.append(_bursts(stage, crowd, sizes, lambda size: 15 + rng.exponential(720, size), day))
    crowds = pd.concat(parts, ignore_index=True)
    # Now and then a fan posts a second clip: a single moment with the weight of several.
    again = crowds[rng.random(len(crowds)) < 1 / 25]
    return pd.concat([crowds, again.assign(time=again["time"] + rng.integers(8, 90, len(again)))])


def syndication(stage: Stage, people: IntArray) -> tuple[pd.DataFrame, list[IntArray]]:
    """Newsrooms of one publisher running the same headline minutes apart: coordinated, and legitimate."""
    rng = stage.rng
    newsrooms = max(1, len(people) // 500)
    groups = [rng.choice(people, min(4, len(people)), replace=False) for _ in range(newsrooms)]
    parts = []
    for group in groups:
        headlines = np.full(max(1, int(rng.poisson(1.2 * stage.days))), len(group))
        parts.append(_bursts(stage, group, headlines, lambda size: rng.exponential(350, size)))
    return pd.concat(parts), groups


#: Draws so many delays, seconds.
Delays = Callable[[int], npt.NDArray[np.float64]]


def _bursts(
    stage: Stage, people: IntArray, sizes: IntArray, delays: Delays, day: IntArray | None = None
) -> pd.DataFrame:
    """Several shared captions: for each, so many different people post it after random delays."""
    rng = stage.rng
    sizes = np.minimum(sizes, len(people))
    who = [rng.choice(people, size, replace=False) for size in sizes.tolist()]
    leader = np.array([int(group[0]) for group in who])
    day = rng.integers(0, stage.days, len(sizes)) if day is None else day
    time = np.repeat(stage.times(day, leader), sizes) + delays(int(sizes.sum())).astype(np.int64)
    texts = np.full(len(sizes), "", dtype=object)
    for code, mine in by_language(stage.accounts, leader):
        texts[mine] = soil(rng, make_captions(rng, code, len(mine), long=True))
    inside = time < stage.start + stage.days * DAY
    return posts_of(np.concatenate(who)[inside], time[inside], np.repeat(texts, sizes)[inside])


def by_language(accounts: pd.DataFrame, posts: IntArray) -> Iterator[tuple[str, IntArray]]:
    """Yield each language with the places of the posts whose account writes in it."""
    language = accounts["language"].to_numpy()[posts]
    for code in sorted(set(language.tolist())):
        yield code, np.flatnonzero(language == code)
