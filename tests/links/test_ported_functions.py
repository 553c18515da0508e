"""No function of the two R packages is missing from the table of counterparts, and every counterpart exists."""

from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path

import nbformat
import pytest

import coordlib as cl
from coordlib.links.coord_shares import EDGE_COLUMNS, TIME_COLUMNS
from coordlib.links.prepare import ENTITY_COLUMNS
from coordlib.links.summaries import SUMMARY_COLUMNS
from coordlib.links.top_lists import SHARE_COLUMNS, URL_COLUMNS
from coordlib.parameters import LinkSharing
from coordlib.report.dictionary import LINK_TABLES
from coordlib.report.link_result import LINK_FILES

COORTWEET = [
    "account_stats",
    "detect_groups",
    "flag_speed_share",
    "generate_coordinated_network",
    "group_stats",
    "load_many_tweets_json",
    "load_tweets_json",
    "load_twitter_users_json",
    "normalize_text",
    "prep_data",
    "preprocess_tweets",
    "preprocess_twitter_users",
    "remove_hashtags",
    "reshape_tweets",
    "simulate_data",
]
COORNET = [
    "draw_url_timeline_chart",
    "estimate_coord_interval",
    "get_cluster_summary",
    "get_component_summary",
    "get_coord_shares",
    "get_ctshares",
    "get_outputs",
    "get_top_coord_shares",
    "get_top_coord_urls",
    "get_urls_from_ct_histdata",
]


@pytest.fixture(scope="module")
def rows(project: Path) -> dict[str, tuple[str, str]]:
    """Return the original's name to its counterparts and notes."""
    text = (project / "docs" / "ported-functions.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", text, re.M)
    return {name: (here, notes) for name, here, notes in found}


@pytest.mark.parametrize("name", [*COORTWEET, *COORNET])
def test_every_exported_function_has_its_row(rows: dict[str, tuple[str, str]], name: str):
    assert name in rows


@pytest.mark.parametrize("name", [*COORTWEET, *COORNET])
def test_every_counterpart_can_be_called(rows: dict[str, tuple[str, str]], name: str):
    counterparts = [word for word in re.findall(r"`([^`]+)`", rows[name][0]) if " " not in word]
    assert counterparts
    for counterpart in counterparts:
        assert callable(attrgetter(counterpart)(cl))


def test_only_the_closed_service_has_no_namesake(rows: dict[str, tuple[str, str]]):
    assert [name for name in (*COORTWEET, *COORNET) if name not in re.split(r"\W", rows[name][0])] == [
        "get_ctshares"
    ]


def test_every_column_of_the_results_is_documented(project: Path):
    text = (project / "docs" / "link-sharing.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S)))
    columns = {*ENTITY_COLUMNS, *EDGE_COLUMNS, *TIME_COLUMNS, *SUMMARY_COLUMNS, *URL_COLUMNS, *SHARE_COLUMNS}
    assert columns | {"rank", "cluster", "label", "label.method", "is_coordinated"} <= documented
    assert set(LINK_FILES) <= documented | {f"{table.name}.csv" for table in LINK_TABLES}
    for table in LINK_TABLES:
        for column in table.columns:
            said = column.definition.replace("|", "\\|")
            assert f"| `{column.name}` | {said}" in text, (table.name, column.name)


def test_every_parameter_of_the_command_is_explained(project: Path):
    notebook = nbformat.read(project / "notebooks" / "05-link-sharing.ipynb", as_version=4)
    cell = next(cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    for name, field in LinkSharing.model_fields.items():
        assert field.description
        assert re.search(rf"^{name} = .+  # .+$", cell, re.M), name
