"""The ``links`` command: coordinated link sharing from a table of shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import ParameterError
from coordlib.files import refuse_input
from coordlib.parameters import LinkSharing
from coordlib.report.link_outputs import LINK_FILES, write_link_outputs
from coordlib.report.package import read_run
from coordlib.report.words import plural
from coordlib.runs.label_networks import label_link_networks
from coordlib.runs.link_report import analyse_links
from coordlib.runs.link_sharing import detect_links, link_facts, load_link_shares
from coordlib.sources.label_endpoint import LabelEndpoint


@app.command()
@opt.parameters_of(
    LinkSharing,
    *("time_window", "q", "p", "edge_weight", "clean_urls", "keep_ourl_only", "gtimestamps", "compat"),
    *("order_by", "top", "seed"),
)
def links(
    shares: Annotated[
        Path, typer.Argument(help="Table of shares: CSV or Parquet, CrowdTangle's columns or an export.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the tables and the network.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Make a report page in this workspace as well.")
    ] = None,
    parameters: opt.ParameterFile = None,
    interval: Annotated[float | None, typer.Option(hidden=True)] = None,
    percentile_edge_weight: Annotated[float | None, typer.Option(hidden=True)] = None,
    render: Annotated[
        bool, typer.Option(help="Render the site at the end, where a report page is made.")
    ] = True,
    *,
    given: dict[str, Any],
) -> None:
    """Find accounts that repeatedly share the same URLs within a short time of each other (CooRnet)."""
    if output is None and workspace is None:
        raise ParameterError(
            "links: say where results go, --output FOLDER for tables or --workspace W for a report page"
        )
    base = LinkSharing.from_yaml(parameters) if parameters else LinkSharing.load()
    given |= {"shares": str(shares)}
    old = {"coordination_interval": interval, "percentile_edge_weight": percentile_edge_weight}
    given |= {name: value for name, value in old.items() if value is not None}
    given |= {"workspace": str(workspace)} if workspace is not None else {}
    values = LinkSharing.load({**base.for_notebook(), **given}, where="links")
    if output is not None:
        if output.is_dir():
            for name in LINK_FILES:
                refuse_input(output / name, shares, parameters)
        endpoint = LabelEndpoint.from_environment()
        source = load_link_shares(shares)
        found = detect_links(source.shares, values)
        labels = label_link_networks(found, endpoint=endpoint)
        write_link_outputs(found, output, labels=labels, top=values.top, order_by=values.order_by)
        for name, value in link_facts(source, found).items():
            typer.echo(f"{name}: {value}")
        typer.echo(f"tables: {output}")
    if workspace is not None:
        folder = analyse_links(values).parent
        found_in = read_run(folder)["counts"]
        typer.echo(
            f"{plural(found_in['n_accounts'], 'account')} of {found_in['n_accounts_all']:,} in "
            f"{plural(found_in['n_networks'], 'network')}, from {plural(found_in['n_posts'], 'share')}"
        )
        typer.echo(opt.where_it_is(folder, how="rename the file for a page of its own"))
        if render:
            opt.show_site(workspace, None, "auto")
