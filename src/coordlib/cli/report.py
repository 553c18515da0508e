"""``coordlib report``: a file of posts becomes a report page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli.app import app
from coordlib.parameters import Engine, OwnTable
from coordlib.report.summary import summary_facts
from coordlib.runs.analysis import report_table
from coordlib.site.build import render_site

_FIELDS = OwnTable.model_fields


def _help(name: str) -> str:
    default = _FIELDS[name].default
    return f"{_FIELDS[name].description} (default: {'none' if default is None else default})"


@app.command()
def report(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Posts: any file 'coordlib import' reads, or any table with a mapping.")],
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Folder of the workspace; made if absent.")],
    parameters: Annotated[Path | None, typer.Option("--parameters", "-f", help="YAML file, e.g. params/own-table.yml.")] = None,
    mapping: Annotated[Path | None, typer.Option(help=_help("mapping"))] = None,
    format: Annotated[str | None, typer.Option(help=_help("format"))] = None,
    name: Annotated[str | None, typer.Option(help=_help("name"))] = None,
    object_id: Annotated[str | None, typer.Option(help=_help("object_id"))] = None,
    time_window: Annotated[int | None, typer.Option(help=_help("time_window"))] = None,
    min_participation: Annotated[int | None, typer.Option(help=_help("min_participation"))] = None,
    edge_weight: Annotated[float | None, typer.Option(help=_help("edge_weight"))] = None,
    min_weight: Annotated[int | None, typer.Option(help=_help("min_weight"))] = None,
    render: Annotated[bool, typer.Option(help="Render the site at the end.")] = True,
    engine: Annotated[Engine, typer.Option(help="Site engine.")] = "auto",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the site (none: WORKSPACE/_site).")] = None,
) -> None:  # fmt: skip
    """Make a report of a file of posts: page, tables, evidence, network, citation, zip (notebook 06)."""
    base = OwnTable.from_yaml(parameters).for_notebook() if parameters else {}
    given = {
        "source": str(source.resolve()), "workspace": str(workspace), "mapping": mapping and str(mapping.resolve()),
        "format": format, "name": name, "object_id": object_id, "time_window": time_window,
        "min_participation": min_participation, "edge_weight": edge_weight, "min_weight": min_weight,
    }  # fmt: skip
    chosen = {key: value for key, value in given.items() if value is not None}
    done = report_table(OwnTable.load(base | chosen, where="report"), progress=True)
    for key, value in summary_facts(done.run).items():
        typer.echo(f"{key}: {value}")
    typer.echo(f"report: {done.folder}")
    if render:
        typer.echo(f"site: {render_site(workspace, output, engine=engine) / 'index.html'}")
