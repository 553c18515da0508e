"""Which days of which accounts and captions have been asked for, and what they brought."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coordlib.store.database import Store

_DAY = 86_400


def caption_key(caption: str) -> str:
    """Return the key of a caption: SHA-256 (hex) of its text in lower case, so that no text is kept twice."""
    return hashlib.sha256(caption.casefold().encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """What is known of an account when a day is planned.

    ``covered`` is the first and the last day asked for (none: never asked), ``posts`` the stored videos
    of the last ``days`` covered days, ``posted_last`` the day of its newest stored video.
    """

    account_id: str
    covered: tuple[dt.date, dt.date] | None = None
    asked_on: dt.date | None = None
    posts: int = 0
    days: int = 0
    posted_last: dt.date | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CaptionHistory:
    """A caption worth searching: how many pool accounts share it, how new it is, which days are covered."""

    caption: str
    accounts: tuple[str, ...]
    posts: int
    first_seen: dt.date
    last_seen: dt.date
    covered: tuple[dt.date, dt.date] | None = None


def mark(
    store: Store,
    subjects: Iterable[tuple[str, str]],
    start: dt.date,
    end: dt.date,
    now: int,
    *,
    missing: int = 0,
) -> None:
    """Note that a period was asked for; a period that touches the covered one extends it, another replaces it."""
    with store.transaction() as connection:
        for kind, subject in subjects:
            first, last = start, end
            row = connection.execute(
                "SELECT first_day, last_day FROM coverage WHERE kind = ? AND subject = ?", (kind, subject)
            ).fetchone()
            if row is not None:
                old = dt.date.fromisoformat(row["first_day"]), dt.date.fromisoformat(row["last_day"])
                if start <= old[1] + dt.timedelta(days=1) and old[0] <= end + dt.timedelta(days=1):
                    first, last = min(start, old[0]), max(end, old[1])
                elif end < old[0]:
                    continue
            connection.execute(
                "INSERT INTO coverage (kind, subject, first_day, last_day, asked_at, missing) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (kind, subject) DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day, "
                "asked_at = excluded.asked_at, missing = excluded.missing",
                (kind, subject, first.isoformat(), last.isoformat(), now, missing),
            )


def mark_problem(store: Store, account_id: str, problem: str, day: dt.date, now: int) -> None:
    """Note that the service refuses an account."""
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO coverage (kind, subject, first_day, last_day, asked_at, problem) VALUES ('account', ?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, subject) DO UPDATE SET problem = excluded.problem, asked_at = excluded.asked_at",
            (account_id, day.isoformat(), day.isoformat(), now, problem[:200]),
        )


def _covered(store: Store, kind: str) -> Mapping[str, tuple[dt.date, dt.date, int, str | None]]:
    rows = store.connection.execute(
        "SELECT subject, first_day, last_day, asked_at, problem FROM coverage WHERE kind = ?", (kind,)
    )
    return {
        row["subject"]: (
            dt.date.fromisoformat(row["first_day"]),
            dt.date.fromisoformat(row["last_day"]),
            row["asked_at"],
            row["problem"],
        )
        for row in rows
    }


def account_histories(
    store: Store, account_ids: Iterable[str], day: dt.date, *, memory: int = 30
) -> list[AccountHistory]:
    """Return what is known of each account, in the order given.

    Parameters
    ----------
    store
        An open store.
    account_ids
        The pool's active accounts.
    day
        The day that is planned.
    memory
        Posts are counted over at most this many days back.
    """
    covered = _covered(store, "account")
    since = day - dt.timedelta(days=memory)
    posts = {
        row["account_id"]: (row["n"], row["newest"])
        for row in store.connection.execute(
            "SELECT account_id, count(*) AS n, max(posted_at) AS newest FROM posts WHERE posted_at >= ? AND posted_at < ? GROUP BY account_id",
            (_seconds(since), _seconds(day + dt.timedelta(days=1))),
        )
    }
    found = []
    for name in dict.fromkeys(account_ids):
        period = covered.get(name)
        count, newest = posts.get(name, (0, None))
        days = 0 if period is None else max(0, (period[1] - max(period[0], since)).days + 1)
        found.append(
            AccountHistory(
                account_id=name,
                covered=None if period is None else (period[0], period[1]),
                asked_on=None if period is None else _date(period[2]),
                posts=count,
                days=days,
                posted_last=None if newest is None else _date(newest),
                problem=None if period is None else period[3],
            )
        )
    return found


def caption_histories(
    store: Store, account_ids: Iterable[str], day: dt.date, *, days_back: int = 15, min_length: int = 80
) -> list[CaptionHistory]:
    """Return the captions that pool accounts posted lately and that are long enough to be worth a search.

    Parameters
    ----------
    store
        An open store.
    account_ids
        The pool.
    day
        The day that is planned; captions of the ``days_back`` days before it are taken.
    min_length
        Shortest caption, in characters.
    """
    pool = set(account_ids)
    covered = _covered(store, "caption")
    groups: dict[str, list[tuple[str, int]]] = {}
    for row in store.connection.execute(
        "SELECT account_id, posted_at, text AS caption FROM posts WHERE posted_at >= ? AND posted_at < ? "
        "AND length(text) >= ? ORDER BY text, posted_at, content_id",
        (_seconds(day - dt.timedelta(days=days_back)), _seconds(day + dt.timedelta(days=1)), min_length),
    ):
        groups.setdefault(row["caption"], []).append((row["account_id"], row["posted_at"]))
    found = []
    for caption, shares in groups.items():
        sharers = tuple(sorted({name for name, _ in shares if name in pool}))
        if sharers and len(caption.strip()) >= min_length:
            period = covered.get(caption_key(caption))
            times = [moment for _, moment in shares]
            found.append(
                CaptionHistory(
                    caption,
                    sharers,
                    len(shares),
                    _date(min(times)),
                    _date(max(times)),
                    None if period is None else (period[0], period[1]),
                )
            )
    return found


def _seconds(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def _date(moment: int) -> dt.date:
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()
