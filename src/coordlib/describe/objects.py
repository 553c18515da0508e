"""The objects that accounts shared in step, those that the same accounts push, and the hashtags of their posts."""

from __future__ import annotations

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from coordlib.describe.networks import FAST_MISSING, Compat, Threshold, edges_that_count, first_edge
from coordlib.describe.posts import post_ends
from coordlib.detect.pairs import as_pairs
from coordlib.detect.threshold import check_whole
from coordlib.errors import ParameterError


def group_stats(
    graph: nx.Graph[str], weight_threshold: Threshold = "full", compat: Compat = None
) -> pd.DataFrame:
    """Count the accounts that shared each object.

    Parameters
    ----------
    graph
        The network, made with ``objects=True``.
    weight_threshold
        Which edges count, as for :func:`coordlib.account_stats`.
    compat
        ``"coortweet"`` counts distinct first ends of edges only, and splits objects at commas, as CooRTweet does;
        it undercounts every object. The default counts distinct accounts at either end.

    Returns
    -------
    pandas.DataFrame
        ``object_id`` (str) and ``num_accounts`` (int64), most accounts first; ties by first appearance.

    Raises
    ------
    ParameterError
        The network has no objects, or no fast attributes although ``"fast"`` was asked for.

    Examples
    --------
    >>> import coordlib as cl
    >>> pairs = pd.DataFrame({"object_id": ["o"], "account_id": ["a"], "account_id_y": ["b"],
    ...                       "content_id": ["1"], "content_id_y": ["2"], "time_delta": [10]})
    >>> cl.group_stats(cl.generate_coordinated_network(pairs, objects=True), "none").values.tolist()
    [['o', 2]]
    """
    fast_graph, edges = edges_that_count(graph, weight_threshold, compat)
    if weight_threshold == "fast" and not fast_graph and graph.number_of_edges():
        raise ParameterError(FAST_MISSING)
    suffix = ("_fast" if weight_threshold == "fast" else "_full") if fast_graph else ""
    if graph.number_of_edges() and not any(name.startswith("object_ids") for name in first_edge(graph)):
        raise ParameterError("the network has no objects: make it with objects=True")
    place = {name: number for number, name in enumerate(graph)}
    accounts: dict[str, set[str]] = {}
    for a, b, data in edges:
        listed = data.get(f"object_ids{suffix}") or []
        items, ends = [item for item in listed if item is not None], {a, b}
        if compat is not None:
            items = ",".join("NA" if item is None else item for item in listed).rstrip(",").split(",")
            ends = {min(a, b, key=place.__getitem__)}
        for item in items:
            accounts.setdefault(item, set()).update(ends)
    counts = [(item, len(names)) for item, names in accounts.items()]
    table = pd.DataFrame(counts, columns=["object_id", "num_accounts"])
    table = table.astype({"object_id": "str", "num_accounts": "int64"})
    return table.sort_values("num_accounts", ascending=False, kind="stable", ignore_index=True)


def object_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Describe each object that pairs are about.

    Returns
    -------
    pandas.DataFrame
        ``object_id``, ``n_accounts`` and ``n_posts`` in pairs about it, ``n_pairs``, ``median_delta``
        (seconds); the object in most pairs first.
    """
    pairs = as_pairs(pairs)
    ends = post_ends(pairs, "object_id").groupby("object_id")
    counts = ends.agg(n_accounts=("account_id", "nunique"), n_posts=("content_id", "nunique"))
    deltas = pairs.groupby("object_id")["time_delta"].agg(n_pairs="size", median_delta="median")
    table = counts.join(deltas).reset_index()
    return table.sort_values(["n_pairs", "object_id"], ascending=[False, True], ignore_index=True)


def object_edges(pairs: pd.DataFrame, min_accounts: int = 2) -> pd.DataFrame:
    """Find which objects are pushed by the same accounts.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them, or those behind the edges of a network
        (:func:`network_pairs`). Not changed.
    min_accounts
        Two objects are joined when at least this many accounts are in pairs about both.

    Returns
    -------
    pandas.DataFrame
        One row for two objects, ``object_id`` < ``object_id_y`` (str): ``n_accounts`` (int64: in pairs about both),
        ``n_pairs`` (int64: two accounts that met on both), ``overlap`` (float64, 0-1: `n_accounts` of all accounts in
        pairs about either). Most `n_pairs` first, then most `n_accounts`, then by name.

    Raises
    ------
    ParameterError
        `min_accounts` below 1.

    Notes
    -----
    The projection of accounts and objects on the objects: with B (accounts by objects) and E (pairs of accounts by
    objects) both 0 or 1, `n_accounts` is BᵀB and `n_pairs` is EᵀE. CooRTweet has it on a branch, by any two posts of one account
    within the window; here the two objects need not be shared at the same time, but each in step with somebody.

    Two objects of one campaign belong together here; so do two of one fan club. An object many shared is joined with many.

    Examples
    --------
    >>> pairs = pd.DataFrame({"object_id": ["o", "p", "p"], "account_id": ["a", "a", "b"], "account_id_y": ["b", "b", "c"],
    ...     "content_id": ["1", "3", "4"], "content_id_y": ["2", "4", "5"], "time_delta": [5, 5, 5]})
    >>> object_edges(pairs).round(2).values.tolist()
    [['o', 'p', 2, 1, 0.67]]
    """
    check_whole(min_accounts, "min_accounts", least=1)
    pairs = as_pairs(pairs).dropna(subset=["object_id", "account_id", "account_id_y"])
    what, names = pd.factorize(pairs["object_id"], sort=True)
    ends = pd.concat([pairs["account_id"], pairs["account_id_y"]])
    who = pd.factorize(ends)[0].astype(np.int64)
    one, two = who[: len(pairs)], who[len(pairs) :]
    accounts = _shared(who, np.tile(what, 2), len(names))
    both = pd.factorize(np.minimum(one, two) * (who.max(initial=0) + 1) + np.maximum(one, two))[0]
    met = sparse.triu(_shared(both, what, len(names)), k=1).tocoo()
    met_on = pd.Series(met.data, index=met.row.astype(np.int64) * len(names) + met.col)
    shared = sparse.triu(accounts, k=1).tocoo()
    kept = shared.data >= min_accounts
    low, high, common = shared.row[kept], shared.col[kept], shared.data[kept]
    size = accounts.diagonal()
    table = pd.DataFrame(
        {
            "object_id": names.take(low).astype("str"),
            "object_id_y": names.take(high).astype("str"),
            "n_accounts": common,
            "n_pairs": met_on.reindex(low.astype(np.int64) * len(names) + high, fill_value=0).to_numpy(),
            "overlap": common / np.maximum(size[low] + size[high] - common, 1),
        }
    )
    order = ["n_pairs", "n_accounts", "object_id", "object_id_y"]
    return table.sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def _shared(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], size: int) -> sparse.csr_array:
    """Count for every two columns the rows that are in both."""
    ones, shape = np.ones(len(rows), dtype=np.int64), (rows.max(initial=0) + 1, size)
    matrix = sparse.csr_array((ones, (rows, columns)), shape=shape)
    matrix.data[:] = 1  # however often a row is in a column
    return (matrix.T @ matrix).tocsr()


def hashtag_table(posts: pd.DataFrame) -> pd.DataFrame:
    """Count hashtags over a table of posts (``hashtags`` lists): ``hashtag``, ``n_posts``, ``n_accounts``."""
    tags = posts[["account_id", "content_id", "hashtags"]].explode("hashtags")
    tags = tags.rename(columns={"hashtags": "hashtag"}).dropna(subset=["hashtag"])
    groups = tags[tags["hashtag"].astype("str").str.strip() != ""].groupby("hashtag")
    table = groups.agg(n_posts=("content_id", "nunique"), n_accounts=("account_id", "nunique")).reset_index()
    return table.sort_values(["n_posts", "hashtag"], ascending=[False, True], ignore_index=True)
