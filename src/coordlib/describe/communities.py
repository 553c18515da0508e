"""Communities inside a network: groups of accounts more tied to each other than to the rest, and the accounts between them."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from coordlib.describe.posts import check_graph, network_numbers
from coordlib.detect.threshold import check_seed, check_whole
from coordlib.errors import InputError
from coordlib.significance.projection import links_of, modularity

_COLUMNS = {
    "account_id": "str",
    **dict.fromkeys(("network", "community", "n_accounts"), "int64"),
    "participation": "float64",
    "bridge": "bool",
    "joins": "object",
}


def louvain(graph: nx.Graph[Any], seed: int = 1, weight: str = "weight") -> list[set[Any]]:
    """Return the communities that maximise modularity greedily, level by level, each connected.

    Parameters
    ----------
    graph
        Undirected; nodes that can be sorted; edge weights are whole numbers (absent: 1).
    seed
        Order in which accounts are tried; the same seed gives the same communities under any hash seed.

    Returns
    -------
    list of set
        A partition of the nodes, in the order of their smallest node.

    Raises
    ------
    ParameterError
        A seed that is no whole number.
    InputError
        No network, a directed one, or one whose nodes are partly text and partly not.

    Notes
    -----
    A node of degree k moves into the community C that gains most of k_iC / m - tot_C · k / 2m². Multiplied by 2m² that is
    a whole number, and a node moves only when it rises: each move raises modularity by at least 1 / 2m², so there are
    finitely many. In floating point, two moves of equal gain can undo each other for ever (networkx issue 8739: a
    graph of seven nodes never returned). What falls apart inside a community is taken apart at the end, which only raises
    modularity; that is the flaw of the method that Traag et al. (2019) describe.

    References
    ----------
    Blondel, V. D., Guillaume, J.-L., Lambiotte, R., & Lefebvre, E. (2008). Fast unfolding of communities in large
    networks. J. Stat. Mech. P10008, https://doi.org/10.1088/1742-5468/2008/10/P10008.
    Traag, V. A., Waltman, L., & van Eck, N. J. (2019). From Louvain to Leiden: guaranteeing well-connected communities.
    Scientific Reports 9, 5233, https://doi.org/10.1038/s41598-019-41695-z

    Examples
    --------
    >>> two = nx.disjoint_union(nx.complete_graph(4), nx.complete_graph(4))
    >>> two.add_edge(0, 4)
    >>> louvain(two)
    [{0, 1, 2, 3}, {4, 5, 6, 7}]
    """
    _check(graph, seed)
    nodes = sorted(graph)
    random.Random(int(seed)).shuffle(nodes)
    place = {node: number for number, node in enumerate(nodes)}
    edges = sorted(
        (*sorted((place[a], place[b])), int(value)) for a, b, value in graph.edges(data=weight, default=1)
    )
    low, high, values = np.array(edges, dtype=np.int64).reshape(-1, 3).T
    ends, others = np.append(low, high), np.append(high, low)
    _, community = modularity(links_of(ends, others, np.append(values, values), len(nodes), len(nodes)))
    within = community[low] == community[high]
    inside = sparse.csr_array((values[within], (low[within], high[within])), shape=(len(nodes), len(nodes)))
    found: dict[int, set[Any]] = {}
    for node, part in zip(nodes, connected_components(inside, directed=False)[1].tolist(), strict=True):
        found.setdefault(part, set()).add(node)
    return sorted(found.values(), key=min)


def _check(graph: nx.Graph[Any], seed: int) -> None:
    check_seed(seed)
    check_graph(graph)
    if len({isinstance(name, str) for name in graph}) > 1:
        raise InputError(
            "graph: some accounts are text and some are not, so they have no order; name all as text"
        )


def find_communities(graph: nx.Graph[str], seed: int = 1, min_accounts: int = 10) -> pd.DataFrame:
    """Divide each large network into communities and name the accounts that join them.

    Parameters
    ----------
    graph
        A network, as :func:`coordlib.generate_coordinated_network` returns it.
    seed
        Order in which accounts are tried; the same seed gives the same communities.
    min_accounts
        A network of fewer accounts is one community.

    Returns
    -------
    pandas.DataFrame
        One row per account, by ``network``, ``community`` and ``account_id``: ``network`` (its number in the report),
        ``community`` (within the network, the largest is 1), ``n_accounts`` (of the community), ``participation`` (float64,
        0–1: 0 all its weight is inside, near 1 spread evenly over many communities), ``bridge`` (bool: it has an edge into
        another community), ``joins`` (list of the numbers of those communities).

    Raises
    ------
    ParameterError, InputError
        `min_accounts` below 1; a seed or a graph that :func:`louvain` refuses.

    Notes
    -----
    Communities by :func:`louvain`. participation_i = 1 - Σ_c (w_ic / w_i)², w_ic the weight of the edges of i into
    community c (Guimerà & Amaral 2005). A division is always found, also of a network made by chance: whether it is more
    than chance is asked by :func:`coordlib.network_significance`. A bridge says that an account met members of two
    communities; it does not make it a leader, and without it the two may hang together through others.

    References
    ----------
    Guimerà, R., & Amaral, L. A. N. (2005). Functional cartography of complex metabolic networks. Nature 433, 895–900,
    https://doi.org/10.1038/nature03288

    Examples
    --------
    >>> graph = nx.relabel_nodes(nx.disjoint_union(nx.complete_graph(6), nx.complete_graph(5)), lambda n: f"account {n:02d}")
    >>> graph.add_edge("account 00", "account 06")
    >>> found = find_communities(graph)
    >>> found.loc[found["bridge"], ["account_id", "community", "joins"]].values.tolist()
    [['account 00', 1, [2]], ['account 06', 2, [1]]]
    """
    check_whole(min_accounts, "min_accounts", least=1)
    _check(graph, seed)
    networks = pd.Series(network_numbers(graph))
    rows: list[tuple[Any, ...]] = []
    for number, members in networks.groupby(networks):
        part = graph.subgraph(members.index)
        parts = louvain(part, seed) if len(members) >= min_accounts else [set(members.index)]
        parts.sort(key=lambda accounts: (-len(accounts), min(accounts)))
        home = {account: place for place, accounts in enumerate(parts, start=1) for account in accounts}
        for account, community in home.items():
            weights: Counter[int] = Counter()
            for other, data in part.adj[account].items():
                weights[home[other]] += int(data.get("weight", 1))
            total = weights.total()
            spread = 1 - sum(value**2 for value in weights.values()) / total**2 if total else 0.0
            joins = sorted(set(weights) - {community})
            rows.append((account, number, community, len(parts[community - 1]), spread, bool(joins), joins))
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return table.sort_values(["network", "community", "account_id"], ignore_index=True)
