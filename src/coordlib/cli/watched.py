"""``coordlib pool``, the monitored accounts; ``forget`` and ``remake``, which take names out of what was made."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option, echo

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import ParameterError, StoreError
from coordlib.files import refuse_input
from coordlib.lock import workspace_lock
from coordlib.places import Workspace

pool_app = typer.Typer(name="pool", help="The pool of monitored accounts.", no_args_is_help=True)
app.add_typer(pool_app)

Names = Annotated[list[str], Argument(help="Account names, without @.")]


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
    from coordlib.report.text import clean_text
    from coordlib.runs.pool import import_accounts, read_account_list
    from coordlib.store import open_store

    accounts = read_account_list(file, column=column, mentions_column=mentions_column)
    chosen = accounts.chosen(min_mentions)
    if not source.strip():
        raise ParameterError(
            "source is empty: say where the list comes from, it is the reason each account is kept with"
        )
    for line, cell in accounts.unreadable:
        echo(f"{file}: line {line}: '{clean_text(cell)}' is no account name, skipped", err=True)
    often = "once" if min_mentions == 1 else f"{min_mentions} times"
    said = f"{len(chosen):,} of {len(accounts.mentions):,} accounts are mentioned at least {often}"
    if accounts.n_unreadable:
        said += f"; {accounts.n_unreadable:,} of {accounts.n_rows:,} rows are no account name"
    if dry_run:
        echo(f"{said}; nothing was changed")
        return
    try:
        day = (dt.date.fromisoformat(date) if date else dt.datetime.now(dt.UTC).date()).isoformat()
    except ValueError:
        raise ParameterError(f"date = '{date}': expected YYYY-MM-DD") from None
    database = Workspace(workspace).database
    with workspace_lock(workspace, "coordlib pool import"), open_store(database) as store:
        new = import_accounts(store, accounts, min_mentions=min_mentions, added_on=day, source=source)
    echo(f"{said}; {len(new):,} were new in the pool, {len(chosen) - len(new):,} were there already")


@pool_app.command("list")
def list_accounts(
    workspace: opt.Workspace,
    status: Annotated[str | None, Option(help="Only accounts of this status: active, paused, gone.")] = None,
    limit: Annotated[int, Option(min=1, help="Show at most this many.")] = 50,
) -> None:
    """List the accounts of the pool with the day and the reason of their entry."""
    from coordlib.report.text import clean_text
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
    from coordlib.report.text import clean_text
    from coordlib.store import open_store
    from coordlib.store.pool import pool
    from coordlib.store.runs import account_history

    name = username.removeprefix("@")
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone, history = pool(store), account_history(store, name)
    rows = everyone[everyone["account_id"] == name]
    if rows.empty:
        raise ParameterError(f"{username}: not in the pool of {workspace}")
    row = rows.iloc[0]
    echo(f"{name}: {row['status']}, since {row['added_on']} ({row['source']}): {clean_text(row['reason'])}")
    for day, network in history:
        echo(f"{day}  in network {network}")
    echo(f"seen in a coordinated network on {len(history):,} days")


@pool_app.command()
def pause(usernames: Names, workspace: opt.Workspace) -> None:
    """Stop asking for accounts, keeping what is stored of them."""
    _set(workspace, usernames, "paused")


@pool_app.command()
def resume(usernames: Names, workspace: opt.Workspace) -> None:
    """Ask for paused accounts again."""
    _set(workspace, usernames, "active")


def _set(workspace: Path, usernames: list[str], status: str) -> None:
    from coordlib.store import open_store
    from coordlib.store.pool import pool, set_status

    names = list(dict.fromkeys(name.removeprefix("@") for name in usernames))
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
    file.parent.mkdir(parents=True, exist_ok=True)
    refuse_input(file, *workspace.glob("*"))
    with open_store(Workspace(workspace).database, read_only=True) as store:
        everyone = pool(store)
    write_csv(everyone, file)
    echo(f"{file}: {len(everyone):,} accounts")


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

    echo(forget_account(_there(workspace), account.removeprefix("@")).describe())
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
    from coordlib.runs.clean_reports import remake_reports

    echo(remake_reports(_there(workspace)).describe())
    if render:
        opt.show_site(workspace, output, engine)


def _there(workspace: Path) -> Workspace:
    place = Workspace(workspace)
    if not place.database.exists():
        raise StoreError(f"{place.database}: there is no workspace database here")
    return place
