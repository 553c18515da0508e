"""What a user may give by mistake to the tables of a report, to layers and near-duplicates is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib import CoordError, describe, detect, near
from coordlib.simulate import simulate_data
from coordlib.simulate.shares import simulate_posts

SHARES, _ = simulate_data(seed=1)
PAIRS = cl.detect_groups(SHARES, 120, 1)
POSTS = simulate_posts()
LAYERED = cl.detect_layers(detect.layer_shares(POSTS, ["text", "near_text"]))
HASHED = POSTS.iloc[:4].assign(phash="ffd8a0b1c2d3e4f5")
LABELLED = SHARES.assign(coordinated=SHARES["account_id"].isin(sorted(SHARES["account_id"].unique())[:5]))
#: Functions of a table of pairs.
OF_PAIRS = ("account_leads", "edge_leads", "first_movers", "object_table", "object_edges")


@pytest.mark.parametrize("name", OF_PAIRS)
@pytest.mark.parametrize(
    "given", [None, SHARES, PAIRS.drop(columns="content_id_y"), PAIRS.assign(time_delta="x")]
)
def test_what_is_no_table_of_pairs_is_named(name: str, given: Any) -> None:
    with pytest.raises(CoordError, match="pairs"):
        getattr(describe, name)(given)


@pytest.mark.parametrize("name", OF_PAIRS)
def test_an_index_with_the_name_of_a_column_and_pairs_without_an_account_stop_nothing(name: str) -> None:
    function = getattr(describe, name)
    named = function(PAIRS.set_index("account_id", drop=False))
    pd.testing.assert_frame_equal(named, function(PAIRS))
    lost = PAIRS.assign(account_id=PAIRS["account_id"].where(np.arange(len(PAIRS)) > 5))
    assert len(function(lost))


def weighted(weight: object) -> nx.Graph[str]:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edge("a", "b", weight=weight)
    return graph


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: describe.find_communities(PAIRS), "a DataFrame is no network"),
        (lambda: cl.account_stats(PAIRS, PAIRS), "a DataFrame is no network"),
        (lambda: cl.group_stats(PAIRS, PAIRS), "a DataFrame is no network"),
        (lambda: describe.find_communities(nx.DiGraph([("a", "b")])), "a directed graph"),
        (lambda: describe.find_communities(nx.Graph([("a", 1)])), "some accounts are text and some are not"),
        (lambda: describe.find_communities(weighted(0.5)), "'a' and 'b' weighs 0.5"),
        (lambda: describe.find_communities(weighted(float("nan"))), "weighs nan"),
        (lambda: describe.find_communities(weighted(1), seed="x"), "seed"),
        (lambda: describe.find_communities(weighted(1), min_accounts=None), "min_accounts"),
        (lambda: describe.object_edges(PAIRS, "2"), "min_accounts"),
        (lambda: cl.calibrate(SHARES, seed=-1), "seed = -1"),
        (lambda: cl.benchmark(LABELLED, k=10), "k = 10: give a list"),
        (lambda: cl.benchmark(LABELLED, k=[1.5]), "k = 1.5"),
        (lambda: detect.layer_shares(None), "a NoneType is no table"),
        (lambda: detect.layer_shares(POSTS, [1]), "layers"),
        (lambda: cl.detect_layers(None), "a NoneType is no table"),
        (lambda: detect.combine_layers(LAYERED.assign(layer=None)), "row 1 has no layer"),
        (lambda: detect.combine_layers(LAYERED, min_layers="2"), "min_layers"),
        (lambda: cl.similar_pairs(None, "phash", max_distance=3), "a NoneType is no table"),
        (lambda: cl.similar_pairs(HASHED, ["phash"], max_distance=3), "name of one column"),
        (lambda: cl.similar_pairs(HASHED, "phash", min_cosine="x"), "min_cosine"),
        (
            lambda: cl.similar_pairs(HASHED.assign(posted_at=2024), "phash", max_distance=3),
            "'2024' is a year",
        ),
        (lambda: near.add_near_text(None), "a NoneType is no table"),
        (lambda: near.add_near_text(POSTS, level=["copied"]), "level"),
        (lambda: near.add_near_text(pd.concat([POSTS, POSTS[["text"]]], axis=1)), "2 columns named 'text'"),
        (lambda: near.add_differing_words(PAIRS, None), "a NoneType is no table"),
        (lambda: near.comparable(float("nan")), "a float is no text"),
        (lambda: near.hashtag_sequence(None), "a NoneType is no text"),
        (lambda: near.differing_words("a", 5), "an? int is no text"),
    ],
)
def test_a_mistake_is_one_line(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(CoordError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_texts_in_lists_and_an_index_named_text_make_near_captions() -> None:
    text = "They lied to us about the bridge"
    posts = pd.DataFrame({"text": [text, f"{text}!"], "posted_at": [10, 20]})
    listed = near.add_near_text(posts.assign(text=[[text], [f"{text}!"]]))["near_text"]
    assert listed.nunique() == 1
    assert near.add_near_text(posts.set_index("text", drop=False))["near_text"].tolist() == [text, text]


def test_differing_words_are_found_by_ids_that_are_numbers() -> None:
    posts = pd.DataFrame({"content_id": [1, 2], "text": ["They lied", "They lied again"]})
    pairs = pd.DataFrame({"content_id": [1], "content_id_y": [2]})
    assert near.add_differing_words(pairs, posts)["differing_words"].tolist() == ["+ again"]
