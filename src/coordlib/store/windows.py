"""Units of collection work: one query over one period, with the place where it stopped.

A window is brought forward in the transaction of the page that moved it and the page's ledger row: a killed process leaves
every window exactly at its last stored page.

States: ``pending`` → ``running`` (cursor, search_id) → ``done`` | ``failed`` (reason, log_id) | ``quota``
(stopped by the day's budget, goes on next time) | ``split`` (replaced by smaller windows) | ``carried``
(left to the next run's plan).
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coordlib.store.database import Store, insert, replaced
from coordlib.store.stored_posts import COUNTS, upsert_posts

#: States in which something is left to do.
OPEN = ("running", "quota", "pending")
OPEN_SQL = str(OPEN)
#: A list as JSON, as the right side of ``IN``.
_IN = "(SELECT value FROM json_each({}))"
#: Of a window ``w`` that failed: whether its query was repeated later and then answered for all its days.
ANSWERED_LATER = (
    "EXISTS (SELECT 1 FROM windows d WHERE d.query_hash = w.query_hash AND d.state = 'done' "
    "AND d.start_date <= w.start_date AND d.end_date >= w.end_date AND d.window_id > w.window_id)"
)


@dataclass(frozen=True, slots=True)
class NewWindow:
    """A window to be written: the query as JSON, its fingerprint, its period, what it covers."""

    query: Mapping[str, Any]
    query_hash: str
    start: dt.date
    end: dt.date
    fields: tuple[str, ...] = ()
    max_pages: int | None = None
    subjects: tuple[tuple[str, str], ...] = ()
    root_id: int | None = None
    state: str = "pending"
    reason: str | None = None
    log_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(NewWindow):
    """One unit of work as it stands in the store."""

    window_id: int
    run_id: str
    phase: str
    upper: dt.date
    cursor: int
    search_id: str | None
    pages: int
    empty_pages: int
    restarts: int
    rows: int
    root_id: int

    @classmethod
    def of(cls, row: sqlite3.Row) -> Window:
        """Read a row of the table."""
        found: dict[str, Any] = {k: v for k, v in dict(row).items() if k in cls.__dataclass_fields__}
        found |= {name: json.loads(row[name] or "{}") for name in _AS_JSON}
        found |= {name: dt.date.fromisoformat(row[f"{name}_date"]) for name in ("start", "end", "upper")}
        found |= {"root_id": row["root_id"] or row["window_id"], "fields": tuple(found["fields"])}
        return cls(**found | {"subjects": tuple((kind, name) for kind, name in found["subjects"])})


#: Columns of a window that hold JSON, and those that are written as they are.
_AS_JSON = ("query", "fields", "subjects")
_AS_IT_IS = ("query_hash", "state", "max_pages", "root_id", "reason", "log_id")


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def add(store: Store, run_id: str, phase: str, new: Iterable[NewWindow], now: int) -> None:
    """Write windows; one that is there already (same run, phase, query, period) is left as it is."""
    known = {"run_id": run_id, "phase": phase, "created_at": now, "updated_at": now}
    with store.transaction():
        for item in new:
            days = {"start_date": item.start, "end_date": item.end, "upper_date": item.end}
            values = known | {name: day.isoformat() for name, day in days.items()}
            values |= {name: getattr(item, name) for name in _AS_IT_IS}
            values |= {name: _to_json(getattr(item, name)) for name in _AS_JSON}
            store.write(insert("windows", tuple(values), "DO NOTHING"), tuple(values.values()))


def get(store: Store, window_id: int) -> Window:
    """Return one window."""
    [row] = store.rows("SELECT * FROM windows WHERE window_id = ?", (window_id,))
    return Window.of(row)


def select(store: Store, *, states: Sequence[str] = (), **wanted: str | int) -> list[Window]:
    """Return windows in the order they were planned: of a ``run_id``, a ``phase``, some ``states``, a ``root_id``."""
    where = {
        "run_id": "run_id = :run_id",
        "phase": "phase = :phase",
        "states": f"state IN {_IN.format(':states')}",
        "root_id": "(root_id = :root_id OR window_id = :root_id)",
    }
    values = wanted | ({"states": json.dumps(states)} if states else {})
    conditions = " AND ".join(where[name] for name in values) or "1"
    sql = f"SELECT * FROM windows WHERE {conditions} ORDER BY window_id"
    return list(map(Window.of, store.rows(sql, values)))


def next_open(store: Store, run_id: str, phase: str) -> Window | None:
    """Return the window to work on: one that was begun, else the youngest cut, else the next planned one."""
    row = store.row(
        f"SELECT * FROM windows WHERE run_id = ? AND phase = ? AND state IN {OPEN_SQL} "
        "ORDER BY state = 'pending', coalesce(root_id, window_id), window_id LIMIT 1",
        (run_id, phase),
    )
    return None if row is None else Window.of(row)


def update(store: Store, window_id: int, now: int, **changes: Any) -> None:
    """Change columns of a window, in the transaction that is open or in one of its own."""
    if "fields" in changes:
        changes["fields"] = _to_json(changes["fields"])
    changes["updated_at"] = now
    columns = ", ".join(f"{name} = ?" for name in changes)
    store.write(f"UPDATE windows SET {columns} WHERE window_id = ?", (*changes.values(), window_id))


def pause(store: Store, run_id: str, phase: str, now: int) -> None:
    """Leave the windows a phase has begun for the day with another quota."""
    begun = "run_id = ? AND phase = ? AND state = 'running'"
    paused = f"UPDATE windows SET state = 'quota', reason = 'quota', updated_at = ? WHERE {begun}"
    store.write(paused, (now, run_id, phase))


def oldest_post(store: Store, window_id: int) -> int | None:
    """Return the smallest id among the posts a window brought."""
    sql = "SELECT min(CAST(content_id AS INTEGER)) FROM window_posts WHERE window_id = ?"
    oldest: int | None = store.value(sql, (window_id,))
    return oldest


def count_posts(store: Store, run_id: str, phase: str) -> int:
    """Count the distinct posts the windows of a run's phase brought."""
    sql = "SELECT count(DISTINCT content_id) FROM window_posts JOIN windows USING (window_id) WHERE run_id = ? AND phase = ?"
    return int(store.value(sql, (run_id, phase)))


def keep_rows(store: Store, window_id: int, rows: Sequence[Mapping[str, Any]], fetched_at: int) -> int:
    """Store a page's videos, their counts and which window brought them; return how many are new to the window."""
    with store.transaction() as connection:
        upsert_posts(store, rows, fetched_at)
        names = ("content_id", *COUNTS)
        again = f"(content_id, fetched_at) {replaced(COUNTS)}"
        counts = ((fetched_at, *(row.get(name) for name in names)) for row in rows)
        store.write_many(insert("post_counts", ("fetched_at", *names), again), counts)
        before = connection.total_changes
        brought = insert("window_posts", ("window_id", "content_id"), "DO NOTHING")
        store.write_many(brought, ((window_id, row["content_id"]) for row in rows))
        return connection.total_changes - before


def phases(store: Store, run_id: str) -> dict[str, dict[str, Any]]:
    """Return what was noted of each phase of a run when it was planned, and later."""
    rows = store.rows("SELECT phase, facts FROM phases WHERE run_id = ? ORDER BY phase", (run_id,))
    return {row["phase"]: json.loads(row["facts"]) for row in rows}


def planned(store: Store, run_id: str, phase: str) -> dict[str, Any] | None:
    """Return what was noted when a phase of a run was planned; none when it was not."""
    return phases(store, run_id).get(phase)


def plan(
    store: Store, run_id: str, phase: str, new: Iterable[NewWindow], facts: Mapping[str, Any], now: int
) -> None:
    """Write a phase's windows and the note that it was planned, together."""
    names = ("run_id", "phase", "planned_at", "facts")
    with store.transaction():
        store.write(insert("phases", names, "DO NOTHING"), (run_id, phase, now, _to_json(dict(facts))))
        add(store, run_id, phase, new, now)


def note(store: Store, run_id: str, phase: str, **facts: Any) -> None:
    """Add to what was noted when a phase of a run was planned."""
    sql = "UPDATE phases SET facts = json_patch(facts, ?) WHERE run_id = ? AND phase = ?"
    store.write(sql, (_to_json(facts), run_id, phase))


def reopen(store: Store, run_id: str, phase: str, now: int) -> None:
    """Leave what failed of a phase to be asked for again from its beginning, and forget what a probe said."""
    anew = "state = 'pending', reason = NULL, search_id = NULL, cursor = 0, pages = 0, empty_pages = 0, restarts = 0"
    failed = "run_id = ? AND phase = ? AND state = 'failed'"
    with store.transaction():
        if store.write(f"UPDATE windows SET {anew}, updated_at = ? WHERE {failed}", (now, run_id, phase)):
            note(store, run_id, phase, probe=None)


def broken_days(store: Store, since: int, kinds: Sequence[str]) -> dict[dt.date, str | None]:
    """Return days that failed alone for at least two queries since a time, with a log_id of each."""
    rows = store.rows(
        "SELECT start_date, count(DISTINCT query_hash) AS n, max(log_id) AS log_id FROM windows WHERE state = 'failed' AND "
        f"start_date = end_date AND updated_at >= ? AND reason IN {_IN.format('?')} GROUP BY start_date HAVING n >= 2 "
        "ORDER BY start_date",
        (since, json.dumps(kinds)),
    )
    return {dt.date.fromisoformat(row["start_date"]): row["log_id"] for row in rows}


def carry_over(store: Store, run_id: str, now: int) -> int:
    """Leave what earlier runs never began to the next plan, but not planned windows of which some part was begun (see :func:`begun`)."""
    return store.write(
        "UPDATE windows SET state = 'carried', updated_at = ? WHERE run_id <> ? AND state IN ('pending', 'quota') "
        "AND coalesce(root_id, window_id) NOT IN (SELECT coalesce(root_id, window_id) FROM windows "
        "WHERE run_id <> ? AND (pages > 0 OR state = 'split'))",
        (now, run_id, run_id),
    )


def to_retry(
    store: Store, kinds: Sequence[str], *, since: dt.date, failed_before: int, tries: int, limit: int
) -> list[NewWindow]:
    """Return failed windows that deserve another try, newest days first: those that failed for a reason that may pass, for days
    from ``since`` on, fewer than ``tries`` times and last before a time (UTC seconds), and were not answered for since."""
    rows = store.rows(
        "SELECT * FROM windows w "
        f"WHERE state = 'failed' AND reason IN {_IN.format('?')} AND end_date >= ? AND query IS NOT NULL "
        f"AND NOT {ANSWERED_LATER} GROUP BY query_hash, start_date, end_date "
        "HAVING count(*) < ? AND max(updated_at) < ? ORDER BY start_date DESC, min(window_id) LIMIT ?",
        (json.dumps(kinds), since.isoformat(), tries, failed_before, limit),
    )
    return [NewWindow(w.query, w.query_hash, w.start, w.end, w.fields) for w in map(Window.of, rows)]


def begun(store: Store, run_id: str) -> list[tuple[str, str]]:
    """Return (run, phase) of earlier runs with something left open, oldest first."""
    sql = f"SELECT run_id, phase FROM windows WHERE run_id <> ? AND state IN {OPEN_SQL} GROUP BY run_id, phase ORDER BY min(window_id)"
    return [(row["run_id"], row["phase"]) for row in store.rows(sql, (run_id,))]


def run_answers(store: Store, run_id: str, phase: str) -> set[str]:
    """Return the accounts whose posts the windows of a run's phase brought."""
    rows = store.rows(
        "SELECT DISTINCT v.account_id FROM window_posts JOIN windows w USING (window_id) "
        "JOIN posts v USING (content_id) WHERE w.run_id = ? AND w.phase = ?",
        (run_id, phase),
    )
    return {row["account_id"] for row in rows}


def earlier_yield(store: Store, run_id: str, phase: str) -> tuple[int, int]:
    """Return how many queries the phase had in the seven runs before this one, and how many videos they brought."""
    [[queries, videos]] = store.rows(
        "SELECT count(DISTINCT coalesce(root_id, window_id)), coalesce(sum(rows), 0) FROM windows "
        "WHERE phase = ? AND state = 'done' AND run_id IN (SELECT run_id FROM runs WHERE kind = 'monitor' "
        "AND date < (SELECT date FROM runs WHERE run_id = ?) ORDER BY date DESC LIMIT 7)",
        (phase, run_id),
    )
    return int(queries), int(videos)


def known_gaps(store: Store, run_id: str, first_day: str, last_day: str) -> dict[str, int]:
    """Count, per day of a period, the queries of earlier monitoring runs that failed for it and were not answered since."""
    rows = store.rows(
        "SELECT max(w.start_date, ?) AS first, min(w.end_date, ?) AS last, w.query_hash AS query FROM windows w "
        "WHERE w.state = 'failed' AND w.run_id <> ? AND w.end_date >= ? AND w.start_date <= ? AND w.run_id IN "
        "(SELECT run_id FROM runs WHERE kind = 'monitor' AND date < (SELECT date FROM runs WHERE run_id = ?)) "
        f"AND NOT {ANSWERED_LATER}",
        (first_day, last_day, run_id, first_day, last_day, run_id),
    )
    queries: dict[str, set[str]] = {}
    for row in rows:
        day, last = dt.date.fromisoformat(row["first"]), dt.date.fromisoformat(row["last"])
        while day <= last:
            queries.setdefault(day.isoformat(), set()).add(row["query"])
            day += dt.timedelta(days=1)
    return {day: len(found) for day, found in sorted(queries.items())}
