"""A small simulated world, its service on loopback, and a workspace that watches some of its accounts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coordlib.parameters import Monitoring
from coordlib.places import Workspace
from coordlib.runs import day as day_module
from coordlib.runs.connect import begin_day, connector
from coordlib.runs.day import replay_archive
from coordlib.runs.monitor import MonitoredDay, monitor_day
from coordlib.runs.notebooks import Decided
from coordlib.simulate import World, build_world
from coordlib.simulate.archive import write_archive, write_truth
from coordlib.simulate.service import ServerConfig, Service, running_server
from coordlib.store import Store, open_store
from coordlib.store.pool import add_to_pool
from coordlib.tiktok import Credentials, TikTokResearch

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from no_pages import decided_without_a_page


@dataclass
class Station:
    """A workspace, the service it asks, and the days there are."""

    root: Path
    world: World
    service: Service
    address: str
    days: list[str]
    daily: int = 1000

    @property
    def connect(self) -> Callable[[Store, str], TikTokResearch]:
        [client] = self.service.config.clients.items()
        return connector(self.daily, self.address, Credentials(*client), self.service)

    def monitor(self, date: str, *, again: bool = False, **parameters: object) -> MonitoredDay:
        """Monitor a day with the clock on its morning."""
        begin_day(self.service, date)
        options = Monitoring.load({"daily_requests": self.daily, "edge_weight": 0.5, **parameters})
        return monitor_day(self.root, date, self.connect, options, again=again)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with open_store(self.root / "coordlib.sqlite", read_only=True) as store:
            return [tuple(row) for row in store.connection.execute(sql)]


@pytest.fixture(scope="session")
def small_world() -> World:
    return build_world(accounts=120, days=4, seed=8)


@pytest.fixture
def station(small_world: World, tmp_path: Path) -> Iterator[Station]:
    """A station whose pool holds every second planted account."""
    service = Service(small_world, ServerConfig(now=small_world.start))
    days = small_world.dates
    write_truth(small_world, tmp_path / "w", days)
    with open_store(tmp_path / "w" / "coordlib.sqlite") as store:
        add_to_pool(store, small_world.planted_accounts[::2], added_on=days[0], reason="seed", source="seed")
    with running_server(small_world, service=service) as address:
        yield Station(tmp_path / "w", small_world, service, address, days)


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the notebook out: these tests look at what is collected, not at the page."""
    monkeypatch.setattr(day_module, "run_report", decided_without_a_page)


@pytest.fixture
def replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Two replayed days whose pages only say that they were made."""

    def page(
        workspace: Workspace, template: str, folder: Path, parameters: dict[str, Any], **options: object
    ) -> Decided:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.ipynb").write_text("made\n")
        return decided_without_a_page(workspace, template, folder, parameters)

    monkeypatch.setattr(day_module, "run_report", page)
    write_archive(build_world(accounts=300, days=2, seed=3), tmp_path / "a")
    place = Workspace(tmp_path / "w")
    replay_archive(tmp_path / "a", place.root)
    return place
