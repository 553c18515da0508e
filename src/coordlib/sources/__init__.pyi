from .archive import ArchiveDay, list_days, read_day
from .bluesky import BlueskySearch, Page, Position, Search
from .exports import crowdtangle_link_shares, iter_export, load_mapping, read_export, to_shares
from .exports.mapping import Format, ObjectSource, TimeSource
from .exports.model import Export, ExportReport
from .exports.shares import get_urls_from_ct_histdata
from .label_endpoint import EndpointAnswer, LabelEndpoint
from .mediacloud import search_stories
from .text_layout import Dialect
from .tweets import (
    load_many_tweets_json,
    load_tweets_json,
    load_twitter_users_json,
    normalize_text,
    preprocess_tweets,
    preprocess_twitter_users,
    remove_hashtags,
    reshape_tweets,
)

__all__ = [
    "ArchiveDay",
    "BlueskySearch",
    "Dialect",
    "EndpointAnswer",
    "Export",
    "ExportReport",
    "Format",
    "LabelEndpoint",
    "ObjectSource",
    "Page",
    "Position",
    "Search",
    "TimeSource",
    "crowdtangle_link_shares",
    "get_urls_from_ct_histdata",
    "iter_export",
    "list_days",
    "load_many_tweets_json",
    "load_mapping",
    "load_tweets_json",
    "load_twitter_users_json",
    "normalize_text",
    "preprocess_tweets",
    "preprocess_twitter_users",
    "read_day",
    "read_export",
    "remove_hashtags",
    "reshape_tweets",
    "search_stories",
    "to_shares",
]
