from .groups import Groups, plant_groups, simulate_background, simulate_labelled, simulate_pattern
from .links import simulate_link_shares
from .shares import simulate_data

__all__ = [
    "Groups",
    "plant_groups",
    "simulate_background",
    "simulate_data",
    "simulate_labelled",
    "simulate_link_shares",
    "simulate_pattern",
]
