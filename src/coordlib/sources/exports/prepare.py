"""Work out, for formats that need it, columns that a file holds only indirectly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from coordlib.sources.exports import crowdtangle
from coordlib.sources.exports.model import first_filled
from coordlib.urls import full_domain

_PUBLIC = ("app.bsky.feed.post", "app.bsky.feed.repost")


def _articles(table: pd.DataFrame) -> pd.DataFrame:
    """Give GDELT articles their domain, which its CSV leaves out."""
    address = first_filled(table, ("url", "URL"))
    host = address.map(lambda url: full_domain(url) or None if isinstance(url, str) else None).astype("str")
    given = first_filled(table, ("domain",))
    return table.assign(**{"coordlib.domain": given.where(given.notna(), host)})


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
    kept = kept.assign(**{"coordlib.record": record[kept.index]})
    # An update repeats the record: the last one counts.
    return kept[~kept["coordlib.record"].duplicated(keep="last")]


#: What a format's `prepare` may name.
PREPARATIONS: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "crowdtangle-csv": crowdtangle.facebook,
    "crowdtangle-api": crowdtangle.api,
    "domain-of-address": _articles,
    "jetstream": _jetstream,
}
