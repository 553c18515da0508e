"""Every notebook as a newcomer sees it: "Run all" in JupyterLab, again in any order, and in nbconvert."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytestmark = pytest.mark.slow

NOTEBOOKS = (
    "01-seed-discovery",
    "02-daily-monitoring",
    "03-component-analysis",
    "04-parameter-sweep",
    "05-link-sharing",
    "06-own-table",
)
#: The whole notebook is in the page, and nothing asks for news.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@contextmanager
def jupyterlab(root: Path, home: Path) -> Iterator[str]:
    """A JupyterLab server of its own on loopback; gives its address."""
    for name, values in SETTINGS.items():
        file = home / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTER_CONFIG_DIR": str(home / "config")}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter",
                "lab",
                "--no-browser",
                "--allow-root",
                f"--port={port}",
                "--IdentityProvider.token=",
                f"--ServerApp.root_dir={root}",
            ],
            env=os.environ | own,
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def run_all(page: Any, address: str, name: str) -> None:
    """Open a notebook and choose "Run All Cells"; wait until every cell has run."""
    page.goto(f"{address}/lab/workspaces/{name[:2]}/tree/notebooks/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.wait_for_timeout(2000)
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    page.wait_for_function(
        """() => { const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.innerText);
                   return prompts.length && prompts.every(t => /\\d/.test(t)); }""",
        timeout=120_000,
    )
    page.wait_for_timeout(1000)


def saved(page: Any, file: Path) -> Any:
    """Save the notebook as Ctrl+S does and give what is on disk."""
    before = file.stat().st_mtime_ns
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Control+s")
    for _ in range(600):
        page.wait_for_timeout(100)
        # It is written in place: for a moment it is empty.
        with suppress(nbformat.reader.NotJSONError):
            if file.stat().st_mtime_ns != before:
                return nbformat.read(file, as_version=4)
    raise AssertionError(f"{file} was not saved")


def executed(newcomer: Path, notebook: Any, **options: Any) -> Any:
    """Run a notebook from its own folder, as JupyterLab does."""
    import nbclient

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(
            notebook,
            resources={"metadata": {"path": str(newcomer / "notebooks")}},
            kernel_name="python3",
            **options,
        ).execute()
    return notebook


@pytest.mark.browser
def test_every_notebook_shows_its_results_in_jupyterlab_and_nbconvert(
    newcomer: Path, tmp_path: Path, browser: Any
) -> None:
    from nbconvert import HTMLExporter

    published = {
        path: path.read_bytes() for path in (newcomer / "demo" / "reports").rglob("*") if path.is_file()
    }
    with jupyterlab(newcomer, tmp_path) as address:
        # The demo ran them in the order of their numbers: here they run again, in another order.
        for name in reversed(NOTEBOOKS):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            run_all(page, address, name)
            outputs = page.locator(".jp-OutputArea-output")
            assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0, name
            assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0, name
            assert outputs.locator("table").count() >= 5, name
            figures = outputs.locator('img[src^="data:image/svg"], svg').count()
            assert figures >= 1, name
            broken = "images => images.filter(image => !image.naturalWidth).length"
            assert outputs.locator("img").evaluate_all(broken) == 0, name
            assert "&lt;svg" not in page.locator(".jp-Notebook").first.inner_html(), name
            frames = [frame for frame in page.frames if frame != page.main_frame]
            drawn = sum(frame.locator("canvas").count() for frame in frames)
            assert drawn == (0 if name.startswith("04") else 1), name
            left = page.evaluate(
                "getComputedStyle(document.querySelector('.cl-facts td, .cl-table td')).textAlign"
            )
            assert left == "left", name
            notebook = saved(page, newcomer / "notebooks" / f"{name}.ipynb")
            page.close()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                html, _ = HTMLExporter().from_notebook_node(notebook)
            assert html.count("<table") >= 5, name
            frames_of_pandas = html.count('class="dataframe')
            assert frames_of_pandas == html.count('class="dataframe tex2jax_ignore') > 0, "no formulas"
            assert ("<svg" in html or "data:image/svg" in html) and "&lt;svg" not in html, name
            assert ("srcdoc=" in html) == (not name.startswith("04")), name
    assert published == {path: path.read_bytes() for path in published}, (
        "a run by hand leaves what is published"
    )
    assert not (newcomer / "notebooks" / "demo").exists()
    drafts = newcomer / "demo" / "drafts" / "days"
    [day] = drafts.iterdir()
    # The demo's days were made with another threshold than the notebook's own default: the draft says which differs.
    assert "edge_weight=0.9" in day.name
    made = {path.name: path.stat().st_mtime_ns for path in day.iterdir()}
    assert {"run.json", "network.html", "pairs.csv"} <= set(made)
    executed(newcomer, nbformat.read(newcomer / "notebooks" / "02-daily-monitoring.ipynb", as_version=4))
    assert (day / "pairs.csv").stat().st_mtime_ns > made["pairs.csv"], "a second run replaces its draft"


def test_every_report_of_the_demo_is_dated_by_the_clock_of_its_world(newcomer: Path) -> None:
    records = [json.loads(file.read_text()) for file in newcomer.glob("demo/reports/*/*/run.json")]
    last = max(run["date"] for run in records if run["kind"] == "day")
    after = dt.date.fromisoformat(last) + dt.timedelta(days=1)
    assert {run["kind"] for run in records} == {"day", "discovery", "component"}
    assert max(run["published_at"][:10] for run in records) <= after.isoformat()


def test_a_mistake_is_one_line_in_the_notebook(newcomer: Path) -> None:
    wrong = {
        "edge_weight = 0.9": ("edge_weight = 1.5", "ParameterError"),
        "time_window = 120": ("timewindow = 60", "UnknownParameterError"),
        'object_id = "text"': ('object_id = "musik"', "MissingColumnError"),
        'workspace = "demo"': ('workspace = "nowhere"', "StoreError"),
    }
    notebook = nbformat.read(newcomer / "notebooks" / "02-daily-monitoring.ipynb", as_version=4)
    parameters, *steps = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]
    notebook.cells = []
    # One kernel, started anew in its names each time: the parameters with a mistake, then the first steps.
    for before, (after, _) in wrong.items():
        assert before in parameters.source
        forget = nbformat.v4.new_code_cell("%reset -f")
        changed = nbformat.v4.new_code_cell(parameters.source.replace(before, after))
        notebook.cells += [forget, changed, *(nbformat.v4.new_code_cell(cell.source) for cell in steps)]
    executed(newcomer, notebook, allow_errors=True)
    of_each = [notebook.cells[start + 2 : start + 4] for start in range(0, len(notebook.cells), 4)]
    for cells, (_, kind) in zip(of_each, wrong.values(), strict=True):
        first = next(o for cell in cells for o in cell.outputs if o.output_type == "error")
        shown = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in first.traceback]
        assert len(shown) == 1 and shown[0].startswith(kind) and "\n" not in shown[0], shown


def test_bare_papermill_stops_at_a_parameter_nobody_reads(newcomer: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "papermill",
            "02-daily-monitoring.ipynb",
            str(tmp_path / "out.ipynb"),
            "-p",
            "window",
            "60",
        ],
        cwd=newcomer / "notebooks",
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode != 0
    assert "unknown parameter 'window' (did you mean 'time_window'?)" in done.stderr


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_template_is_thin_and_holds_no_outputs(project: Path, name: str) -> None:
    notebook = nbformat.read(project / "notebooks" / f"{name}.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert notebook.cells[0].source.startswith("# ")
    assert code[0].metadata["tags"] == ["parameters"]
    assert "run again" in notebook.cells[-1].source.splitlines()[0]
    for cell in code:
        assert (cell.outputs, cell.execution_count) == ([], None)
    for cell in code[1:]:
        assert len(cell.source.splitlines()) <= 15
        assert not re.search(r"^\s*(def|for|while|class)\b", cell.source, re.MULTILINE)
