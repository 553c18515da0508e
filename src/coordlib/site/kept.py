"""Pages of the earlier site that would come out the same: they are taken over instead of rendered again.

A new day then costs its own page, the page of the day before (its link to the next), the home page and the archive, however
many days there are.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from importlib import metadata
from pathlib import Path

from coordlib.files import write_json
from coordlib.report.checksums import sha256_file
from coordlib.report.configuration import Site
from coordlib.site.publish import link_folder
from coordlib.site.reports import Reports, Shown

_NOTES = ".coordlib-pages.json"


class Kept:
    """What of the earlier site stays.

    Parameters
    ----------
    target
        The earlier site; it need not be there.
    stage
        The project that is rendered.
    engine
        ``quarto`` or ``smalldocs``.
    site
        What the site says about itself.
    """

    def __init__(self, target: Path, stage: Path, engine: str, site: Site) -> None:
        self.target = target
        try:
            self._before: dict[str, str] = json.loads((target / _NOTES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._before = {}
        self._now: dict[str, str] = {}
        self._stay: set[str] = set()
        code = Path(__file__).parent.parent
        looks = [
            path
            for room in ("report", "site")
            for path in sorted((code / room).rglob("*.*"))
            if path.is_file()
        ]
        looks += [stage / "_quarto.yml", *sorted((stage / "reports" / "assets").glob("*"))]
        said = [
            _version(engine),
            site.model_dump_json(),
            *map(sha256_file, (p for p in looks if p.suffix != ".pyc")),
        ]
        self._look = hashlib.sha256("\n".join(said).encode()).hexdigest()

    def stays(self, shown: Shown, told: str) -> bool:
        """Whether the page of a report would come out the same; `told` is what it says of other reports."""
        made_from = [self._look, told, shown.state]
        self._now[shown.at] = hashlib.sha256("\n".join(made_from).encode()).hexdigest()
        there = all((self.target / "reports" / at / "index.html").is_file() for at in _places(shown))
        if there and self._before.get(shown.at) == self._now[shown.at]:
            self._stay.add(shown.at)
        return self.has(shown)

    def has(self, shown: Shown) -> bool:
        """Whether the page of a report, asked for before, is taken over."""
        return shown.at in self._stay

    def bring(self, reports: Reports, built: Path) -> None:
        """Take the pages that stay, with all their files, over from the earlier site."""
        for shown in filter(self.has, reports.every):
            for at, left_out in zip(_places(shown), (("v[0-9]*",), ()), strict=True):
                link_folder(self.target / "reports" / at, built / "reports" / at, *left_out)

    def write(self, built: Path) -> None:
        """Write down what the pages of a site were made from."""
        write_json(built / _NOTES, self._now)


def _version(engine: str) -> str:
    """The engine and its version: the names of Quarto's style sheets change with it."""
    if engine == "smalldocs":
        return f"{engine} {metadata.version(engine)}"
    try:
        told = subprocess.run([engine, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:  # rendering says that it is not there
        told = ""
    return f"{engine} {told}"


def _places(shown: Shown) -> tuple[str, str]:
    return shown.at, shown.version_at
