"""Commands on a workspace: replay an archive, run a notebook, render and serve the site, check a report, take names out; its pool."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option, echo

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import FileFormatError, ParameterError, RunError, StoreError
from coordlib.files import refuse_input, workspace_lock, written
from coordlib.parameters import ComponentAnalysis, DailyMonitoring
from coordlib.places import Workspace, find_workspace
from coordlib.report.words import clean_text

pool_app = typer.Typer(name="pool", help="The pool of monitored accounts.", no_args_is_help=True)
app.add_typer(pool_app)

Names = Annotated[list[str], Argument(help="Account names, without @.")]


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

    values = opt.in_its_place(DailyMonitoring.from_yaml(parameters) if parameters else DailyMonitoring())
    if values.date is not None:
        raise ParameterError(f"date = {values.date}: an archive has its own days; take it out of the file")
    reports = replay_archive(archive, workspace, values)
    for report in reports:
        echo(report.line())
    with_network = [report.date for report in reports if report.outcome == "network"]
    if analyse and with_network:
        day = dt.date.fromisoformat(with_network[-1])
        analyse_component(ComponentAnalysis(workspace=str(workspace), date=day))
    opt.show_site(workspace, output, engine, render)
    if failed := [report for report in reports if not report.ok]:
        raise RunError(
            f"{len(failed)} of {len(reports)} days failed, the first is {failed[0].date}: {failed[0].message}"
        )


@app.command()
def analyse(
    workspace: opt.Workspace,
    date: Annotated[str | None, Option(help="Day the network was seen (none: the newest).")] = None,
    network: Annotated[
        int | None, Option(help="Number of the network on that day's page (none: that of the file, else 1).")
    ] = None,
    account: Annotated[str | None, Option(help="The network of this account instead.")] = None,
    parameters: opt.ParameterFile = None,
) -> None:
    """Analyse one network of one day in depth (notebook 03); the page joins the site at the next render."""
    from coordlib.runs.analysis import analyse_component

    base = opt.in_its_place(ComponentAnalysis.from_yaml(parameters) if parameters else ComponentAnalysis())
    named = {"date": date, "network": network}
    given: dict[str, Any] = {"workspace": str(workspace)}
    given |= {name: value for name, value in named.items() if value is not None}
    given |= {"account": account, "network": None} if account is not None else {}
    values = ComponentAnalysis.load({**base.for_notebook(), **given})
    echo(analyse_component(values).folder / "index.ipynb")


@app.command()
def notebook(
    template: Annotated[Path, Argument(help="Template notebook.")],
    output: Annotated[Path, Argument(help="Where the executed copy goes.")],
    parameters: opt.ParameterFile = None,
) -> None:
    """Run a template notebook with validated parameters, as papermill would, refusing unknown names."""
    from coordlib.runs.notebooks import run_notebook
    from coordlib.yaml_files import read_yaml

    refuse_input(output, template, parameters, new_folder=True)
    echo(run_notebook(template, output, read_yaml(parameters) if parameters else {}, progress=True))


@app.command()
def render(workspace: opt.Workspace, output: opt.SiteFolder = None, engine: opt.SiteEngine = "auto") -> None:
    """Render the site of a workspace with quarto, or with smalldocs where quarto is not installed."""
    find_workspace(workspace.absolute())  # else any folder would become a workspace with an empty site
    opt.show_site(workspace, output, engine)


@app.command()
def serve(
    site: Annotated[Path, Argument(help="Folder of the rendered site.")] = Path("_site"),
    port: Annotated[int, Option(help="Port on this machine.")] = 8000,
) -> None:
    """Serve a rendered site on this machine only, until interrupted."""
    if not (site / "index.html").exists():
        raise FileFormatError(
            f"{site}: no index.html here; name the folder of a site ('make demo' makes demo/_site, 'coordlib render' others)"
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
    if wrong := done.wrong:
        told = "one thing is" if len(wrong) == 1 else f"{len(wrong):,} things are"
        raise RunError(
            f"{report}: {told} not as published{', the first' if len(wrong) > 1 else ''}: {wrong[0]}"
        )


@app.command("forget")
def forget(
    account: Annotated[str, Argument(help="Account name, without @.")],
    workspace: opt.Workspace,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Take an account out of the database, every page, file and version, and keep it out; the pages say that it happened."""
    from coordlib.runs.clean_reports import forget_account

    echo(forget_account(_there(workspace), account).describe())
    opt.show_site(workspace, output, engine, render)


@app.command("remake")
def remake(
    workspace: opt.Workspace,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Make every day again from its stored posts and remove what was made before, as a change to pseudonyms needs it."""
    from coordlib.runs.clean_reports import remake_reports

    echo(remake_reports(_there(workspace)).describe())
    opt.show_site(workspace, output, engine, render)


@pool_app.command("import")
def import_list(
    file: Annotated[Path, Argument(help="CSV or Parquet file with one account a row.")],
    workspace: opt.Workspace,
    source: Annotated[str, Option(help="Where the list comes from; recorded as the reason.")],
    min_mentions: Annotated[int, Option(help="Take accounts mentioned at least this often.")] = 2,
    column: Annotated[str | None, Option(help="Column of the account (none: found by its name).")] = None,
    mentions_column: Annotated[
        str | None, Option(help="Column that counts mentions (none: one row is one).")
    ] = None,
    date: Annotated[str | None, Option(help="Day of entry, YYYY-MM-DD (none: today, UTC).")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be added and change nothing.")] = False,
) -> None:
    """Add the accounts of a list that are mentioned often enough."""
    from coordlib.runs.monitor import as_day
    from coordlib.runs.pool import import_accounts, read_account_list
    from coordlib.store import open_store

    accounts = read_account_list(file, column=column, mentions_column=mentions_column)
    chosen = accounts.chosen(min_mentions)
    if not source.strip():
        raise ParameterError(
            "source is empty: say where the list comes from, it is the reason each account is kept with"
        )
    for line, cell in accounts.unreadable[:5]:
        echo(f"{file}: line {line}: '{clean_text(cell)}' is no account name, skipped", err=True)
    often = "once" if min_mentions == 1 else f"{min_mentions} times"
    said = f"{len(chosen):,} of {len(accounts.mentions):,} accounts are mentioned at least {often}"
    if accounts.unreadable:
        said += f"; {len(accounts.unreadable):,} of {accounts.n_rows:,} rows are no account name"
    if dry_run:
        echo(f"{said}; nothing was changed")
        return
    day = as_day(date).isoformat()
    database = Workspace(workspace).database
    with workspace_lock(workspace, "coordlib pool import"), open_store(database) as store:
        new, out = import_accounts(store, accounts, min_mentions=min_mentions, added_on=day, source=source)
    there = len(chosen) - len(new) - len(out)
    kept_out = f", {len(out):,} were forgotten and stay out" if out else ""
    echo(f"{said}; {len(new):,} were new in the pool, {there:,} were there already{kept_out}")


@pool_app.command("list")
def list_accounts(
    workspace: opt.Workspace,
    status: Annotated[str | None, Option(help="Only accounts of this status: active or paused.")] = None,
    limit: Annotated[int, Option(min=1, help="Show at most this many.")] = 50,
) -> None:
    """List the accounts of the pool with the day and the reason of their entry."""
    from coordlib.store import open_store
    from coordlib.store.pool import STATUSES, pool

    if status is not None and status not in STATUSES:
        raise ParameterError(f"status = '{status}': expected one of {', '.join(STATUSES)}")
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone = pool(store)
    shown = everyone if status is None else everyone[everyone["status"] == status]
    for row in shown.head(limit).itertuples(index=False):
        echo(f"{row.account_id:<26} {row.status:<7} {row.added_on}  {clean_text(row.reason)}")
    counts = everyone["status"].value_counts()
    parts = ", ".join(f"{counts.get(name, 0):,} {name}" for name in STATUSES)
    echo(f"showing {min(limit, len(shown)):,} of {len(shown):,}; pool: {len(everyone):,} accounts ({parts})")


@pool_app.command("show")
def show_account(username: Annotated[str, Argument(help="Account name.")], workspace: opt.Workspace) -> None:
    """Show why an account is in the pool and in which networks it was seen."""
    from coordlib.runs.pool import asked_account
    from coordlib.store import open_store
    from coordlib.store.pool import pool
    from coordlib.store.runs import account_history

    name = asked_account(username)
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone, history = pool(store), account_history(store, name)
    rows = everyone[everyone["account_id"] == name]
    if rows.empty:
        raise ParameterError(f"{username}: not in the pool of {workspace}")
    row = rows.iloc[0]
    echo(f"{name}: {row['status']}, since {row['added_on']} ({row['source']}): {clean_text(row['reason'])}")
    for day, network in history:
        echo(f"{day}  in network {network}")
    echo(f"seen in a network on {len(history):,} days")


@pool_app.command()
def pause(usernames: Names, workspace: opt.Workspace) -> None:
    """Stop asking for accounts, keeping what is stored of them."""
    _set(workspace, usernames, "paused")


@pool_app.command()
def resume(usernames: Names, workspace: opt.Workspace) -> None:
    """Ask for paused accounts again."""
    _set(workspace, usernames, "active")


def _set(workspace: Path, usernames: list[str], status: str) -> None:
    from coordlib.runs.pool import asked_account
    from coordlib.store import open_store
    from coordlib.store.pool import pool, set_status

    names = list(dict.fromkeys(map(asked_account, usernames)))
    with workspace_lock(workspace, "coordlib pool"), open_store(_there(workspace).database) as store:
        there = set(pool(store)["account_id"])
        if unknown := [name for name in names if name not in there]:
            raise ParameterError(
                f"{', '.join(unknown[:5])}: not in the pool of {workspace}; nothing was changed"
            )
        number = set_status(store, names, status)
    echo(f"{number:,} account{' is' if number == 1 else 's are'} {status} now")


@pool_app.command("export")
def export(
    file: Annotated[Path, Argument(help="CSV file to write.")],
    workspace: opt.Workspace,
    force: Annotated[bool, Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write the pool to a CSV file; cells a spreadsheet would run as formulas are neutralised."""
    from coordlib.report.tables import write_csv
    from coordlib.store import open_store
    from coordlib.store.pool import pool

    if file.exists() and not force:
        raise ParameterError(f"{file}: is there already; give another name or --force")
    refuse_input(file, *workspace.glob("*"), endings=[".csv"], new_folder=True)
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone = pool(store)
    file.parent.mkdir(parents=True, exist_ok=True)
    with written(file) as beside:
        write_csv(everyone, beside)
    echo(f"{file}: {len(everyone):,} accounts")


def _there(workspace: Path) -> Workspace:
    place = Workspace(workspace)
    if not place.database.exists():
        raise StoreError(f"{place.database}: there is no workspace database here")
    return place
