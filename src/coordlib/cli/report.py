"""``coordlib report``: a file of posts becomes a report page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.parameters import OwnTable
from coordlib.report.first_screen import first_lines
from coordlib.report.summary import summary_facts
from coordlib.runs.analysis import report_table


@app.command()
def report(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Posts: any file 'coordlib import' reads.")],
    workspace: opt.Workspace,
    parameters: opt.ParameterFile = None,
    mapping: Annotated[Path | None, opt.model_option(OwnTable, "mapping")] = None,
    format: Annotated[str | None, opt.model_option(OwnTable, "format")] = None,
    name: Annotated[str | None, opt.model_option(OwnTable, "name")] = None,
    object_id: Annotated[str | None, opt.model_option(OwnTable, "object_id")] = None,
    time_window: Annotated[int | None, opt.model_option(OwnTable, "time_window")] = None,
    min_participation: Annotated[int | None, opt.model_option(OwnTable, "min_participation")] = None,
    edge_weight: Annotated[float | None, opt.model_option(OwnTable, "edge_weight")] = None,
    min_weight: Annotated[int | None, opt.model_option(OwnTable, "min_weight")] = None,
    evidence: Annotated[str | None, opt.model_option(OwnTable, "evidence")] = None,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Make a report of a file of posts: page, tables, evidence, network, citation, zip (notebook 06)."""
    base = OwnTable.from_yaml(parameters).for_notebook() if parameters else {}
    given = {
        "source": str(source.resolve()),
        "workspace": str(workspace),
        "mapping": mapping and str(mapping.resolve()),
        "format": format,
        "name": name,
        "object_id": object_id,
        "time_window": time_window,
        "min_participation": min_participation,
        "edge_weight": edge_weight,
        "min_weight": min_weight,
        "evidence": evidence,
    }
    chosen = {key: value for key, value in given.items() if value is not None}
    done = report_table(OwnTable.load(base | chosen, where="report"), progress=True)
    for line in first_lines(done.run):
        typer.echo(line)
    for key, value in summary_facts(done.run).items():
        typer.echo(f"{key}: {value}")
    typer.echo(f"report: {done.folder}")
    if render:
        opt.show_site(workspace, output, engine)
