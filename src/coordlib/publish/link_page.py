"""Everything the link-sharing notebook shows, under one name: ``from coordlib.publish import link_page as page``."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pandas as pd

from coordlib.detect.link_shares import CoordShares
from coordlib.publish.banners import show_page_head
from coordlib.publish.link_charts import show_url_timeline
from coordlib.publish.link_tables import show_component_summary, show_entities, show_top_shares, show_top_urls
from coordlib.publish.network_view import show_network, write_network
from coordlib.publish.provenance import show_provenance
from coordlib.publish.tables import show_facts, show_text

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
