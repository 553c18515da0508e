"""A monitored process may be killed at any moment: the store is then that of an undisturbed run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from coordlib.simulate import build_world


@pytest.fixture(scope="module")
def benchmark(project: Path) -> ModuleType:
    """The benchmark that does the same fifty times over."""
    spec = importlib.util.spec_from_file_location(
        "monitor_30_days", project / "benchmarks" / "monitor_30_days.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_the_store_of_an_undisturbed_one(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path
):
    monkeypatch.setenv("PYTHONPATH", str(project / "src"))
    world = build_world(accounts=120, days=2, seed=9)
    days = world.dates
    assert benchmark.run_killed(tmp_path / "undisturbed", world, days, []) == 0
    assert benchmark.run_killed(tmp_path / "killed", world, days, [1, 3, 5]) == 3
    one, other = benchmark.contents(tmp_path / "undisturbed"), benchmark.contents(tmp_path / "killed")
    assert len(one["posts"]) > 100
    for table in benchmark.COMPARED:
        assert one[table] == other[table], table
