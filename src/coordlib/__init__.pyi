# The public surface of coordlib, on one screen: each name is imported when it is first used.
# To add a name: one import line here and one entry in __all__.
from .describe.accounts import describe_accounts
from .describe.day import day_counts, day_outcome
from .describe.labels import Label, add_labels, label_components
from .describe.leaders import account_leads, first_movers
from .describe.networks import describe_networks
from .describe.objects import hashtag_table, object_table
from .describe.posts import describe_posts, evidence_pairs, network_edges
from .describe.statistics import account_stats, group_stats
from .detect import (
    coordinated_edges,
    detect_groups,
    edges_to_graph,
    flag_speed_share,
    generate_coordinated_network,
)
from .detect.layers import combine_layers, detect_layers
from .detect.sweep import Sweep, sweep
from .links.coord_shares import CoordShares, get_coord_shares
from .links.interval import CoordInterval, estimate_coord_interval
from .links.summaries import get_cluster_summary, get_component_summary, label_links
from .links.top_lists import get_top_coord_shares, get_top_coord_urls
from .parameters import (
    ComponentAnalysis,
    DailyMonitoring,
    LinkSharing,
    Monitoring,
    OwnTable,
    ParameterSweep,
    SeedDiscovery,
)
from .posts import prep_data
from .report import charts, sweep_charts
from .report.link_charts import draw_url_timeline_chart
from .report.link_outputs import get_outputs, write_link_outputs
from .report.tables import Table
from .runs.bluesky_links import collect_links
from .runs.checked import check_parameters
from .runs.discover import add_seeds, discover_seeds, discovery_query
from .runs.import_shares import import_shares
from .runs.label_networks import label_link_networks, label_networks
from .runs.link_report import make_link_report
from .runs.link_sharing import detect_links, link_facts, load_link_shares
from .runs.notebooks import run_notebook
from .runs.reporting import make_report
from .runs.stored import load_day, load_discovery, load_table
from .runs.sweep import read_sweep, sweep_notebooks
from .runs.sweep_report import save_sweep, sweep_headline
from .significance import edge_significance, evidence_sentence, evidence_table
from .significance.network import network_sentence, network_significance
from .simulate.links import simulate_link_shares
from .simulate.shares import simulate_data
from .sources.archive import list_days, read_day
from .sources.bluesky import BlueskySearch
from .sources.ct_histdata import get_urls_from_ct_histdata
from .sources.exports import crowdtangle_link_shares, iter_export, load_mapping, read_export, to_shares
from .sources.label_endpoint import LabelEndpoint
from .sources.mediacloud import search_stories
from .sources.tweets import (
    load_many_tweets_json,
    load_tweets_json,
    load_twitter_users_json,
    normalize_text,
    preprocess_tweets,
    preprocess_twitter_users,
    remove_hashtags,
    reshape_tweets,
)
from .store import open_store
from .tiktok import TikTokResearch
from .urls import clean_urls

__version__: str

__all__ = [
    "BlueskySearch",
    "ComponentAnalysis",
    "CoordInterval",
    "CoordShares",
    "DailyMonitoring",
    "Label",
    "LabelEndpoint",
    "LinkSharing",
    "Monitoring",
    "OwnTable",
    "ParameterSweep",
    "SeedDiscovery",
    "Sweep",
    "Table",
    "TikTokResearch",
    "account_leads",
    "account_stats",
    "add_labels",
    "add_seeds",
    "charts",
    "check_parameters",
    "clean_urls",
    "collect_links",
    "combine_layers",
    "coordinated_edges",
    "crowdtangle_link_shares",
    "day_counts",
    "day_outcome",
    "describe_accounts",
    "describe_networks",
    "describe_posts",
    "detect_groups",
    "detect_layers",
    "detect_links",
    "discover_seeds",
    "discovery_query",
    "draw_url_timeline_chart",
    "edge_significance",
    "edges_to_graph",
    "estimate_coord_interval",
    "evidence_pairs",
    "evidence_sentence",
    "evidence_table",
    "first_movers",
    "flag_speed_share",
    "generate_coordinated_network",
    "get_cluster_summary",
    "get_component_summary",
    "get_coord_shares",
    "get_outputs",
    "get_top_coord_shares",
    "get_top_coord_urls",
    "get_urls_from_ct_histdata",
    "group_stats",
    "hashtag_table",
    "import_shares",
    "iter_export",
    "label_components",
    "label_link_networks",
    "label_links",
    "label_networks",
    "link_facts",
    "list_days",
    "load_day",
    "load_discovery",
    "load_link_shares",
    "load_many_tweets_json",
    "load_mapping",
    "load_table",
    "load_tweets_json",
    "load_twitter_users_json",
    "make_link_report",
    "make_report",
    "network_edges",
    "network_sentence",
    "network_significance",
    "normalize_text",
    "object_table",
    "open_store",
    "prep_data",
    "preprocess_tweets",
    "preprocess_twitter_users",
    "read_day",
    "read_export",
    "read_sweep",
    "remove_hashtags",
    "reshape_tweets",
    "run_notebook",
    "save_sweep",
    "search_stories",
    "simulate_data",
    "simulate_link_shares",
    "sweep",
    "sweep_charts",
    "sweep_headline",
    "sweep_notebooks",
    "to_shares",
    "write_link_outputs",
]
