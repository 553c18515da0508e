"""The pool of monitored accounts: who is watched, since when, why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coordlib.store.database import Store, insert

STATUSES = ("active", "paused")
COLUMNS = ("account_id", "status", "added_on", "reason", "source")


def add_to_pool(
    store: Store, account_ids: Sequence[str], *, added_on: str, reason: str, source: str
) -> list[str]:
    """Append accounts in the given order, those already in the pool stay as they are; return the new ones."""
    enter = insert("accounts", ("position", *COLUMNS), "(account_id) DO NOTHING")
    new: list[str] = []
    with store.transaction():
        position = store.value("SELECT coalesce(max(position), -1) + 1 FROM accounts")
        for name in account_ids:
            if store.write(enter, (position + len(new), name, "active", added_on, reason, source)):
                new.append(name)
    return new


def pool(store: Store, *, before: str | None = None) -> pd.DataFrame:
    """Return the pool in order of entry: account_id, status, added_on, reason, source; with ``before``
    (YYYY-MM-DD) as it was when that day's run began: accounts of earlier days, and the seeds and imports of
    the day itself."""
    entered = "added_on < ? OR (added_on = ? AND source IN ('seed', 'import'))" if before else "1"
    values = (before, before) if before else ()
    rows = store.rows(f"SELECT {', '.join(COLUMNS)} FROM accounts WHERE {entered} ORDER BY position", values)
    return pd.DataFrame(map(tuple, rows), columns=list(COLUMNS), dtype="str")


def set_status(store: Store, account_ids: Sequence[str], status: str) -> int:
    """Set the status of accounts and return how many there were."""
    change = "UPDATE accounts SET status = ? WHERE account_id = ?"
    with store.transaction():
        return sum(store.write(change, (status, name)) for name in account_ids)


def replace_pool(
    store: Store, account_ids: Sequence[str], *, added_on: str, reason: str, source: str
) -> None:
    """Set the pool to exactly this list, in this order (an archive's own list after a gap of days)."""
    fresh = ("active", added_on, reason, source)
    with store.transaction():
        kept = {name: rest for name, *rest in store.rows(f"SELECT {', '.join(COLUMNS)} FROM accounts")}
        store.write("DELETE FROM accounts")
        names = enumerate(dict.fromkeys(account_ids))
        entries = [(position, name, *kept.get(name, fresh)) for position, name in names]
        store.write_many(insert("accounts", ("position", *COLUMNS)), entries)
