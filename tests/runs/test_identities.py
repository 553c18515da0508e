"""Pseudonyms everywhere a name could stand, and accounts that are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from nbformat import v4

from coordlib.errors import NotebookInputError, ParameterError, PublishError
from coordlib.parameters import ComponentAnalysis, LinkSharing, SeedDiscovery
from coordlib.places import Workspace
from coordlib.report import PostSet
from coordlib.report.display import PAGE
from coordlib.report.notebook_page import as_executed, write_notebook
from coordlib.report.post_set import KEY, Pseudonyms, disguised
from coordlib.runs import day as day_module
from coordlib.runs.analysis import analyse_component, analyse_links
from coordlib.runs.clean_reports import clean_reports, forget_account, remake_reports
from coordlib.runs.day import replay_archive
from coordlib.runs.discover import discover
from coordlib.runs.monitor import monitor_day
from coordlib.site.build import render_site
from coordlib.store import open_store
from coordlib.store.database import insert
from coordlib.store.deletion import delete, forget, forget_again, name_pattern
from coordlib.store.pool import pool
from coordlib.store.runs import runs
from coordlib.store.stored_posts import account_names


def texts_of(*folders: Path) -> dict[str, str]:
    return {
        str(path): path.read_bytes().decode("utf-8", errors="replace")
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_names_are_replaced_wherever_they_stand() -> None:
    names = Pseudonyms(b"k" * 20, ["ann.lee", "bob", "did:plc:x-y", "The"])
    ann, bob, did = (names.name(name) for name in ("ann.lee", "bob", "did:plc:x-y"))
    assert names.text("@ANN.LEE, #ann.lee; bob @bob.") == f"@{ann}, #{ann}; bob @{bob}."
    assert names.text("see did:plc:x-y and the end") == f"see {did} and the end"
    assert "stranger" not in names.text("with @stranger") and names.text("no names") == "no names"
    assert names.text("https://x.example/@ann.lee/video/7") == f"https://x.example/@{ann}/video/7"
    assert names.value({"bob": ["@bob", {"n": 1}]}) == {bob: [f"@{bob}", {"n": 1}]}
    assert Pseudonyms(b"other-key-other-key", ["bob"]).name("bob") != bob
    assert names.text(names.text("@bob")) == f"@{bob}"


def test_without_a_key_there_is_one_line_that_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.yml").write_text("identities: pseudonyms\n")
    posts = pd.DataFrame({"content_id": ["1"], "account_id": ["ann"], "text": ["x"], "platform": ["tiktok"]})
    found = PostSet("x", "table", "x", "2025-01-01", posts, tmp_path)
    with pytest.raises(ParameterError, match="openssl rand") as caught:
        disguised(found)
    assert "\n" not in str(caught.value)
    with pytest.raises(ParameterError, match="link sharing cannot"):
        analyse_links(LinkSharing(workspace=str(tmp_path)))


Run = Callable[[Workspace, Path], object]
RUNS: dict[str, Run] = {
    "remake": lambda place, _: remake_reports(place),
    "forget": lambda place, _: forget_account(place, "ann"),
    "replay": lambda place, archive: replay_archive(archive, place.root),
    "monitor": lambda place, _: monitor_day(place, "2026-09-02", connect_to_nobody),
    "discover": lambda place, _: discover(
        SeedDiscovery(workspace=str(place.root), hashtags=["x"]), connect_to_nobody
    ),
}


def connect_to_nobody(*_: object) -> Any:
    raise AssertionError("the service was asked")


def a_notebook_that_finds_no_key(*_: object, **__: object) -> Any:
    raise NotebookInputError("openssl rand")


def kept_in(workspace: Path) -> tuple[list[Any], dict[str, str]]:
    """Everything in the database and the reports."""
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        return list(store.connection.iterdump()), texts_of(workspace / "reports")


@pytest.mark.parametrize("key", ["", " " * 20])
def test_without_a_key_no_run_touches_anything(
    key: str,
    replayed: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., tuple[int, str, str]],
) -> None:
    monkeypatch.setenv(KEY, key)
    monkeypatch.chdir(tmp_path)
    (replayed.root / "site.yml").write_text("identities: pseudonyms\n")
    monkeypatch.setattr(day_module, "run_report", a_notebook_that_finds_no_key)
    before = kept_in(replayed.root)
    for name, run in RUNS.items():
        with pytest.raises(ParameterError, match="openssl rand"):
            run(replayed, tmp_path / "a")
        assert kept_in(replayed.root) == before, name
    code, out, err = command("refresh", "-w", replayed.root)
    assert (code, out) == (2, "") and "openssl rand" in err and kept_in(replayed.root) == before


def test_a_day_that_failed_is_made_again_and_no_page_of_before_stays(replayed: Workspace) -> None:
    dates = sorted(folder.name for folder in replayed.days.iterdir())
    with open_store(replayed.database) as store:
        store.write("UPDATE runs SET status = 'failed' WHERE date = ?", (dates[0],))
    left = replayed.day_folder("2020-01-01")  # of a day whose posts were never collected
    left.mkdir()
    (left / "index.ipynb").write_text("made before")
    done = remake_reports(replayed)
    assert done.rebuilt == tuple(f"reports/days/{date}" for date in dates)
    assert done.removed == ("reports/days/2020-01-01",)
    with open_store(replayed.database) as store:
        assert {run.status for run in runs(store)} == {"done"}


def detected(workspace: Path) -> list[Any]:
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        rows = store.rows("SELECT run_id, account_id, network, is_new FROM detections ORDER BY 1, 2")
        return [tuple(row) for row in rows] + pool(store)["account_id"].tolist()


def newest(site: Path, place: str) -> str:
    return max((site / place).glob("v?/index.html")).read_text()


@pytest.mark.slow
def test_a_site_of_pseudonyms_holds_no_name(replayed_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = replayed_copy
    monkeypatch.setenv(KEY, "a key that nobody guesses")
    before = detected(workspace)
    (workspace / "site.yml").write_text("identities: pseudonyms\naddress: https://example.org/m\n")
    with pytest.raises(PublishError, match=r"2 reports name accounts.*coordlib remake"):
        render_site(workspace, engine="smalldocs")
    made = remake_reports(Workspace(workspace))
    assert len(made.rebuilt) == 2
    assert detected(workspace) == before, "the database goes on with the names it needs"
    account = next(
        row[1] for row in before if isinstance(row, tuple) and row[0] == "replay-" + made.rebuilt[-1][-10:]
    )
    analyse_component(ComponentAnalysis(workspace=str(workspace), network=None, account=account))
    site = render_site(workspace, engine="smalldocs")
    with open_store(workspace / "coordlib.sqlite", read_only=True) as store:
        names = account_names(store)
    assert len(names) > 60
    for path, text in texts_of(site, workspace / "reports").items():
        if not path.endswith(".zip"):
            found = [name for name in names if name in text or name in path]
            assert found == [], path
    page = newest(site, made.rebuilt[-1])
    assert "account-" in page and "tiktok.com/@" not in page


@pytest.mark.slow
def test_a_forgotten_account_is_in_nothing_any_more_and_stays_out(replayed_copy: Path) -> None:
    workspace = replayed_copy
    site = render_site(workspace, engine="smalldocs")
    account = next(row[1] for row in detected(workspace) if isinstance(row, tuple))
    assert any(account in text for text in texts_of(site).values())
    done = forget_account(Workspace(workspace), account)
    assert done.rebuilt and not Workspace(workspace).notes.exists()
    site = render_site(workspace, engine="smalldocs")
    for path, text in texts_of(workspace, site).items():
        assert account not in text and account not in path, path
    assert "An account was taken out of this report on" in newest(site, done.rebuilt[-1])
    with open_store(workspace / "coordlib.sqlite") as store:
        row = ("1", account, "x", 1)
        store.write(insert("posts", ("content_id", "account_id", "text", "fetched_at")), row)
        store.write(
            insert("posts", ("content_id", "account_id", "text", "fetched_at")),
            ("2", "z", f"by @{account.upper()}", 1),
        )
        assert forget_again(store, 2) == 1
        assert store.row("SELECT text FROM posts WHERE content_id = '2'")["text"] == "by @[forgotten]"  # type: ignore[index]
    with pytest.raises(ParameterError, match="no account of this name"):
        forget_account(Workspace(workspace), "nobody_of_this_name")


def test_a_name_in_the_drawing_of_a_stored_notebook_is_found(replayed: Workspace) -> None:
    network = '<figure class="cl-still"><svg viewBox="0 0 9 9" aria-label="Network"><title>bob_7 and 7300000000000000001</title></svg></figure>'
    page = v4.new_output("display_data", {"text/html": '<iframe srcdoc="x"></iframe>', PAGE: network})
    cells = [v4.new_code_cell("network", outputs=[page])]
    left = replayed.days / "2020-01-01.failed.ipynb"

    def store_it() -> None:
        write_notebook(left, as_executed(v4.new_notebook(cells=cells), still=True))
        assert "bob_7" not in left.read_text(encoding="utf-8")

    store_it()
    assert forget_account(replayed, "bob_7").removed == ("reports/days/2020-01-01.failed.ipynb",)
    store_it()
    columns = ("content_id", "account_id", "text", "fetched_at")
    with open_store(replayed.database) as store:
        store.write(insert("posts", columns), ("7300000000000000001", "ann", "x", 1))
        delete(store, ["7300000000000000001"], 2)
    assert clean_reports(replayed).removed == ("reports/days/2020-01-01.failed.ipynb",)


def test_a_word_of_a_caption_is_no_account_but_a_mention_is_one(replayed: Workspace) -> None:
    left = replayed.days / "2020-01-01.failed.ipynb"
    left.write_text("a caption that says zebra and more", encoding="utf-8")
    with pytest.raises(ParameterError, match="no account of this name"):
        forget_account(replayed, "zebra")
    assert left.exists()
    with open_store(replayed.database) as store:
        columns = ("content_id", "account_id", "text", "fetched_at")
        store.write(insert("posts", columns), ("7300000000000000002", "ann", "seen with @zebra", 1))
    assert forget_account(replayed, "zebra").removed == ("reports/days/2020-01-01.failed.ipynb",)


@pytest.mark.parametrize("blank", ["", " ", "@", "@ "])
def test_nobody_is_called_by_a_blank(
    blank: str, replayed: Workspace, command: Callable[..., tuple[int, str, str]]
) -> None:
    before = kept_in(replayed.root)
    for words in (["forget"], ["pool", "show"], ["pool", "pause"], ["pool", "resume"]):
        code, out, err = command(*words, blank, "-w", replayed.root)
        assert (code, out) == (2, "") and err.startswith(f"coordlib: '{blank}': is no account name"), err
    code, out, err = command("analyse", "--account", "", "-w", replayed.root)
    assert (code, out) == (2, "") and "account = ''" in err
    assert kept_in(replayed.root) == before


def test_an_account_may_be_called_as_our_own_words_are(replayed: Workspace) -> None:
    """Their fields, statuses, numbers, true and false stay; what somebody wrote does not."""
    columns, by = ("content_id", "account_id", "text", "fetched_at"), "by @true, @done and @n_posts"
    with open_store(replayed.database) as store:
        before = runs(store)
        store.write(insert("posts", columns), ("1", "ann", by, 1))
        store.write("UPDATE runs SET facts = json_set(facts, '$.notes', json_array(?))", (by,))
        for name in ("true", "done", "n_posts", "replay"):
            forget(store, name, 2)
        [text], [after, *_] = store.rows("SELECT text FROM posts WHERE content_id = '1'")[0], runs(store)
    masked = "by @[forgotten], @[forgotten] and @[forgotten]"
    assert text == masked and after.facts["notes"] == [masked]
    assert after.status == "done" and after.facts["n_posts"] == before[0].facts["n_posts"]
    assert after.parameters == before[0].parameters


def test_a_list_does_not_bring_a_forgotten_account_back(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    (tmp_path / "list.csv").write_text("username\nann\nBob\ncarol\n", encoding="utf-8")
    with open_store(tmp_path / "coordlib.sqlite") as store:
        forget(store, "bob", 1)
    code, out, _ = command(
        "pool", "import", tmp_path / "list.csv", "-w", tmp_path, "--source", "x", "--min-mentions", 1
    )
    assert code == 0 and "2 were new in the pool, 0 were there already, 1 were forgotten and stay out" in out
    with open_store(tmp_path / "coordlib.sqlite") as store:
        assert pool(store)["account_id"].tolist() == ["ann", "carol"]


def test_no_page_of_the_database_file_keeps_a_copy_of_what_is_forgotten(tmp_path: Path) -> None:
    columns = ("content_id", "account_id", "text", "fetched_at")
    rows = [
        (str(n), "someone_named" if n % 7 == 0 else f"other{n}", "x" * (30 + 61 * n % 900), 1)
        for n in range(400)
    ]
    with open_store(tmp_path / "coordlib.sqlite") as store:
        store.write_many(insert("posts", columns), rows)
        store.write("UPDATE posts SET text = text || text || text")  # the rows move
        assert forget(store, "someone_named", 2) == 58
    assert b"someone_named" not in (tmp_path / "coordlib.sqlite").read_bytes()


def test_a_name_within_another_name_is_another_name() -> None:
    assert name_pattern("ann").sub("-", "ann annie joann ann.lee ANN. @ann") == "- annie joann ann.lee -. @-"
