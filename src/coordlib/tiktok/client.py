"""The client: every endpoint as a method of one session."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import replace

from coordlib.errors import ParameterError
from coordlib.store import windows
from coordlib.store.stored_posts import collected_posts
from coordlib.tiktok.collector import Collector, new_window
from coordlib.tiktok.endpoints import VIDEO_QUERY, Outcome, as_post, rows_of
from coordlib.tiktok.lists import Lists, ask
from coordlib.tiktok.query import Query, check_fields, check_span, days_between, parse_day, video_body


class TikTokResearch(Lists):
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
        QueryError
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

    def sample_videos(
        self,
        query: Query,
        start: str | dt.date,
        end: str | dt.date,
        *,
        fields: Iterable[str] | None = None,
        max_count: int = 100,
    ) -> Outcome:
        """Return up to 100 videos of a period (at most 30 days) picked at random by the service: one request."""
        first, last = check_span(start, end)
        names = check_fields(fields) if fields is not None else self.video_fields()
        body = video_body(query.to_json(), first, last, max_count, is_random=True)
        before, answer = self.requests, ask(self, VIDEO_QUERY, "sample", body, names, "sample")
        if isinstance(answer, Outcome):
            return answer
        found = (row for row in rows_of(VIDEO_QUERY, answer.data) if row.get("username"))
        rows = {row["id"]: as_post(row) for row in found}
        return Outcome(rows=tuple(rows.values()), n_rows=len(rows), requests=self.requests - before)
