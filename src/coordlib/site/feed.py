"""The feed of a site: its newest reports, and which of them were corrected."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime
from xml.sax.saxutils import escape

from coordlib.report.citation import Citation
from coordlib.report.configuration import Site
from coordlib.report.text import clean_text
from coordlib.site.reports import Reports, differences

FEED = "archive.xml"
_ITEMS = 30


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
        items.append("".join(f"<{tag}>{_text(value)}</{tag}>" for tag, value in parts.items()))
    channel = {"title": site.name, "link": site.address, "description": f"Reports of {site.name}"}
    head = "".join(f"<{tag}>{_text(value)}</{tag}>" for tag, value in channel.items())
    body = "\n".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>{head}\n{body}\n</channel></rss>\n'


def _text(value: str | None) -> str:
    return escape(clean_text(value or ""))
