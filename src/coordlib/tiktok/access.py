"""The access token: fetched when needed, renewed early, kept in memory only."""

from __future__ import annotations

import time
from collections.abc import Callable

from coordlib.errors import CredentialsError, ServiceError
from coordlib.service import Service
from coordlib.tiktok.credentials import Credentials
from coordlib.tiktok.endpoints import TOKEN

#: Renew a token when fewer seconds than this remain.
RENEW_BEFORE = 300

#: Seconds to wait between tries for a token while the service is in trouble.
WAITS = (2, 4, 8, 16, 32)

_REFUSALS = (
    *("invalid_client", "invalid_request", "invalid_grant", "invalid_scope"),
    *("unauthorized_client", "unsupported_grant_type", "access_denied"),
)

#: Told about every attempt: HTTP status (none: no answer), code, message, log_id, milliseconds.
Note = Callable[[int | None, str, str, str | None, int], None]


class AccessToken:
    """The bearer token of a session; its ``repr`` does not show it."""

    def __init__(self, service: Service, credentials: Credentials, note: Note) -> None:
        self._service, self._credentials, self._note = service, credentials, note
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
            The token endpoint cannot be reached or kept failing.
        """
        if self._value is None or self._service.clock() >= self._renew_at:
            trouble = ""
            for wait in (0, *WAITS):
                if wait:
                    self._service.sleep(wait)
                if not (trouble := self._fetch()):
                    break
            else:
                raise ServiceError(
                    f"no access token after {len(WAITS) + 1} tries ({trouble}); try again later"
                )
        assert self._value is not None
        return self._value

    def _fetch(self) -> str:
        """Try once; return what is wrong, nothing when there is a token."""
        form = {
            "client_key": self._credentials.client_key,
            "client_secret": self._credentials.client_secret,
            "grant_type": "client_credentials",
        }
        started = time.perf_counter()
        reply = self._service.send("POST", TOKEN.path, data=form, headers={"Cache-Control": "no-cache"})
        spent = round((time.perf_counter() - started) * 1000)
        if reply.trouble:
            self._note(None, "network", reply.trouble, None, spent)
            return reply.trouble
        found = reply.object()
        token = found.get("access_token")
        if isinstance(token, str) and token:
            seconds = found.get("expires_in")
            lifetime = float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 7200.0
            self._renew_at = self._service.clock() + lifetime - min(RENEW_BEFORE, lifetime / 2)
            self._value = token
            self._service.secrets.add(token)
            self._note(reply.status, "ok", "", None, spent)
            return ""
        # Cut only after the secrets are out: half a secret would no longer be recognised.
        names = ("error", "error_description", "log_id")
        code, words, log_id = (self._service.hidden(found.get(name) or "")[:200] for name in names)
        code, log_id = code or "no JSON", log_id[:64]
        self._note(reply.status, code, words, log_id or None, spent)
        text = f"HTTP {reply.status}, {code}: {words}, log_id {log_id or 'none'}"
        if code in _REFUSALS:
            raise CredentialsError(
                f"the service gives no access token ({text}); check the client key and secret"
            )
        return text
