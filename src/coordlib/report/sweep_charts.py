"""Figures of a sweep: the specification curve, a heat map of two parameters, how often accounts are included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coordlib.detect.sweep import Sweep
from coordlib.errors import ParameterError
from coordlib.report.figures import PALETTE, axes_for, drawing, nothing_to_draw, whole_numbers
from coordlib.report.words import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What a heat map shows first, where it varies.
_ACROSS = ("time_window", "edge_weight", "min_weight")


def specification_curve(found: Sweep, ax: Axes | None = None) -> Axes:
    """Draw the accounts found at every point, fewest first, with the choices each point made below.

    A dot in a row below the curve says that the point above it has that value.
    """
    points = found.points.sort_values("accounts", kind="stable", ignore_index=True)
    if points.empty:
        return nothing_to_draw(ax, "There is no point to draw")
    low, high = int(points["accounts"].min()), int(points["accounts"].max())
    place = int(np.flatnonzero(_is_reference(points, found.reference))[0])
    here = int(points["accounts"].iloc[place])
    title = f"{low:,} to {plural(high, 'account')} over {plural(len(points), 'setting')}; {here:,} at the reference ({reference_words(found)})"
    choices = [(name, value) for name in found.varied for value in dict.fromkeys(found.points[name].tolist())]
    alt = f"Line: accounts found at each of {len(points):,} settings, fewest first. Rows of dots below: the values of {', '.join(found.varied)}. {title}."
    with drawing():
        ax = axes_for(ax, title, alt, height=1.0 + 0.075 * len(choices))
        step = max(high, 1) / 12
        ax.plot(
            range(len(points)), points["accounts"], color=PALETTE[0], marker="o", markersize=3, linewidth=1
        )
        ax.plot([place], [here], color=PALETTE[1], marker="D", markersize=7)
        for row, (name, value) in enumerate(choices, start=1):
            chosen = np.flatnonzero(points[name].map(repr).to_numpy() == repr(value))
            ax.scatter(chosen, np.full(len(chosen), -row * step), s=9, color=PALETTE[7], linewidths=0)
        ticks = [tick for tick in ax.get_yticks() if 0 <= tick <= high * 1.05]
        rows = [-row * step for row in range(1, len(choices) + 1)]
        ax.set_yticks(
            [*ticks, *rows], [*(f"{tick:,.0f}" for tick in ticks), *(f"{name} {_word(value)}" for name, value in choices)]
        )  # fmt: skip
        ax.tick_params(axis="y", labelsize=8)
        ax.set_xlabel("settings, fewest accounts first")
        ax.set_ylabel("accounts")
    return ax


def heat_map(found: Sweep, x: str | None = None, y: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the accounts found for every two values of two parameters, the others as in the reference.

    Parameters
    ----------
    found
        What :func:`coordlib.sweep` returned.
    x, y
        The parameters across and down (none: the window and the threshold, or else the first two that vary).
    ax
        Axes to draw on (none: a new figure).

    Raises
    ------
    ParameterError
        The points do not have that parameter.
    """
    if found.points.empty:
        return nothing_to_draw(ax, "There is no point to draw")
    free = [name for name in _ACROSS if name in found.varied] + [n for n in found.varied if n not in _ACROSS]
    free += [name for name in found.reference if name not in free]
    x = x or next(name for name in free if name != y)
    y = y or next((name for name in free if name != x), x)
    for name in (x, y):
        if name not in found.reference:
            raise ParameterError(f"'{name}': the points have {', '.join(found.reference)}")
    others = {name: value for name, value in found.reference.items() if name not in (x, y)}
    points = found.points[_is_reference(found.points, others)]
    table = points.assign(**{x: points[x].map(_word), y: points[y].map(_word)})
    columns, rows = (list(dict.fromkeys(table[name])) for name in (x, y))
    grid = table.pivot_table(index=y, columns=x, values="accounts", sort=False).reindex(
        index=rows, columns=columns
    )
    fixed = ", ".join(f"{name} {_word(value)}" for name, value in others.items() if name in found.varied)
    title = f"{int(points['accounts'].min()):,} to {plural(int(points['accounts'].max()), 'account')} by {x} and {y}"
    title += f" ({fixed})" if fixed else ""
    with drawing():
        ax = axes_for(
            ax,
            title,
            f"Table of numbers: accounts for each {x} (across) and {y} (down). {title}.",
            height=1.1,
        )
        ax.grid(visible=False)
        ax.imshow(np.sqrt(grid.to_numpy(dtype=float)), cmap="Blues", aspect="auto", vmin=0)
        half = np.sqrt(np.nanmax(grid.to_numpy(dtype=float))) / 2
        for (row, column), value in np.ndenumerate(grid.to_numpy(dtype=float)):
            if value == value:
                colour = "white" if np.sqrt(value) > half else "#222222"
                ax.text(column, row, f"{value:,.0f}", ha="center", va="center", color=colour, fontsize=9)
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows)
        ax.set_xlabel(x.replace("_", " ") + (" (seconds)" if x == "time_window" else ""))
        ax.set_ylabel(y.replace("_", " "))
    return ax


def inclusion(found: Sweep, ax: Axes | None = None) -> Axes:
    """Draw how many accounts are found at which share of the points, those of the reference apart."""
    table = found.inclusion
    if table.empty:
        return nothing_to_draw(ax, "No account is in a network at any point")
    steady = int((table["share"] == 1).sum())
    title = f"{steady:,} of {plural(len(table), 'account')} are found at every point, {int((table['share'] < 0.5).sum()):,} at fewer than half"
    inside = table["in_reference"].to_numpy(dtype=bool)
    with drawing():
        ax = axes_for(
            ax, title, f"Histogram: accounts by the share of points at which they are found. {title}."
        )
        shares = table["share"].to_numpy(dtype=float)
        ax.hist(
            [shares[inside], shares[~inside]], bins=np.linspace(0, 1, 21).tolist(), stacked=True, rwidth=0.92,
            color=[PALETTE[0], PALETTE[1]], label=["in the reference", "not in the reference"],
        )  # fmt: skip
        ax.set_xlabel("share of the points")
        ax.set_ylabel("accounts")
        ax.legend(loc="upper center", fontsize="small")
        whole_numbers(ax.yaxis)
    return ax


def reference_words(found: Sweep) -> str:
    """Return the reference as far as it is a choice."""
    return ", ".join(f"{name} {_word(found.reference[name])}" for name in found.varied) or "the one setting"


def _is_reference(points: pd.DataFrame, reference: Any) -> np.ndarray:
    same = np.ones(len(points), dtype=bool)
    for name, value in reference.items():
        same &= points[name].map(repr).to_numpy() == repr(value)
    return same


def _word(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
