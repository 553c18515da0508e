"""The words of the simulated world, from words.yml."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import yaml


@functools.cache
def words() -> dict[str, Any]:
    """Return languages, themes, viral_tags, emoji, invisible, hostile, topics, pushed and headlines."""
    text = resources.files("coordlib.simulate").joinpath("words.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
