"""A table of one's own becomes a report with one command, whatever platform it is from."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import coordlib as cl
from coordlib.cli import main
from coordlib.errors import StoreError
from coordlib.places import Workspace, find_workspace
from coordlib.site.build import render_site

pytestmark = pytest.mark.slow


def report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    monkeypatch.setattr(sys, "argv", ["coordlib", "report", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capsys.readouterr()
    assert not stop.value.code, err
    return out


def times(n: int) -> list[str]:
    return [f"2026-01-0{1 + i // 6} 1{i // 2 % 10}:00:{i % 2 * 20:02d}" for i in range(n)]


TABLES = {
    "tweets": ("id,username,date,text\n", "{n},user{a},{t},Vote for tea {o}!\n", [], "text", "text"),
    "crowdtangle": (
        "Page Name,User Name,Facebook Id,Likes at Posting,Post Created,Type,Likes,Comments,Shares,Message,URL,Link,Final Link\n",
        "Page {a},page{a},10000{a},5,{t} UTC,Link,1,2,3,Read,https://www.facebook.com/10000{a}/posts/{n},https://news.example/{o},https://news.example/{o}\n",
        [],
        "links",
        "link",
    ),
    "mapped": (
        "nr,who,wrote,at\n",
        "{n},user{a},Tea {o},{t}\n",
        ["account_id: who", "content_id: nr", "posted_at: at", "objects: {text: wrote}"],
        "text",
        "text",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_file_of_posts_becomes_a_page_with_tables_and_evidence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    head, row, mapping, object_id, word = TABLES[name]
    rows = [row.format(n=1000 + i, a=i % 2, o=i // 2, t=time) for i, time in enumerate(times(12))]
    (tmp_path / f"{name}.csv").write_text(head + "".join(rows), encoding="utf-8")
    (tmp_path / "map.yml").write_text("\n".join(mapping), encoding="utf-8")
    options = ["--mapping", tmp_path / "map.yml"] if mapping else []
    out = report(
        monkeypatch,
        capsys,
        tmp_path / f"{name}.csv",
        "-w",
        tmp_path / "w",
        "--min-weight",
        2,
        "--no-render",
        *options,
    )
    assert "2 accounts in 1 network" in out
    folder = tmp_path / "w" / "reports" / "analyses" / name
    run = json.loads((folder / "run.json").read_text())
    assert (run["outcome"], run["parameters"]["object_id"], run["object"]) == ("network", object_id, word)
    assert len(pd.read_csv(folder / "pairs.csv")) == 6
    assert {"network.html", "SHA256SUMS", "README.md", "notebook.ipynb"} <= {
        path.name for path in folder.iterdir()
    }
    assert set(run["inputs"]) == {f"{name}.csv", "posts"}
    page = (folder / "index.ipynb").read_text()
    assert f"posted the same {word}s within" in page
    words = re.sub(r"</?(fig)?caption>", "", page.lower())
    assert "tiktok" not in words and "caption" not in words
    assert str(tmp_path) not in page + (folder / "notebook.ipynb").read_text()


def test_a_workspace_with_analyses_alone_links_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{i},user{i % 2},{time},Tea {i // 2}\n" for i, time in enumerate(times(12))]
    (tmp_path / "mine.csv").write_text("id,username,date,text\n" + "".join(rows), encoding="utf-8")
    report(monkeypatch, capsys, tmp_path / "mine.csv", "-w", tmp_path / "w", "--no-render")
    site = render_site(tmp_path / "w", engine="smalldocs")
    for page in ("index.html", "reports/archive.html"):
        text = (site / page).read_text()
        assert "analyses/mine/v1/index.html" in text and "reported yet" not in text, page


@pytest.mark.parametrize("head", [{"title": "My question", "date": "2026-11-26"}, {}])
def test_a_notebook_of_ones_own_is_a_page_of_the_site(tmp_path: Path, head: dict[str, str]) -> None:
    """As docs/notebooks.md shows it: no run record, only what its front matter says."""
    cells = [
        nbformat.v4.new_code_cell("my_parameter = 1", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("print('six times', 6 * my_parameter)"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "mine.ipynb")
    place = tmp_path / "w" / "reports" / "analyses" / "mine"
    cl.run_notebook(tmp_path / "mine.ipynb", place / "index.ipynb", {"my_parameter": 3}, front_matter=head)
    site = render_site(tmp_path / "w", engine="smalldocs")
    page = (site / "reports" / "analyses" / "mine" / "v1" / "index.html").read_text()
    assert "six times 18" in page and head.get("title", "mine") in page
    for name in ("index.html", "reports/archive.html"):
        listed = (site / name).read_text()
        assert head.get("title", "mine") in listed and "own notebook" in listed
        assert head.get("date", "20") in listed and "failed" not in listed


def test_a_workspace_is_found_from_the_notebooks_folder_and_none_is_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine" / "reports").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert find_workspace("mine").root == tmp_path / "mine"
    with pytest.raises(StoreError, match="there is no workspace here"):
        find_workspace("absent")
    assert find_workspace("absent", create=True) == Workspace(tmp_path / "absent")
    assert list((tmp_path / "notebooks").iterdir()) == []
