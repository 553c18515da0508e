"""Ids and names as every door takes them: no lost digits, one spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coordlib.errors import InputError

#: A number as a spreadsheet rounds it, such as 7,57123E+18, 7.6E+017 or 1E+18, or as a float is written.
_ROUNDED = re.compile(r"\s*(?:-?\d+(?:[.,]\d+)?[eE]\+?\d{1,3}|\d{16,}\.0+)\s*")
#: So many zeros where any digit could stand are no chance (one in a thousand million).
_CERTAIN_ZEROS = 9
_SURROGATE = re.compile("[\ud800-\udfff]")


def rounded_id(values: pd.Series) -> tuple[int, str] | None:
    """Return position and value of an id that lost digits on its way, if most of a column of text are numbers.

    ``7,57123E+18``, ``7123456789012345678.0``, or ids that all have zeros alone after the fifteenth digit: three of 18 digits,
    or as many as chance would not bring.
    """
    text = values.astype("str")
    distinct = text.drop_duplicates().dropna().str.strip()
    distinct = distinct[distinct != ""]
    damaged = distinct.str.fullmatch(_ROUNDED.pattern).astype(bool)
    long = distinct[distinct.str.fullmatch(r"\d{16,}").astype(bool)]
    if not damaged.any() and len(long) >= 3 and bool(long.str.fullmatch(r"\d{15}0+").all()):
        zeros = int((long.str.len() - 15).sum())
        if zeros >= _CERTAIN_ZEROS:
            return int(np.flatnonzero((text == long.iloc[0]).fillna(False))[0]), long.iloc[0]
    # Among names, one that looks like a rounded number is a name.
    numbers = damaged | distinct.str.fullmatch(r"\d+(?:\.0+)?").astype(bool)
    if not damaged.any() or numbers.sum() * 2 <= len(distinct):
        return None
    row = int(np.flatnonzero(text.str.fullmatch(_ROUNDED.pattern).fillna(False))[0])
    return row, text.iloc[row]


def without_point(values: pd.Series) -> pd.Series:
    """Take outer blanks off ids, and write 100.0 as 100 where all are numbers: one account under two spellings."""
    values = values.str.strip()
    filled = values[values.notna() & (values != "")]
    if not filled.str.contains(".", regex=False).any() or not filled.str.fullmatch(r"\d+(?:\.0+)?").all():
        return values
    return values.str.replace(r"\.0+$", "", regex=True)


def among(values: pd.Series, *others: pd.Series) -> npt.NDArray[np.bool_]:
    """Say of each text of a column whether it is in one of some others (``isin`` runs Python for every text)."""
    texts = pd.concat([other.astype("str") for other in others])
    # An empty column comes without a type.
    wanted = pa.array(texts).cast(pa.large_string())
    found = pc.is_in(pa.array(values.astype("str")).cast(pa.large_string()), value_set=wanted)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


@lru_cache(maxsize=100_000)
def fold_hashtag(tag: str) -> str:
    """Return a hashtag, or several in one cell, as platforms compare them: lower case, one spelling of each letter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", tag).casefold()).lstrip("#")


#: Whole numbers are exact up to here in a float of so many bits.
_EXACT = {"float32": 2**24, "float16": 2**11}


def as_ids(values: pd.Series, name: str = "id") -> pd.Series:
    """Return a column of ids as text, digit for digit; empty ones are missing, floats that lost digits an InputError."""
    values = values.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_integer_dtype(values.dtype):
        return values.astype("str")
    if isinstance(values.dtype, pd.StringDtype) and values.dtype.storage == "pyarrow":
        text = values.astype("str")
        return text.mask(text.str.strip() == "")
    exact = _EXACT.get(str(values.dtype).lower(), 2**53)
    ids: list[object] = [_id_text(value, name, exact) for value in values.tolist()]
    return pd.Series(ids, index=values.index, dtype="str", name=values.name)


def valid_text(text: str) -> str:
    """Return text that can be written as UTF-8: halves of a surrogate pair, which JSON can smuggle in, become �."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _id_text(value: object, name: str, exact: int) -> str | None:
    if isinstance(value, str):
        return valid_text(value) if value.strip() else None
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, float | np.floating):
        number = float(value)
        if abs(number) > exact or not number.is_integer():
            raise InputError(
                f"column '{name}' holds the number {number!r} as a float, so digits of the id may be lost; "
                "read the column as text (dtype=str)"
            )
        return str(int(number))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
