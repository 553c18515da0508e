"""Every way a platform writes a time gives the same UTC second, or none."""

from __future__ import annotations

import pandas as pd
import pytest

from coordlib import get_coord_shares, prep_data
from coordlib.errors import TimeFormatError
from coordlib.times import as_seconds, date_only, one_moment, refuse_unreadable, unreadable, utc_seconds

NOON = 1_587_038_400  # 2020-04-16 12:00:00 UTC


@pytest.mark.parametrize(
    "written",
    [
        str(NOON),
        f"{NOON}.0",
        f"{NOON}999",
        f"{NOON}999999",
        f"{NOON}999999999",
        "2020-04-16 12:00:00",
        "2020-04-16T12:00:00Z",
        "2020-04-16T12:00:00+0000",
        "2020-04-16T14:00:00.75+02:00",
        "20200416120000",
        "20200416T120000Z",
        "2020-04-16 08:00:00 EDT",
        "2020-04-16 07:00:00 EST",
        "2020-04-16 12:00:00 UTC",
        "Thu Apr 16 12:00:00 +0000 2020",
    ],
)
def test_a_time_reads_as_its_utc_second(written: str) -> None:
    assert utc_seconds(pd.Series([written])).to_list() == [NOON]
    assert as_seconds(pd.Series([written])).to_list() == [NOON]


def test_numbers_in_a_column_of_numbers_read_as_in_text() -> None:
    for value in (NOON, NOON * 1000, NOON * 10**6, NOON * 10**9, 20200416120000):
        assert as_seconds(pd.Series([value])).to_list() == [NOON]
    assert as_seconds(pd.Series([20200416120000, None])).to_list() == [NOON, pd.NA]


@pytest.mark.parametrize(
    "written",
    ["", None, "yesterday", "2024-13-01 00:00:00", "2020-04-16 12:00:00 XYZ", "1e9", "now", "2020-04"],
)
def test_what_is_not_a_time_is_missing_and_never_guessed(written: str | None) -> None:
    values = pd.Series([written, str(NOON)], dtype="str", index=["a", "a"])
    assert utc_seconds(values).to_list() == [pd.NA, NOON]
    if written:
        with pytest.raises(TimeFormatError, match=f"row 1 of the data: '{written}' is not a time"):
            as_seconds(values)


def test_spellings_may_be_mixed_in_one_column_with_any_index() -> None:
    values = pd.Series(["2020-04-16T12:00:00Z", "2020-04-16 12:00:00", str(NOON)], index=[7, 3, 5])
    assert utc_seconds(values).to_dict() == {7: NOON, 3: NOON, 5: NOON}


def test_an_empty_cell_is_missing_but_a_word_is_unreadable() -> None:
    values = pd.Series(["", None, "soon"], dtype="str")
    assert unreadable(values, utc_seconds(values)).to_list() == [False, False, True]
    with pytest.raises(TimeFormatError, match="here: 'soon' is not a time \\(1 such of 3 rows\\)"):
        refuse_unreadable(values, utc_seconds(values), "here")


def test_days_without_an_hour_are_recognised() -> None:
    assert date_only(pd.Series(["2024-05-03", "20240504", None], dtype="str"))
    assert not date_only(pd.Series(["2024-05-03", "2024-05-03 10:00:00"]))
    assert not date_only(pd.Series([], dtype="str"))


def test_days_without_an_hour_are_taken_with_a_warning() -> None:
    days = pd.DataFrame(
        {"u": ["p", "p"], "a": ["x", "y"], "c": ["1", "2"], "t": ["2024-01-01", "2024-01-01"]}
    )
    with pytest.warns(UserWarning, match="column 't': times are days without an hour"):
        prep_data(days, "u", "a", "c", "t")
    with pytest.warns(UserWarning, match="column 'date': times are days without an hour"):
        get_coord_shares(days.set_axis(["expanded", "account.url", "id", "date"], axis=1), 10)
    prep_data(days.assign(t=["2024-01-01", "2024-01-01 10:00"]), "u", "a", "c", "t")


@pytest.mark.parametrize("text", [str(NOON), "2020-04-16T14:00:00+02:00", "2020-04-16 08:00 EDT"])
def test_a_bound_is_read_as_a_column_of_times_is(text: str):
    assert one_moment(text, "--since").timestamp() == NOON
    assert one_moment("2020-04-16", "--since").timestamp() == NOON - 43_200
    assert one_moment("2090-01-01", "--until").year == 2090, "a bound may be still to come"


@pytest.mark.parametrize("text", ["2026", "now", "2026-11", "", "01.11.2026", "2026-13-01"])
def test_a_bound_that_is_no_moment_is_told_with_its_option(text: str):
    with pytest.raises(TimeFormatError, match=r"^--since '.*': is not a moment; write it as 2026-11-01 or"):
        one_moment(text, "--since")
