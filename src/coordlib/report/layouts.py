"""The report's tables: which columns a reader sees first, how they are called, where they link to.

The files hold every column; of those here the page shows the first six, the others behind "more columns".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pandas as pd

from coordlib.report.tables import Table, is_missing

#: Column to (heading, format) per table, in the order of the page.
ACCOUNTS: Mapping[str, tuple[str, str | None]] = {
    "account_id": ("account", None),
    "network": ("network", None),
    "evidence": ("evidence", None),
    "unique_shares_count": ("posts in pairs", ",d"),
    "degree": ("partners", ",d"),
    "avg_time_delta": ("mean seconds apart", ",.1f"),
    "new": ("new to the pool", None),
    "strength": ("strength", ",d"),
    "lead_share": ("posts first", "percent"),
    "avg_edge_symmetry_score": ("symmetry", ".2f"),
    "betweenness": ("betweenness", ".3f"),
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
    "evidence": ("evidence", None),
    "n_accounts": ("accounts", ",d"),
    "n_posts": ("posts", ",d"),
    "n_objects": ("{objects}", ",d"),
    "first_seen": ("first post", "utc"),
    "n_edges": ("edges", ",d"),
    "n_significant": ("significant edges", ",d"),
    "n_undecided": ("undecided edges", ",d"),
    "density": ("density", ".2f"),
    "diameter": ("diameter", ",d"),
    "transitivity": ("transitivity", ".2f"),
    "coorscore": ("cooRscore", ",.1f"),
    "coordinated_share_ratio": ("coordinated share", "percent"),
    "avg_views": ("mean views", ",.0f"),
    "avg_likes": ("mean likes", ",.0f"),
    "last_seen": ("last post", "utc"),
    "accounts": ("members", None),
    "label_method": ("label made by", None),
}
POSTS: Mapping[str, tuple[str, str | None]] = {
    "posted_at": ("time (UTC)", "utc"),
    "account_id": ("account", None),
    "network": ("network", None),
    "n_accounts": ("accounts", ",d"),
    "views": ("views", ",d"),
    "likes": ("likes", ",d"),
    "comments": ("comments", ",d"),
    "shares": ("shares", ",d"),
    "content_id": ("post", None),
    "text": ("text", None),
}
PAIRS: Mapping[str, tuple[str, str | None]] = {
    "account_id": ("first account", None),
    "time_delta": ("seconds later", ",d"),
    "account_id_y": ("second account", None),
    "network": ("network", None),
    "content_id": ("first post", None),
    "content_id_y": ("second post", None),
    "object_id": ("{object}", None),
}
DISCOVERED: Mapping[str, tuple[str, str | None]] = {
    "evidence": ("evidence", None),
    "account_id": ("account", None),
    "account_id_y": ("other account", None),
    "n_objects": ("{objects}", ",d"),
    "occasions": ("occasions", ",d"),
    "episodes": ("meetings", ",d"),
    "weight": ("weight", ",d"),
    "closed_share": ("of those around, met", "percent"),
    "others_present": ("others around", ",d"),
    "kept": ("in the network", None),
    "network": ("network", None),
    "added": ("second look", None),
    "q_value": ("q", ".2g"),
}
EDGES: Mapping[str, tuple[str, str | None]] = {
    "account_id": ("account", None),
    "account_id_y": ("other account", None),
    "evidence": ("evidence", None),
    "weight": ("weight", ",d"),
    "n_objects": ("{objects}", ",d"),
    "occasions": ("occasions", ",d"),
    "episodes": ("meetings", ",d"),
    "avg_time_delta": ("mean seconds apart", ",.1f"),
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

#: Name of a table to its caption, its columns, and the order of its rows (column, ascending).
LAYOUTS: Mapping[str, tuple[str, Mapping[str, tuple[str, str | None]], Mapping[str, bool]]] = {
    "accounts": ("Accounts", ACCOUNTS, {"network": True, "strength": False, "account_id": True}),
    "networks": ("Networks", NETWORKS, {"network": True}),
    "posts": (
        "Coordinated posts",
        POSTS,
        {"network": True, "text": True, "posted_at": True, "content_id": True},
    ),
    "pairs": (
        "Pairs",
        PAIRS,
        {
            "network": True,
            "object_id": True,
            "time_delta": True,
            "content_id": True,
            "content_id_y": True,
        },
    ),
    "discovered": ("Pairs that share more than their activity explains", DISCOVERED, {}),
    "edges": ("Edges", EDGES, {"weight": False, "account_id": True, "account_id_y": True}),
    "leads": ("Who leads", LEADS, {}),
    "objects": ("{Objects} shared", OBJECTS, {}),
    "hashtags": ("Hashtags", HASHTAGS, {}),
}

#: Column that stands once above the rows that share it.
_GROUPS = {"posts": "text", "pairs": "object_id"}


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
    for content, url in (("content_id", "url"), ("content_id_y", "url_y"), ("posted_at", "url")):
        if content in table and url in rows:
            table[f"_{url}"] = rows[url]
            links[content] = f"_{url}"
    if "network" in table:
        table["_evidence"] = _places(rows["network"], rows.get("account_id"))
        links["network"] = "_evidence"
    key = {"accounts": "account_id", "posts": "content_id", "networks": "network"}.get(name)
    if key in table:
        table["_row"] = [f"{name[:-1]}-row-{quote(str(value), safe='')}" for value in table[key]]
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
        table=name,
        group=_GROUPS.get(name) if _GROUPS.get(name) in table else None,
        row_id="_row" if "_row" in table else None,
    )


def _places(networks: pd.Series, accounts: pd.Series | None) -> list[str]:
    """Where on the page the evidence of each row is."""
    names = [""] * len(networks) if accounts is None else ["/" + quote(str(a), safe="") for a in accounts]
    ends = zip(networks, names, strict=True)
    return ["" if is_missing(number) else f"#network-{int(number)}{name}" for number, name in ends]
