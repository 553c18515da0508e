"""The table CooRnet's functions take, from any export that holds links."""

from __future__ import annotations

import pandas as pd

from coordlib.errors import InputError
from coordlib.sources.exports.crowdtangle import crowdtangle_link_shares
from coordlib.sources.exports.mapping import Format
from coordlib.sources.exports.model import Export, coornet_columns, first_filled
from coordlib.sources.exports.shares import to_shares

_CROWDTANGLE = frozenset({"crowdtangle-facebook", "crowdtangle-api"})
#: Objects that are addresses, the most certain first.
_ADDRESSES = ("link", "url", "text_link")
_OWNER_TYPES = ("page", "group", "profile")


def link_object(known: Format, where: str) -> str:
    """Return the name of a format's object that is a web address.

    Raises
    ------
    InputError
        The format has none.
    """
    for name in _ADDRESSES:
        if name in known.objects:
            return name
    raise InputError(
        f"{where}: is read as {known.name}, which holds no links (only {', '.join(known.objects)}); "
        "use 'coordlib detect' for those"
    )


def export_link_shares(export: Export) -> pd.DataFrame:
    """Turn any export that holds links into the table of link shares CooRnet's functions take.

    Parameters
    ----------
    export
        What :func:`coordlib.read_export` gave.

    Returns
    -------
    DataFrame
        One row per post and link: ``expanded``, ``account.url`` (the account's id), ``date`` (UTC seconds),
        ``id``, name, handle and type of the account, texts, and
        ``statistics.actual.*Count`` (Int64, missing where the platform does not say). CrowdTangle's
        files as :func:`coordlib.crowdtangle_link_shares` reads them.

    Raises
    ------
    InputError
        The format has no links.

    Examples
    --------
    >>> from coordlib.sources.exports import format_by_name, normalise
    >>> table = pd.DataFrame({"id": ["1"], "username": ["ann"], "date": ["2026-01-02 10:00:00"],
    ...                       "text": ["Read https://news.example/a"]})
    >>> shares = export_link_shares(normalise(table, format_by_name("communalytic")))
    >>> shares[["account.url", "expanded", "date"]].values.tolist()
    [['ann', 'https://news.example/a', 1767348000]]
    """
    if export.format.name in _CROWDTANGLE:
        return crowdtangle_link_shares(export)
    links = to_shares(export, object=link_object(export.format, export.report.source))
    rows = export.frame.drop_duplicates("content_id").set_index("content_id").loc[links["content_id"]]
    rows = rows.reset_index(drop=True)
    table = pd.DataFrame(
        {
            "expanded": links["object_id"],
            "account.url": links["account_id"],
            "date": links["timestamp_share"],
            "id": links["content_id"],
        }
    )
    table = table.assign(**coornet_columns(rows, "texts"))
    # In CooRnet's words, where the Meta Content Library says it.
    kind = first_filled(rows, ("post_owner.type", "surface.type")).str.strip().str.lower()
    table["account.accountType"] = kind.where(~kind.isin(_OWNER_TYPES), "facebook_" + kind)
    return table.assign(**coornet_columns(rows, "counts"))
