"""The posts a notebook starts from: a stored day, a stored discovery, a file of one's own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.errors import InputError, MissingColumnError, StoreError
from coordlib.parameters import DailyMonitoring, EvidenceRule, OwnTable, SeedDiscovery
from coordlib.places import Workspace, file_name, find_workspace
from coordlib.report.checksums import sha256_file
from coordlib.report.post_set import PostSet, disguised
from coordlib.store import Store, open_store
from coordlib.store.pool import pool
from coordlib.store.runs import Run, newest_run, run_of, runs
from coordlib.store.stored_posts import account_names, run_posts
from coordlib.times import day_of

#: Counts of each day that its successors show as history.
HISTORY = ("pool_size", "n_new_accounts", "n_accounts", "n_networks")


def load_day(workspace: Path | str, date: str | dt.date | None = None) -> PostSet:
    """Read a day's posts, pool and facts from a workspace, without changing anything.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    date
        The day (none: the newest one stored).

    Returns
    -------
    PostSet
        ``posts`` in their stored order, ``pool`` the accounts watched before that day, ``history`` one row per day
        up to it, ``parameters`` those the day was reported with.

    Raises
    ------
    StoreError
        No workspace, no database, or no run of that day; the message names the days there are.
    """
    place = find_workspace(workspace)
    wanted = str(date) if date is not None else None
    with open_store(place.database, read_only=True) as store, store.transaction():
        run = newest_run(store, wanted)
        every = runs(store)
        if run is None:
            known = sorted({other.date for other in every if other.kind != "discover"})
            span = f"{len(known)} days are stored, {known[0]} to {known[-1]}" if known else "no day is stored"
            raise StoreError(f"{place.root}: nothing is stored for {wanted or 'any day'}; {span}")
        posts = run_posts(store, run.run_id)
        before, everyone = pool(store, before=run.date)["account_id"].tolist(), pool(store)
        names = account_names(store)
    past = {other.date: other for other in every if other.kind != "discover" and other.date < run.date}
    rows = [(day, other.outcome, *(other.facts.get(name) for name in HISTORY)) for day, other in past.items()]
    made = {name: run.parameters[name] for name in DailyMonitoring.model_fields if name in run.parameters}
    facts: Mapping[str, Any] = run.facts
    after = everyone.loc[everyone["added_on"] <= run.date, "account_id"].tolist()
    found = PostSet(
        name=run.date,
        kind="day",
        title=f"Coordinated sharing on {run.date}",
        date=run.date,
        posts=posts,
        workspace=place.root,
        pool=before,
        watched=after if facts.get("pool_stays") else None,
        facts={name: facts[name] for name in facts if name not in ("inputs", "parameters", "pool_stays")},
        history=pd.DataFrame(rows, columns=["date", "outcome", *HISTORY]),
        parameters={"evidence": EvidenceRule().for_notebook(), **made, **facts.get("parameters", {})},
        inputs={name: file["sha256"] for name, file in facts.get("inputs", {}).items()},
        simulated=place.simulated,
        run_id=run.run_id,
        started_at=run.started_at,
        truth=planted_accounts(place),
    )
    return disguised(found, names)


def planted_accounts(place: Workspace) -> dict[str, str]:
    """The planted truth of a simulated workspace: account to network (empty where nothing is planted)."""
    path = place.root / "truth.csv"
    if not place.simulated or not path.exists():
        return {}
    truth = pd.read_csv(path, dtype=str, keep_default_na=False)
    truth = truth[truth["coordinated"].str.lower() == "true"].drop_duplicates("account_id", keep="first")
    return dict(zip(truth["account_id"], truth["network"], strict=True))


def load_discovery(
    workspace: Path | str,
    hashtags: list[str] | None = None,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
) -> PostSet:
    """Read a stored seed discovery, without changing anything.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    hashtags
        Only a discovery of these hashtags (none: any).
    start, end
        Only one of this period (none: any). Of several the newest is taken; its title says which it is.

    Raises
    ------
    StoreError
        There is none; the message names those there are.
    """
    place = find_workspace(workspace)
    with open_store(place.database, read_only=True) as store, store.transaction():
        every = runs(store)
        stored = [run for run in every if run.kind == "discover" and run.facts.get("period")]
        stored.sort(key=lambda run: (run.started_at, run.run_id))
        fits = [
            run
            for run in stored
            if (not hashtags or _tags(run.parameters["hashtags"]) == _tags(hashtags))
            and (start is None or run.facts["period"][0] == str(start))
            and (end is None or run.facts["period"][1] == str(end))
        ]
        if fits:
            return _discovery(place, store, fits[-1])
    known = "; ".join(f"{', '.join(run.parameters['hashtags'])} ({run.date})" for run in stored)
    there = f"stored are {known}" if known else "run 'coordlib discover', or set collect to True"
    asked = ", ".join(hashtags or ["any hashtag"])
    raise StoreError(f"{place.root}: no discovery of {asked} is stored; {there}")


def stored_discovery(place: Workspace, run_id: str) -> PostSet:
    """Read the discovery of a run."""
    with open_store(place.database, read_only=True) as store, store.transaction():
        run = run_of(store, run_id)
        assert run is not None
        return _discovery(place, store, run)


def _discovery(place: Workspace, store: Store, run: Run) -> PostSet:
    posts, everyone = run_posts(store, run.run_id), pool(store)["account_id"]
    names = account_names(store)
    parameters, facts = run.parameters, run.facts
    first, last = facts["period"]
    about = {
        "Hashtags": ", ".join(f"#{tag}" for tag in _tags(parameters["hashtags"])),
        "Regions": ", ".join(sorted(parameters["regions"])) or "all",
        "Asked for": f"posts from {first} to {last} (UTC)",
        "Requests": f"{facts.get('n_requests', 0):,} of at most {parameters['max_requests']:,}",
        "Complete": "yes" if facts.get("complete") else f"no ({facts.get('reason') or 'not known'})",
    }
    found = PostSet(
        name=run.run_id.removeprefix("discover-"),
        kind="discovery",
        title=f"Seed discovery: {about['Hashtags']}",
        date=last,
        posts=posts,
        workspace=place.root,
        pool=everyone[~everyone.isin(facts.get("seeds", []))].tolist(),
        facts={**facts, "about": about},
        parameters=SeedDiscovery().for_notebook() | parameters,
        simulated=place.simulated,
        run_id=run.run_id,
        started_at=run.started_at,
    )
    return disguised(found, names)


def load_table(
    source: Path | str | None,
    workspace: Path | str = ".",
    *,
    mapping: Path | str | None = None,
    format: str | None = None,
    name: str | None = None,
) -> PostSet:
    """Read a file of posts of one's own.

    Parameters
    ----------
    source
        Any file ``coordlib import`` reads, or any table with a mapping (none: simulated posts).
    workspace
        Where the report's files go.
    mapping
        YAML file that says which column means what.
    format
        Name of a known format (none: recognised by its columns).
    name
        Name of the report (none: that of the file).

    Raises
    ------
    InputError
        The file cannot be read; the message names file and line, or the columns that are there.
    """
    place = find_workspace(workspace, create=True)
    if source is None:
        from coordlib.simulate.shares import simulate_posts

        posts, inputs, about = simulate_posts(), {}, {"File": "none: simulated posts"}
        stem = name or "simulated"
    else:
        from coordlib.sources.exports import load_mapping, read_export
        from coordlib.sources.exports.model import read_as

        path = Path(source)
        export = read_export(path, format=load_mapping(mapping) if mapping else format)
        posts, inputs = export.posts, {path.name: sha256_file(path)}
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in export.report.dropped.items())
        about = {
            "File": f"{path.name}, read {read_as(export.report.format)}",
            "Rows": f"{export.report.posts:,} of {export.report.rows:,} kept"
            + (f" (left out: {left_out})" if left_out else ""),
        }
        if export.report.notes:
            about["Good to know"] = "; ".join(export.report.notes)
        stem = name or path.name
    label = file_label(stem)
    times = posts["posted_at"].dropna()
    last = day_of(times.max() if len(times) else 0).isoformat()
    found = PostSet(
        name=label,
        kind="table",
        title=f"Coordinated sharing in {label}",
        date=last,
        posts=posts,
        workspace=place.root,
        facts={"about": about},
        parameters=OwnTable().for_notebook(),
        inputs=inputs,
        simulated=source is None,
    )
    return disguised(found)


def read_labelled(sources: Sequence[Path]) -> pd.DataFrame:
    """Read one archive from its files, or from folders of them, as one table of posts with its label beside."""
    from coordlib.describe.ranking import LABELS, NO_LABEL
    from coordlib.runs.share_files import files_of
    from coordlib.sources.exports import read_export

    files = [file for source in sources for file in files_of(source)]
    parts, usual = [], ""
    for file in files:
        export = read_export(file)
        if not (labels := [name for name in LABELS if name in export.frame]):
            raise MissingColumnError(f"{file}: {NO_LABEL}")
        posts = export.posts
        usual = usual or str(posts.attrs["object_id"])
        parts.append(posts.assign(**{name: export.frame[name].to_numpy() for name in labels}))
    table = pd.concat(parts, ignore_index=True)
    for name in LABELS:
        if name in table and table[name].isna().any():
            raise InputError(f"column '{name}' is not filled in every row of the {len(files)} files")
    table.attrs["object_id"] = usual
    return table


def file_label(name: str) -> str:
    """Return a name as a part of an address and of a file name: ``My posts (2).csv.gz`` is ``My-posts-2``."""
    stem = re.sub(r"(?i)(\.(csv|tsv|json|jsonl|ndjson|parquet|gz|zst|tab))+$", "", name)
    return file_name(stem, r"\w.-", longest=80, apart=False) or "table"


def _tags(hashtags: list[str]) -> list[str]:
    return sorted({tag.lower().removeprefix("#") for tag in hashtags})
