"""A day's counts in words, each with its unit and denominator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coordlib.report.record import RunRecord
from coordlib.report.words import plural
from coordlib.times import utc_text

#: The counts a summary needs; a day that failed before it was analysed has none of them.
COUNTS = (
    "n_posts",
    "n_post_accounts",
    "n_pool_posts",
    "n_pairs",
    "n_edges_all",
    "n_edges",
    "n_accounts",
    "n_networks",
    "n_coordinated_posts",
    "pool_before",
    "n_new_accounts",
    "pool_size",
)


def summary_facts(run: RunRecord) -> dict[str, str]:
    """Put the counts of a day into words, each with its unit and denominator.

    Examples
    --------
    >>> counts = dict.fromkeys(COUNTS, 1200)
    >>> summary_facts({"counts": counts, "parameters": {"time_window": 120}, "facts": {}})["Coordinated posts"]
    '1,200 of 1,200 posts'
    """
    c, facts, parameters = run.get("counts") or {}, run.get("facts") or {}, run.get("parameters") or {}
    if not set(COUNTS) <= set(c):
        return {}
    limit = run.get("weight_threshold")
    watching = run.get("kind", "day") == "day"
    watched = f", {c['n_pool_posts']:,} of them by watched accounts" if watching else ""
    lacking = (
        f"; {c['n_without_object']:,} have no {run.get('object', 'caption')}"
        if c.get("n_without_object")
        else ""
    )
    shown = {
        **(facts.get("about") or {}),
        "Period": _period(facts),
        "Posts looked at": f"{c['n_posts']:,} by {plural(c['n_post_accounts'], 'account')}{watched}{lacking}",
        "Pairs": f"{plural(c['n_pairs'], 'pair')} of posts with the same {run.get('object', 'caption')} within {parameters.get('time_window', '?')} seconds",
        "Edges": f"{c['n_edges']:,} of {plural(c['n_edges_all'], 'edge')} {'is' if c['n_edges_all'] == 1 else 'are'} {_limit(limit, parameters)}",
        "Coordinated accounts": f"{plural(c['n_accounts'], 'account')} in {plural(c['n_networks'], 'network')}",
        "Coordinated posts": f"{c['n_coordinated_posts']:,} of {plural(c['n_posts'], 'post')}",
    }
    if not watching:
        return shown
    return shown | {
        "New accounts": f"{c['n_new_accounts']:,} of {c['n_accounts']:,} accounts were not watched before",
        "Pool": f"{c['pool_size']:,} accounts, {c['pool_before']:,} before this day",
    }


def _period(facts: Mapping[str, Any]) -> str:
    start, end = facts.get("period_start"), facts.get("period_end")
    if start is None or end is None:
        return "no posts"
    first, last = (utc_text(moment, "%Y-%m-%d %H:%M") for moment in (start, end))
    return f"posts from {first} to {last} UTC"


def _limit(limit: float | None, parameters: Mapping[str, Any]) -> str:
    if classes := (parameters.get("evidence") or {}).get("classes"):
        return f"kept (of the classes {', '.join(classes)})"
    if limit is None:
        return "over the threshold (there are none to set one from)"
    if parameters.get("min_weight") is not None:
        return f"over the threshold (a weight of at least {limit:g}, fixed)"
    return f"over the threshold (heavier than {limit:g}, the {parameters.get('edge_weight', 0.9):g} quantile of all weights)"
