"""Turn an export into shares: one row per post and object."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from coordlib.addresses import video_address
from coordlib.errors import ParameterError
from coordlib.posts import as_posts
from coordlib.sources.exports.model import Export, blank

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
    >>> table = pd.DataFrame({"video_id": ["1"], "author_name": ["ann"], "create_time": ["1735689600"],
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
    wanted = object or known.object
    names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
    unknown = [name for name in names if name not in known.objects]
    if unknown:
        raise ParameterError(
            f"object '{unknown[0]}': {known.title} offers {', '.join(known.objects)} (usually {known.object})"
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
    separator = source.pattern
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


#: Candidate of a format to the column of a table of posts; any other keeps its name.
POST_NAMES = {
    "hashtag": "hashtags",
    "tag": "hashtags",
    "link": "links",
    "music": "music_id",
    "effect": "effect_ids",
    "voice": "voice_to_text",
}


def as_post_table(export: Export) -> pd.DataFrame:
    """Return an export as a table of posts (:mod:`coordlib.posts`); ``attrs["object_id"]`` names its usual object.

    Examples
    --------
    >>> from coordlib.sources.exports import format_by_name, normalise
    >>> table = pd.DataFrame({"video_id": ["1"], "author_name": ["ann"], "create_time": ["1735689600"],
    ...                       "hashtag_names": ["tea,cake"], "video_description": ["Tea"]})
    >>> as_post_table(normalise(table, format_by_name("traktok")))[["text", "hashtags", "platform"]].values.tolist()
    [['Tea', ['tea', 'cake'], 'tiktok']]
    """
    frame, known = export.frame, export.format
    plain = {
        name: frame[name] for name in ("content_id", "account_id", "account_name", "url") if name in frame
    }
    counts = {name: frame[name] for name in ("likes", "comments", "shares", "views") if name in frame}
    found: dict[str, pd.Series] = {**plain, "posted_at": frame["timestamp_share"], **counts}
    for name, source in known.objects.items():
        cells = frame[f"object_{name}"].where(~blank(frame[f"object_{name}"]))
        separator = source.pattern
        column = POST_NAMES.get(name, name)
        if column == "links" and separator is None:
            cells = cells.map(lambda cell: [cell] if isinstance(cell, str) else None).astype(object)
        elif separator is not None:
            cells = _items(cells, separator, source.ignore)
        elif source.ignore:
            cells = cells.where(~cells.isin(source.ignore))
        found[column] = cells
    if "text" not in found and "title" in found:
        found["text"] = found["title"]
    posts = as_posts(pd.DataFrame(found), known.platform)
    if known.platform == "tiktok":
        made = [video_address(a, c) for a, c in zip(posts["account_id"], posts["content_id"], strict=True)]
        posts["url"] = posts["url"].where(
            posts["url"].notna(), pd.Series(made, index=posts.index, dtype="str")
        )
    posts.attrs["object_id"] = POST_NAMES.get(known.object, known.object)
    return posts


def _items(cells: pd.Series, separator: str, ignore: frozenset[str]) -> pd.Series:
    """Split cells into lists of distinct items."""

    def split(cell: object) -> list[str] | None:
        if not isinstance(cell, str):
            return None
        parts = (part.strip() for part in re.split(separator, cell))
        return list(dict.fromkeys(part for part in parts if part and part not in ignore))

    return cells.astype(object).map(split)
