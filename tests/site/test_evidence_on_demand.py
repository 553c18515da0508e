"""The evidence of each network, opened in a real browser: on a server, from disk, and where it cannot be loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

DAY = "reports/days/2025-01-05/v1/index.html"
HOSTILE = '<img src=x onerror="window.pwned=1">'


def test_a_network_is_one_line_and_its_file_is_loaded_when_it_is_opened(open_page: Any) -> None:
    page = open_page(DAY)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    box = page.locator("#network-2")
    assert box.locator("summary").inner_text() == "Network 2 · 6 accounts · 1 caption · 16 posts · median 9 s"
    box.locator("summary").click()
    box.locator(".cl-object").wait_for()
    assert [url for url in loaded if "/evidence/" in url] and page.url.endswith("#network-2")
    assert box.locator(".cl-marks tbody tr").count() == 6
    assert "+9 s" in box.locator(".cl-marks").inner_text()


def test_two_accounts_open_to_their_posts_side_by_side_with_the_seconds_between(open_page: Any) -> None:
    page = open_page(DAY)
    page.locator("#network-2 > summary").click()
    edge = page.locator("#network-2 .cl-edge", has_text="news_0 ↔ news_1:")
    assert edge.locator("summary").inner_text() == "news_0 ↔ news_1: 1 pair, 1 caption"
    edge.locator("summary").press("Enter")
    pair = edge.locator(".cl-pair")
    pair.locator(".cl-post").first.wait_for()
    how = edge.locator("a.cl-how").get_attribute("href")
    assert how.endswith("data-dictionary.html#table-edges") and page.request.get(how).ok
    assert pair.locator(".cl-post").count() == 2
    assert "9 s" in pair.locator(".cl-apart").inner_text()
    left, right = pair.locator(".cl-post").evaluate_all(
        "posts => posts.map(p => p.getBoundingClientRect().toJSON())"
    )
    assert left["right"] < right["left"] and abs(left["top"] - right["top"]) < 2


@pytest.mark.parametrize("names", [["user_0", "user_1"], ["bad\u202e.actor", HOSTILE]])
def test_an_address_leads_to_the_very_edge(open_page: Any, names: list[str]) -> None:
    number = 1 if names[0].startswith("user") else 3
    page = open_page(f"{DAY}#network-{number}/" + "/".join(quote(name, safe="") for name in names))
    edge = page.locator(".cl-edge[open]")
    edge.wait_for()
    assert edge.locator("summary").inner_text().startswith(" ↔ ".join(sorted(names)).replace("\u202e", ""))
    page.wait_for_function("document.activeElement.closest('.cl-edge')")
    assert edge.locator(".cl-pair").is_visible()
    assert page.evaluate("window.pwned") is None and page.locator(".cl-inside img").count() == 0


def test_an_address_leads_to_an_account_and_marks_its_row(open_page: Any) -> None:
    page = open_page(f"{DAY}#network-1/user_7")
    row = page.locator("tr.cl-hit")
    row.wait_for()
    assert row.locator("th").inner_text().startswith("user_7")
    page.evaluate("window.location.hash = '#network-2/news_3'")
    page.locator("#network-2 tr.cl-hit").wait_for()


def test_the_edges_of_a_large_network_come_in_steps_and_can_be_searched(open_page: Any) -> None:
    page = open_page(f"{DAY}#network-1")
    box = page.locator("#network-1")
    edges = box.locator(".cl-edge")
    edges.first.wait_for()
    assert edges.count() == 50
    box.get_by_role("button", name="more edges").click()
    assert edges.count() > 60
    box.get_by_label("Account:").fill("USER_39")
    assert all("user_39" in text for text in edges.locator("summary").all_inner_texts())


def test_it_opens_from_a_page_on_disk(site: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{(site / DAY).as_uri()}#network-2")
    page.locator("#network-2 .cl-object").wait_for()
    assert page.locator("#network-2 .cl-marks tbody tr").count() == 6
    page.close()


def test_a_file_that_is_not_there_is_one_sentence_with_the_way_to_the_rows(site: Path, browser: Any) -> None:
    page = browser.new_page()
    page.route("**/evidence/*", lambda route: route.abort())
    page.goto(f"{(site / DAY).as_uri()}#network-1")
    note = page.locator("#network-1 .cl-failed")
    note.wait_for()
    assert note.inner_text() == (
        "The evidence could not be loaded from evidence/1.js. The same posts are in pairs.csv."
    )
    page.close()


def test_without_scripts_the_line_says_where_the_posts_are(open_page: Any) -> None:
    page = open_page(DAY, java_script_enabled=False)
    page.locator("#network-1 > summary").click()
    assert "The same posts are in pairs.csv." in page.locator("#network-1").inner_text()
