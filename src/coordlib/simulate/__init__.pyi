from .links import LinkWorld, simulate_link_shares
from .shares import (
    Groups,
    plant_groups,
    simulate_background,
    simulate_data,
    simulate_labelled,
    simulate_pattern,
)
from .world import World, WorldParameters, build_world

__all__ = [
    "Groups",
    "LinkWorld",
    "World",
    "WorldParameters",
    "build_world",
    "plant_groups",
    "simulate_background",
    "simulate_data",
    "simulate_labelled",
    "simulate_link_shares",
    "simulate_pattern",
]
