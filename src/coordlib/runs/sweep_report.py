"""A sweep as a report: what notebook 04 shows and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.describe.account_evidence import strongest_class
from coordlib.detect.sweep import DEFAULTS, Sweep
from coordlib.errors import InputError
from coordlib.near.captions import MADE
from coordlib.parameters import ParameterSweep
from coordlib.places import Workspace
from coordlib.report.charts import reference_words
from coordlib.report.display import Html
from coordlib.report.first_screen import banner
from coordlib.report.package import is_staging, write_report
from coordlib.report.post_set import PostSet
from coordlib.report.record import RunRecord
from coordlib.report.saved import SavedReport
from coordlib.report.tables import Table
from coordlib.report.words import plural
from coordlib.significance import SIGNIFICANT, edge_significance

_CAPTIONS = {"points": "Points of the grid", "inclusion": "Accounts by how often they are found"}
#: Parameters a draft is not named after.
_NOT_THE_GRID = ("source", "mapping", "date", "rows_shown")


@dataclass(frozen=True, repr=False)
class SweepReport:
    """What a sweep says about a finding; at the end of a cell it shows its headline.

    Attributes
    ----------
    found
        The points and the inclusion of every account.
    source
        The posts.
    parameters
        What the notebook was run with.
    """

    found: Sweep
    source: PostSet
    parameters: Mapping[str, Any]
    #: Strongest class of every account at the reference's window and object (none: not tested).
    evidence: pd.Series | None = None

    @property
    def headline(self) -> Html:
        """How much the finding depends on the parameters, and first of all whether the posts are simulated."""
        points, inclusion = self.found.points, self.found.inclusion
        accounts, settings = points["accounts"], plural(len(points), "setting")
        if len(inclusion):
            kind = "found"
            head = f"{accounts.min():,} to {plural(int(accounts.max()), 'account')} over {settings}."
            body = (
                f"{int((inclusion['share'] == 1).sum()):,} of the {plural(len(inclusion), 'account')} found at any "
                f"setting are found at every one. The reference ({reference_words(self.found)}) finds "
                f"{int(inclusion['in_reference'].sum()):,}."
            )
        else:
            kind, head, body = "quiet", f"No account is in a network at any of {settings}.", ""
        if self.evidence is not None:
            steady = self.evidence.index[self.evidence.isin(SIGNIFICANT)]
            always = inclusion["account_id"].isin(steady) & (inclusion["share"] == 1)
            body += (
                f" {plural(len(steady), 'account')} {'is' if len(steady) == 1 else 'are'} in significant pairs, which no threshold changes; "
                f"{int(always.sum()):,} of them {'is' if always.sum() == 1 else 'are'} found at every setting."
            )
        if tied := int((points["outcome"] == "tied").sum()):
            body += f" At {plural(tied, 'setting')} the heaviest edges tie, so the quantile keeps none: no weak finding, min_weight says more there."
        return Html(banner(kind, [head, body], {"simulated": self.source.simulated}))

    def table(self, name: str, rows_shown: int = 200) -> Table:
        """Return ``"points"`` or ``"inclusion"`` as the page shows it."""
        if name not in _CAPTIONS:
            raise InputError(f"{name}: there is no such table; choose {', '.join(_CAPTIONS)}")
        frame = self._tables()[name]
        formats = {"share": "percent"} if "share" in frame else None
        return Table(frame, _CAPTIONS[name], formats=formats, max_rows=rows_shown, csv=f"{name}.csv")

    def save(self, output_dir: Path | str | None = None) -> SavedReport:
        """Write the points, the inclusion of every account and what every report has, and show the files.

        `output_dir` is the folder (none: among the drafts of the workspace, named by the parameters that differ from
        the usual ones); it appears whole or not at all.
        """
        folder = Path(output_dir) if output_dir else self._draft()
        written, record = write_report(folder, self._tables(), None, self._record(), None)
        return SavedReport(written, record, draft=not is_staging(written))

    def _tables(self) -> dict[str, pd.DataFrame]:
        """Points and inclusion, the accounts with their class."""
        inclusion = self.found.inclusion
        if self.evidence is not None:
            inclusion = inclusion.assign(evidence=inclusion["account_id"].map(self.evidence).astype("str"))
        return {"points": self.found.points, "inclusion": inclusion}

    def _told(self) -> dict[str, Any]:
        return {k: v for k, v in self.parameters.items() if k not in ("workspace", "output_dir")}

    def _draft(self) -> Path:
        usual = ParameterSweep().for_notebook()
        differing = {
            key: value
            for key, value in self._told().items()
            if key not in _NOT_THE_GRID and value != usual[key]
        }
        return Workspace(self.source.workspace).draft_folder(
            "analyses", f"{self.source.name}-sweep", differing
        )

    def _record(self) -> RunRecord:
        told = self._told()
        # Pages are public: a file is told by its name, not by its place.
        told |= {key: Path(told[key]).name for key in ("source", "mapping") if told.get(key)}
        if self.source.kind == "day":
            told["date"] = self.source.date
        return {
            "name": f"{self.source.name}-sweep",
            "kind": "sweep",
            "title": f"How much it depends on the parameters: {self.source.name}",
            "date": self.source.date,
            "outcome": "sweep",
            "simulated": self.source.simulated,
            "identities": self.source.identities,
            "parameters": {**told, "reference": dict(self.found.reference)},
            "counts": {"n_points": len(self.found.points), "n_accounts": len(self.found.inclusion)},
            "inputs": self.source.hashes(),
            "started_at": self.source.started_at or None,
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.headline._repr_mimebundle_()

    def __repr__(self) -> str:
        return repr(self.headline)


def make_sweep_report(found: Sweep, source: PostSet, parameters: Mapping[str, Any]) -> SweepReport:
    """Return a sweep as a report: its headline, its tables, its files.

    Parameters
    ----------
    found
        What :func:`coordlib.sweep` returned.
    source
        The posts, of :func:`coordlib.load_day` or :func:`coordlib.load_table`.
    parameters
        What the notebook was run with.
    """
    point, evidence = {**DEFAULTS, **found.reference}, None
    posts, name = source.posts, str(point["object_id"])
    if posts is not None and name in {*posts.columns, *MADE}:
        evidence = strongest_class(edge_significance(posts, int(point["time_window"]), object_id=name))
    return SweepReport(found, source, parameters, evidence)
