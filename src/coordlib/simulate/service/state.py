"""What the simulated service remembers (clock, tokens, searches, quota), and which fault strikes a call."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.simulate.service.config import FAULTS, Fault

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


class Faults:
    """The configured faults and how often each has struck."""

    def __init__(self, faults: tuple[Fault, ...], state: State) -> None:
        self.faults = faults
        self.state = state

    def replace(self, faults: tuple[Fault, ...]) -> None:
        """Use other faults from now on."""
        self.faults = faults
        self.state.matched.clear()

    def strike(self, name: str, call: Call) -> Fault | None:
        """Return the fault of this name that strikes the call, if one does."""
        for number, fault in enumerate(self.faults):
            if fault.name != name or not self._holds(fault, call):
                continue
            if fault.first is not None and self.state.matched[number] >= fault.first:
                continue
            self.state.matched[number] += 1
            if fault.probability >= 1 or self.state.random.random() < fault.probability:
                self.state.fired[name] += 1
                return fault
        return None

    def before(self, call: Call) -> Fault | None:
        """Return the first fault that strikes before the request is looked at."""
        struck = (self.strike(name, call) for name, answer in FAULTS.items() if "status" in answer)
        return next((fault for fault in struck if fault is not None), None)

    def at_token(self) -> Fault | None:
        """Return the fault that strikes a request for a token: one that names its endpoint."""
        call = Call("oauth/token")
        named = {fault.name for fault in self.faults if fault.endpoint == call.endpoint}
        names = [name for name in ("timeout", "gateway_504_html", "internal_error") if name in named]
        return next((fault for name in names if (fault := self.strike(name, call))), None)

    def _holds(self, fault: Fault, call: Call) -> bool:
        dates, active = fault.dates, fault.active
        return (
            (fault.endpoint is None or fault.endpoint.strip("/") == call.endpoint)
            and (fault.cursor is None or fault.cursor == call.cursor)
            and (fault.username is None or fault.username.casefold() in call.usernames)
            and (dates is None or _touch(dates, call.dates))
            and (active is None or active[0] <= self.state.utc("%Y%m%d") <= active[1])
        )

    def wording(self, fault: Fault) -> str:
        """Return the message of a fault; that of a 500 is drawn by the archive's shares."""
        answer = FAULTS[fault.name]
        if fault.message is None and "wordings" in answer:
            shares = answer["wordings"]
            return str(self.state.random.choices(list(shares), list(shares.values()))[0])
        return fault.message if fault.message is not None else str(answer.get("message", ""))


def _touch(days: tuple[str, str], others: tuple[str, str] | None) -> bool:
    return others is not None and others[0] <= days[1] and days[0] <= others[1]
