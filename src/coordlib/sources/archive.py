"""Read a folder of daily folders (``YYYY-MM-DD``) as the vera.ai archive publishes them; any of a day's files may be absent."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib import times
from coordlib.errors import EmptyInputError, FileFormatError, InputError
from coordlib.posts import as_counts, as_posts
from coordlib.shown import Shown
from coordlib.sources.tables import line_of_row, read_table, refuse_damaged_ids
from coordlib.tiktok.endpoints import NAMES as API_NAMES

COUNTS = ("view_count", "comment_count", "share_count", "like_count")
NEEDED = ("video_id", "author_name", "create_time", "video_description")
NAMES = {**API_NAMES, "author_name": "account_id", "video_url": "url"}
_IDS = ("video_id", "music_id", "author_name")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class ArchiveDay(Shown):
    """One day of an archive; its files are read when they are first asked for, and what is odd in them is noted.

    `posts` is a table of posts (:mod:`coordlib.posts`) in file order, duplicates included, None on a day without input;
    `recent` the same for the monitored accounts alone; `pool_after` are those accounts in the archive's order,
    `new_accounts` how many at its end are new; `errors` (timestamp, type, message) what failed while collecting.
    """

    date: dt.date
    path: Path
    _notes: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def notes(self) -> list[str]:
        """What was odd in the files, each with its count: duplicates, missing counts, dropped rows."""
        _ = self.posts, self.recent, self.pool_after, self.new_accounts, self.errors
        return self._notes

    def _read(self, name: str, needed: Sequence[str] = ()) -> tuple[pd.DataFrame, Path] | None:
        for file in (self.path / name, self.path / f"{name}.gz"):
            if file.is_file():
                return read_table(file, needed=needed, allow_no_rows=True), file
        return None

    @cached_property
    def posts(self) -> pd.DataFrame | None:
        """The posts of the day, duplicates included; none where the folder has no such file."""
        read = self._read("daily_snapshot.csv", NEEDED)
        return read and _posts(*read, self._notes)

    @cached_property
    def recent(self) -> pd.DataFrame | None:
        """The posts of the monitored accounts alone; none where the folder has no such file."""
        read = self._read("recent_videos_snapshot.csv", NEEDED)
        return read and _posts(*read, self._notes)

    @cached_property
    def pool_after(self) -> list[str] | None:
        """The accounts watched after the day."""
        if (read := self._read("tiktok_coordinated_accounts_ids.csv")) is None:
            return None
        table, file = read
        if len(table.columns) != 1:
            raise FileFormatError(
                f"{file}, line 1: expected one column of account names, found {len(table.columns)}; "
                "give a file with one account per line below a header"
            )
        names = table.iloc[:, 0]
        filled = names.notna() & (names.str.strip() != "")
        listed = names[filled].to_list()
        if not filled.all():
            self._notes.append(f"{file}: {int((~filled).sum())} lines without an account name")
        if repeated := len(listed) - len(set(listed)):
            self._notes.append(f"{file}: {repeated} accounts are listed more than once")
        return listed

    @cached_property
    def new_accounts(self) -> int | None:
        """How many accounts the day's log says were new."""
        read = self._read("new_accounts_log.csv", ("Timestamp", "New_Accounts_Count"))
        if read is None or read[0].empty:
            return None
        table, file = read
        today = table[table["Timestamp"].fillna("").str.startswith(self.date.isoformat())]
        if today.empty:
            self._notes.append(f"{file}: has no line for {self.date}")
            return None
        # A day that was run again has a line for each run; the last one made the list.
        value = str(today["New_Accounts_Count"].iloc[-1]).strip()
        if not value.isdigit():
            line = line_of_row(file, int(today.index[-1]))
            raise FileFormatError(
                f"{file}, line {line}, column 'New_Accounts_Count': '{value}' is not a count; correct it or remove the file"
            )
        return int(value)

    @cached_property
    def errors(self) -> pd.DataFrame:
        """The lines of the day's log of errors."""
        columns = ["timestamp", "type", "message"]
        read = self._read("error_log.csv", columns)
        return read[0][columns] if read else pd.DataFrame(columns=columns, dtype="str")

    @cached_property
    def files(self) -> dict[str, dict[str, str | int]]:
        """For each file of the folder its sha256 and size."""
        found = {file.name: file.read_bytes() for file in sorted(self.path.iterdir()) if file.is_file()}
        return {k: {"sha256": hashlib.sha256(v).hexdigest(), "bytes": len(v)} for k, v in found.items()}

    @property
    def pool_before(self) -> list[str] | None:
        """The monitored accounts before this day: the list without its last new entries."""
        known = self.pool_after
        return known and known[: len(known) - (self.new_accounts or 0)]


def list_days(folder: Path | str) -> list[ArchiveDay]:
    """Return the days of an archive in the order of their dates, without reading them yet.

    A day read through this list stays in memory as long as the list; over a long archive call
    :func:`read_day` on each ``day.path`` instead.

    Raises
    ------
    InputError, EmptyInputError
        The folder is absent, or has no sub-folder named by a date.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; give the folder that holds the daily folders")
    days = [ArchiveDay(date, path) for path in folder.iterdir() if path.is_dir() and (date := _date(path))]
    if not days:
        raise EmptyInputError(
            f"{folder}: has no sub-folder named YYYY-MM-DD; give the folder that holds the daily folders"
        )
    return sorted(days, key=lambda day: day.date)


def read_day(path: Path | str) -> ArchiveDay:
    """Read one day's folder, named ``YYYY-MM-DD``, with everything in it, so that no error comes later.

    Raises
    ------
    InputError
        No such folder, or not named by a date; for a file in it the error of :func:`coordlib.sources.tables.read_table`.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder; give one day's folder, named YYYY-MM-DD")
    if (date := _date(path)) is None:
        raise InputError(f"{path}: the folder of a day has to be named YYYY-MM-DD")
    day = ArchiveDay(date, path)
    _ = day.notes
    return day


def split_list(values: pd.Series[Any]) -> pd.Series[Any]:
    """Split the archive's comma-joined cells into lists, without the platform's default ``0``, which would tie everybody."""
    cells = values.astype("str").fillna("").map(lambda cell: [item.strip() for item in cell.split(",")])
    return cells.map(lambda items: [item for item in items if item not in {"", "0"}])


def _date(path: Path) -> dt.date | None:
    try:
        return dt.date.fromisoformat(path.name) if _DAY.fullmatch(path.name) else None
    except ValueError:
        return None


def _posts(table: pd.DataFrame, file: Path, notes: list[str]) -> pd.DataFrame:
    """Return a TikTok table as a table of posts, with lists where it has joined cells, and note what was odd."""
    refuse_damaged_ids(table, _IDS, str(file))
    for name, lacks in (("video_id", "id"), ("author_name", "account"), ("create_time", "time")):
        filled = table[name].fillna("").str.strip() != ""  # else it cannot be a post of an account at a time
        if count := int((~filled).sum()):
            notes.append(f"{file}: {count} rows dropped: no {lacks} in column '{name}'")
        table = table[filled]
    seconds = times.utc_seconds(table["create_time"])

    def place(row: int) -> str:
        return f"{file}, line {line_of_row(file, int(table.index[row]), NEEDED)}, column 'create_time'"

    times.refuse_unreadable(table["create_time"], seconds, place)
    table = table.assign(create_time=seconds.astype("int64")).reset_index(drop=True)
    for name in COUNTS:
        if name in table:
            table[name] = _count(table[name], file, notes)
    if repeated := int(table["video_id"].duplicated().sum()):
        rows = "1 row repeats" if repeated == 1 else f"{repeated} rows repeat"
        notes.append(f"{file}: {rows} a video_id (kept: the published analyses counted them)")
    if blank := int((table["video_description"].fillna("") == "").sum()):
        notes.append(f"{file}: {blank} of {len(table)} videos have no caption")
    posts = table.rename(columns=NAMES)
    for name in ("hashtags", "effect_ids"):
        posts[name] = split_list(posts[name]) if name in posts else None
    if "url" in posts:
        posts["url"] = posts["url"].where(posts["url"].str.startswith("https://").fillna(False))
    return as_posts(posts, "tiktok")


def _count(values: pd.Series[Any], file: Path, notes: list[str]) -> pd.Series[Any]:
    """Read counts, and note what is none."""
    filled = values.notna() & (values.str.strip() != "")
    counts = as_counts(values)
    if missing := int((~filled).sum()):
        notes.append(f"{file}: {missing} of {len(values)} values of '{values.name}' are missing")
    if strange := int((filled & counts.isna()).sum()):
        example = str(values[filled & counts.isna()].iloc[0])[:40]
        notes.append(f"{file}: {strange} values of '{values.name}' are no counts, such as '{example}'")
    return counts
