"""The site as `coordlib replay` leaves it, notebooks run and all, in a real browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from coordlib.parameters import ComponentAnalysis
from coordlib.report.words import restore
from coordlib.runs.analysis import analyse_component
from coordlib.site.build import render_site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def replayed(
    browser: Any,
    serve_site: Any,
    watch_pages: Any,
    replayed_world: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SimpleNamespace]:
    """Two replayed days of a simulated world and the analysis of one network, rendered and served."""
    root = tmp_path_factory.mktemp("replayed")
    shutil.copytree(replayed_world / "w", root / "w")
    days = sorted((root / "w" / "reports" / "days").iterdir())
    runs = [json.loads((day / "run.json").read_text()) for day in days]
    day, run = next((d, r) for d, r in zip(days, runs, strict=True) if r["outcome"] == "network")
    analyse_component(ComponentAnalysis(workspace=str(root / "w"), date=day.name, network=1))
    site = render_site(root / "w", root / "public" / "monitor", engine="smalldocs")
    with serve_site(site) as address, watch_pages(browser, address) as opened:
        yield SimpleNamespace(open=opened, site=site, day=day, run=run, address=address)


def test_every_page_opens_without_a_console_error_or_a_request_to_another_host(
    replayed: SimpleNamespace,
) -> None:
    pages = sorted(str(path.relative_to(replayed.site)) for path in replayed.site.rglob("*.html"))
    assert len([page for page in pages if page.endswith("index.html")]) == 7, (
        "two days and an analysis, each with its version"
    )
    for path in pages:
        page = replayed.open(path)
        page.wait_for_timeout(500)
        assert "imulated data" in page.inner_text("header")
        page.close()


def test_the_network_of_the_day_draws_and_a_click_reaches_the_address_of_the_account(
    replayed: SimpleNamespace,
) -> None:
    page = replayed.open(f"reports/days/{replayed.day.name}/v1/index.html")
    frame = page.locator(".cl-network iframe")
    frame.scroll_into_view_if_needed()
    count = replayed.run["counts"]["n_accounts"]
    frame.content_frame.locator(f"body[data-drawn='{count}']").wait_for()
    accounts = pd.read_csv(replayed.day / "accounts.csv", dtype=str, keep_default_na=False).map(restore)
    largest = accounts.assign(degree=accounts["degree"].astype(int)).sort_values("degree").iloc[-1]
    alone = replayed.open(f"reports/days/{replayed.day.name}/v1/network.html")
    alone.locator("body[data-drawn]").wait_for()
    place = alone.evaluate("name => window.coordlibNetwork.place(name)", largest["account_id"])
    box = alone.locator("#view").bounding_box()
    alone.mouse.click(box["x"] + place["x"], box["y"] + place["y"])
    assert alone.locator("#account-link").get_attribute("href") == largest["url"]


def test_tables_of_the_executed_notebook_sort_and_filter(replayed: SimpleNamespace) -> None:
    page = replayed.open(f"reports/days/{replayed.day.name}/v1/index.html")
    box = page.locator(".cl-table", has=page.locator("caption", has_text="Posts in pairs"))
    head = box.locator("thead th", has_text="views")
    head.locator("button").click()
    place = head.evaluate("cell => cell.cellIndex") + 1
    views = [
        int(text.replace(",", "")) for text in box.locator(f"tbody td:nth-child({place})").all_inner_texts()
    ]
    assert views == sorted(views, reverse=True)
    account = box.locator("tbody td:nth-child(2)").first.inner_text()
    box.get_by_label("Filter Posts in pairs").fill(account)
    assert set(box.locator("tbody td:nth-child(2)").all_inner_texts()) == {account}


def test_every_number_of_every_page_leads_to_how_it_was_made(replayed: SimpleNamespace) -> None:
    unexplained = (Path(__file__).parent / "unexplained.js").read_text()
    for path in sorted(replayed.site.rglob("index.html")):
        if 'http-equiv="refresh"' in path.read_text(encoding="utf-8"):
            continue  # it only leads to a version
        page = replayed.open(str(path.relative_to(replayed.site)), java_script_enabled=False)
        assert page.evaluate(unexplained) == [], path.parent.name
