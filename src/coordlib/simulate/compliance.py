"""The batch compliance endpoints: which of these ids may still be kept?"""

from __future__ import annotations

import email.parser
import email.policy
import json
from typing import TYPE_CHECKING, Any

from coordlib.simulate.ids import chance
from coordlib.simulate.reply import Reply, as_json, shuffled
from coordlib.simulate.validate import InvalidParams

if TYPE_CHECKING:
    from coordlib.simulate.service import Service

MOST_IDS = 10_000
_WITHDRAWN = 60
#: share of videos whose authors deleted them after they had been returned
WITHDRAWN_SHARE = 0.02


def parse_body(body: bytes, content_type: str) -> tuple[dict[str, Any], str | None]:
    """Return a request's body as a mapping, and what is wrong with it.

    JSON is read whatever the content type says, but for multipart forms.
    """
    if content_type.startswith("multipart/form-data"):
        return _parse_form(body, content_type), None
    try:
        value = json.loads(body.decode("utf-8") or "{}")
    except (UnicodeDecodeError, json.JSONDecodeError):
        return {}, "Invalid request body: not JSON"
    return (value, None) if isinstance(value, dict) else ({}, "Invalid request body: not a JSON object")


def _parse_form(body: bytes, content_type: str) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    form = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        form[str(name)] = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return form


def answer(service: Service, endpoint: str, body: dict[str, Any]) -> Reply:
    """Answer one of the three endpoints."""
    if endpoint == "validation_task/create":
        return _create(service, body)
    task = str(body.get("task_id", ""))
    if task not in service.state.tasks:
        raise InvalidParams("Invalid task_id")
    ids, polls = service.state.tasks[task]
    if endpoint == "validation_task_status/get":
        service.state.tasks[task] = (ids, polls - 1)
        return _ok(service, {"task_status": "Processing" if polls > 0 else "Completed"})
    if polls > 0:
        raise InvalidParams("The task is not completed")
    text = "".join(f"{identifier}\n" for identifier in ids if still_valid(service, identifier))
    return Reply(200, text.encode(), "text/plain")


def _create(service: Service, body: dict[str, Any]) -> Reply:
    if body.get("category") not in {"video", "comment"}:
        raise InvalidParams("Invalid category")
    words = str(body.get("file_data", "")).replace(",", "\n").split()
    if not words or len(words) > MOST_IDS or not all(word.isascii() and word.isdigit() for word in words):
        raise InvalidParams("Invalid file_data")
    # Beyond 2^63, as in the documentation's own sample: a client must not read it as a signed integer.
    task = (1 << 63) + service.state.random.getrandbits(62)
    service.state.tasks[str(task)] = ([int(word) for word in words], service.config.compliance_polls)
    return _ok(service, {"task_id": task})


def still_valid(service: Service, identifier: int) -> bool:
    """Whether a video (or a comment already served) is still public."""
    row = service.catalogue.row_of(identifier)
    if row is None:
        return identifier in service.state.comment_video
    return not service.catalogue.gone[row] and bool(chance(identifier, _WITHDRAWN)[0] >= WITHDRAWN_SHARE)


def _ok(service: Service, data: dict[str, Any]) -> Reply:
    error = {"code": "ok", "http_status_code": 200, "log_id": service.state.log_id(), "message": "ok."}
    return Reply(200, as_json(shuffled({"data": data, "error": error}, service.state.random)))
