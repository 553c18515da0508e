"""Accounts that asked to be forgotten: out of every table, and kept out when a collection brings them again."""

from __future__ import annotations

import re

from coordlib.store.database import Store, insert
from coordlib.store.refresh import delete, digest, scrub

#: What stands where a name stood.
MASK = "[forgotten]"
_ENDS = ("account_id", "account_id_y")
_MENTION = re.compile(r"@([\w.]+)")


def name_pattern(account: str) -> re.Pattern[str]:
    """Return what finds a name as a word of its own, in any case.

    Examples
    --------
    >>> [found.start() for found in name_pattern("ann").finditer("Ann, @ann. anna ann.lee")]
    [0, 6]
    """
    return re.compile(rf"(?<![\w.]){re.escape(account)}(?!\.?\w)", re.IGNORECASE)


def forget(store: Store, account: str, now: int) -> int:
    """Take an account out of the database: its posts, its place in pool and networks, its name in texts of others.

    Runs that looked at its posts, or at texts that name it, are marked as outdated. Return how many posts were deleted.
    """
    with store.transaction():
        note = insert("forgotten", ("digest", "forgotten_at"), "DO NOTHING")
        store.write(note, (digest(store, account.casefold()), now))
        deleted = _remove(store, account, now)
    scrub(store)
    return deleted


def forget_again(store: Store, now: int) -> int:
    """Take out what a collection brought of forgotten accounts; return how many posts were deleted."""
    kept_out = {row["digest"] for row in store.rows("SELECT digest FROM forgotten")}
    if not kept_out:
        return 0
    names = {
        row["account_id"]
        for row in store.rows("SELECT account_id FROM posts UNION SELECT account_id FROM accounts")
    }
    for row in store.rows("SELECT text FROM posts WHERE text LIKE '%@%'"):
        names |= {found.strip(".") for found in _MENTION.findall(row["text"])}
    found = [name for name in sorted(names) if digest(store, name.casefold()) in kept_out]
    with store.transaction():
        deleted = sum(_remove(store, name, now) for name in found)
    if found:
        scrub(store)
    return deleted


def _remove(store: Store, account: str, now: int) -> int:
    store.connection.execute("PRAGMA secure_delete = ON")
    pattern, like = name_pattern(account), f"%{account}%"
    touched = "SELECT DISTINCT m.run_id FROM metrics m JOIN posts p USING (content_id) WHERE p.text LIKE ?1 OR m.text LIKE ?1 OR m.account_id = ?2 COLLATE NOCASE"
    runs = [row["run_id"] for row in store.rows(touched, (like, account))]
    own = store.rows("SELECT content_id FROM posts WHERE account_id = ? COLLATE NOCASE", (account,))
    deleted = delete(store, [row["content_id"] for row in own], now, reason="account forgotten")
    for table, columns in _texts(store).items():
        for end in set(_ENDS) & set(columns):
            store.write(f"DELETE FROM {table} WHERE {end} = ? COLLATE NOCASE", (account,))
        for column in columns:
            found = store.rows(
                f"SELECT DISTINCT {column} AS value FROM {table} WHERE {column} LIKE ?", (like,)
            )
            changed = [(pattern.sub(MASK, row["value"]), row["value"]) for row in found]
            store.write_many(
                f"UPDATE {table} SET {column} = ? WHERE {column} = ?",
                [pair for pair in changed if pair[0] != pair[1]],
            )
    store.write_many(
        "UPDATE runs SET facts = json_set(facts, '$.outdated', json('true')) WHERE run_id = ?",
        [(run,) for run in runs],
    )
    return deleted


def _texts(store: Store) -> dict[str, list[str]]:
    """Every table with its columns of text."""
    tables = [
        row["name"]
        for row in store.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    return {
        table: [row["name"] for row in store.rows(f"PRAGMA table_info({table})") if row["type"] == "TEXT"]
        for table in tables
    }
