"""The simulated Research API without its socket: a request in, an answer out; the one place that wraps.

The order is the service's own: token, quota, faults, validation, answer. Every authenticated call but a 429 costs quota.
"""

from __future__ import annotations

import email.parser
import email.policy
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import numpy as np

from coordlib.simulate.material import chance
from coordlib.simulate.service.catalogue import Catalogue, InvalidParams, VideoQuery, read_fields, read_query
from coordlib.simulate.service.config import (
    ENDPOINTS,
    FAULTS,
    TOKEN,
    TOKEN_FAULTS,
    Call,
    Fault,
    Search,
    ServerConfig,
    State,
)
from coordlib.simulate.world import World
from coordlib.tiktok.endpoints import USER_INFO
from coordlib.tiktok.query import CORE_FIELDS, FULL_FIELDS

#: Ids one compliance file may hold, and how often a task answers "Processing" first.
MOST_IDS, POLLS = 10_000, 1
#: Lifetime of a search id and of a token in simulated seconds.
SEARCH_SECONDS, TOKEN_SECONDS = 3600, 7200

_REFUSALS = (
    "API cannot return this user's information",
    "username {name} is private",
    "username {name} information cannot be returned",
)

#: What a request found: the object under ``data``, or a text file.
Found = dict[str, Any] | str


def video_query(context: Service, call: Call) -> Found:
    """Answer a video query: its first page, or another one of the search it names."""
    config, state, catalogue = context.config, context.state, context.catalogue
    names = read_fields(call.fields, CORE_FIELDS if config.core_fields_only else FULL_FIELDS)
    query = read_query(call.body, config.max_values)
    if query.search_id is not None:
        search, search_id = _next_page(context, query), query.search_id
    elif query.cursor:
        raise InvalidParams("Invalid count or cursor")
    else:
        search = _first_page(context, query, call)
        search_id = state.remember(search)
    if query.is_random:
        page, more, cursor = search.rows, False, query.max_count
    else:
        cursor = query.cursor + query.max_count
        page, more = search.rows[query.cursor : cursor], cursor < len(search.rows)
    if more and state.strike(call, "empty_page_has_more"):
        page, cursor = page[:0], query.cursor
    if state.strike(call, "search_id_changes"):
        search_id = state.remember(Search(query, search.rows, state.now))
    # Deleted and private videos are dropped after the page was cut: pages are shorter than asked for.
    rows = page[~catalogue.gone[page]]
    videos = catalogue.describe(rows, state.now, names)
    data = {"videos": videos, "cursor": cursor, "has_more": more, "search_id": search_id}
    if more and not len(page):
        # An empty list, null, or no list at all: the service sends all three.
        shape = state.random.randrange(3)
        data["videos"] = None if shape == 1 else videos
        if shape == 2:
            del data["videos"]
    return data


def _first_page(context: Service, query: VideoQuery, call: Call) -> Search:
    state = context.state
    rows = context.catalogue.search(query, state.now - context.config.archive_delay, state.now)
    asked = {field for conditions in query.clauses.values() for field, _, _ in conditions}
    if "keyword" in asked and state.strike(call, "silent_empty_keyword"):
        rows = rows[:0]
    if query.is_random:
        drawn = state.random.sample(rows.tolist(), min(len(rows), query.max_count))
        rows = np.array(drawn, dtype=np.int64)
    search = Search(query, rows, state.now)
    if slow := state.strike(call, "search_id_not_ready"):
        search.not_ready, search.ready_at = slow.tries, state.now + slow.seconds
    if wrong := state.strike(call, "invalid_cursor"):
        search.bad_cursor = wrong.tries
    return search


def _next_page(context: Service, query: VideoQuery) -> Search:
    state = context.state
    search = state.searches.get(str(query.search_id))
    unknown = InvalidParams(f"Search Id {query.search_id} is invalid or expired")
    if search is None or search.query != query or state.now - search.created > SEARCH_SECONDS:
        raise unknown
    if search.not_ready > 0 or state.now < search.ready_at:
        search.not_ready -= 1
        raise unknown
    if search.bad_cursor > 0:
        search.bad_cursor -= 1
        raise InvalidParams("Invalid count or cursor")
    return search


def user_info(context: Service, call: Call) -> Found:
    """Return the profile of an account; counts are live. Some accounts are refused, as the service does."""
    names = read_fields(call.fields, USER_INFO.fields)
    name, catalogue = call.body.get("username"), context.catalogue
    if not isinstance(name, str) or not name:
        raise InvalidParams("Invalid username")
    account = catalogue.number.get(name.casefold())
    if account is None:
        raise InvalidParams(f"username {name} is invalid: cannot find the user")
    fault = context.state.strike(call, "user_refused")
    if fault is not None or catalogue.private[account]:
        wording = fault.message if fault and fault.message else _REFUSALS[account % len(_REFUSALS)]
        raise InvalidParams(wording.format(name=name))
    row = catalogue.world.accounts.iloc[account]
    visible = (catalogue.account == account) & (catalogue.time <= context.state.now) & catalogue.listed
    visible &= ~catalogue.gone
    about = f"simulated account, line {account}\nsecond line, with a comma"
    info = {
        "display_name": str(row["display_name"]),
        "bio_description": "" if account % 3 else about,
        "avatar_url": f"https://sim.invalid/{account}.webp",
        "is_verified": bool(row["verified"]),
        "follower_count": int(row["followers"]),
        "following_count": int(row["following"]),
        "likes_count": int(catalogue.column["like_count"][visible].sum()),
        "video_count": int(visible.sum()),
    }
    if chance(account, 47)[0] < 0.1:
        info["bio_url"] = f"https://sim.invalid/page/{account}"
    return {name: info[name] for name in names if name in info}


def create_task(context: Service, call: Call) -> Found:
    """Take in a file of ids to be checked."""
    if call.body.get("category") not in {"video", "comment"}:
        raise InvalidParams("Invalid category")
    words = str(call.body.get("file_data", "")).replace(",", "\n").split()
    if not 1 <= len(words) <= MOST_IDS or not all(word.isascii() and word.isdigit() for word in words):
        raise InvalidParams("Invalid file_data")
    # Beyond 2^63, as in the documentation's own sample: a client must not read it as a signed integer.
    task = (1 << 63) + context.state.random.getrandbits(62)
    context.state.tasks[str(task)] = ([int(word) for word in words], POLLS)
    return {"task_id": task}


def read_task(context: Service, call: Call) -> Found:
    """Say how far a task is, or return the ids that are still valid, as a text file."""
    task, state = str(call.body.get("task_id", "")), context.state
    if task not in state.tasks:
        raise InvalidParams("Invalid task_id")
    ids, polls = state.tasks[task]
    if call.endpoint == "validation_task_status/get":
        state.tasks[task] = (ids, polls - 1)
        return {"task_status": "Processing" if polls > 0 else "Completed"}
    if polls > 0:
        raise InvalidParams("The task is not completed")
    public = context.catalogue.still_public()
    return "".join(f"{identifier}\n" for identifier in ids if identifier in public)


_FUNCTIONS = (video_query, user_info, create_task, read_task, read_task)
#: What answers at each endpoint.
HANDLERS: Mapping[str, Callable[[Service, Call], Found]] = dict(zip(ENDPOINTS, _FUNCTIONS, strict=True))


@dataclass
class Reply:
    """Status, body and type of an answer; ``hang`` is how long the line stays silent first."""

    status: int
    content: bytes
    media_type: str = "application/json"
    hang: float = 0.0


class Service:
    """The Research API over one world."""

    def __init__(self, world: World, config: ServerConfig | None = None) -> None:
        config = config or ServerConfig()
        self.start = float(world.end if config.now is None else config.now)
        self.world, self.config = world, config
        self.catalogue = Catalogue(world, config.missing_share, config.drop_share)
        self.state = State(self.start, config.tick, config.seed, config.faults)

    def time(self) -> float:
        """Return the simulated time, UTC seconds."""
        return self.state.now

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        self.state.now += seconds

    def not_before(self, moment: float) -> None:
        """Move the clock forward to a moment; never back."""
        self.state.now = max(self.state.now, moment)

    def answer(
        self, path: str, fields: str | None, body: bytes, authorization: str, content_type: str
    ) -> Reply:
        """Answer the endpoint of the token or one of ``HANDLERS``; everything as received, ``path`` and ``fields`` of the address."""
        state, endpoint = self.state, path.removeprefix("/v2/").removeprefix("research/").strip("/")
        state.now += state.tick
        state.calls[endpoint] += 1
        if endpoint == TOKEN:
            return self._token(body, content_type)
        data, problem = _parse_body(body, content_type)
        return self._answer(Call.of(endpoint, data, fields), problem, authorization)

    def _token(self, body: bytes, content_type: str) -> Reply:
        """Answer the endpoint of the token; its failures have another shape than those of the data endpoints."""
        named = {fault.name for fault in self.state.faults if fault.endpoint == TOKEN}
        if fault := self.state.strike(Call(TOKEN), *(name for name in TOKEN_FAULTS if name in named)):
            return self._faulty(fault)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if (error := _token_error(form, content_type, self.config.clients)) is not None:
            answer = {"error": error[0], "error_description": error[1], "log_id": self.state.log_id()}
            return Reply(401, _as_json(answer))
        token = f"clt.2.{self.state.random.getrandbits(160):040x}"
        self.state.tokens[token] = (form["client_key"], self.state.now + TOKEN_SECONDS)
        good = {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}
        return Reply(200, _as_json(_shuffled(good, self.state.random)))

    def _answer(self, call: Call, problem: str | None, authorization: str) -> Reply:
        state = self.state
        scheme, _, token = authorization.partition(" ")
        client, expires = state.tokens.get(token.strip(), ("", float("-inf")))
        if scheme.lower() != "bearer" or state.now >= expires:
            return self._faulty(Fault(name="token_revoked"))
        account = (client, state.day)
        if state.used[account] >= self.config.quota:
            return self._faulty(Fault(name="daily_quota"))
        fault = state.strike(call, *(name for name, told in FAULTS.items() if "status" in told))
        if fault is not None and fault.name == "token_revoked":
            state.tokens.pop(token.strip(), None)
        if fault is None or fault.name not in {"rate_limit", "daily_quota", "token_revoked"}:
            state.used[account] += 1
        if fault is not None:
            return self._faulty(fault)
        try:
            if problem:
                raise InvalidParams(problem)
            return self._wrapped(HANDLERS[call.endpoint](self, call), call)
        except InvalidParams as error:
            return self._refusal(400, "invalid_params", str(error))

    def _wrapped(self, found: Found, call: Call) -> Reply:
        """Put what was found into the envelope of success, with whatever faults damage an answer."""
        if isinstance(found, str):
            return Reply(200, found.encode(), "text/plain")
        error: dict[str, Any] = {"code": "ok", "message": "", "log_id": self.state.log_id()}
        if call.endpoint.startswith("validation_task"):
            error |= {"http_status_code": 200, "message": "ok."}
        body = {"data": _with_nul(found) if self.state.strike(call, "null_bytes") else found, "error": error}
        content = _as_json(_shuffled(body, self.state.random))
        if self.state.strike(call, "bad_json"):
            content = content[: len(content) // 2]
        return Reply(200, content)

    def _refusal(self, status: int, code: str, message: str) -> Reply:
        error = {"code": code, "message": message, "log_id": self.state.log_id()}
        body: dict[str, Any] = {"error": error, "data": {}}
        return Reply(status, _as_json(_shuffled(body, self.state.random)))

    def _faulty(self, fault: Fault) -> Reply:
        told = FAULTS[fault.name]
        if "body" in told:
            content = str(told["body"]).replace("{stamp}", str(int(self.state.now))).encode()
            hang = (fault.seconds or 600.0) if fault.name == "timeout" else 0.0
            return Reply(told["status"], content, told["type"], hang)
        message = told["message"] if fault.message is None else fault.message
        if not isinstance(message, str):
            message = self.state.random.choices(list(message), list(message.values()))[0]
        return self._refusal(told["status"], told["code"], message)


def _token_error(form: dict[str, str], kind: str, clients: Mapping[str, str]) -> tuple[str, str] | None:
    if "application/x-www-form-urlencoded" not in kind:
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
