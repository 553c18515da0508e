"""Turn an export into shares: one row per post and object."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coordlib.errors import ParameterError
from coordlib.sources.exports.model import Export, ObjectSource, blank

COLUMNS = ("object_id", "account_id", "content_id", "timestamp_share")


def to_shares(
    export: Export, *, object: str | Sequence[str] | None = None, split: bool = True
) -> pd.DataFrame:
    """Return the shares of an export, ready for ``detect_groups``.

    Parameters
    ----------
    export
        What :func:`coordlib.sources.exports.read_export` gave.
    object
        Which candidate was shared, such as ``"link"``, ``"text"`` or ``"hashtag"``; several names
        give several layers; None: the format's usual one.
    split
        Whether a list (hashtags, links, effects) gives one row per item; False keeps the whole
        list as one object ("the same set of hashtags").

    Returns
    -------
    DataFrame
        object_id, account_id, content_id (str), timestamp_share (int64 UTC seconds), and layer
        (str) where several objects were named. Posts without the object, and a platform's default
        object (TikTok's effect ``0``), are left out: they would make one giant false network.

    Raises
    ------
    ParameterError
        The format has no such object; those it has are named.

    Examples
    --------
    >>> from coordlib.sources.exports import format_by_name, normalise
    >>> table = pd.DataFrame({"video_id": ["1"], "author_name": ["ann"], "create_time": ["1000"],
    ...                       "hashtag_names": ["tea,cake"]})
    >>> export = normalise(table, format_by_name("traktok"))
    >>> to_shares(export, object="hashtag")["object_id"].tolist()
    ['tea', 'cake']
    >>> to_shares(export, object="hashtag", split=False)["object_id"].tolist()
    ['tea,cake']
    """
    names = _names(export, object)
    layers = [_layer(export, name, split) for name in names]
    if len(names) == 1:
        return layers[0]
    tables = [
        layer.assign(layer=pd.Series(name, index=layer.index, dtype="str"))
        for name, layer in zip(names, layers, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def without_object(export: Export, *, object: str | Sequence[str] | None = None) -> int:
    """Return how many posts of an export hold none of the named objects."""
    empty = pd.Series(True, index=export.frame.index)
    for name in _names(export, object):
        values = export.frame[f"object_{name}"]
        empty &= blank(values) | values.isin(export.format.objects[name].ignore)
    return int(empty.sum())


def _names(export: Export, object: str | Sequence[str] | None) -> list[str]:
    known = export.format
    wanted = object or known.default_object
    names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
    unknown = [name for name in names if name not in known.objects]
    if unknown:
        raise ParameterError(
            f"object '{unknown[0]}': {known.title} offers {', '.join(known.objects)} (usually {known.default_object})"
        )
    return names


def _layer(export: Export, name: str, split: bool) -> pd.DataFrame:
    source = export.format.objects[name]
    frame = export.frame
    shares = pd.DataFrame(
        {
            "object_id": frame[f"object_{name}"],
            "account_id": frame["account_id"],
            "content_id": frame["content_id"],
            "timestamp_share": frame["timestamp_share"],
        }
    )
    shares = shares[~blank(shares["object_id"])]
    separator = _separator(source)
    if split and separator is not None:
        shares = shares.assign(object_id=shares["object_id"].str.split(separator, regex=True)).explode(
            "object_id"
        )
        shares["object_id"] = shares["object_id"].astype("str").str.strip()
        shares = shares[~blank(shares["object_id"])]
        # A hashtag written twice in a post was shared once.
        shares = shares.drop_duplicates(["object_id", "account_id", "content_id", "timestamp_share"])
    if source.ignore:
        shares = shares[~shares["object_id"].isin(source.ignore)]
    shares["timestamp_share"] = shares["timestamp_share"].astype("int64")
    return shares.reset_index(drop=True)


def _separator(source: ObjectSource) -> str | None:
    return r"\s+" if source.links else source.separator
