"""The report's tables: which columns a reader sees first, how they are called, where they link to.

The files hold every column; the page shows those of ``layouts.csv``, in its order: those that fit a reader's eye. A line
there is a column: its table, its name, its heading, its format. The page shows the first six, the others behind
"more columns".
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from coordlib.report.tables import Table, is_missing

#: Name of a table to its caption and the order of its rows (column, ascending).
_CAPTIONS: Mapping[str, tuple[str, Mapping[str, bool]]] = {
    "accounts": ("Accounts", {"network": True, "strength": False, "account_id": True}),
    "networks": ("Networks", {"network": True}),
    "posts": (
        "Coordinated posts",
        {"network": True, "text": True, "posted_at": True, "content_id": True},
    ),
    "pairs": (
        "Pairs",
        {"network": True, "object_id": True, "time_delta": True, "content_id": True, "content_id_y": True},
    ),
    "discovered": ("Pairs that share more than their activity explains", {}),
    "edges": ("Edges", {"weight": False, "account_id": True, "account_id_y": True}),
    "leads": ("Who leads", {}),
    "objects": ("{Objects} shared", {}),
    "hashtags": ("Hashtags", {}),
    "component_summary": ("Components", {}),
    "cluster_summary": ("Clusters", {}),
    "highly_connected_coordinated_entities": ("Accounts", {}),
    "top_coord_urls": ("Top URLs", {}),
    "top_coord_shares": ("Top coordinated posts", {}),
}
#: Columns that are a link, to the column of its address; the first that a table has is the link.
_ADDRESSES = {
    "posted_at": "url",
    "content_id": "url",
    "content_id_y": "url_y",
    "name": "name",
    "expanded": "expanded",
    "postUrl": "postUrl",
}


def _read() -> dict[str, dict[str, tuple[str, str | None]]]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[1:]
    return {
        table: {
            name: (heading, form or None) for tables, name, heading, form in lines if table in tables.split()
        }
        for table in _CAPTIONS
    }


#: Name of a table to its columns: heading and format (see :func:`coordlib.report.tables.html_table`).
LAYOUTS = _read()

#: Tables whose rows have an address: what a row is, and the column that tells it from the others.
_ROWS = {
    "accounts": ("account", "account_id"),
    "posts": ("post", "content_id"),
    "networks": ("network", "network"),
    "component_summary": ("component", "component"),
    "highly_connected_coordinated_entities": ("account", "name"),
    "top_coord_urls": ("url", "rank"),
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
    """Return one of the report's tables: its columns in reading order, with headings, links and formats."""
    (caption, order), layout = _CAPTIONS[name], LAYOUTS[name]
    words = {"object": word, "objects": f"{word}s", "Objects": f"{word}s".capitalize()}
    rows = frame.sort_values(list(order), ascending=list(order.values())) if order else frame
    columns = [column for column in layout if column in rows]
    table = rows[columns].copy()
    links: dict[str, Any] = {}
    linked: set[str] = set()
    for account in ("account_id", "account_id_y"):
        if account in table and pages:
            links[account] = pages.get
    for content, url in _ADDRESSES.items():
        if content in table and url in rows and url not in linked:
            linked.add(url)
            table[f"_{url}"] = rows[url]
            links[content] = f"_{url}"
    if "network" in table:
        table["_evidence"] = _places(rows["network"], rows.get("account_id"))
        links["network"] = "_evidence"
    kind, key = _ROWS.get(name, ("", ""))
    if key in table:
        table["_row"] = [f"{kind}-row-{quote(str(value), safe='')}" for value in table[key]]
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
