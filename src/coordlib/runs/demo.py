"""The whole system on a simulated world: discovery, ten monitored days, one of them corrected, one network in depth, the site."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from coordlib.errors import ParameterError
from coordlib.files import workspace_lock
from coordlib.parameters import ComponentAnalysis, Monitoring, SeedDiscovery
from coordlib.places import Workspace, project_root
from coordlib.report.configuration import SITE_FILE
from coordlib.report.words import plural
from coordlib.runs.analysis import analyse_component
from coordlib.runs.connect import SIMULATED_CREDENTIALS, begin_day, connector
from coordlib.runs.day import StoredRun
from coordlib.runs.discover import discover
from coordlib.runs.monitor import MonitoredDay, monitor_day
from coordlib.simulate.archive import write_truth
from coordlib.simulate.service import ServerConfig, Service, archive_faults, running_server
from coordlib.simulate.world import build_world
from coordlib.site.build import render_site
from coordlib.store import open_store
from coordlib.times import day_start

#: Faults of the demo are those measured in a real archive of error logs, on this seed.
FAULT_SEED = 4


def run_demo(
    workspace: Path | str,
    output: Path | str | None = None,
    *,
    accounts: int = 400,
    days: int = 10,
    seed: int = 1,
    engine: str = "auto",
    say: Callable[[str], None] = lambda text: None,
) -> tuple[list[MonitoredDay], Path]:
    """Run everything against a simulated Research API on loopback, in a new workspace; return the days and the site.

    `say` gets one line per step.
    """
    place = Workspace(Path(workspace))
    if place.database.exists():
        raise ParameterError(f"{place.root}: holds a workspace already; name a new folder for the demo")
    world = build_world(accounts=accounts, days=days, seed=seed)
    dates = world.dates
    settings, here = project_root() / "params" / "demo", {"workspace": str(place.root)}
    seeding = SeedDiscovery.from_yaml(settings / "seed-discovery.yml").model_copy(update=here)
    watching = Monitoring.from_yaml(settings / "monitor.yml")
    faults = archive_faults(dt.date.fromisoformat(dates[0]), days, FAULT_SEED)
    config = ServerConfig(now=world.start, quota=watching.daily_requests, faults=faults)
    service = Service(world, config)
    write_truth(world, place.root, dates)
    monitored: list[MonitoredDay] = []
    with running_server(world, service=service) as address:
        connect = connector(watching.daily_requests, address, SIMULATED_CREDENTIALS, service)
        begin_day(service, dates[0], hour=1)
        say(f"a simulated world of {accounts:,} accounts; first the discovery, then {plural(days, 'day')}")
        found, seeds, _ = discover(seeding, connect, date=dates[0])
        say(f"{dates[0]}  discovery: {len(found.posts):,} videos, {len(seeds):,} seeds")
        for date in tqdm(dates, desc="monitoring", unit="day", disable=None):
            begin_day(service, date)
            monitored.append(monitor_day(place, date, connect, watching))
            say(monitored[-1].line())
    if with_network := [day.report.date for day in monitored if day.report.outcome == "network"]:
        # A fixed threshold, as when the quantile was found wanting: the day's second version.
        corrected, now = with_network[len(with_network) // 2], float(day_start(dates[-1]) + 86_400)
        options = watching.daily().model_copy(update={**here, "min_weight": 4})
        with workspace_lock(place.root, "coordlib demo"), open_store(place.database) as store:
            run = StoredRun(store, place, f"monitor-{corrected}", corrected, lambda: now)
            again = run.report_again(options, grow_pool=False).line()
            say(f"{again} (once more, keeping edges of weight 4 or more: its second version)")
        say(f"{with_network[-1]}  its largest network in depth")
        analysis = ComponentAnalysis.load({**here, "date": with_network[-1]})
        analyse_component(analysis, published_at=now)
    shutil.copyfile(settings / SITE_FILE, place.root / SITE_FILE)
    say("the site is rendered")
    return monitored, render_site(place.root, output, engine=engine)
