from .links import LinkWorld, simulate_link_shares
from .shares import (
    Groups,
    plant_groups,
    simulate_background,
    simulate_data,
    simulate_labelled,
    simulate_pattern,
)
from .world import World, build_world

__all__ = [
    "Groups",
    "LinkWorld",
    "World",
    "build_world",
    "plant_groups",
    "simulate_background",
    "simulate_data",
    "simulate_labelled",
    "simulate_link_shares",
    "simulate_pattern",
]
