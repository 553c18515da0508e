"""A demo workspace beside a copy of the notebooks, as a newcomer has them after ``make demo``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coordlib.runs.demo import run_demo

NOTEBOOKS = (
    "01-seed-discovery",
    "02-daily-monitoring",
    "03-component-analysis",
    "04-parameter-sweep",
    "05-link-sharing",
    "06-own-table",
)


@pytest.fixture(scope="session")
def newcomer(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    """Folder with ``notebooks/`` and ``demo/``."""
    root = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(project / "notebooks", root / "notebooks")
    run_demo(root / "demo", accounts=200, days=2, engine="smalldocs")
    return root
