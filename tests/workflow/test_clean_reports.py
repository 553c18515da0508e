"""A video that is gone leaves the published files as well as the store."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from coordlib.simulate.archive import write_archive
from coordlib.simulate.world import build_world
from coordlib.store import open_store
from coordlib.store.refresh import delete
from coordlib.workflow.clean_reports import clean_reports
from coordlib.workflow.project import Workspace
from coordlib.workflow.replay import replay_archive


@pytest.mark.slow
def test_a_deleted_video_is_in_no_published_file(tmp_path: Path) -> None:
    write_archive(build_world(accounts=300, days=2, seed=3), tmp_path / "a", days=2)
    place = Workspace(tmp_path / "w")
    replay_archive(tmp_path / "a", place.root, progress=False)
    folder = sorted(place.days.iterdir())[-1]
    gone = pd.read_csv(folder / "posts.csv", dtype=str)["content_id"].iloc[0]
    old = place.root / "reports" / "versions" / f"{folder.name}-v1"
    old.mkdir(parents=True)
    (old / "posts.csv").write_text(f"content_id\n{gone}\n")
    with open_store(place.database) as store:
        assert delete(store, [gone], 1) == 1
    done = clean_reports(place)
    assert folder.name in done.rebuilt
    assert done.removed == (f"reports/versions/{folder.name}-v1",)
    left = [
        path
        for path in (place.root / "reports").rglob("*")
        if path.is_file() and gone.encode() in path.read_bytes()
    ]
    assert left == []
    run = json.loads((folder / "run.json").read_text())
    assert any("no longer returns" in note for note in run["facts"]["notes"])
    assert clean_reports(place).describe() == "no published file held a deleted video"
