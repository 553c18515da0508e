"""The one table of posts, and the shares made from it: who shared which object, in which post, and when.

``url`` is the address of the post itself, ``links`` are the addresses it shares. Further columns are kept beside.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from coordlib.addresses import video_address
from coordlib.columns import check_table, one_column
from coordlib.errors import DuplicateContentError, InputError, MissingColumnError, ParameterError
from coordlib.ids import as_ids, fold_hashtag, rounded_id, without_point
from coordlib.near.captions import MADE, made_column
from coordlib.times import PLAUSIBLE, as_seconds, refuse_implausible, warn_of_days

#: The columns of a table of posts; lists are Python lists, or missing where a source has none.
POST_COLUMNS: Mapping[str, str] = {
    "content_id": "str",
    "account_id": "str",
    "posted_at": "int64",
    "text": "str",
    "url": "str",
    "platform": "str",
    "likes": "Int64",
    "comments": "Int64",
    "shares": "Int64",
    "views": "Int64",
    "hashtags": "object",
    "links": "object",
}

#: What one thing in a column is called, in formats and by people, to the column of the table of posts that holds it.
_OBJECT_COLUMNS = {
    "hashtag": "hashtags",
    "tag": "hashtags",
    "link": "links",
    "url": "links",
    "music": "music_id",
    "effect": "effect_ids",
    "voice": "voice_to_text",
}

SHARE_COLUMNS = ("object_id", "account_id", "content_id", "timestamp_share")


def object_column(name: str, columns: Collection[str] = ()) -> str:
    """Return the column that holds an object: `name` where there is such a column, else that of ``hashtag``, ``link``, …"""
    return name if name in columns else _OBJECT_COLUMNS.get(name, name)


def as_counts(values: pd.Series[Any]) -> pd.Series[Any]:
    """Read counts such as ``1,972,048`` or R's ``1e+05``; what is no whole number from 0 on is unknown, never 0."""
    if not pd.api.types.is_numeric_dtype(values):
        text = values.astype("str").str.strip().str.replace(r"(?<=\d),(?=\d{3})", "", regex=True)
        number = r"\d{1,16}(?:\.0*)?|\d(?:\.\d+)?[eE]\+?\d{1,2}"
        values = pd.to_numeric(text.where(text.str.fullmatch(number, na=False)), errors="coerce")
    # From where floats begin to round, a number is no count.
    return values.where((values % 1 == 0) & values.between(0, 2**53 - 1)).astype("Int64")


def prep_data(
    frame: pd.DataFrame,
    object_id: str = "object_id",
    account_id: str = "account_id",
    content_id: str = "content_id",
    timestamp_share: str = "timestamp_share",
    layer: str | None = None,
    duplicates: Literal["keep", "drop", "error"] = "keep",
    plausible: tuple[int, int] | None = PLAUSIBLE,
) -> pd.DataFrame:
    """Rename and normalise the columns of a table of posts into shares.

    Parameters
    ----------
    frame
        One row per post and object (a post with two hashtags has two rows). It is not changed.
    object_id, account_id, content_id, timestamp_share
        Names of the columns that hold what was shared, who shared it, the post, and when. For a table of posts
        ``object_id`` is what counts as the object: ``"text"``, ``"hashtags"``, ``"links"`` (or ``"hashtag"``, ``"link"``) or any other column, and
        ``timestamp_share`` is ``"posted_at"``. A column of lists gives one share per item. ``"near_text"``,
        ``"reworded_text"`` (:func:`coordlib.near.add_near_text`) and ``"hashtag_sequence"`` are made from ``text`` where the
        table has no such column.
    layer
        Name of a column that says which platform or modality a row belongs to, if there is one.
    duplicates
        What to do with a content listed more than once for one object: ``"keep"`` the rows (they
        multiply edge weights, as in CooRTweet), ``"drop"`` all but the earliest, or ``"error"``.
    plausible
        First time and end of the times a post can have, in UTC seconds (1990 to 2099); None takes every number. A column that
        begins near 0 and stays small is a clock of its own and taken too, but not zeros, years or a spreadsheet's day numbers.

    Returns
    -------
    pandas.DataFrame
        Columns ``object_id``, ``account_id``, ``content_id`` (str; missing stays missing, and an empty
        or blank cell is missing; line breaks of an object are ``\\n``),
        ``timestamp_share`` (int64 seconds since 1970 UTC; Int64 if some are missing) and ``layer`` if
        asked for. Rows keep their order; the index is 0 … n−1; ``attrs`` names the object's column (``object_id``),
        counts ``posts_without_object``, ``posts_used`` (rows of `frame`) and ``shares_made``, and says whether any number was
        taken as a time (``any_time``).

    Raises
    ------
    MissingColumnError, TimeFormatError, DuplicateContentError, InputError
        A named column is not there; a time is none or no post can have it; with ``duplicates="error"`` a content is listed
        twice for one object; ids were read as floats, so that digits are lost. Each names the row.

    Notes
    -----
    Numbers are Unix seconds; those of 10¹¹ and more are taken as milli-, micro- or nanoseconds, and a time
    after the year 2286 is refused: it is a date written as one number.
    Days without an hour are taken as their midnight, with a warning: no window shorter than a day means anything then.
    Fractions of a second are cut off. Dates and times without a zone are UTC; spellings may be mixed in
    one column. Follows ``prep_data`` of CooRTweet (Righetti & Balluff), which fails on a column that
    mixes ``T`` and blank, and turns the numeric id 100000 into ``1e+05``.

    Examples
    --------
    >>> posts = pd.DataFrame({"caption": ["a", "a"], "user": [7, 8], "id": [100000, 100001],
    ...                       "time": ["2025-01-01T00:00:00Z", "2025-01-01 00:00:30"]})
    >>> shares = prep_data(posts, object_id="caption", account_id="user", content_id="id", timestamp_share="time")
    >>> shares["content_id"].tolist(), shares["timestamp_share"].tolist()
    (['100000', '100001'], [1735689600, 1735689630])
    """
    if duplicates not in ("keep", "drop", "error"):
        raise ParameterError(f"duplicates = {duplicates!r}: choose 'keep', 'drop' or 'error'")
    check_table(frame, (), "the table")
    names = {"object_id": object_id, "account_id": account_id, "content_id": content_id}
    if layer is not None:
        names["layer"] = layer
    for role, name in (*names.items(), ("timestamp_share", timestamp_share)):
        if not isinstance(name, Hashable):
            raise ParameterError(f"{role} = {name!r}: give the name of one column")
    object_id = names["object_id"] = object_column(object_id, frame.columns)
    if object_id in MADE and object_id not in frame.columns and timestamp_share in frame.columns:
        check_table(frame, ["text"], f"the table ({object_id} is made from it)")
        times = as_seconds(one_column(frame, timestamp_share), timestamp_share)
        frame = frame.assign(**{object_id: made_column(frame, object_id, times)})
    posts_used, frame = len(frame), _one_row_an_item(frame, object_id)
    named = {*names.values(), timestamp_share}
    if missing := {name for name in named if name not in frame.columns}:
        raise MissingColumnError.from_names(missing, frame.columns, used=named - missing)
    columns = {role: as_ids(one_column(frame, name), name) for role, name in names.items()}
    if columns["object_id"].str.contains("\r", regex=False).any():  # any kind of line end is the same one
        columns["object_id"] = columns["object_id"].str.replace(r"\r\n?", "\n", regex=True)
    for role in ("account_id", "content_id"):
        if (found := rounded_id(columns[role])) is not None:
            row, value = found
            raise InputError(
                f"column '{names[role]}', row {row + 1} of the data: '{value}' is a rounded id and cannot be repaired; "
                "use the file as it was exported, and read ids as text (dtype=str)",
                row,
            )
        columns[role] = without_point(columns[role])
    times = as_seconds(written := one_column(frame, timestamp_share), timestamp_share)
    place = f"column '{timestamp_share}', row {{row}} of the data"
    any_time = plausible is None or refuse_implausible(times, written, place, plausible)
    warn_of_days(written, times)
    order = [*SHARE_COLUMNS, *([] if layer is None else ["layer"])]
    shares = pd.DataFrame({**columns, "timestamp_share": times}, columns=order)
    shares.attrs["object_id"] = object_id
    shares.attrs["any_time"] = any_time
    shares.attrs["posts_without_object"] = int(shares["content_id"][shares["object_id"].isna()].nunique())
    shares = shares if duplicates == "keep" else _without_duplicates(shares, duplicates)
    shares.attrs |= {"posts_used": posts_used, "shares_made": len(shares)}
    return shares


def as_posts(table: pd.DataFrame, platform: str | None = None) -> pd.DataFrame:
    """Return a table with every column of :data:`POST_COLUMNS` in front, in its dtype; what a source lacks is missing.

    Only the address of a TikTok post is made, since it follows from its account and its id.
    """
    known: dict[str, pd.Series] = {}
    for name, kind in POST_COLUMNS.items():
        column = table[name] if name in table else pd.Series(None, index=table.index, dtype=object)
        gaps = name == "posted_at" and bool(column.isna().any())
        known[name] = column.astype("Int64" if gaps else kind)  # type: ignore[call-overload]
    known["hashtags"] = known["hashtags"].map(
        lambda tags: list(dict.fromkeys(map(fold_hashtag, tags))) if isinstance(tags, list) else tags
    )
    if platform == "tiktok":
        made = list(map(video_address, known["account_id"], known["content_id"]))
        known["url"] = known["url"].fillna(pd.Series(made, index=table.index, dtype="str"))
    if platform is not None:
        known["platform"] = pd.Series(platform, index=table.index, dtype="str")
    return pd.concat([pd.DataFrame(known), table.loc[:, ~table.columns.isin(list(known))]], axis=1)


def _one_row_an_item(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give each item of a list a row of its own, each once a post; a post without items keeps a row without object."""
    if int((frame.columns == name).sum()) != 1 or frame[name].dtype != object:
        return frame
    lists = frame[name].map(lambda cell: isinstance(cell, list | tuple | set | np.ndarray))
    if not lists.any():
        return frame
    distinct = frame[name][lists].map(lambda items: sorted({str(item) for item in items if pd.notna(item)}))
    return frame.assign(**{name: frame[name].where(~lists, distinct)}).explode(name)


def _without_duplicates(shares: pd.DataFrame, duplicates: str) -> pd.DataFrame:
    key = [name for name in ("layer", "object_id", "content_id") if name in shares.columns]
    later = shares["content_id"].notna() & shares.duplicated(key)
    if not later.any():
        return shares
    if duplicates == "error":
        row = int(np.flatnonzero(later.to_numpy())[0])
        raise DuplicateContentError(
            f"content '{shares['content_id'].iloc[row]}' is listed more than once for one object (row {row + 1} of "
            f"the data, {int(later.sum())} such rows in all); use duplicates 'drop' for the earliest of each or 'keep' "
            "to count every row",
            row,
        )
    by_time = shares.sort_values(["timestamp_share", "account_id"], kind="stable")
    first = ~by_time.duplicated(key) | by_time["content_id"].isna()
    return by_time[first].sort_index().reset_index(drop=True)
