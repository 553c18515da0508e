"""What answers at each data endpoint: a handler is given the context and a call, and hands back plain data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coordlib.simulate.ids import chance
from coordlib.simulate.service.catalogue import (
    Catalogue,
    InvalidParams,
    VideoQuery,
    check_fields,
    check_video_query,
)
from coordlib.simulate.service.config import ServerConfig
from coordlib.simulate.service.state import Call, Search, State
from coordlib.simulate.world import World
from coordlib.tiktok.endpoints import USER_INFO
from coordlib.tiktok.query import CORE_FIELDS, FULL_FIELDS

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
    config, state, catalogue = context.config, context.state, context.catalogue
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
    if more and state.strike("empty_page_has_more", call):
        page, cursor = page[:0], query.cursor
    if state.strike("search_id_changes", call):
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
    state = context.state
    rows = context.catalogue.search(query, context.newest, state.now)
    if query.asks("keyword") and state.strike("silent_empty_keyword", call):
        rows = rows[:0]
    if query.is_random:
        size = min(len(rows), query.max_count)
        rows = np.array(state.random.sample(rows.tolist(), size), dtype=np.int64)
    search = Search(_key(query), rows, state.now)
    if slow := state.strike("search_id_not_ready", call):
        search.not_ready, search.ready_at = slow.tries, state.now + slow.seconds
    if wrong := state.strike("invalid_cursor", call):
        search.bad_cursor = wrong.tries
    return search


def _next_page(context: Context, query: VideoQuery) -> Search:
    state = context.state
    search = state.searches.get(str(query.search_id))
    unknown = InvalidParams(f"Search Id {query.search_id} is invalid or expired")
    if search is None or search.key != _key(query) or state.now - search.created > SEARCH_SECONDS:
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
    fault = context.state.strike("user_refused", call)
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
