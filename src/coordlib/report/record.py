"""The record of a run: the entries of ``run.json``, each named once, and where they come from."""

from __future__ import annotations

import json
import platform
import subprocess
import warnings
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

import coordlib
from coordlib.files import read_json, write_json
from coordlib.shown import Shown

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
_FILE = "run.json"


class Part(Shown, BaseModel):
    """What a record says: an entry it lacks has the value that stands here, and what else its file says stays in it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def as_json(self) -> dict[str, Any]:
        """Return what was said, and no more, as a file holds it."""
        return self.model_dump(exclude_unset=True)


class Counts(Part):
    """The numbers of a report; None is not known."""

    n_posts: int = 0
    n_post_accounts: int | None = None
    n_pool_posts: int = 0
    n_without_object: int = 0
    n_pairs: int = 0
    n_edges_all: int | None = None
    n_edges: int = 0
    n_edges_one_object: int = 0
    n_edges_top: int = 0
    top_weight: int = 0
    n_objects: int = 0
    n_accounts: int = 0
    n_networks: int = 0
    n_coordinated_posts: int = 0
    pool_before: int = 0
    pool_size: int | None = None
    n_new_accounts: int | None = None
    n_not_watched: int | None = None
    n_significant: int | None = None
    n_undecided: int | None = None
    # Of link sharing.
    n_urls: int = 0
    n_accounts_all: int = 0
    least_urls: int = 0
    # Of a sweep.
    n_points: int = 0


class Evidence(Part):
    """What the tests say, and what they were made with: classes with their numbers, those of kept edges, networks with significant edges."""

    words: str = ""
    time_window: int | float | None = None
    least_repeats: int = 3
    pairs: int = 0
    significant_accounts: int = 0
    classes: dict[str, dict[str, int]] = {}
    kept: dict[str, int] = {}
    kept_of_all: int | None = None
    networks: dict[str, int] = {}


class OtherSettings(Part):
    """How many accounts other windows and thresholds find, and at how many of them the heaviest edges tie."""

    least: int
    most: int
    settings: int
    tied: int = 0
    narrowest: int


class Kept(Part):
    """What a notebook itself kept of what a step found: `n` `of` how many, how far apart in time, and how many `others` it put beside them."""

    n: int
    of: int | None = None
    seconds: int | None = None
    others: int = 0


class Template(Part):
    """The notebook a report is made by."""

    name: str
    sha256: str
    edited: bool = False


class RunRecord(Part):
    """The record of a run, in ``run.json``."""

    name: str = ""
    kind: str = "day"
    title: str = ""
    date: str = ""
    outcome: str = "failed"
    simulated: bool = False
    identities: str = ""
    parameters: dict[str, Any] = {}
    counts: Counts = Counts()
    object: str = "caption"
    platform: str | None = None
    facts: dict[str, Any] = {}
    inputs: dict[str, str] = {}
    weight_threshold: int | float | None = None
    weights: dict[str, int] = {}
    started_at: int | float | str | None = None
    new_accounts: list[str] = []
    labels: dict[str, Any] = {}
    subjects: list[tuple[str, int]] = []
    evidence: Evidence | None = None
    whole: str = ""
    random_networks: dict[str, Any] = {}
    other_settings: OtherSettings | None = None
    truth: dict[str, tuple[int, int]] = {}
    kept: dict[str, Kept] = {}
    message: str = ""
    code_version: str | None = None
    packages: dict[str, str] = {}
    notebook: Template | None = None
    rows: dict[str, int] = {}
    outputs: dict[str, str] = {}
    content_sha256: str | None = None
    version: int = 1
    published_at: str | None = None

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Return the record of a report's folder, one that says nothing where none can be read."""
        try:
            return cls.model_validate(read_json(folder / _FILE))
        except ValidationError:
            return cls()

    def write(self, folder: Path) -> None:
        """Write the record into a report's folder."""
        write_json(folder / _FILE, self.as_json())

    @property
    def window(self) -> Any:
        """Seconds the two posts of a pair may lie apart: what the notebook itself chose, else the parameter; None is not known."""
        cut = self.kept.get("pairs")
        return self.parameters.get("time_window") if cut is None or cut.seconds is None else cut.seconds

    @property
    def page_title(self) -> str:
        """The title of a report's page, whose header says by itself that the world is simulated."""
        return self.title or f"Coordinated sharing on {self.date}"

    @property
    def report_title(self) -> str:
        """The title of a report away from its page, where it says itself, and once, that it is simulated."""
        mark = " (simulated data)"
        return self.page_title.removesuffix(mark) + (mark if self.simulated else "")

    if not TYPE_CHECKING:  # as one read a record when it was a dictionary; goes with the next version

        def __getitem__(self, name: str) -> Any:
            return self._by_name(name)[name]

        def get(self, name: str, otherwise: Any = None) -> Any:
            return self._by_name(name).get(name, otherwise)

        def __contains__(self, name: str) -> bool:
            return name in self._by_name(name)

        def _by_name(self, name: str) -> dict[str, Any]:
            warnings.warn(f'run["{name}"] is now run.{name}', DeprecationWarning, stacklevel=3)
            return self.as_json()


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
