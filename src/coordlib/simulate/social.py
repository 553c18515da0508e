"""Comments, followers, likes and playlists: made from ids when asked for, always the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.simulate.catalogue import Catalogue
from coordlib.simulate.ids import chance, mix

IntArray = npt.NDArray[np.int64]
#: an account shows at most about this many followers through the API
FOLLOWERS_SHOWN = 4500
#: no more of a video's comments are made up: the API shows a thousand
COMMENTS_KEPT = 1500
_TEXTS = (
    "so true", "bellissimo", "😂😂😂", "first!", "", "c'est vrai ça", "my number is ***********", "wow ❤️", "no way",
    "que bueno", "genau so", "part two please", "", "=1+1", "<b>nice</b>", "watching this twice, really",
)  # fmt: skip
_LIKED, _REPOSTED, _PINNED, _FOLLOW, _DELAY, _TEXT, _REPLIES, _INFO = range(40, 48)
REFUSALS = (
    "API cannot return this user's information",
    "username {name} is private",
    "username {name} information cannot be returned",
)


#: Replies follow a comment within this many seconds, and a comment is shown once they are over.
REPLIES_WITHIN = 65


def comments_of(catalogue: Catalogue, row: int, now: float) -> list[dict[str, Any]]:
    """Return a video's top-level comments, the most liked first."""
    total = int(catalogue.counts(np.array([row]), now)["comment_count"][0])
    video, born = int(catalogue.id[row]), int(catalogue.time[row])
    numbers = np.arange(min(total, COMMENTS_KEPT)) * 64 + 1
    items = _comments(video, video, born, 20 * 86400, numbers)
    return [item for item in items if item["create_time"] + REPLIES_WITHIN < now]


def replies_of(comment: int, video: int, born: int, number: int) -> list[dict[str, Any]]:
    """Return the replies to a comment, all of them written before the comment is first shown."""
    return _comments(comment, video, born, REPLIES_WITHIN - 5, np.arange(number) * 64 + 2)


def _comments(parent: int, video: int, born: int, within: int, numbers: IntArray) -> list[dict[str, Any]]:
    """Make comments of the first ``within`` seconds; their ids and times never depend on the clock."""
    if not len(numbers):
        return []
    delay = (chance(numbers, parent % 1_000_003 + _DELAY) ** 3 * within).astype(np.int64)
    low = mix(numbers, parent % 1_000_033) >> np.uint64(32)
    text = mix(numbers, parent % 1_000_037 + _TEXT) % np.uint64(len(_TEXTS))
    likes = (40 * chance(numbers, parent % 1_000_039) ** 6).astype(int)
    replies = (
        (4 * chance(numbers, parent % 1_000_081 + _REPLIES) ** 4).astype(int)
        if parent == video
        else numbers * 0
    )
    items = [
        {
            "id": ((born + int(delay[k])) << 32) | int(low[k]),
            "video_id": video,
            "parent_comment_id": parent,
            "text": _TEXTS[int(text[k])],
            "like_count": int(likes[k]),
            "reply_count": int(replies[k]),
            "create_time": born + 4 + int(delay[k]),
        }
        for k in range(len(numbers))
    ]
    return sorted(items, key=lambda item: (-item["like_count"], item["id"]))


def reply_count(comment: dict[str, Any]) -> int:
    """Number of replies of a top-level comment."""
    return int(comment["reply_count"])


def user_info(catalogue: Catalogue, account: int, now: float) -> dict[str, Any]:
    """Return the profile of an account; counts are live."""
    row = catalogue.world.accounts.iloc[account]
    videos = catalogue.rows_of(account, now)
    info = {
        "display_name": str(row["display_name"]),
        "bio_description": ""
        if account % 3
        else f"simulated account, line {account}\nsecond line, with a comma",
        "avatar_url": f"https://sim.invalid/{account}.webp",
        "is_verified": bool(row["verified"]),
        "follower_count": int(row["followers"]),
        "following_count": int(row["following"]),
        "likes_count": int(catalogue.final["like_count"][videos].sum()),
        "video_count": len(videos),
    }
    if chance(account, _INFO)[0] < 0.1:
        info["bio_url"] = f"https://sim.invalid/page/{account}"
    return info


def contacts(catalogue: Catalogue, account: int, kind: str, now: float) -> list[tuple[int, dict[str, str]]]:
    """Return (time, item) of followers or of the followed, the newest first.

    Times are distinct, so that a cursor of seconds neither loses nor repeats one.
    """
    row = catalogue.world.accounts.iloc[account]
    size = min(int(row["followers" if kind == "followers" else "following"]), FOLLOWERS_SHOWN)
    born, end = int(row["created"]), int(catalogue.world.end)
    step = max(1, (end - born) // (size + 1))
    salt = _FOLLOW + account * 2 + (kind == "followers")
    picks = (mix(np.arange(size), salt) % np.uint64(len(catalogue.handle) * 2)).astype(np.int64)
    found = []
    for k, pick in enumerate(picks.tolist()):
        time = end - (k + 1) * step
        inside = pick < len(catalogue.handle)
        name = catalogue.handle[pick] if inside else f"sim_far_{pick}"
        if time <= now and not (inside and catalogue.private[pick]):
            found.append((time, {"username": name, "display_name": f"Simulated {pick}"}))
    return found


def liked_rows(catalogue: Catalogue, account: int, newest: float) -> IntArray | None:
    """Rows an account liked, or None: nine in ten keep their likes to themselves."""
    if chance(account, _LIKED)[0] < 0.9:
        return None
    return _some_rows(catalogue, account, newest, _LIKED, 230)


def reposted_rows(catalogue: Catalogue, account: int, newest: float) -> IntArray:
    """Rows an account reposted."""
    return _some_rows(catalogue, account, newest, _REPOSTED, int(30 * chance(account, _REPOSTED)[0]))


def pinned_rows(catalogue: Catalogue, account: int, newest: float) -> IntArray:
    """Up to three of an account's own videos."""
    rows = catalogue.rows_of(account, newest)
    return rows[np.argsort(mix(catalogue.id[rows], _PINNED))][: int(4 * chance(account, _PINNED)[0])]


def playlist_rows(catalogue: Catalogue, account: int, newest: float) -> IntArray:
    """Rows of an account's playlist."""
    rows = catalogue.rows_of(account, newest)
    return np.asarray(rows[catalogue.in_playlist[rows]])


def _some_rows(catalogue: Catalogue, account: int, newest: float, salt: int, size: int) -> IntArray:
    visible = int(np.searchsorted(catalogue.time, int(newest) + 1))
    if not visible:
        return np.zeros(0, dtype=np.int64)
    rows = np.unique((mix(np.arange(size), salt + 1000 + account) % np.uint64(visible)).astype(np.int64))
    return np.asarray(rows[::-1])
