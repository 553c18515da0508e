"""What the page of a report gets when the site is rendered: its version, its citation, its neighbours, its analyses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.describe.day import Change
from coordlib.errors import PublishError
from coordlib.files import write_text
from coordlib.report.citation import CITE_HERE, Citation
from coordlib.report.configuration import Site
from coordlib.report.notebook_page import front_matter, head_of
from coordlib.report.package import page_meta
from coordlib.report.words import escape, plural, raw_block
from coordlib.site.reports import Reports, Shown, differences

#: Accounts named in the box (all are in the files), and networks listed in it, the largest.
_NAMED, _LISTED = 25, 10


def dress_page(page: Path, shown: Shown, reports: Reports, site: Site) -> None:
    """Write the page of a report with all that is known only now: its place among the others, and how it is cited."""
    try:
        notebook = json.loads((shown.folder / "index.ipynb").read_text(encoding="utf-8"))
    except ValueError:
        raise PublishError(f"{shown.folder / 'index.ipynb'}: not readable as a Jupyter notebook") from None
    cited = Citation(shown.run, site)
    box = cited.box()
    cells = notebook["cells"]
    for cell in cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/markdown" in data:
                data["text/markdown"] = "".join(data["text/markdown"]).replace(CITE_HERE, box)
    head = head_of(cells)
    meta = head | page_meta(shown.run) | {"date": shown.published, "include-in-header": {"text": cited.head}}
    if not shown.newest:
        meta["title"] = f"{meta['title']} (version {shown.version}, replaced)"
    cells = [_cell("raw", "front-matter", front_matter(meta)), *cells[1 if head else 0 :]]
    place = 2 if len(cells) > 1 and cells[1].get("id") == "table-script" else 1
    cells.insert(
        place,
        _cell("markdown", "versions", raw_block(versions_line(shown, reports) + where_line(shown, reports))),
    )
    if box := since_box(shown, reports):
        heads = (n for n, cell in enumerate(cells) if n > place and "".join(cell["source"]).startswith("## "))
        cells.insert(next(heads, len(cells)), _cell("markdown", "since", box))
    write_text(page, json.dumps({**notebook, "cells": cells}, ensure_ascii=False, sort_keys=True))


def page_tells(shown: Shown, reports: Reports) -> str:
    """Return what :func:`dress_page` writes of other reports into a page."""
    before, _ = reports.beside(shown)
    return "\n".join(
        [versions_line(shown, reports), where_line(shown, reports), before.state if before else ""]
    )


def _cell(kind: str, name: str, text: str) -> dict[str, Any]:
    # Line by line: of a source that is one text, Quarto loses the line ends.
    return {"cell_type": kind, "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}


def _link(shown: Shown, words: str, *, version: bool = False) -> str:
    """A link between pages that lie two folders below reports/."""
    place = shown.version_at if version else shown.place
    return f'<a href="../../{escape(place)}/index.html">{escape(words)}</a>'


def versions_line(shown: Shown, reports: Reports) -> str:
    """Return which version a page is, what the others found, and what they were made from otherwise."""
    versions = reports.by_place[shown.place]
    newest = versions[-1]
    number, found = f"Version {shown.version} of {newest.version}", escape(shown.found)
    dated = f"published {shown.published} · {_link(shown, 'address of this version', version=True)}"
    if shown.newest and len(versions) == 1:
        return f'<p class="cl-version"><strong>{number}</strong>, {dated}</p>'
    told = [
        f"{_link(one, f'version {one.version}', version=True)} ({escape(one.found)}, {one.published}) · differs: {_differs(one, shown)}"
        for one in versions[-2::-1]
    ]
    words = f"<strong>{number}</strong> ({found}), {dated}. Earlier: {'; '.join(told)}."
    if not shown.newest:
        words = (
            f"<strong>{number}, replaced.</strong> It was published {shown.published} and found {found}. "
            f"{_link(newest, f'Go to version {newest.version}')} ({escape(newest.found)}, {newest.published}); "
            f"it differs: {_differs(shown, newest)}."
        )
    return f'<div class="cl-banner cl-warn cl-version" role="note">{words}</div>'


def _differs(before: Shown, after: Shown) -> str:
    return escape("; ".join(differences(before.run, after.run)))


def where_line(shown: Shown, reports: Reports) -> str:
    """Return the way to the day before and after, to the analyses of a day, to the day of an analysis."""
    before, after = reports.beside(shown)
    parts = [f"← {_link(before, before.name)}"] if before else []
    parts += ['<a href="../../archive.html">All reports</a>']
    parts += [f"{_link(after, after.name)} →"] if after else []
    line = f'<nav class="cl-where" aria-label="Other reports">{" · ".join(parts)}</nav>'
    if shown.day and (analyses := reports.about(shown)):
        links = ", ".join(_link(one, one.run.title or one.name) for one in analyses)
        line += f'<p class="cl-where">Looked at more closely: {links}</p>'
    if not shown.day and (day := reports.day_of(shown)):
        line += f'<p class="cl-where">Part of the day {_link(day, day.name)}</p>'
    return line


def since_box(shown: Shown, reports: Reports) -> str:
    """Return in Markdown what changed since the day before; nothing where there is no network on either day."""
    before, _ = reports.beside(shown)
    now, then = shown.accounts(), before.accounts() if before else None
    if before is None or now is None or then is None or not (len(now) or len(then)):
        return ""
    change = Change(then, now)
    items = [*_again(change), *_alone(change)] if len(now) and len(then) else []
    items += _names("New in a network", change.came) + _names("No longer in a network", change.gone)
    told = (
        f'<div class="cl-since"><p>{_size(then, before)} on {_link(before, before.name)}, {_size(now, shown)} now. '
        f"Numbers of networks are those of their own day.</p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul></div>"
    )
    # A heading of the page's own, so that the list of contents has it.
    return f"## Since {before.name}\n\n{raw_block(told)}"


def _size(accounts: pd.DataFrame, shown: Shown) -> str:
    if not len(accounts):
        return f"No network ({escape(shown.run.outcome.replace('-', ' '))})"
    return f"{plural(accounts['network'].nunique(), 'network')} with {plural(len(accounts), 'account')}"


def _again(change: Change) -> list[str]:
    rows = []
    for network, group in change.again.groupby("network"):
        pairs = zip(group["n_shared"], group["network_before"], strict=True)
        shares = ", ".join(f"{number:,} of them in network {before} before" for number, before in pairs)
        accounts = plural(int(group["n_accounts"].iloc[0]), "account")
        rows.append(f"<strong>Network {network}</strong>: {accounts}, {shares}")
    return rows


def _alone(change: Change) -> list[str]:
    told = []
    for table, verb, more in (
        (change.begun, "began", "no account in a network before"),
        (change.ended, "ended", "numbered as before"),
    ):
        numbers = list(zip(table["network"], table["n_accounts"], strict=True))
        each = ", ".join(f"network {n} ({plural(int(count), 'account')})" for n, count in numbers[:_LISTED])
        rest = f" and {len(numbers) - _LISTED:,} more" if len(numbers) > _LISTED else ""
        if numbers:
            told.append(f"<strong>{plural(len(numbers), 'network')} {verb}</strong>, {more}: {each}{rest}")
    return told


def _names(words: str, accounts: list[str]) -> list[str]:
    if not accounts:
        return []
    names = ", ".join(f"<span dir=auto>{escape(name)}</span>" for name in accounts[:_NAMED])
    more = f" and {len(accounts) - _NAMED:,} more (accounts.csv)" if len(accounts) > _NAMED else ""
    return [f"<details><summary>{words}: {plural(len(accounts), 'account')}</summary>{names}{more}</details>"]
