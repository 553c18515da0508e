"""One test per row of the table of known errors: how it is read, how often it is tried, what it ends in."""

from __future__ import annotations

import httpx
import pytest

from coordlib.errors import CredentialsError, QuotaExhausted
from coordlib.service import Reply
from coordlib.tiktok import Kind
from coordlib.tiktok.endpoints import FOLLOWERS, PLAYLIST, USER_INFO, VIDEO_QUERY
from coordlib.tiktok.errors import classify

AKAMAI = (
    "<html><head><title>Error</title></head><body>An error occurred while processing your request.<p>"
    "Reference&#32;&#35;221&#46;8684655f&#46;1733</p>https://errors.edgesuite.net/221.8684655f</body></html>"
)
QUERY = {"query": {}, "start_date": "20261101", "end_date": "20261101"}


def gateway(request, body):
    return httpx.Response(504, text=AKAMAI, headers={"content-type": "text/html"})


def answers(service, response_of, times=10**9):
    """Let the service give one answer so many times, then work."""
    left = [times]

    def before(request, body):
        left[0] -= 1
        return response_of(request, body) if left[0] >= 0 else None

    service.before = before


def send(client, endpoint=VIDEO_QUERY):
    return client.request(endpoint, json=QUERY)


def test_success_is_status_200_and_code_ok(client):
    answer = send(client)
    assert answer.ok and answer.log_id


def test_a_search_id_not_ready_is_retried_on_its_own_schedule(client, service, script, time):
    message = "Search Id 7445117511093687342 is invalid or expired"
    answers(service, lambda r, b: script.error(400, "invalid_params", message))
    answer = send(client)
    assert answer.kind is Kind.SEARCH_NOT_READY
    assert time.slept == [5, 10, 20, 40, 60]
    assert len(service.requests) == 6


def test_a_search_id_that_becomes_ready_is_not_waited_for_any_longer(client, service, script, time):
    message = "Search Id 7445117511093687342 is invalid or expired"
    answers(service, lambda r, b: script.error(400, "invalid_params", message), times=2)
    assert send(client).ok
    assert time.slept == [5, 10]


def test_an_invalid_cursor_is_treated_like_a_search_id_not_ready(client, service, script, time):
    answers(service, lambda r, b: script.error(400, "invalid_params", "Invalid count or cursor"))
    assert send(client).kind is Kind.SEARCH_NOT_READY
    assert time.slept == [5, 10, 20, 40, 60]


@pytest.mark.parametrize(
    "message",
    [
        "`query` must have one of [`and_conditions`, `or_conditions`, `not_conditions`]",
        "The end_date must be no more than 30 days after the start_date",
        "Invalid max_count",
        "some text nobody has seen yet",
    ],
)
def test_a_wrong_request_is_never_repeated(client, service, script, time, message):
    answers(service, lambda r, b: script.error(400, "invalid_params", message))
    answer = send(client)
    assert answer.kind is Kind.INVALID
    assert message[:20] in answer.describe() and script.LOG_ID in answer.describe()
    assert (len(service.requests), time.slept) == (1, [])


@pytest.mark.parametrize(
    "message",
    [
        "Username x is invalid: cannot find the user",
        "API cannot return this user's information",
        "The account x is private",
        "This user's Information Cannot Be Returned",
    ],
)
def test_a_refused_account_is_a_kind_of_its_own(client, service, script, message):
    answers(service, lambda r, b: script.error(400, "invalid_params", message))
    assert send(client, USER_INFO).kind is Kind.ACCOUNT_REFUSED
    assert len(service.requests) == 1


def test_missing_scope_for_fields_is_not_retried(client, service, script):
    answers(service, lambda r, b: script.error(400, "scope_permission_missed", "more scope"))
    assert send(client).kind is Kind.SCOPE_FIELDS
    assert len(service.requests) == 1


def test_an_invalid_token_is_refreshed_once_and_the_request_repeated(client, service, script):
    message = "The access token is invalid or not found in the request."
    answers(service, lambda r, b: script.error(401, "access_token_invalid", message), times=1)
    assert send(client).ok
    assert service.tokens == 2


def test_a_second_401_is_fatal(client, service, script):
    answers(service, lambda r, b: script.error(401, "access_token_invalid", "no"))
    with pytest.raises(CredentialsError, match="fresh access token was refused"):
        send(client)
    assert (len(service.requests), service.tokens) == (2, 2)


def test_a_project_without_the_scope_is_told_so_at_once(client, service, script):
    answers(service, lambda r, b: script.error(401, "scope_not_authorized", "The user did not authorize"))
    with pytest.raises(CredentialsError, match="not approved"):
        send(client)
    assert len(service.requests) == 1


def test_a_404_is_not_retried(client, service):
    answers(service, lambda r, b: httpx.Response(404, text="not found"))
    assert send(client).kind is Kind.NOT_FOUND
    assert len(service.requests) == 1


def test_a_short_term_rate_limit_is_waited_for(client, service, script, time):
    message = "The API rate limit exceeded. Please try again later."
    answers(service, lambda r, b: script.error(429, "rate_limit_exceeded", message))
    assert send(client).kind is Kind.RATE
    assert time.slept == [10, 20, 30, 60, 60]


def test_a_longer_retry_after_is_honoured(client, service, time):
    limit = {"error": {"code": "rate_limit_exceeded", "message": "", "log_id": "x"}}
    answers(service, lambda r, b: httpx.Response(429, json=limit, headers={"Retry-After": "45"}), times=1)
    assert send(client).ok
    assert time.slept == [45]


def test_a_spent_quota_stops_everything_until_the_next_utc_day(client, service, script, time):
    message = "The API daily quota limit exceeded. Please try again later"
    answers(service, lambda r, b: script.error(429, "daily_quota_limit_exceeded", message), times=1)
    with pytest.raises(QuotaExhausted, match="00:00 UTC"):
        send(client)
    for _ in range(3):
        with pytest.raises(QuotaExhausted):
            send(client)
    assert (len(service.requests), time.slept) == (1, [])
    assert client.budget.remaining() == 0
    time.now += 86_400
    assert send(client).ok


def test_a_quota_answer_in_the_first_minutes_of_a_day_does_not_give_the_day_up(client, service, script, time):
    time.now = (script.NOW // 86_400 + 1) * 86_400 + 20
    answers(service, lambda r, b: script.error(429, "daily_quota_limit_exceeded", ""), times=1)
    with pytest.raises(QuotaExhausted):
        send(client)
    time.now += 600
    assert send(client).ok


def test_the_follow_lists_have_a_quota_of_their_own(client, service, script):
    answers(service, lambda r, b: script.error(429, "daily_quota_limit_exceeded", ""), times=1)
    with pytest.raises(QuotaExhausted):
        send(client, FOLLOWERS)
    assert send(client).ok


@pytest.mark.parametrize(
    "message",
    [
        "Something is wrong. Please try again later.",
        "Server Internal Error",
        "Something went wrong. Please try again later.",
    ],
)
def test_a_500_is_tried_three_times_at_most(client, service, script, message):
    answers(service, lambda r, b: script.error(500, "internal_error", message))
    assert send(client).kind is Kind.SERVER
    assert len(service.requests) == 3


def test_an_html_504_is_a_gateway_failure_with_longer_waits(client, service, time):
    answers(service, gateway)
    answer = send(client)
    assert answer.kind is Kind.GATEWAY and "Error" in answer.message
    assert time.slept == [60, 180]


@pytest.mark.parametrize("failure", [httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError])
def test_a_broken_connection_is_tried_three_times_at_most(client, service, time, failure):
    def fail(request, body):
        raise failure("gone", request=request)

    answers(service, fail)
    assert send(client).kind is Kind.NETWORK
    assert (len(service.requests), len(time.slept)) == (3, 2)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b"1" * 5_000])
def test_a_200_that_is_not_the_envelope_is_tried_three_times_at_most(client, service, body):
    answers(service, lambda r, b: httpx.Response(200, content=body))
    assert send(client).kind is Kind.UNREADABLE
    assert len(service.requests) == 3


def test_different_troubles_share_three_tries(client, service, script):
    turns = iter(
        [gateway(None, None), script.error(500, "internal_error", "x"), httpx.Response(200, text="?")]
    )
    answers(service, lambda r, b: next(turns))
    assert not send(client).ok
    assert len(service.requests) == 3


@pytest.mark.parametrize(("status", "kind"), [(503, Kind.SERVER), (418, Kind.INVALID)])
def test_unknown_codes_are_judged_by_their_status(status, kind):
    body = b'{"error": {"code": "never_seen", "message": "", "log_id": "x"}}'
    assert classify(Reply(status, body=body)).kind is kind


def test_a_playlist_with_good_data_and_status_500_is_read(client, service):
    body = {
        "data": {"playlist_id": 1, "playlist_video_ids": [2]},
        "error": {"code": "ok", "message": "", "log_id": "x"},
    }
    answers(service, lambda r, b: httpx.Response(500, json=body))
    assert send(client, PLAYLIST).ok


@pytest.mark.parametrize(
    "body",
    [b"null", b'"x"', b'{"error": null}', b'{"error": "text"}', b'{"data": 3, "error": {"code": "ok"}}'],
)
def test_no_answer_makes_the_reader_raise(body):
    for status in (200, 301, 400, 401, 429, 500, 504):
        classify(Reply(status, body=body))


def test_every_attempt_is_in_the_ledger_and_in_the_budget(client, service, script, store):
    answers(service, lambda r, b: script.error(500, "internal_error", "Server Internal Error"), times=2)
    assert send(client).ok
    counted = store.rows("SELECT kind, count(*) FROM requests GROUP BY kind")
    assert dict(map(tuple, counted)) == {"ok": 2, "server-error": 2}  # one of the good ones is the token
    assert {row["log_id"] for row in store.rows("SELECT log_id FROM requests WHERE kind <> 'ok'")} == {
        script.LOG_ID
    }
    assert client.budget.used() == 3
