"""The ``detect`` command: from a table of shares to a file of edges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coordlib.cli.app import app
from coordlib.errors import ParameterError
from coordlib.parameters import DetectionParameters
from coordlib.runs.edge_list import detect_file

_FIELDS = DetectionParameters.model_fields


def _help(name: str) -> str:
    field = _FIELDS[name]
    return f"{field.description} (default: {'none' if field.default is None else field.default})"


@app.command()
def detect(
    shares: Annotated[
        Path,
        typer.Argument(
            help="Table of shares (CSV, also .gz, or Parquet), a folder or a quoted pattern of them, or any export 'coordlib import' recognises.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Edges: .csv, .parquet or .graphml.", show_default=False)
    ],
    time_window: Annotated[int | None, typer.Option(help=_help("time_window"))] = None,
    min_participation: Annotated[int | None, typer.Option(help=_help("min_participation"))] = None,
    edge_weight: Annotated[float | None, typer.Option(help=_help("edge_weight"))] = None,
    min_weight: Annotated[int | None, typer.Option(help=_help("min_weight"))] = None,
    subgraph: Annotated[
        int, typer.Option(help="0: all edges, marked; 1: only edges over the threshold.")
    ] = 1,
    object_id: Annotated[str, typer.Option(help="Column of what was shared.")] = "object_id",
    account_id: Annotated[str, typer.Option(help="Column of who shared it.")] = "account_id",
    content_id: Annotated[str, typer.Option(help="Column of the post's id.")] = "content_id",
    timestamp_share: Annotated[
        str, typer.Option(help="Column of the time: UTC seconds or date and time.")
    ] = "timestamp_share",
    mapping: Annotated[Path | None, typer.Option(help="YAML file that says which column means what.")] = None,
    duplicates: Annotated[
        str, typer.Option(help="A content listed twice for one object: error, drop or keep.")
    ] = "error",
    memory: Annotated[
        str | None,
        typer.Option(
            help="Work through tables larger than memory in about so much of it, such as 1GB (default: all at once).",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler whose workers do the work.", show_default=False),
    ] = None,
) -> None:
    """Find accounts that repeatedly share the same objects within a short time of each other."""
    if duplicates not in ("error", "drop", "keep"):
        raise ParameterError(f"--duplicates {duplicates}: choose error, drop or keep")
    given = {
        "time_window": time_window,
        "min_participation": min_participation,
        "edge_weight": edge_weight,
        "min_weight": min_weight,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    parameters = DetectionParameters.load(chosen, where="detect")
    columns = {
        "object_id": object_id,
        "account_id": account_id,
        "content_id": content_id,
        "timestamp_share": timestamp_share,
    }
    options: dict[str, Any] = {"subgraph": subgraph, "duplicates": duplicates}
    if memory is None and scheduler is None:
        found = detect_file(shares, output, columns, parameters, mapping=mapping, **options)
    elif mapping is not None:
        raise ParameterError(
            "--mapping goes without --memory: make a table of shares with 'coordlib import' first"
        )
    else:
        from coordlib.runs.dataset import connected, detect_dataset

        with connected(scheduler) as client:
            options |= {"memory": memory or "1GB", "client": client}
            found = detect_dataset(shares, output, columns, parameters, **options)
    typer.echo(found.summary())
