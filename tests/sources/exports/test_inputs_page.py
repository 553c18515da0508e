"""The page on inputs names every format with its objects, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from coordlib.sources.exports import ALL_FORMATS


def test_every_format_and_object_is_documented(project: Path) -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \|.*\| ([^|]*) \|$", (project / "docs" / "inputs.md").read_text("utf-8"), re.M
    )
    documented = {name: re.findall(r"`(\w+)`", objects) for name, objects in rows}
    assert set(documented) == {known.name for known in ALL_FORMATS}
    for known in ALL_FORMATS:
        assert set(documented[known.name]) == set(known.objects)
        assert documented[known.name][0] == known.default_object
