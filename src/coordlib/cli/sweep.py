"""``coordlib sweep``: one notebook at every point of a grid, or one page of a fast sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import ParameterError, RunError
from coordlib.parameters import ParameterSweep
from coordlib.runs.analysis import report_sweep
from coordlib.runs.notebook_sweep import NotebookSweep, sweep_notebooks
from coordlib.yaml_files import read_yaml


@app.command()
def sweep(
    parameters: Annotated[
        Path,
        typer.Option(
            "--parameters",
            "-f",
            help="YAML file, for example params/parameter-sweep.yml or params/sweep-notebooks.yml.",
        ),
    ],
    workspace: opt.Workspace,
    jobs: Annotated[int | None, typer.Option(help="Notebooks at a time (none: one per core).", min=1)] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the page (none: that of the day or the file, with '-sweep').")
    ] = None,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Try many parameters: a file with 'notebook:' runs that notebook at every point, any other makes one page (notebook 04)."""
    values = read_yaml(parameters)
    if "notebook" in values:
        if name is not None:
            raise ParameterError(
                "--name: is for a page of a sweep; notebooks at every point have folders of their own"
            )
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
    folder = report_sweep(options, name, progress=True)
    typer.echo(opt.where_it_is(folder))
    if render:
        opt.show_site(workspace, output, engine)
