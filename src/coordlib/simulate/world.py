"""A simulated world: accounts, videos, captions, and the truth about who acts together.

Everything follows from the parameters and the seed; two builds of one world are equal to the byte.
Names and captions are invented (see words.yml); nothing was copied from an account.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.simulate.accounts import Stage, make_accounts
from coordlib.simulate.background import Posts, fans, join, ordinary, syndication, viral
from coordlib.simulate.captions import hashtags_of, make_captions
from coordlib.simulate.ids import DAY, IntArray, snowflake_ids
from coordlib.simulate.planted import KINDS, Planted, plant
from coordlib.times import day_start


@dataclass(frozen=True)
class WorldParameters:
    """What a world is made from; written beside everything that comes out of it."""

    accounts: int
    days: int
    seed: int
    start: str
    history: int
    kinds: tuple[str, ...]
    planted_share: float


@dataclass(frozen=True)
class World:
    """A finished world.

    Attributes
    ----------
    parameters
        What it was made from.
    accounts
        One row per account (see :func:`coordlib.simulate.accounts.make_accounts`), plus ``network``
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
    truth: pd.DataFrame = field(repr=False)

    @property
    def start(self) -> int:
        """First UTC second of the first day (videos reach back ``history`` days before it)."""
        return midnight(self.parameters.start)

    @property
    def end(self) -> int:
        """UTC second after the last day."""
        return self.start + self.parameters.days * DAY

    @property
    def planted_accounts(self) -> list[str]:
        """Handles of all accounts in planted networks, sorted."""
        return sorted(set(self.truth.loc[self.truth["coordinated"], "account_id"]))


def midnight(day: str, what: str = "start") -> int:
    """Return the UTC second at which a day (YYYY-MM-DD) begins; what is no day is refused."""
    try:
        return day_start(day)
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
        Kinds of planted networks (see ``planted.KINDS``); none: all of them; an empty tuple: a world
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
    ranges = {
        "accounts": (accounts, 20, 200_000),
        "days": (days, 1, 1000),
        "history": (history, 0, 400),
        "planted_share": (planted_share, 0, 0.5),
    }
    for name, (value, low, high) in ranges.items():
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
    planted = plant(stage, conspirators, kinds)
    newsroom, newsrooms = syndication(stage, people)
    background = join([ordinary(stage), viral(stage, people), fans(stage, people), newsroom])
    truth = _truth(table, planted, newsrooms, first, end)
    coordinated = truth[truth["coordinated"]].drop_duplicates("account_id").set_index("account_id")
    for name, otherwise in (("network", ""), ("kind", "organic")):
        known = coordinated[name].to_dict()
        table[name] = [known.get(account, otherwise) for account in table["account_id"]]
    # Handles of churn accounts are fresh, and coordinated accounts do not close their profiles.
    table.loc[table["network"] != "", "private"] = False
    videos, captions, voices = _videos(stage, background, planted, end)
    parameters = WorldParameters(accounts, days, seed, start, history, kinds, planted_share)
    return World(parameters, table, videos, captions, voices, [hashtags_of(text) for text in captions], truth)


def _truth(
    table: pd.DataFrame, planted: Planted, newsrooms: list[IntArray], first: int, last: int
) -> pd.DataFrame:
    handles = table["account_id"].to_numpy()
    rows = [(label, kind, handles[k], True, begin, end) for label, kind, k, begin, end in planted.members]
    for number, group in enumerate(newsrooms, start=1):
        label = f"newsroom-{number:03d}"
        rows += [(label, "syndication", handles[account], False, first, last) for account in group]
    truth = pd.DataFrame(rows, columns=["network", "kind", "account_id", "coordinated", "first", "last"])
    return truth.astype({"coordinated": bool, "first": "int64", "last": "int64"})


def _videos(
    stage: Stage, background: Posts, planted: Planted, end: int
) -> tuple[pd.DataFrame, list[str], list[str]]:
    rng, table = stage.rng, stage.accounts
    account = np.concatenate([background.account, np.array(planted.account, dtype=np.int64)])
    time = np.concatenate([background.time, np.array(planted.time, dtype=np.int64)])
    event = np.concatenate([np.full(len(background.account), -1), np.array(planted.event, dtype=np.int64)])
    text = background.caption + planted.caption
    keep = np.flatnonzero(time < end)
    order = keep[np.lexsort((keep, account[keep], time[keep]))]
    account, time, event = account[order], time[order], event[order]
    caption, captions = pd.factorize(np.array(text, dtype=object)[order])
    size = len(order)
    views = np.exp(table["reach"].to_numpy()[account] + rng.normal(0, 0.9, size)).astype(np.int64)
    views[rng.random(size) < 0.002] *= 400
    own_sound = rng.random(size) < 0.85
    sounds = snowflake_ids(rng, np.sort(rng.integers(time.min() - 90 * DAY, time.min(), 400)))
    videos = pd.DataFrame(
        {
            "video_id": snowflake_ids(rng, time),
            "account": account.astype(np.int64),
            "create_time": time.astype(np.int64),
            "caption": caption.astype(np.int64),
            "music_id": np.where(own_sound, snowflake_ids(rng, time), sounds[rng.integers(0, 400, size)]),
            "view_count": views,
            "like_count": rng.binomial(views, rng.beta(2, 30, size)),
            "comment_count": rng.binomial(views, rng.beta(0.6, 120, size)),
            "share_count": rng.binomial(views, rng.beta(0.6, 160, size)),
            "favorites_count": rng.binomial(views, rng.beta(0.8, 140, size)),
            "duration": np.clip(np.exp(rng.normal(3.4, 0.9, size)), 3, 3600).astype(np.int64),
            "event": event.astype(np.int64),
            "gone": rng.random(size) < 0.06,
        }
    )
    voices: list[str] = []
    voice = np.full(size, -1, dtype=np.int64)
    spoken = rng.random(size) < 0.42
    language = table["language"].to_numpy()[account]
    for code in sorted(set(language.tolist())):
        mine = np.flatnonzero(spoken & (language == code))
        lines = [" ".join(text.split("#")[0].split()) for text in make_captions(rng, code, 240)]
        voice[mine] = len(voices) + rng.integers(0, 234, len(mine))
        voices += [". ".join(lines[k : k + 6]) + "." for k in range(234)]
    videos["voice"] = voice
    return videos, [str(text) for text in captions], voices
