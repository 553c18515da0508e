"""Detect, describe and publish coordinated sharing on social media.

The steps of a notebook are listed in ``__init__.pyi``; everything else is in its room: ``cl.describe``, ``cl.detect``, ``cl.links``,
``cl.sources``, ``cl.tiktok``, ``cl.runs``, ``cl.simulate``. Each name is loaded when it is first used, so that a
notebook that only detects does not wait for the parts that run notebooks or collect.
"""

from typing import Any

import lazy_loader

__version__ = "0.1.0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

#: Names that were at the top once, by the room that has them now. They go with the next version.
_MOVED = {
    "describe": "Label account_leads add_labels day_counts day_outcome describe_accounts describe_networks describe_posts "
    "first_movers hashtag_table label_components network_edges object_table",
    "detect": "combine_layers layer_shares",
    "links": "CoordInterval CoordShares label_links",
    "parameters": "ComponentAnalysis DailyMonitoring LinkSharing Monitoring OwnTable ParameterSweep SeedDiscovery",
    "report": "draw_url_timeline_chart get_outputs write_link_outputs",
    "significance": "evidence_sentence evidence_table network_sentence",
    "runs": "collect_links detect_links discovery_query import_shares label_link_networks label_networks link_facts "
    "load_discovery read_sweep sweep_notebooks",
    "simulate": "simulate_data simulate_link_shares",
    "urls": "clean_urls",
    "sources": "BlueskySearch LabelEndpoint crowdtangle_link_shares get_urls_from_ct_histdata iter_export list_days "
    "load_many_tweets_json load_mapping load_tweets_json load_twitter_users_json normalize_text preprocess_tweets "
    "preprocess_twitter_users read_day remove_hashtags reshape_tweets search_stories to_shares",
}
#: Those that are called otherwise now, with their place.
_RENAMED = {"caption_table": "describe.object_table", "evidence_pairs": "describe.network_pairs"}
#: Names of steps that the report of a sweep does now; they go with the next version.
_OF_A_SWEEP = {"sweep_headline": "headline", "save_sweep": "save"}


def __getattr__(name: str) -> Any:
    moved = {name: f"{room}.{name}" for room, names in _MOVED.items() for name in names.split()} | _RENAMED
    if name not in moved and name not in _OF_A_SWEEP:
        return _load(name)
    import importlib
    import warnings

    room, _, new = moved.get(name, f"runs.reporting.{name}").rpartition(".")
    place = moved.get(name) or f"make_sweep_report(…).{_OF_A_SWEEP[name]}"
    warnings.warn(f"coordlib.{name} is now coordlib.{place}", DeprecationWarning, stacklevel=2)
    return getattr(importlib.import_module(f"coordlib.{room}"), new)
