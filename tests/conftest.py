"""Fixtures every test may use."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
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


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run ``coordlib`` with some words, in this process: exit code, output, errors."""
    from coordlib.cli import main

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["coordlib", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(str(ended.value.code)), *capsys.readouterr()

    return run


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


@pytest.fixture(scope="session")
def replayed_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated days (``archive``) replayed into ``w``, notebooks run and all; made once for all processes: copy it to change it."""
    from coordlib.runs.day import replay_archive
    from coordlib.simulate import build_world
    from coordlib.simulate.archive import write_archive

    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root = common / "replayed_world"
    with (common / "replayed_world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "done").exists():
            shutil.rmtree(root, ignore_errors=True)
            write_archive(build_world(accounts=200, days=8, seed=3), root / "archive")
            for day in sorted(path for path in (root / "archive").iterdir() if path.is_dir())[:-2]:
                shutil.rmtree(day)
            reports = replay_archive(root / "archive", root / "w")
            assert [report.message for report in reports] == [None, None]
            (root / "done").touch()
    return root


@pytest.fixture
def replayed_copy(replayed_world: Path, tmp_path: Path) -> Path:
    """The replayed workspace, for a test that changes it."""
    return Path(shutil.copytree(replayed_world / "w", tmp_path / "w"))
