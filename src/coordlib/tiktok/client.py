"""The client: every endpoint as a method of one session.

What the service refuses to show is part of the outcome (``problems``), never an exception, so that one private account does
not end a batch. A list is complete when the service itself says that nothing follows; whatever else ends it is the ``reason``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypedDict, Unpack

import coordlib.tiktok.endpoints as at
from coordlib.errors import ParameterError, QueryError, QuotaExhausted, ServiceError
from coordlib.store import windows
from coordlib.store.ledger import FOLLOW
from coordlib.store.stored_posts import collected_posts, upsert_posts
from coordlib.tiktok.collector import Collector, new_window
from coordlib.tiktok.endpoints import Endpoint, Outcome, Row, clean, ending, posts_of, rows_of
from coordlib.tiktok.errors import Answer, to_exception
from coordlib.tiktok.query import (
    Query,
    check_fields,
    check_max_count,
    check_span,
    condition,
    days_between,
    parse_day,
    video_body,
)
from coordlib.tiktok.session import Session

#: Comments of one video the service is known to list.
COMMENT_CEILING = 1_000
#: From here on a follow list that ends may have been cut: about 4,000 to 5,000 are shown of any account.
FOLLOW_CEILING = 4_000
#: Ids one compliance file may hold.
IDS_PER_FILE = 10_000


class Paging(TypedDict, total=False):
    """How a list is paged: rows a page (1 to 100), pages at most (none: all), where to begin (none: its beginning)."""

    max_count: int
    max_pages: int | None
    cursor: int | None


def check_digits(value: str | int, what: str) -> str:
    """Return an id as text if it is made of digits."""
    text = str(value).strip()
    if not text.isascii() or not text.isdigit():
        raise QueryError(f"{what} '{text[:40]}' is not an id: it must be digits only")
    return text


def _account(username: str) -> dict[str, str]:
    return {"username": condition("username", "EQ", username).field_values[0]}


def _pages(
    session: Session,
    endpoint: Endpoint,
    subject: Mapping[str, str],
    *,
    mark: str | None = None,
    ceiling: int | None = None,
    max_count: int = 100,
    max_pages: int | None = None,
    cursor: int | None = None,
) -> Outcome:
    """Page through a subject's list until it ends or something stops it; rows carry the subject under ``mark``."""
    check_max_count(max_count)
    if max_pages is not None and max_pages < 1:
        raise QueryError(f"max_pages = {max_pages}: give 1 or more, or none for all")
    if endpoint in (at.COMMENTS, at.PLAYLIST):
        cursor = cursor or 0
    [told] = subject.values()
    before, rows, pages, empty = session.requests, dict[str, Row](), 0, 0
    reason, failure = None, Outcome()
    while reason is None:
        if ceiling is not None and (cursor or 0) + max_count > ceiling:
            reason = "ceiling"
            break
        paging = {"max_count": max_count} | ({} if cursor is None else {"cursor": cursor})
        answer = _one(session, endpoint, subject, **paging)
        if isinstance(answer, Outcome):
            failure, reason = answer, answer.reason
            break
        found = rows_of(endpoint, answer.data)
        for row in found:
            rows.setdefault(str(row.get("id") or row.get("username")), row | ({mark: told} if mark else {}))
        pages, empty = pages + 1, 0 if found else empty + 1
        reason = ending(answer.data, bool(found), cursor, empty, last=0 < (max_pages or 0) <= pages)
        cursor = clean(answer.data.get("cursor"), "cursor")
        promised = clean(answer.data.get("playlist_item_total"), "playlist_item_total") or 0
        if reason == "done" and len(rows) < promised:
            reason = "fewer-than-promised"
    if reason == "done" and endpoint.pool == FOLLOW and len(rows) >= FOLLOW_CEILING:
        reason = "ceiling"
    spent: dict[str, Any] = {"n_rows": len(rows), "requests": session.requests - before, "reason": reason}
    return replace(failure, rows=tuple(rows.values()), complete=reason == "done", next_cursor=cursor, **spent)


def _one(session: Session, endpoint: Endpoint, subject: Mapping[str, str], **paging: int) -> Answer | Outcome:
    """Send one request for a subject of a list."""
    [(name, told)] = subject.items()
    body = {name: told if name == "username" else int(told), **paging}
    purpose = "replies" if name == "comment_id" else endpoint.name
    return ask(session, endpoint, told, body, endpoint.fields, purpose)


def ask(
    session: Session, endpoint: Endpoint, told: str, body: dict[str, Any], fields: Iterable[str], purpose: str
) -> Answer | Outcome:
    """Send one request about a subject and store the videos that it brings; what keeps it from being answered is an outcome."""
    before = session.requests

    def keep(answer: Answer) -> None:
        upsert_posts(session.store, posts_of(endpoint, answer.data), int(session.clock()))

    kept = keep if endpoint.holds_videos else None
    try:
        answer = session.request(endpoint, fields=fields, json=body, purpose=purpose, keep=kept)
    except QuotaExhausted:
        return Outcome(complete=False, reason="quota", requests=session.requests - before)
    return answer if answer.ok else Outcome.unanswered(told, answer, session.requests - before)


class TikTokResearch(Session):
    """A client of the TikTok Research API.

    Parameters
    ----------
    credentials, base_url
        Client key and secret (see :meth:`from_environment`); address of the service, or of a simulator.
    store, budget
        Database for rows, ledger and budget (none: in memory); requests a day (none: the published quota).
    run_id
        Written into the ledger with every attempt.
    transport, clock, sleep
        For tests and simulations: an httpx transport, UTC seconds, and how to wait.
    min_interval, schedules
        Seconds between two requests, and before each further try, per kind of error.
    on_origin
        Called once, before anything is stored, with whether the service says that it is simulated.

    Attributes
    ----------
    simulated
        Whether the service says that it is simulated (none: it has not answered yet).

    Examples
    --------
    >>> import httpx
    >>> from coordlib.tiktok import Credentials
    >>> def service(request):
    ...     if "oauth" in request.url.path:
    ...         return httpx.Response(200, json={"access_token": "clt.x", "expires_in": 7200})
    ...     return httpx.Response(200, json={"data": {"display_name": "Esempio"}, "error": {"code": "ok"}})
    >>> client = TikTokResearch(Credentials("key", "secret"), transport=httpx.MockTransport(service))
    >>> client.user_info("esempio_uno").rows
    ({'display_name': 'Esempio', 'username': 'esempio_uno'},)
    >>> client.close()
    """

    def videos(
        self,
        query: Query,
        start: str | dt.date,
        end: str | dt.date,
        *,
        fields: Iterable[str] | None = None,
        window_days: int = 7,
        overlap_days: int = 0,
        max_count: int = 100,
        max_pages: int | None = None,
        max_records: int | None = None,
        run_id: str | None = None,
        phase: str = "videos",
        with_rows: bool = True,
        progress: bool = True,
    ) -> Outcome:
        """Collect the videos a query finds in a period; rows go into the store, page by page.

        Parameters
        ----------
        query, start, end
            What to look for; first and last day (UTC), as dates or text, any length.
        fields
            Fields of a video (none: all, falling back to the oldest ones where they are refused).
        window_days
            Days per window, 1 to 31; smaller windows fail less often, larger ones cost fewer requests.
        overlap_days
            Days each window reaches into the one before, for those who doubt that end dates are inclusive.
        max_count, max_pages, max_records
            Rows a page (1 to 100), pages per window at most, rows in all after whose page it stops.
        run_id, phase
            Repeat a call with the same name to go on where it stopped, and to ask again for what failed (none: afresh);
            a word for the ledger.
        with_rows, progress
            Return the rows as well (they are in the store either way); show a progress bar on a terminal.

        Returns
        -------
        Outcome
            Rows without repeated ids, newest first; whether they are all; what failed.

        Raises
        ------
        QueryError, ParameterError
            The period, the fields or a number would be refused; nothing was sent.
        CredentialsError
            Key, secret or the project's rights are refused.
        """
        first, last = parse_day(start, what="start_date"), parse_day(end, what="end_date")
        if last < first:
            raise ParameterError(f"end_date {last} is before start_date {first}; exchange them")
        names = check_fields(fields) if fields is not None else ()
        if overlap_days < 0 or window_days + overlap_days > 31:
            together = "give 0 or more, with window_days at most 31 together"
            raise ParameterError(f"overlap_days = {overlap_days}: {together}")
        for name, value in (("max_pages", max_pages), ("max_records", max_records)):
            if value is not None and value < 1:
                raise ParameterError(f"{name} = {value}: give 1 or more, or none for all")
        overlap = dt.timedelta(days=overlap_days)
        new = [
            new_window(query, max(first, begin - overlap), stop, fields=names, max_pages=max_pages)
            for begin, stop in days_between(first, last, days=window_days)
        ]
        collector = Collector(self, max_count=max_count, progress=progress)
        run = run_id or f"once-{uuid.uuid4().hex[:12]}"
        previous, self.run_id = self.run_id, self.run_id or run
        try:
            if windows.planned(self.store, run, phase) is None:
                windows.plan(self.store, run, phase, new, {}, int(self.clock()))
            else:
                windows.reopen(self.store, run, phase, int(self.clock()))
            outcome = collector.work(run, phase, max_records=max_records)
        finally:
            self.run_id = previous
        if not with_rows:
            return outcome
        table = collected_posts(self.store, run).astype(object)
        found = [
            {str(name): value for name, value in row.items() if value is not None}
            for row in table.where(table.notna(), None).to_dict("records")
        ]
        rows = sorted(found, key=lambda row: int(row["content_id"]), reverse=True)[:max_records]
        return replace(outcome, rows=tuple(rows), n_rows=len(rows))

    def sample_videos(self, query: Query, start: str | dt.date, end: str | dt.date) -> Outcome:
        """Return up to 100 videos of a period (at most 30 days) picked at random by the service: one request."""
        first, last = check_span(start, end)
        body, before = video_body(query.to_json(), first, last, is_random=True), self.requests
        answer = ask(self, at.VIDEO_QUERY, "sample", body, self.video_fields(), "sample")
        if isinstance(answer, Outcome):
            return answer
        rows = {post["content_id"]: post for post in posts_of(at.VIDEO_QUERY, answer.data)}
        return Outcome(rows=tuple(rows.values()), n_rows=len(rows), requests=self.requests - before)

    def comments(
        self, video_id: str, *, ceiling: int | None = COMMENT_CEILING, **paging: Unpack[Paging]
    ) -> Outcome:
        """List the comments of a video: one request per 100 comments, at most the top 1,000. A top-level
        comment has ``parent_comment_id`` equal to the video's id. Comments have no author."""
        subject = {"video_id": check_digits(video_id, "video_id")}
        return _pages(self, at.COMMENTS, subject, ceiling=ceiling, **paging)

    def replies(
        self, comment_id: str, *, ceiling: int | None = COMMENT_CEILING, **paging: Unpack[Paging]
    ) -> Outcome:
        """List the replies to a comment."""
        subject = {"comment_id": check_digits(comment_id, "comment_id")}
        return _pages(self, at.COMMENTS, subject, ceiling=ceiling, **paging)

    def user_info(self, username: str) -> Outcome:
        """Return one account's public profile; the row carries the ``username``, which the service does not echo."""
        subject, before = _account(username), self.requests
        answer = _one(self, at.USER_INFO, subject)
        if isinstance(answer, Outcome):
            return answer
        if not (profile := clean(answer.data)):
            return Outcome.unanswered(subject["username"], answer, self.requests - before)
        return Outcome(rows=({**profile, **subject},), n_rows=1, requests=self.requests - before)

    def users_info(self, usernames: Iterable[str]) -> Outcome:
        """Return the profiles of several accounts, one request each; refused ones are in ``problems``."""
        parts = list[Outcome]()
        for name in dict.fromkeys(_account(name)["username"] for name in usernames):
            parts.append(self.user_info(name))
            if parts[-1].reason == "quota":
                break
        reasons = [part.reason for part in parts if part.reason != "done"]
        return Outcome(
            rows=tuple(row for part in parts for row in part.rows),
            n_rows=sum(part.n_rows for part in parts),
            complete=all(part.complete for part in parts),
            reason="quota" if "quota" in reasons else reasons[0] if reasons else "done",
            requests=sum(part.requests for part in parts),
            log_ids=tuple(dict.fromkeys(log_id for part in parts for log_id in part.log_ids)),
            problems={name: text for part in parts for name, text in part.problems.items()},
        )

    def followers(self, username: str, **paging: Unpack[Paging]) -> Outcome:
        """List followers, newest first; rows carry the account under ``of``. Private followers are missing."""
        return _pages(self, at.FOLLOWERS, _account(username), mark="of", **paging)

    def following(self, username: str, **paging: Unpack[Paging]) -> Outcome:
        """List the accounts an account follows, where it shows them; rows carry the account under ``of``."""
        return _pages(self, at.FOLLOWING, _account(username), mark="of", **paging)

    def liked_videos(self, username: str, **paging: Unpack[Paging]) -> Outcome:
        """List the videos an account likes (private by default, so mostly refused); rows carry ``liked_by_user``."""
        return _pages(self, at.LIKED, _account(username), mark="liked_by_user", **paging)

    def reposted_videos(self, username: str, **paging: Unpack[Paging]) -> Outcome:
        """List the videos an account reposted; rows carry ``reposted_by_user``."""
        return _pages(self, at.REPOSTED, _account(username), mark="reposted_by_user", **paging)

    def pinned_videos(self, username: str) -> Outcome:
        """List the videos an account pinned; rows carry ``pinned_by_user``."""
        subject, before = _account(username), self.requests
        answer = _one(self, at.PINNED, subject)
        if isinstance(answer, Outcome):
            return answer
        rows = tuple(row | {"pinned_by_user": subject["username"]} for row in rows_of(at.PINNED, answer.data))
        return Outcome(rows=rows, n_rows=len(rows), requests=self.requests - before)

    def playlist(self, playlist_id: str, **paging: Unpack[Paging]) -> Outcome:
        """List the video ids of a playlist; fewer than promised (deleted ones) are not called complete."""
        subject = {"playlist_id": check_digits(playlist_id, "playlist_id")}
        return _pages(self, at.PLAYLIST, subject, mark="playlist_id", **paging)

    def compliance_create(self, ids: Iterable[str], category: Literal["video", "comment"] = "video") -> str:
        """Hand in at most 10,000 ids to be checked; returns the task's id (text: it exceeds 63 bits)."""
        numbers = [check_digits(value, f"{category} id") for value in ids]
        if not 1 <= len(numbers) <= IDS_PER_FILE:
            raise QueryError(f"{len(numbers)} ids: a compliance file holds 1 to {IDS_PER_FILE}")
        if category not in ("video", "comment"):
            raise QueryError(f"category '{category}': use 'video' or 'comment'")
        file = ("ids.txt", ("\n".join(numbers) + "\n").encode("ascii"), "text/plain")
        form = {"data": {"category": category}, "files": {"file_data": file}}
        answer = self._task(at.COMPLIANCE_CREATE, "compliance task", **form)
        if (task := clean(answer.data.get("task_id"), "task_id")) is None:
            raise ServiceError("compliance task: the answer has no task_id")
        return str(task)

    def compliance_status(self, task_id: str) -> str:
        """Return ``Completed``, ``Processing`` or ``Failed``."""
        body = {"task_id": int(check_digits(task_id, "task_id"))}
        answer = self._task(at.COMPLIANCE_STATUS, "compliance status", json=body)
        return str(answer.data.get("task_status") or "")

    def compliance_download(self, task_id: str) -> frozenset[str]:
        """Return the ids that are still valid."""
        what, body = "compliance download", {"task_id": int(check_digits(task_id, "task_id"))}
        answer = self._task(at.COMPLIANCE_DOWNLOAD, what, json=body)
        if answer.text is None:
            raise ServiceError(f"{what}: not a text file")
        words = answer.text.replace(",", " ").split()
        if not all(word.isascii() and word.isdigit() for word in words):
            raise ServiceError(f"{what}: the file holds something that is not an id; nothing was deleted")
        return frozenset(words)

    def _task(self, endpoint: Endpoint, what: str, **body: Any) -> Answer:
        answer = self.request(endpoint, purpose="refresh", **body)
        if not answer.ok:
            raise to_exception(answer, what)
        return answer
