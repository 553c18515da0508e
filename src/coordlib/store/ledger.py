"""The ledger of requests, and how many a day has used: the service shows no counter of its quota, and every attempt costs.

So each attempt is counted before it is sent and written down after it was answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, field, fields, replace

from coordlib.store.database import Store, Values, insert


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


def record(store: Store, entry: Entry) -> None:
    """Write one attempt into the ledger, 500 characters of the service's message at most."""
    if entry.message is not None:
        entry = replace(entry, message=entry.message[:500])
    store.write(insert("requests", [item.name for item in fields(Entry)]), astuple(entry))


def used(store: Store, day: str, pool: str) -> tuple[int, bool]:
    """Return how many requests a UTC day has used of a pool, and whether the service called it exhausted."""
    row = store.row("SELECT used, exhausted FROM budget WHERE day = ? AND pool = ?", (day, pool))
    return (0, False) if row is None else (int(row["used"]), bool(row["exhausted"]))


def spend(store: Store, day: str, pool: str, limit: int) -> bool:
    """Count one request before it is sent; False when the day has none left (nothing is counted then)."""
    with store.transaction():
        spent, exhausted = used(store, day, pool)
        if exhausted or spent >= limit:
            return False
        counted = insert("budget", ("day", "pool", "used"), "(day, pool) DO UPDATE SET used = used + 1")
        store.write(counted, (day, pool, 1))
    return True


def mark_exhausted(store: Store, day: str, pool: str) -> None:
    """Remember that the service itself called the day's quota spent."""
    noted = insert("budget", ("day", "pool", "exhausted"), "(day, pool) DO UPDATE SET exhausted = 1")
    store.write(noted, (day, pool, 1))


@dataclass(frozen=True, slots=True)
class Spent:
    """The ledger of a run, or of all, summed up: attempts by kind and purpose, some examples of each kind that is not ``ok``."""

    requests: int
    by_kind: dict[str, int]
    by_purpose: dict[str, int]
    errors: dict[str, list[dict[str, str | int | None]]] = field(repr=False)


def summary(store: Store, run_id: str | None = None, *, samples: int = 3) -> Spent:
    """Sum up the ledger of a run (none: all), with so many examples of each kind of error."""
    where, values = ("run_id = ?", (run_id,)) if run_id is not None else ("1", ())
    by_kind, by_purpose = (_counted(store, column, where, values) for column in ("kind", "purpose"))
    told = "http_status, code, message, log_id"
    errors: dict[str, list[dict[str, str | int | None]]] = {}
    sql = f"SELECT kind, {told} FROM requests WHERE kind <> 'ok' AND {where} ORDER BY request_id"
    for row in store.rows(sql, values):
        found = errors.setdefault(row["kind"], [])
        if len(found) < samples:
            found.append({name: row[name] for name in told.split(", ")})
    return Spent(sum(by_kind.values()), by_kind, by_purpose, errors)


def counted_requests(store: Store, run_id: str) -> dict[str, int]:
    """Return a run's requests by outcome, those for access tokens left out: they cost no quota."""
    return _counted(store, "kind", "run_id = ? AND endpoint <> 'token'", (run_id,))


def _counted(store: Store, column: str, where: str, values: Values) -> dict[str, int]:
    sql = f"SELECT {column}, count(*) FROM requests WHERE {where} GROUP BY {column} ORDER BY {column}"
    return {row[0]: int(row[1]) for row in store.rows(sql, values)}


def setting(store: Store, name: str, default: Callable[[], str]) -> str:
    """Return a value kept with the workspace, making it on first use."""
    with store.transaction():
        known = store.value("SELECT value FROM settings WHERE name = ?", (name,))
        value = default() if known is None else str(known)
        if known is None:
            store.write(insert("settings", ("name", "value")), (name, value))
    return value
