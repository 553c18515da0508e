"""Captions that are the same but for small changes: found without exception, named by the earliest, never by a chain."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.cli import main
from coordlib.errors import MissingColumnError, ParameterError
from coordlib.near import comparable, hashtag_sequence, similar
from coordlib.near.captions import stems


def posts(*texts: str | None, start: int = 0) -> pd.DataFrame:
    n = len(texts)
    return pd.DataFrame(
        {
            "content_id": [f"c{start + i}" for i in range(n)],
            "account_id": [f"a{start + i}" for i in range(n)],
            "posted_at": range(start, start + n),
            "text": pd.Series(texts, dtype="str"),
        }
    )


def many(n: int, seed: int = 0) -> list[str]:
    """Texts of random words: nobody copies anybody."""
    random = np.random.default_rng(seed)
    words = ["".join(random.choice(list("abcdefghijklmnopqrst"), 7)) for _ in range(n * 4)]
    return [" ".join(random.choice(words, 10, replace=False)) for _ in range(n)]


VERSIONS = (
    "They lied to us about the bridge!",
    "they lied to us about THE bridge 🔥🔥 #news",
    "  They\u200b lied to us,\ufe0f about the bridge https://example.org/x",
    "@someone Theyliedtousaboutthebridge #other #tags",
    "ＴＨＥＹ lied to us about the bridges",
)


def test_versions_of_a_caption_are_one_object_named_as_the_earliest_was_written() -> None:
    named = cl.near.add_near_text(posts(*VERSIONS, "The weather is fine today, is it not?"))
    assert named["near_text"].tolist() == [VERSIONS[0]] * 5 + ["The weather is fine today, is it not?"]
    assert named.attrs["near_text"] == {"with_text": 6, "short": 0, "different": 4, "clusters": 1}


@pytest.mark.parametrize("level", ["copied", "reworded"])
def test_neither_the_order_of_the_rows_nor_later_posts_change_a_name(level: str) -> None:
    texts = [*many(120), *VERSIONS, *(f"{text} again" for text in many(20))]
    table = posts(*texts)
    column = {"copied": "near_text", "reworded": "reworded_text"}[level]
    names = cl.near.add_near_text(table, level).set_index("content_id")[column]  # type: ignore[arg-type]
    mixed = table.sample(frac=1, random_state=1)
    assert (
        cl.near.add_near_text(mixed, level).set_index("content_id")[column].reindex(names.index).equals(names)
    )  # type: ignore[arg-type]
    more = pd.concat([table, posts("They lied to us about the bridge!!", start=1000)])
    later = cl.near.add_near_text(more, "copied")["near_text"]
    assert later.iloc[-1] == VERSIONS[0]


def test_posts_that_come_later_rename_no_earlier_caption() -> None:
    words = " ".join(many(4)).split()
    chain = [" ".join(words[step : step + 14]) for step in range(26)]
    random = np.random.default_rng(4)
    for _ in range(5):
        table = posts(*(chain[k] for k in random.permutation(len(chain))))
        names = cl.near.add_near_text(table, similarity=0.7)["near_text"]
        for n in range(1, len(table), 3):
            assert (
                cl.near.add_near_text(table[:n], similarity=0.7)["near_text"].tolist() == names[:n].tolist()
            )


def test_every_two_texts_of_a_cluster_are_as_similar_as_asked_for() -> None:
    words = " ".join(many(4)).split()
    chain = [" ".join(words[step : step + 14]) for step in range(26)]
    named = cl.near.add_near_text(posts(*chain), similarity=0.7)
    pieces = [{t[i : i + 5] for i in range(len(t) - 4)} for t in named["text"].str.replace(" ", "")]
    assert named["near_text"].nunique() < len(chain)
    for one, two in itertools.combinations(range(len(chain)), 2):
        if named["near_text"][one] == named["near_text"][two]:
            assert len(pieces[one] & pieces[two]) / len(pieces[one] | pieces[two]) >= 0.7


@pytest.mark.parametrize("level", ["copied", "reworded"])
def test_where_nobody_copies_nothing_is_found(level: str) -> None:
    table = posts(*many(400))
    named = cl.near.add_near_text(table, level)  # type: ignore[arg-type]
    column = named.columns[-1]
    assert named[column].tolist() == table["text"].tolist()
    shares = cl.prep_data(table, object_id=column, timestamp_share="posted_at")
    assert cl.detect_groups(shares, 10_000, 1).empty


@pytest.mark.parametrize("rarity", [False, True])
def test_every_similar_pair_is_found(rarity: bool) -> None:
    random = np.random.default_rng(3)
    members = [set(random.choice(40, random.integers(1, 15), replace=False)) for _ in range(150)]
    rows = np.repeat(np.arange(150), [len(m) for m in members])
    sets = similar.Sets(rows, np.array([item for m in members for item in m]), 150, rarity)
    n = np.bincount([item for m in members for item in m], minlength=40)
    weight = np.log(150 / np.maximum(n, 10)) ** 3 if rarity else np.ones(40)
    for least in (0.2, 0.5, 0.8):
        found = {(int(i), int(j)): c for part in sets.pairs(least) for i, j, c in zip(*part, strict=True)}
        truth = {}
        for i, j in itertools.combinations(range(150), 2):
            both, either = members[i] & members[j], members[i] | members[j]
            share = sum(weight[list(both)]) / sum(weight[list(either)])
            if share >= least:
                truth[i, j] = share
        assert found.keys() == truth.keys()
        assert all(found[pair] == pytest.approx(truth[pair]) for pair in truth)


def test_bounds_of_memory_change_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{text} {word}" for text in many(30) for word in ("", "one", "two", "three")]
    usual = cl.near.add_near_text(posts(*texts))["near_text"]
    assert usual.nunique() == 30
    for name, value in {"_KEPT": 10, "_ROWS": 7, "_PAIRS": 5}.items():
        monkeypatch.setattr(similar, name, value)
    assert cl.near.add_near_text(posts(*texts))["near_text"].equals(usual)


def test_too_many_texts_that_hang_together_are_cut_never_joined_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = [word for text in many(6) for word in text.split()]
    chain = [" ".join(words[step : step + 12]) for step in range(48)]
    whole = cl.near.add_near_text(posts(*chain), similarity=0.5)["near_text"]
    monkeypatch.setattr(similar, "LARGEST", 8)
    cut = cl.near.add_near_text(posts(*chain), similarity=0.5)["near_text"]
    assert cut.nunique() >= whole.nunique()


def test_short_texts_are_nobodys_copy_and_are_counted() -> None:
    named = cl.near.add_near_text(posts("Good morning", "good morning!", "#only #hash #tags", None, " "))
    assert named["near_text"].isna().all()
    assert named.attrs["near_text"]["with_text"] == 3 and named.attrs["near_text"]["short"] == 3
    lower = cl.near.add_near_text(posts("Good morning", "good morning!"), min_length=5)
    assert lower["near_text"].tolist() == ["Good morning"] * 2


def test_a_table_without_posts_stays_one() -> None:
    assert cl.near.add_near_text(posts())["near_text"].tolist() == []
    assert cl.near.add_near_text(posts(), "reworded")["reworded_text"].tolist() == []


def test_the_same_rare_words_in_other_sentences_are_reworded_once_it_is_known_which_are_rare() -> None:
    first = "Despite the minister's decision to close Kamptal harbour, dockers stay calm"
    second = "Dockers at Kamptal harbour are calm after the decision of the minister to close it"
    assert (
        cl.near.add_near_text(posts(*many(150), first, second), "reworded")["reworded_text"].tolist()[-2:]
        == [first] * 2
    )
    assert cl.near.add_near_text(posts(*many(150), first, second))["near_text"].tolist()[-2:] == [
        first,
        second,
    ]
    assert cl.near.add_near_text(posts(first, second), "reworded")["reworded_text"].tolist() == [
        first,
        second,
    ]


def test_marks_that_are_vowels_stay_and_writing_without_blanks_has_parts() -> None:
    assert comparable("কি") != comparable("কা")
    assert comparable("Élan") == comparable("E\u0301LAN")
    assert stems("今日は良い") == {"今日", "日は", "は良", "良い"}


def test_a_sequence_of_hashtags_is_ordered_and_spelling_does_not_matter() -> None:
    assert (
        hashtag_sequence("#One text ＃Two #three, #two")
        == hashtag_sequence("#ONE #two #Three")
        == "#one #two #three"
    )
    assert hashtag_sequence("#two #one #three") == "#two #one #three"
    assert hashtag_sequence("#one #two #one") is None


def test_prep_data_makes_the_columns_that_can_be_made_and_takes_a_column_that_is_there() -> None:
    table = posts(*VERSIONS)
    shares = cl.prep_data(table, object_id="near_text", timestamp_share="posted_at")
    assert shares["object_id"].tolist() == [VERSIONS[0]] * 5
    assert "near_text" not in table
    own = table.assign(near_text="mine")
    assert cl.prep_data(own, object_id="near_text", timestamp_share="posted_at")["object_id"].unique() == [
        "mine"
    ]
    with pytest.raises(MissingColumnError, match="text"):
        cl.prep_data(table.drop(columns="text"), object_id="near_text", timestamp_share="posted_at")


def test_a_sweep_compares_captions_with_near_captions() -> None:
    found = cl.sweep(
        posts(*VERSIONS), {"object_id": ["text", "near_text"], "min_participation": [1], "min_weight": [1]}
    )
    assert found.points.set_index("object_id")["accounts"].to_dict() == {"text": 0, "near_text": 5}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"level": "translated"}, "level = 'translated'"),
        ({"similarity": 0}, "similarity = 0"),
        ({"similarity": True}, "similarity = True"),
        ({"min_length": -1}, "min_length = -1"),
    ],
)
def test_a_wrong_value_is_named(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        cl.near.add_near_text(posts("x"), **wrong)  # type: ignore[arg-type]


def test_differing_words_are_all_that_differs() -> None:
    assert cl.near.differing_words("a b c", " a  b c\n") == ""
    assert cl.near.differing_words("vote for Ann", "vote now for Ann") == "+ now"
    assert cl.near.differing_words("", "new") == "+ new"


def test_pairs_say_in_which_words_their_posts_differ() -> None:
    table = posts(*VERSIONS, None)
    pairs = cl.detect_groups(cl.prep_data(table, object_id="near_text", timestamp_share="posted_at"), 60, 1)
    found = cl.near.add_differing_words(pairs, table)
    assert found.loc[found["content_id_y"] == "c1", "differing_words"].tolist() == [
        "They → they; the bridge! → THE bridge 🔥🔥 #news"
    ]
    assert "differing_words" not in pairs
    unknown = cl.near.add_differing_words(pairs, table.iloc[:1])
    assert unknown["differing_words"].isna().all()
    with pytest.raises(MissingColumnError, match="text"):
        cl.near.add_differing_words(pairs, table.drop(columns="text"))


def test_the_command_line_makes_near_captions_of_a_plain_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = posts(*VERSIONS).rename(columns={"posted_at": "timestamp_share"})
    table["timestamp_share"] += 1_700_000_000
    table.to_csv(tmp_path / "posts.csv", index=False)
    words = ["--object-id", "near_text", "--min-participation", "1", "--min-weight", "1"]
    command = ["coordlib", "detect", str(tmp_path / "posts.csv"), "-o", str(tmp_path / "found.csv"), *words]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as done:
        main()
    assert not done.value.code
    assert "5 accounts" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "found.csv")) == 10
    table.to_csv(tmp_path / "more.csv", index=False)
    command[2] = str(tmp_path / "[pm]o*.csv")
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit):
        main()
    assert "join the" in capsys.readouterr().err


def test_half_a_surrogate_pair_and_other_dirt_stop_nothing() -> None:
    table = posts(*VERSIONS).astype({"text": object})
    table.loc[1, "text"] = "They lied to us about the bridge \ud83d\x00\u202e"
    assert cl.near.add_near_text(table)["near_text"].nunique() == 1
    assert cl.prep_data(table, "near_text", timestamp_share="posted_at")["object_id"].nunique() == 1
