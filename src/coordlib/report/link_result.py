"""A report of link sharing: what was found in words, how a URL spread, its tables in reading order, the network, its files."""

from __future__ import annotations

import tempfile
from collections import UserDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import pandas as pd

from coordlib.describe.labels import Label
from coordlib.errors import InputError, ParameterError, PublishError, takes_old_names
from coordlib.files import write_json
from coordlib.links.coord_shares import CoordShares
from coordlib.links.prepare import utc_seconds
from coordlib.links.summaries import get_cluster_summary, get_component_summary, label_links
from coordlib.links.top_lists import ENGAGEMENT, SHARE_COLUMNS, get_top_coord_shares, get_top_coord_urls
from coordlib.posts import as_counts
from coordlib.report.dictionary import LINK_TABLES, how
from coordlib.report.display import Html, stack
from coordlib.report.figures import PALETTE, chart, dates, nothing_to_draw, short, utc
from coordlib.report.first_screen import banner
from coordlib.report.graphml import write_graphml
from coordlib.report.network_view import NetworkView
from coordlib.report.package import SavedReport, write_report
from coordlib.report.record import RunRecord
from coordlib.report.tables import LAYOUTS, Table, dates_as_text, facts, report_table, write_csv
from coordlib.report.words import plural
from coordlib.shown import Shown, in_few_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Labels by "component" and "cluster", or whether to make them.
Labels = bool | Mapping[str, Mapping[int, Label]]

#: Files of a complete set of results, in the order a reader wants them.
LINK_FILES = (*(f"{table.name}.csv" for table in LINK_TABLES), "highly_connected_g.graphml", "labels.json")
_SHARE_COUNT = "statistics.actual.shareCount"


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
        return Html(link_banner(self.run), link_banner(self.run, how("links", "Finding")))

    @property
    def summary(self) -> Html:
        """The numbers, each with its unit and denominator."""
        return facts(self.numbers, "This analysis in numbers", "links")

    def table(self, name: str, rows_shown: int = 200) -> Table:
        """Return one of CooRnet's tables as the page shows it."""
        if name not in (known := [name for name in self.results if name in LAYOUTS]):
            raise InputError(f"{name}: there is no such table; choose {', '.join(known)}")
        frame = self.results[name]
        if name == "top_coord_urls":
            accounts = frame["cooR.account.url"].str.count(",").add(1).fillna(0).astype("int64")
            frame = frame.assign(**{"cooR.account.url": accounts})
        if name == "top_coord_shares":
            frame = frame.assign(**{"account.name": frame["account.name"].fillna(frame["account.url"])})
        return report_table(name, frame, max_rows=rows_shown, csv=f"{name}.csv")

    def view(self) -> NetworkView:
        """Return the network, drawn; an account goes by its name where no other has it, else by name and address."""
        entities = self.found.entities
        labels = entities["account.name"].replace("", None).fillna(entities["name"]).astype("str")
        labels = labels.mask(labels.duplicated(keep=False), labels + " (" + entities["name"] + ")")
        accounts = entities[["component", "degree"]].rename(columns={"component": "network"})
        return NetworkView(
            nx.relabel_nodes(self.found.network, dict(zip(entities["name"], labels, strict=True))),
            accounts=accounts.assign(account_id=labels),
            simulated=self.run.simulated,
            edge_unit="URLs in common",
        )

    def timeline(self, top_url_id: int = 1, ax: Axes | None = None) -> Axes:
        """Draw how one of the top URLs spread."""
        return draw_url_timeline_chart(self.found, self.results["top_coord_urls"], top_url_id, ax)

    def save(self, output_dir: Path | str | None = None) -> SavedReport:
        """Write CooRnet's tables and the files of every report: network, drawing, run record, README, data package.

        `output_dir` is the folder (none: among the drafts of the workspace); it appears whole or not at all.
        """
        tables = {name: dates_as_text(table) for name, table in self.results.items()}
        return write_report(output_dir or self.usual, tables, self.found.network, self.run, self.view())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return stack(self.headline, self.summary)._repr_mimebundle_()

    def __repr__(self) -> str:
        return repr(stack(self.headline, self.summary))


def link_banner(run: RunRecord, explained: str = "") -> str:
    """Return what was found as a sentence with its numbers, each with what it is a part of."""
    counts, posts, n_urls = run.counts, plural(run.counts.n_posts, "post"), run.counts.n_urls
    seconds = f"{int(run.parameters['time_window_used']):,} s"
    if run.outcome == "network":
        accounts = f"{counts.n_accounts:,} of {counts.n_accounts_all:,} accounts"
        head = (
            f"{accounts}, in {plural(counts.n_networks, 'network')}, are tied by at least "
            f"{plural(counts.least_urls, 'URL')} shared within {seconds} of each other."
        )
        found = f"Found in {posts} with {n_urls:,} URLs shared more than once."
        return banner("found", [head, found], run, explained=explained)
    if n_urls:
        body = (
            f"Of {n_urls:,} URLs shared more than once, in {posts}, none was shared by two accounts within "
            f"{seconds}. The table was analysed in full: this is a result, not a gap."
        )
        return banner("quiet", ["No coordination found.", body], run, explained=explained)
    body = f"In {posts} no URL was shared more than once, so nothing can be said about coordination."
    return banner("warn", ["Nothing to compare.", body], run, explained=explained)


def draw_url_timeline_chart(
    output: CoordShares,
    top_coord_urls: pd.DataFrame | None = None,
    top_url_id: int = 1,
    ax: Axes | None = None,
) -> Axes:
    """Draw how one URL's shares added up over time, as points sized by subscribers.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned.
    top_coord_urls
        What :func:`coordlib.get_top_coord_urls` returned; None takes the ten URLs passed on most often.
    top_url_id
        Which row of it to draw, counted from 1.
    ax
        Axes to draw on (none: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        The finding is its title. The vertical axis is the sum of the posts' share counts, or the number of posts
        where the input has no share counts. Where nothing was coordinated it says so.

    Raises
    ------
    ParameterError
        There is no such row.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b", "c"], "date": [0, 1, 900], "expanded": ["https://n.example/a"] * 3})
    >>> from coordlib.report.figures import detached_axes
    >>> draw_url_timeline_chart(get_coord_shares(shares, 10), ax=detached_axes()).get_title()
    '2 of 3 posts of https://n.example/a were coordinated'
    """
    urls = _top_urls(output) if top_coord_urls is None else top_coord_urls
    if output.entities.empty or urls.empty:
        return nothing_to_draw(ax, "No URL was shared in a coordinated way")
    if not 1 <= top_url_id <= len(urls):
        raise ParameterError(
            f"top_url_id = {top_url_id}: choose 1 to {len(urls)}, a row of the table of top URLs"
        )
    url = str(urls["expanded"].iloc[top_url_id - 1])
    timeline = url_timeline(output, url)
    what = "shares" if _SHARE_COUNT in output.shares.columns else "posts"
    marked, total, when = timeline["is_coordinated"], timeline["total"], utc(timeline["seconds"])
    n_marked, n_posts = int(marked.sum()), len(timeline)
    were = "was" if n_marked == 1 else "were"
    title = f"{n_marked:,} of {plural(n_posts, 'post')} of {short(url, 60)} {were} coordinated"
    hours = (timeline["seconds"].iloc[-1] - timeline["seconds"].iloc[0]) / 3600
    alt = (
        f"Points: posts of {short(url, 90)} over {hours:,.1f} hours (UTC), {n_marked:,} coordinated and {n_posts - n_marked:,} "
        f"not, at the running total of {'shares of these ' if what == 'shares' else ''}posts, which ends at {total.iloc[-1]:,.0f}."
    )
    # Area in proportion to the subscribers, never too small to see.
    sizes = 14 + 250 * timeline["subscribers"] / max(timeline["subscribers"].max(), 1)
    with chart(ax, title, alt, "time (UTC)", f"running total of {what}") as ax:
        ax.plot(when, total, color=PALETTE[7], linewidth=1)
        for chosen, label, colour, marker in (
            (~marked, "not coordinated", PALETTE[0], "o"),
            (marked, "coordinated", PALETTE[1], "D"),
        ):
            look: dict[str, Any] = {"color": colour, "marker": marker, "alpha": 0.6, "linewidths": 0}
            ax.scatter(when[chosen], total[chosen], s=sizes[chosen], label=label, **look)
        # The largest points are wide: without room they would be cut off at the top.
        ax.set_ylim(0, max(float(total.max()), 1.0) * 1.12)
        for handle in ax.legend(loc="lower right", fontsize="small").legend_handles:
            if handle is not None and hasattr(handle, "set_sizes"):
                handle.set_sizes([36])
        dates(ax)
    return ax


def url_timeline(output: CoordShares, url: str) -> pd.DataFrame:
    """Return one URL's posts in time order with their subscribers and the running total the chart shows."""
    shares = output.shares[output.shares["expanded"] == url]
    names = shares["account.name"] if "account.name" in shares.columns else shares["account.url"]
    table = pd.DataFrame(
        {
            "account.name": names.fillna(shares["account.url"]),
            "seconds": utc_seconds(shares["date"]),
            "subscribers": _numbers(shares, "account.subscriberCount", 0.0),
            "is_coordinated": shares["is_coordinated"].astype(bool),
            "total": _numbers(shares, _SHARE_COUNT, 1.0),
        }
    )
    table = table.sort_values(["seconds", "account.name"], kind="stable", ignore_index=True)
    return table.assign(total=table["total"].cumsum())


def _top_urls(output: CoordShares) -> pd.DataFrame:
    if any(name in output.shares.columns for name in ENGAGEMENT):
        return get_top_coord_urls(output, _SHARE_COUNT, "none", 10)
    marked = output.shares.loc[output.shares["is_coordinated"], "expanded"].value_counts().reset_index()
    ordered: pd.DataFrame = marked.sort_values(["count", "expanded"], ascending=[False, True])
    return ordered.head(10)


def _numbers(shares: pd.DataFrame, column: str, absent: float) -> pd.Series:
    given = shares.get(column, pd.Series(absent, index=shares.index))
    return as_counts(given).astype(float).fillna(0.0)


@dataclass(repr=False, eq=False)
class LinkResults(Shown, UserDict[str, Any]):
    """Results of link sharing by name, which can be used as a dict of them."""

    data: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {in_few_words(value)}" for name, value in self.items())


@takes_old_names(folder="output_dir")
def get_outputs(
    output: CoordShares,
    *,
    ct_shares_marked: bool = True,
    highly_connected_g: bool = True,
    highly_connected_coordinated_entities: bool = True,
    edges: bool = True,
    component_summary: bool = False,
    cluster_summary: bool = False,
    top_coord_urls: bool = False,
    top_coord_shares: bool = False,
    labels: Labels = False,
    top: int = 10,
    order_by: str = "engagement",
    output_dir: Path | str | None = None,
) -> LinkResults:
    """Return the chosen results by name, and write them to a folder if one is given.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned.
    ct_shares_marked, highly_connected_g, highly_connected_coordinated_entities, edges
        The marked shares, the network, its accounts, its edges.
    component_summary, cluster_summary, top_coord_urls, top_coord_shares
        Tables made from them with their default arguments.
    labels
        Labels of components and clusters, from :func:`coordlib.label_link_networks`; True makes them
        locally (:func:`coordlib.label_links`). ``labels`` of the result keeps how each was made.
    top, order_by
        For the two top lists. Without any engagement column in the input, URLs are ordered by their
        coordinated shares, and there is no list of posts.
    output_dir
        Where CSV files, ``labels.json`` and ``highly_connected_g.graphml`` go; each file appears
        whole, and none appears before all are written.

    Returns
    -------
    dict
        Name to DataFrame or Graph. (CooRnet assigns them to variables of the caller's workspace and
        uploads to Google Drive; here the caller names them, and files stay on this machine.)

    Raises
    ------
    PublishError
        The folder cannot be written.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "date": [0, 1], "expanded": ["u", "u"]})
    >>> sorted(get_outputs(get_coord_shares(shares, 10), edges=False))
    ['ct_shares_marked', 'highly_connected_coordinated_entities', 'highly_connected_g']
    """
    found = LinkResults()
    named = labels if isinstance(labels, Mapping) else {}
    if labels is True:
        named = {by: label_links(output, by) for by in ("component", "cluster")}
    if highly_connected_coordinated_entities:
        found["highly_connected_coordinated_entities"] = output.entities
    if component_summary:
        found["component_summary"] = get_component_summary(output, named.get("component"))
    if cluster_summary:
        found["cluster_summary"] = get_cluster_summary(output, named.get("cluster"))
    counted = any(name in output.shares.columns for name in ENGAGEMENT)
    if top_coord_urls:
        found["top_coord_urls"] = get_top_coord_urls(output, order_by if counted else "cooR.shares", top=top)
    if top_coord_shares:
        posts = get_top_coord_shares(output, order_by, top=top) if counted else None
        found["top_coord_shares"] = pd.DataFrame(columns=[*SHARE_COLUMNS, "rank"]) if posts is None else posts
    if edges:
        found["edges"] = output.edges
    if ct_shares_marked:
        found["ct_shares_marked"] = output.shares
    if highly_connected_g:
        found["highly_connected_g"] = output.network
    if named:
        found["labels"] = {
            by: {str(number): asdict(label) for number, label in known.items()} for by, known in named.items()
        }
    if output_dir is not None:
        _write(found.data, Path(output_dir))
    return found


@takes_old_names(folder="output_dir")
def write_link_outputs(
    output: CoordShares,
    output_dir: Path | str,
    *,
    labels: Labels = True,
    top: int = 10,
    order_by: str = "engagement",
) -> LinkResults:
    """Write every table and the network (:data:`LINK_FILES`) and return them by name.

    Examples
    --------
    >>> import tempfile
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "date": [0, 1], "expanded": ["u", "u"]})
    >>> folder = Path(tempfile.mkdtemp())
    >>> results = write_link_outputs(get_coord_shares(shares, 10), folder)
    >>> sorted(path.name for path in folder.iterdir()) == sorted(LINK_FILES)
    True
    """
    every = dict.fromkeys(
        ("component_summary", "cluster_summary", "top_coord_urls", "top_coord_shares"), True
    )
    return get_outputs(output, **every, labels=labels, top=top, order_by=order_by, output_dir=output_dir)


def _write(results: dict[str, Any], folder: Path) -> None:
    """Write beside the folder's files first, then move each finished one to its place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as staging:
            for name, value in results.items():
                path = Path(staging) / name
                if isinstance(value, nx.Graph):
                    write_graphml(value, path.with_suffix(".graphml"))
                elif isinstance(value, dict):
                    write_json(path.with_suffix(".json"), value)
                else:
                    write_csv(dates_as_text(value), path.with_suffix(".csv"))
            for path in sorted(Path(staging).iterdir()):
                path.replace(folder / path.name)
    except OSError as error:
        raise PublishError(f"{folder}: cannot be written ({error.strerror or error})") from error
