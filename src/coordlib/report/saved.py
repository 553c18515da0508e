"""What the last cell of a report's notebook shows: its files, how to cite them, what they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coordlib.report.citation import CITED
from coordlib.report.display import Html, stack
from coordlib.report.record import RunRecord, code_version, package_versions
from coordlib.report.tables import facts
from coordlib.report.words import escape, in_words
from coordlib.times import ISO, utc_text

#: Files of a report that are offered one by one, and what they hold.
_FILES = {
    "accounts.csv": "accounts of the network",
    "networks.csv": "networks (connected components)",
    "posts.csv": "every post in a pair behind an edge",
    "edges.csv": "edges over the threshold",
    "pairs.csv": "the evidence: every pair of posts behind every edge",
    "discovered.csv": "pairs of accounts that share more than their activity explains",
    "discovered_pairs.csv": "every pair of posts behind those of them that are in no network",
    "component_summary.csv": "components of link sharing",
    "cluster_summary.csv": "Louvain clusters of link sharing",
    "highly_connected_coordinated_entities.csv": "accounts that share links together",
    "top_coord_urls.csv": "URLs with most engagement",
    "top_coord_shares.csv": "coordinated posts with most engagement",
    "ct_shares_marked.csv": "every post of a URL shared more than once, coordinated or not",
    "labels.json": "how each label was made",
    "network.graphml": "the network for Gephi, igraph or networkx",
    "run.json": "parameters, versions, hashes of inputs and outputs, counts",
    "README.md": "what every column means",
}


@dataclass(frozen=True, repr=False)
class SavedReport:
    """The files of a report: where they are, how to cite them, what they were made from."""

    folder: Path
    run: RunRecord
    draft: bool

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if self.draft:
            where = escape("/".join(self.folder.parts[-4:]))
            parts = [Html(f"<p>A draft in <code>{where}</code>: {escape(self._names())}.</p>")]
        else:
            parts = [_downloads(self.folder, str(self.run["name"])), CITED]
        return stack(*parts, _provenance(self.run))._repr_mimebundle_()

    def __repr__(self) -> str:
        return f"{self.folder}: {self._names()}"

    def _names(self) -> str:
        return ", ".join(sorted(path.name for path in self.folder.iterdir()))


def _downloads(folder: Path, name: str) -> Html:
    """Links to the files of a report, the zip of all of them first."""
    package, notebook = escape(f"coordlib-{name}.zip"), escape(f"notebook-{name}.ipynb")
    rows = [
        f'<li><a href="{file}" download>{file}</a>{_size(folder / file)}: {what}</li>'
        for file, what in _FILES.items()
        if (folder / file).exists()
    ]
    rows.append(f'<li><a href="{notebook}" download>{notebook}</a>: this page as an executed notebook</li>')
    return Html(
        f'<p><a class="cl-button" href="{package}" download>All files of this report (zip)</a></p><p>With a description '
        "for programs (Frictionless Data Package, RO-Crate) and the hash of each. Or one by one:</p>"
        f'<ul class="cl-files">{"".join(rows)}</ul>'
    )


def _size(path: Path) -> str:
    """The size of a file; JSON is written again when the day is sealed, so its size would differ from run to run."""
    if path.suffix == ".json":
        return ""
    size = path.stat().st_size
    return f", {size:,} bytes" if size < 1000 else f", {size / 1000:,.0f} kB"


def _provenance(run: RunRecord) -> Html:
    """What the report was made from: parameters, versions, hashes of inputs, the notebook."""
    known: dict[str, object] = {"Code": run.get("code_version") or code_version()}
    if (started := run.get("started_at")) is not None:
        known["started at"] = utc_text(started, ISO) if isinstance(started, int | float) else started
    known |= {f"parameter {name}": in_words(v) for name, v in sorted((run.get("parameters") or {}).items())}
    known |= {f"input {name}": f"SHA-256 {v}" for name, v in sorted((run.get("inputs") or {}).items())}
    packages = run.get("packages") or package_versions()
    known |= {f"package {name}": version for name, version in sorted(packages.items())}
    if notebook := run.get("notebook"):
        edited = ", edited" if notebook.get("edited") else ""
        known["Notebook"] = f"{notebook['name']}{edited}, SHA-256 {notebook['sha256']}"
    return Html(
        f"<details class=cl-provenance><summary>Parameters, versions, hashes</summary>{facts(known, 'Provenance').html}</details>"
    )
