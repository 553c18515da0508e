"""CooRnet 1.7.0's own outputs, reproduced by ``compat="coornet"``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from coordlib import (
    estimate_coord_interval,
    get_cluster_summary,
    get_component_summary,
    get_coord_shares,
    get_top_coord_shares,
    get_top_coord_urls,
)
from coordlib.links import CoordShares
from coordlib.urls import clean_urls

pytestmark = pytest.mark.reference

#: Name of the golden's files and what get_coord_shares was called with.
RUNS = {
    "i60_e90": {},
    "i60_e50": {"edge_weight": 0.5},
    "i60_e90_ourl": {"keep_ourl_only": True},
    "i60_e90_clean": {"clean_urls": True},
}


@pytest.fixture(scope="session")
def golden(shared: Path) -> Path:
    return shared / "golden" / "coornet"


@pytest.fixture(scope="session")
def posts(golden: Path) -> pd.DataFrame:
    return pd.read_csv(golden / "input.csv.gz")


@pytest.fixture(scope="session")
def outputs(posts: pd.DataFrame) -> dict[str, CoordShares]:
    dirty = posts.assign(expanded=posts["expanded_dirty"])
    return {
        name: get_coord_shares(dirty if "clean" in name else posts, 60, compat="coornet", **options)
        for name, options in RUNS.items()
    }


def read(golden: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(golden / f"coornet_{name}.csv.gz", dtype={"components": str, "clusters": str})


def assert_same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Compare by value, numbers at 1e-9 relative, in the order of the golden."""
    assert list(ours.columns) == list(theirs.columns)
    ours = ours.reset_index(drop=True)
    for column in theirs.columns:
        if pd.api.types.is_numeric_dtype(theirs[column]) and not pd.api.types.is_bool_dtype(theirs[column]):
            left, right = pd.to_numeric(ours[column]).astype(float), theirs[column].astype(float)
            pd.testing.assert_series_equal(left, right, rtol=1e-9, atol=0, obj=column)
        else:
            assert ours[column].astype(str).tolist() == theirs[column].astype(str).tolist(), column


def with_golden_clusters(output: CoordShares, entities: pd.DataFrame) -> CoordShares:
    """Louvain depends on vertex order and version: take R's clusters to compare what is made of them."""
    clusters = output.entities["name"].map(entities.set_index("name")["cluster"])
    return replace(output, entities=output.entities.assign(cluster=clusters))


def test_every_cleaned_url_is_the_original_s(golden: Path, posts: pd.DataFrame) -> None:
    theirs = read(golden, "clean_urls")
    ours = clean_urls(posts, "expanded_dirty", compat="coornet")
    assert ours["id"].tolist() == theirs["id"].tolist()
    assert ours["expanded_dirty"].tolist() == theirs["cleaned"].tolist()


def test_the_hand_made_urls_are_cleaned_and_dropped_alike(golden: Path) -> None:
    cases = read(golden, "clean_urls_cases_input").assign(cleaned=lambda table: table["orig"])
    assert_same(clean_urls(cases, "cleaned", compat="coornet"), read(golden, "clean_urls_cases"))


def test_every_interval_of_the_grid_is_estimated_alike(golden: Path, posts: pd.DataFrame) -> None:
    grid = read(golden, "estimate_coord_interval")
    assert len(grid) == 19
    for row in grid.to_dict("records"):
        table = posts.assign(expanded=posts["expanded_dirty"]) if row["clean_urls"] else posts
        found = estimate_coord_interval(
            table,
            row["q"],
            row["p"],
            compat="coornet",
            clean_urls=row["clean_urls"],
            keep_ourl_only=row["keep_ourl_only"],
        )
        assert f"{found.seconds:g} secs" == row["interval"]
        assert found.summary == pytest.approx({name: row[name] for name in found.summary}, rel=1e-9)


@pytest.mark.parametrize("name", RUNS)
def test_the_same_shares_are_marked(golden: Path, outputs: dict[str, CoordShares], name: str) -> None:
    theirs = read(golden, f"shares_{name}_shares")
    assert_same(outputs[name].shares[list(theirs.columns)], theirs)


@pytest.mark.parametrize("name", RUNS)
def test_the_edges_and_their_weights_are_equal(
    golden: Path, outputs: dict[str, CoordShares], name: str
) -> None:
    ends = ["from", "to"]
    theirs = read(golden, f"shares_{name}_edges").sort_values(ends, ignore_index=True)
    assert_same(outputs[name].edges.sort_values(ends, ignore_index=True), theirs)


@pytest.mark.parametrize("name", RUNS)
def test_the_entities_are_equal_in_order(golden: Path, outputs: dict[str, CoordShares], name: str) -> None:
    theirs = read(golden, f"shares_{name}_entities")
    ours = outputs[name].entities
    assert list(ours.columns) == list(theirs.columns)
    assert_same(ours.drop(columns="cluster"), theirs.drop(columns="cluster"))


@pytest.mark.parametrize("name", RUNS)
def test_the_component_summary_is_equal(golden: Path, outputs: dict[str, CoordShares], name: str) -> None:
    assert_same(get_component_summary(outputs[name]), read(golden, f"shares_{name}_component_summary"))


@pytest.mark.parametrize("name", RUNS)
def test_the_cluster_summary_is_equal(golden: Path, outputs: dict[str, CoordShares], name: str) -> None:
    output = with_golden_clusters(outputs[name], read(golden, f"shares_{name}_entities"))
    assert_same(get_cluster_summary(output), read(golden, f"shares_{name}_cluster_summary"))


@pytest.mark.parametrize("group_by", ["components", "clusters", "none"])
def test_the_top_urls_are_equal(golden: Path, outputs: dict[str, CoordShares], group_by: str) -> None:
    output = with_golden_clusters(outputs["i60_e90"], read(golden, "shares_i60_e90_entities"))
    assert_same(
        get_top_coord_urls(output, group_by=group_by), read(golden, f"shares_i60_e90_top_urls_{group_by}")
    )


@pytest.mark.parametrize("component", [True, False])
def test_the_top_posts_are_equal(golden: Path, outputs: dict[str, CoordShares], component: bool) -> None:
    theirs = read(golden, f"shares_i60_e90_top_shares_component{str(component).upper()}")
    assert_same(get_top_coord_shares(outputs["i60_e90"], component=component), theirs)


def test_the_times_on_the_edges_are_equal(golden: Path, posts: pd.DataFrame) -> None:
    theirs = read(golden, "shares_i60_e90_gtimestamps").sort_values(["from", "to"], ignore_index=True)
    ours = get_coord_shares(posts, 60, gtimestamps=True, compat="coornet").edges
    ours = ours.sort_values(["from", "to"], ignore_index=True)
    written = [
        "|".join(pd.to_datetime(times, unit="s").strftime("%Y-%m-%d %H:%M:%S"))
        for times in ours["t_coord_share"]
    ]
    assert_same(ours.assign(t_coord_share=written), theirs)


def test_no_golden_is_left_out(golden: Path) -> None:
    listed = {entry["name"] for entry in json.loads((golden / "manifest.json").read_text())["entries"]}
    tables = ("shares", "edges", "entities", "component_summary", "cluster_summary")
    compared = {f"coornet_shares_{name}_{table}" for name in RUNS for table in tables}
    compared |= {f"coornet_shares_i60_e90_top_urls_{group}" for group in ("components", "clusters", "none")}
    compared |= {f"coornet_shares_i60_e90_top_shares_component{flag}" for flag in ("TRUE", "FALSE")}
    compared |= {"coornet_shares_i60_e90_gtimestamps", "coornet_estimate_coord_interval"}
    compared |= {"coornet_clean_urls", "coornet_clean_urls_cases"}
    assert listed == compared
