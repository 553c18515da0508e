"""The figure of the network as a whole: what was found, beside random networks of the same margins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from coordlib.errors import MissingColumnError
from coordlib.report.figures import PALETTE, axes_for, drawing, nothing_to_draw
from coordlib.significance.network import STATISTICS, out_of_the_ordinary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The statistics between 0 and 1, from top to bottom.
_SHOWN = ("modularity", "transitivity", "giant_share")


def network_against_random(whole: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how far the network is from random ones with the same activity and popularity.

    Parameters
    ----------
    whole
        Result of :func:`coordlib.network_significance`.
    ax
        Axes to draw on (none: a new figure).
    """
    if missing := {"statistic", "null", "observed", "null_low", "null_high", "p_more", "p_less"} - set(
        whole.columns
    ):
        raise MissingColumnError.from_names(missing, whole.columns, "the figure's table")
    if not whole["observed"].any():
        return nothing_to_draw(ax, "There is no network to compare with random ones")
    nulls = list(dict.fromkeys(whole["null"]))
    honest = whole[(whole["null"] == nulls[-1]) & whole["statistic"].isin(list(_SHOWN))]
    odd = out_of_the_ordinary(whole[whole["null"] == nulls[-1]])
    title = f"Beside random networks: {', '.join(odd.values()) or 'no difference'}"
    alt = "; ".join(
        f"{STATISTICS[row.statistic][0]} {row.observed:.2f}, random {row.null_low:.2f} to {row.null_high:.2f}"
        for row in honest.itertuples(index=False)
    )
    with drawing():
        ax = axes_for(ax, title, f"Intervals and points: {alt}. {title}.", height=0.9)
        for place, name in enumerate(reversed(_SHOWN)):
            rows = whole[whole["statistic"] == name]
            for shift, (null, colour) in zip(
                (0.14, -0.14), zip(nulls, PALETTE[1:3], strict=False), strict=False
            ):
                row = rows[rows["null"] == null].iloc[0]
                label = f"95 % of random networks, {null}" if place == 0 else None
                ax.plot(
                    [row["null_low"], row["null_high"]],
                    [place + shift] * 2,
                    color=colour,
                    linewidth=5,
                    solid_capstyle="butt",
                    label=label,
                )
            found = float(rows["observed"].iloc[0])
            ax.plot(found, place, "D", color=PALETTE[0], markersize=8, label="found" if place == 0 else None)
        ax.set_yticks(range(len(_SHOWN)), [STATISTICS[name][0] for name in reversed(_SHOWN)])
        ax.set_ylim(-0.6, len(_SHOWN) - 0.4)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xlabel("modularity, or share (0 to 1)")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=1, fontsize="small", frameon=False)
    return ax
