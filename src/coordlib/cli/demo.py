"""``coordlib demo``: the whole system on a simulated world."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import RunError
from coordlib.lock import workspace_lock


@app.command()
def demo(
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="New folder for the demo.")],
    output: opt.SiteFolder = None,
    accounts: Annotated[int, typer.Option(help="Accounts in the simulated world.")] = 400,
    days: Annotated[int, typer.Option(help="Days to monitor.")] = 10,
    seed: Annotated[int, typer.Option(help="Same seed, same world.")] = 1,
    engine: opt.SiteEngine = "auto",
    aside: Annotated[
        bool, typer.Option("--aside", help="Move a workspace that is there aside first.")
    ] = False,
) -> None:
    """Show everything on a simulated world: seed discovery, monitored days, one network in depth, the site."""
    from tqdm import tqdm

    from coordlib.runs.demo import run_demo

    if aside and workspace.exists():
        free = next(
            path
            for n in count(1)
            if not (path := workspace.with_name(f"{workspace.name}-before-{n}")).exists()
        )
        workspace.rename(free)
        typer.echo(f"{workspace} was there already: it is now {free}")
    with workspace_lock(workspace, "coordlib demo"):
        done = run_demo(
            workspace, output, accounts=accounts, days=days, seed=seed, engine=engine, say=tqdm.write
        )
    typer.echo(f"site: {done.site / 'index.html'}")
    failed = [day for day in done.days if not day.report.ok]
    if failed:
        raise RunError(f"{len(failed)} of {len(done.days)} days failed, the first is {failed[0].report.date}")
