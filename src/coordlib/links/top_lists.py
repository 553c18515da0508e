"""What a link-sharing network spread: its URLs and its posts with most engagement."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from coordlib.errors import MissingColumnError, ParameterError
from coordlib.links.coord_shares import CoordShares
from coordlib.posts import as_counts

#: The counts that add up to engagement, in CooRnet's order.
ENGAGEMENT = tuple(
    f"statistics.actual.{kind}Count"
    for kind in ("like", "share", "comment", "love", "wow", "haha", "sad", "angry")
)
URL_COLUMNS = (
    "expanded",
    "shares",
    "engagement",
    *ENGAGEMENT,
    "comments.shares.ratio",
    "cooR.shares",
    "account.url",
    "cooR.account.url",
    "account.name",
    "cooR.account.name",
    "components",
    "clusters",
)
SHARE_COLUMNS = (
    "account.url",
    "date",
    "title",
    "description",
    "message",
    "postUrl",
    "account.name",
    "account.handle",
    "account.subscriberCount",
    "expanded",
    *ENGAGEMENT,
    "engagement",
    "component",
)
_URL_ORDERS = ("shares", "engagement", *ENGAGEMENT, "comments.shares.ratio", "cooR.shares")
_SHARE_ORDERS = ("engagement", *ENGAGEMENT, "account.subscriberCount")

GroupBy = Literal["components", "clusters", "none"]


def get_top_coord_urls(
    output: CoordShares, order_by: str = "engagement", group_by: GroupBy = "components", top: int = 10
) -> pd.DataFrame:
    """Return the URLs the network shared in a coordinated way, with most engagement first.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned.
    order_by
        ``engagement``, ``shares``, ``cooR.shares``, ``comments.shares.ratio`` or one
        ``statistics.actual.…Count``; for ``shares`` and ``cooR.shares`` no counts are needed.
    group_by
        Rank within each list of components (a URL that components 1 and 2 shared is ranked in
        "1,2"), within each list of clusters, or overall (``none``).
    top
        URLs per group; overall, URLs equal to the last one are kept too.

    Returns
    -------
    DataFrame
        Columns :data:`URL_COLUMNS`, and ``rank`` within groups. ``shares`` and all counts are sums
        over *every* share of the URL in the input, coordinated or not; engagement = like + share +
        comment + love + wow + haha + sad + angry; ``comments.shares.ratio`` = (comments − shares)
        / (comments + shares), −1 to 1: above 0 people talk rather than pass on.

    Raises
    ------
    ParameterError
        An order, a group or a number that does not exist.
    MissingColumnError
        The input has none of the ``statistics.actual.…Count`` columns, and the order needs one.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "date": [0, 1], "expanded": ["u", "u"],
    ...                        "statistics.actual.likeCount": [3, 4]})
    >>> get_top_coord_urls(get_coord_shares(shares, 10), group_by="none")["engagement"].tolist()
    [7]
    """
    _check(top, order_by=(order_by, _URL_ORDERS), group_by=(group_by, ("components", "clusters", "none")))
    shares = _with_engagement(output, needed=order_by not in ("shares", "cooR.shares"))
    coordinated = shares[shares["is_coordinated"] & shares["account.url"].isin(output.entities["name"])]
    urls = shares[shares["expanded"].isin(coordinated["expanded"])]
    by_url = urls.groupby("expanded", sort=True)
    counted = [name for name in ENGAGEMENT if name in output.shares.columns]
    counted = counted and ["engagement", *counted]
    table = by_url.size().to_frame("shares").join(by_url[counted].sum(min_count=0))
    # A kind of count the input does not have is unknown, never 0.
    table = table.reindex(columns=["shares", "engagement", *ENGAGEMENT])
    if output.compat == "coornet" and counted:
        complete = by_url[counted].count().eq(by_url.size(), axis=0)
        table[counted] = table[counted].where(complete)
    comments, passed = table["statistics.actual.commentCount"], table["statistics.actual.shareCount"]
    table["comments.shares.ratio"] = (comments - passed) / (comments + passed)
    table["cooR.shares"] = coordinated.groupby("expanded").size()
    for name in ("account.url", "account.name"):
        table[name], table[f"cooR.{name}"] = _joined(urls, name), _joined(coordinated, name)
    # An account's component and cluster, in the order of the entities table.
    members = output.entities[["name", "component", "cluster"]].merge(
        coordinated[["expanded", "account.url"]], left_on="name", right_on="account.url"
    )
    table["components"], table["clusters"] = _joined(members, "component"), _joined(members, "cluster")
    table = table.reset_index().reindex(columns=list(URL_COLUMNS))
    return _ranked(table, order_by, None if group_by == "none" else group_by, top)


def get_top_coord_shares(
    output: CoordShares, order_by: str = "engagement", component: bool = True, top: int = 10
) -> pd.DataFrame:
    """Return the network's coordinated posts with most engagement, per component or overall.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned.
    order_by
        ``engagement``, one ``statistics.actual.…Count`` or ``account.subscriberCount``.
    component
        Rank within each component (True) or overall.
    top
        Posts per component, or overall; overall, posts equal to the last one are kept too.

    Returns
    -------
    DataFrame
        Columns :data:`SHARE_COLUMNS` (missing where the input has no such column), and ``rank``
        within components.

    Raises
    ------
    ParameterError, MissingColumnError
        As :func:`get_top_coord_urls`.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "date": [0, 1], "expanded": ["u", "u"],
    ...                        "statistics.actual.likeCount": [3, 4]})
    >>> get_top_coord_shares(get_coord_shares(shares, 10))[["account.url", "rank"]].values.tolist()
    [['b', 1], ['a', 2]]
    """
    _check(top, order_by=(order_by, _SHARE_ORDERS))
    shares = of_network(_with_engagement(output), output, "component")
    table = shares.reindex(columns=list(SHARE_COLUMNS))
    return _ranked(table, order_by, "component" if component else None, top)


def of_network(shares: pd.DataFrame, output: CoordShares, by: str) -> pd.DataFrame:
    """Return the coordinated ones of some shares, with the component (or cluster) of their accounts."""
    shares = shares[shares["is_coordinated"]].drop(columns=by, errors="ignore")
    groups = output.entities[["name", by]]
    return shares.merge(groups, left_on="account.url", right_on="name", suffixes=("", ".entity"))


def _with_engagement(output: CoordShares, *, needed: bool = True) -> pd.DataFrame:
    """Add engagement per post, missing where the input has no count at all; a missing count is 0, but not in compat."""
    shares = output.shares
    there = [name for name in ENGAGEMENT if name in shares.columns]
    if not there and needed:
        raise MissingColumnError.from_names(["statistics.actual.likeCount"], shares.columns, "engagement")
    counts = shares.reindex(columns=list(ENGAGEMENT)).apply(as_counts).astype(float)
    # A kind of reaction the export does not have adds nothing; a missing count of one it has is R's NA.
    total = counts[there].sum(axis=1, skipna=output.compat is None, min_count=0 if there else 1)
    return shares.assign(**{name: counts[name] for name in ENGAGEMENT}, engagement=total)


def _joined(shares: pd.DataFrame, column: str) -> pd.Series:
    if column not in shares.columns:
        return pd.Series(None, index=pd.Index([], name="expanded"), dtype="str")
    pairs = shares[["expanded", column]].dropna().drop_duplicates()
    texts = pairs[column].astype(str)
    if column == "account.name":
        texts = "'" + texts.str.replace("'", r"'\''", regex=False) + "'"
    return texts.groupby(pairs["expanded"]).agg(",".join)


def _ranked(table: pd.DataFrame, order_by: str, group: str | None, top: int) -> pd.DataFrame:
    """Rank descending, ties in the order of the table; keep the first *top*, of each group or with those equal to the last."""
    whole = [name for name in (*ENGAGEMENT, "engagement") if table[name].notna().all()]
    table = table.astype(dict.fromkeys(whole, "int64"))  # where no count is missing
    if group is None:
        rank = table[order_by].rank(method="first", ascending=False, na_option="bottom")
        rank = table[order_by].rank(method="min", ascending=False).fillna(rank)  # unknown is equal to nothing
        return table.loc[rank[rank <= top].sort_values(kind="stable").index].reset_index(drop=True)
    rank = table.groupby(group)[order_by].rank(method="first", ascending=False, na_option="bottom")
    table = table.assign(rank=rank.astype("int64"))[rank <= top]
    return table.sort_values([group, "rank"], kind="stable", ignore_index=True)


def _check(top: int, **chosen: tuple[str, tuple[str, ...]]) -> None:
    for name, (value, choices) in chosen.items():
        if value not in choices:
            raise ParameterError(f"{name} = {value!r}: choose one of {', '.join(choices)}")
    if isinstance(top, bool) or top < 1:
        raise ParameterError(f"top = {top}: choose a whole number from 1")
