"""Running a report's notebook, and reading back what it decided."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from coordlib.errors import RunError
from coordlib.files import staging_of
from coordlib.places import Workspace
from coordlib.report.checksums import sha256_file
from coordlib.report.package import install, read_run, seal
from coordlib.report.pseudonyms import pseudonyms_of
from coordlib.report.record import RunRecord
from coordlib.report.tables import read_csv
from coordlib.runs.notebooks import run_notebook
from coordlib.store import open_store
from coordlib.store.stored_posts import account_names

T = TypeVar("T")


@dataclass(frozen=True)
class Decided:
    """What a notebook found and wrote: the record of its run, its accounts, its edges."""

    folder: Path
    run: RunRecord
    accounts: pd.DataFrame
    edges: pd.DataFrame

    @property
    def outcome(self) -> str:
        """Kind of day."""
        return str(self.run["outcome"])

    @property
    def counts(self) -> dict[str, int]:
        """The numbers the page states."""
        return dict(self.run["counts"])

    @property
    def new_accounts(self) -> list[str]:
        """Accounts that enter the pool, sorted."""
        return [str(name) for name in self.run["new_accounts"]]

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was made with."""
        return dict(self.run["parameters"])


def run_report(
    workspace: Workspace,
    template: str,
    folder: Path,
    parameters: Mapping[str, Any],
    *,
    progress: bool = False,
    published_at: float | None = None,
) -> Decided:
    """Run a notebook as :func:`run_page` does, and return what it decided; where it fails, what was published stays."""
    made = run_page(
        workspace,
        template,
        folder,
        parameters,
        check=read_back,
        progress=progress,
        published_at=published_at,
    )
    return with_handles(workspace, replace(made, folder=folder))


def with_handles(workspace: Workspace, decided: Decided) -> Decided:
    """Return what a notebook decided under the names the database has: a notebook may know accounts by pseudonyms only."""
    if decided.run.get("identities") != "pseudonyms" or not workspace.database.exists():
        return decided
    with open_store(workspace.database, read_only=True) as store:
        names = pseudonyms_of(workspace.root, account_names(store))
    handles = {made: name for name, made in names.known.items()} if names else {}
    ends = ["account_id", "account_id_y"]
    return replace(
        decided,
        run={**decided.run, "new_accounts": sorted(handles.get(name, name) for name in decided.new_accounts)},
        accounts=decided.accounts.assign(
            account_id=decided.accounts["account_id"].map(lambda n: handles.get(n, n))
        ),
        edges=decided.edges.assign(
            **{end: decided.edges[end].map(lambda n: handles.get(n, n)) for end in ends}
        ),
    )


def run_page(
    workspace: Workspace,
    template: str,
    folder: Path,
    parameters: Mapping[str, Any],
    *,
    check: Callable[[Path], T] = read_run,  # type: ignore[assignment]
    progress: bool = False,
    published_at: float | None = None,
) -> T:
    """Run a notebook beside its place, put page and files in place together, and return what the check read.

    `published_at` is the time of publication (none: now).
    """
    staging = staging_of(folder)
    shutil.rmtree(staging, ignore_errors=True)
    values = {
        **parameters,
        "workspace": str(workspace.root.resolve()),
        "output_dir": str(staging.resolve()),
    }
    try:
        run_notebook(
            workspace.notebook(template),
            staging / "index.ipynb",
            values,
            front_matter={"title": folder.name},
            progress=progress,
            failed=folder.with_name(f"{folder.name}.failed.ipynb"),
        )
        checked = check(staging)
        seal(staging, published_at)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    install(staging, folder)
    return checked


def read_back(folder: Path) -> Decided:
    """Read what a notebook decided, and hold its files against each other."""
    run = read_run(folder)
    if not {"outcome", "counts", "parameters", "new_accounts", "outputs"} <= set(run):
        raise RunError(
            f"{folder.name.strip('.')}: the notebook wrote no report; its last step has to be report.save(output_dir)"
        )
    for name in ("accounts.csv", "edges.csv"):
        if not (folder / name).is_file() or sha256_file(folder / name) != run["outputs"].get(name):
            raise RunError(f"{folder / name}: is not the file the notebook wrote; run it again")
    accounts, edges = read_csv(folder / "accounts.csv"), read_csv(folder / "edges.csv")
    known = set(accounts["account_id"])
    strangers = (set(edges["account_id"]) | set(edges["account_id_y"]) | set(run["new_accounts"])) - known
    if strangers or len(known) != run["counts"]["n_accounts"] or len(edges) != run["counts"]["n_edges"]:
        raise RunError(
            f"{folder.name.strip('.')}: accounts, edges and counts of the notebook do not belong together"
        )
    numbers = {"weight": "int64", "n_objects": "int64", "avg_time_delta": "float64"}
    return Decided(folder, run, accounts.astype({"network": "int64"}), edges.astype(numbers))
