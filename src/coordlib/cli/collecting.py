"""Commands that bring posts in: ``import``, ``bluesky``, ``discover``, ``monitor``; and ``refresh``, which takes them out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option, echo

from coordlib import errors
from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.files import refuse_input, workspace_lock
from coordlib.parameters import BASE_URL, CollectionParameters, Monitoring, SeedDiscovery

_FORMATS = Path(__file__).parents[1] / "sources" / "exports" / "formats"
_KNOWN = ", ".join(sorted(file.stem for file in _FORMATS.glob("*.yml")))
_USUAL = CollectionParameters.model_fields
_ELSE = "(none: those of the file, else {:,})."
_DAYS = f"Check videos not seen for this many days {_ELSE.format(_USUAL['refresh_days'].default)}"
_REQUESTS = f"Requests a UTC day may spend {_ELSE.format(_USUAL['daily_requests'].default)}"


@app.command(name="import")
def import_(
    source: Annotated[
        Path, Argument(metavar="FILE", help="CSV, JSON or JSON lines (also .gz or .zst), or Parquet.")
    ],
    output: Annotated[Path, Option(*opt.OUT, help="Shares as .parquet or .csv.")],
    format: Annotated[
        str | None, Option(help=f"Format of the file (none: recognised by its columns): {_KNOWN}.")
    ] = None,
    mapping: Annotated[
        Path | None, Option(help="YAML file that says which column means what, for any other table.")
    ] = None,
    object_id: Annotated[
        str | None,
        Option(help="What was shared: link, text, hashtag, …; several joined by commas become layers."),
    ] = None,
    account_id: Annotated[
        str | None, Option(help="Which account, where a format has several: owner or surface (Meta).")
    ] = None,
    whole_list: Annotated[
        bool, Option("--whole-list", help="Keep a list (hashtags) as one object, not one row per item.")
    ] = False,
    link_shares: Annotated[
        bool, Option("--link-shares", help="Write CooRnet's table of link shares, for coordlib links.")
    ] = False,
    object: Annotated[str | None, Option(hidden=True)] = None,
    account: Annotated[str | None, Option(hidden=True)] = None,
) -> None:
    """Read an export from a platform or a tool and write its shares, ready for detection."""
    from coordlib.runs.import_shares import import_shares
    from coordlib.sources.exports import load_mapping

    if format and mapping:
        raise errors.ParameterError("--format and --mapping: give one of the two")
    words = {"object": object, "account": account, "object_id": object_id, "account_id": account_id}
    renamed = {"object": "object_id", "account": "account_id"}
    given = {name: value for name, value in words.items() if value is not None}
    chosen = errors.new_names(given, renamed, "import")
    objects = [name.strip() for name in chosen.get("object_id", "").split(",") if name.strip()]
    if mapping:
        refuse_input(output, mapping)
    report = import_shares(
        source,
        output,
        format=load_mapping(mapping) if mapping else format,
        object_id=objects[0] if len(objects) == 1 else objects or None,
        account_id=chosen.get("account_id"),
        split=not whole_list,
        link_shares=link_shares,
    )
    for line in report.lines():
        echo(line)


@app.command()
def bluesky(
    targets: Annotated[
        Path, Argument(metavar="URLS", help="Text file, one address a line, or CSV with 'url'.")
    ],
    output: Annotated[Path, Option(*opt.OUT, help="Shares as .parquet or .csv.")],
    since: Annotated[str | None, Option(help="First day or moment, UTC.")] = None,
    until: Annotated[str | None, Option(help="Day or moment before which posts are wanted, UTC.")] = None,
    domain: Annotated[bool, Option("--domain", help="The file lists domains, not addresses.")] = False,
    link_shares: Annotated[
        bool, Option("--link-shares", help="Write CooRnet's table of link shares (for coordlib links).")
    ] = False,
    pages: Annotated[
        Path | None, Option(help="Where answers are kept, to continue (none: OUTPUT.pages.jsonl).")
    ] = None,
) -> None:
    """Find who posted a list of addresses on Bluesky; started again, it continues where it stopped.

    Paging needs a session: COORDLIB_BLUESKY_HANDLE and COORDLIB_BLUESKY_APP_PASSWORD in the environment.
    """
    from coordlib.runs.import_shares import collect_links, read_targets
    from coordlib.sources.bluesky import BlueskySearch
    from coordlib.times import one_moment

    refuse_input(output, targets)
    given = (("since", since), ("until", until))
    bounds = {name: one_moment(text, f"--{name}") for name, text in given if text is not None}
    if pages is not None:
        refuse_input(pages, targets, output)
    with BlueskySearch.from_environment() as client:
        report = collect_links(
            read_targets(targets),
            output,
            client,
            kind="domain" if domain else "url",
            **bounds,
            link_shares=link_shares,
            pages_file=pages,
        )
    echo(
        f"{report.shares:,} shares of {report.searches:,} addresses by {report.accounts:,} accounts "
        f"({report.posts:,} posts on {report.pages:,} pages): {output}; answers kept in {report.pages_file}"
    )
    for target, doubt in report.doubts.items():
        echo(f"{target}: it cannot be proved that these are all posts ({doubt})", err=True)


@app.command()
@opt.parameters_of(SeedDiscovery, "start", "end", "max_requests")
def discover(
    workspace: opt.Workspace,
    hashtag: Annotated[list[str] | None, Option(help="Hashtag, without '#'; repeat for several.")] = None,
    region: Annotated[
        list[str] | None, Option(help="Two-letter code of registration; repeat for several.")
    ] = None,
    date: Annotated[
        str | None, Option(help="Day the seeds enter the pool, YYYY-MM-DD (none: today, UTC).")
    ] = None,
    parameters: opt.ParameterFile = None,
    base_url: opt.BaseUrl = BASE_URL,
    *,
    given: dict[str, Any],
) -> None:
    """Collect a hashtag's videos, find accounts that post together, and put them into the pool with the reason."""
    from coordlib.runs import discover as discovery
    from coordlib.runs.connect import connector

    base = opt.in_its_place(SeedDiscovery.from_yaml(parameters)).for_notebook() if parameters else {}
    given |= {"hashtags": hashtag} if hashtag else {}
    given |= {"regions": region} if region else {}
    values = base | given
    if not values.get("hashtags"):
        raise typer.BadParameter("give at least one --hashtag, or a file of --parameters")
    options = SeedDiscovery.load(values | {"workspace": str(workspace)}, where="discover")
    connect = connector(CollectionParameters().daily_requests, base_url)
    found, new, decided = discovery.discover(options, connect, date=date)
    echo(
        f"{found.name}: {len(found.posts):,} videos by {found.posts['account_id'].nunique():,} accounts; "
        f"{len(new):,} accounts are new in the pool; complete: {found.facts['about']['Complete']}"
    )
    echo(f"page: {decided.folder / 'index.ipynb'}")
    discovery.raise_for_stop(found)


@app.command()
def monitor(
    workspace: opt.Workspace,
    date: Annotated[str | None, Option(help="Day of the report, YYYY-MM-DD (none: today, UTC).")] = None,
    parameters: opt.ParameterFile = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Print the plan and its cost; ask nothing.")] = False,
    again: Annotated[bool, Option("--again", help="Make a new version of a finished day's report.")] = False,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
    base_url: opt.BaseUrl = BASE_URL,
) -> None:
    """Collect the pool's posts, search their captions, detect, report one day, render the site.

    Exit codes: 0 reported; 1 the day or the service failed; 2 wrong input; 3 the request quota is spent, the
    report is written and the next start continues; 4 another run holds the workspace.
    """
    from coordlib.runs.connect import NOBODY, connector
    from coordlib.runs.monitor import monitor_day, plan_day
    from coordlib.site.build import site_is_due

    options = opt.in_its_place(Monitoring.from_yaml(parameters) if parameters else Monitoring())
    day = str(options.date or dt.datetime.now(dt.UTC).date()) if date is None else date
    connect = connector(options.daily_requests, base_url, NOBODY if dry_run else None)
    if dry_run:
        for plan in plan_day(workspace, day, connect, options):
            echo(plan.describe())
        return
    try:
        done = monitor_day(workspace, day, connect, options, again=again)
    except errors.AlreadyReportedError:  # by a run that was killed before its site was complete
        if not (render and site_is_due(workspace, output)):
            raise
        echo(f"{day} is reported already; its site was missing or older than its pages")
        opt.show_site(workspace, output, engine)
        return
    echo(done.line())
    opt.show_site(workspace, output, engine, render)
    if not done.report.ok:
        raise errors.RunError(f"{day}: the report failed: {done.report.message}")
    done.raise_for_stop()


@app.command()
def refresh(
    workspace: opt.Workspace,
    parameters: Annotated[
        Path | None,
        Option(*opt.FILE, help="YAML file of the monitoring: its refresh_days and daily_requests hold."),
    ] = None,
    days: Annotated[int | None, Option(min=1, max=30, help=_DAYS)] = None,
    daily_requests: Annotated[int | None, Option(min=1, help=_REQUESTS)] = None,
    batch: Annotated[
        bool, Option(help="Use batch compliance; where it is refused, videos are looked up by id.")
    ] = True,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Say how many videos are due; ask and delete nothing.")
    ] = False,
    render: Annotated[bool, Option(help="Render the site anew when something in it was removed.")] = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
    base_url: opt.BaseUrl = BASE_URL,
) -> None:
    """Check stored videos again and delete those the service no longer returns.

    They leave the database, what was detected with them, the reports and the site; what stays is a tombstone
    without content. Exit codes: 0 everything due was checked; 1 the service failed, the rest stays for the next
    start; 3 the request quota is spent, start again tomorrow.
    """
    from coordlib.places import Workspace
    from coordlib.report.post_set import pseudonyms_of
    from coordlib.runs.clean_reports import clean_reports
    from coordlib.runs.connect import NOBODY, connector
    from coordlib.store import open_store
    from coordlib.tiktok.compliance import refresh as refresh_store

    options = Monitoring.from_yaml(parameters) if parameters else Monitoring()
    days, daily_requests = days or options.refresh_days, daily_requests or options.daily_requests
    place = Workspace(workspace)
    if not place.database.exists():
        raise errors.StoreError(f"{place.root}: there is no workspace database here; nothing to refresh")
    pseudonyms_of(place.root, ())
    run_id = f"refresh-{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    connect = connector(daily_requests, base_url, NOBODY if dry_run else None)
    with workspace_lock(place.root, "coordlib refresh"):
        with open_store(place.database) as store, connect(store, run_id) as client:
            done = refresh_store(client, interval_days=days, batch=batch, dry_run=dry_run)
        if dry_run:
            echo(f"{done.unchecked} videos were not seen for {days} days and would be checked")
            return
        echo(done.describe())
        cleaned = clean_reports(place)
        echo(cleaned.describe())
        # A site that was rendered before still holds what was removed.
        if render and cleaned and (output or place.root / "_site").is_dir():
            opt.show_site(place.root, output, engine)
    if done.reason == "quota":
        raise errors.QuotaExhausted(
            f"the request quota is spent; {done.unchecked} videos are left, start again after 00:00 UTC"
        )
    if not done.complete:
        raise errors.CollectError(f"{done.unchecked} videos could not be checked: {done.reason}")
