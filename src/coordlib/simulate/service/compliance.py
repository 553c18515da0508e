"""The batch compliance endpoints: which of these ids may still be kept?"""

from __future__ import annotations

from coordlib.simulate.ids import chance
from coordlib.simulate.service.context import Context, Found
from coordlib.simulate.service.faults import Call
from coordlib.simulate.service.validate import InvalidParams

MOST_IDS = 10_000
_WITHDRAWN = 60
#: share of videos whose authors deleted them after they had been returned
WITHDRAWN_SHARE = 0.02


def create(context: Context, call: Call) -> Found:
    """Take in a file of ids to be checked."""
    if call.body.get("category") not in {"video", "comment"}:
        raise InvalidParams("Invalid category")
    words = str(call.body.get("file_data", "")).replace(",", "\n").split()
    if not words or len(words) > MOST_IDS or not all(word.isascii() and word.isdigit() for word in words):
        raise InvalidParams("Invalid file_data")
    # Beyond 2^63, as in the documentation's own sample: a client must not read it as a signed integer.
    task = (1 << 63) + context.state.random.getrandbits(62)
    context.state.tasks[str(task)] = ([int(word) for word in words], context.config.compliance_polls)
    return Found({"task_id": task})


def status(context: Context, call: Call) -> Found:
    """Say how far a task is."""
    task, ids, polls = _task(context, call)
    context.state.tasks[task] = (ids, polls - 1)
    return Found({"task_status": "Processing" if polls > 0 else "Completed"})


def download(context: Context, call: Call) -> Found:
    """Return the ids that are still valid, as a text file."""
    _, ids, polls = _task(context, call)
    if polls > 0:
        raise InvalidParams("The task is not completed")
    valid = [identifier for identifier in ids if still_valid(context, identifier)]
    return Found({}, len(valid), "".join(f"{identifier}\n" for identifier in valid))


def _task(context: Context, call: Call) -> tuple[str, list[int], int]:
    task = str(call.body.get("task_id", ""))
    if task not in context.state.tasks:
        raise InvalidParams("Invalid task_id")
    return task, *context.state.tasks[task]


def still_valid(context: Context, identifier: int) -> bool:
    """Whether a video is still public."""
    row = context.catalogue.row_of(identifier)
    if row is None or context.catalogue.gone[row]:
        return False
    return bool(chance(identifier, _WITHDRAWN)[0] >= WITHDRAWN_SHARE)
