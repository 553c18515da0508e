"""``coordlib simulate``: a world with known truth, as an archive on disk or as a server on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli.app import app

simulate_app = typer.Typer(
    help="Make a simulated world with known truth: for demos, teaching and tests.", no_args_is_help=True
)
app.add_typer(simulate_app, name="simulate")

Accounts = Annotated[int, typer.Option(help="Number of accounts in the world (200 to 50,000).")]
Days = Annotated[int, typer.Option(help="Number of days.")]
Seed = Annotated[int, typer.Option(help="Same seed, same world, to the byte.")]
Start = Annotated[str, typer.Option(help="First day (UTC), YYYY-MM-DD.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Kind of planted network; repeat for several (none: all kinds)."),
]


@simulate_app.command("archive")
def archive_command(
    folder: Annotated[Path, typer.Argument(help="Where the daily folders are written.")],
    accounts: Accounts = 400,
    days: Days = 10,
    seed: Seed = 1,
    start: Start = "2026-09-01",
    kinds: Kinds = None,
) -> None:
    """Write an archive of daily folders in the format of the vera.ai collection, with the truth beside."""
    from coordlib.simulate.archive import write_archive
    from coordlib.simulate.world import build_world

    world = build_world(accounts, days, seed, start, tuple(kinds) if kinds else None)
    names = write_archive(world, folder)
    typer.echo(
        f"{folder}: {len(names)} simulated days, {names[0]} to {names[-1]} ({len(world.videos):,} videos)"
    )


@simulate_app.command("serve")
def serve_command(
    accounts: Accounts = 400,
    days: Days = 30,
    seed: Seed = 1,
    start: Start = "2026-09-01",
    kinds: Kinds = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1 (0: a free one).")] = 8765,
    faults: Annotated[
        str, typer.Option(help="Fault mix: none, archive (measured in production logs), or a YAML file.")
    ] = "none",
    now: Annotated[
        str | None, typer.Option(help="Simulated day at the start, YYYY-MM-DD (none: the end of the world).")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Folder to write the truth about planted networks to.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file with further settings of the server.")
    ] = None,
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
