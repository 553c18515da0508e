"""Units of collection work: one query over one period, with the place where it stopped.

A window is written when it is planned, and brought forward in the same transaction as the page that
moved it and the page's ledger row. So a killed process leaves every window exactly at its last stored page.

States: ``pending`` → ``running`` (cursor, search_id) → ``done`` | ``failed`` (reason, log_id) | ``quota``
(stopped by the day's budget, goes on next time) | ``split`` (replaced by smaller windows) | ``carried``
(left to the next run's plan).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coordlib.store.database import Store
from coordlib.store.ledger import to_json
from coordlib.store.posts import COUNTS, upsert_posts

#: States in which something is left to do.
OPEN = ("running", "quota", "pending")


@dataclass(frozen=True, slots=True)
class Window:
    """One unit of work as it stands in the store."""

    window_id: int
    run_id: str
    phase: str
    query_hash: str
    query: dict[str, Any]
    fields: tuple[str, ...]
    start: dt.date
    end: dt.date
    upper: dt.date
    state: str
    cursor: int
    search_id: str | None
    pages: int
    empty_pages: int
    restarts: int
    rows: int
    max_pages: int | None
    root_id: int
    subjects: tuple[tuple[str, str], ...]
    reason: str | None
    log_id: str | None


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


def _window(row: Any) -> Window:
    return Window(
        window_id=row["window_id"], run_id=row["run_id"], phase=row["phase"], query_hash=row["query_hash"],
        query=json.loads(row["query"]) if row["query"] else {}, fields=tuple(json.loads(row["fields"])),
        start=dt.date.fromisoformat(row["start_date"]), end=dt.date.fromisoformat(row["end_date"]),
        upper=dt.date.fromisoformat(row["upper_date"]), state=row["state"], cursor=row["cursor"],
        search_id=row["search_id"], pages=row["pages"], empty_pages=row["empty_pages"], restarts=row["restarts"],
        rows=row["rows"], max_pages=row["max_pages"], root_id=row["root_id"] or row["window_id"],
        subjects=tuple((kind, name) for kind, name in json.loads(row["subjects"])), reason=row["reason"],
        log_id=row["log_id"],
    )  # fmt: skip


def add(store: Store, run_id: str, phase: str, new: Iterable[NewWindow], now: int) -> list[int]:
    """Write windows; one that is there already (same run, phase, query, period) is left as it is."""
    ids = []
    with store.transaction() as connection:
        for item in new:
            key = (run_id, phase, item.query_hash, item.start.isoformat(), item.end.isoformat())
            connection.execute(
                "INSERT INTO windows (run_id, phase, query_hash, start_date, end_date, query, fields, state, upper_date, "
                "max_pages, root_id, subjects, reason, log_id, created_at, updated_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    *key, to_json(item.query), to_json(list(item.fields)), item.state, item.end.isoformat(), item.max_pages,
                    item.root_id, to_json([list(subject) for subject in item.subjects]), item.reason, item.log_id, now, now,
                ),
            )  # fmt: skip
            row = connection.execute(
                "SELECT window_id FROM windows WHERE run_id = ? AND phase = ? AND query_hash = ? AND start_date = ? AND end_date = ?",
                key,
            ).fetchone()
            ids.append(int(row["window_id"]))
    return ids


def get(store: Store, window_id: int) -> Window:
    """Return one window."""
    return _window(
        store.connection.execute("SELECT * FROM windows WHERE window_id = ?", (window_id,)).fetchone()
    )


def select(
    store: Store,
    *,
    run_id: str | None = None,
    phase: str | None = None,
    states: Sequence[str] = (),
    root_id: int | None = None,
) -> list[Window]:
    """Return windows in the order they were planned."""
    parts: list[str] = []
    values: list[Any] = []
    for name, value in (("run_id", run_id), ("phase", phase)):
        if value is not None:
            parts.append(f"{name} = ?")
            values.append(value)
    if states:
        parts.append(f"state IN ({', '.join('?' * len(states))})")
        values += states
    if root_id is not None:
        parts.append("(root_id = ? OR window_id = ?)")
        values += [root_id, root_id]
    where = f"WHERE {' AND '.join(parts)}" if parts else ""
    return [
        _window(row)
        for row in store.connection.execute(f"SELECT * FROM windows {where} ORDER BY window_id", values)
    ]


def next_open(store: Store, run_id: str, phase: str) -> Window | None:
    """Return the window to work on: one that was begun, else the youngest cut, else the next planned one."""
    row = store.connection.execute(
        "SELECT * FROM windows WHERE run_id = ? AND phase = ? AND state IN ('running', 'quota', 'pending') "
        "ORDER BY state = 'pending', coalesce(root_id, window_id), window_id LIMIT 1",
        (run_id, phase),
    ).fetchone()
    return None if row is None else _window(row)


def update(store: Store, window_id: int, now: int, **changes: Any) -> None:
    """Change columns of a window, in the transaction that is open or in one of its own."""
    names = [*changes, "updated_at"]
    values = [to_json(list(value)) if name == "fields" else value for name, value in changes.items()]
    with store.transaction() as connection:
        connection.execute(
            f"UPDATE windows SET {', '.join(f'{name} = ?' for name in names)} WHERE window_id = ?",
            (*values, now, window_id),
        )


def pause(store: Store, run_id: str, phase: str, now: int) -> None:
    """Leave the windows a phase has begun for the day with another quota."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE windows SET state = 'quota', reason = 'quota', updated_at = ? "
            "WHERE run_id = ? AND phase = ? AND state = 'running'",
            (now, run_id, phase),
        )


def oldest_post(store: Store, window_id: int) -> int | None:
    """Return the smallest id among the posts a window brought."""
    sql = "SELECT min(CAST(content_id AS INTEGER)) FROM window_posts WHERE window_id = ?"
    found: int | None = store.connection.execute(sql, (window_id,)).fetchone()[0]
    return found


def count_posts(store: Store, run_id: str, phase: str | None = None) -> int:
    """Count the distinct posts the windows of a run (or of one of its phases) brought."""
    sql = (
        "SELECT count(DISTINCT content_id) FROM window_posts JOIN windows USING (window_id) "
        "WHERE run_id = ? AND (? IS NULL OR phase = ?)"
    )
    return int(store.connection.execute(sql, (run_id, phase, phase)).fetchone()[0])


def keep_rows(store: Store, window_id: int, rows: Sequence[Mapping[str, Any]], fetched_at: int) -> int:
    """Store a page's videos, their counts and which window brought them; return how many are new to the window."""
    with store.transaction() as connection:
        upsert_posts(store, rows, fetched_at)
        connection.executemany(
            f"INSERT OR REPLACE INTO post_counts (content_id, fetched_at, {', '.join(COUNTS)}) "
            f"VALUES (?, ?, {', '.join('?' * len(COUNTS))})",
            ((row["content_id"], fetched_at, *(row.get(name) for name in COUNTS)) for row in rows),
        )
        before = connection.total_changes
        connection.executemany(
            "INSERT OR IGNORE INTO window_posts (window_id, content_id) VALUES (?, ?)",
            ((window_id, row["content_id"]) for row in rows),
        )
        return connection.total_changes - before


def planned(store: Store, run_id: str, phase: str) -> dict[str, Any] | None:
    """Return what was noted when a phase of a run was planned; none when it was not."""
    row = store.connection.execute(
        "SELECT facts FROM phases WHERE run_id = ? AND phase = ?", (run_id, phase)
    ).fetchone()
    return None if row is None else dict(json.loads(row["facts"]))


def plan(
    store: Store, run_id: str, phase: str, new: Iterable[NewWindow], facts: Mapping[str, Any], now: int
) -> None:
    """Write a phase's windows and the note that it was planned, together."""
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO phases (run_id, phase, planned_at, facts) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (run_id, phase, now, to_json(dict(facts))),
        )
        add(store, run_id, phase, new, now)


def note(store: Store, run_id: str, phase: str, **facts: Any) -> None:
    """Add to what was noted when a phase of a run was planned."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE phases SET facts = json_patch(facts, ?) WHERE run_id = ? AND phase = ?",
            (to_json(facts), run_id, phase),
        )


def broken_days(
    store: Store, since: int, kinds: Sequence[str], *, queries: int = 2
) -> dict[dt.date, str | None]:
    """Return days that failed alone for at least ``queries`` queries since a time, with a log_id of each."""
    rows = store.connection.execute(
        "SELECT start_date, count(DISTINCT query_hash) AS n, max(log_id) AS log_id FROM windows "
        f"WHERE state = 'failed' AND start_date = end_date AND updated_at >= ? AND reason IN ({', '.join('?' * len(kinds))}) "
        "GROUP BY start_date HAVING n >= ? ORDER BY start_date",
        (since, *kinds, queries),
    )
    return {dt.date.fromisoformat(row["start_date"]): row["log_id"] for row in rows}


def carry_over(store: Store, run_id: str, now: int) -> int:
    """Leave what earlier runs never began to the next plan; return how many windows that were.

    Planned windows of which some part was begun stay as they are: they are worth finishing, and
    :func:`begun` returns them.
    """
    with store.transaction() as connection:
        return connection.execute(
            "UPDATE windows SET state = 'carried', updated_at = ? WHERE run_id <> ? AND state IN ('pending', 'quota') "
            "AND coalesce(root_id, window_id) NOT IN (SELECT coalesce(root_id, window_id) FROM windows "
            "WHERE run_id <> ? AND (pages > 0 OR state = 'split'))",
            (now, run_id, run_id),
        ).rowcount


def to_retry(
    store: Store, kinds: Sequence[str], *, since: dt.date, failed_before: int, tries: int, limit: int
) -> list[NewWindow]:
    """Return failed windows that deserve another try: not too old, not tried lately, not too often, still missing.

    Parameters
    ----------
    store
        An open store.
    kinds
        Reasons of failure that may pass.
    since
        Only periods that end on this day or later.
    failed_before
        Only windows that failed last before this time, UTC seconds.
    tries
        Windows that failed this often are given up.
    limit
        How many to return at most, newest days first.
    """
    rows = store.connection.execute(
        "SELECT query, query_hash, fields, start_date, end_date FROM windows w "
        f"WHERE state = 'failed' AND reason IN ({', '.join('?' * len(kinds))}) AND end_date >= ? AND query IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM windows d WHERE d.query_hash = w.query_hash AND d.state = 'done' "
        "AND d.start_date <= w.start_date AND d.end_date >= w.end_date AND d.window_id > w.window_id) "
        "GROUP BY query_hash, start_date, end_date HAVING count(*) < ? AND max(updated_at) < ? "
        "ORDER BY start_date DESC, min(window_id) LIMIT ?",
        (*kinds, since.isoformat(), tries, failed_before, limit),
    )
    return [
        NewWindow(
            json.loads(row["query"]),
            row["query_hash"],
            dt.date.fromisoformat(row["start_date"]),
            dt.date.fromisoformat(row["end_date"]),
            tuple(json.loads(row["fields"])),
        )
        for row in rows
    ]


def begun(store: Store, run_id: str) -> list[tuple[str, str]]:
    """Return (run, phase) of earlier runs with something left open, oldest first."""
    rows = store.connection.execute(
        "SELECT run_id, phase, min(window_id) AS first FROM windows WHERE run_id <> ? "
        "AND state IN ('running', 'quota', 'pending') GROUP BY run_id, phase ORDER BY first",
        (run_id,),
    )
    return [(row["run_id"], row["phase"]) for row in rows]


def summary(store: Store, run_id: str, phase: str | None = None) -> dict[str, Any]:
    """Sum up a run's windows: what a report's collection-health box needs.

    Returns
    -------
    dict
        ``by_state`` (state → windows), ``rows`` (distinct videos), ``failed`` (list of ``{phase, start,
        end, reason, log_id}``), ``zero_rows`` (finished windows without a row), ``truncated`` (finished
        windows that were cut off, reason → windows), ``phases`` (phase → what was noted when it was planned).
    """
    found = select(store, run_id=run_id, phase=phase)
    by_state: dict[str, int] = {}
    truncated: dict[str, int] = {}
    for window in found:
        by_state[window.state] = by_state.get(window.state, 0) + 1
        if window.state == "done" and window.reason and window.reason != "done":
            truncated[window.reason] = truncated.get(window.reason, 0) + 1
    phases = store.connection.execute(
        "SELECT phase, facts FROM phases WHERE run_id = ? ORDER BY phase", (run_id,)
    )
    return {
        "by_state": dict(sorted(by_state.items())),
        "rows": count_posts(store, run_id, phase),
        "failed": [
            {
                "phase": w.phase,
                "start": w.start.isoformat(),
                "end": w.end.isoformat(),
                "reason": w.reason,
                "log_id": w.log_id,
            }
            for w in found
            if w.state == "failed"
        ],
        "zero_rows": sum(w.state == "done" and w.rows == 0 and w.pages > 0 for w in found),
        "truncated": dict(sorted(truncated.items())),
        "phases": {row["phase"]: json.loads(row["facts"]) for row in phases},
    }


def runs(store: Store) -> list[str]:
    """Return the ids of all runs that planned windows, oldest first."""
    rows = store.connection.execute("SELECT run_id FROM windows GROUP BY run_id ORDER BY min(window_id)")
    return [row["run_id"] for row in rows]
