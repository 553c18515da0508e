# Loaded when first used: who detects in a file does not wait for pandas and networkx.
from .edges import coordinated_edges
from .network import edges_to_graph, generate_coordinated_network
from .pairs import detect_groups
from .speed import flag_speed_share
from .threshold import weight_quantile

__all__ = [
    "coordinated_edges",
    "detect_groups",
    "edges_to_graph",
    "flag_speed_share",
    "generate_coordinated_network",
    "weight_quantile",
]
