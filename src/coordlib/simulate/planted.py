"""Planted networks: who posts what together, and when. This is the truth detection is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coordlib.simulate.accounts import Stage
from coordlib.simulate.captions import make_captions, near_duplicate, soil
from coordlib.simulate.ids import DAY, IntArray


@dataclass(frozen=True)
class Kind:
    """How one kind of planted network behaves."""

    #: scale of the delay between members in one episode, seconds
    spread: float
    #: largest number of posts of one member in one episode
    repeats: int
    #: mean number of joint episodes
    episodes_per_day: float
    #: whether exact captions within 120 seconds are expected to give the network away
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
    """Posts of all planted networks (rows aligned), and who belonged to which network when.

    ``members`` are (network, kind, account position, from, until), in UTC seconds, end excluded.
    """

    account: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    caption: list[str] = field(default_factory=list)
    event: list[int] = field(default_factory=list)
    members: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    n_events: int = 0

    def episode(
        self, rng: np.random.Generator, group: IntArray, at: int, kind: Kind, captions: list[str]
    ) -> None:
        """One joint action: most of the group posts the caption around a time, some several times."""
        taking_part = group[rng.random(len(group)) < 0.92]
        clips = rng.integers(1, kind.repeats + 1, len(taking_part))
        who = np.repeat(taking_part, clips)
        when = at + rng.exponential(kind.spread, len(who)).astype(np.int64)
        order = rng.integers(0, len(captions), len(who))
        self.account.extend(who.tolist())
        self.time.extend(when.tolist())
        self.caption.extend(captions[k] for k in order.tolist())
        self.event.extend([self.n_events] * len(who))
        self.n_events += 1


def plant(stage: Stage, chosen: IntArray, kinds: tuple[str, ...]) -> Planted:
    """Divide the chosen accounts (positions) into networks, one kind after the other, and let them act."""
    planted = Planted()
    rest, number = chosen, 0
    while kinds and len(rest) >= 4:
        name = kinds[number % len(kinds)]
        size = int(stage.rng.integers(10, 20) if name == "farm" else stage.rng.integers(5, 12))
        size = min(size, max(4, len(chosen) // len(kinds)))
        if len(rest) - size < 4:
            size = len(rest)
        number += 1
        _act(stage, planted, f"planted-{number:04d}-{name}", name, rest[:size])
        rest = rest[size:]
    return planted


def _act(stage: Stage, planted: Planted, label: str, name: str, group: IntArray) -> None:
    rng, days, kind = stage.rng, stage.days, KINDS[name]
    language = str(stage.accounts["language"].to_numpy()[group[0]])
    pace = kind.episodes_per_day * float(rng.uniform(0.7, 1.3))
    middle, asleep = days // 2, int(days * 0.35)
    awake_again = asleep + max(2, int(days * 0.3))
    episodes = soil(rng, make_captions(rng, language, max(4, int(pace * days * 0.5)), long=True))
    members = _membership(name, group, days)
    for day in range(days):
        if name == "sleeper" and asleep <= day < awake_again:
            continue
        teams = [np.asarray([account for account, first, last in members if first <= day < last])]
        if (name == "merge" and day < middle) or (name == "split" and day >= middle):
            teams = [group[: len(group) // 2], group[len(group) // 2 :]]
        for team in teams:
            for _ in range(int(rng.poisson(pace))):
                captions = [episodes[int(rng.integers(0, len(episodes)))]]
                if name == "near_duplicate":
                    captions += [near_duplicate(rng, captions[0]) for _ in range(4)]
                at = stage.start + day * DAY + int(rng.integers(0, DAY - 3600))
                planted.episode(rng, team, at, kind, captions)
    for account, first, last in members:
        planted.members.append((label, name, account, stage.start + first * DAY, stage.start + last * DAY))


def _membership(name: str, group: IntArray, days: int) -> list[tuple[int, int, int]]:
    """From and until which day each account belongs to its network: always, but where accounts are replaced."""
    if name != "churn":
        return [(int(account), 0, days) for account in group]
    lifetime = max(3, int(days * 0.6))
    births = np.linspace(-lifetime * 0.5, days - lifetime * 0.5, len(group)).astype(int).tolist()
    return [
        (int(account), max(0, birth), min(days, birth + lifetime))
        for account, birth in zip(group, births, strict=True)
    ]
