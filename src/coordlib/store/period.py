"""What a period's collection brought and what it still lacks: answers, refusals, gaps, requests by outcome."""

from __future__ import annotations

import datetime as dt

from coordlib.store.database import Store
from coordlib.store.windows import ANSWERED_LATER


def run_answers(store: Store, run_id: str, phase: str) -> set[str]:
    """Return the accounts whose posts the windows of a run's phase brought."""
    rows = store.rows(
        "SELECT DISTINCT v.account_id FROM window_posts JOIN windows w USING (window_id) "
        "JOIN posts v USING (content_id) WHERE w.run_id = ? AND w.phase = ?",
        (run_id, phase),
    )
    return {row["account_id"] for row in rows}


def earlier_yield(store: Store, run_id: str, phase: str, *, runs: int = 7) -> tuple[int, int]:
    """Return how many queries the phase had in the runs before this one, and how many videos they brought."""
    row = store.connection.execute(
        "SELECT count(DISTINCT coalesce(root_id, window_id)) AS n, coalesce(sum(rows), 0) AS r FROM windows "
        "WHERE phase = ? AND state = 'done' AND run_id IN (SELECT run_id FROM runs WHERE kind = 'monitor' "
        "AND date < (SELECT date FROM runs WHERE run_id = ?) ORDER BY date DESC LIMIT ?)",
        (phase, run_id, runs),
    ).fetchone()
    return int(row["n"]), int(row["r"])


def refused_accounts(store: Store) -> dict[str, str]:
    """Return the accounts the service refuses, with what it said of each."""
    rows = store.rows(
        "SELECT subject, problem FROM coverage WHERE kind = 'account' AND problem IS NOT NULL ORDER BY subject"
    )
    return {row["subject"]: row["problem"] for row in rows}


def known_gaps(store: Store, run_id: str, first_day: str, last_day: str) -> dict[str, int]:
    """Count, per day of a period, the queries of earlier monitoring runs that failed for it and still lack it.

    A query that was repeated later and then answered for those days is no gap any longer.
    """
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


def counted_requests(store: Store, run_id: str) -> dict[str, int]:
    """Return a run's requests by outcome, those for access tokens left out: they cost no quota."""
    rows = store.rows(
        "SELECT kind, count(*) AS n FROM requests WHERE run_id = ? AND endpoint <> 'token' GROUP BY kind ORDER BY kind",
        (run_id,),
    )
    return {row["kind"]: int(row["n"]) for row in rows}
