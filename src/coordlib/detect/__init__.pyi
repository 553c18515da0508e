# Loaded when first used: who detects in a file does not wait for pandas and networkx.
from .edges import coordinated_edges
from .layers import combine_layers, detect_layers, layer_shares
from .network import edges_to_graph, generate_coordinated_network
from .pairs import detect_groups, flag_speed_share
from .sweep import Sweep
from .threshold import weight_quantile

__all__ = [
    "Sweep",
    "combine_layers",
    "coordinated_edges",
    "detect_groups",
    "detect_layers",
    "edges_to_graph",
    "flag_speed_share",
    "generate_coordinated_network",
    "layer_shares",
    "weight_quantile",
]
