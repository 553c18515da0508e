"""The home page, the archive page and what the site says about itself, from the run records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from coordlib.report.charts import network_sizes, pool_history
from coordlib.report.configuration import Site
from coordlib.report.dictionary import how
from coordlib.report.figures import detached_axes, figure_html
from coordlib.report.first_screen import day_banner, summary_facts
from coordlib.report.record import RunRecord, page_title
from coordlib.report.tables import facts_table, html_table, read_csv
from coordlib.report.text import escape, raw_block
from coordlib.report.words import plural
from coordlib.site.day_rows import days_table
from coordlib.site.feed import FEED
from coordlib.site.find import search_form
from coordlib.site.reports import Reports, Shown

#: From the home page to the folder of the other pages.
UP = "reports/"


def history_table(records: Sequence[RunRecord]) -> pd.DataFrame:
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


def _count(record: RunRecord, name: str) -> float | None:
    value = (record.get("counts") or {}).get(name)
    return None if value is None else float(value)


def home_page(reports: Reports, site: Site, banner: str) -> str:
    """Return index.qmd: what the site is, the newest day in short, its figures, and the latest reports."""
    meta: dict[str, Any] = {"title": site.name, "toc": False, "page-layout": "full"}
    if site.address:
        meta |= _feed_link("reports/")
    blocks = ['<script src="reports/assets/table.js" defer></script>' + banner + search_form(UP)]
    about = site_facts(reports, site)
    if not reports.every:
        text = "Nothing has been reported yet. Reports appear here as soon as the first has been made."
        blocks.append(f"<p>{text}</p>")
    if reports.days:
        newest = reports.days[-1]
        blocks += _newest(newest)
        history = history_table([day.run for day in reports.days])
        if history["pool_size"].notna().any():
            blocks.append(figure_html(pool_history(history, detached_axes()), UP))
        blocks.append(f'<h2 id="days">Latest days</h2>{_days(reports.days[:-15:-1], UP)}')
        blocks.append('<p><a href="reports/archive.html">All reports, and how to follow them</a></p>')
    if reports.analyses:
        blocks.append(f'<h2 id="analyses">Analyses in depth</h2>{analyses_table(reports, "reports/")}')
    if about:
        blocks.append(
            f'<h2 id="about">About this site</h2>{facts_table(about, "What this site is", "days", UP)}{contact_line(site)}'
        )
    return _page(meta, blocks)


def archive_page(reports: Reports, site: Site, banner: str) -> str:
    """Return archive.qmd: every day, every analysis, every earlier version, the feed where the site has an address."""
    meta: dict[str, Any] = {"title": "Archive of reports", "toc": False, "page-layout": "full"}
    blocks = ['<script src="assets/table.js" defer></script>' + banner + search_form()]
    if reports.days:
        intro = (
            "Each report has a permanent address, and so has each of its versions. One that is made again with other results "
            "gets a new version; the earlier one stays readable at its own."
        )
        if site.address:
            meta |= _feed_link("")
            intro += f' <a href="{FEED}">Follow new and corrected reports with a feed reader</a>.'
        blocks += [f"<p>{intro}</p>", _days(reports.days[::-1], "")]
    elif not reports.every:
        blocks.append("<p>Nothing has been reported yet.</p>")
    if reports.analyses:
        blocks.append(f'<h2 id="analyses">Analyses in depth</h2>{analyses_table(reports, "")}')
    earlier = [shown for shown in reports.every if not shown.newest]
    if earlier:
        rows = [
            f'<tr><td><a href="{escape(one.version_at)}/index.html">{escape(page_title(one.run))}, version {one.version}'
            f"</a></td><td>{one.published}</td><td>{escape(one.found)}</td></tr>"
            for one in sorted(earlier, key=lambda one: (one.name, one.version), reverse=True)
        ]
        blocks.append(
            f'<h2 id="versions">Earlier versions</h2>{_list("Replaced versions", ["Report", "Published", "Found"], rows, "")}'
        )
    return _page(meta, blocks)


def _days(days: Sequence[Shown], up: str) -> str:
    rows = ((day.name, f"{up}{day.version_at}/index.html", day.run, day.folder) for day in days)
    return days_table(rows, up)


def analyses_table(reports: Reports, base: str) -> str:
    """Return a list of the analyses with the day each is about."""
    rows = [
        f'<tr><td class="time">{escape(one.run["date"])}</td><td><a href="{base}{escape(one.version_at)}/index.html">'
        f"{escape(page_title(one.run))}</a></td><td>{escape(one.found)}</td><td>version {one.version}, {one.published}</td></tr>"
        for one in reports.analyses
    ]
    return _list("Analyses", ["Date", "Analysis", "Found", "Published"], rows, base)


def _list(caption: str, names: Sequence[str], rows: Sequence[str], up: str) -> str:
    heads = "".join(f'<th scope="col">{name}{how("reports", name, up)}</th>' for name in names)
    return (
        f'<div class="cl-table"><div class="cl-scroll" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></div>"
    )


def _feed_link(base: str) -> dict[str, Any]:
    tag = f'<link rel="alternate" type="application/rss+xml" title="Reports" href="{base}{FEED}">'
    return {"include-in-header": {"text": tag}}


def site_facts(reports: Reports, site: Site) -> dict[str, str]:
    """Return what the site is: what it watches, since when, who runs it, under which licence; only what is known."""
    days, seeds = reports.days, [one for one in reports.analyses if one.run.get("kind") == "discovery"]
    last = days[-1].run if days else {}
    sizes = [size for day in days if (size := (day.run.get("counts") or {}).get("pool_size")) is not None]
    known = {
        "What is watched": site.about,
        "Platform": {"tiktok": "TikTok"}.get(str(last.get("platform")), last.get("platform")),
        "Began with": ", ".join(str(one.run.get("title")) for one in seeds[::-1]),
        "Days": f"{days[0].name} to {days[-1].name}, {plural(len(days), 'day')}" if days else None,
        "Watched accounts": f"{int(sizes[-1]):,} after the newest day, {int(sizes[0]):,} after the first"
        if sizes
        else None,
        "Run by": "; ".join(
            dict.fromkeys([*site.authors, *([site.institution] if site.institution else [])])
        ),
        "Funded by": site.funder,
        "Licence of tables and texts": site.licence,
        "Series": site.doi and f"https://doi.org/{site.doi}",
        "Accounts are named": "by pseudonyms" if site.identities == "pseudonyms" else None,
    }
    return {name: str(value) for name, value in known.items() if value}


def contact_line(site: Site) -> str:
    """Return whom to write to when an account is named that should not be."""
    if not site.contact:
        return ""
    words = "An account is named here and should not be, or something is wrong? Write to"
    address = (
        site.contact
        if site.contact.startswith(("mailto:", "https://", "http://"))
        else f"mailto:{site.contact}"
    )
    return f'<p class="cl-contact">{words} <a href="{escape(address)}">{escape(site.contact.removeprefix("mailto:"))}</a>.</p>'


def about_part(page: str, reports: Reports, site: Site) -> str:
    """Return the About page with what the site is after its first paragraph, as it is known now."""
    about = site_facts(reports, site)
    if not about and not site.contact:
        return page
    head, mark, rest = page.partition("\n## ")
    block = raw_block(facts_table(about, "What this site is", "days", "") + contact_line(site))
    return f"{head.rstrip()}\n\n{block}\n{mark}{rest}"


def _newest(shown: Shown) -> list[str]:
    record, folder = shown.run, shown.folder
    link = f"reports/{escape(shown.version_at)}/index.html"
    plain: RunRecord = {**record, "simulated": False}  # the page's own banner has said so
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
            name: {"n_posts": "posts", "n_objects": f"{record.get('object', 'caption')}s"}[name]
            for name in ("n_posts", "n_objects")
            if name in wanted
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


def _page(meta: Mapping[str, Any], blocks: list[str]) -> str:
    head = yaml.safe_dump(dict(meta), sort_keys=False, allow_unicode=True, width=1000)
    return "\n\n".join([f"---\n{head}---", *[raw_block(text) for text in blocks]]) + "\n"
