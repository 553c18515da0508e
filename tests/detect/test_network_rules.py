"""Edges and networks: what is counted, which edges are kept, and what happens where there is nothing."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordlib import (
    account_stats,
    coordinated_edges,
    detect_groups,
    flag_speed_share,
    generate_coordinated_network,
    group_stats,
    prep_data,
)
from coordlib.detect import weight_quantile
from coordlib.errors import MissingColumnError, ParameterError

PAIRS = ["object_id", "account_id", "account_id_y", "content_id", "content_id_y", "time_delta"]
EDGE_TYPES = {
    "account_id": "str",
    "account_id_y": "str",
    "weight": "int64",
    "n_objects": "int64",
    "avg_time_delta": "float64",
    "n_content_id": "int64",
    "n_content_id_y": "int64",
    "edge_symmetry_score": "float64",
    "object_ids": "object",
    "weight_threshold": "int64",
}


def pairs(*rows: tuple[str, str, str, str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=PAIRS).astype(dict.fromkeys(PAIRS[:5], "str"))


def one(table: pd.DataFrame) -> dict[str, object]:
    assert len(table) == 1
    return dict(table.iloc[0])


def test_weight_counts_pairs_of_posts_and_objects_are_counted_beside_it() -> None:
    table = pairs(("o", "A", "B", "1", "2", 1), ("o", "A", "B", "3", "2", 3), ("p", "B", "A", "4", "5", 5))
    edge = one(coordinated_edges(table))
    assert (edge["weight"], edge["n_objects"], edge["avg_time_delta"]) == (3, 2, 3.0)
    assert edge["object_ids"] == ["o", "p"]


def test_an_account_posting_often_around_one_post_is_not_symmetric() -> None:
    """Issue of the original: older and newer posts are counted instead of each account's."""
    around = [("o", "A", "B", f"a{n}", "b", 1) for n in range(50)] + [
        ("o", "B", "A", "b", f"a{n}", 1) for n in range(50, 100)
    ]
    edge = one(coordinated_edges(pairs(*around)))
    assert (edge["n_content_id"], edge["n_content_id_y"], edge["edge_symmetry_score"]) == (100, 1, 0.01)
    theirs = one(coordinated_edges(pairs(*around), compat="coortweet"))
    assert theirs["edge_symmetry_score"] == 1.0


def test_ends_are_ordered_by_code_point() -> None:
    table = pairs(
        ("o", "a", "B", "1", "2", 1), ("o", "é", "z", "3", "4", 1), ("o", "fb_2", "fb_10", "5", "6", 1)
    )
    assert coordinated_edges(table)[["account_id", "account_id_y"]].to_numpy().tolist() == [
        ["B", "a"],
        ["z", "é"],
        ["fb_10", "fb_2"],
    ]


@pytest.mark.parametrize(("probability", "value"), [(0, 1.0), (0.5, 1.5), (0.9, 2.7), (1, 3.0)])
def test_the_quantile_is_type_seven(probability: float, value: float) -> None:
    assert weight_quantile(np.array([3, 1, 2, 1]), probability) == pytest.approx(value)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.floats(0, 1))
@settings(deadline=None)
def test_the_quantile_is_numpys_linear_one(weights: list[int], probability: float) -> None:
    assert weight_quantile(np.array(weights), probability) == pytest.approx(np.quantile(weights, probability))


@given(st.integers(1, 9), st.integers(1, 300), st.floats(0, 1))
@settings(deadline=None)
def test_equal_weights_are_never_over_their_own_quantile(weight: int, count: int, probability: float) -> None:
    assert weight_quantile(np.full(count, weight), probability) == weight


WEIGHTS = pairs(
    *[("o", "A", "B", f"a{n}", f"b{n}", 1) for n in range(3)],
    *[("o", "B", "C", f"bb{n}", f"c{n}", 1) for n in range(2)],
    ("o", "C", "D", "c", "d", 1),
    ("o", "D", "E", "d", "e", 1),
)


def test_only_edges_strictly_over_the_threshold_are_kept_and_lone_accounts_go() -> None:
    graph = generate_coordinated_network(WEIGHTS, edge_weight=0.5, subgraph=1)
    assert graph.graph["threshold"] == 1.5
    assert sorted(graph.edges) == [("A", "B"), ("B", "C")]
    assert list(graph) == ["A", "B", "C"]
    assert sorted(generate_coordinated_network(WEIGHTS, edge_weight=0, subgraph=1).edges) == [
        ("A", "B"),
        ("B", "C"),
    ]


def test_a_fixed_smallest_weight_is_inclusive() -> None:
    graph = generate_coordinated_network(WEIGHTS, min_weight=2, subgraph=1)
    assert sorted(graph.edges) == [("A", "B"), ("B", "C")]
    assert graph.graph["threshold"] == 2


@pytest.mark.parametrize("edge_weight", [-0.1, 1.1, float("nan"), "0.9", None, True])
def test_an_edge_weight_outside_zero_to_one_is_refused(edge_weight: object) -> None:
    with pytest.raises(ParameterError, match="edge_weight"):
        coordinated_edges(WEIGHTS, edge_weight)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="edge_weight"):
        generate_coordinated_network(WEIGHTS, edge_weight=edge_weight)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subgraph": 4}, "subgraph = 4"),
        ({"subgraph": 1, "fast_net": True}, "subgraph = 1 with fast_net"),
        ({"subgraph": 2}, "flag_speed_share"),
        ({"fast_net": True}, "flag_speed_share"),
        ({"compat": "coornet"}, "compat"),
        ({"min_weight": 0}, "min_weight"),
    ],
)
def test_options_without_meaning_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        generate_coordinated_network(WEIGHTS, **options)  # type: ignore[arg-type]


def test_a_missing_pair_column_is_named() -> None:
    with pytest.raises(MissingColumnError, match="time_delta"):
        coordinated_edges(WEIGHTS.drop(columns="time_delta"))


def test_attributes_are_plain_python_values() -> None:
    data = generate_coordinated_network(WEIGHTS, objects=True).edges["A", "B"]
    assert {name: type(value) for name, value in data.items()} == {
        "weight": int,
        "n_objects": int,
        "avg_time_delta": float,
        "n_content_id": int,
        "n_content_id_y": int,
        "edge_symmetry_score": float,
        "object_ids": list,
        "weight_threshold": int,
    }


def test_edges_and_objects_come_in_the_order_of_their_first_pair() -> None:
    table = pairs(("z", "C", "D", "1", "2", 1), ("y", "A", "B", "3", "4", 1), ("a", "C", "D", "5", "6", 1))
    edges = coordinated_edges(table)
    assert edges["account_id"].tolist() == ["C", "A"]
    assert edges["object_ids"].tolist() == [["z", "a"], ["y"]]


def test_accounts_come_in_the_order_of_all_first_then_all_second_ends() -> None:
    table = pairs(("o", "A", "Z", "1", "2", 1), ("o", "B", "C", "3", "4", 1))
    assert list(generate_coordinated_network(table)) == ["A", "B", "Z", "C"]


def test_nothing_found_is_an_empty_network_and_empty_tables() -> None:
    nothing = pairs().astype({"time_delta": "int64"})
    edges = coordinated_edges(nothing)
    assert edges.empty
    assert {name: str(kind) for name, kind in edges.dtypes.items()} == EDGE_TYPES
    for subgraph in (0, 1):
        graph = generate_coordinated_network(nothing, subgraph=subgraph, objects=True)
        assert (graph.number_of_nodes(), graph.number_of_edges()) == (0, 0)
    statistics = account_stats(graph, nothing)
    assert list(statistics) == [
        "account_id",
        "avg_time_delta",
        "avg_edge_symmetry_score",
        "unique_shares_count",
    ]
    assert list(group_stats(graph)) == ["object_id", "num_accounts"]


def test_no_edge_over_the_threshold_is_an_empty_network() -> None:
    graph = generate_coordinated_network(pairs(("o", "A", "B", "1", "2", 1)), subgraph=1)
    assert nx.is_empty(graph)
    assert list(graph) == []


SHARES = prep_data(
    pd.DataFrame(
        [
            ("o", "A", "1", 0),
            ("o", "B", "2", 5),
            ("o", "C", "3", 30),
            ("p", "A", "4", 100),
            ("p", "B", "5", 102),
        ],
        columns=["object_id", "account_id", "content_id", "timestamp_share"],
    )
)


def flagged(*windows: int) -> pd.DataFrame:
    table = detect_groups(SHARES, 60, 1)
    for window in windows:
        table = flag_speed_share(SHARES, table, 1, window)
    return table


def test_flagging_returns_a_new_table_and_leaves_the_given_one() -> None:
    table = detect_groups(SHARES, 60, 1)
    before = table.copy(deep=True)
    result = flag_speed_share(SHARES, table, 1, 10)
    pd.testing.assert_frame_equal(table, before)
    assert result.drop(columns="time_window_10").equals(before)
    assert result["time_window_10"].tolist() == [int(delta <= 10) for delta in before["time_delta"]]


def test_a_pair_is_fast_at_exactly_the_narrower_window() -> None:
    table = detect_groups(SHARES, 60, 1)
    delta = 5
    assert delta in table["time_delta"].tolist()
    flags = flag_speed_share(SHARES, table, 1, delta)["time_window_5"]
    assert flags.tolist() == [int(seconds <= delta) for seconds in table["time_delta"]]


def test_participation_in_fast_pairs_counts_raw_rows_and_one_account_is_enough() -> None:
    shares = prep_data(
        pd.DataFrame(
            [
                ("o", "A", "1", 0),
                ("x", "A", "1", 0),
                ("o", "B", "2", 5),
                ("p", "C", "3", 0),
                ("p", "D", "4", 1),
            ],
            columns=["object_id", "account_id", "content_id", "timestamp_share"],
        )
    )
    table = detect_groups(shares, 60, 0)
    # A's one content is in two rows of the shares; C and D have one row each.
    flags = flag_speed_share(shares, table, 2, 10)
    assert dict(zip(flags["account_id"], flags["time_window_10"], strict=True)) == {"A": 1, "C": 0}
    assert flag_speed_share(shares, table, 3, 10)["time_window_10"].sum() == 0


def test_a_mark_goes_by_the_two_contents_on_every_row_that_has_them() -> None:
    table = pairs(("o", "A", "B", "1", "2", 5), ("p", "A", "B", "1", "2", 50))
    shares = prep_data(
        pd.DataFrame(
            [("o", "A", "1", 0), ("o", "B", "2", 5)],
            columns=["object_id", "account_id", "content_id", "timestamp_share"],
        )
    )
    assert flag_speed_share(shares, table, 1, 10)["time_window_10"].tolist() == [1, 1]


def test_two_speed_flags_stand_beside_each_other_and_the_narrowest_is_the_default() -> None:
    table = flagged(10, 3)
    assert generate_coordinated_network(table, fast_net=True).edges["A", "B"]["weight_fast"] == 1
    assert generate_coordinated_network(table, fast_net=10).edges["A", "B"]["weight_fast"] == 2
    with pytest.raises(ParameterError, match=r"flagged windows are 3, 10"):
        generate_coordinated_network(table, fast_net=7)


def test_edges_without_fast_pairs_have_no_fast_attributes() -> None:
    data = generate_coordinated_network(flagged(10), fast_net=True).edges["A", "C"]
    assert data["weight_full"] == 1
    assert not [name for name in data if name.endswith("_fast")]


def test_no_fast_pair_at_all_is_a_network_without_fast_edges() -> None:
    table = flagged(0)
    assert table["time_window_0"].sum() == 0
    for subgraph, size in ((0, 3), (2, 0), (3, 0)):
        assert (
            len(generate_coordinated_network(table, fast_net=True, subgraph=subgraph, objects=True)) == size
        )
    graph = generate_coordinated_network(table, fast_net=True, objects=True)
    assert account_stats(graph, table, "fast").empty
    assert group_stats(graph, "fast").empty


def test_the_fast_network_with_its_neighbours_marks_which_is_which() -> None:
    rows = [("o", "A", "B", f"a{n}", f"b{n}", 1) for n in range(3)] + [("p", "C", "D", "c", "d", 1)]
    # E is a neighbour of the fast edge A–B; G is a neighbour of E only, and stays out.
    slow = [("o", "B", "E", "b", "e", 50), ("o", "D", "F", "d", "f", 50), ("o", "E", "G", "e", "g", 50)]
    table = pairs(*rows, *slow)
    table["time_window_10"] = (table["time_delta"] <= 10).astype("int64")
    graph = generate_coordinated_network(table, fast_net=True, edge_weight=0.5, subgraph=3)
    assert dict(graph.nodes(data="color_v")) == {"A": 1, "B": 1, "E": 0}
    assert sorted(generate_coordinated_network(table, fast_net=True, edge_weight=0.5, subgraph=2)) == [
        "A",
        "B",
    ]


def test_the_fast_network_has_a_threshold_of_its_own_weights() -> None:
    slow = [("o", "C", "D", f"c{n}", f"d{n}", 50) for n in range(9)]
    fast = [("o", "A", "B", f"a{n}", f"b{n}", 1) for n in range(2)] + [("o", "A", "C", "a", "c", 1)]
    table = pairs(*slow, *fast)
    table["time_window_10"] = (table["time_delta"] <= 10).astype("int64")
    graph = generate_coordinated_network(table, fast_net=True, edge_weight=0.5)
    assert (graph.graph["threshold_full"], graph.graph["threshold_fast"]) == (2.0, 1.5)
    marks = {
        frozenset(edge): (
            graph.edges[edge]["weight_threshold_full"],
            graph.edges[edge].get("weight_threshold_fast"),
        )
        for edge in graph.edges
    }
    assert marks == {frozenset("CD"): (1, None), frozenset("AB"): (0, 1), frozenset("AC"): (0, 0)}


def test_account_statistics_average_over_edges_where_the_original_drops_equal_ones() -> None:
    table = pairs(("o", "A", "B", "1", "2", 1), ("p", "A", "C", "3", "4", 1), ("q", "A", "D", "5", "6", 4))
    graph = generate_coordinated_network(table)
    assert account_stats(graph, table, "none")["avg_time_delta"][0] == 2.0
    assert account_stats(graph, table, "none", "coortweet")["avg_time_delta"][0] == 2.5


def test_shares_of_an_account_are_counted_over_and_under_the_threshold() -> None:
    graph = generate_coordinated_network(WEIGHTS, edge_weight=0.9, subgraph=1)
    assert account_stats(graph, WEIGHTS).set_index("account_id")["unique_shares_count"].to_dict() == {
        "A": 3,
        "B": 5,
    }


def test_an_account_paired_with_itself_has_that_edge_once() -> None:
    table = pairs(("o", "A", "A", "1", "2", 1), ("o", "A", "B", "1", "3", 4), ("o", "A", "B", "2", "3", 4))
    graph = generate_coordinated_network(table)
    assert account_stats(graph, table, "none")["avg_time_delta"].tolist() == [2.5, 4.0]


def test_a_content_in_several_pairs_is_one_share_of_its_account() -> None:
    table = pairs(("o", "A", "B", "1", "2", 1), ("o", "A", "C", "1", "3", 1), ("p", "B", "A", "2", "1", 1))
    graph = generate_coordinated_network(table)
    assert account_stats(graph, table, "none")["unique_shares_count"].tolist() == [1, 1, 1]


def test_statistics_of_the_full_threshold_leave_out_edges_under_it() -> None:
    graph = generate_coordinated_network(WEIGHTS, edge_weight=0.5, objects=True)
    assert account_stats(graph, WEIGHTS)["account_id"].tolist() == ["A", "B", "C"]
    assert account_stats(graph, WEIGHTS, "none")["account_id"].tolist() == ["A", "B", "C", "D", "E"]
    assert group_stats(graph).to_numpy().tolist() == [["o", 3]]
    assert group_stats(graph, "none").to_numpy().tolist() == [["o", 5]]


def test_statistics_of_the_fast_network_count_only_fast_shares_and_objects() -> None:
    table = pairs(
        *[("fast", "A", "B", f"a{n}", f"b{n}", 1) for n in range(2)],
        ("slow", "A", "B", "a9", "b9", 50),
        ("fast", "C", "D", "c", "d", 1),
    )
    table["time_window_10"] = (table["time_delta"] <= 10).astype("int64")
    graph = generate_coordinated_network(table, fast_net=True, edge_weight=0.5, objects=True)
    assert account_stats(graph, table, "fast")["unique_shares_count"].tolist() == [2, 2]
    assert account_stats(graph, table, "full")["unique_shares_count"].tolist() == [3, 3]
    assert group_stats(graph, "fast").to_numpy().tolist() == [["fast", 2]]
    assert sorted(group_stats(graph, "full")["object_id"]) == ["fast", "slow"]


def test_the_original_counts_the_end_that_is_the_earlier_vertex() -> None:
    """B is a vertex before A, although A sorts first: the edge A–B counts for B."""
    table = pairs(("o", "B", "C", "1", "2", 1), ("p", "A", "B", "3", "4", 1), ("q", "B", "D", "5", "6", 1))
    graph = generate_coordinated_network(table, objects=True)
    assert list(graph)[:2] == ["B", "A"]
    both = pairs(("o", "B", "C", "1", "2", 1), ("z", "A", "B", "3", "4", 1), ("z", "B", "D", "5", "6", 1))
    graph = generate_coordinated_network(both, objects=True)
    assert group_stats(graph, "none", "coortweet").set_index("object_id")["num_accounts"]["z"] == 1
    assert group_stats(graph, "none").set_index("object_id")["num_accounts"]["z"] == 3


def test_objects_count_accounts_at_both_ends_and_keep_their_commas() -> None:
    table = pairs(("x,y", "A", "B", "1", "2", 1), ("x,y", "A", "C", "3", "4", 1))
    graph = generate_coordinated_network(table, objects=True)
    assert group_stats(graph, "none").to_numpy().tolist() == [["x,y", 3]]
    assert group_stats(graph, "none", "coortweet").to_numpy().tolist() == [["x", 1], ["y", 1]]


def test_statistics_say_what_they_need() -> None:
    graph = generate_coordinated_network(WEIGHTS)
    with pytest.raises(ParameterError, match="objects=True"):
        group_stats(graph, "none")
    with pytest.raises(ParameterError, match="fast_net=True"):
        account_stats(graph, WEIGHTS, "fast")
    with pytest.warns(UserWarning, match="no fast shares"):
        account_stats(graph, WEIGHTS, "fast", "coortweet")
    with pytest.raises(ParameterError, match="weight_threshold = 'all'"):
        group_stats(graph, "all")  # type: ignore[arg-type]
