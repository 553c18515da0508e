"""Figures: the finding in words, an alternative text, nothing that can run."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from coordlib.errors import MissingColumnError
from coordlib.report import day_figures as figures
from coordlib.report.figures import Figure

POSTS = pd.DataFrame({"account_id": ["a", "b", "a"], "posted_at": [1735689600, 1735693200, 1735696800]})
EDGES = pd.DataFrame({"weight": [3, 9, 4, 4], "n_objects": [1, 2, 1, 1]})
HISTORY = pd.DataFrame(
    {"date": ["2025-01-02", "2025-01-01"], "pool_size": [12, 10], "n_new_accounts": [2, 1]}
)
NETWORKS = pd.DataFrame({"network": [1, 2], "n_accounts": [3, 8]})
PAIRS = pd.DataFrame({"time_delta": [1, 5, 90]})

DRAWN = {
    "pool_history": (figures.pool_history, HISTORY, "3 new accounts in 2 days: the pool holds 12"),
    "network_sizes": (figures.network_sizes, NETWORKS, "The largest of 2 networks has 8 of 11 accounts"),
    "post_timeline": (figures.post_timeline, POSTS, "3 coordinated posts of 2 accounts from 2025-01-01 00:00"),
    "hours_of_day": (figures.hours_of_day, POSTS, "100% of 3 posts fall between"),
    "seconds_apart": (lambda t: figures.seconds_apart(t, 120), PAIRS, "Half of 3 pairs are at most 5 s apart (allowed: 120 s)"),
    "weight": (figures.weight_against_objects, EDGES, "3 of 4 edges (75%) rest on a single object"),
}  # fmt: skip


def drawings(figure: Figure) -> list[str]:
    return re.findall(r"<svg.*?</svg>", figure.html, re.S)


@pytest.mark.parametrize("name", DRAWN)
def test_the_title_states_the_finding_and_the_drawing_has_an_alternative(name: str) -> None:
    draw, table, title = DRAWN[name]
    figure = draw(table)
    assert figure.title.startswith(title)
    assert len(figure.alt) > 20
    assert 'role="img" aria-label=' in figure.html


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_of_nothing_says_so_instead_of_failing(name: str) -> None:
    draw, table, _ = DRAWN[name]
    empty = draw(table.head(0))
    assert "<svg" not in empty.html, "no axes without anything on them"
    assert empty.title in empty.html


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_for_desk_and_phone_in_the_colours_of_the_page(name: str) -> None:
    draw, table, _ = DRAWN[name]
    figure = draw(table)
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in drawings(figure)]
    assert len(ids) == 2
    assert not set(ids[0]) & set(ids[1]), "two drawings on a page share no id"
    assert "currentColor" in figure.html
    assert "#010203" not in figure.html
    for svg in drawings(figure):
        ET.fromstring(svg)
        for found in re.findall(r'(?:href="|url\()#([^")]+)', svg):
            assert f'id="{found}"' in svg
    assert not re.findall(r'(?:src|href)="https?:', figure.html)


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_table_gives_the_same_bytes(name: str) -> None:
    draw, table, _ = DRAWN[name]
    assert draw(table).html == draw(table).html


def test_hostile_names_on_an_axis_are_text_and_no_formula() -> None:
    names = ["<script>alert(1)</script>", r"$\frac{1}{0}$", "$x", "مرحبا 🎉", "a\x00b"]
    posts = pd.DataFrame({"account_id": names, "posted_at": range(1735689600, 1735689605)})
    figure = figures.post_timeline(posts)
    assert "<script" not in figure.html
    assert "&lt;script" in figure.html
    assert r"$\frac" in figure.html


def test_a_day_without_numbers_stays_a_gap_in_the_history() -> None:
    history = pd.concat(
        [HISTORY, pd.DataFrame({"date": ["2025-01-03"], "pool_size": [None], "n_new_accounts": [None]})]
    )
    assert figures.pool_history(history).title == "3 new accounts in 3 days: the pool holds 12"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MissingColumnError, match="time_delta"):
        figures.seconds_apart(pd.DataFrame({"delta": [1]}), 120)
