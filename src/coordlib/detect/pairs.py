"""Shares to pairs: which posts shared the same object within the time window (CooRTweet's detect_groups)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect import kernel
from coordlib.detect.columns import OBJECT
from coordlib.detect.threshold import check_whole, check_window
from coordlib.errors import InputError, ParameterError
from coordlib.posts import SHARE_COLUMNS, prep_data
from coordlib.times import PLAUSIBLE, refuse_implausible

#: About 10 GB with the edges and the report of them. Edges without pairs, as coordlib detect makes them, have no such bound.
MOST_PAIRS = 20_000_000
#: What a column that marks fast pairs is called, before the seconds.
_PREFIX = "time_window_"
PAIR_COLUMNS = ("object_id", "account_id", "account_id_y", "content_id", "content_id_y", "time_delta")


def detect_groups(
    shares: pd.DataFrame,
    time_window: int = 120,
    min_participation: int = 2,
    remove_loops: bool = True,
    compat: Literal["coortweet"] | None = None,
    time_window_low: int = 0,
) -> pd.DataFrame:
    """Find all pairs of posts that shared the same object within the time window.

    Parameters
    ----------
    shares
        Shares as :func:`coordlib.prep_data` returns them. Not changed.
    time_window
        Two posts at most this many seconds apart are a pair (inclusive).
    min_participation
        An account takes part with at least this many rows, counted first over all rows, then over the rows
        of contents that are in some pair; a pair stays when either of its accounts passes.
    remove_loops
        Drop pairs of one account with itself, of one content with itself, those whose object is one of
        the two contents, and those with a missing id.
    compat
        ``"coortweet"`` keeps CooRTweet's row order, which follows the order of the input, also between two
        posts of the same second. By default shares are ordered by time, account, content and object first,
        so that the result does not depend on the order of the rows.
    time_window_low
        … and at least this many seconds apart (inclusive): without posts of the same moment, say, that one scheduling tool
        sends to many accounts. In CooRTweet only on a branch, under the same name.

    Returns
    -------
    pandas.DataFrame
        ``object_id``, ``account_id``, ``account_id_y``, ``content_id``, ``content_id_y`` (str) and
        ``time_delta`` (int64 seconds ≥ 0; float64 if `shares` has times with fractions of a second, which
        only a table that did not go through prep_data can have). The first account and content are the older
        post's; at equal times the account that sorts first comes first. Empty when nothing is found. ``attrs`` keeps
        the window, the participation and how many shares and pairs there were (``shares_used``, ``pairs_found``), for the
        record of a report; what is filtered afterwards keeps them, too.

    Raises
    ------
    ParameterError, MissingColumnError, InputError
        A negative window or participation, a lower end of the window above its upper one; a share column is absent; more
        than :data:`MOST_PAIRS` pairs.

    Notes
    -----
    Rows with a missing time never match. Objects, contents and accounts are compared as they are
    (a caption with a trailing blank is another object). Follows CooRTweet 2.1.3; the sliding window
    replaces its Cartesian product per object: n log n + pairs instead of n².

    References
    ----------
    Righetti, N., & Balluff, P. (2025). CooRTweet: A generalized R software for coordinated network detection.
    Computational Communication Research 7(1).

    Examples
    --------
    >>> shares = pd.DataFrame({"object_id": ["o", "o"], "account_id": ["b", "a"], "content_id": ["2", "1"],
    ...                        "timestamp_share": [130, 100]})
    >>> detect_groups(shares, time_window=60, min_participation=1).values.tolist()
    [['o', 'a', 'b', '1', '2', 30]]
    """
    check_whole(min_participation, "min_participation")
    check_window(time_window, time_window_low)
    if compat not in (None, "coortweet"):
        raise ParameterError(f"compat = {compat!r}: choose None or 'coortweet'")
    shares = as_shares(shares)
    coded = NumberedShares.from_shares(shares)
    if compat is None:
        coded = coded.ordered(_canonical_order(shares, coded))
    coded = coded.prefiltered(min_participation)
    ends = int(time_window) * coded.ticks, int(time_window_low) * coded.ticks
    later, earlier = close_pairs(coded, ends[0], remove_loops, int(min_participation), ends[1])
    swap = coded.times[later] < coded.times[earlier]
    older, newer = np.where(swap, later, earlier), np.where(swap, earlier, later)
    apart = coded.times[newer] - coded.times[older]
    pairs = pd.DataFrame(
        {
            "object_id": coded.object_names.take(coded.objects[older]).array,
            "account_id": coded.account_names.take(coded.accounts[older]).array,
            "account_id_y": coded.account_names.take(coded.accounts[newer]).array,
            "content_id": coded.content_names.take(coded.contents[older]).array,
            "content_id_y": coded.content_names.take(coded.contents[newer]).array,
            "time_delta": apart if coded.ticks == 1 else apart / coded.ticks,
        }
    )
    pairs.attrs = {**shares.attrs, "time_window": int(time_window)}
    pairs.attrs["min_participation"] = int(min_participation)
    pairs.attrs |= {"shares_used": len(shares), "pairs_found": len(pairs)}
    if time_window_low:
        pairs.attrs["time_window_low"] = int(time_window_low)
    return pairs


def _canonical_order(shares: pd.DataFrame, coded: NumberedShares) -> kernel.IntArray:
    """Row numbers by time, account, content and object: the same whatever order the rows came in."""
    # Sorting text is slow and few rows agree in time and account, so only those are compared further.
    times = np.where(coded.timed, coded.times, np.iinfo(np.int64).max)
    rank = np.empty(len(coded.account_names), dtype=np.int64)
    rank[coded.account_names.argsort()] = np.arange(len(rank))
    accounts = rank[coded.accounts]
    order = np.lexsort((accounts, times))
    before, after = order[:-1], order[1:]
    same = (times[before] == times[after]) & (accounts[before] == accounts[after])
    tied = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    if len(order) < 2 or not tied.any():
        return order
    rows = order[tied]
    group = np.cumsum(np.concatenate([[True], ~same])[tied])
    rest = shares.iloc[rows][["content_id", "object_id"]].assign(group=group).reset_index(drop=True)
    order[tied] = rows[rest.sort_values(["group", "content_id", "object_id"], kind="stable").index]
    return order


def flag_speed_share(
    shares: pd.DataFrame, pairs: pd.DataFrame, min_participation: int = 2, time_window: int = 10
) -> pd.DataFrame:
    """Mark pairs at most `time_window` seconds apart, of accounts that take part often enough.

    Parameters
    ----------
    shares
        The shares the pairs were found in, unfiltered.
    pairs
        Result of :func:`coordlib.detect_groups` with a wider window. Not changed (CooRTweet changes and
        re-sorts the caller's table).
    min_participation
        An account needs at least this many rows of contents in fast pairs; one passing account is enough.
    time_window
        The narrower window, in seconds (inclusive).

    Returns
    -------
    pandas.DataFrame
        A copy of `pairs` with the column ``time_window_N`` (int64, 1 or 0). Several flags may stand beside each other.

    Raises
    ------
    ParameterError
        A negative window or participation.

    Notes
    -----
    Marks go by (content_id, content_id_y): a pair that shares two objects is marked on both rows.

    Examples
    --------
    >>> shares = pd.DataFrame({"object_id": ["o", "o"], "account_id": ["a", "b"], "content_id": ["1", "2"],
    ...                        "timestamp_share": [100, 105]})
    >>> from coordlib import detect_groups
    >>> pairs = detect_groups(shares, time_window=60, min_participation=1)
    >>> flag_speed_share(shares, pairs, min_participation=1, time_window=10)["time_window_10"].tolist()
    [1]
    """
    check_whole(time_window, "time_window")
    check_whole(min_participation, "min_participation")
    pairs = as_pairs(pairs)
    shares = as_shares(shares)
    fast = pairs[(pairs["time_delta"] <= time_window).to_numpy()]
    if min_participation >= 1:
        contents = pd.unique(pd.concat([fast["content_id"], fast["content_id_y"]]))
        rows = shares[shares["content_id"].isin(contents)]
        counts = rows["account_id"].map(rows["account_id"].value_counts(dropna=False))
        passing = rows["content_id"][(counts >= min_participation).to_numpy()]
        fast = fast[(fast["content_id"].isin(passing) | fast["content_id_y"].isin(passing)).to_numpy()]
    ends = ["content_id", "content_id_y"]
    marked = pd.MultiIndex.from_frame(pairs[ends]).isin(pd.MultiIndex.from_frame(fast[ends]))
    result = pairs.copy()
    result[f"{_PREFIX}{int(time_window)}"] = np.asarray(marked, dtype=np.int64)
    return result


def fast_column(pairs: pd.DataFrame, fast_net: bool | int) -> str:
    """Return the flag column to use: the narrowest window (True), or the one of so many seconds."""
    found = [re.fullmatch(rf"{_PREFIX}(\d+)", str(name)) for name in pairs.columns]
    flags = {int(match[1]): match[0] for match in found if match}
    if not flags:
        raise ParameterError("the fast network needs a time_window_N column: call flag_speed_share first")
    if fast_net is not True and fast_net not in flags:
        windows = ", ".join(map(str, sorted(flags)))
        raise ParameterError(f"fast_net = {fast_net!r}: the flagged windows are {windows}")
    return flags[min(flags) if fast_net is True else fast_net]


def as_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs if they are such as :func:`detect_groups` returns, and refuse anything else."""
    check_table(pairs, PAIR_COLUMNS, "pairs (see detect_groups)")
    if len(pairs) and not pd.api.types.is_numeric_dtype(pairs["time_delta"]):
        raise InputError("pairs (see detect_groups): column 'time_delta' holds no numbers of seconds")
    return _without_ambiguous_index(pairs)


def as_shares(
    table: pd.DataFrame, object_id: str | None = None, duplicates: Literal["keep", "drop"] = "keep"
) -> pd.DataFrame:
    """Return shares with their columns in proper types; already proper ones are passed through.

    Where `object_id` is given the table may be one of posts, and that column what they share. Years, day numbers and zeros
    in the place of times are refused, unless prep_data was told to take any.
    """
    check_table(table, (), "shares (see prep_data)")
    table = _without_ambiguous_index(table)
    if object_id is not None and "posted_at" in table.columns and "timestamp_share" not in table.columns:
        return prep_data(table, object_id, timestamp_share="posted_at", duplicates=duplicates)
    check_table(table, SHARE_COLUMNS, "shares (see prep_data)")
    times = table["timestamp_share"]
    proper = all(_is_text(table[name].dtype) for name in SHARE_COLUMNS[:3])
    told = table.attrs.get("any_time", False)
    # Milliseconds and infinity are for prep_data, which knows what to do with them.
    if not proper or times.dtype not in ("int64", "Int64", "float64") or (times.abs() >= 10**11).any():
        return prep_data(table, plausible=None if told else PLAUSIBLE)
    if not told:
        refuse_implausible(times, times, "column 'timestamp_share', row {row} of the data", anywhere=True)
    return table


def _without_ambiguous_index(table: pd.DataFrame) -> pd.DataFrame:
    """Drop an index that is named as a column: pandas would not know which of the two is meant."""
    return table.reset_index(drop=True) if set(table.index.names) & set(table.columns) else table


def _is_text(kind: object) -> bool:
    # Text that is stored as Python's own may hold half a character.
    return isinstance(kind, pd.StringDtype) and kind.storage == "pyarrow"


@dataclass(frozen=True)
class NumberedShares:
    """Shares as integer codes, rows of one object adjacent, in CooRTweet's order of objects and rows."""

    objects: kernel.IntArray
    accounts: kernel.IntArray
    contents: kernel.IntArray
    times: kernel.IntArray
    timed: npt.NDArray[np.bool_]
    object_names: pd.Index
    account_names: pd.Index
    content_names: pd.Index
    #: Time steps in a second: 1, or 1,000,000 where times have fractions.
    ticks: int = 1

    @classmethod
    def from_shares(cls, shares: pd.DataFrame) -> NumberedShares:
        """Code the ids by first appearance; a missing id is a code of its own."""
        ids = [pd.factorize(shares[name], use_na_sentinel=False) for name in SHARE_COLUMNS[:3]]
        times = shares["timestamp_share"]
        ticks = 1
        if times.dtype == "float64":
            ticks = 1 if (times.dropna() % 1 == 0).all() else 1_000_000
            times = (times * ticks).round().astype("Int64")
        known, steps = times.notna().to_numpy(), times.fillna(0).to_numpy(dtype=np.int64)
        objects, accounts, contents = (codes for codes, _ in ids)
        shared, by, within = (pd.Index(names) for _, names in ids)
        return cls(objects, accounts, contents, steps, known, shared, by, within, ticks)

    def ordered(self, order: kernel.IntArray) -> NumberedShares:
        """Put the rows in another order, accounts numbered by first appearance in it."""
        accounts, first = pd.factorize(self.accounts[order])
        return replace(self._of(order), accounts=accounts, account_names=self.account_names.take(first))

    def prefiltered(self, min_participation: int) -> NumberedShares:
        """Keep accounts with enough rows, regroup rows by account, then bring rows of one object together."""
        rows = np.arange(len(self.objects))
        if min_participation > 1:
            rows = rows[np.bincount(self.accounts, minlength=1)[self.accounts] >= min_participation]
        rows = rows[np.argsort(self.accounts[rows], kind="stable")]
        codes, _ = pd.factorize(self.objects[rows])
        return self._of(rows[np.argsort(codes, kind="stable")])

    def _of(self, rows: kernel.IntArray) -> NumberedShares:
        columns = ("objects", "accounts", "contents", "times", "timed")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def loop_free(self) -> npt.NDArray[np.bool_]:
        """Rows that may be in a pair: no id missing, and the object is not the content itself."""
        free = self.object_names.get_indexer(self.content_names)[self.contents] != self.objects
        for name in ("object", "account", "content"):
            free &= getattr(self, f"{name}_names").notna()[getattr(self, f"{name}s")]
        return np.asarray(free)


def close_pairs(
    coded: NumberedShares, window: int, remove_loops: bool, least: int = 0, low: int = 0
) -> tuple[kernel.IntArray, kernel.IntArray]:
    """Return the row numbers (i, j), j < i, of all pairs, i ascending, then j; `least` is the participation, `low` the least distance."""
    usable = np.flatnonzero(coded.timed & coded.loop_free() if remove_loops else coded.timed)
    # Rows of one object are adjacent, and its number is by first appearance in another order of the rows.
    objects = coded.objects[usable]
    objects = np.cumsum(np.diff(objects, prepend=objects[:1]) != 0)
    times = kernel.from_first(coded.times[usable])
    order = kernel.window_order(objects, times)
    usable = usable[order]
    rows = kernel.side_by_side(objects[order], coded.accounts[usable], coded.contents[usable], times[order])
    loops, n_accounts = not remove_loops, len(coded.account_names)
    good = np.ones(len(rows), dtype=bool)
    found, counts = kernel.count_pairs(rows, window, loops, good, n_accounts, low)
    if least > 1:
        contents = coded.contents[usable]
        good = kernel.passing_contents(contents[found], coded.contents, coded.accounts, least)[contents]
        _, counts = kernel.count_pairs(rows, window, loops, good, n_accounts, low)
    if (total := int(counts.sum())) > MOST_PAIRS:
        sizes = np.bincount(rows[:, OBJECT])
        hottest = coded.object_names[coded.objects[usable[rows[:, OBJECT] == sizes.argmax()][0]]]
        raise InputError(
            f"{total:,} pairs of posts are more than the {MOST_PAIRS:,} a table of pairs holds; '{str(hottest)[:40]}' alone is "
            f"in {sizes.max():,} posts: leave it out, narrow the time window, or use coordlib detect, which needs no such table"
        )
    one, two = usable[kernel.row_pairs(rows, window, loops, good, counts, apart=low)].T
    later, earlier = np.maximum(one, two), np.minimum(one, two)
    order = kernel.order_by(later, kernel.order_by(earlier))
    return later[order], earlier[order]
