"""Read from the cells of a table what was shared (texts, items of lists, addresses), and what a file holds only indirectly."""

from __future__ import annotations

import ast
import html
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coordlib.ids import fold_hashtag
from coordlib.posts import as_counts
from coordlib.sources.exports.mapping import SEPARATORS, ObjectSource
from coordlib.sources.exports.model import blank, first_filled
from coordlib.sources.tweets import normalize_text
from coordlib.urls import full_domain, links_in

_MARKUP = re.compile(r"<[^>]*>")
#: What no hashtag holds: in a list a blank can be part of one.
_IN_A_LIST = re.compile(r"[,;|#]+")
#: Arrow's blanks are those of ASCII alone.
_ARROW_LIST = SEPARATORS["list"].replace(
    r"\s", r"\s\v\x{1c}-\x{1f}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
)
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
    if source.links:
        cells = cells.where(cells.str.contains("://|&", na=False))  # a colon may be written as an entity
    lists = pd.Series(None, index=table.index, dtype=object)
    plain = np.zeros(len(table), dtype=bool)
    if source.pattern == SEPARATORS["list"] and not source.first and not source.without_domains:
        plain = ~cells.str.contains("[", regex=False, na=False).to_numpy(dtype=bool)
        lists[plain] = _plain_lists(cells[plain], source)
    columns = [cells, *(first_filled(table, (name,)) for name in source.also)]
    rows = list(zip(*(column[~plain].fillna("").tolist() for column in columns), strict=True))
    # Most cells are copies of others: each different one is read once.
    split = re.compile(source.pattern).split
    found = {row: _distinct(row, source, split) for row in set(rows)}
    lists[~plain] = pd.Series([found[row] for row in rows], index=table.index[~plain], dtype=object)
    return lists


def _plain_lists(cells: pd.Series[Any], source: ObjectSource) -> pd.Series[Any]:
    """Split cells without brackets at the separators of lists, all at once, as :func:`_distinct` would each."""
    parts = pc.split_pattern_regex(pa.array(cells.fillna("").astype(object), pa.large_string()), _ARROW_LIST)
    words = pc.list_flatten(parts).dictionary_encode()
    clean = [word.strip() for word in words.dictionary.to_pylist()]
    clean = [fold_hashtag(word) for word in clean] if source.hashtags else clean
    code, names = pd.factorize(np.array(clean, dtype=object))
    known = np.array([name not in {"", *source.ignore} for name in names], dtype=bool)
    items = pd.DataFrame(
        {"row": pc.list_parent_indices(parts).to_numpy(), "code": code[words.indices.to_numpy()]}
    )
    items = items[known[items["code"]]].drop_duplicates()
    listed = names[items["code"]].tolist()
    ends = np.cumsum(np.bincount(items["row"], minlength=len(cells))).tolist()
    spans = zip([0, *ends], ends, strict=False)
    return pd.Series([listed[start:end] or None for start, end in spans], index=cells.index, dtype=object)


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
    if source.without_domains:  # nor their sub-domains
        sites = tuple(f".{site}" for site in source.without_domains)
        parts = [part for part in parts if part and not f".{full_domain(part)}".endswith(sites)]
    if source.hashtags:
        parts = [fold_hashtag(part) for part in parts]
    return [part for part in dict.fromkeys(parts) if part and part not in source.ignore] or None


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
    """Return the addresses of a cell, whoever wrote the list; marks inside a single address are its own."""
    if re.match(r"""\s*(?:c\(|set\(|[\[({'"])""", cell):
        items = re.findall(r"""https?://[^\s'"\[\](){}|]+""", cell)
        return [part for item in items for part in re.split(r"[,;](?=https?:)", item.rstrip(",;"))]
    return re.split(SEPARATORS["addresses"], cell.strip().rstrip(",;|")) if "." in cell else []


# --- columns that a file holds only indirectly; they leave the table once they are read ---

RESHARE = "This is a re-share of a post"
_GLUED = r":=:\s*(https?://\S+)"
_EXPANDED = re.compile(r"""expanded["']?\s*[:=]\s*["']([^"'\s]+)""")
_CSV_REACTIONS = ("Likes", "Love", "Wow", "Haha", "Sad", "Angry", "Thankful", "Care")
_API_REACTIONS = [f"statistics.actual.{name.lower().removesuffix('s')}Count" for name in _CSV_REACTIONS]
_PUBLIC = ("app.bsky.feed.post", "app.bsky.feed.repost")


def _crowdtangle_csv(table: pd.DataFrame) -> pd.DataFrame:
    """Add the address each post shared and the sum of its reactions."""
    # By CooRnet's rule: the final link, else the link; the link for re-shares and YouTube; for other types than link an
    # address in the text after ":=:".
    empty = pd.Series(pd.NA, index=table.index, dtype="str")
    shared, link = first_filled(table, ("Final Link", "Link")), first_filled(table, ("Link",))
    kind = table.get("Type", empty).fillna("").str.strip().str.lower()
    reshared = table.get("Link Text", empty).fillna("").str.strip() == RESHARE
    glued = empty
    for name in ("Message", "Description"):
        if name in table.columns:
            glued = glued.where(glued.notna(), table[name].str.extract(_GLUED, expand=False))
    other = ~kind.isin(["link", "youtube"]) & ~reshared & glued.notna()
    shared = shared.mask(reshared | (kind == "youtube"), link).mask(other, glued)
    return _with(table, link=shared, reactions=_sum(table, _CSV_REACTIONS))


def _crowdtangle_api(table: pd.DataFrame) -> pd.DataFrame:
    """Add the expanded links (separated by spaces) and the reactions to API-like rows."""
    links = first_filled(table, ("expanded", "expandedLinks.expanded"))
    if "expandedLinks" in table.columns:
        lists = table["expandedLinks"].fillna("").map(_EXPANDED.findall)
        found = lists.map(lambda urls: " ".join(dict.fromkeys(urls)) or None).astype("str")
        links = links.where(links.notna(), found)
    links = links.where(links.notna(), first_filled(table, ("expandedLinks.original", "link")))
    return _with(table, link=links, reactions=_sum(table, _API_REACTIONS))


def _with(table: pd.DataFrame, **columns: pd.Series[Any]) -> pd.DataFrame:
    return table.assign(**{f"coordlib.{name}": column for name, column in columns.items()})


def _sum(table: pd.DataFrame, names: Sequence[str]) -> pd.Series[Any]:
    counts = {name: as_counts(table[name]) for name in names if name in table.columns}
    total = pd.DataFrame(counts, index=table.index, dtype="Int64").sum(axis=1, min_count=1)
    return total.astype("str").where(total.notna())


def _articles(table: pd.DataFrame) -> pd.DataFrame:
    """Give GDELT articles their domain, which its CSV leaves out."""
    address = first_filled(table, ("url", "URL"))
    host = address.map(lambda url: full_domain(url) or None if isinstance(url, str) else None).astype("str")
    given = first_filled(table, ("domain",))
    return _with(table, domain=given.where(given.notna(), host))


def jetstream_undone(table: pd.DataFrame) -> dict[str, int]:
    """Return from which row on a record holds: after its last update, and never where it was deleted."""
    record, operation = _operations(table)
    updated = record[(operation == "update") & record.notna()]
    found = dict(zip(updated, updated.index.tolist(), strict=True))
    return found | dict.fromkeys(record[(operation == "delete") & record.notna()], sys.maxsize)


def _operations(table: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    record = "at://" + table["did"] + "/" + table["commit.collection"] + "/" + table["commit.rkey"]
    return record, table.get("commit.operation", pd.Series("create", index=table.index))


def _jetstream(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the posts and reposts that were made and not deleted again."""
    record, operation = _operations(table)
    made = operation.isin(["create", "update"]) & table["commit.collection"].isin(_PUBLIC)
    kept = _with(table, record=record)[made & ~record.isin(record[operation == "delete"])]
    # An update repeats the record: the last one counts.
    return kept[~kept["coordlib.record"].duplicated(keep="last")]


#: What a format's `prepare` may name.
PREPARATIONS: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "crowdtangle-csv": _crowdtangle_csv,
    "crowdtangle-api": _crowdtangle_api,
    "domain-of-address": _articles,
    "jetstream": _jetstream,
}
