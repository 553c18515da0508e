"""Stored videos are checked at an interval, and what is gone is deleted everywhere, without a trace of content."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest

from coordlib.errors import ParameterError
from coordlib.store import open_store, windows
from coordlib.store.deletion import is_deleted
from coordlib.store.stored_posts import upsert_posts
from coordlib.store.windows import NewWindow
from coordlib.tiktok import Query, RequestBudget, any_of
from coordlib.tiktok.compliance import refresh

USERS = Query(and_=[any_of("username", [f"user{n}" for n in range(5)])])
MONTH = 31 * 86_400


class Compliance:
    """The three batch endpoints over the videos of a scripted service."""

    def __init__(self, service, script, *, status="Completed", lose=None):
        self.service, self.script, self.status, self.lose, self.ids = service, script, status, lose, []

    def __call__(self, request, body):
        if request.url.path.endswith("validation_task/create/"):
            content = request.content.decode()
            assert 'name="category"' in content and 'name="file_data"' in content
            self.ids = [line for line in content.splitlines() if line.isdigit()]
            return self.script.success({"task_id": 12345678910987654321})
        if request.url.path.endswith("validation_task_status/get/"):
            assert body == {"task_id": 12345678910987654321}
            return self.script.success({"task_status": self.status})
        if request.url.path.endswith("validation_task/download/"):
            there = {str(video["id"]) for video in self.service.videos}
            valid = [] if self.lose == "all" else [video_id for video_id in self.ids if video_id in there]
            return httpx.Response(200, text="\n".join(valid), headers={"content-type": "text/plain"})
        return None


@pytest.fixture
def collected(client, service, script, time):
    """400 videos collected a month ago, of which ten were deleted since."""
    service.videos = script.make_videos(10, 40)
    client.videos(USERS, dt.date(2026, 11, 1), dt.date(2026, 11, 10), run_id="r1")
    service.videos = [video for n, video in enumerate(service.videos) if n % 40]
    service.requests.clear()
    time.now += MONTH
    return service


def count(store, table):
    return store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


@pytest.mark.parametrize("batch", [True, False])
def test_a_row_whose_id_the_service_cannot_know_does_not_keep_the_others_from_being_checked(
    client, collected, script, store, batch
):
    collected.before = Compliance(collected, script) if batch else collected.before
    odd = [{"content_id": name, "account_id": "x"} for name in ("abc-1", "9" * 25, "１２")]
    upsert_posts(store, odd, 0)
    done = refresh(client, batch=batch)
    assert (done.checked, done.unchecked, len(done.gone)) == (400, 3, 10)
    assert "no id that the service could know" in done.describe()


def test_nothing_is_asked_before_the_interval_has_passed(client, service, script, time):
    service.videos = script.make_videos(1, 10)
    client.videos(USERS, dt.date(2026, 11, 1), dt.date(2026, 11, 1))
    sent = len(service.requests)
    time.now += 29 * 86_400
    assert refresh(client).complete
    assert len(service.requests) == sent


def test_a_batch_task_finds_what_is_gone_in_three_requests(client, collected, script, store):
    collected.before = Compliance(collected, script)
    done = refresh(client)
    assert (done.checked, len(done.gone), done.complete, done.requests) == (400, 10, True, 3)
    assert count(store, "posts") == 390
    assert count(store, "window_posts") == count(store, "post_counts") == 390
    assert refresh(client).requests == 0


def test_without_batch_compliance_videos_are_looked_up_a_hundred_a_query(client, collected, script, store):
    done = refresh(client, batch=False)
    assert (done.checked, len(done.gone), done.requests) == (400, 10, 4)
    assert count(store, "posts") == 390
    assert all(
        (dt.date.fromisoformat(b["end_date"]) - dt.date.fromisoformat(b["start_date"])).days <= 30
        for _, b in collected.requests
    )


def test_a_refused_batch_task_falls_back_to_lookups(client, collected, script):
    collected.before = lambda r, b: (
        script.error(400, "invalid_file_upload", "no") if "validation_task" in r.url.path else None
    )
    done = refresh(client)
    assert (done.checked, len(done.gone), done.complete) == (400, 10, True)


@pytest.mark.parametrize("status", ["Failed", "Processing"])
def test_a_task_that_fails_or_never_ends_deletes_nothing_by_itself(client, collected, script, status, store):
    collected.before = Compliance(collected, script, status=status)
    done = refresh(client)
    assert len(done.gone) == 10  # found by the lookups that follow
    assert count(store, "posts") == 390


def test_an_answer_that_everything_is_gone_is_not_believed(client, collected, script, store):
    collected.before = Compliance(collected, script, lose="all")
    assert len(refresh(client).gone) == 10
    assert count(store, "posts") == 390


def test_a_silently_empty_search_deletes_nothing(client, collected, script, store):
    collected.before = lambda r, b: script.success({"videos": [], "cursor": 100, "has_more": False})
    done = refresh(client, batch=False)
    assert (done.gone, done.unchecked) == ((), 400)
    assert "silent failure" in done.reason
    assert count(store, "posts") == 400


def test_an_error_half_way_keeps_what_was_checked_and_leaves_the_rest(client, collected, script):
    calls = []

    def before(request, body):
        calls.append(1)
        return script.error(500, "internal_error", "x") if len(calls) > 2 else None

    collected.before = before
    first = refresh(client, batch=False)
    assert (first.checked, first.unchecked) == (200, 200)
    collected.before = lambda r, b: None
    assert refresh(client, batch=False).checked == 200


def test_a_spent_quota_leaves_the_rest_for_the_next_day(connect, client, collected, store, time):
    client.budget = RequestBudget(store, daily=1, clock=time.clock)
    first = refresh(client, batch=False)
    assert (first.checked, first.reason) == (100, "quota")


def test_a_dry_run_asks_nothing(client, collected):
    done = refresh(client, dry_run=True)
    assert (done.unchecked, collected.requests) == (400, [])


def test_an_interval_over_the_terms_is_refused(client):
    with pytest.raises(ParameterError, match="1 to 30"):
        refresh(client, interval_days=31)


def test_a_deleted_video_leaves_no_content_in_the_file(tmp_path, connect, service, script, time):
    path = tmp_path / "w.sqlite"
    service.videos = script.make_videos(1, 30)
    gone = {**service.videos[0], "video_description": "unmistakable words of a vanished post"}
    service.videos[0] = gone
    with open_store(path) as store:
        client = connect(store=store)
        client.videos(USERS, dt.date(2026, 11, 1), dt.date(2026, 11, 1), run_id="r1")
        search = Query(and_=[any_of("keyword", [gone["video_description"]])])
        day = dt.date(2026, 11, 1)
        windows.plan(
            store,
            "r1",
            "captions",
            [NewWindow(search.to_json(), search.fingerprint, day, day, state="done")],
            {},
            1,
        )
        service.videos = service.videos[1:]
        time.now += MONTH
        assert refresh(client, batch=False).gone == (str(gone["id"]),)
        assert is_deleted(store, str(gone["id"])) and not is_deleted(store, "1")
        row = store.connection.execute("SELECT * FROM tombstones").fetchone()
        assert set(row.keys()) == {"digest", "deleted_at", "reason"} and str(gone["id"]) not in tuple(row)
        client.close()
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"unmistakable" not in left
    assert str(gone["id"]).encode() not in left


def test_a_lookup_whose_end_is_not_stated_deletes_nothing(client, collected, script, store):
    def cut(request, body):
        data = collected.search(body).json()["data"]
        return script.success({"videos": data["videos"][:10]})

    collected.before = cut
    done = refresh(client, batch=False)
    assert (done.gone, done.complete) == ((), False)
    assert "not proved (no-has-more)" in done.reason
