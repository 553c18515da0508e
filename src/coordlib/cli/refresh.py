"""``coordlib refresh``: check stored videos against the service, delete what is gone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import CollectError, QuotaExhausted, StoreError
from coordlib.lock import workspace_lock
from coordlib.parameters import CollectionParameters, Monitoring
from coordlib.places import Workspace
from coordlib.runs.clean_reports import clean_reports
from coordlib.runs.connect import BASE_URL, connector
from coordlib.store import open_store
from coordlib.tiktok import Credentials
from coordlib.tiktok.compliance import refresh as refresh_store

_DEFAULTS = CollectionParameters()
_FILE = "YAML file of the monitoring: its refresh_days and daily_requests hold."
_ELSE = "(none: those of the file, else {:,})."
_DAYS = f"Check videos not seen for this many days {_ELSE.format(_DEFAULTS.refresh_days)}"
_REQUESTS = f"Requests a UTC day may spend {_ELSE.format(_DEFAULTS.daily_requests)}"


@app.command()
def refresh(
    workspace: opt.Workspace,
    parameters: Annotated[Path | None, typer.Option("--parameters", "-f", help=_FILE)] = None,
    days: Annotated[int | None, typer.Option(min=1, max=30, help=_DAYS)] = None,
    daily_requests: Annotated[int | None, typer.Option(min=1, help=_REQUESTS)] = None,
    batch: Annotated[
        bool, typer.Option(help="Use batch compliance; where it is refused, videos are looked up by id.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many videos are due; ask and delete nothing.")
    ] = False,
    render: Annotated[
        bool, typer.Option(help="Render the site anew when something in it was removed.")
    ] = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
    base_url: opt.BaseUrl = BASE_URL,
) -> None:
    """Check stored videos again and delete those the service no longer returns.

    They leave the database, what was detected with them, the reports and the site; what stays is a tombstone
    without content. Exit codes: 0 everything due was checked; 1 the service failed, the rest stays for the next
    start; 3 the request quota is spent, start again tomorrow.
    """
    options = Monitoring.from_yaml(parameters) if parameters else Monitoring()
    days, daily_requests = days or options.refresh_days, daily_requests or options.daily_requests
    place = Workspace(workspace)
    if not place.database.exists():
        raise StoreError(f"{place.root}: there is no workspace database here; nothing to refresh")
    run_id = f"refresh-{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    credentials = Credentials("dry-run", "dry-run") if dry_run else None
    with workspace_lock(place.root, "coordlib refresh"):
        with (
            open_store(place.database) as store,
            connector(daily_requests, base_url, credentials)(store, run_id) as client,
        ):
            done = refresh_store(client, interval_days=days, batch=batch, dry_run=dry_run)
        if dry_run:
            typer.echo(f"{done.unchecked} videos were not seen for {days} days and would be checked")
            return
        typer.echo(done.describe())
        cleaned = clean_reports(place)
        typer.echo(cleaned.describe())
        # A site that was rendered before still holds what was removed.
        if render and cleaned and (output or place.root / "_site").is_dir():
            opt.show_site(place.root, output, engine)
    if done.reason == "quota":
        raise QuotaExhausted(
            f"the request quota is spent; {done.unchecked} videos are left, start again after 00:00 UTC"
        )
    if not done.complete:
        raise CollectError(f"{done.unchecked} videos could not be checked: {done.reason}")
