"""What the simulated Research API accepts: fields, queries, dates, counts; everything else is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coordlib.tiktok.query import LENGTHS, OPERATIONS, REGION_CODES
from coordlib.times import day_start

EMPTY_QUERY = "`query` must have one of [`and_conditions`, `or_conditions`, `not_conditions`]"
_DAY = 86_400


class InvalidParams(Exception):
    """The request would be answered with 400 ``invalid_params`` and this message."""


@dataclass(frozen=True)
class VideoQuery:
    """A checked video query; conditions are (field, operation, values) in three lists."""

    clauses: dict[str, list[tuple[str, str, list[str]]]]
    start: int
    end: int
    max_count: int
    cursor: int
    search_id: str | None
    is_random: bool
    dates: tuple[str, str]

    def asks(self, field: str) -> bool:
        """Whether any condition is on a field."""
        return any(name == field for items in self.clauses.values() for name, _, _ in items)


def check_fields(text: str | None, allowed: Iterable[str]) -> list[str]:
    """Return the fields asked for; none, blanks between them and unknown names are refused."""
    names = (text or "").split(",")
    wrong = [name for name in names if name not in allowed]
    if wrong:
        raise InvalidParams("Invalid fields" + (f": {', '.join(wrong)}" if text else ""))
    return names


def _integer(body: Mapping[str, Any], name: str, default: int, low: int, high: float = float("inf")) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidParams(f"Invalid {name}")
    return value


def first_second(text: object, name: str) -> int:
    """Return the first UTC second of a day written YYYYMMDD."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{8}", text):
        raise InvalidParams(f"Invalid {name}: the format must be YYYYMMDD")
    try:
        return day_start(text)
    except ValueError:
        raise InvalidParams(f"Invalid {name}: there is no such day") from None


def check_video_query(body: Mapping[str, Any], max_values: int | None) -> VideoQuery:
    """Check the body of a video query; what is wrong is refused with the message the API would answer."""
    query = body.get("query")
    lists = {name: query.get(name) or [] for name in ("and", "or", "not")} if isinstance(query, dict) else {}
    if not any(lists.values()):
        raise InvalidParams(EMPTY_QUERY)
    clauses = {name: [_condition(item, max_values) for item in items] for name, items in lists.items()}
    start, end = (first_second(body.get(name), name) for name in ("start_date", "end_date"))
    if end < start:
        raise InvalidParams("The end_date must not be before the start_date")
    if end - start > 30 * _DAY:
        raise InvalidParams("The end_date must be no more than 30 days after the start_date")
    search_id = body.get("search_id")
    if search_id is not None and not isinstance(search_id, str):
        raise InvalidParams("Invalid search_id")
    return VideoQuery(
        clauses,
        start,
        end + _DAY,
        _integer(body, "max_count", 20, 1, 100),
        _integer(body, "cursor", 0, 0),
        search_id or None,
        bool(body.get("is_random")),
        (str(body["start_date"]), str(body["end_date"])),
    )


def _number(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) < 1 << 63


#: Fields whose values are checked one by one: what is good, and what the refusal calls the field.
_VALUES: dict[str, tuple[Callable[[str], bool], str]] = {
    "region_code": (lambda value: value.upper() in REGION_CODES, "region_code"),
    "video_length": (lambda value: value in LENGTHS, "video_length"),
    "create_date": (lambda value: first_second(value, "create_date") is not None, "create_date"),
} | {
    name: (_number, f"field_values for {name}")
    for name in ("video_id", "music_id", "effect_id", "view_count", "comment_count")
}


def _condition(item: object, max_values: int | None) -> tuple[str, str, list[str]]:
    if not isinstance(item, dict):
        raise InvalidParams("Invalid condition")
    field, operation, values = (item.get(name) for name in ("field_name", "operation", "field_values"))
    if not isinstance(field, str) or field not in OPERATIONS:
        raise InvalidParams(f"Invalid field_name: {field}")
    if not isinstance(operation, str) or operation not in OPERATIONS[field]:
        raise InvalidParams(f"Invalid operation: {operation} for {field}")
    if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
        raise InvalidParams(f"Invalid field_values for {field}")
    if max_values is not None and len(values) > max_values:
        raise InvalidParams(f"Too many field_values for {field}")
    good, what = _VALUES.get(field, (bool, field))
    for value in values:
        if not good(value):
            raise InvalidParams(f"Invalid {what}: {value}")
    return field, operation, values
