"""The one table of posts, and the shares made from it: who shared which object, in which post, and when.

Every reader gives a table of posts with these columns, under these names, from the door to the page. ``url`` is the
address of the post itself, ``links`` are the addresses it shares. Further columns of a source are kept beside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.errors import (
    DuplicateContentError,
    InputError,
    MissingColumnError,
    ParameterError,
    TimeFormatError,
)
from coordlib.ids import fold_hashtag, rounded_id, valid_text, without_point
from coordlib.near.captions import MADE, made_column

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

SHARE_COLUMNS = ("object_id", "account_id", "content_id", "timestamp_share")

#: The largest integer up to which every whole number is exact in a 64-bit float.
_EXACT_FLOAT = 2**53
#: Seconds that are surely none, such as the 20250101120000 of a date written without separators.
_YEAR_2286 = 10**10
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")


def prep_data(
    frame: pd.DataFrame,
    object_id: str = "object_id",
    account_id: str = "account_id",
    content_id: str = "content_id",
    timestamp_share: str = "timestamp_share",
    layer: str | None = None,
    duplicates: Literal["keep", "drop", "error"] = "keep",
) -> pd.DataFrame:
    """Rename and normalise the columns of a table of posts into shares.

    Parameters
    ----------
    frame
        One row per post and object (a post with two hashtags has two rows). It is not changed.
    object_id, account_id, content_id, timestamp_share
        Names of the columns that hold what was shared, who shared it, the post, and when. For a table of posts
        ``object_id`` is what counts as the object: ``"text"``, ``"hashtags"``, ``"links"`` or any other column, and
        ``timestamp_share`` is ``"posted_at"``. A column of lists gives one share per item. ``"near_text"``,
        ``"reworded_text"`` (:func:`coordlib.near.add_near_text`) and ``"hashtag_sequence"`` are made from ``text`` where the
        table has no such column.
    layer
        Name of a column that says which platform or modality a row belongs to, if there is one.
    duplicates
        What to do with a content listed more than once for one object: ``"keep"`` the rows (they
        multiply edge weights, as in CooRTweet), ``"drop"`` all but the earliest, or ``"error"``.

    Returns
    -------
    pandas.DataFrame
        Columns ``object_id``, ``account_id``, ``content_id`` (str; missing stays missing, and an empty
        or blank cell is missing: posts without a caption share nothing),
        ``timestamp_share`` (int64 seconds since 1970 UTC; Int64 if some are missing) and ``layer`` if
        asked for. Rows keep their order; the index is 0 … n−1; ``attrs["object_id"]`` names the object's column.

    Raises
    ------
    MissingColumnError
        A named column is not there.
    TimeFormatError
        A time is neither a number nor a date and time; names its row.
    DuplicateContentError
        With ``duplicates="error"``, when a content is listed twice for one object.
    InputError
        Ids that were read as fractional or as too large floats, so that digits are already lost.

    Notes
    -----
    Numbers are Unix seconds; those of 10¹¹ and more are taken as milli-, micro- or nanoseconds, and a time
    after the year 2286 is refused: it is a date written as one number.
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
    if object_id in MADE and object_id not in frame.columns and timestamp_share in frame.columns:
        times = as_seconds(_one_column(frame, timestamp_share), timestamp_share)
        frame = frame.assign(**{object_id: made_column(frame, object_id, times)})
    frame = _one_row_an_item(frame, object_id)
    names = {"object_id": object_id, "account_id": account_id, "content_id": content_id}
    if layer is not None:
        names["layer"] = layer
    missing = {name for name in (*names.values(), timestamp_share) if name not in frame.columns}
    if missing:
        raise MissingColumnError.from_names(missing, frame.columns)
    columns = {role: as_ids(_one_column(frame, name), name) for role, name in names.items()}
    for role in ("account_id", "content_id"):
        if (found := rounded_id(columns[role])) is not None:
            row, value = found
            raise _at_row(
                InputError(
                    f"column '{names[role]}', row {row + 1} of the data: '{value}' is a rounded id and cannot be repaired; "
                    "use the file as it was exported, and read ids as text (dtype=str)"
                ),
                row,
            )
        columns[role] = without_point(columns[role])
    times = as_seconds(_one_column(frame, timestamp_share), timestamp_share)
    order = [*SHARE_COLUMNS, *([] if layer is None else ["layer"])]
    shares = pd.DataFrame({**columns, "timestamp_share": times}, columns=order)
    shares.attrs["object_id"] = object_id
    return shares if duplicates == "keep" else _without_duplicates(shares, duplicates)


def as_posts(table: pd.DataFrame, platform: str | None = None) -> pd.DataFrame:
    """Return a table with every column of :data:`POST_COLUMNS` in front, in its dtype; what a source lacks is missing.

    Examples
    --------
    >>> as_posts(pd.DataFrame({"content_id": ["1"], "music_id": ["9"]}), "tiktok").columns[[0, 5, -1]].tolist()
    ['content_id', 'platform', 'music_id']
    """
    known: dict[str, pd.Series] = {}
    for name, kind in POST_COLUMNS.items():
        column = table[name] if name in table else pd.Series(None, index=table.index, dtype=object)
        gaps = name == "posted_at" and bool(column.isna().any())
        known[name] = column.astype("Int64" if gaps else kind)  # type: ignore[call-overload]
    known["hashtags"] = known["hashtags"].map(
        lambda tags: list(dict.fromkeys(map(fold_hashtag, tags))) if isinstance(tags, list) else tags
    )
    if platform is not None:
        known["platform"] = pd.Series(platform, index=table.index, dtype="str")
    further = [name for name in table.columns if name not in known]
    return pd.concat([pd.DataFrame(known), table[further]], axis=1)


def _one_row_an_item(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give each item of a list a row of its own, each once a post; a post without items keeps a row without object."""
    if int((frame.columns == name).sum()) != 1 or frame[name].dtype != object:
        return frame
    lists = frame[name].map(lambda cell: isinstance(cell, list | tuple | set | np.ndarray))
    if not lists.any():
        return frame
    distinct = frame[name].where(
        ~lists, frame[name][lists].map(lambda items: sorted({str(item) for item in items}))
    )
    return frame.assign(**{name: distinct}).explode(name)


def _at_row(error: InputError, row: int) -> InputError:
    """Remember the row (from 0), so that who read a file can name the line."""
    error.row = row  # type: ignore[attr-defined]
    return error


def _one_column(frame: pd.DataFrame, name: str) -> pd.Series:
    named = int((frame.columns == name).sum())
    if named > 1:
        raise InputError(f"the table has {named} columns named '{name}'; rename all but one")
    return frame[name].reset_index(drop=True)


def _without_duplicates(shares: pd.DataFrame, duplicates: str) -> pd.DataFrame:
    key = [name for name in ("layer", "object_id", "content_id") if name in shares.columns]
    known = shares["content_id"].notna()
    repeated = known & shares.duplicated(key, keep=False)
    if not repeated.any():
        return shares
    if duplicates == "error":
        later = known & shares.duplicated(key)
        row = int(np.flatnonzero(later.to_numpy())[0])
        error = DuplicateContentError(
            f"content '{shares['content_id'].iloc[row]}' is listed more than once for one object (row {row + 1} of "
            f"the data, {int(later.sum())} such rows in all); use duplicates 'drop' for the earliest of each or 'keep' "
            "to count every row"
        )
        raise _at_row(error, row)
    by_time = shares.sort_values(["timestamp_share", "account_id"], kind="stable")
    first = ~by_time.duplicated(key) | by_time["content_id"].isna()
    return by_time[first].sort_index().reset_index(drop=True)


def as_ids(values: pd.Series, name: str = "id") -> pd.Series:
    """Return a column of ids as text, digit for digit; missing, empty and blank values are missing.

    Whole numbers stored as floats (a column of integers with a gap) are written without a decimal
    point up to 2⁵³; larger or fractional ones raise InputError, because their digits are already lost.

    Examples
    --------
    >>> as_ids(pd.Series([100000, 7123456789012345678])).tolist()
    ['100000', '7123456789012345678']
    """
    values = values.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_integer_dtype(values.dtype):
        return values.astype("str")
    if isinstance(values.dtype, pd.StringDtype):
        text = values.astype("str")
        return text.mask(text.str.strip() == "")
    if pd.api.types.is_float_dtype(values.dtype):
        return _float_ids(values, name)
    ids: list[object] = [_id_text(value, name) for value in values.tolist()]
    return pd.Series(ids, index=values.index, dtype="str", name=values.name)


def _float_ids(values: pd.Series, name: str) -> pd.Series:
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    known = ~np.isnan(numbers)
    exact = {"float32": 2**24, "float16": 2**11}.get(str(values.dtype).lower(), _EXACT_FLOAT)
    bad = known & ((np.abs(numbers) > exact) | (numbers != np.floor(numbers)))
    if bad.any():
        _refuse_float(float(numbers[bad][0]), name)
    text = np.full(len(numbers), None, dtype=object)
    text[known] = [str(int(number)) for number in numbers[known]]
    return pd.Series(text, index=values.index, dtype="str", name=values.name)


def _refuse_float(value: float, name: str) -> None:
    raise InputError(
        f"column '{name}' holds the number {value!r} as a float, so digits of the id may be lost; "
        "read the column as text (dtype=str)"
    )


def _id_text(value: object, name: str) -> str | None:
    if isinstance(value, str):
        return valid_text(value) if value.strip() else None
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, float | np.floating):
        number = float(value)
        if abs(number) > _EXACT_FLOAT or number != np.floor(number):
            _refuse_float(number, name)
        return str(int(number))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def as_seconds(values: pd.Series, name: str = "timestamp_share") -> pd.Series:
    """Return a column of times as whole seconds since 1970 UTC (int64, or Int64 where some are missing).

    Raises
    ------
    TimeFormatError
        For the first value that cannot be read, with its row.

    Examples
    --------
    >>> as_seconds(pd.Series(["1735689600", "2025-01-01T01:00:00+01:00", 1735689600123])).tolist()
    [1735689600, 1735689600, 1735689600]
    """
    values = values.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(values.dtype):
        raise TimeFormatError(f"column '{name}' holds true/false values, not times")
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    known = values.notna().to_numpy()
    seconds = np.zeros(len(values), dtype=np.int64)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        seconds[known] = values[known].to_numpy().astype("datetime64[s]").astype(np.int64)
    elif pd.api.types.is_integer_dtype(values.dtype):
        if pd.api.types.is_unsigned_integer_dtype(values.dtype):
            _refuse_wrapping(values[known], name)
        seconds[known] = _scaled(values[known].to_numpy(dtype=np.int64))
    elif pd.api.types.is_float_dtype(values.dtype):
        seconds[known] = _float_seconds(values[known], name)
    else:
        known = _text_seconds(values, known, seconds, name)
    far = np.flatnonzero(known & (np.abs(seconds) >= _YEAR_2286))
    if len(far):
        raise _unreadable(name, int(far[0]), values.iloc[far[0]])
    if known.all():
        return pd.Series(seconds, dtype="int64")
    return pd.Series(pd.arrays.IntegerArray(seconds, ~known), dtype="Int64")


def _scaled(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Bring milli-, micro- and nanoseconds down to seconds, value by value."""
    size = np.abs(numbers)
    divisor = np.select([size < 10**11, size < 10**14, size < 10**17], [1, 10**3, 10**6], default=10**9)
    return np.asarray(numbers // divisor, dtype=np.int64)


def _refuse_wrapping(values: pd.Series, name: str) -> None:
    """Refuse unsigned numbers of 2⁶³ and more: they are no times and would become negative ones."""
    numbers = values.to_numpy(dtype=np.uint64)
    large = np.flatnonzero(numbers > np.uint64(2**63 - 1))
    if len(large):
        raise _unreadable(name, int(values.index[large[0]]), int(numbers[large[0]]))


def _float_seconds(values: pd.Series, name: str) -> npt.NDArray[np.int64]:
    numbers = values.to_numpy(dtype="float64")
    bad = ~np.isfinite(numbers) | (np.abs(numbers) >= 2.0**63)
    if bad.any():
        row = int(values.index[np.flatnonzero(bad)[0]])
        raise TimeFormatError(
            f"column '{name}', row {row + 1} of the data: {numbers[bad][0]!r} is not a time"
        )
    return _scaled(np.trunc(numbers).astype(np.int64))


def _text_seconds(
    values: pd.Series, known: npt.NDArray[np.bool_], seconds: npt.NDArray[np.int64], name: str
) -> npt.NDArray[np.bool_]:
    """Fill `seconds` from text (or mixed objects); return which rows have a time."""
    text = values.astype("str").str.strip()
    known = known & (text.notna() & (text != "")).to_numpy()
    number = known & text.str.fullmatch(_NUMBER.pattern).fillna(False).to_numpy(dtype=bool)
    whole = text[number].str.replace(r"\..*$", "", regex=True)
    try:
        seconds[number] = _scaled(np.asarray(whole.astype("int64"), dtype=np.int64))
    except (ValueError, OverflowError):
        row, value = next((r, v) for r, v in whole.items() if abs(int(v)) >= 2**63)
        raise _unreadable(name, int(str(row)), value) from None
    written = known & ~number
    stamps = pd.to_datetime(text[written], format="ISO8601", utc=True, errors="coerce")
    if stamps.isna().any():
        row = stamps.index[stamps.isna().to_numpy()][0]
        raise _unreadable(name, int(str(row)), text[row])
    naive = stamps.dt.tz_localize(None) if len(stamps) else stamps
    seconds[written] = naive.to_numpy().astype("datetime64[s]").astype(np.int64)
    return known


def _unreadable(name: str, row: int, value: object) -> InputError:
    shown = str(value)[:40]
    error = TimeFormatError(
        f"column '{name}', row {row + 1} of the data: cannot read {shown!r} as a time; "
        "use UTC seconds or YYYY-MM-DD HH:MM:SS"
    )
    return _at_row(error, row)
