"""Where the notebooks, parameter files and site pages come from, and what a workspace looks like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import coordlib
from coordlib.errors import StoreError


def project_root() -> Path:
    """Return the folder with notebooks/, params/, reports/ and _quarto.yml.

    In a checkout that is the repository; an installed copy carries the same folders inside the package.
    """
    package = Path(coordlib.__file__).resolve().parent
    packaged = package / "_project"
    return packaged if packaged.is_dir() else package.parent.parent


@dataclass(frozen=True)
class Workspace:
    """The folder of one monitoring project: its database, its reports, its site.

    Examples
    --------
    >>> Workspace(Path("w")).day_folder("2025-01-03").as_posix()
    'w/reports/days/2025-01-03'
    """

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "coordlib.sqlite"

    @property
    def days(self) -> Path:
        """Folder of the daily reports."""
        return self.root / "reports" / "days"

    @property
    def simulated(self) -> bool:
        """Whether everything in the workspace comes from a simulated world."""
        return (self.root / "simulated.json").exists()

    def day_folder(self, date: str) -> Path:
        """Folder of one day's report and files."""
        return self.days / date

    def draft_folder(self, date: str) -> Path:
        """Folder of a day's files from a notebook run by hand: beside the reports, whose page stays as it is."""
        return self.root / "drafts" / "days" / date

    def analysis_folder(self, name: str) -> Path:
        """Folder of one analysis."""
        return self.root / "reports" / "analyses" / name

    def notebook(self, name: str) -> Path:
        """Return a template notebook: the workspace's own copy if it has one, else the project's."""
        for folder in (self.root, project_root()):
            path = folder / "notebooks" / name
            if path.exists():
                return path
        raise StoreError(f"{self.root}: no notebook named {name} here or in the project")


def find_workspace(folder: Path | str) -> Workspace:
    """Return the workspace a notebook means by a relative folder.

    A notebook started by papermill runs in the folder of the command, one opened in JupyterLab in its own:
    a relative folder that is not there is looked for in the project as well.
    """
    path = Path(folder)
    if not path.is_absolute() and not path.exists() and (project_root() / path).exists():
        path = project_root() / path
    return Workspace(path)
