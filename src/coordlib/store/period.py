"""The stored posts of a period, each once, with its newest counts."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd

from coordlib.store.database import Store
from coordlib.store.videos import POST_COLUMNS

_COUNTS = ("view_count", "comment_count", "share_count", "like_count", "favorites_count")


def day_start(day: str) -> int:
    """Return the first second of a UTC day.

    Examples
    --------
    >>> day_start("1970-01-02")
    86400
    """
    date = dt.date.fromisoformat(day)
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC).timestamp())


def period_posts(store: Store, first_day: str, last_day: str) -> pd.DataFrame:
    """Return the stored posts created from one UTC day to another, both included.

    Parameters
    ----------
    store
        An open store.
    first_day, last_day
        YYYY-MM-DD, UTC.

    Returns
    -------
    pandas.DataFrame
        The archive's columns (as :func:`coordlib.store.videos.run_posts`) and ``favorites_count``, one row
        per video id, newest first, ids as tie-break; counts are those of the newest fetch.
    """
    newest = ", ".join(f"c.{name}" for name in _COUNTS)
    rows = store.connection.execute(
        f"SELECT v.video_id, v.username, {newest}, v.region_code, v.create_time, v.effect_ids, v.music_id, "
        "v.video_description, v.hashtag_names, v.voice_to_text FROM videos v LEFT JOIN video_counts c "
        "ON c.video_id = v.video_id AND c.fetched_at = "
        "(SELECT MAX(fetched_at) FROM video_counts WHERE video_id = v.video_id) "
        "WHERE v.create_time >= ? AND v.create_time < ? ORDER BY v.create_time DESC, v.video_id",
        (day_start(first_day), day_start(last_day) + 86_400),
    ).fetchall()
    names = [
        "video_id", "author_name", *_COUNTS, "region_code", "create_time", "effect_ids", "music_id",
        "video_description", "hashtag_names", "voice_to_text",
    ]  # fmt: skip
    frame = pd.DataFrame([tuple(row) for row in rows], columns=names, dtype=object)
    for name in (*_COUNTS, "create_time"):
        frame[name] = frame[name].astype("Int64")
    for name in ("hashtag_names", "effect_ids"):
        frame[name] = pd.Series(
            [None if text is None else json.loads(text) for text in frame[name]],
            dtype=object,
            index=frame.index,
        )
    for name in ("video_id", "author_name", "region_code", "music_id", "video_description", "voice_to_text"):
        frame[name] = frame[name].astype("str")
    return frame[[*POST_COLUMNS, "favorites_count"]]


def run_answers(store: Store, run_id: str, phase: str) -> set[str]:
    """Return the accounts whose posts the windows of a run's phase brought."""
    rows = store.connection.execute(
        "SELECT DISTINCT v.username FROM window_videos JOIN windows w USING (window_id) "
        "JOIN videos v USING (video_id) WHERE w.run_id = ? AND w.phase = ?",
        (run_id, phase),
    )
    return {row["username"] for row in rows}


def earlier_yield(store: Store, run_id: str, phase: str, *, runs: int = 7) -> tuple[int, int]:
    """Return how many queries the phase had in the runs before this one, and how many videos they brought."""
    row = store.connection.execute(
        "SELECT count(DISTINCT coalesce(root_id, window_id)) AS n, coalesce(sum(rows), 0) AS r FROM windows "
        "WHERE phase = ? AND state = 'done' AND run_id IN (SELECT run_id FROM runs WHERE kind = 'monitor' "
        "AND date < (SELECT date FROM runs WHERE run_id = ?) ORDER BY date DESC LIMIT ?)",
        (phase, run_id, runs),
    ).fetchone()
    return int(row["n"]), int(row["r"])


def refused_accounts(store: Store) -> dict[str, str]:
    """Return the accounts the service refuses, with what it said of each."""
    rows = store.connection.execute(
        "SELECT subject, problem FROM coverage WHERE kind = 'account' AND problem IS NOT NULL ORDER BY subject"
    )
    return {row["subject"]: row["problem"] for row in rows}


def known_gaps(store: Store, run_id: str, first_day: str, last_day: str) -> dict[str, int]:
    """Count, per day of a period, the queries of earlier monitoring runs that failed for it and still lack it.

    A query that was repeated later and then answered for those days is no gap any longer.
    """
    rows = store.connection.execute(
        "SELECT max(w.start_date, ?) AS first, min(w.end_date, ?) AS last, w.query_hash AS query FROM windows w "
        "WHERE w.state = 'failed' AND w.run_id <> ? AND w.end_date >= ? AND w.start_date <= ? AND w.run_id IN "
        "(SELECT run_id FROM runs WHERE kind = 'monitor' AND date < (SELECT date FROM runs WHERE run_id = ?)) "
        "AND NOT EXISTS (SELECT 1 FROM windows d WHERE d.query_hash = w.query_hash AND d.state = 'done' "
        "AND d.start_date <= w.start_date AND d.end_date >= w.end_date AND d.window_id > w.window_id)",
        (first_day, last_day, run_id, first_day, last_day, run_id),
    )
    queries: dict[str, set[str]] = {}
    for row in rows:
        day, last = dt.date.fromisoformat(row["first"]), dt.date.fromisoformat(row["last"])
        while day <= last:
            queries.setdefault(day.isoformat(), set()).add(row["query"])
            day += dt.timedelta(days=1)
    return {day: len(found) for day, found in sorted(queries.items())}


def counted_requests(store: Store, run_id: str) -> dict[str, int]:
    """Return a run's requests by outcome, those for access tokens left out: they cost no quota."""
    rows = store.connection.execute(
        "SELECT kind, count(*) AS n FROM requests WHERE run_id = ? AND endpoint <> 'token' GROUP BY kind ORDER BY kind",
        (run_id,),
    )
    return {row["kind"]: int(row["n"]) for row in rows}
