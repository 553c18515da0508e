"""The mapping language (``docs/inputs.md``): which column of a table means what. The known formats are files in it."""

from __future__ import annotations

import csv
import re
import zoneinfo
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from coordlib.errors import ParameterError, UnknownFormatError
from coordlib.parameters import Parameters
from coordlib.posts import POST_COLUMNS, object_column
from coordlib.sources.text_layout import Dialect
from coordlib.times import day_start
from coordlib.yaml_files import read_yaml

#: What separates items by a name of its own: comma-joined lists, also as Python or JSON writes them, and hashtags.
SEPARATORS = {"list": r"[,;\s\[\](){}'\"#|]+", "addresses": r"[,;|\s]+(?=https?://)"}
#: Names under which engagement is kept, whatever the platform calls it.
ENGAGEMENT = ("likes", "comments", "shares", "views", "reactions", "interactions")
#: Names that mean something else in every table of posts.
_TAKEN = {*POST_COLUMNS, *ENGAGEMENT, "account_name"} - {"text", "hashtags", "links"}
_FOLDER = Path(__file__).with_name("formats")


def _tuple(value: object) -> object:
    return (value,) if isinstance(value, str | dict) else value


def _parts(value: object) -> object:
    parts = _tuple(value)
    return tuple(map(_tuple, parts)) if isinstance(parts, list | tuple) else parts


Names = Annotated[tuple[str, ...], BeforeValidator(_tuple)]
#: At least one.
Some = Annotated[Names, Field(min_length=1)]


class _Source(Parameters):
    @model_validator(mode="before")
    @classmethod
    def _column_alone(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str | list | tuple) else value


class ObjectSource(_Source):
    """Where a candidate for what was shared comes from.

    The first of `column` with a value is taken, row by row, and the values of `also` are added to it. Of the items of a
    JSON list `key` is taken (``features.uri`` one list deeper; the first of several that is filled). Items stand between
    `separator`: text, several texts, ``list`` or ``addresses``; none: the cell is one item.
    """

    column: Some
    also: Names = ()
    key: Names = ()
    where: dict[str, str] = Field({})
    first: bool = False
    separator: Names = ()
    ignore: frozenset[str] = frozenset()
    without_domains: frozenset[str] = frozenset()
    links: bool = False
    hashtags: bool = False
    markup: bool = False
    copied: bool = False
    unless: str | None = None

    @property
    def pattern(self) -> str | None:
        """The regular expression that separates the items of a cell; None: the cell is one item."""
        if self.links or self.key or self.also or (self.separator and not "".join(self.separator).strip()):
            return r"\s+"
        if not self.separator:
            return SEPARATORS["list"] if self.hashtags else None
        marks = "|".join(map(re.escape, self.separator))
        return SEPARATORS.get(self.separator[0], rf"\s*(?:{marks})\s*")


def _whole_date(value: str) -> str:
    known = set(re.findall(r"%([a-zA-Z])", value))
    dated = known & {"d", "j"} and known & {"m", "b", "B", "j"} and known & {"Y", "y"}
    if not dated and not known & {"c", "x", "s"}:
        raise ValueError(f"{value!r} says no day, month and year, such as %d/%m/%Y %H:%M")
    return value


def _known_zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone; write one such as Europe/Rome or UTC") from None
    return value


class TimeSource(_Source):
    """A column of times: ``format`` as in strptime (never guessed), ``zone`` as in Europe/Rome for times without one."""

    column: str
    format: Annotated[str, AfterValidator(_whole_date)] | None = None
    zone: Annotated[str, AfterValidator(_known_zone)] | None = None


def _engagement(value: dict[str, Names]) -> dict[str, Names]:
    if unknown := set(value) - set(ENGAGEMENT):
        raise ValueError(f"unknown engagement {', '.join(sorted(unknown))}; known: {', '.join(ENGAGEMENT)}")
    return value


def _day_or_any(value: str) -> str:
    try:
        if value != "any":
            day_start(value)
    except ValueError:
        raise ValueError(f"{value!r} is no day; write one such as 2006-03-21, or any") from None
    return value


class Format(Parameters):
    """A format, or a mapping: how to recognise a table and which column means what.

    Each entry of `needed` is a column or alternatives, one of which has to be there. `further` are columns that make
    the guess surer, `absent` those that belong to another format. Rows equal in all of `repeats` are the same post
    exported twice. `prepare` names a rule that works out columns a file holds only indirectly.
    """

    renamed: ClassVar = {"timestamp_share": "posted_at", "object": "object_id"}

    name: str = "mapping"
    title: str = ""
    platform: str | None = None
    note: str = ""
    needed: Annotated[tuple[Names, ...], BeforeValidator(_parts)] = ()
    further: Names = ()
    absent: Names = ()
    prepare: Literal["crowdtangle-csv", "crowdtangle-api", "domain-of-address", "jetstream"] | None = None
    account_id: Some
    account_name: Names = ()
    accounts: dict[str, Names] = Field({})
    content_id: Annotated[tuple[Some, ...], BeforeValidator(_parts)] = Field(
        min_length=1,
        description="where posts have no id, several columns make one: content_id: [user, when]",
    )
    url: Names = ()
    posted_at: Annotated[tuple[TimeSource, ...], BeforeValidator(_tuple), Field(min_length=1)]
    seen_at: Names = ()
    earliest: Annotated[str, AfterValidator(_day_or_any)] = "1990-01-01"
    repeats: Names = ("content_id",)
    object_id: str = ""
    objects: dict[str, ObjectSource] = Field(min_length=1)
    engagement: Annotated[dict[str, Names], AfterValidator(_engagement)] = Field({})
    escape: str | None = Field(default=None, min_length=1, max_length=1)
    quoting: Literal["double", "none"] = "double"
    skip_lines: int = Field(default=0, ge=0, le=1000)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        usual = self.object_id or next(iter(self.objects))
        for name in (usual, *(source.unless for source in self.objects.values() if source.unless)):
            if name not in self.objects:
                raise ValueError(f"object_id '{name}' is not among the objects ({', '.join(self.objects)})")
        object.__setattr__(self, "object_id", usual)
        if not self.needed:
            columns = [self.account_id, *self.content_id, tuple(time.column for time in self.posted_at)]
            needed = tuple(dict.fromkeys([*columns, self.objects[usual].column]))
            object.__setattr__(self, "needed", needed)
        return self

    @property
    def columns(self) -> dict[str, str]:
        """The column of the table of posts that holds each object."""
        found: dict[str, str] = {}
        for name in self.objects:
            column = object_column(name)
            found[name] = f"object_{name}" if column in {*_TAKEN, *found.values()} else column
        return found

    def dialect(self) -> Dialect:
        """How a text file in this format is written."""
        quoting: Literal[0, 3] = csv.QUOTE_NONE if self.quoting == "none" else csv.QUOTE_MINIMAL
        return Dialect(self.escape, quoting, self.skip_lines, lambda columns: not self.missing(columns))

    def missing(self, columns: Iterable[str]) -> list[str]:
        """Return what a table lacks of the columns the format needs, in words."""
        have = set(columns)
        return [" or ".join(f"'{name}'" for name in group) for group in self.needed if not have & set(group)]

    def with_needed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Add needed columns that no record happens to have: JSON leaves empty fields out."""
        lacking = [group[0] for group in self.needed if not set(group) & set(table.columns)]
        return table.assign(**{name: pd.Series(pd.NA, index=table.index, dtype="str") for name in lacking})

    def require(self, columns: list[str], where: str) -> None:
        """Refuse a table that lacks columns of the format it is to be read in."""
        if lacking := self.missing(columns):
            what = f"is not in the format {self.name} ({self.title}), it lacks {', '.join(lacking)}"
            raise UnknownFormatError(f"{where}: {what}; {_shown(columns)}")


def load_mapping(source: Path | str | dict[str, Any], **further: str) -> Format:
    """Read a mapping (a YAML file, or its content as a dict) as a format of its own.

    Raises
    ------
    FileFormatError, UnknownParameterError, ParameterError
        Not YAML, a name the mapping does not have, or a value that does not fit.

    Examples
    --------
    >>> load_mapping({"account_id": "who", "content_id": "id", "posted_at": "at", "objects": {"link": "url"}}).needed
    (('who',), ('id',), ('at',), ('url',))
    """
    where = "mapping" if isinstance(source, dict) else str(source)
    values = source if isinstance(source, dict) else read_yaml(source, text=True)
    return Format.load({"title": f"table mapped by {where}", **values, **further}, where=where)


def format_names() -> list[str]:
    """Return the names of the known formats."""
    return sorted(path.stem for path in _FOLDER.glob("*.yml"))


@cache
def format_by_name(name: str) -> Format:
    """Return a known format by its name; refuse other names with the known ones."""
    if name not in format_names():
        raise ParameterError(f"format '{name}' is not known; known: {', '.join(format_names())}")
    return load_mapping(_FOLDER / f"{name}.yml", name=name)


def recognise(columns: Iterable[str], where: str = "the table") -> Format:
    """Return the format whose columns a table has, of several the one with most of its further columns.

    Else UnknownFormatError, with the closest format and the columns it lacks.
    """
    have = set(columns)
    best = max(map(format_by_name, format_names()), key=lambda known: _score(known, have))
    lacking = best.missing(have)
    wrong = sorted(set(best.absent) & have)
    if not lacking and not wrong:
        return best
    advice = f"{_shown(sorted(have))}. Say which columns mean what in a mapping file (--mapping)"
    if len(lacking) == len(best.needed):
        raise UnknownFormatError(
            f"{where}: has no column of any known format; {advice}; known formats: {', '.join(format_names())}"
        )
    lacks = f"lacks {', '.join(lacking)}" if lacking else f"has no column {', '.join(wrong)}"
    raise UnknownFormatError(
        f"{where}: matches no known format; the closest is {best.title} ({best.name}), but the file {lacks}; {advice}"
    )


def recognised(columns: Iterable[str]) -> bool:
    """Say whether a table with these columns is in a known format."""
    have = set(columns)
    return any(_score(format_by_name(name), have)[0] == 2 for name in format_names())


def _shown(columns: list[str]) -> str:
    if len(columns) == 1:
        return (
            f"its first line is one cell, {columns[0]!r}. If that is a title, take it out, or leave it: a mapping's columns "
            "tell the header from lines above it"
        )
    return f"its columns are: {', '.join(columns[:15])}{', …' if len(columns) > 15 else ''}"


def _score(known: Format, have: set[str]) -> tuple[float, float]:
    """Rank a format: first by the part of its needed columns, then by how specific the match is."""
    found = len(known.needed) - len(known.missing(have))
    # Too few needed columns say too little by themselves; the further ones decide.
    hints = sum(name in have for name in known.further)
    share = found / len(known.needed)
    if share == 1 and not have & set(known.absent):
        return 2.0, len(known.needed) + hints
    return share, (found + hints) / (len(known.needed) + len(known.further))
