"""What the simulated Research API accepts, and what answers at each data endpoint; everything else is refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coordlib.simulate.ids import chance
from coordlib.simulate.service.catalogue import Catalogue
from coordlib.simulate.service.config import ServerConfig
from coordlib.simulate.service.state import Call, Faults, Search, State
from coordlib.simulate.world import World
from coordlib.tiktok.endpoints import USER_INFO
from coordlib.tiktok.query import CORE_FIELDS, FULL_FIELDS, LENGTHS, OPERATIONS, REGION_CODES
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


#: Ids one compliance file may hold, and how often a task answers "Processing" first.
MOST_IDS, POLLS = 10_000, 1
#: Lifetime of a search id in simulated seconds.
SEARCH_SECONDS = 3600

_REFUSALS = (
    "API cannot return this user's information",
    "username {name} is private",
    "username {name} information cannot be returned",
)


@dataclass
class Context:
    """The world that is served, the switches, and what changes while it is."""

    world: World
    config: ServerConfig
    catalogue: Catalogue = field(repr=False)
    state: State = field(repr=False)
    faults: Faults = field(repr=False)

    @property
    def newest(self) -> float:
        """Creation time of the newest videos the archive shows now."""
        return self.state.now - self.config.archive_delay


@dataclass(frozen=True)
class Found:
    """What a request found: the object under ``data``, or a text file; and how many rows it holds."""

    data: dict[str, Any]
    rows: int = 0
    text: str | None = None


def video_query(context: Context, call: Call) -> Found:
    """Answer a video query: its first page, or another one of the search it names."""
    config, state, faults, catalogue = context.config, context.state, context.faults, context.catalogue
    names = check_fields(call.fields, CORE_FIELDS if config.core_fields_only else FULL_FIELDS)
    query = check_video_query(call.body, config.max_values)
    if query.search_id is not None:
        search, search_id = _next_page(context, query), query.search_id
    elif query.cursor:
        raise InvalidParams("Invalid count or cursor")
    else:
        search = _first_page(context, query, call)
        search_id = state.remember(search)
    if query.is_random:
        page, more, cursor = search.rows, False, query.max_count
    else:
        cursor = query.cursor + query.max_count
        page, more = search.rows[query.cursor : cursor], cursor < len(search.rows)
    if more and faults.strike("empty_page_has_more", call):
        page, cursor = page[:0], query.cursor
    if faults.strike("search_id_changes", call):
        search_id = state.remember(Search(search.key, search.rows, state.now))
    # Deleted and private videos are dropped after the page was cut: pages are shorter than asked for.
    rows = page[~catalogue.gone[page]]
    videos = catalogue.describe(rows, state.now, names)
    data = {"videos": videos, "cursor": cursor, "has_more": more, "search_id": search_id}
    if more and not len(page):
        # An empty list, null, or no list at all: the service sends all three.
        shape = state.random.randrange(3)
        data["videos"] = None if shape == 1 else videos
        if shape == 2:
            del data["videos"]
    return Found(data, len(rows))


def _first_page(context: Context, query: VideoQuery, call: Call) -> Search:
    state, faults, catalogue = context.state, context.faults, context.catalogue
    if query.asks("keyword") and faults.strike("silent_empty_keyword", call):
        rows = np.zeros(0, dtype=np.int64)
    else:
        rows = catalogue.search(query, context.newest, state.now)
    if query.is_random:
        size = min(len(rows), query.max_count)
        rows = np.array(state.random.sample(rows.tolist(), size), dtype=np.int64)
    search = Search(_key(query), rows, state.now)
    if slow := faults.strike("search_id_not_ready", call):
        search.not_ready, search.ready_at = slow.tries, state.now + slow.seconds
    if wrong := faults.strike("invalid_cursor", call):
        search.bad_cursor = wrong.tries
    return search


def _next_page(context: Context, query: VideoQuery) -> Search:
    state = context.state
    search = state.searches.get(str(query.search_id))
    unknown = InvalidParams(f"Search Id {query.search_id} is invalid or expired")
    if search is None or search.key != _key(query):
        raise unknown
    if state.now - search.created > SEARCH_SECONDS:
        raise unknown
    if search.not_ready > 0 or state.now < search.ready_at:
        search.not_ready -= 1
        raise unknown
    if search.bad_cursor > 0:
        search.bad_cursor -= 1
        raise InvalidParams("Invalid count or cursor")
    return search


def _key(query: VideoQuery) -> str:
    """What a search id is bound to: the query and its dates."""
    text = json.dumps([query.clauses, query.dates, query.is_random], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def user_info(context: Context, call: Call) -> Found:
    """Return the profile of an account; counts are live."""
    names = check_fields(call.fields, USER_INFO.fields)
    account, catalogue = _account(context, call), context.catalogue
    row = catalogue.world.accounts.iloc[account]
    videos = catalogue.rows_of(account, context.state.now)
    about = f"simulated account, line {account}\nsecond line, with a comma"
    info = {
        "display_name": str(row["display_name"]),
        "bio_description": "" if account % 3 else about,
        "avatar_url": f"https://sim.invalid/{account}.webp",
        "is_verified": bool(row["verified"]),
        "follower_count": int(row["followers"]),
        "following_count": int(row["following"]),
        "likes_count": int(catalogue.final["like_count"][videos].sum()),
        "video_count": len(videos),
    }
    if chance(account, 47)[0] < 0.1:
        info["bio_url"] = f"https://sim.invalid/page/{account}"
    return Found({name: info[name] for name in names if name in info}, 1)


def _account(context: Context, call: Call) -> int:
    """Return the account a request names, refused where the service would not return it."""
    name = call.body.get("username")
    if not isinstance(name, str) or not name:
        raise InvalidParams("Invalid username")
    account = context.catalogue.number.get(name.casefold())
    if account is None:
        raise InvalidParams(f"username {name} is invalid: cannot find the user")
    fault = context.faults.strike("user_refused", call)
    if fault is not None or context.catalogue.private[account]:
        wording = fault.message if fault and fault.message else _REFUSALS[account % len(_REFUSALS)]
        raise InvalidParams(wording.format(name=name))
    return account


def create_task(context: Context, call: Call) -> Found:
    """Take in a file of ids to be checked."""
    if call.body.get("category") not in {"video", "comment"}:
        raise InvalidParams("Invalid category")
    words = str(call.body.get("file_data", "")).replace(",", "\n").split()
    if not 1 <= len(words) <= MOST_IDS or not all(word.isascii() and word.isdigit() for word in words):
        raise InvalidParams("Invalid file_data")
    # Beyond 2^63, as in the documentation's own sample: a client must not read it as a signed integer.
    task = (1 << 63) + context.state.random.getrandbits(62)
    context.state.tasks[str(task)] = ([int(word) for word in words], POLLS)
    return Found({"task_id": task})


def task_status(context: Context, call: Call) -> Found:
    """Say how far a task is."""
    task, ids, polls = _task(context, call)
    context.state.tasks[task] = (ids, polls - 1)
    return Found({"task_status": "Processing" if polls > 0 else "Completed"})


def download_task(context: Context, call: Call) -> Found:
    """Return the ids that are still valid, as a text file."""
    _, ids, polls = _task(context, call)
    if polls > 0:
        raise InvalidParams("The task is not completed")
    valid = [identifier for identifier in ids if context.catalogue.still_public(identifier)]
    return Found({}, len(valid), "".join(f"{identifier}\n" for identifier in valid))


def _task(context: Context, call: Call) -> tuple[str, list[int], int]:
    task = str(call.body.get("task_id", ""))
    if task not in context.state.tasks:
        raise InvalidParams("Invalid task_id")
    return task, *context.state.tasks[task]


#: What answers at each endpoint (the path after /v2/research/).
HANDLERS: Mapping[str, Callable[[Context, Call], Found]] = {
    "video/query": video_query,
    "user/info": user_info,
    "validation_task/create": create_task,
    "validation_task_status/get": task_status,
    "validation_task/download": download_task,
}
