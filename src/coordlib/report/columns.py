"""What a column and a table of the data dictionary are, and the columns that say what an edge is evidence of."""

from __future__ import annotations

from dataclasses import dataclass

COORTWEET = "Righetti & Balluff, CooRTweet"
EVIDENCE = "coordlib, evidence for an edge"


@dataclass(frozen=True)
class Column:
    """One column: name, Frictionless type, unit, definition, formula, source."""

    name: str
    type: str
    definition: str
    unit: str = ""
    formula: str = ""
    source: str = ""


@dataclass(frozen=True)
class Table:
    """One file of a day: its name, what a row is, and its columns."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(one.name for one in self.columns)


def column(
    name: str, kind: str, definition: str, unit: str = "", formula: str = "", source: str = ""
) -> Column:
    return Column(name, kind, definition, unit, formula, source)


#: All classes, for a definition.
CLASSES = (
    "beyond the crowd, closed circle (significant), as the crowd, open (undecided), timetable, too few repeats, single "
    "episode, not significant"
)
OCCASIONS = column(
    "occasions",
    "integer",
    "First meetings on each object; what came within one window is one occasion.",
    "occasions",
    "",
    EVIDENCE,
)
EPISODES = column(
    "episodes",
    "integer",
    "Meetings: posts of one account on one object within half an hour are one.",
    "meetings",
    "",
    EVIDENCE,
)
Q_VALUE = column(
    "q_value",
    "number",
    "Smallest share of false edges at which the edge is significant.",
    "0–1",
    "max(q_discovery, q_confirmation)",
    EVIDENCE,
)
ADDED = column(
    "added",
    "boolean",
    "Whether it was found by a second look inside a confirmed network.",
    "",
    "",
    EVIDENCE,
)


def strongest_evidence(of: str) -> tuple[Column, ...]:
    return (
        column(
            "evidence", "string", f"Strongest class among the edges of the {of}: {CLASSES}.", "", "", EVIDENCE
        ),
        column("n_significant", "integer", f"Edges of the {of} that are significant.", "edges", "", EVIDENCE),
        column("n_undecided", "integer", f"Edges of the {of} that are undecided.", "edges", "", EVIDENCE),
    )


DISCOVERED = Table(
    "discovered",
    "two accounts that share more than their activity explains, kept by the threshold or not",
    (
        column("network", "integer", "Number of the network both accounts are in, if it is one."),
        column("account_id", "string", "The account whose name comes first in code-point order."),
        column("account_id_y", "string", "The other account."),
        column(
            "evidence", "string", "beyond the crowd, closed circle, as the crowd, or open.", "", "", EVIDENCE
        ),
        Q_VALUE,
        ADDED,
        column("kept", "boolean", "Whether the two are joined in the reported network."),
        column(
            "weight", "integer", "Post pairs of the two accounts.", "post pairs", "rows of pairs", COORTWEET
        ),
        column("n_objects", "integer", "Distinct objects of these pairs.", "objects"),
        OCCASIONS,
        EPISODES,
        column(
            "closed_share",
            "number",
            "Of the sessions within the hour, those within the window, over the occasions.",
            "0–1",
            "Σ within the window / Σ within the hour",
            EVIDENCE,
        ),
        column(
            "others_present",
            "integer",
            "Sessions of other accounts on the same objects within three hours, over the occasions.",
            "sessions",
            "",
            EVIDENCE,
        ),
    ),
)
