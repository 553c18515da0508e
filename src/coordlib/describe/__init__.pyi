from .accounts import account_leads, account_stats, describe_accounts, edge_leads, first_movers
from .calibration import calibrate, calibration_table
from .communities import find_communities, louvain
from .day import day_counts, day_outcome
from .labels import Label, add_labels, label_components
from .networks import describe_networks
from .objects import group_stats, hashtag_table, object_edges, object_table
from .posts import describe_posts, evidence_pairs, network_edges, network_pairs
from .ranking import benchmark, rank_accounts

__all__ = [
    "Label",
    "account_leads",
    "account_stats",
    "add_labels",
    "benchmark",
    "calibrate",
    "calibration_table",
    "day_counts",
    "day_outcome",
    "describe_accounts",
    "describe_networks",
    "describe_posts",
    "edge_leads",
    "evidence_pairs",
    "find_communities",
    "first_movers",
    "group_stats",
    "hashtag_table",
    "label_components",
    "louvain",
    "network_edges",
    "network_pairs",
    "object_edges",
    "object_table",
    "rank_accounts",
]
