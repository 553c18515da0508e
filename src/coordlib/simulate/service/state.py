"""What the simulated service remembers (clock, tokens, searches, quota), and which fault strikes a call."""

from __future__ import annotations

import itertools
import random
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.simulate.service.catalogue import VideoQuery
from coordlib.simulate.service.config import Fault
from coordlib.times import utc_text


@dataclass
class Search:
    """One executed query and the rows it found."""

    query: VideoQuery
    rows: npt.NDArray[np.int64]
    created: float
    not_ready: int = 0
    ready_at: float = 0.0
    bad_cursor: int = 0


@dataclass
class Call:
    """One request: where to, with what, and what faults match on."""

    endpoint: str
    cursor: int | None = None
    usernames: frozenset[str] = frozenset()
    dates: tuple[str, str] | None = None
    body: dict[str, Any] = field(default_factory=dict, repr=False)
    fields: str | None = None

    @classmethod
    def of(cls, endpoint: str, body: dict[str, Any], fields: str | None = None) -> Call:
        """Read what faults match on from a body that has not been validated."""
        names = [body.get("username")]
        query = body.get("query")
        for items in query.values() if isinstance(query, dict) else ():
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and item.get("field_name") == "username":
                    values = item.get("field_values")
                    names += values if isinstance(values, list) else []
        start, end = body.get("start_date"), body.get("end_date")
        dates = (start, end) if isinstance(start, str) and isinstance(end, str) else None
        cursor = body.get("cursor", 0)
        usernames = frozenset(name.casefold() for name in names if isinstance(name, str))
        return cls(endpoint, cursor if isinstance(cursor, int) else None, usernames, dates, body, fields)


@dataclass
class State:
    """Everything that changes while the server runs."""

    #: simulated time, UTC seconds; moves by ``tick`` with each request, or when it is set
    now: float
    tick: float
    seed: int
    faults: tuple[Fault, ...] = ()
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

    @property
    def day(self) -> str:
        """The simulated UTC day, YYYY-MM-DD."""
        return utc_text(self.now, "%Y-%m-%d")

    def log_id(self) -> str:
        """Return a log id: 14 digits of UTC time and 20 upper-case hexadecimal digits."""
        return f"{utc_text(self.now, '%Y%m%d%H%M%S')}{self.random.getrandbits(80):020X}"

    def remember(self, search: Search) -> str:
        """Keep a search, the last 5,000 at most, under a new id whose upper 32 bits are the present time."""
        name = str((int(self.now) << 32) | self.random.getrandbits(32))
        self.searches[name] = search
        if len(self.searches) > 5000:
            self.searches.popitem(last=False)
        return name

    def reset(self, now: float) -> None:
        """Forget everything but the faults and set the clock."""
        State.__init__(self, now, self.tick, self.seed, self.faults)

    def use(self, faults: tuple[Fault, ...]) -> None:
        """Let these faults strike from now on, in the place of those there were."""
        self.faults = faults
        self.matched.clear()

    def strike(self, call: Call, *names: str) -> Fault | None:
        """Return the fault that strikes the call, if one does: the first of these names, in their order."""
        for name, (number, fault) in itertools.product(names, enumerate(self.faults)):
            spent = fault.first is not None and self.matched[number] >= fault.first
            if fault.name != name or spent or not self._holds(fault, call):
                continue
            self.matched[number] += 1
            if fault.probability >= 1 or self.random.random() < fault.probability:
                self.fired[name] += 1
                return fault
        return None

    def _holds(self, fault: Fault, call: Call) -> bool:
        dates, active, asked = fault.dates, fault.active, call.dates
        return (
            (fault.endpoint is None or fault.endpoint.strip("/") == call.endpoint)
            and (fault.cursor is None or fault.cursor == call.cursor)
            and (fault.username is None or fault.username.casefold() in call.usernames)
            and (dates is None or (asked is not None and asked[0] <= dates[1] and dates[0] <= asked[1]))
            and (active is None or active[0] <= utc_text(self.now, "%Y%m%d") <= active[1])
        )
