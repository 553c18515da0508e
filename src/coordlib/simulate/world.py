"""A simulated world: accounts, videos, captions, and the truth about who acts together.

Everything follows from the parameters and the seed; two builds of one world are equal to the byte.
Names and captions are invented (see words.yml); nothing was copied from an account.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.shown import Shown
from coordlib.simulate.background import Stage, by_language, fans, make_accounts, ordinary, syndication, viral
from coordlib.simulate.material import DAY, IntArray, hashtags_of, make_captions, near_duplicate, soil
from coordlib.times import day_of, day_start


@dataclass(frozen=True)
class WorldParameters(Shown):
    """What a world is made from; written beside everything that comes out of it."""

    accounts: int
    days: int
    seed: int
    start: str
    history: int
    kinds: tuple[str, ...]
    planted_share: float


@dataclass(frozen=True)
class World(Shown):
    """A finished world.

    Attributes
    ----------
    parameters
        What it was made from.
    accounts
        One row per account (see :func:`coordlib.simulate.background.make_accounts`), plus ``network``
        (label of the planted network or "") and ``kind``.
    videos
        One row per video, sorted by time: video_id int64, account int64 (row of ``accounts``), create_time
        int64 UTC seconds, caption int64 (row of ``captions``), music_id int64, voice int64 (row of
        ``voices``, -1 none), view_count, like_count, comment_count, share_count, favorites_count int64
        (final values), duration int64 seconds, event int64 (joint action, -1 none), gone bool
        (deleted or private: counted in paging, never returned).
    captions, voices
        Distinct texts.
    hashtags
        Hashtags of each caption.
    truth
        Memberships: network, kind, account_id, coordinated bool, first, last (UTC seconds, last excluded).
    """

    parameters: WorldParameters
    accounts: pd.DataFrame
    videos: pd.DataFrame
    captions: list[str]
    voices: list[str]
    hashtags: list[list[str]] = field(repr=False)
    truth: pd.DataFrame

    @property
    def start(self) -> int:
        """First UTC second of the first day (videos reach back ``history`` days before it)."""
        return day_start(self.parameters.start)

    @property
    def end(self) -> int:
        """UTC second after the last day."""
        return self.start + self.parameters.days * DAY

    @property
    def dates(self) -> list[str]:
        """The days of the world, YYYY-MM-DD."""
        return [day_of(second).isoformat() for second in range(self.start, self.end, DAY)]

    @property
    def planted_accounts(self) -> list[str]:
        """Handles of all accounts in planted networks, sorted."""
        return sorted(set(self.truth.loc[self.truth["coordinated"], "account_id"]))


def midnight(day: str, what: str = "start") -> int:
    """Return the UTC second at which a day (YYYY-MM-DD) begins; what is no day is refused."""
    try:
        if (start := day_start(day)) in range(day_start("1990-01-01"), day_start("2100-01-01")):
            return start
        raise ValueError(day)
    except ValueError:
        raise ParameterError(f"{what} = {day!r}: expected a day like 2026-09-01") from None


def build_world(
    accounts: int = 400,
    days: int = 10,
    seed: int = 1,
    start: str = "2026-09-01",
    kinds: tuple[str, ...] | None = None,
    history: int = 13,
    planted_share: float = 0.12,
) -> World:
    """Build a world from a seed.

    Parameters
    ----------
    accounts
        Number of accounts, 200 to 50,000 (smaller works for tests, from 20).
    days
        Length in days from ``start``; videos reach back ``history`` days further, so that the first
        monitored day finds a past.
    seed
        Same seed, same world, to the byte.
    start
        First day, YYYY-MM-DD (UTC).
    kinds
        Kinds of planted networks (see ``world.KINDS``); none: all of them; an empty tuple: a world
        without any coordination.
    planted_share
        Share of accounts in planted networks (0 to 0.5), lessened in large worlds.

    Raises
    ------
    ParameterError
        A value outside its range.
    UnknownParameterError
        An unknown kind.

    Examples
    --------
    >>> world = build_world(accounts=60, days=3, seed=7)
    >>> len(world.accounts), world.videos["video_id"].is_unique
    (60, True)
    """
    kinds = tuple(KINDS) if kinds is None else tuple(kinds)
    ranges = {"accounts": (accounts, 20, 200_000), "days": (days, 1, 1000), "history": (history, 0, 400)}
    for name, (value, low, high) in (ranges | {"planted_share": (planted_share, 0, 0.5)}).items():
        if not low <= value <= high:
            raise ParameterError(f"{name} = {value}: must be between {low} and {high}")
    if seed < 0:
        raise ParameterError(f"seed = {seed}: must not be negative")
    if unknown := set(kinds) - set(KINDS):
        raise UnknownParameterError.from_names(unknown, KINDS, "kinds of planted networks")
    rng = np.random.default_rng([seed, accounts, days, history])
    first, length = midnight(start) - history * DAY, days + history
    end = first + length * DAY
    table = make_accounts(rng, accounts, first)
    chosen = rng.permutation(accounts)
    n_planted = int(min(planted_share * accounts, 20 * np.sqrt(accounts))) if kinds else 0
    conspirators, people = chosen[:n_planted], np.sort(chosen[n_planted:])
    table.loc[conspirators, "rate"] *= 0.5
    stage = Stage(rng, table, first, length)
    planted, members = plant(stage, conspirators, kinds)
    headlines, newsrooms = syndication(stage, people)
    unplanned = [ordinary(stage), viral(stage, people), fans(stage, people), headlines]
    for number, group in enumerate(newsrooms, start=1):
        belongs = table.loc[group, ["account_id"]].assign(
            network=f"newsroom-{number:03d}", kind="syndication"
        )
        members.append(belongs.assign(coordinated=False, first=first, last=end))
    truth = pd.concat(members, ignore_index=True)
    truth = truth[["network", "kind", "account_id", "coordinated", "first", "last"]]
    coordinated = truth[truth["coordinated"]].drop_duplicates("account_id").set_index("account_id")
    for name, otherwise in (("network", ""), ("kind", "organic")):
        table[name] = coordinated[name].reindex(table["account_id"], fill_value=otherwise).tolist()
    # Handles of churn accounts are fresh, and coordinated accounts do not close their profiles.
    table.loc[table["network"] != "", "private"] = False
    posts = pd.concat([pd.concat(unplanned).assign(event=-1), planted], ignore_index=True)
    videos, captions, voices = _videos(stage, posts[posts["time"] < end])
    parameters = WorldParameters(accounts, days, seed, start, history, kinds, planted_share)
    return World(parameters, table, videos, captions, voices, [hashtags_of(text) for text in captions], truth)


def _videos(stage: Stage, posts: pd.DataFrame) -> tuple[pd.DataFrame, list[str], list[str]]:
    rng, table = stage.rng, stage.accounts
    posts = posts.sort_values(["time", "account"])  # by two columns: posts of one moment stay in their order
    account, time, event = (posts[name].to_numpy(dtype=np.int64) for name in ("account", "time", "event"))
    caption, captions = pd.factorize(posts["caption"].to_numpy(dtype=object))
    size = len(posts)
    views = np.exp(table["reach"].to_numpy()[account] + rng.normal(0, 0.9, size)).astype(np.int64)
    views[rng.random(size) < 0.002] *= 400
    own_sound = rng.random(size) < 0.85
    sounds = snowflake_ids(rng, np.sort(rng.integers(time.min() - 90 * DAY, time.min(), 400)))
    videos = pd.DataFrame(
        {
            "video_id": snowflake_ids(rng, time),
            "account": account,
            "create_time": time,
            "caption": caption.astype(np.int64),
            "music_id": np.where(own_sound, snowflake_ids(rng, time), sounds[rng.integers(0, 400, size)]),
            "view_count": views,
            "like_count": rng.binomial(views, rng.beta(2, 30, size)),
            "comment_count": rng.binomial(views, rng.beta(0.6, 120, size)),
            "share_count": rng.binomial(views, rng.beta(0.6, 160, size)),
            "favorites_count": rng.binomial(views, rng.beta(0.8, 140, size)),
            "duration": np.clip(np.exp(rng.normal(3.4, 0.9, size)), 3, 3600).astype(np.int64),
            "event": event,
            "gone": rng.random(size) < 0.06,
        }
    )
    voices, voice = list[str](), np.full(size, -1, dtype=np.int64)
    spoken = rng.random(size) < 0.42
    for code, mine in by_language(table, account):
        mine = mine[spoken[mine]]
        lines = [" ".join(text.split("#")[0].split()) for text in make_captions(rng, code, 240)]
        voice[mine] = len(voices) + rng.integers(0, 234, len(mine))
        voices += [". ".join(lines[k : k + 6]) + "." for k in range(234)]
    videos["voice"] = voice
    return videos, [str(text) for text in captions], voices


def snowflake_ids(rng: np.random.Generator, times: IntArray) -> IntArray:
    """Return unique ids ``((time - d) << 32) | random`` for creation times in UTC seconds.

    As on the platform the upper 32 bits are nearly the creation time: d is the delay measured on 89,672 real videos: 4 to 163 seconds (median 33), for 0.2 % (drafts) one to 31 hours.
    """
    size = len(times)
    delay = np.clip(np.exp(rng.normal(np.log(33), 0.68, size)), 4, 163).astype(np.int64)
    draft = rng.random(size) < 0.002
    delay[draft] = rng.integers(3600, 31 * 3600, int(draft.sum()))
    ids = ((np.asarray(times, dtype=np.int64) - delay) << 32) | rng.integers(0, 1 << 32, size, dtype=np.int64)
    while len(again := np.setdiff1d(np.arange(size), np.unique(ids, return_index=True)[1])):
        ids[again] = (ids[again] >> 32 << 32) | rng.integers(0, 1 << 32, len(again), dtype=np.int64)
    return np.asarray(ids)


@dataclass(frozen=True)
class Kind:
    """How one kind of planted network behaves."""

    spread: float  #: scale of the delay between members in one episode, seconds
    repeats: int  #: largest number of posts of one member in one episode
    episodes_per_day: float  #: mean number of joint episodes
    found: bool  #: whether exact captions within 120 seconds are expected to give the network away
    what: str


KINDS: dict[str, Kind] = {
    "copypaste": Kind(22, 3, 1.1, True, "the same caption within seconds, several clips each"),
    "near_duplicate": Kind(25, 2, 1.2, False, "captions that differ by blanks, emoji, invisible characters"),
    "staggered": Kind(420, 2, 1.4, False, "members posting minutes apart, mostly outside the window"),
    "churn": Kind(20, 3, 1.4, True, "accounts given up after some days and replaced"),
    "merge": Kind(20, 3, 1.2, True, "two networks that become one halfway"),
    "split": Kind(20, 3, 1.2, True, "one network that becomes two halfway"),
    "sleeper": Kind(18, 4, 1.6, True, "active, silent for a while, active again"),
    "farm": Kind(14, 4, 1.5, True, "dozens of new accounts re-uploading the same clip in bursts"),
}


def plant(stage: Stage, chosen: IntArray, kinds: tuple[str, ...]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Divide the chosen accounts into networks, kind after kind; return what they post and the truth of each."""
    rows, members = list[tuple[int, int, str, int]](), list[pd.DataFrame]()
    rest, number, events = chosen, 0, itertools.count()
    while kinds and len(rest) >= 4:
        name = kinds[number % len(kinds)]
        size = int(stage.rng.integers(10, 20) if name == "farm" else stage.rng.integers(5, 12))
        size = min(size, max(4, len(chosen) // len(kinds)))
        if len(rest) - size < 4:
            size = len(rest)
        group, rest, number = rest[:size], rest[size:], number + 1
        births, lifetime = np.zeros(size, dtype=int), stage.days
        if name == "churn":  # accounts are replaced
            lifetime = max(3, int(stage.days * 0.6))
            births = np.linspace(-lifetime * 0.5, stage.days - lifetime * 0.5, size).astype(int)
        first, last = np.maximum(0, births), np.minimum(stage.days, births + lifetime)
        handles = stage.accounts.loc[group, ["account_id"]]
        belongs = handles.assign(network=f"planted-{number:04d}-{name}", kind=name, coordinated=True)
        members.append(belongs.assign(first=stage.start + first * DAY, last=stage.start + last * DAY))
        for day, team, captions in _episodes(stage, name, group, first, last):
            rows += _episode(stage, KINDS[name], day, team, captions, next(events))
    posts = pd.DataFrame(rows, columns=["account", "time", "caption", "event"])
    return posts.astype({"account": "int64", "time": "int64", "caption": object, "event": "int64"}), members


def _episodes(
    stage: Stage, name: str, group: IntArray, first: IntArray, last: IntArray
) -> Iterator[tuple[int, IntArray, list[str]]]:
    """Yield the joint actions of a network: the day, who belongs to it then, and the captions to choose from."""
    rng, days = stage.rng, stage.days
    language = str(stage.accounts["language"].to_numpy()[group[0]])
    pace = KINDS[name].episodes_per_day * float(rng.uniform(0.7, 1.3))
    middle, asleep = days // 2, int(days * 0.35)
    awake_again = asleep + max(2, int(days * 0.3))
    known = soil(rng, make_captions(rng, language, max(4, int(pace * days * 0.5)), long=True))
    for day in range(days):
        if name == "sleeper" and asleep <= day < awake_again:
            continue
        teams = [group[(first <= day) & (day < last)]]
        if (name == "merge" and day < middle) or (name == "split" and day >= middle):
            teams = [group[: len(group) // 2], group[len(group) // 2 :]]
        for team in teams:
            for _ in range(int(rng.poisson(pace))):
                captions = [known[int(rng.integers(0, len(known)))]]
                if name == "near_duplicate":
                    captions += [near_duplicate(rng, captions[0]) for _ in range(4)]
                yield day, team, captions


def _episode(
    stage: Stage, kind: Kind, day: int, team: IntArray, captions: list[str], event: int
) -> Iterator[tuple[int, int, str, int]]:
    """Most of a team posts one of the captions around a time of the day, some several times."""
    rng = stage.rng
    at = stage.start + day * DAY + int(rng.integers(0, DAY - 3600))
    taking_part = team[rng.random(len(team)) < 0.92]
    who = np.repeat(taking_part, rng.integers(1, kind.repeats + 1, len(taking_part)))
    when = at + rng.exponential(kind.spread, len(who)).astype(np.int64)
    order = rng.integers(0, len(captions), len(who)).tolist()
    for account, second, k in zip(who.tolist(), when.tolist(), order, strict=True):
        yield account, second, captions[k], event
