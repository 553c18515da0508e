"""From a table of shares in a file to a file of edges: detection for people who only have a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import networkx as nx
import pandas as pd

from coordlib.detect import detect_groups, generate_coordinated_network
from coordlib.detect.edges import EDGE_COLUMNS, coordinated_edges, ties_at_top, weight_quantile
from coordlib.errors import (
    DuplicateContentError,
    MissingColumnError,
    ParameterError,
    TimeFormatError,
    UnknownFormatError,
)
from coordlib.files import refuse_input, written
from coordlib.parameters import DetectionParameters
from coordlib.posts import SHARE_COLUMNS, prep_data
from coordlib.report.graphml import write_graphml
from coordlib.report.tables import write_csv
from coordlib.sources.exports import load_mapping, read_export
from coordlib.sources.exports.shares import as_post_table
from coordlib.sources.tables import line_of_row, read_table, refuse_damaged_ids
from coordlib.times import EARLIEST, LATEST, looks_like

Duplicates = Literal["keep", "drop", "error"]

DAY = 86_400
#: What each file name ending means.
FORMATS = {".csv": "CSV", ".parquet": "Parquet", ".graphml": "GraphML"}


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
            f"{self.output}: {_counted(self.n_edges, 'edge')} between {_counted(self.n_accounts, 'account')}, from "
            f"{_counted(self.n_pairs, 'pair')} of posts in {_counted(self.n_shares, 'share')} ({limit}); "
            f"{self.n_over:,} of all {_counted(self.n_edges_all, 'edge')} over it"
            + (f"; {self.tied}" if self.tied else "")
            + (f"; of the shares, {lacking} could be in no pair" if lacking else "")
            + (f"; read as {self.read_as}" if self.read_as else "")
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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
        CSV (also gzipped) or Parquet with the columns named below; or any export ``coordlib import`` recognises.
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
    refuse_input(output, source, mapping)
    if subgraph not in (0, 1):
        raise ParameterError(
            f"subgraph = {subgraph!r}: a file of edges has 0 (all) or 1 (over the threshold)"
        )
    shares, read_as = _shares(source, columns, duplicates, parameters.time_window, mapping)
    pairs = detect_groups(shares, parameters.time_window, parameters.min_participation)
    edges = coordinated_edges(pairs, parameters.edge_weight, parameters.min_weight)
    limit = parameters.min_weight or weight_quantile(edges["weight"].to_numpy(), parameters.edge_weight)
    kept = edges[edges["weight_threshold"] == 1].reset_index(drop=True) if subgraph == 1 else edges
    kept = kept.sort_values(["account_id", "account_id_y"], kind="stable", ignore_index=True)[
        list(EDGE_COLUMNS)
    ]
    writers: dict[str, Callable[[Path], object]] = {
        ".csv": lambda path: write_csv(kept, path),
        ".parquet": lambda path: kept.to_parquet(path, index=False),
        ".graphml": lambda path: write_graphml(_network(pairs, parameters, subgraph), path),
    }
    with written(output) as beside:
        writers[kind](beside)
    return EdgeList(
        output, len(shares), len(pairs), len(set(kept["account_id"]) | set(kept["account_id_y"])), len(kept),
        None if edges.empty else float(limit),
        {name.split("_")[0]: int(shares[name].isna().sum()) for name in SHARE_COLUMNS if name != "timestamp_share"}
        | {"time": int(shares["timestamp_share"].isna().sum())},
        len(edges), int((edges["weight_threshold"] == 1).sum()),
        ties_at_top(edges["weight"].to_numpy(), parameters.edge_weight, parameters.min_weight), read_as,
    )  # fmt: skip


def _shares(
    source: Path,
    columns: Mapping[str, str] | None,
    duplicates: Duplicates,
    time_window: int,
    mapping: Path | str | None,
) -> tuple[pd.DataFrame, str | None]:
    """Shares of a table by its columns; where those are not there, of an export by its format."""
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


def _network(pairs: pd.DataFrame, parameters: DetectionParameters, subgraph: int) -> nx.Graph[str]:
    return generate_coordinated_network(
        pairs, edge_weight=parameters.edge_weight, min_weight=parameters.min_weight, subgraph=subgraph, objects=True
    )  # fmt: skip


def load_shares(
    source: Path,
    columns: Mapping[str, str] | None = None,
    duplicates: Duplicates = "error",
    time_window: int = 0,
) -> pd.DataFrame:
    """Read a table of shares; errors name the file and the line, and days without an hour suit no shorter window."""
    names = {name: name for name in ("object_id", "account_id", "content_id", "timestamp_share")}
    names.update(columns or {})
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
