"""The data dictionary: what every column and number means, from one source (``dictionary.csv``), and the links that lead there."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from coordlib.report.words import escape, raw_block

#: From a report's page to the folder of the site's own pages.
UP = "../../"


@dataclass(frozen=True)
class Column:
    """One column or number: name, Frictionless type, unit, definition, formula, source."""

    name: str
    type: str
    definition: str = ""
    unit: str = ""
    formula: str = ""
    source: str = ""


@dataclass(frozen=True)
class Table:
    """One table: its name, what a row is, the function that makes it, and its columns."""

    name: str
    row: str
    made_by: str
    columns: tuple[Column, ...]


def _read(kind: str) -> tuple[Table, ...]:
    """The tables of a kind, in the order a reader meets them: a line without a column says what a row is and what makes it."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        lines = [
            (tables.split(), Column(*cells)) for found, tables, *cells in csv.reader(file) if found == kind
        ]
    columns = [(tables, column) for tables, column in lines if column.name]
    return tuple(
        Table(name, about.definition, about.source, tuple(c for tables, c in columns if name in tables))
        for (name, *_), about in lines
        if not about.name
    )


#: The tables of a day, those that stand on pages and in no file, and those of link sharing under CooRnet's names.
TABLES, SHOWN, LINK_TABLES = _read("network"), _read("shown"), _read("links")
#: Name of a table to what is known of its columns; a day's edges go before those of link sharing.
_KNOWN = {table.name: {one.name: one for one in table.columns} for table in (*LINK_TABLES, *SHOWN, *TABLES)}


def tables_of(kind: object) -> dict[str, Table]:
    """Return the tables of a kind of report by name."""
    return {table.name: table for table in (LINK_TABLES if kind == "links" else TABLES)}


def describe_column(table: str, name: str, kind: object = None) -> Column:
    """Return what is known about a column of a kind of report; an unknown one has no definition."""
    known = tables_of(kind).get(table)
    columns = {column.name: column for column in known.columns} if known else {}
    return columns.get(name, Column(name, "any"))


def anchor(table: str, column: str) -> str:
    """Return the name of a column's or number's place on the data-dictionary page."""
    return f"{table}-{column}".replace(" ", "-").replace("'", "").lower()


def explained(table: str, column: str) -> Column | None:
    """Return what is known about a column or number; None where nothing is."""
    return _KNOWN.get(table, {}).get(column)


def how(table: str, column: str | None = None, up: str = UP, *, told: bool = True) -> str:
    """Return the small link to how a number (or with a table alone all of it) is counted; empty where nothing is known."""
    if column is None:
        place, words, name = f"table-{table}", f"How the {table} are made", table
    elif known := explained(table, column):
        place, words, name = anchor(table, column), known.definition, column.replace("_", " ")
    else:
        return ""
    title = f' title="{escape(words)}"' if told else ""
    return (
        f'<a class="cl-how" href="{escape(up)}data-dictionary.html#{escape(place)}"{title} '
        f'aria-label="How it is {"made" if column is None else "counted"}: {escape(name)}">how</a>'
    )


def dictionary_page() -> str:
    """Return every table, column and number as Markdown, each with a place of its own to link to."""
    parts = []
    links = [table for table in LINK_TABLES if table.name not in {day.name for day in TABLES}]
    for table in (*TABLES, *SHOWN, *links):
        is_file = table not in SHOWN
        head = f"{table.name}.csv" if is_file else table.name.capitalize()
        rows = "".join(_row(table.name, column, is_file) for column in table.columns)
        names = ("column" if is_file else "number", "definition", "formula", "source", "type and unit")
        heads = "".join(f'<th scope="col">{name}</th>' for name in names)
        parts += [
            f"## {head}",
            f"A row is {table.row}." + (f" Made by `{table.made_by}`." if table.made_by else ""),
            raw_block(
                f'<div class="cl-dictionary" id="table-{escape(table.name)}" role="region" tabindex="0" aria-label="{head}">'
                f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _row(table: str, column: Column, is_file: bool) -> str:
    """A row of the page; what stands between backticks in a definition is code."""
    words = escape(column.definition).split("`")
    definition = "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(words))
    kind = ", ".join(part for part in (column.type if is_file else "", column.unit) if part)
    cells = (definition, escape(column.formula), escape(column.source), escape(kind))
    return (
        f'<tr id="{escape(anchor(table, column.name))}"><th scope="row"><code>{escape(column.name)}</code></th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )
