"""Local labels say what sets a network apart, and say it the same way every time."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from coordlib.describe import add_labels, label_components
from coordlib.describe.labels import LOCAL, NONE, term_weights
from coordlib.errors import MissingColumnError


def posts(*rows: tuple[int | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame({"network": [row[0] for row in rows], "text": [row[1] for row in rows]})


BRIDGE = [
    (1, "The harbour bridge reopens today"),
    (1, "Photos: harbour bridge at night"),
    (2, "Election night photos"),
]


def test_words_of_one_network_outweigh_those_of_all() -> None:
    labels = label_components(posts(*BRIDGE))
    assert labels[1].text.startswith("harbour bridge")
    assert labels[2].text.startswith("election")
    assert labels[1].method == LOCAL
    assert labels[1].details["captions"] == 2


def test_the_weights_contrast_a_class_with_the_captions_outside_it() -> None:
    # 3 captions inside and 10 outside, 4 of which hold "photos"
    weights = term_weights(
        {"harbour": 3, "photos": 3, "the": 3, "": 3}, {"harbour": 3, "photos": 7, "the": 13, "": 13}
    )
    assert weights["harbour"] == pytest.approx(math.sqrt(3) * math.log(1 + 10.5 / 0.5))
    assert weights["photos"] == pytest.approx(math.sqrt(3) * math.log(1 + 6.5 / 4.5))
    assert weights["the"] == pytest.approx(math.log(1 + 0.5 / 10.5))  # short: counted once
    assert set(weights) == {"harbour", "photos", "the"}


def test_what_every_network_says_names_none_and_no_list_of_words_is_needed() -> None:
    """The same in a language no list would know: "wo" and "kasa" stand in every caption."""
    subjects = [["harbour", "bridge"], ["cheese", "market"], ["village", "school"], ["winter", "storm"]]
    table = posts(
        *[
            (n, f"wo kasali {a} kasali {b} wo {ending}")
            for n, (a, b) in enumerate(subjects)
            for ending in ("mid", "tal", "ron")
        ]
    )
    for number, label in label_components(table, max_terms=2).items():
        assert label.text == " · ".join(sorted(subjects[number], key=lambda word: -min(len(word), 8)))


def test_words_that_stand_together_are_a_phrase_and_no_phrase_nobody_wrote_appears() -> None:
    caption = "Phillies land star closer Duran ahead of the trade deadline"
    assert label_components(posts((1, caption)))[1].text.startswith("phillies land star closer duran ahead")
    text = label_components(posts((1, "bridge reopens"), (1, "harbour bridge"), (1, "bridge closed")))[1].text
    assert text.split(" · ")[0] == "bridge"


def test_the_order_of_the_rows_says_nothing() -> None:
    table = posts(*BRIDGE)
    assert label_components(table.iloc[::-1]) == label_components(table)


def test_a_copied_caption_counts_once_and_so_does_a_repeated_word() -> None:
    copied = [(1, "harbour bridge")] * 50 + [(1, "coffee garden"), (1, "coffee kettle " + "kettle " * 90)]
    assert label_components(posts(*copied))[1].text.split(" · ")[0] == "coffee"


def test_mentions_numbers_short_words_alone_and_reach_hashtags_are_no_topic() -> None:
    text = label_components(posts((1, "@someone and 2024 harbour is #fyp #foryoupage #viral")))[1].text
    assert text == "harbour"


def test_at_most_eight_words_in_at_most_five_terms() -> None:
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima"
    text = label_components(posts((1, words)))[1].text
    assert len(text.split(" · ")) <= 5
    assert len(text.replace(" · ", " ").split()) <= 8


def test_hashtags_and_domains_have_a_say() -> None:
    table = pd.DataFrame(
        {
            "n": [1, 1],
            "t": ["", ""],
            "tags": ["harbour,fyp", ["harbour"]],
            "url": ["https://www.news.example/a", None],
        }
    )
    assert (
        label_components(table, network="n", text="t", hashtags="tags", link="url")[1].text
        == "#harbour · news.example"
    )


def test_a_network_without_text_has_no_label_and_says_so() -> None:
    labels = label_components(posts((1, None), (1, "🍵🍵"), (None, "tea")))
    assert list(labels) == [1]
    assert (labels[1].text, labels[1].method) == ("", NONE)


def test_no_posts_give_no_labels() -> None:
    assert label_components(posts()) == {}


def test_every_network_of_a_table_gets_its_label() -> None:
    networks = pd.DataFrame({"network": [3, 1]}, index=[7, 8])
    labelled = add_labels(networks, label_components(posts(*BRIDGE)))
    assert labelled["label"].to_list() == ["", label_components(posts(*BRIDGE))[1].text]
    assert labelled["label_method"].to_list() == [NONE, LOCAL]
    assert list(networks.columns) == ["network"]
    assert add_labels(networks.iloc[:0], {})["label"].to_list() == []


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MissingColumnError, match="caption"):
        label_components(posts(*BRIDGE), text="caption")


def test_hostile_captions_stay_one_plain_line() -> None:
    text = label_components(posts((1, "<script>alert(1)</script>\n=CMD()\u202e harbour")))[1].text
    assert not set(text) & set("<>=\n\u202e")


def test_a_dotted_capital_i_is_the_letter_i() -> None:
    labels = label_components(posts((1, "İstanbul harbour"), (1, "İSTANBUL bridge"), (2, "cheese market")))
    assert "istanbul" in labels[1].text
