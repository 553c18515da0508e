"""What goes on in the simulated world without anyone planting it: the organic look-alikes of coordination.

Ordinary posts follow local day and night; viral captions spread over hours; fans repeat the same words
after a goal; newsrooms of one publisher run the same headline. All of it shares objects, and a
good method has to live with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coordlib.simulate.accounts import Stage
from coordlib.simulate.captions import make_captions, pick, soil, words
from coordlib.simulate.ids import DAY, IntArray


@dataclass
class Posts:
    """Rows aligned: account position, UTC second, caption text."""

    account: IntArray
    time: IntArray
    caption: list[str]


def ordinary(stage: Stage) -> Posts:
    """Posts of every account by its own rate and its region's rhythm.

    Of the captions 4 % are empty, 12 % generic ("#fyp"), 0.3 % hostile (markup, formulas, line breaks, quotes, fake
    missing values), the rest the account's own.
    """
    rng = stage.rng
    counts = rng.poisson(stage.accounts["rate"].to_numpy()[:, None], (len(stage.accounts), stage.days))
    account, day = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    time = stage.times(day, account)
    draw = rng.random(len(account))
    language = stage.accounts["language"].to_numpy()[account]
    caption = np.full(len(account), "", dtype=object)
    for code in sorted(set(language.tolist())):
        mine = language == code
        own = np.flatnonzero(mine & (draw >= 0.163))
        caption[own] = soil(rng, make_captions(rng, code, len(own)))
        short = np.flatnonzero(mine & (draw >= 0.043) & (draw < 0.163))
        generic = [text.replace("{language}", code) for text in words()["generic"]]
        caption[short] = pick(rng, generic, len(short))
    bad = np.flatnonzero((draw >= 0.04) & (draw < 0.043))
    caption[bad] = pick(rng, words()["hostile"], len(bad))
    return Posts(account, time, caption.tolist())


def viral(stage: Stage, people: IntArray) -> Posts:
    """Captions that travel: each cascade has a heavy-tailed size and spreads over hours to days."""
    rng = stage.rng
    cascades = max(3, int(len(people) * stage.days / 120))
    sizes = np.clip(rng.zipf(1.9, cascades) + 2, 3, max(6, len(people) // 8))
    return _bursts(stage, people, sizes, lambda size: rng.lognormal(np.log(5 * 3600), 1.1, size))


def fans(stage: Stage, people: IntArray) -> Posts:
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
    crowds = join(parts)
    # Now and then a fan posts a second clip: a single moment with the weight of several.
    again = np.flatnonzero(rng.random(len(crowds.account)) < 1 / 25)
    later = crowds.time[again] + rng.integers(8, 90, len(again))
    return join([crowds, Posts(crowds.account[again], later, [crowds.caption[k] for k in again.tolist()])])


def syndication(stage: Stage, people: IntArray) -> tuple[Posts, list[IntArray]]:
    """Newsrooms of one publisher running the same headline minutes apart: coordinated, and legitimate."""
    rng = stage.rng
    newsrooms = max(1, len(people) // 500)
    groups = [rng.choice(people, min(4, len(people)), replace=False) for _ in range(newsrooms)]
    parts = []
    for group in groups:
        headlines = np.full(max(1, int(rng.poisson(1.2 * stage.days))), len(group))
        parts.append(_bursts(stage, group, headlines, lambda size: rng.exponential(350, size)))
    return join(parts), groups


def _bursts(
    stage: Stage,
    people: IntArray,
    sizes: IntArray,
    delays: Callable[[int], npt.NDArray[np.float64]],
    day: IntArray | None = None,
) -> Posts:
    """Several shared captions: for each, so many different people post it after random delays."""
    rng = stage.rng
    sizes = np.minimum(sizes, len(people))
    who = [rng.choice(people, size, replace=False) for size in sizes.tolist()]
    leader = np.array([int(group[0]) for group in who])
    day = rng.integers(0, stage.days, len(sizes)) if day is None else day
    time = np.repeat(stage.times(day, leader), sizes) + delays(int(sizes.sum())).astype(np.int64)
    language = stage.accounts["language"].to_numpy()[leader]
    texts = np.full(len(sizes), "", dtype=object)
    for code in sorted(set(language.tolist())):
        mine = np.flatnonzero(language == code)
        texts[mine] = soil(rng, make_captions(rng, code, len(mine), long=True))
    inside = time < stage.start + stage.days * DAY
    return Posts(np.concatenate(who)[inside], time[inside], np.repeat(texts, sizes)[inside].tolist())


def join(parts: list[Posts]) -> Posts:
    """Put several sets of posts under each other."""
    return Posts(
        np.concatenate([part.account for part in parts]),
        np.concatenate([part.time for part in parts]),
        [text for part in parts for text in part.caption],
    )
