"""What a simulated service answers is marked as simulated, and never mixed with real posts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from coordlib.errors import ParameterError
from coordlib.places import Workspace
from coordlib.report.configuration import is_simulated
from coordlib.runs.connect import SIMULATED_CREDENTIALS, connector, mark_origin
from coordlib.runs.monitor import monitor_day
from coordlib.simulate import World
from coordlib.simulate.service import ServerConfig, running_server
from coordlib.store import open_store
from coordlib.store.pool import add_to_pool
from coordlib.store.stored_posts import upsert_posts
from coordlib.tiktok import Credentials, Query, TikTokResearch, any_of


def watch(place: Workspace, names: list[str], day: str) -> None:
    with open_store(place.database) as store:
        add_to_pool(store, names, added_on=day, reason="seed", source="seed")


def test_a_day_monitored_by_its_address_alone_is_marked(
    small_world: World, tmp_path: Path, without_pages: None
) -> None:
    place, day = Workspace(tmp_path / "w"), "2026-09-04"
    watch(place, small_world.planted_accounts, "2026-09-01")
    with running_server(small_world, ServerConfig()) as address:
        done = monitor_day(place, day, connector(50, address, SIMULATED_CREDENTIALS))
    assert done.report.date == day
    assert place.simulated and is_simulated(place.day_folder(day))


def test_simulated_answers_do_not_come_into_a_workspace_of_real_posts(
    small_world: World, tmp_path: Path
) -> None:
    place = Workspace(tmp_path / "w")
    with running_server(small_world) as address, open_store(place.database) as store:
        upsert_posts(store, [{"content_id": "1", "account_id": "real", "posted_at": 1_790_000_000}], 1)
        query = Query(and_=[any_of("username", small_world.planted_accounts[:5])])
        with (
            connector(50, address, SIMULATED_CREDENTIALS)(store, "r") as client,
            pytest.raises(
                ParameterError, match=r"holds real posts, and http://127.* answers with simulated ones"
            ),
        ):
            client.videos(query, "20260901", "20260903", progress=False)
        assert store.connection.execute("SELECT count(*) FROM posts").fetchone()[0] == 1
    assert not place.simulated


def test_real_answers_do_not_come_into_a_simulated_workspace(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "w")
    with open_store(place.database) as store:
        mark_origin(store, "http://127.0.0.1:1", simulated=True)
        assert place.simulated
        with pytest.raises(ParameterError, match="holds simulated posts"):
            mark_origin(store, "https://service.example", simulated=False)


def test_a_client_without_a_workspace_says_it_of_itself(small_world: World) -> None:
    with running_server(small_world) as address, TikTokResearch(SIMULATED_CREDENTIALS, address) as client:
        assert client.simulated is None
        client.user_info(small_world.planted_accounts[0])
        assert client.simulated is True
        assert "simulated" in repr(client)


def test_a_service_that_does_not_say_so_is_taken_for_real() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "clt.x", "expires_in": 7200}
        return httpx.Response(200, json=token | {"data": {"display_name": "x"}, "error": {"code": "ok"}})

    with TikTokResearch(Credentials("k", "s"), transport=httpx.MockTransport(service)) as client:
        client.user_info("one")
        assert client.simulated is False
