"""Deciding which fault, if any, strikes a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from coordlib.simulate.service.config import FAULTS, Fault
from coordlib.simulate.service.state import State


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
