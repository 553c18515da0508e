"""Summaries and top lists: what the default says differently from CooRnet, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from coordlib import (
    get_cluster_summary,
    get_component_summary,
    get_coord_shares,
    get_top_coord_shares,
    get_top_coord_urls,
)
from coordlib.describe.networks import unbiased_gini
from coordlib.errors import MissingColumnError, ParameterError
from coordlib.links import CoordShares, label_links
from coordlib.links.summaries import TOP_DOMAINS
from coordlib.simulate import simulate_link_shares


def posts(**columns: Any) -> pd.DataFrame:
    """Two accounts that share two articles together; A also shares a third long after B."""
    table = pd.DataFrame(
        {
            "expanded": ["https://n.de/1"] * 2 + ["https://n.de/2"] * 2 + ["https://m.de/3"] * 2,
            "account.url": ["A", "B"] * 3,
            "date": [0, 1, 100, 101, 9000, 1000],
            "statistics.actual.likeCount": [1, 2, 10, 20, 100, 200],
            "statistics.actual.commentCount": [3, 0, 0, 0, 0, 0],
            "statistics.actual.shareCount": [1, 0, 0, 0, 0, 0],
        }
    )
    return table.assign(**{name.replace("__", "."): values for name, values in columns.items()})


def both(table: pd.DataFrame) -> tuple[CoordShares, CoordShares]:
    return get_coord_shares(table, 10), get_coord_shares(table, 10, compat="coornet")


def test_the_coordinated_share_of_posts_can_reach_1_and_the_original_s_cannot():
    ours, theirs = (get_component_summary(found) for found in both(posts()))
    assert ours["cooRshare_ratio.avg"][0] == pytest.approx(2 / 3)
    assert theirs["cooRshare_ratio.avg"][0] == pytest.approx(2 / 5)
    everything = get_coord_shares(posts().head(4), 10)
    assert get_component_summary(everything)["cooRshare_ratio.avg"][0] == 1


def test_the_score_is_the_mean_of_strength_over_degree():
    assert get_component_summary(both(posts())[0])["cooRscore.avg"][0] == 2


def test_top_domains_are_five_and_the_original_lists_all():
    urls = [f"https://site{i}.de/" for i in range(8)]
    table = pd.DataFrame(
        {
            "expanded": [u for u in urls for _ in "AB"],
            "account.url": ["A", "B"] * 8,
            "date": range(0, 1600, 100),
        }
    ).assign(date=lambda t: [i // 2 * 100 + i % 2 for i in range(16)])
    ours, theirs = (get_component_summary(found)["top.parent_domain"][0] for found in both(table))
    assert len(ours.split(", ")) == TOP_DOMAINS
    assert len(theirs.split(", ")) == 8


def test_a_single_domain_is_full_concentration():
    assert get_component_summary(both(posts())[0])["gini.full_domain"][0] == 1
    assert unbiased_gini([0.9, 0.1]) == pytest.approx(0.8)
    assert unbiased_gini([0.5, 0.5]) == 0


def test_missing_subscribers_are_ignored_and_the_original_gives_up():
    ours, theirs = both(posts(account__subscriberCount=[10, None, 20, 40, 30, 60]))
    assert ours.entities["account.avg.subscriberCount"].tolist() == [20, 50]
    assert theirs.entities.set_index("name")["account.avg.subscriberCount"].isna().to_dict() == {
        "A": False,
        "B": True,
    }


def test_a_missing_name_is_no_change_of_name_and_the_original_counts_it_as_one():
    ours, theirs = both(posts(account__name=["Ann", "Bob", None, "Bob", "Ann", "Ben"]))
    assert ours.entities[["account.name", "name.changed"]].values.tolist() == [
        ["Ann", False],
        ["Bob | Ben", True],
    ]
    assert theirs.entities.set_index("name").loc["A", "account.name"] == "Ann | NA"


def test_names_are_joined_in_the_order_of_time_whatever_the_order_of_rows():
    table = posts(account__name=["old", "B", "mid", "B", "new", "B"])
    found = get_coord_shares(table.iloc[::-1], 10)
    assert found.entities["account.name"].tolist() == ["old | mid | new", "B"]


def test_account_types_beyond_facebook_s_three_get_columns_of_their_own():
    table = posts(account__accountType=["facebook_page", "instagram_profile"] * 3)
    ours, theirs = (get_component_summary(found) for found in both(table))
    assert ours[["facebook_page", "instagram_profile"]].values.tolist() == [[1, 1]]
    assert "instagram_profile" not in theirs.columns


def test_the_country_is_the_most_frequent_one_and_equals_are_taken_by_name():
    table = posts(account__pageAdminTopCountry=["DE", "AT"] * 3)
    ours, theirs = (get_component_summary(found)["pageAdminTopCountry"][0] for found in both(table))
    assert (ours, theirs) == ("AT", "DE")


def test_labels_and_ratings_are_added_where_they_are_given():
    found = both(posts())[0]
    table = get_component_summary(found, labels={1: "two friends"}, ratings={"n.de": 40.0})
    assert table["label"][0] == "two friends"
    assert table.filter(like="rating.").iloc[0].tolist() == [40.0, 1, 1.0]
    assert not {"label", "rating.parent_domain.score"} & set(get_component_summary(found).columns)


def test_a_cluster_names_its_component():
    table = get_cluster_summary(both(posts())[0])
    assert list(table.columns)[:3] == ["cluster", "component", "entities"]
    assert table.iloc[0, :3].tolist() == [1, 1, 2]


def test_engagement_is_summed_over_every_share_of_the_url():
    table = pd.concat([posts(), posts().head(1).assign(**{"account.url": "C", "date": 8000})])
    top = get_top_coord_urls(get_coord_shares(table, 10), group_by="none")
    first = top.set_index("expanded").loc["https://n.de/1"]
    assert first["engagement"] == 1 + 2 + 1 + (3 + 1) * 2
    assert (first["shares"], first["cooR.shares"]) == (3, 2)
    assert first["comments.shares.ratio"] == pytest.approx((6 - 2) / (6 + 2))
    assert (first["account.url"], first["cooR.account.url"]) == ("A,B,C", "A,B")


def test_urls_without_coordinated_shares_are_not_in_the_list():
    assert "https://m.de/3" not in set(get_top_coord_urls(both(posts())[0])["expanded"])


def test_a_missing_count_is_0_and_makes_the_original_s_sum_missing():
    table = posts(statistics__actual__likeCount=[1, None, 10, 20, 100, 200])
    ours, theirs = (get_top_coord_urls(found, group_by="none").set_index("expanded") for found in both(table))
    assert ours.loc["https://n.de/1", "engagement"] == 5
    assert pd.isna(theirs.loc["https://n.de/1", "engagement"])
    posts_of = [
        get_top_coord_shares(found, component=False).set_index("account.url") for found in both(table)
    ]
    assert posts_of[0].loc["B", "engagement"].tolist() == [20, 0]
    assert posts_of[1].loc["B", "engagement"].isna().tolist() == [False, True]


def test_ties_at_the_end_of_an_overall_list_are_kept():
    table = posts(
        statistics__actual__likeCount=1, statistics__actual__commentCount=0, statistics__actual__shareCount=0
    )
    found = both(table)[0]
    assert len(get_top_coord_urls(found, group_by="none", top=1)) == 2
    assert len(get_top_coord_urls(found, group_by="components", top=1)) == 1


def test_an_overall_list_that_reaches_unknown_numbers_is_filled_with_them():
    again = posts().iloc[2:4].assign(expanded="https://n.de/4", date=[500, 501])
    found = get_coord_shares(pd.concat([posts(), again]), 10)
    top = get_top_coord_urls(found, "comments.shares.ratio", group_by="none", top=2)
    assert top["expanded"].tolist() == ["https://n.de/1", "https://n.de/2"]
    assert top["comments.shares.ratio"].isna().tolist() == [False, True]


def test_a_column_of_the_input_named_component_does_not_hide_the_network_s():
    found = both(posts(component="mine"))[0]
    assert get_top_coord_shares(found)["component"].tolist() == [1] * 4


def test_top_posts_are_ranked_within_components():
    top = get_top_coord_shares(both(posts())[0], top=3)
    assert top[["account.url", "engagement", "rank"]].values.tolist() == [
        ["B", 20, 1],
        ["A", 10, 2],
        ["A", 5, 3],
    ]
    assert top["message"].isna().all()


@pytest.mark.parametrize("wrong", [{"order_by": "likes"}, {"group_by": "all"}, {"top": 0}])
def test_a_wrong_choice_is_refused_by_name(wrong: dict[str, Any]):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        get_top_coord_urls(both(posts())[0], **wrong)


def test_without_any_count_there_is_no_engagement_to_order_by():
    found = get_coord_shares(posts()[["expanded", "account.url", "date"]], 10)
    with pytest.raises(MissingColumnError, match="engagement"):
        get_top_coord_shares(found)


def test_components_are_named_by_the_words_of_their_posts_and_say_how():
    world = simulate_link_shares()
    found = get_coord_shares(world.shares, 60, clean_urls=True)
    table = get_component_summary(found, label_links(found))
    assert table["label"].str.contains("census|lakes|ballots").all()
    assert table["label.method"].str.contains("TF-IDF").all()
    clusters = get_cluster_summary(found, label_links(found, "cluster"))
    assert (clusters["label"].str.len() > 0).all()


def test_a_host_with_a_blank_is_one_word_of_a_label():
    rows = [
        {"expanded": f"http://foo bar.com/{n}", "account.url": who, "date": 100 * n}
        for n in range(4)
        for who in "AB"
    ]
    assert label_links(get_coord_shares(pd.DataFrame(rows), 10, edge_weight=0))
