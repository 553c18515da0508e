"""What is known of each account of a link-sharing network, from its own posts."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Columns of the entities table, in CooRnet's order.
ENTITY_COLUMNS = (
    "name",
    "shares",
    "coord.shares",
    "account.avg.subscriberCount",
    "account.platform",
    "account.name",
    "account.platformId",
    "name.changed",
    "account.handle",
    "handle.changed",
    "account.verified",
    "pageAdminTopCountry.changed",
    "account.pageAdminTopCountry",
    "account.accountType",
    "account.pageCreatedDate",
    "account.pageDescription",
    "account.pageDescription.changed",
    "account.pageCategory",
    "account.pageCategory.changed",
    "degree",
    "component",
    "cluster",
    "strength",
)

#: Properties that may change between posts: source column, joined column, column that says it changed.
_CHANGING = (
    ("account.name", "account.name", "name.changed"),
    ("account.handle", "account.handle", "handle.changed"),
    ("account.pageAdminTopCountry", "account.pageAdminTopCountry", "pageAdminTopCountry.changed"),
    ("account.pageDescription", "account.pageDescription", "account.pageDescription.changed"),
    ("account.pageCategory", "account.pageCategory", "account.pageCategory.changed"),
)
_FIXED = (
    "account.platform",
    "account.platformId",
    "account.verified",
    "account.accountType",
    "account.pageCreatedDate",
)


def entity_table(marked: pd.DataFrame, names: pd.Index, *, original: bool) -> pd.DataFrame:
    """Describe the named accounts from the marked shares, one row each, in the order of the names.

    ``shares`` counts all of the account's rows, ``coord.shares`` the coordinated ones. Values an
    account had one after the other are joined by `` | ``. Missing values are ignored; CooRnet
    (``original``) writes them as ``NA``, counts them as a change, and takes the first row's value.
    """
    rows = marked[marked["account.url"].isin(names)]
    grouped = rows.groupby("account.url", sort=False)
    table = pd.DataFrame(
        {"shares": grouped.size(), "coord.shares": grouped["is_coordinated"].sum().astype("int64")}
    )
    table["account.avg.subscriberCount"] = _mean_subscribers(rows, original)
    for source, joined, changed in _CHANGING:
        values = _text(rows, source)
        if original:
            values = values.fillna("NA")
        distinct = (
            pd.DataFrame({"account.url": rows["account.url"], "value": values}).dropna().drop_duplicates()
        )
        per_account = distinct.groupby("account.url", sort=False)["value"]
        table[joined] = per_account.agg(" | ".join).reindex(table.index)
        table[changed] = (per_account.size().reindex(table.index).fillna(0) > 1).astype(bool)
    for column in _FIXED:
        if column not in rows.columns:
            table[column] = pd.Series(np.nan, index=table.index, dtype=object)
        elif original:
            table[column] = grouped[column].head(1).set_axis(table.index)
        else:
            table[column] = grouped[column].first()
    return table.reindex(list(names)).rename_axis("name").reset_index().astype({"name": "str"})


def _mean_subscribers(rows: pd.DataFrame, original: bool) -> pd.Series:
    if "account.subscriberCount" not in rows.columns:
        return pd.Series(np.nan, index=rows["account.url"].unique(), dtype=float)
    counts = pd.to_numeric(rows["account.subscriberCount"], errors="coerce").astype(float)
    grouped = counts.groupby(rows["account.url"], sort=False)
    means = grouped.mean()
    return means.where(grouped.count() == grouped.size()) if original else means


def _text(rows: pd.DataFrame, column: str) -> pd.Series:
    if column not in rows.columns:
        return pd.Series(None, index=rows.index, dtype="str")
    return rows[column].astype("str")
