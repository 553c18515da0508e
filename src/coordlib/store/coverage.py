"""Which days of which accounts and captions have been asked for, and what they brought."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from coordlib.store.database import Store, insert, replaced
from coordlib.times import day_of, day_start

#: First and last day.
Period = tuple[dt.date, dt.date]
_ONE_DAY = dt.timedelta(days=1)


def caption_key(caption: str) -> str:
    """Return the key of a caption: SHA-256 (hex) of its text in lower case, so that no text is kept twice."""
    return hashlib.sha256(caption.casefold().encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """What is known of an account when a day is planned: the first and the last day asked for (``covered``;
    none: never asked), and the stored videos (``posts``) of the last ``days`` covered days."""

    account_id: str
    covered: Period | None = None
    asked_on: dt.date | None = None
    posts: int = 0
    days: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CaptionHistory:
    """A caption worth searching: which pool accounts share it, how new it is, which days are covered."""

    caption: str
    accounts: tuple[str, ...]
    first_seen: dt.date
    last_seen: dt.date
    covered: Period | None = None


def mark(store: Store, subjects: Iterable[tuple[str, str]], period: Period, now: int) -> None:
    """Note that a period was asked for; a period that touches the covered one extends it, another replaces it."""
    names = ("kind", "subject", "first_day", "last_day", "asked_at")
    note = insert("coverage", names, f"(kind, subject) {replaced(names[2:])}")
    with store.transaction():
        for kind, subject in subjects:
            first, last = period
            row = store.row("SELECT * FROM coverage WHERE kind = ? AND subject = ?", (kind, subject))
            if row is not None:
                old = _period(row)
                if first <= old[1] + _ONE_DAY and old[0] <= last + _ONE_DAY:
                    first, last = min(first, old[0]), max(last, old[1])
                elif last < old[0]:
                    continue
            store.write(note, (kind, subject, first.isoformat(), last.isoformat(), now))


def mark_problem(store: Store, account_id: str, problem: str, day: dt.date, now: int) -> None:
    """Note that the service refuses an account."""
    names = ("kind", "subject", "first_day", "last_day", "asked_at", "problem")
    note = insert("coverage", names, f"(kind, subject) {replaced(names[4:])}")
    store.write(note, ("account", account_id, day.isoformat(), day.isoformat(), now, problem[:200]))


def _covered(store: Store, kind: str) -> dict[str, tuple[Period, dt.date, str | None]]:
    """Return of each subject which period was asked for, when, and why the service refused it."""
    return {
        row["subject"]: (_period(row), day_of(row["asked_at"]), row["problem"])
        for row in store.rows("SELECT * FROM coverage WHERE kind = ?", (kind,))
    }


def _period(row: sqlite3.Row) -> Period:
    return dt.date.fromisoformat(row["first_day"]), dt.date.fromisoformat(row["last_day"])


def account_histories(store: Store, account_ids: Iterable[str], day: dt.date) -> list[AccountHistory]:
    """Return what is known of each account when a day is planned, in the order given; posts of the last 30 days count."""
    covered, since = _covered(store, "account"), day - dt.timedelta(days=30)
    sql = "SELECT account_id, count(*) FROM posts WHERE posted_at >= ? AND posted_at < ? GROUP BY account_id"
    posts = dict(map(tuple, store.rows(sql, (day_start(since), day_start(day + _ONE_DAY)))))
    found = []
    for name in dict.fromkeys(account_ids):
        period, asked_on, problem = covered.get(name, (None, None, None))
        days = 0 if period is None else max(0, (period[1] - max(period[0], since)).days + 1)
        found.append(AccountHistory(name, period, asked_on, posts.get(name, 0), days, problem))
    return found


def caption_histories(
    store: Store, account_ids: Iterable[str], day: dt.date, *, days_back: int = 15, min_length: int = 80
) -> list[CaptionHistory]:
    """Return the captions of at least ``min_length`` characters that pool accounts posted in the days before a day that is planned."""
    pool = set(account_ids)
    covered = _covered(store, "caption")
    groups: dict[str, list[tuple[str, int]]] = {}
    for row in store.rows(
        "SELECT account_id, posted_at, text FROM posts WHERE posted_at >= ? AND posted_at < ? "
        "AND length(text) >= ? ORDER BY text, posted_at, content_id",
        (day_start(day - dt.timedelta(days=days_back)), day_start(day + _ONE_DAY), min_length),
    ):
        groups.setdefault(row["text"], []).append((row["account_id"], row["posted_at"]))
    found = []
    for caption, shares in groups.items():
        sharers = tuple(sorted({name for name, _ in shares if name in pool}))
        if sharers and len(caption.strip()) >= min_length:
            period, *_ = covered.get(caption_key(caption), (None,))
            first, last = day_of(shares[0][1]), day_of(shares[-1][1])
            found.append(CaptionHistory(caption, sharers, first, last, period))
    return found


def refused_accounts(store: Store) -> dict[str, str]:
    """Return the accounts the service refuses, with what it said of each."""
    rows = store.rows(
        "SELECT subject, problem FROM coverage WHERE kind = 'account' AND problem IS NOT NULL ORDER BY subject"
    )
    return {row["subject"]: row["problem"] for row in rows}
