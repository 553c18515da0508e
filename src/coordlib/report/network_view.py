"""The interactive network: inside a notebook as it stands, beside a report as a page of its own.

Positions are computed here, so nothing moves and every reader sees the same picture.
"""

from __future__ import annotations

import html as markup
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from coordlib.errors import PublishError
from coordlib.places import project_root
from coordlib.report.dictionary import how
from coordlib.report.display import Html
from coordlib.report.figures import PALETTE
from coordlib.report.layout import communities, disc_radius, layout_graph
from coordlib.report.network_svg import network_svg
from coordlib.report.tables import format_value, is_missing
from coordlib.report.text import clean_text, escape, safe_url
from coordlib.report.words import plural

if TYPE_CHECKING:
    from pyvis.network import Network

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
_OTHER = "#8a8f98"
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

    ``n_shown`` of ``n_all`` accounts are drawn, ``summary`` says so in words; ``drawing`` is the pyvis network: its
    nodes, edges and ``options`` (a dict) can be restyled before it is written.
    """

    def __init__(
        self,
        drawing: Network,
        bubbles: list[dict[str, Any]],
        summary: str,
        n_all: int,
        simulated: bool,
        edge_unit: str,
    ) -> None:
        self.drawing, self.bubbles, self.summary = drawing, bubbles, summary
        self.simulated, self.edge_unit = simulated, edge_unit
        self.n_shown, self.n_all = len(drawing.nodes), n_all
        if not n_all:
            super().__init__(
                '<p class="cl-note">There is no network to draw: no two accounts are connected.</p>'
            )
            return
        title = escape(f"Network view: {summary}")
        alone = (
            f'<iframe srcdoc="{markup.escape(self._page(None), quote=True)}" title="{title}" '
            f'style="width:100%;height:38rem;border:1px solid #8886"></iframe><p class="cl-note">{escape(summary)}</p>'
        )
        beside = (
            f'<div class="cl-network"><iframe src="network.html" loading="lazy" title="{title}"></iframe>'
            f"{network_svg(drawing.nodes, drawing.edges, bubbles, title)}"
            f'<p class="cl-note">{escape(summary)} <a href="network.html">Open the network on its own page</a>. '
            f"The tables on this page hold the same accounts and edges. {how('summary', 'Drawing')}</p></div>"
        )
        super().__init__(alone, beside)

    def __repr__(self) -> str:
        return self.summary

    def write(self, folder: Path | str, assets: str = "../../assets") -> Path:
        """Write ``network.html`` in a folder that exists; `assets` is the relative address of the site's scripts."""
        target = Path(folder) / "network.html"
        try:
            target.write_text(self._page(assets), encoding="utf-8")
        except OSError as error:
            raise PublishError(f"{target}: cannot be written ({error.strerror})") from error
        return target

    def _page(self, assets: str | None) -> str:
        """Return pyvis' page from our template; without `assets` everything it needs is in it.

        pyvis' own template always loads files from another host, takes names as HTML, and has no search, filter by network,
        panel, legend or way to go by keyboard.
        """
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
        )
        names = () if assets else ("network.css", "vis-network.min.js", "network.js")
        environment.globals.update(
            assets=assets,
            inline={name: _asset(name) for name in names},
            summary=self.summary,
            simulated=self.simulated,
            data=Markup(self._data()),
        )
        self.drawing.templateEnv, self.drawing.path = environment, "network.html"
        return str(self.drawing.generate_html())

    def _data(self) -> str:
        nodes, edges, *_ = self.drawing.get_network_data()
        kinds: dict[str, int] = {}
        lines = []
        for edge in edges:
            kind = json.dumps(
                {name: value for name, value in edge.items() if name not in ("from", "to")}, sort_keys=True
            )
            lines.append([edge["from"], edge["to"], kinds.setdefault(kind, len(kinds))])
        rows, looks = _compact(nodes)
        drawn = {
            "nodes": rows,
            "looks": looks,
            "edges": lines,
            "kinds": [json.loads(kind) for kind in kinds],
            "facts": list(_FACTS.values()),
            "options": self.drawing.options,
            "bubbles": self.bubbles,
        }
        return json_for_page(
            drawn | {"networks": _networks(nodes), "subjects": _subjects(nodes), "edge_unit": self.edge_unit}
        )


def _compact(nodes: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the nodes without what they share with others or their name tells, and what they share, once."""
    looks: dict[tuple[Any, ...], int] = {}
    rows = []
    for node in nodes:
        look = looks.setdefault(tuple(node.get(name) for name in _LOOK), len(looks))
        own = {
            key: value
            for key, value in node.items()
            if key not in _LOOK and (key, value) != ("label", node["name"])
        }
        rows.append(own | {"look": look})
    return rows, [dict(zip(_LOOK, look, strict=True)) for look in looks]


def network_view(
    graph: nx.Graph[str],
    *,
    accounts: pd.DataFrame | None = None,
    networks: pd.DataFrame | None = None,
    nodes_shown: int = 1000,
    simulated: bool = False,
    edge_unit: str = "post pairs",
) -> NetworkView:
    """Draw a network.

    Parameters
    ----------
    graph
        Undirected, node names are account names; edge attribute ``weight``.
    accounts
        Table of the accounts with ``account_id`` and, where known, ``network``, ``url`` and measures.
    networks
        Table of the networks with ``network`` and ``label``: networks of one subject get one colour.
    nodes_shown
        Draw at most this many accounts: whole networks, largest first, then the best connected of the next.
    simulated
        Say in the drawing that the data is simulated.
    edge_unit
        What the weight of an edge counts.

    Returns
    -------
    NetworkView
        At the end of a cell it shows itself, without loading anything from anywhere.

    Notes
    -----
    A connected network of 60 accounts or more is drawn as its communities (Louvain, seeded), each a bubble that opens.
    """
    number = network_numbers(graph, accounts)
    shown = choose_nodes(graph, number, nodes_shown)
    part: nx.Graph[str] = nx.Graph(graph.subgraph(shown))
    subjects = _subject_of(networks)
    groups = communities(part)
    nodes, edges = _nodes(part, number, accounts, subjects, groups), _edges(part, edge_unit)
    bubbles = _bubbles(nodes, groups)
    summary = _summary(
        len(shown), graph.number_of_nodes(), len(edges), graph.number_of_edges(), len(set(number.values()))
    )
    return NetworkView(
        _drawing(nodes, edges), bubbles, summary, graph.number_of_nodes(), simulated, edge_unit
    )


def network_numbers(graph: nx.Graph[str], accounts: pd.DataFrame | None = None) -> dict[str, int]:
    """Return the network number of every account, from the table or else by size (1 is the largest)."""
    if accounts is not None and {"account_id", "network"} <= set(accounts.columns):
        known = dict(zip(accounts["account_id"].astype(str), accounts["network"], strict=True))
        if all(str(node) in known and not is_missing(known[str(node)]) for node in graph):
            return {str(node): int(known[str(node)]) for node in graph}
    parts = sorted(
        (sorted(map(str, part)) for part in nx.connected_components(graph)), key=lambda c: (-len(c), c[0])
    )
    return {node: place for place, part in enumerate(parts, start=1) for node in part}


def choose_nodes(graph: nx.Graph[str], number: Mapping[str, int], limit: int) -> list[str]:
    """Return the accounts to draw: whole networks from the largest on, then the best connected of one more."""
    sizes = Counter(number[str(node)] for node in graph)
    order = sorted(
        graph.nodes,
        key=lambda node: (-sizes[number[str(node)]], number[str(node)], -graph.degree(node), str(node)),
    )
    return sorted(order[:limit], key=str)


def _subject_of(networks: pd.DataFrame | None) -> dict[int, str]:
    """Return what each network is about, in the words of its label."""
    if networks is None or not {"network", "label"} <= set(networks.columns):
        return {}
    named = networks.dropna(subset=["label"])
    return {
        int(number): clean_text(label)
        for number, label in zip(named["network"], named["label"], strict=True)
        if str(label).strip()
    }


def _bubbles(nodes: list[dict[str, Any]], groups: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return one bubble a community: where it is, how large, in the colour of its network."""
    members: dict[int, list[dict[str, Any]]] = {}
    for node in nodes:
        if node["bubble"] is not None:
            members.setdefault(node["bubble"], []).append(node)
    return [
        {
            "id": number,
            "n": len(inside),
            "x": round(sum(node["x"] for node in inside) / len(inside), 1),
            "y": round(sum(node["y"] for node in inside) / len(inside), 1),
            "size": round(disc_radius(len(inside)) * 0.7, 1),
            "network": inside[0]["network"],
            "color": inside[0]["color"],
        }
        for number, inside in sorted(members.items())
    ]


def _nodes(
    graph: nx.Graph[str],
    number: Mapping[str, int],
    accounts: pd.DataFrame | None,
    subjects: Mapping[int, str],
    groups: Mapping[str, int],
) -> list[dict[str, Any]]:
    facts = {} if accounts is None else {str(row["account_id"]): row for row in accounts.to_dict("records")}
    positions = layout_graph(graph, groups=groups)
    about = {network: subjects.get(network, f"network {network}") for network in set(number.values())}
    largest = _largest(about[number[str(node)]] for node in graph)
    nodes = []
    for place, node in enumerate(sorted(graph.nodes, key=str)):
        name = clean_text(node)
        x, y = positions[str(node)]
        mark = largest.get(about[number[str(node)]])
        row = {**facts.get(str(node), {})}
        row.setdefault("network", number[str(node)])
        row.setdefault("degree", graph.degree(node))
        values = [format_value(row.get(key)) for key in _FACTS]
        address = None if is_missing(row.get("url")) else safe_url(row["url"])
        nodes.append(
            {
                "id": place,
                "label": name if len(name) <= 24 else name[:23] + "…",
                "x": x,
                "y": y,
                "size": round(6 + 3 * math.sqrt(graph.degree(node)), 1),
                "network": number[str(node)],
                "subject": about[number[str(node)]],
                "bubble": groups.get(str(node)),
                "color": PALETTE[mark] if mark is not None else _OTHER,
                "shape": _SHAPES[mark % len(_SHAPES)] if mark is not None else "dot",
                "name": name,
                "facts": values,
                "url": address,
            }
        )
    return nodes


def _largest(subjects: Iterable[str]) -> dict[str, int]:
    """Return the subjects that get a colour and a shape of their own, those of most accounts first."""
    sizes = Counter(subjects)
    order = sorted(sizes, key=lambda subject: (-sizes[subject], subject))
    return {subject: place for place, subject in enumerate(order[: len(PALETTE) - 1])}


def _edges(graph: nx.Graph[str], unit: str) -> list[dict[str, Any]]:
    place = {node: number for number, node in enumerate(sorted(graph.nodes, key=str))}
    rows = []
    for first, second, data in graph.edges(data=True):
        ends = sorted((place[first], place[second]))
        weight = data.get("weight", 1)
        weight = 1 if is_missing(weight) else weight
        words = [f"{format_value(weight)} {unit}"]
        if not is_missing(data.get("n_objects")):
            words.append(plural(int(data["n_objects"]), "distinct object"))
        width = round(min(8.0, 0.8 + math.log2(1 + float(weight)) * 0.6), 1)
        edge = {
            "from": ends[0],
            "to": ends[1],
            "title": ", ".join(words),
            "width": width,
        }
        rows.append(edge)
    return sorted(rows, key=lambda row: (row["from"], row["to"]))


def _summary(n_shown: int, n_all: int, n_edges: int, all_edges: int, n_networks: int) -> str:
    if n_shown < n_all:
        return (
            f"Showing {n_shown:,} of {n_all:,} accounts and {n_edges:,} of {all_edges:,} edges, the largest networks "
            "first; the whole network is in the download."
        )
    return f"{plural(n_all, 'account')}, {plural(all_edges, 'edge')}, {plural(n_networks, 'network')}."


def _drawing(nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> Network:
    from pyvis.network import Network  # brings IPython along, which only a drawing needs

    drawing = Network()
    for node in nodes:
        drawing.add_node(node.pop("id"), **node)
    drawing.edges.extend(edges)  # add_edge compares each with all before it
    drawing.set_options(json.dumps(_OPTIONS))
    return drawing


@cache
def _asset(name: str) -> Markup:
    """Return one of the site's scripts as a part of a page."""
    text = (project_root() / "reports" / "assets" / name).read_text(encoding="utf-8")
    return Markup(text.replace("</script", "<\\/script"))


def _networks(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sizes = Counter(node["network"] for node in nodes)
    return [{"network": n, "n": sizes[n]} for n in sorted(sizes, key=lambda n: (-sizes[n], n))]


def _subjects(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the legend shows: each subject with its look, its accounts and its networks."""
    sizes = Counter(node["subject"] for node in nodes)
    looks = {node["subject"]: {"color": node["color"], "shape": node["shape"]} for node in nodes}
    networks = {
        subject: {node["network"] for node in nodes if node["subject"] == subject} for subject in sizes
    }
    order = sorted(sizes, key=lambda subject: (-sizes[subject], subject))
    return [{"subject": s, "n": sizes[s], "networks": len(networks[s]), **looks[s]} for s in order]


def json_for_page(value: object) -> str:
    """Return JSON that cannot leave a ``<script>`` element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
