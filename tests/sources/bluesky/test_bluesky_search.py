"""The search is paged, waits out rate limits and keeps its session, over a real socket."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from coordlib.errors import CredentialsError, ParameterError, QueryError, ServiceError
from coordlib.sources import BlueskySearch, Page, Position, Search, bluesky
from coordlib.sources.bluesky import (
    BlueskyCredentials,
    found_link_shares,
    found_shares,
    page_from_line,
    page_line,
)

URL = "https://news.example/a"
PASSWORD = "abcd-efgh-ijkl-mnop"
START = dt.datetime(2025, 11, 8, tzinfo=dt.UTC)


def post(
    number: int, url: str = URL, author: str = "did:plc:tea", created: str | None = None
) -> dict[str, Any]:
    moment = bluesky.stamp(START + dt.timedelta(seconds=number))
    return {
        "uri": f"at://{author}/app.bsky.feed.post/{number}",
        "author": {"did": author, "handle": "tea.example", "displayName": "Tea"},
        "record": {
            "createdAt": created or moment,
            "text": "read this",
            "embed": {"$type": "app.bsky.embed.external", "external": {"uri": url}},
        },
        "indexedAt": moment,
        "likeCount": 3,
        "repostCount": 1,
        "replyCount": 0,
    }


class Service(ThreadingHTTPServer):
    """A small post search: newest first, cursor paging, a session, and trouble on demand."""

    daemon_threads = True

    def __init__(self, posts: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts = sorted(posts, key=lambda item: item["record"]["createdAt"], reverse=True)
        self.trouble: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.requests: list[dict[str, str]] = []
        self.logins = 0
        self.session = "token-1"
        self.needs_session = False
        self.deepest = 10_000
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.logins += 1
        if body["password"] != PASSWORD:
            return self.answer(401, {"error": "AuthenticationRequired"})
        return self.answer(200, {"accessJwt": self.server.session})

    def do_GET(self) -> None:
        service = self.server
        wanted = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        service.requests.append(wanted)
        if service.trouble:
            status, headers, body = service.trouble.pop(0)
            return self.answer(status, body, headers)
        if service.needs_session and self.headers.get("authorization") != f"Bearer {service.session}":
            known = self.headers.get("authorization") is not None
            return self.answer(400 if known else 403, {"error": "ExpiredToken" if known else "AuthMissing"})
        found = [item for item in service.posts if self.matches(item, wanted)]
        start, limit = int(wanted.get("cursor", 0)), int(wanted["limit"])
        end = min(start + limit, service.deepest)
        body = {"posts": found[start:end]}
        if end < min(len(found), service.deepest):
            body["cursor"] = str(end)
        return self.answer(200, body, service.headers)

    @staticmethod
    def matches(item: dict[str, Any], wanted: dict[str, str]) -> bool:
        moment, link = item["record"]["createdAt"], item["record"]["embed"]["external"]["uri"]
        return (
            wanted.get("since", "") <= moment < wanted.get("until", "9")
            and link == wanted.get("url", link)
            and urlsplit(link).hostname == wanted.get("domain", urlsplit(link).hostname)
        )

    def answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service([post(number) for number in range(250)]) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now, self.waits = 1000.0, list[float]()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def waiting() -> Time:
    return Time()


def client(service: Service, waiting: Time, credentials: BlueskyCredentials | None = None) -> BlueskySearch:
    return BlueskySearch(credentials, base_url=service.url, clock=waiting.clock, sleep=waiting.sleep)


LOGIN = BlueskyCredentials("tea.example", PASSWORD)


def uris(pages: list[Page]) -> list[str]:
    return [item["uri"] for page in pages for item in page.posts]


def test_all_pages_come_and_each_post_once(service: Service, waiting: Time) -> None:
    with client(service, waiting) as search:
        pages = list(search.pages(Search(URL)))
    assert [len(page.posts) for page in pages] == [100, 100, 50, 0]
    assert len(set(uris(pages))) == 250
    assert pages[-1].position.done
    assert service.requests[0] == {"q": "*", "url": URL, "sort": "latest", "limit": "100"}
    assert waiting.waits == []


def test_a_search_goes_on_where_it_stopped(service: Service, waiting: Time) -> None:
    with client(service, waiting) as search:
        first = next(search.pages(Search(URL)))
        rest = list(search.pages(Search(URL), first.position))
        assert list(search.pages(Search(URL), rest[-1].position)) == []
    assert len(set(uris([first, *rest]))) == 250


def test_a_search_the_service_cuts_short_goes_on_from_the_oldest_post(
    service: Service, waiting: Time
) -> None:
    service.deepest = 100
    with client(service, waiting) as search:
        pages = list(search.pages(Search(URL)))
    assert len(set(uris(pages))) == len(uris(pages)) == 250
    assert "until" in service.requests[1]


def test_the_period_and_the_domain_are_asked_for(service: Service, waiting: Time) -> None:
    service.posts.append(post(20, "https://other.example/b"))
    asked = Search("other.example", "domain", START, START + dt.timedelta(seconds=30))
    with client(service, waiting) as search:
        assert uris(list(search.pages(asked))) == ["at://did:plc:tea/app.bsky.feed.post/20"]
        short = Search(URL, since=START + dt.timedelta(seconds=10), until=START + dt.timedelta(seconds=12))
        assert len(uris(list(search.pages(short)))) == 2


def test_a_rate_limit_is_waited_out(service: Service, waiting: Time) -> None:
    service.trouble = [
        (429, {"ratelimit-reset": "1042", "ratelimit-remaining": "0"}, {"error": "RateLimitExceeded"})
    ]
    with client(service, waiting) as search:
        assert len(uris(list(search.pages(Search(URL))))) == 250
    assert waiting.waits == [42.0]


def test_the_client_stops_before_the_limit_is_broken(service: Service, waiting: Time) -> None:
    service.headers = {"ratelimit-remaining": "0", "ratelimit-reset": "1005"}
    with client(service, waiting) as search:
        list(search.pages(Search(URL)))
    assert waiting.waits == [5.0]


def test_a_limit_that_lifts_too_late_ends_the_run(service: Service, waiting: Time) -> None:
    service.trouble = [(429, {"retry-after": "7200"}, {})]
    with client(service, waiting) as search, pytest.raises(ServiceError, match="in 120 minutes"):
        list(search.pages(Search(URL)))


def test_a_failing_service_is_tried_again_and_then_reported(service: Service, waiting: Time) -> None:
    service.trouble = [(502, {}, {}), (500, {}, {})]
    with client(service, waiting) as search:
        assert len(uris(list(search.pages(Search(URL))))) == 250
        assert waiting.waits == [2.0, 4.0]
        service.trouble = [(502, {}, {})] * 5
        with pytest.raises(ServiceError, match="no answer after 5 tries"):
            list(search.pages(Search(URL)))


def test_a_session_is_opened_once_and_renewed_when_it_ends(service: Service, waiting: Time) -> None:
    service.needs_session = True
    with client(service, waiting, LOGIN) as search:
        pages = search.pages(Search(URL))
        found = [next(pages)]
        assert service.logins == 1
        service.session = "token-2"
        found += list(pages)
    assert len(uris(found)) == 250
    assert service.logins == 2


def test_a_search_that_needs_a_session_says_how_to_get_one(service: Service, waiting: Time) -> None:
    service.needs_session = True
    with (
        client(service, waiting) as search,
        pytest.raises(CredentialsError, match="COORDLIB_BLUESKY_APP_PASSWORD"),
    ):
        list(search.pages(Search(URL)))


def test_refused_credentials_are_never_shown(service: Service, waiting: Time) -> None:
    service.needs_session = True
    wrong = BlueskyCredentials("tea.example", "wrong-secret")
    with client(service, waiting, wrong) as search, pytest.raises(CredentialsError) as caught:
        list(search.pages(Search(URL)))
    assert "wrong-secret" not in str(caught.value) + repr(wrong) + repr(search)


def test_a_refused_query_is_reported_with_the_services_words(service: Service, waiting: Time) -> None:
    service.trouble = [(400, {}, {"error": "BadQueryString", "message": "bad\nquery"})]
    with client(service, waiting) as search, pytest.raises(QueryError, match="BadQueryString bad query"):
        list(search.pages(Search(URL)))


def test_a_password_is_only_sent_encrypted() -> None:
    with pytest.raises(ParameterError, match="https"):
        BlueskySearch(LOGIN, base_url="http://bsky.example")


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [("news.example/a", "url", "not a web address"), ("https://news.example", "domain", "not a domain")],
)
def test_a_search_is_checked_before_it_is_sent(target: str, kind: Any, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Search(target, kind)


def test_a_period_has_to_go_forward() -> None:
    with pytest.raises(QueryError, match="before"):
        Search(URL, since=START, until=START)


def test_credentials_come_from_the_environment_whole_or_not_at_all() -> None:
    assert BlueskyCredentials.from_environment({}) is None
    both = {"COORDLIB_BLUESKY_HANDLE": "@tea.example", "COORDLIB_BLUESKY_APP_PASSWORD": "x"}
    found = BlueskyCredentials.from_environment(both)
    assert found is not None
    assert found.handle == "tea.example"
    with pytest.raises(CredentialsError, match="only one"):
        BlueskyCredentials.from_environment({"COORDLIB_BLUESKY_HANDLE": "tea.example"})


def page(url: str, *posts: dict[str, Any]) -> Page:
    return Page(Search(url), list(posts), Position(done=True))


def test_posts_become_shares_of_the_address_asked_for() -> None:
    lying = post(5, author="did:plc:clock", created="1999-01-01T00:00:00Z")
    shares = found_shares([page(URL, post(7), lying), page("https://b.example/", post(7))])
    assert shares["object_id"].to_list() == ["https://b.example/", URL, URL]
    assert shares["timestamp_share"].to_list() == [1762560007, 1762560005, 1762560007]
    assert shares["account_id"].to_list() == ["did:plc:tea", "did:plc:clock", "did:plc:tea"]
    assert shares["timestamp_share"].dtype == "int64"


def test_posts_become_the_table_of_link_shares() -> None:
    table = found_link_shares([page(URL, post(1), post(2, url=URL + "?ref=x"))])
    assert table["is_orig"].to_list() == [True, False]
    assert table["account.url"].unique().tolist() == ["https://bsky.app/profile/did:plc:tea"]
    assert table["date"].to_list() == [1762560001, 1762560002]
    assert table["statistics.actual.likeCount"].to_list() == [3, 3]
    assert table["account.name"].to_list() == ["Tea", "Tea"]


def test_nothing_found_is_an_empty_table_with_its_columns() -> None:
    assert found_shares([page(URL)]).empty
    assert found_shares([])["timestamp_share"].dtype == "int64"
    assert list(found_link_shares([page(URL)]))[:2] == ["expanded", "date"]


def test_a_page_survives_being_written_down() -> None:
    since = dt.datetime(2025, 11, 8, 1, 2, 3, 4567)  # noqa: DTZ001 - a time without a zone is taken as UTC
    odd = post(1) | {"note": "half a character \ud800"}
    written = Page(Search(URL, since=since), [odd], Position("7", None, False))
    page_line(written).encode("utf-8")
    assert page_from_line(page_line(written)) == written
    with pytest.raises(ValueError):
        page_from_line(page_line(written)[:-5])


class Index:
    """A post search in process: newest first, a ceiling, hidden posts, empty pages, and an order of its own."""

    def __init__(
        self,
        n: int,
        ceiling: int = 10_000,
        *,
        claims: dict[int, str] | None = None,
        by_claim: bool = False,
        hidden: Callable[[int], bool] = lambda i: False,
        empty: tuple[int, ...] = (),
        ignores_until: bool = False,
        lost: tuple[int, ...] = (),
    ) -> None:
        self.ceiling, self.hidden, self.empty, self.ignores_until = ceiling, hidden, empty, ignores_until
        self.lost = lost  # answers that fail without saying so
        self.claims, self.by_claim, self.requests = claims or {}, by_claim, list[dict[str, str]]()
        self.order = sorted(range(n), key=self.key, reverse=True)

    def key(self, number: int) -> str:
        indexed = bluesky.stamp(START + dt.timedelta(seconds=number))
        return min(indexed, self.claims.get(number, indexed)) if self.by_claim else indexed

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = dict(request.url.params)
        self.requests.append(asked)
        until = asked.get("until", "9")
        if not until.startswith(("20", "9")):
            return httpx.Response(
                400, json={"error": "InvalidRequest", "message": "until must be a datetime"}
            )
        found = [i for i in self.order if self.ignores_until or self.key(i) < until]
        start = int(asked.get("cursor", 0))
        numbers = [i for i in found[start : start + 100] if not self.hidden(i)]
        if start // 100 in self.empty and until == "9":
            numbers = []
        if len(self.requests) in self.lost:
            numbers = []
        body: dict[str, Any] = {"posts": [post(i, created=self.claims.get(i)) for i in numbers]}
        if start + 100 < min(len(found), self.ceiling):
            body["cursor"] = str(start + 100)
        return httpx.Response(200, json=body)

    def collect(self) -> tuple[int, int, Page]:
        """Return distinct posts, repeated ones, and the last page."""
        with BlueskySearch(transport=httpx.MockTransport(self), sleep=lambda _: None) as search:
            pages = list(search.pages(Search(URL)))
        found = uris(pages)
        return len(set(found)), len(found) - len(set(found)), pages[-1]


FALSE = {
    1550: "1970-01-01T00:00:00.000Z",
    1551: "0001-10-14T00:00:00.000Z",
    7: "9999-12-31T23:59:59.000Z",
    1600: "tea",
}


@pytest.mark.parametrize(
    ("network", "there"),
    [
        # github.com/bluesky-social/atproto issues 2199 (a ceiling), 2127 and PR 5375 (hidden posts, empty pages).
        (Index(2_500, 1_000), 2_500),
        (Index(2_500, 1_000, hidden=lambda i: i % 33 == 0), 2_424),
        (Index(2_500, empty=(3,)), 2_500),
        (Index(2_500, empty=(3, 4, 9)), 2_500),
        # medialab/minet, docs/cookbook/bsky_api_issues_and_tips.md: dates that clients made up.
        (Index(2_500, 1_000, claims=FALSE), 2_500),
        (Index(2_500, 1_000, claims=FALSE, by_claim=True), 2_500),
        (
            Index(
                2_500,
                1_000,
                claims=dict.fromkeys(range(2000, 2400), "2025-01-02T00:00:00.000Z"),
                by_claim=True,
            ),
            2_500,
        ),
        (Index(100, 100), 100),
        (Index(0), 0),
    ],
)
def test_a_search_ends_when_it_is_proved_complete(network: Index, there: int) -> None:
    found, repeated, last = network.collect()
    assert (found, repeated, last.position.done, last.position.doubt) == (there, 0, True, "")


@pytest.mark.parametrize(
    ("network", "doubt"),
    [
        (Index(2_500, 1_000, ignores_until=True), "one moment"),
        (
            Index(2_500, 1_000, claims=dict.fromkeys(range(2400), "2025-01-02T00:00:00.000Z"), by_claim=True),
            "one moment",
        ),
        # Whole pages hidden, and pages lost again and again, look alike.
        (Index(2_500, 1_000, hidden=lambda i: 600 <= i < 1_300), "came back empty"),
        (Index(2_500, 1_000, lost=(3, 4, 5, 6)), "came back empty"),
    ],
)
def test_what_cannot_be_proved_complete_says_so(network: Index, doubt: str) -> None:
    found, _, last = network.collect()
    assert 1_000 <= found < 2_500
    assert last.position.done and doubt in last.position.doubt


def test_pages_without_anything_new_end() -> None:
    count = itertools.count(1)

    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"posts": [post(1)], "cursor": str(next(count))})

    with BlueskySearch(transport=httpx.MockTransport(endless)) as search:
        *_, last = search.pages(Search(URL))
    assert "150 pages in a row" in last.position.doubt


def test_a_star_the_service_refuses_is_replaced_by_the_address(service: Service, waiting: Time) -> None:
    # github.com/bluesky-social/atproto issue 3258
    service.trouble = [
        (400, {}, {"error": "BadRequest", "message": "use the public firehose or Jetstream to get all posts"})
    ]
    with client(service, waiting) as search:
        *_, last = search.pages(Search(URL, since=START))
    assert [asked["q"] for asked in service.requests[:2]] == ["*", URL]
    assert "without words" in last.position.doubt


def test_a_secret_the_service_repeats_is_taken_out(service: Service, waiting: Time) -> None:
    service.needs_session = True
    encoded = base64.b64encode(f"tea.example:{PASSWORD}".encode()).decode()
    with client(service, waiting, LOGIN) as search:
        next(search.pages(Search(URL)))
        service.trouble = [(400, {}, {"error": "Bad", "message": f"{encoded} {service.session}"})]
        with pytest.raises(QueryError) as caught:
            next(search.pages(Search(URL)))
    assert "[hidden] [hidden]" in str(caught.value)
