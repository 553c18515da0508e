"""``coordlib discover``: from a hashtag to the first pool."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.parameters import CollectionParameters, SeedDiscovery
from coordlib.runs.connect import connector
from coordlib.runs.discover import discover as run_discovery
from coordlib.runs.discover import raise_for_stop


@app.command()
def discover(
    workspace: opt.Workspace,
    hashtag: Annotated[
        list[str] | None, typer.Option(help="Hashtag, without '#'; repeat for several.")
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="Two-letter code of registration; repeat for several.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD, UTC.")] = None,
    end: Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD, UTC.")] = None,
    max_requests: Annotated[int | None, typer.Option(help="Requests to spend at most.")] = None,
    date: Annotated[str | None, typer.Option(help="Day the seeds enter the pool (none: today, UTC).")] = None,
    parameters: opt.ParameterFile = None,
    base_url: opt.BaseUrl = opt.BASE_URL,
) -> None:
    """Collect a hashtag's videos, find accounts that post together, and put them into the pool with the reason."""
    base = SeedDiscovery.from_yaml(parameters).for_notebook() if parameters else {}
    given: dict[str, Any] = {
        "hashtags": hashtag or None,
        "regions": region or None,
        "start": start,
        "end": end,
        "max_requests": max_requests,
    }
    values = base | {name: value for name, value in given.items() if value is not None}
    if not values.get("hashtags"):
        raise typer.BadParameter("give at least one --hashtag, or a file of --parameters")
    options = SeedDiscovery.load(values | {"workspace": str(workspace)}, where="discover")
    connect = connector(CollectionParameters().daily_requests, base_url)
    found, new, decided = run_discovery(options, connect, date=date)
    typer.echo(
        f"{found.name}: {len(found.posts):,} videos by {found.posts['account_id'].nunique():,} accounts; "
        f"{len(new):,} accounts are new in the pool"
    )
    typer.echo(f"page: {decided.folder / 'index.ipynb'}")
    raise_for_stop(found)
