"""The report's tables: which columns a reader sees first, how they are called, where they link to.

The files hold every column; the page shows those of ``layouts.csv``, in its order: those that fit a reader's eye. A line
there is a column: its table, its name, its heading, its format.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.report.tables import Table

#: Name of a table to its caption and the order of its rows (column, ascending).
_CAPTIONS: Mapping[str, tuple[str, Mapping[str, bool]]] = {
    "accounts": ("Accounts", {"network": True, "strength": False, "account_id": True}),
    "networks": ("Networks", {"network": True}),
    "posts": ("Coordinated posts", {"posted_at": False, "content_id": True}),
    "pairs": ("Pairs", {"network": True, "time_delta": True, "content_id": True, "content_id_y": True}),
    "leads": ("Who leads", {}),
    "objects": ("{Objects} shared", {}),
    "hashtags": ("Hashtags", {}),
    "component_summary": ("Components", {}),
    "cluster_summary": ("Clusters", {}),
    "highly_connected_coordinated_entities": ("Accounts", {}),
    "top_coord_urls": ("Top URLs", {}),
    "top_coord_shares": ("Top coordinated posts", {}),
}
#: Columns that are a link, to the column of its address.
_ADDRESSES = {
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
    (caption, order), layout = _CAPTIONS[name], LAYOUTS[name]
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
