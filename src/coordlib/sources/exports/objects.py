"""Read from the cells of a table what was shared: a text, the items of a list, the addresses in it."""

from __future__ import annotations

import ast
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pandas as pd

from coordlib.ids import fold_hashtag
from coordlib.sources.exports.mapping import SEPARATORS, ObjectSource
from coordlib.sources.exports.model import blank, first_filled
from coordlib.sources.tweets import normalize_text
from coordlib.urls import full_domain, links_in

_MARKUP = re.compile(r"<[^>]*>")
#: What lists of links call the address itself, the most final first.
_ADDRESS_KEYS = ("unwound_url", "expanded_url", "expanded", "url", "uri")


def objects_of(table: pd.DataFrame, source: ObjectSource) -> pd.Series[Any]:
    """Return for each row what was shared as text, the items of a list joined as the format joins them."""
    cells = first_filled(table, source.column)
    if source.markup:
        cells = cells.map(lambda cell: html.unescape(_MARKUP.sub(" ", cell)).strip(), na_action="ignore")
    if source.copied:
        cells = cells.map(lambda cell: normalize_text(unicodedata.normalize("NFC", cell)), na_action="ignore")
    if source.links or source.key or source.also:
        further = [first_filled(table, (name,)).tolist() for name in source.also]
        rows = zip(cells.tolist(), *further, strict=True)
        cells = pd.Series([_joined(row, source) for row in rows], index=table.index, dtype="str")
    elif source.separator == ("addresses",):
        cells = cells.map(lambda cell: _addresses(cell, source), na_action="ignore")
    elif source.pattern is not None:
        cells = _without_list_marks(cells, source.pattern)
    if source.hashtags:
        cells = cells.map(fold_hashtag, na_action="ignore")
    cells = cells.astype("str")
    return cells.where(~blank(cells))


def _joined(row: tuple[object, ...], source: ObjectSource) -> str | None:
    cell, *further = (value if isinstance(value, str) else "" for value in row)
    found = list(_items(cell, source))[: 1 if source.first else None] if cell else []
    found += [value for value in further if value]
    if source.without_domains:
        found = [item for item in found if not _within(full_domain(item), source.without_domains)]
    return " ".join(dict.fromkeys(found)) or None


def _within(domain: str, sites: frozenset[str]) -> bool:
    return any(domain == site or domain.endswith(f".{site}") for site in sites)


def _items(cell: str, source: ObjectSource) -> Iterator[str]:
    """Yield the items of a JSON list under a key, or the addresses of a text; a cell that is no list is one item."""
    listed = _json_list(cell)
    if listed is None:
        yield from links_in(cell) if source.links else [cell]
        return
    for item in listed:
        if isinstance(item, str):
            yield from links_in(item) if source.links else [item]
        elif isinstance(item, dict) and all(item.get(name) == value for name, value in source.where.items()):
            for key in source.key or _ADDRESS_KEYS:
                if values := list(_under(item, key.split("."))):
                    yield from values
                    break


def _under(value: object, path: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _under(item, path)
    elif not path and isinstance(value, str | int) and str(value).strip():
        yield str(value).strip()
    elif path and isinstance(value, dict):
        yield from _under(value.get(path[0]), path[1:])


def _json_list(cell: str) -> list[Any] | None:
    if not cell.lstrip().startswith("["):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return _python_list(cell)
    return found if isinstance(found, list) else None


def _python_list(cell: str) -> list[Any] | None:
    try:
        found = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _without_list_marks(cells: pd.Series[Any], separator: str) -> pd.Series[Any]:
    """Turn cells that hold a list as Python or JSON writes it into items joined as the format joins them; [] is nothing."""
    listed = cells.str.match(r"\s*\[.*\]\s*$", na=False).astype(bool)
    if not listed.any():
        return cells
    join = " " if re.fullmatch(separator, " ") else ","

    def items(cell: str) -> str | None:
        found = _json_list(cell)
        return cell if found is None else join.join(str(item) for item in found if item is not None) or None

    return cells.where(~listed, cells[listed].map(items).astype("str"))


def _addresses(cell: str, source: ObjectSource) -> str | None:
    """Return the addresses of a cell, whoever wrote the list: blanks, commas, Python, JSON, R or a database; none is none.

    Marks inside a single address are its own: only a list, or a next address, ends it.
    """
    items: list[str] = []
    if _json_list(cell) is not None:
        items = list(_items(cell, source))
    elif re.match(r"""\s*(?:c\(|set\(|[\[({'"])""", cell):
        items = re.findall(r"""https?://[^\s'"\[\](){}|]+""", cell)
        items = [part for item in items for part in re.split(r"[,;](?=https?:)", item.rstrip(",;"))]
    elif "." in cell:
        items = re.split(SEPARATORS["addresses"], cell.strip().rstrip(",;|"))
    return " ".join(dict.fromkeys(items)) or None
