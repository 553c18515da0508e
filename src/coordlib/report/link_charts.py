"""How one URL spread: its shares over time, coordinated and not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from coordlib.errors import ParameterError
from coordlib.links.coord_shares import CoordShares
from coordlib.links.prepare import utc_seconds
from coordlib.links.top_lists import ENGAGEMENT, get_top_coord_urls
from coordlib.report.figures import PALETTE, chart, dates, nothing_to_draw, short, utc
from coordlib.report.words import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHARE_COUNT = "statistics.actual.shareCount"


def draw_url_timeline_chart(
    output: CoordShares,
    top_coord_urls: pd.DataFrame | None = None,
    top_url_id: int = 1,
    ax: Axes | None = None,
) -> Axes:
    """Draw how one URL's shares added up over time, as points sized by subscribers.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned.
    top_coord_urls
        What :func:`coordlib.get_top_coord_urls` returned; None takes the ten URLs passed on most often.
    top_url_id
        Which row of it to draw, counted from 1.
    ax
        Axes to draw on (none: a new figure).

    Returns
    -------
    matplotlib.axes.Axes
        The finding is its title. The vertical axis is the sum of the posts' share counts, or the number of posts
        where the input has no share counts. Where nothing was coordinated it says so.

    Raises
    ------
    ParameterError
        There is no such row.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b", "c"], "date": [0, 1, 900], "expanded": ["https://n.example/a"] * 3})
    >>> from coordlib.report.figures import detached_axes
    >>> draw_url_timeline_chart(get_coord_shares(shares, 10), ax=detached_axes()).get_title()
    '2 of 3 posts of https://n.example/a were coordinated'
    """
    urls = _top_urls(output) if top_coord_urls is None else top_coord_urls
    if output.entities.empty or urls.empty:
        return nothing_to_draw(ax, "No URL was shared in a coordinated way")
    if not 1 <= top_url_id <= len(urls):
        raise ParameterError(
            f"top_url_id = {top_url_id}: choose 1 to {len(urls)}, a row of the table of top URLs"
        )
    url = str(urls["expanded"].iloc[top_url_id - 1])
    timeline = url_timeline(output, url)
    counted = _SHARE_COUNT in output.shares.columns
    marked = timeline["is_coordinated"].to_numpy(dtype=bool)
    title = (
        f"{int(marked.sum()):,} of {plural(len(timeline), 'post')} of {short(url, 60)} "
        f"{'was' if marked.sum() == 1 else 'were'} coordinated"
    )
    hours = (timeline["seconds"].iloc[-1] - timeline["seconds"].iloc[0]) / 3600
    what = "shares of these posts" if counted else "posts"
    alt = (
        f"Points: posts of {short(url, 90)} over {hours:,.1f} hours (UTC), {int(marked.sum()):,} coordinated and "
        f"{int((~marked).sum()):,} not, at the running total of {what}, which ends at {timeline['total'].iloc[-1]:,.0f}."
    )

    when = utc(timeline["seconds"])
    # Area in proportion to the subscribers, never too small to see.
    sizes = 14 + 250 * timeline["subscribers"] / max(timeline["subscribers"].max(), 1)
    with chart(ax, title, alt) as ax:
        ax.plot(when, timeline["total"], color=PALETTE[7], linewidth=1)
        for flag, name, colour, marker in (
            (False, "not coordinated", PALETTE[0], "o"),
            (True, "coordinated", PALETTE[1], "D"),
        ):
            chosen = marked == flag
            ax.scatter(
                when[chosen],
                timeline["total"][chosen],
                s=sizes[chosen],
                color=colour,
                marker=marker,
                alpha=0.6,
                label=name,
                linewidths=0,
            )
        # The largest points are wide: without room they would be cut off at the top.
        ax.set_ylim(0, max(float(timeline["total"].max()), 1.0) * 1.12)
        ax.set_ylabel(f"running total of {'shares' if counted else 'posts'}")
        ax.set_xlabel("time (UTC)")
        handles = ax.legend(loc="lower right", fontsize="small")
        for handle in handles.legend_handles:
            if handle is not None and hasattr(handle, "set_sizes"):
                handle.set_sizes([36])
        dates(ax)
    return ax


def url_timeline(output: CoordShares, url: str) -> pd.DataFrame:
    """Return one URL's posts in time order with the running total the chart shows."""
    shares = output.shares[output.shares["expanded"] == url]
    names = shares["account.name"] if "account.name" in shares.columns else shares["account.url"]
    table = pd.DataFrame(
        {
            "account.name": names.fillna(shares["account.url"]),
            "seconds": utc_seconds(shares["date"]),
            "subscribers": _numbers(shares, "account.subscriberCount"),
            "is_coordinated": shares["is_coordinated"],
            "added": _numbers(shares, _SHARE_COUNT) if _SHARE_COUNT in shares.columns else 1.0,
        }
    )
    table = table.sort_values(["seconds", "account.name"], kind="stable", ignore_index=True)
    return table.assign(total=table["added"].cumsum()).drop(columns="added")


def _top_urls(output: CoordShares) -> pd.DataFrame:
    if any(name in output.shares.columns for name in ENGAGEMENT):
        return get_top_coord_urls(output, _SHARE_COUNT, "none", 10)
    marked = output.shares.loc[output.shares["is_coordinated"], "expanded"].value_counts().reset_index()
    ordered: pd.DataFrame = marked.sort_values(["count", "expanded"], ascending=[False, True])
    return ordered.head(10)


def _numbers(shares: pd.DataFrame, column: str) -> pd.Series:
    given = shares.get(column, pd.Series(0.0, index=shares.index))
    return pd.to_numeric(given, errors="coerce").astype(float).fillna(0.0)
