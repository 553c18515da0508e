"""A report of link sharing: what was found in words, its tables in reading order, the network, its files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import pandas as pd

from coordlib.errors import InputError, PublishError
from coordlib.files import put_folder, staging_of
from coordlib.links.coord_shares import CoordShares
from coordlib.links.prepare import utc_seconds
from coordlib.report.banners import simulated_banner
from coordlib.report.display import Html, stack
from coordlib.report.link_charts import draw_url_timeline_chart
from coordlib.report.link_outputs import write_link_outputs
from coordlib.report.network_view import NetworkView, network_view
from coordlib.report.package import is_staging, write_report
from coordlib.report.result import SavedReport
from coordlib.report.tables import Table, facts
from coordlib.report.text import escape
from coordlib.report.words import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COMPONENT = {
    "component": "component",
    "cluster": "cluster",
    "entities": "accounts",
    "cooRshare_ratio.avg": "coordinated",
    "label": "label",
    "label.method": "label made by",
    "cooRscore.avg": "URLs per tie",
    "top.parent_domain": "top domains",
    "unique.parent_domain": "domains",
    "gini.parent_domain": "Gini",
    "avg.subscriberCount": "subscribers",
    "pageAdminTopCountry": "country",
}
_ACCOUNT = {
    "component": "component",
    "cluster": "cluster",
    "name": "account",
    "account.name": "name",
    "shares": "posts",
    "coord.shares": "coordinated",
    "degree": "ties",
    "strength": "URLs",
    "account.avg.subscriberCount": "subscribers",
    "account.accountType": "type",
}
_URL = {
    "components": "components",
    "rank": "rank",
    "expanded": "URL",
    "engagement": "engagement",
    "shares": "posts",
    "cooR.shares": "coordinated",
    "comments.shares.ratio": "comments vs. shares",
    "accounts": "accounts",
}
_POST = {
    "component": "component",
    "rank": "rank",
    "date": "time (UTC)",
    "account.name": "account",
    "message": "message",
    "expanded": "URL",
    "engagement": "engagement",
    "postUrl": "post",
}
_FORMATS = {
    "avg.subscriberCount": ",.0f",
    "account.avg.subscriberCount": ",.0f",
    "cooRshare_ratio.avg": "percent",
    "cooRscore.avg": ",.1f",
    "gini.parent_domain": ".2f",
    "comments.shares.ratio": "+.2f",
    "date": "utc",
}


#: Name of a table to its caption, its columns, and the columns that are links.
_TABLES: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, str]]] = {
    "component_summary": ("Components", _COMPONENT, {}),
    "cluster_summary": ("Clusters", _COMPONENT, {}),
    "highly_connected_coordinated_entities": ("Accounts", _ACCOUNT, {"name": "name"}),
    "top_coord_urls": ("URLs with most engagement", _URL, {"expanded": "expanded"}),
    "top_coord_shares": (
        "Coordinated posts with most engagement",
        _POST,
        {"expanded": "expanded", "postUrl": "postUrl"},
    ),
}


@dataclass(frozen=True, repr=False)
class LinkReport:
    """What link-sharing detection found; at the end of a cell it shows its headline and its numbers.

    ``results`` are CooRnet's tables by their names, ``found`` what :func:`coordlib.get_coord_shares` returned, ``run``
    the record of the run.
    """

    found: CoordShares
    results: Mapping[str, Any]
    run: Mapping[str, Any]
    numbers: Mapping[str, str]
    usual: Path

    @property
    def headline(self) -> Html:
        """What was found, in one sentence."""
        return Html(link_banner(self.run))

    @property
    def summary(self) -> Html:
        """The numbers, each with its unit and denominator."""
        return facts(self.numbers, "This analysis in numbers")

    def table(self, name: str, rows_shown: int = 500) -> Table:
        """Return one of CooRnet's tables as the page shows it."""
        if name not in _TABLES:
            raise InputError(f"{name}: there is no such table; choose {', '.join(_TABLES)}")
        caption, headings, links = _TABLES[name]
        frame: pd.DataFrame = self.results[name]
        if name == "top_coord_urls":
            accounts = (
                frame["cooR.account.url"].fillna("").map(lambda names: len(names.split(",")) if names else 0)
            )
            frame = frame.assign(accounts=accounts)
            caption = "URLs with most coordinated posts" if frame["engagement"].isna().all() else caption
        if name == "top_coord_shares":
            names = frame["account.name"].fillna(frame["account.url"])
            frame = frame.assign(date=utc_seconds(frame["date"])).assign(**{"account.name": names})
        columns = [column for column in headings if column in frame]
        return Table(
            frame[columns],
            caption,
            labels={column: headings[column] for column in columns},
            formats={column: form for column, form in _FORMATS.items() if column in columns},
            links={column: target for column, target in links.items() if column in columns},
            max_rows=rows_shown,
            csv=f"{name}.csv",
        )

    def view(self) -> NetworkView:
        """Return the network, drawn."""
        entities = self.found.entities
        labels = account_labels(entities) if len(entities) else pd.Series(dtype="str")
        graph = nx.relabel_nodes(
            self.found.network, {str(name): str(label) for name, label in labels.items()}
        )
        accounts = pd.DataFrame(
            {
                "account_id": labels.to_numpy(),
                "network": entities["component"].to_numpy(),
                "degree": entities["degree"].to_numpy(),
            }
        )
        return network_view(
            graph, accounts=accounts, simulated=bool(self.run["simulated"]), edge_unit="URLs in common"
        )

    def timeline(self, top_url_id: int = 1, ax: Axes | None = None) -> Axes:
        """Draw how one of the top URLs spread."""
        return draw_url_timeline_chart(self.found, self.results["top_coord_urls"], top_url_id, ax)

    def save(self, output_dir: Path | str | None = None) -> SavedReport:
        """Write CooRnet's files and those of every report: drawing, run record, README, data package.

        `output_dir` is the folder (none: among the drafts of the workspace); it appears whole or not at all.
        """
        folder = Path(output_dir) if output_dir else self.usual
        staging = folder if is_staging(folder) else staging_of(folder)
        tables = {name: table for name, table in self.results.items() if isinstance(table, pd.DataFrame)}
        chosen = self.run["parameters"]
        try:
            if staging != folder:
                shutil.rmtree(staging, ignore_errors=True)
            write_link_outputs(
                self.found,
                staging,
                labels=self.results["named"],
                top=chosen["top"],
                order_by=chosen["order_by"],
            )
            _, record = write_report(staging, tables, self.found.network, self.run, self.view())
            if staging != folder:
                put_folder(staging, folder)
        except OSError as error:
            raise PublishError(f"{folder}: cannot be written ({error.strerror or error})") from error
        return SavedReport(folder, record, draft=not is_staging(folder))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return stack(self.headline, self.summary)._repr_mimebundle_()

    def __repr__(self) -> str:
        return repr(stack(self.headline, self.summary))


def link_banner(run: Mapping[str, Any]) -> str:
    """Return what was found as a sentence with its numbers, each with what it is a part of.

    Examples
    --------
    >>> run = {"outcome": "network", "parameters": {"coordination_interval_used": 11}, "counts": {
    ...     "n_posts": 5239, "n_urls": 479, "n_accounts": 23, "n_accounts_all": 468, "n_networks": 5, "least_urls": 22}}
    >>> "23 of 468 accounts, in 5 networks, are tied by at least 22 URLs shared within 11 s" in link_banner(run)
    True
    """
    counts = {name: int(value) for name, value in run["counts"].items()}
    seconds = f"{int(run['parameters']['coordination_interval_used']):,} s"
    posts = plural(counts["n_posts"], "post")
    if run["outcome"] == "network":
        kind = "found"
        head = (
            f"{counts['n_accounts']:,} of {counts['n_accounts_all']:,} accounts, in {plural(counts['n_networks'], 'network')}, "
            f"are tied by at least {plural(counts['least_urls'], 'URL')} shared within {seconds} of each other."
        )
        body = f"Found in {posts} with {counts['n_urls']:,} URLs shared more than once."
    elif counts["n_urls"]:
        kind, head = "quiet", "No coordination found."
        body = (
            f"Of {counts['n_urls']:,} URLs shared more than once, in {posts}, none was shared by two accounts within "
            f"{seconds}. The table was analysed in full: this is a result, not a gap."
        )
    else:
        kind, head = "warn", "Nothing to compare."
        body = f"In {posts} no URL was shared more than once, so nothing can be said about coordination."
    sample = simulated_banner() if run.get("simulated") else ""
    return f'{sample}<div class="cl-banner cl-{kind}" role="note"><strong>{escape(head)}</strong> {escape(body)}</div>'


def account_labels(entities: pd.DataFrame) -> pd.Series:
    """Return a label per account URL: its name where no other account has it, else name and address.

    Examples
    --------
    >>> account_labels(pd.DataFrame({"name": ["u/1", "u/2"], "account.name": ["A", None]})).tolist()
    ['A', 'u/2']
    """
    names = entities.set_index("name")["account.name"]
    addresses = pd.Series(names.index, index=names.index)
    labels = names.where(names.notna() & (names != ""), addresses)
    return labels.mask(labels.duplicated(keep=False), labels + " (" + addresses + ")").astype("str")
