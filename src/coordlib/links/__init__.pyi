from .coord_shares import CoordShares, get_coord_shares
from .interval import CoordInterval, estimate_coord_interval
from .summaries import get_cluster_summary, get_component_summary, label_links
from .top_lists import get_top_coord_shares, get_top_coord_urls

__all__ = [
    "CoordInterval",
    "CoordShares",
    "estimate_coord_interval",
    "get_cluster_summary",
    "get_component_summary",
    "get_coord_shares",
    "get_top_coord_shares",
    "get_top_coord_urls",
    "label_links",
]
