"""What reading an export gives back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from coordlib.posts import POST_COLUMNS, as_counts
from coordlib.shown import Shown
from coordlib.times import utc_text
from coordlib.yaml_files import read_yaml

if TYPE_CHECKING:
    from coordlib.sources.exports.mapping import Format


@dataclass(frozen=True)
class ExportReport(Shown):
    """What came out of a file: to be shown to the researcher, and kept with the shares.

    Attributes
    ----------
    source, format
        The file and the format it was read in.
    rows, dropped, posts
        Rows read, those left out by reason, and those kept.
    first, last
        The period covered, UTC seconds; None without posts.
    accounts, objects
        Distinct accounts, and distinct values of each candidate for what was shared.
    notes
        What a researcher should know about the times or the columns.
    """

    source: str
    format: str
    rows: int
    dropped: dict[str, int]
    posts: int
    first: int | None
    last: int | None
    accounts: int
    objects: dict[str, int]
    notes: tuple[str, ...] = ()

    def _parts(self) -> Mapping[str, Any]:
        ends = {name: getattr(self, name) for name in ("first", "last")}
        return {**super()._parts(), **{name: end and f"{utc_text(end)} UTC" for name, end in ends.items()}}

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        text = [f"{self.source}: read {read_as(self.format)}, {self.posts:,} of {self.rows:,} rows kept"]
        text += [f"  dropped {count:,}: {reason}" for reason, count in self.dropped.items()]
        if self.first is not None and self.last is not None:
            text.append(
                f"  period {utc_text(self.first)} to {utc_text(self.last)} UTC, {self.accounts:,} accounts"
            )
        found = [f"{name} {count:,}" for name, count in self.objects.items() if count]
        text.append(f"  distinct objects: {', '.join(found) or 'none'}")
        return text + [f"  note: {note}" for note in self.notes]


def merge_reports(reports: list[ExportReport]) -> ExportReport:
    """Add up the reports of pieces; what is distinct in all of them has to be counted elsewhere."""
    dropped = Counter[str]()
    for report in reports:
        dropped.update(report.dropped)
    return replace(
        reports[0],
        rows=sum(report.rows for report in reports),
        dropped=dict(dropped),
        posts=sum(report.posts for report in reports),
        first=min((report.first for report in reports if report.first is not None), default=None),
        last=max((report.last for report in reports if report.last is not None), default=None),
        notes=tuple(dict.fromkeys(note for report in reports for note in report.notes)),
    )


def read_as(format: str) -> str:
    """Say how a file was read."""
    return "by the mapping" if format == "mapping" else f"as {format}"


@dataclass(frozen=True)
class Export(Shown):
    """A file of posts as a table of posts.

    Attributes
    ----------
    format, report
        The format it was read in; counts and notes.
    frame
        One row per post: the columns of every table of posts (:mod:`coordlib.posts`), account_name, the further
        candidates for what was shared (str, or lists), reactions and interactions (Int64, missing where unknown),
        then every column of the file under its own name (``original.NAME`` where that name is taken).
    """

    format: Format
    frame: pd.DataFrame
    report: ExportReport

    def _parts(self) -> Mapping[str, Any]:
        return {"frame": self.frame, **self.report._parts()}

    @property
    def posts(self) -> pd.DataFrame:
        """The table of posts without what else the file holds; ``attrs["object_id"]`` names its usual object."""
        columns = self.format.columns
        posts = self.frame[list(dict.fromkeys((*POST_COLUMNS, "account_name", *columns.values())))]
        posts.attrs["object_id"] = columns[self.format.object_id]
        return posts

    def posts_with(self, name: str) -> pd.DataFrame:
        """The table of posts, with a further column of the file where it has none of this name."""
        posts = self.posts
        return posts.assign(**{name: self.frame[name]}) if name in self.frame and name not in posts else posts


def first_filled(table: pd.DataFrame, columns: tuple[str, ...], *, words: bool = True) -> pd.Series[Any]:
    """Return for each row the first value that is neither missing nor blank (:func:`blank`; an account may be called None)."""
    result = pd.Series(pd.NA, index=table.index, dtype="str")
    for name in columns:
        if name in table.columns:
            values = table[name].astype("str")
            result = result.where(result.notna(), values.where(~blank(values, words=words)))
    return result


def coornet_columns(table: pd.DataFrame, kind: str) -> dict[str, pd.Series[Any]]:
    """Return CooRnet's columns of a kind (``coornet_columns.yml``) from a table: counts as whole numbers, texts as they are."""
    columns = {name: first_filled(table, sources) for name, sources in coornet_names(kind).items()}
    counts = kind.endswith("counts")
    return {name: as_counts(values) if counts else values for name, values in columns.items()}


@cache
def coornet_names(kind: str) -> dict[str, tuple[str, ...]]:
    """Return the sources of CooRnet's columns of a kind."""
    known = read_yaml(Path(__file__).with_name("coornet_columns.yml"), text=True)[kind]
    return {name: tuple(sources) for name, sources in known.items()}


def blank(values: pd.Series[Any], *, words: bool = True) -> pd.Series[bool]:
    """Mark values that stand for nothing: missing, empty, or (with `words`) a spelled-out missing value."""
    text = values.astype("str").str.strip()
    nothing = ["", "na", "nan", "none", "null", "n/a"] if words else [""]
    return values.isna() | text.isna() | text.str.lower().isin(nothing)
