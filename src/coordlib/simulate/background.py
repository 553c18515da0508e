"""What goes on in the simulated world without anyone planting it: the organic look-alikes of coordination.

Ordinary posts follow local day and night; viral captions spread over hours; fans shout the same words
when a goal falls; newsrooms of one publisher run the same headline. All of it shares objects, and a
good method has to live with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.simulate.accounts import circadian_times
from coordlib.simulate.captions import generic_captions, hostile_captions, make_captions, soil

IntArray = npt.NDArray[np.int64]
DAY = 86400


@dataclass
class Posts:
    """Rows aligned: account position, UTC second, caption text."""

    account: IntArray
    time: IntArray
    caption: list[str]


def ordinary(rng: np.random.Generator, accounts: pd.DataFrame, start: int, days: int) -> Posts:
    """Posts of every account by its own rate and its region's rhythm.

    Of the captions 4 % are empty, 12 % generic ("#fyp"), 0.3 % hostile, the rest the account's own.
    """
    rate = accounts["rate"].to_numpy()
    counts = rng.poisson(rate[:, None], (len(accounts), days))
    account, day = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    time = circadian_times(rng, start + day * DAY, accounts["utc_offset"].to_numpy()[account])
    draw = rng.random(len(account))
    language = accounts["language"].to_numpy()[account]
    caption = np.full(len(account), "", dtype=object)
    for code in sorted(set(language.tolist())):
        mine = language == code
        own = np.flatnonzero(mine & (draw >= 0.163))
        caption[own] = soil(rng, make_captions(rng, code, len(own)))
        short = np.flatnonzero(mine & (draw >= 0.043) & (draw < 0.163))
        pool = generic_captions(code)
        caption[short] = [pool[k] for k in rng.integers(0, len(pool), len(short))]
    bad = np.flatnonzero((draw >= 0.04) & (draw < 0.043))
    caption[bad] = hostile_captions(rng, len(bad))
    return Posts(account, time, caption.tolist())


def viral(rng: np.random.Generator, accounts: pd.DataFrame, people: IntArray, start: int, days: int) -> Posts:
    """Captions that travel: each cascade has a heavy-tailed size and spreads over hours to days."""
    cascades = max(3, int(len(people) * days / 120))
    sizes = np.clip(rng.zipf(1.9, cascades) + 2, 3, max(6, len(people) // 8))
    return _bursts(
        rng, accounts, people, start, days, sizes, lambda size: rng.lognormal(np.log(5 * 3600), 1.1, size)
    )


def fans(rng: np.random.Generator, accounts: pd.DataFrame, people: IntArray, start: int, days: int) -> Posts:
    """Communities in which many post the same words within minutes of a goal, a release, a reveal."""
    communities = max(2, len(people) // 90)
    parts = []
    for _ in range(communities):
        crowd = rng.choice(people, min(len(people), int(rng.integers(25, 65))), replace=False)
        moments = max(1, round(days / 4))
        sizes = np.maximum(4, (len(crowd) * rng.uniform(0.35, 0.8, moments)).astype(int))
        day = ((np.arange(moments) + rng.random(moments)) * days / moments).astype(np.int64)
        parts.append(
            _bursts(
                rng, accounts, crowd, start, days, sizes, lambda size: 15 + rng.exponential(200, size), day
            )
        )
    crowds = join(parts)
    # Now and then a fan posts a second clip: a single moment with the weight of several.
    again = np.flatnonzero(rng.random(len(crowds.account)) < 1 / 25)
    extra = Posts(
        crowds.account[again],
        crowds.time[again] + rng.integers(8, 90, len(again)),
        [crowds.caption[k] for k in again.tolist()],
    )
    return join([crowds, extra])


def syndication(
    rng: np.random.Generator, accounts: pd.DataFrame, people: IntArray, start: int, days: int
) -> tuple[Posts, list[IntArray]]:
    """Newsrooms of one publisher running the same headline minutes apart: coordinated, and legitimate."""
    groups = [
        rng.choice(people, min(4, len(people)), replace=False) for _ in range(max(1, len(people) // 500))
    ]
    parts = []
    for group in groups:
        headlines = np.full(max(1, int(rng.poisson(1.2 * days))), len(group))
        parts.append(
            _bursts(rng, accounts, group, start, days, headlines, lambda size: rng.exponential(350, size))
        )
    return join(parts), groups


def _bursts(
    rng: np.random.Generator,
    accounts: pd.DataFrame,
    people: IntArray,
    start: int,
    days: int,
    sizes: IntArray,
    delays: Callable[[int], npt.NDArray[np.float64]],
    day: IntArray | None = None,
) -> Posts:
    """Several shared captions: for each, so many different people post it after random delays."""
    language = accounts["language"].to_numpy()
    offset = accounts["utc_offset"].to_numpy()
    sizes = np.minimum(sizes, len(people))
    who = [rng.choice(people, size, replace=False) for size in sizes.tolist()]
    account = np.concatenate(who)
    leader = np.array([int(group[0]) for group in who])
    day = rng.integers(0, days, len(sizes)) if day is None else day
    first = circadian_times(rng, start + day * DAY, offset[leader])
    time = np.repeat(first, sizes) + delays(int(sizes.sum())).astype(np.int64)
    texts: list[str] = [""] * len(sizes)
    for code in sorted(set(language[leader].tolist())):
        mine = np.flatnonzero(language[leader] == code)
        for k, text in zip(
            mine.tolist(), soil(rng, make_captions(rng, code, len(mine), long=True)), strict=True
        ):
            texts[k] = text
    caption = [texts[k] for k in np.repeat(np.arange(len(sizes)), sizes).tolist()]
    inside = time < start + days * DAY
    return Posts(
        account[inside], time[inside], [text for text, keep in zip(caption, inside, strict=True) if keep]
    )


def join(parts: list[Posts]) -> Posts:
    """Put several sets of posts under each other."""
    return Posts(
        np.concatenate([part.account for part in parts]),
        np.concatenate([part.time for part in parts]),
        [text for part in parts for text in part.caption],
    )
