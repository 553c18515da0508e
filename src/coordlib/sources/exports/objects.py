"""Read from the cells of a table what was shared: a text, the items of a list, the addresses in it."""

from __future__ import annotations

import ast
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
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
    """Return for each row what was shared: a text, or the list of distinct items; missing where there is nothing."""
    cells = first_filled(table, source.column)
    if source.markup:
        cells = cells.map(lambda cell: html.unescape(_MARKUP.sub(" ", cell)).strip(), na_action="ignore")
    if source.copied:
        cells = cells.map(lambda cell: normalize_text(unicodedata.normalize("NFC", cell)), na_action="ignore")
    if source.pattern is None:
        cells = cells.astype("str")
        return cells.where(~blank(cells) & ~cells.isin(source.ignore))
    further = [first_filled(table, (name,)).tolist() for name in source.also]
    rows = zip(cells.tolist(), *further, strict=True)
    split = re.compile(source.pattern).split
    return pd.Series([_distinct(row, source, split) for row in rows], index=table.index, dtype=object)


def _distinct(
    row: tuple[object, ...], source: ObjectSource, split: Callable[[str], list[str]]
) -> list[str] | None:
    cell, *further = (value if isinstance(value, str) else "" for value in row)
    items = _addresses if source.separator == ("addresses",) else _items
    found = list(items(cell, source))[: 1 if source.first else None]
    parts = [part.strip() for item in (*found, *further) if item for part in split(item)]
    if source.without_domains:
        parts = [part for part in parts if part and not _within(full_domain(part), source.without_domains)]
    if source.hashtags:
        parts = [fold_hashtag(part) for part in parts]
    return [part for part in dict.fromkeys(parts) if part and part not in source.ignore] or None


def _within(domain: str, sites: frozenset[str]) -> bool:
    return any(domain == site or domain.endswith(f".{site}") for site in sites)


def _items(cell: str, source: ObjectSource) -> Iterator[str]:
    """Yield the items of a list as JSON or Python writes it, or the addresses of a text; a cell that is no list is one item."""
    listed = _json_list(cell)
    if listed is None:
        yield from links_in(cell) if source.links else [cell]
        return
    for item in listed:
        if isinstance(item, dict) and all(item.get(name) == value for name, value in source.where.items()):
            for key in source.key or _ADDRESS_KEYS:
                if values := list(_under(item, key.split("."))):
                    yield from values
                    break
        elif item is not None and not isinstance(item, dict | list):
            yield from links_in(str(item)) if source.links else [str(item)]


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


def _addresses(cell: str, source: ObjectSource) -> list[str]:
    """Return the addresses of a cell, whoever wrote the list: blanks, commas, Python, JSON, R or a database; none is none.

    Marks inside a single address are its own: only a list, or a next address, ends it.
    """
    if _json_list(cell) is not None:
        return list(_items(cell, source))
    if re.match(r"""\s*(?:c\(|set\(|[\[({'"])""", cell):
        items = re.findall(r"""https?://[^\s'"\[\](){}|]+""", cell)
        return [part for item in items for part in re.split(r"[,;](?=https?:)", item.rstrip(",;"))]
    return re.split(SEPARATORS["addresses"], cell.strip().rstrip(",;|")) if "." in cell else []
