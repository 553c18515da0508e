"""Notebook 05: thin, clean, and a page of its own when it runs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from coordlib import get_coord_shares
from coordlib.errors import InputError
from coordlib.parameters import LinkSharing
from coordlib.report import LinkReport, RunRecord, get_outputs
from coordlib.report.checksums import sha256_file
from coordlib.report.dictionary import LINK_TABLES, anchor, describe_column, explained
from coordlib.report.link_result import link_banner
from coordlib.runs.analysis import LINKS, analyse_links
from coordlib.simulate import simulate_link_shares
from coordlib.site.find import write_index
from coordlib.site.reports import read_reports


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    options = LinkSharing.load({"workspace": str(workspace), "clean_urls": True, "time_window": 60})
    return analyse_links(options) / "index.ipynb"


def test_every_number_of_the_analysis_leads_to_how_it_was_counted(executed: Path):
    text = executed.read_text(encoding="utf-8").replace('\\"', '"')
    text = text.partition("This analysis in numbers")[2].partition("</table>")[0]
    names = re.findall(r'<tr><th scope="row">([^<]+)</th><td>[^<]*\d', text)
    assert {"Time window", "Components", "Shares looked at"} <= set(names)
    for name in names:
        assert explained("links", name), name
        assert f"data-dictionary.html#{anchor('links', name)}" in text, name


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            {"n_urls": 4, "n_accounts": 2, "n_networks": 1},
            "2 of 9 accounts, in 1 network, are tied by at least 1 URL shared within 60 s",
        ),
        (
            {"n_urls": 4, "n_accounts": 0, "n_networks": 0},
            "Of 4 URLs shared more than once, in 20 posts, none was shared by two",
        ),
        (
            {"n_urls": 0, "n_accounts": 0, "n_networks": 0},
            "no URL was shared more than once, so nothing can be said",
        ),
    ],
)
def test_the_page_begins_with_what_was_found_and_its_denominators(counts: dict[str, int], said: str):
    run = RunRecord(
        outcome="network" if counts["n_accounts"] else "no-coordination",
        parameters={"time_window_used": 60},
        counts={"n_posts": 20, "n_accounts_all": 9, "least_urls": 1, **counts},
    )
    assert said in link_banner(run)
    assert "Simulated data" not in link_banner(run)
    assert "Simulated data" in link_banner(run.model_copy(update={"simulated": True}))


def test_a_table_without_a_url_shared_twice_is_refused_before_the_notebook_runs(tmp_path: Path):
    (tmp_path / "s.csv").write_text(
        "account.url,expanded,date\na,u,1735689600\nb,v,1735689601\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="no URL was shared more than once"):
        analyse_links(LinkSharing(shares=str(tmp_path / "s.csv"), workspace=str(tmp_path / "w")))
    assert not (tmp_path / "w").exists()


def test_the_template_tells_a_story_in_short_cells(project: Path):
    notebook = nbformat.read(project / "notebooks" / LINKS, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert notebook.cells[0].source.startswith("# ")
    assert code[0].metadata["tags"] == ["parameters"]
    for cell in code[1:]:
        assert len(cell.source.splitlines()) <= 15
        assert not any(
            line.lstrip().startswith(("def ", "for ", "while ", "class "))
            for line in cell.source.splitlines()
        )
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.slow
def test_without_a_table_the_page_is_made_of_simulated_shares_and_says_so(executed: Path):
    notebook = nbformat.read(executed, as_version=4)
    text = nbformat.writes(notebook)
    assert executed.parent.name == "links-simulated"
    assert "(simulated data)" in notebook.cells[0].source
    assert RunRecord.read(executed.parent).report_title == "Link sharing: simulated (simulated data)", "once"
    assert "Simulated data." in text
    assert "Coordinated shares" in text


@pytest.mark.slow
def test_no_place_on_the_machine_of_the_run_is_on_the_page(executed: Path):
    shown = [cell.get("outputs", []) for cell in nbformat.read(executed, as_version=4).cells]
    assert str(executed.parents[3]) not in str(shown)


@pytest.mark.slow
def test_every_file_lies_beside_the_page(executed: Path):
    tables = {f"{table.name}.csv" for table in LINK_TABLES}
    files = {path.name for path in executed.parent.iterdir()}
    assert {*tables, "README.md", "datapackage.json", "network.graphml", "run.json"} <= files
    assert "SHA256SUMS" in files
    assert [path.name for path in executed.parent.glob("*.graphml")] == ["network.graphml"]
    assert RunRecord.read(executed.parent).labels["component"]["1"]["text"]


@pytest.mark.slow
def test_every_column_of_the_files_is_explained_beside_them(executed: Path):
    for table in LINK_TABLES:
        written = list(pd.read_csv(executed.parent / f"{table.name}.csv", nrows=0).columns)
        if table.name == "ct_shares_marked":
            assert describe_column(table.name, written[-1], "links").definition
        else:
            assert all(describe_column(table.name, column, "links").definition for column in written)
            assert written == [column.name for column in table.columns if column.name in written]
    readme = (executed.parent / "README.md").read_text(encoding="utf-8")
    assert "| cooRscore.avg | number | URLs per tie |" in readme


@pytest.mark.slow
def test_the_page_can_be_cited_and_checked_like_every_report(executed: Path):
    record = RunRecord.read(executed.parent)
    assert record.version == 1
    assert record.code_version
    assert {f"{table.name}.csv" for table in LINK_TABLES} <= set(record.outputs)
    for name, digest in record.outputs.items():
        if name not in {"index.ipynb", "run.json"}:
            assert sha256_file(executed.parent / name) == digest, name
    text = executed.read_text(encoding="utf-8")
    assert "top_coord_urls.csv" in text
    assert "cl-cite" in text


@pytest.mark.slow
def test_html_leaves_the_notebook_only_as_a_raw_block(executed: Path):
    for cell in nbformat.read(executed, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert "text/html" not in output.get("data", {})


def test_the_time_of_a_post_stays_on_one_line():
    """In Jupyter the column broke over three lines: a time is told as one, whatever the input wrote it as."""
    shares = simulate_link_shares(60, 1, days=3).shares
    found = get_coord_shares(shares, 60)
    results = get_outputs(found, highly_connected_g=False, top_coord_shares=True)
    table = LinkReport(found, results, {}, {}, Path()).table("top_coord_shares")
    assert "class=time>" in table.html


@pytest.mark.slow
def test_the_search_of_a_site_finds_its_accounts_subjects_and_links(executed: Path, tmp_path: Path):
    write_index(tmp_path, read_reports(executed.parents[3]), tmp_path / "notes")
    index = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "reports" / "search").iterdir())
    page = executed.read_text(encoding="utf-8").replace('\\"', '"')
    for kind, place in (("account", "account-row"), ("subject", "component-row"), ("link", "url-row")):
        found = re.findall(rf'\["{kind}","([^"]+)",1,\[\[0,"({place}-[^"]+)",\d+\]\]\]', index)
        assert found, kind
        assert all(f'id="{at}"' in page for _, at in found), kind
