"""A process killed with SIGKILL in the middle of anything is continued without a lost or doubled row."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import random
import signal
import sys

import httpx
import pytest

from coordlib.store import open_store
from coordlib.tiktok import (
    Collector,
    Credentials,
    Plan,
    PlannedRequest,
    Query,
    TikTokResearch,
    any_of,
)

FIRST, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 8)
TABLES = {
    "posts": "content_id, account_id, posted_at, text",
    "window_posts": "content_id",
    "windows": "query_hash, start_date, end_date, state, pages, rows, reason",
    "coverage": "kind, subject, first_day, last_day, missing",
}


def make_plan():
    requests = []
    for names in (["user0", "user1"], ["user2"], ["user3", "user4"]):
        subjects = tuple(("account", name) for name in names)
        requests.append(
            PlannedRequest(Query(and_=[any_of("username", names)]), FIRST, LAST, subjects, 1, 1, 1, "")
        )
    return Plan("accounts", LAST, 1000, tuple(requests))


def collect(path, service, now, kill_at=None):
    """Collect into a file; die at the given SQL statement."""
    with open_store(path) as store:
        left = kill_at

        def die_in_time(statement):
            nonlocal left
            if left is not None:
                left -= 1
                if left <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        if kill_at is not None:
            store.connection.set_trace_callback(die_in_time)
        client = TikTokResearch(
            Credentials("k", "s"),
            transport=httpx.MockTransport(service),
            store=store,
            clock=lambda: now,
            sleep=lambda seconds: None,
            min_interval=0,
        )
        Collector(client, progress=False).run("r1", "accounts", make_plan)
        client.close()


def content(path):
    with open_store(path, read_only=True) as store:
        return {
            table: sorted(
                tuple(map(str, row)) for row in store.connection.execute(f"SELECT {columns} FROM {table}")
            )
            for table, columns in TABLES.items()
        }


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_fifty_kills_leave_the_same_store_as_an_undisturbed_run(tmp_path, service, script):
    service.videos = script.make_videos(8, 150)
    service.dropped = frozenset(video["id"] for video in service.videos[::7])

    def broken_day(request, body):
        touched = body["start_date"] <= "20261103" <= body["end_date"]
        return script.error(500, "internal_error", "x") if touched else None

    service.before = broken_day
    collect(tmp_path / "calm.sqlite", service, script.NOW)
    expected = content(tmp_path / "calm.sqlite")
    assert len(expected["posts"]) == 900 and "failed" in json.dumps(expected["windows"])

    fork = multiprocessing.get_context("fork")
    choose = random.Random(7)
    kills = 0
    for round_number in range(60):
        path = tmp_path / f"killed-{round_number}.sqlite"
        exit_code = None
        while exit_code != 0:
            child = fork.Process(target=collect, args=(path, service, script.NOW, choose.randint(60, 1200)))
            child.start()
            child.join()
            exit_code = child.exitcode
            assert exit_code in (0, -signal.SIGKILL)
            kills += exit_code != 0
        assert content(path) == expected
        with open_store(path, read_only=True) as store:
            good = store.connection.execute(
                "SELECT count(*) FROM requests WHERE kind = 'ok' AND endpoint = 'video_query'"
            ).fetchone()[0]
            attempts, used = (
                store.connection.execute(sql).fetchone()[0]
                for sql in (
                    "SELECT count(*) FROM requests WHERE endpoint = 'video_query'",
                    "SELECT used FROM budget",
                )
            )
            pages = store.connection.execute("SELECT sum(pages) FROM windows").fetchone()[0]
        assert good == pages, "each stored page has its ledger row, and each row its page"
        assert attempts <= used, "nothing is sent that was not counted before"
        if kills >= 50:
            return
    raise AssertionError("the process was hardly ever killed: choose earlier moments")
