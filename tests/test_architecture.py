"""The house keeps its plan: arrows go forward, pure rooms touch nothing outside, and the architecture page says what is so."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

PROJECT = Path(__file__).resolve().parent.parent
SOURCE = PROJECT / "src" / "coordlib"
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
#: Each room may use those to the left of it.
ORDER = [
    "errors",
    "shown",
    "columns",
    "ids",
    "files",
    "progress",
    "times",
    "service",
    "yaml_files",
    "addresses",
    "urls",
    "near",
    "posts",
    "parameters",
    "places",
    "store",
    "tiktok",
    "detect",
    "simulate",
    "significance",
    "describe",
    "links",
    "sources",
    "report",
    "site",
    "runs",
    "cli",
]
#: Rooms without clock, files, database or network.
PURE = ["near", "posts", "detect", "significance", "describe", "links"]
OUTSIDE = {
    *(
        "socket",
        "sqlite3",
        "httpx",
        "http",
        "urllib",
        "requests",
        "time",
        "datetime",
        "subprocess",
        "tempfile",
    ),
    *("shutil", "pathlib", "os", "io"),
}
#: Calls that read or write files, or ask the clock.
CALLS = {
    *(
        "open",
        "now",
        "today",
        "utcnow",
        "getenv",
        "urlopen",
        "read_text",
        "write_text",
        "read_bytes",
        "write_bytes",
    ),
    *("read_csv", "read_parquet", "read_table", "to_csv", "to_parquet", "to_json", "write_table", "savefig"),
}


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


def listed(stub: Path) -> Iterator[tuple[str, str]]:
    """Each name of a room's list with the module that holds it."""
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, [name_of(stub.with_suffix(".py")), node.module]))
            yield from ((alias.asname or alias.name, module) for alias in node.names)


#: Of each room, where the names lie that it loads when they are first used.
LAZY = {name_of(stub.with_suffix(".py")): dict(listed(stub)) for stub in SOURCE.rglob("__init__.pyi")}


def holder(module: str, name: str) -> str:
    """The module that holds a name of a module, however many rooms hand it on."""
    if f"{module}.{name}" in MODULES:
        return f"{module}.{name}"
    other = LAZY.get(module, {}).get(name, module)
    return module if other == module else holder(other, name)


def imports(path: Path) -> set[str]:
    """Modules a file imports, wherever in it; of the library those that hold the name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {holder(node.module, alias.name) for alias in node.names}
    return found


USES = {name: imports(path) & set(MODULES) - {name} for name, path in MODULES.items()}


def room(module: str) -> str:
    return ([*module.split("."), "coordlib"])[1]


def test_no_module_is_part_of_a_circle() -> None:
    graph = nx.DiGraph((name, other) for name, others in USES.items() for other in others)
    assert [part for part in nx.strongly_connected_components(graph) if len(part) > 1] == []


def test_arrows_go_forward_only() -> None:
    up = {
        (name, other)
        for name, others in USES.items()
        for other in others
        if "coordlib" not in (room(name), room(other)) and ORDER.index(room(other)) > ORDER.index(room(name))
    }
    assert up == set()


def test_every_room_has_its_line_on_the_page() -> None:
    assert {room(name) for name in MODULES} - {"coordlib"} == set(ORDER)
    assert [name for name in ORDER if not re.search(rf"^\| .*`{name}`.* \|", PAGE, re.MULTILINE)] == []


def calls(path: Path) -> set[str]:
    """Functions and methods a file calls, by their last name."""
    found = [
        node.func
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    return {called.id if isinstance(called, ast.Name) else getattr(called, "attr", "") for called in found}


@pytest.mark.parametrize("name", PURE)
def test_a_pure_room_has_neither_files_nor_clock_nor_network(name: str) -> None:
    files = {module: path for module, path in MODULES.items() if room(module) == name}
    used = {
        module: {other.split(".")[0] for other in imports(path)} & OUTSIDE for module, path in files.items()
    }
    if name == "detect":  # one variable switches compiled code off
        used["coordlib.detect.kernel"] -= {"os"}
    called = {module: calls(path) & CALLS for module, path in files.items()}
    assert [module for module in files if used[module] or called[module]] == []


def test_only_the_store_speaks_to_the_database() -> None:
    spoken = re.compile(r"\bSELECT .+ FROM\b|\bimport sqlite3\b|\.connection\.execute")
    texts = {
        name: path.read_text(encoding="utf-8") for name, path in MODULES.items() if room(name) != "store"
    }
    assert [name for name, text in texts.items() if spoken.search(text)] == []


def test_only_the_demo_and_the_command_line_know_the_simulated_service() -> None:
    inside = "coordlib.simulate.service"
    users = {
        name
        for name, others in USES.items()
        if not name.startswith(inside) and any(other.startswith(inside) for other in others)
    }
    assert {name for name in users if room(name) != "cli"} <= {"coordlib.runs.demo"}


def test_no_module_is_long_and_no_file_name_stands_three_times() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
    names = Counter(path.name for path in MODULES.values() if path.name != "__init__.py")
    assert {name: count for name, count in names.items() if count > 2} == {}


def test_every_invariant_names_the_test_that_breaks_with_it() -> None:
    part = PAGE.split("## Invariants")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("- ")]
    named = [re.findall(r"`((?:tests/)?[\w/]+\.py)::(\w+)`", line) for line in lines]
    assert 1 <= len(lines) <= 12 and all(named)
    for file, test in (one for found in named for one in found):
        assert f"def {test}(" in (PROJECT / file).read_text(encoding="utf-8"), f"{file}::{test}"
