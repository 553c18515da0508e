"""Turn the times platforms write into UTC seconds; a date and time without a zone is UTC, as every platform says it means."""

from __future__ import annotations

import datetime as dt
import re
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.errors import TimeFormatError

Column: TypeAlias = "pd.Series[Any]"

_HOURS = (
    "UTC+0 GMT+0 Z+0 WET+0 WEST+1 CET+1 BST+1 CEST+2 EET+2 EEST+3 EDT-4 EST-5 CDT-5 CST-6 MDT-6 MST-7 PDT-7 PST-8 "
    "AKDT-8 AKST-9 HST-10"
)
#: Hours from UTC of the zone abbreviations dashboards in the United States and Europe write.
ZONES = {name: float(hours) for name, hours in re.findall(r"([A-Z]+)(\S+)", _HOURS)}
_YEAR_2286 = 10**10
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]*)?"
#: No platform is older, and no post is from the next century: times outside are not times, and would make all posts
#: that carry them simultaneous (spreadsheet day numbers and years fall into 1970, dates written as one number into 1976).
PLAUSIBLE = 631_152_000, 4_102_444_800  # 1990-01-01, 2100-01-01
#: A clock that stands before this version was written is wrong, and tells nothing of tomorrow.
_WRITTEN = 1_798_761_600  # 2027-01-01
_IMPOSSIBLE = "a time before 1990 or after tomorrow"
#: What else stands in columns of times.
_LOOKS = {
    r"\d{4}-\d{1,2}$": "a month without a day",
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b": "a date whose day and month cannot be told apart",
    r"(?:now|today|yesterday)$|.* ago$": "a word that means another time every day",
    r"\d+,\d+$": "a number with a comma",
    r"\d+(?:\.\d+)?e\+?\d+$": "a number a spreadsheet rounded",
}
#: A date has a year, a month and a day: "2025-01", "now" and "today" are none.
_COMMA = r"(:\d\d),(\d)"  # ISO 8601 writes fractions of a second so as well
_ISO_DATE = r"\d{4}-?\d\d-?\d\d(?:[T\s].*)?"
DAYS_WITHOUT_HOUR = "times are days without an hour: no window shorter than a day means anything"
DAY = 86_400
#: How files write a moment.
ISO = "%Y-%m-%dT%H:%M:%SZ"


def utc_seconds(
    values: Column, *, any_time: bool = False, form: str | None = None, zone: str | None = None
) -> Column:
    """Return times of any spelling as whole UTC seconds (``Int64``, same index), missing where one is empty or unreadable.

    Seconds, milli- (from 1e11), micro- (1e14) and nanoseconds (1e17), ISO 8601, ``YYYYMMDDHHMMSS``, days, dates with one of
    :data:`ZONES`, and Twitter's; or `form` alone, as in ``strptime``. Times without a zone are of `zone` (an hour the clock
    has twice is unreadable). Times before 1990 and after tomorrow are none, but with `any_time`.
    """
    if form is None and pd.api.types.is_integer_dtype(values.dtype):
        return plausible(_typed_numbers(values, days=True), any_time)
    text = values.astype("str").str.strip()
    if form is None and zone is None:
        return plausible(_read(text), any_time)
    stamps = text.map(lambda value: _stamp(value, form, zone), na_action="ignore")
    return plausible(_seconds(pd.to_datetime(stamps, utc=True, errors="coerce")), any_time)


def plausible(seconds: Column, any_time: bool = False, first: int = PLAUSIBLE[0]) -> Column:
    """Return the seconds that a post can be of, the others missing: from `first` (1990) to tomorrow."""
    return seconds if any_time else seconds.mask((seconds < first) | (seconds >= tomorrow()))


def tomorrow() -> int:
    """Return the end of tomorrow in UTC seconds: no post that was collected is later."""
    return (int(max(time.time(), _WRITTEN)) // 86_400 + 2) * 86_400


def own_clock(seconds: Column, anywhere: bool = False) -> bool:
    """Say whether times are seconds from a beginning of their own: near 0 (or `anywhere` about it), no years, no day numbers."""
    known = seconds.dropna()
    counted = known[known != 0]
    alike = (counted.between(1900, 2099).all(), counted.between(20_000, 80_000).all())
    first, last = (-(10**8), 10**7) if anywhere else (0, 86_400)
    begins = first <= known.min() < last and known.max() < 10**8
    return bool(begins and (len(known) == 1 or not any(alike)))


def guess(value: object) -> str:
    """Return ", but a year" for what is no time and looks like something else; nothing for what does not."""
    text = str(value).strip()
    if re.fullmatch(r"-?[\d.]+", text) or _read(pd.Series([text], dtype="str")).notna().all():
        return f", but {looks_like(text)}"
    known = (what for form, what in _LOOKS.items() if re.match(form, text, re.IGNORECASE))
    return next((f", but {what}" for what in known), "")


def looks_like(value: object) -> str:
    """Say what a number that is no plausible time looks like, for the one who has to mend it."""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return _IMPOSSIBLE
    if 1900 <= number < 2100 and number.is_integer():
        return "a year"
    if 20_000 <= number < 80_000:
        return "a day number of a spreadsheet"
    return "a date written as one number" if re.fullmatch(r"(19|20)\d{6,12}", text) else _IMPOSSIBLE


def unreadable(values: Column, seconds: Column) -> pd.Series[bool]:
    """Mark the values that hold something which :func:`utc_seconds` could not read."""
    return values.notna() & (values.astype("str").str.strip() != "") & seconds.isna()


def date_only(values: Column) -> bool:
    """Say whether the times are days without an hour, or several that all stand at midnight, too coarse for seconds."""
    filled = values.dropna().astype("str").str.strip()
    filled = filled[filled != ""]
    day, midnight = r"\d{4}-?\d\d-?\d\d", r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?"
    form = day if len(filled) < 3 else f"{day}(?:{midnight})?"
    return bool(len(filled)) and bool(filled.str.fullmatch(form).all())


def warn_of_days(values: Column, seconds: Column) -> None:
    """Warn of days without an hour: all posts of a day would be simultaneous (the doors of files refuse or note them)."""
    if (seconds.dropna() % 86_400 == 0).all() and date_only(values):
        warnings.warn(f"column '{values.name}': {DAYS_WITHOUT_HOUR}", UserWarning, stacklevel=3)


def refuse_unreadable(
    values: Column, seconds: Column, place: str | Callable[[int], str], *, needed: bool = False
) -> None:
    """Raise for the first time that cannot be read, with its row; `place` begins the message, or gives its beginning for a row."""
    if not seconds.isna().any():
        return
    bad = (seconds.isna() if needed else unreadable(values, seconds)).to_numpy(dtype=bool)
    if bad.any():
        row = int(bad.argmax())
        value: Any = values.iloc[row]
        shown = "" if pd.isna(value) else str(value)[:60]
        raise TimeFormatError(
            f"{place if isinstance(place, str) else place(row)}: '{shown}' is not a time{guess(shown)} "
            f"({int(bad.sum()):,} such of {len(values):,} rows); write UTC seconds or 'YYYY-MM-DD HH:MM:SS'",
            row,
        )


def refuse_implausible(
    times: Column, written: Column, place: str, span: tuple[int, int] = PLAUSIBLE, anywhere: bool = False
) -> bool:
    """Refuse times that no post has: all posts of 1970 would be simultaneous, and everybody tied to everybody.

    True: they are a clock of their own, near 0 (or `anywhere`), and taken. In `place` ``{row}`` stands for the row, from 1.
    """
    bad = ((times < span[0]) | (times >= span[1])).fillna(False).to_numpy(dtype=bool)
    if not bad.any():
        return False
    if bad.sum() == times.notna().sum() and own_clock(times, anywhere):
        return True
    row = int(bad.argmax())
    value = str(written.iloc[row])[:40]
    raise TimeFormatError(
        f"{place.replace('{row}', str(row + 1))}: {value!r} is {looks_like(value)}, not a time of a post "
        f"({int(bad.sum()):,} such of {len(times):,}); write UTC seconds or YYYY-MM-DD HH:MM:SS, or take any "
        "number as seconds (--any-time, in Python prep_data(…, plausible=None))",
        row,
    )


def _read(text: pd.Series[str], days: bool = True) -> Column:
    """Read times of every spelling as they come; without `days`, eight digits are seconds and no day."""
    index, text = text.index, text.reset_index(drop=True)
    result = pd.Series(pd.NA, index=text.index, dtype="Int64")
    number = text.str.fullmatch(_NUMBER, na=False).astype(bool)
    whole = text.where(number).str.replace(r"\..*$", "", regex=True)
    fits = number.copy()
    if (whole.str.len() > 18).any():  # what 64 bits do not hold is no time
        fits &= whole.fillna("0").map(float).abs() < 2.0**63
    result[fits] = _of_numbers(whole[fits].to_numpy(dtype=np.int64), days)
    rest = ~number & text.notna() & (text != "")
    if rest.any():
        result[rest] = _dates(text[rest])
    return result.set_axis(index)


def _of_numbers(numbers: npt.NDArray[np.int64], days: bool) -> Any:
    """Bring milli-, micro- and nanoseconds and dates written as one number to seconds (``Int64``), value by value."""
    size = np.abs(numbers)
    divisor = np.select([size < 10**11, size < 10**14, size < 10**17], [1, 10**3, 10**6], default=10**9)
    seconds = pd.array(numbers // divisor, dtype="Int64")
    before_2000 = (divisor == 10**9) & (numbers < 946_684_800 * 10**9)
    seconds[before_2000] = pd.NA  # no post: ticks of another clock
    for digits, form in ((14, "%Y%m%d%H%M%S"), (8, "%Y%m%d"))[: 1 + days]:
        written = np.flatnonzero((numbers >= 19 * 10 ** (digits - 2)) & (numbers < 21 * 10 ** (digits - 2)))
        if len(written):
            text = pd.Series(numbers[written]).astype("str")
            read = _seconds(pd.to_datetime(text, format=form, utc=True, errors="coerce"))
            seconds[written[read.notna()]] = read.dropna().array
    return seconds


def _stamp(value: str, form: str | None, zone: str | None) -> pd.Timestamp | None:
    """Read a time by a declared format and zone, and in no other way: pandas takes "now" and "today" for this moment."""
    if not re.search(r"\d", value) or (form is None and not re.fullmatch(_ISO_DATE, value)):
        return None
    stamp: Any = pd.to_datetime(value, format=form or "ISO8601", errors="coerce")
    if not pd.isna(stamp) and stamp.tzinfo is None:
        stamp = stamp.tz_localize(zone or "UTC", ambiguous="NaT", nonexistent="NaT")
    return None if pd.isna(stamp) else stamp.tz_convert("UTC")


def _dates(text: pd.Series[str]) -> Column:
    seconds = _iso(text)
    others = text[seconds.isna()]
    if len(others):
        known = others.str.extract(r"\s([A-Z]{1,4})$", expand=False).map(ZONES)
        # An abbreviation that is not in the table makes the time unreadable rather than wrong.
        bare = others.mask(known.notna(), others.str.replace(r"\s+[A-Z]{1,4}$", "", regex=True))
        read = _iso(bare)
        # What Twitter v1 writes: "Wed Oct 10 20:19:24 +0000 2018". pandas takes "now" and "today" in any format.
        words = bare[read.isna()]
        words = words.where(words.str.match("[A-Z][a-z]{2} [A-Z]", na=False))
        stamps = pd.to_datetime(words, format="%a %b %d %H:%M:%S %z %Y", utc=True, errors="coerce")
        read[read.isna()] = _seconds(stamps)
        seconds[seconds.isna()] = read - (known.fillna(0.0) * 3600).astype("Int64")
    return seconds


def _iso(text: pd.Series[str]) -> Column:
    dated = text.where(text.str.fullmatch(_ISO_DATE, na=False)).str.replace(_COMMA, r"\1.\2", regex=True)
    return _seconds(pd.to_datetime(dated, format="ISO8601", utc=True, errors="coerce"))


def _seconds(stamps: Column) -> Column:
    found = stamps.notna()
    seconds = pd.Series(pd.NA, index=stamps.index, dtype="Int64")
    seconds[found] = stamps[found].dt.as_unit("s").astype("int64")
    return seconds


def day_of(moment: float) -> dt.date:
    """Return the UTC day of a moment in UTC seconds."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()


def one_day(value: str | dt.date) -> dt.date:
    """Return a day given as a date or as text, ``2026-11-01`` or ``20261101``; anything else is a ``ValueError`` that says so."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).date() if value.tzinfo else value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    with suppress(ValueError):
        if re.fullmatch(r"[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return dt.date.fromisoformat(text)
    raise ValueError(f"'{str(value)[:40]}' is not a day; write it as 2026-11-01 or 20261101 (UTC)")


def one_moment(text: str, place: str) -> dt.datetime:
    """Return a moment, to the second, written in any spelling of a column of times; a day is its first second (UTC)."""
    seconds = utc_seconds(pd.Series([text], dtype="str"), any_time=True)
    if not seconds.between(*PLAUSIBLE).fillna(False).all():
        raise TimeFormatError(
            f"{place} '{text[:40]}': is not a moment; write it as 2026-11-01 or 2026-11-01T12:00:00Z (UTC)"
        )
    return dt.datetime.fromtimestamp(int(seconds[0]), dt.UTC)


def day_start(day: dt.date | str) -> int:
    """Return the first UTC second of a day, given as a date or as ISO text (anything else is a ``ValueError``)."""
    date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC).timestamp())


def utc_text(seconds: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a moment in UTC seconds as text, in a form of ``strftime``."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).strftime(form)


def as_seconds(values: pd.Series, name: str = "timestamp_share") -> pd.Series:
    """Return a column of times of any dtype as whole seconds since 1970 UTC (int64, or Int64 where some are missing).

    As :func:`utc_seconds`, but any number is a time, eight digits are seconds, and what cannot be read is refused.
    """
    values = values.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(values.dtype):
        raise TimeFormatError(f"column '{name}' holds true/false values, not times")
    if pd.api.types.is_datetime64_any_dtype(values.dtype) and not isinstance(values.dtype, pd.ArrowDtype):
        seconds = _seconds(values)
    elif pd.api.types.is_numeric_dtype(values.dtype):
        seconds = _typed_numbers(values)
    else:
        seconds = _read(values.astype("str").str.strip(), days=False)
    seconds = seconds.mask(seconds.abs() >= _YEAR_2286)
    refuse_unreadable(values, seconds, lambda row: f"column '{name}', row {row + 1} of the data")
    return seconds if seconds.isna().any() else seconds.astype("int64")


def _typed_numbers(values: pd.Series, days: bool = False) -> Column:
    """Read a column of numbers; those that 64 bits do not hold are missing, and never wrapped."""
    known = np.flatnonzero(values.notna())
    kind = {"f": "float64", "u": "uint64"}.get(values.dtype.kind, "int64")
    numbers = values.iloc[known].to_numpy(dtype=kind)
    with np.errstate(invalid="ignore"):
        fits = np.isfinite(numbers) & (np.abs(numbers) < 2**63 if kind != "int64" else True)
    seconds = pd.Series(pd.NA, index=values.index, dtype="Int64")
    seconds.iloc[known[fits]] = _of_numbers(numbers[fits].astype(np.int64), days)
    return seconds


def refuse_days(place: str, time_window: int) -> None:
    """Refuse days without an hour where the window is shorter: all posts of a day would be simultaneous."""
    if time_window < DAY:
        raise TimeFormatError(
            f"{place}: holds days without an hour, and the window is {time_window} seconds; use a column with the "
            f"time of day, or a window of {DAY} seconds or more"
        )
