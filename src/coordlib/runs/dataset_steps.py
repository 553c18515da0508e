"""The steps of detection in partitions, each from files to a folder that takes its name only when it is whole: it may be killed or run twice.

A step hands rows to others in one Parquet file whose n-th group of rows is for the n-th receiver.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coordlib.detect import kernel
from coordlib.detect.codes import Codes, as_text, encoded, number_ids, number_texts, same_text
from coordlib.detect.found_edges import compact
from coordlib.detect.kernel import Edges, IntArray
from coordlib.detect.partition import (
    Accounts,
    account_table,
    pairs_of,
    partition_of,
    window_of,
    without_duplicates,
)
from coordlib.errors import DuplicateContentError
from coordlib.files import WRITING, write_json
from coordlib.runs.share_files import CloserLook, maybe_rounded, plain_batches, share_pieces, unlike_itself

#: Columns of rows in files, in the order of :mod:`coordlib.detect.columns`.
_ROWS = ["object", "account", "content", "time"]
_CODES = ["objects", "accounts", "contents", "times", "timed", "of_itself"]


@dataclass(frozen=True)
class Plan:
    """What a detection in partitions is made of; every step reads it."""

    #: Files, and of Parquet the groups of rows that are read together.
    units: list[tuple[str, list[int] | None]]
    names: dict[str, str]
    time_window: int
    min_participation: int
    duplicates: str
    partitions: int
    #: Shares, as far as they are known beforehand, and pairs held at a time.
    n_shares: int
    n_pairs: int

    @classmethod
    def read(cls, work: Path) -> Plan:
        """Read the plan of a folder of work."""
        return cls(**json.loads((work / "plan.json").read_text(encoding="utf-8"))["plan"])


def folder_of(work: Path, step: str, number: int) -> Path:
    """Return the folder that one run of a step writes."""
    return work / f"{step}-{number:05d}"


def run_step(work: str, step: str, number: int) -> None:
    """Run one part of a step, unless it is done."""
    root = Path(work)
    target = folder_of(root, step, number)
    if target.exists():
        return
    plan = Plan.read(root)
    kernel.compiled_for(plan.n_shares)
    made = target.with_name(f".{target.name}-{os.getpid()}-{secrets.token_hex(4)}{WRITING}")
    made.mkdir()
    try:
        STEPS[step](plan, root, number, made)
        made.rename(target)
    except OSError:
        if not target.exists():  # another machine was as quick
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def write_groups(path: Path, tables: Iterable[pa.Table], dictionaries: Sequence[str] = ()) -> None:
    """Write tables of one schema as the groups of rows of one Parquet file."""
    writer = None
    try:
        for table in tables:
            if writer is None:
                writer = pq.ParquetWriter(
                    path,
                    table.schema,
                    compression="none",
                    use_dictionary=list(dictionaries),
                    write_statistics=False,
                    dictionary_pagesize_limit=1 << 26,
                )
            writer.write_table(table, row_group_size=max(len(table), 1))
    finally:
        if writer is not None:
            writer.close()


def read_group(
    path: Path, number: int = 0, columns: list[str] | None = None, dictionaries: list[str] | None = None
) -> pa.Table:
    """Read what a file holds for one receiver."""
    with pq.ParquetFile(path, read_dictionary=dictionaries, pre_buffer=False) as file:
        return file.read_row_group(number, columns=columns, use_threads=False)


def _groups(columns: dict[str, pa.Array | np.ndarray], sizes: IntArray) -> Iterator[pa.Table]:
    """Divide a table into consecutive groups of these sizes."""
    table = pa.table(columns)
    start = 0
    for size in sizes.tolist():
        yield table.slice(start, size)
        start += size


def matrix(table: pa.Table) -> IntArray:
    """Return a table of whole numbers as one array, a row at a time."""
    columns = [column.to_numpy() for column in table.columns]
    result = np.empty((len(table), len(columns)), dtype=columns[0].dtype)
    for place, column in enumerate(columns):
        result[:, place] = column
    return result


def _read_shares(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Divide shares by object, and their contents by content."""
    file, groups = plan.units[number]
    count = plan.partitions
    for piece, batch in enumerate(_batches(plan, Path(file), groups)):
        (objects, names), (accounts, owners) = (
            number_ids([encoded(batch[name])]) for name in ("object_id", "account_id")
        )
        contents = as_text(batch["content_id"])
        where = np.append(partition_of(names, count), np.int32(0))[objects]
        bucket = partition_of(contents, count)
        order = np.argsort(where.astype(np.uint16), kind="stable")
        rest = {
            "content_id": contents.take(pa.array(order)),
            "timestamp_share": batch["timestamp_share"].cast(pa.int64()).take(pa.array(order)),
            "of_itself": same_text(objects, names, contents)[order],
            "bucket": bucket[order].astype(np.uint16),
        }
        ends = np.cumsum(np.bincount(where, minlength=count))
        write_groups(
            into / f"shares-{piece:05d}.parquet",
            (
                pa.table(
                    {
                        "object_id": _ids(objects[order[start:stop]], names),
                        "account_id": _ids(accounts[order[start:stop]], owners),
                        **{name: column[start:stop] for name, column in rest.items()},
                    }
                )
                for start, stop in itertools.pairwise(np.append(0, ends).tolist())
            ),
            ("object_id", "account_id"),
        )
        order = order[np.argsort(bucket[order].astype(np.uint16), kind="stable")]
        texts = {"content_id": contents.take(pa.array(order)), "partition": where[order].astype(np.uint16)}
        sizes = np.bincount(bucket, minlength=count)
        write_groups(into / f"texts-{piece:05d}.parquet", _groups(texts, sizes))


def _ids(codes: IntArray, names: pa.Array) -> pa.DictionaryArray:
    """Return ids with the names that occur in them, for all names of a dictionary are written."""
    used, places = compact(codes, len(names))
    missing = codes < 0
    indices = pa.array(places, mask=missing) if missing.any() else pa.array(places)
    return pa.DictionaryArray.from_arrays(indices, names.take(pa.array(used[used < len(names)])))


def _batches(plan: Plan, file: Path, groups: list[int] | None) -> Iterator[pa.RecordBatch]:
    """Yield the shares of a file; those that need a closer look from the careful readers."""
    done = 0
    try:
        if groups is None:
            raise CloserLook
        for batch in plain_batches(file, plan.names, groups):
            if any(maybe_rounded(as_text(batch[name])) for name in ("account_id", "content_id")):
                raise CloserLook
            if unlike_itself(as_text(batch["object_id"])):
                raise CloserLook
            yield batch
            done += batch.num_rows
    except CloserLook:
        for shares in share_pieces(file, plan.names, plan.time_window, groups):
            new = shares.iloc[max(done, 0) :]
            done -= len(shares)
            if len(new):
                columns = {name: pa.array(new[name], from_pandas=True) for name in plan.names}
                yield from pa.table(columns).combine_chunks().to_batches()


def _pieces(work: Path, units: int, name: str) -> list[Path]:
    return [
        file
        for unit in range(units)
        for file in sorted(folder_of(work, "read", unit).glob(f"{name}-*.parquet"))
    ]


def _number_contents(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Number the contents of one bucket, and hand the numbers to the partitions of their shares."""
    tables = [read_group(file, number) for file in _pieces(work, len(plan.units), "texts")]
    table = pa.concat_tables(tables).combine_chunks()
    numbers, count = number_texts(table["content_id"].combine_chunks())
    partitions = table["partition"].to_numpy()
    order = np.argsort(partitions, kind="stable")
    sizes = np.bincount(partitions, minlength=plan.partitions)
    write_groups(into / "numbers.parquet", _groups({"number": numbers[order]}, sizes))
    write_json(into / "count.json", {"contents": count})


def _code(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Number what a partition's shares hold, and count the shares of its accounts."""
    ids = ["object_id", "account_id"]
    wanted = [*ids, "timestamp_share", "of_itself", "bucket"]
    batches = [
        batch
        for file in _pieces(work, len(plan.units), "shares")
        for batch in read_group(file, number, wanted, ids).to_batches()
    ]
    buckets = np.concatenate(
        [np.empty(0, dtype=np.uint16), *(batch["bucket"].to_numpy() for batch in batches)]
    )
    contents, offset = np.empty(len(buckets), dtype=np.int32 if plan.n_shares < 2**31 else np.int64), 0
    by_bucket = np.argsort(buckets, kind="stable")
    done = 0
    for bucket in range(plan.partitions):
        source = folder_of(work, "number", bucket)
        numbers = read_group(source / "numbers.parquet", number)["number"].to_numpy()
        contents[by_bucket[done : done + len(numbers)]] = np.where(numbers < 0, -1, numbers + offset)
        done += len(numbers)
        offset += json.loads((source / "count.json").read_text(encoding="utf-8"))["contents"]
    codes, rows = Codes.of_partition(batches, contents), np.arange(len(contents), dtype=np.int32)
    if plan.duplicates != "keep" and codes.has_duplicates():
        stays = without_duplicates(codes)
        if plan.duplicates == "error":
            row = int(np.flatnonzero(~stays)[0])
            content = contents_at(plan, work, number, np.array([row]))[0].as_py()
            raise DuplicateContentError(
                f"content '{content}' is listed more than once for one object ({int((~stays).sum())} such rows in this "
                "part of the data); use duplicates 'drop' for the earliest of each or 'keep' to count every row"
            )
        codes, rows = codes.where(stays), rows[stays]
    columns = {name: getattr(codes, name) for name in _CODES}
    write_groups(into / "codes.parquet", [pa.table(columns | {"row": rows})])
    write_groups(into / "objects.parquet", [pa.table({"object": codes.object_names})])
    write_groups(into / "accounts.parquet", [account_table(codes)])
    write_json(into / "lacking.json", {"shares": len(rows)} | codes.lacking())


def contents_at(plan: Plan, work: Path, number: int, rows: IntArray) -> pa.Array:
    """Return the contents of some of a partition's shares."""
    found, done = [], 0
    for file in _pieces(work, len(plan.units), "shares"):
        texts = read_group(file, number, ["content_id"])["content_id"].combine_chunks()
        inside = rows[(rows >= done) & (rows < done + len(texts))] - done
        found.append(texts.take(pa.array(inside)))
        done += len(texts)
    return pa.concat_arrays(found) if found else pa.array([], pa.large_string())


def _search(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Find a partition's shares that are in a pair."""
    source = folder_of(work, "code", number)
    table = read_group(source / "codes.parquet")
    columns = {name: table[name].to_numpy() for name in _CODES}
    names = read_group(source / "objects.parquet")["object"].combine_chunks()
    owners = read_group(source / "accounts.parquet")["account"].combine_chunks().drop_null()
    codes = Codes(**columns, object_names=names, account_names=owners, content_names=names[:0])
    found = window_of(codes, read_accounts(work), plan.min_participation, plan.time_window)
    write_groups(into / "rows.parquet", [pa.table(dict(zip(_ROWS, found.rows.T, strict=True)))])
    write_groups(into / "kept.parquet", [pa.table({"content": found.contents, "account": found.accounts})])
    write_groups(into / "counts.parquet", [pa.table({"pairs": found.counts})])
    write_groups(into / "objects.parquet", [pa.table({"turn": found.turns, "time": found.times})])
    rows = table["row"].to_numpy()[found.first_rows]
    write_groups(into / "first.parquet", [pa.table({"object": found.first_objects, "row": rows})])
    named = pa.table({"object": names.take(pa.array(found.objects))})
    with pa.OSFile(str(into / "names.arrow"), "wb") as file, pa.ipc.new_file(file, named.schema) as writer:
        writer.write_table(named)


def read_accounts(work: Path) -> Accounts:
    """Read the accounts of the whole dataset."""
    table = read_group(work / "accounts.parquet")
    names = table["account"].combine_chunks().drop_null()
    return Accounts(names, table["shares"].to_numpy(), table["turn"].to_numpy())


def _pair(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Form a partition's pairs and divide them by account."""
    rows = matrix(read_group(folder_of(work, "search", number) / "rows.parquet"))
    good = read_group(work / "good.parquet", number)["good"].to_numpy()
    places = read_group(work / "places.parquet", number)["place"].to_numpy()
    kernel.CHUNK = plan.n_pairs
    pairs = pairs_of(rows, good, places, read_ranges(work), plan.time_window)
    kind = pa.binary(8 * rows.dtype.itemsize)
    some = (pa.Array.from_buffers(kind, len(one), [None, pa.py_buffer(one)]) for one in pairs)
    write_groups(into / "pairs.parquet", (pa.table({"pair": one}) for one in some))


def read_ranges(work: Path) -> list[tuple[int, int]]:
    """Read which accounts' pairs are summed together."""
    return [tuple(one) for one in json.loads((work / "ranges.json").read_text(encoding="utf-8"))["ranges"]]


def _sum(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Sum the pairs of some accounts to edges."""
    files = [folder_of(work, "pair", partition) / "pairs.parquet" for partition in range(plan.partitions)]
    edges = kernel.merged_edges(_read_pairs(files, number))
    columns = {name: getattr(edges, name) for name in kernel.ONE_AN_EDGE}
    write_groups(into / "edges.parquet", [pa.table(columns)])
    write_groups(into / "objects.parquet", [pa.table({"object": edges.objects})])


def _read_pairs(files: list[Path], number: int) -> IntArray:
    """Return the two rows of each pair, which a cell holds as they are in memory; one file is in memory at a time."""
    pairs, done = np.empty((0, 2, 4), dtype=np.int32), 0
    total = sum(pq.read_metadata(file).row_group(number).num_rows for file in files)
    for file in files:
        for cells in read_group(file, number)["pair"].chunks:
            if not len(cells):
                continue
            kind = np.dtype(f"i{cells.type.byte_width // 8}")
            if not done:
                pairs = np.empty((total, 2, 4), dtype=kind)
            elif kind.itemsize > pairs.itemsize:
                pairs = pairs.astype(kind)
            some = np.frombuffer(cells.buffers()[1], kind)[8 * cells.offset :][: 8 * len(cells)]
            pairs[done : done + len(cells)] = some.reshape(-1, 2, 4)
            done += len(cells)
    return pairs


def read_edges(work: Path, number: int) -> Edges:
    """Read the edges of some accounts."""
    folder = folder_of(work, "sum", number)
    table = read_group(folder / "edges.parquet")
    columns = {name: table[name].to_numpy() for name in kernel.ONE_AN_EDGE}
    return Edges(**columns, objects=read_group(folder / "objects.parquet")["object"].to_numpy())


def passing_shares(plan: Plan, work: Path, n_accounts: int, n_contents: int) -> Iterator[np.ndarray]:
    """Yield for the rows of each partition whether their content is of an account that takes part often enough."""
    folders = [folder_of(work, "search", number) for number in range(plan.partitions)]
    contents = [
        read_group(folder / "rows.parquet", 0, ["content"])["content"].to_numpy() for folder in folders
    ]
    # One place more, for a missing content.
    in_pair = np.zeros(n_contents + 1, dtype=bool)
    for some in contents:
        in_pair[some] = True
    passing = in_pair
    if plan.min_participation > 1:
        counts = np.zeros(n_accounts + 1, dtype=np.int64)
        for folder in folders:
            kept = read_group(folder / "kept.parquet")
            owners = kept["account"].to_numpy()[in_pair[kept["content"].to_numpy()]]
            counts += np.bincount(owners, minlength=len(counts))
        passing = np.zeros_like(in_pair)
        for folder in folders:
            kept = read_group(folder / "kept.parquet")
            some, owners = kept["content"].to_numpy(), kept["account"].to_numpy()
            passing[some[in_pair[some] & (counts[owners] >= plan.min_participation)]] = True
    for some in contents:
        yield passing[some]


STEPS: dict[str, Callable[[Plan, Path, int, Path], None]] = {
    "read": _read_shares,
    "number": _number_contents,
    "code": _code,
    "search": _search,
    "pair": _pair,
    "sum": _sum,
}
