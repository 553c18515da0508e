"""What the last cell of a report's notebook shows: its files, how to cite them, what they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coordlib.report.citation import CITED
from coordlib.report.display import Html, stack
from coordlib.report.downloads import downloads
from coordlib.report.provenance import provenance_box
from coordlib.report.record import RunRecord
from coordlib.report.text import escape


@dataclass(frozen=True, repr=False)
class SavedReport:
    """The files of a report: where they are, how to cite them, what they were made from."""

    folder: Path
    run: RunRecord
    draft: bool

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if self.draft:
            files = ", ".join(sorted(path.name for path in self.folder.iterdir()))
            where = Html(
                f"<p>A draft in <code>{escape('/'.join(self.folder.parts[-4:]))}</code>: {escape(files)}.</p>"
            )
            return stack(where, provenance_box(self.run))._repr_mimebundle_()
        links = downloads(self.folder, str(self.run["name"]))
        return stack(links, CITED, provenance_box(self.run))._repr_mimebundle_()

    def __repr__(self) -> str:
        return f"{self.folder}: {', '.join(sorted(path.name for path in self.folder.iterdir()))}"
