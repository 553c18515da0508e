"""Versions of a report, how each is cited, and what of a site is rendered again."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest
import yaml
from nbformat import v4

from coordlib.errors import ParameterError
from coordlib.files import staging_of
from coordlib.places import Workspace
from coordlib.report import NetworkView, RunRecord, SavedReport
from coordlib.report.checksums import sha256_file
from coordlib.report.citation import Citation
from coordlib.report.configuration import Site, read_site
from coordlib.report.notebook_page import page_notebook, write_notebook
from coordlib.report.package import install, seal, write_report
from coordlib.site.build import prepare_site, render_site
from coordlib.site.publish import zip_is_whole
from coordlib.site.reports import differences

SITE = {
    "address": "https://example.org/monitor",
    "title": "A monitor",
    "authors": ["Lovelace, Ada", "Grace Hopper"],
    "institution": "A University",
    "contact": "mailto:someone@example.org",
    "licence": "CC-BY-4.0",
    "funder": "A Foundation",
}


def add_report(root: Path, name: str, accounts: dict[str, int], kind: str = "day", **more: Any) -> Path:
    folder = root / "reports" / ("days" if kind == "day" else "analyses") / name
    table = pd.DataFrame({"account_id": list(accounts), "network": list(accounts.values())})
    counts = {"n_accounts": len(accounts), "n_networks": len(set(accounts.values())), "pool_size": 9}
    run = {"name": name, "kind": kind, "date": name[:10], "outcome": "network", "counts": counts, **more}
    staging = staging_of(folder)
    record = write_report(
        staging, {"accounts": table}, nx.Graph(), RunRecord(**run), NetworkView(nx.Graph())
    ).run
    foot = SavedReport(staging, record, draft=False)._repr_mimebundle_()
    page = page_notebook({"title": name}, ["<p>First.</p>"])
    shown = v4.new_output("display_data", {"text/markdown": foot["application/vnd.coordlib.page+html"]})
    page.cells += [
        v4.new_markdown_cell("## Files", id="h"),
        v4.new_code_cell("report.save()", id="c", outputs=[shown]),
    ]
    for file in ("index.ipynb", "notebook.ipynb"):
        write_notebook(staging / file, page)
    seal(staging, published_at=1_735_970_400)  # 2025-01-04
    install(staging, folder)
    return folder


def write_site(root: Path, **more: Any) -> None:
    (root / "site.yml").write_text(yaml.safe_dump({**SITE, **more}))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "w"
    root.mkdir()
    write_site(root)
    add_report(root, "2025-01-02", {"a": 1, "b": 1, "x": 2, "y": 2})
    add_report(root, "2025-01-03", {"a": 1, "b": 1, "c": 1})
    add_report(root, "2025-01-03", {"a": 1, "b": 1, "n": 1, "p": 2, "q": 2}, parameters={"min_weight": 4})
    add_report(root, "2025-01-02-network-1", {"a": 1, "b": 1}, "component", title="Network 1 of 2025-01-02")
    return root


def page(site: Path, address: str) -> str:
    return (site / "reports" / address / "index.html").read_text()


def test_every_version_has_an_address_of_its_own_from_the_start(workspace: Path) -> None:
    site = render_site(workspace, engine="smalldocs")
    days = site / "reports" / "days"
    newest = page(site, "days/2025-01-03/v2")
    assert "Version 2 of 2</strong> (5 accounts in 2 networks), published 2025-01-04" in newest
    assert "version 1</a> (3 accounts in 1 network, 2025-01-04) · differs: threshold fixed at 4" in newest
    assert "Version 1 of 1</strong>, published 2025-01-04" in page(site, "days/2025-01-02/v1")
    for version, accounts in (("v1", 3), ("v2", 5)):
        assert len(pd.read_csv(days / "2025-01-03" / version / "accounts.csv.gz")) == accounts
    assert "Version 1 of 2, replaced." in page(site, "days/2025-01-03/v1")
    for address, to in {
        "days/2025-01-03": "v2",
        "versions/2025-01-03-v1": "../../days/2025-01-03/v1",  # the address it had before
    }.items():
        leads = page(site, address)
        assert f'content="0; url={to}/index.html"' in leads and f'<a href="{to}/index.html">' in leads
        beside = [path.name for path in (site / "reports" / address).iterdir() if path.is_file()]
        assert beside == ["index.html"], "no file is on the site twice"


def test_a_citation_leads_to_the_numbers_it_was_made_from(workspace: Path) -> None:
    site = render_site(workspace, engine="smalldocs")
    for version in (1, 2):
        address = f"https://example.org/monitor/reports/days/2025-01-03/v{version}/"
        text = page(site, f"days/2025-01-03/v{version}")
        folder = site / "reports" / "days" / "2025-01-03" / f"v{version}"
        assert f'<meta name="citation_public_url" content="{address}">' in text
        assert f'<link rel="canonical" href="{address}">' in text
        assert f"version {version}, published 2025-01-04). A monitor." in text
        assert f"coordinated-sharing-2025-01-03-v{version}" in (folder / "citation.bib").read_text()
        item = json.loads((folder / "citation.csl.json").read_text())[0]
        assert item["URL"] == address and item["version"] == str(version)
        assert item["author"] == [
            {"family": "Lovelace", "given": "Ada"},
            {"family": "Hopper", "given": "Grace"},
        ]
        assert f"UR  - {address}\n" in (folder / "citation.ris").read_text()
        told = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
        assert told is not None and json.loads(told[1])["url"] == address
        assert address in (folder / "README.md").read_text()
        assert text.count('name="citation_title"') == 1
    assert (
        'name="citation_public_url" content="https://example.org/monitor/reports/days/2025-01-03/v2/"'
        in page(site, "days/2025-01-03/v2")
    )


def test_what_the_site_says_of_itself_is_filled_in_when_it_is_rendered(workspace: Path) -> None:
    render_site(workspace, engine="smalldocs")
    write_site(workspace, authors=["Noether, Emmy"], dois={"2025-01-03-v1": "10.5281/zenodo.1"})
    site = render_site(workspace, engine="smalldocs")
    first = page(site, "days/2025-01-03/v1")
    assert "Noether, Emmy (2025)" in first and "Lovelace" not in first
    assert 'name="citation_doi" content="10.5281/zenodo.1"' in first
    assert "citation_doi" not in page(site, "days/2025-01-03/v2")
    for name in ("index.html", "reports/about.html"):
        text = (site / name).read_text()
        for words in (
            "Noether, Emmy; A University",
            "A Foundation",
            "CC-BY-4.0",
            "mailto:someone@example.org",
            "2025-01-02 to 2025-01-03",
        ):
            assert words in text, (name, words)


def test_the_links_of_a_version_lead_where_those_of_its_day_do(workspace: Path) -> None:
    site = render_site(workspace, engine="smalldocs")
    for path in (site / "reports").rglob("*.html"):
        for target in re.findall(r'(?:href|src)="([^"#?:]+)[^":]*"', path.read_text()):
            assert (path.parent / target).exists(), (path.relative_to(site), target)


def test_a_day_shows_its_neighbours_its_analyses_and_what_changed(workspace: Path) -> None:
    site = render_site(workspace, engine="smalldocs")
    text = page(site, "days/2025-01-03/v2")
    assert "Network 1</strong>: 3 accounts, 2 of them in network 1 before" in text
    assert "1 network began</strong>, no account in a network before: network 2 (2 accounts)" in text
    assert "1 network ended</strong>, numbered as before: network 2 (2 accounts)" in text
    assert "New in a network: 3 accounts" in text and "No longer in a network: 2 accounts" in text
    assert '← <a href="../../../days/2025-01-02/index.html">2025-01-02</a>' in text
    day, analysis = page(site, "days/2025-01-02/v1"), page(site, "analyses/2025-01-02-network-1/v1")
    assert '<a href="../../../days/2025-01-03/index.html">2025-01-03</a> →' in day
    assert (
        'Looked at more closely: <a href="../../../analyses/2025-01-02-network-1/index.html">Network 1' in day
    )
    assert 'Part of the day <a href="../../../days/2025-01-02/index.html">2025-01-02</a>' in analysis
    assert "reports/analyses/2025-01-02-network-1/v1/" in analysis
    assert "Network 1 of 2025-01-02" in (site / "reports" / "archive.html").read_text()


def test_the_feed_names_what_was_corrected(workspace: Path) -> None:
    site = render_site(workspace, engine="smalldocs")
    feed = (site / "reports" / "archive.xml").read_text()
    assert "Corrected: Coordinated sharing on 2025-01-03 (version 2)" in feed
    assert "Version 1 said 3 accounts in 1 network; differs: threshold fixed at 4" in feed
    assert "https://example.org/monitor/reports/days/2025-01-02/v1/" in feed
    write_site(workspace, address=None)
    assert not (render_site(workspace, engine="smalldocs") / "reports" / "archive.xml").exists()


def test_files_have_their_hashes_and_the_zip_its_own(workspace: Path) -> None:
    site = render_site(workspace, engine="smalldocs")
    folder = site / "reports" / "days" / "2025-01-03" / "v2"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    data = (folder / "coordlib-2025-01-03.zip").read_bytes()
    assert zip_is_whole(data)
    with zipfile.ZipFile(folder / "coordlib-2025-01-03.zip") as archive:
        names = {Path(name).name for name in archive.namelist()}
        crate = json.loads(archive.read("coordlib-2025-01-03-v2/ro-crate-metadata.json"))
    assert {
        "run.json",
        "accounts.csv",
        "README.md",
        "citation.bib",
        "SHA256SUMS",
        "notebook-2025-01-03.ipynb",
    } <= names
    files = {item["@id"]: item for item in crate["@graph"] if item["@type"] == "File"}
    assert set(files) == names - {"SHA256SUMS", "ro-crate-metadata.json"}
    made = workspace / "reports" / "days" / "2025-01-03" / "accounts.csv"
    assert files["accounts.csv"]["sha256"] == sha256_file(made)
    assert gzip.decompress((folder / "accounts.csv.gz").read_bytes()) == made.read_bytes()
    on_site, in_zip = (
        {path.name for path in folder.iterdir()},
        names - {"ro-crate-metadata.json", "datapackage.json"},
    )
    assert {name.removesuffix(".gz") for name in on_site} == in_zip | {
        "index.html",
        "network.html",
        "coordlib-2025-01-03.zip",
    }
    page_text = page(site, "days/2025-01-03/v2")
    assert 'href="accounts.csv.gz" download>accounts.csv</a>' in page_text
    assert 'href="notebook-2025-01-03.ipynb.gz"' in page_text and "datapackage.json" not in page_text


def test_a_second_rendering_renders_only_what_changed_and_gives_the_same_site(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = render_site(workspace, engine="smalldocs")
    before = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    rendered: list[str] = []
    true = __import__("coordlib.site.build", fromlist=["publish_files"]).publish_files

    def publish(shown: Any, *arguments: Any) -> None:
        rendered.append(shown.at)
        true(shown, *arguments)

    monkeypatch.setattr("coordlib.site.build.publish_files", publish)
    render_site(workspace, engine="smalldocs")
    assert rendered == []
    assert not [name for name in before if name.parts[0] == "reports" and name.name.startswith(".")]
    shutil.rmtree(Workspace(workspace).notes)
    render_site(workspace, engine="smalldocs")
    assert rendered == []
    assert {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()} == before
    add_report(workspace, "2025-01-04", {"a": 1, "b": 1})
    render_site(workspace, engine="smalldocs")
    # The day before has a link to it now, and so has that day's earlier version.
    assert sorted(rendered) == ["days/2025-01-03", "days/2025-01-04", "versions/2025-01-03-v1"]
    assert "2025-01-04" in page(site, "days/2025-01-03/v2")


def test_a_workspace_of_before_needs_no_new_line(workspace: Path) -> None:
    prepare_site(workspace)
    (workspace / "site.yml").unlink()
    config = yaml.safe_load((workspace / "_quarto.yml").read_text())
    config["website"] |= {"site-url": "https://old.example/m", "title": "Old"}
    config["project"] |= {
        "render": ["index.qmd", "reports/*.qmd", "reports/days/*/index.ipynb"],
        "resources": [],
    }
    (workspace / "_quarto.yml").write_text(yaml.safe_dump(config))
    site = render_site(workspace, engine="smalldocs")
    assert "https://old.example/m/reports/analyses/2025-01-02-network-1/v1/" in page(
        site, "analyses/2025-01-02-network-1/v1"
    )
    assert (site / "reports" / "analyses" / "2025-01-02-network-1" / "v1" / "accounts.csv.gz").exists()
    assert "Old" in (site / "index.html").read_text()


def test_the_same_results_keep_their_day_of_publication(workspace: Path) -> None:
    folder = workspace / "reports" / "days" / "2025-01-02"
    published = RunRecord.read(folder).published_at
    add_report(workspace, "2025-01-02", {"a": 1, "b": 1, "x": 2, "y": 2}, facts={"more": 1})
    record = RunRecord.read(folder)
    assert record.facts == {"more": 1} and record.version == 1 and record.published_at == published


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("adress: https://x.example", "did you mean"),
        ("address: x.example", "starts with https:// or http://"),
        ("address: https://", "names a host"),
        ("address: http://x.example?q=1", "without [?] and #"),
        ("address: http://x.example/#top", "without [?] and #"),
        ("dois: {2025-01-02-v1: zenodo.1}", "10."),
        ("doi: https://doi.org/10.1/x", "10."),
    ],
)
def test_a_mistake_in_site_yml_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "site.yml").write_text(line)
    with pytest.raises(ParameterError, match=told) as caught:
        read_site(tmp_path)
    assert "site.yml" in str(caught.value) and "\n" not in str(caught.value)


def test_an_address_of_any_script_is_ascii_wherever_it_is_written(tmp_path: Path) -> None:
    report = add_report(tmp_path, "días-de-enero", {"a": 1, "b": 1}, kind="table")
    assert report.is_dir()
    encoded = "https://xn--mnchen-3ya.example/d%C3%ADas"
    site = {"address": "https://münchen.example/días/", "dois": {"2025-01-05-v9": "10.5281/zenodo.1"}}
    site["licence"] = "<script>alert(1)</script>"
    (tmp_path / "site.yml").write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    with pytest.warns(UserWarning, match=r"site.yml: dois: there is no version 2025-01-05-v9"):
        made = render_site(tmp_path, engine="smalldocs")
    for name in ("sitemap.xml", "reports/archive.xml"):
        text = (made / name).read_text(encoding="utf-8")
        assert f"{encoded}/reports/analyses/d%C3%ADas-de-enero/v1/" in text
        assert all(place.isascii() for place in re.findall("<(?:loc|link|guid)>(.*?)</", text))
    page_text = (made / "reports/analyses/días-de-enero/v1/index.html").read_text(encoding="utf-8")
    assert f'rel="canonical" href="{encoded}/reports/analyses/d%C3%ADas-de-enero/v1/"' in page_text
    for file in made.rglob("*.html"):
        assert "<script>alert(1)" not in file.read_text(encoding="utf-8"), file
    (tmp_path / "site.yml").unlink()
    (tmp_path / "_quarto.yml").write_text("website: {site-url: 'ftp://x.example'}", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"_quarto.yml: address = 'ftp://x.example'"):
        read_site(tmp_path)


def test_citation_tags_cannot_leave_the_head() -> None:
    run = RunRecord(name="2025-01-03", date="2025-01-03", outcome="network")
    assert "<script>alert" not in Citation(run, Site(authors=['"></script><script>alert(1)</script>'])).head
    assert r"A \& B" in Citation(run, Site(institution="A & B")).bibtex
    assert "(simulated data)" in Citation(run.model_copy(update={"simulated": True}), Site()).sentence


def test_differences_are_told_in_words() -> None:
    before = RunRecord(parameters={"min_weight": 4}, counts={"n_posts": 10}, inputs={"a": "1"})
    after = RunRecord(
        parameters={"min_weight": None},
        counts={"n_posts": 1},
        inputs={"a": "2"},
        notebook={"name": "n", "sha256": "x", "edited": True},
    )
    assert differences(before, after) == [
        "threshold by quantile instead of fixed at 4",
        "1 post instead of 10",
        "other input files",
        "another notebook (edited)",
    ]
    assert differences(before, before) == ["other results from the same parameters"]
