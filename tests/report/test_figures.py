"""Figures: the finding in words, an alternative text, nothing that can run."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import partial
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from coordlib.errors import MissingColumnError
from coordlib.report import charts
from coordlib.report.display import PAGE
from coordlib.report.figures import _bundle, _without_theirs, detached_axes, figure_html

POSTS = pd.DataFrame({"account_id": ["a", "b", "a"], "posted_at": [1735689600, 1735693200, 1735696800]})
EDGES = pd.DataFrame({"weight": [3, 9, 4, 4], "n_objects": [1, 2, 1, 1]})
HISTORY = pd.DataFrame(
    {"date": ["2025-01-02", "2025-01-01"], "pool_size": [12, 10], "n_new_accounts": [2, 1]}
)
NETWORKS = pd.DataFrame({"network": [1, 2], "n_accounts": [3, 8]})
PAIRS = pd.DataFrame({"time_delta": [1, 5, 90]})
WHOLE = pd.DataFrame(
    {
        "statistic": ["modularity", "transitivity", "giant_share"] * 2,
        "null": ["all times"] * 3 + ["by day"] * 3,
        "observed": [0.7, 0.5, 0.2] * 2,
        "null_low": [0.3, 0.4, 0.4] * 2,
        "null_high": [0.5, 0.6, 0.9] * 2,
        "p_more": [0.001, 0.5, 1.0] * 2,
        "p_less": [1.0, 0.5, 0.001] * 2,
    }
)

DRAWN = {
    "pool_history": (charts.pool_history, HISTORY, "3 new accounts in 2 days: the pool holds 12"),
    "network_sizes": (charts.network_sizes, NETWORKS, "The largest of 2 networks has 8 of 11 accounts"),
    "post_timeline": (charts.post_timeline, POSTS, "3 posts in pairs, by 2 accounts, from 2025-01-01 00:00"),
    "hours_of_day": (charts.hours_of_day, POSTS, "100% of 3 posts fall between"),
    "seconds_apart": (
        lambda t, ax: charts.seconds_apart(t, 120, ax),
        PAIRS,
        "Half of 3 pairs are at most 5 s apart (allowed: 120 s)",
    ),
    "whole": (
        charts.network_against_random,
        WHOLE,
        "Beside random networks: more divided into communities, a smaller largest network",
    ),
    "weight": (charts.weight_against_objects, EDGES, "3 of 4 edges (75%) rest on a single object"),
}


def drawn(draw: Any, table: pd.DataFrame) -> tuple[str, str]:
    """The title of a figure and its HTML."""
    axes = draw(table, ax=detached_axes()) if draw.__name__ != "<lambda>" else draw(table, detached_axes())
    return " ".join(axes.get_title().split()), figure_html(axes)


def drawings(html: str) -> list[str]:
    return re.findall(r"<svg.*?</svg>", html, re.S)


@pytest.mark.parametrize("name", DRAWN)
def test_the_title_states_the_finding_and_the_drawing_has_an_alternative(name: str) -> None:
    draw, table, title = DRAWN[name]
    stated, html = drawn(draw, table)
    assert stated.startswith(title)
    assert len(re.findall(r'role="img" aria-label="[^"]{20,}"', html)) == 1


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_of_nothing_says_so_instead_of_failing(name: str) -> None:
    draw, table, _ = DRAWN[name]
    title, html = drawn(draw, table.head(0))
    assert "<svg" not in html, "no axes without anything on them"
    assert title in html


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_for_desk_and_phone_in_the_colours_of_the_page(name: str) -> None:
    draw, table, _ = DRAWN[name]
    _, html = drawn(draw, table)
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in drawings(html)]
    assert len(ids) == 2
    assert not set(ids[0]) & set(ids[1]), "two drawings on a page share no id"
    assert "currentColor" in html
    for svg in drawings(html):
        ET.fromstring(svg)
        for found in re.findall(r'(?:href="|url\()#([^")]+)', svg):
            assert f'id="{found}"' in svg
    assert not re.findall(r'(?:src|href)="https?:', html)


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_table_gives_the_same_bytes(name: str) -> None:
    draw, table, _ = DRAWN[name]
    assert drawn(draw, table) == drawn(draw, table)


def test_hostile_names_on_an_axis_are_text_and_no_formula() -> None:
    names = ["<script>alert(1)</script>", r"$\frac{1}{0}$", "$x", "مرحبا 🎉", "a\x00b", "user_\u202eevil"]
    posts = pd.DataFrame({"account_id": names, "posted_at": range(1735689600, 1735689606)})
    _, html = drawn(charts.post_timeline, posts)
    assert "<script" not in html
    assert "&lt;script" in html
    assert r"$\frac" in html
    assert ">user_evil<" in html and "\u202e" not in html


def test_a_day_without_numbers_stays_a_gap_in_the_history() -> None:
    history = pd.concat(
        [HISTORY, pd.DataFrame({"date": ["2025-01-03"], "pool_size": [None], "n_new_accounts": [None]})]
    )
    assert drawn(charts.pool_history, history)[0] == "3 new accounts in 3 days: the pool holds 12"


@pytest.mark.parametrize("days", [1, 2, 3, 4, 10])
def test_the_ticks_of_a_history_are_whole_days(days: int) -> None:
    dates = pd.date_range("2025-01-30", periods=days).strftime("%Y-%m-%d")
    axes = charts.pool_history(
        pd.DataFrame({"date": dates, "pool_size": 1, "n_new_accounts": 1}), detached_axes()
    )
    axes.figure.canvas.draw()
    assert all(place % 1 == 0 for place in axes.get_xticks())
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels and ":" not in "".join(labels)
    assert days > 3 or labels == list(dates)


def test_a_long_history_is_told_by_week_so_that_a_page_does_not_grow_with_the_archive() -> None:
    dates = pd.date_range("2025-01-01", periods=365).strftime("%Y-%m-%d")
    history = pd.DataFrame({"date": dates, "pool_size": range(1, 366), "n_new_accounts": 1})
    title, html = drawn(charts.pool_history, history)
    assert title == "365 new accounts in 365 days: the pool holds 365"
    assert "new accounts per week" in html
    assert len(html) < 3 * len(drawn(charts.pool_history, history.head(14))[1])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MissingColumnError, match="time_delta"):
        charts.seconds_apart(pd.DataFrame({"delta": [1]}), 120)


def test_what_a_researcher_changes_after_drawing_is_in_every_form_of_the_figure() -> None:
    axes = charts.hours_of_day(POSTS, ax=detached_axes())
    axes.set_title("My own words")
    axes.patches[0].set_facecolor("#123456")
    html = figure_html(axes)
    assert "<figcaption>My own words <a" in html
    assert [svg.count("#123456") > 0 for svg in drawings(html)] == [True, True]


def test_a_figure_of_ours_shows_itself_in_a_notebook_and_others_stay_as_they_are() -> None:
    axes = charts.hours_of_day(POSTS, ax=detached_axes())
    data, _ = _bundle(axes.figure)
    assert {"image/svg+xml", "image/png", "text/plain", PAGE} == set(data)
    ET.fromstring(data["image/svg+xml"])
    assert _bundle(Figure()) == ({}, {})


def test_an_image_inside_a_drawing_leaves_it_a_whole_file() -> None:
    axes = charts.hours_of_day(POSTS, ax=detached_axes())
    axes.imshow([[0, 1], [1, 0]])
    svg = ET.fromstring(_bundle(axes.figure)[0]["image/svg+xml"])
    assert [image.get("href", "")[:15] for image in svg.iter("{http://www.w3.org/2000/svg}image")] == [
        "data:image/png;"
    ]


def test_a_long_title_fits_the_picture_and_the_legend_stands_clear_of_the_label() -> None:
    odd = WHOLE.assign(observed=[0.7, 0.7, 0.2] * 2, p_more=[0.001, 0.001, 1.0] * 2)
    axes = charts.network_against_random(odd, detached_axes())
    figure = axes.figure
    FigureCanvasAgg(figure).draw()
    title, label = axes.title.get_window_extent(), axes.xaxis.label.get_window_extent()
    assert axes.get_title().count("\n") >= 1
    assert title.x0 >= 0 and title.x1 <= figure.bbox.width
    assert axes.get_legend().get_window_extent().y1 <= label.y0


def test_the_legend_of_the_weights_lies_below_the_bars() -> None:
    axes = charts.weight_against_objects(EDGES, detached_axes())
    FigureCanvasAgg(axes.figure).draw()
    assert axes.get_legend().get_window_extent().y1 <= axes.xaxis.label.get_window_extent().y0


def test_pyplots_own_picture_is_left_out_for_figures_of_ours_but_for_a_researchers_choice() -> None:
    shown = DisplayFormatter()
    png = shown.formatters["image/png"]
    ours, other = charts.weight_against_objects(EDGES, detached_axes()).figure, Figure()
    png.for_type(Figure, partial(lambda figure, fmt: "theirs", fmt="png"))
    _without_theirs(png)
    assert (png(ours), png(other)) == (None, "theirs")
    png.for_type(Figure, partial(lambda figure: "retina"))
    _without_theirs(png)
    assert png(ours) == "retina"


def test_several_charts_in_one_figure_keep_their_titles_and_alternatives() -> None:
    first, second = Figure(figsize=(8, 3)).subplots(1, 2)
    charts.hours_of_day(POSTS, ax=first)
    charts.seconds_apart(PAIRS, 120, second)
    html = figure_html(first)
    titles = [" ".join(axes.get_title().split()) for axes in (first, second)]
    assert f"<figcaption>{titles[0]}. {titles[1]} <a" in html
    assert all(html.count(words) >= 3 for words in ("posts fall", "pairs are")), "caption and both drawings"
    (alternative,) = re.findall('role="img" aria-label="([^"]*)"', html)
    assert titles[0] in alternative and titles[1] in alternative


def test_a_chart_of_nothing_does_not_take_its_neighbour_away() -> None:
    first, second = Figure(figsize=(8, 3)).subplots(1, 2)
    charts.hours_of_day(POSTS, ax=first)
    charts.seconds_apart(PAIRS.head(0), 120, second)
    assert len(drawings(figure_html(first))) == 2


def test_a_chart_on_a_researchers_own_axes_tells_the_notebook_how_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    axes = charts.hours_of_day(POSTS, ax=Figure().subplots())
    shown, _ = shell.display_formatter.format(axes.figure)
    assert PAGE in shown


def test_pyplot_draws_a_chart_only_for_a_change_made_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    axes = charts.seconds_apart(PAIRS, 120, Figure().subplots())
    assert not axes.figure.stale
    axes.set_xlabel("seconds")
    assert axes.figure.stale
