"""Planted networks: who posts what together, and when. This is the truth detection is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.errors import UnknownParameterError
from coordlib.simulate.captions import make_captions, near_duplicate, soil

IntArray = npt.NDArray[np.int64]
DAY = 86400


@dataclass(frozen=True)
class Kind:
    """How one kind of planted network behaves.

    Attributes
    ----------
    spread
        Scale of the delay between members in one episode, seconds.
    repeats
        Largest number of posts of one member in one episode.
    episodes_per_day
        Mean number of joint episodes a day.
    found
        Whether exact captions within 120 seconds are expected to give the network away.
    """

    spread: float
    repeats: int
    episodes_per_day: float
    found: bool
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


@dataclass
class Planted:
    """Posts of all planted networks (rows aligned) and who belonged to which network when."""

    account: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    caption: list[str] = field(default_factory=list)
    event: list[int] = field(default_factory=list)
    members: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    n_events: int = 0

    def episode(
        self,
        rng: np.random.Generator,
        group: IntArray,
        at: int,
        kind: Kind,
        captions: list[str],
        share: float = 0.92,
    ) -> None:
        """One joint action: most of the group posts the caption around a time, some several times."""
        taking_part = group[rng.random(len(group)) < share]
        clips = rng.integers(1, kind.repeats + 1, len(taking_part))
        who = np.repeat(taking_part, clips)
        when = at + rng.exponential(kind.spread, len(who)).astype(np.int64)
        order = rng.integers(0, len(captions), len(who))
        self.account.extend(who.tolist())
        self.time.extend(when.tolist())
        self.caption.extend(captions[k] for k in order.tolist())
        self.event.extend([self.n_events] * len(who))
        self.n_events += 1


def check_kinds(kinds: tuple[str, ...]) -> None:
    """Refuse unknown kinds of planted networks.

    Raises
    ------
    UnknownParameterError
        With the nearest known kind.
    """
    unknown = set(kinds) - set(KINDS)
    if unknown:
        raise UnknownParameterError.from_names(unknown, KINDS, "kinds of planted networks")


def plant(
    rng: np.random.Generator,
    accounts: pd.DataFrame,
    chosen: IntArray,
    start: int,
    days: int,
    kinds: tuple[str, ...],
) -> Planted:
    """Divide the chosen accounts into networks, one kind after the other, and let them act.

    Parameters
    ----------
    accounts
        The accounts table of the world (language is used).
    chosen
        Positions of the accounts that belong to planted networks.
    start, days
        First UTC midnight and number of days.
    kinds
        Kinds in use; each network takes the next one.
    """
    planted = Planted()
    language = accounts["language"].to_numpy()
    position, number = 0, 0
    while len(chosen) - position >= 4:
        name = kinds[number % len(kinds)]
        size = int(rng.integers(10, 20) if name == "farm" else rng.integers(5, 12))
        size = min(size, max(4, len(chosen) // len(kinds)))
        if len(chosen) - position - size < 4:
            size = len(chosen) - position
        group = chosen[position : position + size]
        number += 1
        label = f"planted-{number:04d}-{name}"
        _run(rng, planted, label, name, group, str(language[group[0]]), start, days)
        position += size
    return planted


def _run(
    rng: np.random.Generator,
    planted: Planted,
    label: str,
    name: str,
    group: IntArray,
    language: str,
    start: int,
    days: int,
) -> None:
    kind = KINDS[name]
    pace = kind.episodes_per_day * float(rng.uniform(0.7, 1.3))
    half = len(group) // 2
    middle = days // 2
    asleep = range(int(days * 0.35), int(days * 0.35) + max(2, int(days * 0.3)))
    episodes = soil(rng, make_captions(rng, language, max(4, int(pace * days * 0.5)), long=True))
    for day in range(days):
        if name == "sleeper" and day in asleep:
            continue
        apart = (name == "merge" and day < middle) or (name == "split" and day >= middle)
        teams = (
            [group[:half], group[half:]] if apart and len(group) >= 4 else [_living(name, group, day, days)]
        )
        for team in teams:
            for _ in range(int(rng.poisson(pace))):
                caption = episodes[int(rng.integers(0, len(episodes)))]
                captions = [caption]
                if name == "near_duplicate":
                    captions = [caption, *(near_duplicate(rng, caption) for _ in range(4))]
                at = start + day * DAY + int(rng.integers(0, DAY - 3600))
                planted.episode(rng, team, at, kind, captions)
    for account, first, last in _membership(name, group, start, days):
        planted.members.append((label, name, account, first, last))


def _living(name: str, group: IntArray, day: int, days: int) -> IntArray:
    """Members in use on a day: all, or for churn the accounts not yet given up."""
    if name != "churn":
        return group
    return np.asarray(
        [account for account, first, last in _membership(name, group, 0, days) if first <= day * DAY < last]
    )


def _membership(name: str, group: IntArray, start: int, days: int) -> list[tuple[int, int, int]]:
    """From and until when each account belongs to its network (UTC seconds, end excluded)."""
    if name != "churn":
        return [(int(account), start, start + days * DAY) for account in group]
    lifetime = max(3, int(days * 0.6))
    births = np.linspace(-lifetime * 0.5, days - lifetime * 0.5, len(group)).astype(int)
    return [
        (int(account), start + max(0, int(birth)) * DAY, start + min(days, int(birth) + lifetime) * DAY)
        for account, birth in zip(group, births, strict=True)
    ]
