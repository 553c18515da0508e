"""The list of a day's files with their sizes, as links beside the page."""

from __future__ import annotations

from pathlib import Path

from coordlib.report.display import Html
from coordlib.report.text import escape

_WHAT = {
    "accounts.csv": "accounts of the network",
    "networks.csv": "networks (connected components)",
    "posts.csv": "every post in a pair behind an edge",
    "edges.csv": "edges over the threshold",
    "pairs.csv": "the evidence: every pair of posts behind every edge",
    "discovered.csv": "pairs of accounts that share more than their activity explains",
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


def downloads(folder: Path | str, name: str) -> Html:
    """Return links to the files of a report, the zip of all of them first."""
    folder = Path(folder)
    rows = [
        f'<li><a href="{escape(name)}" download>{escape(name)}</a>{_size(folder / name)}: {escape(what)}</li>'
        for name, what in _WHAT.items()
        if (folder / name).exists()
    ]
    package = f"coordlib-{name}.zip"
    head = (
        f'<p><a class="cl-button" href="{escape(package)}" download>All files of this report (zip)</a></p><p>With a description '
        "for programs (Frictionless Data Package, RO-Crate) and the hash of each. Or one by one:</p>"
    )
    notebook = f'<li><a href="notebook-{escape(name)}.ipynb" download>notebook-{escape(name)}.ipynb</a>: this page as an executed notebook</li>'
    return Html(f'{head}<ul class="cl-files">{"".join(rows)}{notebook}</ul>')


def _size(path: Path) -> str:
    if (
        path.suffix == ".json"
    ):  # written again when the day is sealed, so its size would differ from run to run
        return ""
    size = path.stat().st_size
    return f", {size:,} bytes" if size < 1000 else f", {size / 1000:,.0f} kB"
