"""The data dictionary: what every column of a report's files means, from one source (``dictionary.csv``).

A report's README, its datapackage.json, the site's data-dictionary page and docs/link-sharing.md are all made from here.
To add a column, add its line.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

#: What a row of each table is, in the order a reader meets the tables.
_ROWS = {
    "network": {
        "accounts": "one account of the day's coordinated network",
        "networks": "one network (connected component) of the day",
        "posts": "one post that is in at least one pair behind a retained edge",
        "edges": "two accounts that posted the same things at nearly the same time more often than the threshold",
        "pairs": "the evidence: two posts of one object within the time window, behind a retained edge",
        "discovered": "two accounts that share more than their activity explains, kept by the threshold or not",
    },
    "links": {
        "highly_connected_coordinated_entities": "one account of the network",
        "component_summary": "one connected component of the network",
        "cluster_summary": "one Louvain cluster of the network",
        "top_coord_urls": "one URL that the network shared in a coordinated way",
        "top_coord_shares": "one coordinated post of the network",
        "edges": "two accounts that are tied by the URLs both shared within the coordination interval",
        "ct_shares_marked": "one post of a URL that was shared more than once",
    },
}


@dataclass(frozen=True)
class Column:
    """One column: name, Frictionless type, unit, definition, formula, source."""

    name: str
    type: str
    definition: str = ""
    unit: str = ""
    formula: str = ""
    source: str = ""


@dataclass(frozen=True)
class Table:
    """One file of a report: its name, what a row is, and its columns."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)


def _read() -> dict[str, tuple[Table, ...]]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        lines = [(kind, tables.split(), Column(*cells)) for kind, tables, *cells in csv.reader(file)]
    return {
        kind: tuple(
            Table(name, row, tuple(c for k, tables, c in lines if k == kind and name in tables))
            for name, row in rows.items()
        )
        for kind, rows in _ROWS.items()
    }


_TABLES = _read()
#: Every table of a day.
TABLES = _TABLES["network"]
#: Every table of a report of link sharing, under CooRnet's names.
LINK_TABLES = _TABLES["links"]


def tables_of(kind: object) -> dict[str, Table]:
    """Return the tables of a kind of report by name."""
    return {table.name: table for table in (LINK_TABLES if kind == "links" else TABLES)}


def describe_column(table: str, name: str, kind: object = None) -> Column:
    """Return what is known about a column of a kind of report; an unknown one has no definition.

    Examples
    --------
    >>> describe_column("edges", "n_objects").unit
    'objects'
    >>> describe_column("edges", "weight", "links").unit
    'URLs'
    """
    known = tables_of(kind).get(table)
    columns = {column.name: column for column in known.columns} if known else {}
    return columns.get(name, Column(name, "any"))
