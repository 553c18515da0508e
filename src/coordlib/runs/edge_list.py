"""From a table of shares in a file to a file of edges: detection for people who only have a table.

What a large table does not need (pandas, networkx, the readers of exports) is loaded where it is needed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coordlib.detect.account_sums import AccountSums
from coordlib.detect.codes import Codes, from_arrow
from coordlib.detect.engine import FoundEdges, find_edges, window_rows
from coordlib.detect.threshold import check_window, ties_at_top, weight_quantile
from coordlib.errors import ParameterError
from coordlib.files import refuse_input, written
from coordlib.parameters import DetectionParameters
from coordlib.progress import with_progress
from coordlib.report.words import clean_text, plural
from coordlib.runs.share_files import Reading, files_of, plain_codes, read_shares
from coordlib.shown import Shown

_json = json.JSONEncoder(ensure_ascii=False).encode
#: Edges that are text at a time: a row of text takes ten times its memory in numbers.
_TEXT_ROWS = 20_000


def write_parquet(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    """Write edges as Parquet, one group of rows a batch."""
    first = next(batches)
    numbers = {field.name for field in first.schema if pa.types.is_integer(field.type)}
    others = [*(name for name in first.schema.names if name not in numbers), "object_ids.list.element"]
    # Without Arrow's own note on types a reader sees text, not the dictionaries it was written from. Whole numbers are
    # written as differences, not compressed: a sixth less time, a tenth more room.
    with pq.ParquetWriter(
        path,
        first.schema,
        store_schema=False,
        write_statistics=False,
        use_dictionary=others,
        compression=dict.fromkeys(others, "snappy"),
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
    ) as writer:
        for batch in itertools.chain([first], batches):
            writer.write_batch(batch)


def write_csv(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    """Write what :func:`coordlib.report.tables.write_csv` writes, each id quoted once and not once a row."""
    from coordlib.report.tables import csv_cell

    with path.open("w", encoding="utf-8", newline="") as file:
        for number, batch in enumerate(batches):
            if number == 0:
                file.write(",".join(batch.schema.names) + "\n")
            # A list is JSON, and always quoted because its texts are.
            for columns in _written(batch, csv_cell, lambda text: _json(text).replace('"', '""'), '"[{}]"'):
                file.writelines(f"{','.join(row)}\n" for row in zip(*columns.values(), strict=True))


def write_graphml(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    """Write what :func:`coordlib.report.graphml.write_graphml` writes of the same edges, without a graph in memory."""
    from xml.sax.saxutils import escape

    from coordlib.report.graphml import Keys, element, quoted, write_elements

    keys: Keys = {}
    ends: set[str] = set()
    kinds = {"object_ids": str, "avg_time_delta": float, "edge_symmetry_score": float}

    def elements() -> Iterator[str]:
        for batch in batches:
            for name in ("account_id", "account_id_y"):
                used = batch[name].indices.unique()
                ends.update(map(clean_text, batch[name].dictionary.take(used).to_pylist()))
            names = sorted(set(batch.schema.names) - {"account_id", "account_id_y"})
            if ends:
                keys.update({("edge", name): (n, {kinds.get(name, int)}) for n, name in enumerate(names)})
            line = '      <data key="d{}">{}</data>\n'.format
            for columns in _written(batch, quoted, lambda text: escape(clean_text(_json(text))), "[{}]"):
                data = [[line(n, value) for value in columns[name]] for n, name in enumerate(names)]
                ends_of = columns["account_id"], columns["account_id_y"]
                for one, other, *values in zip(*ends_of, *data, strict=True):
                    yield element(f"edge source={one} target={other}", "".join(values))

    write_elements(path, elements(), keys, ends)


def _written(
    batch: pa.RecordBatch, account: Callable[[str], str], text: Callable[[str], str], some: str
) -> Iterator[dict[str, list[str]]]:
    """Yield each column of a few edges at a time as text, every id written once; lists are JSON in `some`."""
    accounts = {
        name: [account(one) for one in batch[name].dictionary.to_pylist()]
        for name in ("account_id", "account_id_y")
    }
    texts = [text(one) for one in batch["object_ids"].values.dictionary.to_pylist()]
    for start in range(0, max(len(batch), 1), _TEXT_ROWS):
        few = batch.slice(start, _TEXT_ROWS)
        columns: dict[str, list[str]] = {}
        for name, column in zip(few.schema.names, few.columns, strict=True):
            if name == "object_ids":
                first, *_ = offsets = column.offsets.to_numpy()
                codes = column.values.indices[first : offsets[-1]].to_numpy().tolist()
                objects = [texts[code] for code in codes]
                pieces = itertools.pairwise((offsets - first).tolist())
                columns[name] = [some.format(", ".join(objects[start:stop])) for start, stop in pieces]
            elif name in accounts:
                columns[name] = [accounts[name][code] for code in column.indices.to_numpy().tolist()]
            else:
                columns[name] = list(map(repr, column.to_numpy().tolist()))
        yield columns


#: What writes a file of each name ending.
WRITERS = {".csv": write_csv, ".parquet": write_parquet, ".graphml": write_graphml}

#: Bytes of files from which memory matters less than time.
_LARGE = 50_000_000


@dataclass(frozen=True)
class EdgeList(Shown):
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
    #: Connected components, where a table of accounts was asked for.
    n_networks: int | None = None

    _names: ClassVar = {"n_edges_all": "edges of any weight", "n_over": "edges over the threshold"}

    def summary(self) -> str:
        """One line for the terminal."""
        limit = "no edges, so no threshold" if self.threshold is None else f"threshold {self.threshold:g}"
        lacking = ", ".join(f"{count:,} without {name}" for name, count in self.lacking.items() if count)
        networks = "" if self.n_networks is None else f" in {plural(self.n_networks, 'network')}"
        return (
            f"{self.output}: {plural(self.n_edges, 'edge')} between {plural(self.n_accounts, 'account')}{networks}, from "
            f"{plural(self.n_pairs, 'pair')} of posts in {plural(self.n_shares, 'share')} ({limit})"
            + (
                f"; {self.n_over:,} of all {plural(self.n_edges_all, 'edge')} over it"
                if self.n_edges_all
                else ""
            )
            + (f"; {self.tied}" if self.tied else "")
            + (f"; shares that could be in no pair: {lacking}" if lacking else "")
            + (f"; read {self.read_as}" if self.read_as else "")
        )


def checked_files(
    source: Path | str,
    output: Path,
    subgraph: int,
    mapping: Path | str | None = None,
    kept: str = "over the threshold",
    accounts: Path | str | None = None,
) -> list[Path]:
    """Return the files of shares; refuse, before anything is read, an output that cannot be."""
    files = files_of(Path(source))
    refuse_input(output, mapping, *files, endings=WRITERS)
    if accounts is not None:
        refuse_input(Path(accounts), mapping, *files, endings=(".csv", ".parquet"))
        if Path(accounts).resolve() == output.resolve():
            raise ParameterError(f"{accounts}: is the file of edges; give the accounts a name of their own")
    if subgraph not in (0, 1):
        raise ParameterError(f"subgraph = {subgraph!r}: a file of edges has 0 (all) or 1 ({kept})")
    return files


def detect_file(
    source: Path | str,
    output: Path | str,
    parameters: DetectionParameters | None = None,
    how: Reading | None = None,
    *,
    subgraph: int = 1,
    accounts: Path | str | None = None,
    time_window_low: int = 0,
) -> EdgeList:
    """Read shares from CSV, Parquet or any export ``coordlib import`` recognises (several files: a folder or a pattern), and write the edges.

    The parameters are those of :func:`coordlib.runs.detect_dataset`; two posts of a pair are at least `time_window_low` seconds apart.
    """
    output, parameters = Path(output), parameters or DetectionParameters()
    check_window(parameters.time_window, time_window_low)
    how, read_as = how or Reading({}, "error", parameters.time_window), None
    files = checked_files(source, output, subgraph, how.mapping, accounts=accounts)
    # The pool Arrow comes with takes 40 MB more, and a tenth of the time of a large table less.
    if sum(file.stat().st_size for file in files if file.exists()) < _LARGE:
        pa.set_memory_pool(pa.system_memory_pool())
    codes = plain_codes(files, how) if how.mapping is None else None
    if codes is None:
        shares, read_as = read_shares(files, how)
        codes = Codes.from_batches(pa.Table.from_pandas(shares, preserve_index=False).to_batches())
        del shares
    n_shares, lacking = len(codes.times), codes.lacking()
    rows = window_rows(codes, parameters.min_participation)
    del codes
    found = find_edges(rows, parameters.time_window, time_window_low)
    del rows
    return write_edges(found, output, parameters, subgraph, n_shares, lacking, read_as, accounts)


def write_edges(
    found: FoundEdges,
    output: Path,
    parameters: DetectionParameters,
    subgraph: int,
    n_shares: int,
    lacking: Mapping[str, int],
    read_as: str | None = None,
    accounts: Path | str | None = None,
) -> EdgeList:
    """Mark the edges over the threshold, write them (and their accounts, where asked), and say what was found."""
    weights, counts = found.weight_counts()
    quantile, least = parameters.edge_weight, parameters.min_weight
    limit = weight_quantile(weights, quantile, counts)

    def over(some: np.ndarray) -> np.ndarray:
        return np.asarray(some > limit if least is None else some >= least, dtype=np.int64)

    met = np.zeros(len(found.account_names), dtype=bool)
    sums = AccountSums(len(met)) if accounts is not None else None
    n_edges, n_over = int(counts.sum()), int(counts[over(weights) == 1].sum())

    def noted() -> Iterator[pa.RecordBatch]:
        batches = found.batches(over, subgraph == 0)
        for batch in with_progress(batches, "writing edges", n_over if subgraph else n_edges, " edges"):
            low, high = (from_arrow(batch[name].indices) for name in ("account_id", "account_id_y"))
            met[low] = met[high] = True
            if sums is not None:
                sums.add(low, high, from_arrow(batch["weight"]))
            yield batch

    n_networks = None
    with written(output) as beside:
        WRITERS[output.suffix.lower()](noted(), beside)
        if sums is not None and accounts is not None:
            n_networks = _write_accounts(sums, found.account_names, Path(accounts))
    return EdgeList(
        output,
        n_shares,
        int((weights * counts).sum()),
        int(met.sum()),
        n_over if subgraph else n_edges,
        float(limit if least is None else least) if len(weights) else None,
        lacking,
        n_edges,
        n_over,
        ties_at_top(weights, quantile, least, counts),
        read_as,
        n_networks,
    )


def _write_accounts(sums: AccountSums, names: pa.Array, path: Path) -> int:
    """Write the accounts that have edges, by name; return the number of components."""
    from coordlib.report import tables

    networks = sums.networks()
    inside = np.flatnonzero(networks)
    columns = {"network": networks, "degree": sums.degree, "strength": sums.strength}
    table = pa.table({"account_id": names, **columns}).take(inside)
    with written(path) as beside:
        if path.suffix.lower() == ".parquet":
            pq.write_table(table, beside)
        else:
            tables.write_csv(table.to_pandas().astype({"account_id": "str"}), beside)
    return int(networks.max(initial=0))


def detect_tested(
    source: Path | str,
    output: Path | str,
    parameters: DetectionParameters,
    how: Reading,
    subgraph: int,
    accounts: Path | str | None = None,
) -> str:
    """Test every two accounts that met, write the edges of the classes asked for, as :func:`detect_file` does, and return it in lines."""
    import pandas as pd

    from coordlib.detect import coordinated_edges, detect_groups, edges_to_graph
    from coordlib.report import graphml, tables
    from coordlib.report.words import object_word
    from coordlib.significance import edge_significance, evidence_headline

    output, window = Path(output), parameters.time_window
    files = checked_files(source, output, subgraph, how.mapping, "of the classes", accounts)
    shares, _ = read_shares(files, how)
    pairs = detect_groups(shares, window, parameters.min_participation)
    significance = edge_significance(shares, window, parameters.evidence.q)
    classes = tuple(parameters.evidence.classes)
    edges = coordinated_edges(pairs, significance=significance, classes=classes)
    kept = edges if subgraph == 0 else edges[edges["weight_threshold"] == 1]
    with written(output) as beside:
        if output.suffix.lower() == ".graphml":
            graphml.write_graphml(edges_to_graph(kept), beside)
        elif output.suffix.lower() == ".parquet":
            kept.to_parquet(beside, index=False)
        else:
            tables.write_csv(kept, beside)
        codes, names = pd.factorize(pd.concat([kept["account_id"], kept["account_id_y"]]), sort=True)
        between = plural(len(names), "account")
        if accounts is not None:
            sums = AccountSums(len(names))
            low, high = np.split(codes, 2)
            sums.add(low, high, kept["weight"].to_numpy())
            between += f" in {plural(_write_accounts(sums, pa.array(names), Path(accounts)), 'network')}"
    words = evidence_headline(significance, None, object_word(shares.attrs.get("object_id", "object_id")))
    # Pairs of accounts that met are more where some have too few posts for the minimum participation.
    tested = len(significance)
    everybody = f" ({tested:,} were tested, every account's)" if tested != len(edges) else ""
    found = f"{plural(len(kept), 'edge')} between {between}, of all {len(edges):,}{everybody}"
    return f"{output}: {found} those of {', '.join(classes)}\n{words}"
