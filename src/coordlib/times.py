"""Turn the times platforms write into UTC seconds.

A date and time without a zone is taken as UTC, as every platform of the exports says it means
(specification of each export; CrowdTangle alone writes a zone, as a US abbreviation).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd

from coordlib.errors import TimeFormatError

#: Hours from UTC of the zone abbreviations dashboards in the United States and Europe write.
ZONES: dict[str, float] = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "BST": 1,
}
_MILLISECONDS, _MICROSECONDS = 10**11, 10**14
#: No platform is older, and no post is from the next century: times outside are not times, and would make all posts
#: that carry them simultaneous (spreadsheet day numbers and years fall into 1970, dates written as one number into 1976).
EARLIEST, LATEST = 631_152_000, 4_102_444_800  # 1990-01-01, 2100-01-01
#: A date has a year, a month and a day: "2025-01", "now" and "today" are none.
_ISO_DATE = r"\d{4}-?\d\d-?\d\d(?:[T\s].*)?"


def utc_seconds(
    values: pd.Series[Any], *, any_year: bool = False, form: str | None = None, zone: str | None = None
) -> pd.Series[Any]:
    """Return times as whole UTC seconds.

    Parameters
    ----------
    values
        Text: integer seconds, milliseconds (over 1e11) or microseconds (over 1e14); ISO 8601 with
        or without a zone; ``YYYYMMDDHHMMSS``; a date alone (midnight); or a date and time followed
        by a zone abbreviation of :data:`ZONES`.
    any_year
        Take times before 1990 and after 2099 for times as well.
    form
        The only spelling taken, as in ``strptime``: ``%d/%m/%Y %I:%M %p``.
    zone
        What times without a zone mean, such as ``Europe/Rome``; an hour that the clock has twice is unreadable.

    Returns
    -------
    Series
        dtype ``Int64``, same index; missing where a value is empty, missing, unreadable, or no plausible time
        (before 1990 or after 2099). Fractions of a second are cut off.

    Examples
    --------
    >>> utc_seconds(pd.Series(["2020-04-16 09:48:29 EDT", "2025-05-29T17:00:50Z", "1748538050"])).to_list()
    [1587044909, 1748538050, 1748538050]
    """
    text = values.astype("str").str.strip()
    if form is not None or zone is not None:
        return _declared(text, form, zone)
    result = pd.Series(pd.NA, index=values.index, dtype="Int64")
    number = text.str.fullmatch(r"-?\d{1,18}(?:\.\d*)?", na=False).astype(bool)
    compact = number & text.str.fullmatch(r"(?:19|20)\d{12}", na=False).astype(bool)
    day = number & text.str.fullmatch(
        r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", na=False
    ).astype(bool)
    plain = number & ~compact & ~day
    if plain.any():
        whole = text[plain].str.split(".", n=1).str[0].astype("int64")
        size = whole.abs().to_numpy()
        divisor = np.where(size > _MICROSECONDS, 10**6, np.where(size > _MILLISECONDS, 1000, 1))
        result[plain] = whole.to_numpy() // divisor
    for mask, form in ((compact, "%Y%m%d%H%M%S"), (day, "%Y%m%d")):
        if mask.any():
            result[mask] = _seconds(pd.to_datetime(text[mask], format=form, utc=True, errors="coerce"))
    rest = ~number & text.notna() & (text != "")
    if rest.any():
        result[rest] = _dates(text[rest])
    return result if any_year else result.mask((result < EARLIEST) | (result >= LATEST))


def guess(value: object) -> str:
    """Return ", but a year" for a number that is no time; nothing for anything else."""
    return f", but {looks_like(value)}" if re.fullmatch(r"[\d.]+", str(value).strip()) else ""


def looks_like(value: object) -> str:
    """Say what a number that is no plausible time looks like, for the one who has to mend it.

    Examples
    --------
    >>> looks_like("46024.1"), looks_like("2025"), looks_like("202501011200")
    ('a day number of a spreadsheet', 'a year', 'a date written as one number')
    """
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return "a time outside 1990 to 2099"
    if 1900 <= number < 2100 and number.is_integer():
        return "a year"
    if 20_000 <= number < 80_000:
        return "a day number of a spreadsheet"
    return (
        "a date written as one number"
        if re.fullmatch(r"(19|20)\d{6,12}", text)
        else "a time outside 1990 to 2099"
    )


def unreadable(values: pd.Series[Any], seconds: pd.Series[Any]) -> pd.Series[bool]:
    """Mark the values that hold something which :func:`utc_seconds` could not read."""
    return values.notna() & (values.astype("str").str.strip() != "") & seconds.isna()


def date_only(values: pd.Series[Any]) -> bool:
    """Say whether the times are days without an hour, too coarse for any window of seconds."""
    filled = values.dropna().astype("str").str.strip()
    filled = filled[filled != ""]
    return bool(len(filled)) and bool(filled.str.fullmatch(r"\d{4}-?\d\d-?\d\d").all())


def refuse_unreadable(values: pd.Series[Any], seconds: pd.Series[Any], place: str) -> None:
    """Raise for the first time that cannot be read.

    Raises
    ------
    TimeFormatError
        `place` is the beginning of the message: file, line and column.
    """
    bad = unreadable(values, seconds)
    if bad.any():
        value = str(values[bad].iloc[0])[:60]
        raise TimeFormatError(
            f"{place}: '{value}' is not a time{guess(value)} ({int(bad.sum())} such of {len(values)} rows); "
            "write UTC seconds or 'YYYY-MM-DD HH:MM:SS'"
        )


def _declared(text: pd.Series[str], form: str | None, zone: str | None) -> pd.Series[Any]:
    """Read times by a declared format and zone, and nothing else."""
    stamps = text.map(lambda value: _stamp(value, form, zone), na_action="ignore")
    seconds = _seconds(pd.to_datetime(stamps, utc=True, errors="coerce"))
    return seconds.mask((seconds < EARLIEST) | (seconds >= LATEST))


def _stamp(value: str, form: str | None, zone: str | None) -> pd.Timestamp | None:
    if form is None and not re.fullmatch(_ISO_DATE, value):
        return None
    stamp: Any = pd.to_datetime(value, format=form or "ISO8601", errors="coerce")
    if not pd.isna(stamp) and stamp.tzinfo is None:
        stamp = stamp.tz_localize(zone or "UTC", ambiguous="NaT", nonexistent="NaT")
    return None if pd.isna(stamp) else stamp.tz_convert("UTC")


def _dates(text: pd.Series[str]) -> pd.Series[Any]:
    abbreviation = text.str.extract(r"\s([A-Z]{1,4})$", expand=False)
    known = abbreviation.map(ZONES)
    # An abbreviation that is not in the table makes the time unreadable rather than wrong.
    bare = text.mask(known.notna(), text.str.replace(r"\s+[A-Z]{1,4}$", "", regex=True))
    dated = bare.where(bare.str.fullmatch(_ISO_DATE, na=False))
    seconds = _seconds(pd.to_datetime(dated, format="ISO8601", utc=True, errors="coerce"))
    missing = seconds.isna() & text.notna()
    if missing.any():
        words = bare[missing].map(_worded)
        seconds[missing] = _seconds(pd.to_datetime(words, utc=True, errors="coerce"))
    return seconds - (known.fillna(0.0) * 3600).astype("Int64")


def _worded(value: str) -> pd.Timestamp | None:
    """Read what Twitter v1 writes: ``Wed Oct 10 20:19:24 +0000 2018``."""
    if not re.match(r"[A-Z][a-z]{2} [A-Z]", value):  # pandas takes "now" and "today" in any format
        return None
    stamp = pd.to_datetime(value, format="%a %b %d %H:%M:%S %z %Y", utc=True, errors="coerce")
    return stamp if isinstance(stamp, pd.Timestamp) else None


def _seconds(stamps: pd.Series[Any]) -> pd.Series[Any]:
    found = stamps.notna()
    seconds = pd.Series(pd.NA, index=stamps.index, dtype="Int64")
    seconds[found] = stamps[found].dt.as_unit("s").astype("int64")
    return seconds


def day_of(moment: float) -> dt.date:
    """Return the UTC day of a moment in UTC seconds.

    Examples
    --------
    >>> day_of(86_400.5)
    datetime.date(1970, 1, 2)
    """
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()


def day_start(day: dt.date | str) -> int:
    """Return the first UTC second of a day, given as a date or as ISO text (anything else is a ``ValueError``).

    Examples
    --------
    >>> day_start("1970-01-02")
    86400
    """
    date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC).timestamp())


def as_text(seconds: pd.Series[Any]) -> pd.Series[str]:
    """Return UTC seconds as text, as CooRnet's tables have times.

    Examples
    --------
    >>> as_text(pd.Series([86_400])).tolist()
    ['1970-01-02 00:00:00']
    """
    return pd.to_datetime(seconds, unit="s").dt.strftime("%Y-%m-%d %H:%M:%S").astype("str")
