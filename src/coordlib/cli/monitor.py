"""``coordlib monitor``: one day, from the pool to the report; made for cron."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import AlreadyReportedError, ParameterError, RunError
from coordlib.parameters import Monitoring
from coordlib.runs.connect import BASE_URL, connector
from coordlib.runs.monitor import monitor_day, plan_day
from coordlib.site.build import site_is_due
from coordlib.tiktok import Credentials


@app.command()
def monitor(
    workspace: opt.Workspace,
    date: Annotated[
        str | None, typer.Option(help="Day of the report, YYYY-MM-DD (none: today, UTC).")
    ] = None,
    parameters: opt.ParameterFile = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and its cost; ask nothing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Make a new version of a finished day's report.")
    ] = False,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
    base_url: opt.BaseUrl = BASE_URL,
) -> None:
    """Collect the pool's posts, search their captions, detect, report one day, render the site.

    Exit codes: 0 reported; 1 the day or the service failed; 2 wrong input; 3 the request quota is spent, the
    report is written and the next start continues; 4 another run holds the workspace.
    """
    options = Monitoring.from_yaml(parameters) if parameters else Monitoring()
    if options.output_dir is not None:
        raise ParameterError(
            f"output_dir = '{options.output_dir}': a monitored day is always in WORKSPACE/reports/days; take it out of the file"
        )
    day = date or str(options.date or dt.datetime.now(dt.UTC).date())
    if dry_run:
        nobody = Credentials("dry-run", "dry-run")
        for plan in plan_day(workspace, day, connector(options.daily_requests, base_url, nobody), options):
            typer.echo(plan.describe())
        return
    try:
        done = monitor_day(workspace, day, connector(options.daily_requests, base_url), options, again=again)
    except AlreadyReportedError:  # by a run that was killed before its site was complete
        if not (render and site_is_due(workspace, output)):
            raise
        typer.echo(f"{day} is reported already; its site was missing or older than its pages")
        opt.show_site(workspace, output, engine)
        return
    typer.echo(done.line())
    if render:
        opt.show_site(workspace, output, engine)
    if not done.report.ok:
        raise RunError(f"{day}: the report failed: {done.report.message}")
    done.raise_for_stop()
