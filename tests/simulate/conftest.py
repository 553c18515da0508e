"""One simulated service behind a real socket, reset before each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from coordlib.simulate import World, build_world
from coordlib.simulate.service import ServerConfig, Service, running_server

FIELDS = "id,username,create_time,region_code,video_description"


class Sim:
    """A client that knows the token, and the service behind it to look into."""

    def __init__(self, client: httpx.Client, service: Service) -> None:
        self.http, self.service, self.world = client, service, service.world
        self.token = ""

    def sign_in(self) -> str:
        """Fetch a token."""
        form = {"client_key": "sim-key", "client_secret": "sim-secret", "grant_type": "client_credentials"}
        self.token = self.http.post("/v2/oauth/token/", data=form).json()["access_token"]
        return self.token

    def post(self, endpoint: str, body: Any, fields: str | None = None, **more: Any) -> httpx.Response:
        """Call a data endpoint."""
        headers = {"Authorization": f"Bearer {self.token}"}
        params = {"fields": fields} if fields else {}
        return self.http.post(f"/v2/research/{endpoint}/", params=params, json=body, headers=headers, **more)

    def query(
        self, *conditions: tuple[str, str, list[str]], fields: str = FIELDS, **body: Any
    ) -> httpx.Response:
        """Run a video query of AND conditions over the world's days."""
        clause = [{"field_name": f, "operation": o, "field_values": v} for f, o, v in conditions]
        everything = [{"field_name": "view_count", "operation": "GTE", "field_values": ["0"]}]
        start, end = "20260825", "20260910"
        return self.post(
            "video/query",
            {"query": {"and": clause or everything}, "start_date": start, "end_date": end, "max_count": 100}
            | body,
            fields,
        )

    def data(self, *conditions: tuple[str, str, list[str]], **body: Any) -> dict[str, Any]:
        """Run a query that must succeed and return its data."""
        answer = self.query(*conditions, **body)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    def faults(self, *faults: dict[str, Any]) -> None:
        """Switch faults on, over the admin endpoint."""
        answer = self.http.post("/__sim/faults", json={"faults": list(faults)})
        assert answer.status_code == 200, answer.text

    def configure(self, **values: Any) -> None:
        """Change settings of the running service."""
        self.service.config = ServerConfig(**values)

    def open_account(self) -> str:
        """Handle of an account that is public and has posted."""
        accounts = self.world.accounts
        busy = self.world.videos["account"].value_counts()
        return str(next(accounts["account_id"][k] for k in busy.index if not accounts["private"][k]))


@pytest.fixture(scope="session")
def sim_world() -> World:
    """A small world."""
    return build_world(accounts=200, days=10, seed=3)


@pytest.fixture(scope="session")
def sim_server(sim_world: World) -> Iterator[Sim]:
    """The server, started once."""
    service = Service(sim_world)
    with running_server(sim_world, service=service) as url, httpx.Client(base_url=url, timeout=10) as client:
        yield Sim(client, service)


@pytest.fixture
def sim(sim_server: Sim) -> Sim:
    """The server as new: no faults, no searches, the clock at the end of the world, signed in."""
    sim_server.service.config = ServerConfig()
    sim_server.faults()
    assert sim_server.http.post("/__sim/reset").status_code == 200
    sim_server.sign_in()
    return sim_server
