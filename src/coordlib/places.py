"""Where things lie: the project's notebooks, parameter files and pages, and the folders of a workspace."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordlib.errors import StoreError

DATABASE = "coordlib.sqlite"
#: Stands in an archive and in a workspace of which everything comes from a simulated world.
SIMULATED = "simulated.json"


def file_name(text: str, kept: str = r"\w.,=+-", *, longest: int = 100, apart: bool = True) -> str:
    """Return any text as the name of a file or folder, or as a part of an address: what is not `kept` becomes a dash.

    With `apart` a name that is not the text itself ends in its hash, so that two texts never have the same. File systems
    take 255 bytes: 240 and what is put around them (``.NAME.writing``).

    Examples
    --------
    >>> file_name("2026-09-10,edge_weight=0.5"), file_name("../a b", apart=False), file_name("../a b")
    ('2026-09-10,edge_weight=0.5', 'a-b', 'a-b-2c2c791a')
    """
    name = re.sub(rf"[^{kept}]+", "-", text).strip("-.")[:longest]
    name = name.encode()[: 231 if apart else 240].decode(errors="ignore")
    if not apart or name == text:
        return name
    return f"{name}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}".strip("-")


def project_root() -> Path:
    """Return the folder with notebooks/, params/, reports/ and _quarto.yml: the repository, or the same inside an installed package."""
    package = Path(__file__).resolve().parent
    packaged = package / "_project"
    return packaged if packaged.is_dir() else package.parent.parent


@dataclass(frozen=True)
class Workspace:
    """The folder of one monitoring project: its database, its reports, its site."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / DATABASE

    @property
    def days(self) -> Path:
        """Folder of the daily reports."""
        return self.root / "reports" / "days"

    @property
    def notes(self) -> Path:
        """What renderings write down for the next one; the folder may be deleted at any time."""
        return self.root / ".coordlib-notes"

    @property
    def simulated(self) -> bool:
        """Whether everything in the workspace comes from a simulated world."""
        return (self.root / SIMULATED).exists()

    def day_folder(self, date: str) -> Path:
        """Folder of one day's report and files."""
        return self.days / date

    def analysis_folder(self, name: str) -> Path:
        """Folder of one analysis."""
        return self.root / "reports" / "analyses" / name

    def draft_folder(self, kind: str, name: str, differing: Mapping[str, Any]) -> Path:
        """Folder of what a notebook run by hand writes: its name says which parameters differ from the usual ones."""
        parts = [name, *(f"{key}={differing[key]}" for key in sorted(differing))]
        return self.root / "drafts" / kind / file_name(",".join(parts), longest=120)

    def notebook(self, name: str) -> Path:
        """Return a template notebook: the workspace's own copy if it has one, else the project's."""
        for folder in (self.root, project_root()):
            path = folder / "notebooks" / name
            if path.exists():
                return path
        raise StoreError(f"{self.root}: no notebook named {name} here or in the project")


def find_workspace(folder: Path | str, *, create: bool = False) -> Workspace:
    """Return the workspace a notebook means by a folder, wherever the notebook was started; or the place for a new one.

    papermill starts a notebook in the folder of the command, JupyterLab in the notebook's own. So a relative folder
    is looked for here, beside the notebooks, and in the project.
    """
    path, here = Path(folder), Path.cwd()
    beside = here.parent if here.name == "notebooks" else here
    for base in dict.fromkeys((here, beside, project_root())):
        if (base / path / DATABASE).is_file() or (base / path / "reports").is_dir():
            return Workspace(base / path)
    if create:
        return Workspace(beside / path)
    raise StoreError(
        f"{folder}: there is no workspace here ({beside / path}); 'make demo' makes one to try, "
        "'coordlib replay', 'coordlib discover' and 'coordlib report' make your own"
    )
