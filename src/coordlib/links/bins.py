"""CooRnet's own pairs: tumbling bins on each URL's time line in place of the sliding window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.detect.kernel import close_rows


def tumbling_bins(
    shares: pd.DataFrame, interval: int
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_], list[str]]:
    """Repeat CooRnet: crowded slices of each URL's time line, then one clique of accounts per URL.

    A slice [t0 + k·s, t0 + (k+1)·s) with more than one post is coordinated, also where one account
    posted twice, if the URL has more than one account. All accounts of a URL's coordinated slices
    are paired with each other, by each one's earliest post in such a slice. Rows are marked by three
    membership tests (URL, date, account) that are independent of each other. Returned are the pairs, which shares are
    marked, and the accounts in the order CooRnet meets them, on which its numbering of components depends.
    """
    url, account, when = shares["object_id"], shares["account_id"], shares["timestamp_share"]
    by_url = shares.groupby("object_id", sort=False)
    bins = shares.assign(bin=(when - by_url["timestamp_share"].transform("min")) // interval)
    in_bin = bins.groupby(["object_id", "bin"], sort=False)["timestamp_share"]
    several = by_url["account_id"].transform("nunique") > 1
    # The bins of a URL come in the order of their first rows, the URLs backwards.
    crowded = bins.assign(met=in_bin.ngroup())[(in_bin.transform("size") > 1) & several]
    marks = url.isin(crowded["object_id"]) & when.isin(crowded["timestamp_share"])
    marks &= account.isin(crowded["account_id"])
    crowded = crowded.sort_values("met", kind="stable").sort_values(
        "object_id", ascending=False, kind="stable"
    )
    met = crowded["account_id"].unique().tolist()
    place = crowded["account_id"].map({name: number for number, name in enumerate(met)})
    members = crowded.assign(place=place).sort_values("timestamp_share", kind="stable")
    members = members.drop_duplicates(["object_id", "account_id"]).sort_values("place", kind="stable")
    members = members.sort_values("object_id", ascending=False, kind="stable")
    cliques = pd.factorize(members["object_id"])[0].astype(np.int64)
    # Cliques are many pairs of few names: as categories each name is held, compared and counted once.
    members = members.astype(dict.fromkeys(["object_id", "account_id", "content_id"], "category"))
    later, earlier = close_rows(
        cliques, members["place"].to_numpy(), np.zeros(len(members), dtype=np.int64), 0
    )
    seconds = members["timestamp_share"].to_numpy()
    columns = {
        "object_id": members["object_id"].array.take(earlier),
        "account_id": members["account_id"].array.take(earlier),
        "account_id_y": members["account_id"].array.take(later),
        "content_id": members["content_id"].array.take(earlier),
        "content_id_y": members["content_id"].array.take(later),
        "time_delta": np.abs(seconds[later] - seconds[earlier]),
    }
    pairs = pd.DataFrame(columns)
    return pairs, marks.to_numpy(dtype=bool), met
