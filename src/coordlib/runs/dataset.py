"""Detection of more shares than memory holds, on one machine or on a cluster, with the edges of :mod:`.edge_list`."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import as_completed, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from coordlib import errors
from coordlib.detect.codes import from_arrow, to_arrow
from coordlib.detect.engine import FoundEdges, object_order
from coordlib.detect.kernel import IntArray, slices
from coordlib.detect.partition import Accounts
from coordlib.files import read_json, workspace_lock, write_json, written
from coordlib.parameters import DetectionParameters
from coordlib.posts import SHARE_COLUMNS
from coordlib.runs import dataset_steps as steps
from coordlib.runs.dataset_steps import Plan, folder_of, read_group
from coordlib.runs.edge_list import EdgeList, checked_files, write_edges
from coordlib.runs.share_files import Duplicates

#: Bytes of the libraries themselves, and of memory a share or a pair takes while it is worked on.
_LIBRARIES, _A_SHARE, _A_PAIR = 320_000_000, 260, 110
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def detect_dataset(
    source: Path | str,
    output: Path | str,
    columns: Mapping[str, str] | None = None,
    parameters: DetectionParameters | None = None,
    *,
    subgraph: int = 1,
    accounts: Path | str | None = None,
    duplicates: Duplicates = "error",
    memory: str | int = "1GB",
    partitions: int | None = None,
    client: Any = None,
) -> EdgeList:
    """Detect coordination in tables larger than memory; the file of edges has the bytes it would have if all were held at once.

    Shares are divided by object into temporary files of Arrow's beside the output, pairs are formed in one partition
    after the other, divided by account, and summed. Started again after it was killed, it goes on where it was.

    Parameters
    ----------
    source
        CSV or JSON lines (also .gz or .zst) or Parquet with the columns named below, a folder of such files or a pattern such as
        ``shares/2025-*.parquet``; no export (``coordlib import`` makes a table of shares from one).
    output
        ``.csv``, ``.parquet`` or ``.graphml``. Written beside and renamed: never half a file.
    columns
        Names of the columns that hold ``object_id``, ``account_id``, ``content_id``, ``timestamp_share``
        (default: these names).
    parameters
        How to detect (default: the defaults of DetectionParameters).
    subgraph
        0 all edges with ``weight_threshold`` marked, 1 only those over the threshold.
    accounts
        ``.csv`` or ``.parquet`` for a table of the accounts of the edges written: ``account_id``, ``network`` (int64, the
        connected component, 1 is the largest), ``degree`` (edges) and ``strength`` (sum of their weights); None makes none.
    duplicates
        What to do with a content listed twice for one object.
    memory
        About how much memory to use, such as ``"1GB"`` or a number of bytes; on a cluster of each worker.
    partitions
        Number of parts instead of as many as the memory asks for. It changes no byte of the result.
    client
        ``distributed.Client`` of a Dask cluster, or anything else whose ``submit(function, *arguments)`` gives a
        ``concurrent.futures.Future``. Its workers see `source` and the folder of `output` under the same names.
        Without it the parts are worked on here, one after the other.

    Raises
    ------
    CoordError
        One line that says what is wrong; nothing is written then.

    Notes
    -----
    Held at once are one partition, the names of all accounts, and about 30 bytes for every object that is in a
    pair and one for every content. A single object's shares are never divided, so they must fit.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> folder = Path(tempfile.mkdtemp())
    >>> shares = pd.DataFrame({"object_id": ["o", "o"], "account_id": ["a", "b"], "content_id": ["1", "2"],
    ...                        "timestamp_share": [1735689600, 1735689630]})
    >>> shares.to_parquet(folder / "shares.parquet")
    >>> parameters = DetectionParameters(min_participation=1)
    >>> detect_dataset(folder / "shares.parquet", folder / "e.csv", parameters=parameters, subgraph=0).n_pairs
    1
    """
    output, parameters = Path(output), parameters or DetectionParameters()
    files = checked_files(source, output, subgraph, accounts=accounts)
    room = max(bytes_of(memory) - _LIBRARIES, 50_000_000)
    names = {name: (columns or {}).get(name, name) for name in SHARE_COLUMNS}
    units, n_shares = _units(files, names, room)
    if not units:
        raise errors.EmptyInputError(f"{files[0]}: holds no rows; give a file with at least one row")
    method = parameters.time_window, parameters.min_participation
    parts = partitions or max(1, -(-n_shares * _A_SHARE // room))
    plan = Plan(units, names, *method, duplicates, parts, n_shares, room // _A_PAIR)
    work = output.resolve().with_name(f".{output.name}.work")
    with workspace_lock(work, "coordlib detect"):
        try:
            _begin(work, plan, files)
            found = _found(plan, work, client)
            table = [read_json(folder_of(work, "code", n) / "lacking.json") for n in range(plan.partitions)]
            kinds = ("shares", "object", "account", "content", "time")
            lacking = {name: sum(one[name] for one in table) for name in kinds}
            result = write_edges(
                found, output, parameters, subgraph, lacking.pop("shares"), lacking, accounts=accounts
            )
            del found  # a shared disk keeps a folder whose files are mapped
        except errors.CoordError:
            _remove(work)
            raise
    _remove(work)
    return result


def _remove(work: Path) -> None:
    """Remove a folder of work, first the plan: nothing may promise what a killed removal has taken away."""
    (work / "plan.json").unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)


@contextmanager
def connected(scheduler: str | None) -> Iterator[Any]:
    """Give a client of the Dask scheduler at an address; None without one."""
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise errors.MissingDependencyError(
            "a cluster needs dask and distributed: pip install 'coordlib[cluster]'"
        ) from None
    try:
        client = Client(scheduler, timeout=20)
    except (OSError, ValueError) as error:
        raise errors.ParameterError(
            f"--scheduler {scheduler}: no Dask scheduler answers there ({' '.join(str(error).split())[:100]}); "
            "give its address, such as tcp://10.0.0.1:8786"
        ) from None
    with client:
        yield client


def bytes_of(memory: str | int) -> int:
    """Return an amount of memory in bytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?\s*", str(memory), re.IGNORECASE)
    if not match or (size := int(float(match[1]) * _UNITS[match[2].upper()])) < 100_000_000:
        raise errors.ParameterError(
            f"memory = {memory!r}: give an amount of 100 MB or more, such as 1GB or 800MB"
        )
    return size


def _units(
    files: list[Path], names: Mapping[str, str], room: int
) -> tuple[list[tuple[str, list[int] | None]], int]:
    """Divide files into what is read at a time, and estimate how many shares there are in all."""
    units: list[tuple[str, list[int] | None]] = []
    total = 0
    for file in files:
        place = str(file.resolve())
        try:
            with pq.ParquetFile(file) as parquet:
                if missing := set(names.values()) - set(parquet.schema_arrow.names):
                    raise errors.MissingColumnError.from_names(missing, parquet.schema_arrow.names, str(file))
                sizes = [parquet.metadata.row_group(n).num_rows for n in range(parquet.num_row_groups)]
        except (pa.ArrowException, OSError):
            # Text: a row has 40 bytes or more, and a packed one a fifth of them.
            packed = file.suffix.lower() in (".gz", ".zst")
            total += file.stat().st_size // (8 if packed else 40) if file.exists() else 0
            units.append((place, None))
            continue
        total += sum(sizes)
        together = slices(np.array(sizes, dtype=np.int64), room // 2 // _A_SHARE)
        units += [(place, list(range(part.start, part.stop))) for part in together]
    return units, total


def _begin(work: Path, plan: Plan, files: list[Path]) -> None:
    """Write the plan, unless the same work was begun here and can go on; what other work left is removed."""
    stamps = [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files if file.exists()]
    whole = json.loads(json.dumps({"version": 2, "files": stamps, "plan": vars(plan)}))
    if read_json(work / "plan.json") == whole:
        return
    for left in sorted(work.iterdir(), key=lambda path: path.name != "plan.json"):
        if not left.name.startswith(".lock"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    write_json(work / "plan.json", whole)


def _found(plan: Plan, work: Path, client: Any) -> FoundEdges:
    """Run the steps that are not done yet."""
    parts = range(plan.partitions)
    if not (work / "ranges.json").exists():
        if not (work / "accounts.arrow").exists():
            _run(work, "read", len(plan.units), client)
            if not any(work.glob("read-*/shares-*")):
                raise errors.EmptyInputError(
                    f"{plan.units[0][0]}: has a header but no rows; give a file with at least one row"
                )
            _run(work, "number", plan.partitions, client)
            _run(work, "code", plan.partitions, client)
            tables = [read_group(folder_of(work, "code", number) / "accounts.arrow") for number in parts]
            accounts = Accounts.merged(tables)
            columns = {
                "account": pa.concat_arrays([accounts.names, pa.array([None], pa.large_string())]),
                "shares": accounts.shares,
                "turn": accounts.turns,
            }
            with written(work / "accounts.arrow") as beside:
                steps.write_groups(beside, [columns])
        _run(work, "search", plan.partitions, client)
        _join(plan, work)
    n_ranges = len(read_json(work / "ranges.json")["ranges"])
    if not all(folder_of(work, "sum", number).exists() for number in range(n_ranges)):
        _run(work, "pair", plan.partitions, client)
        _run(work, "sum", n_ranges, client)
    for number in parts:
        shutil.rmtree(folder_of(work, "pair", number), ignore_errors=True)
    names = [read_group(folder_of(work, "search", number) / "names.arrow")["object"] for number in parts]
    owners, objects = steps.read_accounts(work).names, pa.chunked_array(names, pa.large_string())
    order = from_arrow(read_group(work / "order.arrow")["object"])
    # Read one after the other, when they are needed.
    return FoundEdges(lambda: (steps.read_edges(work, n) for n in range(n_ranges)), owners, objects, order)


def _run(work: Path, step: str, count: int, client: Any) -> None:
    """Run all parts of a step that are not done, here or on a cluster."""
    missing = [number for number in range(count) if not folder_of(work, step, number).exists()]
    words = steps.STEPS[step][0]
    with tqdm(total=len(missing), unit=" parts", disable=None, desc=words, leave=False) as progress:
        if client is None:
            for number in missing:
                steps.run_step(str(work), step, number)
                progress.update()
            return
        # A step may run twice and writes files, which Dask is told by "not pure".
        executor = client.get_executor(pure=False) if hasattr(client, "get_executor") else client
        futures = [executor.submit(steps.run_step, str(work), step, number) for number in missing]
        try:
            for done in as_completed(futures):
                done.result()
                progress.update()
        finally:
            # What runs still is waited for: it would write into a folder that is removed.
            wait([future for future in futures if not future.cancel()])


def _join(plan: Plan, work: Path) -> None:
    """Collect what partitions need to know of each other: who takes part, the order of objects, the ranges of accounts."""
    folders = [folder_of(work, "search", number) for number in range(plan.partitions)]
    accounts = steps.read_accounts(work)
    buckets = (folder_of(work, "number", bucket) for bucket in range(plan.partitions))
    n_contents = sum(read_json(bucket / "count.json")["contents"] for bucket in buckets)
    passing = steps.passing_shares(plan, work, len(accounts.names), n_contents)
    # What is whole is said by ranges.json, which is written last.
    steps.write_groups(work / "good.arrow", ({"good": good} for good in passing))
    tables = [read_group(folder / "objects.arrow") for folder in folders]
    offsets = np.append(0, np.cumsum([len(table) for table in tables]))
    turns, times = (np.concatenate([from_arrow(some[name]) for some in tables]) for name in ("turn", "time"))
    order = object_order(turns, times, partial(_texts, plan, work, offsets))
    places = np.empty(len(order), dtype=np.int32)
    places[order] = np.arange(len(order))
    steps.write_groups(work / "places.arrow", ({"place": some} for some in np.split(places, offsets[1:-1])))
    steps.write_groups(work / "order.arrow", [{"object": order}])
    counts = np.sum([from_arrow(read_group(folder / "counts.arrow")["pairs"]) for folder in folders], axis=0)
    ranges = [(part.start, part.stop) for part in slices(counts, plan.n_pairs)]
    write_json(work / "ranges.json", {"ranges": ranges})
    for unit in range(len(plan.units)):
        shutil.rmtree(folder_of(work, "read", unit), ignore_errors=True)


def _texts(plan: Plan, work: Path, offsets: IntArray, objects: IntArray) -> pa.Table:
    """Return the first shares of objects that tie, for their texts to decide."""
    tables = []
    for number, (start, stop) in enumerate(itertools.pairwise(offsets)):
        wanted = objects[(objects >= start) & (objects < stop)] - start
        if not len(wanted):
            continue
        folder = folder_of(work, "search", number)
        first = read_group(folder / "first.arrow")
        objects_of, rows = from_arrow(first["object"]), from_arrow(first["row"])
        tied = np.isin(objects_of, wanted)
        by_row = np.flatnonzero(tied)[np.argsort(rows[tied], kind="stable")]
        codes = objects_of[by_row]
        columns = {
            "number": codes.astype(np.int64) + start,
            "content": steps.contents_at(plan, work, number, rows[by_row]),
            "object": read_group(folder / "names.arrow")["object"].take(to_arrow(codes)),
        }
        tables.append(pa.table(columns))
    return pa.concat_tables(tables)
