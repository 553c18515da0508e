"""What public functions return can be named, is a dataclass, and shows itself in one table."""

from __future__ import annotations

import dataclasses
import enum
import html
import importlib
import inspect
import pkgutil
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

import coordlib as cl
from coordlib.report import Html
from coordlib.service import Closing
from coordlib.shown import Shown, in_few_words

#: Made by the reader and returned by nothing: a tool for a script.
TOOLS = {cl.tiktok.Collector}


def rooms() -> Iterator[ModuleType]:
    yield cl
    for name in cl.__all__:
        if isinstance(room := getattr(cl, name), ModuleType):
            yield room


def public() -> dict[str, Any]:
    """Name to function or class: the list of each room, or of a room without one what is written in it."""
    found = {}
    for room in rooms():
        own = [name for name, item in vars(room).items() if getattr(item, "__module__", "") == room.__name__]
        for name in getattr(room, "__all__", own):
            if not name.startswith("_"):
                found[f"{room.__name__}.{name}"] = getattr(room, name)
    return found


def library() -> dict[str, set[type]]:
    """Name of a class to the classes of that name, wherever in the library."""
    for module in pkgutil.walk_packages(cl.__path__, "coordlib."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, set[type]] = {}
    for name, module in list(sys.modules.items()):
        for item in vars(module).values() if name.startswith("coordlib") else ():
            if isinstance(item, type) and item.__module__ == name:
                found.setdefault(item.__name__, set()).add(item)
    return found


CLASSES, PUBLIC = library(), public()
NAMED = {item for item in PUBLIC.values() if isinstance(item, type)}


def types_in(annotation: object, module: str, owner: type | None = None) -> set[type]:
    """Return the library's types in an annotation, also behind names for several and names only a type checker imports."""
    found = set()
    for word in re.findall(r"[A-Za-z_][\w.]*", str(annotation)):
        item: Any = vars(sys.modules[module])
        for part in word.split("."):
            item = item.get(part) if isinstance(item, dict) else getattr(item, part, None)
        known = CLASSES.get(word.rpartition(".")[2], set())
        if word == "Self" and owner:
            found.add(owner)
        elif isinstance(item, type) or (item is None and len(known) == 1):
            found |= {item or next(iter(known))}
        elif typing.get_args(item):
            found |= types_in(item, module)
    return {kind for kind in found if kind.__module__.startswith("coordlib.")}


def returned(item: Any) -> set[type]:
    """Return the types a function returns, or of a class those its public methods return and its public fields hold."""
    if inspect.isroutine(item):
        item = inspect.unwrap(item)
        return types_in(item.__annotations__.get("return", ""), item.__module__)
    found = set()
    for kind in item.__mro__ if isinstance(item, type) else ():
        if kind.__module__.startswith("coordlib."):
            held = {name: value for name, value in vars(kind).items() if not name.startswith("_")}
            for method in held.values():
                for name in ("__func__", "fget", "func", "__wrapped__"):
                    method = getattr(method, name, None) or method
                if inspect.isfunction(method):
                    annotation = method.__annotations__.get("return", "")
                    found |= types_in(annotation, method.__module__, item)
            for name, annotation in vars(kind).get("__annotations__", {}).items():
                found |= set() if name.startswith("_") else types_in(annotation, kind.__module__)
    return found


RETURNED = set[type]().union(*map(returned, PUBLIC.values()))


def test_every_type_that_is_returned_is_named_in_a_room() -> None:
    # What a type that no room names holds has to be named as well; it is found once that type is.
    assert {cl.links.CoordShares, cl.tiktok.Answer, cl.store.Store, cl.sources.Page} <= RETURNED
    assert {f"{kind.__module__}.{kind.__qualname__}" for kind in RETURNED - NAMED} == set()


def test_every_named_type_is_a_dataclass() -> None:
    """But the models of parameters and mappings, pieces of a page, clients, entries of run.json, and words."""
    others = (BaseModel, Html, Closing, enum.Enum, BaseException)
    plain = {
        kind for kind in RETURNED | NAMED if not issubclass(kind, others) and not typing.is_typeddict(kind)
    }
    assert {kind for kind in plain if not dataclasses.is_dataclass(kind)} == {*TOOLS, cl.tiktok.RequestBudget}


def test_every_named_type_shows_itself() -> None:
    silent = (enum.Enum, BaseException)
    kinds = {kind for kind in NAMED if not issubclass(kind, silent) and not typing.is_typeddict(kind)}
    shown = {kind for kind in kinds if hasattr(kind, "_repr_html_") or hasattr(kind, "_repr_mimebundle_")}
    assert kinds - shown == TOOLS


def text_of(shown: Shown) -> list[str]:
    """The lines of a table as a reader sees them, name and value apart by a bar."""
    markup = shown._repr_html_().partition("</style>")[2]
    lines = re.sub(r"</(?:tr|caption)>", "\n", markup.replace("</th>", " | ")).splitlines()
    return [text for line in lines if (text := html.unescape(re.sub("<[^>]+>", "", line)))]


def test_a_table_is_in_words_and_long_parts_are_told_by_their_size() -> None:
    world = cl.simulate.simulate_link_shares(60, 1, days=2)
    found = cl.get_coord_shares(world.shares, 60)
    columns = f"{', '.join(world.shares.columns[:12])} and {world.shares.shape[1] - 12} more"
    shares = f"shares | {len(world.shares):,} rows: {columns}"
    assert text_of(world)[1:] == [shares, f"truth | {len(world.truth):,} rows: account.url, kind, network"]
    lines = text_of(found)
    assert lines[0] == "What get_coord_shares found" and "interval (seconds) | 60" in lines
    assert f"network | {len(found.network)} nodes, {found.network.size()} edges" in lines
    assert text_of(cl.report.get_outputs(found, edges=False))[1].startswith(
        "highly_connected_coordinated_entit"
    )
    budget = cl.tiktok.RequestBudget(cl.open_store(":memory:"), daily=1200, clock=lambda: 1_790_000_000)
    assert text_of(budget)[1:] == ["day (UTC) | 2026-09-21", "used | 0", "remaining | 1,200"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (float("nan"), "none"),
        (True, "yes"),
        (1234.56, "1,234.6"),
        (np.float64(0.12345), "0.123"),
        ((), "none"),
        ({"b", "a"}, "a · b"),
        (np.zeros(3), "3 values"),
        (pd.Series([1]), "1 value"),
        (pd.DataFrame({"a": []}), "0 rows: a"),
        (Path("/home/someone/study/demo/reports/days"), "…/demo/reports/days"),
        ({"terms": {"tea": 1}, "n": 1000}, "terms = tea; n = 1,000"),
        ([cl.describe.Label("a", "b")] * 2, "2 entries"),
        ("x" * 400, "x" * 300 + "…"),
    ],
)
def test_a_value_is_told_in_few_words(value: object, words: str) -> None:
    assert in_few_words(value) == words


def test_what_strangers_wrote_stays_text_and_no_secret_is_shown() -> None:
    hostile = cl.describe.Label("<script>$x$</script>\u202e", "m", {"<b>": ["<img src=x>"]})
    markup = hostile._repr_html_()
    assert "<script" not in markup and "<img" not in markup and "<b>" not in markup and "\u202e" not in markup
    assert 'class="tex2jax_ignore mathjax_ignore"' in markup
    assert "s3cret" not in cl.tiktok.Credentials("aw1", "s3cret")._repr_html_()


def test_what_was_a_tuple_can_be_unpacked_and_taken_by_place() -> None:
    found = cl.get_coord_shares(cl.simulate.simulate_link_shares(60, 1, days=2).shares, 60)
    shares, network, entities, *rest = found
    assert shares is found[0] is found.shares and network is found.network and entities is found[2]
    assert len(found) == 9 == 3 + len(rest) and found[3:5] == (found.edges, 60)
    shares, truth = cl.simulate.simulate_link_shares(60, 1, days=2)
    assert "expanded" in shares and "kind" in truth


def test_results_of_link_sharing_are_used_as_a_dict() -> None:
    found = cl.get_coord_shares(cl.simulate.simulate_link_shares(60, 1, days=2).shares, 60)
    results = cl.report.get_outputs(found)
    assert "edges" in results and results["edges"] is found.edges and len(results) == len(dict(results))
    results["own"] = 1
    assert results.get("own") == 1 and repr(results).splitlines()[-1] == "own: 1"
