"""From links to a network of accounts: weights, threshold, components, Louvain clusters."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd

from coordlib.links.bins import Links
from coordlib.links.communities import louvain
from coordlib.links.prepare import Ints, quantile7

#: Seed of the Louvain method where none is given.
DEFAULT_SEED = 1


@dataclass(frozen=True)
class LinkNetwork:
    """The kept edges and the accounts on them.

    Attributes
    ----------
    left, right, weight
        One row per edge: account numbers and number of URLs in common.
    minimum
        The quantile of all weights that an edge had to reach; nan without edges.
    accounts
        Account numbers in the order of the entities table.
    component, cluster, degree, strength
        One value per account, in the order of ``accounts``; components and clusters count from 1.
    """

    left: Ints
    right: Ints
    weight: Ints
    minimum: float
    accounts: Ints
    component: Ints
    cluster: Ints
    degree: Ints
    strength: Ints


def link_network(
    links: Links, percentile_edge_weight: float, *, seed: int, met: Ints | None = None
) -> LinkNetwork:
    """Count URLs per pair of accounts, keep the heavy edges, and find the groups among them.

    *met* gives the order in which CooRnet meets the accounts; components are then numbered in that
    order, otherwise by falling size and then by name.
    """
    left, right, weight = _weights(links)
    if not len(weight):
        none = np.zeros(0, dtype=np.int64)
        return LinkNetwork(none, none, none, float("nan"), none, none, none, none, none)
    minimum = quantile7(weight, percentile_edge_weight)
    heavy = weight >= minimum
    left, right, weight = left[heavy], right[heavy], weight[heavy]
    accounts = np.unique(np.concatenate([left, right]))
    if met is not None:
        accounts = met[np.isin(met, accounts)]
    place = dict(zip(accounts.tolist(), range(len(accounts)), strict=True))
    ends = [
        (place[a], place[b], w)
        for a, b, w in zip(left.tolist(), right.tolist(), weight.tolist(), strict=True)
    ]
    # Whole numbers inserted in order: neither the hash seed nor the row order can move a cluster.
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(accounts)))
    graph.add_weighted_edges_from(sorted((min(a, b), max(a, b), w) for a, b, w in ends))
    component = _components(graph, by_size=met is None)
    cluster = _clusters(graph, component, seed)
    degree = np.array([graph.degree(i) for i in range(len(accounts))], dtype=np.int64)
    strength = np.array([graph.degree(i, weight="weight") for i in range(len(accounts))], dtype=np.int64)
    network = LinkNetwork(left, right, weight, minimum, accounts, component, cluster, degree, strength)
    return network if met is not None else _by_component(network)


def _weights(links: Links) -> tuple[Ints, Ints, Ints]:
    frame = pd.DataFrame({"left": links.left, "right": links.right})
    counted = frame.groupby(["left", "right"], sort=True).size()
    left = counted.index.get_level_values("left").to_numpy(dtype=np.int64)
    right = counted.index.get_level_values("right").to_numpy(dtype=np.int64)
    return left, right, np.asarray(counted.to_numpy(), dtype=np.int64)


def _components(graph: nx.Graph[int], *, by_size: bool) -> Ints:
    groups = sorted(
        nx.connected_components(graph), key=lambda nodes: (-len(nodes) if by_size else 0, min(nodes))
    )
    return _membership(groups, graph.number_of_nodes())


def _clusters(graph: nx.Graph[int], component: Ints, seed: int) -> Ints:
    found = louvain(graph, seed)
    groups = sorted(found, key=lambda nodes: (int(component[min(nodes)]), min(nodes)))
    return _membership(groups, graph.number_of_nodes())


def _membership(groups: list[set[int]], size: int) -> Ints:
    numbers = np.zeros(size, dtype=np.int64)
    for number, nodes in enumerate(groups, start=1):
        numbers[list(nodes)] = number
    return numbers


def _by_component(network: LinkNetwork) -> LinkNetwork:
    order = np.lexsort((network.accounts, network.component))
    return LinkNetwork(
        network.left, network.right, network.weight, network.minimum, network.accounts[order],
        network.component[order], network.cluster[order], network.degree[order], network.strength[order],
    )  # fmt: skip
