"""The reports of a workspace as its site shows them: every version of every day and analysis."""

from __future__ import annotations

import datetime as dt
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from coordlib.report.checksums import SUMS, sha256_file
from coordlib.report.citation import published_on
from coordlib.report.notebook_page import head_of
from coordlib.report.record import RunRecord
from coordlib.report.tables import read_csv
from coordlib.report.words import plural


@dataclass(frozen=True)
class Shown:
    """One version of a report: its folder in the workspace, its record, and where all its versions lie on the site."""

    folder: Path
    run: RunRecord
    place: str

    @property
    def at(self) -> str:
        """Its page below ``reports/``, as it was addressed before every version had an address of its own."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def version_at(self) -> str:
        """Address of the version below ``reports/``."""
        return f"{self.place}/v{self.version}"

    @property
    def version(self) -> int:
        """Number of the version."""
        return self.run.version

    @property
    def newest(self) -> bool:
        """Whether no later version replaced it."""
        return self.folder.parent.name != "versions"

    @property
    def day(self) -> bool:
        """Whether it is a report of a day."""
        return self.place.startswith("days/")

    @property
    def name(self) -> str:
        """Name of the report."""
        return self.place.split("/")[1]

    @property
    def published(self) -> str:
        """Day of publication."""
        return published_on(self.run)

    @property
    def found(self) -> str:
        """What it found, in a few words."""
        counts = self.run.counts
        if not counts.n_accounts:
            return self.run.outcome.replace("-", " ")
        networks = f" in {plural(counts.n_networks, 'network')}" if counts.n_networks else ""
        return plural(counts.n_accounts, "account") + networks

    @cached_property
    def state(self) -> str:
        """A hash of everything in its folder, told by its ``SHA256SUMS`` where it has them, and of its page."""
        sums = self.folder / SUMS
        told = [sums, self.folder / "index.ipynb", self.folder / "run.json"]
        files = told if sums.exists() else sorted(path for path in self.folder.iterdir() if path.is_file())
        return " ".join(sha256_file(path) for path in files if path.exists())

    def accounts(self) -> pd.DataFrame | None:
        """Return the accounts in networks with their networks; None where there is no such table."""
        table = read_table(self.folder / "accounts.csv", "account_id", "network")
        with suppress(ValueError, KeyError):
            return table.assign(network=pd.to_numeric(table["network"]))[["account_id", "network"]]
        return None


@dataclass(frozen=True)
class Reports:
    """All reports of a workspace."""

    every: tuple[Shown, ...]

    @cached_property
    def days(self) -> list[Shown]:
        """The newest version of each day, oldest day first."""
        return sorted((shown for shown in self.every if shown.newest and shown.day), key=lambda s: s.name)

    @cached_property
    def analyses(self) -> list[Shown]:
        """The newest version of each analysis, newest first."""
        found = (shown for shown in self.every if shown.newest and not shown.day)
        return sorted(found, key=lambda s: (s.run.date, s.name), reverse=True)

    @cached_property
    def by_place(self) -> dict[str, list[Shown]]:
        """All versions of each report, the first first."""
        found: dict[str, list[Shown]] = {}
        for shown in sorted(self.every, key=lambda s: s.version):
            found.setdefault(shown.place, []).append(shown)
        return found

    @cached_property
    def _beside(self) -> dict[str, tuple[Shown | None, Shown | None]]:
        row = [None, *self.days, None]
        return {day.name: (row[place], row[place + 2]) for place, day in enumerate(self.days)}

    def beside(self, shown: Shown) -> tuple[Shown | None, Shown | None]:
        """Return the day before and the day after among those with a page."""
        return self._beside.get(shown.name, (None, None)) if shown.day else (None, None)

    def day_of(self, shown: Shown) -> Shown | None:
        """Return the day an analysis looks at."""
        return next((day for day in self.days if shown.name.startswith(f"{day.name}-")), None)

    def about(self, day: Shown) -> list[Shown]:
        """Return the analyses that look at a day."""
        return [one for one in self.analyses[::-1] if one.name.startswith(f"{day.name}-")]


def read_table(path: Path, *columns: str) -> pd.DataFrame:
    """Return a published table or some of its columns, an empty one where none can be read."""
    try:
        return read_csv(path, *columns)
    except (OSError, ValueError):
        return pd.DataFrame()


def read_reports(root: Path) -> Reports:
    """Read the run record of every report with a page; a day without a readable one counts as failed."""
    every = []
    for kind in ("days", "analyses", "versions"):
        for page in sorted((root / "reports" / kind).glob("*/index.ipynb")):
            folder, record = page.parent, RunRecord.read(page.parent)
            name = re.sub(r"-v\d+$", "", folder.name) if kind == "versions" else folder.name
            day = record.kind == "day" if kind == "versions" else kind == "days"
            known = {"date": name, "outcome": "failed", "kind": "day" if day else "analysis"}
            if kind == "analyses" and not record.model_fields_set:
                known |= _own_notebook(page)
            said = {key: value for key, value in known.items() if key not in record.model_fields_set}
            run = record.model_copy(update=said | {"name": name})
            every.append(Shown(folder, run, f"{'days' if day else 'analyses'}/{name}"))
    return Reports(tuple(every))


def _own_notebook(page: Path) -> dict[str, str]:
    """Return what the page of a notebook without a record says of itself: its title, and its date or else that of the file."""
    head: dict[str, Any] = {}
    with suppress(ValueError, KeyError, OSError, yaml.YAMLError):
        head = head_of(json.loads(page.read_text(encoding="utf-8"))["cells"])
    date = str(head.get("date", ""))[:10]
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        date = f"{dt.datetime.fromtimestamp(page.stat().st_mtime, dt.UTC):%Y-%m-%d}"
    return {"date": date, "title": str(head.get("title") or page.parent.name), "outcome": "own-notebook"}


def differences(before: RunRecord, after: RunRecord) -> list[str]:
    """Say in words what one version was made from and another was not."""
    if "withdrawn" in (before.outcome, after.outcome):
        return ["what was in it had to be removed"]
    was, now = before.parameters, after.parameters
    told = []
    for name in sorted(name for name in set(was) | set(now) if was.get(name) != now.get(name)):
        if name == "min_weight" and was.get(name) is None:
            told.append(f"threshold fixed at {now[name]}")
        elif name == "min_weight" and now.get(name) is None:
            told.append(f"threshold by quantile instead of fixed at {was[name]}")
        else:
            told.append(f"{name} {now.get(name)} instead of {was.get(name)}")
    posts = [run.counts.n_posts for run in (before, after)]
    if all(posts) and posts[0] != posts[1]:
        told.append(f"{plural(posts[1], 'post')} instead of {posts[0]:,}")
    if before.inputs != after.inputs:
        told.append("other input files")
    notebooks = [run.notebook and run.notebook.sha256 for run in (before, after)]
    if notebooks[0] != notebooks[1]:
        edited = " (edited)" if after.notebook and after.notebook.edited else ""
        told.append(f"another notebook{edited}")
    codes = [run.code_version for run in (before, after)]
    if codes[0] != codes[1]:
        told.append(f"coordlib {codes[1]} instead of {codes[0]}")
    return told or ["other results from the same parameters"]
