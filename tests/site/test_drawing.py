"""The drawing of a network in a real browser: bubbles, lines that lead to posts, search, dark pages, paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest

from coordlib.report import NetworkView

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

DAY = "reports/days/2025-01-05/v1/index.html"
NETWORK = "reports/days/2025-01-05/v1/network.html"


@pytest.fixture(scope="module")
def large(site: Path) -> str:
    """A drawing of 1,500 accounts, most of them in one network of thirty communities."""
    graph = nx.ring_of_cliques(30, 45)
    graph = nx.disjoint_union(graph, nx.disjoint_union_all([nx.cycle_graph(5) for _ in range(30)]))
    graph = nx.relabel_nodes(graph, {node: f"Account_{node:04}" for node in graph})
    number = {}
    for place, part in enumerate(nx.connected_components(graph), start=1):
        number |= dict.fromkeys(part, place)
    accounts = pd.DataFrame(
        {"account_id": list(graph), "network": [number[name] for name in graph], "url": None}
    )
    folder = site / "reports" / "days" / "large"
    folder.mkdir(parents=True, exist_ok=True)
    NetworkView(graph, accounts=accounts, nodes_shown=1500).write(folder)
    return "reports/days/large/network.html"


def drawn(page: Any) -> Any:
    page.locator("body[data-drawn]").wait_for()
    return page


def at(page: Any, place: dict[str, float]) -> tuple[float, float]:
    box = page.locator("#view").bounding_box()
    return box["x"] + place["x"], box["y"] + place["y"]


def test_fifteen_hundred_accounts_are_thirty_bubbles_that_open(open_page: Any, large: str) -> None:
    page = drawn(open_page(large, viewport={"width": 1280, "height": 800}))
    assert page.get_attribute("body", "data-drawn") == "1500"
    assert page.get_attribute("body", "data-shown") == str(30 + 150)
    page.mouse.click(*at(page, page.evaluate("window.coordlibNetwork.place('Account_0003')")))
    page.locator("body[data-shown='224']").wait_for()
    assert page.inner_text("#panel h2") == "45 accounts"
    page.get_by_role("button", name="Draw these 45 accounts as one again").click()
    page.locator("body[data-shown='180']").wait_for()
    page.get_by_role("button", name="Draw all accounts").click()
    page.locator("body[data-shown='1500']").wait_for()


def test_the_search_forgives_case_and_takes_a_part_of_a_name(open_page: Any, large: str) -> None:
    page = drawn(open_page(large))
    page.fill("#account", "COUNT_0007")
    page.keyboard.press("Tab")
    assert page.inner_text("#panel h2") == "Account_0007", "its bubble has opened"
    page.fill("#account", "count_133")
    page.keyboard.press("Tab")
    assert page.inner_text("#summary") == "10 accounts with “count_133” in the name."
    page.get_by_role("button", name="Account_1331").click()
    assert page.inner_text("#panel h2") == "Account_1331"
    page.fill("#account", "nobody")
    page.keyboard.press("Tab")
    assert page.inner_text("#summary") == "No account with “nobody” in its name is drawn."


def test_zooming_in_makes_room_for_more_of_the_names_in_sight(open_page: Any) -> None:
    page = open_page(NETWORK, viewport={"width": 420, "height": 640})
    page.locator("body[data-names]").wait_for()
    shares = []
    for _ in range(4):
        names, sight = map(int, page.get_attribute("body", "data-names").split(" of "))
        shares.append(names / sight)
        page.click("#closer")
        page.wait_for_timeout(200)
    assert 0 < shares[0] < 0.8, "on a phone not all have room"
    assert shares[-1] > shares[0]


def test_a_click_on_a_line_opens_the_posts_behind_it_on_the_page_around(open_page: Any) -> None:
    page = open_page(DAY, viewport={"width": 1280, "height": 900})
    frame = page.locator(".cl-network iframe")
    frame.scroll_into_view_if_needed()
    inside = page.frame(url="**/network.html")
    inside.locator("body[data-drawn]").wait_for()
    inside.select_option("#network", "3")
    names = ["bad\u202e.actor", '<img src=x onerror="window.pwned=1">']
    place = inside.evaluate("names => window.coordlibNetwork.between(...names)", names)
    page.evaluate(
        "document.querySelector('.cl-network iframe').scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    inside.locator("#view").click(position=place)
    edge = page.locator("#network-3 .cl-edge[open]")
    edge.wait_for()
    assert "bad.actor" in edge.locator("summary").inner_text()
    assert inside.locator("#panel a.evidence").get_attribute("href").startswith("index.html#network-3/")


def test_an_account_in_the_drawing_leads_to_its_posts(open_page: Any) -> None:
    page = drawn(open_page(NETWORK))
    page.fill("#account", "news_3")
    page.keyboard.press("Tab")
    page.get_by_role("link", name="Its posts in pairs").click()
    page.locator("#network-2 tr.cl-hit").wait_for()
    assert page.url.endswith("index.html#network-2/news_3")


def until(frame: Any, condition: str) -> None:
    """Wait for a condition; Playwright's own waiting needs eval, which our pages forbid."""
    for _ in range(100):
        if frame.evaluate(condition):
            return
        frame.wait_for_timeout(100)
    raise AssertionError(condition)


def test_the_wheel_scrolls_the_page_and_not_the_drawing(open_page: Any) -> None:
    page = open_page(DAY)
    frame = page.locator(".cl-network iframe")
    frame.scroll_into_view_if_needed()
    page.frame(url="**/network.html").locator("body[data-drawn]").wait_for()
    box = frame.bounding_box()
    before = page.evaluate("window.scrollY")
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, 300)
    until(page, f"window.scrollY > {before + 100}")


def test_the_drawing_is_dark_where_the_page_is_dark_also_from_disk(
    open_page: Any, site: Path, browser: Any
) -> None:
    dark = "document.documentElement.dataset.theme === 'dark'"
    on_disk = browser.new_page(color_scheme="light")
    on_disk.goto((site / DAY).as_uri())
    for page in (open_page(DAY, color_scheme="light"), on_disk):
        page.locator(".cl-network iframe").scroll_into_view_if_needed()
        inside = page.frame(url="**/network.html")
        inside.locator("body[data-drawn]").wait_for()
        assert not inside.evaluate(dark)
        page.evaluate(
            "document.body.style.backgroundColor = '#222'; document.body.classList.add('quarto-dark')"
        )
        until(inside, dark)
    on_disk.close()


def test_paper_and_readers_without_scripts_get_a_still_picture(open_page: Any) -> None:
    page = open_page(DAY)
    still = page.locator(".cl-still svg")
    assert not still.is_visible()
    page.emulate_media(media="print")
    assert still.is_visible() and not page.locator(".cl-network iframe").is_visible()
    plain = open_page(DAY, java_script_enabled=False)
    assert plain.locator(".cl-still svg").is_visible()
    assert plain.locator(".cl-still circle").count() == 49


def test_on_a_phone_the_legend_waits_until_it_is_asked_for(open_page: Any) -> None:
    page = drawn(open_page(NETWORK, viewport={"width": 390, "height": 700}))
    assert not page.locator("#legend").is_visible()
    page.locator("footer summary").click()
    assert page.locator("#legend li").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_no_name_is_cut_off_and_the_hint_is_for_a_finger(open_page: Any, site: Path) -> None:
    graph = nx.relabel_nodes(nx.path_graph(8), {node: f"sim_mimulaki_{node}" for node in range(8)})
    folder = site / "reports" / "days" / "small"
    folder.mkdir(parents=True, exist_ok=True)
    NetworkView(graph).write(folder)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = drawn(open_page("reports/days/small/network.html", **phone))
    hint = page.inner_text("#panel .hint")
    assert "Two taps open" in hint and "double click" not in hint
    middles = [page.evaluate("name => window.coordlibNetwork.place(name).x", name) for name in graph]
    assert min(middles) > 50 and max(middles) < 340, "half a name is about fifty wide"
    desk = drawn(open_page(NETWORK))
    assert "Ctrl and the wheel zoom" in desk.inner_text("#panel .hint")
    assert "taps" not in desk.inner_text("#panel .hint")
