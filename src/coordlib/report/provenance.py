"""Where a report comes from: hashes, versions, the notebook."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

import coordlib
from coordlib.report.display import Html
from coordlib.report.record import RunRecord
from coordlib.report.tables import facts_table
from coordlib.report.words import in_words
from coordlib.times import ISO, utc_text

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


def notebook_told() -> RunRecord:
    """Return what a run told its notebook about the template; nothing where the notebook is run by hand."""
    told = os.environ.get(NOTEBOOK)
    return {"notebook": json.loads(told)} if told else {}


@cache
def code_version() -> str:
    """Return the coordlib version, with the commit where it runs from a checkout or was installed from one.

    ``+`` after the commit says that the library's files were changed since.
    """
    root = Path(coordlib.__file__).resolve().parent.parent.parent
    commit = _git(root, "rev-parse", "--short=12", "HEAD") if (root / ".git").exists() else ""
    if not commit:
        return coordlib.__version__ + _installed_commit()
    changed = "+" if _git(root, "status", "--porcelain", "--untracked-files=no", "--", "src") else ""
    return f"{coordlib.__version__} ({commit}{changed})"


def _installed_commit() -> str:
    """The commit a copy was installed from, as pip notes it (``direct_url.json``)."""
    try:
        noted = json.loads(metadata.distribution("coordlib").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    commit = str((noted.get("vcs_info") or {}).get("commit_id") or "")
    return f" ({commit[:12]})" if commit else ""


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


def package_versions() -> dict[str, str]:
    """Return the installed versions of Python and the packages that can change a number."""
    return {"python": platform.python_version(), **dict(_versions(tuple(sorted(PACKAGES))))}


def page_title(run: RunRecord) -> str:
    """Return the title of a report's page, whose header says by itself that the world is simulated."""
    return str(run.get("title") or f"Coordinated sharing on {run['date']}")


def report_title(run: RunRecord) -> str:
    """Return the title of a day's report away from its page, where it says itself that it is simulated."""
    return page_title(run) + (" (simulated data)" if run.get("simulated") else "")


def provenance_box(run: RunRecord) -> Html:
    """Return what the report was made from: parameters, versions, hashes of inputs, the notebook."""
    facts: dict[str, object] = {"Code": run.get("code_version") or code_version()}
    if (started := run.get("started_at")) is not None:
        facts["started at"] = utc_text(started, ISO) if isinstance(started, int | float) else started
    facts |= {
        f"parameter {name}": in_words(value) for name, value in sorted((run.get("parameters") or {}).items())
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
