"""The evidence, network by network: one line each on the page, and a small file that is loaded when it is opened.

The files are scripts that hand over JSON: unlike a request for data, a script also loads where a page is opened from disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.report.display import Html
from coordlib.report.how import how
from coordlib.report.network_view import json_for_page
from coordlib.report.tables import format_value, is_missing
from coordlib.report.text import clean_text, escape, safe_url
from coordlib.report.words import plural
from coordlib.times import utc_text

#: Folder of the files, beside the page.
FOLDER = "evidence"
#: Small networks share a file up to this many characters: a disk gives each file four kilobytes anyway.
_FILE_SIZE = 60_000
#: What a notebook shows, where no file can be loaded: networks, objects of each, accounts of each object.
_NETWORKS, _OBJECTS, _ACCOUNTS = 25, 5, 30
#: What else is known about an edge, by column of ``edges``.
_EDGE_FACTS = {
    "evidence": "evidence",
    "q_value": "q-value",
    "episodes": "episodes",
    "occasions": "occasions",
    "edge_symmetry_score": "symmetry",
}


class EvidenceView(Html):
    """Every pair of posts behind every edge: it shows itself, and ``write`` puts its files beside a report.

    On the site each network is one line that opens; in a notebook the first of them are there whole.
    """

    def __init__(self, networks: list[dict[str, Any]], time_window: object, of_pairs: int = 0) -> None:
        self.networks = networks
        files = list(_files(networks))
        self.files = {name: _script(part) for name, part in files}
        if not networks:
            super().__init__('<p class="cl-note">There is no network, so there is nothing to show.</p>')
            return
        lines = "".join(
            f'<details class="cl-evidence" id="network-{network["network"]}" data-file="{FOLDER}/{name}">'
            f"<summary>{escape(line(network))}</summary><noscript>{_WITHOUT}</noscript></details>"
            for name, part in files
            for network in part
        )
        window = f' data-window="{escape(time_window)}"' if not is_missing(time_window) else ""
        page = f'<div class="cl-evidences"{window}>{lines}</div>{_note(len(networks), networks, of_pairs)}'
        shown = networks[:_NETWORKS]
        span = 60 if is_missing(time_window) else int(str(time_window))
        super().__init__(
            "".join(_static(network, span) for network in shown) + _note(len(shown), networks, of_pairs), page
        )

    def write(self, folder: Path) -> None:
        """Write the files into a folder of their own in a report's folder."""
        if self.files:
            (folder / FOLDER).mkdir(exist_ok=True)
        for name, text in self.files.items():
            (folder / FOLDER / name).write_text(text, encoding="utf-8")


_WITHOUT = (
    '<p class="cl-note">Without scripts this does not open. '
    'The same posts are in <a href="pairs.csv" download>pairs.csv</a>.</p>'
)


def evidence_view(
    accounts: pd.DataFrame,
    posts: pd.DataFrame,
    pairs: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    word: str = "caption",
    time_window: object = None,
    of_pairs: int = 0,
) -> EvidenceView:
    """Return the evidence of a report.

    Parameters
    ----------
    accounts, posts, pairs, edges
        The tables of a report (:mod:`coordlib.report.dictionary`).
    word
        What one shared object is called.
    time_window
        Seconds between two posts of a pair, at most; posts closer than that are told as one burst.
    of_pairs
        Of how many pairs `pairs` are a sample.
    """
    pages = dict(zip(accounts["account_id"], accounts.get("url", [None] * len(accounts)), strict=True))
    texts = dict(zip(posts["content_id"], posts["text"], strict=True)) if "text" in posts else {}
    of_network = dict(list(edges.groupby("network"))) if "network" in edges else {}
    groups = pairs.groupby("network", sort=True) if "network" in pairs else ()
    networks = [
        _network(int(str(number)), rows, of_network.get(number, edges.head(0)), pages, texts, word)
        for number, rows in groups
    ]
    return EvidenceView(networks, time_window, of_pairs)


def line(network: Mapping[str, Any]) -> str:
    """Return what is in a network, on one line.

    Examples
    --------
    >>> line({"network": 3, "word": "caption", "accounts": [0] * 7, "objects": [0], "posts": [0] * 21, "median": 41})
    'Network 3 · 7 accounts · 1 caption · 21 posts · median 41 s'
    """
    counts = [
        plural(len(network[key]), noun)
        for key, noun in (("accounts", "account"), ("objects", network["word"]), ("posts", "post"))
    ]
    return " · ".join([f"Network {network['network']}", *counts, f"median {network['median']:,g} s"])


def _network(
    number: int,
    pairs: pd.DataFrame,
    edges: pd.DataFrame,
    pages: Mapping[str, Any],
    texts: Mapping[str, Any],
    word: str,
) -> dict[str, Any]:
    """Return everything behind a network; what refers to something else does so by its place in a list."""
    posts = _posts(pairs)
    names = sorted(set(pairs["account_id"]) | set(pairs["account_id_y"]))
    account = {name: place for place, name in enumerate(names)}
    sizes = pairs["object_id"].value_counts()
    objects = sorted(sizes.index, key=lambda text: (-int(sizes[text]), text))
    thing = {text: place for place, text in enumerate(objects)}
    place = {key: number for number, key in enumerate(posts)}
    behind: dict[tuple[str, str], list[int]] = {}
    columns = ["object_id", "account_id", "content_id", "account_id_y", "content_id_y", "time_delta"]
    told = (
        (
            thing[text],
            place[first, post],
            place[second, other],
            int(apart),
            min(first, second),
            max(first, second),
        )
        for text, first, post, second, other, apart in pairs[columns].astype(object).itertuples(index=False)
    )
    for *row, a, b in sorted(told):
        behind.setdefault((a, b), []).extend(row)
    rows_of_edges = zip(edges["account_id"], edges["account_id_y"], edges.to_dict("records"), strict=True)
    known = {(min(a, b), max(a, b)): row for a, b, row in rows_of_edges}
    joined = [
        [account[a], account[b], _edge_facts(known.get((a, b), {})), numbers]
        for (a, b), numbers in sorted(behind.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    same = set(objects)
    return {
        "network": number,
        "word": word,
        "median": float(pairs["time_delta"].median()),
        "accounts": [[clean_text(name), _address(pages.get(name))] for name in names],
        "objects": [clean_text(text) for text in objects],
        "posts": [
            [account[name], time, clean_text(post), url, _own_text(texts.get(post), same)]
            for (name, post), (time, url) in posts.items()
        ],
        "edges": joined,
    }


def _posts(pairs: pd.DataFrame) -> dict[tuple[str, str], tuple[int | None, str | None]]:
    """Return time and address of every post in pairs, by account and post, in the order of time."""
    names = ["account_id", "content_id", "posted_at", "url"]
    ends = [
        pairs.reindex(columns=[f"{name}{end}" for name in names]).set_axis(names, axis=1)
        for end in ("", "_y")
    ]
    found: dict[tuple[str, str], tuple[int | None, str | None]] = {}
    for name, post, time, url in pd.concat(ends).drop_duplicates().astype(object).itertuples(index=False):
        times = [None if is_missing(time) else int(time), found.get((name, post), (None, None))[0]]
        pages = [_address(url), found.get((name, post), (None, None))[1]]
        found[name, post] = (
            min((t for t in times if t is not None), default=None),
            min((page for page in pages if page), default=None),
        )
    return dict(sorted(found.items(), key=lambda item: (item[1][0] or 0, item[0])))


def _address(url: Any) -> str | None:
    return None if is_missing(url) else safe_url(url)


def _own_text(text: Any, objects: set[str]) -> str | None:
    """What a post says, where that is not the shared object itself."""
    return None if is_missing(text) or text in objects else clean_text(text)


def _edge_facts(row: Mapping[Any, Any]) -> list[list[str]]:
    return [
        [label, format_value(row[name], ",.2g" if isinstance(row[name], float) else None)]
        for name, label in _EDGE_FACTS.items()
        if name in row and not is_missing(row[name])
    ]


def _files(networks: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Share out the networks over files, each named after its first network."""
    part: list[dict[str, Any]] = []
    size = 0
    for network in networks:
        length = len(json_for_page(_in_short(network)))
        if part and size + length > _FILE_SIZE:
            yield f"{part[0]['network']}.js", part
            part, size = [], 0
        part.append(network)
        size += length
    if part:
        yield f"{part[0]['network']}.js", part


def _script(networks: list[dict[str, Any]]) -> str:
    return f"coordlibEvidence({json_for_page([_in_short(network) for network in networks])});\n"


def _in_short(network: dict[str, Any]) -> dict[str, Any]:
    """Of the address of a post only what is between its account's address and its id, where it is made of the two."""
    posts = []
    for account, time, post, url, text in network["posts"]:
        page = network["accounts"][account][1]
        made = url and page and post and url.startswith(f"{page}/") and url.endswith(f"/{post}")
        posts.append([account, time, post, url[len(page) : -len(post)] if made else url, text])
    return network | {"posts": posts}


def _note(n_shown: int, networks: list[dict[str, Any]], of_pairs: int) -> str:
    n_all, n_pairs = len(networks), sum(len(rows) // 4 for part in networks for *_, rows in part["edges"])
    rest = (
        ""
        if n_shown == n_all
        else f"Showing {n_shown:,} of {plural(n_all, 'network')}, the largest first, each cut to a readable length. "
    )
    which = "Every pair of posts behind every edge is"
    if n_pairs < of_pairs:
        which = f"{n_pairs:,} of {of_pairs:,} pairs of posts, of every edge its closest first, are here and"
    return (
        f'<p class="cl-note">{rest}{which} in '
        f'<a href="pairs.csv" download>pairs.csv</a>. Times are UTC. {how("summary", "Network line")}</p>'
    )


def _static(network: Mapping[str, Any], span: int) -> str:
    """A network as a notebook shows it: objects, under each its accounts with their posts."""
    parts = []
    used: dict[int, set[int]] = {}
    for _, _, _, rows in network["edges"]:
        for thing, first, second in zip(rows[::4], rows[1::4], rows[2::4], strict=True):
            used.setdefault(thing, set()).update((first, second))
    for thing in sorted(used)[:_OBJECTS]:
        marks: dict[int, list[str]] = {}
        began = before = None
        for post in sorted(used[thing]):
            account, time, _, url, _ = network["posts"][post]
            if time is not None:
                began = time if before is None or time - before > span else began
                before = time
            marks.setdefault(account, []).append(_mark(time, began, url))
        rows = "".join(
            f'<tr><th scope="row">{escape(network["accounts"][account][0])}</th><td>{", ".join(marks[account])}</td></tr>'
            for account in sorted(marks)[:_ACCOUNTS]
        )
        text = escape(network["objects"][thing][:300])
        more = len(marks) - _ACCOUNTS
        note = f'<p class="cl-note">and {plural(more, "account")} more</p>' if more > 0 else ""
        parts.append(f'<table class="cl-facts"><caption>{text}</caption><tbody>{rows}</tbody></table>{note}')
    more = len(used) - _OBJECTS
    if more > 0:
        parts.append(f'<p class="cl-note">and {plural(more, network["word"])} more</p>')
    pairs = [
        f"{escape(network['accounts'][a][0])} ↔ {escape(network['accounts'][b][0])}: {plural(len(rows) // 4, 'pair')}"
        for a, b, _, rows in network["edges"][:_ACCOUNTS]
    ]
    more = len(network["edges"]) - len(pairs)
    rest = f" · and {plural(more, 'edge')} more" if more > 0 else ""
    parts.append(f"<p>{' · '.join(pairs)}{rest}</p>")
    return (
        f'<details class="cl-evidence"><summary>{escape(line(network))}</summary>{"".join(parts)}</details>'
    )


def _mark(time: int | None, start: int | None, url: str | None) -> str:
    words = "no time" if time is None else utc_text(time)
    link = f'<a href="{escape(url)}" rel="nofollow">{words}</a>' if url else words
    return link if time is None or start is None or time == start else f"{link} (+{time - start:,} s)"
