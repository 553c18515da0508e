"""The record of a run: the entries of ``run.json``, each named once, and where they come from."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypedDict

import coordlib

#: The packages whose version can change a number or a page.
_PACKAGES = [
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
]
#: Where a run tells its notebook which template it is made from (JSON: name, sha256, edited).
NOTEBOOK = "COORDLIB_NOTEBOOK"


class RunRecord(TypedDict, total=False):
    """The record of a run; an entry that is not here is misspelt."""

    name: str
    kind: str
    title: str
    date: str
    outcome: str
    simulated: bool
    identities: str
    parameters: dict[str, Any]
    counts: Mapping[str, Any]
    object: str
    platform: str | None
    facts: Mapping[str, Any]
    inputs: Mapping[str, str]
    weight_threshold: float | None
    weights: Mapping[str, int]
    started_at: Any
    new_accounts: Sequence[str]
    labels: Mapping[str, Any]
    subjects: Sequence[tuple[str, int]]
    evidence: Mapping[str, Any]
    whole: str
    random_networks: Mapping[str, Any]
    other_settings: Mapping[str, int]
    truth: Mapping[str, Any]
    kept: Mapping[str, Mapping[str, Any]]
    message: str
    code_version: str
    packages: Mapping[str, str]
    notebook: Mapping[str, Any]
    rows: Mapping[str, int]
    outputs: dict[str, str]
    content_sha256: str
    version: int
    published_at: str | None


def page_title(run: RunRecord) -> str:
    """Return the title of a report's page, whose header says by itself that the world is simulated."""
    return str(run.get("title") or f"Coordinated sharing on {run['date']}")


def report_title(run: RunRecord) -> str:
    """Return the title of a day's report away from its page, where it says itself that it is simulated."""
    return page_title(run) + (" (simulated data)" if run.get("simulated") else "")


@cache
def code_version() -> str:
    """Return the coordlib version, with the commit of the checkout or installation; ``+`` says that files of src were changed since."""
    root = Path(coordlib.__file__).resolve().parent.parent.parent
    commit = _git(root, "rev-parse", "--short=12", "HEAD") if (root / ".git").exists() else ""
    if not commit:  # a copy installed from one: pip notes it
        with suppress(metadata.PackageNotFoundError, ValueError):
            noted = json.loads(metadata.distribution("coordlib").read_text("direct_url.json") or "{}")
            commit = str((noted.get("vcs_info") or {}).get("commit_id") or "")[:12]
    elif _git(root, "status", "--porcelain", "--untracked-files=no", "--", "src"):
        commit += "+"
    return coordlib.__version__ + (f" ({commit})" if commit else "")


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    return ""


@cache
def package_versions() -> Mapping[str, str]:
    """Return the installed versions of Python and the packages that can change a number."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
