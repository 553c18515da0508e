"""What the simulated service remembers: the clock, tokens, searches, quota, and what it was asked."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, OrderedDict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_SEARCHES_KEPT = 5000


@dataclass
class Search:
    """One executed query and the rows it found."""

    key: str
    rows: npt.NDArray[np.int64]
    created: float
    not_ready: int = 0
    ready_at: float = 0.0
    bad_cursor: int = 0


@dataclass
class State:
    """Everything that changes while the server runs."""

    #: simulated time, UTC seconds; moves by ``tick`` with each request, or when it is set
    now: float
    tick: float
    seed: int
    random: random.Random = field(init=False, repr=False)
    #: token → (client key, expiry)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict, repr=False)
    searches: OrderedDict[str, Search] = field(default_factory=OrderedDict, repr=False)
    #: (client key, UTC day, pool) → requests counted; the pool is "research"
    used: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    #: name of a fault → how often it struck; its place → calls for which its conditions held
    fired: Counter[str] = field(default_factory=Counter)
    matched: Counter[int] = field(default_factory=Counter)
    returned: int = 0
    #: compliance task → (ids, answers still to be "Processing")
    tasks: dict[str, tuple[list[int], int]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def utc(self, form: str) -> str:
        """The simulated time in a format of ``strftime``."""
        return dt.datetime.fromtimestamp(self.now, dt.UTC).strftime(form)

    @property
    def day(self) -> str:
        """The simulated UTC day, YYYY-MM-DD."""
        return self.utc("%Y-%m-%d")

    def log_id(self) -> str:
        """Return a log id: 14 digits of UTC time and 20 upper-case hexadecimal digits."""
        return f"{self.utc('%Y%m%d%H%M%S')}{self.random.getrandbits(80):020X}"

    def remember(self, search: Search) -> str:
        """Keep a search under a new id, whose upper 32 bits are the present time."""
        name = str((int(self.now) << 32) | self.random.getrandbits(32))
        self.searches[name] = search
        if len(self.searches) > _SEARCHES_KEPT:
            self.searches.popitem(last=False)
        return name

    def issue_token(self, client_key: str, seconds: int) -> str:
        """Return a new access token of a client."""
        token = f"clt.2.{self.random.getrandbits(160):040x}"
        self.tokens[token] = (client_key, self.now + seconds)
        return token

    def client_of(self, token: str) -> str | None:
        """Return whose token this is, if it is valid now."""
        client, expires = self.tokens.get(token, ("", 0.0))
        return client if client and self.now < expires else None

    def reset(self, now: float) -> None:
        """Forget everything and set the clock."""
        State.__init__(self, now, self.tick, self.seed)
