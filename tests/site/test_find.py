"""The site's own search: accounts, hashtags, subjects, reports and columns, on a server and from disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coordlib.report import RunRecord
from coordlib.site.find import write_index
from coordlib.site.reports import Reports, Shown

HOSTILE = '<img src=x onerror="window.pwned=1">'
browser_test = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


def write_day(built: Path, day: str, accounts: list[str], kind: str = "days") -> None:
    folder = built / "reports" / kind / day / "v1"
    folder.mkdir(parents=True)
    rows = "".join(f'"{name}",1,3\n' for name in accounts)
    (folder / "accounts.csv").write_text(f"account_id,network,n_posts\n{rows}")
    (folder / "networks.csv").write_text("network,label,n_accounts\n1,war · news,2\n")
    posts = 'content_id,network,text\n1,1,"a #War, b"\n2,1,#war\n3,2,#war #peace\n'
    (folder / "posts.csv").write_text(posts)


def index(built: Path) -> dict[str, list[Any]]:
    run = RunRecord(date="2025-10-30", outcome="too-little-data", title="Posts of mine")
    folders = sorted(built.glob("reports/*/*/v1"))
    reports = Reports(tuple(Shown(one, run, f"{one.parts[-3]}/{one.parts[-2]}") for one in folders))
    write_index(built, reports, built.with_name("notes"))
    found = {}
    for path in (built / "reports" / "search").iterdir():
        text = path.read_text(encoding="utf-8").strip()
        start, entries = json.loads(f"[{text.removeprefix('coordlibFind(').removesuffix(');')}]")
        if start is not None:
            found[start] = entries
    return found


def test_an_account_is_found_by_each_of_its_words_with_network_day_and_posts(tmp_path: Path) -> None:
    write_day(tmp_path, "2025-10-30", ["war_News24"])
    found = index(tmp_path)
    entry = ["account", "war_News24", 1, [[0, 1, 3]]]
    assert all(entry in found[letter] for letter in ("w", "n", "2"))


def test_hashtags_subjects_days_and_columns_are_found(tmp_path: Path) -> None:
    write_day(tmp_path, "2025-10-30", [])
    found = {(kind, name): hits for entries in index(tmp_path).values() for kind, name, _, hits in entries}
    assert found["hashtag", "#war"] == [[0, 1, 3, 2]], "most in network 1, three posts in two networks"
    assert found["hashtag", "#peace"] == [[0, 2, 1, 1]]
    assert found["subject", "war · news"] == [[0, 1, 2]]
    assert found["day", "2025-10-30"] == [[0, "too little data"]]
    assert found["column", "edge_symmetry_score"][0][0] == "data-dictionary.html#edges-edge_symmetry_score"


def test_accounts_of_an_analysis_are_found_by_its_title(tmp_path: Path) -> None:
    write_day(tmp_path, "posts", ["someone"], "analyses")
    found = index(tmp_path)
    assert ["account", "someone", 1, [[0, 1, 3]]] in found["s"]
    assert ["analysis", "Posts of mine", 1, [[0, "too little data"]]] in found["p"]
    names = (tmp_path / "reports" / "search" / "names.js").read_text()
    assert '["analyses/posts/v1","Posts of mine"]' in names


def test_accounts_only_in_pairs_that_stand_out_are_found_and_said_to_be_in_no_network(tmp_path: Path) -> None:
    write_day(tmp_path, "2025-10-30", ["inside"])
    rows = "1,closed circle,inside,alone/&\n,closed circle,inside,joined_by_an_edge\n2,open,alone/&,perhaps\n"
    table = tmp_path / "reports" / "days" / "2025-10-30" / "v1" / "discovered.csv"
    table.write_text(f"group,evidence,account_id,account_id_y\n{rows}")
    found = {name: hits for entries in index(tmp_path).values() for _, name, _, hits in entries}
    assert found["inside"] == [[0, 1, 3]]
    assert found["alone/&"] == [[0, "outside-1/alone%2F%26", "in a significant pair, no network"]]
    assert found["perhaps"] == [[0, "outside-2/perhaps", "in an undecided pair, no network"]]
    assert "joined_by_an_edge" not in found


def test_the_newest_days_of_a_name_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    for number in range(60):
        write_day(tmp_path, f"2025-{1 + number // 28:02}-{1 + number % 28:02}", ["steady"])
    (entry,) = [entry for entry in index(tmp_path)["s"] if entry[1] == "steady"]
    assert entry[2] == 60 and len(entry[3]) == 40 and entry[3][0] == [59, 1, 3]


def test_a_part_of_the_index_that_grows_too_large_is_split_by_the_second_letter(tmp_path: Path) -> None:
    write_day(tmp_path, "2025-10-30", [f"u{letter}{n:05}" for letter in "abc" for n in range(1500)])
    found = index(tmp_path)
    assert "u" not in found and {"ua", "ub", "uc"} <= set(found)
    sizes = [path.stat().st_size for path in (tmp_path / "reports" / "search").iterdir()]
    assert max(sizes) < 150_000


def test_what_is_not_published_is_not_found_and_the_bytes_are_the_same_each_time(tmp_path: Path) -> None:
    write_day(tmp_path, "2025-10-30", ['=HYPERLINK("x")', "</script>"])
    (tmp_path / "reports" / "days" / "2025-10-31").mkdir()
    index(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "reports" / "search").iterdir()}
    index(tmp_path)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "reports" / "search").iterdir()}
    assert not any(b"<" in text or b"2025-10-31" in text for text in before.values())


class TestInTheBrowser:
    """As a reader uses it."""

    pytestmark = browser_test

    def test_a_handle_leads_to_its_evidence(self, open_page: Any) -> None:
        page = open_page("index.html")
        page.get_by_label("Find an account").fill("@USER_7")
        page.get_by_label("Find an account").press("Enter")
        result = page.locator("#search-results > li").first
        result.wait_for()
        assert result.locator("strong").inner_text() == "user_7"
        assert result.locator("a").inner_text() == "network 1 of 2025-01-05"
        result.locator("a").click()
        page.locator("#network-1 tr.cl-hit").wait_for()

    @pytest.mark.parametrize(
        ("words", "kind"),
        [("2025-01", "day"), ("news daily", "subject"), ("symmetry", "column"), ("betweenness", "column")],
    )
    def test_days_subjects_and_columns_are_found_while_typing(
        self, open_page: Any, words: str, kind: str
    ) -> None:
        page = open_page("reports/search.html")
        page.locator("main input").fill(words)
        page.locator("#search-results > li small", has_text=kind).first.wait_for()

    def test_a_hostile_name_is_text_and_leads_to_its_network(self, open_page: Any) -> None:
        page = open_page("reports/search.html?q=onerror")
        result = page.locator("#search-results > li", has_text=HOSTILE).first
        result.wait_for()
        assert page.locator("#search-results img").count() == 0
        result.locator("a").first.click()
        page.locator("#network-3 tr.cl-hit").wait_for()
        assert page.evaluate("window.pwned") is None

    def test_nothing_found_is_said(self, open_page: Any) -> None:
        page = open_page("reports/search.html?q=zzzz")
        page.locator("#search-status", has_text="Nothing found for “zzzz”").wait_for()

    def test_a_site_on_disk_can_be_searched(self, site: Path, browser: Any) -> None:
        page = browser.new_page()
        page.goto((site / "reports" / "search.html").as_uri() + "?q=news_3")
        page.locator("#search-results > li", has_text="news_3").wait_for()
        page.close()
