"""Who posted these addresses on Bluesky, and when: ``app.bsky.feed.searchPosts`` page by page, and the shares in them.

Further pages want a session (github.com/bluesky-social/atproto, issues 2838 and 3583). Deleted posts are not found.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

import pandas as pd

from coordlib.errors import CredentialsError, QueryError, ServiceError
from coordlib.posts import SHARE_COLUMNS
from coordlib.service import Closing, Reply, Service, check_address, environment
from coordlib.shown import Shown
from coordlib.sources.exports.read import records_export

if TYPE_CHECKING:
    import httpx

PUBLIC_URL = "https://api.bsky.app"
SESSION_URL = "https://bsky.social"
PAGE_SIZE = 100
#: Pages in a row that bring nothing new before a search is given up: more than the service lists of any search (10,000 posts).
STALE_PAGES = 150
#: Nothing was posted before: what claims to be older was given its date by its author.
FIRST_POST = "2022-11-01T00:00:00.000Z"
_SEARCH, _LOGIN = "/xrpc/app.bsky.feed.searchPosts", "/xrpc/com.atproto.server.createSession"
_NAMES = ("COORDLIB_BLUESKY_HANDLE", "COORDLIB_BLUESKY_APP_PASSWORD")
_HINT = f"set {' and '.join(_NAMES)} (an app password, not the account's own)"


@dataclass(frozen=True)
class BlueskyCredentials:
    """A handle and an app password; neither shows in ``repr``."""

    handle: str = field(repr=False)
    app_password: str = field(repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str | None] | None = None) -> BlueskyCredentials | None:
        """Return the credentials of the environment or of ``.env``, None where there are none."""
        values = environment(environ)
        handle, password = map(values.get, _NAMES)
        if not handle and not password:
            return None
        if not handle or not password:
            raise CredentialsError(f"Bluesky: only one of handle and app password is there; {_HINT}")
        return cls(handle.removeprefix("@"), password)


@dataclass(frozen=True)
class Search(Shown):
    """One search: posts that link to a `target`, an address or a domain (`kind`), from `since` until before `until` (UTC)."""

    target: str
    kind: Literal["url", "domain"] = "url"
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            if (moment := getattr(self, name)) is not None:
                # To the millisecond, as the service takes it: what is written down reads back equal.
                object.__setattr__(self, name, dt.datetime.fromisoformat(stamp(moment)))
        if self.kind == "url" and urlsplit(self.target).scheme not in {"http", "https"}:
            raise QueryError(f"'{self.target[:80]}' is not a web address; give it with http:// or https://")
        if self.kind == "domain" and ("/" in self.target or "." not in self.target):
            raise QueryError(f"'{self.target[:80]}' is not a domain; give it like news.example")
        if self.since and self.until and self.since >= self.until:
            raise QueryError(f"since ({stamp(self.since)}) has to be before until ({stamp(self.until)})")


@dataclass(frozen=True)
class Position(Shown):
    """Where a search stands: enough to continue it later, in another process.

    `cursor` is of the next page (None: the search begins anew, for what was indexed before `until`). `oldest` is the next
    later bound, one millisecond after the earliest of these posts was indexed, `claimed` the same by what the posts claim,
    where that is earlier and can be true. `read` counts posts since the search began anew, `fresh` the new ones, `stale`
    pages in a row without one, `deepest` the most posts read before it began anew, `empty` pages that came back empty with
    a cursor. `done`: nothing is left to ask; `doubt` says why that does not prove that everything was found.
    """

    cursor: str | None = None
    until: str | None = None
    oldest: str | None = None
    claimed: str | None = None
    read: int = 0
    fresh: int = 0
    stale: int = 0
    deepest: int = 0
    empty: int = 0
    done: bool = False
    doubt: str = ""


@dataclass(frozen=True)
class Page(Shown):
    """One answer: the posts as the service gave them, and where the search stands after it."""

    search: Search
    posts: list[dict[str, Any]]
    position: Position


class BlueskySearch(Closing):
    """A client of the post search that waits out rate limits and keeps its session.

    Parameters
    ----------
    credentials, base_url
        None searches without a session (first pages only, where the service allows that); another service than
        Bluesky's own.
    transport, clock, sleep
        For tests: an httpx transport, UTC seconds, and how to wait.

    Examples
    --------
    >>> import httpx
    >>> def service(request):  # in place of the network
    ...     return httpx.Response(200, json={"posts": [{"uri": "at://did:plc:ann/app.bsky.feed.post/1",
    ...         "author": {"did": "did:plc:ann"}, "record": {"createdAt": "2026-01-02T10:00:00Z"}}]})
    >>> with BlueskySearch(transport=httpx.MockTransport(service)) as client:
    ...     [len(page.posts) for page in client.pages(Search("https://n.example/a"))]  # the second page proves the end
    [1, 0]
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
        check_address(url, "Bluesky service")
        self._credentials = credentials
        secrets = [credentials.app_password if credentials else None]
        self._service = Service(
            "Bluesky", url, secrets=secrets, transport=transport, clock=clock, sleep=sleep, patience=60.0
        )
        self._token: str | None = None
        self._by_text = False

    @classmethod
    def from_environment(cls) -> Self:
        """Build a client from ``COORDLIB_BLUESKY_HANDLE``, ``…_APP_PASSWORD`` and ``…_URL``."""
        return cls(BlueskyCredentials.from_environment(), base_url=environment().get("COORDLIB_BLUESKY_URL"))

    def pages(
        self, search: Search, position: Position | None = None, seen: Iterable[str] = ()
    ) -> Iterator[Page]:
        """Yield the pages of a search, newest posts first, from a position on.

        Parameters
        ----------
        search, position, seen
            What to look for; where an earlier call stopped (none: the beginning); the addresses (``at://``)
            of the posts that call had, which are not given again.

        Raises
        ------
        CredentialsError, QueryError, ServiceError
            The service wants or refuses credentials, refuses the search, or fails, also after every wait.
        """
        position, known = position or Position(), set(seen)
        while not position.done:
            answer = self._search(search, position)
            listed = found if isinstance(found := answer.get("posts"), list) else []
            posts = [post for post in listed if isinstance(post, dict) and isinstance(post.get("uri"), str)]
            fresh = [post for post in posts if post["uri"] not in known]
            known.update(post["uri"] for post in fresh)
            position = _after(answer.get("cursor"), position, posts, len(fresh))
            if position.done and self._by_text:
                position = replace(position, doubt="the service refused a search without words")
            yield Page(search, fresh, position)

    def _search(self, search: Search, position: Position) -> dict[str, Any]:
        for _ in range(3):
            if self._credentials and self._token is None:
                self._token = self._login(self._credentials)
            headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
            parameters = _parameters(search, position, by_text=self._by_text)
            reply = self._service.ask("GET", _SEARCH, params=parameters, headers=headers)
            if reply.status == 200:
                return self._object(reply)
            said = reply.object()
            name, message = (self._service.hidden(said.get(key) or "") for key in ("error", "message"))
            name, message = name[:80], " ".join(message.split())[:200]
            if reply.status == 401 or name == "ExpiredToken":
                if self._credentials is None:
                    raise CredentialsError(f"Bluesky wants a session for this search; {_HINT}")
                # A session lasts minutes to hours; a new one is a single request.
                self._token = None
                continue
            if reply.status == 403:
                hint = f"further pages need a session: {_HINT}"
                hint = "is the app password still valid?" if self._credentials else hint
                raise CredentialsError(f"Bluesky refuses this search ({message or 'forbidden'}); {hint}")
            dated = reply.status == 400 and ("since" in parameters or "until" in parameters)
            if self._by_text or not (dated or "firehose" in message):
                raise QueryError(f"Bluesky refuses the search: {name or reply.status} {message}".rstrip())
            # A star together with a period is refused at times (atproto issue 3258).
            self._by_text = True
        raise ServiceError(
            "Bluesky: ends every session as soon as it begins; start again later, nothing is lost"
        )

    def _login(self, credentials: BlueskyCredentials) -> str:
        body = {"identifier": credentials.handle, "password": credentials.app_password}
        reply = self._service.ask("POST", _LOGIN, json=body)
        if reply.status in {400, 401, 403}:
            raise CredentialsError(f"Bluesky refuses the handle or the app password; {_HINT}")
        token = self._object(reply).get("accessJwt")
        if not isinstance(token, str):
            raise ServiceError("Bluesky: the answer to the login holds no session")
        self._service.secrets.add(token)
        return token

    def _object(self, reply: Reply) -> dict[str, Any]:
        if isinstance(body := reply.parsed(), dict):
            return body
        raise ServiceError(
            "Bluesky: the answer is not the JSON object it should be; is the service's address right?"
        )


def stamp(moment: dt.datetime) -> str:
    """Write a moment as the service wants it: UTC (also one without a zone), with a ``Z``."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return aware.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def page_line(page: Page) -> str:
    """Write a page and its position as one line of JSON: both are kept, or neither."""
    return json.dumps(asdict(page), default=stamp)


def page_from_line(line: str) -> Page:
    """Read a page back; raises ValueError or KeyError for a line that was cut short."""
    value = json.loads(line)
    search = value["search"]
    for name in ("since", "until"):
        search[name] = search[name] and dt.datetime.fromisoformat(search[name])
    return Page(Search(**search), value["posts"], Position(**value["position"]))


def _parameters(search: Search, position: Position, *, by_text: bool = False) -> dict[str, str]:
    words = search.target if search.kind == "url" else f"domain:{search.target}"
    wanted = {
        # The service wants a query beside its filters; a star finds everything.
        "q": words if by_text else "*",
        search.kind: search.target,
        "sort": "latest",
        "limit": str(PAGE_SIZE),
        "since": stamp(search.since) if search.since else None,
        "until": position.until or (stamp(search.until) if search.until else None),
        "cursor": position.cursor,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _after(cursor: object, position: Position, posts: list[dict[str, Any]], fresh: int) -> Position:
    """Say where the search stands after a page."""
    # Its end has to be proved. Posts are hidden from a page after it was cut (atproto issue 2127), so pages are short or
    # empty before the end; and past some thousands of posts the service hands out no cursor, which looks like the end. So a
    # search is done when one more, for what is older than its last post, brings nothing new.
    oldest, claimed = _bounds(posts)
    now = replace(
        position,
        oldest=min(filter(None, (oldest, position.oldest)), default=None),
        claimed=min(filter(None, (claimed, position.claimed)), default=None),
        read=position.read + len(posts),
        fresh=position.fresh + fresh,
        stale=0 if fresh else position.stale + 1,
    )
    if now.stale >= STALE_PAGES:
        return replace(now, done=True, doubt=f"{STALE_PAGES} pages in a row brought nothing new")
    earlier = [
        bound for bound in (now.oldest, now.claimed) if bound and (now.until is None or bound < now.until)
    ]
    if isinstance(cursor, str) and cursor and cursor != position.cursor:
        # An empty page in the middle: its posts are hidden, or it failed. Asked for once more, by time.
        if posts or not now.read or not earlier:
            return replace(now, cursor=cursor, empty=now.empty + (not posts))
    # Nothing new, and far from where the service stopped counting before: this is the end.
    elif not now.fresh and now.read < max(PAGE_SIZE, now.deepest / 2):
        doubt = "pages in the middle came back empty" if now.empty else ""
        return replace(now, cursor=None, done=True, doubt=doubt)
    elif not earlier:
        doubt = "too many posts of one moment, or posts without a time"
        return replace(now, cursor=None, done=True, doubt=doubt)
    # The service may have stopped counting: begin anew from the earliest post, as it was indexed. Where that
    # is no earlier than these pages began, the service orders by what posts claim; so does the next bound.
    return Position(until=earlier[0], stale=now.stale, deepest=max(now.read, now.deepest), empty=now.empty)


def _bounds(posts: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Return the later bounds that follow from a page, by when its posts were indexed and by what they claim."""
    # In whatever order pages come, all that was indexed after the earliest indexed post on them has been seen.
    indexed, claimed = list[str](), list[str]()
    for post in posts:
        record = post.get("record")
        said = record.get("createdAt") if isinstance(record, dict) else None
        if times := list(filter(None, map(_moment, (post.get("indexedAt"), said)))):
            indexed.append(times[0])
            claimed.append(min(times))
    return min(indexed, default=None), min(claimed, default=None)


def _moment(text: object) -> str | None:
    """Return one millisecond after a time that can be true."""
    try:
        later = stamp(dt.datetime.fromisoformat(str(text)) + dt.timedelta(milliseconds=1))
        return later if later > FIRST_POST else None
    except (ValueError, OverflowError):
        return None


def found_shares(pages: Iterable[Page]) -> pd.DataFrame:
    """Return the shares of each address or domain that was searched for, sorted by object and time; a content is its at:// address."""
    shares = _found(pages).rename(columns={"posted_at": "timestamp_share"})
    return shares[list(SHARE_COLUMNS)]


def found_link_shares(pages: Iterable[Page]) -> pd.DataFrame:
    """Return the table CooRnet's functions take, one row per post and listed address; ``is_orig``: the post holds exactly that."""
    post = _found(pages)
    profile = "https://bsky.app/profile/" + post["account_id"]
    held = zip(post["object_id"], post["links"], strict=True)
    return pd.DataFrame(
        {
            "expanded": post["object_id"],
            "date": post["posted_at"],
            "platform": "Bluesky",
            "platformId": post["content_id"],
            "postUrl": profile + "/post/" + post["content_id"].str.rsplit("/", n=1).str[-1],
            "message": post["text"],
            "account.url": profile,
            "account.id": post["account_id"],
            "account.name": post.get("author.displayName", post["account_name"]),
            "account.handle": post["account_name"],
            "account.accountType": "bluesky_account",
            "statistics.actual.likeCount": post["likes"],
            "statistics.actual.shareCount": post["shares"],
            "statistics.actual.commentCount": post["comments"],
            "is_orig": [isinstance(links, list) and url in links for url, links in held],
        }
    )


def _found(pages: Iterable[Page]) -> pd.DataFrame:
    """Return the posts of each address (``object_id``), each once; where a client's clock is far off, by the network's."""
    every = [(page.search.target, post["uri"], post) for page in pages for post in page.posts]
    pairs = list(dict.fromkeys((target, uri) for target, uri, _ in every))
    listed = pd.DataFrame(pairs, columns=["object_id", "content_id"], dtype="str")
    once = {uri: post for _, uri, post in every}
    posts = records_export([once[uri] for uri in sorted(once)], "bluesky-posts", "Bluesky").frame
    found = listed.merge(posts, on="content_id", how="inner")
    return found.sort_values(["object_id", "posted_at", "content_id"], ignore_index=True)
