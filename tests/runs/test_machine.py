"""What the machine does to a run: full disks, dead kernels, kills in the middle, outputs that are inputs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from coordlib import CoordError, run_notebook
from coordlib.cli import app
from coordlib.cli.app import exit_code
from coordlib.errors import AlreadyReportedError, DatabaseFailedError, ParameterError, RunError, StoreError
from coordlib.files import put_folder, staging_of, sweep_leftovers, workspace_lock, write_text
from coordlib.places import Workspace
from coordlib.runs.day import replay_archive
from coordlib.runs.stored import file_label
from coordlib.simulate import build_world
from coordlib.simulate.archive import write_archive
from coordlib.site.build import render_site, site_is_due
from coordlib.store import open_store
from coordlib.store.pool import add_to_pool, pool
from coordlib.store.runs import finish_run, newest_run, record_facts, run_of, start_run


def begin(store, date: str, kind: str = "replay", at: int = 1) -> str:  # type: ignore[no-untyped-def]
    run_id = f"{kind}-{date}"
    start_run(store, run_id, kind=kind, date=date, started_at=at, code_version="1", parameters={})
    return run_id


def many(number: int) -> list[str]:
    return [f"account{n:06d}" for n in range(number)]


def test_a_full_disk_in_the_middle_is_one_line_and_the_transaction_never_was(tmp_path: Path) -> None:
    """sqlite-net#782: a full disk rolls back by itself, and a second rollback was the error that was told."""
    file = tmp_path / "w.sqlite"
    with open_store(file) as store:
        add_to_pool(store, ["ann"], added_on="2026-01-01", reason="r", source="seed")
    with (
        pytest.raises(DatabaseFailedError, match="full; free space on the disk") as told,
        open_store(file) as store,
    ):
        store.connection.execute("PRAGMA max_page_count = 40")
        add_to_pool(store, many(20_000), added_on="2026-01-01", reason="r", source="seed")
    assert exit_code(told.value) == 1 and "\n" not in str(told.value)
    with open_store(file) as store:
        assert pool(store)["account_id"].tolist() == ["ann"]


def test_a_database_that_becomes_read_only_or_is_damaged_says_so(tmp_path: Path) -> None:
    file = tmp_path / "w.sqlite"
    with pytest.raises(DatabaseFailedError, match="make file and folder writable"), open_store(file) as store:
        store.connection.execute("PRAGMA query_only = 1")
        add_to_pool(store, ["ann"], added_on="2026-01-01", reason="r", source="seed")
    with open_store(file) as store:
        add_to_pool(store, many(5_000), added_on="2026-01-01", reason="r", source="seed")
    data = bytearray(file.read_bytes())
    data[8192:-4096] = b"\xff" * (len(data) - 12288)
    file.write_bytes(bytes(data))
    with pytest.raises(StoreError, match=r"damaged|malformed"), open_store(file) as store:
        pool(store)


def test_a_mistake_of_ours_in_sql_is_not_told_as_one_of_the_machine() -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), open_store(":memory:") as store:
        store.connection.execute("SELECT * FROM nowhere")


def test_a_run_knows_the_facts_of_its_own_attempt_only() -> None:
    with open_store(":memory:") as store:
        run_id = begin(store, "2026-01-02")
        record_facts(
            store, run_id, {"errors_by_type": {"HTTP 500": 3}, "inputs": {"a.csv": {}}, "seeds": ["ann"]}
        )
        begin(store, "2026-01-02", at=2)
        record_facts(store, run_id, {"inputs": {"b.csv": {}}})
        assert run_of(store, run_id).facts == {"inputs": {"b.csv": {}}, "seeds": ["ann"]}  # type: ignore[union-attr]


def test_the_newest_day_is_one_that_was_finished() -> None:
    with open_store(":memory:") as store:
        begin(store, "2026-01-01")
        assert newest_run(store).date == "2026-01-01", "where none was finished"  # type: ignore[union-attr]
        ended = {"status": "done", "outcome": "network", "finished_at": 2, "message": None}
        finish_run(store, "replay-2026-01-01", **ended)  # type: ignore[arg-type]
        begin(store, "2026-01-02")
        assert newest_run(store).date == "2026-01-01"  # type: ignore[union-attr]
        assert newest_run(store, "2026-01-02").status == "running"  # type: ignore[union-attr]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_takes_the_place_of_another_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr("coordlib.files._exchange", lambda one, two: False)
    for text in ("one", "two"):
        made = staging_of(tmp_path / "day")
        made.mkdir()
        (made / "page").write_text(text)
        put_folder(made, tmp_path / "day")
    assert (tmp_path / "day" / "page").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["day"]


def test_what_a_killed_run_left_is_swept_and_what_it_took_away_comes_back(tmp_path: Path) -> None:
    days = tmp_path / "reports" / "days"
    for name in (".2026-01-01.old", ".2026-01-02.writing", ".2026-01-03.old", "2026-01-03"):
        (days / name).mkdir(parents=True)
        (days / name / "page").write_text(name)
    (days / ".index.running.ipynb").write_text("{}")
    with workspace_lock(tmp_path):
        pass
    assert sorted(path.name for path in days.iterdir()) == ["2026-01-01", "2026-01-03"]
    assert (days / "2026-01-01" / "page").read_text() == ".2026-01-01.old"
    sweep_leftovers(tmp_path / "absent")


def test_a_file_half_written_by_a_process_that_is_gone_is_swept_by_the_next_writer(tmp_path: Path) -> None:
    (tmp_path / ".edges-99999999.part.csv").write_text("half")
    (tmp_path / ".edges-1.part.csv").write_text("somebody writes this")
    (tmp_path / ".edges-of-mine.part.csv").write_text("not ours")
    write_text(tmp_path / "edges.csv", "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".edges-1.part.csv",
        ".edges-of-mine.part.csv",
        "edges.csv",
    ]


def test_the_name_of_a_file_becomes_part_of_an_address() -> None:
    assert [file_label(name) for name in ("My posts (2)", "..", "a" * 99)] == [
        "My-posts-2",
        "table",
        "a" * 80,
    ]


def test_two_drafts_that_differ_have_two_folders_and_plain_ones_keep_their_names(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    plain = place.draft_folder("days", "2026-09-10", {"edge_weight": 0.5})
    assert plain == tmp_path / "drafts" / "days" / "2026-09-10,edge_weight=0.5"
    given = (["a b"], ["a-b"], ["a", "b"], "x" * 200, "x" * 201, "网" * 200, "网" * 201)
    folders = {place.draft_folder("days", "2026-09-10", {"layers": value}) for value in given}
    assert len(folders) == len(given) and all(folder.parent == plain.parent for folder in folders)
    for folder in folders:
        staging_of(folder).mkdir(parents=True)


def test_who_holds_a_workspace_may_render_it(tmp_path: Path) -> None:
    """A refresh that removed something could not render: its own lock was in the way."""
    with workspace_lock(tmp_path, "coordlib refresh"):
        assert (render_site(tmp_path, engine="smalldocs") / "index.html").exists()
        assert (tmp_path / ".lock-holder.json").exists(), "the lock is held to the end"


def test_a_site_is_due_when_it_is_missing_or_older_than_a_page(tmp_path: Path) -> None:
    assert site_is_due(tmp_path)
    render_site(tmp_path, engine="smalldocs")
    assert not site_is_due(tmp_path)
    time.sleep(0.01)
    (tmp_path / "reports" / "days" / "2026-01-01").mkdir(parents=True)
    assert site_is_due(tmp_path)
    assert site_is_due(tmp_path, tmp_path / "elsewhere")


def test_monitor_started_again_renders_the_site_a_killed_run_did_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reported(*_: object, **__: object) -> None:
        raise AlreadyReportedError("2026-01-01 is reported already; '--again' makes a new version")

    monkeypatch.setattr("coordlib.runs.monitor.monitor_day", reported)
    (tmp_path / "w").mkdir()
    words = ["monitor", "-w", str(tmp_path / "w"), "--date", "2026-01-01", "--engine", "smalldocs"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0 and "its site was missing" in done.output
    assert (tmp_path / "w" / "_site" / "index.html").exists()
    assert isinstance(CliRunner().invoke(app, words).exception, AlreadyReportedError)


def notebook(folder: Path, source: str) -> Path:
    cells = [
        nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(source),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "n.ipynb")
    return folder / "n.ipynb"


@pytest.mark.slow
def test_a_kernel_that_dies_is_one_line_and_costs_the_notebook(tmp_path: Path) -> None:
    """papermill#478: a kernel that had used up the memory ended the whole run in a traceback."""
    template = notebook(tmp_path, "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(RunError, match=r"n\.ipynb failed \(the kernel failed: Kernel died\)"):
        run_notebook(template, tmp_path / "out.ipynb")
    assert [path.name for path in tmp_path.glob("*")] == ["n.ipynb"]


@pytest.mark.slow
def test_a_long_temporary_folder_and_braces_in_a_path_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LMCache#3530: a socket has an address of 107 letters at most; papermill fills in what stands in braces."""
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    template = notebook(tmp_path / "{x} {0} {", "x")
    assert run_notebook(template, template.with_name("out.ipynb")).exists()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a")
    write_archive(build_world(accounts=60, days=1, seed=3), folder)
    return folder


def test_a_simulated_archive_does_not_mark_a_workspace_of_real_posts(tmp_path: Path, archive: Path) -> None:
    with open_store(tmp_path / "coordlib.sqlite") as store:
        begin(store, "2026-01-01")
    with pytest.raises(ParameterError, match="holds real posts, and the archive simulated ones"):
        replay_archive(archive, tmp_path)
    assert not (tmp_path / "simulated.json").exists()
    with open_store(tmp_path / "coordlib.sqlite") as store:
        begin(store, "2026-01-02", "monitor")
    with pytest.raises(ParameterError, match="is a monitored workspace"):
        replay_archive(archive, tmp_path)
    with pytest.raises(ParameterError, match="is the archive itself"):
        replay_archive(archive, archive)


@pytest.mark.parametrize(
    "words",
    [
        ["pool", "export", "w/coordlib.sqlite", "-w", "w", "--force"],
        ["notebook", "n.ipynb", "n.ipynb"],
        ["notebook", "n.ipynb", "p.yml", "-f", "p.yml"],
        ["bluesky", "urls.csv", "-o", "urls.csv"],
        ["bluesky", "urls.csv", "-o", "out.csv", "--pages", "urls.csv"],
        ["import", "posts.csv", "-o", "m.csv", "--mapping", "m.csv"],
        ["import", "posts.csv", "-o", "posts.csv"],
        ["detect", "posts.csv", "-o", "posts.csv"],
    ],
)
def test_an_output_that_is_an_input_is_refused_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path, "x")
    (tmp_path / "p.yml").write_text("x: 2\n")
    (tmp_path / "urls.csv").write_text("url\nhttps://n.example/a\n")
    (tmp_path / "posts.csv").write_text("object_id,account_id,content_id,timestamp_share\no,a,1,1767348000\n")
    columns = {"account_id": "account_id", "content_id": "content_id", "timestamp_share": "timestamp_share"}
    (tmp_path / "m.csv").write_text(json.dumps({**columns, "objects": {"o": "object_id"}}))
    open_store(tmp_path / "w" / "coordlib.sqlite").close()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, CoordError), done.output
    assert "is the input itself" in str(done.exception)
    assert {path: path.read_bytes() for path in before} == before
    shutil.rmtree(tmp_path / "w")
