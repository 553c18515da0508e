"""The files of a day."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from coordlib.errors import PublishError
from coordlib.files import staging_of, write_json
from coordlib.report import NetworkView, RunRecord
from coordlib.report.checksums import sha256_file
from coordlib.report.dictionary import TABLES, describe_column, dictionary_page
from coordlib.report.graphml import write_graphml
from coordlib.report.notebook_page import as_executed, as_page, page_notebook, write_notebook
from coordlib.report.package import failure_page, install, seal, write_report
from coordlib.report.record import code_version

FILES = ("accounts.csv", "edges.csv", "network.graphml", "run.json", "README.md", "datapackage.json")


def a_graph() -> nx.Graph:
    graph = nx.Graph()
    graph.add_edge("b<&>", "a\x00", weight=np.int64(3), object_ids=["x", "y"], note=None, share=float("nan"))
    graph.add_edge("b<&>", "c", weight=2.5, title="bad \x1b \ud800 text")
    return graph


def tables(weight: int = 3) -> dict[str, pd.DataFrame]:
    return {
        "accounts": pd.DataFrame({"account_id": ["a", "=b"], "network": [1, 1]}),
        "edges": pd.DataFrame(
            {"account_id": ["a"], "account_id_y": ["b"], "weight": [weight], "object_ids": [["x"]]}
        ),
    }


def run(**more: Any) -> RunRecord:
    day = "2025-01-03"
    known = {"name": day, "date": day, "outcome": "network", "counts": {"n_accounts": 2}, "started_at": 0}
    return RunRecord(**{**known, **more})


def publish(folder: Path, weight: int = 3, **more: Any) -> RunRecord:
    staging = staging_of(folder)
    write_report(staging, tables(weight), a_graph(), run(**more), NetworkView(a_graph()))
    for name in ("index.ipynb", "notebook.ipynb"):
        write_notebook(staging / name, page_notebook({"title": "x"}, [f"<p>{weight}</p>"]))
    seal(staging, published_at=1_735_970_400)
    return install(staging, folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "days" / "2025-01-03"


def test_every_file_of_a_day_is_there_with_its_hash_in_the_run_record(folder: Path) -> None:
    publish(folder)
    record = RunRecord.read(folder)
    assert {path.name for path in folder.iterdir()} == {
        *FILES,
        "index.ipynb",
        "notebook.ipynb",
        "network.html",
        "SHA256SUMS",
    }
    for name in (*FILES[:3], "datapackage.json", "notebook.ipynb"):
        assert record.outputs[name] == sha256_file(folder / name)
    assert record.code_version == code_version()
    assert record.started_at == "1970-01-01T00:00:00Z"
    assert record.published_at == "2025-01-04T06:00:00Z"
    assert "pandas" in record.packages


def test_a_failed_writing_leaves_nothing_behind_and_the_old_day_alone(folder: Path) -> None:
    publish(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    class Broken(pd.DataFrame):
        @property
        def columns(self) -> Any:
            raise OSError(28, "No space left on device")

    with pytest.raises(PublishError, match="No space left"):
        write_report(folder, {**tables(), "posts": Broken()}, a_graph(), run(), NetworkView(a_graph()))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_re_run_with_the_same_content_changes_nothing(folder: Path) -> None:
    publish(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    publish(folder, started_at=999)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not (folder.parent.parent / "versions").exists()


def test_a_re_run_with_other_results_keeps_the_earlier_version_readable(folder: Path) -> None:
    publish(folder)
    old = (folder / "edges.csv").read_bytes()
    assert publish(folder, weight=4).version == 2
    kept = folder.parent.parent / "versions" / "2025-01-03-v1"
    assert (kept / "edges.csv").read_bytes() == old
    assert publish(folder, weight=5).version == 3
    assert sorted(path.name for path in kept.parent.iterdir()) == ["2025-01-03-v1", "2025-01-03-v2"]


def test_a_run_killed_between_the_copy_and_the_new_day_keeps_one_version_and_the_next_makes_no_second(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(folder)
    with monkeypatch.context() as patch:
        patch.setattr("coordlib.report.package.put_folder", _put_only_versions)
        with pytest.raises(KeyboardInterrupt):
            publish(folder, weight=4)
    versions = folder.parent.parent / "versions"
    assert RunRecord.read(folder).version == 1 and (versions / "2025-01-03-v1").is_dir()
    publish(folder)
    assert not (versions / "2025-01-03-v1").exists(), "the same content is no other version"
    assert publish(folder, weight=4).version == 2
    assert [path.name for path in versions.iterdir()] == ["2025-01-03-v1"]


def _put_only_versions(made: Path, target: Path) -> None:
    if target.parent.name != "versions":
        raise KeyboardInterrupt
    made.rename(target)


def test_a_day_that_succeeds_again_loses_the_note_of_the_failure_between(folder: Path) -> None:
    publish(folder)
    before = (folder / "index.ipynb").read_bytes()
    failure_page(folder, "2025-01-03", "boom", "trace")
    publish(folder)
    assert (folder / "index.ipynb").read_bytes() == before


def test_other_parameters_make_another_version(folder: Path) -> None:
    publish(folder, parameters={"time_window": 60})
    assert publish(folder, parameters={"time_window": 120}).version == 2


def test_graphml_survives_what_xml_cannot_hold(folder: Path) -> None:
    publish(folder)
    ET.parse(folder / "network.graphml")
    again = nx.read_graphml(folder / "network.graphml")
    assert set(again) == {"a", "b<&>", "c"}
    assert json.loads(again.edges["b<&>", "a"]["object_ids"]) == ["x", "y"]
    assert "note" not in again.edges["b<&>", "a"]
    assert again.edges["b<&>", "a"]["weight"] == 3


def test_nodes_and_edges_in_graphml_have_the_columns_of_the_tables(folder: Path) -> None:
    """Read by networkx and by igraph: numbers as numbers, a missing value left out, whatever an account wrote."""
    igraph = pytest.importorskip("igraph")
    hostile = 'https://x.example/?a=<b>&c="d"'
    known = {
        "account_id": ["a\x00", "b<&>"],
        "network": [1, 1],
        "degree": np.array([1, 2]),
        "betweenness": [0.25, np.nan],
        "new": [True, False],
        "evidence": ["closed circle", "single episode"],
        "url": [hostile, None],
    }
    named = {"accounts": known, "networks": {"network": [1], "label": ["<script> · =1+1"]}}
    files = {name: pd.DataFrame(columns) for name, columns in named.items()}
    write_report(folder, files, a_graph(), run(), None)
    first = {name: column[0] for name, column in known.items() if name != "account_id"}
    again = nx.read_graphml(folder / "network.graphml")
    assert again.nodes["a"] == {**first, "network_label": "<script> · =1+1"}
    assert set(again.nodes["b<&>"]) == {"network", "degree", "new", "evidence", "network_label"}
    assert again.edges["b<&>", "a"]["network"] == 1
    graph = igraph.Graph.Read_GraphML(str(folder / "network.graphml"))
    node = graph.vs.find(id="a")
    assert {name: node[name] for name in first} == first
    assert "the nodes of network.graphml have these columns" in (folder / "README.md").read_text()
    assert not any(data for _, data in a_graph().nodes(data=True))


def test_booleans_in_graphml_are_those_of_xml_schema(tmp_path: Path) -> None:
    """Readers that hold to the schema take ``true`` and ``false`` alone (networkx/networkx#8759)."""
    graph = nx.Graph()
    graph.add_node("a", verified=True, name="True")
    graph.add_node("b", verified=np.bool_(False), name="b")
    graph.add_edge("a", "b", mutual=True, weight=2)
    file = write_graphml(graph, tmp_path / "network.graphml")
    words = [element.text for element in ET.parse(file).iter("{http://graphml.graphdrawing.org/xmlns}data")]
    assert words == ["True", "true", "b", "false", "true", "2"]
    again = nx.read_graphml(file)
    assert again.nodes["b"] == {"name": "b", "verified": False}
    assert again.edges["a", "b"] == {"mutual": True, "weight": 2}


@pytest.mark.parametrize("graph", [a_graph(), nx.Graph()])
def test_the_network_of_simulated_data_says_so_in_its_file_and_that_of_real_data_says_nothing(
    folder: Path, graph: nx.Graph
) -> None:
    for simulated in (True, False):
        write_report(folder, {}, graph, run(simulated=simulated), None)
        again = nx.read_graphml(folder / "network.graphml")
        assert again.graph.get("simulated") is (True if simulated else None)
        assert (len(again), again.number_of_edges()) == (len(graph), graph.number_of_edges())


def test_graphml_has_the_same_bytes_whatever_the_order_of_nodes(folder: Path, tmp_path: Path) -> None:
    publish(folder)
    turned = nx.Graph()
    turned.add_nodes_from(reversed(list(a_graph())))
    turned.add_edges_from(list(a_graph().edges(data=True))[::-1])
    other = tmp_path / "other" / "2025-01-03"
    write_report(other, tables(), turned, run(), NetworkView(turned))
    assert (other / "network.graphml").read_bytes() == (folder / "network.graphml").read_bytes()


def test_the_data_package_describes_every_column_of_every_file(folder: Path) -> None:
    publish(folder)
    package = json.loads((folder / "datapackage.json").read_text())
    for resource in package["resources"]:
        assert resource["hash"] == "sha256:" + sha256_file(folder / resource["path"])
        header = (folder / resource["path"]).read_text().splitlines()[0]
        assert [field["name"] for field in resource["schema"]["fields"]] == header.split(",")
        assert all(field["description"] for field in resource["schema"]["fields"])


def test_the_readme_states_parameters_caution_and_citation(folder: Path) -> None:
    publish(folder, parameters={"time_window": 120}, simulated=True)
    text = (folder / "README.md").read_text()
    assert "time_window: 120" in text
    assert "must not be concluded" in text
    assert "Simulated data" in text
    assert "Cite as" in text


def test_a_failed_re_run_leaves_the_good_page_with_a_note(folder: Path) -> None:
    publish(folder)
    tables_before = (folder / "edges.csv").read_bytes()
    for _ in range(2):
        failure_page(
            folder, "2025-01-03", "boom <script>alert(1)</script>", "</pre><img src=x onerror=alert(1)>"
        )
    text = (folder / "index.ipynb").read_text()
    assert "<script>alert" not in text
    assert text.count("A later run of this day failed") == 1
    assert RunRecord.read(folder).outcome == "network"
    assert (folder / "edges.csv").read_bytes() == tables_before
    assert not (folder.parent.parent / "versions").exists()


def test_a_day_that_never_had_a_report_shows_the_traceback_as_text(folder: Path) -> None:
    failure_page(folder, "2025-01-03", "boom", "</pre><img src=x onerror=alert(1)>")
    text = (folder / "index.ipynb").read_text()
    assert "<img" not in text and "&lt;img" in text
    assert RunRecord.read(folder).outcome == "failed"


def test_a_day_repaired_after_a_failure_takes_the_place_of_the_failure_page(folder: Path) -> None:
    failure_page(folder, "2025-01-03", "boom", "trace")
    assert publish(folder).version == 1
    assert RunRecord.read(folder).outcome == "network"


def test_an_unreadable_run_record_counts_as_none(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{broken")
    assert RunRecord.read(folder) == RunRecord()
    (folder / "run.json").write_text('{"date": "2025-01-03", "counts": {"n_posts": "many"}}')
    assert RunRecord.read(folder) == RunRecord()


def test_a_record_is_written_as_it_was_read_also_what_another_version_wrote(folder: Path) -> None:
    publish(folder)
    said = json.loads((folder / "run.json").read_text()) | {"later": [1], "weight_threshold": 3, "title": ""}
    said["counts"] = {"n_posts": 9, "n_later": 2}
    write_json(folder / "run.json", said)
    before = (folder / "run.json").read_bytes()
    record = RunRecord.read(folder)
    record.write(folder)
    assert (folder / "run.json").read_bytes() == before
    assert (record.counts.n_posts, record.counts.n_edges, record.page_title) == (
        9,
        0,
        "Coordinated sharing on 2025-01-03",
    )


def test_the_window_of_a_record_is_the_one_the_notebook_chose_itself() -> None:
    given = {"parameters": {"time_window": 120}}
    assert [run(**given, kept=kept).window for kept in ({}, {"pairs": {"n": 2}})] == [120, 120]
    assert run(**given, kept={"pairs": {"n": 2, "seconds": 0}}).window == 0 and run().window is None


def test_a_record_is_still_read_by_the_names_of_its_file() -> None:
    """Notebook 01 once read ``report.run["new_accounts"]``, and copies of it still do."""
    with pytest.warns(DeprecationWarning, match=r'run\["counts"\] is now run.counts'):
        assert run()["counts"]["n_accounts"] == 2
    with pytest.warns(DeprecationWarning):
        assert run().get("truth") is None and "date" in run() and "truth" not in run()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_has_type_and_definition(table: Any) -> None:
    names = [column.name for column in table.columns]
    assert all(describe_column(table.name, column).definition for column in names)
    assert len(set(names)) == len(names)
    assert f"## {table.name}.csv" in dictionary_page()


def test_no_folder_of_the_machine_is_published(folder: Path) -> None:
    places = {"workspace": "/home/someone/w", "output_dir": "/home/someone/out", "time_window": 120}
    staging = staging_of(folder)
    write_report(staging, tables(), a_graph(), run(parameters=places), NetworkView(a_graph()))
    cell = nbformat.v4.new_code_cell('workspace = "/home/someone/w"\ntime_window = 120', id="injected")
    cell.metadata["tags"] = ["injected-parameters"]
    executed = nbformat.v4.new_notebook(cells=[cell])
    write_notebook(staging / "notebook.ipynb", as_executed(executed))
    write_notebook(staging / "index.ipynb", as_page(executed, {"title": "x"}))
    seal(staging)
    install(staging, folder)
    for path in folder.iterdir():
        assert b"/home/someone" not in path.read_bytes(), path.name
    assert "time_window = 120" in (folder / "notebook.ipynb").read_text()
    assert RunRecord.read(folder).parameters == {"time_window": 120}


def test_a_failure_page_names_no_folder_of_the_machine(folder: Path) -> None:
    failure_page(
        folder, "2025-01-03", "kept as /home/someone/w/x.ipynb", "File /home/someone/lib/coordlib/pairs.py:3"
    )
    for path in folder.iterdir():
        assert b"/home/someone" not in path.read_bytes(), path.name
    assert "coordlib/pairs.py:3" in (folder / "index.ipynb").read_text()
