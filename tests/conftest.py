"""Fixtures every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parent.parent
CHROMIUM = Path(os.environ.get("COORDLIB_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, installed by the system; one for all tests of a process, since a second one cannot be started beside it."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium, or set COORDLIB_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is a development dependency")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()
