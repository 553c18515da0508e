"""Comments, accounts, follow lists, liked, reposted and pinned videos, playlists, batch compliance.

Each function is a method of the client (its first argument). An account or a video that the service
refuses to show is part of the outcome (``problems``), never an exception, so that one private account
does not end a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from coordlib.errors import QueryError, QuotaExhausted, ServiceError
from coordlib.store.posts import upsert_posts
from coordlib.tiktok import endpoints as at
from coordlib.tiktok.endpoints import (
    VIDEO_QUERY,
    Endpoint,
    Outcome,
    Row,
    check_digits,
    clean,
    merge,
    rows_of,
)
from coordlib.tiktok.errors import Answer, Kind, to_exception
from coordlib.tiktok.query import check_max_count, condition
from coordlib.tiktok.rows import as_post

if TYPE_CHECKING:
    from coordlib.tiktok.client import TikTokResearch

__all__ = ["VIDEO_QUERY"]

#: Pages without a row, one after the other, after which a list is given up as incomplete.
EMPTY_PAGES = 20

#: Comments of one video the service is known to list.
COMMENT_CEILING = 1_000

#: Ids one compliance file may hold.
IDS_PER_FILE = 10_000


def _username(username: str) -> str:
    return condition("username", "EQ", username).field_values[0]


def _pages(
    client: TikTokResearch,
    endpoint: Endpoint,
    body: Mapping[str, Any],
    *,
    subject: str,
    max_count: int,
    max_pages: int | None,
    cursor: int | None,
    purpose: str,
    ceiling: int | None = None,
    mark: Mapping[str, str] | None = None,
    store_videos: bool = False,
) -> Outcome:
    """Page through a list until it ends, something stops it, or it goes round in circles."""
    check_max_count(max_count)
    if max_pages is not None and max_pages < 1:
        raise QueryError(f"max_pages = {max_pages}: give 1 or more, or none for all")
    before = client.requests
    rows: dict[str, Row] = {}
    pages = empty = 0
    complete, reason, log_ids, problems = True, "done", [], {}

    def keep(answer: Answer) -> None:
        upsert_posts(
            client.store,
            (as_post(row) for row in rows_of(endpoint, answer.data) if row.get("username")),
            int(client.clock()),
        )

    while True:
        if ceiling is not None and (cursor or 0) + max_count > ceiling:
            complete, reason = False, "ceiling"
            break
        sent = {**body, "max_count": max_count} | ({} if cursor is None else {"cursor": cursor})
        try:
            answer = client.request(
                endpoint,
                fields=endpoint.fields,
                json=sent,
                purpose=purpose,
                keep=keep if store_videos else None,
            )
        except QuotaExhausted:
            complete, reason = False, "quota"
            break
        if not answer.ok:
            complete, reason = False, "refused" if answer.kind is Kind.ACCOUNT_REFUSED else "failed"
            problems[subject] = answer.describe()
            log_ids += [answer.log_id] if answer.log_id else []
            break
        found = rows_of(endpoint, answer.data)
        for row in found:
            rows.setdefault(str(row.get("id") or row.get("username")), {**row, **(mark or {})})
        pages, empty = pages + 1, 0 if found else empty + 1
        following = clean(answer.data.get("cursor"), "create_time")
        if not answer.data.get("has_more"):
            cursor = following
            break
        if following is None or (following == cursor and found):
            complete, reason = False, "no-cursor"
            break
        cursor = following
        if empty >= EMPTY_PAGES:
            complete, reason = False, "empty-pages"
        elif max_pages is not None and pages >= max_pages:
            complete, reason = False, "max-pages"
        if not complete:
            break
    return Outcome(
        rows=tuple(rows.values()), n_rows=len(rows), complete=complete, reason=reason, next_cursor=cursor,
        requests=client.requests - before, log_ids=tuple(log_ids), problems=problems,
    )  # fmt: skip


def comments(
    self: TikTokResearch,
    video_id: str,
    *,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int = 0,
    ceiling: int | None = COMMENT_CEILING,
    purpose: str = "comments",
) -> Outcome:
    """List the comments of a video: one request per 100 comments, at most the top 1,000.

    A top-level comment has ``parent_comment_id`` equal to the video's id. Comments have no author.
    """
    number = check_digits(video_id, "video_id")
    return _pages(
        self, at.COMMENTS, {"video_id": int(number)}, subject=number, max_count=max_count, max_pages=max_pages,
        cursor=cursor, purpose=purpose, ceiling=ceiling,
    )  # fmt: skip


def replies(
    self: TikTokResearch,
    comment_id: str,
    *,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int = 0,
    ceiling: int | None = COMMENT_CEILING,
    purpose: str = "replies",
) -> Outcome:
    """List the replies to a comment."""
    number = check_digits(comment_id, "comment_id")
    return _pages(
        self, at.COMMENTS, {"comment_id": int(number)}, subject=number, max_count=max_count, max_pages=max_pages,
        cursor=cursor, purpose=purpose, ceiling=ceiling,
    )  # fmt: skip


def user_info(self: TikTokResearch, username: str, *, purpose: str = "user_info") -> Outcome:
    """Return one account's public profile; the row carries the ``username``, which the service does not echo."""
    name = _username(username)
    before = self.requests
    try:
        answer = self.request(
            at.USER_INFO, fields=at.USER_INFO.fields, json={"username": name}, purpose=purpose
        )
    except QuotaExhausted:
        return Outcome(complete=False, reason="quota")
    spent = self.requests - before
    profile = clean(answer.data) if answer.ok else {}
    if profile:
        return Outcome(rows=({**profile, "username": name},), n_rows=1, requests=spent)
    text = answer.describe() if not answer.ok else "the answer has no profile"
    return Outcome(
        complete=False,
        reason="refused" if answer.kind is Kind.ACCOUNT_REFUSED else "failed",
        requests=spent,
        log_ids=(answer.log_id,) if answer.log_id else (),
        problems={name: text},
    )


def users_info(self: TikTokResearch, usernames: Iterable[str], *, purpose: str = "user_info") -> Outcome:
    """Return the profiles of several accounts, one request each; refused ones are in ``problems``."""
    parts = []
    for name in dict.fromkeys(_username(name) for name in usernames):
        parts.append(user_info(self, name, purpose=purpose))
        if parts[-1].reason == "quota":
            break
    return merge(parts)


def _follow(
    self: TikTokResearch,
    endpoint: Endpoint,
    username: str,
    max_count: int,
    max_pages: int | None,
    cursor: int | None,
) -> Outcome:
    name = _username(username)
    return _pages(
        self, endpoint, {"username": name}, subject=name, max_count=max_count, max_pages=max_pages, cursor=cursor,
        purpose=endpoint.name, mark={"of": name},
    )  # fmt: skip


def followers(
    self: TikTokResearch,
    username: str,
    *,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int | None = None,
) -> Outcome:
    """List followers, newest first; rows carry the account under ``of``. Private followers are missing."""
    return _follow(self, at.FOLLOWERS, username, max_count, max_pages, cursor)


def following(
    self: TikTokResearch,
    username: str,
    *,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int | None = None,
) -> Outcome:
    """List the accounts an account follows, where it shows them; rows carry the account under ``of``."""
    return _follow(self, at.FOLLOWING, username, max_count, max_pages, cursor)


def _of_account(
    self: TikTokResearch,
    endpoint: Endpoint,
    username: str,
    mark: str,
    max_count: int,
    max_pages: int | None,
    cursor: int | None,
) -> Outcome:
    name = _username(username)
    return _pages(
        self, endpoint, {"username": name}, subject=name, max_count=max_count, max_pages=max_pages, cursor=cursor,
        purpose=endpoint.name, mark={mark: name}, store_videos=True,
    )  # fmt: skip


def liked_videos(
    self: TikTokResearch,
    username: str,
    *,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int | None = None,
) -> Outcome:
    """List the videos an account likes (private by default, so mostly refused); rows carry ``liked_by_user``."""
    return _of_account(self, at.LIKED, username, "liked_by_user", max_count, max_pages, cursor)


def reposted_videos(
    self: TikTokResearch,
    username: str,
    *,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int | None = None,
) -> Outcome:
    """List the videos an account reposted; rows carry ``reposted_by_user``."""
    return _of_account(self, at.REPOSTED, username, "reposted_by_user", max_count, max_pages, cursor)


def pinned_videos(self: TikTokResearch, username: str) -> Outcome:
    """List the videos an account pinned; rows carry ``pinned_by_user``."""
    name = _username(username)
    before = self.requests
    try:
        answer = self.request(
            at.PINNED, fields=at.PINNED.fields, json={"username": name}, purpose=at.PINNED.name
        )
    except QuotaExhausted:
        return Outcome(complete=False, reason="quota")
    if not answer.ok:
        return Outcome(
            complete=False, reason="refused" if answer.kind is Kind.ACCOUNT_REFUSED else "failed",
            requests=self.requests - before, log_ids=(answer.log_id,) if answer.log_id else (), problems={name: answer.describe()},
        )  # fmt: skip
    rows = tuple({**row, "pinned_by_user": name} for row in rows_of(at.PINNED, answer.data))
    return Outcome(rows=rows, n_rows=len(rows), requests=self.requests - before)


def playlist(
    self: TikTokResearch,
    playlist_id: str,
    *,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int = 0,
) -> Outcome:
    """List the video ids of a playlist; good data sent with status 500 is read like any other."""
    number = check_digits(playlist_id, "playlist_id")
    return _pages(
        self, at.PLAYLIST, {"playlist_id": int(number)}, subject=number, max_count=max_count, max_pages=max_pages,
        cursor=cursor, purpose="playlist", mark={"playlist_id": number},
    )  # fmt: skip


def compliance_create(
    self: TikTokResearch, ids: Iterable[str], category: Literal["video", "comment"] = "video"
) -> str:
    """Hand in at most 10,000 ids to be checked; returns the task's id (text: it exceeds 63 bits).

    Raises
    ------
    QueryError
        Too many ids, none, or one that is not digits; or the service refuses the file.
    ServiceError
        The service failed.
    """
    numbers = [check_digits(value, f"{category} id") for value in ids]
    if not 1 <= len(numbers) <= IDS_PER_FILE:
        raise QueryError(f"{len(numbers)} ids: a compliance file holds 1 to {IDS_PER_FILE}")
    if category not in ("video", "comment"):
        raise QueryError(f"category '{category}': use 'video' or 'comment'")
    content = ("\n".join(numbers) + "\n").encode("ascii")
    answer = self.request(
        at.COMPLIANCE_CREATE,
        data={"category": category},
        files={"file_data": ("ids.txt", content, "text/plain")},
        purpose="refresh",
    )
    task = clean(answer.data.get("task_id"), "task_id") if answer.ok else None
    if task is None:
        raise (
            to_exception(answer, "compliance task")
            if not answer.ok
            else ServiceError("compliance task: the answer has no task_id")
        )
    return str(task)


def compliance_status(self: TikTokResearch, task_id: str) -> str:
    """Return ``Completed``, ``Processing`` or ``Failed``."""
    number = int(check_digits(task_id, "task_id"))
    answer = self.request(at.COMPLIANCE_STATUS, json={"task_id": number}, purpose="refresh")
    if not answer.ok:
        raise to_exception(answer, "compliance status")
    return str(answer.data.get("task_status") or "")


def compliance_download(self: TikTokResearch, task_id: str) -> frozenset[str]:
    """Return the ids that are still valid.

    Raises
    ------
    ServiceError
        The service failed, or the file holds something that is not an id: nothing may be deleted then.
    """
    number = int(check_digits(task_id, "task_id"))
    answer = self.request(at.COMPLIANCE_DOWNLOAD, json={"task_id": number}, purpose="refresh")
    if not answer.ok or answer.text is None:
        raise (
            to_exception(answer, "compliance download")
            if not answer.ok
            else ServiceError("compliance download: not a text file")
        )
    words = answer.text.replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ServiceError(
            "compliance download: the file holds something that is not an id; nothing was deleted"
        )
    return frozenset(words)
