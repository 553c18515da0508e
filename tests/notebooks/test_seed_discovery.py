"""Seed discovery, from the hashtag to the page and the pool."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest

from coordlib import add_seeds, discover_seeds
from coordlib.errors import CollectError, ParameterError, QuotaExhausted, StoreError
from coordlib.parameters import SeedDiscovery
from coordlib.runs.connect import SIMULATED_CREDENTIALS, Connect, connector
from coordlib.runs.discover import discover, discovery_name, raise_for_stop
from coordlib.simulate import World, build_world
from coordlib.simulate.archive import write_truth
from coordlib.simulate.service import ServerConfig, Service, running_server
from coordlib.store import open_store, stored_posts
from coordlib.store.pool import pool


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(accounts=200, days=2, seed=4)


@pytest.fixture(scope="module")
def service(world: World) -> Iterator[tuple[Service, str]]:
    service = Service(world, ServerConfig(now=world.start))
    with running_server(world, service=service) as address:
        yield service, address


def connect_to(service: Service, address: str) -> Connect:
    return connector(1000, address, SIMULATED_CREDENTIALS, service)


@pytest.fixture
def seeding(world: World, tmp_path: Path) -> SeedDiscovery:
    """A discovery of the hashtags planted networks use most."""
    planted = (world.accounts["network"] != "").to_numpy()[world.videos["account"]]
    counts = Counter(
        tag for caption in world.videos["caption"][planted] for tag in set(world.hashtags[caption])
    )
    tags = [tag for tag, _ in counts.most_common(3)]
    write_truth(world, tmp_path / "w", world.dates)
    return SeedDiscovery(workspace=str(tmp_path / "w"), hashtags=tags, edge_weight=0.3)


@pytest.mark.slow
def test_discovery_fills_the_pool_with_reasons_and_leaves_a_page(
    seeding: SeedDiscovery, service: tuple[Service, str], world: World, monkeypatch: pytest.MonkeyPatch
):
    day = world.dates[0]
    connect = connect_to(*service)
    read: list[object] = []
    table = stored_posts._table
    with monkeypatch.context() as watched_reads:
        watched_reads.setattr(stored_posts, "_table", lambda *given: read.append(given) or table(*given))
        found, seeds, decided = discover(seeding, connect, date=day)
    assert len(read) == 2, "docs/architecture.md says so; the notebook reads in a process of its own"
    assert set(seeds) & set(world.planted_accounts)
    with open_store(Path(seeding.workspace) / "coordlib.sqlite", read_only=True) as store:
        watched = pool(store, before=day)
    assert watched["account_id"].tolist() == sorted(seeds)
    assert watched["reason"].str.startswith("posted together with others among the videos of #").all()
    assert set(watched["source"]) == {"seed"}
    assert decided.folder == Path(seeding.workspace) / "reports" / "analyses" / found.name
    notebook = nbformat.read(decided.folder / "index.ipynb", as_version=4)
    shown = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    assert seeds[0] in shown
    number = len(seeds)
    assert f"{number:,} accounts in " in shown
    assert f"{number} of {number} accounts can enter the pool" in shown
    assert decided.run.new_accounts == seeds

    # Accounts a researcher leaves out do not enter the pool.
    with open_store(Path(seeding.workspace) / "coordlib.sqlite") as store:
        store.connection.execute("DELETE FROM accounts")
    careful = seeding.model_copy(update={"leave_out": seeds[:1]})
    _, chosen, decided = discover(careful, connect, date=day)
    assert chosen == seeds[1:]
    assert seeds[0] in decided.accounts["account_id"].tolist()


def test_what_was_collected_is_read_again_without_asking(
    seeding: SeedDiscovery, service: tuple[Service, str]
):
    connect = connect_to(*service)
    first = discover_seeds(seeding.model_copy(update={"collect": True}), connect, progress=False)
    asked = dict(service[0].state.calls)
    dates = dict(zip(("start", "end"), first.facts["period"], strict=True))
    again = discover_seeds(SeedDiscovery.load({**seeding.for_notebook(), **dates}))
    assert dict(service[0].state.calls) == asked
    assert again.posts.equals(first.posts)


def test_seeds_are_added_once(seeding: SeedDiscovery, service: tuple[Service, str]):
    options = seeding.model_copy(update={"collect": True})
    found = discover_seeds(options, connect_to(*service), progress=False)
    assert add_seeds(found, ["b", "a"], date="2026-09-01") == ["a", "b"]
    assert add_seeds(found, ["b", "a"], date="2026-09-02") == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"regions": ["UK"]}, "region_code 'UK'"),
        ({"hashtags": ["two words"]}, "one hashtag a value"),
        ({"start": "2026-11-20", "end": "2026-11-10"}, "exchange them"),
    ],
)
def test_what_the_service_would_refuse_is_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, object], words: str
):
    values = {"workspace": str(tmp_path / "new"), "hashtags": ["x"], "collect": True, **wrong}
    with pytest.raises(ParameterError, match=words):
        discover_seeds(SeedDiscovery.load(values))
    assert not (tmp_path / "new").exists()


def test_a_discovery_that_is_not_stored_says_how_to_get_it(seeding: SeedDiscovery):
    with open_store(Path(seeding.workspace) / "coordlib.sqlite"):
        pass
    dated = SeedDiscovery.load({**seeding.for_notebook(), "start": "2026-08-01", "end": "2026-08-02"})
    with pytest.raises(StoreError, match="coordlib discover"):
        discover_seeds(dated)


def test_the_requests_are_capped_and_the_next_call_goes_on(
    seeding: SeedDiscovery, service: tuple[Service, str]
):
    connect = connect_to(*service)
    capped = discover_seeds(
        seeding.model_copy(update={"collect": True, "max_requests": 1}), connect, progress=False
    )
    with pytest.raises(QuotaExhausted, match="videos are stored"):
        raise_for_stop(capped)
    whole = discover_seeds(seeding.model_copy(update={"collect": True}), connect, progress=False)
    raise_for_stop(whole)
    assert len(whole.posts) > len(capped.posts)


def test_a_service_that_returns_nothing_at_all_is_no_success_and_the_next_call_asks_again(
    seeding: SeedDiscovery, service: tuple[Service, str], monkeypatch: pytest.MonkeyPatch
):
    options, connect = seeding.model_copy(update={"collect": True}), connect_to(*service)
    with monkeypatch.context() as patch:
        patch.setattr(service[0].catalogue, "listed", np.zeros_like(service[0].catalogue.listed))
        with pytest.raises(CollectError, match="says nothing about the hashtag; start again"):
            raise_for_stop(discover_seeds(options, connect, progress=False))
    whole = discover_seeds(options, connect, progress=False)
    raise_for_stop(whole)
    assert len(whole.posts)


@pytest.mark.parametrize("tags", [["../../etc"], ["наш"], ["a b", "c"], ["#x"]])
def test_a_hashtag_never_leaves_the_folder_of_analyses(tags: list[str]):
    name = discovery_name(SeedDiscovery(hashtags=tags), (dt.date(2026, 11, 1), dt.date(2026, 11, 2)))
    assert "/" not in name and ".." not in name and name.startswith("seed-")


def test_long_lists_of_hashtags_that_begin_alike_are_two_discoveries():
    first, other = ([*map("tea{}".format, range(20)), last] for last in ("yes", "zoo"))
    period = dt.date(2026, 11, 1), dt.date(2026, 11, 2)
    names = {discovery_name(SeedDiscovery(hashtags=tags), period) for tags in (first, other)}
    assert len(names) == 2 and max(map(len, names)) < 100
