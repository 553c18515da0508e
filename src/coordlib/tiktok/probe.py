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
from coordlib.tiktok.query import MAX_SPAN_DAYS, Query, any_of, video_body
from coordlib.tiktok.session import Session
from coordlib.times import day_of

#: The word asked for where nothing is stored yet: some video of any week has it.
EVERYDAY_WORD = "fyp"

#: Accounts or captions in a probe, and the days of the week it falls back on, counted back from now.
SUBJECTS, FIRST_DAY, LAST_DAY = 20, 10, 4


def _known_active(session: Session, *, accounts: bool) -> tuple[Query, dt.date, dt.date]:
    """Return a query and a period that must bring rows: for accounts (else captions) stored last, or an everyday word."""
    column = "account_id" if accounts else "text"
    found = session.store.connection.execute(
        f"SELECT {column} AS subject, max(posted_at) AS newest FROM posts WHERE posted_at > 0 AND {column} <> '' "
        f"GROUP BY {column} ORDER BY newest DESC, {column} LIMIT ?",
        (SUBJECTS,),
    ).fetchall()
    days = [(row["subject"], day_of(row["newest"])) for row in found]
    newest = max((day for _, day in days), default=day_of(session.clock()))
    recent = [(name, day) for name, day in days if (newest - day).days < MAX_SPAN_DAYS]
    subjects = [name if accounts else keyword_of(name) for name, _ in recent]
    subjects = [name for name in subjects if (possible_name(name) if accounts else name)]
    if not subjects:
        first, last = (day_of(session.clock()) - dt.timedelta(days=back) for back in (FIRST_DAY, LAST_DAY))
        return Query(and_=(any_of("keyword", [EVERYDAY_WORD]),)), first, last
    query = Query(and_=(any_of("username" if accounts else "keyword", subjects),))
    return query, min(day for _, day in recent), newest


def probe(session: Session, *, accounts: bool) -> str | None:
    """Ask for what must be there: ``rows`` or ``nothing``; None where the question was not answered."""
    query, first, last = _known_active(session, accounts=accounts)
    body = video_body(query.to_json(), first, last)
    try:
        answer = session.request(VIDEO_QUERY, fields=("id", "username"), json=body, purpose="probe")
    except CredentialsError:
        raise
    except CollectError:
        return None
    if not answer.ok:
        return None
    return "rows" if rows_of(VIDEO_QUERY, answer.data) or answer.data.get("has_more") else "nothing"
