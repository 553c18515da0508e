"""The small words of a page: counts with nouns, what was shared, values of parameters, and text made safe."""

from __future__ import annotations

from coordlib.report import RunRecord
from coordlib.report.checksums import sums_of, wrong_files
from coordlib.report.citation import Citation
from coordlib.report.configuration import Site
from coordlib.report.dictionary import describe_column
from coordlib.report.words import (
    clean_text,
    hide_folders,
    in_one_direction,
    in_words,
    object_word,
    plural,
    same_words,
)


def test_a_count_has_its_noun_and_an_object_its_word() -> None:
    assert (plural(1, "account"), plural(1200, "account"), plural(2, "query")) == (
        "1 account",
        "1,200 accounts",
        "2 queries",
    )
    assert [object_word("text", "tiktok"), object_word("hashtags")] == ["caption", "hashtag"]
    assert object_word("near_text", "tiktok") == "near-copied caption"
    assert same_words("text") == ""
    assert same_words("hashtag_sequence").endswith("three or more hashtags in the same order.")


def test_the_value_of_a_parameter_is_told_in_words() -> None:
    assert [in_words(value) for value in (None, True, [])] == ["not set", "yes", "none"]
    assert in_words({"q": 0.05, "classes": ["open", "timetable"]}) == "q = 0.05; classes = open, timetable"


def test_text_loses_controls_turns_of_direction_and_the_folders_of_a_machine() -> None:
    assert clean_text("a\x00b\nc") == "ab\nc"
    assert in_one_direction("user_\u202eevil") == "user_evil"
    hidden = hide_folders("File /home/someone/w/pairs.py:12 https://x.example/a/b")
    assert hidden == "File …/w/pairs.py:12 https://x.example/a/b"


def test_files_are_held_against_the_sums_they_were_published_with() -> None:
    sums = sums_of({"a.csv": "00", "c.csv": "03"})
    assert sums.splitlines()[0] == "00  a.csv"
    assert wrong_files({"a.csv": "01", "b.csv": "02"}, sums.encode()) == [
        "a.csv: is not the file that was published (its SHA-256 differs)",
        "c.csv: is missing",
        "b.csv: was not published with the others",
    ]


def test_a_column_means_what_its_kind_of_report_says_and_a_report_has_its_place() -> None:
    assert describe_column("edges", "weight", "links").unit == "URLs"
    assert describe_column("edges", "n_objects").unit == "objects"
    run = RunRecord(name="mine", date="2025-01-03", kind="table")
    address = Citation(run, Site(address="https://example.org")).url
    assert address == "https://example.org/reports/analyses/mine/v1/"


def test_a_version_is_cited_in_a_sentence() -> None:
    made = {"published_at": "2025-01-04T05:00:00Z", "code_version": "0.1.0", "content_sha256": "ab" * 32}
    site = Site(authors=["Ada Lovelace"], title="Monitor", address="https://example.org/m")
    cited = Citation(RunRecord(name="2025-01-03", date="2025-01-03", version=2, **made), site)
    assert cited.sentence == (
        "Lovelace, Ada (2025). Coordinated sharing on 2025-01-03 (version 2, published 2025-01-04). Monitor. Made with "
        "coordlib 0.1.0. https://example.org/m/reports/days/2025-01-03/v2/ Content abababababababab."
    )
    assert cited.key == "coordinated-sharing-2025-01-03-v2"
