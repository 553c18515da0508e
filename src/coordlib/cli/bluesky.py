"""``coordlib bluesky``: addresses in, who posted them on Bluesky and when out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from coordlib.cli.app import app
from coordlib.errors import ParameterError
from coordlib.files import refuse_input
from coordlib.runs.bluesky_links import collect_links, read_targets
from coordlib.sources.bluesky import BlueskySearch


def _moment(text: str | None, name: str) -> dt.datetime | None:
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"--{name} '{text}': give a date (2026-11-01) or a time (2026-11-01T12:00:00Z)"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


@app.command()
def bluesky(
    targets: Annotated[
        Path, typer.Argument(metavar="URLS", help="Text file, one address a line, or CSV with 'url'.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Shares as .parquet or .csv.")],
    since: Annotated[str | None, typer.Option(help="First day or moment, UTC.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Day or moment before which posts are wanted, UTC.")
    ] = None,
    domain: Annotated[bool, typer.Option("--domain", help="The file lists domains, not addresses.")] = False,
    link_shares: Annotated[
        bool, typer.Option("--link-shares", help="Write CooRnet's table of link shares (for coordlib links).")
    ] = False,
    pages: Annotated[
        Path | None, typer.Option(help="Where answers are kept, to continue (none: OUTPUT.pages.jsonl).")
    ] = None,
) -> None:
    """Find who posted a list of addresses on Bluesky; started again, it continues where it stopped.

    Paging needs a session: COORDLIB_BLUESKY_HANDLE and COORDLIB_BLUESKY_APP_PASSWORD in the environment.
    """
    refuse_input(output, targets)
    if pages is not None:
        refuse_input(pages, targets, output)
    with BlueskySearch.from_environment() as client:
        report = collect_links(
            read_targets(targets),
            output,
            client,
            kind="domain" if domain else "url",
            since=_moment(since, "since"),
            until=_moment(until, "until"),
            link_shares=link_shares,
            pages_file=pages,
        )
    typer.echo(
        f"{report.shares:,} shares of {report.searches:,} addresses by {report.accounts:,} accounts "
        f"({report.posts:,} posts on {report.pages:,} pages): {output}; answers kept in {report.pages_file}"
    )
    for target, doubt in report.doubts.items():
        typer.echo(f"{target}: it cannot be proved that these are all posts ({doubt})", err=True)
