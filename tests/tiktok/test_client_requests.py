"""Tokens, budget, transactions and the addresses requests go to."""

from __future__ import annotations

import httpx
import pytest

from coordlib.errors import CredentialsError, ParameterError, QuotaExhausted, ServiceError
from coordlib.store import open_store
from coordlib.tiktok import Credentials, RequestBudget, TikTokResearch, endpoints
from coordlib.tiktok.endpoints import VIDEO_QUERY, Endpoint

QUERY = {"query": {}, "start_date": "20261101", "end_date": "20261101"}


def test_a_token_is_kept_until_less_than_five_minutes_remain(client, service, time):
    client.request(VIDEO_QUERY, json=QUERY)
    time.now += 7200 - 301
    client.request(VIDEO_QUERY, json=QUERY)
    assert service.tokens == 1
    time.now += 2
    client.request(VIDEO_QUERY, json=QUERY)
    assert service.tokens == 2


def test_success_of_the_token_endpoint_is_judged_by_its_body(time):
    def service(request):
        if "oauth" in request.url.path:
            return httpx.Response(401, json={"access_token": "clt.x", "expires_in": 7200})
        return httpx.Response(200, json={"data": {}, "error": {"code": "ok"}})

    with TikTokResearch(
        Credentials("k1", "s1"), transport=httpx.MockTransport(service), clock=time.clock, sleep=time.sleep
    ) as client:
        assert client.request(VIDEO_QUERY, json=QUERY).ok


@pytest.mark.parametrize("status", [200, 400, 401])
def test_refused_credentials_are_fatal_at_once_whatever_the_status(time, status):
    calls = []

    def service(request):
        calls.append(request)
        return httpx.Response(
            status,
            json={
                "error": "invalid_client",
                "error_description": "Client key or secret is incorrect.",
                "log_id": "L1",
            },
        )

    with (
        TikTokResearch(
            Credentials("k1", "s1"), transport=httpx.MockTransport(service), sleep=time.sleep
        ) as client,
        pytest.raises(CredentialsError, match=r"invalid_client.*L1"),
    ):
        client.request(VIDEO_QUERY, json=QUERY)
    assert (len(calls), time.slept) == (1, [])


def test_a_token_endpoint_in_trouble_is_asked_again_and_then_given_up(time):
    calls = []

    def service(request):
        calls.append(request)
        return httpx.Response(503, text="<html></html>")

    with (
        TikTokResearch(
            Credentials("k1", "s1"), transport=httpx.MockTransport(service), sleep=time.sleep
        ) as client,
        pytest.raises(ServiceError, match="no access token"),
    ):
        client.request(VIDEO_QUERY, json=QUERY)
    assert len(calls) == 6
    assert time.slept == sorted(time.slept)


def test_the_token_request_is_a_form_with_the_documented_names(connect, script):
    seen = []

    def service(request):
        seen.append(request)
        return httpx.Response(200, json={"access_token": "clt.x", "data": {}, "error": {"code": "ok"}})

    connect(transport=httpx.MockTransport(service)).request(
        VIDEO_QUERY, fields=["id", "username"], json=QUERY
    )
    token, query = seen
    assert (
        token.content.decode()
        == f"client_key={script.KEY}&client_secret={script.SECRET}&grant_type=client_credentials"
    )
    assert query.method == "POST" and query.url.path == "/v2/research/video/query/"
    assert query.url.params["fields"] == "id,username"
    assert query.headers["authorization"] == "Bearer clt.x"


def test_every_documented_path_ends_with_its_slash():
    every = [endpoint for endpoint in vars(endpoints).values() if isinstance(endpoint, Endpoint)]
    assert all(endpoint.path.startswith("/v2/") and endpoint.path.endswith("/") for endpoint in every)


def test_the_budget_is_counted_before_sending_and_survives_a_restart(tmp_path, connect, service, time):
    path = tmp_path / "w.sqlite"
    with open_store(path) as store:
        client = connect(store=store, budget=RequestBudget(store, daily=2, clock=time.clock))
        client.request(VIDEO_QUERY, json=QUERY)
    with open_store(path) as store:
        client = connect(store=store, budget=RequestBudget(store, daily=2, clock=time.clock))
        assert client.budget.remaining() == 1
        client.request(VIDEO_QUERY, json=QUERY)
        with pytest.raises(QuotaExhausted, match="2 of 2"):
            client.request(VIDEO_QUERY, json=QUERY)
        assert len(service.requests) == 2
        time.now += 86_400
        assert client.budget.remaining() == 2


def test_a_page_that_cannot_be_stored_leaves_no_ledger_row_either(client, store):
    def keep(answer):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        client.request(VIDEO_QUERY, json=QUERY, keep=keep)
    rows = store.connection.execute(
        "SELECT count(*) FROM requests WHERE endpoint = 'video_query'"
    ).fetchone()[0]
    assert (rows, client.budget.used()) == (0, 1)


def test_requests_keep_their_distance(connect, time):
    client = connect(min_interval=0.5)
    client.request(VIDEO_QUERY, json=QUERY)
    client.request(VIDEO_QUERY, json=QUERY)
    assert time.slept == [0.5]


def test_the_secret_is_not_sent_over_an_open_line():
    with pytest.raises(ParameterError, match="https"):
        TikTokResearch(Credentials("k", "s"), base_url="http://example.org")
    TikTokResearch(Credentials("k", "s"), base_url="http://127.0.0.1:8000").close()
