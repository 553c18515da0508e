"""Simulated corpora for the calibration of the evidence: worlds without coordination, and planted groups.

Each world gives objects, accounts (whole numbers) and times (seconds). What makes posts coincide in it is stated; nobody
coordinates. ``significance.py`` beside this file runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
World = tuple[Ints, Ints, npt.NDArray[np.float64]]
Maker = Callable[[np.random.Generator], World]
#: A corpus with planted groups of one size, the number of the first planted account, and the size.
Planter = Callable[[np.random.Generator], tuple[World, int, int]]
HOUR, DAY = 3_600, 86_400
SPAN = 15 * DAY


def shares(world: World) -> pd.DataFrame:
    """A world as a table of shares."""
    objects, accounts, times = world
    return pd.DataFrame(
        {
            "object_id": pd.Series(objects).astype("str"),
            "account_id": pd.Series(accounts).astype("str"),
            "content_id": pd.Series(np.arange(len(objects))).astype("str").radd("post-"),
            "timestamp_share": np.rint(times).astype(np.int64) + 1_700_000_000,
        }
    )


def beside(*worlds: World) -> World:
    """Worlds in one corpus, each with objects and accounts of its own."""
    parts, first_object, first_account = [], 0, 0
    for objects, accounts, times in worlds:
        parts.append((objects + first_object, accounts + first_account, times))
        first_object += int(objects.max()) + 1
        first_account += int(accounts.max()) + 1
    objects, accounts, times = (np.concatenate(part) for part in zip(*parts, strict=True))
    return objects, accounts, times


def draw(
    random: np.random.Generator, posts: int, accounts: int = 1000, objects: int = 1000, spread: float = 1.2
) -> tuple[Ints, Ints]:
    """Who posts what: accounts by log-normal activity, objects by a popularity of rank^-0.9."""
    activity = random.lognormal(0, spread, accounts)
    popularity = np.arange(1, objects + 1) ** -0.9
    return (
        random.choice(objects, posts, p=popularity / popularity.sum()),
        random.choice(accounts, posts, p=activity / activity.sum()),
    )


def organic(
    random: np.random.Generator,
    delay: float = 2 * HOUR,
    posts: int = 15_000,
    accounts: int = 1000,
    objects: int = 1000,
    spread: float = 1.2,
) -> World:
    """Every object appears at a moment and is taken up with an exponential delay."""
    what, who = draw(random, posts, accounts, objects, spread)
    appears = random.uniform(0, SPAN, objects)
    return what, who, appears[what] + random.exponential(delay, posts)


def homogeneous(random: np.random.Generator) -> World:
    """Everybody posts at any time."""
    what, who = draw(random, 15_000)
    return what, who, random.uniform(0, SPAN, len(what))


def circadian(random: np.random.Generator) -> World:
    """Everybody posts around eight in the evening."""
    what, who = draw(random, 15_000)
    day = random.integers(0, 15, len(what))
    return what, who, day * DAY + (20 * HOUR + random.normal(0, 1.5 * HOUR, len(what))) % DAY


def awake(random: np.random.Generator, delay: float = HOUR / 2, zones: int = 1, spread: float = 2.0) -> World:
    """Hyperactive accounts that answer only by day, in one or several time zones."""
    what, who, times = organic(random, delay, spread=spread)
    zone = random.integers(0, zones, 1000) * DAY / zones
    hour = (times - zone[who]) % DAY / DAY
    posts = random.random(len(what)) < np.maximum(0, 0.5 + 0.5 * np.sin(2 * np.pi * (hour - 0.5))) ** 2
    return what[posts], who[posts], times[posts]


def reposters(random: np.random.Generator, a_day: float, awake_hours: float = 14) -> World:
    """60 accounts, each repeats one of three captions all day at random, from an hour of its own."""
    wakes = random.uniform(0, DAY, 60)
    count = random.poisson(a_day, (60, 10))
    who, day = (np.repeat(index.ravel(), count.ravel()) for index in np.indices((60, 10)))
    times = day * DAY + wakes[who] + random.uniform(0, awake_hours * HOUR, len(who))
    return who % 3, who, times


def timetable(random: np.random.Generator, kind: str) -> World:
    """40 accounts repeat one caption: at two fixed hours, every full hour at times, or around an hour of habit."""
    parts = []
    for account in range(40):
        days = np.arange(10) * DAY
        if kind == "twice a day":
            hours = random.choice([9, 12, 18, 20], 2, replace=False) * HOUR
            times = (days[:, None] + hours).ravel() + random.uniform(-5, 5, 20)
        elif kind == "hourly":
            times = np.arange(0, 10 * DAY, HOUR)
            times = times[random.random(len(times)) < 0.25]
            times = times + random.uniform(-5, 5, len(times))
        else:
            times = days + 9 * HOUR + random.normal(0, 1_200, 10)
        parts.append((np.zeros(len(times), dtype=np.int64), np.full(len(times), account), times))
    what, who, when = (np.concatenate(part) for part in zip(*parts, strict=True))
    return what, who, when.astype(np.float64)


def trigger(
    random: np.random.Generator,
    accounts: int = 200,
    share: float = 0.3,
    delay: float = 600,
    fixed_hour: bool = False,
) -> World:
    """Once a day something happens, and a share of some accounts repeats one caption in answer to it."""
    hour = np.full(10, 20.25) if fixed_hour else random.uniform(6, 22, 10)
    day, who = np.nonzero(random.random((10, accounts)) < share)
    times = day * DAY + hour[day] * HOUR + random.exponential(delay, len(day))
    return beside(organic(random, posts=8_000), (np.zeros(len(who), dtype=np.int64), who, times))


def syndication(random: np.random.Generator) -> World:
    """40 outlets follow one agency: 300 stories, each printed by some within about ten minutes."""
    what, who = np.nonzero(random.random((300, 40)) < 0.3)
    appears = random.uniform(0, SPAN, 300)
    return what, who, appears[what] + random.lognormal(np.log(600), 1, len(what))


def outage(random: np.random.Generator, hours: float, spread: float = 1.2) -> World:
    """Three times the platform is down, and all posts of these hours come out within a minute."""
    what, who, times = organic(random, spread=spread)
    for begins in random.uniform(DAY, 13 * DAY, 3):
        held = (times >= begins) & (times < begins + hours * HOUR)
        times = np.where(held, begins + hours * HOUR + random.uniform(0, 60, len(times)), times)
    return what, who, times


def scheduled(random: np.random.Generator, share: float, spread: float = 1.2, grid: float = HOUR) -> World:
    """A share of the accounts posts by a planner, at the next full (or quarter) hour and some seconds."""
    what, who, times = organic(random, spread=spread)
    planner = (random.random(1000) < share)[who]
    planned = np.ceil(times / grid) * grid + random.uniform(0, 20, len(times))
    return what, who, np.where(planner, planned, times)


def spam_bots(random: np.random.Generator, own_captions: bool) -> World:
    """Twelve bots post 60 times a day at random: three captions of their own, or what is popular."""
    what, who, times = organic(random, posts=8_000)
    posts = 60 * 15 * 12
    bots = np.repeat(np.arange(12), posts // 12)
    captions = 1000 + bots % 3 if own_captions else random.choice(what, posts)
    return (
        np.concatenate([what, captions]),
        np.concatenate([who, 1000 + bots]),
        np.concatenate([times, random.uniform(0, SPAN, posts)]),
    )


def spam_alone(random: np.random.Generator) -> World:
    """60 bots and nobody else: three captions, each bot in bursts at random moments."""
    sizes = random.integers(3, 12, 60 * 20)
    bot, begins = np.repeat(np.arange(60), 20), random.uniform(0, 10 * DAY, 60 * 20)
    who = np.repeat(bot, sizes)
    return who % 3, who, np.repeat(begins, sizes) + random.uniform(0, 900, len(who))


def mixed_pace(random: np.random.Generator) -> World:
    """A tenth of the objects is posted by everybody within a minute or two, the rest within hours."""
    what, who = draw(random, 15_000)
    appears, delay = random.uniform(0, SPAN, 1000), np.where(random.random(1000) < 0.1, 60, 2 * HOUR)
    return what, who, appears[what] + random.exponential(delay[what])


def double_posts(random: np.random.Generator) -> World:
    """A third of the posts is sent twice within a minute."""
    what, who, times = organic(random)
    twice = random.random(len(what)) < 0.3
    again = times[twice] + random.uniform(0, 60, twice.sum())
    return (
        np.concatenate([what, what[twice]]),
        np.concatenate([who, who[twice]]),
        np.concatenate([times, again]),
    )


def early_birds(random: np.random.Generator, share: float, delay: float) -> World:
    """A share of the accounts answers every object within minutes, the rest within hours."""
    what, who = draw(random, 15_000)
    early, appears = random.random(1000) < share, random.uniform(0, SPAN, 1000)
    return what, who, appears[what] + random.exponential(np.where(early[who], delay, 2 * HOUR))


def fans(
    random: np.random.Generator,
    size: int,
    delay: float,
    communities: int | None = None,
    own_objects: int = 40,
    share: float = 0.4,
    early: tuple[float, float] | None = None,
) -> World:
    """Communities with objects of their own, each posted by a share of the members after a delay; everybody also posts the rest."""
    communities = communities or 400 // size
    parts = []
    fast = random.random(1000) < (early[0] if early else 0)
    for community in range(communities):
        eager = np.minimum(0.95, share * random.lognormal(-0.125, 0.5, size))
        appeal = 2 * random.beta(2, 2, own_objects)
        what, who = np.nonzero(random.random((own_objects, size)) < appeal[:, None] * eager)
        who = who + community * size
        times = random.uniform(0, SPAN, own_objects)[what]
        times += random.exponential(np.where(fast[who], early[1] if early else 0, delay))
        parts.append((what + community * own_objects, who, times))
    what, who, times = (np.concatenate(part) for part in zip(*parts, strict=True))
    other, others, at = organic(random, posts=8_000, objects=600)
    return (
        np.concatenate([what, communities * own_objects + other]),
        np.concatenate([who, others]),
        np.concatenate([times, at]),
    )


#: Every test must hold in each of these.
WORLDS: dict[str, Maker] = {
    "homogeneous": homogeneous,
    "circadian 20 h": circadian,
    "organic 24 h": partial(organic, delay=DAY),
    "organic 2 h": organic,
    "organic 30 min": partial(organic, delay=1_800),
    "organic 10 min": partial(organic, delay=600),
    "hyperactive 2 h": partial(organic, spread=2),
    "hyperactive 30 min": partial(organic, delay=1_800, spread=2),
    "hyperactive (1.6) 2 h": partial(organic, spread=1.6),
    "hyperactive (2.5) 2 h": partial(organic, spread=2.5),
    "reposters 8 a day": partial(reposters, a_day=8),
    "reposters 2 a day, 4 h": partial(reposters, a_day=2, awake_hours=4),
    "daily habit": partial(timetable, kind="habit"),
    "timetable twice a day": partial(timetable, kind="twice a day"),
    "timetable hourly": partial(timetable, kind="hourly"),
    "trigger fixed hour": partial(trigger, fixed_hour=True),
    "trigger random hour": trigger,
    "news syndication": syndication,
    "awake, hyperactive": awake,
    "awake, 4 time zones": partial(awake, zones=4),
    "awake, 8 zones, 2 h": partial(awake, zones=8, delay=2 * HOUR, spread=1.5),
    "outage 2 h": partial(outage, hours=2),
    "outage 6 h, hyperactive": partial(outage, hours=6, spread=2),
    "full hour 30 %": partial(scheduled, share=0.3),
    "full hour 5 %, active": partial(scheduled, share=0.05, spread=1.6),
    "full hour 60 %": partial(scheduled, share=0.6),
    "quarter hour 50 %": partial(scheduled, share=0.5, spread=1.6, grid=900),
    "spam bots, own captions": partial(spam_bots, own_captions=True),
    "spam bots, popular": partial(spam_bots, own_captions=False),
    "spam bots alone": spam_alone,
    "10 % of objects tight": mixed_pace,
    "double posts": double_posts,
    "sparse 2 h": partial(organic, accounts=4000, objects=4000, posts=10_000),
    "sparse 10 min": partial(organic, delay=600, accounts=4000, objects=4000, posts=10_000),
    "fans 40, 2 h": partial(fans, size=40, delay=2 * HOUR),
    "fans 40, 30 min": partial(fans, size=40, delay=1_800),
    "fans 40, 10 min": partial(fans, size=40, delay=600),
    "fans 8, 2 h": partial(fans, size=8, delay=2 * HOUR),
    "fans 8, 30 min": partial(fans, size=8, delay=1_800),
    "fans 8, 10 min": partial(fans, size=8, delay=600),
    "fans niche, 2 h": partial(fans, size=40, delay=2 * HOUR, own_objects=150, share=0.06),
    "fans niche, 10 min": partial(fans, size=40, delay=600, own_objects=150, share=0.06),
    "trigger 200, .5, 10 min": partial(trigger, share=0.5),
    "trigger 30, .5, 10 min": partial(trigger, accounts=30, share=0.5),
    "trigger 9, .6, 10 min": partial(trigger, accounts=9, share=0.6),
    "early birds 20 %, 5 min": partial(early_birds, share=0.2, delay=300),
    "early birds 20 %, 10 min": partial(early_birds, share=0.2, delay=600),
    "early birds 5 %, 5 min": partial(early_birds, share=0.05, delay=300),
    "fans with early birds": partial(fans, size=40, delay=2 * HOUR, early=(0.25, 300)),
}

#: Nothing is claimed for these: audiences that answer within about five windows look like a group.
BOUNDARY: dict[str, Maker] = {
    "trigger 200, .8, 5 min": partial(trigger, share=0.8, delay=300),
    "trigger 30, .8, 5 min": partial(trigger, accounts=30, share=0.8, delay=300),
    "trigger 8, .8, 5 min": partial(trigger, accounts=8, share=0.8, delay=300),
    "trigger 8, .8, 2 min": partial(trigger, accounts=8, share=0.8, delay=120),
    "trigger 200, .5, 2 min": partial(trigger, share=0.5, delay=120),
    "fans 40, 5 min": partial(fans, size=40, delay=300),
    "fans 8, 5 min": partial(fans, size=8, delay=300),
    "fans 8, 2 min": partial(fans, size=8, delay=120),
    "early birds 20 %, 2 min": partial(early_birds, share=0.2, delay=120),
    "early birds 5 %, 2 min": partial(early_birds, share=0.05, delay=120),
    "early birds 5 %, 1 min": partial(early_birds, share=0.05, delay=60),
    "early birds 50 %, 2 min": partial(early_birds, share=0.5, delay=120),
}


def many_objects(
    random: np.random.Generator,
    size: int = 5,
    repeats: int = 5,
    spread: float = 60,
    share: float = 1.0,
    viral: float = 0.0,
) -> tuple[World, int, int]:
    """Four groups, each posts some objects in step (of its own, or popular ones), among organic activity; the first planted account; size."""
    what, who, times = background = organic(random, accounts=600, objects=600, posts=6_000)
    popular = np.argsort(-np.bincount(what), kind="stable")[:60]
    appears = {int(one): times[what == one].min() for one in popular}
    first, new, parts = int(who.max()) + 1, int(what.max()) + 1, [background]
    for group in range(4):
        members = first + group * size + np.arange(size)
        for _ in range(repeats):
            taking = members[random.random(size) < share]
            if random.random() < viral:
                chosen = int(random.choice(popular))
                base = appears[chosen] + random.exponential(2 * HOUR)
            else:
                chosen, new = new, new + 1
                base = random.uniform(0, SPAN)
            at = base + random.uniform(0, spread, len(taking))
            parts.append((np.full(len(taking), chosen), taking, at))
        hiding = 5 * size
        parts.append(
            (random.choice(what, hiding), random.choice(members, hiding), random.uniform(0, SPAN, hiding))
        )
    planted_what, planted_who, planted_at = (np.concatenate(part) for part in zip(*parts, strict=True))
    return (planted_what, planted_who, planted_at), first, size


def one_caption(
    random: np.random.Generator,
    size: int = 5,
    repeats: int = 5,
    spread: float = 60,
    share: float = 1.0,
    hours: str = "random",
    others: int = 0,
    burst: int = 1,
) -> tuple[World, int, int]:
    """Four groups, each repeats one caption of its own in step, among organic activity; the first planted account; size."""
    what, who, _ = background = organic(random, accounts=600, objects=600, posts=6_000)
    first, new, parts = int(who.max()) + 1, int(what.max()) + 1, [background]
    crowd = first + 4 * size
    for group in range(4):
        members = first + group * size + np.arange(size)
        days = random.choice(15, repeats, replace=repeats > 15) * DAY
        bases = {
            "random": random.uniform(0, SPAN, repeats),
            "drift": days + random.normal(11, 1.5, repeats) * HOUR,
            "fixed": days + 11 * HOUR + random.normal(0, 600, repeats),
        }[hours]
        for base in bases:
            taking = np.repeat(members[random.random(size) < share], burst)
            parts.append((np.full(len(taking), new), taking, base + random.uniform(0, spread, len(taking))))
        posters = np.repeat(crowd + np.arange(others), 6)
        parts.append((np.full(len(posters), new), posters, random.uniform(0, SPAN, len(posters))))
        crowd, new = crowd + others, new + 1
    planted_what, planted_who, planted_at = (np.concatenate(part) for part in zip(*parts, strict=True))
    return (planted_what, planted_who, planted_at), first, size


#: Planted groups, with the share of their pairs that the first measurement found significant.
GROUPS: dict[str, tuple[Planter, float]] = {
    "many objects, 2": (partial(many_objects, repeats=2), 0.00),
    "many objects, 3": (partial(many_objects, repeats=3), 1.00),
    "many objects, 4": (partial(many_objects, repeats=4), 1.00),
    "many objects, 5": (many_objects, 1.00),
    "many objects, 8, 4 min": (partial(many_objects, repeats=8, spread=240), 1.00),
    "many objects, 8, part .6": (partial(many_objects, repeats=8, share=0.6), 0.46),
    "8 accounts, 12 objects, part .6, half viral": (
        partial(many_objects, size=8, repeats=12, share=0.6, viral=0.5),
        0.68,
    ),
    "many objects, 8, viral": (partial(many_objects, repeats=8, viral=1), 0.70),
    "3 accounts, 5 objects": (partial(many_objects, size=3), 1.00),
    "20 accounts, 5 objects": (partial(many_objects, size=20), 1.00),
    "10 accounts, 30 objects, part .4": (partial(many_objects, size=10, repeats=30, share=0.4), 0.96),
    "one caption, 2": (partial(one_caption, repeats=2), 0.00),
    "one caption, 3": (partial(one_caption, repeats=3), 0.90),
    "one caption, 3, drifting": (partial(one_caption, repeats=3, hours="drift"), 0.40),
    "one caption, 5": (one_caption, 1.00),
    "one caption, 5, drifting": (partial(one_caption, hours="drift"), 1.00),
    "one caption, 5, fixed hour": (partial(one_caption, hours="fixed"), 1.00),
    "one caption, 5, fixed hour, 10 min": (partial(one_caption, hours="fixed", spread=600), 0.00),
    "20 accounts, one caption, drifting, 10 min": (
        partial(one_caption, size=20, hours="drift", spread=600),
        0.00,
    ),
    "one caption, 8, 4 min": (partial(one_caption, repeats=8, spread=240), 0.97),
    "one caption, 8, part .6": (partial(one_caption, repeats=8, share=0.6), 0.58),
    "one caption, 8, among 30 others": (partial(one_caption, repeats=8, others=30), 1.00),
    "3 accounts, one caption, drifting": (partial(one_caption, size=3, hours="drift"), 1.00),
    "one caption, one burst": (partial(one_caption, repeats=1, burst=4), 0.00),
}
