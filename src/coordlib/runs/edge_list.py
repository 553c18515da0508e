"""From a table of shares in a file to a file of edges: detection for people who only have a table.

What a large table does not need (pandas, networkx, the readers of exports) is loaded where it is needed.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coordlib.detect.engine import Codes, FoundEdges, find_edges, window_rows
from coordlib.detect.threshold import over_threshold, ties_at_top, weight_quantile
from coordlib.errors import (
    DuplicateContentError,
    InputError,
    MissingColumnError,
    ParameterError,
    TimeFormatError,
    UnknownFormatError,
)
from coordlib.files import refuse_input, written
from coordlib.parameters import DetectionParameters
from coordlib.report.words import plural

if TYPE_CHECKING:
    import pandas as pd

Duplicates = Literal["keep", "drop", "error"]

DAY = 86_400
#: What each file name ending means.
FORMATS = {".csv": "CSV", ".parquet": "Parquet", ".graphml": "GraphML"}
#: Numbers that are surely seconds of our time (2001 to 2096); others are looked at one by one.
_SURELY_SECONDS = 10**9, 4 * 10**9
_BATCH_ROWS = 1 << 20


@dataclass(frozen=True)
class EdgeList:
    """What was found in a file, in numbers."""

    output: Path
    n_shares: int
    n_pairs: int
    n_accounts: int
    n_edges: int
    threshold: float | None
    #: Shares that can be in no pair, by what they lack: object, account, content or time.
    lacking: Mapping[str, int]
    #: All edges, and how many of them are over the threshold; a sentence where the heaviest tie.
    n_edges_all: int = 0
    n_over: int = 0
    tied: str | None = None
    #: How the file was read, where its columns were recognised.
    read_as: str | None = None

    def summary(self) -> str:
        """One line for the terminal."""
        limit = "no edges, so no threshold" if self.threshold is None else f"threshold {self.threshold:g}"
        lacking = ", ".join(f"{count:,} without {name}" for name, count in self.lacking.items() if count)
        return (
            f"{self.output}: {plural(self.n_edges, 'edge')} between {plural(self.n_accounts, 'account')}, from "
            f"{plural(self.n_pairs, 'pair')} of posts in {plural(self.n_shares, 'share')} ({limit}); "
            f"{self.n_over:,} of all {plural(self.n_edges_all, 'edge')} over it"
            + (f"; {self.tied}" if self.tied else "")
            + (f"; of the shares, {lacking} could be in no pair" if lacking else "")
            + (f"; read as {self.read_as}" if self.read_as else "")
        )


def detect_file(
    source: Path | str,
    output: Path | str,
    columns: Mapping[str, str] | None = None,
    parameters: DetectionParameters | None = None,
    *,
    subgraph: int = 1,
    duplicates: Duplicates = "error",
    mapping: Path | str | None = None,
) -> EdgeList:
    """Read shares from a CSV or Parquet file, detect coordination, and write the edges.

    Parameters
    ----------
    source
        CSV (also gzipped) or Parquet with the columns named below, a folder of such files or a pattern such as
        ``shares/2025-*.parquet``; or any export ``coordlib import`` recognises.
    output
        ``.csv``, ``.parquet`` or ``.graphml``. Written beside and renamed: never half a file.
    columns
        Names of the columns that hold ``object_id``, ``account_id``, ``content_id``, ``timestamp_share``
        (default: these names).
    parameters
        How to detect (default: the defaults of DetectionParameters).
    subgraph
        0 all edges with ``weight_threshold`` marked, 1 only those over the threshold.
    duplicates
        What to do with a content listed twice for one object.
    mapping
        YAML file that says which column means what, as for ``coordlib import``.

    Raises
    ------
    CoordError
        One line with the file, the line or column, and what to do; nothing is written then.
    """
    source, output = Path(source), Path(output)
    parameters = parameters or DetectionParameters()
    kind = output.suffix.lower()
    if kind not in FORMATS:
        raise ParameterError(f"{output}: the file name must end in {', '.join(FORMATS)}")
    files = _files(source)
    refuse_input(output, mapping, *files)
    if subgraph not in (0, 1):
        raise ParameterError(
            f"subgraph = {subgraph!r}: a file of edges has 0 (all) or 1 (over the threshold)"
        )
    # The system gives memory back and hands it out faster than the pool Arrow comes with.
    pa.set_memory_pool(pa.system_memory_pool())
    codes, shares, read_as = None, None, None
    if mapping is None and kind != ".graphml":
        codes = _plain_codes(files, columns, duplicates)
    if codes is None:
        shares, read_as = _shares(files, columns, duplicates, parameters.time_window, mapping)
        codes = Codes.from_batches(pa.Table.from_pandas(shares, preserve_index=False).to_batches())
    n_shares, lacking = len(codes.times), codes.lacking()
    rows = window_rows(codes, parameters.min_participation)
    del codes
    found = find_edges(rows, parameters.time_window)
    del rows
    weights = found.weights
    over = over_threshold(weights, parameters.edge_weight, parameters.min_weight)
    limit = parameters.min_weight or weight_quantile(weights, parameters.edge_weight)
    n_over = int(over.sum())
    if subgraph == 1:
        found, over = found.where(over == 1), over[over == 1]
    writers: dict[str, Callable[[Path], object]] = {
        ".csv": lambda path: _write_csv(found, over, path),
        ".parquet": lambda path: _write_parquet(found, over, path),
        ".graphml": lambda path: _write_graphml(shares, parameters, subgraph, path),
    }
    with written(output) as beside:
        writers[kind](beside)
    return EdgeList(
        output,
        n_shares,
        int(weights.sum()),
        found.n_accounts(),
        len(over),
        float(limit) if len(weights) else None,
        lacking,
        len(weights),
        n_over,
        ties_at_top(weights, parameters.edge_weight, parameters.min_weight),
        read_as,
    )


def _files(source: Path) -> list[Path]:
    """Return the one file, the files of a folder, or those that fit a pattern, by name."""
    if source.is_dir():
        files = sorted(path for path in source.iterdir() if path.is_file() and not path.name.startswith("."))
    elif re.search(r"[*?\[]", source.name) and not source.exists():
        files = sorted(path for path in source.parent.glob(source.name) if path.is_file())
    else:
        return [source]
    if not files:
        raise InputError(f"{source}: there is no such file; check the folder or the pattern")
    return files


def _plain_codes(
    files: Sequence[Path], columns: Mapping[str, str] | None, duplicates: Duplicates
) -> Codes | None:
    """Read Parquet without a data frame where nothing in it needs a closer look; None where something does."""
    names = {name: name for name in ("object_id", "account_id", "content_id", "timestamp_share")}
    names.update(columns or {})
    try:
        codes = Codes.from_batches(batch for file in files for batch in _plain_batches(file, names))
    except (_CloserLook, pa.ArrowException, OSError):
        return None
    for texts in (codes.account_names, codes.content_names):
        if pc.any(pc.match_substring_regex(texts, r"^\s*-?\d+([.,]\d+)?[eE]\+?\d{1,3}\s*$")).as_py():
            return None  # perhaps an id that a spreadsheet rounded
    if duplicates != "keep" and codes.has_duplicates():
        return None
    return codes if len(codes.times) else None


class _CloserLook(Exception):
    """Something that the careful readers must see: they name the line, or know what to do."""


def _plain_batches(file: Path, names: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    with file.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            raise _CloserLook
    ids = [names["object_id"], names["account_id"]]
    with pq.ParquetFile(file, read_dictionary=ids, pre_buffer=False) as source:
        schema = source.schema_arrow
        if any(schema.names.count(name) != 1 for name in names.values()):
            raise _CloserLook
        wanted = list(dict.fromkeys(names.values()))
        for batch in source.iter_batches(_BATCH_ROWS, columns=wanted, use_threads=False):
            table = pa.RecordBatch.from_arrays([batch[name] for name in names.values()], list(names))
            *texts, times = table.columns
            for column in texts:
                kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
                if not (
                    pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)
                ):
                    raise _CloserLook
            if not pa.types.is_signed_integer(times.type) or times.null_count == len(times):
                raise _CloserLook
            span = pc.min_max(times)
            if span["min"].as_py() < _SURELY_SECONDS[0] or span["max"].as_py() >= _SURELY_SECONDS[1]:
                raise _CloserLook
            yield table


def _write_parquet(found: FoundEdges, over: np.ndarray, path: Path) -> None:
    batches = found.batches(over)
    first = next(batches)
    # Without Arrow's own note on types a reader sees text, not the dictionaries it was written from.
    with pq.ParquetWriter(path, first.schema, store_schema=False, write_statistics=False) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)


def _write_csv(found: FoundEdges, over: np.ndarray, path: Path) -> None:
    """Write what :func:`coordlib.report.tables.write_csv` writes, each id quoted once and not once a row."""
    from coordlib.report.tables import csv_cell

    with path.open("w", encoding="utf-8", newline="") as file:
        for number, batch in enumerate(found.batches(over)):
            if number == 0:
                file.write(",".join(batch.schema.names) + "\n")
            accounts = [csv_cell(name) for name in batch["account_id"].dictionary.to_pylist()]
            lists = batch["object_ids"]
            # A list is JSON, and always quoted because its texts are.
            texts = [
                json.dumps(name, ensure_ascii=False).replace('"', '""')
                for name in lists.values.dictionary.to_pylist()
            ]
            objects = [texts[code] for code in lists.values.indices.to_numpy().tolist()]
            ends = lists.offsets.to_numpy().tolist()
            columns: list[Iterator[str]] = []
            for name in batch.schema.names:
                column = batch[name]
                if name == "object_ids":
                    pieces = itertools.pairwise(ends)
                    columns.append(f'"[{", ".join(objects[start:stop])}]"' for start, stop in pieces)
                elif pa.types.is_dictionary(column.type):
                    columns.append(accounts[code] for code in column.indices.to_numpy().tolist())
                else:
                    columns.append(map(repr, column.to_numpy().tolist()))
            file.writelines(f"{','.join(row)}\n" for row in zip(*columns, strict=True))


def _write_graphml(
    shares: pd.DataFrame | None, parameters: DetectionParameters, subgraph: int, path: Path
) -> None:
    from coordlib.detect import detect_groups, generate_coordinated_network
    from coordlib.report.graphml import write_graphml

    assert shares is not None
    pairs = detect_groups(shares, parameters.time_window, parameters.min_participation)
    graph = generate_coordinated_network(
        pairs,
        edge_weight=parameters.edge_weight,
        min_weight=parameters.min_weight,
        subgraph=subgraph,
        objects=True,
    )
    write_graphml(graph, path)


def _shares(
    files: Sequence[Path],
    columns: Mapping[str, str] | None,
    duplicates: Duplicates,
    time_window: int,
    mapping: Path | str | None,
) -> tuple[pd.DataFrame, str | None]:
    """Shares of a table by its columns; where those are not there, of an export by its format."""
    from coordlib.posts import prep_data
    from coordlib.sources.exports import load_mapping, read_export
    from coordlib.sources.exports.shares import as_post_table

    if len(files) > 1:
        return _shares_of_all(files, columns, duplicates, time_window), None
    source = files[0]
    given = {name: column for name, column in (columns or {}).items() if column != name}
    if mapping is None:
        try:
            return load_shares(source, columns, duplicates, time_window), None
        except MissingColumnError as error:
            if set(given) - {"object_id"}:
                raise
            missing = error
    try:
        export = read_export(source, format=load_mapping(mapping) if mapping else None)
    except UnknownFormatError:
        raise missing from None
    posts = as_post_table(export)
    object_id = given.get("object_id", posts.attrs["object_id"])
    shares = prep_data(posts, object_id=object_id, timestamp_share="posted_at", duplicates=duplicates)
    return shares, f"{export.report.format}, object {object_id}"


def _shares_of_all(
    files: Sequence[Path], columns: Mapping[str, str] | None, duplicates: Duplicates, time_window: int
) -> pd.DataFrame:
    import pandas as pd

    from coordlib.posts import prep_data

    shares = pd.concat([load_shares(file, columns, "keep", time_window) for file in files], ignore_index=True)
    try:
        return prep_data(shares, duplicates=duplicates)
    except DuplicateContentError as error:
        raise DuplicateContentError(f"{files[0].parent}, all {len(files)} files: {error}") from None


def load_shares(
    source: Path,
    columns: Mapping[str, str] | None = None,
    duplicates: Duplicates = "error",
    time_window: int = 0,
) -> pd.DataFrame:
    """Read a table of shares; errors name the file and the line, and days without an hour suit no shorter window."""
    from coordlib.posts import SHARE_COLUMNS, prep_data
    from coordlib.sources.tables import line_of_row, read_table, refuse_damaged_ids

    names = {name: name for name in SHARE_COLUMNS} | dict(columns or {})
    table = read_table(source, needed=list(names.values()), names=[names["account_id"]])
    refuse_damaged_ids(table, [names["account_id"], names["content_id"]], str(source))
    moments = table[names["timestamp_share"]].dropna()
    if time_window < DAY and len(moments) and moments.str.fullmatch(r"\s*\d{4}-\d\d-\d\d\s*").all():
        raise TimeFormatError(
            f"{source}, column '{names['timestamp_share']}': holds days without an hour, and the window is "
            f"{time_window} seconds; use a column with the time of day, or a window of {DAY} seconds or more"
        )
    try:
        shares = prep_data(table, **names, duplicates=duplicates)
        _refuse_implausible(shares, table[names["timestamp_share"]], names["timestamp_share"])
        return shares
    except (TimeFormatError, DuplicateContentError) as error:
        row = getattr(error, "row", None)
        place = f", line {line_of_row(source, row)}" if row is not None and _is_text(source) else ""
        raise type(error)(f"{source}{place}: {error}") from None


def _refuse_implausible(shares: pd.DataFrame, written: pd.Series, name: str) -> None:
    """Refuse times that are none: all posts of 1970 would be simultaneous, and everybody tied to everybody."""
    from coordlib.times import EARLIEST, LATEST, looks_like

    times = shares["timestamp_share"]
    bad = ((times < EARLIEST) | (times >= LATEST)).fillna(False).to_numpy(dtype=bool)
    if bad.any():
        row = int(bad.argmax())
        value = str(written.iloc[row])[:40] if len(written) == len(shares) else str(times.iloc[row])
        error = TimeFormatError(
            f"column '{name}', row {row + 1} of the data: {value!r} is {looks_like(value)}, not a time of a post "
            f"({int(bad.sum()):,} such of {len(shares):,}); write UTC seconds or YYYY-MM-DD HH:MM:SS"
        )
        error.row = row  # type: ignore[attr-defined]
        raise error


def _is_text(source: Path) -> bool:
    with source.open("rb") as stream:
        return stream.read(4) != b"PAR1"
