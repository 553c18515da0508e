"""The report's tables: which columns a reader sees first, how they are called, where they link to.

The files hold every column; the page shows those that fit a reader's eye, in reading order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coordlib.addresses import account_address, video_address
from coordlib.report.tables import html_table, show_html

#: Column to (heading, format) per table, in the order of the page.
ACCOUNTS: Mapping[str, tuple[str, str | None]] = {
    "network": ("network", None),
    "account_id": ("account", None),
    "unique_shares_count": ("posts in pairs", ",d"),
    "avg_time_delta": ("mean seconds apart", ",.1f"),
    "avg_edge_symmetry_score": ("symmetry", ".2f"),
    "degree": ("partners", ",d"),
    "strength": ("strength", ",d"),
    "betweenness": ("betweenness", ".3f"),
    "lead_share": ("posts first", "percent"),
    "new": ("new to the pool", None),
    "avg_views": ("mean views", ",.0f"),
    "avg_likes": ("mean likes", ",.0f"),
    "avg_comments": ("mean comments", ",.1f"),
    "avg_shares": ("mean shares", ",.1f"),
    "first_seen": ("first post", "utc"),
    "last_seen": ("last post", "utc"),
}
NETWORKS: Mapping[str, tuple[str, str | None]] = {
    "network": ("network", None),
    "label": ("label", None),
    "n_accounts": ("accounts", ",d"),
    "n_posts": ("posts", ",d"),
    "n_objects": ("captions", ",d"),
    "n_edges": ("edges", ",d"),
    "density": ("density", ".2f"),
    "diameter": ("diameter", ",d"),
    "transitivity": ("transitivity", ".2f"),
    "coorscore": ("cooRscore", ",.1f"),
    "coordinated_share_ratio": ("coordinated share", "percent"),
    "avg_views": ("mean views", ",.0f"),
    "avg_likes": ("mean likes", ",.0f"),
    "first_seen": ("first post", "utc"),
    "last_seen": ("last post", "utc"),
    "accounts": ("members", None),
    "language": ("language", None),
    "label_method": ("label made by", None),
}
POSTS: Mapping[str, tuple[str, str | None]] = {
    "network": ("network", None),
    "posted_at": ("time (UTC)", "utc"),
    "account_id": ("account", None),
    "text": ("description", None),
    "n_accounts": ("accounts", ",d"),
    "views": ("views", ",d"),
    "likes": ("likes", ",d"),
    "comments": ("comments", ",d"),
    "shares": ("shares", ",d"),
    "content_id": ("post", None),
}
PAIRS: Mapping[str, tuple[str, str | None]] = {
    "network": ("network", None),
    "object_id": ("caption", None),
    "account_id": ("first account", None),
    "time_delta": ("seconds later", ",d"),
    "account_id_y": ("second account", None),
    "content_id": ("first post", None),
    "content_id_y": ("second post", None),
}
LEADS: Mapping[str, tuple[str, str | None]] = {
    "account_id": ("account", None),
    "n_pairs": ("pairs", ",d"),
    "n_led": ("pairs led", ",d"),
    "lead_share": ("share led", "percent"),
    "median_lead": ("median seconds ahead", ",.0f"),
    "n_first": ("captions posted first", ",d"),
}
CAPTIONS: Mapping[str, tuple[str, str | None]] = {
    "object_id": ("caption", None),
    "n_accounts": ("accounts", ",d"),
    "n_posts": ("posts", ",d"),
    "n_pairs": ("pairs", ",d"),
    "median_delta": ("median seconds apart", ",.0f"),
}
HASHTAGS: Mapping[str, tuple[str, str | None]] = {
    "hashtag": ("hashtag", None),
    "n_posts": ("posts", ",d"),
    "n_accounts": ("accounts", ",d"),
}


def show_accounts(accounts: pd.DataFrame, *, max_rows: int = 500, csv: str | None = None) -> None:
    """Show the accounts table, largest strength first within each network."""
    table = accounts.sort_values(["network", "strength", "account_id"], ascending=[True, False, True])
    _show(table, "Accounts", ACCOUNTS, max_rows, csv)


def show_networks(networks: pd.DataFrame, *, max_rows: int = 500, csv: str | None = None) -> None:
    """Show the networks table."""
    _show(networks.sort_values("network"), "Networks", NETWORKS, max_rows, csv)


def show_posts(posts: pd.DataFrame, *, max_rows: int = 500, csv: str | None = None) -> None:
    """Show the coordinated posts, newest first."""
    table = posts.sort_values(["posted_at", "content_id"], ascending=[False, True])
    _show(table, "Coordinated posts", POSTS, max_rows, csv)


def show_pairs(pairs: pd.DataFrame, *, max_rows: int = 500, csv: str | None = None) -> None:
    """Show the evidence: pairs of posts, closest first."""
    table = pairs.sort_values(["network", "time_delta", "content_id", "content_id_y"])
    _show(table, "Pairs", PAIRS, max_rows, csv)


def show_leads(leads: pd.DataFrame, *, max_rows: int = 500) -> None:
    """Show who posts first."""
    _show(leads, "Who leads", LEADS, max_rows, None)


def show_captions(captions: pd.DataFrame, *, max_rows: int = 500) -> None:
    """Show the shared captions."""
    _show(captions, "Captions shared", CAPTIONS, max_rows, None)


def show_hashtags(hashtags: pd.DataFrame, *, max_rows: int = 50) -> None:
    """Show the hashtags, most used first."""
    _show(hashtags, "Hashtags", HASHTAGS, max_rows, None)


def _show(
    frame: pd.DataFrame,
    caption: str,
    layout: Mapping[str, tuple[str, str | None]],
    max_rows: int,
    csv: str | None,
) -> None:
    columns = [name for name in layout if name in frame]
    table = frame[columns].copy()
    links: dict[str, Any] = {}
    for name in ("account_id", "account_id_y"):
        if name in table:
            links[name] = account_address
    for content, account in (("content_id", "account_id"), ("content_id_y", "account_id_y")):
        if content in table:
            ends = zip(frame[content].astype("str"), frame[account].astype("str"), strict=True)
            table[f"_{content}"] = [video_address(name, post) for post, name in ends]
            links[content] = f"_{content}"
    formats = {name: layout[name][1] for name in columns if layout[name][1]}
    labels = {name: layout[name][0] for name in columns}
    show_html(
        html_table(table, caption, formats=formats, labels=labels, links=links, max_rows=max_rows, csv=csv)  # type: ignore[arg-type]
    )
