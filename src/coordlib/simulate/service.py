"""The simulated Research API without its socket: a request in, an answer out.

The order is the service's own: token, quota, faults, validation, answer. Every authenticated call
costs quota, the failed ones included; only 429 does not.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import numpy.typing as npt

from coordlib.simulate import compliance, lists
from coordlib.simulate.catalogue import Catalogue
from coordlib.simulate.config import ServerConfig
from coordlib.simulate.faults import ANSWERS, GATEWAY_PAGE, Call, Faults
from coordlib.simulate.reply import Reply, as_json, shuffled
from coordlib.simulate.state import Search, State
from coordlib.simulate.validate import (
    CORE_FIELDS,
    VIDEO_FIELDS,
    InvalidParams,
    VideoQuery,
    check_fields,
    check_video_query,
)
from coordlib.simulate.world import World

IntArray = npt.NDArray[np.int64]
FOLLOW = frozenset({"user/followers", "user/following"})


class Service:
    """The Research API over one world.

    Parameters
    ----------
    world
        What can be found.
    config
        How the service behaves (none: without faults, clock at the end of the world).
    """

    def __init__(self, world: World, config: ServerConfig | None = None) -> None:
        self.config = config or ServerConfig()
        self.world = world
        self.catalogue = Catalogue(world, self.config.missing_share, self.config.drop_share)
        self.start = float(world.end if self.config.now is None else self.config.now)
        self.state = State(self.start, self.config.tick, self.config.seed)
        self.faults = Faults(self.config.faults, self.state)

    @property
    def newest(self) -> float:
        """Creation time of the newest videos the archive shows now."""
        return self.state.now - self.config.archive_delay

    # -- token ----------------------------------------------------------------------------------

    def token(self, body: bytes, content_type: str) -> Reply:
        """Answer ``/v2/oauth/token/``; its failures have another shape than those of the data endpoints."""
        self.state.now += self.state.tick
        self.state.calls["oauth/token"] += 1
        call = Call("oauth/token")
        for name in ("timeout", "gateway_504_html", "internal_error"):
            fault = self._for_endpoint(name, call)
            if fault is not None:
                return fault
        if "application/x-www-form-urlencoded" not in content_type:
            return self._refuse_token(
                "invalid_request", "Only `application/x-www-form-urlencoded` is supported."
            )
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        for name in ("client_key", "client_secret", "grant_type"):
            if not form.get(name):
                return self._refuse_token("invalid_request", f"{name} is missing.")
        if form["grant_type"] != "client_credentials":
            return self._refuse_token("unsupported_grant_type", "The grant type is not supported.")
        if self.config.clients.get(form["client_key"]) != form["client_secret"]:
            return self._refuse_token("invalid_client", "Client key or secret is incorrect.")
        token = self.state.issue_token(form["client_key"], self.config.token_seconds)
        answer = {"access_token": token, "expires_in": self.config.token_seconds, "token_type": "Bearer"}
        return Reply(200, as_json(shuffled(answer, self.state.random)))

    def _for_endpoint(self, name: str, call: Call) -> Reply | None:
        """Faults strike the token endpoint only when they name it."""
        kept = self.faults.faults
        if not any(fault.name == name and fault.endpoint == call.endpoint for fault in kept):
            return None
        fault = self.faults.strike(name, call)
        return (
            self._faulty(fault.name, self.faults.wording(fault) if name in ANSWERS else "", fault.seconds)
            if fault
            else None
        )

    def _refuse_token(self, error: str, description: str) -> Reply:
        body = {"error": error, "error_description": description, "log_id": self.state.log_id()}
        return Reply(401, as_json(body), code=error)

    # -- data endpoints -------------------------------------------------------------------------

    def answer(
        self, endpoint: str, fields: str | None, body: bytes, authorization: str, content_type: str
    ) -> Reply:
        """Answer a data endpoint.

        Parameters
        ----------
        endpoint
            Short name, one of ``config.ENDPOINTS``.
        fields
            The query string's ``fields``.
        body, authorization, content_type
            As received.
        """
        self.state.now += self.state.tick
        self.state.calls[endpoint] += 1
        reply = self._answer(endpoint, fields, body, authorization, content_type)
        self.state.outcomes[f"{reply.status} {reply.code}"] += 1
        self.state.returned += reply.rows
        return reply

    def _answer(
        self, endpoint: str, fields: str | None, body: bytes, authorization: str, content_type: str
    ) -> Reply:
        scheme, _, token = authorization.partition(" ")
        client = self.state.client_of(token.strip()) if scheme.lower() == "bearer" else None
        if client is None:
            return self._error("token_revoked")
        pool = "follow" if endpoint in FOLLOW else "research"
        account = (client, self.state.day, pool)
        if self.state.used[account] >= (self.config.follow_quota if pool == "follow" else self.config.quota):
            return self._error("daily_quota")
        data, problem = compliance.parse_body(body, content_type)
        call = Call.of(endpoint, data)
        fault = self.faults.before(call)
        if fault is not None and fault.name == "token_revoked":
            self.state.tokens.pop(token.strip(), None)
        if fault is None or fault.name not in {"rate_limit", "daily_quota", "token_revoked"}:
            self.state.used[account] += 1
        if fault is not None:
            wording = self.faults.wording(fault) if fault.name in ANSWERS else ""
            return self._faulty(fault.name, wording, fault.seconds)
        try:
            if problem:
                raise InvalidParams(problem)
            return self._dispatch(endpoint, fields, call)
        except InvalidParams as error:
            if not self.config.count_invalid:
                self.state.used[account] -= 1
            return self._error("invalid_params", str(error))

    def _dispatch(self, endpoint: str, fields: str | None, call: Call) -> Reply:
        if endpoint == "video/query":
            return self.video_query(fields, call)
        if endpoint.startswith("validation_task"):
            return compliance.answer(self, endpoint, call.body)
        return lists.answer(self, endpoint, fields, call)

    # -- video query ----------------------------------------------------------------------------

    def video_query(self, fields: str | None, call: Call) -> Reply:
        """Answer ``/v2/research/video/query/``."""
        names = check_fields(fields, CORE_FIELDS if self.config.core_fields_only else VIDEO_FIELDS)
        query = check_video_query(call.body, self.config.max_values, self.config.end_inclusive)
        key = _key(query)
        if query.search_id is None:
            if query.cursor:
                raise InvalidParams("Invalid count or cursor")
            search, search_id = self._first_page(query, key, call)
        else:
            search, search_id = self._next_page(query, key)
        if query.is_random:
            page, more, cursor = search.rows, False, query.max_count
        else:
            cursor = query.cursor + query.max_count
            page, more = search.rows[query.cursor : cursor], cursor < len(search.rows)
        if self.faults.strike("duplicate_rows", call) and query.cursor:
            page = np.concatenate([search.rows[query.cursor - 1 : query.cursor], page])
        if more and self.faults.strike("empty_page_has_more", call):
            page, cursor = page[:0], query.cursor
        if self.faults.strike("search_id_changes", call):
            search_id = self.state.remember(Search(search.key, search.rows, self.state.now))
        rows = page[~self.catalogue.gone[page]]
        videos = self.videos(rows, names)
        if self.faults.strike("old_id_name", call):
            videos = [
                {"video_id" if name == "id" else name: v for name, v in item.items()} for item in videos
            ]
        data = {"videos": videos, "cursor": cursor, "has_more": more, "search_id": search_id}
        if not len(page) and more:
            shape = self.state.random.randrange(3)
            data = {**data, "videos": None} if shape == 1 else data
            if shape == 2:
                del data["videos"]
        return self.ok(data, call, len(rows))

    def _first_page(self, query: VideoQuery, key: str, call: Call) -> tuple[Search, str]:
        if query.values("keyword") and self.faults.strike("silent_empty_keyword", call):
            rows = np.zeros(0, dtype=np.int64)
        else:
            rows = self.catalogue.search(query, self.newest, self.state.now)
        if len(rows) and self.faults.strike("fuzzy_match", call):
            # Matching is approximate on the real service: now and then something else slips in.
            stranger = int(np.searchsorted(self.catalogue.time, query.start))
            rows = np.unique(np.append(rows, stranger))
            rows = rows[np.argsort(-self.catalogue.id[rows])]
        if query.is_random:
            size = min(len(rows), query.max_count)
            rows = np.array(self.state.random.sample(rows.tolist(), size), dtype=np.int64)
        search = Search(key, rows, self.state.now)
        slow = self.faults.strike("search_id_not_ready", call)
        if slow is not None:
            search.not_ready, search.ready_at = slow.tries, self.state.now + slow.seconds
        wrong = self.faults.strike("invalid_cursor", call)
        if wrong is not None:
            search.bad_cursor = wrong.tries
        return search, self.state.remember(search)

    def _next_page(self, query: VideoQuery, key: str) -> tuple[Search, str]:
        search_id = str(query.search_id)
        search = self.state.searches.get(search_id)
        unknown = InvalidParams(f"Search Id {search_id} is invalid or expired")
        if (
            search is None
            or search.key != key
            or self.state.now - search.created > self.config.search_seconds
        ):
            raise unknown
        if search.not_ready > 0 or self.state.now < search.ready_at:
            search.not_ready -= 1
            raise unknown
        if search.bad_cursor > 0:
            search.bad_cursor -= 1
            raise InvalidParams("Invalid count or cursor")
        return search, search_id

    def videos(self, rows: IntArray, names: list[str]) -> list[dict[str, Any]]:
        """Return video objects with the fields asked for."""
        return self.catalogue.describe(rows, self.state.now, names)

    # -- answers --------------------------------------------------------------------------------

    def ok(
        self, data: dict[str, Any], call: Call, rows: int = 0, message: str = "", status: int = 200
    ) -> Reply:
        """Wrap data in the envelope of success, with whatever faults damage an answer."""
        body = {"data": data, "error": {"code": "ok", "message": message, "log_id": self.state.log_id()}}
        if self.faults.strike("null_bytes", call):
            body["data"] = _with_nul(data)
        content = as_json(shuffled(body, self.state.random))
        if self.faults.strike("bad_json", call):
            return Reply(status, content[: len(content) // 2], code="bad_json")
        return Reply(status, content, rows=rows)

    def _error(self, name: str, message: str | None = None) -> Reply:
        status, code, wording = ANSWERS[name]
        error = {
            "code": code,
            "message": wording if message is None else message,
            "log_id": self.state.log_id(),
        }
        body: dict[str, Any] = {"error": error}
        if self.config.error_data == "empty":
            body["data"] = {}
        return Reply(status, as_json(shuffled(body, self.state.random)), code=code)

    def _faulty(self, name: str, message: str, seconds: float) -> Reply:
        match name:
            case "gateway_504_html":
                page = GATEWAY_PAGE.format(stamp=int(self.state.now)).encode()
                return Reply(504, page, "text/html", code="gateway")
            case "timeout":
                return Reply(504, b"", "text/html", hang=seconds or 600.0, code="timeout")
            case "not_found":
                return Reply(404, b"404 page not found", "text/plain", code="not_found")
        return self._error(name, message)


def _key(query: VideoQuery) -> str:
    """What a search id is bound to: the query and its dates."""
    text = json.dumps([query.clauses, query.start_date, query.end_date, query.is_random], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_nul(value: Any) -> Any:
    """Put a NUL into every text."""
    if isinstance(value, dict):
        return {
            name: item if name in {"search_id", "username"} else _with_nul(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_with_nul(item) for item in value]
    return value[:1] + "\0" + value[1:] if isinstance(value, str) else value
