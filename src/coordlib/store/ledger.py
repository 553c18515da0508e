"""The ledger of requests, and how many a day has used.

The service shows no counter of its quota, and every attempt costs, failed ones too. So each attempt is
counted before it is sent and written down after it was answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coordlib.store.database import Store

#: Characters of a service's message that are kept.
MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt at a request, as it is written into the ledger."""

    sent_at: int
    purpose: str
    endpoint: str
    attempt: int
    kind: str
    ms: int
    http_status: int | None = None
    code: str | None = None
    message: str | None = None
    log_id: str | None = None
    rows: int | None = None
    run_id: str | None = None
    window_id: int | None = None


_NAMES = tuple(Entry.__dataclass_fields__)


def record(store: Store, entry: Entry) -> None:
    """Write one attempt into the ledger, in the transaction that is open or in one of its own."""
    values = [getattr(entry, name) for name in _NAMES]
    if entry.message is not None:
        values[_NAMES.index("message")] = entry.message[:MESSAGE_LENGTH]
    with store.transaction() as connection:
        connection.execute(
            f"INSERT INTO requests ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})", values
        )


def used(store: Store, day: str, pool: str) -> tuple[int, bool]:
    """Return how many requests a UTC day has used of a pool, and whether the service called it exhausted."""
    row = store.connection.execute(
        "SELECT used, exhausted FROM budget WHERE day = ? AND pool = ?", (day, pool)
    ).fetchone()
    return (0, False) if row is None else (int(row["used"]), bool(row["exhausted"]))


def spend(store: Store, day: str, pool: str, limit: int) -> bool:
    """Count one request before it is sent; False when the day has none left (nothing is counted then)."""
    with store.transaction() as connection:
        spent, exhausted = used(store, day, pool)
        if exhausted or spent >= limit:
            return False
        connection.execute(
            "INSERT INTO budget (day, pool, used) VALUES (?, ?, 1) ON CONFLICT (day, pool) DO UPDATE SET used = used + 1",
            (day, pool),
        )
    return True


def mark_exhausted(store: Store, day: str, pool: str) -> None:
    """Remember that the service itself called the day's quota spent."""
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO budget (day, pool, used, exhausted) VALUES (?, ?, 0, 1) "
            "ON CONFLICT (day, pool) DO UPDATE SET exhausted = 1",
            (day, pool),
        )


def summary(store: Store, run_id: str | None = None, *, samples: int = 3) -> dict[str, Any]:
    """Sum up the ledger, of one run or of all: what a report's collection-health box needs.

    Parameters
    ----------
    store
        An open store.
    run_id
        The run; none for all.
    samples
        Examples kept of each kind of error.

    Returns
    -------
    dict
        ``requests`` (attempts), ``rows``, ``by_kind`` and ``by_purpose`` (kind or purpose → attempts),
        ``failed`` (attempts not answered ``ok``), ``errors`` (kind → list of ``{http_status, code,
        message, log_id}``), ``milliseconds``.
    """
    where, values = ("WHERE run_id = ?", (run_id,)) if run_id is not None else ("", ())
    query: Callable[[str], Any] = lambda sql: store.connection.execute(sql, values).fetchall()  # noqa: E731
    total = query(
        f"SELECT count(*) AS n, coalesce(sum(rows), 0) AS r, coalesce(sum(ms), 0) AS ms FROM requests {where}"
    )[0]
    by_kind = {
        row["kind"]: row["n"]
        for row in query(f"SELECT kind, count(*) AS n FROM requests {where} GROUP BY kind ORDER BY kind")
    }
    by_purpose = {
        row["purpose"]: row["n"]
        for row in query(
            f"SELECT purpose, count(*) AS n FROM requests {where} GROUP BY purpose ORDER BY purpose"
        )
    }
    errors: dict[str, list[dict[str, Any]]] = {}
    for row in query(
        f"SELECT kind, http_status, code, message, log_id FROM requests {where} ORDER BY request_id"
    ):
        found = errors.setdefault(row["kind"], []) if row["kind"] != "ok" else []
        if row["kind"] != "ok" and len(found) < samples:
            found.append({name: row[name] for name in ("http_status", "code", "message", "log_id")})
    return {
        "requests": total["n"],
        "rows": total["r"],
        "milliseconds": total["ms"],
        "failed": total["n"] - by_kind.get("ok", 0),
        "by_kind": by_kind,
        "by_purpose": by_purpose,
        "errors": errors,
    }


def setting(store: Store, name: str, default: Callable[[], str]) -> str:
    """Return a value kept with the workspace, making it on first use."""
    with store.transaction() as connection:
        row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        if row is None:
            value = default()
            connection.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (name, value))
            return value
    return str(row["value"])


def to_json(value: Any) -> str:
    """Write a value as compact JSON with sorted keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
