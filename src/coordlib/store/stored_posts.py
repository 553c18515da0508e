"""Posts, and the rows a run looked at: in as rows of our own words, out as the one table of posts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from coordlib.posts import as_posts
from coordlib.store.database import Store, insert, replaced
from coordlib.times import day_of, day_start

_JSON = ("hashtags", "effect_ids")
_TEXTS = ("content_id", "account_id", "posted_at", "region_code", "text", "music_id", "playlist_id")
_COLUMNS = (*_TEXTS, *_JSON, "voice_to_text", "video_duration")
COUNTS = ("views", "likes", "comments", "shares", "favorites")
_NUMBERS = (*COUNTS, "posted_at", "video_duration")
#: Made when read: they follow from the account and the id.
_DERIVED = ("url", "platform", "links")


def upsert_posts(store: Store, rows: Iterable[Mapping[str, Any]], fetched_at: int) -> None:
    """Insert or refresh posts fetched at a time (UTC seconds), of two fetches of one id the later. Names are those of
    :mod:`coordlib.posts`; fields without a column are kept as JSON in ``extra``, counts by :func:`record_posts` and the collection."""
    names = (*_COLUMNS, "extra", "fetched_at")
    newer = f"(content_id) {replaced(names[1:])} WHERE excluded.fetched_at >= posts.fetched_at"
    store.write_many(insert("posts", names, newer), (_row(row, fetched_at) for row in rows))


def record_posts(
    store: Store, run_id: str, posts: pd.DataFrame | None, fetched_at: int, *, stored: bool = False
) -> None:
    """Keep what a run looked at, in the place of what was kept earlier: its posts in their order, repeated
    ids included (none: a run without input). The posts themselves are stored as well, unless they were read
    from the store (``stored``)."""
    rows: list[dict[Any, Any]] = [] if posts is None else posts.astype(object).to_dict("records")
    names = ("content_id", "account_id", "text", *COUNTS)
    seen = ((run_id, n, fetched_at, *(_value(row, name) for name in names)) for n, row in enumerate(rows))
    with store.transaction():
        if not stored:
            upsert_posts(store, rows, fetched_at)
        store.write("DELETE FROM metrics WHERE run_id = ?", (run_id,))
        store.write_many(insert("metrics", ("run_id", "position", "fetched_at", *names)), seen)


def run_posts(store: Store, run_id: str) -> pd.DataFrame:
    """Return the table of posts a run looked at, in their order, repeated ids included."""
    looked_at = "metrics m JOIN posts v USING (content_id) WHERE m.run_id = ? ORDER BY m.position"
    return _table(store, "m", "m", looked_at, (run_id,))


def period_posts(store: Store, first_day: str, last_day: str) -> pd.DataFrame:
    """Return the posts of a period of UTC days (YYYY-MM-DD, both included), newest first, counted at the newest fetch."""
    where = "v.posted_at >= ? AND v.posted_at < ? ORDER BY v.posted_at DESC, v.content_id"
    return _newest(store, where, (day_start(first_day), day_start(last_day) + 86_400))


def collected_posts(store: Store, run_id: str | None = None) -> pd.DataFrame:
    """Return the posts that the queries of a run brought (none: every stored post), oldest first, counted at the newest fetch."""
    brought = "v.content_id IN (SELECT content_id FROM window_posts JOIN windows USING (window_id) WHERE run_id = ?)"
    where, values = ("1", ()) if run_id is None else (brought, (run_id,))
    return _newest(store, f"{where} ORDER BY v.posted_at, v.content_id", values)


def account_names(store: Store) -> list[str]:
    """Return the name of every account that posted or is watched."""
    rows = store.rows("SELECT account_id FROM posts UNION SELECT account_id FROM accounts")
    return [row["account_id"] for row in rows]


def holds_posts(store: Store) -> bool:
    """Tell whether any post is stored."""
    return bool(store.rows("SELECT 1 FROM posts LIMIT 1"))


def posted_last(store: Store, column: Literal["account_id", "text"], limit: int) -> list[tuple[str, dt.date]]:
    """Return the accounts or captions of the newest stored posts, each with the day of its newest one."""
    found = store.rows(
        f"SELECT {column} AS subject, max(posted_at) AS newest FROM posts WHERE posted_at > 0 AND {column} <> '' "
        f"GROUP BY {column} ORDER BY newest DESC, {column} LIMIT ?",
        (limit,),
    )
    return [(row["subject"], day_of(row["newest"])) for row in found]


def _newest(store: Store, where: str, values: Sequence[Any]) -> pd.DataFrame:
    newest = "(SELECT MAX(fetched_at) FROM post_counts WHERE content_id = v.content_id)"
    joined = f"post_counts c ON c.content_id = v.content_id AND c.fetched_at = {newest}"
    return _table(store, "v", "c", f"posts v LEFT JOIN {joined} WHERE {where}", values)


def _table(store: Store, told: str, counted: str, source: str, values: Sequence[Any]) -> pd.DataFrame:
    """Return posts of `source` as a table: who said what by the table `told`, counts by `counted`, the rest by the post ``v``."""
    counts = ", ".join(f"{counted}.{name}" for name in COUNTS)
    query = (
        f"SELECT {told}.content_id, {told}.account_id, {told}.text, {counts}, v.posted_at, v.region_code, "
        f"v.effect_ids, v.music_id, v.hashtags, v.voice_to_text FROM {source}"
    )
    cursor = store.connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    frame = pd.DataFrame([tuple(row) for row in cursor], columns=names, dtype=object)
    for name in _JSON:
        lists = json.loads(f"[{','.join(frame[name].fillna('null'))}]")
        frame[name] = pd.Series(lists, index=frame.index, dtype=object)
    kinds = {"favorites": "Int64", "region_code": "str", "music_id": "str", "voice_to_text": "str"}
    return as_posts(frame, "tiktok").astype(kinds)


def _value(row: Mapping[Any, Any], name: str) -> Any:
    value = row.get(name)
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        return value.replace("\x00", "")
    return int(value) if name in _NUMBERS else value


def _row(row: Mapping[Any, Any], fetched_at: int) -> tuple[Any, ...]:
    known = {name: _value(row, name) for name in _COLUMNS}
    for name in _JSON:
        if known[name] is not None:
            known[name] = json.dumps(known[name], ensure_ascii=False)
    beside = sorted(set(row) - {*_COLUMNS, *COUNTS, *_DERIVED})
    rest = {str(name): value for name in beside if (value := _value(row, name)) is not None}
    extra = json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else None
    return (*known.values(), extra, fetched_at)
