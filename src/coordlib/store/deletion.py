"""Deleting: what the service no longer returns, and accounts that asked to be forgotten; only that it was deleted is remembered."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence

from coordlib.store.database import Store, insert, replaced
from coordlib.store.stored_posts import account_names
from coordlib.store.windows import OPEN_SQL


def due(store: Store, before: int) -> list[str]:
    """Return the ids of videos neither fetched nor confirmed since a time (UTC seconds), oldest first."""
    sql = "SELECT content_id, max(v.fetched_at, coalesce(c.checked_at, 0)) AS seen FROM posts v LEFT JOIN checks c USING (content_id) WHERE seen < ? ORDER BY seen, content_id"
    return [row["content_id"] for row in store.rows(sql, (before,))]


def confirm(store: Store, content_ids: Iterable[str], now: int) -> None:
    """Note that videos are still returned."""
    note = insert("checks", ("content_id", "checked_at"), f"(content_id) {replaced(['checked_at'])}")
    store.write_many(note, ((content_id, now) for content_id in content_ids))


def digest(store: Store, content_id: str) -> str:
    """Return the tombstone of a video id: SHA-256 with a salt that never leaves the workspace."""
    name = "tombstone-salt"
    with store.transaction():
        salt = store.value("SELECT value FROM settings WHERE name = ?", (name,))
        if salt is None:
            salt = secrets.token_hex(16)
            store.write(insert("settings", ("name", "value")), (name, salt))
    return hashlib.sha256(f"{salt}:{content_id}".encode()).hexdigest()


def is_deleted(store: Store, content_id: str) -> bool:
    """Whether a video was deleted from this workspace."""
    return store.row("SELECT 1 FROM tombstones WHERE digest = ?", (digest(store, content_id),)) is not None


def delete(store: Store, content_ids: Sequence[str], now: int, *, reason: str = "no longer returned") -> int:
    """Delete videos with everything that hangs on them, leave a tombstone without content, and return how
    many there were; runs that looked at them are marked (see :func:`outdated_runs`), queries that quote a
    caption nobody has any longer are blanked. Freed pages are overwritten; :func:`scrub` does the rest."""
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
    sql = "SELECT run_id FROM runs WHERE json_extract(facts, '$.outdated') ORDER BY date, started_at, run_id"
    return [row["run_id"] for row in store.rows(sql)]


def _blank_queries(store: Store, captions: Sequence[str]) -> None:
    """Remove the text of finished caption queries that quote captions which are gone."""
    lowered = [caption.casefold() for caption in captions]
    finished = (
        f"SELECT window_id, query FROM windows WHERE query LIKE '%\"keyword\"%' AND state NOT IN {OPEN_SQL}"
    )
    for row in store.rows(finished) if captions else ():
        conditions = [item for items in json.loads(row["query"]).values() for item in items]
        quoted = [item["field_values"] for item in conditions if item["field_name"] == "keyword"]
        if any(word.casefold() in caption for words in quoted for word in words for caption in lowered):
            store.write("UPDATE windows SET query = NULL WHERE window_id = ?", (row["window_id"],))


#: What stands where a name stood.
MASK = "[forgotten]"
#: Columns that hold words of our own, which may be somebody's name too.
_OURS = {"run_id", "phase", "kind", "status", "state", "outcome", "source", "purpose", "endpoint", "pool"}
#: A text within JSON, or with a colon the name of a field: that, numbers, true and false are ours.
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?')
_MENTION = re.compile(r"@([\w.]+)")


def name_pattern(account: str) -> re.Pattern[str]:
    """Return what finds a name as a word of its own, in any case."""
    return re.compile(rf"(?<![\w.]){re.escape(account)}(?!\.?\w)", re.IGNORECASE)


def is_mentioned(store: Store, account: str) -> bool:
    """Say whether a stored post addresses an account, as @name."""
    posts = store.rows("SELECT text FROM posts WHERE text LIKE ?", (f"%@{account}%",))
    return any(name_pattern(f"@{account}").search(row["text"]) for row in posts)


def forget(store: Store, account: str, now: int) -> int:
    """Take an account out of the database (its posts, its place in pool and networks, its name in texts of others), mark the runs
    that looked at these as outdated, and return how many posts were deleted."""
    with store.transaction():
        note = insert("forgotten", ("digest", "forgotten_at"), "DO NOTHING")
        store.write(note, (digest(store, account.casefold()), now))
        deleted = _remove(store, account, now)
    scrub(store)
    return deleted


def forgotten(store: Store, accounts: Iterable[str]) -> list[str]:
    """Return those of some accounts that were forgotten and have to stay out, sorted."""
    kept_out = {row["digest"] for row in store.rows("SELECT digest FROM forgotten")}
    return [name for name in sorted(accounts) if kept_out and digest(store, name.casefold()) in kept_out]


def forget_again(store: Store, now: int) -> int:
    """Take out what a collection brought of forgotten accounts; return how many posts were deleted."""
    if not store.rows("SELECT 1 FROM forgotten LIMIT 1"):
        return 0
    names = set(account_names(store))
    for row in store.rows("SELECT text FROM posts WHERE text LIKE '%@%'"):
        names |= {found.strip(".") for found in _MENTION.findall(row["text"])}
    found = forgotten(store, names)
    with store.transaction():
        deleted = sum(_remove(store, name, now) for name in found)
    if found:
        scrub(store)
    return deleted


def _remove(store: Store, account: str, now: int) -> int:
    store.connection.execute("PRAGMA secure_delete = ON")
    pattern, like = name_pattern(account), f"%{account}%"
    touched = "SELECT DISTINCT m.run_id FROM metrics m JOIN posts p USING (content_id) WHERE p.text LIKE ?1 OR m.text LIKE ?1 OR m.account_id = ?2 COLLATE NOCASE"
    runs = [tuple(row) for row in store.rows(touched, (like, account))]
    own = store.rows("SELECT content_id FROM posts WHERE account_id = ? COLLATE NOCASE", (account,))
    deleted = delete(store, [row["content_id"] for row in own], now, reason="account forgotten")
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for [table] in store.rows(tables):
        columns = [row["name"] for row in store.rows(f"PRAGMA table_info({table})") if row["type"] == "TEXT"]
        for end in {"account_id", "account_id_y"} & set(columns):
            store.write(f"DELETE FROM {table} WHERE {end} = ? COLLATE NOCASE", (account,))
        for column in set(columns) - _OURS:
            found = store.rows(f"SELECT DISTINCT {column} FROM {table} WHERE {column} LIKE ?", (like,))
            changed = [(new, text) for [text] in found if (new := _masked(text, pattern)) != text]
            store.write_many(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", changed)
    outdated = "UPDATE runs SET facts = json_set(facts, '$.outdated', json('true')) WHERE run_id = ?"
    store.write_many(outdated, runs)
    return deleted


def _masked(text: str, pattern: re.Pattern[str]) -> str:
    """Return a text, or the texts within JSON, without a name."""
    try:
        inside = isinstance(json.loads(text), dict | list)
    except ValueError:
        inside = False
    if not inside:
        return pattern.sub(MASK, text)
    return _JSON_TEXT.sub(lambda found: found[0] if found[1] else pattern.sub(MASK, found[0]), text)
