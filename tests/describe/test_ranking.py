"""The order of accounts: formula by hand, what it ignores, and what it finds in simulated campaigns."""

from __future__ import annotations

import math
import runpy
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.describe.ranking import Order
from coordlib.errors import InputError, MissingColumnError, ParameterError
from coordlib.simulate import Groups, plant_groups, simulate_background, simulate_labelled, simulate_pattern
from coordlib.simulate.shares import Pattern


def table(*rows: tuple[str, str, int]) -> pd.DataFrame:
    shares = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    shares["content_id"] = [f"post-{number}" for number in range(len(shares))]
    return cl.prep_data(shares)


def test_the_score_is_the_formula_worked_out_by_hand() -> None:
    """a and b meet on o (3 accounts, 0 s) and on p (2 accounts, 60 s) a day later; c shares o as well, an hour away."""
    start, day = 1_700_000_000, 86_400
    shares = table(
        ("o", "a", start),
        ("o", "b", start),
        ("o", "c", start + 3_600),
        ("p", "a", start + day),
        ("p", "b", start + day + 60),
        ("q", "b", start + 2 * day),
    )
    found = cl.rank_accounts(shares, time_window=120, half_life=30).set_index("account_id")
    weight = (1 - 1 / 2) / math.sqrt((2 + 2) * (3 + 2)) * (1 / math.sqrt(2) + 0.25)
    assert found["score"].round(12).to_dict() == {"a": round(weight, 12), "b": round(weight, 12), "c": 0.0}
    assert found.loc["a", ["partner", "occasions", "n_partners", "n_shares"]].tolist() == ["b", 2, 1, 2]
    assert pd.isna(found.loc["c", "partner"])


def test_who_met_once_and_who_repeats_a_post_within_minutes_has_no_score() -> None:
    start = 1_700_000_000
    shares = table(("o", "a", start), ("o", "b", start), ("o", "a", start + 60), ("o", "b", start + 90))
    assert cl.rank_accounts(shares)["score"].tolist() == [0.0, 0.0]
    again = [("o", "b", start + 1_000 * n) for n in range(4)]
    assert cl.rank_accounts(table(*again, ("o", "a", start), ("o", "a", start + 1_700)))[
        "score"
    ].tolist() == [0, 0]
    released = table(*[(f"o{n}", who, start + n) for n in range(9) for who in "ab"])
    assert cl.rank_accounts(released)["score"].tolist() == [0.0, 0.0], "a queue released at one moment"


def test_neither_the_order_of_the_rows_nor_whole_days_change_it_and_it_stays_within_bounds() -> None:
    shares = plant_groups(simulate_background(200, 1500, seed=3), Groups(hiding=2), seed=3).drop(
        columns="group"
    )
    found = cl.rank_accounts(shares)
    mixed = shares.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(cl.rank_accounts(mixed), found, check_exact=True)
    later = shares.assign(timestamp_share=shares["timestamp_share"] + 5 * 86_400)
    pd.testing.assert_frame_equal(cl.rank_accounts(later), found, check_exact=True)
    assert found["score"].between(0, 1).all() and found["score"].is_monotonic_decreasing
    assert set(found["account_id"]) == set(shares["account_id"])


def test_the_class_of_evidence_stands_beside_the_score() -> None:
    shares = plant_groups(simulate_background(seed=1), seed=1).drop(columns="group")
    found = cl.rank_accounts(shares, significance=cl.edge_significance(shares))
    assert set(found.head(20)["evidence"]) == {"closed circle"}
    assert found.head(20)["account_id"].str.startswith("planted-").all()


def test_an_account_that_only_posts_much_is_no_match_for_a_group() -> None:
    background = simulate_background(seed=2)
    often = background["account_id"].value_counts().index[:10]
    found = cl.rank_accounts(
        plant_groups(background, Groups(moments=5, hiding=3), seed=2).drop(columns="group")
    )
    place = found.reset_index().set_index("account_id")["index"]
    assert place[[name for name in place.index if name.startswith("planted-")]].max() == 19
    assert place[often].min() >= 20


def test_without_shares_there_is_an_empty_table_with_its_columns() -> None:
    found = cl.rank_accounts(table().iloc[:0])
    assert found.empty and found.columns.tolist() == [
        "account_id",
        "score",
        "partner",
        "occasions",
        "n_partners",
        "n_shares",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"half_life": 0}, "half_life"),
        ({"time_window": 0}, "time_window"),
        ({"half_life": True}, "half_life"),
    ],
)
def test_a_value_that_means_nothing_is_refused(options: dict[str, float], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        cl.rank_accounts(table(("o", "a", 1_700_000_000)), **options)  # type: ignore[arg-type]


SCORES = np.array([0.9, 0.8, 0.8, 0.5, 0.5, 0.5, 0.1])
TRUTH = np.array([True, True, False, True, False, False, False])


def test_the_measures_are_those_worked_out_by_hand() -> None:
    """Pairs won: .9 beats 4; .8 beats 3 and ties 1; .5 beats 1 and ties 2: (4 + 3.5 + 2) / 12."""
    assert Order(SCORES, TRUTH).area_under_curve() == pytest.approx(9.5 / 12)
    assert Order(SCORES, TRUTH).average_precision() == pytest.approx((1 / 1 + 2 / 3 + 3 / 6) / 3)
    assert Order(SCORES, TRUTH).precision_at(2) == pytest.approx((1 + 0.5) / 2)
    assert Order(SCORES, TRUTH).precision_at(100) == pytest.approx(3 / 7)
    assert Order(SCORES, TRUTH).accounts_to_inspect(1.0) == pytest.approx(3 + 1 * 4 / 2)
    assert Order(SCORES, TRUTH).accounts_to_inspect(0.5) == pytest.approx(1 + 1 * 3 / 2)


def test_equal_scores_measure_as_an_order_drawn_by_lot() -> None:
    flat, random = np.zeros(7), np.random.default_rng(1)
    drawn = [Order(random.random(7), TRUTH).accounts_to_inspect() for _ in range(4000)]
    assert Order(flat, TRUTH).accounts_to_inspect() == pytest.approx(np.mean(drawn), abs=0.1)
    assert (Order(flat, TRUTH).area_under_curve(), Order(flat, TRUTH).average_precision()) == (
        0.5,
        pytest.approx(3 / 7),
    )


@pytest.mark.parametrize("pattern", get_args(Pattern))
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_each_of_three_patterns_of_a_campaign_is_found(pattern: Pattern, seed: int) -> None:
    found = cl.benchmark(simulate_pattern(pattern, seed=seed)).set_index("method")
    assert found.loc["score", "auc"] >= 0.99 and found.loc["score", "average_precision"] >= 0.99


def test_groups_that_hide_are_found_by_the_score_and_not_by_the_others() -> None:
    found = cl.benchmark(simulate_labelled(seed=4)).set_index("method")["average_precision"]
    assert found["score"] >= 0.95 and found.drop("score").max() < 0.6


@pytest.mark.reference
@pytest.mark.parametrize(("kind", "options"), [("plant_many", {}), ("plant_one", {"hours": "drift"})])
def test_the_groups_of_the_specification_come_first(shared: Path, kind: str, options: dict[str, str]) -> None:
    file = shared / "checks" / "worlds" / "scen.py"
    if not file.is_file():
        pytest.skip("the worlds of the specification (../shared/checks/worlds) are not beside this checkout")
    world = runpy.run_path(str(file))
    random = np.random.default_rng(1)
    background = world["organic"](random, 7_200, NA=600, NO=600, NP=6_000)
    what, who, times = world[kind](random, *background, 4, 5, 5, 60, **options)[0]
    rows = zip(what.astype(str), who.astype(str), np.rint(times).astype(int) + 1_700_000_000, strict=True)
    found = cl.rank_accounts(table(*rows))
    planted = found["account_id"].astype(int) > background[1].max()
    assert planted.sum() == 20 and planted.head(20).all()
    assert found.loc[~planted, "score"].max() < 0.1


def test_names_dealt_out_anew_leave_nothing_to_find() -> None:
    posts = simulate_pattern("bursts", seed=5)
    names = posts["account_id"].to_numpy()
    truth = posts.groupby("account_id")["coordinated"].any()
    dealt = posts.assign(account_id=pd.Series(np.random.default_rng(1).permutation(names), dtype="str"))
    dealt["coordinated"] = dealt["account_id"].map(truth)
    assert cl.benchmark(dealt)["auc"].between(0.3, 0.7).all()


def test_the_first_hundred_of_fewer_accounts_is_no_number() -> None:
    table = cl.benchmark(simulate_pattern("bursts"), k=(10, 100_000))
    assert table["precision_at_10"].notna().all() and table["precision_at_100000"].isna().all()


def test_what_is_not_labelled_is_said_in_one_line() -> None:
    posts = simulate_pattern("bursts")
    with pytest.raises(MissingColumnError, match=r"name it is_control \(true outside it\) or coordinated"):
        cl.benchmark(posts.drop(columns="coordinated"))
    with pytest.raises(InputError, match="row 2 of the data: 'perhaps' is neither true nor false"):
        cl.benchmark(posts.assign(coordinated=["true", "perhaps", *["false"] * (len(posts) - 2)]))
    with pytest.raises(InputError, match="all 320 accounts are outside it"):
        cl.benchmark(posts.assign(coordinated=False))
    with pytest.raises(ParameterError, match="k ="):
        cl.benchmark(posts, k=[0])
