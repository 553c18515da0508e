"""The collection-health box: every gap has a name, and nothing an account wrote can run."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from coordlib.describe.day import pool_quality
from coordlib.report.health import health_html, health_table, verdict_of
from coordlib.runs.health import account_warnings, caption_warnings, days_with_rows, planned_queries
from coordlib.store.windows import Window

HOSTILE = '<script>alert("x")</script>'


def window(
    number: int, state: str = "done", rows: int = 0, *, phase: str = "accounts", root: int | None = None
) -> Window:
    """A window over one day, for the accounts uno and due unless it is a part of another."""
    kind = "account" if phase == "accounts" else "caption"
    query = {"and": [{"field_name": "username", "operation": "IN", "field_values": ["uno", "due"]}]}
    day = dt.date(2026, 11, 10)
    return Window(
        window_id=number,
        run_id="r",
        phase=phase,
        query_hash="h",
        query=query,
        start=day,
        end=day,
        upper=day,
        state=state,
        cursor=0,
        search_id=None,
        pages=1,
        empty_pages=0,
        restarts=0,
        rows=rows,
        root_id=root or number,
        subjects=((kind, "uno"), (kind, "due")) if root is None else (),
    )


def posts(number: int) -> pd.DataFrame:
    first = 1_762_000_000
    return pd.DataFrame(
        {"account_id": ["uno"] * number, "posted_at": [first + 60 * k for k in range(number)]}
    )


def test_a_window_that_was_cut_counts_by_its_parts():
    [query] = planned_queries(
        [window(1, "split"), window(2, "done", 3, root=1), window(3, "failed", root=1)], "accounts"
    )
    assert (query.rows, query.silent, query.waiting) == (3, False, False)
    assert query.failed_subjects() == {"uno", "due"}


def test_known_active_accounts_that_turn_to_zero_are_named():
    [warning] = account_warnings(planned_queries([window(1)], "accounts"), posts(12))
    assert "2 accounts from 2026-11-10 to 2026-11-10 returned nothing" in warning["text"]


@pytest.mark.parametrize(("state", "rows", "known"), [("done", 1, 12), ("failed", 0, 12), ("done", 0, 2)])
def test_no_warning_where_rows_came_or_an_error_was_seen_or_little_was_expected(
    state: str, rows: int, known: int
):
    assert account_warnings(planned_queries([window(1, state, rows)], "accounts"), posts(known)) == []


def test_caption_searches_that_all_bring_nothing_are_named_when_earlier_ones_did_not():
    silent = planned_queries([window(1, phase="captions"), window(2, phase="captions")], "captions")
    assert "all 2 caption searches returned nothing" in caption_warnings(silent, (10, 80))[0]["text"]
    assert caption_warnings(silent, (10, 3)) == []
    mixed = planned_queries([window(1, phase="captions"), window(2, rows=1, phase="captions")], "captions")
    assert caption_warnings(mixed, (10, 80)) == []
    in_part = [
        window(2, "split", phase="captions"),
        window(3, rows=4, root=2, phase="captions"),
        window(4, "failed", root=2, phase="captions"),
    ]
    assert (
        caption_warnings(planned_queries([window(1, phase="captions"), *in_part], "captions"), (10, 80)) == []
    )


def test_days_without_a_post_are_counted():
    found = days_with_rows([1_762_000_000], ("2025-11-01", "2025-11-02"))
    assert found == [{"date": "2025-11-01", "rows": 1}, {"date": "2025-11-02", "rows": 0}]


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ({"accounts": {"failed": 3}}, "3 accounts could not be asked for every day"),
        ({"accounts": {"left_over": 1200}}, "1,200 accounts were left"),
        ({"captions": {"left_over": 4}}, "4 captions were left"),
        ({"windows": {"failed": 2}}, "2 queries failed for part of their days"),
        ({"earlier_gaps": [{"date": "2026-11-01", "queries": 2}]}, "1 day of the period has gaps"),
        ({"turned_to_zero": [{"text": "…"}]}, "used to bring posts"),
        ({"stopped": "quota"}, "quota was spent"),
        ({"stopped": "outage"}, "failed or refused every query"),
    ],
)
def test_the_verdict_names_every_gap(health: dict[str, object], words: str):
    assert words in verdict_of(health)[0]
    assert verdict_of(health)[1] != "complete"


def test_nothing_hostile_survives_in_the_box():
    health = {
        "accounts": {
            "active": 1,
            "asked": 1,
            "failed": 1,
            "failed_names": [HOSTILE],
            "refused_names": [HOSTILE],
        },
        "windows": {"failed": 1, "failed_list": [{"phase": HOSTILE, "reason": HOSTILE, "log_id": HOSTILE}]},
        "requests": {"spent": 2, "budget": 10, "by_outcome": {HOSTILE: 1}},
        "errors": {
            HOSTILE: {"count": 1, "samples": [{"code": HOSTILE, "message": HOSTILE, "log_id": HOSTILE}]}
        },
        "turned_to_zero": [{"text": HOSTILE}],
        "days": [{"date": HOSTILE, "rows": 0}],
        "truth": {
            "n_hits": 1,
            "n_pool": 1,
            "n_planted": 1,
            "networks": [{"network": HOSTILE, "n_hits": 1, "n_planted": 1}],
        },
    }
    page = health_html({"health": health})
    assert "<script" not in page
    assert page.count("&lt;script") >= 9


def test_a_replayed_archive_shows_the_errors_of_its_log_and_no_invented_numbers():
    page = health_html(
        {"source": "archive", "n_errors": 3, "errors_by_type": {"HTTP 500": 3}, "error_samples": ["log_id 1"]}
    )
    assert "HTTP 500" in page and "log_id 1" in page
    assert "accounts" not in health_table({"source": "archive"})["part"].tolist()


def test_without_any_facts_the_box_says_so():
    assert "kept no record" in health_html({})


def test_precision_and_recall_are_shares_of_the_pool_and_of_the_planted_accounts():
    found = pool_quality(["a", "b", "x", "y"], {"a": "one", "b": "two", "c": "two"})
    assert (found["precision"], found["recall"]) == (0.5, 2 / 3)
    assert [(item["network"], item["n_hits"], item["n_planted"]) for item in found["networks"]] == [
        ("one", 1, 1),
        ("two", 1, 2),
    ]


def test_an_empty_pool_has_no_precision_rather_than_a_wrong_one():
    found = pool_quality([], {"a": "one"})
    assert (found["precision"], found["recall"]) == (None, 0.0)
