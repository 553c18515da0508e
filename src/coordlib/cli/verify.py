"""``coordlib verify``: is a published report what it was, and do its numbers follow from its posts?"""

from __future__ import annotations

from typing import Annotated

import typer

from coordlib.cli.app import app
from coordlib.errors import RunError


@app.command()
def verify(
    report: Annotated[str, typer.Argument(help="Zip or folder of a report, or the address of a version.")],
    again: Annotated[bool, typer.Option(help="In its workspace: run its notebook again and compare.")] = True,
) -> None:
    """Check a published report: the hash of every file, and its numbers from the posts on; says what differs, and where."""
    from coordlib.runs.verify import verify as check

    done = check(report, again=again)
    for line in done.lines():
        typer.echo(line)
    if not done.identical:
        raise RunError(
            f"{report}: {len(done.wrong):,} things are not as published, the first: {done.wrong[0]}"
        )
