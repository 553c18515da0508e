"""Several layers: detected one by one, joined into one network that says what came from where."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import coordlib as cl
from coordlib.errors import InputError, MissingColumnError, ParameterError

COLUMNS = ["object_id", "account_id", "content_id", "timestamp_share", "layer"]


def shares(*rows: tuple[str | int | None, ...]) -> pd.DataFrame:
    return cl.prep_data(pd.DataFrame(list(rows), columns=COLUMNS), layer="layer")


BOTH = shares(
    ("x.org", "A", "1", 0, "url"),
    ("x.org", "B", "2", 5, "url"),
    ("x.org", "C", "3", 6, "domain"),
    ("x.org", "B", "2", 5, "domain"),
    ("x.org", "A", "1", 0, "domain"),
    ("y", "C", "4", 90, "url"),
)


def test_the_same_text_in_two_layers_is_two_objects() -> None:
    pairs = cl.detect_layers(BOTH, 10, 1)
    assert pairs[["layer", "account_id", "account_id_y"]].to_numpy().tolist() == [
        ["domain", "A", "B"],
        ["domain", "A", "C"],
        ["domain", "B", "C"],
        ["url", "A", "B"],
    ]
    edges = cl.detect.combine_layers(pairs)
    first = edges.iloc[0]
    assert (first["account_id"], first["account_id_y"], first["weight"], first["n_objects"]) == (
        "A",
        "B",
        2,
        2,
    )
    assert first["layers"] == ["domain", "url"]
    assert edges["weight_url"].tolist() == [1, 0, 0]
    assert edges["n_layers"].tolist() == [2, 1, 1]


def test_the_combined_network_says_on_each_edge_which_layers_carry_it() -> None:
    graph = cl.edges_to_graph(cl.detect.combine_layers(cl.detect_layers(BOTH, 10, 1)))
    assert list(graph) == ["A", "B", "C"]
    assert graph.edges["A", "B"]["layers"] == ["domain", "url"]
    assert (graph.edges["A", "C"]["weight_domain"], graph.edges["A", "C"]["weight_url"]) == (1, 0)


def test_edges_of_several_layers_can_be_asked_for() -> None:
    edges = cl.detect.combine_layers(cl.detect_layers(BOTH, 10, 1), min_layers=2)
    assert edges[["account_id", "account_id_y"]].to_numpy().tolist() == [["A", "B"]]


def test_each_layer_may_have_its_own_window() -> None:
    pairs = cl.detect_layers(BOTH, {"url": 5, "domain": 1}, 1)
    assert pairs["layer"].tolist() == ["domain", "url"]
    with pytest.raises(ParameterError, match="no value for layer 'domain'"):
        cl.detect_layers(BOTH, {"url": 5}, 1)


def test_rows_without_a_layer_are_named() -> None:
    with pytest.raises(InputError, match="row 2 has no layer"):
        cl.detect_layers(shares(("o", "A", "1", 0, "url"), ("o", "B", "2", 1, None)), 10, 1)
    with pytest.raises(MissingColumnError, match="layer"):
        cl.detect_layers(BOTH.drop(columns="layer"))
    with pytest.raises(MissingColumnError, match="layer"):
        cl.detect.combine_layers(cl.detect_groups(BOTH.drop(columns="layer"), 10, 1))


def test_no_shares_are_no_layers_and_no_edges() -> None:
    pairs = cl.detect_layers(BOTH.iloc[:0])
    assert pairs.empty
    edges = cl.detect.combine_layers(pairs)
    assert edges.empty
    assert {"layers", "n_layers", "weight_threshold"} <= set(edges)


@pytest.mark.reference
@pytest.mark.slow
def test_the_german_election_posts_combine_what_each_layer_has_by_itself(shared: Path) -> None:
    posts = pd.read_csv(shared / "data" / "coortweet" / "german_elections.csv.gz", dtype=str)
    tables = []
    for layer in ("url_id", "hashtag_id", "domain_id", "phash_id"):
        rows = posts[posts[layer].notna()].assign(layer=layer.removesuffix("_id"))
        tables.append(
            cl.prep_data(rows, layer, "account_id", "post_id", "timestamp", layer="layer", duplicates="drop")
        )
    together = pd.concat(tables, ignore_index=True)
    pairs = cl.detect_layers(together, 30, 2)
    edges = cl.detect.combine_layers(pairs)
    alone = {t["layer"].iloc[0]: cl.detect_groups(t, 30, 2) for t in tables}
    assert sorted(alone) == sorted(pairs["layer"].unique())
    for layer, found in alone.items():
        assert int(edges[f"weight_{layer}"].sum()) == len(found) > 0
        weights = cl.coordinated_edges(found).set_index(["account_id", "account_id_y"])["weight"]
        ours = edges.set_index(["account_id", "account_id_y"])[f"weight_{layer}"]
        pd.testing.assert_series_equal(ours[ours > 0].sort_index(), weights.sort_index(), check_names=False)
    assert int(edges["weight"].sum()) == len(pairs)
    assert (edges["n_layers"] > 1).any()


POSTS = pd.DataFrame(
    {
        "content_id": ["1", "2", "3", "4"],
        "account_id": ["A", "B", "C", "D"],
        "posted_at": [0, 5, 9, 12],
        "text": [
            "Stop the count in Kamptal now! #one #two #three",
            "stop the count in Kamptal NOW #one #two #three",
            "A quiet day by the river #one #two",
            None,
        ],
        "links": [["x.org/1", "x.org/2"], ["x.org/1"], [], None],
        "music_id": ["77", "0", "77", "NA"],
        "voice_to_text": [None, None, None, "good evening"],
    }
)


def test_the_layers_of_a_table_of_posts_are_those_it_has_and_say_how_much_of_it_they_cover() -> None:
    shares = cl.detect.layer_shares(POSTS)
    assert shares.attrs["coverage"] == {
        "text": 0.75,
        "near_text": 0.5,
        "hashtag_sequence": 0.5,
        "links": 0.5,
        "music_id": 0.5,
        "voice_to_text": 0.25,
    }
    edges = cl.detect.combine_layers(cl.detect_layers(shares, 60, 1))
    assert edges[["account_id", "account_id_y", "layers"]].to_numpy().tolist() == [
        ["A", "B", ["hashtag_sequence", "links", "near_text"]],
        ["A", "C", ["music_id"]],
    ]
    assert edges["weight_near_text"].tolist() == [1, 0] and edges["weight"].tolist() == [3, 1]


def test_nought_na_and_empty_are_no_objects_of_a_layer() -> None:
    for nothing in ("0", "NA", "nan", "None", "", " "):
        table = POSTS.assign(music_id=nothing)
        assert cl.detect.layer_shares(table, ["music_id"]).empty
    assert cl.detect.layer_shares(POSTS.assign(music_id=0), ["music_id"]).empty


def test_a_layer_has_the_name_it_is_given_and_any_column_can_be_one() -> None:
    table = POSTS.assign(phash="ffee")
    shares = cl.detect.layer_shares(table, {"image": "phash", "caption": "text"})
    assert shares["layer"].unique().tolist() == ["image", "caption"]
    pairs = cl.detect_layers(shares, {"image": 4, "caption": 60}, 1)
    assert pairs[["layer", "account_id", "account_id_y"]].to_numpy().tolist() == [
        ["image", "B", "C"],
        ["image", "C", "D"],
    ]


def test_the_order_of_the_rows_changes_no_layered_edge() -> None:
    def edges(table: pd.DataFrame) -> pd.DataFrame:
        return cl.detect.combine_layers(cl.detect_layers(cl.detect.layer_shares(table), 60, 1))

    pd.testing.assert_frame_equal(edges(POSTS), edges(POSTS.iloc[::-1]))


def test_layers_that_are_not_there_are_named() -> None:
    with pytest.raises(MissingColumnError, match="no_such"):
        cl.detect.layer_shares(POSTS, ["no_such"])
    with pytest.raises(ParameterError, match="layers"):
        cl.detect.layer_shares(POSTS, [])
    with pytest.raises(ParameterError, match="give a list"):
        cl.detect.layer_shares(POSTS, "text")
