"""Rows of a table of link shares, checked and in order: what every step of link-sharing detection starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.errors import EmptyInputError, InputError, MissingColumnError
from coordlib.ids import as_ids, rounded_id, without_point
from coordlib.times import PLAUSIBLE, refuse_implausible, refuse_unreadable
from coordlib.times import utc_seconds as read_times
from coordlib.urls import Compat, check_compat
from coordlib.urls import clean_urls as clean_url_column

Ints = npt.NDArray[np.int64]

#: Columns link-sharing detection cannot do without.
NEEDED = ("account.url", "date", "expanded")
#: Columns that make a row's place unique when times are equal, where they are there.
_TIE_COLUMNS = ("id", "platformId", "postUrl")
_TRUE = frozenset({"true", "t", "1", "1.0", "yes"})


@dataclass(frozen=True)
class LinkRows:
    """The rows that take part.

    Attributes
    ----------
    table
        The rows, with ``expanded`` and ``account.url`` as str; the index is 0 … n−1.
    seconds
        UTC seconds per row (int64).
    left_out
        Rows that take no part, by reason; with the rows of the table they add up to the input's.
    """

    table: pd.DataFrame
    seconds: Ints
    left_out: dict[str, int]


def link_rows(
    shares: pd.DataFrame,
    *,
    clean_urls: bool = False,
    keep_ourl_only: bool = False,
    compat: Compat = None,
    need_accounts: bool = True,
) -> LinkRows:
    """Check and filter a table of shares; keep only URLs shared more than once.

    In CooRnet's mode rows keep their order, on which its numbering of components depends; in ours
    they are put into one order of their own, so that the order of the input says nothing.
    """
    check_compat(compat)
    missing = [name for name in NEEDED if name not in shares and (need_accounts or name != "account.url")]
    if missing:
        raise MissingColumnError.from_names(missing, shares.columns, "table of shares")
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
        written = shares["date"].dropna()  # whether it is a clock of its own, the whole table says
        refuse_implausible(
            read_times(written, any_time=True), written, "table of shares, column 'date', row {row}"
        )
    table = table.reset_index(drop=True)
    if compat is None:
        order = _own_order(table, seconds)
        table, seconds = table.iloc[order].reset_index(drop=True), seconds[order]
    return LinkRows(table, seconds, {reason: count for reason, count in left_out.items() if count})


def utc_seconds(dates: pd.Series) -> Ints:
    """Return times as int64 UTC seconds; text without a zone is UTC, numbers are seconds.

    Raises
    ------
    TimeFormatError
        A value that cannot be read, with its row.

    Examples
    --------
    >>> utc_seconds(pd.Series(["1970-01-01 00:01:00", "1970-01-01T01:01:00+01:00"])).tolist()
    [60, 60]
    """
    times = read_times(dates, any_time=True)
    refuse_unreadable(
        dates, times, lambda row: f"table of shares, column 'date', row {dates.index[row]}", needed=True
    )
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
    if "is_orig" not in table.columns:
        raise MissingColumnError.from_names(["is_orig"], table.columns, "keep_ourl_only=True")
    flags = table["is_orig"].astype(str).str.strip().str.lower().isin(_TRUE)
    if int(flags.sum()) < 2:
        raise InputError(
            f"keep_ourl_only=True: {int(flags.sum())} of {len(table)} shares match the original URLs ('is_orig'); "
            "at least 2 are needed"
        )
    return table[flags]


def _own_order(table: pd.DataFrame, seconds: Ints) -> npt.NDArray[np.intp]:
    """Sort by time, URL and account; rows equal in all three by everything else they hold, missing as empty."""
    frame = table[[name for name in NEEDED if name in table and name != "date"]].assign(
        seconds=seconds, rest=""
    )
    tied = frame.duplicated(keep=False).to_numpy()
    if tied.any():
        others = sorted(str(name) for name in table if name not in _TIE_COLUMNS)
        others = [*(name for name in _TIE_COLUMNS if name in table), *others]
        rest = table.loc[tied, others].astype("str").fillna("")
        frame.loc[tied, "rest"] = rest.agg("\x1f".join, axis=1)
    keys = ["seconds", *(name for name in ("expanded", "account.url") if name in frame), "rest"]
    return frame.sort_values(keys, kind="stable").index.to_numpy()
