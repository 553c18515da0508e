"""Queries of the video endpoint: what the service would refuse is refused here, before a request is spent on it.

Source: TikTok's documentation of ``/v2/research/video/query/``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, Self, cast

from coordlib.errors import QueryError, with_the_nearest
from coordlib.shown import Shown
from coordlib.times import one_day
from coordlib.yaml_files import read_yaml

#: The service takes an end date at most this many days after the start date.
MAX_SPAN_DAYS = 30
#: Values of one IN list the service is known to take.
MAX_VALUES = 100
#: What the service documents: names of fields, regions, kinds of values.
DOCUMENTED: Mapping[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in read_yaml(Path(__file__).with_name("documented.yml"), text=True).items()
}
#: Fields that work since 2023, and all of them; where all are refused, the former are asked for.
CORE_FIELDS = DOCUMENTED["core_fields"]
FULL_FIELDS = (*CORE_FIELDS, *DOCUMENTED["newer_fields"])
#: The two-letter codes of the regions an account can have been registered in.
REGION_CODES = frozenset(DOCUMENTED["region_codes"])

_EQUAL = frozenset({"EQ", "IN"})
_ORDERED = _EQUAL | {"GT", "GTE", "LT", "LTE"}
_ID_FIELDS, _COUNT_FIELDS = ("video_id", "music_id", "effect_id"), ("view_count", "comment_count")
_WORD_FIELDS = ("keyword", "hashtag_name", "username", "region_code", "video_length")

#: Operations that make sense for each field (no restriction is published; these are the sensible ones).
OPERATIONS: Mapping[str, frozenset[str]] = dict.fromkeys(
    (*_WORD_FIELDS, *_ID_FIELDS), _EQUAL
) | dict.fromkeys(("create_date", *_COUNT_FIELDS), _ORDERED)
LENGTHS = ("SHORT", "MID", "LONG", "EXTRA_LONG")


def parse_day(value: str | dt.date, *, what: str = "date") -> dt.date:
    """Return what :func:`coordlib.times.one_day` does, or say which of them is none."""
    try:
        return one_day(value)
    except ValueError as error:
        raise QueryError(f"{what} {error}") from None


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
            what = "is listed in old documents but does not work: use 'favorites_count'"
            raise QueryError(f"field 'favourites_count' {what}")
        if name not in FULL_FIELDS:
            known = f"{with_the_nearest([name[:60]], FULL_FIELDS)}; known: {', '.join(FULL_FIELDS)}"
            raise QueryError(f"unknown field {known}")
    if not names:
        raise QueryError("no fields asked for; name at least one, for example 'id'")
    return names


def check_max_count(max_count: int) -> int:
    """Return ``max_count`` if a page can have that many rows (1 to 100)."""
    if isinstance(max_count, bool) or not isinstance(max_count, int) or not 1 <= max_count <= 100:
        raise QueryError(f"max_count = {max_count!r}: a page has 1 to 100 rows")
    return max_count


def video_body(
    query: Mapping[str, Any], start: dt.date, end: dt.date, max_count: int = 100, **more: Any
) -> dict[str, Any]:
    """Return the body of a video query: a query as JSON, its period, rows a page, and what else is sent."""
    period = {"start_date": f"{start:%Y%m%d}", "end_date": f"{end:%Y%m%d}"}
    return {"query": query, **period, "max_count": check_max_count(max_count), **more}


def _clean(field_name: str, value: object) -> str:
    """Return a value as the service takes it, refused where it would not."""
    text = f"{value:%Y%m%d}" if isinstance(value, dt.date) else str(value).strip()
    if isinstance(value, bool) or not isinstance(value, str | Real | dt.date) or not text:
        raise QueryError(f"{field_name}: {value!r:.60} is not a value; give text or a number")
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise QueryError(
            f"{field_name}: a value holds a NUL or half a character (a lone surrogate); remove it"
        )
    wrong = ""
    match field_name:
        case "hashtag_name":
            if not re.fullmatch(r"[^#\s]+", text := text.removeprefix("#").lower()):
                wrong = f"'{text[:60]}': give one hashtag a value, without '#' and spaces"
        case "username":
            if not re.fullmatch(r"[^\s@#/,]+", text := text.removeprefix("@")):
                wrong = f"'{text[:60]}': give the handle only, without '@', spaces or an address"
        case "region_code":
            if (text := text.upper()) not in REGION_CODES:
                wrong = f"'{text[:20]}' is none of the {len(REGION_CODES)} known two-letter codes"
        case "create_date":
            text = f"{parse_day(text, what='create_date'):%Y%m%d}"
        case "video_length":
            if (text := text.upper()) not in LENGTHS:
                wrong = f"'{text[:20]}': use SHORT, MID, LONG or EXTRA_LONG"
        case _ if field_name in (*_ID_FIELDS, *_COUNT_FIELDS) and not re.fullmatch(r"[0-9]+", text):
            wrong = f"'{text[:40]}' is not a whole number written in digits"
    if wrong:
        raise QueryError(f"{field_name} {wrong}")
    return text


@dataclass(frozen=True, slots=True)
class Condition(Shown):
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
        name, operation = str(self.field_name), self.operation
        allowed, given = OPERATIONS.get(name), cast("object", self.field_values)
        if allowed is None:
            known = f"{with_the_nearest([name[:60]], OPERATIONS)}; known: {', '.join(OPERATIONS)}"
            raise QueryError(f"unknown query field {known}")
        if operation not in allowed:
            known = ", ".join(sorted(allowed))
            raise QueryError(f"{name} does not take the operation '{operation}'; use one of {known}")
        if not isinstance(given, Iterable):
            raise QueryError(f"{name} {operation}: {given!r:.60} is not a list of values")
        values = tuple(dict.fromkeys(_clean(name, value) for value in _several(given)))
        if not values:
            raise QueryError(f"{name} {operation}: the list of values is empty")
        if operation != "IN" and len(values) != 1:
            raise QueryError(f"{name} {operation} takes one value, not {len(values)}; use IN for several")
        if len(values) > MAX_VALUES:
            raise QueryError(f"{name} IN has {len(values)} values; at most {MAX_VALUES} in one query")
        object.__setattr__(self, "field_values", values)

    def __repr__(self) -> str:
        values = self.field_values
        shown = ", ".join(repr(text if len(text) <= 40 else text[:39] + "…") for text in values[:3])
        more = f", … ({len(values)} in all)" if len(values) > 3 else ""
        return f"{self.field_name} {self.operation} {shown}{more}"

    def to_json(self) -> dict[str, Any]:
        """Return the condition as the service reads it."""
        values = list(self.field_values)
        return {"operation": self.operation, "field_name": self.field_name, "field_values": values}


def _several(values: Iterable[object]) -> tuple[object, ...]:
    """A text is one value, not its letters."""
    return (values,) if isinstance(values, str) else tuple(values)


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
    given = _several(values)
    return Condition(field_name, "EQ" if len(given) == 1 else "IN", given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Query(Shown):
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
        if unknown := sorted(map(str, set(value) - {"and", "or", "not"})):
            raise QueryError(f"unknown part of a query: {', '.join(unknown)}; known: and, or, not")
        names = ("field_name", "operation", "field_values")
        lists = (value.get(name) or () for name in ("and", "or", "not"))
        try:
            return cls(*([Condition(*(item[name] for name in names)) for item in items] for items in lists))  # type: ignore[arg-type]
        except (KeyError, TypeError):
            what = "is not an object with field_name, operation and field_values"
            raise QueryError(f"a condition of the query {what}") from None

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
        named = next((item for item in self.and_ if item.field_name == "username"), None)
        return None if named is None else frozenset(name.lower() for name in named.field_values)

    def longest_list(self) -> Condition | None:
        """The condition with most values among those that can be cut in two without changing the union of results."""
        lists = [item for item in (*self.and_, *self.or_) if len(item.field_values) > 1]
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
        values = target.field_values
        parts = values[: len(values) // 2], values[len(values) // 2 :]
        first, second = (self._with(target, any_of(target.field_name, part)) for part in parts)
        return first, second

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
        and_, or_ = (tuple(new if item is old else item for item in items) for items in (self.and_, self.or_))
        return Query(and_, or_, self.not_)


def days_between(start: dt.date, end: dt.date, *, days: int) -> list[tuple[dt.date, dt.date]]:
    """Cut a period into consecutive windows of at most ``days`` days, both ends included."""
    if not 1 <= days <= MAX_SPAN_DAYS + 1:
        raise QueryError(f"window of {days} days: choose 1 to {MAX_SPAN_DAYS + 1}")
    firsts = [start + dt.timedelta(days=past) for past in range(0, (end - start).days + 1, days)]
    return [(first, min(first + dt.timedelta(days=days - 1), end)) for first in firsts]
