"""Comments, profiles, followers, likes, reposts, pins and playlists, as the API pages them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coordlib.simulate import social
from coordlib.simulate.faults import Call
from coordlib.simulate.ids import chance
from coordlib.simulate.reply import Reply
from coordlib.simulate.validate import (
    COMMENT_FIELDS,
    USER_FIELDS,
    USER_VIDEO_FIELDS,
    InvalidParams,
    check_fields,
    integer,
)

if TYPE_CHECKING:
    from coordlib.simulate.service import Service

IntArray = npt.NDArray[np.int64]
_SPELLING = 70


def answer(service: Service, endpoint: str, fields: str | None, call: Call) -> Reply:
    """Answer one of the list endpoints."""
    match endpoint:
        case "video/comment/list":
            return _comments(service, fields, call)
        case "user/info":
            names = check_fields(fields, USER_FIELDS)
            account = _account(service, call)
            info = social.user_info(service.catalogue, account, service.state.now)
            return service.ok({name: info[name] for name in names if name in info}, call, 1)
        case "user/followers" | "user/following":
            return _contacts(service, endpoint.partition("/")[2], call)
        case "user/pinned_videos":
            names = check_fields(fields, USER_VIDEO_FIELDS)
            rows = social.pinned_rows(service.catalogue, _account(service, call), service.newest)
            return service.ok({"pinned_videos_list": service.videos(rows, names)}, call, len(rows))
        case "user/liked_videos":
            return _liked(service, fields, call)
        case "user/reposted_videos":
            return _reposted(service, fields, call)
    return _playlist(service, call)


def _account(service: Service, call: Call) -> int:
    """Return the account a request names.

    Raises
    ------
    InvalidParams
        No name, an unknown one, or an account the service will not return.
    """
    name = call.body.get("username")
    if not isinstance(name, str) or not name:
        raise InvalidParams("Invalid username")
    account = service.catalogue.number.get(name.casefold())
    if account is None:
        raise InvalidParams(f"username {name} is invalid: cannot find the user")
    fault = service.faults.strike("user_refused", call)
    if fault is not None or service.catalogue.private[account]:
        wording = social.REFUSALS[account % len(social.REFUSALS)]
        raise InvalidParams((fault.message if fault and fault.message else wording).format(name=name))
    return account


def _identifier(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise InvalidParams(f"Invalid {name}")


def _comments(service: Service, fields: str | None, call: Call) -> Reply:
    names = check_fields(fields, COMMENT_FIELDS)
    video, comment = (_identifier(call.body, name) for name in ("video_id", "comment_id"))
    if (video is None) == (comment is None):
        raise InvalidParams("Exactly one of video_id and comment_id must be given")
    size = integer(call.body, "max_count", 10, 1, 100)
    cursor = integer(call.body, "cursor", 0, 0)
    if cursor + size > service.config.top_comments:
        raise InvalidParams("Invalid count or cursor")
    items = _replies(service, int(comment)) if comment is not None else _top(service, int(video or 0))
    items = items[: service.config.top_comments]
    page = items[cursor : cursor + size]
    if comment is None:
        # Replies are asked for by comment id alone: remember whose comments these are.
        service.state.comment_video.update({item["id"]: item["video_id"] for item in page})
    data = {
        "comments": [{name: item[name] for name in names} for item in page],
        "cursor": cursor + len(page),
        "has_more": cursor + size < len(items),
    }
    if service.faults.strike("no_cursor", call):
        del data["cursor"]
    return service.ok(data, call, len(page))


def _top(service: Service, video: int) -> list[dict[str, Any]]:
    row = service.catalogue.row_of(video)
    if row is None or service.catalogue.gone[row] or service.catalogue.time[row] > service.newest:
        raise InvalidParams(f"video_id {video} is invalid: cannot find the video")
    return social.comments_of(service.catalogue, row, service.state.now)


def _replies(service: Service, comment: int) -> list[dict[str, Any]]:
    video = service.state.comment_video.get(comment)
    if video is None:
        raise InvalidParams(f"comment_id {comment} is invalid: cannot find the comment")
    found = next(item for item in _top(service, video) if item["id"] == comment)
    number = social.reply_count(found)
    items = social.replies_of(comment, video, found["create_time"], number)
    service.state.comment_video.update({item["id"]: video for item in items})
    return items


def _contacts(service: Service, kind: str, call: Call) -> Reply:
    account = _account(service, call)
    size = integer(call.body, "max_count", 20, 1, 100)
    cursor = integer(call.body, "cursor", int(service.state.now), 0)
    found = [
        item
        for item in social.contacts(service.catalogue, account, kind, service.state.now)
        if item[0] <= cursor
    ]
    page = found[:size]
    data = {
        f"user_{kind}": [item for _, item in page],
        "cursor": page[-1][0] - 1 if page else cursor,
        "has_more": len(found) > size,
    }
    return service.ok(data, call, len(page), "ok")


def _liked(service: Service, fields: str | None, call: Call) -> Reply:
    names = check_fields(fields, USER_VIDEO_FIELDS)
    account = _account(service, call)
    rows = social.liked_rows(service.catalogue, account, service.newest)
    if rows is None:
        raise InvalidParams(f"username {call.body['username']} is private")
    size = integer(call.body, "max_count", 20, 1, 100)
    # Documented in seconds, answered in milliseconds: a client must echo what it was given.
    cursor = integer(call.body, "cursor", int(service.state.now * 1000), 0)
    moments = service.catalogue.time[rows] * 1000
    later = rows[moments <= (cursor if cursor > 10**11 else cursor * 1000)]
    page = later[:size]
    data = {
        "user_liked_videos": service.videos(page[~service.catalogue.gone[page]], names),
        "cursor": int(service.catalogue.time[page[-1]]) * 1000 - 1 if len(page) else cursor,
        "has_more": len(later) > size,
    }
    return service.ok(data, call, len(page))


def _reposted(service: Service, fields: str | None, call: Call) -> Reply:
    names = check_fields(fields, USER_VIDEO_FIELDS)
    account = _account(service, call)
    rows = social.reposted_rows(service.catalogue, account, service.newest)
    key = "reposted_videos" if chance(account, _SPELLING)[0] < 0.5 else "user_reposted_videos"
    page, cursor, more = _slice(rows, call.body, 20)
    return service.ok(
        {key: service.videos(page[~service.catalogue.gone[page]], names), "cursor": cursor, "has_more": more},
        call,
        len(page),
    )


def _slice(rows: IntArray, body: dict[str, Any], default: int) -> tuple[IntArray, int, bool]:
    size = integer(body, "max_count", default, 1, 100)
    cursor = integer(body, "cursor", 0, 0)
    return rows[cursor : cursor + size], cursor + size, cursor + size < len(rows)


def _playlist(service: Service, call: Call) -> Reply:
    playlist = _identifier(call.body, "playlist_id")
    account = service.catalogue.playlist_owner.get(playlist or -1)
    if account is None:
        raise InvalidParams("Invalid playlist_id")
    rows = social.playlist_rows(service.catalogue, account, service.newest)
    page, cursor, more = _slice(rows, call.body, 10)
    data = {
        "playlist_id": playlist,
        "playlist_name": f"simulated playlist {account}",
        "playlist_item_total": len(rows),
        "playlist_last_updated": int(service.catalogue.time[rows].max()) if len(rows) else 0,
        "playlist_video_ids": [int(identifier) for identifier in service.catalogue.id[page]],
        "cursor": cursor,
        "has_more": more,
    }
    status = 500 if service.faults.strike("playlist_500_with_body", call) else 200
    return service.ok(data, call, len(page), status=status)
