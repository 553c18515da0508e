"""What always holds of link-sharing detection, and what it says when it cannot work."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordlib import (
    estimate_coord_interval,
    get_cluster_summary,
    get_component_summary,
    get_coord_shares,
    get_top_coord_shares,
    get_top_coord_urls,
    load_link_shares,
    prep_data,
)
from coordlib.detect import coordinated_edges, detect_groups, kernel, weight_quantile
from coordlib.errors import EmptyInputError, InputError, MissingColumnError, ParameterError, TimeFormatError
from coordlib.links import coord_shares
from coordlib.links import interval as interval_module
from coordlib.links.prepare import ENTITY_COLUMNS
from coordlib.links.summaries import SUMMARY_COLUMNS
from coordlib.links.top_lists import URL_COLUMNS
from coordlib.parameters import LinkSharing
from coordlib.runs import link_facts
from coordlib.simulate import simulate_link_shares
from coordlib.urls import Compat

START = 1_735_689_600

shares_tables = st.lists(
    st.tuples(st.sampled_from(["u1", "u2", "u3"]), st.sampled_from("ABCDE"), st.integers(0, 60)),
    min_size=2,
    max_size=30,
).map(
    lambda rows: pd.DataFrame(rows, columns=["expanded", "account.url", "date"]).assign(
        date=lambda t: t["date"] + START
    )
)


def links(output: coord_shares.CoordShares) -> dict[tuple[str, str], int]:
    return {(a, b): w for a, b, w in output.edges[["from", "to", "weight"]].itertuples(index=False)}


def by_hand(rows: pd.DataFrame, interval: int) -> tuple[dict[tuple[str, str], int], list[bool]]:
    """Compare every share with every other."""
    urls: dict[tuple[str, str], set[str]] = {}
    close = [False] * len(rows)
    records = list(rows[["expanded", "account.url", "date"]].itertuples(index=False, name=None))
    for (i, (url, a, t)), (j, (other, b, s)) in combinations(enumerate(records), 2):
        if url == other and a != b and abs(t - s) <= interval:
            urls.setdefault((min(a, b), max(a, b)), set()).add(url)
            close[i] = close[j] = True
    return {pair: len(found) for pair, found in urls.items()}, close


@given(shares_tables, st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_the_window_finds_what_comparing_every_pair_finds(rows: pd.DataFrame, interval: int):
    found = get_coord_shares(rows, interval, edge_weight=0)
    expected, _ = by_hand(rows, interval)
    _, close = by_hand(found.shares, interval)
    assert links(found) == expected
    assert found.shares["is_coordinated"].tolist() == close


@given(shares_tables, st.integers(1, 30), st.randoms())
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_rows_says_nothing(rows: pd.DataFrame, interval: int, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    first = get_coord_shares(rows, interval, gtimestamps=True)
    second = get_coord_shares(rows.iloc[order].reset_index(drop=True), interval, gtimestamps=True)
    pd.testing.assert_frame_equal(first.shares, second.shares)
    pd.testing.assert_frame_equal(first.entities, second.entities)
    pd.testing.assert_frame_equal(first.edges, second.edges)


@given(shares_tables, st.integers(1, 20), st.integers(0, 20))
@settings(max_examples=30, deadline=None)
def test_a_wider_interval_never_loses_a_link(rows: pd.DataFrame, interval: int, more: int):
    narrow = links(get_coord_shares(rows, interval, edge_weight=0))
    wide = links(get_coord_shares(rows, interval + more, edge_weight=0))
    assert all(wide.get(pair, 0) >= weight for pair, weight in narrow.items())


def test_working_in_small_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    rows = simulate_link_shares(60, 1, days=3).shares
    whole = get_coord_shares(rows, 60, gtimestamps=True)
    monkeypatch.setattr(kernel, "CHUNK", 7)
    pd.testing.assert_frame_equal(get_coord_shares(rows, 60, gtimestamps=True).edges, whole.edges)


def test_neither_the_hash_seed_nor_the_time_zone_changes_a_byte(project: Path):
    code = (
        "import coordlib.simulate.links as s, coordlib.links.coord_shares as d, coordlib.links.summaries as c;"
        "o = d.get_coord_shares(s.simulate_link_shares(60, 2, days=3).shares, 60, edge_weight=0.5);"
        "print(o.entities.to_csv(), o.edges.to_csv(), c.get_cluster_summary(o).to_csv())"
    )
    texts = set()
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(project / "src")}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        texts.add(run.stdout)
    assert len(texts) == 1


def test_components_are_numbered_from_the_largest_and_clusters_never_span_two():
    found = get_coord_shares(simulate_link_shares().shares, 60, edge_weight=0.5)
    sizes = found.entities["component"].value_counts().sort_index()
    assert sizes.index.tolist() == list(range(1, len(sizes) + 1))
    assert sizes.is_monotonic_decreasing
    assert (found.entities.groupby("cluster")["component"].nunique() == 1).all()


def test_the_planted_networks_are_found_and_fans_are_not():
    world = simulate_link_shares()
    found = get_coord_shares(world.shares, 60, clean_urls=True)
    truth = world.truth.set_index("account.url").loc[found.entities["name"]]
    assert set(truth["kind"]) == {"planted"}
    assert truth.groupby(found.entities["component"].to_numpy())["network"].nunique().max() == 1
    assert set(truth["network"]) == {1, 2, 3}


def test_without_coordination_every_table_has_its_columns_and_no_rows():
    rows = pd.DataFrame({"expanded": ["u", "u", "v"], "account.url": ["A", "B", "A"], "date": [0, 5000, 1]})
    rows["statistics.actual.likeCount"] = 1
    for compat in (None, "coornet"):
        found = get_coord_shares(rows, 10, gtimestamps=True, compat=compat)
        assert len(found.shares) == 2
        assert not found.shares["is_coordinated"].any()
        assert list(found.entities.columns) == list(ENTITY_COLUMNS)
        assert list(found.edges.columns)[:3] == ["from", "to", "weight"]
        assert np.isnan(found.min_weight)
        summary = get_component_summary(found)
        assert list(summary.columns) == list(SUMMARY_COLUMNS)
        tables = [
            found.entities,
            found.edges,
            summary,
            get_cluster_summary(found),
            get_top_coord_shares(found),
        ]
        assert [len(table) for table in tables] == [0] * 5
        urls = get_top_coord_urls(found)
        assert list(urls.columns) == [*URL_COLUMNS, "rank"]
        assert urls.empty


def test_urls_nobody_else_shared_leave_empty_tables():
    rows = pd.DataFrame({"expanded": ["u", "v"], "account.url": ["A", "B"], "date": [0, 1]})
    assert get_coord_shares(rows, 10).entities.empty


def test_rows_without_url_or_account_take_no_part():
    rows = pd.DataFrame(
        {
            "expanded": ["u", "u", None, " ", "u"],
            "account.url": ["A", "B", "C", "D", None],
            "date": [0, 1, 2, 3, 4],
        }
    )
    assert get_coord_shares(rows, 10).shares["account.url"].tolist() == ["A", "B"]


@pytest.mark.parametrize("interval", [0, 0.5, -1, float("nan")])
def test_an_interval_below_a_second_is_refused(interval: float):
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 1]})
    with pytest.raises(ParameterError, match=r"time_window = .*at least 1 second"):
        get_coord_shares(rows, interval)


@pytest.mark.parametrize("wrong", [{"q": -0.1}, {"q": 1.1}, {"p": -0.1}, {"p": 1.1}])
def test_q_and_p_outside_0_to_1_are_refused_by_name(wrong: dict[str, float]):
    rows = pd.DataFrame({"expanded": ["u", "u"], "date": [0, 1]})
    with pytest.raises(ParameterError, match=f"{next(iter(wrong))} = .*from 0 to 1"):
        estimate_coord_interval(rows, **wrong)


def test_p_of_1_leaves_nothing_and_says_so():
    with pytest.raises(ParameterError, match="p = 1: no share comes after more than all"):
        estimate_coord_interval(pd.DataFrame({"expanded": ["u", "u"], "date": [0, 1]}), p=1)


def test_a_median_of_0_seconds_becomes_1_and_is_told():
    found = estimate_coord_interval(pd.DataFrame({"expanded": ["u", "u"], "date": [START, START]}))
    assert (found.seconds, found.raised) == (1.0, True)


def test_without_a_url_shared_twice_there_is_nothing_to_estimate():
    with pytest.raises(InputError, match="no URL was shared more than once"):
        estimate_coord_interval(pd.DataFrame({"expanded": ["u", "v"], "date": [0, 1]}))


def test_how_the_interval_was_found_is_told_with_what_it_rests_on(tmp_path: Path):
    file = tmp_path / "s.csv"
    pd.DataFrame(
        {
            "expanded": list("uuvv"),
            "account.url": list("ABAB"),
            "date": [1735689600 + n for n in (0, 0, 0, 9)],
        }
    ).to_csv(file, index=False)
    source = load_link_shares(file)
    estimated = link_facts(source, get_coord_shares(source.shares))["Time window"]
    assert estimated == (
        "1 s, estimated: the median over the 1 quickest of 2 URLs (it is 0 s, the smallest interval is 1 s)"
    )
    assert link_facts(source, get_coord_shares(source.shares, 9))["Time window"] == "9 s, as given"


def test_the_estimated_interval_is_the_one_used():
    rows = pd.DataFrame({"expanded": ["u"] * 3, "account.url": list("ABC"), "date": [0, 10, 30]})
    assert get_coord_shares(rows).interval == int(estimate_coord_interval(rows).seconds) == 10


def test_missing_columns_are_named_with_those_that_are_there():
    with pytest.raises(MissingColumnError, match=r"'account.url'.*did you mean 'account_url'"):
        get_coord_shares(pd.DataFrame({"expanded": ["u"], "account_url": ["A"], "date": [0]}), 10)


def test_an_empty_table_is_refused():
    with pytest.raises(EmptyInputError, match="no rows"):
        get_coord_shares(pd.DataFrame({"expanded": [], "account.url": [], "date": []}), 10)


def test_an_unreadable_time_is_named_with_its_row():
    rows = pd.DataFrame(
        {"expanded": ["u", "u"], "account.url": ["A", "B"], "date": ["2026-01-01", "yesterday"]}
    )
    with pytest.raises(TimeFormatError, match="row 1: 'yesterday'"):
        get_coord_shares(rows, 10)
    lone = pd.DataFrame({"expanded": ["alone"], "account.url": ["C"], "date": ["2026-01-01"]})
    with pytest.raises(TimeFormatError, match="row 2: 'yesterday'"):
        get_coord_shares(pd.concat([lone, rows], ignore_index=True), 10)


def test_original_urls_only_needs_their_column_and_two_of_them():
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 1]})
    with pytest.raises(MissingColumnError, match="is_orig"):
        get_coord_shares(rows, 10, keep_ourl_only=True)
    with pytest.raises(InputError, match="1 of 2 shares match"):
        get_coord_shares(rows.assign(is_orig=["TRUE", "false"]), 10, keep_ourl_only=True)


def test_the_defaults_are_those_of_the_parameter_model():
    model = LinkSharing.load()
    assert (model.q, model.p) == (interval_module.DEFAULT_Q, interval_module.DEFAULT_P)
    assert model.edge_weight == coord_shares.DEFAULT_PERCENTILE
    assert model.seed == coord_shares.DEFAULT_SEED


def test_a_parameter_that_was_renamed_is_taken_by_its_old_name_with_a_warning():
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 30]})
    with pytest.warns(FutureWarning, match="get_coord_shares: coordination_interval is now time_window"):
        assert len(get_coord_shares(rows, coordination_interval=60).edges) == 1
    with pytest.warns(FutureWarning, match="percentile_edge_weight is now edge_weight"):
        assert LinkSharing.load({"percentile_edge_weight": 0.5}).edge_weight == 0.5


def test_equal_weights_are_never_lost_to_the_quantile_between_them():
    """Of edges that all weigh the same, all reach any percentile: R's quantile does not interpolate equals."""
    for weight in (1, 3, 7, 11):
        for n in range(1, 60):
            weights = np.full(n, weight)
            assert {weight_quantile(weights, percent / 100) for percent in range(101)} == {weight}
    rows = pd.DataFrame(
        [(f"u{p}-{i}", f"{p}{side}", 100 * i) for p in range(9) for i in range(7) for side in "ab"],
        columns=["expanded", "account.url", "date"],
    )
    for percent in (0, 1, 10, 15, 18, 20, 21, 23, 30, 90):
        assert len(get_coord_shares(rows, 10, edge_weight=percent / 100).edges) == 9


@pytest.mark.parametrize("compat", [None, "coornet"])
def test_rows_equal_in_time_url_and_account_may_lack_a_cell(compat: Compat):
    """CooRnet writes NA where a post has no title; two posts of one second are told apart by what else they hold."""
    rows = pd.DataFrame(
        {
            "expanded": "u",
            "account.url": ["A", "A", "B"],
            "date": START,
            "account.name": ["a", None, "b"],
            "n": [1.0, None, 2],
        }
    )
    found = get_coord_shares(rows, 10, compat=compat)
    assert found.shares["is_coordinated"].tolist() == [True] * 3
    assert found.edges.values.tolist() == [["A", "B", 1]]
    again = get_coord_shares(rows.iloc[::-1], 10)
    pd.testing.assert_frame_equal(again.shares, get_coord_shares(rows, 10).shares)


@pytest.mark.parametrize("mark", ["", "row ", "-row "])
def test_no_url_is_taken_for_a_post(mark: str):
    urls = [f"{mark}{n}" for n in (0, 0, 3, 3)]
    rows = pd.DataFrame({"expanded": urls, "account.url": list("ABAB"), "date": [0, 1, 2, 3]})
    assert links(get_coord_shares(rows, 10)) == {("A", "B"): 2}


def test_link_sharing_and_detection_are_one_engine():
    """prep_data, detect_groups and coordinated_edges on the same shares give the same ties."""
    shares = simulate_link_shares(60, 1, days=3).shares
    table = prep_data(shares.reset_index(), "expanded", "account.url", "index", "date")
    edges = coordinated_edges(detect_groups(table, 60, 1))
    by_hand = dict(
        zip(zip(edges["account_id"], edges["account_id_y"], strict=True), edges["n_objects"], strict=True)
    )
    assert links(get_coord_shares(shares, 60, edge_weight=0)) == by_hand
