"""The endpoints of the Research API: paths, pools, list names, and rows made safe to keep.

Rows come with ids as JSON numbers above 2**53, keys in any order, keys left out, NUL characters and
occasionally broken Unicode. What leaves this module has every id as text, counts as whole numbers, and
nothing that a database or a file would refuse. Absent stays absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coordlib.errors import QueryError
from coordlib.tiktok.budget import FOLLOW, RESEARCH
from coordlib.tiktok.query import CORE_FIELDS, FULL_FIELDS

Row = dict[str, Any]

#: Address of the service; a simulator replaces it.
BASE_URL = "https://open.tiktokapis.com"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: its path, the pool its requests count against, and where its rows are."""

    name: str
    path: str
    list_keys: tuple[str, ...] = ()
    pool: str = RESEARCH
    fields: tuple[str, ...] = ()


_LIST_FIELDS = tuple(
    name for name in FULL_FIELDS if name not in ("effect_ids", "playlist_id", "voice_to_text")
)
_LIST_CORE = tuple(name for name in CORE_FIELDS if name not in ("effect_ids", "playlist_id", "voice_to_text"))

TOKEN = Endpoint("token", "/v2/oauth/token/")
VIDEO_QUERY = Endpoint("video_query", "/v2/research/video/query/", ("videos",), fields=FULL_FIELDS)
COMMENTS = Endpoint(
    "comments",
    "/v2/research/video/comment/list/",
    ("comments",),
    fields=("id", "video_id", "text", "like_count", "reply_count", "parent_comment_id", "create_time"),
)
USER_INFO = Endpoint(
    "user_info",
    "/v2/research/user/info/",
    fields=(
        "display_name", "bio_description", "avatar_url", "is_verified", "follower_count", "following_count",
        "likes_count", "video_count", "bio_url",
    ),
)  # fmt: skip
FOLLOWERS = Endpoint("followers", "/v2/research/user/followers/", ("user_followers",), FOLLOW)
FOLLOWING = Endpoint("following", "/v2/research/user/following/", ("user_following",), FOLLOW)
LIKED = Endpoint(
    "user_liked_videos", "/v2/research/user/liked_videos/", ("user_liked_videos",), fields=_LIST_FIELDS
)
REPOSTED = Endpoint(
    "user_reposted_videos",
    "/v2/research/user/reposted_videos/",
    ("reposted_videos", "user_reposted_videos"),
    fields=_LIST_FIELDS,
)
PINNED = Endpoint(
    "user_pinned_videos", "/v2/research/user/pinned_videos/", ("pinned_videos_list",), fields=_LIST_FIELDS
)
PLAYLIST = Endpoint("playlist", "/v2/research/playlist/info/", ("playlist_video_ids",))
COMPLIANCE_CREATE = Endpoint("compliance_create", "/v2/research/validation_task/create/")
COMPLIANCE_STATUS = Endpoint("compliance_status", "/v2/research/validation_task_status/get/")
COMPLIANCE_DOWNLOAD = Endpoint("compliance_download", "/v2/research/validation_task/download/")

ENDPOINTS = (
    TOKEN, VIDEO_QUERY, COMMENTS, USER_INFO, FOLLOWERS, FOLLOWING, LIKED, REPOSTED, PINNED, PLAYLIST,
    COMPLIANCE_CREATE, COMPLIANCE_STATUS, COMPLIANCE_DOWNLOAD,
)  # fmt: skip

_IDS = frozenset(
    {
        "id", "video_id", "music_id", "playlist_id", "parent_comment_id", "comment_id", "effect_id", "effect_ids",
        "sticker_id", "hashtag_id", "search_id", "task_id", "playlist_video_ids",
    }
)  # fmt: skip
_ID_LISTS = frozenset({"effect_ids", "playlist_video_ids"})
_WHOLE = frozenset(
    {
        "create_time", "like_count", "comment_count", "share_count", "view_count", "favorites_count", "video_duration",
        "reply_count", "follower_count", "following_count", "likes_count", "playlist_item_total", "playlist_last_updated",
    }
)  # fmt: skip
_TEXT = frozenset(
    {
        "username",
        "region_code",
        "video_description",
        "voice_to_text",
        "display_name",
        "text",
        "bio_description",
    }
)
#: SQLite keeps whole numbers up to this size.
_LARGEST = 2**63 - 1


def clean_text(text: str) -> str:
    """Return text that can be stored: without NUL, with lone surrogates replaced."""
    text = text.replace("\x00", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _id(value: Any) -> Any:
    if isinstance(value, list):
        return [_id(item) for item in value if item is not None]
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else None
    text = str(value)
    return text if text.isascii() and text.isdigit() else None


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -_LARGEST <= number <= _LARGEST else None


def clean(value: Any, key: str = "") -> Any:
    """Return a JSON value with ids as text, counts as whole numbers, safe text, and nulls left out.

    Examples
    --------
    >>> clean({"id": 7571234567890123456, "view_count": "3", "video_description": "a\\x00b", "music_id": None})
    {'id': '7571234567890123456', 'view_count': 3, 'video_description': 'ab'}
    """
    if key in _IDS:
        return _id(value) if key in _ID_LISTS or not isinstance(value, list | dict) else None
    if key in _WHOLE:
        return _whole(value)
    if key in _TEXT and value is not None:
        return None if isinstance(value, list | dict) else clean_text(str(value))
    if isinstance(value, dict):
        cleaned = {clean_text(str(name)): clean(item, str(name)) for name, item in value.items()}
        return {name: item for name, item in cleaned.items() if item is not None}
    if isinstance(value, list):
        return [item for item in (clean(item) for item in value) if item is not None]
    return clean_text(value) if isinstance(value, str) else value


def rows_of(endpoint: Endpoint, data: Mapping[str, Any]) -> list[Row]:
    """Return the rows of an answer, cleaned; an absent or null list has none.

    Videos have their id under ``id`` (very old data calls it ``video_id``); rows without an id are left
    out. Entries that are plain ids become ``{"id": …}``.
    """
    found: Any = next((data[key] for key in endpoint.list_keys if data.get(key) is not None), None)
    if not isinstance(found, list):
        return []
    rows: list[Row] = []
    for item in found:
        if isinstance(item, dict):
            row = clean(item)
            if "videos" in endpoint.list_keys[0] and "id" not in row and "video_id" in row:
                row["id"] = row.pop("video_id")
        else:
            row = {"id": _id(item)}
        needs_id = endpoint not in (FOLLOWERS, FOLLOWING)
        if row.get("id" if needs_id else "username"):
            rows.append(row)
    return rows


@dataclass(frozen=True, slots=True)
class FailedWindow:
    """A period a query could not be answered for."""

    query: str
    start: str
    end: str
    reason: str
    log_id: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a piece of collection brought, whether it is all, and what was left.

    Attributes
    ----------
    rows
        The rows, cleaned. A collector that stores its rows leaves this empty unless asked.
    n_rows
        Distinct rows collected.
    complete
        Whether everything asked for was answered.
    reason
        ``done``, or what stopped it: ``quota``, ``failed-windows``, ``max-pages``, ``max-records``,
        ``empty-pages``, ``no-cursor``, ``no-has-more``, ``fewer-than-promised``, ``ceiling`` (the end is not
        proved), ``silent`` (nothing came, and no row of the probe either), ``outage``, ``refused``, ``failed``.
    next_cursor, search_id
        Where the next page would start.
    requests
        Attempts spent, retries included.
    failed_windows
        Periods that could not be had.
    log_ids
        What the service's support asks for, of everything that failed.
    problems
        Subject (an account, a file) → why it was refused.
    probe
        Where a collection brought no row: ``rows``, ``nothing`` or ``unanswered``, what became of a query that must
        bring rows.
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


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    """Join outcomes: complete only if all are; the first reason that is not ``done`` is kept."""
    parts = list(outcomes)
    reasons = [part.reason for part in parts if part.reason != "done"]
    return Outcome(
        rows=tuple(row for part in parts for row in part.rows),
        n_rows=sum(part.n_rows for part in parts),
        complete=all(part.complete for part in parts),
        reason="quota" if "quota" in reasons else reasons[0] if reasons else "done",
        requests=sum(part.requests for part in parts),
        failed_windows=tuple(window for part in parts for window in part.failed_windows),
        log_ids=tuple(dict.fromkeys(log_id for part in parts for log_id in part.log_ids)),
        problems={name: text for part in parts for name, text in part.problems.items()},
    )


def check_digits(value: str | int, what: str) -> str:
    """Return an id as text if it is made of digits."""
    text = str(value).strip()
    if not text.isascii() or not text.isdigit():
        raise QueryError(f"{what} '{text[:40]}' is not an id: it must be digits only")
    return text
