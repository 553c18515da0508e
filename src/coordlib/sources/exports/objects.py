"""Read from the cells of a table what was shared: a text, the items of a list, the addresses in it."""

from __future__ import annotations

import ast
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pandas as pd

from coordlib.ids import fold_hashtag
from coordlib.sources.exports.mapping import SEPARATORS, ObjectSource
from coordlib.sources.exports.model import blank, first_filled
from coordlib.sources.tweets import normalize_text
from coordlib.urls import full_domain, links_in

_MARKUP = re.compile(r"<[^>]*>")
#: What no hashtag holds: in a list a blank can be part of one.
_IN_A_LIST = re.compile(r"[,;|#]+")
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
    columns = [cells, *(first_filled(table, (name,)) for name in source.also)]
    rows = list(zip(*(column.fillna("").tolist() for column in columns), strict=True))
    # Most cells are copies of others: each different one is read once.
    split = re.compile(source.pattern).split
    found = {row: _distinct(row, source, split) for row in set(rows)}
    return pd.Series([found[row] for row in rows], index=table.index, dtype=object)


def _distinct(
    row: tuple[str, ...], source: ObjectSource, split: Callable[[str], list[str]]
) -> list[str] | None:
    cell, *further = row
    listed = _list(cell)
    if listed is None:
        addresses = source.separator == ("addresses",)
        items = _addresses(cell) if addresses else links_in(cell) if source.links else [cell]
    else:
        items = list(_of_list(listed, source))
    divide = _IN_A_LIST.split if source.hashtags and listed is not None else split
    parts = [part for item in items[: 1 if source.first else None] for part in divide(item)]
    parts = [part.strip() for part in (*parts, *(part for item in further for part in split(item)))]
    if source.without_domains:
        parts = [part for part in parts if part and not _within(full_domain(part), source.without_domains)]
    if source.hashtags:
        parts = [fold_hashtag(part) for part in parts]
    return [part for part in dict.fromkeys(parts) if part and part not in source.ignore] or None


def _within(domain: str, sites: frozenset[str]) -> bool:
    return any(domain == site or domain.endswith(f".{site}") for site in sites)


def _of_list(listed: list[Any], source: ObjectSource) -> Iterator[str]:
    """Yield of each item of a list the key that is wanted, or the item itself, or the addresses in it."""
    for item in listed:
        if isinstance(item, dict) and all(item.get(name) == value for name, value in source.where.items()):
            values = (list(_under(item, key.split("."))) for key in source.key or _ADDRESS_KEYS)
            yield from next(filter(None, values), [])
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


def _list(cell: str) -> list[Any] | None:
    """Return the list that JSON or Python wrote into a cell."""
    if cell.lstrip().startswith("["):
        for read in (json.loads, ast.literal_eval):
            with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                found = read(cell.strip())
                return found if isinstance(found, list) else None
    return None


def _addresses(cell: str) -> list[str]:
    """Return the addresses of a cell, whoever wrote the list: blanks, commas, R or a database; none is none.

    Marks inside a single address are its own: only a list, or a next address, ends it.
    """
    if re.match(r"""\s*(?:c\(|set\(|[\[({'"])""", cell):
        items = re.findall(r"""https?://[^\s'"\[\](){}|]+""", cell)
        return [part for item in items for part in re.split(r"[,;](?=https?:)", item.rstrip(",;"))]
    return re.split(SEPARATORS["addresses"], cell.strip().rstrip(",;|")) if "." in cell else []
