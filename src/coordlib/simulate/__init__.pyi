from .links import simulate_link_shares
from .shares import simulate_data

__all__ = [
    "simulate_data",
    "simulate_link_shares",
]
