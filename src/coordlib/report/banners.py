"""What a day's page says first: that it is simulated, what kind of day it was, and what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coordlib.detect.threshold import tie_words
from coordlib.report.first_screen import first_lines, more_lines
from coordlib.report.record import RunRecord
from coordlib.report.text import escape
from coordlib.significance import SIGNIFICANT

OUTCOMES = ("network", "tied", "no-coordination", "too-little-data", "no-input", "failed")


def simulated_banner() -> str:
    """Return the banner of a page made from a simulated world."""
    return (
        '<div class="cl-banner cl-simulated" role="note"><strong>Simulated data.</strong> '
        "No account, post or network on this page is real.</div>"
    )


def day_banner(run: RunRecord) -> str:
    """Return, in words, what kind of day it was.

    A day with a network gets its finding in sentences (:func:`coordlib.report.first_screen.first_lines`); a day
    without coordination, with too little data or without input gets the reason and what it does and does not mean,
    and what the tests say where two accounts met; a failed day says what is missing.

    Examples
    --------
    >>> "does not mean" in day_banner({"date": "2025-01-03", "outcome": "too-little-data", "counts": {"n_posts": 29}})
    True
    """
    outcome = str(run.get("outcome", "failed"))
    lines, evidence = first_lines(run), run.get("evidence") or {}
    kind = "found" if not evidence or set(SIGNIFICANT) & set(evidence.get("classes") or {}) else "quiet"
    if outcome != "network" or not lines:
        kind, head, body = _words(outcome, run.get("counts") or {}, run)
        lines = [head, body, *lines]
    return banner(kind, lines, run, more_lines(run))


def banner(kind: str, lines: Sequence[str], run: RunRecord, more: Sequence[str] = ()) -> str:
    """Return a banner of a kind the style sheet knows, below that of simulated data where a run is one; `more` opens."""
    sample = simulated_banner() if run.get("simulated") else ""
    rest = "".join(f"<p>{_weak(line)}</p>" for line in lines[1:] if line)
    if more:
        said = "".join(f"<p>{escape(line)}</p>" for line in more)
        rest += f"<details><summary>How it was tested</summary>{said}</details>"
    return f'{sample}<div class="cl-banner cl-{kind}" role="note"><p><strong>{escape(lines[0])}</strong></p>{rest}</div>'


def _weak(line: str) -> str:
    """A line of the banner; the word that warns stands out."""
    found = escape(line)
    return f"<strong>Weak:</strong>{found[5:]}" if found.startswith("Weak:") else found


def _words(outcome: str, counts: Mapping[str, Any], run: RunRecord) -> tuple[str, str, str]:
    date, word = str(run.get("date", "")), str(run.get("object", "caption"))
    n_posts, n_pairs = int(counts.get("n_posts", 0)), int(counts.get("n_pairs", 0))
    if outcome == "network":
        return "found", "A network was found.", "This record does not hold its numbers."
    if outcome == "tied":
        tied, weight = int(counts.get("n_edges_top", 0)), int(counts.get("top_weight", 0))
        quantile = float((run.get("parameters") or {}).get("edge_weight") or 0.9)
        tie = tie_words(weight, tied, int(counts.get("n_edges_all", tied)), quantile)
        return (
            "warn",
            "The threshold keeps no edge.",
            (
                f"{tie[0].upper()}{tie[1:]}. There were {n_pairs:,} pairs of posts with the same {word} within the time window, so "
                "this is a limit of the threshold and not a day without coordination."
            ),
        )
    if outcome == "no-coordination":
        classes = ((run.get("evidence") or {}).get("classes") or {}).keys()
        head = (
            "No edge is kept."
            if {"beyond the crowd", "closed circle"} & classes
            else "No coordination found."
        )
        pairs = (
            f"{n_pairs:,} pairs of posts fell within the time window, and no two accounts had more of them than the threshold."
            if n_pairs
            else f"No two accounts posted the same {word} within the time window."
        )
        return (
            "quiet",
            head,
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
