"""Turn an export into a file of shares, piece by piece, so that files larger than memory pass through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from coordlib.errors import EmptyInputError, ParameterError
from coordlib.files import refuse_input, written
from coordlib.report.tables import dates_as_text, write_csv
from coordlib.report.words import plural
from coordlib.service import Closing
from coordlib.sources.exports import (
    Export,
    ExportReport,
    Format,
    export_link_shares,
    iter_export,
    link_object,
    merge_reports,
    to_shares,
    without_object,
)

#: Rows in memory at a time; measured in benchmarks/read_crowdtangle.py.
CHUNK_ROWS = 10_000


@dataclass
class _Distinct:
    """Distinct values over all pieces, held as hashes of eight bytes each."""

    found: dict[str, list[npt.NDArray[np.uint64]]] = field(default_factory=dict)

    def add(self, name: str, values: pd.Series[str]) -> None:
        hashes = pd.util.hash_array(values.dropna().unique().astype(object))
        self.found.setdefault(name, []).append(hashes)

    def count(self, name: str) -> int:
        hashes = self.found.get(name)
        return len(np.unique(np.concatenate(hashes))) if hashes else 0


def import_shares(
    source: Path | str,
    output: Path | str,
    *,
    format: Format | str | None = None,
    object: str | Sequence[str] | None = None,
    account: str | None = None,
    split: bool = True,
    link_shares: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> ExportReport:
    """Read an export of any known format and write its shares.

    Parameters
    ----------
    source
        The export (CSV, Parquet, JSON, JSON lines).
    output
        ``.parquet`` or ``.csv``; written whole or not at all.
    format, account
        As for :func:`coordlib.sources.exports.read_export`.
    object, split
        As for :func:`coordlib.sources.exports.to_shares`.
    link_shares
        Write CooRnet's table of link shares instead (any format with links).
    chunk_rows
        Rows in memory at a time.

    Returns
    -------
    ExportReport
        Of the whole file, with the number of posts that hold no such object.

    Raises
    ------
    ParameterError
        An output that is neither Parquet nor CSV.
    EmptyInputError
        No share is left; nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "posts.csv").write_text("id,username,date,text\\n1,ann,2026-01-02 10:00:00,Tea\\n", encoding="utf-8")
    >>> import_shares(folder / "posts.csv", folder / "shares.csv").posts
    1
    >>> pd.read_csv(folder / "shares.csv").values.tolist()
    [['Tea', 'ann', 1, 1767348000]]
    """
    output = Path(output)
    refuse_input(output, source)
    reports: list[ExportReport] = []
    distinct = _Distinct()
    empty = written = 0
    with (
        table_writer(output) as writer,
        tqdm(unit=" rows", disable=None, desc="reading", leave=False) as progress,
    ):
        for piece in iter_export(source, chunk_rows, format=format, account=account):
            if link_shares:
                object = link_object(piece.format, piece.report.source)
            shares = (
                export_link_shares(piece) if link_shares else to_shares(piece, object=object, split=split)
            )
            empty += without_object(piece, object=object)
            writer.write(shares)
            written += len(shares)
            reports.append(piece.report)
            _count(distinct, piece)
            progress.update(piece.report.rows)
        report = _total(reports, distinct, empty)
        if not written:
            reasons = "; ".join(f"{count} rows: {reason}" for reason, count in report.dropped.items())
            there = ", ".join(name for name, count in report.objects.items() if count)
            advice = f"choose another object (--object): {there}" if there else "none of its objects is there"
            raise EmptyInputError(f"{source}: gives no share ({reasons or 'no rows'}); {advice}")
    return replace(report, notes=(f"{plural(written, 'share')} written to {output}", *report.notes))


def _count(distinct: _Distinct, piece: Export) -> None:
    distinct.add("account_id", piece.frame["account_id"])
    for name, column in piece.format.columns.items():
        distinct.add(name, piece.frame[column].explode())


def _total(reports: list[ExportReport], distinct: _Distinct, empty: int) -> ExportReport:
    total = merge_reports(reports)
    dropped = dict(total.dropped)
    if empty:
        dropped["no object of the kind asked for (post read, no share)"] = empty
    return replace(
        total,
        dropped=dropped,
        accounts=distinct.count("account_id"),
        objects={name: distinct.count(name) for name in total.objects},
    )


class _TableWriter(Closing):
    """Append tables to one Parquet or CSV file."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path, self._kind = path, kind
        self._parquet: pq.ParquetWriter | None = None
        self._columns: list[str] | None = None

    def write(self, table: pd.DataFrame) -> None:
        table = dates_as_text(table)
        if self._kind == ".csv":
            first = self._columns is None
            self._columns = self._columns or list(table.columns)
            write_csv(table[self._columns], self._path, append=not first)
            return
        arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        if self._parquet is None:
            # A column without values in the first piece would otherwise get the type "null".
            fields = [f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in arrow.schema]
            self._parquet = pq.ParquetWriter(self._path, pa.schema(fields))
        self._parquet.write_table(arrow.cast(self._parquet.schema))

    def close(self) -> None:
        if self._parquet is not None:
            self._parquet.close()


def check_table_name(output: Path) -> None:
    """Refuse a file that is neither Parquet nor CSV."""
    if output.suffix.lower() not in {".parquet", ".csv"}:
        raise ParameterError(f"{output}: shares are written as .parquet or .csv; give a name that ends so")


@contextmanager
def table_writer(output: Path) -> Iterator[_TableWriter]:
    """Write beside the target and put it in place only when everything went well."""
    check_table_name(output)
    with written(output) as beside, _TableWriter(beside, output.suffix.lower()) as writer:
        yield writer
