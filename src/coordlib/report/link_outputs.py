"""The results of link-sharing detection as objects and as files: CSV tables and GraphML."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.labels import Label
from coordlib.errors import PublishError
from coordlib.files import write_json
from coordlib.links.coord_shares import CoordShares
from coordlib.links.summaries import get_cluster_summary, get_component_summary, label_links
from coordlib.links.top_lists import ENGAGEMENT, SHARE_COLUMNS, get_top_coord_shares, get_top_coord_urls
from coordlib.report.dictionary import LINK_TABLES
from coordlib.report.graphml import write_graphml
from coordlib.report.tables import dates_as_text, write_csv

#: Labels by "component" and "cluster", or whether to make them.
Labels = bool | Mapping[str, Mapping[int, Label]]

#: Files of a complete set of results, in the order a reader wants them.
LINK_FILES = (*(f"{table.name}.csv" for table in LINK_TABLES), "highly_connected_g.graphml", "labels.json")


class LinkResults(dict[str, Any]):
    """Results of link sharing by name; shows itself as a list of them."""

    def __repr__(self) -> str:
        def size(value: Any) -> object:
            what = "rows" if isinstance(value, pd.DataFrame) else "entries"
            return value if isinstance(value, nx.Graph) else f"{len(value):,} {what}"

        return "\n".join(f"{name}: {size(value)}" for name, value in self.items())


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
    folder: Path | str | None = None,
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
    folder
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
    if folder is not None:
        _write(found, Path(folder))
    return found


def write_link_outputs(
    output: CoordShares,
    folder: Path | str,
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
    return get_outputs(output, **every, labels=labels, top=top, order_by=order_by, folder=folder)


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
