"""The pool of monitored accounts: who is watched, since when, why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coordlib.errors import ParameterError
from coordlib.store.database import Store

STATUSES = ("active", "paused", "gone")


def add_to_pool(
    store: Store, account_ids: Sequence[str], *, added_on: str, reason: str, source: str
) -> list[str]:
    """Append accounts in the given order; those already in the pool stay as they are.

    Returns
    -------
    list of str
        The accounts that were new.
    """
    with store.transaction() as connection:
        position = connection.execute("SELECT COALESCE(MAX(position), -1) FROM accounts").fetchone()[0]
        new = []
        for name in account_ids:
            done = connection.execute(
                "INSERT INTO accounts (account_id, position, added_on, reason, source) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (account_id) DO NOTHING",
                (name, position + 1, added_on, reason, source),
            )
            if done.rowcount:
                position += 1
                new.append(name)
    return new


def pool(store: Store, *, before: str | None = None) -> pd.DataFrame:
    """Return the pool in order of entry: account_id, status, added_on, reason, source.

    With ``before`` (YYYY-MM-DD) only accounts that were in the pool when that day's run began: those of
    earlier days, and the seeds and imports of the day itself.
    """
    where = ""
    values: tuple[str, ...] = ()
    if before:
        where = "WHERE added_on < ? OR (added_on = ? AND source IN ('seed', 'import'))"
        values = (before, before)
    rows = store.connection.execute(
        f"SELECT account_id, status, added_on, reason, source FROM accounts {where} ORDER BY position", values
    ).fetchall()
    columns = ["account_id", "status", "added_on", "reason", "source"]
    return pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype="str")


def set_status(store: Store, account_ids: Sequence[str], status: str) -> int:
    """Set the status of accounts and return how many there were."""
    if status not in STATUSES:
        raise ParameterError(f"status = {status!r}: expected one of {', '.join(STATUSES)}")
    with store.transaction() as connection:
        done = [
            connection.execute("UPDATE accounts SET status = ? WHERE account_id = ?", (status, name)).rowcount
            for name in account_ids
        ]
    return sum(done)


def replace_pool(
    store: Store, account_ids: Sequence[str], *, added_on: str, reason: str, source: str
) -> None:
    """Set the pool to exactly this list, in this order (an archive's own list after a gap of days)."""
    with store.transaction() as connection:
        kept = {
            row["account_id"]: tuple(row)
            for row in connection.execute("SELECT account_id, status, added_on, reason, source FROM accounts")
        }
        connection.execute("DELETE FROM accounts")
        fresh = ("active", added_on, reason, source)
        connection.executemany(
            "INSERT INTO accounts (position, account_id, status, added_on, reason, source) VALUES (?, ?, ?, ?, ?, ?)",
            (
                (position, name, *(kept[name][1:] if name in kept else fresh))
                for position, name in enumerate(dict.fromkeys(account_ids))
            ),
        )
