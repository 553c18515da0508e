"""The ``detect`` command: from a table of shares to a file of edges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import ParameterError
from coordlib.parameters import DetectionParameters
from coordlib.runs.edge_list import detect_file


@app.command()
@opt.parameters_of(
    DetectionParameters, "time_window", "min_participation", "edge_weight", "min_weight", "evidence"
)
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
    time_window_low: Annotated[
        int,
        typer.Option(
            min=0, help="… and at least this far apart (seconds): 1 leaves out posts of the same second."
        ),
    ] = 0,
    subgraph: Annotated[
        int, typer.Option(help="0: all edges, marked; 1: only edges over the threshold.")
    ] = 1,
    object_id: Annotated[
        str, typer.Option(help="Column of what was shared; near_text and the like are made of text.")
    ] = "object_id",
    account_id: Annotated[str, typer.Option(help="Column of who shared it.")] = "account_id",
    content_id: Annotated[str, typer.Option(help="Column of the post's id.")] = "content_id",
    timestamp_share: Annotated[
        str, typer.Option(help="Column of the time: UTC seconds or date and time.")
    ] = "timestamp_share",
    mapping: Annotated[Path | None, typer.Option(help="YAML file that says which column means what.")] = None,
    any_time: Annotated[
        bool,
        typer.Option(
            "--any-time", help="Take any number as seconds, also times before 1990 and after tomorrow."
        ),
    ] = False,
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
    *,
    given: dict[str, Any],
) -> None:
    """Find accounts that repeatedly share the same objects within a short time of each other."""
    if duplicates not in ("error", "drop", "keep"):
        raise ParameterError(f"--duplicates {duplicates}: choose error, drop or keep")
    parameters = DetectionParameters.load(given, where="detect")
    columns = {
        "object_id": object_id,
        "account_id": account_id,
        "content_id": content_id,
        "timestamp_share": timestamp_share,
    }
    options: dict[str, Any] = {"subgraph": subgraph, "duplicates": duplicates}
    at_once = {
        "--mapping": mapping,
        "--time-window-low": time_window_low,
        "--any-time": any_time,
        "--evidence": parameters.evidence.classes,
    }
    if (memory or scheduler) and (there := [name for name, value in at_once.items() if value]):
        raise ParameterError(
            f"{', '.join(there)} goes without --memory and --scheduler, which take a plain table of shares"
        )
    if parameters.evidence.classes:
        from coordlib.runs.tested_edges import detect_tested

        typer.echo(
            detect_tested(
                shares, output, columns, parameters, mapping=mapping, any_time=any_time, **options
            ).summary()
        )
        return
    if memory is None and scheduler is None:
        options |= {"mapping": mapping, "time_window_low": time_window_low, "any_time": any_time}
        found = detect_file(shares, output, columns, parameters, **options)
    else:
        from coordlib.runs.dataset import connected, detect_dataset

        with connected(scheduler) as client:
            options |= {"memory": memory or "1GB", "client": client}
            found = detect_dataset(shares, output, columns, parameters, **options)
    typer.echo(found.summary())
