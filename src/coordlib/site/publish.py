"""What lies beside a report's page on the site, and which pages of the earlier site are taken over because they would come out the same."""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import zipfile
import zlib
from functools import partial
from importlib import metadata
from pathlib import Path
from urllib.parse import quote, unquote

from coordlib.files import files_below, read_json, write_json, write_text, written
from coordlib.report.checksums import SUMS, sha256_file, sums_of, write_sums
from coordlib.report.citation import Citation
from coordlib.report.configuration import Site
from coordlib.report.describe_files import CRATE, crate
from coordlib.report.words import escape
from coordlib.site.reports import Reports, Shown

#: Files of a report's folder that are not published beside its page, or are made anew.
_OWN = re.compile(
    r"index\.ipynb|notebook\.ipynb|README\.md|SHA256SUMS|coordlib-.*\.zip|.*\.failed\.ipynb|\..*|.*\.part"
)
#: What is made of the files for reading and is not among the hashes: pages change with their neighbours, a zip has its own hash.
VIEWS = re.compile(r"index\.html|network\.html|coordlib-.*\.zip")
#: Beside those, what a page loads piece by piece is not in the zip: all of it is in the tables.
_NOT_ZIPPED = re.compile(rf"{VIEWS.pattern}|evidence/.*")
#: What lies gzipped on the site, and links to it.
_PACKED = re.compile(r"[^/\"]+\.(?:csv|graphml|ipynb)")
_TO_PACKED = re.compile(rf'(\shref="(?:\./)?)({_PACKED.pattern})"')
#: What describes the files under the names they have in the zip, and so is in it alone.
_ZIPPED_ONLY = (CRATE, "datapackage.json")
#: An address that leads out of the page's folder, in an attribute of HTML.
_UPWARD = re.compile(r"""(\s(?:href|src|content|action|poster|data-[\w-]+)=["'])((?:\.\./)+)""")
_CITE_AS = re.compile(r"(## Cite as\n\n).*?(\n\n## )", re.DOTALL)
#: A page that leads to a version, with the place on it that was asked for; it needs no scripts.
_LEADS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><link rel="canonical" href="{to}">
<meta http-equiv="refresh" content="0; url={to}"><script>location.replace("{to}" + location.search + location.hash)</script></head>
<body><p><a href="{to}">{title}, version {version}</a></p></body></html>
"""
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def link(source: Path | os.DirEntry[str] | str, target: Path | str) -> None:
    """Give a file a second name; where the file system cannot, copy it."""
    known = Path(source) if isinstance(source, str) else source
    try:
        os.link(os.path.realpath(source) if known.is_symlink() else source, target)
    except FileExistsError:
        Path(target).unlink()
        link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def link_folder(source: Path | str, target: Path | str, *left_out: str) -> None:
    """Give every file of a folder a second name in another; there may be hundreds of thousands, so nothing is done twice."""
    Path(target).mkdir(parents=True, exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            if left_out and any(fnmatch.fnmatch(entry.name, pattern) for pattern in left_out):
                continue
            if entry.is_dir():
                link_folder(entry.path, f"{target}/{entry.name}", *left_out)
            else:
                link(entry, f"{target}/{entry.name}")


def publish_files(shown: Shown, page: Path, site: Site) -> None:
    """Put a report's files beside its rendered page."""
    for name in files_below(shown.folder):
        if not any(_OWN.fullmatch(part) for part in name.split("/")):
            (page / name).parent.mkdir(parents=True, exist_ok=True)
            link(shown.folder / name, page / name)
    if (shown.folder / "notebook.ipynb").exists():
        link(shown.folder / "notebook.ipynb", page / f"notebook-{shown.name}.ipynb")
    cited = Citation(shown.run, site)
    if (shown.folder / "README.md").exists():
        text = (shown.folder / "README.md").read_text(encoding="utf-8")
        # As it is called here.
        text = text.replace("| notebook.ipynb |", f"| notebook-{shown.name}.ipynb |", 1)
        write_text(page / "README.md", _CITE_AS.sub(lambda m: f"{m[1]}{cited.sentence}{m[2]}", text, count=1))
    for file, content in cited.files().items():
        write_text(page / file, content)
    if (page / "run.json").exists():
        write_json(page / CRATE, crate(page, cited, _zipped(page)))
        write_zip(page, f"coordlib-{shown.name}", f"coordlib-{shown.name}-v{shown.version}")
        for name in _ZIPPED_ONLY:
            (page / name).unlink(missing_ok=True)
        for plain in (page / name for name in _names(page) if _PACKED.fullmatch(name)):
            plain.with_name(f"{plain.name}.gz").write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
            plain.unlink()
        write_sums(page, *(name for name in _names(page) if VIEWS.fullmatch(name)))


def publish_version(shown: Shown, reports: Path) -> None:
    """Move a rendered page and its files to the address of its version, one folder deeper; a page that leads there stays."""
    page, version = reports / shown.at, reports / shown.version_at
    version.mkdir(parents=True, exist_ok=True)
    for path in [path for path in page.iterdir() if not re.fullmatch(r"v\d+", path.name)]:
        path.rename(version / path.name)
    for path in version.glob("*.html"):
        text = _UPWARD.sub(r"\1../\2", path.read_text(encoding="utf-8"))
        write_text(path, _TO_PACKED.sub(partial(_to_packed, version), text))
    to = quote(f"{os.path.relpath(version, page)}/index.html")
    # The title of the page itself: it names the site, and says so where its data are simulated.
    title = _TITLE.search((version / "index.html").read_text(encoding="utf-8"))
    said = title.group(1) if title else escape(shown.run.page_title)
    write_text(page / "index.html", _LEADS.format(title=said, to=to, version=shown.version))


def _to_packed(folder: Path, found: re.Match[str]) -> str:
    packed = (folder / f"{unquote(found[2])}.gz").is_file()
    return f'{found[1]}{found[2]}.gz"' if packed else found[0]


def _names(folder: Path) -> list[str]:
    return [name for name in files_below(folder) if not re.match(r"v\d+/|\.", name)]


def _zipped(folder: Path) -> list[str]:
    return [name for name in _names(folder) if name not in (SUMS, CRATE) and not _NOT_ZIPPED.fullmatch(name)]


def write_zip(folder: Path, name: str, inside: str) -> None:
    """Write the files of a folder, and the hashes of these, into one zip.

    The same files give the same bytes; the zip's comment is the SHA-256 of all that comes before it.
    """
    target = folder / f"{name}.zip"
    files = {file: (folder / file).read_bytes() for file in [*_zipped(folder), CRATE]}
    hashes = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
    with (
        written(target) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for file, data in {**files, SUMS: sums_of(hashes).encode()}.items():
            info = zipfile.ZipInfo(f"{inside}/{file}", (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(info, data)
        archive.comment = b"0" * 64
    body = target.read_bytes()[:-64]
    target.write_bytes(body + hashlib.sha256(body).hexdigest().encode())


def zip_is_whole(data: bytes) -> bool:
    """Whether a zip of ours has the bytes it was published with."""
    return hashlib.sha256(data[:-64]).hexdigest().encode() == data[-64:]


def as_made(name: str, data: bytes) -> bytes:
    """Return what a file of a site was before it was gzipped; nothing where it is damaged, which its hash tells."""
    try:
        return gzip.decompress(data) if name.endswith(".gz") else data
    except (OSError, EOFError, zlib.error):
        return b""


class Kept:
    """What of the earlier site stays: pages that would come out the same, taken over with their files."""

    NOTES = ".coordlib-pages.json"

    def __init__(self, target: Path, stage: Path, engine: str, site: Site) -> None:
        self.target = target
        self._before, self._now = read_json(target / self.NOTES), dict[str, str]()
        self._stay: set[str] = set()
        code = Path(__file__).parent.parent
        files = [path for room in ("report", "site") for path in sorted((code / room).rglob("*.*"))]
        looks = [path for path in files if path.is_file() and path.suffix != ".pyc"]
        looks += [stage / "_quarto.yml", *sorted((stage / "reports" / "assets").glob("*"))]
        said = [_version(engine), site.model_dump_json(), *map(sha256_file, looks)]
        self._look = hashlib.sha256("\n".join(said).encode()).hexdigest()

    def stays(self, shown: Shown, told: str) -> bool:
        """Whether the page of a report would come out the same; `told` is what it says of other reports."""
        self._now[shown.at] = hashlib.sha256("\n".join([self._look, told, shown.state]).encode()).hexdigest()
        places = (self.target / "reports" / at for at in (shown.at, shown.version_at))
        there = all((place / "index.html").is_file() for place in places)
        if there and self._before.get(shown.at) == self._now[shown.at]:
            self._stay.add(shown.at)
        return self.has(shown)

    def has(self, shown: Shown) -> bool:
        """Whether the page of a report, asked for before, is taken over."""
        return shown.at in self._stay

    def bring(self, reports: Reports, built: Path) -> None:
        """Take the pages that stay, with all their files, over from the earlier site."""
        for shown in filter(self.has, reports.every):
            for at, left_out in ((shown.at, ["v[0-9]*"]), (shown.version_at, [])):
                link_folder(self.target / "reports" / at, built / "reports" / at, *left_out)

    def write(self, built: Path) -> None:
        """Write down what the pages of a site were made from."""
        write_json(built / self.NOTES, self._now)


def _version(engine: str) -> str:
    """The engine and its version: the names of Quarto's style sheets change with it."""
    if engine == "smalldocs":
        return f"{engine} {metadata.version(engine)}"
    try:
        told = subprocess.run([engine, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:  # rendering says that it is not there
        told = ""
    return f"{engine} {told}"
