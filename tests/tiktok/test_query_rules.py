"""What the service would refuse is refused before a request is spent."""

from __future__ import annotations

import datetime as dt

import pytest

from coordlib.errors import QueryError
from coordlib.tiktok import Query, any_of, condition
from coordlib.tiktok.query import (
    FULL_FIELDS,
    REGION_CODES,
    check_fields,
    check_max_count,
    check_span,
    days_between,
    parse_day,
)


def test_the_documented_example_is_written_as_the_service_reads_it():
    query = Query(
        and_=[any_of("region_code", ["IT", "FR"]), any_of("hashtag_name", ["elezioni"])],
        not_=[any_of("video_length", ["EXTRA_LONG"])],
    )
    assert query.to_json() == {
        "and": [
            {"operation": "IN", "field_name": "region_code", "field_values": ["IT", "FR"]},
            {"operation": "EQ", "field_name": "hashtag_name", "field_values": ["elezioni"]},
        ],
        "not": [{"operation": "EQ", "field_name": "video_length", "field_values": ["EXTRA_LONG"]}],
    }


def test_hash_and_at_signs_are_taken_off_and_values_become_text():
    assert condition("hashtag_name", "EQ", "#Fyp").field_values == ("fyp",)
    assert condition("username", "EQ", "@esempio.uno").field_values == ("esempio.uno",)
    assert condition("view_count", "GTE", 1000).field_values == ("1000",)
    assert condition("create_date", "EQ", dt.date(2026, 11, 1)).field_values == ("20261101",)
    assert condition("region_code", "EQ", "it").field_values == ("IT",)


@pytest.mark.parametrize(
    ("field", "operation", "values", "said"),
    [
        ("keywrd", "EQ", ["x"], "did you mean 'keyword'"),
        ("keyword", "GT", ["x"], "does not take the operation 'GT'"),
        ("keyword", "LIKE", ["x"], "does not take the operation 'LIKE'"),
        ("keyword", "EQ", ["x", "y"], "use IN for several"),
        ("keyword", "IN", [], "list of values is empty"),
        ("keyword", "EQ", ["  "], "not a value"),
        ("keyword", "EQ", ["a\x00b"], "NUL"),
        ("keyword", "EQ", ["a\ud800"], "half a character"),
        ("keyword", "IN", [["a", "b"]], "not a value"),
        ("hashtag_name", "EQ", ["two words"], "one hashtag a value"),
        ("hashtag_name", "EQ", ["#a#b"], "one hashtag a value"),
        ("username", "EQ", ["https://example.org/@x"], "handle only"),
        ("region_code", "EQ", ["XX"], "none of the 245"),
        ("create_date", "GT", ["20270229"], "not a day"),
        ("video_length", "EQ", ["HUGE"], "SHORT, MID, LONG"),
        ("video_id", "EQ", ["7.5e18"], "whole number"),
        ("view_count", "GT", ["many"], "whole number"),
        ("username", "IN", [f"u{n}" for n in range(101)], "at most 100"),
    ],
)
def test_a_condition_the_service_would_refuse_is_refused_with_a_reason(field, operation, values, said):
    with pytest.raises(QueryError, match=said):
        condition(field, operation, *values)


@pytest.mark.parametrize(
    "broken",
    [{"and": "x"}, {"and": [{"operation": "EQ"}]}, {"and": [3]}, {"or": [{"field_name": "keyword"}]}],
)
def test_a_query_read_from_a_broken_file_is_refused_in_words(broken):
    with pytest.raises(QueryError, match="field_name, operation and field_values"):
        Query.from_json(broken)


def test_an_empty_query_is_refused():
    with pytest.raises(QueryError, match="empty"):
        Query()


def test_a_period_of_thirty_days_passes_and_of_thirty_one_is_refused():
    assert check_span("20261101", "20261130") == (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    assert check_span("20261101", "20261201")[1] == dt.date(2026, 12, 1)
    with pytest.raises(QueryError, match="31 days"):
        check_span("20261101", "20261202")
    with pytest.raises(QueryError, match="exchange"):
        check_span("20261102", "20261101")


def test_days_must_be_in_the_calendar():
    assert parse_day("2028-02-29") == dt.date(2028, 2, 29)
    for text in ("20270229", "2026-1-1", "20261301", "yesterday", "", "２０２６１１０１"):
        with pytest.raises(QueryError, match="not a day"):
            parse_day(text)


def test_windows_cover_a_period_without_gap_or_overlap_over_a_leap_day():
    windows = days_between(dt.date(2028, 2, 1), dt.date(2028, 3, 31), days=7)
    days = [a + dt.timedelta(days=n) for a, b in windows for n in range((b - a).days + 1)]
    assert days == [dt.date(2028, 2, 1) + dt.timedelta(days=n) for n in range(60)]


def test_the_misspelt_field_of_old_documents_is_pointed_out():
    with pytest.raises(QueryError, match="favorites_count"):
        check_fields(["id", "favourites_count"])
    with pytest.raises(QueryError, match="did you mean 'username'"):
        check_fields(["usrname"])
    assert check_fields(FULL_FIELDS) == FULL_FIELDS


@pytest.mark.parametrize("count", [0, 101, True, "20"])
def test_a_page_has_one_to_a_hundred_rows(count):
    with pytest.raises(QueryError):
        check_max_count(count)


def test_all_regions_of_the_specification_are_known(shared):
    text = (shared / "specs" / "tiktok-research-api.md").read_text(encoding="utf-8")
    listed = text.split("## Appendix A")[1].split("\n", 1)[1].split()
    assert frozenset(listed) == REGION_CODES


def test_the_fingerprint_ignores_the_order_of_values_and_sees_every_change():
    one, two = (Query(and_=[any_of("username", names)]) for names in (["a", "b"], ["b", "a"]))
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint != Query(and_=[any_of("username", ["a", "c"])]).fingerprint
    assert one.fingerprint != Query(or_=[any_of("username", ["a", "b"])]).fingerprint


def test_both_halves_of_a_query_together_have_all_its_values():
    query = Query(and_=[any_of("username", ["a", "b", "c"]), any_of("region_code", ["IT"])])
    first, second = query.halves()
    assert first.usernames() | second.usernames() == query.usernames()
    assert first.and_[1] == second.and_[1] == query.and_[1]
    assert Query(and_=[any_of("username", ["a"])]).halves() is None


def test_a_query_survives_its_json():
    query = Query(or_=[any_of("keyword", ["#voto", "élection 🗳"])], not_=[any_of("username", ["a"])])
    assert Query.from_json(query.to_json()) == query


def test_the_repr_stays_short_whatever_the_caption():
    query = Query(and_=[any_of("keyword", ["x" * 5000, "y\n<b>"])])
    assert len(repr(query)) < 150
    assert "\n" not in repr(query)
