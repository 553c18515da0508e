"""The evidence: edges that were kept, the pairs of posts behind them, the posts in those, and their engagement."""

from __future__ import annotations

import warnings
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.columns import check_table
from coordlib.errors import InputError, takes_old_names
from coordlib.ids import as_ids
from coordlib.posts import as_counts
from coordlib.times import as_seconds

#: The counts of engagement, as far as a source has them.
MEASURES = ("views", "likes", "comments", "shares")


def plain_posts(posts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per post: ``content_id``, ``account_id``, ``posted_at``, counts, ``url``, ``text``, ``platform``, ``account_url``.

    A post that was collected twice keeps the row that sorts first and, of each count, the largest: counts grow, so
    that is the newest, whatever the order of the rows. Counts that are absent or unreadable are missing.
    """
    check_table(posts, ("content_id", "account_id", "posted_at"), "posts")
    nothing = pd.Series(np.nan, index=posts.index)
    table = pd.DataFrame(
        {
            "content_id": as_ids(posts["content_id"], "content_id"),
            "account_id": as_ids(posts["account_id"], "account_id"),
            "posted_at": as_seconds(posts["posted_at"], "posted_at"),
        }
    )
    for name in MEASURES:
        table[name] = as_counts(posts.get(name, nothing).reset_index(drop=True))
    for name in ("url", "text", "platform", "account_url"):
        table[name] = posts.get(name, nothing).reset_index(drop=True).astype("str")
        if name.endswith("url"):  # what is no web address is nothing a page may link to
            table[name] = table[name].where(table[name].str.match(r"https?://[^\s/?#]").fillna(False))
    table = table[table["content_id"].notna()]
    if table["content_id"].is_unique:
        return table.reset_index(drop=True)
    counts, order = list(MEASURES), ["posted_at", "account_id", "text", "url"]
    table[counts] = table.groupby("content_id", sort=False)[counts].transform("max")
    table = table.sort_values(order, kind="stable").drop_duplicates("content_id").sort_index()
    return table.reset_index(drop=True)


def empty_table(columns: dict[str, str]) -> pd.DataFrame:
    """Return a table without rows, with these columns and dtypes."""
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in columns.items()})


def mean_engagement(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return ``avg_views``, ``avg_likes``, ``avg_comments``, ``avg_shares`` by group: means of the known counts."""
    means = table.groupby(by, sort=False)[list(MEASURES)].mean().astype("Float64").astype("float64")
    return means.rename(columns={name: f"avg_{name}" for name in MEASURES})


#: A file names at most so many pairs of one object; edges and counts are made from all of them.
PAIRS_IN_FILES = 10_000
_POST_COLUMNS = {
    **dict.fromkeys(("content_id", "url", "account_id"), "str"),
    "network": "int64",
    "posted_at": "Int64",
    "object_id": "str",
    "n_accounts": "int64",
    **dict.fromkeys(MEASURES, "Int64"),
    "text": "str",
}


def network_pairs(
    pairs: pd.DataFrame, graph: nx.Graph[str], posts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the pairs of posts behind the edges of a network, with the number of their network.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them.
    graph
        The network made from them, for instance with ``subgraph=1``.
    posts
        The day's posts with the columns of :mod:`coordlib.posts`, to add when and where each post can be seen.

    Returns
    -------
    pandas.DataFrame
        The rows of `pairs` whose two accounts are joined by an edge, in their order, with ``network`` (int64);
        with `posts` also ``posted_at``, ``posted_at_y`` (Int64 UTC seconds), ``url``, ``url_y`` (str) of the
        older and the newer post.

    Examples
    --------
    >>> pairs = pd.DataFrame({"object_id": ["o", "p"], "account_id": ["b", "c"], "account_id_y": ["a", "a"],
    ...     "content_id": ["1", "3"], "content_id_y": ["2", "4"], "time_delta": [10, 20]})
    >>> network_pairs(pairs, nx.Graph([("a", "b")]))["content_id"].tolist()
    ['1']
    """
    numbers = network_numbers(graph)
    result = pairs[joined(pairs, graph)].reset_index(drop=True)
    result["network"] = result["account_id"].map(numbers).astype("int64")
    if posts is None:
        return result
    known = plain_posts(posts).set_index("content_id")
    for end in ("", "_y"):
        result[f"posted_at{end}"] = result[f"content_id{end}"].map(known["posted_at"]).astype("Int64")
    for end in ("", "_y"):
        result[f"url{end}"] = result[f"content_id{end}"].map(known["url"]).astype("str")
    return result


def evidence_pairs(*given: Any, **named: Any) -> pd.DataFrame:
    """Old name of :func:`network_pairs`, which goes with the next version."""
    warnings.warn("evidence_pairs is now network_pairs", DeprecationWarning, stacklevel=2)
    return network_pairs(*given, **named)


def sample_pairs(pairs: pd.DataFrame, limit: int = PAIRS_IN_FILES) -> pd.DataFrame:
    """Return at most so many pairs of each object: of every edge its closest pair, then its second closest, and so on."""
    large = pairs.groupby("object_id")["time_delta"].transform("size") > limit
    if not large.any():
        return pairs
    hot = pairs.loc[large, ["object_id", "account_id", "account_id_y", "time_delta"]]
    # The two accounts of an edge come in either order; pairs equally close keep the order of the table.
    first, second = hot["account_id"], hot["account_id_y"]
    ordered = first <= second
    hot = hot.assign(account_id=first.where(ordered, second), account_id_y=second.where(ordered, first))
    hot = hot.sort_values("time_delta", kind="stable")
    hot["turn"] = hot.groupby(["object_id", "account_id", "account_id_y"]).cumcount()
    named = hot.sort_values(["turn", "time_delta"], kind="stable").groupby("object_id").head(limit)
    return pairs[~large | pairs.index.isin(named.index)].reset_index(drop=True)


def network_edges(edges: pd.DataFrame, graph: nx.Graph[str]) -> pd.DataFrame:
    """Return the edges that make up a network, each with the number of its network.

    Parameters
    ----------
    edges
        All edges, as :func:`coordlib.coordinated_edges` returns them.
    graph
        The network made from the same pairs, for instance with ``subgraph=1``.

    Returns
    -------
    pandas.DataFrame
        The rows of `edges` that are in `graph`, in their order, with ``network`` (int64) after the two accounts.

    Examples
    --------
    >>> edges = pd.DataFrame({"account_id": ["a", "a"], "account_id_y": ["b", "c"], "weight": [9, 1]})
    >>> network_edges(edges, nx.Graph([("a", "b")])).values.tolist()
    [['a', 'b', 1, 9]]
    """
    result = edges[joined(edges, graph)].reset_index(drop=True)
    result.insert(2, "network", result["account_id"].map(network_numbers(graph)).astype("int64"))
    return result


def joined(table: pd.DataFrame, graph: nx.Graph[str]) -> npt.NDArray[np.bool_]:
    """Say of each row whether an edge joins its two accounts."""
    places = {name: place for place, name in enumerate(graph)}
    edges = np.array([(places[a], places[b]) for a, b in graph.edges], dtype=np.int64).reshape(-1, 2).T
    rows = []
    for column in ("account_id", "account_id_y"):
        codes, names = pd.factorize(table[column])
        rows.append(np.array([*(places.get(name, -1) for name in names), -1], dtype=np.int64)[codes])
    # With an account that is not in the network the number is below 0, so no edge's.
    found, wanted = (np.minimum(*ends) * len(places) + np.maximum(*ends) for ends in (rows, edges))
    return np.isin(found, wanted)


def check_graph(graph: object) -> None:
    """Refuse what is no network of :func:`coordlib.generate_coordinated_network`."""
    if not isinstance(graph, nx.Graph) or graph.is_directed():
        kind = "a directed graph" if isinstance(graph, nx.Graph) else f"a {type(graph).__name__}"
        raise InputError(f"graph: {kind} is no network; give what generate_coordinated_network returned")
    for one, other, weight in graph.edges(data="weight", default=1):
        if not isinstance(weight, int | float | np.number) or not weight > 0 or weight % 1:
            raise InputError(
                f"graph: the edge of {str(one)[:40]!r} and {str(other)[:40]!r} weighs {weight!r}, which is no whole number of 1 or more"
            )


def network_numbers(graph: nx.Graph[str]) -> dict[str, int]:
    """Number the components of a network and return each account's number.

    The largest component is 1; of equal ones the heavier (sum of weights), then the one whose first account
    sorts first. With ``graph.graph["network_order"] = "appearance"`` the numbers follow the order of the
    vertices, as on the published days of the reference report. Numbers change from day to day either way.
    """
    parts = list(nx.connected_components(graph))
    if graph.graph.get("network_order", "size") == "size":
        strength = dict(graph.degree(weight="weight"))
        parts.sort(key=lambda part: (-len(part), -sum(strength[name] for name in part), min(part)))
    numbers = {name: number for number, part in enumerate(parts, start=1) for name in part}
    return {name: numbers[name] for name in graph}


@takes_old_names(evidence="pairs")
def describe_posts(pairs: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """Describe every post that is in at least one pair behind a retained edge.

    Parameters
    ----------
    pairs
        Pairs of :func:`network_pairs`.
    posts
        The day's posts with the columns of :mod:`coordlib.posts`.

    Returns
    -------
    pandas.DataFrame
        One row per content id, in the order of first appearance in `pairs`: ``content_id``, ``url``,
        ``account_id``, ``network``, ``posted_at`` (UTC seconds), ``object_id`` (the first shared object),
        ``n_accounts`` (distinct accounts, at either end of a pair, that shared an object of this post),
        ``views``, ``likes``, ``comments``, ``shares`` (Int64), ``text``.

    Notes
    -----
    The reference report split object lists at commas and lost every caption that has one, and counted the accounts
    at one end of each pair only (mean 3.6 published, 5.7 true).
    """
    known = plain_posts(posts).drop(columns="account_id")
    ends = post_ends(pairs, "object_id", "network").sort_index(kind="stable")
    accounts_of = ends[["object_id", "account_id"]].drop_duplicates()
    shared = ends[["content_id", "object_id"]].drop_duplicates()
    counts = shared["object_id"].map(accounts_of["object_id"].value_counts()).set_axis(shared["content_id"])
    several = shared[shared.duplicated("content_id", keep=False)].merge(accounts_of, on="object_id")
    counts = counts[~counts.index.duplicated()]
    counts.update(several.groupby("content_id")["account_id"].nunique())
    table = ends.drop_duplicates("content_id").merge(known, on="content_id", how="left")
    table["n_accounts"] = table["content_id"].map(counts)
    return table[list(_POST_COLUMNS)].astype(_POST_COLUMNS)


def post_ends(pairs: pd.DataFrame, *common: str) -> pd.DataFrame:
    """Return both posts of each pair as rows, all older ones first, each with the columns common to the pair."""
    columns = ["account_id", "content_id", *common]
    newer = pairs[["account_id_y", "content_id_y", *common]].set_axis(columns, axis=1)
    return pd.concat([pairs[columns], newer])
