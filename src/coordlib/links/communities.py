"""Clusters inside a network: the Louvain method in whole numbers, so that it always ends."""

from __future__ import annotations

import random
from collections import defaultdict

import networkx as nx


def louvain(graph: nx.Graph[int], seed: int = 1, weight: str = "weight") -> list[set[int]]:
    """Return the communities that maximise modularity greedily, level by level.

    Parameters
    ----------
    graph
        Undirected; edge weights are whole numbers (absent: 1).
    seed
        Order in which accounts are tried; the same seed gives the same communities under any hash seed.

    Returns
    -------
    list of set
        A partition of the nodes.

    Notes
    -----
    Moving node i of degree k into community C changes modularity by (k_iC / m − tot_C · k / 2m²). Multiplied by 2m² it
    is a whole number, and a node moves only when the community gains by it: each move raises modularity by at
    least 1 / 2m², so there are finitely many. In floating point, two moves of equal gain can undo each other for ever
    (networkx issue 8739: a graph of seven nodes never returned).

    References
    ----------
    Blondel, V. D., Guillaume, J.-L., Lambiotte, R., & Lefebvre, E. (2008). Fast unfolding of communities in large
    networks. J. Stat. Mech. P10008, https://doi.org/10.1088/1742-5468/2008/10/P10008

    Examples
    --------
    >>> two = nx.disjoint_union(nx.complete_graph(4), nx.complete_graph(4))
    >>> two.add_edge(0, 4)
    >>> sorted(map(sorted, louvain(two)))
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    shuffle = random.Random(seed)
    links: dict[int, dict[int, int]] = {node: defaultdict(int) for node in sorted(graph)}
    for a, b, value in sorted(graph.edges(data=weight, default=1)):
        links[a][b] += int(value)
        if a != b:
            links[b][a] += int(value)
    members = {node: {node} for node in links}
    while True:
        community = _one_level(links, shuffle)
        if len(set(community.values())) == len(links):
            return list(members.values())
        together: dict[int, set[int]] = defaultdict(set)
        merged: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for node, place in community.items():
            together[place] |= members[node]
            merged[place]  # a community without links is one all the same
            for other, value in links[node].items():
                if place != community[other] or node <= other:  # inside a community each link once
                    merged[place][community[other]] += value
        links = {place: dict(merged[place]) for place in sorted(merged)}
        members = {place: together[place] for place in links}


def _one_level(links: dict[int, dict[int, int]], shuffle: random.Random) -> dict[int, int]:
    """Move nodes to the neighbouring community they gain most by, until none does."""
    degree = {node: sum(near.values()) + near.get(node, 0) for node, near in links.items()}
    total = sum(degree.values())  # 2m
    community = {node: node for node in links}
    size = dict(degree)
    order = list(links)
    shuffle.shuffle(order)
    moved = total > 0
    while moved:
        moved = False
        for node in order:
            home = community[node]
            shared: dict[int, int] = defaultdict(int)
            for other, value in links[node].items():
                if other != node:
                    shared[community[other]] += value
            size[home] -= degree[node]
            best, most = home, shared[home] * total - size[home] * degree[node]
            for place in sorted(shared):
                gain = shared[place] * total - size[place] * degree[node]
                if gain > most:
                    best, most = place, gain
            size[best] += degree[node]
            if best != home:
                community[node] = best
                moved = True
    return community
