"""Section 4 of the specification: the video query, its conditions and its quirks."""

from __future__ import annotations

import datetime as dt

import pytest

from coordlib.simulate.service.catalogue import EMPTY_QUERY
from coordlib.tiktok.query import CORE_FIELDS
from coordlib.tiktok.query import FULL_FIELDS as VIDEO_FIELDS

DAY = 86400


def message(answer) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "invalid_params"
    return str(answer.json()["error"]["message"])


def all_pages(sim, *conditions, **body):
    videos, pages, cursor, search_id = [], 0, 0, None
    while True:
        more = {"cursor": cursor, "search_id": search_id} if search_id else {}
        data = sim.data(*conditions, **body, **more)
        videos += data["videos"]
        pages += 1
        if not data["has_more"]:
            return videos, pages
        cursor, search_id = data["cursor"], data["search_id"]


@pytest.mark.parametrize("field", VIDEO_FIELDS)
def test_every_documented_field_can_be_asked_for(sim, field):
    for video in sim.data(fields=field)["videos"]:
        assert set(video) <= {field}


def test_favourites_in_the_old_spelling_is_refused(sim):
    assert "favourites_count" in message(sim.query(fields="id,favourites_count"))


def test_fields_are_compulsory(sim):
    assert message(sim.query(fields="")) == "Invalid fields"


def test_a_service_of_2023_refuses_the_newer_fields(sim):
    sim.configure(core_fields_only=True)
    assert sim.query(fields=",".join(CORE_FIELDS)).status_code == 200
    assert "video_duration" in message(sim.query(fields="id,video_duration"))


@pytest.mark.parametrize("query", [None, {}, {"and": []}, {"and": [], "or": [], "not": []}, "text"])
def test_an_empty_query_is_refused_in_the_known_words(sim, query):
    assert message(sim.query(query=query)) == EMPTY_QUERY


@pytest.mark.parametrize(
    "date", ["2026-09-01", "20260931", "20261301", "", None, 20260901, "２０２６０９０１"]
)
def test_a_date_that_is_none_is_refused(sim, date):
    assert "start_date" in message(sim.query(start_date=date))


def test_a_span_of_thirty_days_is_the_longest(sim):
    for span, status in ((29, 200), (30, 200), (31, 400)):
        end = dt.date(2026, 8, 11) + dt.timedelta(days=span)
        answer = sim.query(start_date="20260811", end_date=end.strftime("%Y%m%d"))
        assert answer.status_code == status, span


def test_the_span_counts_the_leap_day(sim):
    assert sim.query(start_date="20280130", end_date="20280229").status_code == 200
    assert "30 days" in message(sim.query(start_date="20280130", end_date="20280301"))


def test_an_end_before_the_start_is_refused(sim):
    assert "end_date" in message(sim.query(start_date="20260905", end_date="20260904"))


@pytest.mark.parametrize("value", [0, 101, -1, "20", True, 1.5])
def test_max_count_is_a_number_from_one_to_a_hundred(sim, value):
    assert message(sim.query(max_count=value)) == "Invalid max_count"


def test_a_page_has_at_most_twenty_unless_told_otherwise(sim):
    data = sim.data(max_count=None)
    assert data["cursor"] == 20
    assert len(data["videos"]) <= 20


def test_both_dates_belong_to_the_period(sim):
    videos, _ = all_pages(sim, start_date="20260903", end_date="20260903")
    days = {dt.datetime.fromtimestamp(v["create_time"], dt.UTC).date() for v in videos}
    assert days == {dt.date(2026, 9, 3)}


def test_videos_come_by_decreasing_id_and_each_once(sim):
    videos, pages = all_pages(sim, max_count=50)
    ids = [v["id"] for v in videos]
    assert pages > 3
    assert ids == sorted(set(ids), reverse=True)


def test_paging_returns_all_that_one_could_know(sim):
    videos, _ = all_pages(sim)
    rows = sim.world.videos
    inside = rows[(rows["create_time"] >= 1787616000) & (rows["create_time"] <= sim.service.newest)]
    private = sim.world.accounts["private"].to_numpy()[inside["account"].to_numpy()]
    assert {v["id"] for v in videos} == set(inside["video_id"][~inside["gone"].to_numpy() & ~private])


def test_a_random_query_returns_one_page_of_matching_videos(sim):
    data = sim.data(is_random=True, max_count=30)
    assert not data["has_more"]
    ids = [v["id"] for v in data["videos"]]
    assert len(ids) <= 30
    assert ids != sorted(ids, reverse=True)


@pytest.mark.parametrize(
    "condition",
    [
        {"field_name": "keywords", "operation": "EQ", "field_values": ["a"]},
        {"field_name": "keyword", "operation": "GT", "field_values": ["a"]},
        {"field_name": "keyword", "operation": "EQ", "field_values": "a"},
        {"field_name": "keyword", "operation": "EQ", "field_values": []},
        {"field_name": "keyword", "operation": "EQ", "field_values": [5]},
        {"field_name": "region_code", "operation": "IN", "field_values": ["IT", "QQ"]},
        {"field_name": "video_length", "operation": "EQ", "field_values": ["short"]},
        {"field_name": "video_id", "operation": "EQ", "field_values": ["12x"]},
        {"field_name": "create_date", "operation": "EQ", "field_values": ["2026-09-01"]},
        {"field_name": "keyword", "operation": "EQ"},
        "keyword",
    ],
)
def test_a_malformed_condition_is_refused(sim, condition):
    message(sim.query(query={"and": [condition]}))


def test_too_many_values_in_one_condition_can_be_refused(sim):
    sim.configure(max_values=50)
    names = sim.world.accounts["account_id"].tolist()
    assert sim.query(("username", "IN", names[:50])).status_code == 200
    assert "username" in message(sim.query(("username", "IN", names[:51])))


def test_username_finds_an_accounts_videos_whatever_the_case(sim):
    name = sim.open_account()
    videos, _ = all_pages(sim, ("username", "EQ", [name.upper()]))
    assert videos
    assert {v["username"] for v in videos} == {name}


def test_region_is_that_of_the_account(sim):
    videos, _ = all_pages(sim, ("region_code", "IN", ["IT", "FR"]))
    assert {v["region_code"] for v in videos} == {"IT", "FR"}


def test_a_keyword_is_found_anywhere_in_the_description(sim):
    videos, _ = all_pages(sim, ("keyword", "EQ", ["LIGHTHOUSE"]))
    assert videos
    assert all("lighthouse" in v["video_description"].casefold() for v in videos)


def test_a_whole_caption_works_as_a_keyword(sim):
    caption = next(text for text in sim.world.captions if len(text) > 80 and "\n" in text)
    number = sim.world.captions.index(caption)
    videos = sim.world.videos
    rows = videos[(videos["caption"] == number) & ~videos["gone"]]
    day = dt.datetime.fromtimestamp(int(rows["create_time"].iloc[0]), dt.UTC).strftime("%Y%m%d")
    videos, _ = all_pages(sim, ("keyword", "EQ", [caption]), start_date=day, end_date=day)
    assert all(caption in v["video_description"] for v in videos)


def test_hashtags_are_matched_whole(sim):
    videos, _ = all_pages(sim, ("hashtag_name", "EQ", ["SimCup"]), fields="id,hashtag_names")
    assert videos
    assert all("simcup" in v["hashtag_names"] for v in videos)
    assert sim.data(("hashtag_name", "EQ", ["simcu"]))["videos"] == []


def test_ids_of_videos_and_sounds_are_matched_exactly(sim):
    video = sim.data(fields="id,music_id")["videos"][0]
    assert sim.data(("video_id", "EQ", [str(video["id"])]), fields="id")["videos"] == [{"id": video["id"]}]
    found = sim.data(("music_id", "EQ", [str(video["music_id"])]), fields="id")["videos"]
    assert {"id": video["id"]} in found


def test_effects_are_matched_exactly(sim):
    videos, _ = all_pages(sim, fields="effect_ids")
    effect = next(v["effect_ids"][0] for v in videos if "effect_ids" in v)
    found, _ = all_pages(sim, ("effect_id", "IN", [effect]), fields="effect_ids")
    assert {v["effect_ids"][0] for v in found} == {effect}


@pytest.mark.parametrize(
    ("operation", "days"), [("EQ", {4}), ("GT", {5, 6}), ("GTE", {4, 5, 6}), ("LT", {3}), ("LTE", {3, 4})]
)
def test_create_date_compares_utc_days(sim, operation, days):
    span = {"start_date": "20260903", "end_date": "20260906"}
    videos, _ = all_pages(sim, ("create_date", operation, ["20260904"]), **span)
    assert {dt.datetime.fromtimestamp(v["create_time"], dt.UTC).day for v in videos} == days


@pytest.mark.parametrize(
    ("length", "low", "high"),
    [("SHORT", 0, 14), ("MID", 15, 59), ("LONG", 60, 299), ("EXTRA_LONG", 300, 10**6)],
)
def test_video_lengths_have_the_documented_bounds(sim, length, low, high):
    videos, _ = all_pages(sim, ("video_length", "EQ", [length]), fields="video_duration")
    assert videos
    assert all(low <= v["video_duration"] <= high for v in videos)


def test_counts_can_be_compared(sim):
    videos, _ = all_pages(
        sim,
        ("view_count", "GT", ["5000"]),
        ("comment_count", "LTE", ["3"]),
        fields="view_count,comment_count",
    )
    assert videos
    assert all(v["view_count"] > 5000 and v.get("comment_count", 0) <= 3 for v in videos)


def test_and_or_not_are_combined_with_and(sim):
    def clause(field, *values):
        return [{"field_name": field, "operation": "EQ", "field_values": [v]} for v in values]

    query = {
        "and": clause("keyword", "#"),
        "or": clause("region_code", "US", "GB"),
        "not": clause("hashtag_name", "fyp", "viral"),
    }
    videos, _ = all_pages(sim, query=query)
    assert videos
    assert {v["region_code"] for v in videos} <= {"US", "GB"}
    assert not any("#fyp " in v["video_description"] + " " for v in videos)


def test_ids_are_numbers_near_the_creation_time(sim):
    for video in sim.data()["videos"]:
        assert isinstance(video["id"], int)
        assert video["id"] > 2**53
        assert 0 < video["create_time"] - (video["id"] >> 32) <= 31 * 3600


def test_short_pages_keep_the_cursor_going(sim):
    data = sim.data(max_count=100)
    assert len(data["videos"]) < 100
    assert data["cursor"] == 100
    assert data["has_more"]


def test_the_next_page_needs_its_search_id(sim):
    assert message(sim.query(cursor=100)) == "Invalid count or cursor"


def test_an_unknown_search_id_is_invalid_or_expired(sim):
    answer = sim.query(cursor=100, search_id="7571299999123456789")
    assert message(answer) == "Search Id 7571299999123456789 is invalid or expired"


def test_a_search_id_is_bound_to_its_query(sim):
    name = sim.data()["search_id"]
    answer = sim.query(("region_code", "EQ", ["IT"]), cursor=100, search_id=name)
    assert "invalid or expired" in message(answer)


def test_a_search_id_dies_after_its_time(sim):
    name = sim.data()["search_id"]
    sim.http.post("/__sim/clock", json={"advance": 3700})
    assert "invalid or expired" in message(sim.query(cursor=100, search_id=name))


def test_a_search_id_is_text_and_holds_its_time(sim):
    name = sim.data()["search_id"]
    assert isinstance(name, str)
    assert abs((int(name) >> 32) - sim.service.state.now) < 60


def test_videos_of_the_last_two_days_are_not_there_yet(sim):
    sim.http.post("/__sim/clock", json={"now": "2026-09-08T12:00:00Z"})
    sim.sign_in()
    videos, _ = all_pages(sim)
    newest = max(v["create_time"] for v in videos)
    assert newest <= sim.service.state.now - 2 * DAY
    assert newest > sim.service.state.now - 3 * DAY


def test_counts_grow_for_days(sim):
    condition = ("username", "EQ", [sim.open_account()])
    sim.http.post("/__sim/clock", json={"now": "2026-09-05T00:00:00Z"})
    sim.sign_in()
    early = {v["id"]: v["view_count"] for v in all_pages(sim, condition, fields="id,view_count")[0]}
    sim.http.post("/__sim/clock", json={"now": "2026-09-25T00:00:00Z"})
    sim.sign_in()
    late = {v["id"]: v["view_count"] for v in all_pages(sim, condition, fields="id,view_count")[0]}
    assert all(late[k] >= early[k] for k in early)
    assert sum(late[k] for k in early) > sum(early.values())


def test_a_hidden_share_of_videos_never_appears(sim_world):
    from coordlib.simulate.service.catalogue import Catalogue

    listed = Catalogue(sim_world, missing_share=1 / 8).listed
    assert 0.85 < listed.mean() < 0.9


def test_a_hash_before_a_keyword_finds_the_tag(sim):
    videos, _ = all_pages(sim, ("keyword", "EQ", ["#lighthouse"]))
    assert videos
    assert all("#lighthouse" in v["video_description"].casefold() for v in videos)


def test_a_video_just_before_midnight_belongs_to_its_day(sim):
    videos, _ = all_pages(sim)
    late = max(videos, key=lambda v: v["create_time"] % DAY)
    day = dt.datetime.fromtimestamp(late["create_time"], dt.UTC)
    assert day.hour == 23
    span = {"start_date": day.strftime("%Y%m%d"), "end_date": day.strftime("%Y%m%d")}
    assert late["id"] in {v["id"] for v in all_pages(sim, **span)[0]}
    tomorrow = (day + dt.timedelta(days=1)).strftime("%Y%m%d")
    rest, _ = all_pages(sim, start_date=tomorrow, end_date=tomorrow)
    assert late["id"] not in {v["id"] for v in rest}
