"""Posts whose hashes or embeddings are close: the same pairs as comparing everything with everything."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.detect import similar_pairs as module
from coordlib.errors import InputError, MissingColumnError, ParameterError


def world(n: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(5)
    base = random.integers(0, 2**63, 6, dtype=np.uint64)
    hashes = [
        int(base[random.integers(6)])
        ^ int(sum(1 << int(b) for b in random.choice(64, random.integers(0, 9))))
        for _ in range(n)
    ]
    vectors = random.normal(size=(6, 16))[random.integers(0, 6, n)] + random.normal(scale=0.4, size=(n, 16))
    return pd.DataFrame(
        {
            "content_id": [f"c{i}" for i in range(n)],
            "account_id": [f"a{random.integers(15)}" for _ in range(n)],
            "posted_at": random.integers(0, 2000, n),
            "phash": [f"{h:016x}" for h in hashes],
            "embedding": list(vectors),
        }
    )


def ends(pairs: pd.DataFrame) -> set[tuple[str, str]]:
    return {tuple(sorted(row)) for row in pairs[["content_id", "content_id_y"]].itertuples(index=False)}  # type: ignore[misc]


def by_hand(posts: pd.DataFrame, window: int, bits: int | None, cosine: float | None) -> set[tuple[str, str]]:
    found = set()
    for one, two in itertools.combinations(posts.to_dict("records"), 2):
        if one["account_id"] == two["account_id"] or abs(one["posted_at"] - two["posted_at"]) > window:
            continue
        if bits is not None:
            close = (int(one["phash"], 16) ^ int(two["phash"], 16)).bit_count() <= bits
        else:
            a, b = one["embedding"], two["embedding"]
            close = a @ b / np.linalg.norm(a) / np.linalg.norm(b) >= cosine
        if close:
            found.add(tuple(sorted((one["content_id"], two["content_id"]))))
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("at_once", [200, 4_000_000])
@pytest.mark.parametrize("window", [0, 60, 5000])
def test_the_pairs_are_those_of_comparing_everything(
    window: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    posts = world()
    assert ends(cl.similar_pairs(posts, "phash", window, 1, max_distance=10)) == by_hand(
        posts, window, 10, None
    )
    assert ends(cl.similar_pairs(posts, "embedding", window, 1, min_cosine=0.9)) == by_hand(
        posts, window, None, 0.9
    )


def test_whole_numbers_and_json_text_are_taken_as_what_they_say() -> None:
    posts = world()
    numbers = posts["phash"].map(lambda text: int(text, 16))
    for column in (
        numbers.astype("uint64"),
        numbers.astype("uint64").astype("int64"),
        numbers.astype(object),
    ):
        same = cl.similar_pairs(posts.assign(phash=column), "phash", 60, 1, max_distance=10)
        assert ends(same) == ends(cl.similar_pairs(posts, "phash", 60, 1, max_distance=10))
    as_text = posts.assign(embedding=posts["embedding"].map(lambda vector: json.dumps(vector.tolist())))
    pd.testing.assert_frame_equal(
        cl.similar_pairs(as_text, "embedding", 60, 1, min_cosine=0.9),
        cl.similar_pairs(posts, "embedding", 60, 1, min_cosine=0.9),
    )
    with pytest.raises(InputError, match="row 1 of the data: no list of numbers"):
        cl.similar_pairs(as_text.assign(embedding="[1, 2"), "embedding", min_cosine=0.9)


def test_the_order_of_the_rows_changes_nothing() -> None:
    posts = world()
    mixed = posts.sample(frac=1, random_state=2)
    for column, least in (("phash", {"max_distance": 8}), ("embedding", {"min_cosine": 0.8})):
        pd.testing.assert_frame_equal(
            cl.similar_pairs(posts, column, 60, 1, **least),
            cl.similar_pairs(mixed, column, 60, 1, **least),  # type: ignore[arg-type]
        )


def test_at_distance_nought_the_pairs_are_those_of_equal_objects() -> None:
    posts = world(300).assign(phash=lambda t: t["phash"].str[0].str.zfill(16))
    shares = cl.prep_data(posts, object_id="phash", timestamp_share="posted_at")
    for least in (1, 2, 4):
        equal = cl.detect_groups(shares, 60, least)
        assert ends(cl.similar_pairs(posts, "phash", 60, least, max_distance=0)) == ends(equal)


def test_pairs_of_similar_posts_make_edges_and_a_network() -> None:
    edges = cl.coordinated_edges(cl.similar_pairs(world(), "phash", 60, 1, max_distance=10), min_weight=1)
    assert len(edges) and (edges["weight"] >= 1).all()


def test_nothing_is_no_value_and_a_wrong_value_names_its_row() -> None:
    posts = world(6)
    posts["phash"] = ["0", "NA", None, "", posts["phash"][4], posts["phash"][4]]
    posts["account_id"] = list("abcdef")
    assert len(cl.similar_pairs(posts, "phash", 5000, 1, max_distance=0)) == 1
    with pytest.raises(InputError, match="row 2 of the data: 'xyz'"):
        cl.similar_pairs(posts.assign(phash=["f" * 16, "xyz", *["f" * 16] * 4]), "phash", max_distance=1)
    with pytest.raises(InputError, match="2 to 3 numbers"):
        cl.similar_pairs(posts.assign(v=[[1, 2], [1, 2, 3], *[None] * 4]), "v", min_cosine=0.5)
    with pytest.raises(InputError, match="row 1 of the data: no list"):
        cl.similar_pairs(posts.assign(v="word"), "v", min_cosine=0.5)
    with pytest.raises(ParameterError, match="max_distance"):
        cl.similar_pairs(posts, "phash")
    with pytest.raises(ParameterError, match="min_cosine = 2"):
        cl.similar_pairs(posts, "embedding", min_cosine=2)
    with pytest.raises(MissingColumnError, match="no_such"):
        cl.similar_pairs(posts, "no_such", max_distance=1)


def test_a_table_without_values_has_no_pairs() -> None:
    posts = world(4).assign(phash=None, embedding=None)
    assert cl.similar_pairs(posts, "phash", max_distance=4).empty
    assert cl.similar_pairs(posts, "embedding", min_cosine=0.5).empty
