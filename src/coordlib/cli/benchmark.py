"""``coordlib benchmark``: how well accounts are ordered where it is known who belongs to a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import pandas as pd
import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.describe.benchmark import benchmark as compare
from coordlib.errors import MissingColumnError
from coordlib.files import refuse_input, written
from coordlib.parameters import DetectionParameters
from coordlib.report.tables import write_csv
from coordlib.runs.labelled import read_labelled
from coordlib.simulate.shares import Pattern, simulate_labelled, simulate_pattern


@app.command()
@opt.parameters_of(DetectionParameters, "time_window", "min_participation")
def benchmark(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Labelled posts, or folders of them, as in archives of information operations (none: four simulated campaigns).",
            show_default=False,
        ),
    ] = None,
    object_id: Annotated[
        str | None,
        typer.Option(help="What counts as the same: repost, hashtags, links, text, … (none: the usual one)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the table here too (CSV).")
    ] = None,
    *,
    given: dict[str, Any],
) -> None:
    """Compare three ways of ordering accounts where it is known who belongs to a campaign."""
    parameters = DetectionParameters.load(given, where="benchmark")
    if output is not None:
        refuse_input(output, *(sources or []))
    if sources:
        posts = read_labelled(sources)
        column = object_id or str(posts.attrs["object_id"])
        if column not in posts:
            raise MissingColumnError.from_names({column}, posts.columns, str(sources[0]))
        found = compare(posts, parameters.time_window, parameters.min_participation, column)
    else:
        typer.echo(
            "simulated: a campaign in three patterns, and groups that hide (name files to use your own data)"
        )
        worlds = {name: simulate_pattern(name) for name in get_args(Pattern)}
        names = {"reposted_postid": "object_id", "accountid": "account_id", "postid": "content_id"}
        hidden = simulate_labelled().rename(columns=names | {"post_time": "timestamp_share"})
        tables = {
            name: compare(world, parameters.time_window, parameters.min_participation)
            for name, world in {**worlds, "hidden groups": hidden}.items()
        }
        found = pd.concat([table.assign(data=name) for name, table in tables.items()], ignore_index=True)
        found.insert(0, "data", found.pop("data"))
    shown = found.round({name: 3 for name in found if name not in ("accounts", "coordinated")})
    typer.echo(shown.dropna(axis="columns", how="all").to_string(index=False, na_rep="–"))
    if output is not None:
        with written(output) as beside:
            write_csv(found, beside)
