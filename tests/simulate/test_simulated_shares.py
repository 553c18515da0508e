"""simulate_data: what it plans is what detection finds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordlib import detect_groups, prep_data
from coordlib.errors import ParameterError
from coordlib.simulate import simulate_data

PAIR = ["object_id", "account_id", "account_id_y", "content_id", "content_id_y", "time_delta"]


def rows(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """Pairs as a sorted list; which of two posts of one second is the older is left open."""
    return sorted(
        (r.object_id, *sorted([(r.account_id, r.content_id), (r.account_id_y, r.content_id_y)]), r.time_delta)
        for r in table.itertuples()
    )


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 5), st.integers(1, 120), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_detection_finds_exactly_the_planned_pairs(
    seed: int, coord: int, other: int, window: int, least: int
) -> None:
    shares, planned = simulate_data(120, coord, other, min_participation=least, time_window=window, seed=seed)
    assert rows(detect_groups(shares, window, least)) == rows(planned[planned["coordinated"]])


def test_the_same_seed_gives_the_same_shares_and_another_one_others() -> None:
    one, two, other = (simulate_data(seed=seed)[0] for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


def test_shares_are_ready_for_detection() -> None:
    shares, planned = simulate_data(400)
    pd.testing.assert_frame_equal(prep_data(shares), shares)
    assert list(planned) == [*PAIR, "coordinated"]
    assert 200 <= len(shares) <= 700


@pytest.mark.parametrize(
    "name", ["approx_size", "n_objects", "time_window", "n_accounts_coord", "lambda_coord"]
)
def test_sizes_below_one_and_negative_rates_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        simulate_data(**{name: -1})  # type: ignore[arg-type]


@pytest.mark.reference
def test_the_originals_simulation_is_detected_as_it_expects(shared: Path) -> None:
    folder = shared / "golden" / "coortweet"
    shares = prep_data(pd.read_csv(folder / "simulate_seed42_input.csv.gz", dtype=str))
    expected = pd.read_csv(folder / "simulate_seed42_expected.csv.gz", dtype=dict.fromkeys(PAIR[:5], str))
    detected = pd.read_csv(
        folder / "simulate_seed42_detect_tw10_mp2.csv.gz", dtype=dict.fromkeys(PAIR[:5], str)
    )
    ours = detect_groups(shares, 10, 2, compat="coortweet")
    assert ours[list(detected)].to_numpy().tolist() == detected.to_numpy().tolist()
    assert rows(ours) == rows(expected[expected["coordinated"]])
