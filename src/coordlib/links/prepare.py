"""Rows of a table of link shares as numbers: what every step of link-sharing detection starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.errors import EmptyInputError, InputError, MissingColumnError, TimeFormatError
from coordlib.times import utc_seconds as read_times
from coordlib.urls import Compat, check_compat
from coordlib.urls import clean_urls as clean_url_column

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Columns link-sharing detection cannot do without.
NEEDED = ("account.url", "date", "expanded")
#: Columns that make a row's place unique when times are equal, where they are there.
_TIE_COLUMNS = ("id", "platformId", "postUrl")
_TRUE = frozenset({"true", "t", "1", "1.0", "yes"})


@dataclass(frozen=True)
class LinkRows:
    """A prepared table of shares and its rows as numbers.

    Attributes
    ----------
    table
        The rows that take part, with ``expanded`` and ``account.url`` as str.
    seconds
        UTC seconds per row (int64).
    url, account
        Number of the row's URL and account (int64); numbers follow the sorted names.
    urls, accounts
        The names behind the numbers, sorted.
    left_out
        Rows that take no part, by reason; with the rows of the table they add up to the input's.
    """

    table: pd.DataFrame
    seconds: Ints
    url: Ints
    account: Ints
    urls: npt.NDArray[np.object_]
    accounts: npt.NDArray[np.object_]
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.table)


def link_rows(
    shares: pd.DataFrame, *, clean_urls: bool = False, keep_ourl_only: bool = False, compat: Compat = None,
    need_accounts: bool = True,
) -> LinkRows:  # fmt: skip
    """Check, filter and number a table of shares; keep only URLs shared more than once.

    In CooRnet's mode rows keep their order, on which its numbering of components depends; in ours
    they are put into one order of their own, so that the order of the input says nothing.
    """
    check_compat(compat)
    needed = NEEDED if need_accounts else ("date", "expanded")
    missing = [name for name in needed if name not in shares.columns]
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
    table = table.assign(expanded=table["expanded"].astype(str))
    if need_accounts:
        table = table.assign(**{"account.url": table["account.url"].astype(str)})
    shared_again = table.groupby("expanded")["expanded"].transform("size") > 1
    left_out["a URL shared only once"] = int((~shared_again).sum())
    table = table[shared_again]
    # Before the rows are numbered anew, so that an error names the row of the input.
    seconds = utc_seconds(table["date"])
    table = table.reset_index(drop=True)
    if compat is None:
        order = _own_order(table, seconds)
        table, seconds = table.iloc[order].reset_index(drop=True), seconds[order]
    url, urls = _numbered(table["expanded"])
    account, accounts = _numbered(table["account.url"]) if need_accounts else (url[:0], urls[:0])
    left_out = {reason: count for reason, count in left_out.items() if count}
    return LinkRows(table, seconds, url, account, urls, accounts, left_out)


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
    if pd.api.types.is_datetime64_any_dtype(dates):
        seconds = pd.to_datetime(dates, utc=True).dt.as_unit("s")
        times = seconds.astype("int64").astype("Int64").mask(seconds.isna())
    else:
        times = read_times(dates, any_year=True)
    if times.isna().any():
        row = int(np.flatnonzero(times.isna().to_numpy())[0])
        raise TimeFormatError(
            f"table of shares, column 'date', row {dates.index[row]}: {dates.iloc[row]!r} is no time; "
            "write UTC times as 2026-11-23 10:00:00 or as seconds"
        )
    return np.asarray(times, dtype=np.int64)


def quantile7(values: npt.NDArray[np.int64] | Floats, probability: float) -> float:
    """Return R's default quantile (type 7) of the values.

    The position (n - 1)·p is rounded where it is a whole number but for floating-point noise, so
    that a weight equal to the quantile is never lost to the noise.

    Examples
    --------
    >>> quantile7(np.array([1, 1, 2]), 0.9)
    1.8
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    position = (len(ordered) - 1) * probability
    if abs(position - round(position)) < 4 * np.finfo(float).eps * max(1.0, position):
        return float(ordered[round(position)])
    low = int(np.floor(position))
    part = position - low
    return float((1 - part) * ordered[low] + part * ordered[low + 1])


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
    """Sort by time, account and URL; rows equal in all three by everything else they hold."""
    keys = {"seconds": seconds, "expanded": table["expanded"]}
    if "account.url" in table.columns:
        keys["account.url"] = table["account.url"]
    keys |= {name: table[name].astype(str) for name in _TIE_COLUMNS if name in table.columns}
    frame = pd.DataFrame(keys).reset_index(drop=True)
    frame["rest"] = ""
    tied = frame.duplicated(keep=False).to_numpy()
    if tied.any():
        rest = table.reset_index(drop=True)[tied].astype(str)
        frame.loc[tied, "rest"] = rest[sorted(rest.columns)].agg("\x1f".join, axis=1)
    return frame.sort_values(list(frame.columns), kind="stable").index.to_numpy()


def _numbered(names: pd.Series) -> tuple[Ints, npt.NDArray[np.object_]]:
    codes, uniques = pd.factorize(names.astype(object), sort=True)
    return codes.astype(np.int64), np.asarray(uniques, dtype=object)
