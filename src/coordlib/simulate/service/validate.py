"""What the simulated Research API accepts: fields, queries, dates, counts; everything else is refused."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any

from coordlib.tiktok.query import OPERATIONS
from coordlib.tiktok.regions import REGION_CODES

LENGTHS = ("SHORT", "MID", "LONG", "EXTRA_LONG")
EMPTY_QUERY = "`query` must have one of [`and_conditions`, `or_conditions`, `not_conditions`]"


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
    start_date: str
    end_date: str

    def values(self, field: str) -> list[str]:
        """All values any condition gives for a field."""
        return [
            v for items in self.clauses.values() for name, _, values in items if name == field for v in values
        ]


def check_fields(text: str | None, allowed: tuple[str, ...]) -> list[str]:
    """Return the fields asked for.

    Raises
    ------
    InvalidParams
        None given, blanks between them, or unknown names.
    """
    names = (text or "").split(",")
    wrong = [name for name in names if name not in allowed]
    if wrong:
        raise InvalidParams("Invalid fields" + (f": {', '.join(wrong)}" if text else ""))
    return names


def integer(body: dict[str, Any], name: str, default: int, low: int, high: int | None = None) -> int:
    """Return a whole number from the body, or the default when it is absent or null."""
    value = body.get(name)
    if value is None:
        return default
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or value < low
        or (high is not None and value > high)
    ):
        raise InvalidParams(f"Invalid {name}")
    return value


def day_start(text: object, name: str) -> int:
    """Return the first UTC second of a day written YYYYMMDD."""
    if not isinstance(text, str) or len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise InvalidParams(f"Invalid {name}: the format must be YYYYMMDD")
    try:
        day = dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise InvalidParams(f"Invalid {name}: there is no such day") from None
    return calendar.timegm(day.timetuple())


def check_video_query(
    body: dict[str, Any], max_values: int | None = None, end_inclusive: bool = True
) -> VideoQuery:
    """Check the body of a video query.

    Raises
    ------
    InvalidParams
        With the message the API would answer.
    """
    query = body.get("query")
    lists = (
        {name: (query.get(name) or []) for name in ("and", "or", "not")} if isinstance(query, dict) else {}
    )
    if not any(lists.values()):
        raise InvalidParams(EMPTY_QUERY)
    clauses = {name: [_condition(item, max_values) for item in items] for name, items in lists.items()}
    start, end = (day_start(body.get(name), name) for name in ("start_date", "end_date"))
    if end < start:
        raise InvalidParams("The end_date must not be before the start_date")
    if end - start > 30 * 86400:
        raise InvalidParams("The end_date must be no more than 30 days after the start_date")
    search_id = body.get("search_id")
    if search_id is not None and not isinstance(search_id, str):
        raise InvalidParams("Invalid search_id")
    return VideoQuery(
        clauses,
        start,
        end + 86400 if end_inclusive else end,
        integer(body, "max_count", 20, 1, 100),
        integer(body, "cursor", 0, 0),
        search_id or None,
        bool(body.get("is_random")),
        str(body["start_date"]),
        str(body["end_date"]),
    )


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
    for value in values:
        _check_value(field, value)
    return field, operation, values


def _check_value(field: str, value: str) -> None:
    if field in {"video_id", "music_id", "effect_id", "view_count", "comment_count"}:
        if not (value.isascii() and value.isdigit() and int(value) < 1 << 63):
            raise InvalidParams(f"Invalid field_values for {field}: {value}")
    elif field == "region_code" and value.upper() not in REGION_CODES:
        raise InvalidParams(f"Invalid region_code: {value}")
    elif field == "video_length" and value not in LENGTHS:
        raise InvalidParams(f"Invalid video_length: {value}")
    elif field == "create_date":
        day_start(value, "create_date")
