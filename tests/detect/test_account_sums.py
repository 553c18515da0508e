"""Accounts of many edges without a graph: what networkx says of the same graph."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from coordlib.describe.posts import network_numbers
from coordlib.detect import coordinated_edges, detect_groups, edges_to_graph
from coordlib.detect.account_sums import AccountSums
from coordlib.errors import ParameterError
from coordlib.parameters import DetectionParameters
from coordlib.runs import detect_dataset
from coordlib.runs.edge_list import detect_file, detect_tested
from coordlib.runs.share_files import Reading


@pytest.mark.parametrize("seed", range(40))
def test_degree_strength_and_component_are_those_of_the_graph(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 60))
    graph = nx.Graph()
    edges = {tuple(sorted(map(int, random.choice(n, 2)))) for _ in range(int(random.integers(0, 2 * n)))}
    edges = {pair for pair in edges if pair[0] != pair[1]}
    for low, high in edges:
        graph.add_edge(f"{low:03}", f"{high:03}", weight=int(random.integers(1, 9)))
    sums = AccountSums(n)
    rows = [(int(a), int(b), data["weight"]) for a, b, data in graph.edges(data=True)]
    for some in np.array_split(np.array(rows, dtype=np.int32).reshape(-1, 3), 3):  # batch by batch
        sums.add(*some.T)
    numbers = network_numbers(graph)
    for name, found in (("degree", sums.degree), ("strength", sums.strength), ("network", sums.networks())):
        wanted = {
            "degree": dict(graph.degree),
            "strength": dict(graph.degree(weight="weight")),
            "network": numbers,
        }[name]
        assert found.tolist() == [wanted.get(f"{number:03}", 0) for number in range(n)], name


def test_a_chain_given_from_its_end_is_one_component() -> None:
    sums = AccountSums(5_000)
    order = np.random.default_rng(1).permutation(4_999)
    for some in np.array_split(order, 50):
        sums.add(some, some + 1, np.ones(len(some), dtype=np.int64))
    assert set(sums.networks()) == {1}


def test_the_table_of_accounts_is_the_same_however_it_is_made(tmp_path: Path) -> None:
    random, n = np.random.default_rng(3), 900
    shares = pd.DataFrame(
        {
            "object_id": random.choice([f"o{k}" for k in range(120)], n),
            "account_id": random.choice([f"=a{k}" for k in range(90)], n),
            "content_id": [f"c{k}" for k in range(n)],
            "timestamp_share": 1735689600 + random.integers(0, 9_000, n),
        }
    )
    shares.to_parquet(source := tmp_path / "shares.parquet")
    parameters = DetectionParameters(min_participation=1)
    how = Reading({}, "error", parameters.time_window)
    one = detect_file(source, tmp_path / "e.csv", parameters, how, subgraph=0, accounts=tmp_path / "a.csv")
    two = detect_dataset(
        source, tmp_path / "f.csv", parameters=parameters, subgraph=0, accounts=tmp_path / "b.csv"
    )
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    graph = edges_to_graph(coordinated_edges(detect_groups(shares, parameters.time_window, 1)))
    wanted = pd.DataFrame({"network": network_numbers(graph), "degree": dict(graph.degree)}).sort_index()
    found = pd.read_csv(tmp_path / "a.csv")
    assert found["account_id"].tolist() == [f"'{name}" for name in wanted.index], (
        "no formula for a spreadsheet"
    )
    assert found[["network", "degree"]].to_numpy().tolist() == wanted.to_numpy().tolist()
    n_networks = nx.number_connected_components(graph)
    assert one.n_networks == two.n_networks == n_networks > 1
    assert f"accounts in {n_networks} networks, from" in one.summary()
    detect_file(source, tmp_path / "e.csv", parameters, how, subgraph=0, accounts=tmp_path / "a.parquet")
    assert pd.read_parquet(tmp_path / "a.parquet")["account_id"].tolist() == wanted.index.tolist()


def test_the_accounts_of_tested_edges_and_what_is_refused(tmp_path: Path) -> None:
    times = [1735689600 + 100_000 * k + at for k in range(8) for at in (0, 1, 40_000)]
    shares = pd.DataFrame(
        {
            "object_id": [f"o{k}" for k in range(8) for _ in "abc"],
            "account_id": list("abc") * 8,
            "content_id": [f"c{k}" for k in range(24)],
            "timestamp_share": times,
        }
    )
    shares.to_csv(source := tmp_path / "shares.csv", index=False)
    parameters = DetectionParameters.load({"evidence": "undecided"})
    how = Reading({}, "error", parameters.time_window)
    said = detect_tested(source, tmp_path / "e.csv", parameters, how, 1, tmp_path / "a.csv")
    assert "1 edge between 2 accounts in 1 network, of all 1" in said
    assert (tmp_path / "a.csv").read_text() == "account_id,network,degree,strength\na,1,1,8\nb,1,1,8\n"
    for name, words in (("e.csv", "is the file of edges"), ("a.txt", "must end in"), ("shares.csv", "input")):
        with pytest.raises(ParameterError, match=words):
            detect_file(source, tmp_path / "e.csv", accounts=tmp_path / name)
