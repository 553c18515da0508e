"""Queries of the video endpoint, checked before a request is spent on them.

A query has three lists of conditions: every condition of ``and_`` must hold, at least one of ``or_``
(when there are any), and none of ``not_``. There is no nesting. What the service would refuse (an unknown
field, a hashtag with its ``#``, a region that does not exist, a span over 30 days) is refused here, free
of charge. Source: TikTok's documentation of ``/v2/research/video/query/``.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, Self

from coordlib.errors import QueryError
from coordlib.yaml_files import read_yaml

#: The service takes an end date at most this many days after the start date.
MAX_SPAN_DAYS = 30

#: Values of one IN list the service is known to take.
MAX_VALUES = 100

_DOCUMENTED = {
    name: tuple(words.split())
    for name, words in read_yaml(Path(__file__).with_name("documented.yml"), text=True).items()
}
#: Fields that work since 2023, and all of them; where all are refused, the former are asked for.
CORE_FIELDS = _DOCUMENTED["core_fields"]
FULL_FIELDS = (*CORE_FIELDS, *_DOCUMENTED["newer_fields"])
#: The two-letter codes of the regions an account can have been registered in.
REGION_CODES = frozenset(_DOCUMENTED["region_codes"])

_EQUAL = frozenset({"EQ", "IN"})
_ORDERED = frozenset({"EQ", "IN", "GT", "GTE", "LT", "LTE"})

#: Operations that make sense for each field (no restriction is published; these are the sensible ones).
OPERATIONS: Mapping[str, frozenset[str]] = {
    "keyword": _EQUAL,
    "hashtag_name": _EQUAL,
    "username": _EQUAL,
    "region_code": _EQUAL,
    "video_id": _EQUAL,
    "music_id": _EQUAL,
    "effect_id": _EQUAL,
    "create_date": _ORDERED,
    "video_length": _EQUAL,
    "view_count": _ORDERED,
    "comment_count": _ORDERED,
}
_NUMBERS = frozenset({"video_id", "music_id", "effect_id", "view_count", "comment_count"})
_LENGTHS = frozenset({"SHORT", "MID", "LONG", "EXTRA_LONG"})


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean '{close[0]}'?)" if close else ""


def parse_day(value: str | dt.date, *, what: str = "date") -> dt.date:
    """Read a day given as a date or as text, ``20261101`` or ``2026-11-01``.

    Raises
    ------
    QueryError
        The text is no day of the calendar.

    Examples
    --------
    >>> parse_day("20280229")
    datetime.date(2028, 2, 29)
    """
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).date() if value.tzinfo else value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    if re.fullmatch(r"[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    raise QueryError(f"{what} '{text[:40]}' is not a day; write it as 20261101 or 2026-11-01 (UTC)")


def check_span(start: str | dt.date, end: str | dt.date) -> tuple[dt.date, dt.date]:
    """Return both days if the service takes them as one window: in order, at most 30 days apart."""
    first, last = parse_day(start, what="start_date"), parse_day(end, what="end_date")
    if last < first:
        raise QueryError(f"end_date {last} is before start_date {first}; exchange them")
    if (last - first).days > MAX_SPAN_DAYS:
        raise QueryError(
            f"{first} to {last} spans {(last - first).days} days; one request takes at most {MAX_SPAN_DAYS}"
        )
    return first, last


def check_fields(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the field names if the service knows them all."""
    names = tuple(dict.fromkeys(fields))
    for name in names:
        if name == "favourites_count":
            raise QueryError(
                "field 'favourites_count' is listed in old documents but does not work: use 'favorites_count'"
            )
        if name not in FULL_FIELDS:
            raise QueryError(
                f"unknown field '{name[:60]}'{_nearest(name, FULL_FIELDS)}; known: {', '.join(FULL_FIELDS)}"
            )
    if not names:
        raise QueryError("no fields asked for; name at least one, for example 'id'")
    return names


def check_max_count(max_count: int) -> int:
    """Return ``max_count`` if a page can have that many rows (1 to 100)."""
    if isinstance(max_count, bool) or not isinstance(max_count, int) or not 1 <= max_count <= 100:
        raise QueryError(f"max_count = {max_count!r}: a page has 1 to 100 rows")
    return max_count


def _clean(field_name: str, value: object) -> str:
    text = str(value).strip() if not isinstance(value, dt.date) else value.strftime("%Y%m%d")
    if isinstance(value, bool) or not isinstance(value, str | Real | dt.date) or not text:
        raise QueryError(f"{field_name}: {value!r:.60} is not a value; give text or a number")
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise QueryError(
            f"{field_name}: a value holds a NUL or half a character (a lone surrogate); remove it"
        )
    if field_name == "hashtag_name":
        text = text.removeprefix("#").lower()
        if not text or "#" in text or re.search(r"\s", text):
            raise QueryError(f"hashtag_name '{text[:60]}': give one hashtag a value, without '#' and spaces")
    elif field_name == "username":
        text = text.removeprefix("@")
        if not text or re.search(r"[\s@#/,]", text):
            raise QueryError(
                f"username '{text[:60]}': give the handle only, without '@', spaces or an address"
            )
    elif field_name == "region_code":
        text = text.upper()
        if text not in REGION_CODES:
            raise QueryError(
                f"region_code '{text[:20]}' is none of the {len(REGION_CODES)} known two-letter codes"
            )
    elif field_name == "create_date":
        text = parse_day(text, what="create_date").strftime("%Y%m%d")
    elif field_name == "video_length":
        text = text.upper()
        if text not in _LENGTHS:
            raise QueryError(f"video_length '{text[:20]}': use SHORT, MID, LONG or EXTRA_LONG")
    elif field_name in _NUMBERS and not re.fullmatch(r"[0-9]+", text):
        raise QueryError(f"{field_name} '{text[:40]}' is not a whole number written in digits")
    return text


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a field, an operation, and the values as text.

    Examples
    --------
    >>> Condition("hashtag_name", "EQ", ("#Elezioni",))
    hashtag_name EQ 'elezioni'
    """

    field_name: str
    operation: str
    field_values: tuple[str, ...]

    def __post_init__(self) -> None:
        allowed = OPERATIONS.get(str(self.field_name))
        if allowed is None:
            name = str(self.field_name)[:60]
            raise QueryError(
                f"unknown query field '{name}'{_nearest(name, OPERATIONS)}; known: {', '.join(OPERATIONS)}"
            )
        if self.operation not in allowed:
            raise QueryError(
                f"{self.field_name} does not take the operation '{self.operation}'; use one of {', '.join(sorted(allowed))}"
            )
        given: object = self.field_values
        if not isinstance(given, Iterable):
            raise QueryError(f"{self.field_name} {self.operation}: {given!r:.60} is not a list of values")
        values = (given,) if isinstance(given, str) else tuple(given)
        values = tuple(dict.fromkeys(_clean(self.field_name, value) for value in values))
        if not values:
            raise QueryError(f"{self.field_name} {self.operation}: the list of values is empty")
        if self.operation != "IN" and len(values) != 1:
            raise QueryError(
                f"{self.field_name} {self.operation} takes one value, not {len(values)}; use IN for several"
            )
        if len(values) > MAX_VALUES:
            raise QueryError(
                f"{self.field_name} IN has {len(values)} values; at most {MAX_VALUES} in one query"
            )
        object.__setattr__(self, "field_values", values)

    def __repr__(self) -> str:
        shown = ", ".join(
            repr(value if len(value) <= 40 else value[:39] + "…") for value in self.field_values[:3]
        )
        more = f", … ({len(self.field_values)} in all)" if len(self.field_values) > 3 else ""
        return f"{self.field_name} {self.operation} {shown}{more}"

    def to_json(self) -> dict[str, Any]:
        """Return the condition as the service reads it."""
        return {
            "operation": self.operation,
            "field_name": self.field_name,
            "field_values": list(self.field_values),
        }


def condition(field_name: str, operation: str, *values: object) -> Condition:
    """Build one condition; numbers and dates may be given as such.

    Examples
    --------
    >>> condition("view_count", "GTE", 1000).to_json()
    {'operation': 'GTE', 'field_name': 'view_count', 'field_values': ['1000']}
    """
    return Condition(field_name, operation, tuple(values))  # type: ignore[arg-type]


def any_of(field_name: str, values: Iterable[object]) -> Condition:
    """The field has one of the values: EQ for one value, IN for several.

    Examples
    --------
    >>> any_of("region_code", ["it", "FR"])
    region_code IN 'IT', 'FR'
    """
    given = (values,) if isinstance(values, str) else tuple(values)
    return Condition(field_name, "EQ" if len(given) == 1 else "IN", given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that must all hold, of which one must hold, and of which none may hold.

    Parameters
    ----------
    and_, or_, not_
        Conditions (see :func:`any_of`, :func:`condition`); at least one in all.

    Examples
    --------
    >>> query = Query(and_=[any_of("hashtag_name", ["elezioni"])], not_=[any_of("video_length", ["LONG"])])
    >>> query
    Query(hashtag_name EQ 'elezioni' and not video_length EQ 'LONG')
    >>> sorted(query.to_json())
    ['and', 'not']
    """

    and_: tuple[Condition, ...] = ()
    or_: tuple[Condition, ...] = ()
    not_: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        for name in ("and_", "or_", "not_"):
            given = getattr(self, name)
            items = (given,) if isinstance(given, Condition) else tuple(given)
            for item in items:
                if not isinstance(item, Condition):
                    raise QueryError(
                        f"{name} holds {type(item).__name__}, not a condition; build it with any_of() or condition()"
                    )
            object.__setattr__(self, name, items)
        if not (self.and_ or self.or_ or self.not_):
            raise QueryError("the query is empty: give at least one condition in and_, or_ or not_")

    def __repr__(self) -> str:
        parts = [repr(item) for item in self.and_]
        if self.or_:
            either = " or ".join(repr(item) for item in self.or_)
            parts.append(f"({either})" if len(self.or_) > 1 else either)
        parts += [f"not {item!r}" for item in self.not_]
        return f"Query({' and '.join(parts)})"

    def to_json(self) -> dict[str, Any]:
        """Return the query as the service reads it; empty lists are left out."""
        lists = (("and", self.and_), ("or", self.or_), ("not", self.not_))
        return {name: [item.to_json() for item in items] for name, items in lists if items}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read a query back from what :meth:`to_json` wrote.

        Examples
        --------
        >>> query = Query(or_=[any_of("keyword", ["a", "b"])])
        >>> Query.from_json(query.to_json()) == query
        True
        """
        unknown = set(value) - {"and", "or", "not"}
        if unknown:
            raise QueryError(
                f"unknown part of a query: {', '.join(sorted(map(str, unknown)))}; known: and, or, not"
            )
        try:
            lists = [
                tuple(
                    Condition(item["field_name"], item["operation"], item["field_values"])
                    for item in value.get(name) or ()
                )
                for name in ("and", "or", "not")
            ]
        except (KeyError, TypeError):
            raise QueryError(
                "a condition of the query is not an object with field_name, operation and field_values"
            ) from None
        return cls(*lists)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex, first 32 characters) of the query, the same for the same values in any order."""
        canonical = {
            name: sorted(
                [item["field_name"], item["operation"], sorted(item["field_values"])] for item in items
            )
            for name, items in self.to_json().items()
        }
        text = json.dumps(canonical, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def usernames(self) -> frozenset[str] | None:
        """Accounts the query is restricted to, in lower case, or None when it is not restricted to accounts."""
        for item in self.and_:
            if item.field_name == "username":
                return frozenset(name.lower() for name in item.field_values)
        return None

    def longest_list(self) -> Condition | None:
        """The condition with most values among those that can be cut in two without changing the union of results."""
        lists = [
            item for item in (*self.and_, *self.or_) if item.operation == "IN" and len(item.field_values) > 1
        ]
        return max(lists, key=lambda item: len(item.field_values), default=None)

    def halves(self) -> tuple[Query, Query] | None:
        """Cut the longest list of values in two: the two queries together find what this one finds.

        Examples
        --------
        >>> Query(and_=[any_of("username", ["a", "b", "c"])]).halves()
        (Query(username EQ 'a'), Query(username IN 'b', 'c'))
        """
        target = self.longest_list()
        if target is None or (target not in self.and_ and len(self.or_) > 1):
            return None
        middle = len(target.field_values) // 2
        first, second = (
            any_of(target.field_name, part)
            for part in (target.field_values[:middle], target.field_values[middle:])
        )
        return self._with(target, first), self._with(target, second)

    def without(self, field_name: str, value: str) -> Query | None:
        """Leave one value out of the ``and_`` lists of a field; None when nothing would be left of such a list."""
        changed = self
        for item in self.and_:
            if item.field_name == field_name and value in item.field_values:
                rest = [other for other in item.field_values if other != value]
                if not rest:
                    return None
                changed = changed._with(item, any_of(field_name, rest))
        return changed

    def _with(self, old: Condition, new: Condition) -> Query:
        return Query(
            tuple(new if item is old else item for item in self.and_),
            tuple(new if item is old else item for item in self.or_),
            self.not_,
        )


def days_between(start: dt.date, end: dt.date, *, days: int) -> list[tuple[dt.date, dt.date]]:
    """Cut a period into consecutive windows of at most ``days`` days, both ends included.

    Examples
    --------
    >>> [(str(a), str(b)) for a, b in days_between(dt.date(2028, 2, 27), dt.date(2028, 3, 2), days=3)]
    [('2028-02-27', '2028-02-29'), ('2028-03-01', '2028-03-02')]
    """
    if not 1 <= days <= MAX_SPAN_DAYS + 1:
        raise QueryError(f"window of {days} days: choose 1 to {MAX_SPAN_DAYS + 1}")
    windows, first = [], start
    while first <= end:
        last = min(first + dt.timedelta(days=days - 1), end)
        windows.append((first, last))
        first = last + dt.timedelta(days=1)
    return windows
