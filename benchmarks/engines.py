"""coordlib against what a researcher could take instead, from a file of shares to edges, in one run.

Run from the project's root: ``python benchmarks/engines.py [ROWS or FILE …] [--turns N] [--without NAME …] [--write]`` (default: 100000 rows).
Each engine is a process of its own, in turns; CPU seconds and peak memory are those of the whole process, medians of the
turns. The engines must find the same edges, or nothing is printed; the toolkit, which is left out where it is not installed
(``pip install coordination-network-toolkit``), counts by other rules. With ``--write`` the table goes to engines.md.
"""

from __future__ import annotations

import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

WINDOW, LEAST = int(os.environ.get("WINDOW", "60")), 2


def coordlib_edges(source: str, output: str) -> tuple[int, int]:
    """All edges with all columns, written to Parquet."""
    from coordlib.parameters import DetectionParameters
    from coordlib.runs.edge_list import detect_file

    parameters = DetectionParameters(time_window=WINDOW, min_participation=LEAST)
    found = detect_file(source, output, parameters=parameters, subgraph=0)
    return found.n_pairs, found.n_edges_all


def bounded_edges(source: str, output: str, cores: int = 0) -> tuple[int, int]:
    """All edges with all columns through temporary files, in about 1 GB, here or in some processes of that much each."""
    from concurrent.futures import ProcessPoolExecutor
    from contextlib import nullcontext

    from coordlib.parameters import DetectionParameters
    from coordlib.runs.dataset import detect_dataset

    parameters = DetectionParameters(time_window=WINDOW, min_participation=LEAST)
    with ProcessPoolExecutor(cores) if cores else nullcontext() as pool:
        found = detect_dataset(
            source,
            output,
            parameters=parameters,
            subgraph=0,
            memory="1GB",
            partitions=4 * cores or None,
            client=pool,
        )
    return found.n_pairs, found.n_edges_all


def numpy_floor(source: str, output: str) -> tuple[int, int]:
    """The least that plain numpy has to do: ids as Arrow numbers them, the sliding window, weight and mean seconds.

    It is made as lean as it can be, so that the ratio does not flatter: no counts of contents and objects, no list of
    objects, no names, nothing written.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_memory_pool(pa.system_memory_pool())
    names = ["object_id", "account_id"]
    table = pq.read_table(
        source, columns=[*names, "content_id", "timestamp_share"], read_dictionary=names, use_threads=False
    )
    o, a = (table[name].unify_dictionaries().combine_chunks().indices.to_numpy() for name in names)
    c = table["content_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    t = table["timestamp_share"].to_numpy()
    del table
    n_accounts = int(a.max()) + 1
    t = t - t.min()
    key = o.astype(np.int64) * (int(t.max()) + WINDOW + 1) + t
    rows = np.flatnonzero((np.bincount(a) >= LEAST)[a])
    rows = rows[np.argsort(key[rows])]
    key, a, c, t = key[rows], a[rows], c[rows], t[rows].astype(np.int32)
    sizes = np.searchsorted(key, key + WINDOW, side="right") - np.arange(len(key)) - 1
    i = np.repeat(np.arange(len(key), dtype=np.int32), sizes)
    j = (np.arange(len(i)) + np.repeat(np.arange(len(key)) + 1 - np.cumsum(sizes) + sizes, sizes)).astype(
        np.int32
    )
    stays = (a[i] != a[j]) & (c[i] != c[j])
    i, j = i[stays], j[stays]
    found = np.zeros(int(c.max()) + 1, dtype=bool)
    found[c[i]] = found[c[j]] = True
    passing = np.zeros_like(found)
    passing[c[found[c] & (np.bincount(a[found[c]], minlength=n_accounts)[a] >= LEAST)]] = True
    stays = passing[c[i]] | passing[c[j]]
    i, j = i[stays], j[stays]
    pair = np.minimum(a[i], a[j]).astype(np.int64) * n_accounts + np.maximum(a[i], a[j])
    order = np.argsort(pair)
    pair, seconds = pair[order], (t[j] - t[i])[order]
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    weights = np.diff(np.append(starts, len(pair)))
    assert len(np.add.reduceat(seconds, starts) / weights) == len(weights)
    return len(pair), len(weights)


def plain_numpy(source: str, output: str) -> tuple[int, int]:
    """The sliding window as one writes it down: pandas reads and numbers, numpy counts in 64 bits; writes no file."""
    import numpy as np
    import pandas as pd

    table = pd.read_parquet(source)
    o, a, c = (pd.factorize(table[name])[0] for name in ("object_id", "account_id", "content_id"))
    t = table["timestamp_share"].to_numpy()
    enough = (np.bincount(a) >= LEAST)[a]
    o, a, c, t = o[enough], a[enough], c[enough], t[enough]
    order = np.lexsort((t, o))
    o, a, c, t = o[order], a[order], c[order], t[order] - t.min()
    key = o * (t.max() + WINDOW + 1) + t
    sizes = np.searchsorted(key, key + WINDOW, side="right") - np.arange(len(key)) - 1
    i = np.repeat(np.arange(len(key)), sizes)
    j = i + 1 + np.arange(len(i)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    stays = (a[i] != a[j]) & (c[i] != c[j])
    i, j = i[stays], j[stays]
    paired = np.isin(c, np.unique(np.concatenate([c[i], c[j]])))
    passing = np.unique(c[paired & (np.bincount(a[paired], minlength=a.max() + 1) >= LEAST)[a]])
    stays = np.isin(c[i], passing) | np.isin(c[j], passing)
    i, j = i[stays], j[stays]
    pair = np.minimum(a[i], a[j]) * (a.max() + 1) + np.maximum(a[i], a[j])
    edges, edge, weights = np.unique(pair, return_inverse=True, return_counts=True)
    assert len(np.bincount(edge, weights=t[j] - t[i]) / weights) == len(edges)
    return len(pair), len(edges)


def duckdb_join(source: str, output: str) -> tuple[int, int]:
    """A join of objects and time buckets in DuckDB, one thread, all columns, written to Parquet."""
    import duckdb

    database = duckdb.connect()
    database.execute(
        f"set threads = 1; set preserve_insertion_order = false; set temp_directory = '{output}.tmp'"
    )
    database.execute(f"""
        create temp table s as select object_id o, account_id a, content_id c, timestamp_share t from read_parquet('{source}')
            qualify count(*) over (partition by account_id) >= {LEAST};
        create temp table p as select x.o, x.a, y.a a2, x.c, y.c c2, y.t - x.t d
            from (select *, t // {WINDOW} k from s) x
            join (select *, t // {WINDOW} k from s union all select *, t // {WINDOW} - 1 k from s) y
            on x.o = y.o and x.k = y.k
            where y.t - x.t between 0 and {WINDOW} and (y.t > x.t or y.c > x.c) and x.a <> y.a and x.c <> y.c;
        create temp table f as select distinct c from (select c from p union all select c2 from p);
        create temp table g as select distinct c from (select c, count(*) over (partition by a) n from s semi join f using (c))
            where n >= {LEAST};
        copy (select least(a, a2) account_id, greatest(a, a2) account_id_y, count(*) weight, count(distinct o) n_objects,
            avg(d) avg_time_delta, count(distinct if(a < a2, c, c2)) n_content_id, count(distinct if(a < a2, c2, c)) n_content_id_y,
            list(distinct o) object_ids from p where c in (from g) or c2 in (from g) group by all)
            to '{output}' (format parquet)""")
    (found,) = database.execute(
        f"select sum(weight)::bigint, count(*) from read_parquet('{output}')"
    ).fetchall()
    return int(found[0]), int(found[1])


def toolkit_edges(source: str, output: str) -> tuple[int, int]:
    """coordination-network-toolkit as its command line runs: CSV into its database, co-link network, CSV of edges."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq
    from coordination_network_toolkit.compute_networks import compute_co_link_network
    from coordination_network_toolkit.output import write_output
    from coordination_network_toolkit.preprocess import preprocess_csv_files

    shares = pq.read_table(source)
    none = pa.array([""] * len(shares))
    columns = {
        "message_id": shares["content_id"],
        "user_id": shares["account_id"],
        "username": shares["account_id"],
        "repost_id": none,
        "reply_id": none,
        "message": none,
        "timestamp": shares["timestamp_share"],
        "urls": shares["object_id"],
    }
    pa.csv.write_csv(pa.table(columns), f"{output}.csv")
    preprocess_csv_files(f"{output}.db", [f"{output}.csv"])
    compute_co_link_network(f"{output}.db", WINDOW, n_threads=1, min_edge_weight=1)
    write_output(f"{output}.db", "co_link", output, output_type="csv", loops=False)
    return 0, 0


TOOLKIT = "coordination-network-toolkit"
ENGINES = {
    "coordlib": coordlib_edges,
    "coordlib --memory 1GB": bounded_edges,
    "coordlib without numba": coordlib_edges,
    "numpy floor (two columns, writes no file)": numpy_floor,
    "numpy as one writes it (the same, 64 bits)": plain_numpy,
    "DuckDB, bucket join": duckdb_join,
    TOOLKIT: toolkit_edges,
}


def measured(engine: str, source: Path, window: int = WINDOW) -> tuple[float, float, float, str]:
    """CPU seconds, wall seconds and peak memory (MB) of one process, and what it found."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--child", engine, str(source), f"{folder}/edges.parquet"]
        environment = os.environ | {"WINDOW": str(window)}
        environment |= {"COORDLIB_PLAIN": "1"} if engine.endswith("without numba") else {}
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            *found, peak = process.stdout.read().split() or ["0"]
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{engine}: failed on {source}")
        return usage.ru_utime + usage.ru_stime, time.perf_counter() - start, float(peak), " ".join(found)


def _peak() -> float:
    """Most memory (MB) of this process or of one of its workers; what the starter had before is not counted."""
    status = Path("/proc/self/status")
    own = re.search(r"VmHWM:\s*(\d+)", status.read_text()) if status.exists() else None
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(int(own[1]) if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, others) / 1024


def measure(source: Path, turns: int) -> list[str]:
    """The rows of the table for one file."""
    runs: dict[str, list[tuple[float, float, float, str]]] = {name: [] for name in ENGINES}
    for _ in range(turns):
        for name, results in runs.items():
            results.append(measured(name, source))
            print(name, *results[-1], file=sys.stderr)
    found = {result[3] for name, results in runs.items() if name != TOOLKIT for result in results}
    if len(found) != 1:
        raise SystemExit(f"{source}: the engines found different edges: {found}")
    pairs, edges = (int(number) for number in found.pop().split())
    medians = {
        name: [statistics.median(result[part] for result in results) for part in range(3)]  # type: ignore[type-var]
        for name, results in runs.items()
    }
    floor = medians["numpy floor (two columns, writes no file)"][0]
    lines = ["", f"{source.stem}: {pairs:,} pairs, {edges:,} edges", ""]
    lines += ["| engine | CPU | wall | peak memory | CPU, floor = 1 |", "|---|---|---|---|---|"]
    for name, (cpu, wall, peak) in medians.items():
        lines.append(f"| {name} | {cpu:.2f} s | {wall:.2f} s | {peak:,.0f} MB | {cpu / floor:.2f} |")
    return lines


def main() -> None:
    """Measure, print, and with ``--write`` keep the results."""
    words = sys.argv[1:]
    if words[:1] == ["--child"]:
        name, _, cores = words[1].partition(" on ")
        found = bounded_edges(*words[2:4], int(cores)) if cores else ENGINES[name](*words[2:4])
        print(*found, _peak())
        return
    while "--without" in words:
        ENGINES.pop(words.pop(words.index("--without") + 1))
        words.remove("--without")
    try:
        version(TOOLKIT)
    except PackageNotFoundError:
        ENGINES.pop(TOOLKIT, None)
    turns = int(words.pop(words.index("--turns") + 1)) if "--turns" in words else 3
    given = [word for word in words if not word.startswith("--")] or ["100000"]
    versions = ", ".join(
        f"{name} {version(name)}"
        for name in ("numpy", "numba", "pyarrow", "duckdb", *({TOOLKIT} & set(ENGINES)))
    )
    lines = [
        "# From a file of shares to edges: coordlib, numpy and DuckDB",
        "",
        f"Window {WINDOW} s, participation {LEAST}; Parquet in; whole processes, medians of {turns} turns in one run.",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}.",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for word in given:
            source = Path(word)
            if not source.exists():
                from detect import make_shares

                source = Path(folder) / f"shares_{int(float(word))}.parquet"
                make_shares(int(float(word))).to_parquet(source, index=False)
            lines += measure(source, turns)
    text = "\n".join(lines) + "\n"
    print(text)
    if "--write" in words:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
