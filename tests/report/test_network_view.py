"""The network page and where its accounts are drawn."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordlib.errors import PublishError
from coordlib.report import NetworkView, layout
from coordlib.report.network_view import choose_nodes, network_numbers
from coordlib.report.words import json_for_page


def two_networks() -> nx.Graph:
    graph = nx.cycle_graph([f"a{n}" for n in range(6)])
    graph.add_edge("b0", "b1", weight=3, n_objects=1)
    return graph


def written(graph: nx.Graph, folder: Path, **options: Any) -> Path:
    return NetworkView(graph, **options).write(folder)


def page_data(path: Path) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(), re.S)
    assert found
    data = json.loads(found.group(1))
    data["nodes"] = [{"label": node["name"], **node, **data["looks"][node["look"]]} for node in data["nodes"]]
    data["edges"] = [{"from": one, "to": two, **data["kinds"][kind]} for one, two, kind in data["edges"]]
    return data


def test_a_view_holds_every_account_and_edge_and_says_how_many(tmp_path: Path) -> None:
    view = NetworkView(two_networks())
    data = page_data(view.write(tmp_path))
    assert view.summary == "8 accounts, 7 edges, 2 networks."
    assert {node["name"] for node in data["nodes"]} == set(two_networks())
    assert len(data["edges"]) == 7
    assert data["options"]["physics"] == {"enabled": False}
    assert [entry["n"] for entry in data["networks"]] == [6, 2]


def test_a_cut_view_shows_the_largest_networks_first_and_says_how_many_of_how_many(tmp_path: Path) -> None:
    view = NetworkView(two_networks(), nodes_shown=6)
    assert (view.n_shown, view.n_all) == (6, 8)
    assert view.summary.startswith("Showing 6 of 8 accounts and 6 of 7 edges")
    assert all(node["name"].startswith("a") for node in page_data(view.write(tmp_path))["nodes"])
    assert view.summary in view.html and view.summary in (view.page or "")


def test_a_drawing_is_a_pyvis_network_that_can_be_restyled(tmp_path: Path) -> None:
    view = NetworkView(two_networks())
    assert {node["id"]: (node["x"], node["y"]) for node in view.drawing.nodes}.keys() == set(range(8))
    view.drawing.get_node(0)["shape"] = "star"
    view.drawing.options["edges"]["smooth"] = True
    data = page_data(view.write(tmp_path))
    assert next(node for node in data["nodes"] if node["id"] == 0)["shape"] == "star"
    assert data["options"]["edges"] == {"smooth": True}
    assert not {"arrows", "physics"} & set(data["edges"][0])


def test_an_empty_network_still_makes_a_page(tmp_path: Path) -> None:
    view = NetworkView(nx.Graph())
    assert view.summary == "0 accounts, 0 edges, 0 networks."
    assert "iframe" not in view.html
    assert "no network to draw" in view.html
    assert view.write(tmp_path).exists()


def test_the_page_loads_nothing_from_another_host(tmp_path: Path) -> None:
    text = written(two_networks(), tmp_path).read_text()
    assert re.findall(r'(?:src|href)="([^"]+)"', text) == [
        "../../assets/icon.svg",
        "../../assets/network.css",
        "../../assets/vis-network.min.js",
        "../../assets/network.js",
    ]


def test_in_a_notebook_everything_the_drawing_needs_is_in_it() -> None:
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"', NetworkView(two_networks()).html)[1])  # type: ignore[index]
    packed = re.search(r'id="packed">([^<]+)<', inside)[1]  # type: ignore[index]
    scripts = zlib.decompress(base64.b64decode(packed)).decode("utf-8")
    assert "vis-network" in scripts and "coordlibNetwork" in scripts
    assert len(inside) < 300_000
    assert re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', inside) == []


def test_hostile_names_stay_data(tmp_path: Path) -> None:
    hostile = ["</script><script>alert(1)</script>", "{{7*7}}{% raw %}", "\u2028<!--", "\x00x"]
    graph = nx.path_graph(hostile)
    text = written(graph, tmp_path).read_text()
    assert text.count("<script") == 3
    assert "<!--" not in text
    assert "\x00" not in text
    names = {node["name"] for node in page_data(tmp_path / "network.html")["nodes"]}
    assert names == {*hostile[:3], "x"}


def test_an_account_links_to_the_page_its_table_names_and_nowhere_else(tmp_path: Path) -> None:
    accounts = pd.DataFrame(
        {"account_id": list("abc"), "network": 1, "url": ["https://x.example/a", None, "javascript:1"]}
    )
    data = page_data(written(nx.path_graph(list("abc")), tmp_path, accounts=accounts))
    assert {n["name"]: n["url"] for n in data["nodes"]} == {"a": "https://x.example/a", "b": None, "c": None}


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be written"):
        written(two_networks(), tmp_path / "no")


def test_numbers_come_from_the_table_of_accounts() -> None:
    graph = two_networks()
    table = pd.DataFrame({"account_id": list(graph), "network": [7 if n[0] == "a" else 2 for n in graph]})
    assert network_numbers(graph, table)["b0"] == 2
    assert network_numbers(graph)["b0"] == 2
    assert network_numbers(graph, table)["a0"] == 7
    assert network_numbers(graph, table.head(1))["a0"] == 1, "an incomplete table is not used"


def test_a_simulated_view_says_so(tmp_path: Path) -> None:
    assert "Simulated data" in written(two_networks(), tmp_path, simulated=True).read_text()
    assert "Simulated data" not in written(two_networks(), tmp_path).read_text()


@given(st.text())
def test_json_in_the_page_is_the_same_data_and_cannot_end_its_script(text: str) -> None:
    shown = json_for_page({"x": text})
    assert "<" not in shown
    assert json.loads(shown) == {"x": text}


@given(st.randoms(use_true_random=False))
def test_coordinates_do_not_depend_on_the_order_of_nodes_and_edges(chance) -> None:  # type: ignore[no-untyped-def]
    graph = nx.barbell_graph(5, 2)
    graph = nx.relabel_nodes(graph, {n: f"n{n}" for n in graph})
    nodes, edges = list(graph), list(graph.edges)
    chance.shuffle(nodes)
    chance.shuffle(edges)
    turned = nx.Graph()
    turned.add_nodes_from(nodes)
    turned.add_edges_from((b, a) for a, b in edges)
    assert layout.layout_graph(turned) == layout.layout_graph(graph)


def test_coordinates_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "import networkx as nx\nfrom coordlib.report.layout import layout_graph\n"
        "g = nx.relabel_nodes(nx.gnm_random_graph(30, 40, seed=1), str)\nprint(sorted(layout_graph(g).items()))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(found) == 1


def test_components_are_packed_without_overlap() -> None:
    graph = nx.disjoint_union_all([nx.cycle_graph(size) for size in (12, 7, 5, 2, 2, 1)])
    graph = nx.relabel_nodes(graph, str)
    places = layout.layout_graph(graph)
    boxes = []
    for part in nx.connected_components(graph):
        points = np.array([places[node] for node in part])
        boxes.append((*points.min(axis=0), *points.max(axis=0)))
    for place, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top


@pytest.mark.parametrize("size", [40, 520])
def test_without_igraph_every_account_still_gets_a_place_of_its_own(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    graph = nx.relabel_nodes(nx.barabasi_albert_graph(size, 1, seed=1), str)
    places = layout.layout_graph(graph)
    assert len(set(places.values())) == size


def test_the_layout_leaves_the_random_state_of_the_caller_alone() -> None:
    import random

    random.seed(5)
    expected = [random.random() for _ in range(3)]
    random.seed(5)
    layout.layout_graph(nx.relabel_nodes(nx.cycle_graph(9), str))
    assert [random.random() for _ in range(3)] == expected


def test_the_best_connected_of_a_network_that_is_too_large_are_drawn() -> None:
    graph = nx.relabel_nodes(nx.star_graph(9), {0: "centre", **{n: f"leaf{n}" for n in range(1, 10)}})
    assert "centre" in choose_nodes(graph, network_numbers(graph), 3)


def ring_of_cliques(n: int = 4, size: int = 20) -> nx.Graph:
    graph = nx.ring_of_cliques(n, size)
    return nx.relabel_nodes(graph, {node: f"a{node:03}" for node in graph})


def test_a_large_network_is_drawn_as_communities_that_hold_all_its_accounts(tmp_path: Path) -> None:
    data = page_data(written(ring_of_cliques(), tmp_path))
    assert [bubble["n"] for bubble in data["bubbles"]] == [20] * 4
    sizes: dict[int, int] = {}
    for node in data["nodes"]:
        sizes[node["bubble"]] = sizes.get(node["bubble"], 0) + 1
    assert sizes == {0: 20, 1: 20, 2: 20, 3: 20}
    small = page_data(written(two_networks(), tmp_path))
    assert small["bubbles"] == [] and {node["bubble"] for node in small["nodes"]} == {None}


def test_no_community_covers_another_and_each_account_is_in_its_own() -> None:
    graph = nx.relabel_nodes(nx.random_partition_graph([40, 30, 30, 20, 10], 0.3, 0.01, seed=2), str)
    groups = {str(node): place for place, part in enumerate(graph.graph["partition"]) for node in part}
    places = layout.layout_graph(graph, groups=groups)
    centres = {}
    for group in range(5):
        points = np.array([places[node] for node in groups if groups[node] == group])
        centres[group] = (points.min(axis=0) + points.max(axis=0)) / 2, layout.disc_radius(len(points))
        assert np.hypot(*(points - points.mean(axis=0)).T).max() < layout.disc_radius(len(points)) * 1.3
    for one in range(5):
        for other in range(one):
            apart = np.hypot(*(centres[one][0] - centres[other][0]))
            assert apart > 0.6 * (centres[one][1] + centres[other][1])


def test_networks_of_one_subject_have_one_colour_and_one_place_in_the_legend(tmp_path: Path) -> None:
    networks = pd.DataFrame({"network": [1, 2], "label": ["<b>war</b>", "<b>war</b>"]})
    data = page_data(written(two_networks(), tmp_path, networks=networks))
    assert len({node["color"] for node in data["nodes"]}) == 1
    (subject,) = data["subjects"]
    assert (subject["subject"], subject["n"], subject["networks"]) == ("<b>war</b>", 8, 2)


def test_the_still_picture_shows_bubbles_points_and_lines_and_stays_small() -> None:
    page = NetworkView(ring_of_cliques(8, 60)).page or ""
    still = page[page.index("<figure") : page.index("</figure>")]
    assert still.count("<circle") == 8 and len(re.findall(r"M\d+ \d+L", still)) == 8 and ">60</text>" in still
    assert len(still) < 5_000
    assert NetworkView(two_networks()).page.count("<circle") == 8  # type: ignore[union-attr]


def test_a_hostile_name_is_text_in_the_still_picture() -> None:
    page = NetworkView(nx.path_graph(["</title><script>1</script>", "b"])).page or ""
    assert "<script" not in page
