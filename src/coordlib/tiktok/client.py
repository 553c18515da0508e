"""The client: one request at a time, budgeted, written down, retried as its kind of error deserves."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import httpx
import tenacity

from coordlib.errors import ParameterError
from coordlib.store import Store, ledger, open_store
from coordlib.tiktok import lists
from coordlib.tiktok.budget import RequestBudget
from coordlib.tiktok.credentials import Credentials, redact
from coordlib.tiktok.endpoints import BASE_URL, Endpoint, Outcome, rows_of
from coordlib.tiktok.errors import SCHEDULES, TROUBLE, Answer, Kind, classify, to_exception
from coordlib.tiktok.query import CORE_FIELDS, Query
from coordlib.tiktok.token import AccessToken

#: Gateway errors arrive after minutes; connecting is quick or hopeless.
TIMEOUT = httpx.Timeout(120, connect=10)

#: Seconds between two requests: the quota, not speed, is the limit.
MIN_INTERVAL = 0.5

#: Attempts of one request over all kinds of trouble together.
MAX_TROUBLE = 3

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Keep = Callable[[Answer], None]


class _Attempts:
    """Decides, from the answers so far to one request, whether and when to try again."""

    def __init__(self, schedules: Mapping[Kind, tuple[float, ...]]) -> None:
        self.schedules = schedules
        self.counts: Counter[Kind] = Counter()
        self.pause = 0.0

    def again(self, answer: Answer) -> bool:
        schedule = self.schedules.get(answer.kind, ())
        done = self.counts[answer.kind]
        self.counts[answer.kind] += 1
        trouble = sum(self.counts[kind] for kind in TROUBLE)
        if done >= len(schedule) or (answer.kind in TROUBLE and trouble >= MAX_TROUBLE):
            return False
        self.pause = max(schedule[done], answer.retry_after or 0.0)
        return True

    def wait(self, _state: tenacity.RetryCallState) -> float:
        return self.pause


class TikTokResearch:
    """A client of the TikTok Research API.

    Parameters
    ----------
    credentials
        Client key and secret; see :meth:`from_environment`.
    base_url
        Address of the service, or of a simulator.
    transport
        An httpx transport, for tests and simulations.
    store
        Workspace database for rows, ledger and budget; none keeps them in memory.
    budget
        Requests a day; none counts against the published quota.
    run_id
        Written into the ledger with every attempt.
    clock, sleep
        UTC seconds, and how to wait; replaced where time is simulated.
    min_interval
        Seconds between two requests.

    Examples
    --------
    >>> import httpx
    >>> def service(request):
    ...     if "oauth" in request.url.path:
    ...         return httpx.Response(200, json={"access_token": "clt.x", "expires_in": 7200})
    ...     return httpx.Response(200, json={"data": {"display_name": "Esempio"}, "error": {"code": "ok"}})
    >>> client = TikTokResearch(Credentials("key", "secret"), transport=httpx.MockTransport(service))
    >>> client.user_info("esempio_uno").rows
    ({'display_name': 'Esempio', 'username': 'esempio_uno'},)
    >>> client.close()
    """

    def __init__(
        self,
        credentials: Credentials,
        base_url: str = BASE_URL,
        transport: httpx.BaseTransport | None = None,
        store: Store | None = None,
        budget: RequestBudget | None = None,
        run_id: str | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        min_interval: float = MIN_INTERVAL,
        schedules: Mapping[Kind, tuple[float, ...]] = SCHEDULES,
    ) -> None:
        address = httpx.URL(base_url)
        if address.scheme != "https" and not (address.scheme == "http" and address.host in _LOOPBACK):
            raise ParameterError(
                f"base_url '{base_url[:80]}': the secret is sent there, so it must start with https:// "
                "(http:// only for a simulator on this machine)"
            )
        self._own_store = store is None
        self.store = open_store(":memory:") if store is None else store
        self.clock, self.sleep = clock, sleep
        self.budget = budget if budget is not None else RequestBudget(self.store, clock=clock)
        self.run_id = run_id
        self.schedules = dict(schedules)
        self.min_interval = min_interval
        self.requests = 0
        self.full_fields_refused = False
        self.full_fields_worked = False
        self._credentials = credentials
        self._http = httpx.Client(base_url=base_url.rstrip("/"), timeout=TIMEOUT, transport=transport)
        self._token = AccessToken(self._http, credentials, clock=clock, sleep=sleep, note=self._note_token)
        self._last_sent = float("-inf")

    @classmethod
    def from_environment(cls, **options: Any) -> Self:
        """Make a client with the credentials found in the environment, ``.env`` or the keyring."""
        return cls(Credentials.find(), **options)

    def __repr__(self) -> str:
        return f"TikTokResearch({self._http.base_url}, {self.requests} requests sent)"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, and the database when it was the client's own."""
        self._http.close()
        if self._own_store:
            self.store.close()

    def request(
        self,
        endpoint: Endpoint,
        *,
        fields: Iterable[str] = (),
        json: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
        purpose: str = "request",
        window_id: int | None = None,
        keep: Keep | None = None,
        schedules: Mapping[Kind, tuple[float, ...]] | None = None,
    ) -> Answer:
        """Send one request, trying again as its errors deserve.

        Parameters
        ----------
        endpoint
            Where to.
        fields
            Names for the address's ``fields``.
        json, data, files
            The body: JSON, or a form.
        purpose, window_id
            Written into the ledger.
        keep
            Called with a good answer inside the transaction that writes its ledger row: what it stores
            is kept exactly when the ledger has the request.
        schedules
            Waits per kind of error, over those of the client.

        Returns
        -------
        Answer
            A good answer, or the last failure.

        Raises
        ------
        QuotaExhausted
            The budget is spent, or the service says so. Nothing more is sent that day.
        CredentialsError
            Key, secret, token or the project's rights are refused.
        """
        attempts = _Attempts({**self.schedules, **(schedules or {})})
        retrying = tenacity.Retrying(
            sleep=self.sleep,
            wait=attempts.wait,
            retry=tenacity.retry_if_result(attempts.again),
            stop=tenacity.stop_never,
        )
        params = {"fields": ",".join(fields)} if fields else None
        body = {"json": json, "data": data, "files": files}
        number = 0

        def attempt() -> Answer:
            nonlocal number
            number += 1
            return self._attempt(endpoint, params, body, number, purpose, window_id, keep)

        answer: Answer = retrying(attempt)
        if answer.kind in (Kind.TOKEN, Kind.NOT_AUTHORIZED):
            raise to_exception(answer, endpoint.name)
        return answer

    def _attempt(
        self,
        endpoint: Endpoint,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any],
        number: int,
        purpose: str,
        window_id: int | None,
        keep: Keep | None,
    ) -> Answer:
        token = self._token.value()
        pause = self._last_sent + self.min_interval - self.clock()
        if 0 < pause <= self.min_interval:
            self.sleep(pause)
        self.budget.spend(endpoint.pool)
        self._last_sent = sent_at = self.clock()
        self.requests += 1
        started = time.perf_counter()
        answer = self._without_secrets(self._send(endpoint, params, body, token), token)
        milliseconds = round((time.perf_counter() - started) * 1000)
        rows = len(rows_of(endpoint, answer.data)) if answer.ok and endpoint.list_keys else None
        entry = ledger.Entry(
            sent_at=int(sent_at), purpose=purpose, endpoint=endpoint.name, attempt=number, kind=answer.kind.value,
            ms=milliseconds, http_status=answer.status, code=answer.code, message=answer.message or None,
            log_id=answer.log_id, rows=rows, run_id=self.run_id, window_id=window_id,
        )  # fmt: skip
        with self.store.transaction():
            ledger.record(self.store, entry)
            if answer.ok and keep is not None:
                keep(answer)
        if answer.kind is Kind.TOKEN:
            self._token.forget()
        if answer.kind is Kind.QUOTA:
            self.budget.exhausted(endpoint.pool, sent_at)
            raise to_exception(answer, endpoint.name)
        return answer

    def _without_secrets(self, answer: Answer, token: str) -> Answer:
        """Take out what the service may have repeated of our secrets, before anything shows or stores it."""
        hide = (token, self._credentials.client_secret, self._credentials.client_key)
        return replace(
            answer,
            code=redact(answer.code, *hide) if answer.code else None,
            message=redact(answer.message, *hide),
            log_id=redact(answer.log_id, *hide) if answer.log_id else None,
        )

    def _send(
        self, endpoint: Endpoint, params: Mapping[str, str] | None, body: Mapping[str, Any], token: str
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            response = self._http.post(endpoint.path, params=params, headers=headers, **body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(Kind.NETWORK, message=f"{type(error).__name__}: {error}")
        answer = classify(response.status_code, response.headers, response.content, endpoint=endpoint.name)
        html = "html" in response.headers.get("content-type", "")
        if endpoint.name == "compliance_download" and answer.kind is Kind.UNREADABLE and not html:
            return Answer(Kind.OK, response.status_code, "ok", text=response.text)
        return answer

    def _note_token(self, status: int | None, code: str, message: str, log_id: str | None, ms: int) -> None:
        kind = "ok" if code == "ok" else "network" if status is None else "token"
        ledger.record(
            self.store,
            ledger.Entry(
                sent_at=int(self.clock()), purpose="token", endpoint="token", attempt=1, kind=kind, ms=ms,
                http_status=status, code=code, message=message, log_id=log_id, run_id=self.run_id,
            ),
        )  # fmt: skip

    def video_fields(self, fields: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return the fields to ask videos for: those given, else all, else the oldest ones once all were refused."""
        if fields is not None:
            return tuple(fields)
        return CORE_FIELDS if self.full_fields_refused else lists.VIDEO_QUERY.fields

    def refuse_full_fields(self, answer: Answer) -> bool:
        """Fall back to the fields that work since 2023; False when that was done before or cannot be the cause."""
        if self.full_fields_refused or self.full_fields_worked:
            return False
        self.full_fields_refused = True
        warnings.warn(
            f"the service refused the full list of fields ({answer.describe()}); asking for the core fields from now on",
            UserWarning,
            stacklevel=2,
        )
        return True

    def videos(self, query: Query, start: Any, end: Any, **options: Any) -> Outcome:
        """Collect the videos of a period; see :func:`coordlib.tiktok.search.collect_videos`."""
        from coordlib.tiktok.search import collect_videos

        return collect_videos(self, query, start, end, **options)

    def sample_videos(self, query: Query, start: Any, end: Any, **options: Any) -> Outcome:
        """Let the service pick up to 100 videos at random; see :func:`coordlib.tiktok.search.sample_videos`."""
        from coordlib.tiktok.search import sample_videos

        return sample_videos(self, query, start, end, **options)

    comments = lists.comments
    replies = lists.replies
    user_info = lists.user_info
    users_info = lists.users_info
    followers = lists.followers
    following = lists.following
    liked_videos = lists.liked_videos
    reposted_videos = lists.reposted_videos
    pinned_videos = lists.pinned_videos
    playlist = lists.playlist
    compliance_create = lists.compliance_create
    compliance_status = lists.compliance_status
    compliance_download = lists.compliance_download
