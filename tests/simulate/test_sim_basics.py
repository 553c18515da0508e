"""Sections 1 to 3 of the specification: addresses, token, envelope."""

from __future__ import annotations

import json
import re

import httpx
import pytest

LOG_ID = re.compile(r"\d{14}[0-9A-F]{20}")
GRANT = {"client_key": "sim-key", "client_secret": "sim-secret", "grant_type": "client_credentials"}


def test_the_server_listens_on_loopback_only(sim):
    assert sim.http.base_url.host == "127.0.0.1"


def test_a_path_works_with_and_without_its_trailing_slash(sim):
    headers = {"Authorization": f"Bearer {sim.token}"}
    for slash in ("", "/"):
        path = f"/v2/research/user/info{slash}?fields=display_name"
        answer = sim.http.post(path, json={"username": sim.open_account()}, headers=headers)
        assert answer.status_code == 200


def test_reads_are_posts_too(sim):
    assert sim.http.get("/v2/research/user/info/").status_code == 405


def test_a_wrong_path_is_404(sim):
    assert sim.http.post("/v2/research/video/list/").status_code == 404


def test_a_body_sent_as_plain_text_is_read_as_json(sim):
    headers = {"Authorization": f"bearer {sim.token}", "Content-Type": "text/plain"}
    body = json.dumps({"username": sim.open_account()})
    answer = sim.http.post("/v2/research/user/info/?fields=display_name", content=body, headers=headers)
    assert answer.json()["error"]["code"] == "ok"


def test_encoded_commas_between_fields_are_fine_and_blanks_are_not(sim):
    headers = {"Authorization": f"Bearer {sim.token}"}
    base, body = "/v2/research/user/info/?fields=", {"username": sim.open_account()}
    assert sim.http.post(base + "display_name%2Cbio_url", json=body, headers=headers).status_code == 200
    assert sim.http.post(base + "display_name,%20bio_url", json=body, headers=headers).status_code == 400


def test_key_order_varies_from_object_to_object(sim):
    orders = {tuple(video) for video in sim.data()["videos"]}
    assert len(orders) > 5


def test_an_absent_value_is_left_out_and_never_null(sim):
    videos = sim.data(fields="id,voice_to_text,hashtag_names,effect_ids")["videos"]
    assert any("voice_to_text" not in video for video in videos)
    assert any("voice_to_text" in video for video in videos)
    assert all(value is not None for video in videos for value in video.values())


def test_a_token_has_the_documented_shape(sim):
    answer = sim.http.post("/v2/oauth/token/", data=GRANT)
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "expires_in", "token_type"}
    assert body["access_token"].startswith("clt.")
    assert (body["expires_in"], body["token_type"]) == (7200, "Bearer")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_key": "nobody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_key": ""}, "invalid_request"),
    ],
)
def test_a_refused_token_says_so_in_a_string(sim, change, error):
    answer = sim.http.post("/v2/oauth/token/", data=GRANT | change)
    body = answer.json()
    assert answer.status_code == 401
    assert body["error"] == error
    assert "access_token" not in body
    assert LOG_ID.fullmatch(body["log_id"])


def test_the_token_endpoint_reads_forms_and_not_json(sim):
    assert sim.http.post("/v2/oauth/token/", json=GRANT).json()["error"] == "invalid_request"


def test_a_token_lives_two_hours_of_the_simulated_clock(sim):
    sim.http.post("/__sim/clock", json={"advance": 7100})
    assert sim.query().status_code == 200
    sim.http.post("/__sim/clock", json={"advance": 200})
    answer = sim.query()
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "access_token_invalid"


@pytest.mark.parametrize("header", [None, "Bearer clt.unknown", "Basic c2lt", ""])
def test_a_call_without_a_valid_bearer_is_401(sim, header):
    headers = {} if header is None else {"Authorization": header}
    answer = sim.http.post("/v2/research/user/info/?fields=bio_url", json={}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "The access token is invalid or not found in the request."


def test_success_carries_an_error_object_that_says_ok(sim):
    error = sim.query().json()["error"]
    assert error["code"] == "ok"
    assert error["message"] == ""
    assert LOG_ID.fullmatch(error["log_id"])


def test_a_log_id_begins_with_the_simulated_time(sim):
    sim.http.post("/__sim/clock", json={"now": "2026-09-09T07:08:09Z", "tick": 0})
    assert sim.query().json()["error"]["log_id"].startswith("20260909070809")


def test_the_same_requests_get_the_same_answers(sim):
    def conversation() -> list[str]:
        assert sim.http.post("/__sim/reset").status_code == 200
        sim.sign_in()
        return [sim.query(max_count=7).text, sim.query(is_random=True).text, sim.query(max_count=0).text]

    assert conversation() == conversation()


def test_two_servers_run_side_by_side(sim, sim_world):
    from coordlib.simulate.service import running_server

    with running_server(sim_world) as url, httpx.Client(base_url=url) as other:
        assert str(other.base_url) != str(sim.http.base_url)
        assert other.get("/__sim/stats").json()["calls"] == {}
