"""The steps of detection in partitions, each from files to a folder that takes its name only when it is whole: it may be killed or run twice.

A step hands rows to others in one file of Arrow's whose n-th batch of rows is for the n-th receiver, who maps it into memory.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from coordlib.detect import kernel, partition
from coordlib.detect.codes import (
    Codes,
    as_text,
    encoded,
    from_arrow,
    number_ids,
    number_texts,
    same_text,
    to_arrow,
)
from coordlib.detect.engine import compact
from coordlib.detect.kernel import IntArray
from coordlib.detect.sums import ONE_AN_EDGE, Edges, merged_edges
from coordlib.errors import DuplicateContentError
from coordlib.files import WRITING, read_json, write_json
from coordlib.progress import with_progress
from coordlib.runs import share_files

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


def folder_of(work: Path, step: str, number: int) -> Path:
    """Return the folder that one run of a step writes."""
    return work / f"{step}-{number:05d}"


def run_step(work: str, step: str, number: int) -> None:
    """Run one part of a step, unless it is done."""
    root = Path(work)
    target = folder_of(root, step, number)
    if target.exists():
        return
    plan = Plan(**read_json(root / "plan.json")["plan"])
    kernel.compiled_for(plan.n_shares)
    made = target.with_name(f".{target.name}-{os.getpid()}-{secrets.token_hex(4)}{WRITING}")
    made.mkdir()
    try:
        STEPS[step][1](plan, root, number, made)
        made.rename(target)
    except OSError:
        if not target.exists():  # another machine was as quick
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def write_groups(path: Path, groups: Iterable[Mapping[str, pa.Array | np.ndarray]]) -> None:
    """Write columns of the same kinds as the batches of one file."""
    writer = None
    with pa.OSFile(str(path), "wb") as file:
        for group in groups:
            columns = [to_arrow(some) if isinstance(some, np.ndarray) else some for some in group.values()]
            batch = pa.RecordBatch.from_arrays(columns, list(group))
            writer = writer or pa.ipc.new_file(file, batch.schema)
            writer.write_batch(batch)
        if writer is not None:
            writer.close()


def read_group(path: Path, number: int = 0) -> pa.RecordBatch:
    """Return what a file holds for one receiver, of which only what is looked at is read."""
    return pa.ipc.open_file(pa.memory_map(str(path))).get_batch(number)


def _groups(columns: Mapping[str, pa.Array | np.ndarray], sizes: IntArray) -> Iterator[dict[str, Any]]:
    """Divide columns into consecutive groups of these sizes."""
    for start, stop in itertools.pairwise(np.append(0, np.cumsum(sizes)).tolist()):
        yield {name: column[start:stop] for name, column in columns.items()}


def _read_shares(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Divide shares by object, and their contents by content."""
    file, groups = plan.units[number]
    count = plan.partitions
    for piece, batch in enumerate(_batches(plan, Path(file), groups)):
        numbered = (number_ids([encoded(batch[name])]) for name in ("object_id", "account_id"))
        (objects, names), (accounts, owners) = numbered
        contents = as_text(batch["content_id"])
        where = np.append(partition.partition_of(names, count), np.int32(0))[objects]
        bucket = partition.partition_of(contents, count)
        order = np.argsort(where.astype(np.uint16), kind="stable")
        sizes = np.bincount(where, minlength=count)
        columns = {
            "object": objects[order],
            "account": accounts[order],
            "content_id": contents.take(to_arrow(order)),
            "timestamp_share": batch["timestamp_share"].cast(pa.int64()).take(to_arrow(order)),
            "of_itself": same_text(objects, names, contents)[order],
            "bucket": bucket[order].astype(np.uint16),
        }
        parts = list(_groups(columns, sizes))
        for column, every in (("object", names), ("account", owners)):
            named = []
            for part in parts:
                part[column], own = _ids(part[column], every)
                named.append({"name": own})
            write_groups(into / f"{column}s-{piece:05d}.arrow", named)
        write_groups(into / f"shares-{piece:05d}.arrow", parts)
        order = order[np.argsort(bucket[order].astype(np.uint16), kind="stable")]
        texts = {"content_id": contents.take(to_arrow(order)), "partition": where[order].astype(np.uint16)}
        write_groups(into / f"texts-{piece:05d}.arrow", _groups(texts, np.bincount(bucket, minlength=count)))


def _ids(codes: IntArray, names: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return ids numbered among the names that occur in them, and those names."""
    used, places = compact(codes, len(names))
    missing = codes < 0
    indices = pa.array(places, mask=missing) if missing.any() else to_arrow(places)
    return indices, names.take(to_arrow(used[used < len(names)]))


def _batches(plan: Plan, file: Path, groups: list[int] | None) -> Iterator[pa.RecordBatch]:
    """Yield the shares of a file; those that need a closer look from the careful readers."""
    done = 0
    try:
        if groups is None:
            raise share_files.CloserLook
        for batch in share_files.plain_batches(file, plan.names, groups):
            if any(share_files.maybe_rounded(as_text(batch[name])) for name in ("account_id", "content_id")):
                raise share_files.CloserLook
            if share_files.unlike_itself(as_text(batch["object_id"])):
                raise share_files.CloserLook
            yield batch
            done += batch.num_rows
    except (share_files.CloserLook, pa.ArrowException, OSError):
        how = share_files.Reading(plan.names, "keep", plan.time_window)
        pieces = share_files.share_pieces(file, how, groups)
        for shares in with_progress(pieces, f"reading {file.name}") if groups is None else pieces:
            new = shares.iloc[max(done, 0) :]
            done -= len(shares)
            if len(new):
                columns = {name: pa.array(new[name], from_pandas=True) for name in plan.names}
                yield from pa.table(columns).combine_chunks().to_batches()


def _pieces(work: Path, units: int, name: str) -> list[Path]:
    folders = (folder_of(work, "read", unit) for unit in range(units))
    return [file for folder in folders for file in sorted(folder.glob(f"{name}-*.arrow"))]


def _number_contents(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Number the contents of one bucket, and hand the numbers to the partitions of their shares."""
    groups = [read_group(file, number) for file in _pieces(work, len(plan.units), "texts")]
    numbers, count = number_texts(pa.concat_arrays([group["content_id"] for group in groups]))
    partitions = np.concatenate([from_arrow(group["partition"]) for group in groups])
    order = np.argsort(partitions, kind="stable")
    sizes = np.bincount(partitions, minlength=plan.partitions)
    write_groups(into / "numbers.arrow", _groups({"number": numbers[order]}, sizes))
    write_json(into / "count.json", {"contents": count})


def _code(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Number what a partition's shares hold, and count the shares of its accounts."""
    shares = [
        {name: group[name] for name in ("timestamp_share", "of_itself", "bucket")}
        | {
            f"{name}_id": pa.DictionaryArray.from_arrays(group[name], read_group(beside, number)["name"])
            for name, beside in (("object", objects), ("account", accounts))
        }
        for objects, accounts, group in zip(
            *(_pieces(work, len(plan.units), name) for name in ("objects", "accounts")),
            (read_group(file, number) for file in _pieces(work, len(plan.units), "shares")),
            strict=True,
        )
    ]
    buckets = np.concatenate([np.empty(0, dtype=np.uint16), *(from_arrow(some["bucket"]) for some in shares)])
    contents, offset = np.empty(len(buckets), dtype=np.int32 if plan.n_shares < 2**31 else np.int64), 0
    by_bucket = np.argsort(buckets, kind="stable")
    done = 0
    for bucket in range(plan.partitions):
        source = folder_of(work, "number", bucket)
        numbers = from_arrow(read_group(source / "numbers.arrow", number)["number"])
        contents[by_bucket[done : done + len(numbers)]] = np.where(numbers < 0, -1, numbers + offset)
        done += len(numbers)
        offset += read_json(source / "count.json")["contents"]
    codes, rows = Codes.of_partition(shares, contents), np.arange(len(contents), dtype=np.int32)
    if plan.duplicates != "keep" and codes.has_duplicates():
        stays = partition.without_duplicates(codes)
        if plan.duplicates == "error":
            row = int(np.flatnonzero(~stays)[0])
            content = contents_at(plan, work, number, np.array([row]))[0].as_py()
            first, *others = dict.fromkeys(file for file, _ in plan.units)
            where = f"{Path(first).parent}, all {1 + len(others)} files" if others else first
            raise DuplicateContentError(
                f"{where}: content '{content}' is listed more than once for one object ({int((~stays).sum())} such rows or "
                "more); use duplicates 'drop' for the earliest of each or 'keep' to count every row"
            )
        codes, rows = codes.where(stays), rows[stays]
    columns = {name: getattr(codes, name) for name in _CODES}
    write_groups(into / "codes.arrow", [columns | {"row": rows}])
    write_groups(into / "objects.arrow", [{"object": codes.object_names}])
    write_groups(into / "accounts.arrow", [partition.account_table(codes)])
    write_json(into / "lacking.json", {"shares": len(rows)} | codes.lacking())


def contents_at(plan: Plan, work: Path, number: int, rows: IntArray) -> pa.Array:
    """Return the contents of some of a partition's shares."""
    found, done = [], 0
    for file in _pieces(work, len(plan.units), "shares"):
        texts = read_group(file, number)["content_id"]
        inside = rows[(rows >= done) & (rows < done + len(texts))] - done
        found.append(texts.take(to_arrow(inside)))
        done += len(texts)
    return pa.concat_arrays(found) if found else pa.array([], pa.large_string())


def _search(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Find a partition's shares that are in a pair."""
    source = folder_of(work, "code", number)
    table = read_group(source / "codes.arrow")
    columns = {name: from_arrow(table[name]) for name in _CODES}
    names = read_group(source / "objects.arrow")["object"]
    owners = read_group(source / "accounts.arrow")["account"].drop_null()
    codes = Codes(**columns, object_names=names, account_names=owners, content_names=names[:0])
    found = partition.window_of(codes, read_accounts(work), plan.min_participation, plan.time_window)
    write_groups(into / "rows.arrow", [dict(zip(_ROWS, found.rows.T, strict=True))])
    write_groups(into / "kept.arrow", [{"content": found.contents, "account": found.accounts}])
    write_groups(into / "counts.arrow", [{"pairs": found.counts}])
    write_groups(into / "objects.arrow", [{"turn": found.turns, "time": found.times}])
    rows = from_arrow(table["row"])[found.first_rows]
    write_groups(into / "first.arrow", [{"object": found.first_objects, "row": rows}])
    write_groups(into / "names.arrow", [{"object": names.take(to_arrow(found.objects))}])


def read_accounts(work: Path) -> partition.Accounts:
    """Read the accounts of the whole dataset."""
    table = read_group(work / "accounts.arrow")
    shares, turns = (from_arrow(table[name]) for name in ("shares", "turn"))
    return partition.Accounts(table["account"].drop_null(), shares, turns)


def _pair(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Form a partition's pairs and divide them by account."""
    table = read_group(folder_of(work, "search", number) / "rows.arrow")
    rows = np.column_stack([from_arrow(column) for column in table.columns])
    good = from_arrow(read_group(work / "good.arrow", number)["good"])
    places = from_arrow(read_group(work / "places.arrow", number)["place"])
    kernel.CHUNK = plan.n_pairs
    ranges = [tuple(one) for one in read_json(work / "ranges.json")["ranges"]]
    pairs = partition.pairs_of(rows, good, places, ranges, plan.time_window)
    kind = pa.binary(8 * rows.dtype.itemsize)
    some = (pa.Array.from_buffers(kind, len(one), [None, pa.py_buffer(one)]) for one in pairs)
    write_groups(into / "pairs.arrow", ({"pair": one} for one in some))


def _sum(plan: Plan, work: Path, number: int, into: Path) -> None:
    """Sum the pairs of some accounts to edges."""
    files = [folder_of(work, "pair", partition) / "pairs.arrow" for partition in range(plan.partitions)]
    edges = merged_edges(_read_pairs(files, number))
    write_groups(into / "edges.arrow", [{name: getattr(edges, name) for name in ONE_AN_EDGE}])
    write_groups(into / "objects.arrow", [{"object": edges.objects}])


def _read_pairs(files: list[Path], number: int) -> IntArray:
    """Return the two rows of each pair, which a cell holds as they are in memory; of one file after the other."""
    cells = [read_group(file, number)["pair"] for file in files]
    wide = any(some.type.byte_width > 32 for some in cells)
    pairs, done = np.empty((sum(map(len, cells)), 2, 4), dtype=np.int64 if wide else np.int32), 0
    while cells:
        some = cells.pop(0)
        rows = np.frombuffer(some.buffers()[1] or b"", f"i{some.type.byte_width // 8}")
        pairs[done : done + len(some)] = rows[8 * some.offset :][: 8 * len(some)].reshape(-1, 2, 4)
        done += len(some)
    return pairs


def read_edges(work: Path, number: int) -> Edges:
    """Read the edges of some accounts."""
    folder = folder_of(work, "sum", number)
    table = read_group(folder / "edges.arrow")
    columns = {name: from_arrow(table[name]) for name in ONE_AN_EDGE}
    return Edges(**columns, objects=from_arrow(read_group(folder / "objects.arrow")["object"]))


def passing_shares(plan: Plan, work: Path, n_accounts: int, n_contents: int) -> Iterator[np.ndarray]:
    """Yield for the rows of each partition whether their content is of an account that takes part often enough."""
    folders = [folder_of(work, "search", number) for number in range(plan.partitions)]
    contents = [from_arrow(read_group(folder / "rows.arrow")["content"]) for folder in folders]
    # One place more, for a missing content.
    in_pair = np.zeros(n_contents + 1, dtype=bool)
    for some in contents:
        in_pair[some] = True
    passing = in_pair
    if plan.min_participation > 1:
        counts = np.zeros(n_accounts + 1, dtype=np.int64)
        for folder in folders:
            kept = read_group(folder / "kept.arrow")
            owners = from_arrow(kept["account"])[in_pair[from_arrow(kept["content"])]]
            counts += np.bincount(owners, minlength=len(counts))
        passing = np.zeros_like(in_pair)
        for folder in folders:
            kept = read_group(folder / "kept.arrow")
            some, owners = from_arrow(kept["content"]), from_arrow(kept["account"])
            passing[some[in_pair[some] & (counts[owners] >= plan.min_participation)]] = True
    for some in contents:
        yield passing[some]


#: What each step is called where its progress is shown, and what does it.
STEPS: dict[str, tuple[str, Callable[[Plan, Path, int, Path], None]]] = {
    "read": ("dividing shares", _read_shares),
    "number": ("numbering contents", _number_contents),
    "code": ("numbering accounts and objects", _code),
    "search": ("searching pairs", _search),
    "pair": ("forming pairs", _pair),
    "sum": ("summing edges", _sum),
}
