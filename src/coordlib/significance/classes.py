"""The class of an edge, and the sentence a reader gets for it: never a p-value, never "not coordinated"."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from coordlib.columns import check_table
from coordlib.detect.threshold import check_whole
from coordlib.errors import InputError, ParameterError

#: Classes that are significant, strongest first.
SIGNIFICANT = ("beyond the crowd", "closed circle")
#: Classes that are discovered but not confirmed: more than activity explains, undecided whether more than a
#: crowd.
UNDECIDED = ("as the crowd", "open")

#: What each class says, strongest first. {objects} and {an object} name what was shared, {window} the time
#: window.
WORDS = MappingProxyType(
    {
        "beyond the crowd": (
            "On several occasions these two posted the same {objects} within {window} of each other, more often than the "
            "other accounts that posted the same {objects} in the same hours. Common taste, a common source seen by all, "
            "the hour or the time zone do not explain it; a private alert that only a few accounts answer within about "
            "{window} could."
        ),
        "closed circle": (
            "These two repeatedly posted the same {objects} within {window}, and so did most of the few others who posted "
            "them at all. There is no outside crowd to compare with: an organised group and an audience that answers one "
            "source within about {window} look exactly alike. An audience with a typical delay of {delay} or more is "
            "ruled out."
        ),
        "as the crowd": (
            "They share more than their activity explains, but at the same pace as others who posted the same {objects}: "
            "common taste, a common source or trigger suffices as explanation. A group inside that crowd is not excluded."
        ),
        "open": (
            "They share more than their activity explains. There were too few occasions or too few others to tell a group "
            "from a common taste or source."
        ),
        "timetable": "They keep one fixed timetable; a timetable explains their meetings.",
        "too few repeats": "One {object}, fewer than {repeats} sessions each: timing cannot decide.",
        "single episode": (
            "They met once. No test of a pair can decide a single meeting, however many posts it had."
        ),
        "not significant": "Not more than activity and habits explain, as far as these data can tell.",
    }
)
#: Beside a closed circle that repeats one object.
RHYTHM = "Common rhythm: group or trigger."


def evidence_sentence(
    evidence: str,
    time_window: int = 120,
    object_name: str = "caption",
    kind: str = "objects",
    least_repeats: int = 3,
) -> str:
    """Say in plain words what a class of evidence means, and what it does not.

    Parameters
    ----------
    evidence
        A class as in the column ``evidence`` of :func:`edge_significance`.
    time_window
        Seconds of the analysis.
    object_name
        What was shared, one of it: ``"caption"``, ``"hashtag"``, ``"link"``.
    kind
        ``"objects"`` or ``"repeats"``, as in the column of that name.
    least_repeats
        Sessions from which repeats can decide: ``attrs["least_repeats"]`` of the table.

    Returns
    -------
    str
        One to three sentences for a reader who knows no statistics.

    Raises
    ------
    ParameterError
        No such class, a window that is no whole number of seconds.

    Examples
    --------
    >>> evidence_sentence("too few repeats")
    'One caption, fewer than 3 sessions each: timing cannot decide.'
    >>> evidence_sentence("closed circle", 120).endswith("a typical delay of 10 minutes or more is ruled out.")
    True
    """
    if evidence not in tuple(WORDS):
        raise ParameterError(f"evidence = {evidence!r}: choose one of {', '.join(WORDS)}")
    check_whole(time_window, "time_window")
    text = WORDS[evidence].format(
        object=object_name,
        objects=f"{object_name}s",
        window=duration(time_window),
        delay=duration(5 * time_window),
        repeats=least_repeats,
    )
    return f"{text} {RHYTHM}" if (evidence, kind) == ("closed circle", "repeats") else text


def evidence_table(edges: pd.DataFrame) -> pd.DataFrame:
    """Count edges, accounts and networks of each class.

    Parameters
    ----------
    edges
        Edges as :func:`edge_significance` returns them, or a part of them.

    Returns
    -------
    pandas.DataFrame
        One row for each of the eight classes, strongest first: ``evidence`` (str), ``significant`` (bool),
        ``edges``, ``accounts`` and ``networks`` (int64; connected components of the edges of that class
        alone).

    Raises
    ------
    MissingColumnError
        No column ``evidence`` or no accounts.
    InputError
        A class that does not exist.

    Examples
    --------
    >>> edges = pd.DataFrame({"account_id": ["a", "a"], "account_id_y": ["b", "c"], "evidence": ["open", "open"]})
    >>> evidence_table(edges).loc[3, ["evidence", "edges", "accounts", "networks"]].astype(str).tolist()
    ['open', '2', '3', '1']
    """
    check_classes(edges)
    codes, names = pd.factorize(pd.concat([edges["account_id"], edges["account_id_y"]]))
    rows = []
    for name in WORDS:
        of_class = (edges["evidence"] == name).to_numpy(dtype=bool, na_value=False)
        ends = codes[: len(edges)][of_class], codes[len(edges) :][of_class]
        n_accounts = len(np.unique(ends))
        graph = sparse.coo_array((np.ones(len(ends[0]), dtype=bool), ends), shape=(len(names), len(names)))
        n_parts = connected_components(graph, directed=False, return_labels=False) if len(names) else 0
        # Accounts without an edge of the class are parts of their own.
        size = len(ends[0]), n_accounts, int(n_parts) - len(names) + n_accounts
        rows.append((name, name in SIGNIFICANT, *size))
    return pd.DataFrame(rows, columns=["evidence", "significant", "edges", "accounts", "networks"]).astype(
        {"evidence": "str"}
    )


def check_classes(edges: pd.DataFrame) -> None:
    """Refuse what are no edges with their class; a missing class is one that was not tested."""
    check_table(edges, ("account_id", "account_id_y", "evidence"), "edges (see edge_significance)")
    strange = set(edges["evidence"].dropna().unique()) - set(WORDS)
    if strange:
        raise InputError(
            f"edges (see edge_significance): column 'evidence' has {min(map(str, strange))[:40]!r}, which is none of {', '.join(WORDS)}"
        )


def classify(conditions: dict[str, npt.NDArray[np.bool_]], n_edges: int) -> pd.Index:
    """Give each edge the strongest class whose condition holds; none holds: not significant."""
    names = list(WORDS)
    codes = np.full(n_edges, names.index("not significant"), dtype=np.int8)
    for code in reversed(range(len(names))):
        if names[code] in conditions:
            codes[conditions[names[code]]] = code
    return pd.Index(names, dtype="str").take(codes)


def duration(seconds: int) -> str:
    """Return a window or a delay in words, from five minutes on in minutes, from two hours on in hours."""
    if seconds < 300:
        return f"{int(seconds)} second{'' if seconds == 1 else 's'}"
    number, unit = (seconds / 60, "minutes") if seconds < 7_200 else (seconds / 3_600, "hours")
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"
