"""Deciding which fault, if any, strikes a call, and what the answer then looks like."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from coordlib.simulate.service.config import Fault
from coordlib.simulate.service.state import State

#: code, HTTP status and wording as logged by the archive's collector
ANSWERS: dict[str, tuple[int, str, str]] = {
    "internal_error": (500, "internal_error", "Something is wrong. Please try again later."),
    "broken_period": (500, "internal_error", "Something is wrong. Please try again later."),
    "rate_limit": (429, "rate_limit_exceeded", "The API rate limit exceeded. Please try again later."),
    "daily_quota": (
        429,
        "daily_quota_limit_exceeded",
        "The API daily quota limit exceeded. Please try again later",
    ),
    "token_revoked": (
        401,
        "access_token_invalid",
        "The access token is invalid or not found in the request.",
    ),
    "scope_permission_missed": (
        400,
        "scope_permission_missed",
        "The following fields require extra scopes to be granted",
    ),
    "scope_not_authorized": (
        401,
        "scope_not_authorized",
        "The user did not authorize the scope required for completing this request",
    ),
    "invalid_cursor": (400, "invalid_params", "Invalid count or cursor"),
    "invalid_params": (400, "invalid_params", ""),
}
#: the three wordings of a 500, by how often the archive logged them
WORDINGS = {
    "Something is wrong. Please try again later.": 16_502,
    "Server Internal Error": 77,
    "Something went wrong. Please try again later.": 8,
}
#: struck in this order, before the request is looked at any further
BEFORE = (
    "token_revoked", "daily_quota", "rate_limit", "timeout", "gateway_504_html", "not_found",
    "scope_not_authorized", "scope_permission_missed", "broken_period", "internal_error",
)  # fmt: skip
GATEWAY_PAGE = (
    "<HTML><HEAD>\n<TITLE>Error</TITLE>\n</HEAD><BODY>\nAn error occurred while processing your request.<p>\n"
    "Reference&#32;&#35;221&#46;51b00517&#46;{stamp}&#46;2a9b0c\n"
    "<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;221&#46;51b00517&#46;{stamp}&#46;2a9b0c</P>\n</BODY>\n</HTML>\n"
)


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
        return cls(
            endpoint,
            cursor if isinstance(cursor, int) else None,
            frozenset(name.casefold() for name in names if isinstance(name, str)),
            dates,
            body,
            fields,
        )


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
        for name in BEFORE:
            fault = self.strike(name, call)
            if fault is not None:
                return fault
        return None

    def _holds(self, fault: Fault, call: Call) -> bool:
        if fault.endpoint is not None and fault.endpoint.strip("/") != call.endpoint:
            return False
        if fault.cursor is not None and fault.cursor != call.cursor:
            return False
        if fault.username is not None and fault.username.casefold() not in call.usernames:
            return False
        if fault.dates is not None and not (
            call.dates and call.dates[0] <= fault.dates[1] and fault.dates[0] <= call.dates[1]
        ):
            return False
        if fault.active is not None:
            today = dt.datetime.fromtimestamp(self.state.now, dt.UTC).strftime("%Y%m%d")
            return fault.active[0] <= today <= fault.active[1]
        return True

    def wording(self, fault: Fault) -> str:
        """Return the message of a fault; that of a 500 is drawn by the archive's shares."""
        if fault.message is not None:
            return fault.message
        if fault.name == "internal_error":
            return self.state.random.choices(list(WORDINGS), list(WORDINGS.values()))[0]
        return ANSWERS.get(fault.name, (0, "", ""))[2]
