"""The first lines of a page: what is significant, what is undecided, on what the heavy edges rest."""

from __future__ import annotations

import pandas as pd

from coordlib.errors import MissingColumnError
from coordlib.significance.classes import SIGNIFICANT, evidence_table

#: Fewer accounts outside the discovered edges than this are hardly a reference.
FEW_OUTSIDE = 50
_BASIS = {
    "single episode": "with a single meeting",
    "too few repeats": "with too few repeats of one {object}",
    "timetable": "with a fixed timetable",
    "not significant": "not more than activity and habits explain",
    "open": "open",
    "as the crowd": "at the pace of the others",
    "closed circle": "in a closed circle",
    "beyond the crowd": "beyond the crowd",
}


def evidence_headline(
    edges: pd.DataFrame, kept: pd.DataFrame | None = None, object_name: str = "caption"
) -> str:
    """Say in a few sentences what the edges of a day or data set are evidence of.

    Parameters
    ----------
    edges
        Edges as :func:`edge_significance` returns them.
    kept
        The edges a threshold of the weight keeps (``account_id``, ``account_id_y``), to say on what they
        rest.
    object_name
        What was shared, one of it.

    Returns
    -------
    str
        Two to four sentences, every number with its denominator: what is significant; what is undecided; what
        the threshold keeps; whether there is anybody to compare with.

    Raises
    ------
    MissingColumnError
        A column is absent.

    Examples
    --------
    >>> edges = pd.DataFrame({"account_id": ["a", "a", "c"], "account_id_y": ["b", "c", "d"],
    ...                       "evidence": ["open", "single episode", "single episode"]})
    >>> print(evidence_headline(edges, edges.iloc[1:]))  # doctest: +NORMALIZE_WHITESPACE
    Nothing is beyond the crowd and there is no closed circle: none of 3 pairs of accounts is significant.
    Undecided is 1 pair that shares more than its activity explains: too few occasions or others to tell. The
    weight keeps 2 of 3 pairs: 2 with a single meeting.
    """
    counts = evidence_table(edges).set_index("evidence")
    lines = [_significant(counts, len(edges)), _undecided(counts["edges"], object_name)]
    if kept is not None:
        lines.append(_kept(edges, kept, object_name))
    outside = edges.attrs.get("accounts_outside")
    if outside is not None and outside < FEW_OUTSIDE:
        lines.append(
            f"Only {_count(outside, 'account')} {_are(outside)} outside these pairs: "
            "there is hardly anything to compare with."
        )
    return " ".join(line for line in lines if line)


def _significant(counts: pd.DataFrame, n_edges: int) -> str:
    pairs = _count(n_edges, "pair")
    if not counts.loc[list(SIGNIFICANT), "edges"].sum():
        return f"Nothing is beyond the crowd and there is no closed circle: none of {pairs} of accounts is significant."
    beyond, circle = (counts.to_dict("index")[evidence] for evidence in SIGNIFICANT)
    parts = []
    if beyond["edges"]:
        parts.append(
            f"{_count(beyond['edges'], 'pair')} of {_count(beyond['accounts'], 'account')} "
            f"{_are(beyond['edges'])} beyond the crowd"
        )
    else:
        parts.append("Nothing is beyond the crowd")
    if circle["edges"]:
        parts.append(
            f"{_count(circle['edges'], 'pair')} of {_count(circle['accounts'], 'account')} make up "
            f"{_count(circle['networks'], 'closed circle')}"
        )
    else:
        parts.append("there is no closed circle")
    return f"{'; '.join(parts)} (of {pairs} that met)."


def _undecided(counts: pd.Series, object_name: str) -> str:
    crowd, open_ = int(counts["as the crowd"]), int(counts["open"])
    if not crowd + open_:
        return ""
    reasons = []
    if crowd:
        reasons.append(f"{crowd:,} at the pace of the others who posted the same {object_name}s")
    if open_:
        reasons.append(f"{open_:,} with too few occasions or others to tell")
    if len(reasons) == 1:
        reasons = [reasons[0].split(" ", 1)[1].removeprefix("with ")]
    one = crowd + open_ == 1
    shares = "shares more than its" if one else "share more than their"
    return (
        f"Undecided {_are(crowd + open_)} {_count(crowd + open_, 'pair')} that {shares} activity explains: "
        f"{', '.join(reasons)}."
    )


def _kept(edges: pd.DataFrame, kept: pd.DataFrame, object_name: str) -> str:
    ends = ["account_id", "account_id_y"]
    missing = set(ends) - set(kept.columns)
    if missing:
        raise MissingColumnError.from_names(missing, kept.columns, "the edges that are kept")
    names = pd.MultiIndex.from_frame(edges[ends]).isin(pd.MultiIndex.from_frame(kept[ends]))
    counts = edges["evidence"][names].value_counts()
    rests = [
        f"{counts[name]:,} {words.format(object=object_name)}"
        for name, words in _BASIS.items()
        if name in counts
    ]
    return f"The weight keeps {len(kept):,} of {_count(len(edges), 'pair')}: {', '.join(rests) or 'none of them here'}."


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
