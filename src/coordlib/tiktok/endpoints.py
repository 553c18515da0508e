"""The endpoints of the Research API, and what they answer made safe to keep: ids as text, whole numbers, clean text, the words of our posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coordlib.shown import Shown
from coordlib.store.ledger import FOLLOW, RESEARCH
from coordlib.tiktok.errors import Answer, Kind
from coordlib.tiktok.query import DOCUMENTED, FULL_FIELDS

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: its path, the pool its requests count against, and where its rows are."""

    name: str
    path: str
    list_keys: tuple[str, ...] = ()
    pool: str = RESEARCH
    fields: tuple[str, ...] = ()

    @property
    def holds_videos(self) -> bool:
        """Whether its rows are videos."""
        return "videos" in "".join(self.list_keys[:1])


_LIST_FIELDS = tuple(name for name in FULL_FIELDS if name not in DOCUMENTED["not_in_lists"])
_RESEARCH = "/v2/research/"

TOKEN = Endpoint("token", "/v2/oauth/token/")
VIDEO_QUERY = Endpoint("video_query", f"{_RESEARCH}video/query/", ("videos",), fields=FULL_FIELDS)
COMMENTS = Endpoint(
    "comments", f"{_RESEARCH}video/comment/list/", ("comments",), fields=DOCUMENTED["comment_fields"]
)
USER_INFO = Endpoint("user_info", f"{_RESEARCH}user/info/", fields=DOCUMENTED["user_fields"])
FOLLOWERS, FOLLOWING = (
    Endpoint(name, f"{_RESEARCH}user/{name}/", (f"user_{name}",), FOLLOW)
    for name in ("followers", "following")
)
LIKED, REPOSTED, PINNED = (
    Endpoint(f"user_{kind}_videos", f"{_RESEARCH}user/{kind}_videos/", keys, fields=_LIST_FIELDS)
    for kind, keys in (
        ("liked", ("user_liked_videos",)),
        ("reposted", ("reposted_videos", "user_reposted_videos")),
        ("pinned", ("pinned_videos_list",)),
    )
)
PLAYLIST = Endpoint("playlist", f"{_RESEARCH}playlist/info/", ("playlist_video_ids",))
COMPLIANCE_CREATE = Endpoint("compliance_create", f"{_RESEARCH}validation_task/create/")
COMPLIANCE_STATUS = Endpoint("compliance_status", f"{_RESEARCH}validation_task_status/get/")
COMPLIANCE_DOWNLOAD = Endpoint("compliance_download", f"{_RESEARCH}validation_task/download/")

#: Pages without a row, one after the other, after which a list is given up as incomplete.
EMPTY_PAGES = 20
#: Name in the API to name in a table of posts; every other field keeps its name.
NAMES = {
    "id": "content_id",
    "video_id": "content_id",
    "username": "account_id",
    "create_time": "posted_at",
    "video_description": "text",
    "hashtag_names": "hashtags",
    "view_count": "views",
    "like_count": "likes",
    "comment_count": "comments",
    "share_count": "shares",
    "favorites_count": "favorites",
}
#: SQLite keeps whole numbers up to this size.
_LARGEST = 2**63 - 1


def storable(text: str) -> str:
    """Return text that can be stored: without NUL, with halves of characters joined or replaced."""
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _id(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text if text.isascii() and text.isdigit() else None


def _whole(value: Any) -> int | None:
    try:
        number = None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and -_LARGEST <= number <= _LARGEST else None


def clean(value: Any, key: str = "") -> Any:
    """Return a JSON value with ids as text, counts as whole numbers, safe text, and nulls left out."""
    if key in DOCUMENTED["id_lists"] and isinstance(value, list):
        return [_id(item) for item in value if item is not None]
    if key in DOCUMENTED["ids"] or key in DOCUMENTED["id_lists"]:
        return _id(value)
    if key in DOCUMENTED["whole_numbers"]:
        return _whole(value)
    if key in DOCUMENTED["texts"] and value is not None:
        return None if isinstance(value, list | dict) else storable(str(value))
    if isinstance(value, dict):
        cleaned = {storable(str(name)): clean(item, str(name)) for name, item in value.items()}
        return {name: item for name, item in cleaned.items() if item is not None}
    if isinstance(value, list):
        return [item for item in (clean(item) for item in value) if item is not None]
    return storable(value) if isinstance(value, str) else value


def rows_of(endpoint: Endpoint, data: Mapping[str, Any]) -> list[Row]:
    """Return the rows of an answer, cleaned, plain ids as ``{"id": …}``; rows without an id are left out."""
    found: Any = next((data[key] for key in endpoint.list_keys if data.get(key) is not None), None)
    if not isinstance(found, list):
        return []
    rows: list[Row] = [clean(item) if isinstance(item, dict) else {"id": _id(item)} for item in found]
    for row in rows if endpoint.holds_videos else ():
        if "id" not in row and "video_id" in row:  # as in very old data
            row["id"] = row.pop("video_id")
    name = "username" if endpoint in (FOLLOWERS, FOLLOWING) else "id"
    return [row for row in rows if row.get(name)]


def posts_of(endpoint: Endpoint, data: Mapping[str, Any]) -> list[Row]:
    """Return the videos of an answer as rows of posts; those without an account are left out."""
    videos = [row for row in rows_of(endpoint, data) if row.get("username")]
    return [{NAMES.get(name, name): value for name, value in video.items()} for video in videos]


def ending(
    data: Mapping[str, Any], found: bool, cursor: int | None, empty: int = 0, last: bool = False
) -> str | None:
    """Say why a list ends after ``empty`` pages without a row, or with the ``last`` page that is wanted: ``done`` where
    the service says so, else what is doubtful; None: it goes on. An empty page may leave the cursor where it was: it is
    asked for again."""
    more, following = data.get("has_more"), clean(data.get("cursor"), "cursor")
    if not more:
        return "no-has-more" if more is None else "done"
    if following is None or (found and following == cursor):
        return "no-cursor"
    if empty >= EMPTY_PAGES:
        return "empty-pages"
    return "max-pages" if last else None


@dataclass(frozen=True, slots=True)
class FailedWindow(Shown):
    """A period a query could not be answered for."""

    query: str
    start: str
    end: str
    reason: str
    log_id: str | None


@dataclass(frozen=True, slots=True)
class Outcome(Shown):
    """What a piece of collection brought, whether it is all, and what was left.

    Attributes
    ----------
    rows, n_rows
        The rows, cleaned (empty where a collector stores them, unless asked for); distinct rows collected.
    complete, reason
        Whether everything asked for was answered; ``done``, or what stopped it: ``quota``,
        ``failed-windows``, ``max-pages``, ``max-records``, ``empty-pages``, ``no-cursor``, ``no-has-more``,
        ``fewer-than-promised``, ``ceiling`` (the end is not proved), ``silent`` (nothing came, and no row of
        the probe either), ``outage``, ``refused``, ``failed``.
    next_cursor, search_id, requests
        Where the next page would start; attempts spent, retries included.
    failed_windows, log_ids
        Periods that could not be had; what the service's support asks for, of everything that failed.
    problems
        Subject (an account, a file) → why it was refused.
    probe
        Where no row came: what a query that must bring some brought, ``rows``, ``nothing`` or ``unanswered``.
    """

    rows: tuple[Row, ...] = field(default=(), repr=False)
    n_rows: int = 0
    complete: bool = True
    reason: str = "done"
    next_cursor: int | None = None
    search_id: str | None = None
    requests: int = 0
    failed_windows: tuple[FailedWindow, ...] = ()
    log_ids: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    probe: str | None = None

    @classmethod
    def unanswered(cls, subject: str, answer: Answer, requests: int) -> Outcome:
        """What an answer without data is for a subject: why it was refused."""
        reason = "refused" if answer.kind is Kind.ACCOUNT_REFUSED else "failed"
        problem = "the answer has no profile" if answer.ok else answer.describe()
        log_ids = (answer.log_id,) if answer.log_id else ()
        told: dict[str, Any] = {"requests": requests, "log_ids": log_ids, "problems": {subject: problem}}
        return cls(complete=False, reason=reason, **told)
