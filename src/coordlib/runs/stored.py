"""A day as the workspace holds it: what a notebook reads before it starts, and says about itself."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.day import day_outcome
from coordlib.describe.labels import Label
from coordlib.errors import StoreError
from coordlib.runs.workspace import find_workspace
from coordlib.store import open_store
from coordlib.store.pool import pool
from coordlib.store.posts import run_posts
from coordlib.store.runs import newest_run, runs

#: Counts of each day that its successors show as history.
HISTORY = ("pool_size", "n_new_accounts", "n_accounts", "n_networks")


@dataclass(frozen=True)
class StoredDay:
    """A stored day, as the notebook reads it."""

    date: str
    run_id: str
    posts: pd.DataFrame
    pool: list[str]
    facts: Mapping[str, Any]
    history: pd.DataFrame
    simulated: bool
    has_input: bool
    started_at: int


def load_day(workspace: Path | str, date: str | dt.date | None = None) -> StoredDay:
    """Read a day's posts, pool and facts from a workspace, without changing anything.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    date
        The day (none: the newest one stored).

    Returns
    -------
    StoredDay
        ``posts`` in their stored order, ``pool`` the accounts watched before that day, ``history``
        one row per day up to it (date, outcome, pool, new_accounts, accounts, networks).

    Raises
    ------
    StoreError
        No database, or no run of that day; the message names the days there are.
    """
    place = find_workspace(workspace)
    wanted = str(date) if date is not None else None
    with open_store(place.database, read_only=True) as store, store.transaction():
        run = newest_run(store, wanted)
        every = runs(store)
        if run is None:
            known = sorted(set(every["date"]))
            span = f"{len(known)} days are stored, {known[0]} to {known[-1]}" if known else "no day is stored"
            raise StoreError(f"{place.root}: nothing is stored for {wanted or 'any day'}; {span}")
        posts = run_posts(store, run["run_id"])
        watched = pool(store, before=run["date"])["account_id"].tolist()
    past = every[every["kind"].isin(["replay", "monitor"]) & (every["date"] <= run["date"])]
    past = past.drop_duplicates("date", keep="last")
    history = pd.DataFrame(
        [
            {"date": row.date, "outcome": row.outcome, **{name: row.facts.get(name) for name in HISTORY}}
            for row in past.itertuples(index=False)
        ],
        columns=["date", "outcome", *HISTORY],
    )
    return StoredDay(
        date=run["date"], run_id=run["run_id"], posts=posts, pool=watched, facts=run["facts"], history=history,
        simulated=place.simulated, has_input=bool(run["facts"].get("has_input", True)),
        started_at=run["started_at"],
    )  # fmt: skip


def day_run(
    day: StoredDay,
    parameters: Mapping[str, Any],
    counts: Mapping[str, int],
    graph: nx.Graph[str],
    labels: Mapping[int, Label] | None = None,
) -> dict[str, Any]:
    """Put together what a report says about itself: parameters, counts, coverage, inputs.

    Parameters
    ----------
    day
        The stored day.
    parameters
        The detection parameters that were used.
    counts
        Of :func:`coordlib.describe.day.day_counts`.
    graph
        The day's network; its graph attribute ``threshold`` is the weight above which edges were kept.
    labels
        The networks' labels; how each was made is kept in the record (prompt, model, time, response).
    """
    facts = {name: value for name, value in day.facts.items() if name not in counts and name != "inputs"}
    outcome = day_outcome(graph, counts["n_posts"], int(parameters.get("min_posts", 100)))
    return {
        "date": day.date,
        "outcome": outcome if day.has_input else "no-input",
        "simulated": day.simulated,
        "parameters": {**parameters, "date": day.date},
        "counts": dict(counts),
        "facts": facts,
        "inputs": {
            **{name: file["sha256"] for name, file in day.facts.get("inputs", {}).items()},
            **_stored_inputs(day),
        },
        "weight_threshold": graph.graph.get("threshold"),
        "started_at": day.started_at,
        "labels": {str(network): asdict(label) for network, label in (labels or {}).items()},
    }


def _stored_inputs(day: StoredDay) -> dict[str, str]:
    """SHA-256 of what the analysis was made from as the workspace holds it, whatever it was collected from."""
    posts = day.posts.to_json(orient="records", lines=True, force_ascii=True)
    texts = {"stored posts": posts, "pool before the day": "\n".join(sorted(day.pool))}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
