"""The built site in a real browser: no console errors, no request to another host, everything works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

DAY = "reports/days/2025-01-05/v1/index.html"
NETWORK = "reports/days/2025-01-05/v1/network.html"
PAGES = [
    "index.html",
    DAY,
    NETWORK,
    "reports/archive.html",
    "reports/method.html",
    "reports/about.html",
    "reports/data-dictionary.html",
    "reports/references.html",
    "reports/search.html",
    "404.html",
    *(f"reports/days/2025-01-0{number}/v1/index.html" for number in range(1, 5)),
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_without_errors_and_says_that_it_is_simulated(open_page: Any, path: str) -> None:
    page = open_page(path)
    page.wait_for_timeout(500)
    assert "imulated data" in page.inner_text("header")
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("path", [page for page in PAGES if page != NETWORK])
def test_no_page_is_wider_than_a_phone(open_page: Any, path: str) -> None:
    page = open_page(path, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_links_of_every_page_lead_to_pages_and_files_that_are_there(open_page: Any, base: str) -> None:
    found = set()
    for path in PAGES:
        page = open_page(path)
        found |= set(
            page.evaluate("Array.from(document.querySelectorAll('a[href]'), a => a.href.split('#')[0])")
        )
    local = sorted(address for address in found if address.startswith(base))
    packed = {"accounts.csv.gz", "posts.csv.gz", "notebook-2025-01-05.ipynb.gz"}
    assert packed | {"coordlib-2025-01-05.zip"} <= {a.rsplit("/", 1)[1] for a in local}
    page = open_page("index.html")
    broken = [a for a in local if page.request.get(a).status != 200]
    assert broken == []


def test_a_table_that_lies_gzipped_is_saved_as_it_was_made(open_page: Any, workspace: Path) -> None:
    page = open_page(DAY, accept_downloads=True)
    with page.expect_download() as saved:
        page.locator('a[href="accounts.csv.gz"]').first.click()
    assert saved.value.suggested_filename == "accounts.csv"
    made = workspace / "reports" / "days" / "2025-01-05" / "accounts.csv"
    assert Path(saved.value.path()).read_bytes() == made.read_bytes()


def test_the_network_draws_in_the_report_once_it_is_scrolled_to(open_page: Any) -> None:
    page = open_page(DAY)
    frame = page.locator(".cl-network iframe")
    assert "Network view" in frame.get_attribute("title")
    frame.scroll_into_view_if_needed()
    inside = frame.content_frame
    inside.locator("body[data-drawn='49']").wait_for()
    assert inside.locator("#view").get_attribute("role") == "img"
    assert "49 accounts" in inside.locator("#view").get_attribute("aria-label")


def spot(page: Any, name: str) -> tuple[float, float]:
    page.locator("body[data-drawn]").wait_for()
    place = page.evaluate("name => window.coordlibNetwork.place(name)", name)
    box = page.locator("#view").bounding_box()
    return box["x"] + place["x"], box["y"] + place["y"]


def test_a_click_on_an_account_offers_its_address_and_the_link_goes_there(open_page: Any) -> None:
    page = open_page(NETWORK)
    page.mouse.click(*spot(page, "user_0"))
    link = page.locator("#account-link")
    assert link.get_attribute("href") == "https://www.tiktok.com/@user_0"
    assert "Connected to 39 accounts" in page.inner_text("#panel")
    page.state.leaving = True
    with page.expect_popup() as opened:
        link.click()
    assert opened.value.url == "https://www.tiktok.com/@user_0"


def test_a_double_click_on_an_account_opens_its_page(open_page: Any) -> None:
    page = open_page(NETWORK)
    where = spot(page, "news_0")
    page.state.leaving = True
    with page.expect_popup() as opened:
        page.mouse.dblclick(*where)
    assert opened.value.url == "https://www.tiktok.com/@news_0"


def test_a_hostile_account_name_is_text_in_panel_tooltip_and_address(open_page: Any) -> None:
    page = open_page(NETWORK)
    hostile = '<img src=x onerror="window.pwned=1">'
    where = spot(page, hostile)
    page.mouse.move(*where)
    page.locator(".vis-tooltip").wait_for()
    assert hostile in page.inner_text(".vis-tooltip")
    page.mouse.click(*where)
    assert page.inner_text("#panel h2") == hostile
    assert (
        page.locator("#account-link").get_attribute("href").startswith("https://www.tiktok.com/@%3Cimg%20src")
    )
    assert page.locator("#panel img, .vis-tooltip img").count() == 0
    assert page.evaluate("window.pwned") is None


def test_choosing_a_network_hides_the_others_and_says_how_many_are_left(open_page: Any) -> None:
    page = open_page(NETWORK)
    page.locator("body[data-drawn]").wait_for()
    page.select_option("#network", "2")
    assert page.inner_text("#summary") == "Network 2: 6 of 49 drawn accounts."
    page.click("#fit")
    assert page.inner_text("#summary") == "49 accounts, 82 edges, 3 networks."
    assert page.locator("#legend li").count() == 4


def test_an_account_is_found_by_its_name_without_a_mouse(open_page: Any) -> None:
    page = open_page(NETWORK)
    page.locator("body[data-drawn]").wait_for()
    page.focus("#account")
    page.keyboard.type("news_3")
    page.keyboard.press("Tab")
    page.locator("#panel h2").wait_for()
    assert page.inner_text("#panel h2") == "news_3"


def table(page: Any, caption: str) -> Any:
    return page.locator(".cl-table", has=page.locator("caption", has_text=re.compile(f"^{caption}$")))


def column(box: Any, number: int) -> list[str]:
    return [str(text) for text in box.locator(f"tbody tr td:nth-child({number})").all_inner_texts()]


def test_a_table_sorts_by_number_with_mouse_and_keyboard_and_says_so(open_page: Any) -> None:
    box = table(open_page(DAY), "Accounts")
    head = box.locator("thead th").nth(2)
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    values = [int(text) for text in column(box, 3)]
    assert values == sorted(values, reverse=True)
    assert values[0] == 39
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [int(text) for text in column(box, 3)] == sorted(int(text) for text in column(box, 3))


def test_a_table_filters_and_pages_and_tells_how_many_rows_match(open_page: Any) -> None:
    page = open_page(DAY)
    box = table(page, "Accounts")
    status = box.locator("[role=status]")
    assert status.inner_text() == "1–25 of 49 rows"
    box.get_by_role("button", name="Next rows of Accounts").click()
    assert status.inner_text() == "26–49 of 49 rows"
    box.get_by_label("Filter Accounts").fill("NEWS_")
    assert status.inner_text() == "1–6 of 6 rows (49 without the filter)"
    assert all("news_" in name for name in column(box, 1))
    box.get_by_label("Filter Accounts").fill("nobody has this name")
    assert status.inner_text() == "No matching rows"


def test_hostile_captions_stay_text_after_sorting_filtering_and_paging(open_page: Any) -> None:
    page = open_page(DAY)
    box = table(page, "Posts")
    for head in box.locator("thead th button").all():
        head.click()
    box.get_by_label("Filter Posts").fill("window.pwned")
    assert box.locator("tbody tr").count() > 5
    assert box.locator("tbody img, tbody script").count() == 0
    assert page.evaluate("window.pwned") is None
    assert "100 of 180 rows are here; the other 80 are in posts.csv." in box.inner_text()


def test_tables_are_whole_without_javascript(open_page: Any) -> None:
    page = open_page(DAY, java_script_enabled=False)
    assert table(page, "Accounts").locator("tbody tr").count() == 49


def test_figures_have_a_text_alternative_and_show_the_drawing_that_fits(open_page: Any) -> None:
    page = open_page(DAY)
    drawings = page.locator(".cl-figure [role=img]")
    assert drawings.count() == 5
    assert all(drawing.get_attribute("aria-label") for drawing in drawings.all())
    assert page.locator(".cl-figure .cl-wide svg").first.is_visible()
    phone = open_page(DAY, viewport={"width": 390, "height": 844})
    assert phone.locator(".cl-figure .cl-narrow svg").first.is_visible()
    assert not phone.locator(".cl-figure .cl-wide svg").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_of_our_parts_can_be_read_in_light_and_dark(open_page: Any, scheme: str) -> None:
    page = open_page(DAY, color_scheme=scheme)
    contrast = (Path(__file__).parent / "contrast.js").read_text()
    poor = page.evaluate(
        contrast,
        [".cl-banner", ".cl-table td", ".cl-table th button", ".cl-note", ".cl-table a", "figcaption"],
    )
    assert poor == []


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2025-01-01", "Nothing was collected."),
        ("2025-01-02", "Too little data to tell."),
        ("2025-01-03", "No coordination found."),
        ("2025-01-04", "This report could not be made."),
    ],
)
def test_each_kind_of_quiet_day_says_what_it_is(open_page: Any, day: str, words: str) -> None:
    page = open_page(f"reports/days/{day}/v1/index.html")
    assert words in page.inner_text("main")


def test_the_home_page_shows_the_newest_day_and_links_every_day(open_page: Any) -> None:
    page = open_page("index.html")
    text = page.inner_text("main")
    assert re.search(r"The pairs that met most often join 49 (of \d+ )?accounts into 3 networks", text)
    hrefs = page.evaluate(
        "Array.from(document.querySelectorAll('main a[href]'), a => a.getAttribute('href'))"
    )
    for number in range(1, 6):
        assert any(f"days/2025-01-0{number}/" in href for href in hrefs)


@pytest.mark.parametrize(
    "place", ["nothing.html", "reports/days/2020-01-01/", "reports/days/2020-01-01/v3/x.html"]
)
def test_the_page_for_addresses_that_are_not_there_has_its_styles_at_any_depth(
    open_page: Any, site: Path, base: str, place: str
) -> None:
    page = open_page("index.html")
    text = (site / "404.html").read_text(encoding="utf-8")
    page.route(
        f"{base}/{place}", lambda route: route.fulfill(status=200, body=text, content_type="text/html")
    )
    page.goto(f"{base}/{place}")
    page.wait_for_timeout(500)
    assert page.evaluate("getComputedStyle(document.querySelector('.navbar')).display") == "flex"
    page.locator("main a", has_text="archive").click()
    assert page.url == f"{base}/reports/archive.html"
