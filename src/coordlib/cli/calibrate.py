"""``coordlib calibrate``: what the parameters in use find, miss and falsely accuse on posts like one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.describe.calibration import calibrate as measure
from coordlib.describe.calibration import calibration_table
from coordlib.errors import MissingColumnError, ParameterError
from coordlib.files import refuse_input, written
from coordlib.parameters import DetectionParameters
from coordlib.posts import prep_data
from coordlib.report.tables import write_csv
from coordlib.report.words import plural
from coordlib.simulate.shares import simulate_background
from coordlib.sources.exports import read_export


@app.command()
@opt.parameters_of(DetectionParameters, "time_window", "min_participation", "edge_weight", "min_weight")
def calibrate(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="Your posts, any file 'coordlib import' reads (none: simulated ones).",
            show_default=False,
        ),
    ] = None,
    object_id: Annotated[
        str | None, typer.Option(help="What counts as the same: a column of the posts (none: the usual one).")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Worlds for every setting.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same table.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write it here too: .csv, all numbers, or .md, the table shown."),
    ] = None,
    *,
    given: dict[str, Any],
) -> None:
    """Measure what given parameters find, miss and falsely accuse on posts like your own, in which nobody coordinates."""
    parameters = DetectionParameters.load(given, where="calibrate")
    if output is not None:
        if output.suffix.lower() not in (".csv", ".md"):
            raise ParameterError(f"{output}: the file name must end in .csv or .md")
        refuse_input(output, source)
    if source is None:
        shares = simulate_background()
    else:
        posts = read_export(source).posts
        column = object_id or str(posts.attrs["object_id"])
        if column not in posts:
            raise MissingColumnError.from_names({column}, posts.columns, str(source))
        shares = prep_data(posts, column, timestamp_share="posted_at", duplicates="drop")
    found = measure(
        shares,
        parameters.time_window,
        parameters.min_participation,
        parameters.edge_weight,
        parameters.min_weight,
        runs=runs,
        seed=seed,
    )
    text = calibration_table(found)
    facts = f"{found.attrs['posts']:,} shares of {found.attrs['accounts']:,} accounts, {plural(runs, 'run')} a row"
    typer.echo(f"{source or 'simulated posts'}: {facts}; window {parameters.time_window} seconds")
    typer.echo(text)
    if output is not None:
        with written(output) as beside:
            if output.suffix.lower() == ".csv":
                write_csv(found, beside)
            else:
                beside.write_text(text + "\n", encoding="utf-8")
