"""A sweep is the detection at every point, told side by side."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import coordlib as cl
from coordlib import make_sweep_report
from coordlib.cli import main
from coordlib.detect import Sweep
from coordlib.detect.sweep import DEFAULTS
from coordlib.errors import (
    MissingColumnError,
    ParameterError,
    RunError,
    TiedWeightsWarning,
    UnknownParameterError,
)
from coordlib.parameters import DailyMonitoring
from coordlib.posts import as_posts
from coordlib.report import RunRecord, charts
from coordlib.report.evidence import evidence_record
from coordlib.report.figures import detached_axes, figure_html
from coordlib.report.first_screen import first_lines
from coordlib.runs import NotebookSweep, read_sweep, sweep_notebooks
from coordlib.runs.notebook_sweep import _folder, _left_out_by_tie
from coordlib.sources import read_day

GRID = {
    "time_window": [5, 60],
    "min_participation": [0, 1, 2, 3],
    "edge_weight": [0.5, 0.9],
    "min_weight": [None, 2],
}


def by_itself(shares: pd.DataFrame, point: dict[str, object]) -> tuple[object, ...]:
    """The same point by the steps of a notebook."""
    pairs = cl.detect_groups(shares, point["time_window"], point["min_participation"])
    edges = cl.coordinated_edges(pairs, point["edge_weight"], point["min_weight"])
    graph = cl.generate_coordinated_network(
        pairs, edge_weight=point["edge_weight"], min_weight=point["min_weight"], subgraph=1
    )
    return (
        len(pairs),
        len(edges),
        graph.number_of_edges(),
        graph.number_of_nodes(),
        nx.number_connected_components(graph),
    )


def check(shares: pd.DataFrame, found: Sweep) -> None:
    for row in found.points.to_dict("records"):
        ours = tuple(row[name] for name in ("pairs", "edges_all", "edges", "accounts", "networks"))
        assert ours == by_itself(shares, row), row


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["o", "p", "3"]),
        st.sampled_from([None, *"aBäz"]),
        st.integers(0, 12),
        st.integers(0, 90),
    ),
    max_size=30,
)


def table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(
        rows, columns=["object_id", "account_id", "content_id", "timestamp_share"], dtype=object
    )
    return frame.astype({"content_id": "str"})


@pytest.mark.slow
@settings(max_examples=25)
@given(ROWS)
def test_every_point_is_what_the_steps_find_at_its_parameters(rows: list[tuple[str, str, int, int]]) -> None:
    shares = cl.prep_data(table(rows), plausible=None)
    check(shares, cl.sweep(shares, GRID))


@settings(max_examples=50)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows: list[tuple[Any, ...]], random: Any) -> None:
    mixed = random.sample(rows, len(rows))
    grid = {"time_window": [5, 60], "min_weight": [None, 2]}
    one, two = (cl.sweep(cl.prep_data(table(part), plausible=None), grid) for part in (rows, mixed))
    pd.testing.assert_frame_equal(one.points, two.points)
    pd.testing.assert_frame_equal(one.inclusion, two.inclusion)


@pytest.mark.reference
@pytest.mark.parametrize("object_id", ["text", "hashtags"])
def test_on_a_real_day_every_point_is_what_the_steps_find(shared: Path, object_id: str) -> None:
    posts = read_day(shared / "data" / "csbn" / "2025-11-17").posts
    assert posts is not None
    grid = {
        "object_id": [object_id],
        "time_window": [10, 60, 600],
        "min_participation": [1, 2, 3],
        "edge_weight": [0.5, 0.9],
    }
    check(cl.prep_data(posts, object_id, timestamp_share="posted_at"), cl.sweep(posts, grid))


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


def ring(accounts: int, objects: int, tag: str = "r", apart: int = 5) -> list[tuple[str, str, str, int]]:
    """Accounts that share the same objects, each some seconds after the one before."""
    return [
        (f"{tag}-o{o}", f"{tag}{a}", f"{tag}{a}-{o}", 1000 * o + apart * a)
        for o in range(objects)
        for a in range(accounts)
    ]


def test_edges_that_tie_at_the_top_are_told_from_nothing_found() -> None:
    shares = table(ring(3, 4))
    grid = {"time_window": [1, 60], "min_weight": [None, 2], "min_participation": [1]}
    assert cl.sweep(shares, grid).points["outcome"].tolist() == [
        "no-coordination",
        "no-coordination",
        "tied",
        "network",
    ]


def test_inclusion_and_overlap_say_how_much_depends_on_the_choice() -> None:
    shares = table(ring(3, 5, "near", apart=5) + ring(2, 3, "far", apart=50))
    found = cl.sweep(
        shares,
        {"time_window": [20, 120], "min_weight": [1, 4]},
        reference={"time_window": 120, "min_weight": 1},
    )
    assert found.inclusion.set_index("account_id")["share"].to_dict() == {
        "near0": 1,
        "near1": 1,
        "near2": 1,
        "far0": 0.25,
        "far1": 0.25,
    }
    assert found.points["accounts"].tolist() == [3, 3, 5, 3]
    assert found.points["accounts_overlap"].tolist() == [0.6, 0.6, 1, 0.6]
    assert found.points["edges_overlap"].tolist() == [0.75, 0.75, 1, 0.75]
    assert found.inclusion["in_reference"].all() and found.varied == ("time_window", "min_weight")


def test_each_object_of_the_posts_is_a_choice_of_its_own() -> None:
    posts = pd.DataFrame(
        {
            "content_id": ["1", "2", "3", "4"],
            "account_id": ["a", "b", "c", "d"],
            "posted_at": [0, 1, 2, 3],
            "text": ["x", "x", "y", "z"],
            "hashtags": [["h"], ["i"], ["j"], ["j"]],
        }
    )
    found = cl.sweep(posts, {"object_id": ["text", "hashtags"], "min_participation": [1], "min_weight": [1]})
    assert found.points["accounts"].tolist() == [2, 2] and found.inclusion["account_id"].tolist() == list(
        "abcd"
    )
    with pytest.raises(MissingColumnError, match=r"'txt' .did you mean 'text'"):
        cl.sweep(posts, {"object_id": ["txt"]})


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"time_windw": [60]}, r"'time_windw' .did you mean 'time_window'"),
        ({"time_window": 60}, "time_window = 60: give a list"),
        ({"time_window": []}, "time_window = .*: give a list"),
        ({"object_id": "text"}, "object_id varies with a table of posts only"),
        ({"edge_weight": [90]}, "edge_weight = 90: give a quantile"),
        ({"min_weight": [0]}, "min_weight = 0: give a whole number of 1"),
        ({"min_weight": ["2"]}, "min_weight = '2': give a whole number"),
    ],
)
def test_a_wrong_grid_is_refused_in_one_line(grid: dict[str, Any], words: str) -> None:
    with pytest.raises((ParameterError, UnknownParameterError), match=words) as caught:
        cl.sweep(table(ring(2, 2)), grid)
    assert "\n" not in str(caught.value)


def test_a_reference_that_is_no_point_of_the_grid_is_refused() -> None:
    with pytest.raises(ParameterError, match="is no point of the grid"):
        cl.sweep(table(ring(2, 2)), {"time_window": [10, 60]}, reference={"time_window": 61})


def test_a_sweep_shows_its_points_and_what_they_say() -> None:
    found = cl.sweep(table(ring(3, 5)), {"time_window": [1, 60], "min_weight": [1]})
    assert repr(found) == "2 points of time_window: 0 to 3 accounts; 0 of 3 accounts are found at every point"
    assert repr(found) in found._repr_html_() and found._repr_html_().count("<tr") == 3


def test_the_figures_state_what_they_show() -> None:
    found = cl.sweep(some_posts(), {"time_window": [10, 60, 120], "edge_weight": [0.5, 0.9]})
    for draw in (charts.specification_curve, charts.heat_map, charts.inclusion):
        axes = draw(found, ax=detached_axes())
        assert any(character.isdigit() for character in axes.get_title())
        assert 'role="img" aria-label="' in figure_html(axes)
    with pytest.raises(ParameterError, match="the points have object_id, time_window"):
        charts.heat_map(found, "window", "edge_weight")


def test_a_heat_map_takes_the_threshold_that_varies() -> None:
    found = cl.sweep(some_posts(), {"time_window": [10, 120], "min_weight": [None, 2, 3]})
    axes = charts.heat_map(found, ax=detached_axes())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time window (seconds)", "min weight")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "2", "3"]
    charts.specification_curve(found, ax=detached_axes())


def test_a_headline_never_speaks_of_accounts_where_there_are_none_and_tells_what_is_simulated() -> None:
    data = cl.load_table(None, ".")
    nothing = cl.sweep(table(ring(3, 5)), {"time_window": [1, 2], "min_weight": [1]})
    tied = cl.sweep(table(ring(3, 5)), {"time_window": [60]})
    assert "No account is in a network at any of 2 settings" in str(
        make_sweep_report(nothing, data, {}).headline
    )
    assert "At 1 setting the heaviest edges tie" in str(make_sweep_report(tied, data, {}).headline)
    assert str(make_sweep_report(tied, data, {}).headline).startswith("Simulated data.")


def test_the_old_steps_of_a_sweep_do_what_its_report_does_and_say_so(tmp_path: Path) -> None:
    data, found = cl.load_table(None, "."), cl.sweep(table(ring(3, 5)), {"time_window": [60]})
    report = make_sweep_report(found, data, {})
    with pytest.warns(
        DeprecationWarning, match=r"sweep_headline is now coordlib.make_sweep_report\(…\).headline"
    ):
        assert str(cl.sweep_headline(found, data)) == str(report.headline)
    with pytest.warns(DeprecationWarning, match=r"save_sweep is now coordlib.make_sweep_report\(…\).save"):
        saved = cl.save_sweep(found, data, {}, tmp_path / "old")
    assert str(saved).partition(":")[2] == str(report.save(tmp_path / "new")).partition(":")[2]


def test_clean_groups_that_tie_are_no_weak_finding() -> None:
    """Two circles of seven and five captions, and strangers who met once: the quantile is the heavier circle's weight."""
    strangers = [(f"s{n}", f"x{n % 60}", f"s{n}-0", 90_000 + 997 * n) for n in range(400)]
    shares = table(ring(4, 7, "heavy") + ring(4, 5, "light") + strangers)
    posts = shares.rename(columns={"object_id": "text", "timestamp_share": "posted_at"})
    pairs = cl.detect_groups(shares, 120, 1)
    with pytest.warns(
        TiedWeightsWarning, match="use min_weight=7 .*, which leaves out 6 lighter ones, or a lower number"
    ):
        nothing = cl.generate_coordinated_network(pairs, edge_weight=0.9, subgraph=1)
    significance = cl.edge_significance(shares)
    graph = cl.generate_coordinated_network(pairs, min_weight=5, significance=significance, subgraph=1)
    found = evidence_record(significance, None, pairs, graph, {"time_window": 120}, "caption", {})
    assert found["other_settings"].tied == 12 and found["other_settings"].least == 4
    counts = {"n_accounts": 8, "n_networks": 1}
    run = RunRecord(**found, outcome="network", counts=counts, parameters={"time_window": 120})
    (line,) = (line for line in first_lines(run) if line.startswith("Other settings"))
    assert "that is a tie, not a weak finding" in line
    assert line.endswith("The 8 accounts in closed circles do not depend on the threshold.")

    swept = cl.sweep(posts, {"edge_weight": [0.5, 0.9], "min_participation": [1]})
    assert swept.points["left_out_by_tie"].tolist() == [0, 6]
    data = replace(cl.load_table(None, "."), posts=as_posts(posts))
    tied = cl.make_report(data, pairs, cl.coordinated_edges(pairs, 0.9), nothing)
    fixed = cl.make_report(data, pairs, cl.coordinated_edges(pairs, min_weight=5), graph)
    assert [_left_out_by_tie(run) for run in (tied.run, fixed.run)] == [6, 0]
    report = make_sweep_report(swept, data, {})
    assert "8 accounts are in significant pairs, which no threshold changes" in str(report.headline)
    assert set(report._tables()["inclusion"]["evidence"]) == {"closed circle"}


TEMPLATE = """
import coordlib as cl
data = cl.load_table(None, workspace)
shares = cl.prep_data(data.posts, "text", timestamp_share="posted_at")
pairs = cl.detect_groups(shares, time_window=time_window)
edges = cl.coordinated_edges(pairs, min_weight=min_weight)
graph = cl.generate_coordinated_network(pairs, min_weight=min_weight, subgraph=1, objects=True)
assert time_window < 500, "told to fail"
cl.make_report(data, pairs, edges, graph).save(output_dir)
"""


#: A notebook of a researcher's own that makes no report: what is looked at is how it is run.
PLAIN = """
import pathlib, threading
if pathlib.Path("hold").exists():
    pathlib.Path("held").touch()
    threading.Event().wait()
"""


@pytest.fixture
def station(tmp_path: Path) -> Path:
    import nbformat

    (tmp_path / "w" / "reports").mkdir(parents=True)
    for name, steps in (("mine", TEMPLATE), ("plain", PLAIN)):
        cells = [
            nbformat.v4.new_code_cell(
                'workspace = "w"\noutput_dir = None\ntime_window = 120\nmin_weight = 2',
                metadata={"tags": ["parameters"]},
            ),
            nbformat.v4.new_code_cell(steps),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    return tmp_path


@pytest.mark.slow
def test_a_notebook_runs_at_every_point_and_a_failed_one_stops_no_other(station: Path) -> None:
    sheet = NotebookSweep.load(
        {"notebook": str(station / "mine.ipynb"), "grid": {"time_window": [10, 120, 600], "min_weight": [2]}}
    )
    done = sweep_notebooks(sheet, station / "w", jobs=2, progress=False)
    assert (done.ran, done.kept, list(done.failed)) == (2, 0, ["min_weight=2,time_window=600"])
    assert "told to fail" in done.failed["min_weight=2,time_window=600"]
    kept = done.folder / "min_weight=2,time_window=600.failed.ipynb"
    assert str(kept) in done.failed["min_weight=2,time_window=600"] and kept.is_file()
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
    for name in ("pairs", "edges_all", "edges", "accounts", "networks", "left_out_by_tie"):
        assert both[name].tolist() == both[f"{name}_fast"].tolist(), name
    points = pd.read_csv(done.folder / "points.csv")
    assert points["accounts"].tolist() == fast.points["accounts"].tolist()


@pytest.mark.slow
def test_an_edited_template_runs_its_points_again(station: Path) -> None:
    plain = station / "plain.ipynb"
    sheet = NotebookSweep.load({"notebook": str(plain), "grid": {"time_window": [10]}})
    done = sweep_notebooks(sheet, station / "w", jobs=1, progress=False)
    assert (done.ran, done.comparison) == (1, None), "it writes no report: it runs and is not compared"
    plain.write_text(plain.read_text().replace("held", "stopped"))
    assert sweep_notebooks(sheet, station / "w", jobs=1, progress=False).ran == 1


@pytest.mark.slow
def test_points_of_an_earlier_grid_or_of_other_posts_are_not_compared(station: Path) -> None:
    def sheet(*windows: int) -> NotebookSweep:
        return NotebookSweep.load(
            {"notebook": str(station / "mine.ipynb"), "grid": {"time_window": list(windows)}}
        )

    sweep_notebooks(sheet(10), station / "w", progress=False)
    done = sweep_notebooks(sheet(20), station / "w", progress=False)
    assert read_sweep(done.folder).points["time_window"].tolist() == [20]
    done = sweep_notebooks(sheet(10, 20), station / "w", progress=False)
    assert (done.ran, done.kept) == (0, 2)
    record = done.folder / "time_window=20" / "run.json"
    record.write_text(record.read_text().replace('"posts": "', '"posts": "other'))
    with pytest.raises(RunError, match="rest on different posts"):
        read_sweep(done.folder)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_a_stopped_sweep_leaves_no_half_point_and_goes_on(station: Path, how: signal.Signals) -> None:
    (station / "grid.yml").write_text(
        f"notebook: {station / 'plain.ipynb'}\ngrid: {{time_window: [10, 20, 120], min_weight: [2]}}\n"
    )
    command = [sys.executable, "-m", "coordlib.cli", "sweep", "-f", "grid.yml", "-w", "w", "--jobs", "2"]
    (station / "hold").touch()
    # A group of its own, as a terminal gives it: Ctrl-C reaches every process of it.
    running = subprocess.Popen(
        command,
        cwd=station,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that were started in the background ignore Ctrl-C, and so would all they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        while not (station / "held").exists():
            with suppress(subprocess.TimeoutExpired):
                running.wait(0.1)
            assert running.returncode is None
        os.killpg(running.pid, how)
        _, told = running.communicate(timeout=60)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    root = station / "w" / "sweeps" / "sweep"
    assert not list(root.glob("[!.]*=*")), "nothing looks like a finished point"
    if how == signal.SIGINT:
        assert (running.returncode, told.splitlines()[-1]) == (
            130,
            "coordlib: interrupted; start the same command again to continue",
        )
        assert "Traceback" not in told and not list(root.glob(".*.writing"))
    (station / "hold").unlink()
    done = subprocess.run(command, cwd=station, capture_output=True, text=True, check=True)
    assert "3 points ran, 0 were done before, 0 failed" in done.stdout
    assert not list(root.glob(".*.writing"))


def test_the_usual_values_are_those_of_the_parameter_models() -> None:
    assert dict(DEFAULTS) == {name: DailyMonitoring().for_notebook()[name] for name in DEFAULTS}


def test_the_page_about_sweeps_runs_and_its_grid_is_the_projects(project: Path) -> None:
    text = (project / "docs" / "sweeps.md").read_text(encoding="utf-8")
    (python,), (grid,) = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("python", "yaml"))
    names: dict[str, Any] = {}
    exec(python, names)
    assert len(names["found"].points) == 12
    for name in set(names["found"].points) - set(DEFAULTS):
        assert name in text or name.endswith("_overlap"), name
    told, own = (
        NotebookSweep.load(yaml.safe_load(grid)),
        NotebookSweep.from_yaml(project / "params" / "sweep-notebooks.yml"),
    )
    assert (told.notebook, told.grid, told.reference) == (own.notebook, own.grid, own.reference)


def test_values_that_are_no_file_names_have_a_folder_each(station: Path) -> None:
    names = {
        _folder(station, {"object_id": name}).name for name in ("a/b", "a b", "../b", "x" * 300, "x" * 301)
    }
    assert len(names) == 5 and all("/" not in name and len(name) < 120 for name in names)


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ({"grid": {"time_windw": [10]}}, "did you mean 'time_window'"),
        ({"grid": {"time_window": []}}, "time_window has no value"),
        (
            {"grid": {"time_window": [10]}, "parameters": {"time_window": 20}},
            "under parameters and under grid",
        ),
        ({"grid": {"output_dir": ["x", "y"]}}, "output_dir: each point has its own"),
        ({"grid": {"time_window": [10]}, "reference": {"time_window": 20}}, "is no value of the grid"),
    ],
)
def test_a_wrong_sweep_file_is_refused_before_anything_runs(
    station: Path, sheet: dict[str, Any], words: str
) -> None:
    wrong = NotebookSweep.load({"notebook": str(station / "mine.ipynb"), **sheet})
    with pytest.raises(ParameterError, match=words):
        sweep_notebooks(wrong, station / "w", progress=False)
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
