"""A sweep as a report: what notebook 04 shows and writes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coordlib.detect.sweep import Sweep
from coordlib.files import put_folder, staging_of, write_json
from coordlib.parameters import ParameterSweep
from coordlib.places import Workspace
from coordlib.report.banners import simulated_banner
from coordlib.report.display import Html
from coordlib.report.package import is_staging
from coordlib.report.post_set import PostSet
from coordlib.report.provenance import (
    code_version,
    notebook_told,
    package_versions,
    provenance_box,
    sha256_file,
)
from coordlib.report.sweep_charts import reference_words
from coordlib.report.tables import write_csv
from coordlib.report.text import escape
from coordlib.report.words import plural


def sweep_headline(found: Sweep, source: PostSet) -> Html:
    """Say in a banner how much the finding depends on the parameters, and first of all whether the posts are simulated."""
    accounts, n = found.points["accounts"], len(found.inclusion)
    settings = plural(len(found.points), "setting")
    if n:
        kind, head = (
            "found",
            f"{accounts.min():,} to {plural(int(accounts.max()), 'account')} over {settings}.",
        )
        body = (
            f"{int((found.inclusion['share'] == 1).sum()):,} of the {plural(n, 'account')} found at any setting are found at every one. "
            f"The reference ({reference_words(found)}) finds {int(found.inclusion['in_reference'].sum()):,}."
        )
    else:
        kind, head, body = "quiet", f"No account is in a network at any of {settings}.", ""
    if tied := int((found.points["outcome"] == "tied").sum()):
        body += f" At {plural(tied, 'setting')} the heaviest edges tie, so the quantile keeps none: min_weight says more there."
    sample = simulated_banner() if source.simulated else ""
    return Html(
        f'{sample}<div class="cl-banner cl-{kind}" role="note"><strong>{escape(head)}</strong> {escape(body)}</div>'
    )


def save_sweep(
    found: Sweep, source: PostSet, parameters: Mapping[str, Any], output_dir: Path | str | None = None
) -> Html:
    """Write the points, the inclusion of every account and the run record, and show what they were made from.

    `output_dir` is the folder (none: among the drafts of the workspace, named by the parameters that differ from the
    usual ones); it appears whole or not at all.
    """
    name = f"{source.name}-sweep"
    told = {key: value for key, value in parameters.items() if key not in ("workspace", "output_dir")}
    usual = ParameterSweep().for_notebook()
    differing = {
        key: value for key, value in told.items()
        if key not in ("source", "mapping", "date", "rows_shown") and value != usual[key]
    }  # fmt: skip
    # Pages are public: a file is told by its name, not by its place.
    told |= {key: Path(told[key]).name for key in ("source", "mapping") if told.get(key)}
    if source.kind == "day":
        told["date"] = source.date
    folder = (
        Path(output_dir)
        if output_dir
        else Workspace(source.workspace).draft_folder("analyses", name, differing)
    )
    staging = folder if is_staging(folder) else staging_of(folder)
    if staging != folder:
        shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, exist_ok=True)
    for table in ("points", "inclusion"):
        write_csv(getattr(found, table), staging / f"{table}.csv")
    record = {
        "name": name, "kind": "sweep", "title": f"How much it depends on the parameters: {source.name}", "date": source.date,
        "outcome": "sweep", "simulated": source.simulated, "parameters": {**told, "reference": dict(found.reference)},
        "counts": {"n_points": len(found.points), "n_accounts": len(found.inclusion)}, "inputs": source.hashes(),
        "started_at": source.started_at, "code_version": code_version(), "packages": package_versions(), **notebook_told(),
        "outputs": {path.name: sha256_file(path) for path in sorted(staging.glob("*.csv"))},
    }  # fmt: skip
    write_json(staging / "run.json", record)
    if staging != folder:
        put_folder(staging, folder)
    return provenance_box(record)
