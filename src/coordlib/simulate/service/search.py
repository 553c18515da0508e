"""``/v2/research/video/query/``: a search is made once, and its pages are cut from what it found."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from coordlib.simulate.service.context import Context, Found
from coordlib.simulate.service.faults import Call
from coordlib.simulate.service.state import Search
from coordlib.simulate.service.validate import InvalidParams, VideoQuery, check_fields, check_video_query
from coordlib.tiktok.query import CORE_FIELDS, FULL_FIELDS


def video_query(context: Context, call: Call) -> Found:
    """Answer a video query: its first page, or another one of the search it names."""
    config, state, faults, catalogue = context.config, context.state, context.faults, context.catalogue
    names = check_fields(call.fields, CORE_FIELDS if config.core_fields_only else FULL_FIELDS)
    query = check_video_query(call.body, config.max_values, config.end_inclusive)
    if query.search_id is not None:
        search, search_id = _next_page(context, query)
    elif query.cursor:
        raise InvalidParams("Invalid count or cursor")
    else:
        search, search_id = _first_page(context, query, call)
    if query.is_random:
        page, more, cursor = search.rows, False, query.max_count
    else:
        cursor = query.cursor + query.max_count
        page, more = search.rows[query.cursor : cursor], cursor < len(search.rows)
    if faults.strike("duplicate_rows", call) and query.cursor:
        page = np.concatenate([search.rows[query.cursor - 1 : query.cursor], page])
    if more and faults.strike("empty_page_has_more", call):
        page, cursor = page[:0], query.cursor
    if faults.strike("search_id_changes", call):
        search_id = state.remember(Search(search.key, search.rows, state.now))
    # Deleted and private videos are dropped after the page was cut: pages are shorter than asked for.
    rows = page[~catalogue.gone[page]]
    videos = catalogue.describe(rows, state.now, names)
    if faults.strike("old_id_name", call):
        videos = [{"video_id" if name == "id" else name: v for name, v in item.items()} for item in videos]
    data = {"videos": videos, "cursor": cursor, "has_more": more, "search_id": search_id}
    if not len(page) and more:
        shape = state.random.randrange(3)
        data = {**data, "videos": None} if shape == 1 else data
        if shape == 2:
            del data["videos"]
    return Found(data, len(rows))


def _first_page(context: Context, query: VideoQuery, call: Call) -> tuple[Search, str]:
    state, faults, catalogue = context.state, context.faults, context.catalogue
    if query.values("keyword") and faults.strike("silent_empty_keyword", call):
        rows = np.zeros(0, dtype=np.int64)
    else:
        rows = catalogue.search(query, context.newest, state.now)
    if len(rows) and faults.strike("fuzzy_match", call):
        # Matching is approximate on the real service: now and then something else slips in.
        stranger = int(np.searchsorted(catalogue.time, query.start))
        rows = np.unique(np.append(rows, stranger))
        rows = rows[np.argsort(-catalogue.id[rows])]
    if query.is_random:
        size = min(len(rows), query.max_count)
        rows = np.array(state.random.sample(rows.tolist(), size), dtype=np.int64)
    search = Search(_key(query), rows, state.now)
    if slow := faults.strike("search_id_not_ready", call):
        search.not_ready, search.ready_at = slow.tries, state.now + slow.seconds
    if wrong := faults.strike("invalid_cursor", call):
        search.bad_cursor = wrong.tries
    return search, state.remember(search)


def _next_page(context: Context, query: VideoQuery) -> tuple[Search, str]:
    state, search_id = context.state, str(query.search_id)
    search = state.searches.get(search_id)
    unknown = InvalidParams(f"Search Id {search_id} is invalid or expired")
    if (
        search is None
        or search.key != _key(query)
        or state.now - search.created > context.config.search_seconds
    ):
        raise unknown
    if search.not_ready > 0 or state.now < search.ready_at:
        search.not_ready -= 1
        raise unknown
    if search.bad_cursor > 0:
        search.bad_cursor -= 1
        raise InvalidParams("Invalid count or cursor")
    return search, search_id


def _key(query: VideoQuery) -> str:
    """What a search id is bound to: the query and its dates."""
    text = json.dumps([query.clauses, query.start_date, query.end_date, query.is_random], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
