"""A report's folder: its files and what the last cell of a notebook shows of them, its earlier versions, the pages that say it failed or was withdrawn.

It appears whole or not at all, and a published report never changes silently: other results leave it in ``reports/versions``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.errors import PublishError
from coordlib.files import WRITING, put_folder, staging_of, write_json
from coordlib.report.checksums import sha256_file, write_sums
from coordlib.report.citation import CITED
from coordlib.report.configuration import is_simulated
from coordlib.report.describe_files import datapackage, readme
from coordlib.report.display import Html, stack
from coordlib.report.evidence import FOLDER, EvidenceView
from coordlib.report.first_screen import day_banner
from coordlib.report.graphml import write_graphml
from coordlib.report.network_view import NetworkView
from coordlib.report.notebook_page import page_notebook, set_front_matter, set_note, write_notebook
from coordlib.report.record import NOTEBOOK, Counts, RunRecord, Template, code_version, package_versions
from coordlib.report.tables import facts, write_csv
from coordlib.report.words import clean_text, escape, hide_folders, in_words
from coordlib.times import ISO, utc_text

#: What decides whether a re-run has the same content: the tables, the graph, the parameters, the outcome.
_CONTENT_SUFFIXES = (".csv", ".graphml")
#: Parameters that name places on the machine of the run; they are nobody else's business and change no number.
_LOCAL_PARAMETERS = ("workspace", "output_dir", "collect", "add_to_pool")
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
#: Name of the note that a later run failed.
_FAILED_AGAIN = "failed-again"
_WITHDRAWN = (
    '<div class="cl-banner cl-warn" role="note"><strong>This version was withdrawn.</strong> It held posts or an account that '
    "had to be removed; its tables and files are gone. The number of the version is not used again.</div>"
)


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
            parts = [_downloads(self.folder, self.run.name), CITED]
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
    known: dict[str, object] = {"Code": run.code_version or code_version()}
    if (started := run.started_at) is not None:
        known["started at"] = utc_text(started, ISO) if isinstance(started, int | float) else started
    known |= {f"parameter {name}": in_words(v) for name, v in sorted(run.parameters.items())}
    known |= {f"input {name}": f"SHA-256 {v}" for name, v in sorted(run.inputs.items())}
    packages = run.packages or package_versions()
    known |= {f"package {name}": version for name, version in sorted(packages.items())}
    if notebook := run.notebook:
        edited = ", edited" if notebook.edited else ""
        known["Notebook"] = f"{notebook.name}{edited}, SHA-256 {notebook.sha256}"
    return Html(
        f"<details class=cl-provenance><summary>Parameters, versions, hashes</summary>{facts(known, 'Provenance').html}</details>"
    )


def write_report(
    folder: Path | str,
    tables: Mapping[str, pd.DataFrame],
    graph: nx.Graph[str] | None,
    run: RunRecord,
    view: NetworkView | None,
    evidence: EvidenceView | None = None,
) -> SavedReport:
    """Write every file of a report, all of them or none, and return what was written.

    A staging folder (:func:`staging_of`) is written as it is, since its maker puts it in place.
    """
    folder = Path(folder)
    staging = folder if is_staging(folder) else staging_of(folder)
    try:
        if staging != folder:
            shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, exist_ok=True)
        record = _write_files(staging, tables, graph, run)
        target = folder.with_name(folder.name[1 : -len(WRITING)]) if staging == folder else folder
        record = record.model_copy(update={"version": _version(target, record)})
        for shown in (view, evidence):
            if shown is not None:
                shown.write(staging)
        (staging / "README.md").write_text(readme(record, tables), encoding="utf-8")
        write_json(staging / "datapackage.json", datapackage(record, tables, staging))
        record.outputs["datapackage.json"] = sha256_file(staging / "datapackage.json")
        record.write(staging)
        if staging != folder:
            put_folder(staging, folder)
    except OSError as error:
        raise PublishError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        if staging != folder:
            shutil.rmtree(staging, ignore_errors=True)
    return SavedReport(folder, record, draft=staging != folder)


def _write_files(
    staging: Path, tables: Mapping[str, pd.DataFrame], graph: nx.Graph[str] | None, record: RunRecord
) -> RunRecord:
    used = {name: value for name, value in record.parameters.items() if name not in _LOCAL_PARAMETERS}
    # Pages are public: a file is told by its name, not by its place.
    used |= {name: Path(used[name]).name for name in ("source", "mapping") if used.get(name)}
    for name, table in tables.items():
        write_csv(table, staging / f"{name}.csv")
    if graph is not None:
        described = _described(graph, tables)
        write_graphml(described, staging / "network.graphml", simulated=record.simulated)
    outputs = {path.name: sha256_file(path) for path in sorted(staging.iterdir())}
    content = {name: value for name, value in outputs.items() if name.endswith(_CONTENT_SUFFIXES)}
    identity = json.dumps([record.date, record.outcome, used, content], sort_keys=True, default=str)
    said: dict[str, Any] = {
        "parameters": used,
        "code_version": record.code_version or code_version(),
        "packages": record.packages or package_versions(),
        "rows": {name: len(table) for name, table in tables.items()},
        "outputs": outputs,
        "content_sha256": hashlib.sha256(identity.encode()).hexdigest(),
    }
    if isinstance(record.started_at, int | float):
        said["started_at"] = utc_text(record.started_at, ISO)
    if told := os.environ.get(NOTEBOOK):
        said["notebook"] = Template.model_validate_json(told)
    return record.model_copy(update=said)


def _described(graph: nx.Graph[str], tables: Mapping[str, pd.DataFrame]) -> nx.Graph[str]:
    """Return the graph with what the tables say: on nodes the columns of accounts.csv and the label of their network, on edges the network."""
    accounts = tables.get("accounts")
    if accounts is None or not {"account_id", "network"} <= set(accounts):
        return graph
    described, networks = graph.copy(), tables.get("networks")
    if networks is not None and "label" in networks:
        labels = dict(zip(networks["network"], networks["label"], strict=True))
        accounts = accounts.assign(network_label=accounts["network"].map(labels))
    rows = {row.pop("account_id"): row for row in accounts.to_dict("records")}
    nx.set_node_attributes(described, {name: row for name, row in rows.items() if name in described})
    number = {name: row["network"] for name, row in rows.items()}
    nx.set_edge_attributes(described, {pair: number.get(pair[0]) for pair in described.edges}, "network")
    return described


def is_staging(folder: Path) -> bool:
    """Whether a folder is one in which a report is being made."""
    return folder.name.startswith(".") and folder.name.endswith(WRITING)


def install(staging: Path, folder: Path) -> RunRecord:
    """Put a finished report in its place and return its record: the same content made by the same notebook leaves the
    published page untouched, with other words it replaces it, and other content leaves the earlier version in ``reports/versions``.
    """
    record, published = RunRecord.read(staging), RunRecord.read(folder)
    if is_published(folder):
        same = published.content_sha256 == record.content_sha256
        untouched = ("notebook", "facts", "counts", "code_version", "labels", "identities")
        if same and all(getattr(published, name) == getattr(record, name) for name in untouched):
            shutil.rmtree(staging)
            shutil.rmtree(_version_folder(folder, published), ignore_errors=True)  # a killed run's copy
            set_note(folder / "index.ipynb", _FAILED_AGAIN)
            write_sums(folder)
            return published
        if same:
            record = record.model_copy(update={"published_at": published.published_at})
            record.write(staging)
            write_sums(staging)
        elif not (kept := _version_folder(folder, published)).exists():  # where it does, a killed run made it
            copy = staging_of(kept)
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".*"))
            put_folder(copy, kept)
    put_folder(staging, folder)
    return record


def seal(folder: Path | str, published_at: float | None = None) -> None:
    """Complete a report once its executed notebook lies in the folder: front matter, time of publication, every hash."""
    folder = Path(folder)
    try:
        record = RunRecord.read(folder)
        notebook = folder / "index.ipynb"
        if record.date and notebook.exists():
            set_front_matter(notebook, page_meta(record))
            now = utc_text(time.time() if published_at is None else published_at, ISO)
            extra = [path for path in (folder / "notebook.ipynb", folder / "network.html") if path.exists()]
            extra += sorted((folder / FOLDER).glob("*.js"))
            hashes = {path.relative_to(folder).as_posix(): sha256_file(path) for path in extra}
            said = {"published_at": now, "outputs": record.outputs | hashes}
            record.model_copy(update=said).write(folder)
        write_sums(folder)
    except OSError as error:
        raise PublishError(f"{folder}: cannot be sealed ({error.strerror or error})") from error


def page_meta(record: RunRecord) -> dict[str, Any]:
    """Return the front matter of a report's page: only our own words and numbers, never an account's."""
    return {"title": record.page_title, "date": record.date, "search": False, "page-layout": "full"}


def is_published(folder: Path) -> bool:
    """Whether a folder holds a finished report that readers may have cited (not a failure page)."""
    return (folder / "index.ipynb").exists() and RunRecord.read(folder).outcome != "failed"


def versions_folder(folder: Path) -> Path:
    """Return where earlier versions of a day are kept: beside ``days``, as deep, so its links still work."""
    return folder.parent.parent / "versions"


def _version_folder(folder: Path, published: RunRecord) -> Path:
    return versions_folder(folder) / f"{folder.name}-v{published.version}"


def _version(target: Path, record: RunRecord) -> int:
    published = RunRecord.read(target)
    if published.content_sha256 == record.content_sha256:
        return published.version
    return published.version + 1 if is_published(target) else next_version(target)


def next_version(folder: Path) -> int:
    """Return the number of the version that lies in the folder, or is about to be written into an empty one."""
    kept = versions_folder(folder).glob(f"{folder.name}-v*")
    numbers = [path.name.rsplit("-v", 1)[1] for path in kept]
    return max((int(number) for number in numbers if number.isdigit()), default=0) + 1


def failure_page(folder: Path | str, date: str, message: str, traceback_text: str) -> Path:
    """Write the page of a day whose report could not be made; a finished one that is there stays, with a note."""
    folder = Path(folder)
    message, traceback_text = hide_folders(message), hide_folders(traceback_text)
    target = folder / "index.ipynb"
    try:
        if is_published(folder):
            note = (
                '<div class="cl-banner cl-warn" role="note"><strong>A later run of this day failed.</strong> This is the '
                f"report of the run before. {escape(message)}</div>"
            )
            set_note(target, _FAILED_AGAIN, note)
            write_sums(folder)
            return target
        folder.mkdir(parents=True, exist_ok=True)
        run = RunRecord(
            name=folder.name,
            date=date,
            outcome="failed",
            message=clean_text(message),
            code_version=code_version(),
            simulated=is_simulated(folder),
            version=next_version(folder),
        )
        run.write(folder)
        details = (
            f'<p class="cl-error">{escape(message)}</p><details><summary>Technical details</summary>'
            f'<pre class="cl-trace" tabindex="0">{escape(traceback_text[-20_000:])}</pre></details>'
        )
        write_notebook(target, page_notebook(page_meta(run), [day_banner(run), details]))
        seal(folder)
    except OSError as error:
        reason = error.strerror or error
        raise PublishError(f"{folder}: the failure page cannot be written ({reason})") from error
    return target


def withdraw(folder: Path) -> None:
    """Remove a report; of a day that was published, leave a page at the address of its version that says so."""
    record, published = RunRecord.read(folder), is_published(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if not published or record.kind != "day" or folder.parent.name not in ("days", "versions"):
        return
    kept = {"name", "kind", "date", "simulated", "version", "published_at", "identities"}
    said = record.model_dump(exclude_unset=True, include=kept)
    stub = RunRecord(**said, outcome="withdrawn", counts=Counts())
    target = versions_folder(folder) / f"{record.name or record.date}-v{record.version}"
    staging = staging_of(target)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    stub.write(staging)
    write_notebook(staging / "index.ipynb", page_notebook(page_meta(stub), [_WITHDRAWN]))
    write_sums(staging)
    put_folder(staging, target)
