"""A video of the Research API in the words of the one table of posts: the door at which its names change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def as_post(video: Mapping[str, Any]) -> dict[str, Any]:
    """Return a video as a row of posts.

    Examples
    --------
    >>> as_post({"id": "7", "username": "ann", "view_count": 3, "music_id": "9"})
    {'content_id': '7', 'account_id': 'ann', 'views': 3, 'music_id': '9'}
    """
    return {NAMES.get(name, name): value for name, value in video.items()}
