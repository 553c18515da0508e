"""Recognise an export by its columns; say what is missing where it is none that is known."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from coordlib.errors import ParameterError, UnknownFormatError
from coordlib.sources.exports.formats_open import ALL_FORMATS
from coordlib.sources.exports.model import Format


def recognise(columns: Iterable[str], where: str = "the table") -> Format:
    """Return the format whose columns a table has.

    Every column a format needs has to be there; among several such formats the one with most of
    its further columns is taken.

    Raises
    ------
    UnknownFormatError
        With the closest format and the columns it misses.

    Examples
    --------
    >>> recognise(["video_id", "author_name", "create_time", "video_description"]).name
    'traktok'
    """
    have = set(columns)
    best = max(ALL_FORMATS, key=lambda known: _score(known, have))
    missing = [" or ".join(f"'{name}'" for name in group) for group in best.needed if not have & set(group)]
    wrong = sorted(set(best.absent) & have)
    if not missing and not wrong:
        return best
    lacks = f"misses {', '.join(missing)}" if missing else f"has no column {', '.join(wrong)}"
    shown = ", ".join(sorted(have)[:15]) + (", …" if len(have) > 15 else "")
    if len(missing) == len(best.needed):
        raise UnknownFormatError(
            f"{where}: has no column of any known format; its columns are: {shown}. Say which columns mean what in "
            f"a mapping file (--mapping); known formats: {', '.join(known.name for known in ALL_FORMATS)}"
        )
    raise UnknownFormatError(
        f"{where}: matches no known format; the closest is {best.title} ({best.name}), but the file {lacks}; "
        f"its columns are: {shown}. Say which columns mean what in a mapping file (--mapping)"
    )


def format_by_name(name: str) -> Format:
    """Return a known format by its name; refuse other names with the known ones."""
    for known in ALL_FORMATS:
        if known.name == name:
            return known
    raise ParameterError(f"format '{name}' is not known; known: {', '.join(f.name for f in ALL_FORMATS)}")


def with_needed(table: pd.DataFrame, known: Format) -> pd.DataFrame:
    """Add needed columns that no record of a later piece happens to have (JSON leaves empty fields out)."""
    missing = [group[0] for group in known.needed if not set(group) & set(table.columns)]
    return table.assign(**{name: pd.Series(pd.NA, index=table.index, dtype="str") for name in missing})


def require(known: Format, columns: list[str], where: str) -> None:
    """Refuse a table that lacks columns of the format it is to be read in."""
    missing = [group for group in known.needed if not set(group) & set(columns)]
    if missing:
        names = ", ".join(" or ".join(f"'{name}'" for name in group) for group in missing)
        raise UnknownFormatError(
            f"{where}: is not in the format {known.name} ({known.title}), it misses {names}; "
            f"its columns are: {', '.join(columns[:15])}{', …' if len(columns) > 15 else ''}"
        )


def _score(known: Format, have: set[str]) -> tuple[float, float]:
    """Rank a format: first by the part of its needed columns, then by how specific the match is."""
    found = sum(bool(have & set(group)) for group in known.needed)
    # Too few needed columns say too little by themselves; the hints decide.
    hints = sum(name in have for name in known.hints)
    share = found / len(known.needed)
    if share == 1 and not have & set(known.absent):
        return 2.0, len(known.needed) + hints
    return share, (found + hints) / (len(known.needed) + len(known.hints))
