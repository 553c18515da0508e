"""Profiles and comments, as the API answers and pages them; made from ids when asked for, always the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.simulate.ids import chance, mix
from coordlib.simulate.service.catalogue import Catalogue
from coordlib.simulate.service.context import Context, Found
from coordlib.simulate.service.faults import Call
from coordlib.simulate.service.validate import InvalidParams, check_fields, integer
from coordlib.tiktok.endpoints import COMMENTS, USER_INFO

IntArray = npt.NDArray[np.int64]
#: No more of a video's comments are made up: the API shows a thousand.
COMMENTS_KEPT = 1500
#: Comments come within this many seconds of their video.
COMMENTS_WITHIN = 20 * 86_400
_TEXTS = (
    "so true", "bellissimo", "😂😂😂", "first!", "", "c'est vrai ça", "my number is ***********", "wow ❤️", "no way",
    "que bueno", "genau so", "part two please", "", "=1+1", "<b>nice</b>", "watching this twice, really",
)  # fmt: skip
_DELAY, _TEXT, _INFO = 44, 45, 47
REFUSALS = (
    "API cannot return this user's information",
    "username {name} is private",
    "username {name} information cannot be returned",
)


def user_info(context: Context, call: Call) -> Found:
    """Return the profile of an account; counts are live."""
    names = check_fields(call.fields, USER_INFO.fields)
    account, catalogue = _account(context, call), context.catalogue
    row = catalogue.world.accounts.iloc[account]
    videos = catalogue.rows_of(account, context.state.now)
    about = f"simulated account, line {account}\nsecond line, with a comma"
    info = {
        "display_name": str(row["display_name"]),
        "bio_description": "" if account % 3 else about,
        "avatar_url": f"https://sim.invalid/{account}.webp",
        "is_verified": bool(row["verified"]),
        "follower_count": int(row["followers"]),
        "following_count": int(row["following"]),
        "likes_count": int(catalogue.final["like_count"][videos].sum()),
        "video_count": len(videos),
    }
    if chance(account, _INFO)[0] < 0.1:
        info["bio_url"] = f"https://sim.invalid/page/{account}"
    return Found({name: info[name] for name in names if name in info}, 1)


def _account(context: Context, call: Call) -> int:
    """Return the account a request names, refused where the service would not return it."""
    name = call.body.get("username")
    if not isinstance(name, str) or not name:
        raise InvalidParams("Invalid username")
    account = context.catalogue.number.get(name.casefold())
    if account is None:
        raise InvalidParams(f"username {name} is invalid: cannot find the user")
    fault = context.faults.strike("user_refused", call)
    if fault is not None or context.catalogue.private[account]:
        wording = REFUSALS[account % len(REFUSALS)]
        raise InvalidParams((fault.message if fault and fault.message else wording).format(name=name))
    return account


def comments(context: Context, call: Call) -> Found:
    """Return a page of a video's comments, the most liked first; replies are not simulated."""
    names = check_fields(call.fields, COMMENTS.fields)
    video = call.body.get("video_id")
    if call.body.get("comment_id") is not None or not str(video).isdecimal():
        raise InvalidParams("Invalid video_id")
    size, cursor = integer(call.body, "max_count", 10, 1, 100), integer(call.body, "cursor", 0, 0)
    if cursor + size > context.config.top_comments:
        raise InvalidParams("Invalid count or cursor")
    row = context.catalogue.row_of(int(str(video)))
    if row is None or context.catalogue.gone[row] or context.catalogue.time[row] > context.newest:
        raise InvalidParams(f"video_id {video} is invalid: cannot find the video")
    items = comments_of(context.catalogue, row, context.state.now)[: context.config.top_comments]
    page = [{name: item[name] for name in names} for item in items[cursor : cursor + size]]
    data = {"comments": page, "cursor": cursor + len(page), "has_more": cursor + size < len(items)}
    if context.faults.strike("no_cursor", call):
        del data["cursor"]
    return Found(data, len(page))


def comments_of(catalogue: Catalogue, row: int, now: float) -> list[dict[str, Any]]:
    """Return a video's comments until now; their ids and times never depend on the clock."""
    total = int(catalogue.counts(np.array([row]), now)["comment_count"][0])
    video, born = int(catalogue.id[row]), int(catalogue.time[row])
    numbers = np.arange(min(total, COMMENTS_KEPT)) * 64 + 1
    if not len(numbers):
        return []
    delay = (chance(numbers, video % 1_000_003 + _DELAY) ** 3 * COMMENTS_WITHIN).astype(np.int64)
    low = mix(numbers, video % 1_000_033) >> np.uint64(32)
    text = mix(numbers, video % 1_000_037 + _TEXT) % np.uint64(len(_TEXTS))
    likes = (40 * chance(numbers, video % 1_000_039) ** 6).astype(int)
    items: list[dict[str, Any]] = [
        {
            "id": ((born + int(delay[k])) << 32) | int(low[k]),
            "video_id": video,
            "parent_comment_id": video,
            "text": _TEXTS[int(text[k])],
            "like_count": int(likes[k]),
            "reply_count": 0,
            "create_time": born + 4 + int(delay[k]),
        }
        for k in range(len(numbers))
    ]
    shown = [item for item in items if item["create_time"] < now]
    return sorted(shown, key=lambda item: (-item["like_count"], item["id"]))
