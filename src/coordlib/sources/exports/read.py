"""Read an export as a table of posts, and count what was left out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from coordlib import times
from coordlib.errors import EmptyInputError, FileFormatError, ParameterError, TimeFormatError, takes_old_names
from coordlib.ids import without_point
from coordlib.posts import as_counts, as_posts
from coordlib.sources.exports.cells import PREPARATIONS, jetstream_undone, objects_of
from coordlib.sources.exports.mapping import ENGAGEMENT, Format, format_by_name, recognise, recognised
from coordlib.sources.exports.model import Export, ExportReport, first_filled
from coordlib.sources.json_files import EMPTY_PAGE, is_json, iter_records, records_table
from coordlib.sources.tables import DAMAGED, iter_table, refuse_damaged_ids, refuse_repeated
from coordlib.sources.text_layout import Dialect, file_kind, inspect_text

#: A client's clock may be wrong by this much before the network's own time is believed instead.
CLOCK_TOLERANCE_SECONDS = 600
_NO_ZONE = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?"


@takes_old_names(account="account_id", path="source")
def read_export(
    source: Path | str,
    *,
    format: Format | str | None = None,
    account_id: str | None = None,
    duplicates: str = "drop",
) -> Export:
    """Read an export of posts from a platform or a collection tool.

    Parameters
    ----------
    source
        CSV, JSON or JSON lines (also .gz or .zst), or Parquet.
    format
        A format, its name, or None to recognise it by the columns.
    account_id
        Which of the format's choices of account to take (for the Meta Content Library ``"owner"``
        or ``"surface"``); None: the usual one.
    duplicates
        ``"drop"`` keeps the first row of each post, ``"keep"`` keeps all.

    Returns
    -------
    Export
        The table of posts and the report of what was read and left out.

    Raises
    ------
    UnknownFormatError
        The columns match no format, or not that given; the closest is named with what it lacks.
    FileFormatError, EmptyInputError, TimeFormatError
        The file cannot be read, has no rows, no readable time, or ids a spreadsheet rounded.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "posts.csv"
    >>> _ = file.write_text("id,username,date,text\\n1,ann,2026-01-02 10:00:00,Tea\\n", encoding="utf-8")
    >>> read_export(file).posts[["account_id", "posted_at"]].values.tolist()
    [['ann', 1767348000]]
    """
    (export,) = iter_export(source, sys.maxsize, format=format, account_id=account_id, duplicates=duplicates)
    return export


@takes_old_names(account="account_id", path="source")
def iter_export(
    source: Path | str,
    chunk_rows: int,
    *,
    format: Format | str | None = None,
    account_id: str | None = None,
    duplicates: str = "drop",
) -> Iterator[Export]:
    """Read an export piece by piece, for files larger than memory; parameters and errors as for :func:`read_export`.

    Each piece's report counts that piece alone, except that a post given in an earlier piece is a duplicate.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "posts.csv"
    >>> _ = file.write_text("id,username,date,text\\n1,ann,2026-01-02 10:00:00,Tea\\n", encoding="utf-8")
    >>> [piece.report.posts for piece in iter_export(file, 1000)]
    [1]
    """
    path, where = Path(source), str(source)
    if chunk_rows < 1:
        raise ParameterError(f"chunk_rows = {chunk_rows}: give at least 1")
    if duplicates not in {"drop", "keep"}:
        raise ParameterError(f"duplicates = '{duplicates}': give 'drop' or 'keep'")
    known = format_by_name(format) if isinstance(format, str) else format
    state = _State(account_id, duplicates == "drop")
    tables = _tables(path, where, known, chunk_rows)
    for table in [pd.concat(tables)] if chunk_rows == sys.maxsize else tables:
        known = known or recognise(map(str, table.columns), where)
        if state.rows:
            table = known.with_needed(table)
        elif known.prepare == "jetstream" and chunk_rows < sys.maxsize:
            for piece in _tables(path, where, known, chunk_rows):
                for content, row in jetstream_undone(known.with_needed(piece)).items():
                    state.undone[content] = max(row, state.undone.get(content, 0))
        yield normalise(table, known, where=where, state=state)
    if not state.rows:
        raise EmptyInputError(f"{where}: has a header but no rows; export or download it again")
    if not state.readable and state.unreadable:
        assert known is not None
        raise TimeFormatError(
            f"{where}, column '{' or '.join(time.column for time in known.posted_at)}': no value is a time "
            f"({state.unreadable!r} for instance{times.guess(state.unreadable)}); write UTC seconds or 'YYYY-MM-DD HH:MM:SS', "
            "or say the format in a mapping (posted_at: {column: …, format: …})"
        )


@dataclass
class _State:
    """What later pieces of a file have to know of the earlier ones."""

    account: str | None = None
    drop_duplicates: bool = True
    rows: int = 0
    readable: int = 0
    unreadable: str = ""
    undone: dict[str, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


#: Columns that mark what is no row, and what they mark.
_MARKS = {DAMAGED: "a damaged line", EMPTY_PAGE: "a page without posts (errors, or nothing found)"}


def normalise(
    table: pd.DataFrame, known: Format, *, where: str = "the table", state: _State | None = None
) -> Export:
    """Bring a table of text in a known format into the columns of a table of posts; errors and report name it by `where`."""
    state = state or _State()
    known.require(list(map(str, table.columns)), where)
    rows, dropped = len(table), dict[str, int]()
    for mark, what in _MARKS.items():
        if mark in table.columns:
            marked = table[mark].notna()
            if marked.any():
                dropped[f"{what}, such as {table.loc[marked, mark].iloc[0]}"] = int(marked.sum())
            table = table[~marked].drop(columns=mark)
    refuse_damaged_ids(table, _id_columns(known), where)
    repeated_header = _repeated_header(table, known, where)
    if repeated_header.any():
        dropped["the header line, repeated inside the file"] = int(repeated_header.sum())
        table = table[~repeated_header]
    if known.prepare is not None:
        before, table = len(table), PREPARATIONS[known.prepare](table)
        if state.undone:
            contents = _joined(table, known.content_id).tolist()
            holds_from = np.array([state.undone.get(content, -1) for content in contents], dtype=np.int64)
            table = table[table.index.to_numpy() >= holds_from]
        if before > len(table):
            dropped["not a post that was kept (deleted, or another kind of record)"] = before - len(table)
    frame, moments = _posts(table, known, state)
    kept = _kept(frame, moments, known, state, dropped)
    state.rows += rows
    state.readable += int(frame["posted_at"].notna().sum())
    notes = [known.note] if known.note else []
    if times.date_only(moments):
        notes.append(times.DAYS_WITHOUT_HOUR)
    elif _taken_as_utc(moments, known):
        notes.append("times without a zone are taken as UTC")
    originals = table.loc[kept, [name for name in table.columns if not str(name).startswith("coordlib.")]]
    frame = as_posts(frame[kept], known.platform)
    names = [f"original.{name}" if name in frame.columns else str(name) for name in originals.columns]
    frame = pd.concat([frame, originals.set_axis(names, axis=1)], axis=1).reset_index(drop=True)
    seconds = frame["posted_at"]
    report = ExportReport(
        source=where,
        format=known.name,
        rows=rows,
        dropped=dropped,
        posts=len(frame),
        first=int(seconds.min()) if len(frame) else None,
        last=int(seconds.max()) if len(frame) else None,
        accounts=int(frame["account_id"].nunique()),
        objects={name: int(frame[column].explode().nunique()) for name, column in known.columns.items()},
        notes=tuple(notes),
    )
    return Export(known, frame, report)


def records_export(records: Sequence[dict[str, Any]], name: str, where: str) -> Export:
    """Read what a service answered as an export in a known format."""
    known = format_by_name(name)
    return normalise(known.with_needed(records_table(records)), known, where=where)


def _kept(
    frame: pd.DataFrame, moments: pd.Series[Any], known: Format, state: _State, dropped: dict[str, int]
) -> pd.Series[bool]:
    """Mark the rows that are posts, each once, and count the others by reason."""
    bad = times.unreadable(moments, frame["posted_at"])
    implausible = f", is before {known.earliest} or after tomorrow" if known.earliest != "any" else ""
    no_time = f"a time that cannot be read{implausible}"
    if bad.any():
        state.unreadable = str(moments[bad].iloc[0])[:40]
        # As Python writes it: a cell may hold what steers a terminal.
        no_time += f", such as {state.unreadable!r}"
    kept = pd.Series(True, index=frame.index)
    for reason, mask in (
        ("no account", frame["account_id"].isna()),
        ("no id of the post", frame["content_id"].isna()),
        ("no time", frame["posted_at"].isna() & ~bad),
        (no_time, bad),
    ):
        if count := int((mask & kept).sum()):
            dropped[reason] = count
        kept &= ~mask
    if state.drop_duplicates:
        keys = frame.loc[kept, list(known.repeats)].astype("str").fillna("")
        hashes = pd.util.hash_pandas_object(keys, index=False)
        again = hashes.map(state.seen.__contains__).astype(bool) | hashes.duplicated()
        state.seen.update(hashes[~again].tolist())
        if again.any():
            dropped["the same post again"] = int(again.sum())
            kept &= ~again.reindex(kept.index, fill_value=False)
    return kept


def _tables(path: Path, where: str, known: Format | None, chunk_rows: int) -> Iterator[pd.DataFrame]:
    if is_json(path, where):
        yield from iter_records(path, where, chunk_rows)
        return
    dialect = Dialect(is_header=recognised) if known is None else known.dialect()
    if file_kind(path, where) != "parquet":
        layout = inspect_text(path, where, dialect)
        known = known or recognise(layout.columns, where)
        known.require(list(layout.columns), where)
        objects = (name for source in known.objects.values() for name in source.column)
        decide = (*_id_columns(known), *(time.column for time in known.posted_at), *objects)
        refuse_repeated(decide, layout.repeated, where)
        dialect = known.dialect()
    elif known is None:
        with suppress(pa.ArrowException, OSError):  # what cannot be opened is told where it is read
            recognise(pq.read_schema(path).names, where)
    names = () if known is None else [*known.account_id, *known.account_name]
    yield from iter_table(path, chunk_rows=chunk_rows, dialect=dialect, names=names)


def _id_columns(known: Format) -> list[str]:
    sources = [known.account_id, *known.content_id, *known.accounts.values()]
    return list(dict.fromkeys(name for names in sources for name in names))


def _repeated_header(table: pd.DataFrame, known: Format, where: str) -> pd.Series[bool]:
    """Mark the header lines left inside a file that was glued together from several."""
    names = [name for group in known.needed for name in group if name in table.columns][:2]
    cells = table[names].apply(lambda column: column.str.strip("\ufeff \t"))
    mask: pd.Series[bool] = cells.eq(names).fillna(False).all(axis=1)
    other = cells.isin(set(map(str, table.columns))).all(axis=1) & ~mask
    if other.any():
        raise FileFormatError(
            f"{where}, row {int(other.to_numpy().argmax()) + 1}: another header begins here, with its columns in "
            "another order; read the two tables apart"
        )
    return mask


def _posts(table: pd.DataFrame, known: Format, state: _State) -> tuple[pd.DataFrame, pd.Series[Any]]:
    account = known.account_id
    if state.account is not None:
        if state.account not in known.accounts:
            choices = ", ".join(known.accounts) or "the usual one alone: leave account_id out"
            raise ParameterError(f"account_id = '{state.account}': {known.name} has {choices}")
        account = known.accounts[state.account]
    moments, seconds = _moments(table, known)
    columns: dict[str, Any] = {
        "account_id": without_point(first_filled(table, account, words=False).str.strip()),
        "account_name": first_filled(table, known.account_name, words=False),
        "content_id": _joined(table, known.content_id),
        "url": first_filled(table, known.url),
        "posted_at": seconds,
    }
    objects = {name: objects_of(table, source) for name, source in known.objects.items()}
    for name, source in known.objects.items():
        if source.unless is not None:
            objects[name] = objects[name].mask(objects[source.unless].notna())
    columns |= {known.columns[name]: values for name, values in objects.items()}
    if "links" in columns:
        columns["links"] = columns["links"].map(lambda cell: [cell] if isinstance(cell, str) else cell)
    if "title" in columns:
        columns.setdefault("text", columns["title"])
    for name in ENGAGEMENT:
        columns[name] = as_counts(first_filled(table, known.engagement.get(name, ())))
    return pd.DataFrame(columns, index=table.index), moments


def _taken_as_utc(moments: pd.Series[Any], known: Format) -> bool:
    """Return whether times are read as UTC because neither they nor the mapping names a zone."""
    plain = [source.format or "" for source in known.posted_at if source.zone is None]
    if any(form and "%z" not in form.lower() for form in plain):
        return bool(moments.notna().any())
    return "" in plain and bool(moments.str.fullmatch(_NO_ZONE, na=False).any())


def _moments(table: pd.DataFrame, known: Format) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return the times as they are written and as seconds; where a claimed time is far from when it was seen, the latter."""
    moments = first_filled(table, ())
    seconds = pd.Series(pd.NA, index=table.index, dtype="Int64")
    for source in known.posted_at:
        written = first_filled(table, (source.column,)).where(moments.isna())
        read = times.utc_seconds(
            written, any_time=known.earliest == "any", form=source.format, zone=source.zone
        )
        moments, seconds = moments.where(moments.notna(), written), seconds.where(moments.notna(), read)
    if known.seen_at:
        seen = times.utc_seconds(first_filled(table, known.seen_at))
        near = ~((seconds - seen).abs() > CLOCK_TOLERANCE_SECONDS).fillna(False)
        seconds = seconds.where(seconds.notna() & near, seen)
    if known.earliest != "any":
        seconds = times.plausible(seconds, first=times.day_start(known.earliest))
    return moments, seconds


def _joined(table: pd.DataFrame, parts: tuple[tuple[str, ...], ...]) -> pd.Series[Any]:
    first, *further = (without_point(first_filled(table, part, words=False).str.strip()) for part in parts)
    for part in further:
        first = first + ":" + part
    return first
