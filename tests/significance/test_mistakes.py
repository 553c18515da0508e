"""What a user may give by mistake is refused in one line that names it, and never becomes a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib import CoordError
from coordlib.errors import InputError, ParameterError, TimeFormatError
from coordlib.significance import (
    evidence_headline,
    evidence_sentence,
    evidence_table,
    network_sentence,
    network_significance,
)
from coordlib.simulate import simulate_data

DAY = 86_400
SHARES, _ = simulate_data(seed=1)
PAIRS = cl.detect_groups(SHARES, 120, 1)


def timed(times: list[Any]) -> pd.DataFrame:
    """A table of shares made by hand."""
    numbers = range(len(times))
    return pd.DataFrame(
        {
            "object_id": [f"o{number % 3}" for number in numbers],
            "account_id": [f"a{number % 7}" for number in numbers],
            "content_id": [str(number) for number in numbers],
            "timestamp_share": times,
        }
    )


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([0] * 30, "'0' is a time before 1990"),
        ([0] * 5 + [1_700_000_000] * 25, r"'0' is .* \(5 such of 30\)"),
        ([2020 + number % 6 for number in range(30)], "'2020' is a year"),
        ([2020.0] * 30, "is a year"),
        ([46_000 + number % 3 for number in range(30)], "day number of a spreadsheet"),
    ],
    ids=["zeros", "some zeros", "years", "years with a point", "day numbers"],
)
@pytest.mark.parametrize("function", [cl.edge_significance, cl.rank_accounts, cl.detect_groups, cl.calibrate])
def test_numbers_that_are_no_times_are_refused_also_in_a_table_made_by_hand(
    function: Callable[..., Any], times: list[Any], said: str
) -> None:
    made = timed(times)
    for table in (made, made.astype({"object_id": "str", "account_id": "str", "content_id": "str"})):
        with pytest.raises(TimeFormatError, match=said):
            function(table)


def test_a_clock_of_ones_own_is_taken_wherever_it_begins() -> None:
    times = [500 * number for number in range(30)]
    edges = cl.edge_significance(timed(times))
    for days in (-3, 1, 100):
        moved = cl.edge_significance(timed([time + days * DAY for time in times]))
        pd.testing.assert_frame_equal(moved, edges)
    told = cl.prep_data(timed([2020 + number % 6 for number in range(30)]), plausible=None)
    assert len(cl.edge_significance(told)) == 21


def test_an_index_with_the_name_of_a_column_changes_nothing() -> None:
    named = SHARES.set_index("account_id", drop=False)
    pairs = PAIRS.set_index("account_id", drop=False)
    pd.testing.assert_frame_equal(cl.edge_significance(named), cl.edge_significance(SHARES))
    expected = network_significance(SHARES, PAIRS, min_weight=2, draws=3)
    pd.testing.assert_frame_equal(network_significance(named, pairs, min_weight=2, draws=3), expected)
    pd.testing.assert_frame_equal(cl.coordinated_edges(pairs), cl.coordinated_edges(PAIRS))


EDGES = cl.edge_significance(SHARES)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cl.edge_significance(SHARES, 10**19), "time_window = 1.*: give at most"),
        (
            lambda: cl.edge_significance(
                SHARES.rename(columns={"timestamp_share": "posted_at"}), object_id=7
            ),
            "'7'",
        ),
        (lambda: network_significance(SHARES, PAIRS, seed=-1), "seed = -1"),
        (lambda: network_significance(SHARES, PAIRS, seed="x"), "seed = 'x'"),  # type: ignore[arg-type]
        (lambda: network_significance(SHARES, PAIRS, stratum=["day"]), "stratum"),  # type: ignore[arg-type]
        (lambda: network_significance(SHARES.iloc[:20], PAIRS), "posts are not among the shares"),
        (lambda: network_significance(SHARES, PAIRS.assign(time_delta="x")), "time_delta"),
        (lambda: network_sentence(EDGES), "see network_significance"),
        (lambda: evidence_table(None), "a NoneType is no table"),  # type: ignore[arg-type]
        (
            lambda: evidence_table(EDGES.assign(evidence="guilty")),
            "'guilty', which is none of beyond the crowd",
        ),
        (lambda: evidence_headline(EDGES.assign(evidence="guilty")), "'guilty'"),
        (lambda: evidence_headline(EDGES, "kept"), "a str is no table"),  # type: ignore[arg-type]
        (lambda: evidence_sentence(["open"]), "choose one of"),  # type: ignore[arg-type]
        (lambda: evidence_sentence("open", "x"), "time_window = 'x'"),  # type: ignore[arg-type]
        (lambda: cl.rank_accounts(SHARES, significance=PAIRS), "see edge_significance"),
        (lambda: cl.rank_accounts(SHARES, significance=EDGES.assign(evidence="guilty")), "'guilty'"),
        (lambda: cl.coordinated_edges(PAIRS, significance=EDGES, classes=5), "classes"),  # type: ignore[call-arg]
    ],
)
def test_a_mistake_is_one_line(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(CoordError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_ids_that_are_numbers_are_those_of_the_shares() -> None:
    numbered = SHARES.assign(content_id=range(len(SHARES)), account_id=pd.factorize(SHARES["account_id"])[0])
    pairs = cl.detect_groups(numbered, 120, 1)
    ids = dict.fromkeys(["account_id", "account_id_y", "content_id", "content_id_y"], "int64")
    found = network_significance(numbered, pairs.astype(ids), min_weight=2, draws=3)
    assert found.attrs["incidences"] == network_significance(SHARES, PAIRS, draws=3).attrs["incidences"]


def test_a_window_that_is_not_known_is_not_made_up() -> None:
    read = EDGES.copy()
    read.attrs = {}
    assert "within the time window" in evidence_headline(read)
    assert "120 seconds" in evidence_headline(EDGES)
    assert "120" not in evidence_headline(read)
    whole = network_significance(SHARES, PAIRS, min_weight=2, draws=3)
    whole.attrs = {}
    assert " like random networks in which" in network_sentence(whole)
    assert "only" not in evidence_headline(cl.edge_significance(SHARES.iloc[:0]))


def test_long_windows_have_readable_words() -> None:
    assert "within 24 hours" in evidence_sentence("closed circle", 86_400)
    assert "within 60 seconds" in evidence_sentence("closed circle", np.float64(60))  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="time_window"):
        evidence_sentence("closed circle", -1)


def test_errors_are_of_the_input_where_a_table_is_wrong() -> None:
    with pytest.raises(InputError, match="not among the shares"):
        network_significance(SHARES.iloc[:0], PAIRS)
