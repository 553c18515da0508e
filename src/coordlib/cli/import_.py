"""``coordlib import``: an export of a platform or a collection tool becomes a file of shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli.app import app
from coordlib.errors import ParameterError
from coordlib.files import refuse_input
from coordlib.runs.import_shares import import_shares
from coordlib.sources.exports import format_names, load_mapping

_KNOWN = ", ".join(format_names())


@app.command(name="import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV (also .gz), Parquet, JSON or JSON lines.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Shares as .parquet or .csv.")],
    format: Annotated[
        str | None, typer.Option(help=f"Format of the file (none: recognised by its columns): {_KNOWN}.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file that says which column means what, for any other table.")
    ] = None,
    object: Annotated[
        str | None,
        typer.Option(help="What was shared: link, text, hashtag, …; several joined by commas become layers."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Which account, where a format has several: owner or surface (Meta).")
    ] = None,
    whole_list: Annotated[
        bool, typer.Option("--whole-list", help="Keep a list (hashtags) as one object, not one row per item.")
    ] = False,
    link_shares: Annotated[
        bool, typer.Option("--link-shares", help="Write CooRnet's table of link shares, for coordlib links.")
    ] = False,
) -> None:
    """Read an export from a platform or a tool and write its shares, ready for detection."""
    if format and mapping:
        raise ParameterError("--format and --mapping: give one of the two")
    objects = [name.strip() for name in object.split(",")] if object else None
    if mapping:
        refuse_input(output, mapping)
    report = import_shares(
        source,
        output,
        format=load_mapping(mapping) if mapping else format,
        object=objects[0] if objects and len(objects) == 1 else objects,
        account=account,
        split=not whole_list,
        link_shares=link_shares,
    )
    for line in report.lines():
        typer.echo(line)
