"""The archive: days under their months, with outcome, subjects and coverage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coordlib.report import RunRecord
from coordlib.site.home import days_table
from coordlib.site.reports import Shown


def test_a_day_says_what_it_found_about_what_and_how_complete_it_is(tmp_path: Path) -> None:
    run = RunRecord(
        date="2025-10-30",
        outcome="network",
        counts={"n_accounts": 1500, "n_networks": 4, "n_new_accounts": 7},
        facts={"source": "archive"},
        subjects=[("war, <b>news</b>", 11), ("football", 3), ("radio", 1)],
    )
    gaps = {"source": "api", "health": {"captions": {"failed": 19}}}
    quiet = RunRecord(date="2025-09-01", outcome="too-little-data")
    days = [
        Shown(tmp_path, run, "days/2025-10-30"),
        Shown(tmp_path / "no", quiet, "days/x"),
        Shown(tmp_path / "no", quiet.model_copy(update={"facts": gaps}), "days/y"),
    ]
    html = days_table(days, "")
    assert (
        html.index("October 2025")
        < html.index("1,500")
        < html.index("September 2025")
        < html.index("too little data")
    )
    assert "war, &lt;b&gt;news&lt;/b&gt;; football; and 1 more" in html
    assert '<a href="days/2025-10-30/v1/index.html">2025-10-30</a>' in html
    assert ">from an archive<" in html and ">not known<" in html and ">gaps<" in html
    assert 'href="data-dictionary.html#days-coverage"' in html


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_archive_has_months_as_headings_and_every_day(open_page: Any) -> None:
    page = open_page("reports/archive.html")
    groups = page.locator("tr.cl-group th")
    assert groups.all_inner_texts() == ["January 2025"]
    days = page.locator(".cl-table tbody tr:not(.cl-group)")
    assert days.count() == 5
    assert "network" in days.first.inner_text() and "label" in days.first.inner_text()
    days.first.locator("a").first.click()
    assert "/reports/days/2025-01-05/" in page.url
