"""A video that is gone leaves the published files as well as the store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from coordlib.places import Workspace
from coordlib.report import RunRecord
from coordlib.runs.clean_reports import clean_reports
from coordlib.store import open_store
from coordlib.store.deletion import delete, outdated_runs
from coordlib.store.pool import pool
from coordlib.store.runs import newest_run
from coordlib.store.stored_posts import run_posts


@pytest.mark.slow
def test_a_deleted_video_is_in_no_published_file(replayed_copy: Path) -> None:
    place = Workspace(replayed_copy)
    folder = sorted(place.days.iterdir())[-1]
    gone = pd.read_csv(folder / "posts.csv", dtype=str)["content_id"].iloc[0]
    old = place.root / "reports" / "versions" / f"{folder.name}-v0"
    old.mkdir(parents=True)
    (old / "posts.csv").write_text(f"content_id\n{gone}\n")
    failed = place.days / "2020-01-01.failed.ipynb"
    failed.write_text(gone)
    with open_store(place.database) as store:
        assert delete(store, [gone], 1) == 1
    done = clean_reports(place)
    assert f"reports/days/{folder.name}" in done.rebuilt
    assert {f"reports/versions/{folder.name}-v{n}" for n in (0, 1)} <= set(done.removed)
    assert not failed.exists()
    assert RunRecord.read(folder).version == 2, "the address of a citation never shows other numbers"
    assert RunRecord.read(old.with_name(f"{folder.name}-v1")).outcome == "withdrawn"
    left = [
        path
        for path in (place.root / "reports").rglob("*")
        if path.is_file() and gone.encode() in path.read_bytes()
    ]
    assert left == []
    run = json.loads((folder / "run.json").read_text())
    assert any("no longer returns" in note for note in run["facts"]["notes"])
    assert clean_reports(place).describe() == "no report and no detection had the deleted videos in it"


def delete_posts_of_one_coordinated_account(place: Workspace) -> str:
    with open_store(place.database) as store:
        name = store.connection.execute("SELECT account_id FROM edges ORDER BY account_id").fetchone()[0]
        rows = store.connection.execute(
            "SELECT content_id FROM posts WHERE account_id = ?", (name,)
        ).fetchall()
        delete(store, [row[0] for row in rows], 1)
    return str(name)


def test_what_was_detected_is_detected_again_without_the_deleted_posts(replayed: Workspace) -> None:
    name = delete_posts_of_one_coordinated_account(replayed)
    done = clean_reports(replayed)
    assert done.detected
    with open_store(replayed.database) as store:
        edges = store.connection.execute(
            "SELECT count(*) FROM edges WHERE account_id = ? OR account_id_y = ?", (name, name)
        ).fetchone()[0]
        accounts = store.connection.execute(
            "SELECT count(*) FROM detections WHERE account_id = ?", (name,)
        ).fetchone()[0]
        facts = newest_run(store).facts
        posts = run_posts(store, newest_run(store).run_id)
        assert (edges, accounts) == (0, 0)
        assert facts["n_posts"] == len(posts)
        assert facts["n_removed"] > 0
        assert name in pool(store)["account_id"].tolist()
        assert outdated_runs(store) == []


def test_a_day_lost_to_a_clean_up_that_was_killed_is_made_again(replayed: Workspace) -> None:
    delete_posts_of_one_coordinated_account(replayed)
    date = sorted(replayed.days.iterdir())[-1].name
    shutil.rmtree(replayed.day_folder(date))
    assert f"reports/days/{date}" in clean_reports(replayed).rebuilt
    assert (replayed.day_folder(date) / "index.ipynb").exists()
