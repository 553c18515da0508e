"""Everything the link-sharing notebook shows, under one name: ``from coordlib.report import link_page as page``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.links.coord_shares import CoordShares
from coordlib.report.banners import simulated_banner
from coordlib.report.link_charts import show_url_timeline
from coordlib.report.link_tables import show_component_summary, show_entities, show_top_shares, show_top_urls
from coordlib.report.network_view import show_network, write_network
from coordlib.report.provenance import show_provenance
from coordlib.report.tables import show_facts, show_html, show_text
from coordlib.report.text import escape

__all__ = [
    "account_labels",
    "show_component_summary",
    "show_entities",
    "show_facts",
    "show_link_network",
    "show_page_head",
    "show_provenance",
    "show_text",
    "show_top_shares",
    "show_top_urls",
    "show_url_timeline",
]


def show_page_head(run: Mapping[str, Any], assets: str = "../../assets") -> None:
    """Start the page: the table script, then what was found, in one sentence."""
    show_html(f'<script src="{escape(assets)}/table.js" defer></script>{link_banner(run)}')


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
    posts = f"{counts['n_posts']:,} post{'' if counts['n_posts'] == 1 else 's'}"
    if run["outcome"] == "network":
        networks = f"{counts['n_networks']:,} network{'' if counts['n_networks'] == 1 else 's'}"
        urls = f"{counts['least_urls']:,} URL{'' if counts['least_urls'] == 1 else 's'}"
        kind = "found"
        head = (
            f"{counts['n_accounts']:,} of {counts['n_accounts_all']:,} accounts, in {networks}, are tied by at least "
            f"{urls} shared within {seconds} of each other."
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


def show_link_network(output: CoordShares, folder: Path | str, *, simulated: bool = False) -> None:
    """Draw the network in a folder that exists and show it on the page; a sentence where there is none."""
    if output.entities.empty:
        show_text("No accounts repeatedly shared the same URLs within the interval.")
        return
    labels = account_labels(output.entities)
    graph = nx.relabel_nodes(output.network, {str(name): str(label) for name, label in labels.items()})
    accounts = pd.DataFrame(
        {
            "account_id": labels.to_numpy(),
            "network": output.entities["component"].to_numpy(),
            "degree": output.entities["degree"].to_numpy(),
        }
    )
    show_network(
        write_network(
            graph, folder, accounts=accounts, account_url="", simulated=simulated, edge_unit="URLs in common"
        )
    )


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
