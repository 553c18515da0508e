"""The home page and the archive page, from the run records of the days."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from coordlib.report.banners import day_banner
from coordlib.report.charts import network_sizes, pool_history
from coordlib.report.configuration import read_config
from coordlib.report.figures import detached_axes, figure_html
from coordlib.report.how import how
from coordlib.report.package import read_run
from coordlib.report.summary import summary_facts
from coordlib.report.tables import facts_table, html_table, read_csv
from coordlib.report.text import escape, raw_block
from coordlib.site.day_rows import days_table
from coordlib.site.find import search_form

#: From the home page to the folder of the other pages.
UP = "reports/"
_FIELDS = ["title", "outcome", "accounts", "networks", "new-accounts"]
_NAMES = {
    "title": "Report",
    "outcome": "Outcome",
    "accounts": "Accounts",
    "networks": "Networks",
    "new-accounts": "New accounts",
}


def day_records(root: Path) -> list[dict[str, Any]]:
    """Return the run records of all days with a page, oldest first, each with its ``folder`` name."""
    folders = sorted((root / "reports" / "days").glob("*/index.ipynb"))
    records = [{**read_run(path.parent), "folder": path.parent.name} for path in folders]
    return [{"date": record["folder"], "outcome": "failed", **record} for record in records]


def history_table(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Return one row per day: date, outcome, pool_size, n_new_accounts, n_accounts, n_networks."""
    names = ("pool_size", "n_new_accounts", "n_accounts", "n_networks")
    rows = [
        {
            "date": record["date"],
            "outcome": record["outcome"],
            **{name: _count(record, name) for name in names},
        }
        for record in records
    ]
    return pd.DataFrame(rows, columns=["date", "outcome", *names])


def _count(record: Mapping[str, Any], name: str) -> float | None:
    value = (record.get("counts") or {}).get(name)
    return None if value is None else float(value)


def home_page(root: Path, banner: str) -> str:
    """Return index.qmd: the newest day in short, its figures, and the list of the latest days."""
    records = day_records(root)
    title = str(
        (read_config(root / "_quarto.yml").get("website") or {}).get("title") or "Coordinated sharing"
    )
    meta: dict[str, Any] = {"title": title, "toc": False}
    blocks = ['<script src="reports/assets/table.js" defer></script>' + banner + search_form(UP)]
    analyses = list((root / "reports" / "analyses").glob("*/index.ipynb"))
    listing = [_analyses("reports/analyses/*/index.ipynb")] if analyses else []
    tail = ["## Analyses in depth", "::: {#analyses}\n:::"] if analyses else []
    if not records:
        text = "No day has been reported yet. Reports appear here as soon as the first day has been run."
        return _page(meta | ({"listing": listing} if listing else {}), [*blocks, f"<p>{text}</p>"], tail)
    if listing:
        meta["listing"] = listing
    newest = records[-1]
    blocks += _newest(root, newest)
    history = history_table(records)
    if history["pool_size"].notna().any():
        blocks.append(figure_html(pool_history(history, detached_axes()), UP))
    blocks.append('<h2 id="latest">Latest days</h2>' + _days(root, records[:-15:-1], UP))
    return _page(meta, blocks, ["[All days, and how to follow them](reports/archive.qmd)", *tail])


def archive_page(root: Path, banner: str) -> str:
    """Return archive.qmd: every day, every earlier version, the feed where the site has an address."""
    meta: dict[str, Any] = {"title": "Archive of reports", "toc": False, "listing": []}
    records = day_records(root)
    blocks = ['<script src="assets/table.js" defer></script>' + banner + search_form()]
    website = read_config(root / "_quarto.yml").get("website") or {}
    tail = []
    if records:
        feed = {"feed": {"type": "metadata", "items": 20}} if website.get("site-url") else {}
        intro = "Each day has a permanent page. A day that is analysed again with other results gets a new version; the earlier one stays readable."
        if feed:
            intro += ' <a href="archive.xml">Follow new reports with a feed reader</a>.'
        blocks += [f"<p>{intro}</p>", _days(root, records[::-1], "")]
        if feed:  # the renderers make the feed of a list of their own
            meta["listing"].append(_listing("days", "days/*/index.ipynb", {"max-items": 20, **feed}))
            tail += ["## Newest first", "::: {#days}\n:::"]
    else:
        blocks.append("<p>No day has been reported yet.</p>")
    if list((root / "reports" / "analyses").glob("*/index.ipynb")):
        meta["listing"].append(_analyses("analyses/*/index.ipynb"))
        tail += ["## Analyses in depth", "::: {#analyses}\n:::"]
    if list((root / "reports" / "versions").glob("*/index.ipynb")):
        meta["listing"].append(_listing("versions", "versions/*/index.ipynb", {"page-size": 60}))
        tail += ["## Earlier versions", "::: {#versions}\n:::"]
    if not meta["listing"]:
        del meta["listing"]
    return _page(meta, blocks, tail)


def _days(root: Path, records: list[dict[str, Any]], up: str) -> str:
    folder = root / "reports" / "days"
    rows = (
        (str(r["folder"]), f"{up}days/{r['folder']}/index.html", r, folder / str(r["folder"]))
        for r in records
    )
    return days_table(rows, up)


def _listing(name: str, contents: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "contents": contents,
        "type": "table",
        "sort": "date desc",
        "fields": _FIELDS,
        "field-display-names": _NAMES,
        "date-format": "YYYY-MM-DD",
        "sort-ui": False,
        "filter-ui": False,
        **more,
    }


def _analyses(contents: str) -> dict[str, Any]:
    return {
        "id": "analyses",
        "contents": contents,
        "type": "table",
        "sort": "date desc",
        "fields": ["date", "title"],
        "field-display-names": {"date": "Date", "title": "Analysis"},
        "date-format": "YYYY-MM-DD",
        "sort-ui": False,
        "filter-ui": False,
    }


def _newest(root: Path, record: Mapping[str, Any]) -> list[str]:
    folder = root / "reports" / "days" / str(record["folder"])
    link = f"reports/days/{escape(record['folder'])}/index.html"
    plain = {**record, "simulated": False}  # the page's own banner has said so
    blocks = [
        f'<h2 id="newest">Newest report: <a href="{link}">{escape(record["date"])}</a></h2>{day_banner(plain)}{how("summary", "Finding", UP)}'
    ]
    facts = summary_facts(record)
    if facts:
        blocks.append(facts_table(facts, f"Summary of {record['date']}", "summary", UP))
    networks = _read_table(folder / "networks.csv")
    if networks is not None and len(networks) and {"network", "n_accounts"} <= set(networks.columns):
        networks["n_accounts"] = pd.to_numeric(networks["n_accounts"])
        networks["network"] = pd.to_numeric(networks["network"]).astype(int)
        blocks.append(figure_html(network_sizes(networks, detached_axes()), UP))
        wanted = [
            name for name in ("network", "label", "n_accounts", "n_posts", "n_objects") if name in networks
        ]
        for name in ("n_posts", "n_objects"):
            if name in networks:
                networks[name] = pd.to_numeric(networks[name])
        table = networks[wanted].sort_values(["n_accounts", "network"], ascending=[False, True])
        labels = {"n_accounts": "accounts"} | {
            name: name[2:] for name in ("n_posts", "n_objects") if name in wanted
        }
        blocks.append(
            html_table(
                table, "Largest networks of the day", labels=labels, max_rows=10, table="networks", up=UP
            )
        )
    blocks.append(
        f'<p><a class="cl-button" href="{link}">Read the report of {escape(record["date"])}</a></p>'
    )
    return blocks


def _read_table(path: Path) -> pd.DataFrame | None:
    try:
        return read_csv(path)
    except (OSError, ValueError):
        return None


def _page(meta: Mapping[str, Any], blocks: list[str], tail: list[str]) -> str:
    head = yaml.safe_dump(dict(meta), sort_keys=False, allow_unicode=True, width=1000)
    return "\n\n".join([f"---\n{head}---", *[raw_block(text) for text in blocks], *tail]) + "\n"
