"""prep_data: ids stay what they are, times become UTC seconds, and what cannot be read is named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib import detect_groups, prep_data
from coordlib.errors import (
    DuplicateContentError,
    InputError,
    MissingColumnError,
    ParameterError,
    TimeFormatError,
)
from coordlib.posts import as_posts
from coordlib.times import utc_seconds


def table(**columns: object) -> pd.DataFrame:
    base: dict[str, object] = {"object_id": ["o", "o"], "account_id": ["a", "b"], "content_id": ["1", "2"]}
    return pd.DataFrame({**base, "timestamp_share": [0, 1], **columns})


def times(values: object) -> list[object]:
    return prep_data(table(timestamp_share=values))["timestamp_share"].tolist()


def test_numeric_ids_are_written_out_in_full() -> None:
    shares = prep_data(table(content_id=[100000, 7583486171670498590], account_id=[1e5, 3.0]))
    assert shares["content_id"].tolist() == ["100000", "7583486171670498590"]
    assert shares["account_id"].tolist() == ["100000", "3"]


@pytest.mark.parametrize("values", [[7583486171670498590.0, 1.0], [1.5, 2.0]])
def test_ids_that_lost_digits_in_a_float_are_refused(values: list[float]) -> None:
    with pytest.raises(InputError, match=r"column 'content_id'.*read the column as text"):
        prep_data(table(content_id=values))
    with pytest.raises(InputError, match="read the column as text"):
        prep_data(table(content_id=pd.Series(values, dtype=object)))


def test_missing_ids_stay_missing_and_text_is_not_touched() -> None:
    shares = prep_data(table(object_id=[None, " caption, with comma \n"], account_id=[float("nan"), 7]))
    assert shares["object_id"].isna().tolist() == [True, False]
    assert shares["object_id"][1] == " caption, with comma \n"
    assert shares["account_id"].isna().tolist() == [True, False]
    assert shares["account_id"][1] == "7"


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_an_empty_or_blank_cell_is_no_object_and_no_account(kind: str) -> None:
    """Posts without a caption would otherwise tie every account to every other."""
    frame = table(object_id=pd.Series(["", " \n"], dtype=kind), account_id=pd.Series(["", "b"], dtype=kind))
    shares = prep_data(frame)
    assert shares["object_id"].isna().all()
    assert shares["account_id"].isna().tolist() == [True, False]
    assert detect_groups(shares, 60, 1).empty


def test_both_time_spellings_and_numbers_may_be_mixed_in_one_column() -> None:
    assert times(["2025-01-01T00:00:00Z", "2025-01-01 00:00:05"]) == [1735689600, 1735689605]
    assert times(["2025-01-01T01:00:00+01:00", "1735689605"]) == [1735689600, 1735689605]


@pytest.mark.parametrize("scale", [1, 10**3, 10**6, 10**9])
def test_milli_micro_and_nanoseconds_become_seconds(scale: int) -> None:
    assert times([1735689600 * scale, 1735689605 * scale]) == [1735689600, 1735689605]
    assert times([str(1735689600 * scale), str(1735689605 * scale)]) == [1735689600, 1735689605]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_datetime_columns_are_utc_seconds_whatever_their_unit_and_zone(unit: str, zone: str | None) -> None:
    stamps = pd.Series(pd.to_datetime(["2025-01-01 00:00:00", "2025-01-01 00:01:40"])).dt.as_unit(unit)
    if zone is not None:
        stamps = stamps.dt.tz_localize("UTC").dt.tz_convert(zone)
    assert times(stamps) == [1735689600, 1735689700]


def test_python_datetimes_in_an_object_column_are_read() -> None:
    stamp = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    assert times(pd.Series([stamp, "2025-01-01 00:00:01"], dtype=object)) == [1735689600, 1735689601]


def test_times_are_int64_and_nullable_only_where_one_is_missing() -> None:
    assert prep_data(table())["timestamp_share"].dtype == "int64"
    gap = prep_data(table(timestamp_share=["", "2025-01-01 00:00:00"]))["timestamp_share"]
    assert gap.dtype == "Int64"
    assert gap.isna().tolist() == [True, False]


@pytest.mark.parametrize("bad", ["yesterday", "1.6e9", "32.13.2025", "99999999999999999999"])
def test_an_unreadable_time_names_column_row_and_value(bad: str) -> None:
    with pytest.raises(
        TimeFormatError, match=rf"column 'timestamp_share', row 2 of the data: '{bad}' is not a time"
    ):
        times(["0", bad])


@pytest.mark.parametrize("kind", ["uint64", "UInt64", "uint64[pyarrow]"])
def test_unsigned_numbers_beyond_any_time_are_refused_not_wrapped(kind: str) -> None:
    with pytest.raises(TimeFormatError, match="row 2"):
        times(pd.Series([1, 2**63 + 5], dtype=kind))


@pytest.mark.parametrize("kind", ["timestamp[us][pyarrow]", "string[pyarrow]", "category", "object"])
def test_every_kind_of_column_is_read(kind: str) -> None:
    stamps = pd.Series(pd.to_datetime(["2025-01-01", "2025-01-02"]))
    values = stamps.dt.strftime("%Y-%m-%dT%H:%M:%SZ") if "string" in kind else stamps
    assert times(values.astype(kind)) == [1735689600, 1735776000]


def test_half_a_surrogate_pair_in_a_caption_does_not_stop_the_day() -> None:
    assert prep_data(table(object_id=pd.Series(["x \ud83d", "y 😀"], dtype=object)))[
        "object_id"
    ].tolist() == ["x \ufffd", "y 😀"]


@pytest.mark.parametrize("value", ["20251301120000", 20251301120000, 10**10])
def test_a_time_of_the_far_future_is_none(value: str | int) -> None:
    with pytest.raises(TimeFormatError, match=r"row 2 of the data: '\d+' is not a time"):
        times([0, value])


def test_infinite_times_are_refused() -> None:
    with pytest.raises(TimeFormatError, match="row 1"):
        times([float("inf"), 1.0])


def test_a_missing_column_is_named_with_the_nearest_one() -> None:
    with pytest.raises(MissingColumnError, match=r"'acount_id' \(did you mean 'account_id'\?\)"):
        prep_data(table(), account_id="acount_id")


def test_the_callers_table_is_not_changed() -> None:
    frame = table(content_id=[1, 2])
    before = frame.copy(deep=True)
    prep_data(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_layer_column_is_kept_only_when_asked_for() -> None:
    frame = table(kind=["url", "image"])
    assert "layer" not in prep_data(frame)
    assert prep_data(frame, layer="kind")["layer"].tolist() == ["url", "image"]


def test_duplicate_contents_are_kept_dropped_or_refused_as_asked() -> None:
    frame = table(content_id=["1", "1"], timestamp_share=[9, 4])
    assert len(prep_data(frame)) == 2
    assert prep_data(frame, duplicates="drop")["timestamp_share"].tolist() == [4]
    with pytest.raises(DuplicateContentError, match=r"content '1' .*row 2 of the data"):
        prep_data(frame, duplicates="error")
    with pytest.raises(ParameterError, match="duplicates"):
        prep_data(frame, duplicates="ignore")  # type: ignore[arg-type]


def test_one_content_with_two_objects_is_no_duplicate() -> None:
    frame = table(object_id=["h1", "h2"], content_id=["1", "1"])
    assert len(prep_data(frame, duplicates="error")) == 2


@pytest.mark.parametrize("word", ["now", "today", "NOW"])
def test_a_word_is_no_time_in_a_declared_format(word: str) -> None:
    found = utc_seconds(pd.Series([word, "2026"]), form="%Y")
    assert found.isna().tolist() == [True, False]


def test_further_columns_of_one_name_stay_as_many_as_they_are() -> None:
    names = ["content_id", "account_id", "posted_at", "further", "further"]
    found = as_posts(pd.DataFrame([["1", "a", 1_700_000_000, 5, 6]], columns=names))
    assert list(found.columns).count("further") == 2


def test_a_table_without_rows_becomes_shares_without_rows() -> None:
    shares = prep_data(table().iloc[:0])
    assert shares.empty
    assert shares["timestamp_share"].dtype == "int64"


DOORS: dict[str, Callable[[Any], Any]] = {
    "prep_data": cl.prep_data,
    "detect_groups": cl.detect_groups,
    "edge_significance": cl.edge_significance,
    "network_significance": lambda table: cl.network_significance(
        table, cl.detect_groups(made_by_hand()), draws=1
    ),
    "coordinated_edges": cl.coordinated_edges,
    "rank_accounts": cl.rank_accounts,
    "calibrate": lambda table: cl.calibrate(table, runs=1),
    "benchmark": cl.benchmark,
    "sweep": lambda table: cl.sweep(table, {"time_window": [60]}),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("thing", [["a"], {"object_id": ["o"]}, "posts.csv", None], ids=repr)
def test_what_is_no_table_is_refused_in_one_line(door: str, thing: object) -> None:
    with pytest.raises(InputError, match=f"a {type(thing).__name__} is no table; give a pandas DataFrame"):
        DOORS[door](thing)


def made_by_hand() -> pd.DataFrame:
    """Shares in proper types, which nobody looked at yet."""
    return cl.prep_data(
        pd.DataFrame(
            {
                "object_id": ["o", "o", "p", "p"],
                "account_id": ["a", "b", "a", "b"],
                "content_id": ["1", "2", "3", "4"],
                "timestamp_share": [1_700_000_000, 1_700_000_010, 1_700_000_900, 1_700_000_950],
            }
        )
    )


@pytest.mark.parametrize("door", [name for name in DOORS if name not in ("coordinated_edges", "benchmark")])
def test_shares_made_by_hand_pass_the_same_guards(door: str) -> None:
    shares = made_by_hand()
    with pytest.raises(InputError, match="2 columns named 'account_id'"):
        DOORS[door](pd.concat([shares, shares[["account_id"]]], axis=1))
    with pytest.raises(InputError, match="row 2 of the data: 'inf' is not a time"):
        DOORS[door](shares.assign(timestamp_share=[1.7e9, np.inf, 1.7e9, 1.7e9]))


def test_milliseconds_and_half_characters_are_mended_whatever_their_dtype() -> None:
    shares = made_by_hand()
    milliseconds = shares.assign(timestamp_share=shares["timestamp_share"] * 1000)
    pd.testing.assert_frame_equal(cl.edge_significance(milliseconds), cl.edge_significance(shares))
    texts = pd.array(["a\ud800", "a\ud800", "b", "b"], dtype=pd.StringDtype("python"))
    assert cl.detect_groups(shares.assign(object_id=texts))["object_id"].tolist() == ["a\ufffd", "b"]
    unknown = cl.edge_significance(shares.assign(timestamp_share=[1.7e9, np.nan, 1.7e9, 1.7e9]))
    assert unknown.attrs["rows_left_out"] == 1


def test_one_hashtag_or_link_names_the_column_of_them_where_there_is_no_such_column() -> None:
    posts = pd.DataFrame(
        {"account_id": ["a"], "content_id": ["1"], "posted_at": [1_735_689_600], "hashtags": [["tea", "cup"]]}
    )
    assert prep_data(posts, "hashtag", timestamp_share="posted_at")["object_id"].tolist() == ["cup", "tea"]
    own = prep_data(posts.assign(hashtag="mine"), "hashtag", timestamp_share="posted_at")
    assert own["object_id"].tolist() == ["mine"]
