"""Tables in a real browser on desks, phones and paper, and the way from every number to how it was made."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

DAY = "reports/days/2025-01-05/v1/index.html"
POSTS = ".cl-table:has(caption:text-is('Posts in pairs'))"
UNEXPLAINED = (Path(__file__).parent / "unexplained.js").read_text()


class _Places(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.places |= {str(value) for name, value in attrs if name == "id"}


@pytest.mark.parametrize("path", [DAY, "index.html", "reports/archive.html"])
def test_every_number_leads_to_its_definition_formula_and_file_in_one_hop(
    open_page: Any, site: Path, path: str
) -> None:
    page = open_page(path, java_script_enabled=False)
    assert page.evaluate(UNEXPLAINED) == []
    links = page.locator("a.cl-how").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(links) >= 7
    known: dict[Path, set[str]] = {}
    for link in links:
        target, place = link.split("#")
        file = (site / path).parent.joinpath(target).resolve()
        known.setdefault(file, _Places(file.read_text(encoding="utf-8")).places)
        assert place in known[file], link


def test_a_number_without_its_way_is_noticed(open_page: Any) -> None:
    page = open_page(DAY)
    page.evaluate("document.querySelector('.cl-table th .cl-how').remove()")
    page.evaluate("document.querySelector('.cl-facts .cl-how').remove()")
    assert len(page.evaluate(UNEXPLAINED)) == 2


def test_six_columns_come_first_and_the_others_at_a_press(open_page: Any) -> None:
    box = open_page(DAY).locator(POSTS)
    heads = box.locator("thead th")
    assert (heads.count(), heads.locator("visible=true").count()) == (9, 6)
    more = box.locator(".cl-columns")
    assert (more.inner_text(), more.get_attribute("aria-expanded")) == ("3 more columns", "false")
    more.press("Enter")
    assert heads.locator("visible=true").count() == 9
    assert (more.inner_text(), more.get_attribute("aria-expanded")) == ("Fewer columns", "true")


def test_what_was_shared_stands_once_above_its_posts_also_after_sorting(open_page: Any) -> None:
    box = open_page(DAY).locator(POSTS)
    assert box.locator("thead th").first.inner_text().startswith("time (UTC)")
    lines = box.locator("tbody tr").evaluate_all("rows => rows.map(row => row.className === 'cl-group')")
    assert lines[0] and not all(lines)
    box.locator("thead th button", has_text="views").click()
    lines = box.locator("tbody tr").evaluate_all("rows => rows.map(row => row.className === 'cl-group')")
    assert lines[0] and lines.count(False) == 25
    box.get_by_label("Filter Posts in pairs").fill("window.pwned=1</script> 1")
    assert box.locator("tbody tr:not(.cl-group)").count() > 0, "the caption is searched too"


def test_a_row_has_an_address_that_finds_it_on_whatever_page_of_the_table(open_page: Any) -> None:
    page = open_page(f"{DAY}#post-row-7000000000000000150")
    row = page.locator("tr.cl-hit")
    row.wait_for()
    assert row.get_attribute("id") == "post-row-7000000000000000150"
    assert row.locator(".cl-anchor").get_attribute("href") == "#post-row-7000000000000000150"


def test_of_seconds_apart_the_lowest_come_first_and_of_other_numbers_the_highest(open_page: Any) -> None:
    heads = open_page(DAY).locator(POSTS).locator("thead th.num")
    for place, words, order in ((0, "mean seconds apart", "ascending"), (1, "likes", "descending")):
        head = heads.nth(place)
        head.locator("button").evaluate(
            "(button, words) => { button.textContent = words; button.click(); }", words
        )
        assert head.get_attribute("aria-sort") == order


def test_on_a_phone_a_row_is_a_card_that_names_its_values(open_page: Any) -> None:
    page = open_page(DAY, viewport={"width": 390, "height": 844})
    box = page.locator(POSTS)
    cell = box.locator("tbody tr:not(.cl-group) td").nth(1)
    assert cell.get_attribute("data-label") == "account"
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"account"'
    scroll = box.locator(".cl-scroll")
    assert scroll.evaluate("box => box.scrollWidth <= box.clientWidth"), "nothing is cut off"
    assert box.locator("thead button").first.is_visible(), "it can be sorted there too"


def test_a_table_that_goes_on_beyond_its_edge_shows_so(open_page: Any) -> None:
    page = open_page(DAY, viewport={"width": 640, "height": 800})
    cut = page.locator(".cl-scroll").evaluate_all(
        "boxes => boxes.map(box => [box.scrollWidth - box.clientWidth > 4, box.classList.contains('cl-cut')])"
    )
    assert [wide for wide, _ in cut] == [shown for _, shown in cut] and any(shown for _, shown in cut)


def test_paper_gets_a_hundred_rows_and_the_screen_its_page_again(open_page: Any) -> None:
    page = open_page(DAY)
    rows = page.locator(POSTS).locator("tbody tr:not(.cl-group)")
    assert rows.count() == 25
    page.emulate_media(media="print")
    rows.nth(99).wait_for()
    assert rows.count() == 100
    assert re.search(r"1–100 of 180 rows", page.locator(POSTS).inner_text())
    page.emulate_media(media="screen")
    rows.nth(25).wait_for(state="detached")
    assert rows.count() == 25
