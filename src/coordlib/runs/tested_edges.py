"""From a table of shares in a file to the edges of chosen classes of evidence: tested, marked, written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coordlib.detect import coordinated_edges, detect_groups, edges_to_graph
from coordlib.errors import ParameterError
from coordlib.files import refuse_input, written
from coordlib.parameters import DetectionParameters
from coordlib.report.graphml import write_graphml
from coordlib.report.tables import write_csv
from coordlib.report.words import object_word, plural
from coordlib.runs.edge_list import WRITERS
from coordlib.runs.share_files import Duplicates, files_of, read_shares
from coordlib.significance import edge_significance, evidence_headline


@dataclass(frozen=True)
class TestedEdges:
    """What was tested in a file, and what was kept."""

    output: Path
    kept: int
    accounts: int
    edges: int
    #: Pairs of accounts that met, those of too few posts for the minimum participation with them.
    tested: int
    classes: tuple[str, ...]
    words: str

    def summary(self) -> str:
        """Lines for the terminal."""
        everybody = f" ({self.tested:,} were tested, every account's)" if self.tested != self.edges else ""
        found = f"{plural(self.kept, 'edge')} between {plural(self.accounts, 'account')}"
        return f"{self.output}: {found}, of all {self.edges:,}{everybody} those of {', '.join(self.classes)}\n{self.words}"


def detect_tested(
    source: Path | str,
    output: Path | str,
    columns: Mapping[str, str] | None,
    parameters: DetectionParameters,
    *,
    subgraph: int = 1,
    duplicates: Duplicates = "error",
    mapping: Path | str | None = None,
    any_time: bool = False,
) -> TestedEdges:
    """Test every two accounts that met, and write the edges of the classes asked for, as :func:`coordlib.runs.edge_list.detect_file`."""
    output, kind = Path(output), Path(output).suffix.lower()
    if kind not in WRITERS:
        raise ParameterError(f"{output}: the file name must end in {', '.join(WRITERS)}")
    if subgraph not in (0, 1):
        raise ParameterError(f"subgraph = {subgraph!r}: a file of edges has 0 (all) or 1 (of the classes)")
    files = files_of(Path(source))
    refuse_input(output, mapping, *files)
    shares, _ = read_shares(files, columns, duplicates, parameters.time_window, mapping, any_time)
    pairs = detect_groups(shares, parameters.time_window, parameters.min_participation)
    significance = edge_significance(shares, parameters.time_window, parameters.evidence.q)
    classes = tuple(parameters.evidence.classes)
    edges = coordinated_edges(pairs, significance=significance, classes=classes)
    kept = edges if subgraph == 0 else edges[edges["weight_threshold"] == 1]
    with written(output) as beside:
        if kind == ".graphml":
            write_graphml(edges_to_graph(kept), beside)
        elif kind == ".parquet":
            kept.to_parquet(beside, index=False)
        else:
            write_csv(kept, beside)
    accounts = pd.concat([kept["account_id"], kept["account_id_y"]]).nunique()
    words = evidence_headline(significance, None, object_word(shares.attrs.get("object_id", "object_id")))
    return TestedEdges(output, len(kept), int(accounts), len(edges), len(significance), classes, words)
