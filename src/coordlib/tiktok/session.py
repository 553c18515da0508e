"""A session with the service, its token in memory only: one request at a time, budgeted, written down, retried as its kind of error deserves."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from coordlib.errors import CredentialsError, ServiceError
from coordlib.parameters import BASE_URL
from coordlib.service import Closing, Service, check_address
from coordlib.store import Store, ledger, open_store
from coordlib.store.ledger import RequestBudget as RequestBudget
from coordlib.tiktok.credentials import Credentials
from coordlib.tiktok.endpoints import TOKEN, VIDEO_QUERY, Endpoint, rows_of
from coordlib.tiktok.errors import SCHEDULES, TROUBLE, Answer, Kind, classify, to_exception
from coordlib.tiktok.query import CORE_FIELDS

if TYPE_CHECKING:
    import httpx

#: Seconds between two requests: the quota, not speed, is the limit.
MIN_INTERVAL = 0.5
#: A token is renewed this many seconds before its end; seconds between tries for one while the service is in trouble.
RENEW_BEFORE, WAITS = 300, (2, 4, 8, 16, 32)
#: Attempts of one request over all kinds of trouble together.
MAX_TROUBLE = 3
#: Seconds between two attempts at most, whatever the service asks for.
LONGEST_PAUSE = 600.0
#: Gateway errors in a row, over all requests, after which the service is taken to be down: such outages last for days
#: (686 logged answers in January 2025), and each attempt costs quota.
MAX_GATEWAY = 8
#: Header by which a simulated service says that it is one.
SIMULATED = "coordlib-simulated"
_REFUSALS = (
    *("invalid_client", "invalid_request", "invalid_grant", "invalid_scope"),
    *("unauthorized_client", "unsupported_grant_type", "access_denied"),
)

#: What stores a good answer.
Keep = Callable[[Answer], None]


class AccessToken:
    """The bearer token of a session; its ``repr`` does not show it."""

    def __init__(self, service: Service, credentials: Credentials, note: Callable[..., None]) -> None:
        self._service, self._credentials, self._note = service, credentials, note
        self._value: str | None = None
        self._renew_at = float("-inf")

    def __repr__(self) -> str:
        return f"AccessToken({'none' if self._value is None else '[hidden]'})"

    def forget(self) -> None:
        """Drop the token: the next request fetches another."""
        self._value = None

    def value(self) -> str:
        """Return a token that is good for a while yet."""
        if self._value is None or self._service.clock() >= self._renew_at:
            trouble, waits = self._fetch(), iter(WAITS)
            while trouble and (wait := next(waits, None)):
                self._service.sleep(wait)
                trouble = self._fetch()
            if trouble:
                tries = len(WAITS) + 1
                raise ServiceError(f"no access token after {tries} tries ({trouble}); try again later")
        assert self._value is not None
        return self._value

    def _fetch(self) -> str:
        """Try once; return what is wrong, nothing when there is a token."""
        known = self._credentials
        form = {"client_key": known.client_key, "client_secret": known.client_secret}
        form["grant_type"] = "client_credentials"
        started = time.perf_counter()
        reply = self._service.send("POST", TOKEN.path, data=form, headers={"Cache-Control": "no-cache"})
        note = partial(self._note, ms=round((time.perf_counter() - started) * 1000))
        if reply.trouble:
            note(kind="network", code="network", message=reply.trouble)
            return reply.trouble
        found = reply.object()
        token = found.get("access_token")
        if isinstance(token, str) and token:
            seconds = found.get("expires_in")
            lifetime = float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 7200.0
            self._renew_at = self._service.clock() + lifetime - min(RENEW_BEFORE, lifetime / 2)
            self._value = token
            self._service.secrets.add(token)
            note(kind="ok", code="ok", message="", http_status=reply.status)
            return ""
        # Cut only after the secrets are out: half a secret would no longer be recognised.
        names = ("error", "error_description", "log_id")
        code, words, log_id = (self._service.hidden(found.get(name) or "")[:200] for name in names)
        code, log_id = code or "no JSON", log_id[:64]
        note(kind="token", code=code, message=words, log_id=log_id or None, http_status=reply.status)
        text = f"HTTP {reply.status}, {code}: {words}, log_id {log_id or 'none'}"
        if code in _REFUSALS:
            raise CredentialsError(
                f"the service gives no access token ({text}); check the client key and secret"
            )
        return text


class Session(Closing):
    """What every request goes through: token, budget, pace, ledger, retries; see :class:`TikTokResearch`."""

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
        on_origin: Callable[[bool], None] = lambda simulated: None,
    ) -> None:
        check_address(base_url, "base_url")
        self._own_store = store is None
        self.store = open_store(":memory:") if store is None else store
        self.clock, self.sleep = clock, sleep
        self.budget = budget if budget is not None else RequestBudget(self.store, clock=clock)
        self.run_id = run_id
        self.schedules = dict(schedules)
        self.min_interval = min_interval
        self.requests = 0
        self.simulated: bool | None = None
        self.full_fields_refused = self.full_fields_worked = False
        self._on_origin = on_origin
        secrets = (credentials.client_key, credentials.client_secret)
        how: dict[str, Any] = {"transport": transport, "clock": clock, "sleep": sleep}
        self._service = Service("TikTok", base_url, secrets=secrets, **how)
        self._token = AccessToken(self._service, credentials, self._note_token)
        self._last_sent, self._gateways = float("-inf"), 0

    @classmethod
    def from_environment(cls, **options: Any) -> Self:
        """Make a client with the credentials found in the environment, ``.env`` or the keyring."""
        return cls(Credentials.find(), **options)

    def __repr__(self) -> str:
        told = "simulated, " if self.simulated else ""
        return f"{type(self).__name__}({self._service.address}, {told}{self.requests} requests sent)"

    def close(self) -> None:
        """Close connections, and the database when it was the client's own."""
        self._service.close()
        if self._own_store:
            self.store.close()

    def request(
        self,
        endpoint: Endpoint,
        *,
        fields: Iterable[str] = (),
        purpose: str = "request",
        window_id: int | None = None,
        keep: Keep | None = None,
        schedules: Mapping[Kind, tuple[float, ...]] | None = None,
        **body: Any,
    ) -> Answer:
        """Send one request (``body``: ``json``, or ``data`` and ``files``), trying again as its errors deserve.

        A good answer is handed to ``keep`` inside the transaction that writes its ledger row: what that stores is kept
        exactly when the ledger has the request. ``schedules`` are waits per kind of error, over those of the client.
        """
        options = body | {"params": {"fields": ",".join(fields)} if fields else None}
        about = {"purpose": purpose, "endpoint": endpoint.name, "window_id": window_id, "run_id": self.run_id}
        waits = {**self.schedules, **(schedules or {})}
        counts: Counter[Kind] = Counter()
        while True:
            answer = self._attempt(endpoint, options, {**about, "attempt": counts.total() + 1}, keep)
            schedule, done = waits.get(answer.kind, ()), counts[answer.kind]
            counts[answer.kind] += 1
            trouble = sum(counts[kind] for kind in TROUBLE)
            if done >= len(schedule) or (answer.kind in TROUBLE and trouble >= MAX_TROUBLE):
                break
            self.sleep(max(schedule[done], min(answer.retry_after or 0.0, LONGEST_PAUSE)))
        if answer.kind in (Kind.TOKEN, Kind.NOT_AUTHORIZED):
            raise to_exception(answer, endpoint.name)
        return answer

    def _attempt(
        self, endpoint: Endpoint, options: Mapping[str, Any], about: dict[str, Any], keep: Keep | None
    ) -> Answer:
        token = self._token.value()
        pause = self._last_sent + self.min_interval - self.clock()
        if 0 < pause <= self.min_interval:
            self.sleep(pause)
        self.budget.spend(endpoint.pool)
        self._last_sent = sent_at = self.clock()
        self.requests += 1
        started = time.perf_counter()
        answer = self._send(endpoint, options, token)
        spent = round((time.perf_counter() - started) * 1000)
        rows = len(rows_of(endpoint, answer.data)) if answer.ok and endpoint.list_keys else None
        about |= {"sent_at": int(sent_at), "kind": answer.kind.value, "ms": spent, "rows": rows}
        about |= {"http_status": answer.status, "code": answer.code, "log_id": answer.log_id}
        with self.store.transaction():
            ledger.record(self.store, message=answer.message or None, **about)
            if answer.ok and keep is not None:
                keep(answer)
        if answer.kind is Kind.TOKEN:
            self._token.forget()
        if answer.kind is Kind.QUOTA:
            self.budget.exhausted(endpoint.pool, sent_at)
            raise to_exception(answer, endpoint.name)
        self._gateways = self._gateways + 1 if answer.kind is Kind.GATEWAY else 0
        if self._gateways >= MAX_GATEWAY:
            raise ServiceError(
                f"{endpoint.name}: {self._gateways} gateway errors in a row ({answer.describe()}); try again later"
            )
        return answer

    def _send(self, endpoint: Endpoint, options: Mapping[str, Any], token: str) -> Answer:
        bearer = {"Authorization": f"Bearer {token}"}
        reply = self._service.send("POST", endpoint.path, headers=bearer, **options)
        if reply.trouble:
            return Answer(Kind.NETWORK, message=reply.trouble)
        if self.simulated is None:
            self.simulated = SIMULATED in reply.headers
            self._on_origin(self.simulated)
        answer = classify(reply, endpoint=endpoint.name)
        html = "html" in reply.headers.get("content-type", "")
        if endpoint.name == "compliance_download" and answer.kind is Kind.UNREADABLE and not html:
            return Answer(Kind.OK, reply.status, "ok", text=reply.body.decode("utf-8", "replace"))
        # What the service may have repeated of our secrets goes before anything shows or stores it.
        texts = {"code": answer.code, "message": answer.message, "log_id": answer.log_id}
        told: dict[str, Any] = {name: self._service.hidden(text) for name, text in texts.items() if text}
        return replace(answer, **told)

    def _note_token(self, **said: Any) -> None:
        said |= {"purpose": "token", "endpoint": "token", "attempt": 1, "run_id": self.run_id}
        ledger.record(self.store, sent_at=int(self.clock()), **said)

    def video_fields(self) -> tuple[str, ...]:
        """Return the fields to ask videos for: all, or the oldest ones once all were refused."""
        return CORE_FIELDS if self.full_fields_refused else VIDEO_QUERY.fields

    def refuse_full_fields(self, answer: Answer) -> bool:
        """Fall back to the fields that work since 2023; False when that was done before or cannot be the cause."""
        if self.full_fields_refused or self.full_fields_worked:
            return False
        self.full_fields_refused = True
        warnings.warn(
            f"the service refused the full list of fields ({answer.describe()}); asking for the core fields from now on",
            stacklevel=2,
        )
        return True
