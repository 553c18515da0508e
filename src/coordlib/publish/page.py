"""Everything a notebook shows, under one name: ``from coordlib.publish import page``."""

from coordlib.publish.banners import show_page_head
from coordlib.publish.day_figures import (
    hours_of_day,
    network_sizes,
    pool_history,
    post_timeline,
    seconds_apart,
    weight_against_objects,
)
from coordlib.publish.day_tables import (
    show_accounts,
    show_captions,
    show_hashtags,
    show_leads,
    show_networks,
    show_pairs,
    show_posts,
)
from coordlib.publish.downloads import show_downloads
from coordlib.publish.figures import show_figure
from coordlib.publish.health import health_html
from coordlib.publish.network_view import show_network, write_network
from coordlib.publish.package import write_day
from coordlib.publish.provenance import show_citation, show_provenance
from coordlib.publish.references import show_references
from coordlib.publish.summary import summary_facts
from coordlib.publish.tables import show_facts, show_html, show_table, show_text

__all__ = [
    "health_html",
    "hours_of_day",
    "network_sizes",
    "pool_history",
    "post_timeline",
    "seconds_apart",
    "show_accounts",
    "show_captions",
    "show_citation",
    "show_downloads",
    "show_facts",
    "show_figure",
    "show_hashtags",
    "show_html",
    "show_leads",
    "show_network",
    "show_networks",
    "show_page_head",
    "show_pairs",
    "show_posts",
    "show_provenance",
    "show_references",
    "show_table",
    "show_text",
    "summary_facts",
    "weight_against_objects",
    "write_day",
    "write_network",
]
