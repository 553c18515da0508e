"""Rows of a table of link shares, checked and in order, and what their posts say of each account."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.columns import check_table
from coordlib.errors import EmptyInputError, InputError
from coordlib.ids import as_ids, rounded_id, without_point
from coordlib.posts import as_counts
from coordlib.times import PLAUSIBLE, refuse_implausible, refuse_unreadable, warn_of_days
from coordlib.times import utc_seconds as read_times
from coordlib.urls import Compat, check_compat
from coordlib.urls import clean_urls as clean_url_column

Ints = npt.NDArray[np.int64]

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

#: Those that say of a property whether it changed between posts.
_CHANGED = [name for name in ENTITY_COLUMNS if name.endswith(".changed")]


def entity_table(marked: pd.DataFrame, groups: pd.DataFrame, *, original: bool) -> pd.DataFrame:
    """Describe the accounts of `groups` from the marked shares, one row each, in their order.

    ``shares`` counts all of the account's rows, ``coord.shares`` the coordinated ones. Values an
    account had one after the other are joined by `` | ``. Missing values are ignored; CooRnet
    (``original``) writes them as ``NA``, counts them as a change, and takes the first row's value.
    """
    rows = marked[marked["account.url"].isin(groups.index)]
    grouped = rows.groupby("account.url", sort=False)
    table = pd.DataFrame(
        {"shares": grouped.size(), "coord.shares": grouped["is_coordinated"].sum().astype("int64")}
    )
    nothing = pd.Series(np.nan, index=rows.index, dtype=object)
    counts = as_counts(rows.get("account.subscriberCount", nothing)).astype(float)
    by_account = counts.groupby(rows["account.url"], sort=False)
    complete = by_account.count() == by_account.size()
    table["account.avg.subscriberCount"] = by_account.mean().where(complete | (not original))
    for changed in _CHANGED:
        name = f"account.{changed.removeprefix('account.').removesuffix('.changed')}"
        values = rows.get(name, nothing).astype("str")
        distinct = pd.DataFrame(
            {"who": rows["account.url"], "value": values.fillna("NA") if original else values}
        )
        per_account = distinct.dropna().drop_duplicates().groupby("who", sort=False)["value"]
        table[name] = per_account.agg(" | ".join).reindex(table.index)
        table[changed] = per_account.size().reindex(table.index, fill_value=0) > 1
    for name in ENTITY_COLUMNS:
        if name.startswith("account.") and name not in table:  # a property that does not change
            written = rows.get(name, nothing).groupby(rows["account.url"], sort=False)
            as_they_come = original or name not in rows
            table[name] = written.head(1).set_axis(table.index) if as_they_come else written.first()
    return table.join(groups, how="right").rename_axis("name").reset_index()[list(ENTITY_COLUMNS)]


#: Columns link-sharing detection cannot do without.
NEEDED = ("account.url", "date", "expanded")
#: Columns that make a row's place unique when times are equal, where they are there.
_TIE_COLUMNS = ("id", "platformId", "postUrl")
_TRUE = frozenset({"true", "t", "1", "1.0", "yes"})


def link_rows(
    shares: pd.DataFrame,
    *,
    clean_urls: bool = False,
    keep_ourl_only: bool = False,
    compat: Compat = None,
    need_accounts: bool = True,
) -> tuple[pd.DataFrame, Ints, dict[str, int]]:
    """Return the rows whose URLs were shared more than once, their times, and how many others were left out, by reason.

    In CooRnet's mode rows keep their order, on which its numbering of components depends; in ours
    they are put into one order of their own, so that the order of the input says nothing.
    """
    check_compat(compat)
    check_table(shares, NEEDED if need_accounts else NEEDED[1:], "table of shares")
    if shares.empty:
        raise EmptyInputError("table of shares: no rows; give at least two shares of one URL")
    left_out: dict[str, int] = {}
    table = shares
    if keep_ourl_only:
        table = _original_urls(table)
        left_out["not the original URL (is_orig)"] = len(shares) - len(table)
    present = table["expanded"].notna() & (table["expanded"].astype(str).str.strip() != "")
    if need_accounts:
        present &= table["account.url"].notna()
    left_out["no URL or no account"] = int((~present).sum())
    table = table[present]
    if clean_urls:
        before = len(table)
        table = clean_url_column(table, "expanded", compat=compat)
        left_out["an address of no page (front or log-in page, cut short)"] = before - len(table)
    table = table.astype({"expanded": "str"})
    if need_accounts:
        table = table.assign(**{"account.url": _accounts(table["account.url"])})
    shared_again = table["expanded"].duplicated(keep=False)
    left_out["a URL shared only once"] = int((~shared_again).sum())
    table = table[shared_again]
    # Before the rows are numbered anew, so that an error names the row of the input.
    seconds = utc_seconds(table["date"])
    if len(seconds) and not PLAUSIBLE[0] <= seconds.min() <= seconds.max() < PLAUSIBLE[1]:
        written = shares["date"].dropna()  # only the whole table says whether it has a clock of its own
        refuse_implausible(
            read_times(written, any_time=True), written, "table of shares, column 'date', row {row}"
        )
    table = table.reset_index(drop=True)
    if compat is None:
        order = _own_order(table, seconds)
        table, seconds = table.iloc[order].reset_index(drop=True), seconds[order]
    return table, seconds, {reason: count for reason, count in left_out.items() if count}


def utc_seconds(dates: pd.Series) -> Ints:
    """Return times as int64 UTC seconds; text without a zone is UTC, numbers are seconds."""
    times = read_times(dates, any_time=True)
    refuse_unreadable(
        dates, times, lambda row: f"table of shares, column 'date', row {dates.index[row]}", needed=True
    )
    warn_of_days(dates, times)
    return np.asarray(times, dtype=np.int64)


def _accounts(values: pd.Series) -> pd.Series:
    """Return accounts as text, refusing those that lost digits: they would make many accounts one."""
    accounts = as_ids(values, "account.url").set_axis(values.index)
    if (found := rounded_id(accounts)) is not None:
        raise InputError(
            f"table of shares, column 'account.url', row {values.index[found[0]]}: '{found[1]}' is a rounded id and "
            "cannot be repaired; use the file as it was exported, and read ids as text (dtype=str)"
        )
    return without_point(accounts)


def _original_urls(table: pd.DataFrame) -> pd.DataFrame:
    check_table(table, ["is_orig"], "keep_ourl_only=True")
    flags = table["is_orig"].astype(str).str.strip().str.lower().isin(_TRUE)
    if int(flags.sum()) < 2:
        raise InputError(
            f"keep_ourl_only=True: {int(flags.sum())} of {len(table)} shares match the original URLs ('is_orig'); "
            "at least 2 are needed"
        )
    return table[flags]


def _own_order(table: pd.DataFrame, seconds: Ints) -> npt.NDArray[np.intp]:
    """Sort by time, URL and account; rows equal in all three by everything else they hold, missing as empty."""
    names = ["expanded", *(["account.url"] if "account.url" in table else [])]
    frame = table[names].assign(seconds=seconds, rest="")
    tied = frame.duplicated(keep=False).to_numpy()
    if tied.any():
        others = sorted(str(name) for name in table if name not in _TIE_COLUMNS)
        others = [*(name for name in _TIE_COLUMNS if name in table), *others]
        rest = table.loc[tied, others].astype("str").fillna("")
        frame.loc[tied, "rest"] = rest.agg("\x1f".join, axis=1)
    return frame.sort_values(["seconds", *names, "rest"], kind="stable").index.to_numpy()
