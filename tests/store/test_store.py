"""The workspace database keeps what it is given, whole and in order."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from coordlib.errors import SchemaVersionError, StoreError
from coordlib.store import open_store
from coordlib.store.pool import add_to_pool, pool, replace_pool, set_status
from coordlib.store.runs import finish_run, newest_run, record_facts, start_run
from coordlib.store.stored_posts import record_posts, run_posts, upsert_posts

LONG_ID = "7454678625279872298"


def video(content_id: str = LONG_ID, **fields: object) -> dict[str, object]:
    return {"content_id": content_id, "account_id": "sim_one", "posted_at": 1735677625, **fields}


def begin(store, run_id="replay-2025-01-01", date="2025-01-01"):
    start_run(
        store,
        run_id,
        kind="replay",
        date=date,
        started_at=1,
        code_version="0",
        parameters={"time_window": 120},
    )
    return run_id


def test_ids_of_nineteen_digits_come_back_as_they_went_in():
    with open_store(":memory:") as store:
        record_posts(store, begin(store), pd.DataFrame([video(music_id="7454678575434730283", views=3)]), 5)
        posts = run_posts(store, "replay-2025-01-01")
    assert posts["content_id"].tolist() == [LONG_ID]
    assert posts["music_id"].tolist() == ["7454678575434730283"]
    assert posts["views"].tolist() == [3]
    assert posts["likes"].isna().all()


def test_a_day_keeps_its_rows_in_order_with_repeated_ids():
    rows = [video("2"), video("1"), video("2", text="again ")]
    with open_store(":memory:") as store:
        record_posts(store, begin(store), pd.DataFrame(rows), 5)
        posts = run_posts(store, "replay-2025-01-01")
    assert posts["content_id"].tolist() == ["2", "1", "2"]
    assert posts["text"].tolist()[2] == "again "


def test_recording_a_day_again_replaces_its_rows():
    with open_store(":memory:") as store:
        run = begin(store)
        record_posts(store, run, pd.DataFrame([video("1"), video("2")]), 5)
        record_posts(store, run, pd.DataFrame([video("3")]), 6)
        assert run_posts(store, run)["content_id"].tolist() == ["3"]


def test_the_later_fetch_of_a_video_wins():
    with open_store(":memory:") as store:
        upsert_posts(store, [video(text="new")], 10)
        upsert_posts(store, [video(text="old")], 5)
        text = store.connection.execute("SELECT text FROM posts").fetchone()[0]
    assert text == "new"


def test_fields_without_a_column_are_kept():
    with open_store(":memory:") as store:
        upsert_posts(store, [video(is_stem_verified=True, hashtags=["a", "b"])], 1)
        row = store.connection.execute("SELECT extra, hashtags FROM posts").fetchone()
    assert row["extra"] == '{"is_stem_verified": true}'
    assert row["hashtags"] == '["a", "b"]'


def test_nul_characters_do_not_reach_the_store():
    with open_store(":memory:") as store:
        upsert_posts(store, [video(text="a\x00b")], 1)
        assert store.connection.execute("SELECT text FROM posts").fetchone()[0] == "ab"


def test_the_pool_keeps_the_order_of_entry_and_adds_nobody_twice():
    with open_store(":memory:") as store:
        add_to_pool(store, ["b", "a"], added_on="2025-01-01", reason="seed", source="seed")
        new = add_to_pool(store, ["a", "c"], added_on="2025-01-02", reason="network", source="network")
        assert new == ["c"]
        assert pool(store)["account_id"].tolist() == ["b", "a", "c"]
        assert pool(store, before="2025-01-02")["account_id"].tolist() == ["b", "a"]


def test_replacing_the_pool_keeps_what_was_known_of_an_account():
    with open_store(":memory:") as store:
        add_to_pool(store, ["a", "b"], added_on="2025-01-01", reason="seed", source="seed")
        set_status(store, ["a"], "paused")
        replace_pool(store, ["z", "a"], added_on="2025-01-09", reason="list", source="archive")
        table = pool(store)
    assert table["account_id"].tolist() == ["z", "a"]
    assert table["status"].tolist() == ["active", "paused"]
    assert table["source"].tolist() == ["archive", "seed"]


def test_the_newest_run_of_the_newest_day_is_found_with_its_facts():
    with open_store(":memory:") as store:
        begin(store, "replay-2025-01-01", "2025-01-01")
        run = begin(store, "replay-2025-01-02", "2025-01-02")
        record_facts(store, run, {"n_posts": 3})
        record_facts(store, run, {"n_edges": 1})
        finish_run(store, run, status="done", outcome="network", finished_at=9, message=None)
        found = newest_run(store)
    assert found is not None
    assert (found.date, found.outcome, found.facts) == (
        "2025-01-02",
        "network",
        {"n_edges": 1, "n_posts": 3},
    )


def test_a_failed_transaction_leaves_nothing():
    with open_store(":memory:") as store:
        with pytest.raises(RuntimeError), store.transaction():
            upsert_posts(store, [video()], 1)
            raise RuntimeError
        assert store.connection.execute("SELECT COUNT(*) FROM posts").fetchone()[0] == 0


def test_a_newer_schema_is_refused_by_name(tmp_path: Path):
    file = tmp_path / "w.sqlite"
    open_store(file).close()
    raw = sqlite3.connect(file)
    raw.execute("PRAGMA user_version = 999")
    raw.close()
    with pytest.raises(SchemaVersionError, match="999 is newer"):
        open_store(file)


def test_reading_a_missing_or_foreign_file_says_so(tmp_path: Path):
    with pytest.raises(StoreError, match="no workspace database here"):
        open_store(tmp_path / "none.sqlite", read_only=True)
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to be looked at" * 20)
    with pytest.raises(StoreError, match="cannot be opened as a workspace database"):
        open_store(tmp_path / "text.sqlite")


def test_two_processes_that_open_a_new_database_at_once_both_succeed(tmp_path: Path):
    file = tmp_path / "w.sqlite"
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_open_and_close, args=(file,)) for _ in range(2)]
    for process in others:
        process.start()
    for process in others:
        process.join()
    assert [process.exitcode for process in others] == [0, 0]


def _open_and_close(file: Path) -> None:
    open_store(file).close()


def test_a_workspace_on_a_read_only_disk_is_read_without_files_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "coordlib.sqlite"
    open_store(file).close()
    monkeypatch.setattr("os.statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))
    with open_store(file, read_only=True) as store:
        assert store.connection.execute("SELECT count(*) FROM posts").fetchone()[0] == 0
        assert [path.name for path in tmp_path.iterdir()] == [file.name]
