"""Videos and the rows a day looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from coordlib.store.database import Store

_COLUMNS = (
    "video_id", "username", "create_time", "region_code", "video_description", "music_id", "playlist_id",
    "hashtag_names", "effect_ids", "voice_to_text", "video_duration",
)  # fmt: skip
_JSON = ("hashtag_names", "effect_ids")
_COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")

#: Column order of :func:`run_posts`; the names are those of the vera.ai archive.
POST_COLUMNS = (
    "video_id", "author_name", "view_count", "comment_count", "share_count", "like_count", "region_code",
    "create_time", "effect_ids", "music_id", "video_description", "hashtag_names", "voice_to_text",
)  # fmt: skip


def upsert_videos(store: Store, rows: Iterable[Mapping[str, Any]], fetched_at: int) -> int:
    """Insert or refresh videos; of two versions of one id the later fetch wins.

    Parameters
    ----------
    store
        An open store.
    rows
        Videos with the names of the Research API (``id`` or ``video_id``, ``username``,
        ``create_time`` in UTC seconds, …); ids already text. Fields without a column of their own are
        kept as JSON in ``extra``; counts are kept per run by :func:`record_rows`.
    fetched_at
        When the rows were fetched, UTC seconds.

    Returns
    -------
    int
        How many rows were written.
    """
    values = [_video_row(row, fetched_at) for row in rows]
    names = (*_COLUMNS, "extra", "fetched_at")
    update = ", ".join(f"{name} = excluded.{name}" for name in names if name != "video_id")
    with store.transaction() as connection:
        connection.executemany(
            f"INSERT INTO videos ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
            f"ON CONFLICT (video_id) DO UPDATE SET {update} WHERE excluded.fetched_at >= videos.fetched_at",
            values,
        )
    return len(values)


def record_rows(
    store: Store, run_id: str, rows: Iterable[Mapping[str, Any]], fetched_at: int, *, stored: bool = False
) -> int:
    """Store what a run looked at: its rows in order, repeated ids included.

    The videos themselves are stored as well, unless the rows were read from the store (``stored``).
    Rows recorded earlier for the run are replaced.
    """
    rows = list(rows)
    with store.transaction() as connection:
        if not stored:
            upsert_videos(store, rows, fetched_at)
        connection.execute("DELETE FROM metrics WHERE run_id = ?", (run_id,))
        connection.executemany(
            "INSERT INTO metrics (run_id, position, video_id, username, video_description, "
            f"{', '.join(_COUNTS)}, fetched_at) VALUES (?, ?, ?, ?, ?, {', '.join('?' * len(_COUNTS))}, ?)",
            (
                (
                    run_id, position, str(row.get("video_id") or row["id"]), str(row["username"]),
                    _value(row, "video_description"), *(_value(row, name) for name in _COUNTS), fetched_at,
                )
                for position, row in enumerate(rows)
            ),
        )  # fmt: skip
    return len(rows)


def run_posts(store: Store, run_id: str) -> pd.DataFrame:
    """Return the posts a run looked at, in their order, with the archive's column names.

    ``video_id``, ``author_name`` and ``music_id`` are text, counts ``Int64``, ``create_time`` ``Int64``
    UTC seconds, ``hashtag_names`` and ``effect_ids`` lists or missing.
    """
    rows = store.connection.execute(
        "SELECT m.video_id, m.username AS author_name, m.view_count, m.comment_count, m.share_count, m.like_count, "
        "v.region_code, v.create_time, v.effect_ids, v.music_id, m.video_description, v.hashtag_names, "
        "v.voice_to_text FROM metrics m JOIN videos v USING (video_id) WHERE m.run_id = ? ORDER BY m.position",
        (run_id,),
    ).fetchall()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(POST_COLUMNS), dtype=object)
    for name in ("view_count", "comment_count", "share_count", "like_count", "create_time"):
        frame[name] = frame[name].astype("Int64")
    for name in _JSON:
        frame[name] = [None if value is None else json.loads(value) for value in frame[name]]
    for name in ("video_id", "author_name", "region_code", "music_id", "video_description", "voice_to_text"):
        frame[name] = frame[name].astype("str")
    return frame


def _value(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        return value.replace("\x00", "")
    return int(value) if name in _COUNTS or name in ("create_time", "video_duration") else value


def _video_row(row: Mapping[str, Any], fetched_at: int) -> tuple[Any, ...]:
    fields = {**row, "video_id": str(row.get("video_id") or row["id"])}
    known: list[Any] = []
    for name in _COLUMNS:
        value = _value(fields, name)
        known.append(json.dumps(value, ensure_ascii=False) if name in _JSON and value is not None else value)
    rest = {
        name: value
        for name in sorted(fields)
        if name not in {*_COLUMNS, *_COUNTS, "id"} and (value := _value(fields, name)) is not None
    }
    extra = json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else None
    return (*known, extra, fetched_at)
