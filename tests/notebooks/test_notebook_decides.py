"""What a notebook decides is what page, terminal, database and pool say, for every kind of day."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from coordlib.errors import RunError
from coordlib.parameters import ComponentAnalysis, DailyMonitoring
from coordlib.places import Workspace
from coordlib.runs.analysis import analyse_component
from coordlib.runs.day import DayReport, replay_archive
from coordlib.store import open_store
from coordlib.store.pool import pool
from coordlib.store.runs import newest_run

pytestmark = pytest.mark.slow

OUTCOMES = {
    "2025-03-01": "tied",
    "2025-03-02": "network",
    "2025-03-03": "no-coordination",
    "2025-03-04": "too-little-data",
    "2025-03-05": "no-input",
}


def snapshot(folder: Path, posts: list[tuple[str, str, int, str]]) -> None:
    folder.mkdir(parents=True)
    rows = [(str(7_000_000_000_000_000_000 + n), *post) for n, post in enumerate(posts)]
    table = pd.DataFrame(
        rows, columns=["video_id", "author_name", "video_description", "create_time", "hashtag_names"]
    )
    table.to_csv(folder / "daily_snapshot.csv", index=False)


def ring(
    accounts: int, captions: int, tag: str, start: int = 1_740_787_200
) -> list[tuple[str, str, int, str]]:
    """Accounts that post the same captions in step."""
    return [
        (f"{tag}{a}", f"{tag} caption {c}", start + 3600 * c + 5 * a, tag)
        for c in range(captions)
        for a in range(accounts)
    ]


def alone(n: int) -> list[tuple[str, str, int, str]]:
    return [(f"single{i % 30}", f"only mine {i}", 1_740_787_200 + 60 * i, f"own{i // 2}") for i in range(n)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archive")
    snapshot(root / "2025-03-01", ring(8, 10, "ring") + alone(120))
    pairs = [post for n in range(2, 14) for post in ring(2, n, f"pair{n}x")]
    snapshot(root / "2025-03-02", pairs + alone(60))
    snapshot(root / "2025-03-03", alone(150))
    snapshot(root / "2025-03-04", alone(20))
    (root / "2025-03-05").mkdir()
    (root / "2025-03-05" / "error_log.csv").write_text("timestamp,type,message\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def replayed(
    archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, dict[str, DayReport]]:
    place = Workspace(tmp_path_factory.mktemp("w"))
    reports = replay_archive(archive, place.root)
    return place, {report.date: report for report in reports}


def page(place: Workspace, date: str) -> str:
    notebook = nbformat.read(place.day_folder(date) / "index.ipynb", as_version=4)
    shown = [cell.source for cell in notebook.cells] + [
        "".join(output.get("data", {}).get("text/markdown", ""))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    return "\n".join(shown)


def agree(place: Workspace, report: DayReport) -> None:
    """Hold page, run record, tables, database, pool and terminal line against each other."""
    run = json.loads((place.day_folder(report.date) / "run.json").read_text())
    accounts = pd.read_csv(place.day_folder(report.date) / "accounts.csv", dtype=str)
    with open_store(place.database, read_only=True) as store:
        stored = newest_run(store, report.date)
        assert stored is not None
        detected = {
            row[0]
            for row in store.connection.execute(
                "SELECT account_id FROM detections WHERE run_id = ?", (report.run_id,)
            )
        }
        edges = store.connection.execute(
            "SELECT count(*) FROM edges WHERE run_id = ?", (report.run_id,)
        ).fetchone()[0]
        entered = pool(store).query("added_on == @report.date")["account_id"].tolist()
    assert (run["outcome"], stored.outcome) == (report.outcome, report.outcome)
    assert detected == set(accounts["account_id"]) and len(detected) == run["counts"]["n_accounts"]
    assert edges == run["counts"]["n_edges"]
    assert entered == report.new_accounts == run["new_accounts"]
    assert {name: stored.facts[name] for name in run["counts"]} == run["counts"] == report.counts
    assert f"{len(detected):,} accounts in " in report.line() or len(detected) == 1
    assert report.outcome in report.line()
    shown = page(place, report.date)
    assert f"{run['counts']['n_accounts']:,} accounts in {run['counts']['n_networks']:,} network" in shown


@pytest.mark.parametrize(("date", "outcome"), OUTCOMES.items())
def test_page_database_pool_and_terminal_say_the_same(
    replayed: tuple[Workspace, dict[str, DayReport]], date: str, outcome: str
) -> None:
    place, reports = replayed
    assert reports[date].outcome == outcome
    agree(place, reports[date])


def test_a_ring_in_step_is_no_day_without_coordination(
    replayed: tuple[Workspace, dict[str, DayReport]],
) -> None:
    shown = page(replayed[0], "2025-03-01")
    assert (
        "28 edges tie at the top weight of 10, so the 0.9 quantile keeps none: use min_weight=10 (--min-weight 10)"
        in shown
    )
    assert "No coordination found" not in shown


def test_a_ring_in_step_is_the_network_where_significant_pairs_are_kept(
    archive: Path, tmp_path: Path
) -> None:
    """The quantile keeps none of these edges, for all of them tie; the rule is spelt as in a parameter file."""
    one = tmp_path / "one"
    one.mkdir()
    (one / "2025-03-01").symlink_to(archive / "2025-03-01")
    place = Workspace(tmp_path / "w")
    parameters = DailyMonitoring.load({"evidence": "significant"})
    (report,) = replay_archive(one, place.root, parameters)
    assert (report.outcome, report.counts["n_accounts"], report.counts["n_significant"]) == ("network", 8, 28)
    agree(place, report)
    edges = pd.read_csv(place.day_folder("2025-03-01") / "edges.csv")
    assert set(edges["evidence"]) == {"closed circle"}
    shown = page(place, "2025-03-01")
    assert (
        "There is one closed circle of 8 accounts (28 pairs); no pair is beyond the crowd, that is" in shown
    )
    assert "The pairs of the classes kept (beyond the crowd, closed circle) join 8 of" in shown


def edited(place: Workspace, project: Path, before: str, after: str) -> None:
    """Put an edited copy of the daily notebook into a workspace."""
    notebook = nbformat.read(project / "notebooks" / "02-daily-monitoring.ipynb", as_version=4)
    sources = "\n".join(cell.source for cell in notebook.cells)
    assert before in sources
    for cell in notebook.cells:
        cell.source = cell.source.replace(before, after)
    (place.root / "notebooks").mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place.root / "notebooks" / "02-daily-monitoring.ipynb")


def test_an_edited_method_changes_page_terminal_database_and_pool_together(
    archive: Path, replayed: tuple[Workspace, dict[str, DayReport]], project: Path, tmp_path: Path
) -> None:
    """The object is edited in the step itself, not in the parameters: the words follow what was done."""
    place = Workspace(tmp_path / "w")
    edited(
        place,
        project,
        "prep_data(day.posts, object_id=object_id,",
        'prep_data(day.posts, object_id="hashtags",',
    )
    one = tmp_path / "one"
    one.mkdir()
    (one / "2025-03-02").symlink_to(archive / "2025-03-02")
    (report,) = replay_archive(one, place.root)
    agree(place, report)
    assert report.counts["n_edges_all"] > replayed[1]["2025-03-02"].counts["n_edges_all"]
    shown = page(place, "2025-03-02")
    assert "posted the same hashtags together" in shown and "the same caption" not in shown
    run = json.loads((place.day_folder("2025-03-02") / "run.json").read_text())
    assert run["parameters"]["object_id"] == "hashtags"
    assert run["notebook"]["edited"] is True
    assert "02-daily-monitoring.ipynb, edited, SHA-256" in shown
    assert report.counts["n_posts"] == replayed[1]["2025-03-02"].counts["n_posts"], (
        "posts are counted, not shares"
    )


def test_a_network_is_analysed_as_its_day_was(archive: Path, project: Path, tmp_path: Path) -> None:
    place = Workspace(tmp_path / "w")
    edited(
        place,
        project,
        'rule = {"edge_weight": edge_weight,',
        'rule = {"edge_weight": 0.5,',
    )
    one = tmp_path / "one"
    one.mkdir()
    (one / "2025-03-02").symlink_to(archive / "2025-03-02")
    replay_archive(one, place.root)
    accounts = pd.read_csv(place.day_folder("2025-03-02") / "accounts.csv", dtype=str)
    found = analyse_component(ComponentAnalysis(workspace=str(place.root), network=2))
    assert set(found.accounts["account_id"]) == set(accounts.loc[accounts["network"] == "2", "account_id"])
    assert found.run.parameters["edge_weight"] == 0.5
    name = str(accounts["account_id"].iloc[0])
    with pytest.raises(RunError, match="choose the network by one of its accounts"):
        analyse_component(ComponentAnalysis(workspace=str(place.root), network=1, time_window=10))
    other = analyse_component(
        ComponentAnalysis(workspace=str(place.root), network=None, account=name, time_window=10)
    )
    assert name in set(other.accounts["account_id"])
    assert "time_window = 10" in (other.folder / "index.ipynb").read_text()


def test_a_notebook_that_saves_no_report_costs_the_day_and_says_so(
    archive: Path, project: Path, tmp_path: Path
) -> None:
    place = Workspace(tmp_path / "w")
    edited(place, project, "report.save(output_dir, nodes_shown)", "report.summary")
    one = tmp_path / "one"
    one.mkdir()
    (one / "2025-03-02").symlink_to(archive / "2025-03-02")
    (report,) = replay_archive(one, place.root)
    assert not report.ok
    assert "its last step has to be report.save(output_dir)" in (report.message or "")
    assert "failed" in report.line()
