"""The ledger of requests, and how many a day has used.

The service shows no counter of its quota, and every attempt costs, failed ones too. So each attempt is
counted before it is sent and written down after it was answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, field, fields, replace

from coordlib.store.database import Store, insert

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


def record(store: Store, entry: Entry) -> None:
    """Write one attempt into the ledger, in the transaction that is open or in one of its own."""
    if entry.message is not None:
        entry = replace(entry, message=entry.message[:MESSAGE_LENGTH])
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
    """The ledger of a run, or of all, summed up.

    ``by_kind`` and ``by_purpose`` count attempts; ``errors`` keeps some examples of each kind that is not ``ok``:
    ``http_status, code, message, log_id``.
    """

    requests: int
    by_kind: dict[str, int]
    by_purpose: dict[str, int]
    errors: dict[str, list[dict[str, str | int | None]]] = field(repr=False)


def summary(store: Store, run_id: str | None = None, *, samples: int = 3) -> Spent:
    """Sum up the ledger of a run (none: all), with so many examples of each kind of error."""
    where, values = ("run_id = ?", (run_id,)) if run_id is not None else ("1", ())
    by_kind, by_purpose = (
        {
            row[0]: int(row[1])
            for row in store.rows(
                f"SELECT {column}, count(*) FROM requests WHERE {where} GROUP BY {column} ORDER BY {column}",
                values,
            )
        }
        for column in ("kind", "purpose")
    )
    told = ("http_status", "code", "message", "log_id")
    errors: dict[str, list[dict[str, str | int | None]]] = {}
    for row in store.rows(
        f"SELECT kind, {', '.join(told)} FROM requests WHERE kind <> 'ok' AND {where} ORDER BY request_id",
        values,
    ):
        found = errors.setdefault(row["kind"], [])
        if len(found) < samples:
            found.append({name: row[name] for name in told})
    return Spent(sum(by_kind.values()), by_kind, by_purpose, errors)


def counted_requests(store: Store, run_id: str) -> dict[str, int]:
    """Return a run's requests by outcome, those for access tokens left out: they cost no quota."""
    rows = store.rows(
        "SELECT kind, count(*) AS n FROM requests WHERE run_id = ? AND endpoint <> 'token' GROUP BY kind ORDER BY kind",
        (run_id,),
    )
    return {row["kind"]: int(row["n"]) for row in rows}


def setting(store: Store, name: str, default: Callable[[], str]) -> str:
    """Return a value kept with the workspace, making it on first use."""
    with store.transaction():
        row = store.row("SELECT value FROM settings WHERE name = ?", (name,))
        if row is not None:
            return str(row["value"])
        value = default()
        store.write(insert("settings", ("name", "value")), (name, value))
    return value
