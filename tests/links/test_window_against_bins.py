"""Where the sliding window differs from CooRnet's bins, and why: each flaw once in either mode.

The tables are those of the transcript made with the real package (C1 to C10 of its quirks).
"""

from __future__ import annotations

import pandas as pd
import pytest

from coordlib import get_coord_shares
from coordlib.links import CoordShares

Row = tuple[str, str, int]


def table(*rows: Row) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["expanded", "account.url", "date"])


def edges(output: CoordShares) -> dict[str, int]:
    return {
        "".join(sorted(first + second)): weight
        for first, second, weight in zip(
            output.edges["from"], output.edges["to"], output.edges["weight"], strict=True
        )
    }


def marked(output: CoordShares) -> list[tuple[str, str, int]]:
    shares = output.shares[output.shares["is_coordinated"]]
    return sorted(shares[["expanded", "account.url", "date"]].itertuples(index=False, name=None))


def both(
    rows: pd.DataFrame, interval: float = 60, percentile: float = 0.0
) -> tuple[CoordShares, CoordShares]:
    """Return what we find and what CooRnet finds."""
    return (
        get_coord_shares(rows, interval, edge_weight=percentile),
        get_coord_shares(rows, interval, edge_weight=percentile, compat="coornet"),
    )


def test_two_shares_two_seconds_apart_are_linked_though_an_edge_of_a_bin_lies_between():
    rows = table(("u1", "A", 0), ("u1", "B", 59), ("u1", "C", 61), ("u2", "A", 1000), ("u2", "B", 1001))
    ours, theirs = both(rows)
    assert edges(theirs) == {"AB": 2}
    assert edges(ours) == {"AB": 2, "BC": 1}
    assert ("u1", "C", 61) in marked(ours)
    assert ("u1", "C", 61) not in marked(theirs)


def test_shares_exactly_the_interval_apart_are_within_it():
    rows = table(("u1", "A", 0), ("u1", "B", 60), ("u2", "A", 1000), ("u2", "B", 1001))
    ours, theirs = both(rows)
    assert edges(ours) == {"AB": 2}
    assert edges(theirs) == {"AB": 1}


def test_one_account_that_posts_twice_does_not_coordinate_with_itself():
    rows = table(("u1", "A", 0), ("u1", "A", 5), ("u1", "B", 500), ("u2", "C", 1000), ("u2", "D", 1001))
    ours, theirs = both(rows)
    assert marked(theirs) == [("u1", "A", 0), ("u1", "A", 5), ("u2", "C", 1000), ("u2", "D", 1001)]
    assert marked(ours) == [("u2", "C", 1000), ("u2", "D", 1001)]
    assert edges(ours) == edges(theirs) == {"CD": 1}


def test_accounts_that_never_shared_a_url_close_in_time_are_not_linked_by_it():
    rows = table(("u1", "A", 0), ("u1", "B", 1), ("u1", "C", 605), ("u1", "D", 606))
    ours, theirs = both(rows)
    assert edges(ours) == {"AB": 1, "CD": 1}
    assert edges(theirs) == {"AB": 1, "AC": 1, "AD": 1, "BC": 1, "BD": 1, "CD": 1}


def test_a_share_is_marked_for_what_it_is_not_for_coincidences_of_url_date_and_account():
    rows = table(("u1", "A", 0), ("u1", "B", 1), ("u1", "A", 700), ("u2", "A", 700), ("u2", "C", 701))
    ours, theirs = both(rows)
    assert ("u1", "A", 700) in marked(theirs)
    assert ("u1", "A", 700) not in marked(ours)
    assert edges(ours) == edges(theirs) == {"AB": 1, "AC": 1}


def test_a_fraction_of_a_second_is_cut_off_the_interval():
    rows = table(("u1", "A", 0), ("u1", "B", 1148), ("u1", "C", 1149), ("u1", "D", 1150))
    ours, theirs = both(rows, 1148.5)
    assert ours.interval == theirs.interval == 1148
    assert edges(theirs) == {"BC": 1, "BD": 1, "CD": 1}
    assert edges(ours) == {"AB": 1, "BC": 1, "BD": 1, "CD": 1}


def test_edges_that_reach_the_percentile_are_kept_in_both():
    rows = table(("u1", "A", 0), ("u1", "B", 1), ("u1", "C", 2), ("u2", "A", 1000), ("u2", "B", 1001))
    ours, theirs = both(rows, percentile=0.9)
    assert edges(ours) == edges(theirs) == {"AB": 2}
    assert ours.min_weight == pytest.approx(1.8)


def test_an_equal_weight_is_not_lost_to_floating_point_noise():
    rows = table(*[(f"u{i}", account, 100 * i) for i in range(11) for account in ("A", "B")])
    for percentile in (0.1, 0.3, 0.6, 0.7, 0.9):
        assert edges(get_coord_shares(rows, 10, edge_weight=percentile)) == {"AB": 11}


def test_the_weight_counts_urls_and_not_pairs_of_posts():
    rows = table(
        ("u1", "A", 0), ("u1", "B", 1), ("u1", "A", 2), ("u1", "B", 3), ("u2", "A", 1000), ("u2", "B", 1001)
    )
    assert edges(both(rows)[0]) == {"AB": 2}


def test_our_edges_hold_both_ends_times_and_the_original_s_only_the_first():
    rows = table(("u1", "A", 0), ("u1", "B", 9), ("u2", "B", 1000), ("u2", "A", 1001))
    ours = get_coord_shares(rows, 60, gtimestamps=True)
    assert ours.edges.to_dict("records") == [
        {
            "from": "A",
            "to": "B",
            "weight": 2,
            "url": ["u1", "u2"],
            "t_coord_share": [0, 1001],
            "t_coord_share_to": [9, 1000],
        }
    ]
    theirs = get_coord_shares(rows, 60, gtimestamps=True, compat="coornet")
    assert list(theirs.edges.columns) == ["from", "to", "weight", "t_coord_share"]
    assert ours.network.edges["A", "B"]["t_coord_share_to"] == [9, 1000]


def test_times_on_an_edge_are_those_of_the_earliest_pair_within_the_interval():
    rows = table(("u1", "A", 0), ("u1", "B", 500), ("u1", "A", 510), ("u1", "B", 520))
    found = get_coord_shares(rows, 60, gtimestamps=True).edges
    assert (found["t_coord_share"][0], found["t_coord_share_to"][0]) == ([510], [500])
