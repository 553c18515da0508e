"""Everything a notebook shows, under one name: ``from coordlib.report import page``."""

from coordlib.report.banners import show_page_head
from coordlib.report.day_figures import (
    hours_of_day,
    network_sizes,
    pool_history,
    post_timeline,
    seconds_apart,
    weight_against_objects,
)
from coordlib.report.day_tables import (
    show_accounts,
    show_captions,
    show_hashtags,
    show_leads,
    show_networks,
    show_pairs,
    show_posts,
)
from coordlib.report.downloads import show_downloads
from coordlib.report.figures import show_figure
from coordlib.report.health import health_html
from coordlib.report.network_view import show_network, write_network
from coordlib.report.package import write_day
from coordlib.report.provenance import show_citation, show_provenance
from coordlib.report.summary import summary_facts
from coordlib.report.tables import show_facts, show_html, show_table, show_text
from coordlib.site.references import show_references

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
