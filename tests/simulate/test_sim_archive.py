"""The simulated archive on disk: the format of the real one, its mess, and the truth beside."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys

import pandas as pd
import pytest

from coordlib.errors import ParameterError
from coordlib.simulate import build_world
from coordlib.simulate.archive import COLUMNS, write_archive


@pytest.fixture(scope="module")
def world():
    return build_world(accounts=400, days=10, seed=1)


@pytest.fixture(scope="module")
def archive(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / "days"
    write_archive(world, folder)
    return folder


def read(path):
    return pd.read_csv(io.BytesIO(gzip.decompress(path.read_bytes())), dtype=str, keep_default_na=False)


def folders(archive):
    return sorted(path for path in archive.iterdir() if path.is_dir())


def snapshots(archive):
    return [read(path) for path in sorted(archive.glob("*/daily_snapshot.csv.gz"))]


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_there_is_a_folder_per_day(archive):
    assert [p.name for p in folders(archive)] == [f"2026-09-{day:02d}" for day in range(1, 11)]


def test_the_columns_are_those_of_the_real_archive(archive, shared):
    real = read(shared / "data" / "csbn" / "2025-09-26" / "daily_snapshot.csv.gz")
    recent = read(shared / "data" / "csbn" / "2025-09-26" / "recent_videos_snapshot.csv.gz")
    assert [list(table.columns) for table in snapshots(archive)] == [list(real.columns)] * 9
    assert list(read(archive / "2026-09-10" / "recent_videos_snapshot.csv.gz").columns) == list(
        recent.columns
    )


def test_every_day_has_its_pool_and_its_log(archive):
    before = None
    for folder in folders(archive):
        pool = read(folder / "tiktok_coordinated_accounts_ids.csv.gz")["x"].tolist()
        log = pd.read_csv(folder / "new_accounts_log.csv")
        assert list(log.columns) == ["Timestamp", "New_Accounts_Count", "Total_Accounts"]
        assert log["Total_Accounts"].iloc[0] == len(pool) == len(set(pool))
        new = int(log["New_Accounts_Count"].iloc[0])
        if before is not None:
            assert pool[: len(pool) - new] == before
            assert pool[len(before) :] == sorted(pool[len(before) :])
        before = pool


def test_one_day_has_no_input_and_says_why(archive):
    empty = [f for f in folders(archive) if not (f / "daily_snapshot.csv.gz").exists()]
    assert len(empty) == 1
    errors = read(empty[0] / "error_log.csv.gz")
    assert errors["message"].str.contains("HTTP 500").sum() > 20


def test_one_day_has_nothing_to_find(archive):
    sizes = [len(table) for table in snapshots(archive)]
    quiet = snapshots(archive)[sizes.index(min(sizes))]
    assert len(quiet) < 30
    assert quiet["video_description"].is_unique


def test_both_spellings_of_times_occur(archive):
    styles = {
        (table["create_time"].str.contains("T").all(), table["create_time"].str.contains("T").any())
        for table in snapshots(archive)
    }
    assert styles == {(True, True), (False, False)}


def test_some_ids_come_twice(archive):
    assert any(table["video_id"].duplicated().any() for table in snapshots(archive))


def test_captions_hold_commas_quotes_newlines_and_emoji(archive):
    text = pd.concat(snapshots(archive))["video_description"]
    for part in (",", '"', "\n", "😂"):
        assert text.str.contains(part, regex=False).any(), part
    assert text.ne("").all()


def test_a_day_shows_ten_days_up_to_three_days_ago(archive):
    table = read(archive / "2026-09-10" / "daily_snapshot.csv.gz")
    assert table["create_time"].min() >= "2026-08-29"
    assert table["create_time"].max() < "2026-09-08"


def test_missing_values_are_spelled_as_in_the_archive(archive):
    old, new = snapshots(archive)[0], snapshots(archive)[-1]
    assert set(old["effect_ids"]) == set(old["hashtag_names"]) == {"NA"}
    assert set(new["effect_ids"]) == {""}
    assert new["hashtag_names"].str.contains(",").any()
    assert 0.4 < (new["voice_to_text"] == "NA").mean() < 0.8


def test_the_errors_are_worded_as_in_the_archive(archive):
    errors = read(archive / "2026-09-01" / "error_log.csv.gz")
    assert list(errors.columns) == ["timestamp", "type", "message"]
    assert set(errors["type"]) <= {"chunk_error", "description_query_error", "daily_quota_exceeded"}
    assert errors["message"].str.contains(r"• log_id: \d{14}[0-9A-F]{20}$").all()


def test_the_marker_and_the_truth_lie_beside(archive, world):
    marker = json.loads((archive / "simulated.json").read_text(encoding="utf-8"))
    truth = pd.read_csv(archive / "truth.csv")
    assert marker["simulated"] is True
    assert marker["parameters"]["seed"] == 1
    assert set(truth.loc[truth["coordinated"], "account_id"]) == set(world.planted_accounts)


def test_the_pool_finds_most_planted_accounts(archive, world):
    pool = set(read(archive / "2026-09-10" / "tiktok_coordinated_accounts_ids.csv.gz")["x"])
    planted = set(world.planted_accounts)
    assert len(pool & planted) > 0.6 * len(planted)


def test_the_same_world_gives_the_same_bytes_and_replaces_itself(world, archive, tmp_path):
    write_archive(world, tmp_path / "again")
    first = digest(tmp_path / "again")
    write_archive(world, tmp_path / "again")
    assert digest(tmp_path / "again") == first == digest(archive)


def test_a_folder_with_other_files_is_never_touched(world, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ParameterError, match="new folder"):
        write_archive(world, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_columns_constant_is_the_snapshots_header(archive):
    assert list(snapshots(archive)[0].columns) == list(COLUMNS)


def test_the_command_writes_an_archive(tmp_path, monkeypatch, capsys):
    from coordlib.cli import main

    folder = tmp_path / "days"
    monkeypatch.setattr(
        sys, "argv", ["coordlib", "simulate", "archive", str(folder), "--accounts", "60", "--days", "2"]
    )
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert "2 simulated days" in capsys.readouterr().out
    assert (folder / "2026-09-02" / "daily_snapshot.csv.gz").exists()


def test_the_command_names_the_nearest_kind(tmp_path, monkeypatch, capsys):
    from coordlib.cli import main

    monkeypatch.setattr(
        sys, "argv", ["coordlib", "simulate", "archive", str(tmp_path / "d"), "--kind", "chrun"]
    )
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "churn" in capsys.readouterr().err
