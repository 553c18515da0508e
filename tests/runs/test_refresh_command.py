"""``coordlib refresh``: what is gone leaves the database, the reports and the site."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coordlib.cli import app
from coordlib.errors import ParameterError
from coordlib.store import open_store
from coordlib.store.stored_posts import upsert_posts

DAY = 86_400


def run(*arguments: object) -> str:
    """Run a command that is expected to succeed and return what it printed."""
    result = CliRunner().invoke(app, [str(word) for word in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_the_interval_of_the_parameter_file_holds_unless_one_is_given(tmp_path: Path):
    file = tmp_path / "monitor.yml"
    file.write_text("refresh_days: 15\n")
    with open_store(tmp_path / "w" / "coordlib.sqlite") as store:
        upsert_posts(
            store, [{"content_id": "7571234567890123456", "account_id": "uno"}], int(time.time()) - 20 * DAY
        )
    common = ("refresh", "-w", tmp_path / "w", "--dry-run")
    assert run(*common).startswith("0 videos were not seen for 30 days")
    assert run(*common, "-f", file).startswith("1 videos were not seen for 15 days")
    assert run(*common, "-f", file, "--days", 29).startswith("0 videos were not seen for 29 days")


def test_what_is_gone_leaves_database_reports_and_site(station: Any, monkeypatch: pytest.MonkeyPatch):
    world = station.world
    there = [str(number) for number in world.videos.loc[~world.videos["gone"], "video_id"].head(12)]
    gone = str(int(there[-1]) + 1)
    with open_store(station.root / "coordlib.sqlite") as store:
        upsert_posts(store, [{"content_id": name, "account_id": "uno"} for name in (*there, gone)], 0)
    page = station.root / "reports" / "analyses" / "old" / "posts.csv"
    page.parent.mkdir(parents=True)
    page.write_text(f"content_id\n{gone}\n")
    (station.root / "_site").mkdir()
    rendered = []
    monkeypatch.setattr(
        "coordlib.site.build.render_site", lambda root, *rest, **options: rendered.append(root) or root
    )
    monkeypatch.setenv("TIKTOK_CLIENT_KEY", "sim-key")
    monkeypatch.setenv("TIKTOK_CLIENT_SECRET", "sim-secret")
    said = run("refresh", "-w", station.root, "--base-url", station.address)
    left = {name for (name,) in station.query("SELECT content_id FROM posts")}
    assert gone not in left and left <= set(there)
    assert not page.exists()
    assert rendered == [station.root]
    assert "reports/analyses/old" in said
    assert run("refresh", "-w", station.root, "--base-url", station.address).startswith("0 videos checked")
    assert len(rendered) == 1


def test_a_folder_for_monitored_days_is_refused_and_not_silently_ignored(tmp_path: Path):
    file = tmp_path / "monitor.yml"
    file.write_text("output_dir: elsewhere\n")
    with pytest.raises(ParameterError, match="WORKSPACE/reports"):
        run("monitor", "-w", tmp_path / "w", "-f", file)
