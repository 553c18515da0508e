"""Where a report comes from and how to cite it: hashes, versions, citation."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import coordlib
from coordlib.report.display import Html
from coordlib.report.tables import facts_table
from coordlib.report.text import escape

#: The packages whose version can change a number or a page.
PACKAGES = (
    "igraph",
    "matplotlib",
    "nbformat",
    "networkx",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "pyvis",
    "scipy",
    "smalldocs",
)


#: Where a run tells its notebook which template it is made from (JSON: name, sha256, edited).
NOTEBOOK = "COORDLIB_NOTEBOOK"


def notebook_told() -> dict[str, Any]:
    """Return what a run told its notebook about the template; nothing where the notebook is run by hand."""
    told = os.environ.get(NOTEBOOK)
    return {"notebook": json.loads(told)} if told else {}


def sha256_file(path: Path | str) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def code_version() -> str:
    """Return the coordlib version, with the commit where it runs from a checkout.

    ``+`` after the commit says that the library's files were changed since.
    """
    root = Path(coordlib.__file__).resolve().parent.parent.parent
    if not (root / ".git").exists():
        return coordlib.__version__
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return coordlib.__version__
    changed = "+" if _git(root, "status", "--porcelain", "--untracked-files=no", "--", "src") else ""
    return f"{coordlib.__version__} ({commit}{changed})"


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@cache
def _versions(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for name in names:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def package_versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return the installed versions of Python and the packages that can change a number."""
    return {"python": platform.python_version(), **dict(_versions(tuple(sorted(names))))}


def iso_time(seconds: float | int) -> str:
    """Return UTC seconds as ISO 8601.

    Examples
    --------
    >>> iso_time(0)
    '1970-01-01T00:00:00Z'
    """
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page_title(run: Mapping[str, Any]) -> str:
    """Return the title of a report's page, whose header says by itself that the world is simulated."""
    return str(run.get("title") or f"Coordinated sharing on {run['date']}")


def report_title(run: Mapping[str, Any]) -> str:
    """Return the title of a day's report away from its page, where it says itself that it is simulated."""
    return page_title(run) + (" (simulated data)" if run.get("simulated") else "")


def citation(run: Mapping[str, Any]) -> tuple[str, str]:
    """Return the citation of a day's report as a sentence and as BibTeX.

    ``run`` may hold ``author``, ``site_title``, ``url`` (the page's permanent address) and ``version``.
    The identifier that ends both is the day's content hash, which a re-run with other results changes.
    """
    author = str(run.get("author") or "The monitoring project")
    year = str(run["date"])[:4]
    number = f"version {int(run.get('version', 1))}"
    software = f"coordlib {run.get('code_version') or code_version()}"
    content = str(run.get("content_sha256") or "")[:16]
    url = str(run.get("url") or "")
    title = report_title(run)
    sentence = f"{author} ({year}). {title} ({number}). Made with {software}."
    sentence += f" {url}" if url else ""
    sentence += f" Content {content}." if content else ""
    fields = {
        "author": "{" + author + "}",
        "title": "{" + title + "}",
        "year": year,
        "date": run["date"],
        "version": number,
        "howpublished": f"Web page, made with {software}",
        "url": url,
        "note": f"Content {content}" if content else "",
    }
    lines = [f"  {name} = {{{_bibtex(str(value))}}}" for name, value in fields.items() if value]
    key = "coordinated-sharing-" + re.sub(r"[^0-9-]", "", str(run["date"]))
    return sentence, f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def _bibtex(text: str) -> str:
    return re.sub(r"([%&#_])", r"\\\1", text.replace("\\", ""))


def citation_head(run: Mapping[str, Any]) -> str:
    """Return the citation tags and JSON-LD of a day's report for the page's head."""
    author = str(run.get("author") or "The monitoring project")
    tags = {
        "citation_title": report_title(run),
        "citation_author": author,
        "citation_publication_date": str(run["date"]).replace("-", "/"),
        "citation_online_date": str(run["date"]),
        "citation_public_url": str(run.get("url") or ""),
        "DC.title": report_title(run),
        "DC.creator": author,
        "DC.date": str(run["date"]),
        "DC.type": "Dataset",
    }
    lines = [f'<meta name="{name}" content="{escape(value)}">' for name, value in tags.items() if value]
    data = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": report_title(run),
        "datePublished": run["date"],
        "creator": {"@type": "Organization", "name": author},
        "version": str(run.get("version", 1)),
        "isAccessibleForFree": True,
    }
    if run.get("url"):
        data["url"] = run["url"]
    text = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    return "\n".join([*lines, f'<script type="application/ld+json">{text}</script>'])


def citation_box(run: Mapping[str, Any]) -> Html:
    """Return how to cite the page: a sentence and BibTeX."""
    sentence, bibtex = citation(run)
    return Html(
        f'<div class="cl-cite"><p>{escape(sentence)}</p><details><summary>BibTeX</summary>'
        f"<pre><code>{escape(bibtex)}</code></pre></details></div>"
    )


def provenance_box(run: Mapping[str, Any]) -> Html:
    """Return what the report was made from: parameters, versions, hashes of inputs, the notebook."""
    facts: dict[str, object] = {"Code": run.get("code_version") or code_version()}
    for name in ("started_at", "finished_at"):
        if run.get(name) is not None:
            value = run[name]
            facts[name.replace("_", " ")] = iso_time(value) if isinstance(value, int | float) else value
    facts |= {
        f"parameter {name}": str(value) for name, value in sorted((run.get("parameters") or {}).items())
    }
    facts |= {
        f"input {name}": f"SHA-256 {value}" for name, value in sorted((run.get("inputs") or {}).items())
    }
    packages = run.get("packages") or package_versions()
    facts |= {f"package {name}": value for name, value in sorted(packages.items())}
    notebook = run.get("notebook") or {}
    if notebook:
        edited = ", edited" if notebook.get("edited") else ""
        facts["Notebook"] = f"{notebook['name']}{edited}, SHA-256 {notebook['sha256']}"
    return Html(
        f"<details class=cl-provenance><summary>Parameters, versions, hashes</summary>{facts_table(facts, 'Provenance')}</details>"
    )
