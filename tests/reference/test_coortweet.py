"""Every reference output of the real CooRTweet 2.1.3, against ours in compat mode."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest

import coordlib as cl
from coordlib.errors import ParameterError

pytestmark = pytest.mark.reference

SHARED = Path(__file__).resolve().parents[3] / "shared"
GOLDEN = SHARED / "golden" / "coortweet"


def entries(function: str) -> list[Any]:
    """The manifest's entries for one R function, as named test parameters."""
    if not GOLDEN.is_dir():
        return [
            pytest.param(None, marks=pytest.mark.skip("the reference outputs are not beside this checkout"))
        ]
    listed = json.loads((GOLDEN / "manifest.json").read_text(encoding="utf-8"))["entries"]
    return [pytest.param(entry, id=entry["name"]) for entry in listed if entry["function"] == function]


def by_name(name: str) -> dict[str, Any]:
    """One entry of the manifest."""
    listed = json.loads((GOLDEN / "manifest.json").read_text(encoding="utf-8"))["entries"]
    return next(entry for entry in listed if entry["name"] == name)


def golden(name: str) -> pd.DataFrame:
    """A reference table: ids as text, numbers as numbers, empty cells missing."""
    table = pd.read_csv(GOLDEN / f"{name}.csv.gz", dtype=str)
    for column in table.columns:
        if (
            not column.endswith(("_id", "_ids", "_ids_full", "_ids_fast"))
            and column
            not in (
                "from",
                "to",
                "name",
            )
        ) or column.startswith("n_"):
            table[column] = _numbers(table[column])
    return table


def _numbers(values: pd.Series) -> pd.Series:
    try:
        return pd.to_numeric(values)
    except ValueError:
        return values


@cache
def shares() -> pd.DataFrame:
    """The anonymised tweets that CooRTweet ships."""
    source = SHARED / "data" / "coortweet" / "russian_coord_tweets.csv.gz"
    return cl.prep_data(pd.read_csv(source, dtype=str))


@cache
def pairs(name: str) -> pd.DataFrame:
    """The pairs a later step starts from: detected, or detected and flagged."""
    entry = by_name(name)
    p = entry["params"]
    if entry["function"] == "flag_speed_share":
        flagged = cl.flag_speed_share(shares(), pairs(p["result"]), p["min_participation"], p["time_window"])
        # R re-sorts the table it was given, which shows in the order of object_ids; ours leaves it alone.
        return flagged.sort_values(["content_id", "content_id_y"], kind="stable", ignore_index=True)
    return cl.detect_groups(
        shares(), p["time_window"], p["min_participation"], p["remove_loops"], compat="coortweet"
    )


@cache
def network(name: str) -> nx.Graph:
    """The network an entry of the manifest describes, in compat mode."""
    p = by_name(name)["params"]
    return cl.generate_coordinated_network(
        pairs(p["input"]),
        fast_net=p["fast_net"],
        edge_weight=p["edge_weight"],
        subgraph=p["subgraph"],
        objects=p["objects"],
        compat="coortweet",
    )


def edge_rows(graph: nx.Graph, columns: list[str]) -> list[tuple[Any, ...]]:
    """Edges as rows of the reference's columns, accounts in code-point order, sorted."""
    rows = []
    for a, b, data in graph.edges(data=True):
        values = [_comparable(data.get(name)) for name in columns[2:]]
        rows.append((*sorted((a, b)), *values))
    return sorted(rows, key=str)


def golden_rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    rows = []
    for a, b, *values in table.itertuples(index=False, name=None):
        rows.append((*sorted((a, b)), *map(_comparable, values)))
    return sorted(rows, key=str)


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(value)
    if value is None or value != value:
        return None
    return value if isinstance(value, str) else float(value)


@pytest.mark.parametrize("entry", entries("detect_groups"))
def test_pairs_are_the_same_rows_in_the_same_order(entry: dict[str, Any]) -> None:
    expected = golden(entry["name"])
    ours = pairs(entry["name"])[list(expected.columns)]
    assert len(ours) == entry["rows"]
    assert ours.to_numpy().tolist() == expected.to_numpy().tolist()


@pytest.mark.parametrize("entry", entries("flag_speed_share"))
def test_the_same_pairs_are_flagged_as_fast(entry: dict[str, Any]) -> None:
    expected = golden(entry["name"])
    ours = pairs(entry["name"])[list(expected.columns)]
    assert int(ours["time_window_10"].sum()) == entry["n_flagged"]
    by = list(expected.columns)
    assert ours.sort_values(by).to_numpy().tolist() == expected.sort_values(by).to_numpy().tolist()


@pytest.mark.parametrize("entry", entries("generate_coordinated_network"))
def test_networks_have_the_same_edges_and_attributes(entry: dict[str, Any]) -> None:
    if "error" in entry:
        with pytest.raises(ParameterError, match="subgraph = 1 with fast_net"):
            network(entry["name"])
        return
    graph = network(entry["name"])
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (entry["n_vertices"], entry["n_edges"])
    for ours, theirs in (("threshold", "threshold"), ("threshold_full",) * 2, ("threshold_fast",) * 2):
        if theirs in entry:
            assert graph.graph[ours] == entry[theirs]
    ours, theirs = edge_rows(graph, entry["columns"]), golden_rows(golden(entry["name"]))
    assert len(ours) == len(theirs)
    for row, expected in zip(ours, theirs, strict=True):
        for column, value, reference in zip(entry["columns"], row, expected, strict=True):
            if isinstance(reference, float):
                reference = pytest.approx(reference, rel=1e-9, abs=0)
            assert value == reference, (row[:2], column)


@pytest.mark.parametrize("entry", entries("account_stats"))
def test_account_statistics_agree(entry: dict[str, Any]) -> None:
    p = entry["params"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if "warnings" in entry else "error", UserWarning)
        ours = cl.account_stats(network(p["graph"]), pairs(p["result"]), p["weight_threshold"], "coortweet")
    expected = golden(entry["name"])
    assert list(ours["account_id"]) == list(expected["account_id"])
    measures = [name for name in expected.columns if name != "account_id"]
    pd.testing.assert_frame_equal(
        ours[measures].astype("float64"), expected[measures].astype("float64"), rtol=1e-9, check_dtype=False
    )


@pytest.mark.parametrize("entry", entries("group_stats"))
def test_group_statistics_agree(entry: dict[str, Any]) -> None:
    p = entry["params"]
    graph = network(p["graph"])
    if "error" in entry:
        with pytest.raises(ParameterError, match="fast_net=True"):
            cl.group_stats(graph, p["weight_threshold"], "coortweet")
        return
    ours = cl.group_stats(graph, p["weight_threshold"], "coortweet")
    expected = golden(entry["name"])
    assert sorted(ours.to_numpy().tolist()) == sorted(expected.to_numpy().tolist())
    assert ours["num_accounts"].is_monotonic_decreasing


@pytest.mark.usefixtures("shared")
def test_vertices_come_in_the_same_order() -> None:
    for edge_weight in ("0.5", "0.9", "0.99"):
        expected = golden("rus_detect_tw60_mp2_net_vertices")["name"].tolist()
        assert list(network(f"rus_detect_tw60_mp2_net_ew{edge_weight}_sg0")) == expected


@pytest.mark.parametrize("edge_weight", ["0.5", "0.9", "0.99"])
@pytest.mark.usefixtures("shared")
def test_neighbours_of_the_fast_network_are_marked_alike(edge_weight: str) -> None:
    expected = golden(f"rus_flag60_10_mp2_net_fast_ew{edge_weight}_sg3_vertices")
    graph = network(f"rus_flag60_10_mp2_net_fast_ew{edge_weight}_sg3")
    ours = dict(graph.nodes(data="color_v"))
    assert ours == dict(zip(expected["name"], expected["color_v"].astype(int), strict=True))
    assert sum(ours.values()) == 8


@pytest.mark.usefixtures("shared")
def test_no_golden_is_left_out() -> None:
    listed = json.loads((GOLDEN / "manifest.json").read_text(encoding="utf-8"))["entries"]
    compared = {
        "detect_groups",
        "flag_speed_share",
        "generate_coordinated_network",
        "account_stats",
        "group_stats",
    }
    assert {entry["function"] for entry in listed} == compared
    vertices = {
        f"rus_flag60_10_mp2_net_fast_ew{weight}_sg3_vertices.csv.gz" for weight in ("0.5", "0.9", "0.99")
    }
    elsewhere = {  # compared in test_coortweet_cases and in tests/simulate
        "microcases_coortweet.json",
        "simulate_seed42_input.csv.gz",
        "simulate_seed42_expected.csv.gz",
        "simulate_seed42_detect_tw10_mp2.csv.gz",
    }
    read = {entry["file"] for entry in listed if "file" in entry} | vertices | elsewhere
    read |= {"rus_detect_tw60_mp2_net_vertices.csv.gz", "manifest.json", "quirks.txt"}
    assert {path.name for path in GOLDEN.iterdir()} == read


@pytest.mark.usefixtures("shared")
def test_the_corrected_group_counts_are_higher_than_the_original_undercounts() -> None:
    graph = network("rus_detect_tw60_mp2_net_ew0.9_sg0")
    assert int(cl.group_stats(graph, "none", "coortweet")["num_accounts"].sum()) == 2763
    assert int(cl.group_stats(graph, "none")["num_accounts"].sum()) == 4987
