"""The data dictionary explains what a day really writes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coordlib.describe.day import analyse_day
from coordlib.describe.labels import add_labels
from coordlib.describe.posts import network_edges
from coordlib.report.dictionary import TABLES, describe_column, undocumented
from coordlib.runs.label_networks import label_networks


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    captions = [f"caption number {n % 12}" for n in range(60)]
    posts = pd.DataFrame({
        "content_id": [str(7_000_000_000_000_000_000 + n) for n in range(60)], "text": captions,
        "account_id": [f"user{(n // 12) % 3}" for n in range(60)],
        "posted_at": [1_735_689_600 + 3600 * (n % 12) + 20 * (n // 12) for n in range(60)],
    }).assign(views=5, likes=1, comments=0, shares=0, hashtags="", voice_to_text="")  # fmt: skip
    day = analyse_day(posts, edge_weight=0.0, min_weight=1)
    networks = add_labels(day.networks, label_networks(day.posts))
    edges = network_edges(day.edges, day.graph)
    assert day.outcome == "network"
    return {
        "accounts": day.accounts, "networks": networks, "posts": day.posts, "edges": edges, "pairs": day.evidence,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["accounts", "networks", "posts", "edges", "pairs"])
def test_every_column_of_a_days_files_is_explained_and_no_other(
    tables: dict[str, pd.DataFrame], name: str
) -> None:
    assert undocumented(name, tables[name].columns) == []
    (explained,) = (table.names for table in TABLES if table.name == name)
    assert list(explained) == list(tables[name].columns)


@pytest.mark.parametrize("name", ["accounts", "networks", "posts", "edges", "pairs"])
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
