"""The site of a workspace: its own pages put in place, the home page made, everything rendered into a new folder that replaces
the old site only when it is complete."""

from __future__ import annotations

import fnmatch
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from urllib.parse import quote

import yaml
from tqdm import tqdm

from coordlib.errors import ParameterError, PublishError
from coordlib.files import (
    WRITING,
    bring_back,
    files_below,
    put_folder,
    staging_of,
    workspace_lock,
    write_text,
)
from coordlib.places import SIMULATED, Workspace, project_root
from coordlib.report.configuration import SIMULATED_SUFFIX, SITE_FILE, Site, read_config, read_site
from coordlib.report.dictionary import dictionary_page
from coordlib.report.first_screen import simulated_banner
from coordlib.report.words import clean_text, escape, plural
from coordlib.site.find import search_page, write_index
from coordlib.site.home import FEED, about_part, archive_page, feed, fit_any_depth, home_page
from coordlib.site.pages import dress_page, page_tells
from coordlib.site.publish import Kept, link, link_folder, publish_files, publish_version
from coordlib.site.reports import Reports, read_reports

#: Lies in every site of ours: a folder without it is nobody's to replace.
MARKER = ".coordlib-site"
_MARK = "Made by coordlib; replaced by the next rendering. Its files:"
#: Quarto names each page as it begins it; it moves the pages to the output folder only at the end.
_BEGUN = re.compile(r"^\[ *\d+/\d+\] ", re.MULTILINE)
#: Nothing is loaded from another host, not even by the HTML a researcher puts into a notebook.
_ONLY_OURS = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self' file: data: blob: 'unsafe-inline'\">"
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_DICTIONARY = (
    "---\ntitle: Data dictionary\n---\n\nEvery column of the files of a day, and every number on its pages. The words on the "
    "columns are in each day's `README.md` and `datapackage.json` too.\n\n"
)
#: Files that are never part of a site, whatever the resource globs say (smalldocs cannot exclude).
_NEVER = ("*.sqlite", "*.sqlite-*", "*.failed.ipynb", ".env", "*.part", SIMULATED)


def prepare_site(workspace: Path | str) -> tuple[Site, Reports]:
    """Put the site's own pages into a workspace and write its home page; return what the site says of itself, and its reports.

    What a researcher may edit is copied only when it is absent; assets, home page, archive and dictionary are made anew.
    """
    root, source = Path(workspace), project_root()
    if root.resolve() == source.resolve():
        raise ParameterError(f"{root}: this is the project itself; name a workspace folder")
    try:
        _copy_pages(source, root)
        site, reports = read_site(root), read_reports(root)
        banner = simulated_banner() if Workspace(root).simulated else ""
        write_text(root / "index.qmd", home_page(reports, site, banner))
        write_text(root / "reports" / "archive.qmd", archive_page(reports, site, banner))
        write_text(root / "reports" / "search.qmd", search_page(banner))
        write_text(root / "reports" / "data-dictionary.qmd", _DICTIONARY + dictionary_page())
    except OSError as error:
        why = error.strerror or error
        raise PublishError(f"{root}: the site's pages cannot be written ({why})") from error
    return site, reports


def render_site(workspace: Path | str, output: Path | str | None = None, engine: str = "auto") -> Path:
    """Render the site of a workspace into a folder (none: ``WORKSPACE/_site``), and return it.

    An earlier site there is replaced once the new one is complete, anything else is refused. `engine` is ``quarto``,
    ``smalldocs``, or ``auto``: quarto where it is on the PATH.
    """
    if engine == "auto":
        engine = "quarto" if shutil.which("quarto") else "smalldocs"
    if not Path(workspace).is_dir():
        raise ParameterError(f"{workspace}: there is no such workspace folder")
    with workspace_lock(workspace, "coordlib render"):
        return _render(Path(workspace), output, engine)


def site_is_due(workspace: Path | str, output: Path | str | None = None) -> bool:
    """Whether the site of a workspace is missing, or older than one of its reports."""
    made = Path(output or Path(workspace) / "_site") / MARKER
    pages = [path for name in ("*/", "*/*/index.ipynb") for path in (Path(workspace) / "reports").glob(name)]
    return not made.is_file() or any(made.stat().st_mtime_ns < path.stat().st_mtime_ns for path in pages)


def _render(workspace: Path, output: Path | str | None, engine: str) -> Path:
    root = workspace.resolve()
    target = (Path(output) if output else root / "_site").resolve()
    _check_target(target, root)
    site, reports = prepare_site(root)
    built = root / f".site{WRITING}" / "site"
    stage = built.parent / "project"
    stage.parent.mkdir()
    try:
        _refuse_names(reports, site)
        if unknown := set(site.dois) - {f"{shown.name}-v{shown.version}" for shown in reports.every}:
            told = f"dois: there is no version {', '.join(sorted(unknown)[:3])}, so no citation has its DOI"
            warnings.warn(f"{root / SITE_FILE}: {told}", stacklevel=2)
        _stage(root, stage, site, reports)
        kept = Kept(target, stage, engine, site)
        for shown in reports.every:
            if not kept.stays(shown, page_tells(shown, reports)):
                folder = stage / "reports" / shown.at
                link_folder(shown.folder, folder, *_NEVER)
                dress_page(folder / "index.ipynb", shown, reports, site)
        _engine(engine, stage, built, root)
        _complete(built, kept, reports, site, Workspace(root).notes)
        _replace(built, target)
    except OSError as error:
        raise PublishError(f"{target}: the site cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(built.parent, ignore_errors=True)
    return target


def _refuse_names(reports: Reports, site: Site) -> None:
    """A site of pseudonyms has no page with names, also none that was made before it was one."""
    every = [shown for shown in reports.every if shown.run.outputs]
    named = [shown.at for shown in every if shown.run.identities != "pseudonyms"]
    if site.identities == "pseudonyms" and named:
        raise PublishError(
            f"{SITE_FILE}: identities: pseudonyms, and {plural(len(named), 'report')} name accounts, the first is {named[0]}; "
            "'coordlib remake' makes them again"
        )


def _stage(root: Path, stage: Path, site: Site, reports: Reports) -> None:
    """Make the project that is rendered: the workspace by links, with what is known only now written in."""
    notes = Workspace(root).notes.name

    def left_out(folder: str, names: list[str]) -> set[str]:
        sites = {name for name in names if (Path(folder) / name / "site_libs").is_dir()}
        private = {name for pattern in _NEVER for name in fnmatch.filter(names, pattern)}
        top = {root: {"drafts", "sweeps", "notebooks", "params"}}
        top[root / "reports"] = {"days", "analyses", "versions"}
        hidden = {name for name in names if name in {".git", ".quarto", notes} or name.endswith(WRITING)}
        return sites | private | hidden | (top.get(Path(folder), set()) & set(names))

    shutil.copytree(root, stage, ignore=left_out, copy_function=link)
    config, usual = read_config(root / "_quarto.yml"), read_config(project_root() / "_quarto.yml")
    website = config.setdefault("website", {})
    simulated = Workspace(root).simulated
    website["title"] = site.name + (SIMULATED_SUFFIX if simulated else "")
    if site.address:
        website["site-url"] = site.address
    pages = config.setdefault("project", {}).setdefault("render", [])
    pages += [pattern for pattern in usual["project"]["render"] if pattern not in pages]
    write_text(stage / "_quarto.yml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=110))
    about = stage / "reports" / "about.qmd"
    write_text(about, about_part(about.read_text(encoding="utf-8"), reports, site))


def _copy_pages(source: Path, root: Path) -> None:
    places = {source / name: root / name for name in ("_quarto.yml", SITE_FILE)}
    places |= {page: root / "reports" / page.name for page in (source / "reports").glob("*.*")}
    places[source / "reports" / "404.qmd"] = root / "404.qmd"
    (root / "reports").mkdir(exist_ok=True)
    for page, target in places.items():
        if page.is_file() and not target.exists():
            shutil.copyfile(page, target)
    shutil.copytree(source / "reports" / "assets", root / "reports" / "assets", dirs_exist_ok=True)


def _check_target(target: Path, root: Path) -> None:
    """Refuse a place that holds anything but a site of ours: what is there is replaced."""
    sources = [root / name for name in ("reports", "notebooks", "params", "drafts", "sweeps")]
    if target in (root, *root.parents) or any(target.is_relative_to(source) for source in sources):
        raise ParameterError(f"{target}: holds what the site is made from; name another folder for the site")
    if target.exists() and not target.is_dir():
        raise ParameterError(f"{target}: is a file; name a folder for the site")
    if not target.is_dir() or all(_kept(path) for path in target.iterdir()):
        return
    if not (target / MARKER).is_file():
        raise ParameterError(f"{target}: is not empty and not a site of ours; name another folder")
    if strangers := _not_ours(target):
        raise ParameterError(
            f"{target}: holds {strangers[0]}, which no rendering wrote and the next would delete "
            f"({len(strangers)} such); move it elsewhere or name another folder"
        )


def _kept(path: Path) -> bool:
    """Whether it is what a host keeps at the top of a site (.git, .nojekyll, .htaccess, CNAME)."""
    return path.name != MARKER and (path.name.startswith(".") or path.name == "CNAME")


def _not_ours(site: Path) -> list[str]:
    """Files that somebody put into a site."""
    ours = (site / MARKER).read_text(encoding="utf-8").splitlines()
    strangers = [Path(name) for name in sorted({*files_below(site)} - {*ours})]
    return [str(path) for path in strangers if path.name[0] != "." and not _kept(site / path.parts[0])]


def _engine(name: str, stage: Path, built: Path, root: Path) -> None:
    """Run quarto, or smalldocs in a process of its own: it keeps global state and prints to the terminal."""
    if name == "quarto":
        command = ["quarto", "render", str(stage), "--output-dir", "_site"]
        _run(command, stage, stage / "_site", root, name)
        (stage / "_site").rename(built)
        return
    script = (
        "import sys\nfrom smalldocs.config import load\nfrom smalldocs.site import Site\n"
        "project = load(sys.argv[1])\nproject.config.setdefault('project', {})['output-dir'] = sys.argv[2]\n"
        "Site(project, quiet=True).build()\n"
    )
    _run([sys.executable, "-c", script, str(stage), str(built)], stage, built, root, name)


def _run(command: list[str], stage: Path, built: Path, root: Path, name: str) -> None:
    """Run an engine; the bar counts the pages that have appeared, and an interruption ends the engine too."""
    patterns = ("*.qmd", "reports/*.qmd", "reports/*/*/index.ipynb")
    pages = sum(len(list(stage.glob(pattern))) for pattern in patterns)
    with (
        (stage.parent / ".engine.log").open("w+", encoding="utf-8", errors="replace") as log,
        tqdm(total=pages, desc=f"rendering with {name}", unit="page", leave=False, disable=None) as bar,
    ):
        try:
            plain = os.environ | {"NO_COLOR": "1"}
            engine = subprocess.Popen(
                command, cwd=stage, stdout=log, stderr=log, start_new_session=True, env=plain
            )
        except FileNotFoundError:
            advice = "install it or render with engine=smalldocs"
            raise PublishError(f"{name} is not on the PATH; {advice}") from None
        try:
            while engine.poll() is None:
                written = [page for page in built.rglob("*.html") if page.name != "network.html"]
                begun = _BEGUN.findall(Path(log.name).read_text(encoding="utf-8", errors="replace"))
                bar.update(min(max(len(written), len(begun) - 1), pages) - bar.n)
                time.sleep(0.1)
        finally:
            if engine.poll() is None:  # the launcher of quarto has children
                os.killpg(engine.pid, signal.SIGKILL)
                engine.wait()
        log.seek(0)
        # On a full disk the engine cannot even write down what it missed.
        said = log.read() or ("the disk is full" if shutil.disk_usage(stage).free < 2**16 else "")
    if engine.returncode:
        reason = _reason(said.replace(str(stage), str(root)))
        raise PublishError(f"{root}: {name} could not render the site ({reason})")


def _reason(said: str) -> str:
    """What an engine said of its failure, on one line: quarto's ERROR without its stack, else the last line."""
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()] or ["no message"]
    start = next((place for place, line in enumerate(lines) if line.startswith("ERROR")), len(lines) - 1)
    reason = itertools.takewhile(lambda line: not line.startswith(("at ", "Stack trace")), lines[start:])
    return clean_text(" ".join(reason))[:400]


def _complete(built: Path, kept: Kept, reports: Reports, site: Site, notes: Path) -> None:
    """Put the files of every report beside its page, every version at its own address, the index and the feed."""
    for shown in reports.every:
        if not kept.has(shown):
            publish_files(shown, built / "reports" / shown.at, site)
            publish_version(shown, built / "reports")
    fit_any_depth(built, site.address)
    for name in files_below(built):
        if any(fnmatch.fnmatch(Path(name).name, pattern) for pattern in _NEVER):
            (built / name).unlink()
        elif name.endswith(".html"):
            text = (built / name).read_text(encoding="utf-8")
            write_text(built / name, _HEAD.sub(rf"\g<0>{_ONLY_OURS}", text, count=1))
    kept.bring(reports, built)  # they have gone through all of that
    write_index(built, reports, notes)
    if site.address:
        write_text(built / "reports" / FEED, feed(reports, site))
        write_text(built / "sitemap.xml", _sitemap(built, site.address, reports))
    kept.write(built)


def _sitemap(built: Path, address: str, reports: Reports) -> str:
    # What stands at the address of a report leads to a version.
    left_out = {"404.html", *(f"reports/{shown.at}/index.html" for shown in reports.every)}
    pages = [name for name in files_below(built) if name.endswith(".html") and name not in left_out]
    named = [name for name in pages if not name.endswith("network.html")]
    lines = "".join(f"<url><loc>{escape(f'{address}/{quote(page)}')}</loc></url>\n" for page in named)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'


def _replace(built: Path, target: Path) -> None:
    """Put the site in place in one step; what a host keeps beside it is part of the new one before."""
    fresh = staging_of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    bring_back(target)
    shutil.rmtree(fresh, ignore_errors=True)  # of a killed rendering
    shutil.move(built, fresh)  # across file systems this copies; only then is anything replaced
    for kept in [path for path in target.glob("*") if _kept(path) and not (fresh / path.name).exists()]:
        if kept.is_dir():
            shutil.copytree(kept, fresh / kept.name, symlinks=True, copy_function=link)
        else:
            link(kept, fresh / kept.name)
    (fresh / MARKER).write_text("\n".join([_MARK, *files_below(fresh), ""]), encoding="utf-8")
    put_folder(fresh, target)
