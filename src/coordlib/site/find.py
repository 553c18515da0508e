"""The site's own search: accounts, hashtags, subjects, reports and columns, in small files that are loaded when asked for.

They are scripts, so that a site opened from disk can be searched too; what is not in the published tables is not found.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from coordlib.files import write_text
from coordlib.report.checksums import sha256_file
from coordlib.report.dictionary import SHOWN, TABLES, anchor
from coordlib.report.words import clean_text, escape, json_for_page, raw_block
from coordlib.significance import SIGNIFICANT
from coordlib.site.reports import Reports, Shown, read_table

#: Folder of the index, in the site's reports/.
FOLDER = "search"
#: A file of the index that grows beyond this many characters is split by one more letter.
_FILE_SIZE = 80_000
_LETTERS = 5
#: Where one name is found on more days, the newest are listed and all are counted.
_HITS = 40
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_HASHTAG = re.compile(r"#(\w+)")

#: Kind and name of what can be found, to where: the number of a report with what is there, or a page with its words.
Found = dict[tuple[str, str], list[list[Any]]]


def tokens(text: str) -> list[str]:
    """Return the words and numbers by which a name is found."""
    return _TOKEN.findall(text.lower())


def write_index(built: Path, reports: Reports, notes: Path) -> None:
    """Write the index of a rendered site into it, of each report the newest version.

    What each report holds is kept in `notes`, a folder that may be deleted at any time, for the next rendering.
    """
    newest = [*reports.days, *reports.analyses]
    every = sorted(newest, key=lambda one: (one.run.date, not one.day, one.name))
    # A page of one network has its number in its name.
    pages = [
        [one.version_at, one.name if one.day else one.run.page_title] + [1] * (one.run.kind == "component")
        for one in every
    ]
    found = _collect(every, notes)
    parts: dict[str, list[str]] = {}
    for (kind, name), hits in sorted(found.items()):
        # Newest first, of a report the largest network.
        shown = hits if kind == "column" else sorted(hits, key=lambda hit: -hit[0])
        entry = json_for_page([kind, name, len(hits), shown[:_HITS]])
        for start in sorted({token[:_LETTERS] for token in tokens(name)}):
            parts.setdefault(start, []).append(entry)
    folder = built / "reports" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for start, entries in _files(parts):
        names.append(start)
        text = f"coordlibFind({json_for_page(start)},[{','.join(entries)}]);\n"
        write_text(folder / f"{start.encode().hex()}.js", text)
    write_text(folder / "names.js", f"coordlibFind(null,{json_for_page([names, pages])});\n")


def _files(parts: dict[str, list[str]], length: int = 1) -> Iterator[tuple[str, list[str]]]:
    """Put all that begins with one letter into one file, and where that is large, by one letter more."""
    groups: dict[str, list[str]] = {}
    for start in sorted(parts):
        groups.setdefault(start[:length], []).append(start)
    for start, inside in sorted(groups.items()):
        entries = sorted({entry for name in inside for entry in parts[name]})
        if length == _LETTERS or sum(map(len, entries)) <= _FILE_SIZE:
            yield start, entries
        else:
            yield from _files({name: parts[name] for name in inside}, length + 1)


def _collect(reports: list[Shown], notes: Path) -> Found:
    found: Found = {}
    notes.mkdir(parents=True, exist_ok=True)
    own, used = sha256_file(__file__), set()
    for number, one in enumerate(reports):
        name = ("day", one.name) if one.day else ("analysis", one.run.page_title)
        found.setdefault(name, []).append([number, one.found])
        made_of = hashlib.sha256(f"{own} {one.version_at} {one.state}".encode()).hexdigest()
        note = notes / f"{made_of[:32]}.json"
        used.add(note.name)
        if not note.exists():
            write_text(
                note, json.dumps([[*key, *what] for key, *what in _inside(one.folder)], ensure_ascii=False)
            )
        for kind, name, *what in json.loads(note.read_text(encoding="utf-8")):
            found.setdefault((kind, name), []).append([number, *what])
    for old in (path for path in notes.iterdir() if path.name not in used):
        old.unlink()
    for table in (*TABLES, *SHOWN):
        for column in table.columns:
            hit = [f"data-dictionary.html#{anchor(table.name, column.name)}", table.name, column.definition]
            found.setdefault(("column", column.name), []).append(hit)
    return found


def _inside(report: Path) -> Iterator[tuple[Any, ...]]:
    """Yield what a report's tables hold: kind and name, number of the network or place on the page, how many posts, accounts or networks."""
    known: set[str] = set()
    for name, network, posts in _rows(report / "accounts.csv", "account_id", "network", "n_posts"):
        known.add(name)
        yield ("account", name), _number(network), _number(posts)
    pairs = _rows(report / "discovered.csv", "group", "evidence", "account_id", "account_id_y")
    for group, evidence, *ends in pairs:
        kind = "a significant" if evidence in SIGNIFICANT else "an undecided"
        for name in (end for end in ends if group and end not in known):
            known.add(name)
            place = f"outside-{_number(group)}/{quote(name, safe='')}"
            yield ("account", name), place, f"in {kind} pair, no network"
    for label, network, accounts in _rows(report / "networks.csv", "label", "network", "n_accounts"):
        if label:
            yield ("subject", label), _number(network), _number(accounts)
    tags: dict[str, Counter[str]] = {}
    for text, network in _rows(report / "posts.csv", "text", "network"):
        for tag in set(_HASHTAG.findall(text.lower())):
            tags.setdefault(tag, Counter())[network] += 1
    for tag, networks in sorted(tags.items()):
        if tokens(tag):
            first = min(networks, key=lambda n: (-networks[n], n))
            yield ("hashtag", f"#{tag}"), _number(first), networks.total(), len(networks)
    # Of a report of link sharing the places are those of the rows of its tables.
    columns = ("name", "shares", "account.name")
    for address, posts, name in _rows(report / "highly_connected_coordinated_entities.csv", *columns):
        yield ("account", name or address), f"account-row-{quote(address, safe='')}", _number(posts)
    columns = ("label", "component", "entities")
    for label, component, accounts in _rows(report / "component_summary.csv", *columns):
        if label:
            yield ("subject", label), f"component-row-{component}", _number(accounts)
    for address, rank, posts in _rows(report / "top_coord_urls.csv", "expanded", "rank", "shares"):
        yield ("link", address), f"url-row-{rank}", _number(posts)


def _rows(path: Path, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the named columns of a published table; nothing where it is absent or has no such columns."""
    table = read_table(path, *names)
    if set(names[:2]) <= set(table):
        columns = table.reindex(columns=names, fill_value="").items()
        yield from zip(*(map(clean_text, column.tolist()) for _, column in columns), strict=True)


def _number(text: str) -> int | None:
    return int(float(text)) if text.replace(".", "", 1).isdecimal() else None


def search_form(up: str = "") -> str:
    """Return a box that leads to the search page; `up` leads to the site's reports/."""
    return (
        f'<form class="cl-search" role="search" action="{escape(up)}search.html" method="get">'
        '<label>Find an account, a hashtag, a subject, a link, a day: <input type="search" name="q" autocomplete="off"></label> '
        '<button type="submit">Search</button></form>'
    )


def search_page(banner: str) -> str:
    """Return search.qmd."""
    words = (
        "<noscript><p>Searching needs scripts. The <a href='archive.html'>archive</a> lists all days, and each day's "
        "<code>accounts.csv</code> all its accounts.</p></noscript>"
    )
    body = (
        f'{banner}{search_form()}<p class="cl-note" id="search-status" role="status"></p><ul id="search-results"></ul>'
        f'{words}<script src="assets/search.js" defer></script>'
    )
    return f"---\ntitle: Search\ntoc: false\nsearch: false\n---\n\n{raw_block(body)}\n"
