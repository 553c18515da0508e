"""The list of days: newest first, under their months, each with its outcome, its subjects and how complete it is."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.report.health import verdict_of
from coordlib.report.record import RunRecord
from coordlib.report.tables import Inside, html_table
from coordlib.report.text import clean_text, restore

_COVERAGE = {"complete": "complete", "gaps": "gaps", "stopped": "stopped early", "archive": "from an archive"}
_LABELS = {
    "n_accounts": "accounts",
    "n_networks": "networks",
    "n_new_accounts": "new accounts",
}


def days_table(days: Iterable[tuple[str, str, RunRecord, Path]], up: str) -> str:
    """Return the list of days as HTML.

    Parameters
    ----------
    days
        The days as they are listed: name, relative address of the page, run record, folder.
    up
        From the page to the site's ``reports/``.
    """
    rows, addresses = [], {}
    for name, address, run, folder in days:
        counts = run.get("counts") or {}
        addresses[name] = Inside(address)
        row: dict[str, Any] = {"month": _month(str(run.get("date", name))), "day": name}
        row["outcome"] = str(run.get("outcome", "failed")).replace("-", " ")
        row["subject"] = _named(run["subjects"]) if "subjects" in run else _subjects(folder / "networks.csv")
        row |= {column: counts.get(column) for column in _LABELS}
        row["coverage"] = _coverage(run)
        rows.append(row)
    columns = ["month", "day", "outcome", "subject", "n_accounts", "n_networks", "coverage", "n_new_accounts"]
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(_LABELS, "Int64"))
    return html_table(
        frame,
        "Days",
        labels=_LABELS,
        links={"day": addresses.get},
        group="month",
        max_rows=None,
        table="days",
        up=up,
    )


def _month(date: str) -> str:
    try:
        return dt.date.fromisoformat(date[:10]).strftime("%B %Y")
    except ValueError:
        return "Without a date"


def _named(sizes: Iterable[tuple[str, int]]) -> str:
    """Return the subjects with most accounts, in the words of the networks' labels."""
    named = [clean_text(label) for label, _ in sorted(sizes, key=lambda item: (-item[1], item[0]))]
    more = f"; and {len(named) - 2} more" if len(named) > 2 else ""
    return "; ".join(named[:2]) + more


def _subjects(path: Path) -> str:
    """Return the same of a record of before, which does not hold them."""
    if not path.is_file():
        return ""
    sizes: Counter[str] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("label"):
                sizes[restore(row["label"])] += int(row.get("n_accounts") or 0)
    return _named(sizes.items())


def _coverage(run: RunRecord) -> str:
    if run.get("outcome") == "failed" or not run.get("facts"):
        return "not known"
    return _COVERAGE[verdict_of(run["facts"].get("health") or run["facts"])[1]]
