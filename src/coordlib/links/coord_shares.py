"""Coordinated link sharing: accounts that repeatedly share the same URLs within a short time (CooRnet).

The one engine of :mod:`coordlib.detect` with the URL as object and the number of URLs in common as weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.describe.communities import louvain
from coordlib.detect import coordinated_edges, detect_groups, weight_quantile
from coordlib.detect.kernel import close_rows
from coordlib.errors import ParameterError, takes_old_names
from coordlib.ids import among
from coordlib.links.interval import CoordInterval, estimate_coord_interval
from coordlib.links.prepare import entity_table, link_rows
from coordlib.shown import InOrder, Shown
from coordlib.urls import Compat, check_compat

#: Seed of the Louvain method where none is given.
DEFAULT_SEED = 1
DEFAULT_PERCENTILE = 0.9
EDGE_COLUMNS = ("from", "to", "weight")
TIME_COLUMNS = ("url", "t_coord_share", "t_coord_share_to")


@dataclass(frozen=True, repr=False, eq=False)
class CoordShares(Shown, InOrder):
    """What :func:`get_coord_shares` found; it can be unpacked, and its first three fields are CooRnet's list.

    Attributes
    ----------
    shares
        The input rows whose URL was shared more than once, with ``is_coordinated`` (bool).
    network
        Accounts as nodes with the columns of ``entities``, edges with ``weight`` (and times).
    entities
        One row per account of the network, columns :data:`coordlib.links.prepare.ENTITY_COLUMNS`.
    edges
        ``from``, ``to``, ``weight`` (URLs in common); with ``gtimestamps`` also the lists ``url``,
        ``t_coord_share`` and ``t_coord_share_to`` (UTC seconds of either end, one per URL).
    interval
        The coordination interval used (whole seconds).
    min_weight
        The edge weight that the percentile stands for; nan where nothing was coordinated.
    compat
        None or ``"coornet"``; the summaries follow it.
    left_out
        Rows of the input that took no part, by reason.
    estimate
        What the interval was estimated from; None where it was given.
    """

    shares: pd.DataFrame
    network: nx.Graph[str]
    entities: pd.DataFrame
    edges: pd.DataFrame
    interval: int
    min_weight: float
    compat: Compat
    left_out: dict[str, int]
    estimate: CoordInterval | None = field(default=None, repr=False)

    _names: ClassVar = {"interval": "interval (seconds)", "min_weight": "fewest URLs in common"}

    def __repr__(self) -> str:
        coordinated, n_networks = self.shares["is_coordinated"].sum(), self.entities["component"].nunique()
        return (
            f"CoordShares: {coordinated:,} of {len(self.shares):,} shares are coordinated within {self.interval:,} s; "
            f"{len(self.edges):,} edges between {len(self.entities):,} accounts in {n_networks:,} components; "
            "fields: " + ", ".join(part.name for part in fields(self))
        )


@takes_old_names(coordination_interval="time_window", percentile_edge_weight="edge_weight")
def get_coord_shares(
    shares: pd.DataFrame,
    time_window: float | CoordInterval | None = None,
    *,
    edge_weight: float = DEFAULT_PERCENTILE,
    clean_urls: bool = False,
    keep_ourl_only: bool = False,
    gtimestamps: bool = False,
    compat: Compat = None,
    seed: int = DEFAULT_SEED,
) -> CoordShares:
    """Find accounts that repeatedly shared the same URLs within a short time of each other.

    Two accounts are linked by each URL both shared at most the interval apart; the weight of their
    edge is the number of such URLs. Edges at or above the percentile of all weights are kept.

    Parameters
    ----------
    shares
        One row per post: ``account.url`` and ``expanded`` (str), ``date`` (UTC: text, datetime or
        int seconds); any other ``account.*`` and ``statistics.actual.*`` columns are used where
        they are there. Rows without account or URL are left out.
    time_window
        Seconds, at least 1 (fractions are cut off), or an estimate; None estimates it.
    edge_weight
        Edges of at least this quantile (type 7) of all weights are kept, 0–1.
    clean_urls
        Clean the URLs first (:func:`coordlib.urls.clean_urls`).
    keep_ourl_only
        Use only shares whose link is the original URL (``is_orig``).
    gtimestamps
        Add to each edge, per common URL, when each of the two accounts shared it.
    compat
        ``"coornet"`` repeats CooRnet 1.7.0: tumbling bins from each URL's first share, one clique
        per URL, rows marked by three independent membership tests, times of the first end only.
    seed
        Seed of the Louvain method.

    Returns
    -------
    CoordShares
        Marked shares, network, entities and edges; without any coordination, tables with their
        columns and no rows.

    Raises
    ------
    ParameterError
        An interval below 1 second, a percentile outside 0–1.
    MissingColumnError, EmptyInputError, TimeFormatError
        A table that cannot be used.

    Notes
    -----
    What a false positive looks like: accounts that follow the same newsroom and post its links
    within minutes; owners of several accounts; schedulers that post on the hour.

    Giglietto, F., Righetti, N., Rossi, L., & Marino, G. (2020). It takes a village to manipulate
    the media. *Information, Communication & Society, 23*(6). https://doi.org/10.1080/1369118X.2020.1739732

    Examples
    --------
    >>> shares = pd.DataFrame({
    ...     "account.url": ["a", "b", "c", "a", "b"], "expanded": ["u", "u", "u", "v", "v"],
    ...     "date": [0, 59, 500, 1000, 1001]})
    >>> get_coord_shares(shares, 60).edges.values.tolist()
    [['a', 'b', 2]]
    """
    original = check_compat(compat)
    if not 0 <= edge_weight <= 1:
        raise ParameterError(f"edge_weight = {edge_weight}: choose a number from 0 to 1")
    chosen: Any = {"clean_urls": clean_urls, "keep_ourl_only": keep_ourl_only, "compat": compat}
    if time_window is None:
        time_window = estimate_coord_interval(shares, **chosen)
    interval = _whole_seconds(time_window)
    rows, seconds, left_out = link_rows(shares, **chosen)
    posts = _as_shares(rows, seconds)
    if original:
        pairs, marks, met = tumbling_bins(posts, interval)
    else:
        pairs = detect_groups(posts, interval, min_participation=1)
        marks = among(posts["content_id"], pairs["content_id"], pairs["content_id_y"])
        met = sorted(set(pairs["account_id"].unique()) | set(pairs["account_id_y"].unique()))
    edges = coordinated_edges(pairs, objects=False)
    minimum = weight_quantile(edges["n_objects"].to_numpy(), edge_weight)
    edges = _edge_table(edges[edges["n_objects"] >= minimum], met)
    if gtimestamps:
        edges = _with_times(edges, pairs, posts, backwards=original)
        if original:
            edges = edges[[*EDGE_COLUMNS, "t_coord_share"]]
    marked = rows.assign(is_coordinated=marks)
    entities = entity_table(marked, _groups(edges, met, by_size=not original, seed=seed), original=original)
    network: nx.Graph[str] = nx.Graph()
    accounts: Any = entities.to_dict("records")
    ties: Any = edges.to_dict("records")
    network.add_nodes_from((account.pop("name"), account) for account in accounts)
    network.add_edges_from((tie.pop("from"), tie.pop("to"), tie) for tie in ties)
    estimate = time_window if isinstance(time_window, CoordInterval) else None
    return CoordShares(marked, network, entities, edges, interval, minimum, compat, left_out, estimate)


def _whole_seconds(interval: float | CoordInterval) -> int:
    seconds = interval.seconds if isinstance(interval, CoordInterval) else interval
    number = isinstance(seconds, int | float | np.number) and not isinstance(seconds, bool)
    if not number or not np.isfinite(seconds) or seconds < 1:
        raise ParameterError(
            f"time_window = {seconds!r}: choose at least 1 second, or None to estimate it from the shares"
        )
    return int(seconds)


def _as_shares(rows: pd.DataFrame, seconds: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Write the rows as shares; a post is its row, in words that no URL equals (a loop would be left out)."""
    urls = rows["expanded"]
    mark = "row "
    while urls.str.startswith(mark).any():
        mark = f"-{mark}"
    return pd.DataFrame(
        {
            "object_id": urls,
            "account_id": rows["account.url"],
            "content_id": mark + urls.index.astype("str").to_series(index=urls.index),
            "timestamp_share": seconds,
        }
    )


def _edge_table(edges: pd.DataFrame, met: list[str]) -> pd.DataFrame:
    """Return the edges in CooRnet's columns, from the account met first, in the order of meeting."""
    place = pd.Series(range(len(met)), index=pd.Index(met, dtype="str"))
    first, second = edges["account_id"].map(place), edges["account_id_y"].map(place)
    low, high = np.minimum(first, second), np.maximum(first, second)
    table = pd.DataFrame({"from": low, "to": high, "weight": edges["n_objects"]}, dtype="int64")
    table = table.sort_values(["from", "to"], ignore_index=True)
    return table.assign(**{end: place.index.take(table[end].to_numpy()) for end in ("from", "to")})


def _with_times(
    edges: pd.DataFrame, pairs: pd.DataFrame, posts: pd.DataFrame, backwards: bool
) -> pd.DataFrame:
    """Add to each edge the lists of its URLs and of either end's time, those of the earliest pair of each URL."""
    seconds = posts.set_index("content_id")["timestamp_share"]
    pairs = pairs.assign(older=pairs["content_id"].map(seconds), newer=pairs["content_id_y"].map(seconds))
    order = ["object_id", "older", "newer"]
    pairs = pairs.sort_values(order, ascending=[not backwards, True, True], ignore_index=True)
    ends, columns = ["from", "to"], ["from", "to", *TIME_COLUMNS]
    forward = pairs[["account_id", "account_id_y", "object_id", "older", "newer"]].set_axis(columns, axis=1)
    turned = pairs[["account_id_y", "account_id", "object_id", "newer", "older"]].set_axis(columns, axis=1)
    both = pd.concat([forward, turned]).sort_index(kind="stable")
    kept = edges.merge(both, on=ends).drop_duplicates([*ends, "url"])
    lists = kept.groupby(ends, sort=False)[list(TIME_COLUMNS)].agg(list).reset_index()
    return edges.merge(lists, on=ends, how="left")


def _groups(edges: pd.DataFrame, met: list[str], *, by_size: bool, seed: int) -> pd.DataFrame:
    """Return degree, strength, component and cluster per account of the network."""
    # CooRnet numbers components in the order in which it meets their accounts; ours fall in size, then go by name.
    in_network = set(edges["from"]) | set(edges["to"])
    accounts = [name for name in met if name in in_network]
    place = {name: number for number, name in enumerate(accounts)}
    # Whole numbers: neither the hash seed nor the row order can move a cluster.
    graph: nx.Graph[int] = nx.Graph()
    ends = zip(edges["from"].map(place), edges["to"].map(place), edges["weight"].tolist(), strict=True)
    graph.add_weighted_edges_from(ends)
    parts = sorted(nx.connected_components(graph), key=lambda nodes: (-len(nodes) * by_size, min(nodes)))
    component = {node: number for number, nodes in enumerate(parts, start=1) for node in nodes}
    clusters = sorted(louvain(graph, seed), key=lambda nodes: (component[min(nodes)], min(nodes)))
    cluster = {node: number for number, nodes in enumerate(clusters, start=1) for node in nodes}
    measures = {
        "degree": dict(graph.degree),
        "component": component,
        "cluster": cluster,
        "strength": dict(graph.degree(weight="weight")),
    }
    table = pd.DataFrame(measures, index=range(len(accounts)), dtype="int64")
    table = table.set_axis(pd.Index(accounts, dtype="str", name="name"))
    return table.sort_values("component", kind="stable") if by_size else table


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
    crowded = crowded.sort_values(["object_id", "met"], ascending=[False, True])
    place, met = pd.factorize(crowded["account_id"])
    members = crowded.assign(place=place).sort_values("timestamp_share", kind="stable")
    members = members.drop_duplicates(["object_id", "account_id"])
    members = members.sort_values(["object_id", "place"], ascending=[False, True])
    cliques = pd.factorize(members["object_id"])[0].astype(np.int64)
    # Cliques are many pairs of few names: as categories each name is held, compared and counted once.
    members = members.astype(dict.fromkeys(["object_id", "account_id", "content_id"], "category"))
    at_once = np.zeros(len(members), dtype=np.int64)
    later, earlier = close_rows(cliques, members["place"].to_numpy(), at_once, 0)
    seconds = members["timestamp_share"].to_numpy()
    columns = {"object_id": members["object_id"].array.take(earlier)}
    for name in ("account_id", "content_id"):
        columns |= {
            f"{name}{end}": members[name].array.take(row) for end, row in (("", earlier), ("_y", later))
        }
    pairs = pd.DataFrame({**columns, "time_delta": np.abs(seconds[later] - seconds[earlier])})
    return pairs, marks.to_numpy(dtype=bool), met.tolist()
