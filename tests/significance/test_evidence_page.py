"""The page on evidence says what the code does: its examples run, and no column, class or attribute is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from coordlib.significance import evidence_headline
from coordlib.significance.classes import WORDS


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest) -> str:
    project: Path = request.getfixturevalue("project")
    return (project / "docs" / "evidence.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran(page: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(compile(block, "docs/evidence.md", "exec"), names)
    return names


def test_the_examples_run_and_find_something(ran: dict[str, Any]) -> None:
    assert ran["edges"]["significant"].sum() == 15
    assert set(ran["graph"]) == {f"together_{member}" for member in range(6)}
    assert len(ran["whole"]) == 10


def test_the_page_shows_the_first_lines_as_they_are(page: str, ran: dict[str, Any]) -> None:
    assert evidence_headline(ran["edges"]) in page


def test_every_column_attribute_and_class_is_explained(page: str, ran: dict[str, Any]) -> None:
    for name in (*ran["edges"].columns, *ran["edges"].attrs, *WORDS):
        assert f"`{name}`" in page, name
