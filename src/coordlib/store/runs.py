"""Runs (a day replayed or monitored, a discovery) and what each found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from coordlib.store.database import Store


def start_run(
    store: Store,
    run_id: str,
    *,
    kind: str,
    date: str,
    started_at: int,
    code_version: str,
    parameters: Mapping[str, Any],
) -> None:
    """Begin a run, or begin it again: what an earlier attempt of the same id found and knew is forgotten.

    Only which accounts of the pool a discovery brought is kept: they are in the pool still.
    """
    earlier = run_of(store, run_id)
    kept = {name: fact for name, fact in (earlier["facts"] if earlier else {}).items() if name == "seeds"}
    with store.transaction() as connection:
        connection.execute("DELETE FROM detections WHERE run_id = ?", (run_id,))
        connection.execute("DELETE FROM edges WHERE run_id = ?", (run_id,))
        connection.execute(
            "INSERT INTO runs (run_id, kind, date, status, started_at, code_version, parameters, facts) "
            "VALUES (?, ?, ?, 'running', ?, ?, ?, ?) ON CONFLICT (run_id) DO UPDATE SET status = 'running', "
            "outcome = NULL, started_at = excluded.started_at, finished_at = NULL, message = NULL, "
            "code_version = excluded.code_version, parameters = excluded.parameters, facts = excluded.facts",
            (
                run_id,
                kind,
                date,
                started_at,
                code_version,
                json.dumps(dict(parameters), sort_keys=True),
                json.dumps(kept),
            ),
        )


def finish_run(
    store: Store,
    run_id: str,
    *,
    status: str,
    outcome: str | None,
    finished_at: int,
    message: str | None = None,
) -> None:
    """Write how a run ended."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE runs SET status = ?, outcome = ?, finished_at = ?, message = ? WHERE run_id = ?",
            (status, outcome, finished_at, message, run_id),
        )


def record_facts(store: Store, run_id: str, facts: Mapping[str, Any]) -> None:
    """Add counts and coverage facts to a run (merged by name)."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE runs SET facts = json_patch(facts, ?) WHERE run_id = ?",
            (json.dumps(dict(facts), sort_keys=True, ensure_ascii=False), run_id),
        )


def record_detection(
    store: Store, run_id: str, accounts: pd.DataFrame, edges: pd.DataFrame, new: set[str]
) -> None:
    """Store the accounts and retained edges of a day's network, in the place of what the run found before."""
    network = dict(zip(accounts["account_id"], accounts["network"], strict=True))
    with store.transaction() as connection:
        connection.execute("DELETE FROM detections WHERE run_id = ?", (run_id,))
        connection.execute("DELETE FROM edges WHERE run_id = ?", (run_id,))
        connection.executemany(
            "INSERT INTO detections (run_id, account_id, network, is_new, facts) VALUES (?, ?, ?, ?, '{}')",
            ((run_id, name, int(number), int(name in new)) for name, number in network.items()),
        )
        names = ["account_id", "account_id_y", "weight", "n_objects", "avg_time_delta"]
        connection.executemany(
            f"INSERT INTO edges (run_id, {', '.join(names)}, network) VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((run_id, *row, int(network[row[0]])) for row in edges[names].astype(object).to_numpy().tolist()),
        )


def runs(store: Store) -> pd.DataFrame:
    """Return every run, oldest day first: run_id, kind, date, status, outcome, times, message, facts and parameters (dicts)."""
    rows = store.connection.execute(
        "SELECT run_id, kind, date, status, outcome, started_at, finished_at, message, facts, parameters FROM runs "
        "ORDER BY date, started_at, run_id"
    ).fetchall()
    columns = [
        "run_id", "kind", "date", "status", "outcome", "started_at", "finished_at", "message", "facts", "parameters",
    ]  # fmt: skip
    frame = pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype=object)
    for name in ("facts", "parameters"):
        frame[name] = [json.loads(text) for text in frame[name]]
    return frame


def newest_run(store: Store, date: str | None = None) -> dict[str, Any] | None:
    """Return the newest run of a day, with its facts and parameters.

    Without a day it is the newest one that was finished; only where none was, the newest that was begun.
    """
    row = store.connection.execute(
        "SELECT * FROM runs WHERE kind IN ('replay', 'monitor') AND date = COALESCE(?1, date) ORDER BY "
        "?1 IS NULL AND status != 'done', date DESC, started_at DESC, run_id DESC LIMIT 1",
        (date,),
    ).fetchone()
    return None if row is None else _with_facts(row)


def account_history(store: Store, account_id: str) -> list[tuple[str, int]]:
    """Return the days an account was in a coordinated network, oldest first, with the network's number."""
    rows = store.connection.execute(
        "SELECT r.date, d.network FROM detections d JOIN runs r USING (run_id) WHERE d.account_id = ? "
        "ORDER BY r.date, r.run_id",
        (account_id,),
    ).fetchall()
    return [(row["date"], row["network"]) for row in rows]


def run_of(store: Store, run_id: str) -> dict[str, Any] | None:
    """Return one run with its facts and parameters, or None."""
    row = store.connection.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None else _with_facts(row)


def _with_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict(row), "facts": json.loads(row["facts"]), "parameters": json.loads(row["parameters"])}
