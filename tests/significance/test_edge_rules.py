"""edge_significance from outside: what comes out, what it says, and what must not change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.errors import MissingColumnError, ParameterError
from coordlib.significance import SIGNIFICANT, evidence_headline, evidence_sentence, evidence_table
from coordlib.significance.classes import WORDS

DAY = 86_400
T0 = 1_700_000_000
TYPES = {
    "account_id": "str",
    "account_id_y": "str",
    "weight": "int64",
    "n_objects": "int64",
    "occasions": "int64",
    "episodes": "int64",
    "kind": "str",
    "evidence": "str",
    "significant": "bool",
    "added": "bool",
    "q_value": "float64",
    "q_discovery": "float64",
    "q_shared": "float64",
    "q_repeats": "float64",
    "q_crowd": "float64",
    "q_circle": "float64",
    "closed_share": "float64",
    "others_present": "int64",
}


def table(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    frame["content_id"] = [f"c{number}" for number in range(len(rows))]
    return cl.prep_data(frame.assign(timestamp_share=frame["timestamp_share"] + T0))


def background(random: np.random.Generator, posts: int = 2_000) -> list[tuple[str, str, int]]:
    """200 accounts take up 200 objects with a delay of hours."""
    appears = random.integers(0, 10 * DAY, 200)
    return [
        (f"o{what}", f"a{random.integers(200)}", int(appears[what] + random.exponential(7_200)))
        for what in random.integers(0, 200, posts)
    ]


def ring(random: np.random.Generator, size: int = 5, moments: int = 6) -> list[tuple[str, str, int]]:
    """A few accounts post captions nobody else posts, each within a minute."""
    return [
        (f"own{moment}", f"ring{member}", int(at + random.integers(60)))
        for moment, at in enumerate(random.integers(0, 10 * DAY, moments))
        for member in range(size)
    ]


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    random = np.random.default_rng(7)
    return table(background(random) + ring(random))


def test_a_planted_ring_is_a_closed_circle_and_nothing_else_is_significant(planted: pd.DataFrame) -> None:
    edges = cl.edge_significance(planted)
    significant = edges[edges["significant"]]
    assert set(significant["evidence"]) == {"closed circle"}
    assert len(significant) == 10
    assert significant["account_id"].str.startswith("ring").all()
    assert (significant["q_value"] <= 0.05).all()
    assert edges.attrs["accounts_outside"] > 150


def test_columns_types_and_order(planted: pd.DataFrame) -> None:
    edges = cl.edge_significance(planted)
    assert {name: str(kind) for name, kind in edges.dtypes.items()} == TYPES
    assert (edges["account_id"] < edges["account_id_y"]).all()
    assert edges[["account_id", "account_id_y"]].apply(tuple, axis=1).is_monotonic_increasing
    assert set(edges["evidence"]) <= set(WORDS)
    assert edges["significant"].equals(edges["evidence"].isin(SIGNIFICANT))
    q = edges.filter(like="q_")
    assert ((q >= 0) & (q <= 1)).all(axis=None)


def test_the_order_of_the_rows_and_whole_days_change_nothing(planted: pd.DataFrame) -> None:
    edges = cl.edge_significance(planted)
    mixed = planted.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(cl.edge_significance(mixed), edges, check_exact=True)
    moved = planted.assign(timestamp_share=planted["timestamp_share"] - 400 * DAY)
    pd.testing.assert_frame_equal(cl.edge_significance(moved), edges, check_exact=True)


def test_the_table_is_not_changed(planted: pd.DataFrame) -> None:
    before = planted.copy(deep=True)
    cl.edge_significance(planted)
    pd.testing.assert_frame_equal(planted, before)


@pytest.mark.parametrize(
    "rows",
    [[], [("o", "a", 0)], [("o", "a", 0), ("o", "a", 5), ("p", "a", 90)], [("o", "a", 0), ("o", "b", 5_000)]],
    ids=["no rows", "one row", "one account", "nobody met"],
)
def test_nothing_to_test_gives_an_empty_table_of_the_same_columns(rows: list[tuple[str, str, int]]) -> None:
    edges = cl.edge_significance(table(rows))
    assert len(edges) == 0
    assert {name: str(kind) for name, kind in edges.dtypes.items()} == TYPES


def test_everything_at_one_moment_is_one_occasion_and_not_significant() -> None:
    rows = [(f"o{number}", f"a{account}", 0) for number in range(8) for account in range(6)]
    edges = cl.edge_significance(table(rows))
    assert len(edges) == 15
    assert set(edges["occasions"]) == {1}
    assert not edges["significant"].any()
    short = [(what, who, at + 3 * int(who[1:])) for what, who, at in rows]
    assert not cl.edge_significance(table(short))["significant"].any()


def test_a_group_alone_has_no_reference_and_says_so() -> None:
    random = np.random.default_rng(2)
    edges = cl.edge_significance(table(ring(random, size=6)))
    assert len(edges) == 15
    assert set(edges["evidence"]) == {"not significant"}
    assert edges.attrs["family_objects"] == 0
    assert edges.attrs["accounts_outside"] < 50


def test_one_burst_is_a_single_episode_however_many_posts() -> None:
    random = np.random.default_rng(4)
    burst = [("own", f"ring{member}", 5 * DAY + 20 * post) for member in range(4) for post in range(6)]
    edges = cl.edge_significance(table(background(random) + burst))
    burst_edges = edges[edges["account_id"].str.startswith("ring")]
    assert burst_edges["weight"].min() > 20
    assert set(burst_edges["evidence"]) == {"single episode"}


def test_posts_are_taken_with_their_caption_or_another_column() -> None:
    random = np.random.default_rng(7)
    shares = table(background(random) + ring(random))
    posts = shares.rename(columns={"object_id": "music_id", "timestamp_share": "posted_at"})
    edges = cl.edge_significance(posts, object_id="music_id")
    pd.testing.assert_frame_equal(edges, cl.edge_significance(shares))


def test_what_cannot_be_compared_is_left_out_and_counted(planted: pd.DataFrame) -> None:
    bad = planted.head(4).copy()
    bad["timestamp_share"] = bad["timestamp_share"].astype("Int64")
    bad.loc[0, "object_id"] = pd.NA
    bad.loc[1, "timestamp_share"] = pd.NA
    bad.loc[2, "object_id"] = bad.loc[2, "content_id"]
    # The fourth is a content of the table, listed again a second later.
    bad.loc[3, "timestamp_share"] += 1
    both = pd.concat([planted.astype({"timestamp_share": "Int64"}), bad], ignore_index=True)
    edges = cl.edge_significance(both)
    assert edges.attrs["rows_left_out"] == 4
    pd.testing.assert_frame_equal(edges, cl.edge_significance(planted))


def test_a_content_listed_for_two_objects_counts_for_both() -> None:
    rows = pd.DataFrame(
        {
            "object_id": ["x", "y", "x", "y"],
            "account_id": ["a", "a", "b", "b"],
            "content_id": ["1", "1", "2", "2"],
            "timestamp_share": [T0, T0, T0 + 9, T0 + 9],
        }
    )
    assert cl.edge_significance(cl.prep_data(rows))["n_objects"].tolist() == [2]


def test_users_mistakes_are_one_line(planted: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="whole number of 0 or more"):
        cl.edge_significance(planted, time_window=-1)
    for q in (0, 1, "0.05", True, float("nan")):
        with pytest.raises(ParameterError, match="between 0 and 1"):
            cl.edge_significance(planted, q=q)
    with pytest.raises(MissingColumnError, match="object_id"):
        cl.edge_significance(planted.drop(columns="object_id"))
    with pytest.raises(ParameterError, match="choose one of beyond the crowd"):
        evidence_sentence("suspicious")


@pytest.mark.parametrize("evidence", WORDS)
def test_the_words_say_no_verdict_and_no_p_value(evidence: str) -> None:
    for kind in ("objects", "repeats"):
        text = evidence_sentence(evidence, 60, "hashtag", kind)
        assert "{" not in text
        for word in ("not coordinated", "inauthentic", "p =", "p <", "p-value", "bot"):
            assert word not in text.casefold().replace("both", "")
        assert text.endswith(".")


def test_the_words_name_what_was_shared_and_the_window() -> None:
    assert "the same hashtags within 60 seconds" in evidence_sentence("beyond the crowd", 60, "hashtag")
    assert "a typical delay of 5 minutes or more" in evidence_sentence("closed circle", 60)
    assert evidence_sentence("closed circle", kind="repeats").endswith("group or trigger.")
    assert "fewer than 4 sessions" in evidence_sentence("too few repeats", least_repeats=4)


def test_the_table_of_classes_counts_edges_accounts_and_networks(planted: pd.DataFrame) -> None:
    edges = cl.edge_significance(planted)
    counts = evidence_table(edges).set_index("evidence")
    assert counts["edges"].sum() == len(edges)
    assert counts.loc["closed circle", ["edges", "accounts", "networks"]].tolist() == [10, 5, 1]
    assert counts.index[counts["significant"]].tolist() == list(SIGNIFICANT)


def test_the_first_lines_of_a_page_say_what_is_significant_and_on_what_the_rest_rests(
    planted: pd.DataFrame,
) -> None:
    edges = cl.edge_significance(planted)
    kept = edges[edges["evidence"].isin(["closed circle", "single episode"])].tail(12)
    text = evidence_headline(edges, kept, "hashtag")
    first, meaning, *_, last = text.splitlines()
    assert first == (
        "There is one closed circle of 5 accounts (10 pairs); no pair is beyond the crowd, that is, closer together "
        "than the others who posted the same hashtags in the same hours. "
        f"In all, {len(edges):,} pairs of accounts posted the same hashtags within 120 seconds."
    )
    assert meaning.startswith("A closed circle means: most of the few accounts that posted these hashtags")
    assert "10 minutes or more is ruled out" in meaning and "Beyond the crowd means" not in text
    assert (
        last == f"The weight keeps 12 of {len(edges):,} pairs: 10 belong to a closed circle and 2 met once."
    )
    assert "anything to compare with" not in text
    alone = cl.edge_significance(table(ring(np.random.default_rng(2), size=6)))
    assert evidence_headline(alone).endswith("anything to compare with: there are only 6 accounts.")
    assert (
        "of 15 pairs of accounts that posted the same captions within 120 seconds, none did so"
        in evidence_headline(alone)
    )
    few = edges.copy()
    few.attrs |= {"accounts": 69, "accounts_outside": 48}
    assert ": 48 of 69 accounts share no more than activity explains." in evidence_headline(few)
    few.attrs |= {"accounts_outside": 0}
    assert ": each of the 69 accounts shares more with another than its" in evidence_headline(few)


def test_with_few_others_present_a_discovered_pair_is_open_and_in_a_crowd_it_is_as_the_crowd() -> None:
    """Both share more than their activity explains; only in the second is there anybody to be compared with."""
    random = np.random.default_rng(11)
    rows = background(random)
    for moment, at in enumerate(random.integers(0, 10 * DAY, 5)):
        rows += [(f"two{moment}", name, int(at + random.integers(60))) for name in ("pair0", "pair1")]
        rows += [(f"many{moment}", f"fan{n}", int(at + random.exponential(500))) for n in range(14)]
    edges = cl.edge_significance(table(rows))
    pair = edges[edges["account_id"] == "pair0"].iloc[0]
    fans = edges[edges["account_id"].str.startswith("fan") & (edges["q_discovery"] <= 0.05)]
    assert pair["evidence"] == "open"
    assert pair["others_present"] < 10
    assert len(fans) > 0
    assert set(fans["evidence"]) == {"as the crowd"}
    assert (fans["others_present"] >= 10).all()
    assert (pair["q_discovery"], pair["closed_share"]) == (2 * pair["q_shared"], 1.0)
