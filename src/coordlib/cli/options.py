"""The options that several commands share, each said once, and the last step of those that make pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coordlib.parameters import Engine, Parameters
from coordlib.report.package import read_run
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


def help_of(model: type[Parameters], name: str) -> str:
    """Return the model's own words for a parameter, with the default where they do not say it."""
    field = model.model_fields[name]
    said = str(field.description)
    if field.default is None:
        return said if "none:" in said else f"{said} (default: none)"
    return f"{said} (default: {field.default})"


def model_option(model: type[Parameters], name: str) -> Any:
    """Return the option of a parameter, with its help."""
    return typer.Option(help=help_of(model, name))


def where_it_is(folder: Path, how: str = "--name gives a page of its own") -> str:
    """Say where a report lies, and that it took the place of another one of this name."""
    version = int(read_run(folder).get("version", 1))
    earlier = (
        f" (version {version}: the one before is kept in reports/versions; {how})" if version > 1 else ""
    )
    return f"report: {folder}{earlier}"


def show_site(workspace: Path, output: Path | None, engine: Engine) -> None:
    """Render the site and say where it is."""
    typer.echo(f"site: {render_site(workspace, output, engine=engine) / 'index.html'}")
