"""The tables of accounts, networks and posts: what each number counts."""

from __future__ import annotations

import networkx as nx
import pandas as pd
import pytest

import coordlib as cl
from coordlib.describe import day_outcome, network_pairs
from coordlib.describe.networks import betweenness, diameters
from coordlib.describe.posts import sample_pairs
from coordlib.errors import MissingColumnError

#: Three accounts with two captions each (one with a comma), one apart with its own, one that only posts.
POSTS = pd.DataFrame(
    [
        ("1", "A", "one, two", 100, "10", "1"),
        ("2", "B", "one, two", 105, "20", None),
        ("3", "C", "one, two", 110, "30", "3"),
        ("4", "A", "other", 1000, "50", "5"),
        ("5", "B", "other", 1000, "60", "6"),
        ("6", "A", "alone", 5000, "90", "9"),
        ("7", "E", "second", 2000, "1", None),
        ("8", "F", "second", 2001, "2", None),
        ("9", "E", "third", 3000, "3", None),
        ("10", "F", "third", 3005, "4", None),
        ("11", "Z", "noise", 1, "7", "7"),
    ],
    columns=["content_id", "account_id", "text", "posted_at", "views", "comments"],
).assign(platform="tiktok")


def day(posts: pd.DataFrame = POSTS, min_weight: int = 1) -> tuple[pd.DataFrame, nx.Graph, pd.DataFrame]:
    """Pairs, the network over the threshold, and its evidence."""
    shares = cl.prep_data(posts, "text", "account_id", "content_id", "posted_at")
    pairs = cl.detect_groups(shares, 60, 2)
    graph = cl.generate_coordinated_network(pairs, min_weight=min_weight, subgraph=1, objects=True)
    return pairs, graph, cl.describe.network_pairs(pairs, graph)


def accounts(posts: pd.DataFrame = POSTS, min_weight: int = 1) -> pd.DataFrame:
    pairs, graph, _ = day(posts, min_weight)
    return cl.describe.describe_accounts(graph, pairs, posts).set_index("account_id")


def test_engagement_is_the_mean_of_all_posts_of_an_account_with_gaps_left_out() -> None:
    table = accounts()
    assert table.loc["A", "avg_views"] == 50
    assert table.loc["B", ["avg_views", "avg_comments"]].tolist() == [40, 6]
    assert table.loc["E", ["avg_comments", "avg_shares"]].isna().all()


def test_a_post_collected_twice_counts_once_with_its_largest_counts() -> None:
    again = POSTS.iloc[[0]].assign(views="40", comments="2")
    for posts in (pd.concat([POSTS, again]), pd.concat([again, POSTS])):
        table = accounts(posts)
        assert table.loc["A", ["avg_views", "avg_comments"]].tolist() == [60, pytest.approx(16 / 3)]


def test_posts_without_a_caption_make_no_network() -> None:
    blank = [
        (str(n), account, caption, n, "1", "1")
        for n, (account, caption) in enumerate(
            [("A", ""), ("B", ""), ("A", " "), ("B", " "), ("A", None), ("B", None)]
        )
    ]
    shares = cl.prep_data(pd.DataFrame(blank, columns=POSTS.columns[:6]), "text", timestamp_share="posted_at")
    pairs = cl.detect_groups(shares, min_participation=1)
    assert len(pairs) == 0
    assert day_outcome(nx.Graph(), cl.coordinated_edges(pairs), 6, min_weight=1) == "too-little-data"


def test_first_and_last_seen_and_posts_are_those_behind_the_kept_edges() -> None:
    table = accounts(min_weight=2)
    assert list(table.index) == ["A", "B", "E", "F"]
    assert table.loc["A", ["first_seen", "last_seen", "n_posts"]].tolist() == [100, 1000, 2]
    assert table.loc["A", "unique_shares_count"] == 2


def test_the_lead_is_the_share_of_pairs_in_which_an_account_posted_first() -> None:
    table = accounts(min_weight=2)
    # A posts the first caption before B, and the other in the same second: nobody leads there.
    assert table["lead_share"].to_dict() == {"A": 0.5, "B": 0.0, "E": 1.0, "F": 0.0}


def test_networks_say_their_shape_reach_and_members() -> None:
    pairs, graph, evidence = day()
    table = cl.describe.describe_networks(
        graph, cl.describe.describe_accounts(graph, pairs, POSTS), POSTS, evidence
    )
    first = table[table["accounts"].map(lambda names: "E" in names)].iloc[0]
    assert first["accounts"] == ["E", "F"]
    assert (first["n_accounts"], first["n_edges"], first["density"], first["diameter"]) == (2, 1, 1.0, 1)
    assert first["diameter_weighted"] == 2.0
    assert pd.isna(first["transitivity"])
    assert (first["avg_views"], first["n_posts"], first["n_objects"]) == (2.5, 4, 2)
    assert (first["coorscore"], first["coordinated_share_ratio"]) == (2.0, 1.0)
    assert first["gini_objects"] == 0.0
    other = table[table["accounts"].map(lambda names: "A" in names)].iloc[0]
    assert other["coordinated_share_ratio"] == pytest.approx(
        len({"1", "2", "4", "5"}) / len({"1", "2", "4", "5", "6"})
    )


def test_evidence_has_only_pairs_behind_kept_edges_with_their_network() -> None:
    pairs, _, evidence = day(min_weight=2)
    assert len(evidence) == 4
    assert set(evidence["network"]) == {1, 2}
    assert evidence.drop(columns="network").merge(pairs).shape[0] == 4


def test_evidence_says_when_and_where_each_post_can_be_seen() -> None:
    pairs, graph, _ = day()
    posts = POSTS.assign(url=None)
    posts.loc[posts["content_id"] == "1", "url"] = "https://www.tiktok.com/@A/photo/1"
    posts.loc[posts["content_id"] == "2", "url"] = "javascript:alert(1)"
    evidence = cl.describe.network_pairs(pairs, graph, posts)
    first = evidence[(evidence["content_id"] == "1") & (evidence["content_id_y"] == "2")].iloc[0]
    assert (first["posted_at"], first["posted_at_y"], first["time_delta"]) == (100, 105, 5)
    assert first["url"] == "https://www.tiktok.com/@A/photo/1"
    assert pd.isna(first["url_y"])
    table = cl.describe.describe_posts(evidence, posts).set_index("content_id")
    assert table["url"].dropna().to_dict() == {"1": "https://www.tiktok.com/@A/photo/1"}


def test_one_caption_is_full_concentration_and_uneven_ones_lie_between() -> None:
    many = [("20", "E", "second", 2003, "1", None), ("21", "F", "second", 2004, "1", None)]
    posts = pd.concat([POSTS, pd.DataFrame(many, columns=POSTS.columns[:6])])
    pairs, graph, evidence = day(posts)
    table = cl.describe.describe_networks(
        graph, cl.describe.describe_accounts(graph, pairs, posts), posts, evidence
    )
    # E and F have four posts of one caption and two of another: (4 - 2) / 6.
    uneven = table[table["accounts"].map(lambda names: "E" in names)].iloc[0]
    assert uneven["gini_objects"] == pytest.approx(1 / 3)
    single = POSTS[POSTS["text"] != "third"]
    pairs = cl.detect_groups(cl.prep_data(single, "text", "account_id", "content_id", "posted_at"), 60, 1)
    graph = cl.generate_coordinated_network(pairs, min_weight=1, subgraph=1, objects=True)
    found = cl.describe.describe_networks(
        graph,
        cl.describe.describe_accounts(graph, pairs, single),
        single,
        cl.describe.network_pairs(pairs, graph),
    )
    assert found[found["accounts"].map(lambda names: "E" in names)]["gini_objects"].tolist() == [1.0]


def test_an_account_is_new_when_it_was_not_watched_before() -> None:
    pairs, graph, _ = day()
    table = cl.describe.describe_accounts(graph, pairs, POSTS, pool=["A", "E"]).set_index("account_id")
    assert table["new"].to_dict() == {"A": False, "B": True, "E": False, "F": True}
    assert table.loc["A", "url"] == "https://www.tiktok.com/@A"


def test_the_edges_of_a_network_are_those_of_its_graph_with_its_number() -> None:
    pairs, graph, evidence = day(min_weight=2)
    edges = cl.describe.network_edges(cl.coordinated_edges(pairs, min_weight=2), graph)
    assert len(edges) == graph.number_of_edges()
    assert (edges["weight"] >= 2).all()
    of_evidence = evidence.drop_duplicates(["network"])["network"].tolist()
    assert sorted(edges["network"].unique()) == sorted(of_evidence)


def test_posts_count_accounts_at_both_ends_and_keep_captions_with_commas() -> None:
    table = cl.describe.describe_posts(day()[2], POSTS).set_index("content_id")
    assert table.loc["1", ["n_accounts", "object_id", "text"]].tolist() == [2, "one, two", "one, two"]
    assert set(table.index) == {"1", "2", "4", "5", "7", "8", "9", "10"}
    assert table.loc["1", "posted_at"] == 100
    assert table["comments"].isna().to_dict()["2"]


def test_three_accounts_around_one_caption_are_three() -> None:
    posts = pd.concat([POSTS, POSTS.iloc[[2]].assign(content_id="12", posted_at=1001, text="other")])
    table = cl.describe.describe_posts(day(posts)[2], posts).set_index("content_id")
    assert table["n_accounts"].to_dict()["1"] == 3


def test_a_day_without_a_network_has_tables_without_rows() -> None:
    pairs, graph, evidence = day(POSTS.iloc[:1])
    found = cl.describe.describe_accounts(graph, pairs, POSTS)
    networks = cl.describe.describe_networks(graph, found, POSTS, evidence)
    posts = cl.describe.describe_posts(evidence, POSTS)
    full = day()
    whole = cl.describe.describe_accounts(full[1], full[0], POSTS)
    for empty, filled in (
        (found, whole),
        (networks, cl.describe.describe_networks(full[1], whole, POSTS, full[2])),
        (posts, cl.describe.describe_posts(full[2], POSTS)),
    ):
        assert empty.empty
        pd.testing.assert_series_equal(empty.dtypes, filled.dtypes)


def test_a_missing_post_column_is_named() -> None:
    pairs, graph, _ = day()
    with pytest.raises(MissingColumnError, match="posted_at"):
        cl.describe.describe_accounts(graph, pairs, POSTS.drop(columns="posted_at"))


def test_both_libraries_find_the_same_paths() -> None:
    pytest.importorskip("igraph")
    graph = nx.relabel_nodes(nx.connected_watts_strogatz_graph(60, 4, 0.2, seed=3), str)
    for place, (a, b) in enumerate(graph.edges):
        graph.edges[a, b]["weight"] = 1 + place % 5
    assert betweenness(graph, large=1) == pytest.approx(betweenness(graph, large=1000), abs=1e-11)
    assert diameters(graph, large=1) == diameters(graph, large=1000)


def test_a_hot_object_is_sampled_in_the_file_and_every_edge_keeps_its_closest_pair() -> None:
    """10,000 posts of one caption within an hour gave a pairs.csv of 70 MB."""
    frame = pd.DataFrame(
        {
            "object_id": "hot",
            "account_id": [f"u{number % 7}" for number in range(300)],
            "content_id": [str(number) for number in range(300)],
            "timestamp_share": range(1_767_348_000, 1_767_348_300),
        }
    )
    pairs = cl.detect_groups(cl.prep_data(frame), 60, 1)
    graph = cl.generate_coordinated_network(pairs, min_weight=1, subgraph=1)
    evidence = network_pairs(pairs, graph)
    sample = sample_pairs(evidence, 100)
    assert (len(sample), len(evidence)) == (100, len(pairs))
    closest = {frozenset(ends) for ends in zip(sample["account_id"], sample["account_id_y"], strict=True)}
    assert closest == {frozenset(edge) for edge in graph.edges}
    assert sample_pairs(evidence.sample(frac=1, random_state=1).sort_index(), 100).equals(sample)
    assert sample_pairs(evidence, len(evidence)) is evidence


def test_the_old_name_of_the_pairs_of_a_network_works_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="evidence_pairs is now network_pairs"):
        assert cl.describe.evidence_pairs(
            cl.detect_groups(cl.simulate.simulate_background(), 1, 1).head(0), nx.Graph()
        ).empty
