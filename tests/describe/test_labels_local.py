"""Local labels say what sets a network apart, and say it the same way every time."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from coordlib.describe.labels import LOCAL, NONE, add_labels, class_tf_idf, detect_language, label_components
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


def test_the_weights_are_those_of_class_based_tf_idf() -> None:
    weights = class_tf_idf({"a": Counter(tea=3, news=1), "b": Counter(news=2)})
    # ln(1 + A/f) with A = 6 terms / 2 classes.
    assert weights["a"]["tea"] == pytest.approx(3 * 0.6931471805599453)
    assert weights["a"]["news"] == pytest.approx(0.6931471805599453)
    assert weights["b"]["news"] == pytest.approx(2 * 0.6931471805599453)


def test_the_order_of_the_rows_says_nothing() -> None:
    table = posts(*BRIDGE)
    assert label_components(table.iloc[::-1]) == label_components(table)


def test_a_copied_caption_counts_once_and_so_does_a_repeated_word() -> None:
    copied = [(1, "harbour bridge")] * 50 + [(1, "tea garden"), (1, "tea kettle " + "kettle " * 90)]
    assert label_components(posts(*copied))[1].text.split(" · ")[0] == "tea"


def test_stop_words_mentions_numbers_and_reach_hashtags_are_no_topic() -> None:
    text = label_components(posts((1, "and the @someone 2024 #fyp #foryoupage #viral della für harbour")))[
        1
    ].text
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
        label_components(table, component="n", text="t", hashtags="tags", link="url")[1].text
        == "#harbour · news.example"
    )


def test_a_network_without_text_has_no_label_and_says_so() -> None:
    labels = label_components(posts((1, None), (1, "🍵🍵"), (None, "tea")))
    assert list(labels) == [1]
    assert (labels[1].text, labels[1].method, labels[1].language) == ("", NONE, None)


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


@pytest.mark.parametrize(
    ("captions", "language"),
    [
        (["Leggete questa notizia importante sulle elezioni di oggi"], "it"),
        (["Please read this important story about the election today"], "en"),
        (["今日のニュースをお届けします"], "ja"),
        (["ok"], None),
        (["https://news.example/leggete-questa-notizia #notizia @notizia"], None),
        ([], None),
    ],
)
def test_the_language_is_that_of_the_words(captions: list[str], language: str | None) -> None:
    assert detect_language(captions)[0] == language


def test_a_network_of_many_languages_has_none() -> None:
    captions = [
        "Leggete questa notizia importante sulle elezioni di oggi",
        "Please read this important story about the election today",
        "Lesen Sie diese wichtige Nachricht über die heutige Wahl",
    ]
    language, votes = detect_language(captions)
    assert language is None
    assert votes == {"de": 1, "en": 1, "it": 1}
