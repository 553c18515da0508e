"""Shares to pairs, pairs to edges, edges to the coordination network."""

from coordlib.detect.edges import coordinated_edges, weight_quantile
from coordlib.detect.network import edges_to_graph, generate_coordinated_network
from coordlib.detect.pairs import detect_groups
from coordlib.detect.speed import flag_speed_share

__all__ = [
    "coordinated_edges",
    "detect_groups",
    "edges_to_graph",
    "flag_speed_share",
    "generate_coordinated_network",
    "weight_quantile",
]
