"""The workspace database keeps what it is given, whole and in order."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from coordlib.errors import ParameterError, SchemaVersionError, StoreError
from coordlib.store import open_store
from coordlib.store.pool import add_to_pool, pool, replace_pool, set_status
from coordlib.store.runs import finish_run, newest_run, record_facts, start_run
from coordlib.store.videos import record_rows, run_posts, upsert_videos

LONG_ID = "7454678625279872298"


def video(video_id: str = LONG_ID, **fields: object) -> dict[str, object]:
    return {"video_id": video_id, "username": "sim_one", "create_time": 1735677625, **fields}


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
        record_rows(store, begin(store), [video(music_id="7454678575434730283", view_count=3)], 5)
        posts = run_posts(store, "replay-2025-01-01")
    assert posts["video_id"].tolist() == [LONG_ID]
    assert posts["music_id"].tolist() == ["7454678575434730283"]
    assert posts["view_count"].tolist() == [3]
    assert posts["like_count"].isna().all()


def test_a_day_keeps_its_rows_in_order_with_repeated_ids():
    rows = [video("2"), video("1"), video("2", video_description="again ")]
    with open_store(":memory:") as store:
        record_rows(store, begin(store), rows, 5)
        posts = run_posts(store, "replay-2025-01-01")
    assert posts["video_id"].tolist() == ["2", "1", "2"]
    assert posts["video_description"].tolist()[2] == "again "


def test_recording_a_day_again_replaces_its_rows():
    with open_store(":memory:") as store:
        run = begin(store)
        record_rows(store, run, [video("1"), video("2")], 5)
        record_rows(store, run, [video("3")], 6)
        assert run_posts(store, run)["video_id"].tolist() == ["3"]


def test_the_later_fetch_of_a_video_wins():
    with open_store(":memory:") as store:
        upsert_videos(store, [video(video_description="new")], 10)
        upsert_videos(store, [video(video_description="old")], 5)
        text = store.connection.execute("SELECT video_description FROM videos").fetchone()[0]
    assert text == "new"


def test_fields_without_a_column_are_kept():
    with open_store(":memory:") as store:
        upsert_videos(store, [video(is_stem_verified=True, hashtag_names=["a", "b"])], 1)
        row = store.connection.execute("SELECT extra, hashtag_names FROM videos").fetchone()
    assert row["extra"] == '{"is_stem_verified": true}'
    assert row["hashtag_names"] == '["a", "b"]'


def test_nul_characters_do_not_reach_the_store():
    with open_store(":memory:") as store:
        upsert_videos(store, [video(video_description="a\x00b")], 1)
        assert store.connection.execute("SELECT video_description FROM videos").fetchone()[0] == "ab"


def test_the_pool_keeps_the_order_of_entry_and_adds_nobody_twice():
    with open_store(":memory:") as store:
        add_to_pool(store, ["b", "a"], added_on="2025-01-01", reason="seed", source="seed")
        new = add_to_pool(store, ["a", "c"], added_on="2025-01-02", reason="network", source="network")
        assert new == ["c"]
        assert pool(store)["username"].tolist() == ["b", "a", "c"]
        assert pool(store, before="2025-01-02")["username"].tolist() == ["b", "a"]


def test_replacing_the_pool_keeps_what_was_known_of_an_account():
    with open_store(":memory:") as store:
        add_to_pool(store, ["a", "b"], added_on="2025-01-01", reason="seed", source="seed")
        set_status(store, ["a"], "paused")
        replace_pool(store, ["z", "a"], added_on="2025-01-09", reason="list", source="archive")
        table = pool(store)
    assert table["username"].tolist() == ["z", "a"]
    assert table["status"].tolist() == ["active", "paused"]
    assert table["source"].tolist() == ["archive", "seed"]


def test_an_unknown_status_is_refused():
    with open_store(":memory:") as store, pytest.raises(ParameterError, match="active, paused, gone"):
        set_status(store, ["a"], "asleep")


def test_the_newest_run_of_the_newest_day_is_found_with_its_facts():
    with open_store(":memory:") as store:
        begin(store, "replay-2025-01-01", "2025-01-01")
        run = begin(store, "replay-2025-01-02", "2025-01-02")
        record_facts(store, run, {"n_posts": 3})
        record_facts(store, run, {"n_edges": 1})
        finish_run(store, run, status="done", outcome="network", finished_at=9)
        found = newest_run(store)
    assert found is not None
    assert (found["date"], found["outcome"], found["facts"]) == (
        "2025-01-02",
        "network",
        {"n_edges": 1, "n_posts": 3},
    )


def test_a_failed_transaction_leaves_nothing():
    with open_store(":memory:") as store:
        with pytest.raises(RuntimeError), store.transaction():
            upsert_videos(store, [video()], 1)
            raise RuntimeError
        assert store.connection.execute("SELECT COUNT(*) FROM videos").fetchone()[0] == 0


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
