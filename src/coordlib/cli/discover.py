"""``coordlib discover``: from a hashtag to the first pool."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.parameters import CollectionParameters, SeedDiscovery
from coordlib.runs.connect import BASE_URL, connector
from coordlib.runs.discover import discover as run_discovery
from coordlib.runs.discover import raise_for_stop


@app.command()
@opt.parameters_of(SeedDiscovery, "start", "end", "max_requests")
def discover(
    workspace: opt.Workspace,
    hashtag: Annotated[
        list[str] | None, typer.Option(help="Hashtag, without '#'; repeat for several.")
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="Two-letter code of registration; repeat for several.")
    ] = None,
    date: Annotated[str | None, typer.Option(help="Day the seeds enter the pool (none: today, UTC).")] = None,
    parameters: opt.ParameterFile = None,
    base_url: opt.BaseUrl = BASE_URL,
    *,
    given: dict[str, Any],
) -> None:
    """Collect a hashtag's videos, find accounts that post together, and put them into the pool with the reason."""
    base = SeedDiscovery.from_yaml(parameters).for_notebook() if parameters else {}
    given |= {"hashtags": hashtag} if hashtag else {}
    given |= {"regions": region} if region else {}
    values = base | given
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
