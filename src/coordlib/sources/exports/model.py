"""What a known format is, and what reading a file in one gives back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

#: Names under which engagement is kept, whatever the platform calls it.
ENGAGEMENT = ("likes", "comments", "shares", "views", "reactions", "interactions")


@dataclass(frozen=True)
class ObjectSource:
    """Where a candidate for what was shared comes from.

    Attributes
    ----------
    columns
        The first of these with a value is taken, row by row.
    separator
        Regular expression that separates the items of a cell; None: the cell is one item.
    ignore
        Items that are a platform's default and stand for nothing.
    links
        Take the web addresses found in the text rather than the text.
    """

    columns: tuple[str, ...]
    separator: str | None = None
    ignore: frozenset[str] = frozenset()
    links: bool = False


@dataclass(frozen=True)
class Format:
    """One export format: how to recognise it and which column means what.

    Each entry of `needed` is a tuple of alternatives, one of which has to be there. `hints` are
    columns that make the guess surer, `absent` those that belong to another format. `account`,
    `content` and `time` name columns: the first with a value is taken for account and time, all
    are joined by ``:`` for content. `accounts` offers other choices of account by name; rows equal
    in all of `repeats` are the same post exported twice. `undone` tells, for formats whose rows undo
    earlier ones, from which row on a content holds: a file read in pieces is looked through for that first.
    """

    name: str
    title: str
    needed: tuple[tuple[str, ...], ...]
    account: tuple[str, ...]
    content: tuple[str, ...]
    time: tuple[str, ...]
    objects: Mapping[str, ObjectSource]
    default_object: str
    account_name: tuple[str, ...] = ()
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    url: tuple[str, ...] = ()
    engagement: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    prepare: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    escape: str | None = None
    note: str = ""
    repeats: tuple[str, ...] = ("content_id",)
    undone: Callable[[pd.DataFrame], dict[str, int]] | None = None


@dataclass(frozen=True)
class ExportReport:
    """What came out of a file: to be shown to the researcher, and kept with the shares.

    Attributes
    ----------
    source, format
        The file and the format it was read in.
    rows
        Rows read.
    dropped
        Rows left out, by reason.
    posts
        Rows kept.
    first, last
        The period covered, UTC seconds; None without posts.
    accounts
        Distinct accounts.
    objects
        Distinct values of each candidate for what was shared.
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

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        text = [f"{self.source}: read as {self.format}, {self.posts:,} of {self.rows:,} rows kept"]
        text += [f"  dropped {count:,}: {reason}" for reason, count in self.dropped.items()]
        if self.first is not None and self.last is not None:
            text.append(f"  period {_utc(self.first)} to {_utc(self.last)} UTC, {self.accounts:,} accounts")
        found = [f"{name} {count:,}" for name, count in self.objects.items() if count]
        text.append(f"  distinct objects: {', '.join(found) or 'none'}")
        return text + [f"  note: {note}" for note in self.notes]


@dataclass(frozen=True)
class Export:
    """A file of posts in neutral columns.

    Attributes
    ----------
    format
        The format it was read in.
    frame
        One row per post: account_id, account_name, content_id, url (str), timestamp_share (int64
        UTC seconds), ``object_NAME`` for each candidate object (str), the engagement columns
        likes, comments, shares, views, reactions, interactions (Int64, missing where unknown), then
        every column of the file under its own name (``original.NAME`` where that name is taken).
    report
        Counts and notes.
    """

    format: Format
    frame: pd.DataFrame
    report: ExportReport


def _utc(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def first_filled(table: pd.DataFrame, columns: tuple[str, ...], *, words: bool = True) -> pd.Series[Any]:
    """Return for each row the first value that is neither missing nor blank.

    With `words`, spelled-out missing values ("nan", "None") count as blank; an account may be called so.
    """
    result = pd.Series(pd.NA, index=table.index, dtype="str")
    for name in columns:
        if name in table.columns:
            values = table[name].astype("str")
            result = result.where(result.notna(), values.where(~blank(values, words=words)))
    return result


def blank(values: pd.Series[Any], *, words: bool = True) -> pd.Series[bool]:
    """Mark values that stand for nothing: missing, empty, or (with `words`) a spelled-out missing value."""
    text = values.astype("str").str.strip()
    nothing = ["", "na", "nan", "none", "null", "n/a"] if words else [""]
    return values.isna() | text.isna() | text.str.lower().isin(nothing)
