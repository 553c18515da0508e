"""The options that several commands share, each said once, and the last step of those that make pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coordlib.parameters import Engine, Parameters
from coordlib.report.configuration import SITE_FILE, read_site
from coordlib.runs.connect import BASE_URL as BASE_URL
from coordlib.site.build import render_site

Workspace = Annotated[Path, typer.Option("--workspace", "-w", help="Folder of the workspace.")]
ParameterFile = Annotated[
    Path | None,
    typer.Option(
        "--parameters", "-f", help="YAML file with parameters; the folder params holds one of each kind."
    ),
]
Render = Annotated[bool, typer.Option(help="Render the site at the end.")]
SiteEngine = Annotated[Engine, typer.Option(help="Site engine.")]
SiteFolder = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder of the site (none: WORKSPACE/_site).")
]
BaseUrl = Annotated[
    str, typer.Option(envvar="COORDLIB_BASE_URL", help="Address of the service, or of a simulated one.")
]


def model_option(model: type[Parameters], name: str) -> Any:
    """Return the option of a parameter: the model's own words, with the default."""
    field = model.model_fields[name]
    return typer.Option(
        help=f"{field.description} (default: {'none' if field.default is None else field.default})"
    )


def show_site(workspace: Path, output: Path | None, engine: Engine) -> None:
    """Render the site and say where it is."""
    typer.echo(f"site: {render_site(workspace, output, engine=engine) / 'index.html'}")
    if read_site(workspace).address is None:
        typer.echo(f"{workspace / SITE_FILE}: no address yet, so reports have none to be cited by", err=True)
