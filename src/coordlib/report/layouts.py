"""The report's tables: which columns a reader sees first, how they are called, where they link to.

The files hold every column; the page shows those that fit a reader's eye, in reading order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coordlib.report.tables import Table

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
    "n_objects": ("{objects}", ",d"),
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
    "label_method": ("label made by", None),
}
POSTS: Mapping[str, tuple[str, str | None]] = {
    "network": ("network", None),
    "posted_at": ("time (UTC)", "utc"),
    "account_id": ("account", None),
    "text": ("text", None),
    "n_accounts": ("accounts", ",d"),
    "views": ("views", ",d"),
    "likes": ("likes", ",d"),
    "comments": ("comments", ",d"),
    "shares": ("shares", ",d"),
    "content_id": ("post", None),
}
PAIRS: Mapping[str, tuple[str, str | None]] = {
    "network": ("network", None),
    "object_id": ("{object}", None),
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
    "n_first": ("{objects} posted first", ",d"),
}
OBJECTS: Mapping[str, tuple[str, str | None]] = {
    "object_id": ("{object}", None),
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

#: The tables of a report of link sharing have CooRnet's column names.
LINK_GROUPS: Mapping[str, tuple[str, str | None]] = {
    "component": ("component", None),
    "cluster": ("cluster", None),
    "entities": ("accounts", None),
    "cooRshare_ratio.avg": ("coordinated", "percent"),
    "label": ("label", None),
    "label.method": ("label made by", None),
    "cooRscore.avg": ("URLs per tie", ",.1f"),
    "top.parent_domain": ("top domains", None),
    "unique.parent_domain": ("domains", None),
    "gini.parent_domain": ("Gini", ".2f"),
    "avg.subscriberCount": ("subscribers", ",.0f"),
    "pageAdminTopCountry": ("country", None),
}
LINK_ACCOUNTS: Mapping[str, tuple[str, str | None]] = {
    "component": ("component", None),
    "cluster": ("cluster", None),
    "name": ("account", None),
    "account.name": ("name", None),
    "shares": ("posts", None),
    "coord.shares": ("coordinated", None),
    "degree": ("ties", None),
    "strength": ("URLs", None),
    "account.avg.subscriberCount": ("subscribers", ",.0f"),
    "account.accountType": ("type", None),
}
LINK_URLS: Mapping[str, tuple[str, str | None]] = {
    "components": ("components", None),
    "rank": ("rank", None),
    "expanded": ("URL", None),
    "engagement": ("engagement", None),
    "shares": ("posts", None),
    "cooR.shares": ("coordinated", None),
    "comments.shares.ratio": ("comments vs. shares", "+.2f"),
    "accounts": ("accounts", None),
}
LINK_POSTS: Mapping[str, tuple[str, str | None]] = {
    "component": ("component", None),
    "rank": ("rank", None),
    "date": ("time (UTC)", "utc"),
    "account.name": ("account", None),
    "message": ("message", None),
    "expanded": ("URL", None),
    "engagement": ("engagement", None),
    "postUrl": ("post", None),
}

#: Name of a table to its caption, its columns, and the order of its rows (column, ascending).
LAYOUTS: Mapping[str, tuple[str, Mapping[str, tuple[str, str | None]], Mapping[str, bool]]] = {
    "accounts": ("Accounts", ACCOUNTS, {"network": True, "strength": False, "account_id": True}),
    "networks": ("Networks", NETWORKS, {"network": True}),
    "posts": ("Coordinated posts", POSTS, {"posted_at": False, "content_id": True}),
    "pairs": (
        "Pairs",
        PAIRS,
        {"network": True, "time_delta": True, "content_id": True, "content_id_y": True},
    ),
    "leads": ("Who leads", LEADS, {}),
    "objects": ("{Objects} shared", OBJECTS, {}),
    "hashtags": ("Hashtags", HASHTAGS, {}),
    "component_summary": ("Components", LINK_GROUPS, {}),
    "cluster_summary": ("Clusters", LINK_GROUPS, {}),
    "highly_connected_coordinated_entities": ("Accounts", LINK_ACCOUNTS, {}),
    "top_coord_urls": ("Top URLs", LINK_URLS, {}),
    "top_coord_shares": ("Top coordinated posts", LINK_POSTS, {}),
}
#: Columns that are a link, to the column of its address.
_ADDRESSES = {
    "content_id": "url",
    "content_id_y": "url_y",
    "name": "name",
    "expanded": "expanded",
    "postUrl": "postUrl",
}


def report_table(
    name: str,
    frame: pd.DataFrame,
    *,
    max_rows: int = 500,
    csv: str | None = None,
    word: str = "caption",
    pages: Mapping[str, str] | None = None,
) -> Table:
    """Return one of the report's tables: its columns in reading order, with headings, links and formats.

    Parameters
    ----------
    name
        A name of :data:`LAYOUTS`.
    frame
        The table with all its columns.
    max_rows
        Rows shown; the note below says how many there are.
    csv
        Relative address of the file with all rows.
    word
        What one shared object is called.
    pages
        Address of an account's page by account; accounts without one are no links.
    """
    caption, layout, order = LAYOUTS[name]
    words = {"object": word, "objects": f"{word}s", "Objects": f"{word}s".capitalize()}
    rows = frame.sort_values(list(order), ascending=list(order.values())) if order else frame
    columns = [column for column in layout if column in rows]
    table = rows[columns].copy()
    links: dict[str, Any] = {}
    for account in ("account_id", "account_id_y"):
        if account in table and pages:
            links[account] = pages.get
    for content, url in _ADDRESSES.items():
        if content in table and url in rows:
            table[f"_{url}"] = rows[url]
            links[content] = f"_{url}"
    formats = {column: form for column in columns if (form := layout[column][1])}
    labels = {column: layout[column][0].format(**words) for column in columns}
    return Table(
        table,
        caption.format(**words),
        formats=formats,
        labels=labels,
        links=links,
        max_rows=max_rows,
        csv=csv,
    )
