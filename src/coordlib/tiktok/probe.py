"""A query that must bring rows: it tells "nobody posted" from "the service returns nothing", which look alike.

Searches were silently empty for weeks, without an error (traktok issue 29: words found nothing from 2026-03-09, while
accounts did). So where a whole phase brought no row, what is known to be there is asked for once, in the same manner.
"""

from __future__ import annotations

import datetime as dt

from coordlib.errors import CollectError, CredentialsError
from coordlib.tiktok.caption_plan import keyword_of
from coordlib.tiktok.endpoints import VIDEO_QUERY, rows_of
from coordlib.tiktok.plan import possible_name
from coordlib.tiktok.query import MAX_SPAN_DAYS, Query, any_of
from coordlib.tiktok.session import Session

#: The word asked for where nothing is stored yet: some video of any week has it.
EVERYDAY_WORD = "fyp"

#: Accounts or captions in a probe, and the days of the week it falls back on, counted back from now.
SUBJECTS, FIRST_DAY, LAST_DAY = 20, 10, 4


def known_active(session: Session, *, accounts: bool) -> tuple[Query, dt.date, dt.date]:
    """Return a query and a period that must bring rows: for what was stored last, else for a word of every day.

    Parameters
    ----------
    session
        Its store is looked into.
    accounts
        Ask for accounts; else for captions.
    """
    column = "account_id" if accounts else "text"
    found = session.store.connection.execute(
        f"SELECT {column} AS subject, max(posted_at) AS newest FROM posts WHERE posted_at > 0 AND {column} <> '' "
        f"GROUP BY {column} ORDER BY newest DESC, {column} LIMIT ?",
        (SUBJECTS,),
    ).fetchall()
    newest = max((_day(row["newest"]) for row in found), default=_day(session.clock()))
    recent = [row for row in found if (newest - _day(row["newest"])).days < MAX_SPAN_DAYS]
    subjects = [row["subject"] if accounts else keyword_of(row["subject"]) for row in recent]
    subjects = [subject for subject in subjects if (possible_name(subject) if accounts else subject)]
    if not subjects:
        first, last = (_day(session.clock()) - dt.timedelta(days=days) for days in (FIRST_DAY, LAST_DAY))
        return Query(and_=(any_of("keyword", [EVERYDAY_WORD]),)), first, last
    query = Query(and_=(any_of("username" if accounts else "keyword", subjects),))
    return query, min(_day(row["newest"]) for row in recent), newest


def probe(session: Session, *, accounts: bool) -> str | None:
    """Ask for what must be there: ``rows`` or ``nothing``; None where the question was not answered."""
    query, first, last = known_active(session, accounts=accounts)
    body = {
        "query": query.to_json(), "start_date": f"{first:%Y%m%d}", "end_date": f"{last:%Y%m%d}", "max_count": 100,
    }  # fmt: skip
    try:
        answer = session.request(VIDEO_QUERY, fields=("id", "username"), json=body, purpose="probe")
    except CredentialsError:
        raise
    except CollectError:
        return None
    if not answer.ok:
        return None
    return "rows" if rows_of(VIDEO_QUERY, answer.data) or answer.data.get("has_more") else "nothing"


def _day(moment: float) -> dt.date:
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()
