"""The README and the data package of a day, from the data dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.report.checksums import sha256_file
from coordlib.report.citation import Citation
from coordlib.report.configuration import Site
from coordlib.report.dictionary import Column, describe_column, tables_of
from coordlib.report.record import RunRecord, report_title
from coordlib.report.words import in_words

_FILES = {
    "network.graphml": "the network with all attributes, for Gephi, igraph, networkx and others",
    "run.json": "parameters, code version, package versions, SHA-256 of inputs and outputs, UTC times, counts",
    "datapackage.json": "the same dictionary for programs (Frictionless Data Package)",
    "notebook.ipynb": "the executed notebook behind the page",
}


def readme(record: RunRecord, tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the README of a day: what is here, made how, meaning what, cited how."""
    known = tables_of(record.get("kind"))
    rows = {name: known[name].row if name in known else "" for name in tables}
    lines = [f"# {report_title(record)}", ""]
    if record.get("simulated"):
        lines += ["**Simulated data: no account, post or network in these files is real.**", ""]
    lines += ["## Files", "", "| file | rows | a row is |", "|---|---|---|"]
    lines += [f"| {name}.csv | {len(table):,} | {rows[name]} |" for name, table in tables.items()]
    lines += [f"| {name} | | {words} |" for name, words in _FILES.items()]
    lines += [
        "",
        "CSV files are UTF-8 with commas; cells with commas, quotes or line breaks are quoted, lists are JSON text,",
        "missing values are empty. Text that a spreadsheet would run as a formula has an apostrophe in front (also text",
        "that already began with apostrophes before such a character): take one apostrophe away to get the original.",
        "Identifiers are text: read them as text, or the last digits are lost. On the site tables, network and notebook lie gzipped",
        "(`accounts.csv.gz`), as pandas, R and DuckDB read them; in the zip they are plain.",
        "",
        "## Parameters",
        "",
    ]
    lines += [
        f"- {name}: {in_words(value)}" for name, value in sorted((record.get("parameters") or {}).items())
    ]
    lines += ["", "## What must not be concluded", ""]
    lines += [
        "Accounts in these files posted the same things at nearly the same time more often than others did on that day.",
        "That does not say who runs them, that they are automated, or that what they posted is false. Fans, news",
        f"syndication, templates and viral captions can look the same: read the {'pairs' if 'pairs' in tables else 'posts'} before naming anyone.",
    ]
    lines += ["", "## Cite as", "", Citation(record, Site()).sentence, "", "## Columns", ""]
    for name, table in tables.items():
        lines += [
            f"### {name}.csv",
            "",
            "| column | type | unit | definition | formula |",
            "|---|---|---|---|---|",
        ]
        for column in (describe_column(name, str(label), record.get("kind")) for label in table.columns):
            cells = (column.name, column.type, column.unit, column.definition, column.formula)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def datapackage(record: RunRecord, tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Return the Frictionless descriptor of a day's tables."""
    resources, kind = [], record.get("kind")
    known = tables_of(kind)
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        resources.append(
            {
                "name": name,
                "path": path.name,
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": path.stat().st_size,
                "hash": f"sha256:{sha256_file(path)}",
                "description": f"A row is {known[name].row if name in known else 'a row'}.",
                "schema": {
                    "fields": [_field(describe_column(name, str(label), kind)) for label in table.columns],
                    "missingValues": [""],
                },
            }
        )
    return {
        "profile": "tabular-data-package",
        "name": f"coordlib-{record['date']}",
        "title": report_title(record),
        "version": str(record.get("version", 1)),
        "resources": resources,
    }


def _field(column: Column) -> dict[str, str]:
    field = {"name": column.name, "type": column.type}
    described = {"description": column.definition, "unit": column.unit, "formula": column.formula}
    return field | {key: value for key, value in described.items() if value}
