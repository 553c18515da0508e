"""The pages about near-duplicates and layers run as they are written, and their figures are those that were measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from coordlib.detect.layers import LAYERS
from coordlib.near.captions import FEWEST, SIMILARITY

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["near-duplicates.md", "layers.md"])
def test_the_code_of_a_page_runs(page: str) -> None:
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, page, "exec"), names)
    if "edges" in names:
        assert len(names["edges"])


def test_the_pages_name_the_usual_values_and_every_layer() -> None:
    page = (PROJECT / "docs" / "near-duplicates.md").read_text(encoding="utf-8")
    assert f"{SIMILARITY['copied']} or more" in page and f"is {SIMILARITY['reworded']} or more" in page
    assert f"fewer than {FEWEST} different texts" in page.replace("\n", " ")
    layers = (PROJECT / "docs" / "layers.md").read_text(encoding="utf-8")
    assert [name for name in LAYERS if f"`{name}`" not in layers] == []


def test_the_figures_of_the_page_are_those_of_the_benchmark() -> None:
    page = (PROJECT / "docs" / "near-duplicates.md").read_text(encoding="utf-8")
    measured = (PROJECT / "benchmarks" / "near_duplicates.md").read_text(encoding="utf-8")
    rows = [
        (level, float(least), first, second)
        for level, least, first, second in re.findall(
            r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) of [\d,]+ \| ([\d.]+) of", measured, re.MULTILINE
        )
    ]
    usual = [row for row in rows if SIMILARITY[row[0]] == row[1]]
    assert len(usual) == 4
    for _, _, first, second in usual:
        assert first.removeprefix("0") in page and second.removeprefix("0") in page
