"""Figures whose title states the finding: matplotlib in the notebook, drawn for desk, phone, light and dark on the site.

What is shown is drawn when the cell ends, from the figure as it then is; the palette is Okabe and Ito's, for colour-blind readers.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, cast

import pandas as pd

from coordlib.report.dictionary import UP, how
from coordlib.report.display import PAGE
from coordlib.report.words import escape, in_one_direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

#: Okabe & Ito's palette; the first two are enough for most figures.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a7d00", "#7f7f7f")
#: Text and line colours, readable on white and in Jupyter's dark theme; the drawing for a page takes the page's own.
INK, _FAINT = "#72777e", "#b4b8be"
#: Colours that the style sheet makes lighter on a dark page.
_THEMED = {"#0072b2": "--cl-data-1", "#d55e00": "--cl-data-2"}
_WIDE, _NARROW = (6.6, 3.0), (3.5, 2.7)
#: What says in an SVG where something is; a hundredth of a point is finer than any screen.
_PLACES = re.compile(r'\b(?:d|x|y|points|transform)="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")
_SIDES: tuple[Literal["center", "left", "right"], ...] = ("center", "left", "right")
_STYLE: dict[Any, Any] = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.edgecolor", "grid.color"), _FAINT),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon", "axes.unicode_minus"), False),
    **dict.fromkeys(("font.size", "axes.titlesize"), 10.5),
    "font.family": "sans-serif",
    "axes.titleweight": "bold",
    "axes.axisbelow": True,
    "svg.fonttype": "none",
    "text.parse_math": False,
}


@contextmanager
def drawing(salt: str = "") -> Iterator[None]:
    """Draw in our style, and without matplotlib's words about fonts."""
    import matplotlib as mpl
    from matplotlib.rcsetup import cycler

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    style = _STYLE | {"axes.prop_cycle": cycler(color=PALETTE), "svg.hashsalt": salt}
    # Our settings alone are put back: a notebook makes its own for pyplot while the first figure is drawn.
    before = {name: mpl.rcParams[name] for name in style}
    mpl.rcParams.update(style)
    try:
        with warnings.catch_warnings():
            # The reader's browser has the glyph; the locator then takes twelve hours.
            for message in ("Glyph .* missing from", "AutoDateLocator was unable"):
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        mpl.rcParams.update(before)


@contextmanager
def chart(
    ax: Axes | None, title: str, alt: str, x: str = "", y: str = "", *, height: float = 1.0
) -> Iterator[Axes]:
    """Give the axes to draw on in our style (a new figure of pyplot's where none are given), with title, alternative text, labels."""
    with drawing():
        if ax is None:
            import matplotlib.pyplot as plt

            figure, ax = plt.subplots(figsize=(_WIDE[0], _WIDE[1] * height), layout="constrained")
        else:
            figure = cast("Figure", ax.get_figure(root=True))
        ax.set(title=textwrap.fill(title, 56), xlabel=x, ylabel=y)
        ax.grid(axis="y", linewidth=0.6, alpha=0.6)
        # One per axes: a researcher may put several charts into one figure.
        figure._coordlib_alt = {**getattr(figure, "_coordlib_alt", {}), ax: alt}  # type: ignore[attr-defined]
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if formatter := getattr(shell, "display_formatter", None):  # the notebook learns how ours are shown
            formatter.mimebundle_formatter.for_type_by_name("matplotlib.figure", "Figure", _bundle)
            _without_theirs(formatter.formatters["image/png"])
        yield ax
        if shell:  # what pyplot would draw of it when the cell ends is seen nowhere
            figure.stale = False


def _without_theirs(png: Any) -> None:
    """Have pyplot's usual picture left out for figures of ours, which bring one: it would be drawn twice more and shown instead."""
    from matplotlib.figure import Figure

    theirs = png.for_type(Figure)
    if getattr(theirs, "keywords", {}).get("fmt") == "png":  # another form is a researcher's choice and stays
        png.for_type(Figure, lambda figure: None if hasattr(figure, "_coordlib_alt") else theirs(figure))


def nothing_to_draw(ax: Axes | None, title: str) -> Axes:
    """Return axes that say in a sentence that there is nothing to draw."""
    with chart(ax, title, "", height=0.35) as ax:
        ax.set_axis_off()
    return ax


def detached_axes() -> Axes:
    """Return axes of a figure that pyplot does not know, for pages that are made outside a notebook."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_WIDE, layout="constrained")
    with drawing():
        return figure.add_subplot()


def _bundle(figure: Figure, include: object = None, exclude: object = None) -> Any:
    """Return the forms of a figure of ours; other people's figures stay as they are."""
    if not hasattr(figure, "_coordlib_alt"):
        return {}, {}
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    png = io.BytesIO()
    with drawing(), _drawn_once(figure, 110, [figure.patch], facecolor="white"):
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(png, metadata={"Software": None})
    words = f"{_title(figure)}. {_alt(figure)}".strip()
    layout = figure.get_layout_engine()
    figure.set_layout_engine("none")  # the second drawing is laid out as the first
    drawn = _svg(figure, _title(figure), current=False)
    figure.set_layout_engine(layout)
    return {
        "image/svg+xml": drawn,
        "image/png": base64.b64encode(png.getvalue()).decode("ascii"),
        "text/plain": words,
        PAGE: _page(figure),
    }, {}


def in_few_colours(png: str) -> str:
    """Return a picture, in base64 as a notebook has it, in 64 colours: a chart looks the same in a third of the bytes."""
    from PIL import Image

    small, large = io.BytesIO(), Image.open(io.BytesIO(base64.b64decode(png)))
    large.convert("RGB").quantize(64).save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode("ascii")


def _title(figure: Figure) -> str:
    found = [axes.get_title(loc=where) for axes in figure.axes for where in _SIDES]
    return ". ".join(" ".join(text.split()) for text in found if text)


def _alt(figure: Figure) -> str:
    """Return the alternative text; empty where there is nothing to draw."""
    return " ".join(text for text in figure._coordlib_alt.values() if text)  # type: ignore[attr-defined]


def figure_html(ax: Axes, up: str = UP) -> str:
    """Return a figure as it stands on a page: two inline drawings, its title as caption, its alternative text."""
    return _page(cast("Figure", ax.get_figure(root=True)), up)


def _page(figure: Figure, up: str = UP) -> str:
    title, alt = _title(figure), _alt(figure)
    if not alt:
        return f'<p class="cl-note">{escape(title)}.</p>'
    wide, tall = (float(length) for length in figure.get_size_inches())
    places = [(axes, where) for axes in figure.axes for where in _SIDES]
    titles = {(axes, where): text for axes, where in places if (text := axes.get_title(loc=where))}
    if len(titles) > 1:
        titles = {}  # each says which of several charts it is about: they stay where they are
    drawings = []
    try:
        for axes, where in titles:
            axes.set_title("", loc=where)
        for kind, size in (("wide", (wide, tall)), ("narrow", (_NARROW[0], tall * _NARROW[1] / _WIDE[1]))):
            figure.set_size_inches(*size)
            drawings.append(f'<div class="cl-{kind}">{_svg(figure, title + kind, current=True)}</div>')
    finally:
        figure.set_size_inches(wide, tall)
        for (axes, where), text in titles.items():
            axes.set_title(text, loc=where)
    body = f'<div role="img" aria-label="{escape(alt)}">{"".join(drawings)}</div>'
    return f'<figure class="cl-figure"><figcaption>{escape(title)} {how("figures", up=up)}</figcaption>{body}</figure>'


def _svg(figure: Figure, name: str, *, current: bool) -> str:
    """Draw a figure as a part of a page: unique ids, no foreign address, and with `current` the page's colours."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    salt = hashlib.sha256(name.encode()).hexdigest()[:12]
    buffer, patches = io.StringIO(), [figure.patch, *(axes.patch for axes in figure.axes)]
    with drawing(salt), _drawn_once(figure, figure.dpi, patches, facecolor="none", edgecolor="none"):
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    svg = _PLACES.sub(lambda found: _DIGITS.sub(r"\1", found[0]), svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="f{salt}-\1"', svg)
    # Also of an image: without its namespace the prefix breaks the file.
    svg = svg.replace("xlink:href=", "href=")
    svg = re.sub(r'href="#([^"]+)"', rf'href="#f{salt}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#f{salt}-\1)", svg)
    svg = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font-size: \1px", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: sans-serif", svg)
    known = set(re.findall(r"#([\w.-]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in known else "", svg)
    svg = re.sub(r' xmlns:xlink="[^"]*"', "", svg)
    if current:
        svg = svg.replace(INK, "currentColor").replace(_FAINT, "var(--cl-line, #8886)")
        for colour, variable in _THEMED.items():
            svg = re.sub(colour, f"var({variable}, {colour})", svg, flags=re.IGNORECASE)
        svg = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", svg, count=1)
        hidden = r'<svg \1aria-hidden="true" focusable="false"'
        svg = re.sub(r'<svg ([^>]*?)height="[^"]*"', hidden, svg, count=1)
    return re.sub(r"\n\s*", " ", svg).strip()


@contextmanager
def _drawn_once(figure: Figure, dpi: float, patches: list[Any], **colours: str) -> Iterator[None]:
    """Prepare a figure for one drawing by a canvas, then put back what it had (``savefig`` draws twice what lays itself out)."""
    canvas, own_dpi = figure.canvas, figure.dpi
    own = [(patch, patch.get_facecolor(), patch.get_edgecolor()) for patch in patches]
    for patch in patches:
        patch.set(**colours)
    figure.set_dpi(dpi)
    try:
        yield
    finally:
        figure.set_canvas(canvas)
        figure.set_dpi(own_dpi)
        for patch, face, edge in own:
            patch.set(facecolor=face, edgecolor=edge)


def short(value: object, length: int = 18) -> str:
    """Return a name cut to fit an axis."""
    text = in_one_direction(value).replace("\n", " ")
    return text if len(text) <= length else text[: length - 1] + "…"


def dates(axes: Axes, *, year: bool = True, hours: bool = True) -> None:
    """Format a date axis with few, short labels (the year at its end, unless the title has it), on whole days without `hours`."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DateFormatter, DayLocator

    first, last = axes.get_xlim()
    locator: Any = AutoDateLocator(minticks=2, maxticks=6)  # type: ignore[no-untyped-call]
    formatter: Any = ConciseDateFormatter(locator, show_offset=year)  # type: ignore[no-untyped-call]
    if not hours and last - first < 4:
        locator, formatter = DayLocator(), DateFormatter("%Y-%m-%d")  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)


def whole_numbers(*axes: Axis) -> None:
    """Put ticks on whole numbers only: there is no half account."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    for axis in axes:
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axis.set_major_locator(MaxNLocator(nbins="auto", integer=True, steps=[1, 2, 5, 10]))


def utc(seconds: pd.Series) -> pd.Series:
    """Return UTC seconds as datetimes without a zone, as matplotlib draws them."""
    return pd.to_datetime(seconds.astype("int64"), unit="s")
