"""Putting a workspace's site together and rendering it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import pandas as pd
import pytest

from coordlib.errors import ParameterError, PublishError
from coordlib.files import staging_of
from coordlib.report import NetworkView, RunRecord
from coordlib.report.first_screen import day_banner
from coordlib.report.notebook_page import page_notebook, write_notebook
from coordlib.report.package import install, seal, write_report
from coordlib.site.build import prepare_site, render_site
from coordlib.site.home import fit_any_depth
from coordlib.site.pages import _cell


def add_day(root: Path, date: str, weight: int = 1) -> Path:
    folder = root / "reports" / "days" / date
    table = pd.DataFrame({"account_id": ["a"], "network": [1], "degree": [weight]})
    run = RunRecord(name=date, date=date, outcome="no-coordination", counts={})
    staging = staging_of(folder)
    view = NetworkView(nx.Graph(), simulated=(root / "simulated.json").exists())
    write_report(staging, {"accounts": table}, nx.Graph(), run, view)
    for name in ("index.ipynb", "notebook.ipynb"):
        write_notebook(staging / name, page_notebook({"title": date}, [day_banner(run)]))
    seal(staging)
    install(staging, folder)
    return folder


def site_texts(site: Path) -> dict[str, str]:
    return {path.relative_to(site).as_posix(): path.read_text() for path in sorted(site.rglob("*.html"))}


def test_an_empty_workspace_gives_a_site_that_says_so(tmp_path: Path) -> None:
    site = render_site(tmp_path, engine="smalldocs")
    assert site == tmp_path / "_site"
    assert "Nothing has been reported yet" in (site / "index.html").read_text()
    assert {"method.html", "about.html", "archive.html", "data-dictionary.html"} <= {
        path.name for path in (site / "reports").iterdir()
    }


def test_every_day_has_a_permanent_page_and_its_notebook_and_stands_in_both_listings(tmp_path: Path) -> None:
    for date in ("2025-01-01", "2025-01-02"):
        add_day(tmp_path, date)
    site = render_site(tmp_path, engine="smalldocs")
    for date in ("2025-01-01", "2025-01-02"):
        assert (site / "reports" / "days" / date / "v1" / "index.html").exists()
        assert (site / "reports" / "days" / date / "v1" / f"notebook-{date}.ipynb.gz").exists()
        assert (site / "reports" / "days" / date / "v1" / "README.md").exists()
        assert f"days/{date}/v1/index.html" in (site / "reports" / "archive.html").read_text()
        assert f"days/{date}/v1/index.html" in (site / "index.html").read_text()


def test_an_earlier_version_stays_readable_and_is_listed(tmp_path: Path) -> None:
    add_day(tmp_path, "2025-01-01")
    add_day(tmp_path, "2025-01-01", weight=2)
    site = render_site(tmp_path, engine="smalldocs")
    first = (site / "reports" / "days" / "2025-01-01" / "v1" / "index.html").read_text()
    assert "Version 1 of 2, replaced." in first
    before = (site / "reports" / "versions" / "2025-01-01-v1" / "index.html").read_text()
    assert "url=../../days/2025-01-01/v1/index.html" in before, "its address of before leads there"
    assert "days/2025-01-01/v1/index.html" in (site / "reports" / "archive.html").read_text()


def test_pages_a_researcher_edited_stay_and_missing_ones_come_back(tmp_path: Path) -> None:
    prepare_site(tmp_path)
    (tmp_path / "reports" / "about.qmd").write_text("mine")
    (tmp_path / "reports" / "method.qmd").unlink()
    (tmp_path / "reports" / "assets" / "table.js").write_text("old")
    prepare_site(tmp_path)
    assert (tmp_path / "reports" / "about.qmd").read_text() == "mine"
    assert (tmp_path / "reports" / "method.qmd").exists()
    assert (tmp_path / "reports" / "assets" / "table.js").read_text() != "old"


def test_simulated_data_is_said_in_the_header_of_every_page_and_only_there(tmp_path: Path) -> None:
    add_day(tmp_path, "2025-01-01")
    (tmp_path / "simulated.json").write_text("{}")
    made = render_site(tmp_path, engine="smalldocs")
    for name, text in {n: t for n, t in site_texts(made).items() if "network.html" not in n}.items():
        assert "— simulated data" in text.split("</header>")[0], name
    (tmp_path / "simulated.json").unlink()
    made = render_site(tmp_path, engine="smalldocs")
    for name, text in {n: t for n, t in site_texts(made).items() if "network.html" not in n}.items():
        assert "simulated data" not in text.split("</header>")[0], name


def test_nothing_on_the_site_comes_from_another_host(tmp_path: Path) -> None:
    add_day(tmp_path, "2025-01-01")
    site = render_site(tmp_path, engine="smalldocs")
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        found = re.findall(
            r'\bsrc="https?:[^"]*"|<link[^>]+href="https?:[^"]*"|@import[^;]*https?:|url\(["\']?https?:', text
        )
        assert found == [], path.name
    for path in site.rglob("*.html"):  # nor does the HTML a researcher puts into a notebook load any
        assert "Content-Security-Policy" in path.read_text(encoding="utf-8")[:600], path.name


def test_a_failed_rendering_leaves_the_published_site_as_it_was(tmp_path: Path) -> None:
    add_day(tmp_path, "2025-01-01")
    site = render_site(tmp_path, engine="smalldocs")
    before = site_texts(site)
    (tmp_path / "reports" / "days" / "2025-01-01" / "index.ipynb").write_text("{broken")
    with pytest.raises(PublishError, match="not readable as a Jupyter notebook") as caught:
        render_site(tmp_path, engine="smalldocs")
    assert "\n" not in str(caught.value)
    assert site_texts(site) == before
    assert not list(tmp_path.glob(".site-*"))


def test_private_files_never_reach_the_site(tmp_path: Path) -> None:
    folder = add_day(tmp_path, "2025-01-01")
    (folder / "index.failed.ipynb").write_text("{}")
    (tmp_path / "coordlib.sqlite").write_text("x")
    (tmp_path / ".env").write_text("SECRET=1")
    site = render_site(tmp_path, engine="smalldocs")
    names = {path.name for path in site.rglob("*")}
    assert not names & {"index.failed.ipynb", "coordlib.sqlite", ".env", "simulated.json"}


def test_a_folder_that_is_not_a_site_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(ParameterError, match="not empty and not a site"):
        render_site(tmp_path / "w", tmp_path / "mine", engine="smalldocs")
    with pytest.raises(ParameterError, match="what the site is made from"):
        render_site(tmp_path / "w", tmp_path, engine="smalldocs")
    assert (tmp_path / "mine" / "thesis.txt").exists()


@pytest.mark.parametrize("place", ["reports/site", "drafts", "notebooks/_site"])
def test_a_site_among_what_it_is_made_from_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "w").mkdir()
    with pytest.raises(ParameterError, match="name another folder"):
        render_site(tmp_path / "w", tmp_path / "w" / place, engine="smalldocs")


def test_a_file_somebody_put_into_the_site_is_named_and_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    site = render_site(tmp_path / "w", engine="smalldocs")
    (site / "reports" / "thesis.txt").write_text("x")
    (site / "reports" / ".DS_Store").write_text("x")
    with pytest.raises(ParameterError, match=r"reports/thesis\.txt.*move it elsewhere"):
        render_site(tmp_path / "w", engine="smalldocs")
    (site / "reports" / "thesis.txt").unlink()
    render_site(tmp_path / "w", engine="smalldocs")


def test_another_projects_site_is_not_ours_to_replace(tmp_path: Path) -> None:
    """A Quarto book has site_libs too; a folder with .git, CNAME and a thesis was emptied."""
    (tmp_path / "w").mkdir()
    (tmp_path / "book" / "site_libs").mkdir(parents=True)
    (tmp_path / "book" / "thesis.html").write_text("mine")
    with pytest.raises(ParameterError, match="not a site of ours"):
        render_site(tmp_path / "w", tmp_path / "book", engine="smalldocs")
    assert (tmp_path / "book" / "thesis.html").read_text() == "mine"


def test_what_a_host_keeps_beside_a_site_stays(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    out = tmp_path / "out"
    for _ in range(2):
        render_site(tmp_path / "w", out, engine="smalldocs")
        (out / ".git").mkdir(exist_ok=True)
        (out / ".git" / "HEAD").write_text("ref")
        (out / "CNAME").write_text("site.example")
    assert (out / ".git" / "HEAD").read_text() == "ref"
    assert (out / "CNAME").read_text() == "site.example"
    assert (out / "index.html").exists()


@pytest.mark.slow
def test_a_rendering_killed_at_any_rename_leaves_a_site_and_the_next_one_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "w").mkdir()
    site = render_site(tmp_path / "w", tmp_path / "out", engine="smalldocs")
    (site / ".git").mkdir()

    class Killed(BaseException):
        pass

    for step in range(4):
        calls = {"n": 0}
        true = Path.rename

        def rename(self: Path, target: Path, true=true, calls=calls, step=step) -> Path:  # type: ignore[no-untyped-def]
            if "out" in self.name:
                calls["n"] += 1
                if calls["n"] > step:
                    raise Killed
            return true(self, target)

        for exchange in (True, False):
            with monkeypatch.context() as patch:
                patch.setattr(Path, "rename", rename)
                if not exchange:
                    patch.setattr("coordlib.files._exchange", lambda one, two: False)
                with contextlib.suppress(Killed):
                    render_site(tmp_path / "w", tmp_path / "out", engine="smalldocs")
            if exchange:
                assert (tmp_path / "out" / "index.html").exists(), "there is always a site"
            render_site(tmp_path / "w", tmp_path / "out", engine="smalldocs")
            assert (tmp_path / "out" / "index.html").exists()
            assert (tmp_path / "out" / ".git").is_dir()
            assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "w"]


def test_a_site_can_be_rendered_outside_the_workspace_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    for _ in range(2):
        assert (render_site(tmp_path / "w", tmp_path / "out", engine="smalldocs") / "index.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "w"]


def test_quarto_is_used_where_it_is_on_the_path_and_its_failure_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarto = tmp_path / "bin" / "quarto"
    quarto.parent.mkdir()
    quarto.write_text("#!/bin/sh\necho 'ERROR: it broke' >&2\nexit 3\n")
    quarto.chmod(0o755)
    monkeypatch.setenv("PATH", f"{quarto.parent}:/usr/bin:/bin")
    (tmp_path / "w").mkdir()
    with pytest.raises(PublishError, match=r"quarto could not render the site \(ERROR: it broke\)"):
        render_site(tmp_path / "w")
    assert not (tmp_path / "w" / "_site").exists()


def test_an_engine_that_a_full_disk_silences_is_told_as_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarto = tmp_path / "bin" / "quarto"
    quarto.parent.mkdir()
    quarto.write_text("#!/bin/sh\nexit 3\n")
    quarto.chmod(0o755)
    monkeypatch.setenv("PATH", f"{quarto.parent}:/usr/bin:/bin")
    (tmp_path / "w").mkdir()
    for free, said in ((0, "the disk is full"), (2**30, "no message")):
        monkeypatch.setattr("shutil.disk_usage", lambda place, free=free: SimpleNamespace(free=free))
        with pytest.raises(PublishError, match=said):
            render_site(tmp_path / "w")


def test_quarto_gets_the_workspace_without_its_earlier_site_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarto = tmp_path / "bin" / "quarto"
    quarto.parent.mkdir()
    quarto.write_text(
        '#!/bin/sh\nmkdir -p "$4/site_libs"\nfind . -name "*.csv" | sed "s/$/ $1 $3/" > "$4/index.html"\necho x > "$4/made.csv"\n'
    )
    quarto.chmod(0o755)
    monkeypatch.setenv("PATH", f"{quarto.parent}:/usr/bin:/bin")
    own = tmp_path / "w" / "reports" / "own"
    own.mkdir(parents=True)
    (own / "posts.csv").write_text("content_id\n")
    for _ in range(2):  # the second time there is a site, with a .csv in it
        site = render_site(tmp_path / "w")
        said = (site / "index.html").read_text()
        assert said == "./reports/own/posts.csv render --output-dir\n"
    assert {path.name for path in (tmp_path / "w").glob(".*")} == {".lock", ".coordlib-notes"}


def test_an_unknown_workspace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no such workspace"):
        render_site(tmp_path / "no")


def test_the_project_itself_is_no_workspace(project: Path) -> None:
    with pytest.raises(ParameterError, match="this is the project itself"):
        prepare_site(project)


def test_every_outcome_has_words_of_its_own() -> None:
    outcomes = ("network", "tied", "no-coordination", "too-little-data", "no-input", "failed")
    assert len({day_banner(RunRecord(date="2025-01-01", outcome=name)) for name in outcomes}) == len(outcomes)


def test_pages_are_written_as_quarto_reads_them(tmp_path: Path) -> None:
    """Of a cell whose source is one text Quarto loses the line ends, and it links from the root of the host."""
    for cell in (
        _cell("raw", "front-matter", "---\ntitle: x\n---\n"),
        _cell("markdown", "versions", "<p>a\nb\nc</p>"),
    ):
        assert isinstance(cell["source"], list) and len(cell["source"]) > 2
        assert all(line.endswith("\n") for line in cell["source"][:-1])
    for address, root in ((None, "/"), ("https://example.org/monitor", "/monitor/")):
        page = f'<html><head></head><link href="{root}site_libs/a.css"><a href="{root}">Home</a><a href="//b.example/"></a>'
        (tmp_path / "404.html").write_text(page, encoding="utf-8")
        fit_any_depth(tmp_path, address)
        shown = (tmp_path / "404.html").read_text(encoding="utf-8").replace("\\", "")
        assert 'href="./site_libs/a.css"' in shown and 'href="./"' in shown and 'href="//b.example/"' in shown
