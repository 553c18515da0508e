"""Files of edges: Parquet, CSV and GraphML, written a batch at a time."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq

from coordlib.report.text import clean_text


def write_parquet(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    """Write edges as Parquet, one group of rows a batch."""
    first = next(batches)
    # Without Arrow's own note on types a reader sees text, not the dictionaries it was written from.
    with pq.ParquetWriter(path, first.schema, store_schema=False, write_statistics=False) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)


def write_csv(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    """Write what :func:`coordlib.report.tables.write_csv` writes, each id quoted once and not once a row."""
    from coordlib.report.tables import csv_cell

    with path.open("w", encoding="utf-8", newline="") as file:
        for number, batch in enumerate(batches):
            if number == 0:
                file.write(",".join(batch.schema.names) + "\n")
            # A list is JSON, and always quoted because its texts are.
            columns = _written(batch, csv_cell, lambda text: _json(text).replace('"', '""'))
            columns["object_ids"] = [f'"{text}"' for text in columns["object_ids"]]
            file.writelines(f"{','.join(row)}\n" for row in zip(*columns.values(), strict=True))


def write_graphml(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    """Write what :func:`coordlib.report.graphml.write_graphml` writes of the same edges, without a graph in memory."""
    from coordlib.report.graphml import CLOSING, OPENING, quoted

    ends: set[str] = set()
    edges = path.with_suffix(".edges")
    names: list[str] = []
    try:
        with edges.open("w", encoding="utf-8", newline="") as file:
            for batch in batches:
                names = sorted(set(batch.schema.names) - {"account_id", "account_id_y"})
                for name in ("account_id", "account_id_y"):
                    used = batch[name].indices.unique()
                    ends.update(batch[name].dictionary.take(used).to_pylist())
                columns = _written(batch, quoted, lambda text: escape(clean_text(_json(text))))
                data = [
                    [f'      <data key="d{number}">{value}</data>\n' for value in columns[name]]
                    for number, name in enumerate(names)
                ]
                for one, other, *values in zip(
                    columns["account_id"], columns["account_id_y"], *data, strict=True
                ):
                    file.write(f"    <edge source={one} target={other}>\n{''.join(values)}    </edge>\n")
        kinds = {"object_ids": "string", "avg_time_delta": "double", "edge_symmetry_score": "double"}
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(OPENING)
            if not ends:
                file.write('  <graph edgedefault="undirected" />\n</graphml>\n')
                return
            for number, name in reversed(list(enumerate(names))):
                kind = kinds.get(name, "long")
                file.write(f'  <key id="d{number}" for="edge" attr.name="{name}" attr.type="{kind}" />\n')
            file.write('  <graph edgedefault="undirected">\n')
            file.writelines(f"    <node id={quoted(name)} />\n" for name in sorted(ends))
            with edges.open(encoding="utf-8", newline="") as written:
                shutil.copyfileobj(written, file)
            file.write(CLOSING)
    finally:
        edges.unlink(missing_ok=True)


def _written(
    batch: pa.RecordBatch, account: Callable[[str], str], text: Callable[[str], str]
) -> dict[str, list[str]]:
    """Return each column as text, every id written once; lists are JSON."""
    columns: dict[str, list[str]] = {}
    for name in batch.schema.names:
        column = batch[name]
        if name == "object_ids":
            texts = [text(one) for one in column.values.dictionary.to_pylist()]
            objects = [texts[code] for code in column.values.indices.to_numpy().tolist()]
            pieces = itertools.pairwise(column.offsets.to_numpy().tolist())
            columns[name] = [f"[{', '.join(objects[start:stop])}]" for start, stop in pieces]
        elif pa.types.is_dictionary(column.type):
            names = [account(one) for one in column.dictionary.to_pylist()]
            columns[name] = [names[code] for code in column.indices.to_numpy().tolist()]
        else:
            columns[name] = list(map(repr, column.to_numpy().tolist()))
    return columns


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
