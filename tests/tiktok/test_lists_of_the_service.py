"""Comments, accounts, follow lists, liked, reposted and pinned videos, playlists."""

from __future__ import annotations

import httpx
import pytest

from coordlib.errors import QueryError, ServiceError


def answer_with(service, *answers):
    turns = iter(answers)
    service.before = lambda request, body: next(turns)


def test_comments_are_paged_by_the_returned_cursor(client, service, script):
    page = {
        "id": 7571300000000000001,
        "video_id": 7571234567890123456,
        "text": "",
        "parent_comment_id": 7571234567890123456,
    }
    answer_with(
        service,
        script.success({"comments": [page], "cursor": 100, "has_more": True}),
        script.success({"comments": [{**page, "id": 2}], "cursor": 200, "has_more": False}),
    )
    outcome = client.comments("7571234567890123456")
    assert [row["id"] for row in outcome.rows] == ["7571300000000000001", "2"]
    assert outcome.rows[0]["parent_comment_id"] == outcome.rows[0]["video_id"] == "7571234567890123456"
    assert [body for _, body in service.requests] == [
        {"video_id": 7571234567890123456, "max_count": 100, "cursor": 0},
        {"video_id": 7571234567890123456, "max_count": 100, "cursor": 100},
    ]


def test_comments_stop_at_the_thousandth(client, service, script):
    service.before = lambda r, b: script.success(
        {"comments": [{"id": b["cursor"] + 1}], "cursor": b["cursor"] + 100, "has_more": True}
    )
    outcome = client.comments("1")
    assert (len(service.requests), outcome.complete, outcome.reason) == (10, False, "ceiling")


def test_a_missing_cursor_ends_the_comments(client, service, script):
    answer_with(service, script.success({"comments": [{"id": 1}], "cursor": None, "has_more": True}))
    outcome = client.comments("1")
    assert (outcome.n_rows, outcome.complete, outcome.reason) == (1, False, "no-cursor")


def test_replies_are_asked_by_comment_id_only(client, service, script):
    answer_with(service, script.success({"comments": [], "has_more": False}))
    assert client.replies("12").complete
    assert service.requests[0][1] == {"comment_id": 12, "max_count": 100, "cursor": 0}


def test_a_refused_account_in_a_batch_does_not_stop_the_others(client, service, script):
    def before(request, body):
        if body["username"] == "private_one":
            return script.error(400, "invalid_params", "The account private_one is private")
        return script.success({"display_name": body["username"].upper(), "follower_count": 3})

    service.before = before
    outcome = client.users_info(["@a", "private_one", "b", "a"])
    assert [row["username"] for row in outcome.rows] == ["a", "b"]
    assert list(outcome.problems) == ["private_one"] and not outcome.complete
    assert outcome.log_ids == (script.LOG_ID,)


def test_an_empty_profile_is_a_problem_not_a_row(client, service, script):
    answer_with(service, script.success({}))
    outcome = client.user_info("a")
    assert (outcome.rows, outcome.complete) == ((), False)


def test_follow_lists_pass_the_time_cursor_on_and_use_their_own_pool(client, service, script):
    answer_with(
        service,
        script.success(
            {
                "user_followers": [{"username": "f1", "display_name": "F"}],
                "cursor": 1762551111,
                "has_more": True,
            }
        ),
        script.success(
            {
                "user_followers": [{"username": "f1"}, {"username": "f2"}],
                "cursor": 1762550000,
                "has_more": False,
            }
        ),
    )
    outcome = client.followers("a")
    assert [(row["username"], row["of"]) for row in outcome.rows] == [("f1", "a"), ("f2", "a")]
    assert [body.get("cursor") for _, body in service.requests] == [None, 1762551111]
    assert (client.budget.used("follow"), client.budget.used("research")) == (2, 0)


def test_following_reads_its_own_list(client, service, script):
    answer_with(service, script.success({"user_following": [{"username": "x"}], "has_more": False}))
    assert client.following("a").rows[0]["username"] == "x"


@pytest.mark.parametrize("key", ["reposted_videos", "user_reposted_videos"])
def test_reposts_are_read_under_either_name(client, service, script, key, store):
    video = {"id": 75, "username": "someone", "create_time": 1, "video_description": "x"}
    answer_with(service, script.success({key: [video], "has_more": False}))
    assert client.reposted_videos("a").rows[0]["reposted_by_user"] == "a"
    assert store.connection.execute("SELECT count(*) FROM posts").fetchone()[0] == 1


def test_liked_videos_echo_whatever_cursor_came_back(client, service, script):
    video = {"id": 75, "username": "someone"}
    answer_with(
        service,
        script.success({"user_liked_videos": [video], "cursor": 1706457371000, "has_more": True}),
        script.success({"user_liked_videos": None, "cursor": 1, "has_more": False}),
    )
    assert client.liked_videos("a").n_rows == 1
    assert service.requests[1][1]["cursor"] == 1706457371000


def test_pinned_videos_are_asked_with_the_username_only(client, service, script):
    answer_with(service, script.success({"pinned_videos_list": [{"id": 5}]}))
    assert client.pinned_videos("a").rows == ({"id": "5", "pinned_by_user": "a"},)
    assert service.requests[0][1] == {"username": "a"}


def test_a_playlist_is_read_although_its_status_is_500(client, service):
    body = {
        "data": {
            "playlist_id": 9,
            "playlist_video_ids": [7571234567890123456],
            "cursor": 1,
            "has_more": False,
        },
        "error": {"code": "ok", "message": "", "log_id": "x"},
    }
    answer_with(service, httpx.Response(500, json=body))
    outcome = client.playlist("9")
    assert outcome.rows == ({"id": "7571234567890123456", "playlist_id": "9"},)
    assert outcome.requests == 1


def test_a_list_that_goes_round_in_circles_ends(client, service, script):
    service.before = lambda r, b: script.success({"comments": [{"id": 1}], "cursor": 100, "has_more": True})
    outcome = client.comments("1", ceiling=None)
    assert (outcome.n_rows, outcome.reason, outcome.requests) == (1, "no-cursor", 2)


def test_a_spent_quota_keeps_the_pages_that_came(client, service, script):
    answer_with(
        service,
        script.success({"comments": [{"id": 1}], "cursor": 100, "has_more": True}),
        script.error(429, "daily_quota_limit_exceeded", "x"),
    )
    outcome = client.comments("1")
    assert (outcome.n_rows, outcome.reason, outcome.next_cursor) == (1, "quota", 100)


def test_the_request_that_the_quota_refused_is_counted_for_profiles_as_for_lists(client, service, script):
    def before(request, body):
        if body["username"] == "b":
            return script.error(429, "daily_quota_limit_exceeded", "x")
        return script.success({"display_name": body["username"]})

    service.before = before
    outcome = client.users_info(["a", "b", "c"])
    assert (outcome.n_rows, outcome.reason, outcome.requests) == (1, "quota", 2)
    assert client.requests == 2


def test_ids_and_handles_are_checked_before_anything_is_sent(client, service):
    for call in (client.comments, client.replies, client.playlist, client.compliance_status):
        with pytest.raises(QueryError, match="digits"):
            call("7.5e18")
    with pytest.raises(QueryError, match="handle only"):
        client.user_info("a b")
    with pytest.raises(QueryError, match="1 to 10000"):
        client.compliance_create([])
    with pytest.raises(QueryError, match="category"):
        client.compliance_create(["1"], "channel")
    assert service.requests == []


def test_a_compliance_file_with_something_else_in_it_is_refused(client, service):
    answer_with(service, httpx.Response(200, text="123\noops\n", headers={"content-type": "text/plain"}))
    with pytest.raises(ServiceError, match="not an id"):
        client.compliance_download("1")


def test_a_compliance_file_with_a_single_id_is_still_a_file(client, service):
    answer_with(service, httpx.Response(200, text="123", headers={"content-type": "text/plain"}))
    assert client.compliance_download("1") == {"123"}


def test_an_end_the_service_does_not_state_is_not_called_complete(client, service, script):
    answer_with(service, script.success({"comments": [{"id": 1}], "cursor": 1}))
    outcome = client.comments("1")
    assert (outcome.n_rows, outcome.complete, outcome.reason) == (1, False, "no-has-more")


def test_a_playlist_shorter_than_promised_is_not_called_complete(client, service, script):
    answer_with(
        service, script.success({"playlist_video_ids": [1], "playlist_item_total": 2, "has_more": False})
    )
    assert client.playlist("7").reason == "fewer-than-promised"


def test_a_follow_list_as_long_as_any_is_shown_may_have_been_cut(client, service, script):
    def page(request, body):
        last = body.get("cursor", 5_000)
        names = [{"username": f"name{last - number}"} for number in range(100)]
        return script.success({"user_followers": names, "cursor": last - 100, "has_more": last > 1_100})

    service.before = page
    outcome = client.followers("one")
    assert (outcome.n_rows, outcome.complete, outcome.reason) == (4_000, False, "ceiling")
