"""Calibration: worlds without coordination keep their margins, planted truth is counted right, and the pages show what was measured."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coordlib as cl
from coordlib.describe import calibration_table
from coordlib.describe.calibration import BEHAVIOUR, EVASION, _world
from coordlib.errors import InputError, ParameterError
from coordlib.simulate import Groups, plant_groups, simulate_background


@pytest.fixture(scope="module")
def measured() -> pd.DataFrame:
    return cl.calibrate(simulate_background(200, 1_500, seed=4), runs=2)


def at(table: pd.DataFrame, setting: str, value: float, rule: str) -> Any:
    return table[(table["setting"] == setting) & (table["value"] == value) & (table["rule"] == rule)].iloc[0]


def test_names_dealt_out_anew_keep_activity_objects_and_times_but_not_who_meets_whom() -> None:
    shares = plant_groups(simulate_background(200, 1_500, seed=4), seed=4).drop(columns=["group", "moment"])
    dealt = _world(shares, "names dealt", 1)
    kept = ["object_id", "content_id", "timestamp_share"]
    pd.testing.assert_frame_equal(dealt[kept], shares[kept])
    assert dealt["account_id"].value_counts().to_dict() == shares["account_id"].value_counts().to_dict()
    assert (dealt["account_id"] != shares["account_id"]).mean() > 0.9
    other = _world(shares, "objects dealt", 1)
    kept = ["account_id", "content_id", "timestamp_share"]
    pd.testing.assert_frame_equal(other[kept], shares[kept])
    assert other["object_id"].value_counts().to_dict() == shares["object_id"].value_counts().to_dict()


def test_the_objects_of_one_post_stay_with_one_account() -> None:
    shares = simulate_background(50, 300, seed=1)
    twice = pd.concat([shares, shares.assign(object_id="tag-" + shares["object_id"])], ignore_index=True)
    assert _world(twice, "names dealt", 3).groupby("content_id")["account_id"].nunique().eq(1).all()


def test_planted_groups_are_what_was_asked_for() -> None:
    background = simulate_background(100, 500, seed=2)
    table = plant_groups(background, Groups(groups=2, size=6, moments=4, spread=30, hiding=0.5), seed=2)
    assert table["content_id"].is_unique and table["group"].notna().sum() == 2 * (6 * 4 + 12)
    moments = table[table["moment"].notna()].groupby(["group", "moment"])
    assert moments["account_id"].nunique().eq(6).all() and moments["object_id"].nunique().eq(1).all()
    assert (moments["timestamp_share"].max() - moments["timestamp_share"].min()).max() <= 30
    changed = plant_groups(background, Groups(rewritten=1.0), seed=2)
    assert changed.loc[changed["moment"].notna(), "object_id"].is_unique
    replaced = plant_groups(background, Groups(groups=1, rotated=1.0, hiding=0), seed=2)
    assert replaced.loc[replaced["moment"].notna(), "account_id"].is_unique
    pd.testing.assert_frame_equal(plant_groups(background, seed=9), plant_groups(background, seed=9))
    with pytest.raises(ParameterError, match="empty"):
        plant_groups(background.iloc[:0])


def test_what_cannot_meet_is_not_found_and_what_meets_openly_is(measured: pd.DataFrame) -> None:
    for setting, value in (("jitter", 3600), ("rewritten", 1.0), ("rotated", 1.0)):
        assert at(measured, setting, value, "evidence")["recall_accounts"] == 0, setting
    assert at(measured, "moments", 2, "evidence")["recall_accounts"] < 0.2
    usual = at(measured, "size", 5, "evidence")
    assert (usual["recall"], usual["recall_accounts"], usual["precision"]) == (1, 1, 1)
    assert measured["value"].isna().sum() == 4 and len(measured) == 4 + 2 * sum(
        map(len, [*BEHAVIOUR.values(), *EVASION.values()])
    )
    assert measured.loc[measured["rule"] == "evidence", "false_edges"].eq(0).all()
    by_weight = measured[measured["rule"] == "edge weight"]
    assert by_weight["runs_with_false"].max() == 2, "a quantile always keeps somebody"


def test_recall_and_precision_are_those_of_a_detection_by_hand() -> None:
    shares = simulate_background(200, 1_500, seed=4)
    row = at(cl.calibrate(shares, runs=1, seed=7, min_weight=3), "participation", 0.6, "edge weight")
    shares = shares.sort_values(["timestamp_share", "account_id", "content_id"], ignore_index=True)
    world = _world(shares, Groups(participation=0.6), 7)
    edges = cl.coordinated_edges(cl.detect_groups(world), min_weight=3)
    edges = edges[edges["weight_threshold"] == 1]
    group = world.dropna(subset=["moment"]).drop_duplicates("account_id").set_index("account_id")["group"]
    one, two = edges["account_id"].map(group), edges["account_id_y"].map(group)
    inside = (one == two) & one.notna()
    assert row["false_edges"] == (~inside).sum() and row["precision"] == pytest.approx(inside.mean())
    found = set(edges.loc[inside, "account_id"]) | set(edges.loc[inside, "account_id_y"])
    assert row["recall_accounts"] == pytest.approx(len(found) / len(group))


def test_neither_the_order_of_the_rows_nor_a_second_call_changes_a_number() -> None:
    shares = simulate_background(80, 400, seed=5)
    first = cl.calibrate(shares, runs=1)
    pd.testing.assert_frame_equal(cl.calibrate(shares, runs=1), first)
    mixed = shares.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(cl.calibrate(mixed, runs=1), first)


def test_a_value_out_of_range_is_refused() -> None:
    shares = simulate_background(20, 60)
    for options in ({"runs": 0}, {"edge_weight": 2}, {"min_weight": 0}, {"time_window": -1}):
        with pytest.raises(ParameterError, match=next(iter(options))):
            cl.calibrate(shares, **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="two accounts"):
        cl.calibrate(shares.iloc[:1])


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("docs/calibration.md", "simulated"),
        ("docs/calibration.md", "evasion"),
        ("reports/method.qmd", "evasion"),
    ],
)
def test_the_tables_on_the_pages_are_those_of_the_last_measurement(
    project: Path, page: str, name: str
) -> None:
    numbers = pd.read_csv(project / "benchmarks" / "calibration.csv")
    text = (project / page).read_text(encoding="utf-8")
    shown = re.search(rf"<!-- {name} -->\n\n(.*?)\n\n<!-- end -->", text, re.DOTALL)
    settings = tuple(EVASION) if name == "evasion" else ("names dealt", "objects dealt", *BEHAVIOUR)
    assert shown is not None and shown[1] == calibration_table(numbers, settings)


def test_the_table_says_where_equal_weights_are_why_nobody_is_found(measured: pd.DataFrame) -> None:
    tied = measured.assign(runs_tied=measured["rule"].eq("edge weight").astype(int))
    assert "the heaviest edges tie and the quantile keeps none" in calibration_table(tied)
    assert "tie" not in calibration_table(measured.assign(runs_tied=0))


@pytest.mark.parametrize("page", ["ranking", "calibration"])
def test_the_examples_on_the_page_run(project: Path, page: str) -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(
        r"```python\n(.*?)```", (project / "docs" / f"{page}.md").read_text("utf-8"), re.DOTALL
    )
    assert blocks
    for block in blocks:
        exec(compile(block, f"docs/{page}.md", "exec"), names)


def test_the_command_writes_all_numbers_or_the_table_and_says_a_mistake_in_one_line(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    simulate_background(60, 300).to_csv(tmp_path / "shares.csv", index=False)
    code, said, error = command(
        "calibrate", tmp_path / "shares.csv", "--runs", 1, "-o", tmp_path / "table.md"
    )
    assert code == 0, error
    written = (tmp_path / "table.md").read_text()
    assert written in said and written.startswith("shares.csv: 300 shares of ")
    assert "1 run a row" in written.splitlines()[0]
    for words, said in (
        (["-o", tmp_path / "table.txt"], "must end in .csv or .md"),
        ([tmp_path / "shares.csv", "-o", tmp_path / "shares.csv"], "shares.csv"),
        ([tmp_path / "shares.csv", "--object-id", "music"], "music"),
    ):
        code, _, error = command("calibrate", *words)
        assert code == 2 and error.count("\n") == 1 and said in error


def test_two_calibrations_joined_are_refused_and_a_rule_that_is_not_there_is_a_dash() -> None:
    row = {
        "setting": "jitter",
        "value": 60.0,
        "rule": "evidence",
        "recall_accounts": 0.5,
        "false_per_1000": 0.0,
    }
    one = pd.DataFrame([row])
    assert calibration_table(one).splitlines()[-1].endswith("| – | 50% | – | 0.0 |")
    with pytest.raises(InputError, match="holds the same setting twice"):
        calibration_table(pd.concat([one, one]))
