"""The interactive network: inside a notebook as it stands, beside a report as a page of its own.

Positions are computed here, so nothing moves and every reader sees the same picture.
"""

from __future__ import annotations

import html as markup
import json
import math
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from coordlib.describe.posts import network_numbers as numbers_by_size
from coordlib.files import write_text
from coordlib.places import project_root
from coordlib.report.dictionary import how
from coordlib.report.display import TEMPLATES, Html
from coordlib.report.figures import PALETTE
from coordlib.report.layout import communities, disc_radius, layout_graph, network_svg
from coordlib.report.tables import format_value, is_missing
from coordlib.report.words import clean_text, escape, json_for_page, plural, safe_url

#: Positions are given, so nothing is simulated; the rest is what keeps 1,000 accounts smooth.
_OPTIONS = {
    "physics": {"enabled": False},
    "layout": {"improvedLayout": False},
    "edges": {"smooth": False},
    "interaction": {
        "hideEdgesOnDrag": True,
        "hideEdgesOnZoom": True,
        "tooltipDelay": 50,
        "hover": True,
        "multiselect": False,
        "zoomView": False,
    },
}
_OTHER = ("#8a8f98", "dot")
_SHAPES = ("dot", "square", "triangle", "diamond", "triangleDown", "hexagon", "star")
#: Facts of an account in the side panel and the tooltip, by column of ``accounts``.
_FACTS = {
    "network": "Network",
    "unique_shares_count": "Posts in pairs",
    "degree": "Connected accounts",
    "strength": "Post pairs",
    "avg_time_delta": "Mean seconds apart",
    "betweenness": "Betweenness",
}
#: What the accounts of one community share: a page has it once.
_LOOK = ("network", "subject", "bubble", "color", "shape")


class NetworkView(Html):
    """A drawn network: it shows itself, and ``write`` puts it beside a report as ``network.html``.

    Drawn are whole networks, largest first, up to `nodes_shown` accounts; `edge_unit` is what the weight of an edge counts.
    One of 60 accounts or more is drawn as its communities (Louvain, seeded), each a bubble that opens.

    ``n_shown`` of ``n_all`` accounts are drawn, ``summary`` says so in words; ``drawing`` is the pyvis network: its
    nodes, edges and ``options`` (a dict) can be restyled before it is written.
    """

    def __init__(
        self,
        graph: nx.Graph[str],
        *,
        accounts: pd.DataFrame | None = None,
        networks: pd.DataFrame | None = None,
        nodes_shown: int = 1000,
        simulated: bool = False,
        edge_unit: str = "post pairs",
    ) -> None:
        from pyvis.network import Network  # brings IPython along, which only a drawing needs

        self.simulated, self.edge_unit = simulated, edge_unit
        number = network_numbers(graph, accounts)
        part: nx.Graph[str] = nx.Graph(graph.subgraph(choose_nodes(graph, number, nodes_shown)))
        groups = communities(part)
        nodes, edges = _nodes(part, number, accounts, networks, groups), _edges(part, edge_unit)
        self.n_shown, self.n_all, n_edges = len(part), len(graph), graph.number_of_edges()
        if self.n_shown < self.n_all:
            self.summary = (
                f"Showing {self.n_shown:,} of {self.n_all:,} accounts and {len(edges):,} of {n_edges:,} edges, the largest networks "
                "first; the whole network is in the download."
            )
        else:
            parts = plural(len(set(number.values())), "network")
            self.summary = f"{plural(self.n_all, 'account')}, {plural(n_edges, 'edge')}, {parts}."
        self.bubbles = _bubbles(nodes, groups)
        self.drawing = Network()
        for node in nodes:
            self.drawing.add_node(node.pop("id"), **node)
        self.drawing.edges.extend(edges)  # add_edge compares each with all before it
        self.drawing.set_options(json.dumps(_OPTIONS))
        super().__init__(*self._forms())

    def _forms(self) -> tuple[str, ...]:
        """In a notebook, and on the site."""
        if not self.n_all:
            return ('<p class="cl-note">There is no network to draw: no two accounts are connected.</p>',)
        title, summary = escape(f"Network view: {self.summary}"), escape(self.summary)
        # One line, as papermill writes a notebook after every cell, and each of its lines costs anew.
        page = markup.escape(self._page(None), quote=True).replace("\n", "&#10;")
        alone = (
            f'<iframe srcdoc="{page}" title="{title}" '
            f'style="width:100%;height:38rem;border:1px solid #8886"></iframe><p class="cl-note">{summary}</p>'
        )
        beside = (
            f'<div class="cl-network"><iframe src="network.html" loading="lazy" title="{title}"></iframe>'
            f"{network_svg(self.drawing.nodes, self.drawing.edges, self.bubbles, title)}"
            f'<p class="cl-note">{summary} <a href="network.html">Open the network on its own page</a>. '
            f"The tables on this page hold the same accounts and edges. {how('summary', 'Drawing')}</p></div>"
        )
        return alone, beside

    def __repr__(self) -> str:
        return self.summary

    def write(self, folder: Path | str, assets: str = "../../assets") -> Path:
        """Write ``network.html`` in a folder that exists; `assets` is the relative address of the site's scripts."""
        target = Path(folder) / "network.html"
        write_text(target, self._page(assets))
        return target

    def _page(self, assets: str | None) -> str:
        """Return pyvis' page from our template; without `assets` everything it needs is in it."""
        # pyvis' own always loads files from another host, takes names as HTML, and has no search, filter, panel, legend or keys.
        environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
        environment.globals.update(
            assets=assets,
            inline={} if assets else _inline(),
            summary=self.summary,
            simulated=self.simulated,
            data=Markup(self._data()),
        )
        self.drawing.templateEnv, self.drawing.path = environment, "network.html"
        return str(self.drawing.generate_html())

    def _data(self) -> str:
        """The drawing as its script reads it: what nodes or edges share stands once, and they name its place."""
        nodes, edges, *_ = self.drawing.get_network_data()
        kinds: dict[str, int] = {}
        lines = []
        for edge in edges:
            own = {name: value for name, value in edge.items() if name not in ("from", "to")}
            kind = kinds.setdefault(json.dumps(own, sort_keys=True), len(kinds))
            lines.append([edge["from"], edge["to"], kind])
        looks: dict[tuple[Any, ...], int] = {}
        rows = []
        for node in nodes:
            look = looks.setdefault(tuple(node.get(name) for name in _LOOK), len(looks))
            own = {key: value for key, value in node.items() if key not in _LOOK}
            if own.get("label") == node["name"]:
                del own["label"]
            rows.append(own | {"look": look})
        sizes = Counter(node["network"] for node in nodes)
        return json_for_page(
            {
                "nodes": rows,
                "looks": [dict(zip(_LOOK, look, strict=True)) for look in looks],
                "edges": lines,
                "kinds": [json.loads(kind) for kind in kinds],
                "facts": list(_FACTS.values()),
                "options": self.drawing.options,
                "bubbles": self.bubbles,
                "networks": [{"network": number, "n": sizes[number]} for number in _by_size(sizes)],
                "subjects": _subjects(nodes),
                "edge_unit": self.edge_unit,
            }
        )


def network_numbers(graph: nx.Graph[str], accounts: pd.DataFrame | None = None) -> dict[str, int]:
    """Return the network number of every account, from the table where that has all of them, or else by size."""
    if accounts is not None and {"account_id", "network"} <= set(accounts.columns):
        known = dict(zip(accounts["account_id"].astype(str), accounts["network"], strict=True))
        if not any(is_missing(known.get(node)) for node in graph):
            return {node: int(known[node]) for node in graph}
    return numbers_by_size(graph)


def choose_nodes(graph: nx.Graph[str], number: Mapping[str, int], limit: int) -> list[str]:
    """Return the accounts to draw: whole networks from the largest on, then the best connected of one more."""
    sizes = Counter(number[node] for node in graph)
    order = sorted(graph, key=lambda node: (-sizes[number[node]], number[node], -graph.degree(node), node))
    return sorted(order[:limit])


def _nodes(
    graph: nx.Graph[str],
    number: Mapping[str, int],
    accounts: pd.DataFrame | None,
    networks: pd.DataFrame | None,
    groups: Mapping[str, int],
) -> list[dict[str, Any]]:
    known = {} if accounts is None else {str(row["account_id"]): row for row in accounts.to_dict("records")}
    about = {one: f"network {one}" for one in number.values()}
    if networks is not None and {"network", "label"} <= set(networks.columns):
        named = zip(networks["network"], networks["label"].fillna(""), strict=True)
        about |= {int(one): clean_text(label) for one, label in named if label.strip()}
    largest = _by_size(Counter(about[number[node]] for node in graph))[: len(PALETTE) - 1]
    looks = {one: (PALETTE[n], _SHAPES[n % len(_SHAPES)]) for n, one in enumerate(largest)}
    positions = layout_graph(graph, groups=groups)
    nodes = []
    for place, node in enumerate(sorted(graph)):
        name, subject, degree = clean_text(node), about[number[node]], graph.degree(node)
        row = {"network": number[node], "degree": degree, **known.get(node, {})}
        colour, shape = looks.get(subject, _OTHER)
        nodes.append(
            {
                "id": place,
                "label": name if len(name) <= 24 else name[:23] + "…",
                "x": positions[node][0],
                "y": positions[node][1],
                "size": round(6 + 3 * math.sqrt(degree), 1),
                "network": number[node],
                "subject": subject,
                "bubble": groups.get(node),
                "color": colour,
                "shape": shape,
                "name": name,
                "facts": [format_value(row.get(key)) for key in _FACTS],
                "url": None if is_missing(row.get("url")) else safe_url(row["url"]),
            }
        )
    return nodes


def _edges(graph: nx.Graph[str], unit: str) -> list[dict[str, Any]]:
    place = {node: number for number, node in enumerate(sorted(graph))}
    rows = []
    for first, second, data in graph.edges(data=True):
        start, end = sorted((place[first], place[second]))
        weight = 1 if is_missing(data.get("weight")) else data["weight"]
        words = f"{format_value(weight)} {unit}"
        if not is_missing(data.get("n_objects")):
            words += f", {plural(int(data['n_objects']), 'distinct object')}"
        width = round(min(8.0, 0.8 + math.log2(1 + float(weight)) * 0.6), 1)
        rows.append({"from": start, "to": end, "title": words, "width": width})
    return sorted(rows, key=lambda row: (row["from"], row["to"]))


def _bubbles(nodes: list[dict[str, Any]], groups: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return one bubble a community: where it is, how large, in the colour of its network."""
    bubbles = []
    for number in sorted(set(groups.values())):
        inside = [node for node in nodes if node["bubble"] == number]
        middle = {axis: round(sum(node[axis] for node in inside) / len(inside), 1) for axis in ("x", "y")}
        look = {name: inside[0][name] for name in ("network", "color")}
        size = round(disc_radius(len(inside)) * 0.7, 1)
        bubbles.append({"id": number, "n": len(inside), **middle, "size": size, **look})
    return bubbles


@cache
def _inline() -> dict[str, str]:
    """Return what a page alone needs of the site's files; its scripts packed, for a notebook is written after every cell."""
    folder = project_root() / "reports" / "assets"
    style = (folder / "network.css").read_text(encoding="utf-8")
    scripts = [(folder / name).read_bytes() for name in ("vis-network.min.js", "network.js")]
    return {"style": Markup(style), "scripts": b64encode(zlib.compress(b"\n".join(scripts))).decode("ascii")}


def _by_size(sizes: Counter[Any]) -> list[Any]:
    """Names from the most to the least frequent, of equal ones the first in order."""
    return sorted(sizes, key=lambda name: (-sizes[name], name))


def _subjects(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the legend shows: each subject with its look, its accounts and its networks."""
    found = []
    for subject in _by_size(Counter(node["subject"] for node in nodes)):
        inside = [node for node in nodes if node["subject"] == subject]
        look = {name: inside[-1][name] for name in ("color", "shape")}
        n_networks = len({node["network"] for node in inside})
        found.append({"subject": subject, "n": len(inside), "networks": n_networks, **look})
    return found
