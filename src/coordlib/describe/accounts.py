"""The accounts of a coordination network: their shares, their place in it, their reach, and who leads."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import networkx as nx
import pandas as pd

from coordlib.addresses import account_address
from coordlib.describe.networks import (
    EVIDENCE_COUNTS,
    FAST_MISSING,
    Compat,
    Threshold,
    account_evidence,
    betweenness,
    edges_that_count,
)
from coordlib.describe.posts import (
    MEASURES,
    mean_engagement,
    network_numbers,
    network_pairs,
    plain_posts,
    post_ends,
)
from coordlib.detect.pairs import as_pairs, fast_column
from coordlib.errors import ParameterError

_COLUMNS = {
    "account_id": "str",
    **dict.fromkeys(("network", "unique_shares_count"), "int64"),
    **dict.fromkeys(("avg_time_delta", "avg_edge_symmetry_score"), "float64"),
    **dict.fromkeys(("degree", "strength"), "int64"),
    "betweenness": "float64",
    **{f"avg_{name}": "float64" for name in MEASURES},
    "n_posts": "int64",
    **dict.fromkeys(("first_seen", "last_seen"), "Int64"),
    "lead_share": "float64",
    **EVIDENCE_COUNTS,
    "new": "bool",
    "url": "str",
}


def account_stats(
    graph: nx.Graph[str], pairs: pd.DataFrame, weight_threshold: Threshold = "full", compat: Compat = None
) -> pd.DataFrame:
    """Summarise the edges and the shares of each account.

    Parameters
    ----------
    graph
        The network, as :func:`coordlib.generate_coordinated_network` returns it.
    pairs
        The pairs it was made from.
    weight_threshold
        Which edges count: ``"full"`` those over the threshold, ``"fast"`` those over the threshold of the
        fast network (and only fast pairs for the shares), ``"none"`` all.
    compat
        ``"coortweet"`` averages over the *distinct* (time, symmetry) values of an account's edges, as CooRTweet does:
        three edges of 1, 1 and 4 seconds give 2.5. The default averages over the edges: 2.

    Returns
    -------
    pandas.DataFrame
        One row per account, sorted: ``account_id``, ``avg_time_delta`` (seconds), ``avg_edge_symmetry_score``
        (both with ``_full`` and ``_fast`` for a network with fast attributes; missing where an account has
        none) and ``unique_shares_count`` (distinct contents of the account in all of `pairs`, int64).

    Raises
    ------
    ParameterError
        An unknown threshold, or ``"fast"`` for a network without fast attributes (with ``compat`` it warns
        and takes all edges).

    Examples
    --------
    >>> import coordlib as cl
    >>> pairs = pd.DataFrame({"object_id": ["o"], "account_id": ["a"], "account_id_y": ["b"],
    ...                       "content_id": ["1"], "content_id_y": ["2"], "time_delta": [10]})
    >>> cl.account_stats(cl.generate_coordinated_network(pairs), pairs, "none")["avg_time_delta"].tolist()
    [10.0, 10.0]
    """
    fast_graph, edges = edges_that_count(graph, weight_threshold, compat)
    if weight_threshold == "fast" and not fast_graph:
        if compat is None:
            raise ParameterError(FAST_MISSING)
        warnings.warn("the network has no fast shares; all its edges are used", UserWarning, stacklevel=2)
    suffixes = ("_full", "_fast") if fast_graph else ("",)
    names = [f"{name}{end}" for name in ("avg_time_delta", "edge_symmetry_score") for end in suffixes]
    rows = [
        (account, *(data.get(name) for name in names))
        for a, b, data in edges
        for account in dict.fromkeys((a, b))  # a loop is one edge of its account
    ]
    table = pd.DataFrame(rows, columns=["account_id", *names])
    table = table.astype({"account_id": "str", **dict.fromkeys(names, "float64")})
    if compat is not None:
        table = table.drop_duplicates()
    means = table.groupby("account_id")[names].mean()
    means.columns = [name if name.startswith("avg_") else f"avg_{name}" for name in names]
    if weight_threshold == "fast" and fast_graph:
        pairs = pairs[pairs[fast_column(pairs, graph.graph.get("fast_window", True))] == 1]
    contents = post_ends(pairs).drop_duplicates().groupby("account_id").size()
    means["unique_shares_count"] = contents.reindex(means.index, fill_value=0).astype("int64")
    return means.sort_index().reset_index().astype({"account_id": "str"})


def describe_accounts(
    graph: nx.Graph[str], pairs: pd.DataFrame, posts: pd.DataFrame, pool: Iterable[str] = ()
) -> pd.DataFrame:
    """Describe every account of a coordination network.

    Parameters
    ----------
    graph
        The network, as :func:`coordlib.generate_coordinated_network` returns it.
    pairs
        All pairs of the day, also those under the threshold.
    posts
        The day's posts with the columns of :mod:`coordlib.posts`.
    pool
        The accounts that were watched before this day.

    Returns
    -------
    pandas.DataFrame
        One row per account, sorted by ``account_id``: ``network`` (its component, the largest is 1),
        ``unique_shares_count`` (distinct posts of the account in `pairs`), ``avg_time_delta`` (seconds) and
        ``avg_edge_symmetry_score`` (means over its edges), ``degree``, ``strength`` (sum of weights),
        ``betweenness`` (weight as distance, normalised), ``avg_views``, ``avg_likes``, ``avg_comments``,
        ``avg_shares`` (means over all its posts of the day, each counted once), ``n_posts`` (its posts behind
        retained edges), ``first_seen``, ``last_seen`` (of those, UTC seconds; Int64),
        ``lead_share`` (share of its pairs behind retained edges in which it posted first; 0–1), ``evidence``
        (strongest class among its edges), ``n_significant``, ``n_undecided`` (edges of those classes; missing where
        the graph was not tested), ``new`` (bool; not in `pool`) and ``url`` (address of its page).

    References
    ----------
    Betweenness: Brandes, U. (2001). A faster algorithm for betweenness centrality. Journal of Mathematical
    Sociology 25, 163–177, https://doi.org/10.1080/0022250X.2001.9990249
    """
    known = plain_posts(posts)
    table = account_stats(graph, pairs, weight_threshold="none")
    measures = {
        "network": network_numbers(graph),
        "degree": dict(graph.degree()),
        "strength": dict(graph.degree(weight="weight")),
        "betweenness": betweenness(graph),
    }
    evidence = network_pairs(pairs, graph)
    leads = account_leads(evidence).set_index("account_id")["lead_share"]
    ends = post_ends(evidence).drop_duplicates()
    ends["posted_at"] = ends["content_id"].map(known.set_index("content_id")["posted_at"]).astype("Int64")
    activity = ends.groupby("account_id").agg(
        n_posts=("content_id", "nunique"), first_seen=("posted_at", "min"), last_seen=("posted_at", "max")
    )
    engagement = mean_engagement(known, "account_id")
    for found in (pd.DataFrame(measures), engagement, activity, leads, account_evidence(graph)):
        table = table.join(found, on="account_id")
    table["n_posts"] = table["n_posts"].fillna(0)
    table["new"] = ~table["account_id"].isin(set(pool))
    table["url"] = account_pages(table["account_id"], known)
    return table[list(_COLUMNS)].astype(_COLUMNS)


def account_pages(accounts: pd.Series, posts: pd.DataFrame) -> pd.Series:
    """Return the address of each account's page: the source's own, else made for the platforms whose addresses are known."""
    first = posts.sort_values(["posted_at", "content_id"]).drop_duplicates("account_id")
    first = first.set_index("account_id")
    own, platform = accounts.map(first["account_url"]), accounts.map(first["platform"])
    made = [account_address(name, where) for name, where in zip(accounts, platform, strict=True)]
    return own.where(own.notna(), pd.Series(made, index=accounts.index, dtype="str")).astype("str")


# Edges stay undirected; leading is a description of accounts, not a claim about intent.
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
    >>> pairs = pd.DataFrame({"object_id": ["o"], "account_id": ["a"], "account_id_y": ["b"],
    ...     "content_id": ["1"], "content_id_y": ["2"], "time_delta": [5]})
    >>> account_leads(pairs)[["account_id", "lead_share"]].values.tolist()
    [['a', 1.0], ['b', 0.0]]
    """
    pairs = as_pairs(pairs)
    n_pairs = pd.concat([pairs["account_id"], pairs["account_id_y"]]).value_counts()
    led = pairs[pairs["time_delta"] > 0].groupby("account_id")["time_delta"]
    measures = {
        "n_pairs": n_pairs,
        "n_led": led.size(),
        "lead_share": led.size() / n_pairs,
        "median_lead": led.median(),
        "n_first": first_movers(pairs)["account_id"].value_counts(),
    }
    table = pd.DataFrame(measures).rename_axis("account_id").reset_index()
    counts = dict.fromkeys(("n_pairs", "n_led", "n_first"), "int64")
    table = table.fillna({"lead_share": 0, **dict.fromkeys(counts, 0)}).astype(
        {"account_id": "str", **counts}
    )
    order = ["lead_share", "n_pairs", "account_id"]
    return table.sort_values(order, ascending=[False, False, True], ignore_index=True)


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
    seconds = pairs["time_delta"].astype("float64")
    table = pd.DataFrame(
        {
            "account_id": ends["account_id"].where(forward, ends["account_id_y"]),
            "account_id_y": ends["account_id_y"].where(forward, ends["account_id"]),
            "ahead": seconds.where(led & forward),
            "behind": seconds.where(led & ~forward),
        }
    )
    groups = table.groupby(["account_id", "account_id_y"])
    counts = groups.agg(n_pairs=("ahead", "size"), n_led=("ahead", "count"), n_led_y=("behind", "count"))
    both = counts.join(groups.median()).reset_index()
    both["lead_share"] = both["n_led"] / (both["n_led"] + both["n_led_y"])
    ahead, behind = both["n_led"] > both["n_led_y"], both["n_led"] < both["n_led_y"]
    both["leader"] = both["account_id"].where(ahead, both["account_id_y"].where(behind)).astype("str")
    both["median_lead"] = both["ahead"].where(ahead, both["behind"].where(behind))
    return both.drop(columns=["ahead", "behind"])


def first_movers(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return, per object, the account whose post is the newer of no pair: the first one.

    Objects whose first posts fall in the same second have several first movers; all are listed.
    Columns: ``object_id``, ``account_id``, ``content_id``.
    """
    pairs = as_pairs(pairs)
    older = pairs[["object_id", "account_id", "content_id"]]
    late = pairs.loc[pairs["time_delta"] > 0, ["object_id", "content_id_y"]].drop_duplicates()
    late = late.rename(columns={"content_id_y": "content_id"}).dropna(subset="content_id")
    ties = pairs.loc[pairs["time_delta"] == 0, ["object_id", "account_id_y", "content_id_y"]]
    every = pd.concat([older, ties.set_axis(older.columns, axis=1)]).drop_duplicates()
    first = every.merge(late, how="left_anti", on=["object_id", "content_id"])
    return first.sort_values(["object_id", "account_id", "content_id"], ignore_index=True)
