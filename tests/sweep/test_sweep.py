"""A sweep is the detection at every point, told side by side."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coordlib as cl
from coordlib.cli import main
from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.report import sweep_charts
from coordlib.report.figures import detached_axes, figure_html
from coordlib.runs.sweep import NotebookSweep, read_sweep, sweep_notebooks
from coordlib.sources.archive import read_day

GRID = {
    "time_window": [5, 20, 60],
    "min_participation": [0, 1, 2, 3],
    "edge_weight": [0.0, 0.5, 0.9],
    "min_weight": [None, 1, 2],
}


def by_itself(shares: pd.DataFrame, point: dict[str, object]) -> tuple[object, ...]:
    """The same point by the steps of a notebook."""
    pairs = cl.detect_groups(shares, point["time_window"], point["min_participation"])
    edges = cl.coordinated_edges(pairs, point["edge_weight"], point["min_weight"])
    graph = cl.generate_coordinated_network(
        pairs, edge_weight=point["edge_weight"], min_weight=point["min_weight"], subgraph=1
    )
    return (
        len(pairs), len(edges), graph.number_of_edges(), graph.number_of_nodes(), nx.number_connected_components(graph),
    )  # fmt: skip


def check(shares: pd.DataFrame, found: cl.Sweep) -> None:
    for row in found.points.to_dict("records"):
        ours = tuple(row[name] for name in ("pairs", "edges_all", "edges", "accounts", "networks"))
        assert ours == by_itself(shares, row), row


@given(
    st.lists(
        st.tuples(st.sampled_from("opq"), st.sampled_from("abcd"), st.integers(0, 12), st.integers(0, 90)),
        max_size=30,
    )
)
def test_every_point_is_what_the_steps_find_at_its_parameters(rows: list[tuple[str, str, int, int]]) -> None:
    names = ["object_id", "account_id", "content_id", "timestamp_share"]
    shares = cl.prep_data(pd.DataFrame(rows, columns=names).astype({"content_id": "str"}) if rows else pd.DataFrame(
        {name: pd.Series([], dtype="str") for name in names}
    ))  # fmt: skip
    check(shares, cl.sweep(shares, GRID))


@pytest.mark.reference
def test_a_real_day_is_the_same_at_every_point(shared: Path) -> None:
    posts = read_day(shared / "data" / "csbn" / "2025-01-04").posts
    assert posts is not None
    found = cl.sweep(
        posts, {"time_window": [30, 120], "min_participation": [1, 2], "edge_weight": [0.5, 0.9]}
    )
    check(cl.prep_data(posts, "text", timestamp_share="posted_at"), found)
    assert found.reference == {
        "object_id": "text",
        "time_window": 120,
        "min_participation": 2,
        "edge_weight": 0.9,
        "min_weight": None,
    }
    at = found.points[(found.points["time_window"] == 120) & (found.points["min_participation"] == 2)]
    assert at[at["edge_weight"] == 0.9][["accounts_overlap", "edges_overlap"]].values.tolist() == [[1.0, 1.0]]


def some_posts() -> pd.DataFrame:
    from coordlib.simulate.shares import simulate_posts

    return simulate_posts()


def test_inclusion_says_at_how_many_points_an_account_is_found() -> None:
    found = cl.sweep(
        some_posts(), {"time_window": [1, 120], "min_weight": [1, 2], "object_id": ["text", "hashtags"]}
    )
    assert len(found.points) == 8
    for row in found.inclusion.itertuples():
        assert row.share == row.points / 8
    assert found.inclusion["points"].is_monotonic_decreasing
    assert found.varied == ("object_id", "time_window", "min_weight")
    assert "8 points of object_id, time_window, min_weight" in str(found)


@pytest.mark.parametrize(
    ("grid", "error", "words"),
    [
        ({"window": [1]}, UnknownParameterError, "did you mean"),
        ({"time_window": []}, ParameterError, "has no value"),
        ({"time_window": [-1]}, ParameterError, "time_window"),
        ({"edge_weight": [2]}, ParameterError, "edge_weight"),
        ({"min_weight": [0]}, ParameterError, "min_weight"),
    ],
)
def test_a_wrong_grid_is_refused_in_one_line(
    grid: dict[str, list[object]], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        cl.sweep(some_posts(), grid)
    assert "\n" not in str(caught.value)


def test_a_reference_that_is_no_point_is_refused() -> None:
    with pytest.raises(ParameterError, match="is no point of the grid"):
        cl.sweep(some_posts(), {"time_window": [10, 20]}, {"time_window": 30})


def test_the_figures_state_what_they_show() -> None:
    found = cl.sweep(some_posts(), {"time_window": [10, 60, 120], "edge_weight": [0.5, 0.9]})
    for draw in (sweep_charts.specification_curve, sweep_charts.heat_map, sweep_charts.inclusion):
        axes = draw(found, ax=detached_axes())
        assert any(character.isdigit() for character in axes.get_title())
        assert 'role="img" aria-label="' in figure_html(axes)
    with pytest.raises(ParameterError, match="varied time_window, edge_weight"):
        sweep_charts.heat_map(found, "window", "edge_weight")


TEMPLATE = """
import json, pathlib
import coordlib as cl
data = cl.load_table(None, workspace)
shares = cl.prep_data(data.posts, "text", timestamp_share="posted_at")
pairs = cl.detect_groups(shares, time_window=time_window)
edges = cl.coordinated_edges(pairs, min_weight=min_weight)
graph = cl.generate_coordinated_network(pairs, min_weight=min_weight, subgraph=1, objects=True)
assert time_window < 500, "told to fail"
cl.make_report(data, pairs, edges, graph).save(output_dir)
"""


@pytest.fixture
def station(tmp_path: Path) -> Path:
    import nbformat

    (tmp_path / "w" / "reports").mkdir(parents=True)
    cells = [
        nbformat.v4.new_code_cell(
            'workspace = "w"\noutput_dir = None\ntime_window = 120\nmin_weight = 2',
            metadata={"tags": ["parameters"]},
        ),
        nbformat.v4.new_code_cell(TEMPLATE),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "mine.ipynb")
    return tmp_path


@pytest.mark.slow
def test_a_notebook_runs_at_every_point_and_a_failed_one_stops_no_other(station: Path) -> None:
    sheet = NotebookSweep.load(
        {"notebook": str(station / "mine.ipynb"), "grid": {"time_window": [10, 120, 600], "min_weight": [2]}}
    )
    done = sweep_notebooks(sheet, station / "w", jobs=2, progress=False)
    assert (done.ran, done.kept, list(done.failed)) == (2, 0, ["min_weight=2,time_window=600"])
    assert "told to fail" in done.failed["min_weight=2,time_window=600"]
    folders = sorted(path.name for path in done.folder.iterdir() if path.is_dir())
    assert folders == ["min_weight=2,time_window=10", "min_weight=2,time_window=120"]
    assert {"notebook.ipynb", "run.json", "pairs.csv", "point.json"} <= {
        p.name for p in (done.folder / folders[0]).iterdir()
    }
    made = (done.folder / folders[0] / "notebook.ipynb").stat().st_mtime_ns
    again = sweep_notebooks(sheet, station / "w", jobs=2, progress=False)
    assert (again.ran, again.kept, len(again.failed)) == (0, 2, 1)
    assert (done.folder / folders[0] / "notebook.ipynb").stat().st_mtime_ns == made, (
        "a finished point is not run again"
    )
    fast = cl.sweep(some_posts(), {"time_window": [10, 120], "min_weight": [2]})
    both = read_sweep(done.folder).points.merge(fast.points, on="time_window", suffixes=("", "_fast"))
    for name in ("pairs", "edges_all", "edges", "accounts", "networks"):
        assert both[name].tolist() == both[f"{name}_fast"].tolist(), name
    points = pd.read_csv(done.folder / "points.csv")
    assert points["accounts"].tolist() == fast.points["accounts"].tolist()


@pytest.mark.slow
def test_an_edited_template_runs_its_points_again(station: Path) -> None:
    sheet = NotebookSweep.load({"notebook": str(station / "mine.ipynb"), "grid": {"time_window": [10]}})
    assert sweep_notebooks(sheet, station / "w", jobs=1, progress=False).ran == 1
    text = (station / "mine.ipynb").read_text()
    (station / "mine.ipynb").write_text(text.replace("told to fail", "told to stop"))
    assert sweep_notebooks(sheet, station / "w", jobs=1, progress=False).ran == 1


def test_a_parameter_the_notebook_lacks_is_refused_before_anything_runs(station: Path) -> None:
    sheet = NotebookSweep.load({"notebook": str(station / "mine.ipynb"), "grid": {"time_windw": [10]}})
    with pytest.raises(UnknownParameterError, match="did you mean 'time_window'"):
        sweep_notebooks(sheet, station / "w", progress=False)
    assert not (station / "w" / "sweeps").exists()


@pytest.mark.slow
def test_the_command_makes_a_page_of_a_file(
    station: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        f"{i},user{i % 2},2026-01-0{1 + i // 6} 10:{i // 2 % 3}0:0{i % 2},Tea {i // 2}\n" for i in range(12)
    ]
    (station / "mine.csv").write_text("id,username,date,text\n" + "".join(rows), encoding="utf-8")
    (station / "s.yml").write_text(
        f"source: {station / 'mine.csv'}\ntime_window: [10, 60]\nedge_weight: [0.9]\nmin_weight: [2]\n"
    )
    monkeypatch.setattr(
        sys,
        "argv",
        ["coordlib", "sweep", "-f", str(station / "s.yml"), "-w", str(station / "w"), "--no-render"],
    )
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code, capsys.readouterr().err
    folder = station / "w" / "reports" / "analyses" / "mine-sweep"
    points = pd.read_csv(folder / "points.csv")
    assert len(points) == len(list(itertools.product([10, 60], [1, 2, 3])))
    assert json.loads((folder / "run.json").read_text())["kind"] == "sweep"
    assert "accounts over 6 settings" in (folder / "index.ipynb").read_text()
