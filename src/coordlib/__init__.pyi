# The public surface of coordlib, on one screen: each name is imported when it is first used.
# To add a name: one import line here and one entry in __all__.
from . import (
    describe,
    detect,
    errors,
    links,
    near,
    parameters,
    report,
    runs,
    significance,
    simulate,
    sources,
    store,
    tiktok,
    urls,
)
from .describe.accounts import account_stats
from .describe.calibration import calibrate
from .describe.objects import group_stats
from .describe.ranking import benchmark, rank_accounts
from .detect import (
    coordinated_edges,
    detect_groups,
    edges_to_graph,
    flag_speed_share,
    generate_coordinated_network,
)
from .detect.layers import detect_layers
from .detect.similar_pairs import similar_pairs
from .detect.sweep import sweep
from .errors import CoordError
from .links.coord_shares import get_coord_shares
from .links.interval import estimate_coord_interval
from .links.summaries import get_cluster_summary, get_component_summary
from .links.top_lists import get_top_coord_shares, get_top_coord_urls
from .posts import prep_data
from .report import charts
from .report.tables import Table
from .runs.checked import check_parameters
from .runs.discover import add_seeds, discover_seeds
from .runs.link_sharing import load_link_shares, make_link_report
from .runs.notebooks import run_notebook
from .runs.reporting import make_report, make_sweep_report
from .runs.stored import load_day, load_table
from .significance import edge_significance, network_significance
from .sources.exports import read_export
from .store import open_store
from .tiktok import TikTokResearch

__version__: str

__all__ = [
    "CoordError",
    "Table",
    "TikTokResearch",
    "account_stats",
    "add_seeds",
    "benchmark",
    "calibrate",
    "charts",
    "check_parameters",
    "coordinated_edges",
    "describe",
    "detect",
    "detect_groups",
    "detect_layers",
    "discover_seeds",
    "edge_significance",
    "edges_to_graph",
    "errors",
    "estimate_coord_interval",
    "flag_speed_share",
    "generate_coordinated_network",
    "get_cluster_summary",
    "get_component_summary",
    "get_coord_shares",
    "get_top_coord_shares",
    "get_top_coord_urls",
    "group_stats",
    "links",
    "load_day",
    "load_link_shares",
    "load_table",
    "make_link_report",
    "make_report",
    "make_sweep_report",
    "near",
    "network_significance",
    "open_store",
    "parameters",
    "prep_data",
    "rank_accounts",
    "read_export",
    "report",
    "run_notebook",
    "runs",
    "significance",
    "similar_pairs",
    "simulate",
    "sources",
    "store",
    "sweep",
    "tiktok",
    "urls",
]
