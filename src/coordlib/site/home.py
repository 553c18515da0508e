"""The pages made of run records: home, archive, the list of days, what the site says about itself, the feed, and the page for addresses that are not there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax import saxutils

import pandas as pd
import yaml

from coordlib.report.charts import network_sizes, pool_history
from coordlib.report.citation import Citation
from coordlib.report.configuration import Site
from coordlib.report.dictionary import how
from coordlib.report.figures import detached_axes, figure_html
from coordlib.report.first_screen import day_banner, summary_facts
from coordlib.report.health import verdict_of
from coordlib.report.tables import Inside, facts, html_table
from coordlib.report.words import clean_text, escape, json_for_page, plural, raw_block
from coordlib.site.find import search_form
from coordlib.site.reports import Reports, Shown, differences, read_table

FEED = "archive.xml"
#: Reports in the feed.
_ITEMS = 30
#: From the home page to the folder of the other pages.
UP = "reports/"


def feed(reports: Reports, site: Site) -> str:
    """Return the feed as RSS 2.0: an item a version, the last published first; a later version says what it corrects."""
    newest = [*reports.days, *reports.analyses]
    items = []
    for shown in sorted(newest, key=lambda one: (one.published, one.name), reverse=True)[:_ITEMS]:
        cited = Citation(shown.run, site)
        before = reports.by_place[shown.place][:-1]
        title = f"Corrected: {cited.title} (version {shown.version})" if before else cited.title
        words = f"{shown.found}."
        if before:
            words += f" Version {before[-1].version} said {before[-1].found}; differs: {'; '.join(differences(before[-1].run, shown.run))}."
        when = format_datetime(dt.datetime.fromisoformat(shown.published).replace(tzinfo=dt.UTC), usegmt=True)
        parts = {"title": title, "link": cited.url, "guid": cited.url, "pubDate": when, "description": words}
        items.append(f"<item>{_tagged(parts)}</item>")
    head = _tagged({"title": site.name, "link": site.address, "description": f"Reports of {site.name}"})
    body = "\n".join([head, *items])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>{body}\n</channel></rss>\n'


def _tagged(values: Mapping[str, str | None]) -> str:
    told = ((tag, saxutils.escape(clean_text(value or ""))) for tag, value in values.items())
    return "".join(f"<{tag}>{text}</{tag}>" for tag, text in told)


_COVERAGE = {"complete": "complete", "gaps": "gaps", "stopped": "stopped early", "archive": "from an archive"}
_LABELS = {"n_accounts": "accounts in networks", "n_networks": "networks", "n_new_accounts": "new accounts"}


def days_table(days: Iterable[Shown], up: str) -> str:
    """Return a list of days as HTML; `up` leads to reports/."""
    rows, addresses = [], {}
    for day in days:
        run = day.run
        counts = run.counts.as_json()
        addresses[day.name] = Inside(f"{up}{day.version_at}/index.html")
        date = run.date[:10]
        try:
            month = dt.date.fromisoformat(date).strftime("%B %Y")
        except ValueError:
            month = "Without a date"
        row: dict[str, Any] = {"month": month, "day": day.name}
        row["outcome"] = run.outcome.replace("-", " ")
        row["subject"] = _named(run.subjects)
        row |= {column: counts.get(column) for column in _LABELS}
        known = run.outcome != "failed" and run.facts
        row["coverage"] = _COVERAGE[verdict_of(known.get("health") or known)[1]] if known else "not known"
        rows.append(row)
    columns = ["month", "day", "outcome", "subject", "n_accounts", "n_networks", "coverage", "n_new_accounts"]
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(_LABELS, "Int64"))
    links = {"day": addresses.get}
    return html_table(
        frame, "Days", labels=_LABELS, links=links, group="month", max_rows=None, table="days", up=up
    )


def _named(sizes: Iterable[tuple[str, int]]) -> str:
    """Return the subjects with most accounts, in the words of the networks' labels."""
    named = [clean_text(label) for label, _ in sorted(sizes, key=lambda item: (-item[1], item[0]))]
    more = f"; and {len(named) - 2} more" if len(named) > 2 else ""
    return "; ".join(named[:2]) + more


def home_page(reports: Reports, site: Site, banner: str) -> str:
    """Return index.qmd: what the site is, the newest day in short, its figures, and the latest reports."""
    blocks = ['<script src="reports/assets/table.js" defer></script>' + banner + search_form(UP)]
    if not reports.every:
        text = "Nothing has been reported yet. Reports appear here as soon as the first has been made."
        blocks.append(f"<p>{text}</p>")
    if reports.days:
        blocks += _newest(reports.days[-1])
        counts = [{"date": day.run.date, **dict(day.run.counts)} for day in reports.days]
        history = pd.DataFrame(counts, columns=["date", "pool_size", "n_new_accounts"])
        if history["pool_size"].notna().any():
            blocks.append(figure_html(pool_history(history, detached_axes()), UP))
        blocks.append(f'<h2 id="days">Latest days</h2>{days_table(reports.days[:-15:-1], UP)}')
        blocks.append('<p><a href="reports/archive.html">All reports, and how to follow them</a></p>')
    if reports.analyses:
        blocks.append(f'<h2 id="analyses">Analyses in depth</h2>{analyses_table(reports, "reports/")}')
    if about := site_facts(reports, site):
        told = facts(about, "What this site is", "days", UP).html
        blocks.append(f'<h2 id="about">About this site</h2>{told}{contact_line(site)}')
    return _page(site.name, blocks, UP if site.address else None)


def archive_page(reports: Reports, site: Site, banner: str) -> str:
    """Return archive.qmd: every day, every analysis, every earlier version, the feed where the site has an address."""
    blocks = ['<script src="assets/table.js" defer></script>' + banner + search_form()]
    if reports.days:
        intro = (
            "Each report has a permanent address, and so has each of its versions. One that is made again with other results "
            "gets a new version; the earlier one stays readable at its own."
        )
        if site.address:
            intro += f' <a href="{FEED}">Follow new and corrected reports with a feed reader</a>.'
        blocks += [f"<p>{intro}</p>", days_table(reports.days[::-1], "")]
    elif not reports.every:
        blocks.append("<p>Nothing has been reported yet.</p>")
    if reports.analyses:
        blocks.append(f'<h2 id="analyses">Analyses in depth</h2>{analyses_table(reports, "")}')
    if earlier := [shown for shown in reports.every if not shown.newest]:
        rows = [
            f'<tr><td><a href="{escape(one.version_at)}/index.html">{escape(one.run.page_title)}, version {one.version}'
            f"</a></td><td>{one.published}</td><td>{escape(one.found)}</td></tr>"
            for one in sorted(earlier, key=lambda one: (one.name, one.version), reverse=True)
        ]
        earlier_versions = _list("Replaced versions", ["Report", "Published", "Found"], rows, "")
        blocks.append(f'<h2 id="versions">Earlier versions</h2>{earlier_versions}')
    return _page("Archive of reports", blocks, "" if site.address and reports.days else None)


def analyses_table(reports: Reports, base: str) -> str:
    """Return a list of the analyses with the day each is about."""
    rows = [
        f'<tr><td class="time">{escape(one.run.date)}</td><td><a href="{base}{escape(one.version_at)}/index.html">'
        f"{escape(one.run.page_title)}</a></td><td>{escape(one.found)}</td><td>version {one.version}, {one.published}</td></tr>"
        for one in reports.analyses
    ]
    return _list("Analyses", ["Date", "Analysis", "Found", "Published"], rows, base)


def _list(caption: str, names: Sequence[str], rows: Sequence[str], up: str) -> str:
    heads = "".join(f'<th scope="col">{name}{how("reports", name, up)}</th>' for name in names)
    return (
        f'<div class="cl-table"><div class="cl-scroll" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></div>"
    )


def site_facts(reports: Reports, site: Site) -> dict[str, str]:
    """Return what the site is: what it watches, since when, who runs it, under which licence; only what is known."""
    days, seeds = reports.days, [one for one in reports.analyses if one.run.kind == "discovery"]
    platform = days[-1].run.platform if days else None
    sizes = [size for day in days if (size := day.run.counts.pool_size) is not None]
    known = {
        "What is watched": site.about,
        "Platform": "TikTok" if platform == "tiktok" else platform,
        "Began with": ", ".join(one.run.title for one in seeds[::-1]),
        "Days": f"{days[0].name} to {days[-1].name}, {plural(len(days), 'day')}" if days else None,
        "Watched accounts": sizes and f"{sizes[-1]:,} after the newest day, {sizes[0]:,} after the first",
        "Run by": "; ".join(dict.fromkeys(filter(None, [*site.authors, site.institution]))),
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
    whole = site.contact.startswith(("mailto:", "https://", "http://"))
    address = site.contact if whole else f"mailto:{site.contact}"
    return f'<p class="cl-contact">{words} <a href="{escape(address)}">{escape(site.contact.removeprefix("mailto:"))}</a>.</p>'


def about_part(page: str, reports: Reports, site: Site) -> str:
    """Return the About page with what the site is after its first paragraph, as it is known now."""
    about = site_facts(reports, site)
    if not about and not site.contact:
        return page
    head, mark, rest = page.partition("\n## ")
    block = raw_block(facts(about, "What this site is", "days", "").html + contact_line(site))
    return f"{head.rstrip()}\n\n{block}\n{mark}{rest}"


def _newest(shown: Shown) -> list[str]:
    record, folder = shown.run, shown.folder
    link = f"reports/{escape(shown.version_at)}/index.html"
    plain = record.model_copy(update={"simulated": False})  # the page's own banner has said so
    blocks = [
        f'<h2 id="newest">Newest report: <a href="{link}">{escape(record.date)}</a></h2>{day_banner(plain, how("summary", "Finding", UP))}'
    ]
    if numbers := summary_facts(record):
        blocks.append(facts(numbers, f"Summary of {record.date}", "summary", UP).html)
    networks = read_table(folder / "networks.csv")
    if len(networks) and {"network", "n_accounts"} <= set(networks.columns):
        labels = {
            "n_accounts": "accounts",
            "n_posts": "posts",
            "n_objects": f"{record.object}s",
        }
        labels = {name: words for name, words in labels.items() if name in networks}
        for name in ("network", *labels):
            networks[name] = pd.to_numeric(networks[name])
        networks["network"] = networks["network"].astype(int)
        blocks.append(figure_html(network_sizes(networks, detached_axes()), UP))
        wanted = [name for name in ("network", "label") if name in networks] + list(labels)
        table = networks[wanted].sort_values(["n_accounts", "network"], ascending=[False, True])
        title = "Largest networks of the day"
        blocks.append(html_table(table, title, labels=labels, max_rows=10, table="networks", up=UP))
    read = f"Read the report of {escape(record.date)}"
    return [*blocks, f'<p><a class="cl-button" href="{link}">{read}</a></p>']


def _page(title: str, blocks: list[str], feed_at: str | None) -> str:
    """Return a page of blocks of HTML, which names the feed where there is one."""
    meta: dict[str, Any] = {"title": title, "toc": False, "page-layout": "full"}
    if feed_at is not None:
        tag = f'<link rel="alternate" type="application/rss+xml" title="Reports" href="{feed_at}{FEED}">'
        meta["include-in-header"] = {"text": tag}
    head = yaml.safe_dump(meta, sort_keys=False, allow_unicode=True, width=1000)
    return "\n\n".join([f"---\n{head}---", *map(raw_block, blocks)]) + "\n"


#: The page is written by a script, since a browser would ask for its styles before any script could say where they are:
#: in the folder above ``reports/``, or else where the address is.
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page not found</title></head><body>
<noscript><h1>Page not found</h1><p>There is no page at this address.</p></noscript>
<script>(function () {
var path = location.pathname, at = path.indexOf("/reports/"), root = path.slice(0, (at < 0 ? path.lastIndexOf("/") : at) + 1);
var page = PAGE.replace("<head>", "<head><base href=\\"" + root.replace(/"/g, "%22") + "\\">");
document.open(); document.write(page); document.close();
})();</script></body></html>
"""


def fit_any_depth(built: Path, address: str | None) -> None:
    """Make the rendered 404 page of a site look right wherever a host shows it.

    Quarto writes its links from the root of the host, with the path of the site's `address`.
    """
    root = re.escape(urlsplit(address or "").path.rstrip("/") + "/")
    page = built / "404.html"
    if page.is_file():
        text = re.sub(rf'(\s(?:href|src|content)="){root}(?!/)', r"\1./", page.read_text(encoding="utf-8"))
        page.write_text(_PAGE.replace("PAGE", json_for_page(text), 1), encoding="utf-8")
