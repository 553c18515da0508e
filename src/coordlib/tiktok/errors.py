"""What an answer of the service means, judged by its body first, and how often and when to try again.

Each kind needs another reaction: treating them alike cost earlier systems their quota (95 % of it went into retries of
persistent 500s, and 80 % of logged errors were calls made after the quota was gone).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from coordlib.errors import CollectError, CredentialsError, QueryError, QuotaExhausted, ServiceError
from coordlib.service import Reply
from coordlib.shown import Shown


class Kind(StrEnum):
    """What an answer means to the client."""

    OK = "ok"
    SEARCH_NOT_READY = "search-not-ready"  # wait on its own schedule, restart the window, then split it
    INVALID = "invalid"  # the request is wrong: no retry
    ACCOUNT_REFUSED = "account-refused"  # one account cannot be read: record, go on
    SCOPE_FIELDS = "scope-fields"  # some fields need more rights: ask for fewer
    TOKEN = "token"  # refresh once, repeat
    NOT_AUTHORIZED = "not-authorized"  # the project lacks the scope: fatal
    NOT_FOUND = "not-found"
    RATE = "rate-limit"  # short-term: wait
    QUOTA = "quota"  # stop everything until the next UTC day
    SERVER = "server-error"  # two or three tries, then smaller windows
    GATEWAY = "gateway"  # as a server error, with longer waits
    NETWORK = "network"  # timeout, reset
    UNREADABLE = "unreadable"  # an answer that is not what it should be


#: Waits in seconds before each further try; its length is the number of retries.
SCHEDULES: Mapping[Kind, tuple[float, ...]] = {
    Kind.SEARCH_NOT_READY: (5, 10, 20, 40, 60),
    Kind.TOKEN: (0,),
    Kind.RATE: (10, 20, 30, 60, 60),
    Kind.GATEWAY: (60, 180),
    **dict.fromkeys((Kind.SERVER, Kind.NETWORK, Kind.UNREADABLE), (5, 20)),
}

#: Kinds that say the service, not the request, is in trouble, and those that a smaller window may cure.
TROUBLE = frozenset({Kind.SERVER, Kind.GATEWAY, Kind.NETWORK, Kind.UNREADABLE})
SPLITTABLE = TROUBLE | {Kind.SEARCH_NOT_READY}

_NOT_READY = re.compile(r"search id \S* ?is invalid or expired|invalid count or cursor", re.IGNORECASE)
_ACCOUNT = re.compile(
    "cannot find the user|cannot return this user's information|is private|information cannot be returned"
)
_CODES = {
    "daily_quota_limit_exceeded": Kind.QUOTA,
    "rate_limit_exceeded": Kind.RATE,
    "scope_not_authorized": Kind.NOT_AUTHORIZED,
    "access_token_invalid": Kind.TOKEN,
    "scope_permission_missed": Kind.SCOPE_FIELDS,
}
_STATUSES = {401: Kind.TOKEN, 404: Kind.NOT_FOUND, 429: Kind.RATE, 504: Kind.GATEWAY}


@dataclass(frozen=True, slots=True)
class Answer(Shown):
    """One answer of the service, understood; ``data`` with ids as they were sent."""

    kind: Kind
    status: int | None = None
    code: str | None = None
    message: str = ""
    log_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    text: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the request was answered with data."""
        return self.kind is Kind.OK

    def describe(self) -> str:
        """One line for a message: status, code, message, log_id."""
        parts = [f"HTTP {self.status}" if self.status else "no answer", self.code or "", self.message[:200]]
        parts.append(f"log_id {self.log_id}" if self.log_id else "")
        return ", ".join(" ".join(part.split()) for part in parts if part)


def classify(reply: Reply, *, endpoint: str = "") -> Answer:
    """Read an answer; never raises: what cannot be read is of kind ``UNREADABLE`` or ``GATEWAY``."""
    status, after, parsed = reply.status, reply.seconds("retry-after"), reply.parsed()
    if not isinstance(parsed, dict):
        return _not_json(reply, after)
    error = parsed.get("error")
    error = error if isinstance(error, dict) else {"code": error if isinstance(error, str) else None}
    code = str(error["code"]) if error.get("code") is not None else None
    message = str(error.get("message") or "")
    log_id = str(error["log_id"])[:64] if error.get("log_id") else None
    data = parsed.get("data")
    data = data if isinstance(data, dict) else {}
    kind = _kind(status, code, message, data, endpoint)
    return Answer(kind, status, code, message, log_id, data, after)


def _kind(status: int, code: str | None, message: str, data: dict[str, Any], endpoint: str) -> Kind:
    sent = {"playlist": data.get("playlist_video_ids") is not None, "user_info": bool(data) and not message}
    if (status == 200 and code == "ok") or (status >= 500 and sent.get(endpoint)):  # sent in spite of it
        return Kind.OK
    if code in _CODES:
        return _CODES[code]
    kind = _of_status(status)
    if kind in (Kind.RATE, Kind.TOKEN):
        return kind
    if status in (400, 404) and _ACCOUNT.search(message.lower()):
        return Kind.ACCOUNT_REFUSED
    if _NOT_READY.search(message):
        return Kind.SEARCH_NOT_READY
    if kind is Kind.NOT_FOUND and endpoint.startswith(("user_", "follow")):
        return Kind.ACCOUNT_REFUSED
    if kind is not Kind.NOT_FOUND and status < 500 and code in ("internal_error", "timeout"):
        return Kind.SERVER
    return kind


def _of_status(status: int) -> Kind:
    """What an HTTP status says by itself."""
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return Kind.SERVER
    return Kind.INVALID if 400 <= status < 500 else Kind.UNREADABLE


def _not_json(reply: Reply, after: float | None) -> Answer:
    text = reply.body[:4000].decode("utf-8", "replace")
    reference = re.search(r"Reference\s*(?:#|&#35;)\s*([0-9a-fA-F.]+)", text)
    title = re.search(r"<title>\s*([^<]{0,100})", text, re.IGNORECASE)
    html = "html" in reply.headers.get("content-type", "").lower() or title is not None
    message = f"{'HTML page' if html else 'answer'}: {title[1].strip() if title else 'no JSON'}"
    message += f", reference #{reference[1]}" if reference else ""
    kind = Kind.GATEWAY if html and reply.status >= 500 else _of_status(reply.status)
    return Answer(kind, reply.status, message=message, retry_after=after)


#: What is behind the description of an answer that ends a request, and the exception that says it.
_ENDS: Mapping[Kind, tuple[type[CollectError], str]] = {
    Kind.QUOTA: (QuotaExhausted, "the day's requests are spent, start again after 00:00 UTC"),
    Kind.TOKEN: (
        CredentialsError,
        "a fresh access token was refused too: check the client key in the developer portal",
    ),
    Kind.NOT_AUTHORIZED: (
        CredentialsError,
        "the project is not approved for this scope (research.data.basic)",
    ),
} | dict.fromkeys(
    (Kind.INVALID, Kind.SCOPE_FIELDS, Kind.NOT_FOUND, Kind.ACCOUNT_REFUSED),
    (QueryError, "the request was refused, repeating it would not help"),
)


def to_exception(answer: Answer, what: str) -> CollectError:
    """Return the exception that stands for an answer that ends a request."""
    kind, words = _ENDS.get(answer.kind, (ServiceError, "the service failed, try again later"))
    return kind(f"{what}: {answer.describe()}; {words}")
