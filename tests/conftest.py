"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parent.parent

# No timed assertions: a busy machine must not fail a property. In CI the examples are the same each time.
settings.register_profile("coordlib", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("coordlib")


@pytest.fixture(scope="session")
def project() -> Path:
    """Root folder of the project."""
    return PROJECT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the reference outputs and real archive days, beside the project."""
    folder = PROJECT.parent / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip("the reference outputs and archive days (../shared) are not beside this checkout")
    return folder
