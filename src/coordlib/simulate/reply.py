"""Answers of the simulated service, before they become HTTP."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any


@dataclass
class Reply:
    """Status, body and type of an answer; ``hang`` is how long the line stays silent first."""

    status: int
    content: bytes
    media_type: str = "application/json"
    hang: float = 0.0
    code: str = "ok"
    rows: int = 0


def shuffled(value: Any, rng: random.Random) -> Any:
    """Return the same JSON value with the keys of every object in random order, as the API sends it."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, rng) for item in value]
    return value


def as_json(value: Any) -> bytes:
    """Encode as the API does: UTF-8, ids as bare numbers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
