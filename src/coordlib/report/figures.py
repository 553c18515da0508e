"""Figures whose title states the finding, drawn for a wide and a narrow screen and for light and dark.

Each is inline SVG: text in the page's colour, one drawing for a desk and one for a phone (the page shows
the one that fits), an alternative text, a palette that colour-blind readers can tell apart (Okabe-Ito).
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from coordlib.report.tables import show_html
from coordlib.report.text import clean_text, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

#: Okabe & Ito's palette; the first two are enough for most figures.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a7d00", "#7f7f7f")
INK = "#010203"  # replaced by the page's text colour
_FAINT = "#040506"  # replaced by the page's faint line colour
#: Colours that the style sheet makes lighter on a dark page.
_THEMED = {"#0072b2": "--cl-data-1", "#d55e00": "--cl-data-2"}
_WIDE, _NARROW = (6.6, 3.0), (3.5, 2.7)


@dataclass(frozen=True)
class Figure:
    """A drawn figure: the finding as title, the alternative text, and its HTML."""

    title: str
    alt: str
    html: str


def make_figure(draw: Callable[[Axes, bool], None], title: str, alt: str, *, height: float = 1.0) -> Figure:
    """Draw a figure twice (wide, narrow) and return it as HTML.

    Parameters
    ----------
    draw
        Gets the axes and whether the drawing is the narrow one.
    title
        The finding, as a sentence.
    alt
        What a reader who does not see the figure needs to know.
    height
        Factor on the usual height.
    """
    drawings = []
    for kind, (width, tall) in (("wide", _WIDE), ("narrow", _NARROW)):
        svg = _svg(draw, (width, tall * height), kind == "narrow", title)
        drawings.append(f'<div class="cl-{kind}">{svg}</div>')
    body = f'<div role="img" aria-label="{escape(alt)}">{"".join(drawings)}</div>'
    return Figure(
        title, alt, f'<figure class="cl-figure"><figcaption>{escape(title)}</figcaption>{body}</figure>'
    )


def no_figure(title: str) -> Figure:
    """Return a sentence in the place of a figure that would have nothing to draw."""
    return Figure(title, title, f'<p class="cl-note">{escape(title)}.</p>')


def show_figure(figure: Figure) -> None:
    """Show a figure on the page."""
    show_html(figure.html)


def _svg(draw: Callable[[Axes, bool], None], size: tuple[float, float], narrow: bool, name: str) -> str:
    import matplotlib as mpl
    from cycler import cycler
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    salt = hashlib.sha256(f"{name}{narrow}".encode()).hexdigest()[:12]
    style: dict[Any, Any] = {
        "svg.fonttype": "none", "svg.hashsalt": salt, "text.parse_math": False, "font.size": 11 if not narrow else 10,
        "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": _FAINT,
        "grid.color": _FAINT, "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=PALETTE), "font.family": "sans-serif", "legend.frameon": False,
        "axes.unicode_minus": False,
    }  # fmt: skip
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    with mpl.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from"
        )  # the reader's browser has the glyph
        warnings.filterwarnings("ignore", message="AutoDateLocator was unable")  # it then takes twelve hours
        figure = Canvas(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.grid(axis="y", linewidth=0.6, alpha=0.6)
        draw(axes, narrow)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _clean_svg(buffer.getvalue(), salt)


def _clean_svg(svg: str, salt: str) -> str:
    """Make an SVG file a part of a page: unique ids, the page's colours and font, no foreign address."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="f{salt}-\1"', svg)
    svg = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'href="#f{salt}-\2"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#f{salt}-\1)", svg)
    svg = svg.replace(INK, "currentColor").replace(_FAINT, "var(--cl-line, #8886)")
    for colour, name in _THEMED.items():
        svg = re.sub(colour, f"var({name}, {colour})", svg, flags=re.IGNORECASE)
    svg = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font-size: \1px", svg)
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", svg, count=1)
    svg = re.sub(r'<svg ([^>]*?)height="[^"]*"', r'<svg \1aria-hidden="true" focusable="false"', svg, count=1)
    svg = re.sub(r' xmlns:xlink="[^"]*"', "", svg)
    return re.sub(r"\n\s*", "\n", svg).strip()


def plural(number: int, word: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "account"), plural(1200, "account")
    ('1 account', '1,200 accounts')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def short(value: object, length: int = 18) -> str:
    """Return a name cut to fit an axis."""
    text = clean_text(value).replace("\n", " ")
    return text if len(text) <= length else text[: length - 1] + "…"


def dates(axes: Axes, narrow: bool, *, year: bool = True) -> None:
    """Format a date axis with few, short labels (the year at its end, unless the title has it)."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator: Any = AutoDateLocator(minticks=2, maxticks=5 if narrow else 8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter: Any = ConciseDateFormatter(locator, show_offset=year)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)


def whole_numbers(axis: Axis) -> None:
    """Put ticks on whole numbers only: there is no half account."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.set_major_locator(MaxNLocator(nbins="auto", integer=True, steps=[1, 2, 5, 10]))


def utc(seconds: pd.Series) -> pd.Series:
    """Return UTC seconds as datetimes without a zone, as matplotlib draws them."""
    return pd.to_datetime(seconds.astype("int64"), unit="s")
