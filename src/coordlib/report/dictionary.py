"""The data dictionary: what every column of a day's files means, from one source.

The day's README, its datapackage.json and the site's data-dictionary page are all made from here.
"""

from __future__ import annotations

from collections.abc import Iterable

from coordlib.report.columns import (
    ADDED,
    CLASSES,
    COORTWEET,
    DISCOVERED,
    EPISODES,
    EVIDENCE,
    OCCASIONS,
    Q_VALUE,
    Column,
    Table,
    strongest_evidence,
)
from coordlib.report.columns import column as _c

COORNET = "Giglietto et al., CooRnet"
NETWORKX = "networkx"


_ACCOUNT = _c("account_id", "string", "Account name, as the platform gives it.")
_NETWORK = _c(
    "network",
    "integer",
    "Number of the network (connected component) on this day. "
    "The same number on another day is another network: compare the accounts.",
    "",
    "connected components",
    NETWORKX,
)
_FIRST = _c("first_seen", "integer", "Time of the earliest coordinated post.", "UTC seconds since 1970")
_LAST = _c("last_seen", "integer", "Time of the latest coordinated post.", "UTC seconds since 1970")
_MEAN = "mean over the posts that have the number"


def _engagement(what: str, prefix: str = "avg_") -> tuple[Column, ...]:
    names = ("views", "likes", "comments", "shares")
    if prefix:
        return tuple(
            _c(f"{prefix}{name}", "number", f"Mean {name} of the {what}.", f"{name} per post", _MEAN)
            for name in names
        )
    return tuple(
        _c(name, "integer", f"{name.capitalize()} of the {what} when collected.", name) for name in names
    )


ACCOUNTS = Table(
    "accounts",
    "one account of the day's coordinated network",
    (
        _ACCOUNT,
        _NETWORK,
        _c(
            "unique_shares_count",
            "integer",
            "Distinct posts of the account in any pair of the day, also in pairs "
            "whose edge is under the threshold.",
            "posts",
            "|{content_id in pairs}|",
            COORTWEET,
        ),
        _c(
            "avg_time_delta",
            "number",
            "Mean, over the account's edges, of the mean time between its posts and the other account's.",
            "seconds",
            "mean of avg_time_delta over the edges",
            COORTWEET,
        ),
        _c(
            "avg_edge_symmetry_score",
            "number",
            "How evenly both ends contribute posts to the account's edges: 1 evenly, near 0 one-sidedly.",
            "0–1",
            "mean of edge_symmetry_score over the edges",
            COORTWEET,
        ),
        _c("degree", "integer", "Accounts it is connected to.", "accounts", "number of edges", NETWORKX),
        _c("strength", "number", "Sum of the weights of its edges.", "post pairs", "Σ weight", NETWORKX),
        _c(
            "betweenness",
            "number",
            "Share of shortest paths between others that pass through it, with the weight "
            "as distance, as in the reference report.",
            "0–1",
            "normalised betweenness centrality",
            NETWORKX,
        ),
        *_engagement("account's posts of the day"),
        _c("n_posts", "integer", "Posts of the account behind kept edges.", "posts"),
        _FIRST,
        _LAST,
        _c(
            "lead_share",
            "number",
            "Share of its pairs behind kept edges in which its post is the older one.",
            "0–1",
            "pairs where it is first / pairs",
        ),
        *strongest_evidence("account"),
        _c("new", "boolean", "Whether the account was not in the pool before this day."),
        _c("url", "string", "Address of the account's page."),
    ),
)

NETWORKS = Table(
    "networks",
    "one network (connected component) of the day",
    (
        _NETWORK,
        _c(
            "label",
            "string",
            "Words that set the network apart from the day's others; made as label_method says.",
        ),
        _c("label_method", "string", "How the label was made; run.json keeps what it rests on."),
        _c("n_accounts", "integer", "Accounts in the network.", "accounts"),
        _c("n_edges", "integer", "Edges in the network.", "edges"),
        *strongest_evidence("network"),
        _c(
            "q_value",
            "number",
            "Smallest q of its edges, those of the second look aside.",
            "0–1",
            "min q_value",
            EVIDENCE,
        ),
        _c(
            "density",
            "number",
            "Share of the possible edges that are there.",
            "0–1",
            "2m / (n (n − 1))",
            NETWORKX,
        ),
        _c(
            "diameter",
            "integer",
            "Longest of the shortest paths between two accounts.",
            "edges",
            "max d(u, v)",
            NETWORKX,
        ),
        _c(
            "diameter_weighted",
            "number",
            "Longest of the shortest paths, with the weight as distance.",
            "post pairs",
            "max Σ weight",
            NETWORKX,
        ),
        _c(
            "transitivity",
            "number",
            "Share of connected triples that are closed.",
            "0–1",
            "3 × triangles / triples",
            NETWORKX,
        ),
        _c(
            "coorscore",
            "number",
            "Mean over the accounts of strength divided by degree.",
            "post pairs per edge",
            "mean(strength / degree)",
            COORNET,
        ),
        _c(
            "coordinated_share_ratio",
            "number",
            "Coordinated posts of its accounts among all posts of theirs that were collected.",
            "0–1",
            "coordinated posts / posts",
            COORNET,
        ),
        _c(
            "gini_objects",
            "number",
            "Concentration of the coordinated posts on few objects: 0 evenly spread, 1 all on one.",
            "0–1",
            "unbiased Gini coefficient of posts per object",
            COORNET,
        ),
        _c("n_posts", "integer", "Coordinated posts in the network.", "posts"),
        _c("n_objects", "integer", "Distinct objects shared in a coordinated way.", "objects"),
        *_engagement("posts of its accounts on the day"),
        _FIRST,
        _LAST,
        _c("accounts", "array", "Its accounts, sorted."),
    ),
)

POSTS = Table(
    "posts",
    "one post that is in at least one pair behind a retained edge",
    (
        _c("content_id", "string", "Identifier of the post, text in full length (not a number)."),
        _c("url", "string", "Address of the post."),
        _ACCOUNT,
        _NETWORK,
        _c("posted_at", "integer", "Time of the post.", "UTC seconds since 1970"),
        _c(
            "object_id", "string", "What was shared: the caption as written, commas and line breaks included."
        ),
        _c(
            "n_accounts",
            "integer",
            "Distinct accounts that posted the same object in the pairs of pairs.csv, both "
            "ends of each pair counted.",
            "accounts",
        ),
        *_engagement("post", ""),
        _c("text", "string", "Caption of the post, as written."),
    ),
)

EDGES = Table(
    "edges",
    "two accounts that posted the same things at nearly the same time more often than the threshold",
    (
        _c("account_id", "string", "The account whose name comes first in code-point order."),
        _c("account_id_y", "string", "The other account."),
        _NETWORK,
        _c("weight", "integer", "Post pairs of the two accounts.", "post pairs", "rows of pairs", COORTWEET),
        _c(
            "n_objects",
            "integer",
            "Distinct objects behind the weight. One object makes weak evidence, however large the weight.",
            "objects",
        ),
        _c(
            "avg_time_delta",
            "number",
            "Mean time between the two posts of a pair.",
            "seconds",
            "mean(time_delta)",
            COORTWEET,
        ),
        _c("n_content_id", "integer", "Distinct posts of account_id in the pairs.", "posts"),
        _c("n_content_id_y", "integer", "Distinct posts of account_id_y in the pairs.", "posts"),
        _c(
            "edge_symmetry_score",
            "number",
            "How evenly the two contribute posts.",
            "0–1",
            "min(n_content_id, n_content_id_y) / max(…)",
            COORTWEET,
        ),
        _c("object_ids", "array", "The distinct objects, in the order in which they were first paired."),
        _c(
            "weight_threshold",
            "integer",
            "1 where the edge is kept: its weight is above the day's threshold, or its class is one of those chosen.",
            "0 or 1",
            "weight > quantile(weights, edge_weight)",
            COORTWEET,
        ),
        OCCASIONS,
        EPISODES,
        _c("evidence", "string", f"What the edge is evidence of: {CLASSES}.", "", "", EVIDENCE),
        Q_VALUE,
        ADDED,
    ),
)

PAIRS = Table(
    "pairs",
    "the evidence: two posts of one object within the time window, behind a retained edge",
    (
        _c("object_id", "string", "What both shared."),
        _c("account_id", "string", "Account of the older post."),
        _c("account_id_y", "string", "Account of the newer post."),
        _c("content_id", "string", "The older post."),
        _c("content_id_y", "string", "The newer post."),
        _c("time_delta", "integer", "Time between the two posts.", "seconds", "|t − t_y|", COORTWEET),
        _NETWORK,
        _c("posted_at", "integer", "Time of the older post.", "UTC seconds since 1970"),
        _c("posted_at_y", "integer", "Time of the newer post.", "UTC seconds since 1970"),
        _c("url", "string", "Address of the older post."),
        _c("url_y", "string", "Address of the newer post."),
    ),
)

#: Every table of a day, in the order a reader meets them.
TABLES: tuple[Table, ...] = (ACCOUNTS, NETWORKS, POSTS, EDGES, PAIRS, DISCOVERED)
_BY_NAME = {table.name: table for table in TABLES}


def describe_column(table: str, name: str) -> Column:
    """Return what is known about a column; an unknown one is text without a definition.

    Examples
    --------
    >>> describe_column("edges", "n_objects").unit
    'objects'
    """
    known = {column.name: column for column in _BY_NAME[table].columns} if table in _BY_NAME else {}
    return known.get(name, Column(name, "any", ""))


def undocumented(table: str, columns: Iterable[str]) -> list[str]:
    """Return the columns of a written table that the dictionary does not explain."""
    return [name for name in columns if not describe_column(table, name).definition]
