"""Requests go where pages come back full, nobody is forgotten, and what does not fit is named."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordlib.parameters import CollectionParameters
from coordlib.store.coverage import AccountHistory, CaptionHistory
from coordlib.tiktok import plan_accounts, plan_captions
from coordlib.tiktok.plan import expected_pages, keyword_of, posting_rates

DAY = dt.date(2026, 11, 23)
END = dt.date(2026, 11, 20)
SETTINGS = CollectionParameters()


def ago(days):
    return END - dt.timedelta(days=days)


def account(name, per_day=0.0, *, last=1, days=30, **more):
    """An account asked for the last time ``last`` days before the newest day that can be asked for."""
    return AccountHistory(
        name, (ago(last + days - 1), ago(last)), ago(last), round(per_day * days), days, **more
    )


def caption(text, sharers, *, seen=1, covered=None):
    names = tuple(f"u{n}" for n in range(sharers))
    return CaptionHistory(text.ljust(80, "."), names, ago(seen), ago(seen), covered)


def asked(plan):
    return [name for request in plan.requests for _, name in request.subjects]


def test_new_accounts_are_asked_for_the_whole_period_up_to_the_archive_delay():
    plan = plan_accounts([AccountHistory("a"), AccountHistory("b")], DAY, 1000, SETTINGS)
    (request,) = plan.requests
    assert (request.start, request.end) == (ago(14), END)
    assert asked(plan) == ["a", "b"]


def test_only_days_not_yet_covered_are_asked_for():
    plan = plan_accounts([account("busy", 5, last=2)], DAY, 1000, SETTINGS)
    assert [(item.start, item.end) for item in plan.requests] == [(ago(1), END)]


def test_an_account_that_is_covered_is_not_asked_again():
    plan = plan_accounts([account("busy", 5, last=0)], DAY, 1000, SETTINGS)
    assert (plan.requests, plan.not_due) == ((), 1)


def test_a_quiet_account_waits_until_its_interval_is_over():
    quiet = [account("quiet", 0.0, last=6), account("quiet7", 0.0, last=7)]
    assert asked(plan_accounts(quiet, DAY, 1000, SETTINGS)) == ["quiet7"]


def test_busy_accounts_share_queries_that_fill_pages():
    pool = [account(f"u{n:03}", 2.0) for n in range(500)]
    plan = plan_accounts(pool, DAY, 1000, SETTINGS)
    assert sorted(asked(plan)) == sorted(item.account_id for item in pool)
    assert all(len(item.subjects) <= 100 for item in plan.requests)
    assert plan.expected_rows / plan.expected_requests > 60


def test_everybody_who_is_due_is_asked_exactly_once_or_carried_over():
    choose = random.Random(1)
    pool = [account(f"u{n}", choose.choice([0, 0.1, 1, 9]), last=choose.randint(1, 9)) for n in range(2000)]
    for budget in (0, 3, 20, 1000):
        plan = plan_accounts(pool, DAY, budget, SETTINGS)
        names = [*asked(plan), *plan.carried_over]
        assert len(names) == len(set(names)) == 2000 - plan.not_due
        assert plan.expected_requests <= budget * (1 - SETTINGS.caption_share) + 1


def test_the_plan_is_the_same_whatever_the_order_of_the_pool():
    pool = [account(f"u{n}", n % 5, last=1 + n % 8) for n in range(300)]
    shuffled = random.Random(2).sample(pool, len(pool))
    assert plan_accounts(pool, DAY, 50, SETTINGS) == plan_accounts(shuffled, DAY, 50, SETTINGS)


def test_with_a_tiny_budget_nobody_is_forgotten():
    """Accounts are asked in turn when only two requests a day are left for thousands of quiet accounts."""
    settings = CollectionParameters(caption_share=0, accounts_per_query=20)
    last_asked = {f"u{n:03}": END for n in range(200)}
    longest = 0
    for number in range(1, 60):
        day, end = DAY + dt.timedelta(days=number), END + dt.timedelta(days=number)
        pool = [
            AccountHistory(name, (last - dt.timedelta(days=29), last), last, 30 if name < "u040" else 0, 30)
            for name, last in last_asked.items()
        ]
        for name in asked(plan_accounts(pool, day, 2, settings)):
            last_asked[name] = end
        longest = max(longest, *((end - last).days for last in last_asked.values()))
    assert longest < 30
    assert all(last > END for last in last_asked.values())


def test_a_refused_account_is_tried_again_only_after_a_month():
    refused = [
        account("lately", 5, last=3, problem="is private"),
        AccountHistory("long_ago", (ago(60), ago(40)), ago(40), 0, 0, "is private"),
    ]
    assert asked(plan_accounts(refused, DAY, 1000, SETTINGS)) == ["long_ago"]


def test_an_impossible_handle_does_not_keep_the_others_from_being_asked():
    plan = plan_accounts([AccountHistory("good"), AccountHistory("not a handle")], DAY, 1000, SETTINGS)
    assert asked(plan) == ["good"]
    assert "not a handle" in plan.carried_over


def test_captions_many_share_come_before_captions_few_share():
    found = [caption("few", 2), caption("many", 30), caption("one", 1)]
    plan = plan_captions(found, DAY, 1000, CollectionParameters(captions_per_query=1, min_yield=0))
    words = [item.query.and_[0].field_values[0].rstrip(".") for item in plan.requests]
    assert words == ["many", "few", "one"]


def test_newer_captions_come_before_older_ones():
    plan = plan_captions(
        [caption("old", 5, seen=12), caption("new", 5, seen=0)],
        DAY,
        1000,
        CollectionParameters(captions_per_query=1, min_yield=0),
    )
    assert [item.end for item in plan.requests] == sorted((item.end for item in plan.requests), reverse=True)


def test_several_captions_share_a_query_and_leave_out_those_who_are_known_to_share_them():
    plan = plan_captions([caption(f"caption {n}", 3) for n in range(30)], DAY, 1000, SETTINGS)
    assert len(plan.requests) < 5
    assert plan.requests[0].query.not_[0].field_values == ("u0", "u1", "u2")
    everyone = plan_captions([caption("x", 3)], DAY, 1000, CollectionParameters(skip_known=False))
    assert everyone.requests[0].query.not_ == ()


def test_a_caption_is_searched_around_its_posts_and_only_where_not_covered():
    near = CollectionParameters(caption_margin_days=1)
    plan = plan_captions([caption("x", 9, seen=4, covered=(ago(14), ago(4)))], DAY, 1000, near)
    assert [(item.start, item.end) for item in plan.requests] == [(ago(3), ago(3))]
    done = plan_captions([caption("x", 9, seen=4, covered=(ago(14), ago(3)))], DAY, 1000, near)
    assert (done.requests, done.not_due) == ((), 1)
    whole = plan_captions([caption("x", 9, seen=4)], DAY, 1000, SETTINGS)
    assert [(item.start, item.end) for item in whole.requests] == [(ago(14), END)]


def test_captions_without_a_budget_are_carried_over_not_lost():
    plan = plan_captions([caption(f"c{n}", 40) for n in range(10)], DAY, 0, SETTINGS)
    assert plan.requests == () and len(plan.carried_over) == 10


def test_a_query_of_captions_never_grows_beyond_what_a_request_carries():
    long = [caption(f"{n} " + "word " * 400, 2) for n in range(100)]
    for item in plan_captions(long, DAY, 1000, SETTINGS).requests:
        assert sum(map(len, item.query.and_[0].field_values)) <= 6000


def test_the_dry_run_text_names_cost_yield_and_what_is_left():
    pool = [account(f"u{n}", 3) for n in range(500)]
    text = plan_accounts(pool, DAY, 10, SETTINGS).describe()
    assert "of 10 requests" in text and "videos" in text and "carried over for lack of requests" in text


@given(st.floats(0, 5000), st.floats(0, 100))
def test_more_rows_never_cost_fewer_pages(rows, more):
    assert expected_pages(rows) <= expected_pages(rows + more) + 0.002
    assert expected_pages(rows) >= max(1, rows / 100) - 0.01


@given(st.text(max_size=2000))
def test_the_searched_words_are_a_part_of_the_caption(text):
    keyword = keyword_of(text)
    assert keyword in text.replace("\x00", "")
    assert len(keyword) <= 300


def test_the_rate_of_an_unknown_account_is_that_of_the_pool():
    rates = posting_rates([account("a", 2, days=30), account("b", 0, days=30), AccountHistory("new")])
    assert rates["new"] == pytest.approx(1, abs=0.05)
    assert rates["a"] > 1.8 and rates["b"] < 0.2
