"""A version that must not be read any more: what it held goes, and its address says that it was withdrawn."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

from coordlib.files import put_folder, staging_of, write_json
from coordlib.report.checksums import write_sums
from coordlib.report.notebook_page import page_notebook, write_notebook
from coordlib.report.package import is_published, page_meta, read_run, versions_folder
from coordlib.report.record import RunRecord

_SAID = (
    '<div class="cl-banner cl-warn" role="note"><strong>This version was withdrawn.</strong> It held posts or an account that '
    "had to be removed; its tables and files are gone. The number of the version is not used again.</div>"
)


def withdraw(folder: Path) -> None:
    """Remove a report; of a day that was published, leave a page at the address of its version that says so."""
    record, published = read_run(folder), is_published(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if not published or record.get("kind", "day") != "day" or folder.parent.name not in ("days", "versions"):
        return
    kept = ("name", "kind", "date", "simulated", "version", "published_at", "identities")
    stub = cast(RunRecord, {name: value for name, value in record.items() if name in kept})
    stub |= {"outcome": "withdrawn", "counts": {}}
    name = str(record.get("name") or record["date"])
    target = versions_folder(folder) / f"{name}-v{int(record.get('version') or 1)}"
    staging = staging_of(target)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    write_json(staging / "run.json", stub)
    write_notebook(staging / "index.ipynb", page_notebook(page_meta(stub), [_SAID]))
    write_sums(staging)
    put_folder(staging, target)
