"""Work out, for formats that need it, columns that a file holds only indirectly; they leave the table once they are read."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from coordlib.sources.exports.model import first_filled, whole_numbers
from coordlib.urls import full_domain

_RESHARE = "This is a re-share of a post"
_GLUED = r":=:\s*(https?://\S+)"
_EXPANDED = re.compile(r"""expanded["']?\s*[:=]\s*["']([^"'\s]+)""")
_CSV_REACTIONS = ("Likes", "Love", "Wow", "Haha", "Sad", "Angry", "Thankful", "Care")
_API_REACTIONS = [f"statistics.actual.{name.lower().removesuffix('s')}Count" for name in _CSV_REACTIONS]
_PUBLIC = ("app.bsky.feed.post", "app.bsky.feed.repost")


def _crowdtangle_csv(table: pd.DataFrame) -> pd.DataFrame:
    """Add the address each post shared, by CooRnet's rule, and the sum of its reactions.

    The final link where there is one, otherwise the link; the link for re-shares and YouTube
    posts; for posts of another type than link, an address glued into the text after ``:=:``.
    """
    empty = pd.Series(pd.NA, index=table.index, dtype="str")
    shared, link = first_filled(table, ("Final Link", "Link")), first_filled(table, ("Link",))
    kind = table.get("Type", empty).fillna("").str.strip().str.lower()
    reshared = table.get("Link Text", empty).fillna("").str.strip() == _RESHARE
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
    counts = {name: whole_numbers(table[name]) for name in names if name in table.columns}
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
    operation = table.get("commit.operation", pd.Series("create", index=table.index))
    record = _record(table)
    updated = record[(operation == "update") & record.notna()]
    found = dict(zip(updated, updated.index.tolist(), strict=True))
    return found | dict.fromkeys(record[(operation == "delete") & record.notna()], sys.maxsize)


def _record(table: pd.DataFrame) -> pd.Series[Any]:
    return "at://" + table["did"] + "/" + table["commit.collection"] + "/" + table["commit.rkey"]


def _jetstream(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the posts and reposts that were made and not deleted again."""
    record = _record(table)
    operation = table.get("commit.operation", pd.Series("create", index=table.index))
    deleted = set(record[operation == "delete"])
    made = operation.isin(["create", "update"]) & table["commit.collection"].isin(_PUBLIC)
    kept = table[made & ~record.isin(deleted)]
    kept = _with(kept, record=record[kept.index])
    # An update repeats the record: the last one counts.
    return kept[~kept["coordlib.record"].duplicated(keep="last")]


#: What a format's `prepare` may name.
PREPARATIONS: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "crowdtangle-csv": _crowdtangle_csv,
    "crowdtangle-api": _crowdtangle_api,
    "domain-of-address": _articles,
    "jetstream": _jetstream,
}
