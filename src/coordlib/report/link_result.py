"""A report of link sharing: what was found in words, its tables in reading order, the network, its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd

from coordlib.errors import InputError
from coordlib.links.coord_shares import CoordShares
from coordlib.report.dictionary import how
from coordlib.report.display import Html, stack
from coordlib.report.first_screen import banner
from coordlib.report.layouts import LAYOUTS, report_table
from coordlib.report.link_charts import draw_url_timeline_chart
from coordlib.report.network_view import NetworkView, network_view
from coordlib.report.package import is_staging, write_report
from coordlib.report.record import RunRecord
from coordlib.report.saved import SavedReport
from coordlib.report.tables import Table, dates_as_text, facts
from coordlib.report.words import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class LinkReport:
    """What link-sharing detection found; at the end of a cell it shows its headline and its numbers.

    ``results`` are CooRnet's tables by their names, ``found`` what :func:`coordlib.get_coord_shares` returned, ``run``
    the record of the run.
    """

    found: CoordShares
    results: Mapping[str, pd.DataFrame]
    run: RunRecord
    numbers: Mapping[str, str]
    usual: Path

    @property
    def headline(self) -> Html:
        """What was found, in one sentence."""
        return Html(link_banner(self.run), link_banner(self.run) + how("links", "Finding"))

    @property
    def summary(self) -> Html:
        """The numbers, each with its unit and denominator."""
        return facts(self.numbers, "This analysis in numbers", "links")

    def table(self, name: str, rows_shown: int = 200) -> Table:
        """Return one of CooRnet's tables as the page shows it."""
        if name not in self.results or name not in LAYOUTS:
            raise InputError(
                f"{name}: there is no such table; choose {', '.join(name for name in self.results if name in LAYOUTS)}"
            )
        frame = self.results[name]
        if name == "top_coord_urls":
            accounts = frame["cooR.account.url"].str.count(",").add(1).fillna(0).astype("int64")
            frame = frame.assign(**{"cooR.account.url": accounts})
        if name == "top_coord_shares":
            names = frame["account.name"].fillna(frame["account.url"])
            frame = frame.assign(**{"account.name": names})
        return report_table(name, frame, max_rows=rows_shown, csv=f"{name}.csv")

    def view(self) -> NetworkView:
        """Return the network, drawn; an account goes by its name where no other has it, else by name and address."""
        entities = self.found.entities
        labels = entities["account.name"].replace("", None).fillna(entities["name"]).astype("str")
        labels = labels.mask(labels.duplicated(keep=False), labels + " (" + entities["name"] + ")")
        accounts = entities[["component", "degree"]].rename(columns={"component": "network"})
        return network_view(
            nx.relabel_nodes(self.found.network, dict(zip(entities["name"], labels, strict=True))),
            accounts=accounts.assign(account_id=labels),
            simulated=bool(self.run["simulated"]),
            edge_unit="URLs in common",
        )

    def timeline(self, top_url_id: int = 1, ax: Axes | None = None) -> Axes:
        """Draw how one of the top URLs spread."""
        return draw_url_timeline_chart(self.found, self.results["top_coord_urls"], top_url_id, ax)

    def save(self, output_dir: Path | str | None = None) -> SavedReport:
        """Write CooRnet's tables and the files of every report: network, drawing, run record, README, data package.

        `output_dir` is the folder (none: among the drafts of the workspace); it appears whole or not at all.
        """
        folder = Path(output_dir) if output_dir else self.usual
        tables = {name: dates_as_text(table) for name, table in self.results.items()}
        folder, record = write_report(folder, tables, self.found.network, self.run, self.view())
        return SavedReport(folder, record, draft=not is_staging(folder))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return stack(self.headline, self.summary)._repr_mimebundle_()

    def __repr__(self) -> str:
        return repr(stack(self.headline, self.summary))


def link_banner(run: RunRecord) -> str:
    """Return what was found as a sentence with its numbers, each with what it is a part of."""
    counts = {name: int(value) for name, value in run["counts"].items()}
    seconds = f"{int(run['parameters']['time_window_used']):,} s"
    posts = plural(counts["n_posts"], "post")
    if run["outcome"] == "network":
        head = (
            f"{counts['n_accounts']:,} of {counts['n_accounts_all']:,} accounts, in {plural(counts['n_networks'], 'network')}, "
            f"are tied by at least {plural(counts['least_urls'], 'URL')} shared within {seconds} of each other."
        )
        body = f"Found in {posts} with {counts['n_urls']:,} URLs shared more than once."
        return banner("found", [head, body], run)
    if counts["n_urls"]:
        body = (
            f"Of {counts['n_urls']:,} URLs shared more than once, in {posts}, none was shared by two accounts within "
            f"{seconds}. The table was analysed in full: this is a result, not a gap."
        )
        return banner("quiet", ["No coordination found.", body], run)
    body = f"In {posts} no URL was shared more than once, so nothing can be said about coordination."
    return banner("warn", ["Nothing to compare.", body], run)
