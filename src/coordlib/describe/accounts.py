"""The accounts of a coordination network: their shares, their place in it, their reach, and who leads."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx
import pandas as pd

from coordlib.addresses import account_address
from coordlib.describe.account_evidence import EVIDENCE_COUNTS, account_evidence
from coordlib.describe.engagement import MEASURES, empty_table, mean_engagement, plain_posts
from coordlib.describe.leaders import account_leads
from coordlib.describe.paths import betweenness
from coordlib.describe.posts import evidence_pairs, network_numbers
from coordlib.describe.statistics import account_stats

_COLUMNS = {
    "account_id": "str",
    "network": "int64",
    "unique_shares_count": "int64",
    "avg_time_delta": "float64",
    "avg_edge_symmetry_score": "float64",
    "degree": "int64",
    "strength": "int64",
    "betweenness": "float64",
    **{f"avg_{name}": "float64" for name in MEASURES},
    "n_posts": "int64",
    "first_seen": "Int64",
    "last_seen": "Int64",
    "lead_share": "float64",
    **EVIDENCE_COUNTS,
    "new": "bool",
    "url": "str",
}


def describe_accounts(
    graph: nx.Graph[str], pairs: pd.DataFrame, posts: pd.DataFrame, pool: Iterable[str] = ()
) -> pd.DataFrame:
    """Describe every account of a coordination network.

    Parameters
    ----------
    graph
        The network, as :func:`coordlib.generate_coordinated_network` returns it.
    pairs
        All pairs of the day, also those under the threshold.
    posts
        The day's posts with the columns of :mod:`coordlib.posts`.
    pool
        The accounts that were watched before this day.

    Returns
    -------
    pandas.DataFrame
        One row per account, sorted by ``account_id``: ``network`` (its component, the largest is 1),
        ``unique_shares_count`` (distinct posts of the account in `pairs`), ``avg_time_delta`` (seconds) and
        ``avg_edge_symmetry_score`` (means over its edges), ``degree``, ``strength`` (sum of weights),
        ``betweenness`` (weight as distance, normalised), ``avg_views``, ``avg_likes``, ``avg_comments``,
        ``avg_shares`` (means over all its posts of the day, each counted once), ``n_posts`` (its posts behind
        retained edges), ``first_seen``, ``last_seen`` (of those, UTC seconds; Int64),
        ``lead_share`` (share of its pairs behind retained edges in which it posted first; 0–1), ``evidence``
        (strongest class among its edges), ``n_significant``, ``n_undecided`` (edges of those classes; missing where
        the graph was not tested), ``new`` (bool; not in `pool`) and ``url`` (address of its page).

    References
    ----------
    Betweenness: Brandes, U. (2001). A faster algorithm for betweenness centrality. Journal of Mathematical
    Sociology 25, 163–177, https://doi.org/10.1080/0022250X.2001.9990249
    """
    known = plain_posts(posts)
    if graph.number_of_edges() == 0:
        return empty_table(_COLUMNS)
    table = account_stats(graph, pairs, weight_threshold="none")
    table["network"] = table["account_id"].map(network_numbers(graph))
    table["degree"] = table["account_id"].map(dict(graph.degree()))
    table["strength"] = table["account_id"].map(dict(graph.degree(weight="weight")))
    table["betweenness"] = table["account_id"].map(betweenness(graph))
    table = table.join(mean_engagement(known, "account_id"), on="account_id")
    evidence = evidence_pairs(pairs, graph)
    table = table.join(_activity(evidence, known), on="account_id")
    table["n_posts"] = table["n_posts"].fillna(0)
    leads = account_leads(evidence).set_index("account_id")["lead_share"]
    table["lead_share"] = table["account_id"].map(leads)
    table = table.join(account_evidence(graph), on="account_id")
    table["new"] = ~table["account_id"].isin(set(pool))
    table["url"] = _addresses(table["account_id"], known)
    return table[list(_COLUMNS)].astype(_COLUMNS)


def _addresses(accounts: pd.Series, posts: pd.DataFrame) -> pd.Series:
    """Address of each account's page: the source's own, else made for the platforms whose addresses are known."""
    first = (
        posts.sort_values(["posted_at", "content_id"]).drop_duplicates("account_id").set_index("account_id")
    )
    own, platform = accounts.map(first["account_url"]), accounts.map(first["platform"])
    made = [account_address(name, where) for name, where in zip(accounts, platform, strict=True)]
    return own.where(own.notna(), pd.Series(made, index=accounts.index, dtype="str")).astype("str")


def _activity(evidence: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """First and last coordinated post of each account, and their number."""
    ends = pd.DataFrame(
        {
            "account_id": pd.concat([evidence["account_id"], evidence["account_id_y"]]),
            "content_id": pd.concat([evidence["content_id"], evidence["content_id_y"]]),
        }
    ).drop_duplicates()
    ends["posted_at"] = ends["content_id"].map(posts.set_index("content_id")["posted_at"]).astype("Int64")
    groups = ends.groupby("account_id")
    return pd.DataFrame(
        {
            "n_posts": groups["content_id"].nunique(),
            "first_seen": groups["posted_at"].min(),
            "last_seen": groups["posted_at"].max(),
        }
    )
