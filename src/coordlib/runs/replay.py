"""Replaying an archive of daily folders: each day in order, as if it were monitored that morning."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from coordlib.errors import ParameterError
from coordlib.lock import workspace_lock
from coordlib.parameters import DailyMonitoring
from coordlib.places import Workspace
from coordlib.runs.day import DayMaterial, DayReport, report_day
from coordlib.sources.archive import ArchiveDay, list_days, read_day
from coordlib.store import open_store
from coordlib.store.runs import runs


def replay_archive(
    archive: Path | str,
    workspace: Path | str,
    parameters: DailyMonitoring | None = None,
    *,
    progress: bool = True,
) -> list[DayReport]:
    """Do for each day of an archive (folders named YYYY-MM-DD), in order, what a monitoring day does.

    All days are read before the first is stored, so that nothing of an archive with a damaged file is written.
    """
    archive, place = Path(archive), Workspace(Path(workspace))
    if place.root.exists() and not place.root.is_dir():
        raise ParameterError(f"{place.root}: is a file; give the folder of the workspace")
    if place.root.resolve() == archive.resolve():
        raise ParameterError(f"{place.root}: is the archive itself; give the workspace a folder of its own")
    days = list_days(archive)
    silent = None if progress else True
    for folder in tqdm(days, desc="checking", unit="day", disable=silent):
        read_day(folder.path)
    options = (parameters or DailyMonitoring()).model_copy(update={"workspace": str(place.root)})
    reports, previous = [], None
    with workspace_lock(place.root, "coordlib replay"):
        simulated = archive / "simulated.json"
        _refuse_another_kind(place, simulated=simulated.exists())
        if simulated.exists():
            shutil.copyfile(simulated, place.root / "simulated.json")
        for folder in tqdm(days, desc="replaying", unit="day", disable=silent):
            day = read_day(folder.path)
            reports.append(report_day(place, material_of(day, previous), options))
            previous = day.date
    return reports


def _refuse_another_kind(place: Workspace, *, simulated: bool) -> None:
    """An archive brings its own pool and its own truth: neither takes the place of what is in a workspace."""
    if not place.database.exists():
        return
    with open_store(place.database) as store:
        every = runs(store)
    if any(run.kind in ("monitor", "discover") for run in every):
        raise ParameterError(
            f"{place.root}: is a monitored workspace, and an archive would replace its pool; name a new folder"
        )
    if every and place.simulated != simulated:
        kinds = ("real", "simulated") if simulated else ("simulated", "real")
        raise ParameterError(
            "{}: holds {} posts, and the archive {} ones; name a new folder".format(place.root, *kinds)
        )


def material_of(day: ArchiveDay, previous: dt.date | None) -> DayMaterial:
    """Turn an archived day into the material of a monitoring day.

    The archive's own pool (its list without the day's new entries at the end) is taken over before the
    first day and after a gap; from one day to the next the pool is our own.
    """
    consecutive = previous is not None and previous + dt.timedelta(days=1) == day.date
    return DayMaterial(day.date.isoformat(), day.posts, _facts(day), None if consecutive else day.pool_before)


def _facts(day: ArchiveDay) -> Mapping[str, Any]:
    posts = day.posts if day.posts is not None else pd.DataFrame({"posted_at": []})
    times = posts["posted_at"].dropna()
    return {
        "source": "archive",
        "n_recent": None if day.recent is None else len(day.recent),
        "period_start": int(times.min()) if len(times) else None,
        "period_end": int(times.max()) if len(times) else None,
        "n_duplicate_rows": int(posts.duplicated("content_id").sum()) if len(posts) else 0,
        "n_transcripts": int(posts["voice_to_text"].notna().sum()) if "voice_to_text" in posts.columns else 0,
        "n_errors": len(day.errors),
        "errors_by_type": {str(k): int(v) for k, v in day.errors["type"].value_counts().sort_index().items()},
        "error_samples": [" ".join(str(text).split())[:300] for text in day.errors["message"].head(3)],
        "inputs": {name: dict(facts) for name, facts in sorted(day.files.items())},
        "notes": [note.replace(f"{day.path}/", "") for note in day.notes],  # published: no local folder
    }
