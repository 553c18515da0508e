"""How much the finding of a day depends on window and threshold, at the price of a few sums."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coordlib.detect.threshold import over_threshold

#: Quantiles of the weights that are tried.
QUANTILES = (0.5, 0.7, 0.8, 0.9, 0.95)


def other_settings(pairs: pd.DataFrame, time_window: int) -> dict[str, int]:
    """Return how many accounts other windows and thresholds find among the same pairs.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them.
    time_window
        The window they were found with (seconds); a half and a quarter of it are tried too.

    Returns
    -------
    dict
        ``least`` and ``most`` accounts, ``settings`` tried, ``tied`` of them (the heaviest edges have one weight, so the
        quantile keeps none: not counted as few accounts), ``narrowest`` window (seconds). A quick look: a whole sweep
        (:func:`coordlib.sweep`) also varies participation and object, and widens the window.

    Examples
    --------
    >>> pairs = pd.DataFrame({"object_id": ["o", "p", "o"], "account_id": ["b", "a", "a"], "account_id_y": ["a", "b", "c"],
    ...                       "content_id": ["1", "3", "3"], "content_id_y": ["2", "4", "5"], "time_delta": [10, 90, 20]})
    >>> other_settings(pairs, 120)
    {'least': 2, 'most': 2, 'settings': 15, 'tied': 10, 'narrowest': 30}
    """
    windows = sorted({max(1, time_window // part) for part in (4, 2, 1)})
    codes, names = pd.factorize(
        pd.concat([pairs["account_id"], pairs["account_id_y"]]), use_na_sentinel=False
    )
    first, second = codes.reshape(2, -1)
    edge = np.minimum(first, second) * len(names) + np.maximum(first, second)
    found, tied = [], 0
    for window in windows:
        edges, weights = np.unique(edge[pairs["time_delta"].to_numpy() <= window], return_counts=True)
        for quantile in QUANTILES:
            kept = edges[over_threshold(weights, quantile) == 1]
            if len(edges) and not len(kept):
                tied += 1
            else:
                found.append(len(np.unique([kept // len(names), kept % len(names)])))
    return {
        "least": min(found, default=0),
        "most": max(found, default=0),
        "settings": len(found) + tied,
        "tied": tied,
        "narrowest": windows[0],
    }
