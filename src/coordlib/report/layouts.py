"""The report's tables: which columns a reader sees first, how they are called, where they link to (``layouts.csv``).

A line there without a column is a table: its caption and order; any other is a column, the first six of which a page shows.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from coordlib.report.tables import Table, is_missing

#: Columns that are a link, to the column of its address; the first that a table has is the link.
_ADDRESSES = {
    "posted_at": "url",
    "content_id": "url",
    "content_id_y": "url_y",
    "name": "name",
    "expanded": "expanded",
    "postUrl": "postUrl",
}


with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as _file:
    _LINES = list(csv.reader(_file))[1:]
#: Name of a table to its caption and the columns its rows are ordered by (with a minus the largest first).
_CAPTIONS = {tables: (caption, order.split()) for tables, name, caption, order in _LINES if not name}
#: Name of a table to its columns: heading and format (see :class:`coordlib.Table`).
LAYOUTS = {
    table: {
        name: (head, form or None) for tables, name, head, form in _LINES if name and table in tables.split()
    }
    for table in _CAPTIONS
}

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
    (caption, by), layout = _CAPTIONS[name], LAYOUTS[name]
    words = {"object": word, "objects": f"{word}s", "Objects": f"{word}s".capitalize()}
    rows = frame
    if by:
        rows = frame.sort_values([one.lstrip("-") for one in by], ascending=[one[0] != "-" for one in by])
    columns = [column for column in layout if column in rows]
    table = rows[columns].copy()
    links: dict[str, Any] = {}
    if pages:
        links = {column: pages.get for column in ("account_id", "account_id_y") if column in table}
    for content, url in _ADDRESSES.items():
        if content in table and url in rows and f"_{url}" not in links.values():
            table[f"_{url}"] = rows[url]
            links[content] = f"_{url}"
    if "network" in table:
        # Where on the page the evidence of each row is.
        accounts = [f"/{quote(str(name), safe='')}" for name in rows.get("account_id", ())] or [""] * len(
            rows
        )
        ends = zip(rows["network"], accounts, strict=True)
        table["_evidence"] = ["" if is_missing(n) else f"#network-{int(n)}{name}" for n, name in ends]
        links["network"] = "_evidence"
    kind, key = _ROWS.get(name, ("", ""))
    if key in table:
        table["_row"] = [f"{kind}-row-{quote(str(value), safe='')}" for value in table[key]]
    group = _GROUPS.get(name)
    return Table(
        table,
        caption.format(**words),
        formats={column: form for column in columns if (form := layout[column][1])},
        labels={column: layout[column][0].format(**words) for column in columns},
        links=links,
        max_rows=max_rows,
        csv=csv,
        table=name,
        group=group if group in table else None,
        row_id="_row" if "_row" in table else None,
    )
