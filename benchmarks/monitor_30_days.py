"""Thirty monitored days at 3,000 accounts under the fault mix of the archive, and fifty kill -9.

Checks what a monitoring run must keep: no crash, no row lost or doubled, the quota never exceeded, and
after any number of kills the same store as after an undisturbed run. Prints the numbers of README.md.

    python benchmarks/monitor_30_days.py [--accounts 3000] [--days 30] [--kills 50] [--pages]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from no_pages import decided_without_a_page

import coordlib as cl
from coordlib.parameters import Monitoring, SeedDiscovery
from coordlib.runs import day as day_module
from coordlib.runs.connect import SIMULATED_CREDENTIALS, begin_day, connector
from coordlib.runs.discover import add_seeds, discover_seeds
from coordlib.runs.monitor import monitor_day
from coordlib.simulate.archive import write_truth
from coordlib.simulate.service import ServerConfig, Service, archive_faults, running_server
from coordlib.simulate.world import World, build_world
from coordlib.store import open_store, windows
from coordlib.store.pool import add_to_pool, pool
from coordlib.store.runs import runs
from coordlib.tiktok import Query

HASHTAGS = ["storytime", "parttwo", "seconddatesim", "softpaws"]
CHILD = Path(__file__).with_name("monitored_child.py")

#: What two stores must agree on: everything but the times of fetching.
COMPARED = {
    "posts": "SELECT content_id, account_id, posted_at, text, hashtags FROM posts ORDER BY 1",
    "window_posts": "SELECT DISTINCT w.run_id, w.phase, v.content_id FROM window_posts v JOIN windows w USING (window_id) ORDER BY 1, 2, 3",
    "coverage": "SELECT kind, subject, first_day, last_day, missing FROM coverage ORDER BY 1, 2",
    "accounts": "SELECT account_id, position, status, added_on, reason FROM accounts ORDER BY 1",
    "metrics": "SELECT run_id, position, content_id FROM metrics ORDER BY 1, 2",
    "detections": "SELECT run_id, account_id, network FROM detections ORDER BY 1, 2",
    "edges": "SELECT run_id, account_id, account_id_y, weight FROM edges ORDER BY 1, 2, 3",
    "runs": "SELECT run_id, status, outcome FROM runs ORDER BY 1",
}


def contents(workspace: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what a workspace holds, times of fetching left out."""
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        return {name: [tuple(row) for row in store.connection.execute(sql)] for name, sql in COMPARED.items()}


def lost_rows(workspace: Path, world: World) -> tuple[int, int]:
    """Count the videos that finished account queries should have brought, and those that are not stored."""
    handles = world.accounts["account_id"].to_numpy()[world.videos["account"].to_numpy()]
    truth = pd.DataFrame({"id": world.videos["video_id"].astype(str), "name": pd.Series(handles).str.lower()})
    truth["day"] = world.videos["create_time"].to_numpy() // 86_400
    private = world.accounts["private"].to_numpy()[world.videos["account"].to_numpy()]
    truth = truth[~world.videos["gone"].to_numpy() & ~private]
    by_name = dict(iter(truth.groupby("name")))
    wanted: set[str] = set()
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        for window in windows.select(store, phase="accounts", states=("done",)):
            if window.reason not in (None, "done"):
                continue
            first, last = ((day - dt.date(1970, 1, 1)).days for day in (window.start, window.end))
            for name in Query.from_json(window.query).usernames() or ():
                if name in by_name:
                    rows = by_name[name]
                    wanted.update(rows.loc[rows["day"].between(first, last), "id"])
        stored = {row["content_id"] for row in store.connection.execute("SELECT content_id FROM posts")}
    return len(wanted), len(wanted - stored)


def monitored(workspace: Path, accounts: int, watched: int, days: int, *, pages: bool) -> None:
    """Discover seeds, import a list of accounts, monitor the days, and print what came of it."""
    started = time.perf_counter()
    world = build_world(accounts, days, seed=5)
    dates = world.dates
    first = dt.date.fromisoformat(dates[0]) - dt.timedelta(days=20)
    service = Service(world, ServerConfig(now=world.start, faults=archive_faults(first, days + 20, 5)))
    write_truth(world, workspace, dates)
    print(
        f"world: {accounts:,} accounts, {len(world.videos):,} videos, {time.perf_counter() - started:.1f} s"
    )
    template = day_module.run_report
    if not pages:
        day_module.run_report = decided_without_a_page
    try:
        with running_server(world, service=service) as address:
            connect = connector(1000, address, SIMULATED_CREDENTIALS, service)
            begin_day(service, dates[0], hour=1)
            seeding = SeedDiscovery(
                workspace=str(workspace), hashtags=HASHTAGS, max_requests=300, collect=True
            )
            found = discover_seeds(seeding, connect, progress=False)
            pairs = cl.detect_groups(cl.prep_data(found.posts, "text", timestamp_share="posted_at"))
            graph = cl.generate_coordinated_network(pairs, subgraph=1)
            seeds = add_seeds(found, list(graph), date=dates[0])
            print(
                f"discovery: {len(found.posts):,} videos, {len(seeds):,} seeds, {found.facts['n_requests']} requests"
            )
            listed = random.Random(5).sample(sorted(world.accounts["account_id"]), watched)
            with open_store(workspace / "coordlib.sqlite") as store:
                add_to_pool(store, sorted(listed), added_on=dates[0], reason="in a list", source="import")
                print(f"pool: {len(pool(store)):,} accounts of {accounts:,}")
            for date in dates:
                begin_day(service, date)
                begun = time.perf_counter()
                done = monitor_day(workspace, date, connect, Monitoring())
                counts = done.report.counts
                print(
                    f"{date} {time.perf_counter() - begun:5.1f} s {done.report.outcome:<16} {counts['n_posts']:>7,} posts "
                    f"{counts['pool_size']:>5,} in the pool {done.requests:>5,} requests {done.stopped or ''}",
                    flush=True,
                )
    finally:
        day_module.run_report = template
    wanted, lost = lost_rows(workspace, world)
    used = max(service.state.used.values())
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        every = runs(store)
        count = store.connection.execute
        truth = [run for run in every if run.kind == "monitor"][-1].facts["health"]["truth"]
        doubled = count(
            "SELECT count(*) - count(DISTINCT run_id || ' ' || content_id) FROM metrics"
        ).fetchone()[0]
        videos, requests = (
            count(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("posts", "requests")
        )
        failed = sum(run.status != "done" for run in every)
        size = len(pool(store))
    print(
        f"{len(dates)} days in {time.perf_counter() - started:.0f} s; days failed {failed}; videos {videos:,}; "
        f"requests {requests:,}; most requests a day {used:,} of 1,000; expected of finished account queries {wanted:,}, "
        f"lost {lost}; doubled {doubled}; pool {size:,}, precision {truth['precision']:.3f}, recall {truth['recall']:.3f}"
    )
    if failed or lost or doubled or used > 1000:
        sys.exit("a promise is broken")


def run_killed(workspace: Path, world: World, dates: list[str], kills: list[int]) -> int:
    """Monitor the days in a process that is killed after these numbers of answers; return how often it was."""
    service = Service(world, ServerConfig(now=world.start, quota=100_000))
    write_truth(world, workspace, dates)
    with open_store(workspace / "coordlib.sqlite") as store:
        add_to_pool(store, world.planted_accounts[::2], added_on=dates[0], reason="seed", source="seed")
    answered, killed = 0, 0
    child: subprocess.Popen[bytes] | None = None
    answer = service.answer
    waiting = sorted(kills)

    def counted(*arguments: object, **options: object) -> object:
        nonlocal answered, killed
        answered += 1
        reply = answer(*arguments, **options)  # type: ignore[arg-type]
        if waiting and answered >= waiting[0] and child is not None:
            waiting.pop(0)
            killed += 1
            os.kill(child.pid, signal.SIGKILL)
        return reply

    service.answer = counted  # type: ignore[method-assign, assignment]
    with running_server(world, service=service) as address:
        while True:
            child = subprocess.Popen(
                [sys.executable, str(CHILD), str(workspace), address, "100000", *dates],
                stdout=subprocess.DEVNULL,
            )
            code = child.wait()
            if code == 0:
                return killed
            if code != -signal.SIGKILL:
                sys.exit(f"the monitored process ended with {code}")


def killed_equals_undisturbed(accounts: int, days: int, kills: int, folder: Path) -> None:
    """Compare a run killed many times with one that was left alone."""
    world = build_world(accounts, days, seed=6)
    dates = world.dates
    run_killed(folder / "undisturbed", world, dates, [])
    with open_store(folder / "undisturbed" / "coordlib.sqlite", read_only=True) as store:
        total = store.connection.execute("SELECT count(*) FROM requests").fetchone()[0]
    # The killed run answers at least as many requests as the undisturbed one, so every kill finds its moment.
    moments = sorted(random.Random(6).sample(range(1, total), min(kills, total - 1)))
    killed = run_killed(folder / "killed", world, dates, moments)
    one, other = contents(folder / "undisturbed"), contents(folder / "killed")
    different = [name for name in COMPARED if one[name] != other[name]]
    print(
        f"killed {killed} times in {total} requests over {days} days: "
        f"{'the same store' if not different else 'DIFFERENT ' + ', '.join(different)} "
        f"({', '.join(f'{len(rows):,} {name}' for name, rows in one.items())})"
    )
    if different:
        sys.exit("a promise is broken")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=4000, help="accounts in the world")
    parser.add_argument("--watched", type=int, default=3000, help="accounts of a list that joins the seeds")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--pages", action="store_true", help="run the notebooks too")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="coordlib-monitor-"))
    try:
        if options.days:
            monitored(
                folder / "monitored", options.accounts, options.watched, options.days, pages=options.pages
            )
        if options.kills:
            killed_equals_undisturbed(400, 10, options.kills, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
