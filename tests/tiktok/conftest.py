"""A small scripted service behind httpx's MockTransport, and a clock that only moves when someone sleeps."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from coordlib.store import Store, open_store
from coordlib.tiktok import Credentials, TikTokResearch

LOG_ID = "20261123103045AABBCCDDEEFF00112233"
NOW = int(dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.UTC).timestamp())
SECRET, KEY, TOKEN = "s3cret-never-shown", "aw1-key-never-shown", "clt.2.token-never-shown"


def error(status: int, code: str, message: str = "") -> httpx.Response:
    """An error in the service's envelope."""
    return httpx.Response(
        status, json={"data": {}, "error": {"code": code, "message": message, "log_id": LOG_ID}}
    )


def success(data: dict[str, Any]) -> httpx.Response:
    """A good answer in the service's envelope."""
    return httpx.Response(200, json={"data": data, "error": {"code": "ok", "message": "", "log_id": LOG_ID}})


def video_id(moment: int, number: int) -> int:
    """An id as the service makes them: its upper half is close to the time of creation."""
    return ((moment - 33) << 32) | number


@dataclass
class FakeTime:
    """UTC seconds that pass only while sleeping."""

    now: float = NOW
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class FakeService:
    """Answers video queries from a list of videos; ``before`` may answer first, to script faults."""

    videos: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[[httpx.Request, dict[str, Any]], httpx.Response | None] = lambda request, body: None
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: int = 0
    lifetime: int = 7200
    searches: int = 0
    dropped: frozenset[int] = frozenset()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/oauth/token/":
            self.tokens += 1
            return httpx.Response(
                200, json={"access_token": TOKEN, "expires_in": self.lifetime, "token_type": "Bearer"}
            )
        is_json = request.headers.get("content-type", "").startswith("application/json")
        body = json.loads(request.content) if is_json else {}
        self.requests.append((request.url.path, body))
        answer = self.before(request, body)
        return answer if answer is not None else self.search(body)

    def search(self, body: dict[str, Any]) -> httpx.Response:
        if body.get("cursor") and not body.get("search_id"):
            return error(400, "invalid_params", "Invalid count or cursor")
        found = sorted((v for v in self.videos if matches(v, body)), key=lambda v: -v["id"])
        first, size = body.get("cursor", 0), body.get("max_count", 20)
        self.searches += not body.get("search_id")
        page = [video for video in found[first : first + size] if video["id"] not in self.dropped]
        return success(
            {
                "videos": page,
                "cursor": first + size,
                "has_more": first + size < len(found),
                "search_id": body.get("search_id") or str((NOW << 32) + self.searches),
            }
        )


def matches(video: dict[str, Any], body: dict[str, Any]) -> bool:
    """Whether a video is in the period and fits the query's username and keyword conditions."""
    day = dt.datetime.fromtimestamp(video["create_time"], dt.UTC).strftime("%Y%m%d")
    if not body["start_date"] <= day <= body["end_date"]:
        return False

    def holds(item: dict[str, Any]) -> bool:
        if item["field_name"] == "username":
            return video["username"] in item["field_values"]
        if item["field_name"] == "video_id":
            return str(video["id"]) in item["field_values"]
        if item["field_name"] == "keyword":
            return any(
                value.casefold() in video["video_description"].casefold() for value in item["field_values"]
            )
        return True

    query = body["query"]
    return all(map(holds, query.get("and", []))) and not any(map(holds, query.get("not", [])))


def make_videos(
    days: int, per_day: int, *, users: int = 5, start: dt.date = dt.date(2026, 11, 1)
) -> list[dict[str, Any]]:
    """Videos spread evenly over days and accounts."""
    made = []
    for day in range(days):
        midnight = int(dt.datetime.combine(start, dt.time(), dt.UTC).timestamp()) + day * 86_400
        for number in range(per_day):
            moment = midnight + number * (86_399 // per_day)
            made.append(
                {
                    "id": video_id(moment, number),
                    "username": f"user{number % users}",
                    "create_time": moment,
                    "video_description": f"day {day} number {number}",
                    "view_count": number,
                }
            )
    return made


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store(":memory:") as opened:
        yield opened


@pytest.fixture
def connect(service: FakeService, time: FakeTime, store: Store) -> Iterator[Callable[..., TikTokResearch]]:
    """Make clients of the scripted service; they are closed after the test."""
    made: list[TikTokResearch] = []

    def make(credentials: Credentials | None = None, **options: Any) -> TikTokResearch:
        settings: dict[str, Any] = {
            "transport": httpx.MockTransport(service),
            "store": store,
            "clock": time.clock,
            "sleep": time.sleep,
            "min_interval": 0,
            **options,
        }
        made.append(TikTokResearch(credentials or Credentials(KEY, SECRET), **settings))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Callable[..., TikTokResearch]) -> TikTokResearch:
    return connect()


@pytest.fixture
def script() -> Any:
    """What tests script the service with."""

    class Script:
        LOG_ID, NOW, SECRET, KEY, TOKEN = LOG_ID, NOW, SECRET, KEY, TOKEN
        error = staticmethod(error)
        success = staticmethod(success)
        make_videos = staticmethod(make_videos)
        FakeTime = FakeTime

    return Script
