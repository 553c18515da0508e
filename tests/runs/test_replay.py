"""Replaying an archive does for each day what a monitoring day does, and says what went wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from no_pages import decided_without_a_page

from coordlib import load_day, run_notebook
from coordlib.errors import EmptyInputError, FileFormatError, ParameterError, StoreError
from coordlib.parameters import ComponentAnalysis, DailyMonitoring
from coordlib.places import Workspace
from coordlib.report.words import restore
from coordlib.runs.analysis import analyse_component
from coordlib.runs.day import StoredRun, replay_archive
from coordlib.site.reports import read_reports
from coordlib.sources import read_day
from coordlib.store import open_store
from coordlib.store.pool import pool
from coordlib.store.runs import newest_run

pytestmark = pytest.mark.slow


@pytest.fixture
def archive(replayed_world: Path) -> Path:
    return replayed_world / "archive"


@pytest.fixture
def replayed(replayed_world: Path) -> Workspace:
    return Workspace(replayed_world / "w")


@pytest.fixture
def newest_alone(archive: Path, tmp_path: Path) -> Path:
    """An archive of its last day."""
    copy = Path(shutil.copytree(archive, tmp_path / "newest"))
    shutil.rmtree(min(path for path in copy.iterdir() if path.is_dir()))
    return copy


def days(place: Workspace) -> list[Path]:
    return sorted(place.days.iterdir())


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False).map(restore)


def test_every_day_has_every_file(replayed: Workspace):
    for folder in days(replayed):
        names = {path.name for path in folder.iterdir()}
        assert names >= {
            "index.ipynb",
            "accounts.csv",
            "networks.csv",
            "posts.csv",
            "edges.csv",
            "pairs.csv",
            "network.graphml",
            "run.json",
            "README.md",
            "datapackage.json",
            "SHA256SUMS",
        }


def test_every_published_post_is_in_a_published_pair_and_the_other_way_round(replayed: Workspace):
    seen = 0
    for folder in days(replayed):
        pairs, posts = table(folder, "pairs"), table(folder, "posts")
        assert set(pairs["content_id"]) | set(pairs["content_id_y"]) == set(posts["content_id"])
        seen += len(posts)
    assert seen > 0


def test_the_report_states_what_the_store_holds(replayed: Workspace):
    for folder in days(replayed):
        stored = load_day(replayed.root, folder.name)
        run = json.loads((folder / "run.json").read_text())
        assert run["counts"] == {name: stored.facts[name] for name in run["counts"]}


def test_the_pool_grows_by_the_new_accounts_of_each_day(replayed: Workspace):
    with open_store(replayed.database, read_only=True) as store:
        table = pool(store)
    for folder in days(replayed):
        run = json.loads((folder / "run.json").read_text())
        assert int((table["added_on"] == folder.name).sum()) == run["counts"]["n_new_accounts"]


def test_a_day_made_again_states_the_pool_as_it_is(replayed_copy: Path):
    place = Workspace(replayed_copy)
    first, second = (folder.name for folder in days(place))
    wider = DailyMonitoring(min_weight=1, workspace=str(place.root))
    with open_store(place.database) as store:
        before = pool(store)
        run = StoredRun(store, place, f"replay-{first}", first)
        again = run.report_again(wider, grow_pool=False)
        assert pool(store).equals(before)
        entered = before["added_on"]
    shown = {day.name: day.run.counts.as_json() for day in read_reports(place.root).days}
    for date, counts in shown.items():
        assert counts["pool_size"] == (entered <= date).sum()
        assert counts["n_new_accounts"] == (entered == date).sum()
    history = load_day(place.root, second).history.set_index("date").loc[first]
    assert all(history[name] == shown[first][name] for name in ("pool_size", "n_new_accounts"))
    watched = before.loc[entered <= first, "account_id"]
    out = len(set(table(place.day_folder(first), "accounts")["account_id"]) - set(watched))
    assert shown[first]["n_not_watched"] == out > 0
    page = (place.day_folder(first) / "index.ipynb").read_text()
    assert f"{out:,} of these accounts were not watched after this day" in page
    assert again.line().endswith(f", {shown[first]['n_new_accounts']} new")


def test_pages_of_a_simulated_world_say_so(replayed: Workspace):
    assert replayed.simulated
    assert "simulated data" in (days(replayed)[0] / "index.ipynb").read_text().lower()


def test_replaying_again_changes_no_published_file(newest_alone: Path, replayed_copy: Path):
    folder = max((replayed_copy / "reports" / "days").iterdir())
    before = {path: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
    replay_archive(newest_alone, replayed_copy)
    assert {path: path.read_bytes() for path in before} == before
    assert not (replayed_copy / "reports" / "versions").exists()


def test_a_failing_notebook_costs_the_day_and_its_posts_stay_stored(
    newest_alone: Path, tmp_path: Path, project: Path
):
    place = Workspace(tmp_path / "w")
    broken = nbformat.read(project / "notebooks" / "02-daily-monitoring.ipynb", as_version=4)
    broken.cells.append(nbformat.v4.new_code_cell("raise RuntimeError('<b>told to fail</b>')"))
    (place.root / "notebooks").mkdir(parents=True)
    nbformat.write(broken, place.root / "notebooks" / "02-daily-monitoring.ipynb")
    (report,) = replay_archive(newest_alone, place.root)
    assert not report.ok
    assert "RuntimeError" in (report.message or "")
    stored = load_day(place.root)
    assert len(stored.posts) > 0
    assert (report.counts, report.new_accounts) == ({}, [])
    with open_store(place.database, read_only=True) as store:
        assert newest_run(store).status == "failed"  # type: ignore[union-attr]
        assert store.connection.execute("SELECT count(*) FROM detections").fetchone()[0] == 0
        assert pool(store)["added_on"].lt(report.date).all(), "nobody enters the pool by a failed day"
    page = (report.folder / "index.ipynb").read_text()
    assert "told to fail" in page and "<b>told" not in page


def test_the_notebook_runs_by_itself_with_the_parameter_file(
    replayed: Workspace, project: Path, tmp_path: Path
):
    values = DailyMonitoring.from_yaml(project / "params" / "daily-monitoring.yml").for_notebook()
    values |= {"workspace": str(replayed.root), "output_dir": str(tmp_path / "out")}
    run_notebook(project / "notebooks" / "02-daily-monitoring.ipynb", tmp_path / "out.ipynb", values)
    newest = days(replayed)[-1]
    assert values["date"] is None, "the newest day is the default"
    assert (tmp_path / "out" / "pairs.csv").read_bytes() == (newest / "pairs.csv").read_bytes()
    ours, theirs = (json.loads((folder / "run.json").read_text()) for folder in (tmp_path / "out", newest))
    assert ours["content_sha256"] == theirs["content_sha256"]


def test_one_network_is_analysed_in_depth(replayed_copy: Path):
    replayed = Workspace(replayed_copy)
    dates = [folder.name for folder in days(replayed) if len(table(folder, "networks"))]
    out = analyse_component(ComponentAnalysis(workspace=str(replayed.root), date=dates[-1], network=1))
    text = (out.folder / "index.ipynb").read_text()
    assert "Who leads" in text and "Captions shared" in text
    on_the_day = table(replayed.day_folder(dates[-1]), "accounts")
    assert set(out.accounts["account_id"]) == set(on_the_day.loc[on_the_day["network"] == "1", "account_id"])


def test_a_network_is_analysed_by_hand_where_no_analysis_was_before(
    replayed: Workspace, project: Path, tmp_path: Path
):
    dates = [folder.name for folder in days(replayed) if len(table(folder, "networks")) > 1]
    values = {"workspace": str(replayed.root), "date": dates[0], "network": 2}
    out = run_notebook(project / "notebooks" / "03-component-analysis.ipynb", tmp_path / "out.ipynb", values)
    assert "Who leads" in out.read_text()
    draft = replayed.draft_folder("analyses", f"{dates[0]}-network-2", {})
    assert (draft / "network.html").exists()
    assert not replayed.analysis_folder(f"{dates[0]}-network-2").exists()


def test_a_day_that_is_not_stored_is_named_with_those_that_are(replayed: Workspace):
    with pytest.raises(StoreError, match="nothing is stored for 1999-01-01; 2 days are stored"):
        load_day(replayed.root, "1999-01-01")


def test_an_archive_with_one_damaged_day_is_refused_before_any_day_is_stored(archive: Path, tmp_path: Path):
    shutil.copytree(archive, tmp_path / "a")
    newest = max(path for path in (tmp_path / "a").iterdir() if path.is_dir())
    snapshot = newest / "daily_snapshot.csv.gz"
    snapshot.write_bytes(snapshot.read_bytes()[:-2000])
    with pytest.raises(FileFormatError, match=f"{newest.name}.*cut short"):
        replay_archive(tmp_path / "a", tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_a_snapshot_with_the_needed_columns_alone_is_enough(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("coordlib.runs.day.run_report", decided_without_a_page)
    newest = max(path for path in archive.iterdir() if path.is_dir())
    posts = pd.read_csv(newest / "daily_snapshot.csv.gz", dtype=str, keep_default_na=False)
    (tmp_path / "a" / newest.name).mkdir(parents=True)
    names = ["video_id", "author_name", "create_time", "video_description"]
    posts[names].to_csv(tmp_path / "a" / newest.name / "daily_snapshot.csv", index=False)
    (report,) = replay_archive(tmp_path / "a", tmp_path / "w")
    assert (report.outcome, report.counts["n_posts"]) == ("network", len(posts))


def test_a_workspace_that_is_a_file_is_refused(archive: Path, tmp_path: Path):
    (tmp_path / "w").write_text("mine", encoding="utf-8")
    with pytest.raises(ParameterError, match="is a file"):
        replay_archive(archive, tmp_path / "w")
    assert (tmp_path / "w").read_text(encoding="utf-8") == "mine"


def test_a_folder_without_days_is_refused(tmp_path: Path):
    with pytest.raises(EmptyInputError, match="YYYY-MM-DD"):
        replay_archive(tmp_path, tmp_path / "w")


@pytest.mark.reference
def test_the_consecutive_real_days_chain_the_pool_by_themselves(shared: Path, tmp_path: Path):
    source = shared / "data" / "csbn"
    (tmp_path / "a").mkdir()
    for name in ("2025-01-03", "2025-01-04"):
        (tmp_path / "a" / name).symlink_to(source / name)
    place = Workspace(tmp_path / "w")
    reports = replay_archive(tmp_path / "a", place.root)
    with open_store(place.database, read_only=True) as store:
        ours = pool(store)["account_id"].tolist()
    assert ours == read_day(source / "2025-01-04").pool_after
    assert [len(report.new_accounts) for report in reports] == [9, 5]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_notebook_run_by_hand_leaves_the_published_day_as_it_is(
    replayed: Workspace, project: Path, tmp_path: Path
):
    """JupyterLab's "Run all" and bare papermill give no output folder."""
    newest = days(replayed)[-1]
    before = contents(newest)
    values = {"workspace": str(replayed.root), "time_window": 20}
    run_notebook(project / "notebooks" / "02-daily-monitoring.ipynb", tmp_path / "out.ipynb", values)
    assert contents(newest) == before
    draft = replayed.draft_folder("days", newest.name, {"time_window": 20})
    record = json.loads((draft / "run.json").read_text())
    assert record["parameters"]["time_window"] == 20
    assert record["simulated"] is True
