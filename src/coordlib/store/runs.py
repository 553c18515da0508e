"""Runs (a day replayed or monitored, a discovery) and what each found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coordlib.store.database import Store, insert, replaced


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is stored: ``facts`` and ``parameters`` are what it noted by name."""

    run_id: str
    kind: str
    date: str
    status: str
    outcome: str | None
    started_at: int
    facts: dict[str, Any]
    parameters: dict[str, Any]

    @property
    def collected(self) -> bool:
        """Whether its posts are stored, so that its notebook can be run again: also where that failed."""
        return self.status == "done" or "source" in self.facts

    @classmethod
    def of(cls, row: sqlite3.Row) -> Run:
        """Read a row of the table."""
        found = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**found | {name: json.loads(found[name]) for name in ("facts", "parameters")})


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
    """Begin a run, or begin it again: what an earlier attempt of the same id found and knew is forgotten, but
    which accounts of the pool a discovery brought (they are in the pool still)."""
    earlier = run_of(store, run_id)
    kept = {name: fact for name, fact in (earlier.facts if earlier else {}).items() if name == "seeds"}
    columns = ("run_id", "kind", "date", "started_at", "code_version", "parameters", "facts", "status")
    again = f"(run_id) {replaced(columns[3:])}, outcome = NULL, finished_at = NULL, message = NULL"
    as_json = json.dumps(dict(parameters), sort_keys=True)
    with store.transaction():
        _forget(store, run_id)
        values = (run_id, kind, date, started_at, code_version, as_json, json.dumps(kept), "running")
        store.write(insert("runs", columns, again), values)


def _forget(store: Store, run_id: str) -> None:
    for table in ("detections", "edges"):
        store.write(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))


def finish_run(
    store: Store, run_id: str, *, status: str, outcome: str | None, finished_at: int, message: str | None
) -> None:
    """Write how a run ended."""
    sql = "UPDATE runs SET status = ?, outcome = ?, finished_at = ?, message = ? WHERE run_id = ?"
    store.write(sql, (status, outcome, finished_at, message, run_id))


def record_facts(store: Store, run_id: str, facts: Mapping[str, Any]) -> None:
    """Add counts and coverage facts to a run (merged by name)."""
    added = json.dumps(dict(facts), sort_keys=True, ensure_ascii=False)
    store.write("UPDATE runs SET facts = json_patch(facts, ?) WHERE run_id = ?", (added, run_id))


def record_detection(
    store: Store, run_id: str, accounts: pd.DataFrame, edges: pd.DataFrame, new: set[str]
) -> None:
    """Store the accounts and retained edges of a day's network, in the place of what the run found before."""
    network = dict(zip(accounts["account_id"], accounts["network"].astype(int).tolist(), strict=True))
    columns = ("run_id", "account_id", "network", "is_new", "facts")
    names = ["account_id", "account_id_y", "weight", "n_objects", "avg_time_delta"]
    found = ((run_id, name, number, int(name in new), "{}") for name, number in network.items())
    ties = ((run_id, *row, network[row[0]]) for row in edges[names].astype(object).to_numpy().tolist())
    with store.transaction():
        _forget(store, run_id)
        store.write_many(insert("detections", columns), found)
        store.write_many(insert("edges", ("run_id", *names, "network")), ties)


def runs(store: Store) -> list[Run]:
    """Return every run, oldest day first."""
    return [Run.of(row) for row in store.rows("SELECT * FROM runs ORDER BY date, started_at, run_id")]


def newest_run(store: Store, date: str | None = None) -> Run | None:
    """Return the newest run of a day; without a day the newest finished one, or where none was, the newest."""
    row = store.row(
        "SELECT * FROM runs WHERE kind IN ('replay', 'monitor') AND date = COALESCE(?1, date) ORDER BY "
        "?1 IS NULL AND status != 'done', date DESC, started_at DESC, run_id DESC LIMIT 1",
        (date,),
    )
    return None if row is None else Run.of(row)


def run_of(store: Store, run_id: str) -> Run | None:
    """Return one run, or None."""
    row = store.row("SELECT * FROM runs WHERE run_id = ?", (run_id,))
    return None if row is None else Run.of(row)


def account_history(store: Store, account_id: str) -> list[tuple[str, int]]:
    """Return the days an account was in a coordinated network, oldest first, with the network's number."""
    sql = "SELECT r.date, d.network FROM detections d JOIN runs r USING (run_id) WHERE d.account_id = ? ORDER BY r.date, r.run_id"
    return [(row["date"], row["network"]) for row in store.rows(sql, (account_id,))]
