"""Coordinated link sharing: accounts that repeatedly share the same URLs within a short time."""

from __future__ import annotations

from typing import NamedTuple

import networkx as nx
import numpy as np
import pandas as pd

from coordlib.errors import ParameterError
from coordlib.links.bins import Links, sliding_window, tumbling_bins
from coordlib.links.entities import ENTITY_COLUMNS, entity_table
from coordlib.links.interval import CoordInterval, estimate_coord_interval
from coordlib.links.prepare import Ints, LinkRows, link_rows
from coordlib.links.ties import DEFAULT_SEED, LinkNetwork, link_network
from coordlib.urls import Compat, check_compat

DEFAULT_PERCENTILE = 0.9
EDGE_COLUMNS = ("from", "to", "weight")
TIME_COLUMNS = ("url", "t_coord_share", "t_coord_share_to")


class CoordShares(NamedTuple):
    """What :func:`get_coord_shares` found; the first three fields are CooRnet's list.

    Attributes
    ----------
    shares
        The input rows whose URL was shared more than once, with ``is_coordinated`` (bool).
    network
        Accounts as nodes with the columns of ``entities``, edges with ``weight`` (and times).
    entities
        One row per account of the network, columns :data:`ENTITY_COLUMNS`.
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
    estimate: CoordInterval | None = None


def get_coord_shares(
    shares: pd.DataFrame, coordination_interval: float | CoordInterval | None = None, *,
    percentile_edge_weight: float = DEFAULT_PERCENTILE, clean_urls: bool = False, keep_ourl_only: bool = False,
    gtimestamps: bool = False, compat: Compat = None, seed: int = DEFAULT_SEED,
) -> CoordShares:  # fmt: skip
    """Find accounts that repeatedly shared the same URLs within a short time of each other.

    Two accounts are linked by each URL both shared at most the interval apart; the weight of their
    edge is the number of such URLs. Edges at or above the percentile of all weights are kept.

    Parameters
    ----------
    shares
        One row per post: ``account.url`` and ``expanded`` (str), ``date`` (UTC: text, datetime or
        int seconds); any other ``account.*`` and ``statistics.actual.*`` columns are used where
        they are there. Rows without account or URL are left out.
    coordination_interval
        Seconds, at least 1 (fractions are cut off), or an estimate; None estimates it.
    percentile_edge_weight
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
    if not 0 <= percentile_edge_weight <= 1:
        raise ParameterError(
            f"percentile_edge_weight = {percentile_edge_weight}: choose a number from 0 to 1"
        )
    if coordination_interval is None:
        coordination_interval = estimate_coord_interval(
            shares, clean_urls=clean_urls, keep_ourl_only=keep_ourl_only, compat=compat
        )
    interval = _whole_seconds(coordination_interval)
    rows = link_rows(shares, clean_urls=clean_urls, keep_ourl_only=keep_ourl_only, compat=compat)
    met: Ints | None = None
    if original:
        links, marks, met = tumbling_bins(rows, interval)
    else:
        links, marks = sliding_window(rows, interval)
    found = link_network(links, percentile_edge_weight, seed=seed, met=met)
    marked = rows.table.assign(is_coordinated=marks)
    edges = _edge_table(rows, found, met)
    if gtimestamps:
        edges = _with_times(edges, rows, links, found)
        if original:
            edges = edges[[*EDGE_COLUMNS, "t_coord_share"]]
    entities = entity_table(marked, rows.accounts[found.accounts], original=original).assign(
        degree=found.degree, component=found.component, cluster=found.cluster, strength=found.strength
    )[list(ENTITY_COLUMNS)]
    network = _graph(entities, edges)
    estimate = coordination_interval if isinstance(coordination_interval, CoordInterval) else None
    return CoordShares(
        marked, network, entities, edges, interval, found.minimum, compat, rows.left_out, estimate
    )


def _whole_seconds(interval: float | CoordInterval) -> int:
    seconds = interval.seconds if isinstance(interval, CoordInterval) else interval
    if isinstance(seconds, bool) or not np.isfinite(seconds) or seconds < 1:
        raise ParameterError(
            f"coordination_interval = {seconds}: choose at least 1 second, or None to estimate it from the shares"
        )
    return int(seconds)


def _edge_table(rows: LinkRows, found: LinkNetwork, met: Ints | None) -> pd.DataFrame:
    left, right = found.left, found.right
    order = np.lexsort((right, left))
    if met is not None:
        place = np.zeros(len(rows.accounts), dtype=np.int64)
        place[met] = np.arange(len(met))
        order = np.lexsort((place[right], place[left]))
    return pd.DataFrame(
        {
            "from": pd.Series(rows.accounts[left[order]], dtype="str"),
            "to": pd.Series(rows.accounts[right[order]], dtype="str"),
            "weight": found.weight[order],
        }
    )


def _with_times(edges: pd.DataFrame, rows: LinkRows, links: Links, found: LinkNetwork) -> pd.DataFrame:
    n = len(rows.accounts)
    kept = np.isin(links.left * n + links.right, found.left * n + found.right)
    table = pd.DataFrame(
        {
            "from": pd.Series(rows.accounts[links.left[kept]], dtype="str"),
            "to": pd.Series(rows.accounts[links.right[kept]], dtype="str"),
            "url": pd.Series(rows.urls[links.url[kept]], dtype="str"),
            "t_coord_share": links.t_left[kept],
            "t_coord_share_to": links.t_right[kept],
        }
    )
    lists = table.groupby(["from", "to"], sort=False)[list(TIME_COLUMNS)].agg(list).reset_index()
    return edges.merge(lists, on=["from", "to"], how="left")[[*EDGE_COLUMNS, *TIME_COLUMNS]]


def _graph(entities: pd.DataFrame, edges: pd.DataFrame) -> nx.Graph[str]:
    graph: nx.Graph[str] = nx.Graph()
    for account in entities.to_dict("records"):
        graph.add_node(
            account["name"], **{str(key): value for key, value in account.items() if key != "name"}
        )
    for edge in edges.to_dict("records"):
        extra = {str(name): value for name, value in edge.items() if name not in ("from", "to")}
        graph.add_edge(edge["from"], edge["to"], **extra)
    return graph
