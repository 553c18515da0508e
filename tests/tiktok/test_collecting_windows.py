"""Windows are paged, restarted, split and continued so that every video is had once."""

from __future__ import annotations

import datetime as dt
import json
import warnings

import httpx
import pytest

from coordlib.errors import QueryError, UnreachableError
from coordlib.store import coverage, ledger, windows
from coordlib.store.stored_posts import collected_posts, upsert_posts
from coordlib.tiktok import Collector, Plan, PlannedRequest, Query, RequestBudget, any_of
from coordlib.tiktok.query import CORE_FIELDS

USERS = Query(and_=[any_of("username", [f"user{n}" for n in range(5)])])
FIRST, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 14)


def ids(outcome):
    return {row["content_id"] for row in outcome.rows}


def expected(service):
    return {str(video["id"]) for video in service.videos}


def asked_for(store, purpose):
    return store.value("SELECT count(*) FROM requests WHERE purpose = ?", (purpose,))


def touches(body, *days):
    return any(body["start_date"] <= day <= body["end_date"] for day in days)


@pytest.fixture
def filled(service, script):
    service.videos = script.make_videos(14, 40)
    return service


def test_all_pages_of_all_windows_are_collected_newest_first(client, filled):
    outcome = client.videos(USERS, FIRST, LAST)
    assert ids(outcome) == expected(filled)
    assert (outcome.complete, outcome.reason, outcome.n_rows, outcome.requests) == (True, "done", 560, 6)
    numbers = [int(row["content_id"]) for row in outcome.rows]
    assert numbers == sorted(numbers, reverse=True)
    assert all(isinstance(row["content_id"], str) for row in outcome.rows)


def test_short_and_empty_pages_do_not_end_a_window(client, filled):
    newest = sorted((video["id"] for video in filled.videos), reverse=True)
    filled.dropped = frozenset(newest[20:200])
    outcome = client.videos(USERS, FIRST, LAST, window_days=14)
    assert ids(outcome) == {str(number) for number in set(newest) - filled.dropped}
    assert outcome.complete


def test_endless_empty_pages_are_given_up_and_said(client, service, script):
    def before(request, body):
        return script.success(
            {"videos": None, "cursor": body.get("cursor", 0) + 100, "has_more": True, "search_id": "9"}
        )

    service.before = before
    outcome = client.videos(USERS, FIRST, FIRST)
    assert (outcome.complete, outcome.reason, outcome.requests) == (False, "empty-pages", 20)


def test_a_cursor_that_does_not_move_ends_the_window_as_incomplete(client, service, script):
    video = script.make_videos(1, 1)[0]
    service.before = lambda r, b: script.success(
        {"videos": [video], "cursor": 0, "has_more": True, "search_id": "9"}
    )
    outcome = client.videos(USERS, FIRST, FIRST)
    assert (outcome.complete, outcome.reason, outcome.requests) == (False, "no-cursor", 1)


def test_the_newest_search_id_is_used_for_the_next_page(client, filled, script):
    used = []

    def before(request, body):
        used.append(body.get("search_id"))
        if body.get("search_id"):
            answer = filled.search(body).json()
            answer["data"]["search_id"] = str(int(body["search_id"]) + 1000)
            return httpx.Response(200, json=answer)
        return None

    filled.before = before
    assert client.videos(USERS, FIRST, LAST, window_days=14).complete
    assert used[0] is None and len(set(used)) == len(used)


def test_a_dead_search_id_restarts_the_window_from_the_day_it_had_reached(client, filled, script):
    dead = set()

    def before(request, body):
        if body.get("cursor") == 200 and (not dead or body["search_id"] in dead):
            dead.add(body["search_id"])
            return script.error(400, "invalid_params", f"Search Id {body['search_id']} is invalid or expired")
        return None

    filled.before = before
    outcome = client.videos(USERS, FIRST, LAST, window_days=14)
    assert ids(outcome) == expected(filled) and outcome.complete
    starts = [body["end_date"] for _, body in filled.requests if "search_id" not in body]
    assert starts[0] == "20261114" and "20261110" <= starts[1] < "20261114"


def test_a_search_that_never_pages_is_split_until_it_needs_no_second_page(client, filled, script):
    filled.before = lambda r, b: (
        script.error(400, "invalid_params", "Invalid count or cursor") if b.get("cursor") else None
    )
    outcome = client.videos(USERS, FIRST, LAST, window_days=14)
    assert ids(outcome) == expected(filled)
    assert outcome.complete


def test_a_broken_day_is_found_by_halving_and_recorded_with_its_log_id(client, filled, script):
    filled.before = lambda r, b: script.error(500, "internal_error", "x") if touches(b, "20261105") else None
    outcome = client.videos(USERS, FIRST, LAST, window_days=14)
    assert ids(outcome) == {
        str(v["id"]) for v in filled.videos if not v["video_description"].startswith("day 4 ")
    }
    assert (outcome.complete, outcome.reason) == (False, "failed-windows")
    assert [(w.start, w.end, w.reason, w.log_id) for w in outcome.failed_windows] == [
        ("2026-11-05", "2026-11-05", "server-error", script.LOG_ID)
    ]
    assert outcome.requests <= 25


def test_a_day_two_queries_found_broken_costs_the_third_nothing(client, filled, script):
    filled.before = lambda r, b: script.error(500, "internal_error", "x") if touches(b, "20261105") else None
    queries = [Query(and_=[any_of("username", [f"user{n}"])]) for n in range(3)]
    spent = [client.videos(query, FIRST, LAST, window_days=14).requests for query in queries]
    assert spent[2] < spent[1] / 2
    third = client.videos(queries[2], FIRST, LAST, window_days=14)
    assert [w.start for w in third.failed_windows] == ["2026-11-05"]


def test_a_service_that_is_down_is_not_asked_forever(client, filled, script):
    filled.before = lambda r, b: script.error(500, "internal_error", "x")
    outcome = client.videos(USERS, dt.date(2026, 1, 1), dt.date(2026, 11, 14), window_days=30)
    assert (outcome.complete, outcome.reason) == (False, "outage")
    assert outcome.requests < 110


def test_a_refused_account_is_noted_whatever_else_its_query_asks_for(client, filled, script, store):
    filled.before = lambda r, b: script.error(400, "invalid_params", "username user1 is private")
    words = any_of("keyword", ["one", "two"])
    outcome = client.videos(Query(and_=[words, any_of("username", ["user1"])]), FIRST, FIRST)
    assert not outcome.complete
    [history] = coverage.account_histories(store, ["user1"], LAST)
    assert history.problem is not None and "is private" in history.problem


def test_a_refused_list_of_fields_falls_back_to_the_oldest_ones_with_a_warning(client, filled, script):
    def before(request, body):
        return (
            script.error(400, "invalid_params", "Invalid fields") if "video_tag" in str(request.url) else None
        )

    filled.before = before
    with pytest.warns(UserWarning, match="core fields"):
        outcome = client.videos(USERS, FIRST, LAST)
    assert ids(outcome) == expected(filled)
    assert client.video_fields() == CORE_FIELDS


def test_one_bad_handle_is_found_and_does_not_cost_the_others(client, filled, script, store):
    def before(request, body):
        names = body["query"]["and"][0]["field_values"]
        return script.error(400, "invalid_params", "unsupported value") if "user3" in names else None

    filled.before = before
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = client.videos(USERS, FIRST, FIRST)
    assert {row["account_id"] for row in outcome.rows} == {"user0", "user1", "user2", "user4"}
    assert outcome.reason == "failed-windows"
    assert [item.problem for item in coverage.account_histories(store, ["user3", "user1"], LAST)] == [
        "unsupported value",
        None,
    ]


def test_a_wrong_account_in_a_timeline_is_not_kept(client, service, script):
    service.videos = script.make_videos(1, 10)
    stray = {**service.videos[0], "id": service.videos[0]["id"] + 1, "username": "someone_else"}
    service.before = lambda r, b: script.success(
        {"videos": [*service.videos, stray], "cursor": 100, "has_more": False}
    )
    assert {row["account_id"] for row in client.videos(USERS, FIRST, FIRST).rows} == {
        f"user{n}" for n in range(5)
    }


def test_ids_above_two_to_the_53_nul_characters_and_broken_text_are_made_safe(client, service, script):
    raw = (
        '{"data": {"videos": [{"id": 7571234567890123457, "music_id": 18446744073709551617, "username": "user1",'
        ' "create_time": 1793500000, "video_description": "a\\u0000b \\ud83d", "like_count": null}], "has_more": false},'
        ' "error": {"code": "ok", "message": "", "log_id": "x"}}'
    )
    service.before = lambda r, b: httpx.Response(200, content=raw.encode())
    (row,) = client.videos(USERS, FIRST, FIRST).rows
    assert (row["content_id"], row["music_id"]) == ("7571234567890123457", "18446744073709551617")
    assert row["text"] == "ab �"
    assert "like_count" not in row


def test_max_pages_and_max_records_are_named_as_the_reason(client, filled):
    outcome = client.videos(USERS, FIRST, LAST, window_days=14, max_pages=2)
    assert (outcome.n_rows, outcome.complete, outcome.reason, outcome.next_cursor) == (
        200,
        False,
        "max-pages",
        200,
    )
    outcome = client.videos(USERS, FIRST, LAST, window_days=14, max_records=150)
    assert (outcome.n_rows, outcome.complete, outcome.reason) == (150, False, "max-records")


def test_a_spent_budget_is_a_clean_stop_and_the_next_day_continues(connect, filled, store, time):
    client = connect(budget=RequestBudget(store, daily=3, clock=time.clock))
    first = client.videos(USERS, FIRST, LAST, run_id="r1")
    assert (first.complete, first.reason, first.n_rows) == (False, "quota", 280)
    again = client.videos(USERS, FIRST, LAST, run_id="r1")
    assert (again.n_rows, again.requests) == (280, 0)
    time.now += 86_400
    second = client.videos(USERS, FIRST, LAST, run_id="r1")
    assert ids(second) == expected(filled) and second.complete
    assert len(filled.requests) == 6


def test_a_run_that_is_done_costs_nothing_when_repeated(client, filled):
    client.videos(USERS, FIRST, LAST, run_id="r1")
    sent = len(filled.requests)
    repeated = client.videos(USERS, FIRST, LAST, run_id="r1")
    assert len(filled.requests) == sent and ids(repeated) == expected(filled)


def test_windows_may_overlap_and_still_bring_each_video_once(client, filled):
    outcome = client.videos(USERS, FIRST, LAST, overlap_days=1)
    assert outcome.n_rows == len(filled.videos)
    assert [(b["start_date"], b["end_date"]) for _, b in filled.requests if "cursor" not in b] == [
        ("20261101", "20261107"),
        ("20261107", "20261114"),
    ]


def test_nothing_is_sent_for_a_period_or_a_field_that_would_be_refused(client, service):
    for options in ({"fields": ["idd"]}, {"max_count": 101}):
        with pytest.raises(QueryError):
            client.videos(USERS, FIRST, LAST, **options)
    with pytest.raises(ValueError, match=r"window_days|window of"):
        client.videos(USERS, FIRST, LAST, window_days=32)
    assert service.requests == []


def one_request_plan():
    subjects = tuple(("account", f"user{n}") for n in range(5))
    request = PlannedRequest(USERS, FIRST, LAST, subjects, 500, 6, 80, "test")
    return Plan("accounts", LAST, 100, (request,))


def test_a_phase_is_planned_once_and_its_days_are_covered_when_it_is_done(client, filled, store):
    collector = Collector(client, progress=False)
    made = []

    def make():
        made.append(1)
        return one_request_plan()

    assert collector.run("r1", "accounts", make).complete
    assert collector.run("r1", "accounts", make).complete
    assert len(made) == 1
    history = coverage.account_histories(store, ["user0", "nobody"], LAST)
    assert (history[0].covered, history[0].posts, history[0].days) == ((FIRST, LAST), 112, 14)
    assert history[1].covered is None


def test_what_a_stopped_run_never_began_is_left_to_the_next_plan_and_what_it_began_is_finished(
    connect, filled, store, time
):
    collector = Collector(connect(budget=RequestBudget(store, daily=2, clock=time.clock)), progress=False)
    other = PlannedRequest(
        Query(and_=[any_of("username", ["user9"])]), FIRST, LAST, (("account", "user9"),), 1, 1, 1, ""
    )
    plan = Plan("accounts", LAST, 100, (*one_request_plan().requests, other))
    assert collector.run("r1", "accounts", lambda: plan).reason == "quota"
    time.now += 86_400
    collector.client.budget = RequestBudget(store, daily=100, clock=time.clock)
    (finished,) = collector.carry_over("r2")
    assert finished.n_rows == len(filled.videos)
    assert sorted(window.state for window in windows.select(store, run_id="r1")) == ["carried", "done"]
    assert coverage.account_histories(store, ["user9"], LAST)[0].covered is None


def test_counts_of_each_fetch_are_kept_beside_the_video(client, filled, store, time):
    client.videos(USERS, FIRST, FIRST)
    for video in filled.videos:
        video["view_count"] += 1000
    time.now += 3600
    client.videos(USERS, FIRST, FIRST)
    assert store.connection.execute("SELECT count(*) FROM post_counts").fetchone()[0] == 80
    assert collected_posts(store)["views"].min() == 1000


def test_a_random_sample_is_one_request(client, filled):
    outcome = client.sample_videos(USERS, FIRST, LAST)
    assert outcome.complete and outcome.n_rows == 100
    assert filled.requests[0][1]["is_random"] is True


def test_the_health_of_a_run_can_be_read_from_the_store(client, filled, script, store):
    filled.before = lambda r, b: script.error(500, "internal_error", "x") if touches(b, "20261105") else None
    client.videos(USERS, FIRST, LAST, run_id="r1")
    [failed] = windows.select(store, run_id="r1", states=("failed",))
    assert failed.log_id == script.LOG_ID and windows.count_posts(store, "r1", "videos") == 520
    assert ledger.errors(store, "r1")["server-error"]["count"] >= 4
    assert asked_for(store, "videos") == len(filled.requests)


def test_a_broken_day_is_tried_again_days_later_and_its_rows_are_had_then(
    client, filled, script, store, time
):
    filled.before = lambda r, b: script.error(500, "internal_error", "x") if touches(b, "20261112") else None
    collector = Collector(client, progress=False)
    assert collector.run("r1", "accounts", one_request_plan).reason == "failed-windows"
    time.now += 86_400
    sent = len(filled.requests)
    assert collector.carry_over("r2") == [] and len(filled.requests) == sent
    filled.before = lambda r, b: None
    time.now += 3 * 86_400
    (again,) = collector.carry_over("r3")
    assert (again.complete, again.n_rows, again.requests) == (True, 40, 1)
    assert set(collected_posts(store)["content_id"]) == expected(filled)
    time.now += 4 * 86_400
    assert collector.carry_over("r4") == []


def test_a_period_lost_to_rate_limits_is_tried_again_days_later(client, filled, script, time):
    limit = script.error(429, "rate_limit_exceeded", "x")
    filled.before = lambda r, b: limit if touches(b, "20261112") else None
    collector = Collector(client, progress=False)
    assert collector.run("r1", "accounts", one_request_plan).reason == "failed-windows"
    filled.before = lambda r, b: None
    time.now += 4 * 86_400
    (again,) = collector.carry_over("r2")
    assert again.complete and again.n_rows == len(filled.videos)


@pytest.mark.filterwarnings("ignore:the service refused the full list of fields")
@pytest.mark.parametrize(
    ("status", "code", "most"),
    [(404, "not_found", 3), (400, "invalid_params", 40), (429, "rate_limit_exceeded", 18)],
)
def test_a_service_that_refuses_everything_does_not_cost_the_day(client, filled, script, status, code, most):
    filled.before = lambda r, b: script.error(status, code, "no")
    names = [f"user{number}" for number in range(200)]
    requests = tuple(
        PlannedRequest(Query(and_=[any_of("username", names[k : k + 5])]), FIRST, LAST, (), 5, 1, 1, "test")
        for k in range(0, 200, 5)
    )
    outcome = Collector(client, progress=False).run(
        "r1", "accounts", lambda: Plan("accounts", LAST, 1000, requests)
    )
    assert outcome.reason == "outage"
    assert len(filled.requests) <= most


def test_refused_captions_do_not_end_a_day_on_which_others_are_answered(client, filled, script):
    refuse = script.error(400, "invalid_params", "no")
    filled.before = lambda r, b: refuse if "keyword" in str(b["query"]) else None
    requests = (
        *one_request_plan().requests,
        *(
            PlannedRequest(Query(and_=[any_of("keyword", [f"word {k}"])]), FIRST, LAST, (), 5, 1, 1, "test")
            for k in range(5)
        ),
        PlannedRequest(Query(and_=[any_of("username", ["user9"])]), FIRST, LAST, (), 1, 1, 1, "test"),
    )
    outcome = Collector(client, progress=False).run(
        "r1", "accounts", lambda: Plan("accounts", LAST, 1000, requests)
    )
    assert (outcome.reason, outcome.n_rows) == ("failed-windows", len(filled.videos))
    assert len(outcome.failed_windows) == 5


def test_a_day_that_stays_broken_is_given_up_after_three_failures(client, filled, script, time):
    filled.before = lambda r, b: script.error(500, "internal_error", "x") if touches(b, "20261112") else None
    time.now -= 8 * 86_400  # so that the day is young enough at each start
    collector = Collector(client, progress=False)
    collector.run("r1", "accounts", one_request_plan)
    tried = []
    for number in range(2, 6):
        time.now += 3 * 86_400 + 1
        tried.append(len(collector.carry_over(f"r{number}")))
    assert tried == [1, 1, 0, 0]


def test_a_gateway_that_stays_broken_ends_the_run_after_minutes(client, service, time):
    service.before = lambda r, b: httpx.Response(
        504, text="<title>Error</title>", headers={"content-type": "text/html"}
    )
    outcome = client.videos(USERS, FIRST, LAST, run_id="r1", window_days=1)
    assert (outcome.reason, outcome.requests) == ("outage", 8)
    assert sum(time.slept) < 600


def test_an_address_without_a_service_ends_the_run_within_seconds(connect, time):
    def nobody(request):
        raise httpx.ConnectError("nothing listens")

    client = connect(transport=httpx.MockTransport(nobody))
    with pytest.raises(
        UnreachableError, match=r"https://open\.tiktokapis\.com cannot be reached \(ConnectError: nothing"
    ):
        client.videos(USERS, FIRST, LAST)
    assert sum(time.slept) < 5


@pytest.mark.parametrize(
    "name", ["username", "region_code", "video_description", "music_id", "voice_to_text", "view_count", "id"]
)
@pytest.mark.parametrize("value", [["a", {"b": [1]}], {"a": 1}, 1e400, True, "\x00", "\ud800"])
def test_a_field_of_another_kind_than_documented_costs_at_most_its_row(client, service, script, name, value):
    videos = script.make_videos(1, 3)
    data = {"videos": [{**videos[0], name: value}, *videos[1:]], "has_more": False}
    body = json.dumps({"data": data, "error": {"code": "ok"}})
    service.before = lambda r, b: httpx.Response(200, content=body)
    outcome = client.videos(Query(and_=[any_of("keyword", ["day"])]), FIRST, FIRST)
    assert outcome.complete and outcome.n_rows >= 2


def nothing_but(service, script, *videos):
    """Answer every query with nothing, but the probe with these videos."""

    def answer(request, body):
        asked = body["query"]["and"][0]
        probed = asked["field_values"] == ["fyp"] or (asked["field_name"], body["start_date"]) == (
            "username",
            "20261010",
        )
        return script.success({"videos": list(videos) if probed else [], "has_more": False})

    service.before = answer


@pytest.mark.parametrize("known", [False, True])
def test_nothing_is_believed_where_a_query_that_must_bring_rows_brings_some(
    client, service, script, store, known
):
    [video] = script.make_videos(1, 1, start=dt.date(2026, 10, 10))
    if known:
        upsert_posts(
            store, [{"content_id": "1", "account_id": "user0", "posted_at": video["create_time"]}], 1
        )
    nothing_but(service, script, video)
    outcome = client.videos(USERS, FIRST, LAST, run_id="r1")
    assert (outcome.n_rows, outcome.complete, outcome.reason, outcome.probe) == (0, True, "done", "rows")
    assert asked_for(store, "probe") == 1
    assert client.videos(USERS, FIRST, LAST, run_id="r1").requests == 0


def test_nothing_is_a_failure_where_not_even_the_probe_brings_rows(client, service, script, store):
    nothing_but(service, script)
    request = PlannedRequest(USERS, FIRST, LAST, (("account", "user0"),), 1, 1, 1, "test")
    plan = Plan("accounts", LAST, 10, (request,))
    outcome = Collector(client, progress=False).run("r1", "accounts", lambda: plan)
    assert (outcome.complete, outcome.reason, outcome.probe) == (False, "silent", "nothing")
    assert [window.reason for window in outcome.failed_windows] == ["silent"]
    # The days are not taken for covered: they are asked for again.
    assert coverage.account_histories(store, ["user0"], LAST)[0].covered is None
    assert windows.planned(store, "r1", "accounts")["probe"] == "nothing"


def test_a_probe_that_is_not_answered_decides_nothing(client, service, script, store):
    nothing_but(service, script)
    before = service.before
    service.before = lambda r, b: before(r, b) if "fyp" not in str(b) else script.error(500, "internal_error")
    outcome = client.videos(USERS, FIRST, FIRST, run_id="r1")
    assert (outcome.complete, outcome.reason, outcome.probe) == (False, "silent", "unanswered")


def test_the_same_call_asks_again_for_what_was_silent_or_failed_and_for_nothing_else(client, filled, script):
    before = filled.before
    nothing_but(filled, script)
    assert client.videos(USERS, FIRST, LAST, run_id="r1").reason == "silent"
    filled.before = lambda r, b: script.error(500, "internal_error")
    assert client.videos(USERS, FIRST, LAST, run_id="r1").reason == "failed-windows"
    filled.before = before
    whole = client.videos(USERS, FIRST, LAST, run_id="r1")
    assert (whole.reason, whole.n_rows) == ("done", len(filled.videos))
    assert client.videos(USERS, FIRST, LAST, run_id="r1").requests == 0


def test_where_rows_came_no_probe_is_spent(client, filled, store):
    client.videos(USERS, FIRST, LAST)
    assert asked_for(store, "probe") == 0
