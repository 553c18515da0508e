"""The simulated Research API without its socket: a request in, an answer out; the one place that wraps.

The order is the service's own: token, quota, faults, validation, answer. Every authenticated call but a 429 costs quota.
"""

from __future__ import annotations

import email.parser
import email.policy
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from coordlib.simulate.service.catalogue import Catalogue, InvalidParams
from coordlib.simulate.service.config import FAULTS, Fault, ServerConfig
from coordlib.simulate.service.handlers import HANDLERS, Context, Found
from coordlib.simulate.service.state import Call, State
from coordlib.simulate.world import World

#: Lifetime of a token in simulated seconds.
TOKEN_SECONDS = 7200


@dataclass
class Reply:
    """Status, body and type of an answer; ``hang`` is how long the line stays silent first."""

    status: int
    content: bytes
    media_type: str = "application/json"
    hang: float = 0.0
    code: str = "ok"
    rows: int = 0


class Service(Context):
    """The Research API over one world."""

    def __init__(self, world: World, config: ServerConfig | None = None) -> None:
        config = config or ServerConfig()
        self.start = float(world.end if config.now is None else config.now)
        catalogue = Catalogue(world, config.missing_share, config.drop_share)
        super().__init__(world, config, catalogue, State(self.start, config.tick, config.seed, config.faults))

    def time(self) -> float:
        """Return the simulated time, UTC seconds."""
        return self.state.now

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        self.state.now += seconds

    def not_before(self, moment: float) -> None:
        """Move the clock forward to a moment; never back."""
        self.state.now = max(self.state.now, moment)

    def token(self, body: bytes, content_type: str) -> Reply:
        """Answer ``/v2/oauth/token/``; its failures have another shape than those of the data endpoints."""
        self.state.now += self.state.tick
        self.state.calls["oauth/token"] += 1
        # A fault strikes here only if it names this endpoint.
        call = Call("oauth/token")
        named = {fault.name for fault in self.state.faults if fault.endpoint == call.endpoint}
        names = (name for name in ("timeout", "gateway_504_html", "internal_error") if name in named)
        if fault := self.state.strike_first(names, call):
            return self._faulty(fault)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if (error := _token_error(form, content_type, self.config.clients)) is not None:
            answer = {"error": error[0], "error_description": error[1], "log_id": self.state.log_id()}
            return Reply(401, _as_json(answer), code=error[0])
        token = f"clt.2.{self.state.random.getrandbits(160):040x}"
        self.state.tokens[token] = (form["client_key"], self.state.now + TOKEN_SECONDS)
        good = {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}
        return Reply(200, _as_json(_shuffled(good, self.state.random)))

    def answer(
        self, endpoint: str, fields: str | None, body: bytes, authorization: str, content_type: str
    ) -> Reply:
        """Answer an endpoint of ``handlers.HANDLERS``; everything as received, ``fields`` from the address."""
        self.state.now += self.state.tick
        self.state.calls[endpoint] += 1
        reply = self._answer(endpoint, fields, body, authorization, content_type)
        self.state.outcomes[f"{reply.status} {reply.code}"] += 1
        self.state.returned += reply.rows
        return reply

    def _answer(
        self, endpoint: str, fields: str | None, body: bytes, authorization: str, content_type: str
    ) -> Reply:
        state = self.state
        scheme, _, token = authorization.partition(" ")
        client = state.client_of(token.strip()) if scheme.lower() == "bearer" else None
        if client is None:
            return self._error("token_revoked")
        account = (client, state.utc("%Y-%m-%d"), "research")
        if state.used[account] >= self.config.quota:
            return self._error("daily_quota")
        data, problem = _parse_body(body, content_type)
        call = Call.of(endpoint, data, fields)
        fault = state.strike_first((name for name, told in FAULTS.items() if "status" in told), call)
        if fault is not None and fault.name == "token_revoked":
            state.tokens.pop(token.strip(), None)
        if fault is None or fault.name not in {"rate_limit", "daily_quota", "token_revoked"}:
            state.used[account] += 1
        if fault is not None:
            return self._faulty(fault)
        try:
            if problem:
                raise InvalidParams(problem)
            return self._wrapped(HANDLERS[endpoint](self, call), call)
        except InvalidParams as error:
            return self._refusal(400, "invalid_params", str(error))

    def _wrapped(self, found: Found, call: Call) -> Reply:
        """Put what was found into the envelope of success, with whatever faults damage an answer."""
        if found.text is not None:
            return Reply(200, found.text.encode(), "text/plain", rows=found.rows)
        error: dict[str, Any] = {"code": "ok", "message": "", "log_id": self.state.log_id()}
        if call.endpoint.startswith("validation_task"):
            error |= {"http_status_code": 200, "message": "ok."}
        body = {"data": found.data, "error": error}
        if self.state.strike("null_bytes", call):
            body["data"] = _with_nul(found.data)
        content = _as_json(_shuffled(body, self.state.random))
        if self.state.strike("bad_json", call):
            return Reply(200, content[: len(content) // 2], code="bad_json")
        return Reply(200, content, rows=found.rows)

    def _error(self, name: str) -> Reply:
        return self._refusal(FAULTS[name]["status"], FAULTS[name]["code"], FAULTS[name]["message"])

    def _refusal(self, status: int, code: str, message: str) -> Reply:
        error = {"code": code, "message": message, "log_id": self.state.log_id()}
        body: dict[str, Any] = {"error": error, "data": {}}
        return Reply(status, _as_json(_shuffled(body, self.state.random)), code=code)

    def _faulty(self, fault: Fault) -> Reply:
        told, message = FAULTS[fault.name], self.state.wording(fault)
        if "body" not in told:
            return self._refusal(told["status"], told["code"], message)
        content = str(told["body"]).replace("{stamp}", str(int(self.state.now))).encode()
        hang = (fault.seconds or 600.0) if fault.name == "timeout" else 0.0
        return Reply(told["status"], content, told["type"], hang, told["code"])


def _token_error(
    form: dict[str, str], content_type: str, clients: Mapping[str, str]
) -> tuple[str, str] | None:
    if "application/x-www-form-urlencoded" not in content_type:
        return "invalid_request", "Only `application/x-www-form-urlencoded` is supported."
    for name in ("client_key", "client_secret", "grant_type"):
        if not form.get(name):
            return "invalid_request", f"{name} is missing."
    if form["grant_type"] != "client_credentials":
        return "unsupported_grant_type", "The grant type is not supported."
    if clients.get(form["client_key"]) != form["client_secret"]:
        return "invalid_client", "Client key or secret is incorrect."
    return None


def _parse_body(body: bytes, content_type: str) -> tuple[dict[str, Any], str | None]:
    """Return a body as a mapping, and what is wrong with it; JSON whatever the type says, but for multipart forms."""
    if content_type.startswith("multipart/form-data"):
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        form = {}
        for part in message.iter_parts():
            payload = part.get_payload(decode=True)
            name = str(part.get_param("name", header="content-disposition"))
            form[name] = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
        return form, None
    try:
        value = json.loads(body.decode("utf-8") or "{}")
    except (UnicodeDecodeError, json.JSONDecodeError):
        return {}, "Invalid request body: not JSON"
    return (value, None) if isinstance(value, dict) else ({}, "Invalid request body: not a JSON object")


def _shuffled(value: Any, rng: random.Random) -> Any:
    """Return the same JSON value with the keys of every object in random order, as the API sends it."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: _shuffled(value[key], rng) for key in keys}
    return [_shuffled(item, rng) for item in value] if isinstance(value, list) else value


def _as_json(value: Any) -> bytes:
    """Encode as the API does: UTF-8, ids as bare numbers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _with_nul(value: Any) -> Any:
    """Put a NUL into every text."""
    if isinstance(value, dict):
        kept = {"search_id", "username"}
        return {name: item if name in kept else _with_nul(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_nul(item) for item in value]
    return value[:1] + "\0" + value[1:] if isinstance(value, str) else value
