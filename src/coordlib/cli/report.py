"""``coordlib report``: a file of posts becomes a report page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.parameters import OwnTable
from coordlib.report.first_screen import first_lines, more_lines, summary_facts
from coordlib.runs.analysis import report_table

_MAPPING = f"{OwnTable.model_fields['mapping'].description} (default: none)"


@app.command()
@opt.parameters_of(
    OwnTable,
    *(
        "format",
        "name",
        "object_id",
        "time_window",
        "min_participation",
        "edge_weight",
        "min_weight",
        "evidence",
    ),
)
def report(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Posts: any file 'coordlib import' reads.")],
    workspace: opt.Workspace,
    parameters: opt.ParameterFile = None,
    mapping: Annotated[Path | None, typer.Option(help=_MAPPING)] = None,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
    *,
    given: dict[str, Any],
) -> None:
    """Make a report of a file of posts: page, tables, evidence, network, citation, zip (notebook 06)."""
    base = OwnTable.from_yaml(parameters).for_notebook() if parameters else {}
    given |= {"source": str(source.resolve()), "workspace": str(workspace)}
    given |= {"mapping": str(mapping.resolve())} if mapping else {}
    done = report_table(OwnTable.load(base | given, where="report"), progress=True)
    for line in [*first_lines(done.run), *more_lines(done.run)]:
        typer.echo(line)
    for key, value in summary_facts(done.run).items():
        typer.echo(f"{key}: {value}")
    if done.outcome == "tied":
        weight = f"{done.run['weight_threshold']:g}"
        typer.echo(f"no edge is kept, as the heaviest all weigh {weight}: --min-weight {weight} keeps them")
    typer.echo(opt.where_it_is(done.folder))
    if render:
        opt.show_site(workspace, output, engine)
