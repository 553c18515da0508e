"""Read a folder of daily folders (``YYYY-MM-DD``) as the vera.ai archive publishes them; any of a day's files may be absent."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib import times
from coordlib.addresses import video_address
from coordlib.errors import EmptyInputError, FileFormatError, InputError
from coordlib.posts import as_posts
from coordlib.sources.tables import line_of_row, read_table, refuse_damaged_ids
from coordlib.tiktok.rows import NAMES as API_NAMES

POSTS = "daily_snapshot.csv"
RECENT = "recent_videos_snapshot.csv"
POOL = "tiktok_coordinated_accounts_ids.csv"
NEW_ACCOUNTS = "new_accounts_log.csv"
ERRORS = "error_log.csv"
COUNTS = ("view_count", "comment_count", "share_count", "like_count")
NEEDED = ("video_id", "author_name", "create_time", "video_description")
NAMES = {**API_NAMES, "author_name": "account_id"}
_IDS = ("video_id", "music_id", "author_name")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class ArchiveDay:
    """One day of an archive; its files are read when they are first asked for.

    Attributes
    ----------
    date
        The day, from the folder's name.
    path
        The folder.
    posts
        All videos of the day in file order, duplicates included, as a table of posts (:mod:`coordlib.posts`);
        None on a day without input. Captions are as written; further columns keep the archive's names.
    recent
        The same for the videos of the monitored accounts alone, where they were saved.
    pool_after
        The monitored accounts after this day, in the archive's order.
    new_accounts
        How many of them were added on this day, at the end of the list.
    errors
        timestamp, type, message of what failed while collecting.
    files
        For each file of the folder its sha256 and size: ``{name: {"sha256": …, "bytes": …}}``.
    notes
        What was odd in the files, each with its count: duplicates, missing counts, dropped rows.
    """

    date: dt.date
    path: Path

    @property
    def notes(self) -> list[str]:
        _ = self.posts, self.recent, self.pool_after, self.new_accounts, self.errors  # each notes what is odd
        return self._notes

    @cached_property
    def _notes(self) -> list[str]:
        return []

    @cached_property
    def posts(self) -> pd.DataFrame | None:
        return _posts(self.path, POSTS, self._notes)

    @cached_property
    def recent(self) -> pd.DataFrame | None:
        return _posts(self.path, RECENT, self._notes)

    @cached_property
    def pool_after(self) -> list[str] | None:
        return _pool(self.path, self._notes)

    @cached_property
    def new_accounts(self) -> int | None:
        return _new_accounts(self.path, self.date, self._notes)

    @cached_property
    def errors(self) -> pd.DataFrame:
        return _errors(self.path)

    @cached_property
    def files(self) -> dict[str, dict[str, str | int]]:
        return {file.name: _fingerprint(file) for file in sorted(self.path.iterdir()) if file.is_file()}

    @property
    def pool_before(self) -> list[str] | None:
        """The monitored accounts before this day: the list without its last new entries."""
        if self.pool_after is None:
            return None
        return self.pool_after[: len(self.pool_after) - (self.new_accounts or 0)]


def list_days(folder: Path | str) -> list[ArchiveDay]:
    """Return the days of an archive in the order of their dates, without reading them yet.

    A day read through this list stays in memory as long as the list; over a long archive call
    :func:`read_day` on each ``day.path`` instead.

    Raises
    ------
    InputError
        The folder is absent.
    EmptyInputError
        It has no sub-folder named by a date.
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
    date = _date(path)
    if date is None:
        raise InputError(f"{path}: the folder of a day has to be named YYYY-MM-DD")
    day = ArchiveDay(date, path)
    _ = day.notes
    return day


def split_list(values: pd.Series[Any]) -> pd.Series[Any]:
    """Split the archive's comma-joined cells into lists, without the platform's default ``0``, which would tie everybody."""
    return values.map(
        lambda cell: (
            []
            if pd.isna(cell)
            else [item for part in str(cell).split(",") if (item := part.strip()) not in {"", "0"}]
        )
    )


def parse_posts(
    table: pd.DataFrame, *, where: str, path: Path | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Give the text columns of a TikTok table their types; return it, without rows of no identity, and notes of what was odd.

    `where` is how errors and notes name the file, `path` the file itself, to find the line of an unreadable time.
    """
    notes: list[str] = []
    refuse_damaged_ids(table, _IDS, where)
    table = _without_identity(table, where, notes)
    seconds = times.utc_seconds(table["create_time"])

    def place(row: int) -> str:
        row = int(table.index[row])
        line = f"line {line_of_row(path, row, NEEDED)}" if path else f"row {row + 1}"
        return f"{where}, {line}, column 'create_time'"

    times.refuse_unreadable(table["create_time"], seconds, place)
    table = table.assign(create_time=seconds.astype("int64"))
    for name in COUNTS:
        if name in table.columns:
            table[name] = _count(table[name], where, notes)
    repeated = int(table["video_id"].duplicated().sum())
    if repeated:
        rows = "1 row repeats" if repeated == 1 else f"{repeated} rows repeat"
        notes.append(f"{where}: {rows} a video_id (kept: the published analyses counted them)")
    blank = int((table["video_description"].isna() | (table["video_description"] == "")).sum())
    if blank:
        notes.append(f"{where}: {blank} of {len(table)} videos have no caption")
    return table.reset_index(drop=True), notes


def _date(path: Path) -> dt.date | None:
    if not _DAY.fullmatch(path.name):
        return None
    try:
        return dt.date.fromisoformat(path.name)
    except ValueError:
        return None


def _file(folder: Path, name: str) -> Path | None:
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    return None


def _fingerprint(file: Path) -> dict[str, str | int]:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    return {"sha256": digest.hexdigest(), "bytes": file.stat().st_size}


def _posts(folder: Path, name: str, notes: list[str]) -> pd.DataFrame | None:
    file = _file(folder, name)
    if file is None:
        return None
    table = read_table(file, needed=NEEDED, allow_no_rows=True)
    posts, found = parse_posts(table, where=str(file), path=file)
    notes.extend(found)
    return _in_our_words(posts)


def _in_our_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return an archive's table in the columns of :mod:`coordlib.posts`, with lists where it has joined cells."""
    posts = table.drop(columns="video_url", errors="ignore").rename(columns=NAMES)
    for name in ("hashtags", "effect_ids"):
        posts[name] = split_list(posts[name]) if name in posts else None
    made = [video_address(a, c) for a, c in zip(posts["account_id"], posts["content_id"], strict=True)]
    own = table["video_url"] if "video_url" in table else pd.Series(None, index=table.index, dtype="str")
    posts["url"] = own.where(
        own.str.startswith("https://").fillna(False), pd.Series(made, index=posts.index, dtype="str")
    )
    return as_posts(posts, "tiktok")


def _without_identity(table: pd.DataFrame, where: str, notes: list[str]) -> pd.DataFrame:
    """Leave out rows that cannot be a post of an account at a time."""
    kept = pd.Series(True, index=table.index)
    for name, lacks in (("video_id", "id"), ("author_name", "account"), ("create_time", "time")):
        empty = table[name].isna() | (table[name].str.strip() == "")
        count = int((empty & kept).sum())
        if count:
            notes.append(f"{where}: {count} rows dropped: no {lacks} in column '{name}'")
        kept &= ~empty
    return table[kept] if not kept.all() else table


def _count(values: pd.Series[Any], where: str, notes: list[str]) -> pd.Series[Any]:
    """Read a count; R writes some round numbers as 1e+05."""
    filled = values.notna() & (values.str.strip() != "")
    numbers = pd.to_numeric(values.where(filled), errors="coerce")
    # A count is a whole number from zero to where floats begin to round; what is not stays unknown.
    whole = (numbers % 1 == 0) & numbers.between(0, 2**53 - 1)
    counts = numbers.where(whole).astype("Int64")
    missing, strange = int((~filled).sum()), int((filled & ~whole).sum())
    if missing:
        notes.append(f"{where}: {missing} of {len(values)} values of '{values.name}' are missing")
    if strange:
        example = str(values[filled & ~whole].iloc[0])[:40]
        notes.append(f"{where}: {strange} values of '{values.name}' are no counts, such as '{example}'")
    return counts


def _pool(folder: Path, notes: list[str]) -> list[str] | None:
    file = _file(folder, POOL)
    if file is None:
        return None
    table = read_table(file, allow_no_rows=True)
    if len(table.columns) != 1:
        raise FileFormatError(
            f"{file}, line 1: expected one column of account names, found {len(table.columns)}; "
            "give a file with one account per line below a header"
        )
    names = table.iloc[:, 0]
    filled = names.notna() & (names.str.strip() != "")
    if not filled.all():
        notes.append(f"{file}: {int((~filled).sum())} lines without an account name")
    listed = names[filled].to_list()
    repeated = len(listed) - len(set(listed))
    if repeated:
        notes.append(f"{file}: {repeated} accounts are listed more than once")
    return listed


def _new_accounts(folder: Path, date: dt.date, notes: list[str]) -> int | None:
    file = _file(folder, NEW_ACCOUNTS)
    if file is None:
        return None
    table = read_table(file, needed=("Timestamp", "New_Accounts_Count"), allow_no_rows=True)
    if table.empty:
        return None
    today = table[table["Timestamp"].fillna("").str.startswith(date.isoformat())]
    if today.empty:
        notes.append(f"{file}: has no line for {date}")
        return None
    # A day that was run again has a line for each run; the last one made the list.
    value = str(today["New_Accounts_Count"].iloc[-1]).strip()
    if not value.isdigit():
        line = line_of_row(file, int(today.index[-1]))
        raise FileFormatError(
            f"{file}, line {line}, column 'New_Accounts_Count': '{value}' is not a count; correct it or remove the file"
        )
    return int(value)


def _errors(folder: Path) -> pd.DataFrame:
    columns = ["timestamp", "type", "message"]
    file = _file(folder, ERRORS)
    if file is None:
        return pd.DataFrame({name: pd.Series([], dtype="str") for name in columns})
    table = read_table(file, needed=columns, allow_no_rows=True)
    return table[columns]
