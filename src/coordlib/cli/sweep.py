"""``coordlib sweep``: one notebook at every point of a grid, or one page of a fast sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli.app import app
from coordlib.errors import RunError
from coordlib.parameters import Engine, ParameterSweep
from coordlib.runs.analysis import report_sweep
from coordlib.runs.notebook_sweep import NotebookSweep, sweep_notebooks
from coordlib.site.build import render_site
from coordlib.yaml_files import read_yaml


@app.command()
def sweep(
    parameters: Annotated[Path, typer.Option("--parameters", "-f", help="YAML file, for example params/parameter-sweep.yml or params/sweep-notebooks.yml.")],
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Folder of the workspace.")],
    jobs: Annotated[int | None, typer.Option(help="Notebooks at a time (none: one per core).", min=1)] = None,
    render: Annotated[bool, typer.Option(help="Render the site at the end.")] = True,
    engine: Annotated[Engine, typer.Option(help="Site engine.")] = "auto",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the site (none: WORKSPACE/_site).")] = None,
) -> None:  # fmt: skip
    """Try many parameters: a file with 'notebook:' runs that notebook at every point, any other makes one page (notebook 04)."""
    values = read_yaml(parameters)
    if "notebook" in values:
        done = sweep_notebooks(NotebookSweep.load(values, where=str(parameters)), workspace, jobs=jobs)
        typer.echo(
            f"{done.ran} points ran, {done.kept} were done before, {len(done.failed)} failed: {done.folder}"
        )
        if done.comparison is not None:
            typer.echo(str(done.comparison))
        for name, message in done.failed.items():
            typer.echo(f"{name}: {message}")
        if done.failed:
            raise RunError(f"{len(done.failed)} points failed; the same command runs them again")
        return
    options = ParameterSweep.load(values | {"workspace": str(workspace)}, where=str(parameters))
    folder = report_sweep(options, progress=True)
    typer.echo(f"page: {folder / 'index.ipynb'}")
    if render:
        typer.echo(f"site: {render_site(workspace, output, engine=engine) / 'index.html'}")
