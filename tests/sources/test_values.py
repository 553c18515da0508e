"""What the doors make of single values: ids, hashtags, times, addresses, secrets."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from coordlib import addresses, ids, times
from coordlib.columns import check_table
from coordlib.errors import InputError
from coordlib.near.captions import stems
from coordlib.service import hidden
from coordlib.sources import ObjectSource
from coordlib.sources.exports import cells as cells_of_exports
from coordlib.sources.label_endpoint import clean_answer


def test_ids_keep_their_digits_or_are_known_to_have_lost_them() -> None:
    assert ids.rounded_id(pd.Series(["7.6E+017", "7.7E+017"])) == (0, "7.6E+017")
    assert ids.rounded_id(pd.Series(["tea", "1E5", "cake"])) is None
    assert ids.without_point(pd.Series(["100.0", " 100", None])).dropna().tolist() == ["100", "100"]
    assert ids.as_ids(pd.Series([100000, 7123456789012345678])).tolist() == ["100000", "7123456789012345678"]
    assert ids.as_ids(pd.Series([2.0, None])).dropna().tolist() == ["2"]
    for lost in (pd.Series([2.0**54, 1.0]), pd.Series([1.5]), pd.Series([2.0**25], dtype="float32")):
        with pytest.raises(InputError, match="as a float, so digits of the id may be lost"):
            ids.as_ids(lost)


def test_texts_have_one_spelling_and_can_be_written() -> None:
    assert ids.fold_hashtag("#CafE\u0301") == ids.fold_hashtag("caf\u00e9") == "café"
    assert ids.valid_text("caption \ud83d") == "caption \ufffd"
    assert sorted(stems("the election was rigged")) == ["elect", "rigge", "the", "was"]
    found = ids.among(pd.Series(["a", "b", None]), pd.Series(["b", "b"]), pd.Series(["c"], dtype="str"))
    assert found.tolist() == [False, True, False]
    assert clean_answer('"Harbour bridge closure" [it]') == ("Harbour bridge closure", "it")


def test_what_is_no_time_is_told_from_a_clock_of_its_own() -> None:
    clocks = ([0, 5, 3000], [0, 0], [2024, 2025], [0, 46024, 46025], [20250101, 20250102])
    assert [times.own_clock(pd.Series(clock)) for clock in clocks] == [True, False, False, False, False]
    assert [times.looks_like(value) for value in ("46024.1", "2025", "202501011200")] == [
        "a day number of a spreadsheet",
        "a year",
        "a date written as one number",
    ]
    assert (times.utc_text(86_400), times.utc_text(0, times.ISO)) == (
        "1970-01-02 00:00:00",
        "1970-01-01T00:00:00Z",
    )
    assert times.day_start("1970-01-02") == 86_400 and str(times.day_of(86_400.5)) == "1970-01-02"


def test_an_address_is_made_of_nothing_an_account_may_choose() -> None:
    assert addresses.account_address('a"><script>') == "https://www.tiktok.com/@a%22%3E%3Cscript%3E"
    assert addresses.account_address("ann", "forum") is None
    assert addresses.video_address("a.b", "12") == "https://www.tiktok.com/@a.b/video/12"
    assert addresses.video_address("a.b", "1/2") is None
    assert addresses.video_address("account-0123456789ab", "12") is None, "a pseudonym has no page"


def test_a_secret_is_hidden_however_it_is_written() -> None:
    assert (
        hidden("client_secret=s3cr%3Dt&client_key=k1", "s3cr=t", "k1")
        == "client_secret=[hidden]&client_key=[hidden]"
    )
    assert hidden("Basic azE6czNjci1yZXQ=", "s3cr-ret") == "Basic [hidden]"


def test_a_path_is_no_table() -> None:
    with pytest.raises(InputError, match="posts: a str is no table; give a pandas DataFrame"):
        check_table("posts.csv", ["text"], "posts")


@pytest.mark.parametrize("hashtags", [True, False])
def test_cells_split_at_once_are_split_as_one_by_one(hashtags: bool) -> None:
    """Whatever blanks, marks and spellings they hold; a bracket sends a cell to the reader of lists."""
    source = ObjectSource(
        column=("x",), hashtags=hashtags, separator=() if hashtags else ("list",), ignore=frozenset("0")
    )
    letters = [*"abÄßΣς0é #,;|(){}'\"", *"\u00a0\u3000\x0b\x1d\x85\u2009\u200b\ufeff", "e\u0301"]
    cells = ["".join(random.Random(n).choices(letters, k=n % 12)) for n in range(4000)]
    together = cells_of_exports.objects_of(pd.DataFrame({"x": [*cells, None]}, dtype="str"), source)
    table = pd.DataFrame({"x": [f"{cell},[" for cell in cells]}, dtype="str")
    assert together.tolist()[:-1] == cells_of_exports.objects_of(table, source).tolist()
    assert cells_of_exports.objects_of(table[:0], source).tolist() == []
