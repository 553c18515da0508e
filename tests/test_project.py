"""The project keeps its own rules: thin notebooks, no secrets or local paths, one home for defaults, told dependencies."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import re
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import coordlib as cl
from coordlib.errors import CoordError

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_thin_and_committed_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert cells[0]["cell_type"] == "markdown" and "".join(cells[0]["source"]).startswith("# ")
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1
    for cell in code:
        source = "".join(cell["source"])
        assert not cell["outputs"] and cell["execution_count"] is None
        assert not re.search(r"^\s*(def|class|for|while)\b", source, re.MULTILINE)
        if "parameters" not in cell["metadata"].get("tags", []):
            assert len([line for line in source.splitlines() if line.strip()]) <= 15


def test_every_public_name_can_be_loaded_and_is_documented() -> None:
    assert cl.__all__ == sorted(cl.__all__, key=lambda name: (not name[0].isupper(), name))
    rooms = [getattr(cl, name) for name in cl.__all__ if isinstance(getattr(cl, name), ModuleType)]
    for room in (cl, *rooms):
        for name in getattr(room, "__all__", ()):
            assert (getattr(room, name).__doc__ or "").strip(), name
    assert len(cl.__all__) - len(rooms) <= 37


def test_a_name_that_moved_says_where_it_is_now() -> None:
    moved = {name: f"{room}.{name}" for room, names in cl._MOVED.items() for name in names.split()}
    for name, place in (moved | cl._RENAMED).items():
        assert name not in cl.__all__
        with pytest.warns(DeprecationWarning, match=rf"coordlib.{name} is now coordlib.{place}"):
            found = getattr(cl, name)
        room, _, new = place.rpartition(".")
        assert found is getattr(importlib.import_module(f"coordlib.{room}"), new)


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [
        (cl.read_export, "account", "account_id"),
        (cl.read_export, "path", "source"),
        (cl.sources.iter_export, "path", "source"),
        (cl.load_link_shares, "path", "source"),
        (cl.sources.iter_export, "account", "account_id"),
        (cl.sources.to_shares, "object", "object_id"),
        (cl.runs.import_shares, "object", "object_id"),
        (cl.runs.import_shares, "account", "account_id"),
        (cl.runs.label_networks, "component", "network"),
        (cl.describe.label_components, "component", "network"),
        (cl.describe.add_labels, "component", "network"),
        (cl.describe.describe_posts, "evidence", "pairs"),
        (cl.describe.describe_networks, "evidence", "pairs"),
        (cl.rank_accounts, "evidence", "significance"),
        (cl.edge_significance, "alpha", "q"),
        (cl.calibrate, "alpha", "q"),
        (cl.report.get_outputs, "folder", "output_dir"),
        (cl.report.write_link_outputs, "folder", "output_dir"),
    ],
)
def test_an_argument_that_was_renamed_is_taken_with_a_warning(function: Any, old: str, new: str) -> None:
    assert new in inspect.signature(function).parameters and old not in inspect.signature(function).parameters
    with pytest.warns(FutureWarning, match=f"{function.__name__}: {old} is now {new}"), suppress(TypeError):
        function(**{old: None})
    with pytest.raises(
        CoordError, match=f"{function.__name__}: {old} is the old name of {new}; give one of the two"
    ):
        function(**{old: None, new: None})


def test_every_dependency_is_named_with_its_reason() -> None:
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    listed = (PROJECT / "README.md").read_text().lower()
    groups = [wanted["dependencies"], *wanted["optional-dependencies"].values()]
    names = {re.split(r"[<>=\[]", line)[0] for group in groups for line in group}
    assert {name for name in names if name not in listed} == set()


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = {re.split(r"[<>=\[]", line)[0] for group in groups for line in group}
    imported = set()
    for path in (PROJECT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).split(".")[0])
    known = importlib.metadata.packages_distributions()
    others = imported - set(sys.stdlib_module_names) - {"coordlib"}
    packages = {name: {item.lower().replace("_", "-") for item in known.get(name, [name])} for name in others}
    assert {name for name, owners in packages.items() if not owners & declared} == set()


def test_the_lock_names_no_index_and_hashes_everything() -> None:
    text = (PROJECT / "requirements.lock").read_text()
    assert not re.search(r"https?://|file:|--index|--find-links", text)
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_no_tracked_file_names_a_path_of_somebodys_machine() -> None:
    if not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of tracked files")
    pattern = r"(/home/(?!someone)[a-z]|/Users/[a-z]|/root/|/work/)"
    found = subprocess.run(
        ["git", "grep", "-nIP", pattern, "--", ".", ":!tests/test_project.py"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_benchmarks_use_what_is_there() -> None:
    """No test runs them, so a name that moved would be found by who starts hours of work."""
    for path in sorted((PROJECT / "benchmarks").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coordlib"):
                module = importlib.import_module(str(node.module))
                for name in (alias.name for alias in node.names):
                    package = hasattr(module, "__path__")
                    there = hasattr(module, name) or (
                        package and importlib.util.find_spec(f"{node.module}.{name}")
                    )
                    assert there, f"{path.name}: {node.module} has no {name}"
