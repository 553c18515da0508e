"""How fast is unusually fast: the coordination interval estimated from the shares themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from coordlib.detect import weight_quantile
from coordlib.errors import InputError, ParameterError
from coordlib.links.prepare import link_rows
from coordlib.shown import Shown
from coordlib.urls import Compat

#: CooRnet's defaults; parameters.LinkSharing is held equal to them by a test.
DEFAULT_Q = 0.1
DEFAULT_P = 0.5


@dataclass(frozen=True)
class CoordInterval(Shown):
    """An estimated coordination interval.

    Attributes
    ----------
    seconds
        The interval in seconds (float; at least 1). Detection uses its whole part.
    summary
        Seconds the quickest URLs took to reach the share *p* of their posts: ``min``, ``q1``,
        ``median``, ``mean``, ``q3``, ``max``.
    n_urls
        Number of URLs shared more than once.
    n_quickest
        Number of those whose second share came unusually fast.
    raised
        True where the median was 0 seconds and the interval was set to 1.
    """

    seconds: float
    summary: dict[str, float]
    n_urls: int
    n_quickest: int
    raised: bool
    _names: ClassVar = {
        "summary": "seconds of the quickest URLs",
        "n_urls": "URLs shared more than once",
        "n_quickest": "quickest of them",
        "raised": "raised to 1 second",
    }


def estimate_coord_interval(
    shares: pd.DataFrame,
    q: float = DEFAULT_Q,
    p: float = DEFAULT_P,
    *,
    clean_urls: bool = False,
    keep_ourl_only: bool = False,
    compat: Compat = None,
) -> CoordInterval:
    r"""Estimate the coordination interval of a table of link shares.

    Among the URLs with at least two shares, those whose second share comes within the *q*-quantile
    (type 7) of all second-share delays are the unusually quick ones. For each of them the time from
    its first share until more than the proportion *p* of its shares were posted is taken; the
    interval is the median of these times.

    Parameters
    ----------
    shares
        Columns ``expanded`` (URL, str) and ``date`` (UTC: text, datetime or int seconds); with
        ``keep_ourl_only`` also ``is_orig``.
    q
        Quantile of the quickest URLs, 0–1.
    p
        Proportion of a URL's shares to be reached, 0–1 (less than 1: nothing is more than all).
    clean_urls
        Clean the URLs first (:func:`coordlib.urls.clean_urls`).
    keep_ourl_only
        Use only shares whose link is the original URL.
    compat
        ``"coornet"`` only changes the rules for cleaning; the estimate itself is the same.

    Returns
    -------
    CoordInterval
        The interval and what it was estimated from.

    Raises
    ------
    ParameterError
        *q* or *p* outside 0–1, or *p* = 1.
    InputError
        No URL was shared twice.

    Notes
    -----
    .. math:: I = \mathrm{median}_{u:\,d_{u,2} \le Q_7(d_{\cdot,2},\,q)}
              \min\{d_{u,r} : r / n_u > p\}

    with :math:`d_{u,r}` the seconds from the first to the *r*-th of the :math:`n_u` shares of *u*.
    Giglietto, F., Righetti, N., Rossi, L., & Marino, G. (2020). It takes a village to manipulate
    the media. *Information, Communication & Society, 23*(6). https://doi.org/10.1080/1369118X.2020.1739732

    Examples
    --------
    >>> shares = pd.DataFrame({"expanded": ["u", "u", "u"], "date": [0, 10, 30]})
    >>> estimate_coord_interval(shares).seconds
    10.0
    """
    for name, value in (("q", q), ("p", p)):
        if not 0 <= value <= 1:
            raise ParameterError(f"{name} = {value}: choose a number from 0 to 1")
    if p == 1:
        raise ParameterError(
            "p = 1: no share comes after more than all shares of its URL; choose p below 1 (CooRnet's default is 0.5)"
        )
    rows, seconds, _ = link_rows(
        shares, clean_urls=clean_urls, keep_ourl_only=keep_ourl_only, compat=compat, need_accounts=False
    )
    if rows.empty:
        raise InputError(
            "table of shares: no URL was shared more than once, so there is no delay to estimate the interval from"
        )
    delays = pd.DataFrame({"url": rows["expanded"], "seconds": seconds}).sort_values("seconds")
    delays["delay"] = delays["seconds"] - delays.groupby("url")["seconds"].transform("min")
    by_url = delays.groupby("url", sort=False)
    second = delays[by_url.cumcount() == 1].set_index("url")["delay"]
    reached = delays[(by_url.cumcount() + 1) / by_url["delay"].transform("size") > p]
    earliest = reached.groupby("url", sort=False)["delay"].first()
    quick = second.index[second <= weight_quantile(second.to_numpy(), q)]
    times = earliest[quick].to_numpy(dtype=float)
    median = float(np.median(times))
    summary = {
        "min": float(times.min()),
        "median": median,
        "mean": float(times.mean()),
        "max": float(times.max()),
        "q1": weight_quantile(times, 0.25),
        "q3": weight_quantile(times, 0.75),
    }
    return CoordInterval(
        seconds=median if median > 0 else 1.0,
        summary=summary,
        n_urls=len(second),
        n_quickest=len(quick),
        raised=median == 0,
    )
