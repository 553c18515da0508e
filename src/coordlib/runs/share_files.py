"""Files of shares: Parquet read as it is where nothing in it needs a closer look, all else by the careful readers.

What a large table does not need (pandas, the readers of exports) is loaded where it is needed.
"""

from __future__ import annotations

import itertools
import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coordlib import errors
from coordlib.detect.codes import Codes, text_buffers
from coordlib.progress import with_progress

if TYPE_CHECKING:
    import pandas as pd

Duplicates = Literal["keep", "drop", "error"]

#: Kinds of columns whose ids are taken as they are.
_PLAIN = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer)
#: Numbers that are surely seconds of our time (2001 to now); others are looked at one by one.
_FIRST_SURE_SECOND = 10**9
BATCH_ROWS = 1 << 20
#: Bytes of which an id that was rounded, or stands in a second spelling, has one.
_STRANGE = np.isin(np.arange(256), list(b" \t\n\f\r.,eE"))


@dataclass(frozen=True)
class Reading:
    """How a table of shares is read; days without an hour suit no window shorter than theirs."""

    #: Role of each column to its name; a role that is not here is the name.
    columns: Mapping[str, str]
    duplicates: Duplicates
    time_window: int
    #: File that says which column means what.
    mapping: Path | str | None = None
    #: Whether any number is taken as seconds.
    any_time: bool = False

    @property
    def names(self) -> dict[str, str]:
        """The name of each column a share has, by its role."""
        roles = ("object_id", "account_id", "content_id", "timestamp_share")
        return {name: name for name in roles} | dict(self.columns)


def files_of(source: Path) -> list[Path]:
    """Return the one file, the files of a folder, or those that fit a pattern, by name."""
    if source.is_dir():
        files = sorted(path for path in source.iterdir() if path.is_file() and not path.name.startswith("."))
    elif re.search(r"[*?\[]", source.name) and not source.exists():
        files = sorted(path for path in source.parent.glob(source.name) if path.is_file())
    else:
        return [source]
    if not files:
        raise errors.InputError(f"{source}: there is no such file; check the folder or the pattern")
    return files


def plain_codes(files: Sequence[Path], how: Reading) -> Codes | None:
    """Read Parquet without a data frame where nothing in it needs a closer look; None where something does."""
    try:
        batches = (batch for file in files for batch in plain_batches(file, how.names))
        n_rows = sum(pq.read_metadata(file).num_rows for file in files)
        codes = Codes.from_batches(with_progress(batches, "reading", n_rows))
    except (CloserLook, pa.ArrowException, OSError):
        return None
    if maybe_rounded(codes.account_names) or maybe_rounded(codes.content_names):
        return None
    refused = unlike_itself(codes.object_names) or (how.duplicates != "keep" and codes.has_duplicates())
    return codes if len(codes.times) and not refused else None


def maybe_rounded(texts: pa.Array) -> bool:
    """Say whether an id looks as if a spreadsheet had rounded it, or stands in a second spelling."""
    starts, data = text_buffers(texts)
    data = data[starts[0] : starts[-1]]
    # Most tables hold no byte of a strange id, which is seen faster than any pattern.
    if any(_STRANGE[data[k : k + BATCH_ROWS]].any() for k in range(0, len(data), BATCH_ROWS)):
        strange = r"^-?\d+([.,]\d+)?[eE]\+?\d{1,3}$|^\d+\.0+$|^\s|\s$"
        if pc.any(pc.match_substring_regex(texts, strange)).as_py():
            return True
    if np.diff(starts).max(initial=0) < 16:
        return False
    # One long id that ends in another digit is enough, and is mostly among the first.
    for some in (texts[:1_000], texts):
        long = some.filter(pc.match_substring_regex(some, r"^\d{16,}$"))
        if len(long) and not pc.all(pc.match_substring_regex(long, r"^\d{15}0+$")).as_py():
            return False
    return len(long) > 0


def unlike_itself(texts: pa.Array) -> bool:
    """Say whether one object may stand here with several kinds of line breaks, or a word that means none."""
    strange = r"(?i)\r|^\s*(na|nan|none|null|n/a)\s*$"
    return bool(pc.any(pc.match_substring_regex(texts, strange)).as_py())


class CloserLook(Exception):
    """Something that the careful readers must see: they name the line, or know what to do."""


def plain_batches(
    file: Path, names: Mapping[str, str], groups: Sequence[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the share columns of a Parquet file, or of some groups of its rows, as they are, or raise `CloserLook`."""
    if _is_text(file):
        raise CloserLook
    ids = [names["object_id"], names["account_id"]]
    head = pq.read_schema(file)
    if any(pa.types.is_nested(field.type) for field in head):
        raise CloserLook  # a list of objects is several shares
    if any(head.names.count(name) != 1 for name in names.values()):
        raise CloserLook
    with pq.ParquetFile(file, read_dictionary=ids, pre_buffer=False) as source:
        wanted = list(dict.fromkeys(names.values()))
        for batch in source.iter_batches(BATCH_ROWS, groups, columns=wanted, use_threads=False):
            table = pa.RecordBatch.from_arrays([batch[name] for name in names.values()], list(names))
            *texts, times = table.columns
            for kind in (getattr(column.type, "value_type", column.type) for column in texts):
                if not any(known(kind) for known in _PLAIN):
                    raise CloserLook
            if not pa.types.is_signed_integer(times.type) or times.null_count == len(times):
                raise CloserLook
            span = pc.min_max(times)
            if span["min"].as_py() < _FIRST_SURE_SECOND or span["max"].as_py() >= time.time():
                raise CloserLook
            yield table


def read_shares(files: Sequence[Path], how: Reading) -> tuple[pd.DataFrame, str | None]:
    """Shares of a table by its columns; where those are not there, of an export by its format."""
    from coordlib.near.captions import MADE
    from coordlib.posts import object_column, prep_data
    from coordlib.sources.exports import load_mapping, read_export
    from coordlib.sources.exports.model import read_as
    from coordlib.times import DAYS_WITHOUT_HOUR, refuse_days

    if len(files) > 1:
        return _shares_of_all(files, how), None
    source = files[0]
    given = {name: column for name, column in how.columns.items() if column != name}
    if how.mapping is None:
        try:
            return _load_shares(source, how), None
        except errors.MissingColumnError as error:
            if set(given) - {"object_id"}:
                raise
            missing = error
    try:
        export = read_export(source, format=load_mapping(how.mapping) if how.mapping else None)
    except errors.UnknownFormatError:
        if _is_json(source):  # its lines are no columns
            raise
        raise missing from None
    if DAYS_WITHOUT_HOUR in export.report.notes:
        refuse_days(str(source), how.time_window)
    object_id = given.get("object_id", export.posts.attrs["object_id"])
    posts = export.posts_with(object_id)
    column = object_column(object_id, posts.columns)
    if (
        object_id in given.values()
        and object_id not in MADE
        and (column not in posts or posts[column].isna().all())
    ):
        made = {*export.posts.columns, "reactions", "interactions"}
        there = [str(name).removeprefix("original.") for name in export.frame if name not in made]
        raise errors.MissingColumnError.from_names({object_id}, there, str(source))
    try:
        shares = prep_data(posts, object_id=object_id, timestamp_share="posted_at", duplicates=how.duplicates)
    except errors.InputError as error:
        raise type(error)(f"{source}: {error}") from None
    left_out = "; ".join(f"{reason}: {count:,}" for reason, count in export.report.dropped.items())
    said = f"{read_as(export.report.format)}, object {shares.attrs['object_id']}"
    return shares, f"{said}; left out: {left_out}" if left_out else said


def _shares_of_all(files: Sequence[Path], how: Reading) -> pd.DataFrame:
    import pandas as pd

    from coordlib.near.captions import MADE
    from coordlib.posts import prep_data

    if how.names["object_id"] in MADE:
        raise errors.ParameterError(
            f"object_id = {how.names['object_id']}: is made from all texts together; join the {len(files)} files to one"
        )
    tables = [_load_shares(file, replace(how, duplicates="keep")) for file in files]
    try:
        return prep_data(pd.concat(tables, ignore_index=True), duplicates=how.duplicates, plausible=None)
    except errors.DuplicateContentError as error:
        raise errors.DuplicateContentError(f"{files[0].parent}, all {len(files)} files: {error}") from None


def _load_shares(source: Path, how: Reading) -> pd.DataFrame:
    """Read a table of shares; errors name the file and the line."""
    from coordlib.near.captions import MADE

    names = how.names
    try:
        table = _whole_table(source, list(names.values()), names["account_id"])
    except errors.MissingColumnError:
        if names["object_id"] not in MADE:
            raise
        made_of = ["text" if name in MADE else name for name in names.values()]
        table = _whole_table(source, made_of, names["account_id"])
    return _checked_shares(source, _with_lists(source, table, names["object_id"]), how)


def _whole_table(source: Path, needed: list[str], account: str) -> pd.DataFrame:
    import pandas as pd

    from coordlib.sources.tables import read_table

    if _is_json(source):
        return pd.concat(_json_pieces(source, needed))
    return read_table(source, needed=needed, names=[account])


def _json_pieces(source: Path, needed: list[str]) -> Iterator[pd.DataFrame]:
    """Read records piece by piece, lists of objects as lists; a damaged line is one that lacks everything, and counted so."""
    import pandas as pd

    from coordlib.sources.json_files import EMPTY_PAGE, json_records, records_table
    from coordlib.sources.tables import DAMAGED

    records, start, seen = json_records(source, str(source)), 0, dict[str, None]()
    while batch := list(itertools.islice(records, BATCH_ROWS // 32)):  # records take more room than rows
        batch = [{} if {DAMAGED, EMPTY_PAGE} & record.keys() else record for record in batch]
        piece = records_table(batch, start)
        seen |= dict.fromkeys(piece.columns)
        # A key that records leave out is there further on, mostly; a table that lacks several is another one.
        if start == 0 and len(missing := set(needed) - set(seen)) > 1:
            raise errors.MissingColumnError.from_names(missing, list(seen), str(source))
        lists = [record.get(needed[0]) for record in batch]
        if any(isinstance(cell, list) for cell in lists):
            cells = [cell if isinstance(cell, list) else None for cell in lists]
            given = pd.Series(cells, index=piece.index, dtype=object)
            piece[needed[0]] = given.where(given.notna(), piece[needed[0]].astype(object))
        start += len(batch)
        yield piece.reindex(columns=[*dict.fromkeys([*piece.columns, *needed])])
    if not start:
        raise errors.EmptyInputError(f"{source}: holds no records; export or download it again")
    if missing := set(needed) - set(seen):
        raise errors.MissingColumnError.from_names(missing, list(seen), str(source))


def _with_lists(source: Path, table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give a column of lists back its lists: Parquet keeps them, and each item is a share."""
    import pandas as pd

    if name not in table or not _holds_lists(source, name):
        return table
    lists = pq.read_table(source, columns=[name]).column(0).to_pylist()
    return table.assign(**{name: pd.Series(lists, index=table.index, dtype=object)})


def share_pieces(source: Path, how: Reading, groups: Sequence[int] | None = None) -> Iterator[pd.DataFrame]:
    """Read a table of shares piece by piece, with every check of :func:`read_shares` but that for repeated contents."""
    from coordlib.sources.tables import iter_parquet, iter_table

    names, needed = how.names, list(how.names.values())
    if _holds_lists(source, names["object_id"]):
        raise errors.ParameterError(
            f"{source}, column '{names['object_id']}': holds lists, which go without --memory and --scheduler"
        )
    if groups is not None:
        pieces = iter_parquet(source, str(source), BATCH_ROWS // 8, groups)
    elif _is_json(source):
        pieces = _json_pieces(source, needed)
    else:
        account = [names["account_id"]]
        pieces = iter_table(source, chunk_rows=BATCH_ROWS // 8, needed=needed, names=account, whole_rows=True)
    for piece in pieces:
        yield _checked_shares(source, piece, how)


def _checked_shares(source: Path, table: pd.DataFrame, how: Reading) -> pd.DataFrame:
    from coordlib.posts import prep_data
    from coordlib.sources.exports.model import blank
    from coordlib.sources.tables import line_of_row, refuse_damaged_ids
    from coordlib.times import DAYS_WITHOUT_HOUR, PLAUSIBLE, date_only, refuse_days, tomorrow

    names, plausible = how.names, None if how.any_time else (PLAUSIBLE[0], tomorrow())
    refuse_damaged_ids(table, [names["account_id"], names["content_id"]], str(source))
    # An account may be called None; what was shared, the post and the time may not, whatever the format.
    unnamed = {names[role] for role in ("object_id", "content_id", "timestamp_share")} & set(table.columns)
    table = table.assign(**{name: table[name].mask(blank(table[name])) for name in unnamed})
    if date_only(table[names["timestamp_share"]]):
        refuse_days(f"{source}, column '{names['timestamp_share']}'", how.time_window)
    try:
        with warnings.catch_warnings():  # of days that the window allows
            warnings.filterwarnings("ignore", f".*{DAYS_WITHOUT_HOUR}")
            return prep_data(table, **names, duplicates=how.duplicates, plausible=plausible)
    except (errors.TimeFormatError, errors.DuplicateContentError) as error:
        row = getattr(error, "row", None)
        place = ""
        if row is not None and _is_json(source):
            place = f", record {row + int(table.index[0]) + 1}"
        elif row is not None and _is_text(source):
            place = f", line {line_of_row(source, row + int(table.index[0]), list(names.values()))}"
        raise type(error)(f"{source}{place}: {error}") from None


def _holds_lists(source: Path, name: str) -> bool:
    """Say whether a column of a Parquet file holds lists; what cannot be read, the reader of the table says."""
    try:
        schema = None if _is_text(source) else pq.read_schema(source)
    except (pa.ArrowException, OSError):
        return False
    return schema is not None and name in schema.names and pa.types.is_list(schema.field(name).type)


def _is_text(source: Path) -> bool:
    from coordlib.sources.text_layout import file_kind

    return file_kind(source, str(source)) != "parquet"


def _is_json(source: Path) -> bool:
    from coordlib.sources.json_files import is_json

    return is_json(source, str(source))
