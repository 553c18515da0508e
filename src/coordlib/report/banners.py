"""What a day's page says first: that it is simulated, what kind of day it was, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coordlib.report.text import escape
from coordlib.report.words import plural

OUTCOMES = ("network", "tied", "no-coordination", "too-little-data", "no-input", "failed")


def simulated_banner() -> str:
    """Return the banner of a page made from a simulated world."""
    return (
        '<div class="cl-banner cl-simulated" role="note"><strong>Simulated data.</strong> '
        "No account, post or network on this page is real.</div>"
    )


def day_banner(run: Mapping[str, Any]) -> str:
    """Return, in words, what kind of day it was.

    A day with a network gets a sentence with its counts; a day without coordination, with too little data
    or without input gets the reason and what it does and does not mean; a failed day says what is missing.

    Examples
    --------
    >>> "does not mean" in day_banner({"date": "2025-01-03", "outcome": "too-little-data", "counts": {"n_posts": 29}})
    True
    """
    outcome = str(run.get("outcome", "failed"))
    counts = run.get("counts") or {}
    kind, head, body = _words(outcome, counts, run)
    sample = simulated_banner() if run.get("simulated") else ""
    return f'{sample}<div class="cl-banner cl-{kind}" role="note"><strong>{escape(head)}</strong> {escape(body)}</div>'


def _words(outcome: str, counts: Mapping[str, Any], run: Mapping[str, Any]) -> tuple[str, str, str]:
    date, word = str(run.get("date", "")), str(run.get("object", "caption"))
    n_posts, n_pairs = int(counts.get("n_posts", 0)), int(counts.get("n_pairs", 0))
    if outcome == "network":
        accounts, networks = int(counts.get("n_accounts", 0)), int(counts.get("n_networks", 0))
        found = f"{plural(accounts, 'account')} in {plural(networks, 'network')} posted the same {word}s together."
        new = counts.get("n_new_accounts") if run.get("kind", "day") == "day" else None
        more = "" if new is None else _new_to_the_pool(int(new))
        of = f" Found among {n_posts:,} posts." if n_posts else ""
        return "found", found, (more + of).strip()
    if outcome == "tied":
        tied, weight = int(counts.get("n_edges_top", 0)), int(counts.get("top_weight", 0))
        quantile = float((run.get("parameters") or {}).get("edge_weight") or 0.9)
        lower = " or a lower edge_weight" if tied < int(counts.get("n_edges_all", tied)) else ""
        edges = f"{tied:,} edges tie" if tied != 1 else "The only edge lies"
        return (
            "warn",
            "The threshold keeps no edge.",
            (
                f"{edges} at the top weight of {weight:,}, so the {quantile:g} quantile keeps none: use min_weight={weight} "
                f"(--min-weight {weight}){lower}. There were {n_pairs:,} pairs of posts with the same {word} within the time window, so "
                "this is a limit of the threshold and not a day without coordination."
            ),
        )
    if outcome == "no-coordination":
        pairs = (
            f"{n_pairs:,} pairs of posts fell within the time window, and no two accounts had more of them than the threshold."
            if n_pairs
            else f"No two accounts posted the same {word} within the time window."
        )
        return (
            "quiet",
            "No coordination found.",
            (
                f"Among {n_posts:,} posts, {pairs[0].lower() + pairs[1:]} The day was analysed in full: this is a result, not a gap."
            ),
        )
    if outcome == "too-little-data":
        return (
            "warn",
            "Too little data to tell.",
            (
                f"Only {n_posts:,} post{'' if n_posts == 1 else 's'} were collected, too few for the method. That nothing "
                "was found does not mean that nothing happened."
            ),
        )
    if outcome == "no-input":
        return (
            "warn",
            "Nothing was collected.",
            (
                f"There are no posts for {date}, so nothing could be analysed. This is a gap in the data, not a quiet day."
            ),
        )
    return (
        "failed",
        "This report could not be made.",
        (
            "The day's data is kept, and the report will appear here once the run is repeated. No conclusion can be drawn "
            "from this page."
        ),
    )


def _new_to_the_pool(count: int) -> str:
    if count == 0:
        return " All of them were in the pool before."
    return f" {count:,} of them {'was' if count == 1 else 'were'} not in the pool before."
