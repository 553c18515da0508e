"""Deleting what the service no longer returns, everywhere, and remembering only that it was deleted."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence

from coordlib.store.database import Store, insert, replaced
from coordlib.store.ledger import setting
from coordlib.store.windows import OPEN_SQL

_SALT = "tombstone-salt"


def due(store: Store, before: int) -> list[str]:
    """Return the ids of videos neither fetched nor confirmed since a time (UTC seconds), oldest first."""
    rows = store.rows(
        "SELECT content_id, max(v.fetched_at, coalesce(c.checked_at, 0)) AS seen FROM posts v "
        "LEFT JOIN checks c USING (content_id) WHERE seen < ? ORDER BY seen, content_id",
        (before,),
    )
    return [row["content_id"] for row in rows]


def confirm(store: Store, content_ids: Iterable[str], now: int) -> None:
    """Note that videos are still returned."""
    note = insert("checks", ("content_id", "checked_at"), f"(content_id) {replaced(['checked_at'])}")
    store.write_many(note, ((content_id, now) for content_id in content_ids))


def digest(store: Store, content_id: str) -> str:
    """Return the tombstone of a video id: SHA-256 with a salt that never leaves the workspace."""
    salt = setting(store, _SALT, lambda: secrets.token_hex(16))
    return hashlib.sha256(f"{salt}:{content_id}".encode()).hexdigest()


def is_deleted(store: Store, content_id: str) -> bool:
    """Whether a video was deleted from this workspace."""
    return store.row("SELECT 1 FROM tombstones WHERE digest = ?", (digest(store, content_id),)) is not None


def delete(store: Store, content_ids: Sequence[str], now: int, *, reason: str = "no longer returned") -> int:
    """Delete videos with everything that hangs on them; leave a tombstone without content.

    Counts, the rows of runs, and which window brought them go with the videos. Runs that looked at them are
    marked: what they detected rests on posts that are gone (see :func:`outdated_runs`). Queries that quote a
    caption nobody stored any longer has are blanked. The ledger keeps the service's own messages, which quote
    no video. Freed pages are overwritten; :func:`scrub` does the rest.

    Returns
    -------
    int
        How many videos were deleted.
    """
    deleted = 0
    store.connection.execute("PRAGMA secure_delete = ON")
    bury = insert("tombstones", ("digest", "deleted_at", "reason"), "DO NOTHING")
    captions: set[str] = set()
    runs: Counter[str] = Counter()
    with store.transaction():
        for content_id in content_ids:
            row = store.row("SELECT text FROM posts WHERE content_id = ?", (content_id,))
            if row is None:
                continue
            captions.add(row["text"] or "")
            found = store.rows("SELECT DISTINCT run_id FROM metrics WHERE content_id = ?", (content_id,))
            runs.update(item["run_id"] for item in found)
            store.write(bury, (digest(store, content_id), now, reason))
            deleted += store.write("DELETE FROM posts WHERE content_id = ?", (content_id,))
        still = "SELECT 1 FROM posts WHERE text = ? LIMIT 1"
        _blank_queries(store, [text for text in captions if text and store.row(still, (text,)) is None])
        store.write_many(
            "UPDATE runs SET facts = json_set(facts, '$.n_removed', coalesce(json_extract(facts, '$.n_removed'), 0) + ?, "
            "'$.outdated', json('true')) WHERE run_id = ?",
            [(number, run_id) for run_id, number in sorted(runs.items())],
        )
    return deleted


def scrub(store: Store) -> None:
    """Write the database file anew: where rows were moved before they were deleted, old pages keep copies of them."""
    store.connection.execute("VACUUM")


def outdated_runs(store: Store) -> list[str]:
    """Return the runs whose detection rests on posts that were deleted since, oldest first."""
    rows = store.rows(
        "SELECT run_id FROM runs WHERE json_extract(facts, '$.outdated') ORDER BY date, started_at, run_id"
    )
    return [row["run_id"] for row in rows]


def _blank_queries(store: Store, captions: Sequence[str]) -> None:
    """Remove the text of finished caption queries that quote captions which are gone."""
    lowered = [caption.casefold() for caption in captions]
    finished = (
        "SELECT window_id, query FROM windows WHERE query LIKE '%\"keyword\"%' AND state NOT IN " + OPEN_SQL
    )
    for row in store.rows(finished) if captions else ():
        conditions = [item for items in json.loads(row["query"]).values() for item in items]
        keywords = [
            value.casefold()
            for item in conditions
            if item["field_name"] == "keyword"
            for value in item["field_values"]
        ]
        if any(keyword in caption for keyword in keywords for caption in lowered):
            store.write("UPDATE windows SET query = NULL WHERE window_id = ?", (row["window_id"],))
