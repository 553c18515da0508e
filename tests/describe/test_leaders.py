"""Who posted first, and what a network shared."""

from __future__ import annotations

import pandas as pd

from coordlib.describe import (
    account_leads,
    edge_leads,
    first_movers,
    hashtag_table,
    object_edges,
    object_table,
)

PAIRS = pd.DataFrame(
    [
        ("o1", "a", "b", "a1", "b1", 10),
        ("o1", "a", "c", "a1", "c1", 30),
        ("o1", "b", "c", "b1", "c1", 20),
        ("o2", "b", "a", "b2", "a2", 0),
    ],
    columns=["object_id", "account_id", "account_id_y", "content_id", "content_id_y", "time_delta"],
)


def test_the_earlier_post_leads_and_a_tie_leads_nobody():
    table = account_leads(PAIRS).set_index("account_id")
    assert table["n_pairs"].to_dict() == {"a": 3, "b": 3, "c": 2}
    assert table["n_led"].to_dict() == {"a": 2, "b": 1, "c": 0}
    assert table.loc["a", "median_lead"] == 20
    assert pd.isna(table.loc["c", "median_lead"])


def test_the_first_mover_of_an_object_is_never_the_newer_post():
    assert first_movers(PAIRS)[["object_id", "account_id"]].to_numpy().tolist() == [
        ["o1", "a"],
        ["o2", "a"],
        ["o2", "b"],
    ]


def test_leaders_do_not_depend_on_row_order():
    pd.testing.assert_frame_equal(account_leads(PAIRS), account_leads(PAIRS.iloc[::-1]))


def test_the_leader_of_two_accounts_is_who_posted_first_more_often_and_the_network_stays_undirected():
    table = edge_leads(PAIRS).set_index(["account_id", "account_id_y"])
    assert table.loc[("a", "b")].tolist() == [2, 1, 0, 1.0, "a", 10.0]
    assert table.loc[("b", "c"), "leader"] == "b" and len(table) == 3
    tie = edge_leads(PAIRS.tail(1)).iloc[0]
    assert pd.isna(tie["leader"]) and pd.isna(tie["lead_share"]) and pd.isna(tie["median_lead"])
    pd.testing.assert_frame_equal(edge_leads(PAIRS.iloc[::-1]), edge_leads(PAIRS))
    assert edge_leads(PAIRS.head(0)).columns.tolist() == edge_leads(PAIRS).columns.tolist()


def test_objects_are_joined_by_the_accounts_that_are_in_pairs_about_both():
    table = object_edges(PAIRS)
    assert table.round(3).to_numpy().tolist() == [["o1", "o2", 2, 1, 0.667]]
    assert object_edges(PAIRS, min_accounts=3).empty and object_edges(PAIRS.head(0)).empty
    pd.testing.assert_frame_equal(object_edges(PAIRS.iloc[::-1]), table)


def test_no_pairs_give_an_empty_table_with_its_columns():
    table = account_leads(PAIRS.head(0))
    assert table.empty and "lead_share" in table


def test_a_caption_counts_both_ends_of_its_pairs():
    table = object_table(PAIRS)
    assert table.iloc[0].to_dict() == {
        "object_id": "o1",
        "n_accounts": 3,
        "n_posts": 3,
        "n_pairs": 3,
        "median_delta": 20.0,
    }


def test_hashtags_are_counted_once_per_post():
    posts = pd.DataFrame(
        {"content_id": ["1", "2"], "account_id": ["a", "b"], "hashtags": [["x", "y"], ["x"]]}
    )
    assert hashtag_table(posts).to_numpy().tolist() == [["x", 2, 2], ["y", 1, 1]]
