"""The evidence of a report: what its record says of the tests, and the pairs of posts behind every edge, network by network.

On the page a network is a line that opens and then loads a script that hands over JSON: unlike a request for data, that works from disk, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from coordlib.describe.day import other_settings
from coordlib.describe.networks import evidence_counts, network_evidence, planted_counts
from coordlib.detect.threshold import over_threshold
from coordlib.report.dictionary import how
from coordlib.report.display import Html
from coordlib.report.record import Evidence, OtherSettings, RunRecord
from coordlib.report.tables import facts, format_value, is_missing
from coordlib.report.words import clean_text, escape, json_for_page, plural, safe_url
from coordlib.significance import (
    evidence_headline,
    evidence_sentence,
    network_sentence,
)
from coordlib.significance.classes import WORDS
from coordlib.times import utc_text

#: Folder of the files, beside the page.
FOLDER = "evidence"
#: Small networks share a file up to this many characters: a disk gives each file four kilobytes anyway.
_FILE_SIZE = 60_000
#: What a notebook shows, where no file can be loaded: networks, groups outside them, objects of each, accounts of each object.
_NETWORKS, _GROUPS, _OBJECTS, _ACCOUNTS = 25, 8, 5, 30
#: What else is known about an edge, by column of ``edges``.
_EDGE_FACTS = {
    "evidence": "evidence",
    "q_value": "q-value",
    "episodes": "episodes",
    "occasions": "occasions",
    "edge_symmetry_score": "symmetry",
}
_WITHOUT = (
    '<p class="cl-note">Without scripts this does not open. '
    'The same posts are in <a href="{0}" download>{0}</a>.</p>'
)


def evidence_record(
    significance: pd.DataFrame | None,
    whole: pd.DataFrame | None,
    pairs: pd.DataFrame,
    graph: nx.Graph[str],
    parameters: Mapping[str, Any],
    word: str,
    planted: Mapping[str, str],
) -> dict[str, Any]:
    """Return ``evidence``, ``whole``, ``random_networks``, ``other_settings`` and ``truth``, as far as they are known."""
    record: dict[str, Any] = {}
    if graph.number_of_edges() and "time_delta" in pairs:
        found = other_settings(pairs, int(parameters.get("time_window") or 120))
        record["other_settings"] = OtherSettings.model_validate(found)
    if whole is not None and whole["observed"].any():
        record["whole"] = network_sentence(whole)
        attrs: Mapping[Any, Any] = whole.attrs
        record["random_networks"] = {**attrs, "rows": whole.to_dict("records")}
    if significance is not None and len(significance):
        quantile, least = parameters.get("edge_weight"), parameters.get("min_weight")
        weights = significance["weight"].to_numpy()
        drawn = network_evidence(graph)["n_significant"]
        record["evidence"] = Evidence(
            **evidence_counts(significance, graph),
            words=evidence_headline(significance, None, word),
            # Edges the threshold would keep if accounts of any participation took part.
            kept_of_all=int(over_threshold(weights, 0.9 if quantile is None else quantile, least).sum()),
            # Number of each network with significant edges, and how many it has.
            networks={str(number): int(count) for number, count in drawn[drawn > 0].items()},
        )
        if planted:
            record["truth"] = planted_counts(significance, graph, planted)
    return record


def class_table(run: RunRecord, edges: pd.DataFrame, discovered: pd.DataFrame) -> Html:
    """Return what each class among some edges says, in a sentence, with the number of edges."""
    columns = ["account_id", "account_id_y", "evidence", "n_objects"]
    parts = [table[columns] for table in (edges, discovered) if "evidence" in table]
    every = pd.concat(parts).drop_duplicates(["account_id", "account_id_y"]) if parts else discovered
    kinds = every["n_objects"].gt(1).map({True: "objects", False: "repeats"})
    tested, word = run.evidence or Evidence(), run.object
    window, least = int(tested.time_window or 120), tested.least_repeats
    said: dict[str, tuple[str, int]] = {}
    for name in WORDS:
        for kind in ("objects", "repeats"):
            count = int(((every["evidence"] == name) & (kinds == kind)).sum())
            sentence = evidence_sentence(name, window, word, kind, least)
            if count:
                said[sentence] = (name, said.get(sentence, (name, 0))[1] + count)
    told = {f"{name} ({plural(count, 'pair')})": text for text, (name, count) in said.items()}
    return facts(told, "What the classes say", "edges", column="evidence")


class EvidenceView(Html):
    """Every pair of posts behind every edge, then behind `discovered` pairs `outside` the networks: it shows itself (in a notebook the first networks), and ``write`` puts its files beside a report."""

    def __init__(
        self,
        accounts: pd.DataFrame,
        posts: pd.DataFrame,
        pairs: pd.DataFrame,
        edges: pd.DataFrame,
        *,
        outside: pd.DataFrame | None = None,
        discovered: pd.DataFrame | None = None,
        word: str = "caption",
        time_window: object = None,
        of_pairs: int = 0,
    ) -> None:
        pages = dict(zip(accounts["account_id"], accounts.get("url", [None] * len(accounts)), strict=True))
        said = posts.dropna(subset="text") if "text" in posts else posts.head(0).assign(text=None)
        texts = dict(zip(said["content_id"], said["text"], strict=True))
        networks = []
        for kind, rows, ends in (("network", pairs, edges), ("group", outside, discovered)):
            if rows is None or ends is None or kind not in rows or rows.empty:
                continue
            where = {} if kind == "network" else _where(rows, ends)
            networks += [
                {kind: int(str(number)), "word": word, **where.get(number, {}), **behind}
                for number, behind in _behind(rows, ends, kind, pages, texts)
            ]
        files = list(_files(networks))
        self.files = {name: f"coordlibEvidence([{text}]);\n" for name, _, text in files}
        bare = _without_pairs(discovered, outside)
        if not networks:
            super().__init__(
                f'<p class="cl-note">There is no network, so there is nothing to show.</p>{bare}'
            )
            return
        lines = {
            kind: "".join(
                f'<details class="cl-evidence" id="{_place(one)}" data-file="{FOLDER}/{name}">'
                f"<summary>{escape(_line(one))}</summary><noscript>{_WITHOUT.format(file)}</noscript></details>"
                for name, part, _ in files
                for one in part
                if kind in one
            )
            for kind, file in (("network", "pairs.csv"), ("group", "discovered_pairs.csv"))
        }
        window, span = "", 60
        if not is_missing(time_window):
            window, span = f' data-window="{escape(time_window)}"', int(str(time_window))
        inside, apart = ([one for one in networks if kind in one] for kind in lines)
        page = static = ""
        if inside:
            page = f'<div class="cl-evidences"{window}>{lines["network"]}</div>{_note(len(inside), inside, of_pairs)}'
            static = "".join(_static(one, span) for one in inside[:_NETWORKS])
            static += _note(len(inside[:_NETWORKS]), inside, of_pairs)
        if apart:
            page += f'<div class="cl-evidences"{window}>{lines["group"]}</div>{_apart(len(apart), apart)}'
            static += "".join(_static(one, span) for one in apart[:_GROUPS])
            static += _apart(len(apart[:_GROUPS]), apart)
        super().__init__(static + bare, page + bare)

    def write(self, folder: Path) -> None:
        """Write the files into a folder of their own in a report's folder."""
        if self.files:
            (folder / FOLDER).mkdir(exist_ok=True)
        for name, text in self.files.items():
            (folder / FOLDER / name).write_text(text, encoding="utf-8")


def _where(pairs: pd.DataFrame, discovered: pd.DataFrame) -> dict[Any, dict[str, str]]:
    """Say of each group where its pairs are that no edge joins, and of which classes: 'Outside the networks · closed circle'."""
    networks = pairs.reindex(columns=["network"])["network"].groupby(pairs["group"]).unique()
    classes = discovered.groupby("group")["evidence"].unique().map(" and ".join)
    found = {}
    for number, inside in networks.items():
        apart = len(inside) > 1 or is_missing(inside[0])
        head = "Outside the networks" if apart else f"In network {inside[0]}, but none of its edges"
        found[number] = {"where": f"{head} · {classes.get(number, '')}"}
    return found


def _place(network: Mapping[str, Any]) -> str:
    """The name of its place on the page."""
    return f"outside-{network['group']}" if "group" in network else f"network-{network['network']}"


def _line(network: Mapping[str, Any]) -> str:
    """What is in a network: 'Network 3 · 7 accounts · 1 caption · 21 posts · median 41 s'."""
    names = {"accounts": "account", "objects": network["word"], "posts": "post"}
    counts = [plural(len(network[key]), noun) for key, noun in names.items()]
    head = network["where"] if "group" in network else f"Network {network['network']}"
    return " · ".join([head, *counts, f"median {network['median']:,g} s"])


def _behind(
    rows: pd.DataFrame, ends: pd.DataFrame, kind: str, pages: Mapping[str, Any], texts: Mapping[str, Any]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield everything behind each network; what refers to something else does so by its place in a list."""
    # Everything is numbered once, in the order in which it is told: pandas for each network would take far longer.
    posts = _posts(rows)
    told, place = list(posts.items()), pd.MultiIndex.from_tuples(posts)
    both = pd.concat(
        rows[[f"account_id{end}", f"content_id{end}"]].set_axis([0, 1], axis=1) for end in ("", "_y")
    )
    accounts, names = pd.factorize(both[0].to_numpy(), sort=True)
    things, shared_objects = pd.factorize(rows["object_id"].to_numpy(), sort=True)
    pair = np.sort(accounts.reshape(2, -1), axis=0)
    post = place.get_indexer(pd.MultiIndex.from_frame(both)).reshape(2, -1)
    numbered = np.column_stack((*pair, things, *post, rows["time_delta"])).astype("int64")
    known = {
        tuple(sorted((row["account_id"], row["account_id_y"]))): _edge_facts(row)
        for row in ends.to_dict("records")
    }
    for number, lines in rows.groupby(kind).indices.items():
        some = numbered[lines]
        inside, ends_of = np.unique(some[:, :2], return_inverse=True)
        shared, which, counts = np.unique(some[:, 2], return_inverse=True, return_counts=True)
        often = np.argsort(-counts, kind="stable")
        posted, posts_of = np.unique(some[:, 3:5], return_inverse=True)
        rank = np.argsort(often)[which]
        local = np.column_stack((ends_of.reshape(-1, 2), rank, posts_of.reshape(-1, 2), some[:, 5]))
        local = local[np.lexsort(local.T[::-1])]
        ends_at = np.flatnonzero(np.diff(local[:, :2], axis=0).any(axis=1)) + 1
        edges = [(*part[0, :2].tolist(), part[:, 2:].ravel().tolist()) for part in np.split(local, ends_at)]
        account = {name: number for number, name in enumerate(names[inside])}
        objects = shared_objects[shared[often]]
        # What a post says, where that is not the shared object itself.
        same = {*objects, None}
        yield (
            number,
            {
                "median": float(np.median(some[:, 5])),
                "accounts": [[clean_text(name), _address(pages.get(name))] for name in account],
                "objects": [clean_text(text) for text in objects],
                "posts": [
                    [account[name], time, clean_text(post), url, text if text is None else clean_text(text)]
                    for (name, post), (time, url) in (told[place] for place in posted)
                    for text in [None if texts.get(post) in same else texts[post]]
                ],
                "edges": [
                    [a, b, known.get(tuple(names[inside[[a, b]]]), []), pairs]
                    for a, b, pairs in sorted(edges, key=lambda edge: -len(edge[2]))
                ],
            },
        )


def _posts(pairs: pd.DataFrame) -> dict[tuple[str, str], tuple[int | None, str | None]]:
    """Return time and address of every post in pairs, by account and post, in the order of time."""
    names = ["account_id", "content_id", "posted_at", "url"]
    ends = [
        pairs.reindex(columns=[f"{name}{end}" for name in names]).set_axis(names, axis=1)
        for end in ("", "_y")
    ]
    said: dict[tuple[str, str], tuple[list[int], list[str]]] = {}
    for name, post, time, url in pd.concat(ends).drop_duplicates().astype(object).itertuples(index=False):
        times, pages = said.setdefault((name, post), ([], []))
        if not is_missing(time):
            times.append(int(time))
        if page := _address(url):
            pages.append(page)
    found = {
        post: (min(times, default=None), min(pages, default=None)) for post, (times, pages) in said.items()
    }
    return dict(sorted(found.items(), key=lambda item: (item[1][0] or 0, item[0])))


def _address(url: Any) -> str | None:
    return None if is_missing(url) else safe_url(url)


def _edge_facts(row: Mapping[Any, Any]) -> list[list[str]]:
    """What else is known about an edge, each with its name."""
    return [
        [label, format_value(row[name], ",.2g" if isinstance(row[name], float) else None)]
        for name, label in _EDGE_FACTS.items()
        if not is_missing(row.get(name))
    ]


def _files(networks: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]], str]]:
    """Share out the networks over files, each named after its first network: name, networks, text."""
    part: list[dict[str, Any]] = []
    texts: list[str] = []
    for network in networks:
        text = json_for_page(_in_short(network))
        if part and sum(map(len, texts)) + len(text) > _FILE_SIZE:
            yield f"{_place(part[0]).removeprefix('network-')}.js", part, ",".join(texts)
            part, texts = [], []
        part.append(network)
        texts.append(text)
    if part:
        yield f"{_place(part[0]).removeprefix('network-')}.js", part, ",".join(texts)


def _in_short(network: dict[str, Any]) -> dict[str, Any]:
    """Of the address of a post only what is between its account's address and its id, where it is made of the two."""
    posts = []
    for account, time, post, url, text in network["posts"]:
        page = network["accounts"][account][1]
        made = url and page and post and url.startswith(f"{page}/") and url.endswith(f"/{post}")
        posts.append([account, time, post, url[len(page) : -len(post)] if made else url, text])
    return network | {"posts": posts}


def _note(n_shown: int, networks: list[dict[str, Any]], of_pairs: int) -> str:
    n_pairs = sum(len(rows) // 4 for part in networks for *_, rows in part["edges"])
    rest, which = "", "Every pair of posts behind every edge is"
    if n_shown < len(networks):
        rest = f"Showing {n_shown:,} of {plural(len(networks), 'network')}, the largest first, each cut to a readable length. "
    if n_pairs < of_pairs:
        which = f"{n_pairs:,} of {of_pairs:,} pairs of posts, of every edge its closest first, are here and"
    return (
        f'<p class="cl-note">{rest}{which} in '
        f'<a href="pairs.csv" download>pairs.csv</a>. Times are UTC. {how("summary", "Network line")}</p>'
    )


def _apart(n_shown: int, groups: list[dict[str, Any]]) -> str:
    rest = f"Showing {n_shown:,} of {plural(len(groups), 'group')}. " if n_shown < len(groups) else ""
    return (
        f'<p class="cl-note">{rest}After the networks come pairs of accounts that stand out (the table of pairs that share more than '
        "their activity explains) and that no edge of a network joins. Their pairs of posts are in "
        '<a href="discovered_pairs.csv" download>discovered_pairs.csv</a>.</p>'
    )


def _without_pairs(*tables: pd.DataFrame | None) -> str:
    """Say how many groups of the first table the second has no pairs of: all accounts are tested, not all are in pairs."""
    of, here = (
        {*table["group"].dropna()} if table is not None and "group" in table else set() for table in tables
    )
    groups = f"{plural(len(of - here), 'group')} of pairs that stand out: no pairs of posts are here"
    why = "their accounts have fewer posts than min_participation asks for, or the notebook left their pairs out"
    return f'<p class="cl-note">{groups}, since {why}.</p>' if of - here else ""


def _static(network: Mapping[str, Any], span: int) -> str:
    """A network as a notebook shows it: objects, under each its accounts with their posts."""
    accounts = [escape(name) for name, _ in network["accounts"]]
    used: dict[int, set[int]] = {}
    for *_, rows in network["edges"]:
        for thing, first, second in zip(rows[::4], rows[1::4], rows[2::4], strict=True):
            used.setdefault(thing, set()).update((first, second))
    parts = []
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
            f'<tr><th scope="row">{accounts[account]}</th><td>{", ".join(marks[account])}</td></tr>'
            for account in sorted(marks)[:_ACCOUNTS]
        )
        text = escape(network["objects"][thing][:300])
        table = f'<table class="cl-facts"><caption>{text}</caption><tbody>{rows}</tbody></table>'
        parts.append(table + _more(len(marks) - _ACCOUNTS, "account"))
    parts.append(_more(len(used) - _OBJECTS, network["word"]))
    edges = network["edges"]
    pairs = [
        f"{accounts[a]} ↔ {accounts[b]}: {plural(len(rows) // 4, 'pair')}"
        for a, b, _, rows in edges[:_ACCOUNTS]
    ]
    if len(edges) > len(pairs):
        pairs.append(f"and {plural(len(edges) - len(pairs), 'edge')} more")
    parts.append(f"<p>{' · '.join(pairs)}</p>")
    return (
        f'<details class="cl-evidence"><summary>{escape(_line(network))}</summary>{"".join(parts)}</details>'
    )


def _more(number: int, noun: str) -> str:
    return f'<p class="cl-note">and {plural(number, noun)} more</p>' if number > 0 else ""


def _mark(time: int | None, start: int | None, url: str | None) -> str:
    words = "no time" if time is None else utc_text(time)
    link = f'<a href="{escape(url)}" rel="nofollow">{words}</a>' if url else words
    return link if time is None or start is None or time == start else f"{link} (+{time - start:,} s)"
