"""JSON over HTTP, once: addresses that may carry a secret, bounded answers, retries, secrets kept out of what is said."""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import lazy_loader
from dotenv import dotenv_values

from coordlib.errors import CredentialsError, ParameterError, ServiceError, UnreachableError
from coordlib.shown import Shown

if TYPE_CHECKING:
    import httpx
else:  # with its own command it takes a tenth of a second, and most runs ask no service
    httpx = lazy_loader.load("httpx")

#: What stands in a text where a secret was.
HIDDEN = "[hidden]"
#: Bytes of an answer; more is not read.
LARGEST_ANSWER = 64 * 1024 * 1024
#: Longest wait for a rate limit to be lifted, seconds.
LONGEST_WAIT = 900.0

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def read_file(path: Path | str = ".env") -> dict[str, str]:
    """Return the ``NAME=value`` lines of a file as they stand (a secret may hold ``${``), without those that have no value."""
    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8-sig") if Path(path).is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsError(
            f"{path}: cannot be read ({type(error).__name__}); make it a UTF-8 text file you may read"
        ) from None
    return {name: value for name, value in found.items() if value}


def environment(environ: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return the variables given, else those of the process over those of ``.env``, without the empty ones."""
    together = {**read_file(), **os.environ} if environ is None else environ
    return {name: value for name, value in together.items() if value}


def check_address(address: str, what: str, *, secret: bool = True) -> None:
    """Refuse an address that is none, holds a password, or would carry a secret over an open line."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise ParameterError(
            f"{what}: has to be an address such as https://service.example or http://localhost:8765"
        )
    if url.userinfo:
        raise ParameterError(f"{what}: holds a password; take it out, the address is shown in reports")
    if secret and url.scheme == "http" and url.host not in _LOOPBACK:
        raise ParameterError(
            f"{what} '{address[:80]}': a secret is sent there, so it must start with https:// "
            "(http:// only for a service on this machine)"
        )


def hidden(value: object, *secrets: str | None) -> str:
    """Return a text in which each secret is replaced, however whoever sent it back has written it.

    Found are its characters as they are, percent-encoded (once or twice), as JSON or HTML escapes, in any mixture; and the
    secret in base64 or hexadecimal, also inside a longer encoded text.
    """
    text = str(value)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = _spellings(secret).sub(HIDDEN, text) if text else text
    return text


@functools.lru_cache(maxsize=32)
def _spellings(secret: str) -> re.Pattern[str]:
    raw = secret.encode("utf-8", "replace")
    forms = ["".join(map(_any_spelling, secret)), rf"{raw.hex()}" if len(raw) > 2 else ""]
    forms += [rf"[\w+/=-]*{re.escape(core)}[\w+/=-]*" for core in sorted(_in_base64(raw)) if len(core) > 5]
    return re.compile("|".join(filter(None, forms)), re.IGNORECASE)


def _any_spelling(letter: str) -> str:
    forms = {re.escape(letter), re.escape(json.dumps(letter)[1:-1]), re.escape(escape(letter))}
    forms |= {rf"\\u{ord(letter):04x}", rf"&#0*{ord(letter)};", rf"&#x0*{ord(letter):x};"}
    forms.add("".join(rf"%(?:25)?{byte:02x}" for byte in letter.encode("utf-8", "replace")))
    forms |= {r"\+"} if letter == " " else set()
    return f"(?:{'|'.join(sorted(forms, key=lambda form: (-len(form), form)))})"


def _in_base64(raw: bytes) -> set[str]:
    """The part of a secret's base64 that depends on nothing before and behind it, for the three ways it can lie."""
    found = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        core = encoded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
        found |= {core, core.translate(str.maketrans("+/", "-_"))}
    return found


class Closing(Shown):
    """What is closed at the end of its ``with`` block: the service it asks, where it has nothing else."""

    _service: Service

    def _parts(self) -> Mapping[str, Any]:
        service: Any = getattr(self, "_service", self)
        return {"service": service.name, "address": service.address}

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, or what kept it from coming (`trouble`); `reached` says whether there was a connection."""

    status: int = 0
    headers: httpx.Headers = field(default_factory=lambda: httpx.Headers())
    body: bytes = field(default=b"", repr=False)
    trouble: str = ""
    reached: bool = True

    def parsed(self) -> Any:
        """Return the JSON of the body, None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def object(self) -> dict[str, Any]:
        """Return the JSON object of the body, an empty one where it is none."""
        found = self.parsed()
        return found if isinstance(found, dict) else {}

    def seconds(self, name: str) -> float | None:
        """Return a header that holds a number of seconds."""
        try:
            return max(0.0, float(self.headers[name]))
        except (KeyError, ValueError):
            return None


class Service(Closing):
    """A service that answers in JSON; its `secrets` are never shown, one answer may take `patience` seconds (connecting five).

    With `as_it_lies` bodies are the bytes of files: a server may call a packed file an encoding, and its hash is that of the file.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        secrets: Iterable[str | None] = (),
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = 120.0,
        largest: int = LARGEST_ANSWER,
        as_it_lies: bool = False,
    ) -> None:
        self.name, self.address = name, address.rstrip("/")
        self.secrets = {secret for secret in secrets if secret}
        self.clock, self.sleep, self.patience = clock, sleep, patience
        self.largest, self.as_it_lies = largest, as_it_lies
        kind = {"Accept-Encoding": "identity"} if as_it_lies else {"Accept": "application/json"}
        headers = {"User-Agent": "coordlib"} | kind
        timeout = httpx.Timeout(patience, connect=5)
        self._http = httpx.Client(
            base_url=self.address, transport=transport, timeout=timeout, headers=headers
        )
        self._answered, self._free_at = False, 0.0

    def __repr__(self) -> str:
        return f"Service({self.name}, {self.address})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def hidden(self, text: object) -> str:
        """Return a text without the secrets of this service."""
        return hidden(text, *self.secrets)

    def send(self, method: str, path: str, **options: Any) -> Reply:
        """Send one request with options of ``httpx.Client.request``; an address never reached is an UnreachableError at once."""
        reply = self._send(method, path, options)
        if not reply.reached and not self._answered:
            self.sleep(1.0)
            reply = self._send(method, path, options)
            if not reply.reached:
                raise UnreachableError(
                    f"{self.name}: {self.address} cannot be reached ({reply.trouble}); is the address right, and is there a network?"
                )
        self._answered = self._answered or reply.status > 0
        return reply

    def _send(self, method: str, path: str, options: dict[str, Any]) -> Reply:
        end = time.monotonic() + self.patience
        body = bytearray()
        try:
            with self._http.stream(method, path, **options) as response:
                for part in response.iter_raw() if self.as_it_lies else response.iter_bytes():
                    body += part
                    if len(body) > self.largest:
                        return Reply(trouble=f"an answer of more than {self.largest >> 20} MB")
                    if time.monotonic() > end:
                        return Reply(trouble=f"an answer that was not complete after {self.patience:.0f} s")
                return Reply(response.status_code, response.headers, bytes(body))
        except httpx.HTTPError as error:
            reached = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            # The text of a transport error can hold the request; what we send in secret is taken out.
            return Reply(trouble=self.hidden(f"{type(error).__name__}: {error}")[:200], reached=reached)
        except (httpx.InvalidURL, ValueError) as error:
            raise ServiceError(
                f"{self.name}: cannot be asked ({type(error).__name__}); are address and key right?"
            ) from None

    def ask(
        self, method: str, path: str, *, tries: int = 5, longest_wait: float = LONGEST_WAIT, **options: Any
    ) -> Reply:
        """Send a request until an answer is neither trouble (no answer, 5xx) nor a rate limit (429), or raise ServiceError.

        Trouble is waited out for 2, 4, 8 … seconds, a rate limit for as long as the service says, up to `longest_wait`.
        """
        trouble, wait = "", self._free_at - self.clock()
        for number in range(tries):
            if wait > 0:
                self.sleep(min(wait, longest_wait))
            reply = self.send(method, path, **options)
            reset = reply.seconds("ratelimit-reset")
            self._free_at = reset if reset and reply.headers.get("ratelimit-remaining") == "0" else 0.0
            if reply.status == 429:
                after = reply.seconds("retry-after")
                wait = reset - self.clock() if reset else min(30.0, longest_wait)
                wait = wait if after is None else after
                if wait > longest_wait:
                    raise ServiceError(
                        f"{self.name}: the rate limit lifts in {wait / 60:.0f} minutes; start again then, nothing is lost"
                    )
                trouble, wait, self._free_at = "rate limit", max(wait, 1.0), 0.0
            elif reply.trouble or reply.status >= 500:
                trouble, wait = reply.trouble or f"HTTP {reply.status}", 2.0 ** (number + 1)
            else:
                return reply
        raise ServiceError(
            f"{self.name}: no answer after {tries} tries ({trouble}); start again later, nothing is lost"
        )
