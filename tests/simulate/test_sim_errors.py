"""Sections 8 and 9 of the specification: quota, errors, and every fault that can be switched on."""

from __future__ import annotations

import datetime as dt
import json

import httpx
import pytest

from coordlib import CoordError
from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.simulate.service import ServerConfig, archive_faults, load_config, read_faults


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def used(sim) -> int:
    return sum(row["used"] for row in sim.http.get("/__sim/stats").json()["quota_used"])


def test_after_the_quota_every_call_is_429_and_costs_nothing(sim):
    sim.configure(quota=3)
    answers = [sim.query() for _ in range(5)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
    error = answers[-1].json()["error"]
    assert error["code"] == "daily_quota_limit_exceeded"
    assert error["message"] == "The API daily quota limit exceeded. Please try again later"
    assert used(sim) == 3


def test_the_quota_is_a_thousand_and_returns_at_midnight_utc(sim):
    sim.service.state.used[("sim-key", sim.service.state.day)] = 1000
    assert sim.query().status_code == 429
    sim.http.post("/__sim/clock", json={"advance": 86400})
    sim.sign_in()
    assert sim.query().status_code == 200


def test_each_client_key_has_its_own_quota(sim):
    sim.configure(quota=1, clients={"sim-key": "sim-secret", "other": "too"})
    sim.query()
    assert sim.query().status_code == 429
    form = {"client_key": "other", "client_secret": "too", "grant_type": "client_credentials"}
    sim.token = sim.http.post("/v2/oauth/token/", data=form).json()["access_token"]
    assert sim.query().status_code == 200


def test_a_500_costs_quota(sim):
    sim.faults({"name": "internal_error"})
    sim.query()
    assert used(sim) == 1


def test_a_refused_request_costs_quota(sim):
    assert sim.query(max_count=0).status_code == 400
    assert used(sim) == 1


def test_a_401_costs_nothing(sim):
    sim.token = "clt.wrong"
    sim.query()
    assert used(sim) == 0


@pytest.mark.parametrize(
    ("fault", "status", "name", "text"),
    [
        ("internal_error", 500, "internal_error", None),
        ("rate_limit", 429, "rate_limit_exceeded", "The API rate limit exceeded. Please try again later."),
        (
            "daily_quota",
            429,
            "daily_quota_limit_exceeded",
            "The API daily quota limit exceeded. Please try again later",
        ),
        (
            "token_revoked",
            401,
            "access_token_invalid",
            "The access token is invalid or not found in the request.",
        ),
        ("scope_permission_missed", 400, "scope_permission_missed", None),
        ("scope_not_authorized", 401, "scope_not_authorized", None),
    ],
)
def test_an_error_has_its_status_code_and_wording(sim, fault, status, name, text):
    sim.faults({"name": fault})
    answer = sim.query()
    assert code(answer) == (status, name)
    assert text is None or answer.json()["error"]["message"] == text
    assert len(answer.json()["error"]["log_id"]) == 34


def test_the_common_wording_of_a_500_is_by_far_the_commonest(sim):
    sim.faults({"name": "internal_error"})
    texts = [sim.query().json()["error"]["message"] for _ in range(40)]
    assert texts.count("Something is wrong. Please try again later.") >= 38


@pytest.mark.parametrize("text", ["Server Internal Error", "Something went wrong. Please try again later."])
def test_the_other_wordings_can_be_asked_for(sim, text):
    sim.faults({"name": "internal_error", "message": text})
    assert sim.query().json()["error"]["message"] == text


def test_a_revoked_token_stays_revoked_and_a_new_one_works(sim):
    sim.faults({"name": "token_revoked", "first": 1})
    assert [sim.query().status_code for _ in range(2)] == [401, 401]
    sim.sign_in()
    assert sim.query().status_code == 200


def test_a_gateway_failure_is_a_page_and_not_json(sim):
    sim.faults({"name": "gateway_504_html", "first": 1})
    answer = sim.query()
    assert answer.status_code == 504
    assert answer.headers["content-type"].startswith("text/html")
    assert "An error occurred while processing your request." in answer.text
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert sim.query().status_code == 200


def test_not_found_has_no_json_either(sim):
    sim.faults({"name": "not_found"})
    assert sim.query().status_code == 404


def test_a_timeout_keeps_silent_until_the_client_gives_up(sim):
    sim.faults({"name": "timeout", "first": 1})
    with pytest.raises(httpx.ReadTimeout):
        sim.post("user/info", {"username": "x"}, "bio_url", timeout=0.05)
    assert sim.query().status_code == 200


def test_a_broken_period_fails_whenever_the_query_touches_it(sim):
    sim.faults({"name": "broken_period", "dates": ["20260903", "20260904"]})
    outcome = {
        span: sim.query(start_date=span[0], end_date=span[1]).status_code
        for span in [
            ("20260901", "20260902"),
            ("20260902", "20260903"),
            ("20260904", "20260904"),
            ("20260905", "20260910"),
        ]
    }
    assert list(outcome.values()) == [200, 500, 500, 200]


def next_page(sim, data):
    return sim.query(cursor=data["cursor"], search_id=data["search_id"])


def test_a_search_id_that_is_not_ready_becomes_so(sim):
    sim.faults({"name": "search_id_not_ready", "tries": 2, "first": 1})
    data = sim.data()
    answers = [next_page(sim, data) for _ in range(3)]
    assert [a.status_code for a in answers] == [400, 400, 200]
    assert answers[0].json()["error"]["message"] == f"Search Id {data['search_id']} is invalid or expired"


def test_a_search_id_can_become_ready_with_time(sim):
    sim.faults({"name": "search_id_not_ready", "tries": 0, "seconds": 60})
    data = sim.data()
    assert next_page(sim, data).status_code == 400
    sim.http.post("/__sim/clock", json={"advance": 60})
    assert next_page(sim, data).status_code == 200


def test_an_invalid_cursor_recovers_alike(sim):
    sim.faults({"name": "invalid_cursor", "tries": 1})
    data = sim.data()
    assert next_page(sim, data).json()["error"]["message"] == "Invalid count or cursor"
    assert next_page(sim, data).status_code == 200


def test_an_empty_page_loses_nothing(sim):
    expected = sim.data(max_count=50)["videos"]
    sim.faults({"name": "empty_page_has_more", "first": 3})
    shapes, body = set(), {}
    for _ in range(4):
        data = sim.data(max_count=50, **body)
        shapes.add(repr(data.get("videos", "missing"))[:9])
        assert data["has_more"]
        body = {"cursor": data["cursor"], "search_id": data["search_id"]} if data["cursor"] else {}
    assert data["videos"] == expected or {v["id"] for v in data["videos"]} == {v["id"] for v in expected}
    assert shapes & {"[]", "None", "'missing'"}


def test_a_search_id_can_change_between_pages(sim):
    first = sim.data()
    sim.faults({"name": "search_id_changes"})
    second = next_page(sim, first).json()["data"]
    assert second["search_id"] != first["search_id"]
    assert next_page(sim, second).status_code == 200


def test_bad_json_breaks_off_in_the_middle(sim):
    sim.faults({"name": "bad_json", "first": 1})
    answer = sim.query()
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_texts_can_hold_nul(sim):
    sim.faults({"name": "null_bytes"})
    assert any("\0" in v["video_description"] for v in sim.data()["videos"])


def test_keyword_searches_can_be_silently_empty_while_others_work(sim):
    sim.faults({"name": "silent_empty_keyword"})
    assert sim.data(("keyword", "EQ", ["fyp"]))["videos"] == []
    assert sim.data(("username", "EQ", [sim.open_account()]))["videos"]


@pytest.mark.parametrize(
    ("match", "hit", "miss"),
    [
        (
            {"username": "SIM_A"},
            {"query": {"and": [{"field_name": "username", "operation": "IN", "field_values": ["sim_a"]}]}},
            {},
        ),
        ({"cursor": 40}, {"cursor": 40}, {"cursor": 0}),
        ({"endpoint": "video/query"}, {}, None),
    ],
)
def test_a_fault_strikes_only_what_it_names(sim, match, hit, miss):
    sim.faults({"name": "internal_error"} | match)
    other = sim.post("user/info", {"username": "x"}, "bio_url") if miss is None else sim.query(**miss)
    assert other.status_code != 500
    assert sim.query(**hit).status_code == 500


def test_a_fault_can_be_limited_to_days_of_the_clock(sim):
    sim.faults({"name": "internal_error", "active": ["20260912", "20260912"]})
    assert sim.query().status_code == 200
    sim.http.post("/__sim/clock", json={"now": "2026-09-12T05:00:00Z"})
    sim.sign_in()
    assert sim.query().status_code == 500


def test_probability_decides_how_often(sim):
    sim.faults({"name": "internal_error", "probability": 0.3})
    failed = sum(sim.query().status_code == 500 for _ in range(100))
    assert 15 < failed < 45
    assert sim.http.get("/__sim/stats").json()["faults_fired"] == {"internal_error": failed}


def test_the_first_calls_only(sim):
    sim.faults({"name": "rate_limit", "first": 2})
    assert [sim.query().status_code for _ in range(4)] == [429, 429, 200, 200]


def test_faults_can_be_read_back(sim):
    sim.faults({"name": "rate_limit", "first": 1}, {"name": "bad_json"})
    assert [f["name"] for f in sim.http.get("/__sim/faults").json()["faults"]] == ["rate_limit", "bad_json"]


def test_the_token_endpoint_fails_only_when_named(sim):
    sim.faults({"name": "internal_error"})
    assert sim.sign_in()
    for spelling in ("oauth/token", "oauth/token/", "/oauth/token/"):
        sim.faults({"name": "gateway_504_html", "endpoint": spelling, "first": 1})
        assert sim.http.post("/v2/oauth/token/", data={}).status_code == 504


@pytest.mark.parametrize("what", ["faults", "clock", "nonsense"])
def test_wrong_admin_requests_are_told_so(sim, what):
    values = {"faults": {"faults": [{"name": "internal_eror"}]}, "clock": {"now": "soon"}}.get(what, {})
    answer = sim.http.post(f"/__sim/{what}", json=values)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_reset_forgets_quota_tokens_and_time(sim):
    sim.http.post("/__sim/clock", json={"advance": 10**6})
    sim.query()
    sim.http.post("/__sim/reset")
    assert sim.http.get("/__sim/stats").json()["calls"] == {}
    assert sim.http.get("/__sim/clock").json()["now"] == sim.world.end
    assert sim.query().status_code == 401


def test_an_unknown_fault_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownParameterError, match="internal_error"):
        read_faults([{"name": "internal_eror"}])
    with pytest.raises(UnknownParameterError, match="probability"):
        read_faults([{"name": "timeout", "probabilty": 1}])
    with pytest.raises(UnknownParameterError, match="video/query"):
        read_faults([{"name": "timeout", "endpoint": "video/querry"}])
    with pytest.raises(ParameterError, match="'rate_limit': never strikes at oauth/token; timeout, "):
        read_faults([{"name": "rate_limit", "endpoint": "oauth/token"}])
    with pytest.raises(ParameterError, match="dates"):
        read_faults([{"name": "broken_period", "dates": ["2026-09-01", "2026-09-02"]}])
    with pytest.raises(ParameterError, match="probability"):
        read_faults([{"name": "timeout", "probability": 2}])


def test_the_archives_fault_mix_is_the_same_for_the_same_seed():
    day = dt.date(2026, 8, 1)
    assert archive_faults(day, 60, 4) == archive_faults(day, 60, 4)
    names = {fault.name for fault in archive_faults(day, 60, 4)}
    assert {
        "broken_period",
        "internal_error",
        "gateway_504_html",
        "search_id_not_ready",
        "rate_limit",
    } <= names


def test_settings_are_read_from_yaml(sim_world, tmp_path):
    path = tmp_path / "server.yml"
    path.write_text("quota: 50\nfaults:\n  - {name: rate_limit, first: 2}\n", encoding="utf-8")
    config = load_config(sim_world, path, now="2026-09-05")
    assert config.quota == 50
    assert config.faults[0].first == 2
    assert config.now == 1788566400


@pytest.mark.parametrize("text", ["quote: 5", "quota: many", "- 1", "a: [", "faults: 3"])
def test_settings_that_cannot_be_used_are_one_line(sim_world, tmp_path, text):
    path = tmp_path / "server.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CoordError):
        load_config(sim_world, path)


def test_secrets_are_not_in_the_configs_repr():
    assert "sim-secret" not in repr(ServerConfig())


def test_the_demos_settings_and_faults_can_be_used(sim_world, project):
    folder = project / "params" / "demo"
    config = load_config(sim_world, folder / "world.yml", faults=str(folder / "faults.yml"))
    assert config.quota == 1000
    assert len(config.faults) == 6
