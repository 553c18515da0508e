"""The page on inputs names every format with its objects, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from coordlib.sources.exports import format_by_name, format_names


def test_every_format_and_object_is_documented(project: Path) -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \|.*\| ([^|]*) \|$", (project / "docs" / "inputs.md").read_text("utf-8"), re.M
    )
    documented = {name: re.findall(r"`(\w+)`", objects) for name, objects in rows}
    assert set(documented) == set(format_names())
    for known in map(format_by_name, format_names()):
        assert set(documented[known.name]) == set(known.objects)
        assert documented[known.name][0] == known.object_id
