"""How the simulated Research API behaves: its switches and its faults; and what it remembers meanwhile."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from coordlib.errors import FileFormatError, ParameterError, UnknownParameterError
from coordlib.parameters import Parameters
from coordlib.simulate.material import IntArray
from coordlib.simulate.service.catalogue import VideoQuery
from coordlib.simulate.world import World, midnight
from coordlib.times import day_of, utc_text
from coordlib.yaml_files import read_yaml

#: Name of each fault → how it answers (see the file).
FAULTS: Mapping[str, Mapping[str, Any]] = read_yaml(Path(__file__).with_name("faults.yml"))

_TASKS = ("validation_task/create", "validation_task_status/get", "validation_task/download")
#: The data endpoints that are simulated (path after /v2/research/); faults strike there and at the token's.
ENDPOINTS = ("video/query", "user/info", *_TASKS)
#: The endpoint of the token, and the faults that strike there, if they name it.
TOKEN, TOKEN_FAULTS = "oauth/token", ("timeout", "gateway_504_html", "internal_error")
_PLACES = (*ENDPOINTS, TOKEN)

Day = Annotated[str, StringConstraints(pattern=r"^\d{8}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, lt=1e9)]


class Fault(Parameters):
    """One thing that goes wrong, and when.

    All conditions given must hold: the endpoint (``video/query``), ``dates`` that the query touches, the cursor, a
    username in the body or the query, the ``active`` days of the simulated clock (both YYYYMMDD). Of the calls for
    which they hold, the first ``first`` (none: all) fail with the given probability. ``tries`` are the failures
    before a search id becomes ready; ``seconds`` the simulated time until then, or the longest hang of a timeout;
    ``message`` is another wording of the error.
    """

    name: str
    probability: Share = 1.0
    first: Count | None = None
    endpoint: Annotated[str, AfterValidator(lambda path: path.strip("/"))] | None = None
    dates: tuple[Day, Day] | None = None
    cursor: int | None = None
    username: str | None = None
    active: tuple[Day, Day] | None = None
    tries: Count = 2
    seconds: Seconds = 0.0
    message: str | None = None


class ServerConfig(Parameters):
    """Everything that can be set before the server starts."""

    #: client_key → client_secret
    clients: dict[str, str] = Field(default_factory=lambda: {"sim-key": "sim-secret"}, repr=False)
    #: simulated UTC second at the start (none: end of the world), and seconds that pass with each request
    now: int | None = None
    tick: Seconds = 1.0
    seed: Count = 0  #: of faults, key order, new ids
    quota: Count = 1000  #: requests a UTC day and client key
    #: seconds until a video appears; videos dropped from pages besides the deleted ones; videos the archive never has
    archive_delay: Count = 48 * 3600
    drop_share: Share = 0.0
    missing_share: Share = 0.0
    #: refuse fields newer than 2023; largest number of values in one condition
    core_fields_only: bool = False
    max_values: int | None = Field(default=None, ge=1)
    faults: tuple[Fault, ...] = ()


class FaultChange(Parameters):
    """What ``/__sim/faults`` takes: faults in the place of those there are."""

    faults: list[dict[str, Any]]


class ClockChange(Parameters):
    """What ``/__sim/clock`` takes: UTC seconds or an ISO time, seconds to move on by, seconds a request."""

    now: AwareDatetime | None = None
    advance: Seconds = 0.0
    tick: Seconds | None = None


def read_faults(values: Iterable[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Validate faults given as mappings; an unknown name or setting, or a value out of range is refused in one line."""
    faults = []
    for value in values:
        name = str(value.get("name"))
        if name not in FAULTS:
            raise UnknownParameterError.from_names([name], FAULTS, "fault")
        fault = Fault.load(dict(value), where=f"fault '{name}'")
        if fault.endpoint not in (None, *_PLACES):
            raise UnknownParameterError.from_names([fault.endpoint], _PLACES, f"fault '{name}': endpoint")
        if fault.endpoint == TOKEN and name not in TOKEN_FAULTS:
            raise ParameterError(f"fault '{name}': never strikes at {TOKEN}; {', '.join(TOKEN_FAULTS)} do")
        faults.append(fault)
    return tuple(faults)


def archive_faults(first_day: dt.date, days: int, seed: int = 0) -> tuple[Fault, ...]:
    """The fault mix of vera.ai's production logs (217 days, about 217,000 requests), with what they say."""
    rng = np.random.default_rng([seed, 11])
    calendar = [(first_day + dt.timedelta(days=k)).strftime("%Y%m%d") for k in range(days)]
    broken = [day for day in calendar if rng.random() < 1 / 14]
    outages = [day for day in calendar if rng.random() < 1 / 20]
    query = "video/query"
    return (
        # Persistent 500s on whole periods, on 28 of the last 30 logged days.
        *(Fault(name="broken_period", dates=(day, day), probability=0.95, endpoint=query) for day in broken),
        # Outages of days, 686 rows in one.
        *(Fault(name="gateway_504_html", active=(day, day), probability=0.4) for day in outages),
        Fault(name="gateway_504_html", probability=0.004),
        Fault(name="internal_error", probability=0.02),  # 16,587 logged after five tries each
        # 2,894 in about 65,000 next pages.
        Fault(name="search_id_not_ready", probability=0.04, endpoint=query),
        Fault(name="invalid_cursor", probability=0.01, endpoint=query),  # 621 logged
        Fault(name="rate_limit", probability=0.0007),  # 141 logged
        Fault(name="token_revoked", probability=0.0009),  # 189 logged on 101 days
        Fault(name="search_id_changes", probability=0.01, endpoint=query),
        Fault(name="empty_page_has_more", probability=0.005, endpoint=query),
    )


def load_config(
    world: World, path: Path | str | None = None, faults: str = "none", now: str | None = None
) -> ServerConfig:
    """Put together a server's settings from a YAML file, its faults from a preset or another file, and a day.

    A file that cannot be read, a name nobody knows and a value out of range are refused in one line.
    """
    values = read_yaml(path) if path else {}
    given = values.pop("faults", [])
    made = world.parameters
    if faults.endswith((".yml", ".yaml")):
        given = read_yaml(faults).get("faults")
    elif faults not in ("none", "archive"):
        raise UnknownParameterError.from_names([faults], ["none", "archive"], "fault preset")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        place = faults if faults != "none" else path
        raise FileFormatError(f"{place}: expected 'faults:' and a list of faults")
    first = day_of(world.start) - dt.timedelta(days=made.history)
    mixed = archive_faults(first, made.days + made.history, made.seed) if faults == "archive" else ()
    values["faults"] = mixed or read_faults(given)
    if now is not None:
        values["now"] = midnight(now, "now")
    return ServerConfig.load(values, where=str(path or "server settings"))


@dataclass
class Search:
    """One executed query and the rows it found."""

    query: VideoQuery
    rows: IntArray
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
    #: (client key, UTC day) → requests counted
    used: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    #: name of a fault → how often it struck; its place → calls for which its conditions held
    fired: Counter[str] = field(default_factory=Counter)
    matched: Counter[int] = field(default_factory=Counter)
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
            (fault.endpoint is None or fault.endpoint == call.endpoint)
            and (fault.cursor is None or fault.cursor == call.cursor)
            and (fault.username is None or fault.username.casefold() in call.usernames)
            and (dates is None or (asked is not None and asked[0] <= dates[1] and dates[0] <= asked[1]))
            and (active is None or active[0] <= utc_text(self.now, "%Y%m%d") <= active[1])
        )
