"""The tiny inputs on which CooRTweet's behaviour was recorded, and the odd cases of its transcript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coordlib as cl

pytestmark = pytest.mark.reference

CASES = Path(__file__).resolve().parents[3] / "shared" / "golden" / "coortweet"
COLUMNS = ["object_id", "account_id", "content_id", "timestamp_share"]


def cases() -> list[Any]:
    """The recorded inputs as named test parameters."""
    if not CASES.is_dir():
        return [
            pytest.param(None, marks=pytest.mark.skip("the reference outputs are not beside this checkout"))
        ]
    listed = json.loads((CASES / "microcases_coortweet.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in listed]


def detected(case: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(case["input"]).reindex(columns=COLUMNS)
    shares = cl.prep_data(frame)
    if case["name"] == "fractional_timestamps":
        # prep_data cuts times to whole seconds; detect_groups itself takes fractions as R does.
        shares["timestamp_share"] = frame["timestamp_share"]
    return cl.detect_groups(shares, **case["params"], compat="coortweet")


def sorted_rows(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=str)


@pytest.mark.parametrize("case", cases())
def test_pairs_of_recorded_cases(case: dict[str, Any]) -> None:
    pairs = detected(case)
    expected = [
        [
            r.get("object_id"),
            r.get("account_id"),
            r.get("account_id_y"),
            r.get("content_id"),
            r.get("content_id_y"),
            r["time_delta"],
        ]
        for r in case["detect"]
    ]
    ours = pairs.astype(object).where(pairs.notna(), None).to_numpy().tolist()
    assert ours == expected


@pytest.mark.parametrize("case", cases())
def test_networks_of_recorded_cases(case: dict[str, Any]) -> None:
    if "edges" not in case:
        pytest.skip("no network was recorded for this case")
    pairs = detected(case)
    graph = cl.generate_coordinated_network(pairs, edge_weight=0.5, objects=True, compat="coortweet")
    assert list(graph) == case["vertices"]
    ours = [
        [
            *sorted((a, b)),
            d["weight"],
            d["avg_time_delta"],
            d["n_content_id"],
            d["n_content_id_y"],
            pytest.approx(d["edge_symmetry_score"], rel=1e-9),
            ",".join(x or "NA" for x in d["object_ids"]),
            d["weight_threshold"],
        ]
        for a, b, d in graph.edges(data=True)
    ]
    theirs = [
        [
            *sorted((e["from"], e["to"])),
            e["weight"],
            e["avg_time_delta"],
            e["n_content_id"],
            e["n_content_id_y"],
            e["edge_symmetry_score"],
            e["object_ids"],
            e["weight_threshold"],
        ]
        for e in case["edges"]
    ]
    assert sorted_rows(theirs) == sorted(ours, key=lambda row: str(row[:4]))


@pytest.mark.parametrize("case", cases())
def test_statistics_of_recorded_cases(case: dict[str, Any]) -> None:
    if "account_stats_none" not in case:
        pytest.skip("no statistics were recorded for this case")
    pairs = detected(case)
    graph = cl.generate_coordinated_network(pairs, edge_weight=0.5, objects=True, compat="coortweet")
    accounts = cl.account_stats(graph, pairs, "none", "coortweet")
    expected = pd.DataFrame(case["account_stats_none"])[list(accounts.columns)]
    pd.testing.assert_frame_equal(accounts, expected, rtol=1e-9, atol=0, check_dtype=False)
    groups = cl.group_stats(graph, "none", "coortweet").to_dict("records")
    assert sorted_rows(groups) == sorted_rows(
        [{"object_id": r["object_id"], "num_accounts": r["num_accounts"]} for r in case["group_stats_none"]]
    )
