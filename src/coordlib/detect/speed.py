"""Mark the pairs that were faster than a narrower time window (CooRTweet's flag_speed_share)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coordlib.detect.pairs import as_pairs, as_shares
from coordlib.detect.threshold import check_whole
from coordlib.errors import ParameterError

_PREFIX = "time_window_"


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
    flags = {
        int(name.removeprefix(_PREFIX)): name
        for name in map(str, pairs.columns)
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX).isdigit()
    }
    if not flags:
        raise ParameterError("the fast network needs a time_window_N column: call flag_speed_share first")
    if fast_net is True:
        return flags[min(flags)]
    if fast_net not in flags:
        raise ParameterError(
            f"fast_net = {fast_net!r}: the flagged windows are {', '.join(map(str, sorted(flags)))}"
        )
    return flags[fast_net]
