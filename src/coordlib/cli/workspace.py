"""Commands on a workspace: replay an archive, run a notebook, render and serve the site, check a report."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import FileFormatError, RunError
from coordlib.files import refuse_input
from coordlib.parameters import ComponentAnalysis, DailyMonitoring


@app.command()
def replay(
    archive: Annotated[Path, Argument(help="Folder with one folder per day (YYYY-MM-DD).")],
    workspace: opt.Workspace,
    parameters: opt.ParameterFile = None,
    render: opt.Render = True,
    analyse: Annotated[bool, Option(help="Analyse the newest day's largest network in depth.")] = False,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Replay an archive of days: store, detect, update the pool, report; then render the site."""
    from coordlib.runs.analysis import analyse_component
    from coordlib.runs.day import replay_archive

    values = DailyMonitoring.from_yaml(parameters) if parameters else DailyMonitoring()
    reports = replay_archive(archive, workspace, values)
    for report in reports:
        echo(report.line())
    with_network = [report.date for report in reports if report.outcome == "network"]
    if analyse and with_network:
        day = dt.date.fromisoformat(with_network[-1])
        analyse_component(ComponentAnalysis(workspace=str(workspace), date=day), progress=True)
    if render:
        opt.show_site(workspace, output, engine)
    if failed := [report for report in reports if not report.ok]:
        raise RunError(
            f"{len(failed)} of {len(reports)} days failed, the first is {failed[0].date}: {failed[0].message}"
        )


@app.command()
def analyse(
    workspace: opt.Workspace,
    date: Annotated[str | None, Option(help="Day the network was seen (none: the newest).")] = None,
    network: Annotated[int, Option(help="Number of the network on that day's page.")] = 1,
    account: Annotated[str | None, Option(help="The network of this account instead.")] = None,
    parameters: opt.ParameterFile = None,
) -> None:
    """Analyse one network of one day in depth (notebook 03); the page joins the site at the next render."""
    from coordlib.runs.analysis import analyse_component

    base = ComponentAnalysis.from_yaml(parameters) if parameters else ComponentAnalysis()
    given = {"workspace": str(workspace), "network": network} | ({"date": date} if date else {})
    given |= {"account": account, "network": None} if account else {}
    values = ComponentAnalysis.load({**base.for_notebook(), **given})
    echo(analyse_component(values, progress=True).folder / "index.ipynb")


@app.command()
def notebook(
    template: Annotated[Path, Argument(help="Template notebook.")],
    output: Annotated[Path, Argument(help="Where the executed copy goes.")],
    parameters: opt.ParameterFile = None,
) -> None:
    """Run a template notebook with validated parameters, as papermill would, refusing unknown names."""
    from coordlib.runs.notebooks import run_notebook

    output.parent.mkdir(parents=True, exist_ok=True)
    refuse_input(output, template, parameters)
    from coordlib.yaml_files import read_yaml

    echo(run_notebook(template, output, read_yaml(parameters) if parameters else {}, progress=True))


@app.command()
def render(workspace: opt.Workspace, output: opt.SiteFolder = None, engine: opt.SiteEngine = "auto") -> None:
    """Render the site of a workspace with quarto, or with smalldocs where quarto is not installed."""
    opt.show_site(workspace, output, engine)


@app.command()
def serve(
    site: Annotated[Path, Argument(help="Folder of the rendered site.")] = Path("_site"),
    port: Annotated[int, Option(help="Port on this machine.")] = 8000,
) -> None:
    """Serve a rendered site on this machine only, until interrupted."""
    if not (site / "index.html").exists():
        raise FileFormatError(
            f"{site}: no index.html here; render a site first ('make demo' or 'coordlib render')"
        )
    import http.server

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        echo(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C stops)")
        server.serve_forever()


@app.command()
def verify(
    report: Annotated[str, Argument(help="Zip or folder of a report, or the address of a version.")],
    again: Annotated[bool, Option(help="In its workspace: run its notebook again and compare.")] = True,
) -> None:
    """Check a published report: the hash of every file, and its numbers from the posts on; says what differs, and where."""
    from coordlib.runs.verify import verify as check

    done = check(report, again=again)
    for line in done.lines():
        echo(line)
    if not done.identical:
        raise RunError(
            f"{report}: {len(done.wrong):,} things are not as published, the first: {done.wrong[0]}"
        )
