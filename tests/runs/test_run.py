"""Templates are run with papermill: dated copies out, failures kept, nothing half-written."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
import yaml

from coordlib import run_notebook
from coordlib.errors import FileFormatError, RunError, UnknownParameterError


@pytest.fixture
def template(tmp_path: Path) -> Path:
    cells = [
        nbformat.v4.new_code_cell("answer = 1\nfail = False", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("assert not fail, 'told to fail'\nprint(answer)"),
    ]
    path = tmp_path / "template.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.slow
def test_the_executed_copy_starts_with_its_front_matter_and_holds_no_local_path(
    template: Path, tmp_path: Path
):
    before = template.read_bytes()
    meta = {"title": "A: day", "date": "2025-01-01"}
    out = run_notebook(template, tmp_path / "day" / "index.ipynb", {"answer": 42}, front_matter=meta)
    notebook = nbformat.read(out, as_version=4)
    assert yaml.safe_load(notebook.cells[0].source.strip("-\n")) == meta
    assert "42" in notebook.cells[-2].outputs[0].text
    assert str(tmp_path) not in out.read_text()
    assert not any(c.metadata.get("tags") for c in notebook.cells), (
        "parameters are for the notebook, not the page"
    )
    assert template.read_bytes() == before
    assert sorted(p.name for p in out.parent.iterdir()) == ["index.ipynb", "notebook.ipynb"]


@pytest.mark.slow
def test_a_failed_notebook_is_kept_with_its_traceback_and_said(template: Path, tmp_path: Path):
    out = tmp_path / "day" / "index.ipynb"
    with pytest.raises(RunError, match=r"AssertionError: told to fail.*index.failed.ipynb"):
        run_notebook(template, out, {"fail": True})
    assert not out.exists()
    assert "told to fail" in (out.parent / "index.failed.ipynb").read_text()


def test_an_unknown_parameter_is_refused_before_a_kernel_starts(template: Path, tmp_path: Path):
    with pytest.raises(UnknownParameterError, match=r"'anwser' .did you mean 'answer'"):
        run_notebook(template, tmp_path / "out.ipynb", {"anwser": 2})
    assert not (tmp_path / "out.ipynb").exists()


def test_a_notebook_that_lost_the_tag_of_its_parameters_says_so(template: Path, tmp_path: Path):
    """Cleaning tools remove cell tags (AnswerDotAI/nbdev#600); the defaults would run in place of what was asked."""
    notebook = nbformat.read(template, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)
    nbformat.write(notebook, template)
    with pytest.raises(UnknownParameterError, match=r"no cell tagged 'parameters' .* answer cannot be given"):
        run_notebook(template, tmp_path / "out.ipynb", {"answer": 2})
    assert not (tmp_path / "out.ipynb").exists()


def test_a_missing_template_is_said(tmp_path: Path):
    with pytest.raises(FileFormatError, match="no such notebook"):
        run_notebook(tmp_path / "none.ipynb", tmp_path / "out.ipynb")
