"""The client against the simulated service over a real socket: every fault, every endpoint."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from coordlib.parameters import CollectionParameters
from coordlib.simulate import build_world
from coordlib.simulate.service import Fault, ServerConfig, Service, archive_faults, running_server
from coordlib.simulate.world import DAY
from coordlib.store import coverage, open_store, windows
from coordlib.store.stored_posts import collected_posts
from coordlib.tiktok import (
    Collector,
    Credentials,
    Query,
    RequestBudget,
    TikTokResearch,
    any_of,
    plan_accounts,
    plan_captions,
)
from coordlib.tiktok.compliance import refresh


@pytest.fixture(scope="module")
def world():
    return build_world(accounts=200, days=6, seed=3)


@contextmanager
def connected(world, faults=(), quota=1000, path=":memory:", **config):
    """A client of a freshly started service; its clock is the service's, and waiting moves it on."""
    service = Service(world, ServerConfig(faults=tuple(faults), quota=quota, **config))

    def wait(seconds):
        service.state.now += seconds

    with running_server(world, service=service) as url, open_store(path) as store:
        budget = RequestBudget(store, clock=lambda: service.state.now)
        with TikTokResearch(
            Credentials("sim-key", "sim-secret"),
            url,
            store=store,
            budget=budget,
            clock=lambda: service.state.now,
            sleep=wait,
            min_interval=0,
        ) as client:
            yield client, service


def names_of(world, count=50):
    return [str(name) for name in world.accounts["account_id"][:count]]


def period(world):
    end = dt.datetime.fromtimestamp(world.end, dt.UTC).date() - dt.timedelta(days=3)
    return end - dt.timedelta(days=9), end


def visible(world, names, service):
    """Ids of the videos of some accounts in the period, without deleted ones."""
    start, end = (int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) for day in period(world))
    rows = world.videos
    chosen = world.accounts["account_id"].isin(names).to_numpy()[rows["account"]]
    inside = (
        (rows["create_time"] >= start) & (rows["create_time"] < end + DAY) & ~service.catalogue.gone & chosen
    )
    return {str(video_id) for video_id in rows.loc[inside, "video_id"]}


FAULTS = {
    "none": (),
    "search ids not ready": (Fault(name="search_id_not_ready", probability=0.7, tries=3),),
    "search ids never ready at first": (Fault(name="search_id_not_ready", first=3, tries=7),),
    "invalid cursors": (Fault(name="invalid_cursor", probability=0.7, tries=2),),
    "500s now and then": (Fault(name="internal_error", probability=0.25),),
    "gateway pages": (Fault(name="gateway_504_html", probability=0.2),),
    "rate limits": (Fault(name="rate_limit", probability=0.3),),
    "revoked tokens": (Fault(name="token_revoked", first=1),),
    "empty pages": (Fault(name="empty_page_has_more", probability=0.4),),
    "changing search ids": (Fault(name="search_id_changes", probability=1),),
    "bad JSON": (Fault(name="bad_json", probability=0.2),),
    "NUL bytes": (Fault(name="null_bytes", probability=1),),
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_every_video_is_had_once_whatever_fails_now_and_then(world, faults):
    names = names_of(world)
    with connected(world, faults) as (client, service):
        outcome = client.videos(Query(and_=[any_of("username", names)]), *period(world), progress=False)
        assert {row["content_id"] for row in outcome.rows} == visible(world, names, service)
        assert outcome.complete
        assert not any("\x00" in str(row) for row in outcome.rows)


def test_the_budget_and_the_service_count_the_same(world):
    names = names_of(world)
    with connected(world, (Fault(name="internal_error", probability=0.3),)) as (client, service):
        client.videos(Query(and_=[any_of("username", names)]), *period(world), progress=False)
        assert client.budget.used() == sum(service.state.used.values())
        spent = client.store.value("SELECT count(*) FROM requests WHERE purpose <> 'token'")
        assert spent == client.budget.used()


def test_a_service_that_takes_fewer_fields_gets_fewer(world):
    with (
        connected(world, core_fields_only=True) as (client, service),
        pytest.warns(UserWarning, match="core fields"),
    ):
        names = names_of(world)
        outcome = client.videos(Query(and_=[any_of("username", names)]), *period(world), progress=False)
        assert {row["content_id"] for row in outcome.rows} == visible(world, names, service)


def test_a_service_that_takes_shorter_lists_gets_shorter_lists(world):
    with connected(world, max_values=20) as (client, service), pytest.warns(UserWarning, match="core fields"):
        names = names_of(world)
        outcome = client.videos(Query(and_=[any_of("username", names)]), *period(world), progress=False)
        assert {row["content_id"] for row in outcome.rows} == visible(world, names, service)


def test_a_quota_stop_and_the_next_day_lose_and_double_nothing(world):
    names = names_of(world, 200)
    query = Query(and_=[any_of("username", names[:100])])
    with connected(world, quota=3) as (client, service):
        outcomes = []
        for _ in range(30):
            outcomes.append(client.videos(query, *period(world), run_id="r1", window_days=2, progress=False))
            if outcomes[-1].complete:
                break
            assert outcomes[-1].reason == "quota"
            service.state.now = (service.state.now // DAY + 1) * DAY + 600
        assert len(outcomes) > 1 and outcomes[-1].complete
        assert {row["content_id"] for row in outcomes[-1].rows} == visible(world, names[:100], service)
        assert all(count <= 3 for count in service.state.used.values())
        refused = client.store.value("SELECT count(*) FROM requests WHERE kind = 'quota'")
        assert refused <= len(outcomes)


def test_monitoring_days_under_the_archives_faults_name_every_gap(world):
    """Six days of planning and collecting: what is missing of the pool's posts is in a failed window."""
    settings = CollectionParameters(days_back=10)
    names = names_of(world, 120)
    first = dt.datetime.fromtimestamp(world.start, dt.UTC).date() - dt.timedelta(
        days=world.parameters.history
    )
    length = world.parameters.days + world.parameters.history
    with connected(world, archive_faults(first, length, 1), now=world.start) as (client, service):
        store, collector = client.store, Collector(client, progress=False)
        for number in range(6):
            service.state.now = max(service.state.now, world.start + number * DAY + 6 * 3600)
            day = dt.datetime.fromtimestamp(world.start + number * DAY, dt.UTC).date()
            run_id = f"monitor-{day}"
            collector.carry_over(run_id)
            collector.run(
                run_id,
                "accounts",
                lambda day=day: plan_accounts(
                    coverage.account_histories(store, names, day), day, client.budget.remaining(), settings
                ),
            )
            collector.run(
                run_id,
                "captions",
                lambda day=day: plan_captions(
                    coverage.caption_histories(store, names, day), day, client.budget.remaining(), settings
                ),
            )
        assert all(count <= 1000 for count in service.state.used.values())
        broken = {str(window.start) for window in windows.select(store, states=("failed",))}
        had = set(collected_posts(store)["content_id"])
        for history in coverage.account_histories(store, names, day):
            assert history.covered is not None
            frame = world.videos
            index = world.accounts.index[world.accounts["account_id"] == history.account_id][0]
            mine = frame[(frame["account"] == index) & ~service.catalogue.gone]
            for video_id, moment in zip(mine["video_id"], mine["create_time"], strict=True):
                posted = dt.datetime.fromtimestamp(moment, dt.UTC).date()
                if history.covered[0] <= posted <= history.covered[1] and posted.isoformat() not in broken:
                    assert str(video_id) in had


def test_what_was_deleted_since_is_deleted_here_too(world):
    names = names_of(world)
    with connected(world) as (client, service):
        client.videos(Query(and_=[any_of("username", names)]), *period(world), progress=False)
        before = visible(world, names, service)
        lost = sorted(before)[::9]
        service.catalogue.gone[world.videos["video_id"].astype(str).isin(lost).to_numpy()] = True
        service.state.now += 31 * DAY
        done = refresh(client)
        public = service.catalogue.still_public()
        gone = {video_id for video_id in before if int(video_id) not in public}
        assert done.complete and set(done.gone) == gone >= set(lost)
        assert set(collected_posts(client.store)["content_id"]) == before - gone


def test_profiles_are_answered_or_named_as_refused(world):
    names = names_of(world, 20)
    with connected(world) as (client, _):
        info = client.users_info(names)
        assert info.n_rows + len(info.problems) == 20 and info.n_rows > 0
