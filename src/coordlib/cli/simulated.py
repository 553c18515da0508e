"""``coordlib simulate``, a world with known truth on disk or as a server on loopback, and ``coordlib demo``."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option, echo

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import RunError
from coordlib.files import workspace_lock

simulate_app = typer.Typer(
    help="Make a simulated world with known truth: for demos, teaching and tests.", no_args_is_help=True
)
app.add_typer(simulate_app, name="simulate")

Accounts = Annotated[int, Option(help="Number of accounts in the world (200 to 50,000).")]
Days = Annotated[int, Option(help="Number of days.")]
Seed = Annotated[int, Option(help="Same seed, same world, to the byte.")]
Start = Annotated[str, Option(help="First day (UTC), YYYY-MM-DD.")]
Kinds = Annotated[
    list[str] | None, Option("--kind", help="Kind of planted network; repeat for several (none: all kinds).")
]


@simulate_app.command("archive")
def archive_command(
    folder: Annotated[Path, Argument(help="Where the daily folders are written.")],
    accounts: Accounts = 400,
    days: Days = 10,
    seed: Seed = 1,
    start: Start = "2026-09-01",
    kinds: Kinds = None,
) -> None:
    """Write an archive of daily folders in the format of the vera.ai collection, and the truth in a file of its own."""
    from coordlib.simulate.archive import write_archive
    from coordlib.simulate.world import build_world

    world = build_world(accounts, days, seed, start, tuple(kinds) if kinds else None)
    names = write_archive(world, folder)
    echo(f"{folder}: {len(names)} simulated days, {names[0]} to {names[-1]} ({len(world.videos):,} videos)")


@simulate_app.command("serve")
def serve_command(
    accounts: Accounts = 400,
    days: Days = 30,
    seed: Seed = 1,
    start: Start = "2026-09-01",
    kinds: Kinds = None,
    port: Annotated[int, Option(min=0, max=65535, help="Port on 127.0.0.1 (0: a free one).")] = 8765,
    faults: Annotated[
        str, Option(help="Fault mix: none, archive (measured in production logs), or a YAML file.")
    ] = "none",
    now: Annotated[
        str | None, Option(help="Simulated day at the start, YYYY-MM-DD (none: the end of the world).")
    ] = None,
    truth: Annotated[Path | None, Option(help="Folder to write the truth about planted networks to.")] = None,
    config: Annotated[Path | None, Option(help="YAML file with further settings of the server.")] = None,
) -> None:
    """Serve the simulated Research API on 127.0.0.1 (client key sim-key, secret sim-secret) until interrupted."""
    from coordlib.simulate.archive import write_truth
    from coordlib.simulate.service import load_config, serve
    from coordlib.simulate.world import build_world

    world = build_world(accounts, days, seed, start, tuple(kinds) if kinds else None)
    settings = load_config(world, config, faults, now)
    if truth is not None:
        write_truth(world, truth, [])
    size = f"{len(world.accounts):,} accounts, {len(world.videos):,} videos"
    # Flushed, so that a script that starts the server can wait for this line.
    serve(world, settings, port, lambda url: print(f"simulated Research API: {url} ({size})", flush=True))


@app.command()
def demo(
    workspace: Annotated[Path, Option(*opt.PLACE, help="New folder for the demo.")],
    output: opt.SiteFolder = None,
    accounts: Annotated[int, Option(min=20, max=200_000, help="Accounts in the simulated world.")] = 400,
    days: Annotated[int, Option(min=1, max=1000, help="Days to monitor.")] = 10,
    seed: Annotated[int, Option(min=0, help="Same seed, same world.")] = 1,
    engine: opt.SiteEngine = "auto",
    aside: Annotated[bool, Option("--aside", help="Move a workspace that is there aside first.")] = False,
) -> None:
    """Show everything on a simulated world: seed discovery, monitored days, one network in depth, the site."""
    from tqdm import tqdm

    from coordlib.runs.demo import run_demo

    if aside and workspace.exists():
        names = (workspace.with_name(f"{workspace.name}-before-{number}") for number in count(1))
        free = next(path for path in names if not path.exists())
        workspace.rename(free)
        echo(f"{workspace} was there already: it is now {free}")
    how: dict[str, Any] = {"accounts": accounts, "days": days, "seed": seed, "engine": engine}
    with workspace_lock(workspace, "coordlib demo"):
        monitored, site = run_demo(workspace, output, **how, say=tqdm.write)
    echo(f"site: {site / 'index.html'}")
    if failed := [day.report.date for day in monitored if not day.report.ok]:
        raise RunError(f"{len(failed)} of {len(monitored)} days failed, the first is {failed[0]}")
