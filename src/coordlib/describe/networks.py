"""The connected components of a coordination network: size, shape, reach and time."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.account_evidence import EVIDENCE_COUNTS, network_evidence
from coordlib.describe.engagement import MEASURES, empty_table, mean_engagement, plain_posts
from coordlib.describe.paths import diameters, transitivity
from coordlib.describe.posts import post_ends
from coordlib.describe.statistics import unbiased_gini

_COLUMNS = {
    "network": "int64",
    "n_accounts": "int64",
    "n_edges": "int64",
    **EVIDENCE_COUNTS,
    "q_value": "float64",
    "density": "float64",
    "diameter": "int64",
    "diameter_weighted": "float64",
    "transitivity": "float64",
    "coorscore": "float64",
    "coordinated_share_ratio": "float64",
    "gini_objects": "float64",
    "n_posts": "int64",
    "n_objects": "int64",
    **{f"avg_{name}": "float64" for name in MEASURES},
    "first_seen": "Int64",
    "last_seen": "Int64",
    "accounts": "object",
}


def describe_networks(
    graph: nx.Graph[str], accounts: pd.DataFrame, posts: pd.DataFrame, evidence: pd.DataFrame
) -> pd.DataFrame:
    """Describe every connected component of a coordination network.

    Parameters
    ----------
    graph
        The network, as :func:`coordlib.generate_coordinated_network` returns it (with ``objects=True`` for
        ``n_objects``).
    accounts
        Its accounts, from :func:`describe_accounts`.
    posts
        The day's posts with the columns of :mod:`coordlib.posts`.
    evidence
        The pairs behind its edges, from :func:`evidence_pairs`.

    Returns
    -------
    pandas.DataFrame
        One row per component, by ``network`` number: ``n_accounts``, ``n_edges``, ``evidence`` (strongest class
        among its edges), ``n_significant``, ``n_undecided``, ``q_value`` (missing where the graph was not tested),
        ``density`` (2m/(n(n−1))),
        ``diameter`` (steps), ``diameter_weighted`` (weight as distance, as the reference report prints it),
        ``transitivity`` (missing where no account has two neighbours), ``coorscore`` (mean of strength/degree),
        ``coordinated_share_ratio`` (posts behind retained edges / all posts of its accounts that day),
        ``gini_objects`` (unbiased Gini coefficient of the coordinated posts per object; 1 for a single object),
        ``n_posts`` (posts behind retained edges), ``n_objects``, ``avg_views`` … (means over all posts of its accounts that
        day, each counted once), ``first_seen``, ``last_seen`` (Int64 UTC seconds), ``accounts`` (sorted list).
    """
    known = plain_posts(posts)
    if accounts.empty:
        return empty_table(_COLUMNS)
    numbers = accounts.set_index("account_id")["network"]
    known["network"] = known["account_id"].map(numbers)
    known = known[known["network"].notna()]
    shapes = [_shape(graph, part) for _, part in accounts.groupby("network", sort=True)]
    table = pd.DataFrame(shapes, columns=[name for name in _COLUMNS if name in _SHAPE])
    groups = accounts.groupby("network")
    spans = pd.DataFrame(
        {
            "n_posts": groups["n_posts"].sum(),
            "first_seen": groups["first_seen"].min(),
            "last_seen": groups["last_seen"].max(),
        }
    )
    table = table.join(network_evidence(graph), on="network")
    table = table.join(spans, on="network").join(mean_engagement(known, "network"), on="network")
    collected = table["network"].map(known["network"].value_counts()).astype("float64")
    table["coordinated_share_ratio"] = table["n_posts"].astype("float64") / collected
    table["gini_objects"] = table["network"].map(_concentration(evidence))
    return table[list(_COLUMNS)].astype(_COLUMNS)


def _concentration(evidence: pd.DataFrame) -> dict[int, float]:
    """How unevenly the coordinated posts of each network spread over its objects."""
    posts = post_ends(evidence).drop_duplicates(["network", "object_id", "content_id"])
    counts = posts.groupby(["network", "object_id"]).size()
    return {
        int(str(network)): 1.0 if len(sizes) == 1 else unbiased_gini(sizes.to_numpy())
        for network, sizes in counts.groupby(level="network")
    }


_SHAPE = frozenset(
    (
        "network",
        "n_accounts",
        "n_edges",
        "density",
        "diameter",
        "diameter_weighted",
        "transitivity",
        "coorscore",
        "n_objects",
        "accounts",
    )
)


def _shape(graph: nx.Graph[str], members: pd.DataFrame) -> dict[str, Any]:
    names = set(members["account_id"])
    part = graph.subgraph(names).copy()  # a view is asked much slower
    objects = {item for _, _, data in part.edges(data=True) for item in data.get("object_ids") or ()}
    steps, far = diameters(part)
    return {
        "network": int(members["network"].iloc[0]),
        "n_accounts": len(names),
        "n_edges": part.number_of_edges(),
        "density": nx.density(part),
        "diameter": steps,
        "diameter_weighted": far,
        "transitivity": transitivity(part),
        "coorscore": float((members["strength"] / members["degree"]).mean()),
        "n_objects": len(objects),
        "accounts": sorted(names),
    }
