"""The figures of the reports: pool, networks, timeline, hours, seconds apart, weights, random networks, and those of a sweep.

Each takes ``ax=None`` (matplotlib axes to draw on) and returns the axes, with the finding as title.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect.sweep import Sweep
from coordlib.errors import ParameterError
from coordlib.report.figures import INK, PALETTE, chart, dates, nothing_to_draw, short, utc, whole_numbers
from coordlib.report.words import plural
from coordlib.significance.network import STATISTICS, out_of_the_ordinary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WHERE = "the figure's table"
#: What a heat map shows first, where it varies.
_ACROSS = ("time_window", "edge_weight", "min_weight")
#: What a bar of new accounts is of: name, pandas' letter, days, and up to how many days in all.
_PERIODS = (("day", "D", 1, 92), ("week", "W", 7, 731), ("month", "M", 30, math.inf))
#: Networks and accounts a figure has room for.
_NETWORKS, _ACCOUNTS = 15, 25
#: The statistics of a network that lie between 0 and 1, from top to bottom.
_SHARES = ("modularity", "transitivity", "giant_share")


def pool_history(history: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the size of the pool and the new accounts per day, beyond three months per week, beyond two years per month.

    Parameters
    ----------
    history
        One row per day: ``date``, ``pool_size`` (accounts watched after the day), ``n_new_accounts``.
        Days without numbers (failed ones) stay empty.
    ax
        Axes to draw on (none: a new figure).
    """
    check_table(history, ["date", "pool_size", "n_new_accounts"], _WHERE)
    table = history.sort_values("date")
    days = pd.to_datetime(table["date"])
    pool = pd.to_numeric(table["pool_size"]).astype(float)
    new = pd.to_numeric(table["n_new_accounts"]).astype(float).fillna(0)
    known, total = pool.dropna(), int(new.sum())
    if known.empty:
        return nothing_to_draw(ax, "No day has been analysed yet")
    if len(known) == 1:
        title = f"The pool holds {plural(int(known.iloc[-1]), 'account')}, {total:,} of them new"
    else:
        title = f"{plural(total, 'new account')} in {plural(len(table), 'day')}: the pool holds {int(known.iloc[-1]):,}"
    span = f"{table['date'].iloc[0]} to {table['date'].iloc[-1]}"
    covered = (days.max() - days.min()).days
    per, letter, length = next(one for one in _PERIODS if covered <= one[3])[:3]
    of = days.dt.to_period(letter).dt.start_time
    days, pool, new = days.groupby(of).last(), pool.groupby(of).last(), new.groupby(of).sum()
    alt = f"Bars: new accounts per {per}. Line: accounts in the pool. {span}. {title}."
    with chart(ax, title, alt, y=f"new accounts a {per} (bars)") as ax:
        ax.bar(days, new, color=PALETTE[1], width=length * max(0.7, covered / length / 100))
        ax.set_ylim(0, max(1.0, float(new.max()) * 1.6))
        right = ax.twinx()
        right.spines["right"].set_visible(False)
        right.plot(days, pool, color=PALETTE[0], marker="o", markersize=4, linewidth=2)
        right.set(ylabel="accounts in the pool (line)", ylim=(0, max(1.0, float(known.max()) * 1.15)))
        whole_numbers(ax.yaxis, right.yaxis)
        dates(ax, hours=False)
    return ax


def network_sizes(networks: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the number of accounts of the largest networks (``network``, ``n_accounts``)."""
    check_table(networks, ["network", "n_accounts"], _WHERE)
    table = networks.sort_values(["n_accounts", "network"], ascending=[False, True]).head(_NETWORKS)
    sizes = table["n_accounts"].astype(int).tolist()
    total = int(networks["n_accounts"].sum())
    if not sizes:
        return nothing_to_draw(ax, "There is no network on this day")
    if len(networks) == 1:
        title = f"One network of {plural(sizes[0], 'account')}"
    else:
        title = f"The largest of {len(networks):,} networks has {sizes[0]:,} of {total:,} accounts"
    rest = f" Only the {_NETWORKS} largest are shown." if len(networks) > _NETWORKS else ""
    alt = f"Bars: accounts per network, largest first: {', '.join(map(str, sizes))}.{rest}"
    with chart(ax, title, alt, "network", "accounts") as ax:
        ax.bar(range(len(sizes)), sizes, color=PALETTE[0], width=0.75)
        ax.set_xticks(range(len(sizes)), [str(value) for value in table["network"]])
        for place, size in enumerate(sizes):
            ax.text(place, size, f"{size:,}", ha="center", va="bottom", fontsize=9)
        whole_numbers(ax.yaxis)
        ax.margins(y=0.12)
    return ax


def post_timeline(posts: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw when each account posted (``account_id``, ``posted_at`` in UTC seconds), most active on top."""
    check_table(posts, ["account_id", "posted_at"], _WHERE)
    if posts.empty:
        return nothing_to_draw(ax, "There are no posts to draw")
    counts = posts.groupby("account_id").size().reset_index(name="n")
    counts = counts.sort_values(["n", "account_id"], ascending=[False, True])
    names = counts["account_id"].head(_ACCOUNTS).tolist()
    table = posts[posts["account_id"].isin(names)].sort_values("posted_at")
    n_accounts = len(counts)
    first, last = utc(posts["posted_at"]).min(), utc(posts["posted_at"]).max()
    span = f"from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
    title = f"{plural(len(posts), 'post')} in pairs, by {plural(n_accounts, 'account')}, {span}"
    cut = (
        f" The {_ACCOUNTS} most active of {n_accounts:,} accounts are shown."
        if n_accounts > _ACCOUNTS
        else ""
    )
    alt = f"One line per account, one dot per post. {title}.{cut}"
    rows = table["account_id"].map({name: place for place, name in enumerate(reversed(names))})
    shown_title, height = f"{title}.{cut}" if cut else title, max(0.8, len(names) / 11)
    with chart(ax, shown_title, alt, "time of the post (UTC)", height=height) as ax:
        ax.scatter(utc(table["posted_at"]), rows, s=18, color=PALETTE[0], alpha=0.6, linewidths=0)
        ax.set_yticks(range(len(names)), [short(name, 16) for name in reversed(names)])
        ax.tick_params(axis="y", labelsize=8)
        ax.grid(axis="x", linewidth=0.4, alpha=0.5)
        dates(ax, year=False)
    return ax


def hours_of_day(posts: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw at which hours (UTC) the posts were made (``posted_at`` in UTC seconds)."""
    check_table(posts, ["posted_at"], _WHERE)
    if posts.empty:
        return nothing_to_draw(ax, "There are no posts to count by hour")
    counts = np.bincount(utc(posts["posted_at"]).dt.hour.to_numpy(dtype=int), minlength=24)
    sums = [int(counts.take(range(hour, hour + 6), mode="wrap").sum()) for hour in range(24)]
    start = int(np.argmax(sums))
    title = (
        f"{sums[start] / counts.sum():.0%} of {plural(int(counts.sum()), 'post')} fall between "
        f"{start:02d}:00 and {(start + 6) % 24:02d}:00 UTC"
    )
    alt = f"Bars: posts per hour of the day (UTC). {title}."
    with chart(ax, title, alt, "hour of the day (UTC)", "posts") as ax:
        ax.bar(np.arange(24), counts, color=PALETTE[0], width=0.85)
        ax.set_xticks(range(0, 24, 3))
        whole_numbers(ax.yaxis)
    return ax


def seconds_apart(pairs: pd.DataFrame, time_window: float, ax: Axes | None = None) -> Axes:
    """Draw how far apart (``time_delta``, seconds) the two posts of a pair are."""
    check_table(pairs, ["time_delta"], _WHERE)
    if pairs.empty:
        return nothing_to_draw(ax, "There are no pairs")
    deltas, end = pairs["time_delta"].astype(float).to_numpy(), max(1, time_window)
    middle = float(np.median(deltas))
    title = f"Half of {plural(len(deltas), 'pair')} are at most {middle:,.0f} s apart (allowed: {time_window:,} s)"
    alt = f"Histogram of the seconds between the two posts of a pair. {title}."
    with chart(ax, title, alt, "seconds between the two posts", "pairs") as ax:
        ax.hist(deltas, bins=np.linspace(0, end, 25).tolist(), color=PALETTE[0], rwidth=0.92)
        ax.set_xlim(0, end)
        whole_numbers(ax.yaxis)
    return ax


def weight_against_objects(edges: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how many edges have each weight, and which of them rest on a single object.

    Parameters
    ----------
    edges
        One row per edge: ``weight`` (post pairs), ``n_objects`` (distinct objects).
    ax
        Axes to draw on (none: a new figure).
    """
    check_table(edges, ["weight", "n_objects"], _WHERE)
    if edges.empty:
        return nothing_to_draw(ax, "There are no edges")
    weights = edges["weight"].astype(float).to_numpy()
    single = (edges["n_objects"] == 1).to_numpy(dtype=bool)
    n_one = int(single.sum())
    title = f"{n_one:,} of {plural(len(edges), 'edge')} ({n_one / len(edges):.0%}) rest on a single object"
    span = f"from {weights.min():,.0f} to {weights.max():,.0f} post pairs"
    alt = f"Stacked bars: edges by weight, those with one object apart from those with several. {title}; weights {span}."
    low, high = int(weights.min()), int(weights.max())
    step = max(1, -(-(high - low + 1) // 24))
    with chart(ax, title, alt, "weight (post pairs)", "edges") as ax:
        parts, names = [weights[single], weights[~single]], ["one object", "several objects"]
        bins = (np.arange(low, high + step + 1, step) - 0.5).tolist()
        ax.hist(parts, bins=bins, stacked=True, rwidth=0.9, color=[PALETTE[1], PALETTE[0]], label=names)
        whole_numbers(ax.yaxis, ax.xaxis)
        _legend_below(ax)
    return ax


def network_against_random(whole: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how far the network is from random ones with the same activity and popularity.

    Parameters
    ----------
    whole
        Result of :func:`coordlib.network_significance`.
    ax
        Axes to draw on (none: a new figure).
    """
    needed = ["statistic", "null", "observed", "null_low", "null_high", "p_more", "p_less"]
    check_table(whole, needed, _WHERE)
    if not whole["observed"].any():
        return nothing_to_draw(ax, "There is no network to compare with random ones")
    nulls = list(dict.fromkeys(whole["null"]))
    last = whole[whole["null"] == nulls[-1]]
    title = f"Beside random networks: {', '.join(out_of_the_ordinary(last).values()) or 'no difference'}"
    alt = "; ".join(
        f"{STATISTICS[row.statistic][0]} {row.observed:.2f}, random {row.null_low:.2f} to {row.null_high:.2f}"
        for row in last[last["statistic"].isin(list(_SHARES))].itertuples(index=False)
    )
    alt = f"Intervals and points: {alt}. {title}."
    with chart(ax, title, alt, "modularity, or share (0 to 1)", height=1.1) as ax:
        for place, name in enumerate(reversed(_SHARES)):
            rows = whole[whole["statistic"] == name]
            for shift, null, colour in zip((0.14, -0.14), nulls, PALETTE[1:3], strict=False):
                row = rows[rows["null"] == null].iloc[0]
                ends, at = [row["null_low"], row["null_high"]], [place + shift] * 2
                label = f"95 % of random networks, {null}" if place == 0 else None
                ax.plot(ends, at, color=colour, linewidth=5, solid_capstyle="butt", label=label)
            found = float(rows["observed"].iloc[0])
            ax.plot(found, place, "D", color=PALETTE[0], markersize=8, label="found" if place == 0 else None)
        ax.set_yticks(range(len(_SHARES)), [STATISTICS[name][0] for name in reversed(_SHARES)])
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(_SHARES) - 0.4))
        _legend_below(ax)
    return ax


def _legend_below(ax: Axes) -> None:
    """Put the legend below the label of the axis, however high the title leaves the axes: the distance is in letters."""
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=4.6, fontsize="small", labelcolor=INK
    )


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
    x, height = "settings, fewest accounts first", 1.0 + 0.075 * len(choices)
    with chart(ax, title, alt, x, "accounts", height=height) as ax:
        order, step = range(len(points)), max(high, 1) / 12
        ax.plot(order, points["accounts"], color=PALETTE[0], marker="o", markersize=3, linewidth=1)
        ax.plot([place], [here], color=PALETTE[1], marker="D", markersize=7)
        for row, (name, value) in enumerate(choices, start=1):
            chosen = np.flatnonzero(_is_reference(points, {name: value}))
            ax.scatter(chosen, np.full(len(chosen), -row * step), s=9, color=PALETTE[7], linewidths=0)
        ticks = {tick: f"{tick:,.0f}" for tick in ax.get_yticks() if 0 <= tick <= high * 1.05}
        ticks |= {-row * step: f"{name} {_word(value)}" for row, (name, value) in enumerate(choices, start=1)}
        ax.set_yticks(list(ticks), list(ticks.values()))
        ax.tick_params(axis="y", labelsize=8)
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
    first = [name for name in _ACROSS if name in found.varied]
    free = list(dict.fromkeys([*first, *found.varied, *found.reference]))
    x = x or next(name for name in free if name != y)
    y = y or next((name for name in free if name != x), x)
    for name in (x, y):
        if name not in found.reference:
            raise ParameterError(f"'{name}': the points have {', '.join(found.reference)}")
    others = {name: value for name, value in found.reference.items() if name not in (x, y)}
    points = found.points[_is_reference(found.points, others)]
    table = points.assign(**{x: points[x].map(_word), y: points[y].map(_word)})
    columns, rows = (list(dict.fromkeys(table[name])) for name in (x, y))
    grid = table.pivot_table(index=y, columns=x, values="accounts", sort=False)
    numbers = grid.reindex(index=rows, columns=columns).to_numpy(dtype=float)
    fixed = ", ".join(f"{name} {_word(value)}" for name, value in others.items() if name in found.varied)
    title = f"{int(points['accounts'].min()):,} to {plural(int(points['accounts'].max()), 'account')} by {x} and {y}"
    title += f" ({fixed})" if fixed else ""
    alt = f"Table of numbers: accounts for each {x} (across) and {y} (down). {title}."
    across = x.replace("_", " ") + (" (seconds)" if x == "time_window" else "")
    with chart(ax, title, alt, across, y.replace("_", " "), height=1.1) as ax:
        ax.grid(visible=False)
        ax.imshow(np.sqrt(numbers), cmap="Blues", aspect="auto", vmin=0)
        half = np.sqrt(np.nanmax(numbers)) / 2
        for (row, column), value in np.ndenumerate(numbers):
            if not math.isnan(value):
                colour = "white" if np.sqrt(value) > half else "#222222"
                ax.text(column, row, f"{value:,.0f}", ha="center", va="center", color=colour, fontsize=9)
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows)
    return ax


def inclusion(found: Sweep, ax: Axes | None = None) -> Axes:
    """Draw how many accounts are found at which share of the points, those of the reference apart."""
    table = found.inclusion
    if table.empty:
        return nothing_to_draw(ax, "No account is in a network at any point")
    shares, inside = table["share"].to_numpy(dtype=float), table["in_reference"].to_numpy(dtype=bool)
    steady, seldom = int((shares == 1).sum()), int((shares < 0.5).sum())
    title = f"{steady:,} of {plural(len(table), 'account')} are found at every point, {seldom:,} at fewer than half"
    alt = f"Histogram: accounts by the share of points at which they are found. {title}."
    with chart(ax, title, alt, "share of the points", "accounts") as ax:
        parts, names = [shares[inside], shares[~inside]], ["in the reference", "not in the reference"]
        bins = np.linspace(0, 1, 21).tolist()
        ax.hist(parts, bins=bins, stacked=True, rwidth=0.92, color=[PALETTE[0], PALETTE[1]], label=names)
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
