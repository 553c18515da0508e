"""Deleting what the service no longer returns, everywhere, and remembering only that it was deleted."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence

from coordlib.store.database import Store
from coordlib.store.ledger import setting

_SALT = "tombstone-salt"


def due(store: Store, before: int) -> list[str]:
    """Return the ids of videos neither fetched nor confirmed since a time (UTC seconds), oldest first."""
    rows = store.connection.execute(
        "SELECT v.content_id FROM posts v LEFT JOIN checks c USING (content_id) "
        "WHERE max(v.fetched_at, coalesce(c.checked_at, 0)) < ? ORDER BY max(v.fetched_at, coalesce(c.checked_at, 0)), v.content_id",
        (before,),
    )
    return [row["content_id"] for row in rows]


def confirm(store: Store, content_ids: Iterable[str], now: int) -> None:
    """Note that videos are still returned."""
    with store.transaction() as connection:
        connection.executemany(
            "INSERT INTO checks (content_id, checked_at) VALUES (?, ?) "
            "ON CONFLICT (content_id) DO UPDATE SET checked_at = excluded.checked_at",
            ((content_id, now) for content_id in content_ids),
        )


def digest(store: Store, content_id: str) -> str:
    """Return the tombstone of a video id: SHA-256 with a salt that never leaves the workspace."""
    salt = setting(store, _SALT, lambda: secrets.token_hex(16))
    return hashlib.sha256(f"{salt}:{content_id}".encode()).hexdigest()


def is_deleted(store: Store, content_id: str) -> bool:
    """Whether a video was deleted from this workspace."""
    row = store.connection.execute(
        "SELECT 1 FROM tombstones WHERE digest = ?", (digest(store, content_id),)
    ).fetchone()
    return row is not None


def delete(store: Store, content_ids: Sequence[str], now: int, *, reason: str = "no longer returned") -> int:
    """Delete videos with everything that hangs on them; leave a tombstone without content.

    Counts, the rows of runs, and which window brought them go with the videos. Runs that looked at them are
    marked: what they detected rests on posts that are gone (see :func:`outdated_runs`). Queries that quote a
    caption nobody stored any longer has are blanked. The ledger keeps the service's own messages, which quote
    no video. Freed pages are overwritten.

    Returns
    -------
    int
        How many videos were deleted.
    """
    deleted = 0
    store.connection.execute("PRAGMA secure_delete = ON")
    with store.transaction() as connection:
        captions: set[str] = set()
        runs: Counter[str] = Counter()
        for content_id in content_ids:
            row = connection.execute("SELECT text FROM posts WHERE content_id = ?", (content_id,)).fetchone()
            if row is None:
                continue
            if row["text"]:
                captions.add(row["text"])
            found = connection.execute(
                "SELECT DISTINCT run_id FROM metrics WHERE content_id = ?", (content_id,)
            )
            runs.update(item["run_id"] for item in found)
            connection.execute(
                "INSERT INTO tombstones (digest, deleted_at, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (digest(store, content_id), now, reason),
            )
            connection.execute("DELETE FROM posts WHERE content_id = ?", (content_id,))
            deleted += 1
        gone = {
            caption
            for caption in captions
            if connection.execute("SELECT 1 FROM posts WHERE text = ? LIMIT 1", (caption,)).fetchone() is None
        }
        _blank_queries(store, gone)
        connection.executemany(
            "UPDATE runs SET facts = json_set(facts, '$.n_removed', coalesce(json_extract(facts, '$.n_removed'), 0) + ?, "
            "'$.outdated', json('true')) WHERE run_id = ?",
            [(number, run_id) for run_id, number in sorted(runs.items())],
        )
    return deleted


def outdated_runs(store: Store) -> list[str]:
    """Return the runs whose detection rests on posts that were deleted since, oldest first."""
    rows = store.connection.execute(
        "SELECT run_id FROM runs WHERE json_extract(facts, '$.outdated') ORDER BY date, started_at, run_id"
    )
    return [row["run_id"] for row in rows]


def _blank_queries(store: Store, captions: set[str]) -> None:
    """Remove the text of finished caption queries that quote captions which are gone."""
    if not captions:
        return
    lowered = [caption.casefold() for caption in captions]
    rows = store.connection.execute(
        "SELECT window_id, query FROM windows WHERE query LIKE '%\"keyword\"%' "
        "AND state NOT IN ('pending', 'running', 'quota')"
    ).fetchall()
    for row in rows:
        query = json.loads(row["query"])
        keywords = [
            value.casefold()
            for items in query.values()
            for item in items
            if item["field_name"] == "keyword"
            for value in item["field_values"]
        ]
        if any(keyword in caption for keyword in keywords for caption in lowered):
            store.connection.execute(
                "UPDATE windows SET query = NULL WHERE window_id = ?", (row["window_id"],)
            )
