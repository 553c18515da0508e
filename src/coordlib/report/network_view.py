"""The interactive network: a page of its own that the report shows in a frame.

pyvis holds nodes, edges and options; the page is our template, because pyvis' own always loads files from
another host. Positions are computed here, so nothing moves and every reader sees the same picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import networkx as nx
import pandas as pd

from coordlib.addresses import ACCOUNT_PAGES
from coordlib.errors import ParameterError, PublishError
from coordlib.report.configuration import is_simulated
from coordlib.report.figures import PALETTE, plural
from coordlib.report.layout import layout_graph
from coordlib.report.package import read_run
from coordlib.report.tables import format_value, is_missing, show_html
from coordlib.report.text import clean_text, escape, safe_url

_OTHER = "#8a8f98"
_SHAPES = ("dot", "square", "triangle", "diamond", "triangleDown", "hexagon", "star")
#: Facts of an account in the side panel and the tooltip, by column of ``accounts``.
_FACTS = {
    "network": "Network", "unique_shares_count": "Posts in pairs", "degree": "Connected accounts",
    "strength": "Post pairs", "avg_time_delta": "Mean seconds apart", "betweenness": "Betweenness",
}  # fmt: skip


@dataclass(frozen=True)
class NetworkView:
    """A written network page: where it is, how much of the network it shows, and its data as a table."""

    path: Path
    n_shown: int
    n_all: int
    summary: str

    @property
    def cut(self) -> bool:
        """Whether accounts are left out of the drawing."""
        return self.n_shown < self.n_all


def write_network(
    graph: nx.Graph[str],
    folder: Path | str,
    *,
    accounts: pd.DataFrame | None = None,
    nodes_shown: int = 1000,
    account_url: str = ACCOUNT_PAGES["tiktok"],
    assets: str = "../../assets",
    simulated: bool | None = None,
    edge_unit: str = "post pairs",
) -> NetworkView:
    """Draw a network as ``network.html`` in a folder.

    Parameters
    ----------
    graph
        Undirected, node names are account names; edge attribute ``weight``.
    folder
        Where the page goes; it must exist.
    accounts
        Table of the accounts with ``account_id`` and, where known, ``network`` and measures.
    nodes_shown
        Draw at most this many accounts: whole networks, largest first, then the best connected of the next.
    account_url
        Address of an account with ``{account}`` for its name. With ``""`` there are no links.
    assets
        Relative address of the folder with ``vis-network.min.js``.
    simulated
        Say on the page that the data is simulated (none: what its run record or its workspace says).
    edge_unit
        What the weight of an edge counts.

    Raises
    ------
    PublishError
        The page cannot be written.
    """
    folder = Path(folder)
    if account_url and "{account}" not in account_url:
        raise ParameterError(f"account_url = {account_url!r}: needs {{account}} where the name goes")
    number = network_numbers(graph, accounts)
    shown = choose_nodes(graph, number, nodes_shown)
    part: nx.Graph[str] = nx.Graph(graph.subgraph(shown))
    nodes, edges = _nodes(part, number, accounts, account_url), _edges(part, edge_unit)
    summary = _summary(
        len(shown), graph.number_of_nodes(), len(edges), graph.number_of_edges(), len(set(number.values()))
    )
    if simulated is None:
        simulated = bool(read_run(folder).get("simulated")) or is_simulated(folder)
    page = _page(nodes, edges, summary, assets, simulated, edge_unit)
    target = folder / "network.html"
    try:
        partial = folder / ".network.html.part"
        partial.write_text(page, encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        raise PublishError(f"{target}: cannot be written ({error.strerror})") from error
    return NetworkView(target, len(shown), graph.number_of_nodes(), summary)


def network_html(view: NetworkView) -> str:
    """Return the frame that shows a network page inside a report, with a link that opens it alone."""
    if not view.n_all:
        return '<p class="cl-note">There is no network to draw: no two accounts are connected.</p>'
    name = escape(view.path.name)
    return (
        f'<div class="cl-network"><iframe src="{name}" loading="lazy" title="{escape("Network view: " + view.summary)}">'
        f'</iframe><p class="cl-note">{escape(view.summary)} <a href="{name}">Open the network on its own page</a>. '
        "The tables on this page hold the same accounts and edges.</p></div>"
    )


def show_network(view: NetworkView) -> None:
    """Show the network in the page."""
    show_html(network_html(view))


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
    sizes: dict[int, int] = {}
    for node in graph:
        sizes[number[str(node)]] = sizes.get(number[str(node)], 0) + 1
    order = sorted(
        graph.nodes,
        key=lambda node: (-sizes[number[str(node)]], number[str(node)], -graph.degree(node), str(node)),
    )
    return sorted(order[:limit], key=str)


def _nodes(
    graph: nx.Graph[str], number: Mapping[str, int], accounts: pd.DataFrame | None, account_url: str
) -> list[dict[str, Any]]:
    facts = {} if accounts is None else {str(row["account_id"]): row for row in accounts.to_dict("records")}
    positions = layout_graph(graph)
    largest = _largest(graph, number)
    nodes = []
    for place, node in enumerate(sorted(graph.nodes, key=str)):
        name = clean_text(node)
        x, y = positions[str(node)]
        mark = largest.get(number[str(node)])
        row = {**facts.get(str(node), {})}
        row.setdefault("network", number[str(node)])
        row.setdefault("degree", graph.degree(node))
        panel = [
            [label, format_value(row[key])]
            for key, label in _FACTS.items()
            if key in row and not is_missing(row[key])
        ]
        address = (
            safe_url(account_url.replace("{account}", quote(str(node), safe=""))) if account_url else None
        )
        nodes.append({
            "id": place, "label": name if len(name) <= 24 else name[:23] + "…", "x": x, "y": y, "size": round(6 + 3 * math.sqrt(graph.degree(node)), 1),
            "group": number[str(node)], "color": PALETTE[mark] if mark is not None else _OTHER,
            "shape": _SHAPES[mark % len(_SHAPES)] if mark is not None else "dot",
            "title": "\n".join([name, *(f"{label}: {value}" for label, value in panel)]), "name": name,
            "facts": panel, "url": address,
        })  # fmt: skip
    return nodes


def _largest(graph: nx.Graph[str], number: Mapping[str, int]) -> dict[int, int]:
    """Return the networks that get a colour and a shape of their own, in the order of their size."""
    sizes: dict[int, int] = {}
    for node in graph:
        sizes[number[str(node)]] = sizes.get(number[str(node)], 0) + 1
    order = sorted(sizes, key=lambda network: (-sizes[network], network))
    return {network: place for place, network in enumerate(order[: len(PALETTE) - 1])}


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
        rows.append({
            "id": f"{ends[0]}-{ends[1]}", "from": ends[0], "to": ends[1], "title": ", ".join(words),
            "width": round(min(8.0, 0.8 + math.log2(1 + float(weight)) * 0.6), 1),
        })  # fmt: skip
    return sorted(rows, key=lambda row: (row["from"], row["to"]))


def _summary(n_shown: int, n_all: int, n_edges: int, all_edges: int, n_networks: int) -> str:
    if n_shown < n_all:
        return (
            f"Showing {n_shown:,} of {n_all:,} accounts and {n_edges:,} of {all_edges:,} edges, the largest networks "
            "first; the whole network is in the download."
        )
    return f"{plural(n_all, 'account')}, {plural(all_edges, 'edge')}, {plural(n_networks, 'network')}."


def _page(
    nodes: list[dict[str, Any]],
    edges: list[dict[str, Any]],
    summary: str,
    assets: str,
    simulated: bool,
    edge_unit: str,
) -> str:
    from pyvis.network import Network

    container = Network(height="100%", width="100%", cdn_resources="remote")
    container.nodes.extend(nodes)  # in bulk: add_edge scans all edges for each new one
    container.edges.extend(edges)
    container.options = {
        "physics": {"enabled": False}, "layout": {"improvedLayout": False}, "edges": {"smooth": False},
        "interaction": {
            "hideEdgesOnDrag": True, "hideEdgesOnZoom": True, "tooltipDelay": 50, "hover": True, "multiselect": False,
        },
    }  # fmt: skip
    container.heading = json_for_page({
        "nodes": nodes, "edges": edges, "options": container.options, "networks": _groups(nodes),
        "edge_unit": edge_unit,
    })  # fmt: skip
    container.set_template_dir(str(Path(__file__).parent / "templates"), "network.html")
    environment = container.templateEnv
    environment.autoescape = True
    environment.globals.update(summary=summary, assets=assets, simulated=simulated)
    return str(container.generate_html(name="network.html"))


def _groups(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for node in nodes:
        entry = found.setdefault(
            node["group"], {"network": node["group"], "n": 0, "color": node["color"], "shape": node["shape"]}
        )
        entry["n"] += 1
    return sorted(found.values(), key=lambda entry: (-entry["n"], entry["network"]))


def json_for_page(value: object) -> str:
    """Return JSON that cannot leave a ``<script>`` element.

    Examples
    --------
    >>> json_for_page("</script>")
    '"\\\\u003c/script>"'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
