"""The data dictionary explains what a day really writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.posts import as_posts
from coordlib.report import PostSet
from coordlib.report.dictionary import TABLES, describe_column

NAMES = [table.name for table in TABLES]


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    captions = [f"caption number {n % 12}" for n in range(60)]
    posts = pd.DataFrame(
        {
            "content_id": [str(7_000_000_000_000_000_000 + n) for n in range(60)],
            "text": captions,
            "account_id": [f"user{(n // 12) % 3}" for n in range(60)],
            "posted_at": [1_735_689_600 + 3600 * (n % 12) + 20 * (n // 12) for n in range(60)],
        }
    ).assign(views=5, likes=1, comments=0, shares=0, voice_to_text="")
    posts = as_posts(posts, "tiktok")
    shares = cl.prep_data(posts, "text", timestamp_share="posted_at")
    significance = cl.edge_significance(shares)
    # As if one pair had been discovered, so that its table has a row.
    significance.loc[significance.index[:1], ["evidence", "q_value"]] = ["open", 0.5]
    pairs = cl.detect_groups(shares)
    rule = {"min_weight": 1, "significance": significance}
    edges = cl.coordinated_edges(pairs, **rule)
    graph = cl.generate_coordinated_network(pairs, **rule, subgraph=1, objects=True)
    day = PostSet("d", "day", "d", "2025-01-01", posts, Path())
    report = cl.make_report(day, pairs, edges, graph, significance=significance)
    assert report.run.outcome == "network"
    return report.files


@pytest.mark.parametrize("name", NAMES)
def test_every_column_of_a_days_files_is_explained_and_no_other(
    tables: dict[str, pd.DataFrame], name: str
) -> None:
    assert all(describe_column(name, column).definition for column in tables[name].columns)
    (explained,) = ([column.name for column in table.columns] for table in TABLES if table.name == name)
    assert list(explained) == list(tables[name].columns)


@pytest.mark.parametrize("name", NAMES)
def test_the_stated_type_is_the_type_of_the_values(tables: dict[str, pd.DataFrame], name: str) -> None:
    python = {
        "string": str,
        "integer": (int, np.integer),
        "number": (int, float, np.number),
        "array": list,
        "boolean": (bool, np.bool_),
    }
    for column in tables[name].columns:
        stated = describe_column(name, column).type
        for value in tables[name][column].dropna().tolist():
            assert isinstance(value, python[stated]), (column, stated, type(value))
