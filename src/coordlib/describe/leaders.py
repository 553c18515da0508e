"""Who leads: of every pair of posts the earlier one leads.

Edges stay undirected; leading is a description of accounts, not a claim about intent.
"""

from __future__ import annotations

import pandas as pd

from coordlib.detect.pairs import as_pairs

_LEADER_COLUMNS = {
    "account_id": "str",
    "n_pairs": "int64",
    "n_led": "int64",
    "lead_share": "float64",
    "median_lead": "float64",
    "n_first": "int64",
}


def account_leads(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count how often each account posted first.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them: ``account_id``/``content_id`` the older
        post, ``account_id_y``/``content_id_y`` the newer, ``time_delta`` seconds between.

    Returns
    -------
    pandas.DataFrame
        One row per account, most leading first: ``n_pairs`` pairs the account is in, ``n_led`` those in
        which its post is the older (posts of the same second lead nobody), ``lead_share`` = n_led /
        n_pairs, ``median_lead`` seconds ahead when leading (missing if never), ``n_first`` objects of
        which it has the first post among the pairs.

    Examples
    --------
    >>> import pandas as pd
    >>> pairs = pd.DataFrame({"object_id": ["o"], "account_id": ["a"], "account_id_y": ["b"],
    ...     "content_id": ["1"], "content_id_y": ["2"], "time_delta": [5]})
    >>> account_leads(pairs)[["account_id", "lead_share"]].values.tolist()
    [['a', 1.0], ['b', 0.0]]
    """
    pairs = as_pairs(pairs)
    if pairs.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _LEADER_COLUMNS.items()})
    ends = pd.concat([pairs["account_id"], pairs["account_id_y"]])
    led = pairs[pairs["time_delta"] > 0].groupby("account_id")["time_delta"].agg(["size", "median"])
    table: pd.DataFrame = ends.value_counts().rename("n_pairs").to_frame()
    table["n_led"] = led["size"].reindex(table.index, fill_value=0)
    table["lead_share"] = table["n_led"] / table["n_pairs"]
    table["median_lead"] = led["median"].reindex(table.index)
    table["n_first"] = first_movers(pairs)["account_id"].value_counts().reindex(table.index, fill_value=0)
    table = table.rename_axis("account_id").reset_index().astype(_LEADER_COLUMNS)
    return table.sort_values(
        ["lead_share", "n_pairs", "account_id"], ascending=[False, False, True], ignore_index=True
    )


def edge_leads(pairs: pd.DataFrame) -> pd.DataFrame:
    """Say of each two accounts which one leads: a direction as columns, while the network stays undirected.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them.

    Returns
    -------
    pandas.DataFrame
        One row for each two accounts, ``account_id`` < ``account_id_y`` (code point), sorted by them: ``n_pairs``,
        ``n_led`` and ``n_led_y`` (int64: pairs in which either posted first; the rest are of one second), ``lead_share``
        (float64, 0–1: `n_led` of both; missing where all are of one second), ``leader`` (str: who posted first more
        often; missing where neither did), ``median_lead`` (float64: median seconds ahead in the pairs the leader led).

    Notes
    -----
    Posting first is not leading others: with two accounts that toss a coin, one is ahead in 5 of 6 pairs once in five
    times. Look at `n_pairs` first.

    Examples
    --------
    >>> pairs = pd.DataFrame({"object_id": ["o", "p", "q"], "account_id": ["b", "b", "a"], "account_id_y": ["a", "a", "b"],
    ...     "content_id": ["1", "3", "5"], "content_id_y": ["2", "4", "6"], "time_delta": [5, 9, 2]})
    >>> edge_leads(pairs).round(2).values.tolist()
    [['a', 'b', 3, 1, 2, 0.33, 'b', 7.0]]
    """
    pairs = as_pairs(pairs)
    ends = pairs[["account_id", "account_id_y"]].astype("str")
    forward = ends["account_id"] < ends["account_id_y"]
    led = pairs["time_delta"] > 0
    table = pd.DataFrame(
        {
            "account_id": ends["account_id"].where(forward, ends["account_id_y"]),
            "account_id_y": ends["account_id_y"].where(forward, ends["account_id"]),
            "led": led & forward,
            "led_y": led & ~forward,
            "seconds": pairs["time_delta"].where(led & forward).astype("float64"),
            "seconds_y": pairs["time_delta"].where(led & ~forward).astype("float64"),
        }
    )
    groups = table.groupby(["account_id", "account_id_y"])
    counts = groups.agg(n_pairs=("led", "size"), n_led=("led", "sum"), n_led_y=("led_y", "sum")).astype(
        "int64"
    )
    medians = groups[["seconds", "seconds_y"]].median()
    counts["lead_share"] = counts["n_led"] / (counts["n_led"] + counts["n_led_y"])
    ahead, behind = counts["n_led"] > counts["n_led_y"], counts["n_led"] < counts["n_led_y"]
    names = counts.index.to_frame()
    counts["leader"] = names["account_id"].where(ahead, names["account_id_y"].where(behind)).astype("str")
    counts["median_lead"] = medians["seconds"].where(ahead, medians["seconds_y"].where(behind))
    return counts.reset_index()


def first_movers(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return, per object, the account whose post is the newer of no pair: the first one.

    Objects whose first posts fall in the same second have several first movers; all are listed.
    Columns: ``object_id``, ``account_id``, ``content_id``.
    """
    pairs = as_pairs(pairs)
    older = pairs[["object_id", "account_id", "content_id"]]
    late = pairs.loc[pairs["time_delta"] > 0, ["object_id", "content_id_y"]].drop_duplicates()
    ties = pairs.loc[pairs["time_delta"] == 0, ["object_id", "account_id_y", "content_id_y"]]
    ties = ties.rename(columns={"account_id_y": "account_id", "content_id_y": "content_id"})
    every = pd.concat([older, ties]).drop_duplicates()
    marked = every.merge(
        late, how="left", left_on=["object_id", "content_id"], right_on=["object_id", "content_id_y"]
    )
    first = marked[marked["content_id_y"].isna()].drop(columns="content_id_y")
    return first.sort_values(["object_id", "account_id", "content_id"], ignore_index=True)
