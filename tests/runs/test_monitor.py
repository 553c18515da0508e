"""A monitoring day against the simulated Research API over a real socket."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from coordlib.errors import (
    CollectError,
    CredentialsError,
    ParameterError,
    QuotaExhausted,
    WorkspaceLockedError,
)
from coordlib.files import workspace_lock
from coordlib.parameters import Monitoring
from coordlib.runs.connect import begin_day
from coordlib.runs.monitor import monitor_day, monitored_period, plan_day
from coordlib.simulate.service import read_faults
from coordlib.store import open_store
from coordlib.store.pool import pool, set_status
from coordlib.store.runs import newest_run

pytestmark = pytest.mark.usefixtures("without_pages")
Station = Any


def health(station: Station, date: str) -> dict[str, Any]:
    with open_store(station.root / "coordlib.sqlite", read_only=True) as store:
        run = newest_run(store, date)
    assert run is not None
    return dict(run.facts["health"])


def faults(station: Station, *values: dict[str, Any]) -> None:
    station.service.state.use(read_faults(values))


def spend_quota(station: Station) -> Any:
    """Monitor the first day with three requests, two of which fail."""
    faults(station, {"name": "internal_error", "first": 2})
    station.daily = 3
    return station.monitor(station.days[0], accounts_per_query=3)


def test_a_day_asks_every_account_and_finds_what_is_planted(station: Station):
    done = station.monitor(station.days[0])
    found = health(station, station.days[0])
    watched = len(station.world.planted_accounts[::2])
    assert (done.report.outcome, done.stopped) == ("network", None)
    assert found["accounts"]["asked"] == found["accounts"]["active"] == watched
    assert found["accounts"]["answered"] + found["accounts"]["silent"] == watched
    assert found["truth"]["precision"] == 1.0


def test_every_visible_post_of_the_watched_accounts_is_there_and_none_twice(station: Station):
    date = station.days[0]
    station.monitor(date)
    start, end = monitored_period(date, Monitoring())
    world, watched = station.world, set(station.world.planted_accounts[::2])
    videos = world.videos.assign(name=world.accounts["account_id"].to_numpy()[world.videos["account"]])
    day = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC).timestamp()
    after = dt.datetime.fromisoformat(end).replace(tzinfo=dt.UTC).timestamp() + 86_400
    visible = videos[
        ~videos["gone"] & videos["name"].isin(watched) & videos["create_time"].between(day, after - 1)
    ]
    looked_at = [row[0] for row in station.query("SELECT content_id FROM metrics")]
    assert set(visible["video_id"].astype(str)) <= set(looked_at)
    assert len(looked_at) == len(set(looked_at))


def test_nothing_younger_than_the_archive_delay_is_asked_for(station: Station):
    station.monitor(station.days[1])
    last = monitored_period(station.days[1], Monitoring())[1]
    assert station.query("SELECT max(end_date) FROM windows") == [(last,)]
    assert (dt.date.fromisoformat(station.days[1]) - dt.date.fromisoformat(last)).days == 3


def test_the_next_day_asks_only_for_what_is_new(station: Station):
    near = {"caption_margin_days": 1, "min_yield": 0.5}
    first = station.monitor(station.days[0], **near)
    second = station.monitor(station.days[1], **near)
    asked = station.query(
        "SELECT start_date, end_date, query FROM windows WHERE phase = 'accounts' AND run_id LIKE '%09-02'"
    )
    known = [
        (start, end) for start, end, query in asked if not any(n in query for n in first.report.new_accounts)
    ]
    assert known and all(start == end for start, end in known), (
        "one day more; only newcomers are asked for all"
    )
    assert second.report.counts["pool_before"] == first.report.counts["pool_size"]


def test_a_paused_account_is_not_asked(station: Station):
    name = station.world.planted_accounts[0]
    with open_store(station.root / "coordlib.sqlite") as store:
        set_status(store, [name], "paused")
    station.monitor(station.days[0])
    assert all(
        name not in row[0] for row in station.query("SELECT query FROM windows WHERE phase = 'accounts'")
    )


def test_a_spent_quota_stops_at_once_is_reported_and_goes_on_the_next_day(station: Station):
    done = spend_quota(station)
    assert (done.stopped, done.requests) == ("quota", 3)
    assert health(station, station.days[0])["accounts"]["left_over"] > 0
    with pytest.raises(QuotaExhausted, match=r"report of .* is written"):
        done.raise_for_stop()
    station.daily = 1000
    later = station.monitor(station.days[1])
    assert later.stopped is None
    assert health(station, station.days[1])["accounts"]["left_over"] == 0


def test_the_same_day_goes_on_when_there_are_requests_again(station: Station):
    spend_quota(station)
    station.daily = 1000
    done = station.monitor(station.days[0])
    assert done.stopped is None
    assert done.requests > 3


@pytest.mark.parametrize("daily", [1, 5, 9])
def test_no_day_spends_more_than_its_budget(station: Station, daily: int):
    faults(station, {"name": "internal_error", "probability": 0.4})
    station.daily = daily
    for date in station.days[:2]:
        station.monitor(date)
    assert all(used <= daily for used in station.service.state.used.values())


def test_a_quota_the_service_calls_spent_is_obeyed(station: Station):
    faults(station, {"name": "daily_quota"})
    done = station.monitor(station.days[0])
    assert (done.stopped, done.requests) == ("quota", 1)


def test_a_service_that_is_down_is_an_outage_with_a_report(station: Station):
    faults(station, {"name": "gateway_504_html"})
    done = station.monitor(station.days[0], accounts_per_query=3)
    assert (done.stopped, done.report.outcome) == ("outage", "no-input")
    found = health(station, station.days[0])
    assert found["errors"]["gateway"]["count"] == done.requests
    with pytest.raises(CollectError, match="failed or refused every query"):
        done.raise_for_stop()


def test_a_broken_day_is_named_with_its_log_id_and_still_known_the_next_day(station: Station):
    broken = dt.date.fromisoformat(monitored_period(station.days[0], Monitoring())[1]) - dt.timedelta(days=2)
    text = broken.strftime("%Y%m%d")
    faults(station, {"name": "broken_period", "dates": (text, text)})
    station.monitor(station.days[0])
    failed = health(station, station.days[0])["windows"]["failed_list"]
    assert {item["start"] for item in failed} == {broken.isoformat()}
    assert all(len(item["log_id"]) == 34 for item in failed)
    faults(station)
    station.monitor(station.days[1])
    assert [gap["date"] for gap in health(station, station.days[1])["earlier_gaps"]] == [broken.isoformat()]


def test_a_gap_that_a_later_run_filled_is_no_gap_any_longer(station: Station):
    broken = dt.date.fromisoformat(monitored_period(station.days[0], Monitoring())[1]) - dt.timedelta(days=2)
    text = broken.strftime("%Y%m%d")
    faults(station, {"name": "broken_period", "dates": (text, text)})
    station.monitor(station.days[0])
    begin_day(station.service, station.days[3], hour=8)
    station.monitor(station.days[3])
    still = health(station, station.days[3])
    assert [gap["date"] for gap in still["earlier_gaps"]] == [broken.isoformat()]
    assert 0 < still["windows"]["failed"] <= still["windows"]["total"]
    assert still["windows"]["retried"] > 0
    faults(station)
    later = (dt.date.fromisoformat(station.days[3]) + dt.timedelta(days=4)).isoformat()
    begin_day(station.service, later, hour=8)
    station.monitor(later)
    assert health(station, later)["earlier_gaps"] == []


def test_a_keyword_search_that_silently_returns_nothing_is_noticed(station: Station):
    station.monitor(station.days[0], caption_margin_days=5, skip_known=False)
    faults(station, {"name": "silent_empty_keyword"})
    with open_store(station.root / "coordlib.sqlite") as store, store.transaction() as connection:
        connection.execute("DELETE FROM coverage WHERE kind = 'caption'")
    done = station.monitor(station.days[1], caption_margin_days=5, skip_known=False)
    facts = health(station, station.days[1])
    [warning] = facts["turned_to_zero"]
    assert "so did one for posts that must be there" in warning["text"]
    assert facts["probes"] == {"captions": "nothing"}
    assert "no posts with captions, not even those that must be there" in done.line()


def test_a_service_that_returns_nothing_at_all_is_no_success_and_its_days_are_asked_for_again(
    station: Station,
):
    listed = station.service.catalogue.listed.copy()
    station.service.catalogue.listed[:] = False
    with pytest.raises(CollectError, match="not even what must be there"):
        station.monitor(station.days[0]).raise_for_stop()
    station.service.catalogue.listed[:] = listed
    for date in station.days[:2]:  # the same day is started again, and the next day asks as well
        done = station.monitor(date)
        done.raise_for_stop()
        assert (done.report.outcome, health(station, date)["windows"]["failed"]) == ("network", 0)


def test_a_finished_day_is_not_reported_twice_by_accident(station: Station):
    station.monitor(station.days[0])
    with pytest.raises(ParameterError, match="'--again'"):
        station.monitor(station.days[0])
    again = station.monitor(station.days[0], again=True)
    assert again.report.outcome == "network"


def test_an_older_day_made_again_leaves_the_pool_of_the_days_after_it_as_it_was(station: Station):
    first, second = station.days[:2]
    for date in (first, second):
        station.monitor(date)
    with open_store(station.root / "coordlib.sqlite") as store:
        store.write("DELETE FROM accounts WHERE source = 'network'")  # as if the first day had found nobody
        store.write("UPDATE accounts SET added_on = '2000-01-01', source = 'import'")
        before = set(pool(store, before=second)["account_id"])
    done = station.monitor(first, again=True)
    with open_store(station.root / "coordlib.sqlite", read_only=True) as store:
        assert set(pool(store, before=second)["account_id"]) == before
        everyone = pool(store).set_index("account_id")
    assert done.report.new_accounts
    assert set(everyone.loc[done.report.new_accounts, "added_on"]) == {second}
    assert set(everyone.loc[done.report.new_accounts, "reason"]) == {f"in a coordinated network on {first}"}


def test_a_run_stopped_before_its_accounts_were_planned_has_left_all_of_them(station: Station):
    station.daily = 2
    station.monitor(station.days[1], accounts_per_query=3)
    done = station.monitor(station.days[0])
    watched = len(station.world.planted_accounts[::2])
    assert (done.stopped, done.requests, done.left_over) == ("quota", 0, watched)
    with pytest.raises(QuotaExhausted, match=f"{watched} accounts and captions are left"):
        done.raise_for_stop()


def test_a_day_still_to_come_is_refused_and_spoils_nothing(station: Station):
    begin_day(station.service, station.days[0])
    for attempt in (monitor_day, plan_day):
        with pytest.raises(ParameterError, match="still to come"):
            attempt(station.root, "2099-01-01", station.connect, Monitoring())
    assert dict(station.service.state.calls) == {}
    assert station.query("SELECT count(*) FROM runs") == [(0,)]


def test_a_mistyped_workspace_is_not_created(station: Station, tmp_path: Path):
    with pytest.raises(ParameterError, match="no account of the pool"):
        monitor_day(tmp_path / "typo", station.days[0], station.connect)
    assert not (tmp_path / "typo").exists()


def test_a_second_run_is_refused_while_one_is_going_on(station: Station):
    with (
        workspace_lock(station.root, "coordlib monitor"),
        ThreadPoolExecutor(1) as other,
        pytest.raises(WorkspaceLockedError),
    ):
        other.submit(station.monitor, station.days[0]).result()


def test_an_empty_pool_says_how_to_fill_it(station: Station):
    with open_store(station.root / "coordlib.sqlite") as store:
        set_status(store, pool(store)["account_id"].tolist(), "paused")
    with pytest.raises(ParameterError, match="coordlib discover"):
        station.monitor(station.days[0])


def test_refused_credentials_leave_a_page_that_says_so(station: Station):
    connect = station.connect
    station.service.config.clients["sim-key"] = "changed"
    begin_day(station.service, station.days[0])
    with pytest.raises(CredentialsError):
        monitor_day(station.root, station.days[0], connect)
    page = station.root / "reports" / "days" / station.days[0] / "index.ipynb"
    assert "could not be collected" in page.read_text(encoding="utf-8")
    assert station.query("SELECT status FROM runs") == [("failed",)]


def test_a_dry_run_costs_nothing_and_changes_nothing(station: Station):
    before = station.query("SELECT count(*) FROM windows")
    plans = plan_day(station.root, station.days[0], station.connect, Monitoring())
    assert [plan.phase for plan in plans] == ["accounts", "captions"]
    assert "requests" in plans[0].describe()
    assert station.query("SELECT count(*) FROM windows") == before
    assert dict(station.service.state.calls) == {}
