"""The access token: fetched when needed, renewed early, kept in memory only."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import tenacity

from coordlib.errors import CredentialsError, ServiceError
from coordlib.tiktok.credentials import Credentials, redact
from coordlib.tiktok.endpoints import TOKEN

#: Renew a token when fewer seconds than this remain.
RENEW_BEFORE = 300

#: Tries for a token when the service is in trouble, and the longest wait between two of them.
MAX_TRIES, LONGEST_WAIT = 6, 600

_REFUSALS = frozenset(
    {
        "invalid_client", "invalid_request", "invalid_grant", "invalid_scope", "unauthorized_client",
        "unsupported_grant_type", "access_denied",
    }
)  # fmt: skip


#: Told about every attempt: HTTP status (none: no answer), code, message, log_id, milliseconds.
Note = Callable[[int | None, str, str, str | None, int], None]


class _Trouble(Exception):
    """The token endpoint failed in a way that may pass."""


class AccessToken:
    """The bearer token of a client; its ``repr`` does not show it."""

    def __init__(
        self,
        http: httpx.Client,
        credentials: Credentials,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        note: Note | None = None,
    ) -> None:
        self._http, self._credentials, self._note = http, credentials, note
        self._clock, self._sleep = clock, sleep
        self._value: str | None = None
        self._renew_at = float("-inf")

    def __repr__(self) -> str:
        return f"AccessToken({'none' if self._value is None else '[hidden]'})"

    def forget(self) -> None:
        """Drop the token: the next request fetches another."""
        self._value = None

    def value(self) -> str:
        """Return a token that is good for a while yet.

        Raises
        ------
        CredentialsError
            Key or secret are refused; asking again would not help.
        ServiceError
            The token endpoint kept failing.
        """
        if self._value is None or self._clock() >= self._renew_at:
            retrying = tenacity.Retrying(
                sleep=self._sleep,
                wait=tenacity.wait_exponential(multiplier=2, max=LONGEST_WAIT),
                stop=tenacity.stop_after_attempt(MAX_TRIES),
                retry=tenacity.retry_if_exception_type(_Trouble),
                reraise=True,
            )
            try:
                self._value, lifetime = retrying(self._fetch)
            except _Trouble as error:
                raise ServiceError(
                    f"no access token after {MAX_TRIES} tries ({error}); try again later"
                ) from None
            self._renew_at = self._clock() + lifetime - min(RENEW_BEFORE, lifetime / 2)
        return self._value

    def _fetch(self) -> tuple[str, float]:
        form = {
            "client_key": self._credentials.client_key,
            "client_secret": self._credentials.client_secret,
            "grant_type": "client_credentials",
        }
        started = time.perf_counter()
        try:
            response = self._http.post(TOKEN.path, data=form, headers={"Cache-Control": "no-cache"})
        except httpx.HTTPError as error:
            self._tell(None, "network", type(error).__name__, None, started)
            raise _Trouble(type(error).__name__) from None
        found = _object(response.content)
        token = found.get("access_token")
        if isinstance(token, str) and token:
            self._tell(response.status_code, "ok", "", None, started)
            seconds = found.get("expires_in")
            return token, float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 7200.0
        code, log_id = str(found.get("error") or "no JSON"), found.get("log_id")
        words = str(found.get("error_description") or "")
        hide = (form["client_secret"], form["client_key"])
        # Cut only after the secrets are out: half a secret would no longer be recognised.
        code, words = redact(code, *hide), redact(words, *hide)[:200]
        log_id = redact(log_id, *hide)[:64] if log_id else None
        self._tell(response.status_code, code, words, log_id, started)
        text = f"HTTP {response.status_code}, {code}: {words}, log_id {log_id or 'none'}"
        if code in _REFUSALS:
            raise CredentialsError(
                f"the service gives no access token ({text}); check the client key and secret"
            )
        raise _Trouble(text)

    def _tell(self, status: int | None, code: str, message: str, log_id: str | None, started: float) -> None:
        if self._note is not None:
            self._note(status, code, message, log_id, round((time.perf_counter() - started) * 1000))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
