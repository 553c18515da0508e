"""Commands on the pool of monitored accounts."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import ParameterError, StoreError
from coordlib.files import refuse_input
from coordlib.lock import workspace_lock
from coordlib.places import Workspace
from coordlib.report.tables import write_csv
from coordlib.report.text import clean_text
from coordlib.runs.clean_reports import forget_account, remake_reports
from coordlib.runs.pool import import_accounts, read_account_list
from coordlib.store import open_store
from coordlib.store.pool import STATUSES, pool, set_status
from coordlib.store.runs import account_history
from coordlib.times import day_of

pool_app = typer.Typer(name="pool", help="The pool of monitored accounts.", no_args_is_help=True)
app.add_typer(pool_app)

Names = Annotated[list[str], typer.Argument(help="Account names, without @.")]


@pool_app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file with one account a row.")],
    workspace: opt.Workspace,
    source: Annotated[str, typer.Option(help="Where the list comes from; recorded as the reason.")],
    min_mentions: Annotated[int, typer.Option(help="Take accounts mentioned at least this often.")] = 2,
    column: Annotated[
        str | None, typer.Option(help="Column of the account (none: found by its name).")
    ] = None,
    mentions_column: Annotated[
        str | None, typer.Option(help="Column that counts mentions (none: one row is one).")
    ] = None,
    date: Annotated[str | None, typer.Option(help="Day of entry, YYYY-MM-DD (none: today, UTC).")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be added and change nothing.")
    ] = False,
) -> None:
    """Add the accounts of a list that are mentioned often enough."""
    accounts = read_account_list(file, column=column, mentions_column=mentions_column)
    chosen = accounts.chosen(min_mentions)
    if not source.strip():
        raise ParameterError(
            "source is empty: say where the list comes from, it is the reason each account is kept with"
        )
    for line, cell in accounts.unreadable:
        typer.echo(f"{file}: line {line}: '{clean_text(cell)}' is no account name, skipped", err=True)
    often = "once" if min_mentions == 1 else f"{min_mentions} times"
    said = f"{len(chosen):,} of {len(accounts.mentions):,} accounts are mentioned at least {often}"
    if accounts.n_unreadable:
        said += f"; {accounts.n_unreadable:,} of {accounts.n_rows:,} rows are no account name"
    if dry_run:
        typer.echo(f"{said}; nothing was changed")
        return
    try:
        day = dt.date.fromisoformat(date).isoformat() if date else day_of(time.time()).isoformat()
    except ValueError:
        raise ParameterError(f"date = '{date}': expected YYYY-MM-DD") from None
    database = Workspace(workspace).database
    with workspace_lock(workspace, "coordlib pool import"), open_store(database) as store:
        new = import_accounts(store, accounts, min_mentions=min_mentions, added_on=day, source=source)
    typer.echo(f"{said}; {len(new):,} were new in the pool, {len(chosen) - len(new):,} were there already")


@pool_app.command("list")
def list_accounts(
    workspace: opt.Workspace,
    status: Annotated[
        str | None, typer.Option(help="Only accounts of this status: active, paused, gone.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
) -> None:
    """List the accounts of the pool with the day and the reason of their entry."""
    if status is not None and status not in STATUSES:
        raise ParameterError(f"status = '{status}': expected one of {', '.join(STATUSES)}")
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone = pool(store)
    shown = everyone if status is None else everyone[everyone["status"] == status]
    for row in shown.head(limit).itertuples(index=False):
        typer.echo(f"{row.account_id:<26} {row.status:<7} {row.added_on}  {clean_text(row.reason)}")
    counts = everyone["status"].value_counts()
    parts = ", ".join(f"{counts.get(name, 0):,} {name}" for name in STATUSES)
    typer.echo(
        f"showing {min(limit, len(shown)):,} of {len(shown):,}; pool: {len(everyone):,} accounts ({parts})"
    )


@pool_app.command("show")
def show_account(
    username: Annotated[str, typer.Argument(help="Account name.")], workspace: opt.Workspace
) -> None:
    """Show why an account is in the pool and in which networks it was seen."""
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone = pool(store)
        found = everyone[everyone["account_id"] == username.removeprefix("@")]
        if found.empty:
            raise ParameterError(f"{username}: not in the pool of {workspace}")
        history = account_history(store, username.removeprefix("@"))
    row = found.iloc[0]
    typer.echo(
        f"{row['account_id']}: {row['status']}, since {row['added_on']} ({row['source']}): {clean_text(row['reason'])}"
    )
    for day, network in history:
        typer.echo(f"{day}  in network {network}")
    typer.echo(f"seen in a coordinated network on {len(history):,} days")


@pool_app.command()
def pause(usernames: Names, workspace: opt.Workspace) -> None:
    """Stop asking for accounts, keeping what is stored of them."""
    _set(workspace, usernames, "paused")


@pool_app.command()
def resume(usernames: Names, workspace: opt.Workspace) -> None:
    """Ask for paused accounts again."""
    _set(workspace, usernames, "active")


@pool_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="CSV file to write.")],
    workspace: opt.Workspace,
    force: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write the pool to a CSV file; cells a spreadsheet would run as formulas are neutralised."""
    if file.exists() and not force:
        raise ParameterError(f"{file}: is there already; give another name or --force")
    file.parent.mkdir(parents=True, exist_ok=True)
    refuse_input(file, *workspace.glob("*"))
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone = pool(store)
    write_csv(everyone, file)
    typer.echo(f"{file}: {len(everyone):,} accounts")


def _set(workspace: Path, usernames: list[str], status: str) -> None:
    names = list(dict.fromkeys(name.removeprefix("@") for name in usernames))
    with workspace_lock(workspace, "coordlib pool"), open_store(_there(workspace).database) as store:
        there = set(pool(store)["account_id"])
        unknown = [name for name in names if name not in there]
        if unknown:
            raise ParameterError(
                f"{', '.join(unknown[:5])}: not in the pool of {workspace}; nothing was changed"
            )
        number = set_status(store, names, status)
    typer.echo(f"{number:,} account{' is' if number == 1 else 's are'} {status} now")


@app.command("forget")
def forget(
    account: Annotated[str, typer.Argument(help="Account name, without @.")],
    workspace: opt.Workspace,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Take an account out of the database, every page, file and version, and keep it out; the pages say that it happened."""
    place = _there(workspace)
    typer.echo(forget_account(place, account.removeprefix("@")).describe())
    if render:
        opt.show_site(workspace, output, engine)


@app.command("remake")
def remake(
    workspace: opt.Workspace,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Make every day again from its stored posts and remove what was made before, as a change to pseudonyms needs it."""
    typer.echo(remake_reports(_there(workspace)).describe())
    if render:
        opt.show_site(workspace, output, engine)


def _there(workspace: Path) -> Workspace:
    place = Workspace(workspace)
    if not place.database.exists():
        raise StoreError(f"{place.database}: there is no workspace database here")
    return place
