"""Who posted these addresses on Bluesky, and when: ``app.bsky.feed.searchPosts`` page by page.

The network is open, but its search answers further pages only to a session, so an app password is
wanted for anything beyond the first page (github.com/bluesky-social/atproto, issues 2838 and 3583).
Deleted posts are gone from the search: collect again before publishing.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import httpx
import tenacity
from dotenv import dotenv_values

from coordlib.errors import CredentialsError, ParameterError, QueryError, ServiceError

PUBLIC_URL = "https://api.bsky.app"
SESSION_URL = "https://bsky.social"
PAGE_SIZE = 100
MAX_ATTEMPTS = 5
#: Longest wait for a rate limit to be lifted, seconds; the service's windows are five minutes.
MAX_WAIT = 900.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SEARCH, _LOGIN = "app.bsky.feed.searchPosts", "com.atproto.server.createSession"
_HINT = (
    "set COORDLIB_BLUESKY_HANDLE and COORDLIB_BLUESKY_APP_PASSWORD (an app password, not the account's own)"
)


@dataclass(frozen=True)
class BlueskyCredentials:
    """A handle and an app password; neither shows in ``repr``."""

    handle: str = field(repr=False)
    app_password: str = field(repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str | None] | None = None) -> BlueskyCredentials | None:
        """Return the credentials of the environment or of ``.env``, None where there are none.

        Raises
        ------
        CredentialsError
            Only one of the two is set.
        """
        values = {**dotenv_values(".env"), **os.environ} if environ is None else environ
        handle, password = values.get("COORDLIB_BLUESKY_HANDLE"), values.get("COORDLIB_BLUESKY_APP_PASSWORD")
        if not handle and not password:
            return None
        if not handle or not password:
            raise CredentialsError(f"Bluesky: only one of handle and app password is there; {_HINT}")
        return cls(handle.removeprefix("@"), password)


@dataclass(frozen=True)
class Search:
    """One search: posts that link to an address or a domain, in a period.

    Attributes
    ----------
    target
        The address or the domain.
    kind
        Which of the two it is.
    since, until
        UTC; `since` is included, `until` is not. None: open.
    """

    target: str
    kind: Literal["url", "domain"] = "url"
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment is not None:
                # To the millisecond, as the service takes it: what is written down reads back equal.
                object.__setattr__(self, name, dt.datetime.fromisoformat(stamp(moment)))
        if self.kind == "url" and urlsplit(self.target).scheme not in {"http", "https"}:
            raise QueryError(f"'{self.target[:80]}' is not a web address; give it with http:// or https://")
        if self.kind == "domain" and ("/" in self.target or "." not in self.target):
            raise QueryError(f"'{self.target[:80]}' is not a domain; give it like news.example")
        if self.since and self.until and self.since >= self.until:
            raise QueryError(f"since ({stamp(self.since)}) has to be before until ({stamp(self.until)})")


@dataclass(frozen=True)
class Position:
    """Where a search stands: enough to continue it later, in another process.

    Where the service stops handing out cursors before the end, the search goes on from the oldest
    post seen (`until`).
    """

    cursor: str | None = None
    until: str | None = None
    done: bool = False


@dataclass(frozen=True)
class Page:
    """One answer: the posts as the service gave them, and where the search stands after it."""

    search: Search
    posts: list[dict[str, Any]]
    position: Position


class _Again(Exception):
    def __init__(self, wait: float, reason: str) -> None:
        super().__init__(reason)
        self.wait = wait


class BlueskySearch:
    """A client of the post search that waits out rate limits and keeps its session.

    Parameters
    ----------
    credentials
        None searches without a session: first pages only, where the service allows that.
    base_url
        Another service than Bluesky's own.
    transport
        An httpx transport, for tests.
    clock, sleep
        UTC seconds, and how to wait.

    Examples
    --------
    >>> def service(request):  # in place of the network
    ...     return httpx.Response(200, json={"posts": [{"uri": "at://did:plc:ann/app.bsky.feed.post/1",
    ...         "author": {"did": "did:plc:ann"}, "record": {"createdAt": "2026-01-02T10:00:00Z"}}]})
    >>> with BlueskySearch(transport=httpx.MockTransport(service)) as client:
    ...     [len(page.posts) for page in client.pages(Search("https://n.example/a"))]
    [1]
    """

    def __init__(
        self,
        credentials: BlueskyCredentials | None = None,
        *,
        base_url: str | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        url = base_url or (SESSION_URL if credentials else PUBLIC_URL)
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ParameterError(f"Bluesky service '{url}': has to begin with https://")
        self._credentials, self._clock, self._sleep = credentials, clock, sleep
        self._http = httpx.Client(
            base_url=url, transport=transport, timeout=httpx.Timeout(60, connect=10),
            headers={"User-Agent": "coordlib", "Accept": "application/json"},
        )  # fmt: skip
        self._token: str | None = None
        self._free_at = 0.0

    @classmethod
    def from_environment(cls) -> Self:
        """Build a client from ``COORDLIB_BLUESKY_HANDLE``, ``…_APP_PASSWORD`` and ``…_URL``."""
        return cls(
            BlueskyCredentials.from_environment(), base_url=os.environ.get("COORDLIB_BLUESKY_URL") or None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def pages(self, search: Search, position: Position | None = None) -> Iterator[Page]:
        """Yield the pages of a search, newest posts first, from a position on.

        Raises
        ------
        CredentialsError
            The service wants a session, or refuses the credentials.
        QueryError
            The service refuses the search.
        ServiceError
            It fails, or keeps asking to wait.
        """
        position = position or Position()
        seen: set[str] = set()
        while not position.done:
            answer = self._get(_parameters(search, position))
            posts = [post for post in _list(answer.get("posts")) if isinstance(post.get("uri"), str)]
            fresh = [post for post in posts if post["uri"] not in seen]
            seen.update(post["uri"] for post in fresh)
            position = _after(answer, position, posts, bool(fresh))
            yield Page(search, fresh, position)

    def _get(self, parameters: dict[str, str]) -> dict[str, Any]:
        return self._retrying(lambda: self._search(parameters))

    def _retrying(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(MAX_ATTEMPTS),
            retry=tenacity.retry_if_exception_type(_Again),
            wait=lambda state: _pause(state),
            sleep=self._sleep,
        )
        try:
            return retrying(call)
        except tenacity.RetryError as error:
            cause = error.last_attempt.exception()
            raise ServiceError(
                f"Bluesky: no answer after {MAX_ATTEMPTS} tries ({cause}); start again later, nothing is lost"
            ) from None

    def _search(self, parameters: dict[str, str]) -> dict[str, Any]:
        if self._credentials and self._token is None:
            self._token = self._login(self._credentials)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        response = self._send("GET", _SEARCH, params=parameters, headers=headers)
        name, message = _error(response)
        if response.status_code == 401 or name == "ExpiredToken":
            if self._credentials is None:
                raise CredentialsError(f"Bluesky wants a session for this search; {_HINT}")
            # A session lasts minutes to hours; a new one is a single request.
            self._token = None
            raise _Again(0.0, "the session ended")
        if response.status_code == 403:
            raise CredentialsError(
                f"Bluesky refuses this search ({message or 'forbidden'}); "
                + (
                    "is the app password still valid?"
                    if self._credentials
                    else f"further pages need a session: {_HINT}"
                )
            )
        if response.status_code != 200:
            raise QueryError(f"Bluesky refuses the search: {name or response.status_code} {message}".rstrip())
        return _object(response)

    def _login(self, credentials: BlueskyCredentials) -> str:
        body = {"identifier": credentials.handle, "password": credentials.app_password}
        response = self._send("POST", _LOGIN, json=body)
        if response.status_code in {400, 401, 403}:
            raise CredentialsError(f"Bluesky refuses the handle or the app password; {_HINT}")
        token = _object(response).get("accessJwt")
        if not isinstance(token, str):
            raise ServiceError("Bluesky: the answer to the login holds no session")
        return token

    def _send(self, method: str, name: str, **options: Any) -> httpx.Response:
        wait = self._free_at - self._clock()
        if wait > 0:
            self._sleep(min(wait, MAX_WAIT))
        try:
            response = self._http.request(method, f"/xrpc/{name}", **options)
        except httpx.HTTPError as error:
            # The text of a transport error can hold the request; its name is enough.
            raise _Again(2.0, type(error).__name__) from None
        reset = _number(response.headers.get("ratelimit-reset"))
        self._free_at = reset if reset and response.headers.get("ratelimit-remaining") == "0" else 0.0
        if response.status_code == 429:
            after = _number(response.headers.get("retry-after"))
            wait = after if after is not None else (reset - self._clock() if reset else 60.0)
            if wait > MAX_WAIT:
                raise ServiceError(
                    f"Bluesky: the rate limit lifts in {wait / 60:.0f} minutes; start again then, nothing is lost"
                )
            self._free_at = 0.0
            raise _Again(max(wait, 1.0), "rate limit")
        if response.status_code >= 500:
            raise _Again(2.0, f"HTTP {response.status_code}")
        return response


def stamp(moment: dt.datetime) -> str:
    """Write a moment as the service wants it: UTC, with a ``Z``."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return aware.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{aware.microsecond // 1000:03d}Z"


def page_line(page: Page) -> str:
    """Write a page as one line of JSON, so that a page and its position are kept together."""
    search = {
        "target": page.search.target,
        "kind": page.search.kind,
        "since": stamp(page.search.since) if page.search.since else None,
        "until": stamp(page.search.until) if page.search.until else None,
    }
    position = {"cursor": page.position.cursor, "until": page.position.until, "done": page.position.done}
    return json.dumps({"search": search, "position": position, "posts": page.posts})


def page_from_line(line: str) -> Page:
    """Read a page back; raises ValueError or KeyError for a line that was cut short."""
    value = json.loads(line)
    search = value["search"]
    moments = {
        name: dt.datetime.fromisoformat(search[name]) if search[name] else None for name in ("since", "until")
    }
    return Page(
        Search(search["target"], search["kind"], **moments), value["posts"], Position(**value["position"])
    )


def _parameters(search: Search, position: Position) -> dict[str, str]:
    until = position.until or (stamp(search.until) if search.until else None)
    wanted = {
        # The service wants a query beside its filters; a star finds everything.
        "q": "*",
        search.kind: search.target,
        "sort": "latest",
        "limit": str(PAGE_SIZE),
        "since": stamp(search.since) if search.since else None,
        "until": until,
        "cursor": position.cursor,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _after(answer: dict[str, Any], position: Position, posts: list[dict[str, Any]], fresh: bool) -> Position:
    cursor = answer.get("cursor")
    if isinstance(cursor, str) and cursor and fresh and cursor != position.cursor:
        return Position(cursor, position.until)
    # A full last page means the service stopped counting, not that there is no more.
    oldest = min((_moment(post) for post in posts), default="")
    if len(posts) >= PAGE_SIZE and fresh and oldest and oldest != position.until:
        return Position(None, oldest)
    return Position(None, position.until, done=True)


def _moment(post: dict[str, Any]) -> str:
    """Return the later bound for the next window: one millisecond after the post's own sort time."""
    record = post.get("record")
    times = [post.get("indexedAt"), record.get("createdAt") if isinstance(record, dict) else None]
    moments = []
    for text in times:
        try:
            moments.append(dt.datetime.fromisoformat(str(text)))
        except ValueError:
            continue
    aware = [moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC) for moment in moments]
    return stamp(min(aware) + dt.timedelta(milliseconds=1)) if aware else ""


def _pause(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    wait = error.wait if isinstance(error, _Again) else 1.0
    return float(wait * 2 ** (state.attempt_number - 1)) if wait == 2.0 else wait


def _error(response: httpx.Response) -> tuple[str, str]:
    if response.status_code == 200:
        return "", ""
    try:
        body = response.json()
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("error", ""))[:80], " ".join(str(body.get("message", "")).split())[:200]


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ServiceError(
            "Bluesky: the answer is not the JSON object it should be; is the service's address right?"
        )
    return body


def _list(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
