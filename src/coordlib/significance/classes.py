"""The class of an edge, and the sentences a reader gets for it and for a whole page: never a p-value, never "not coordinated"."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect.edges import ends_as_numbers
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
    rows = []
    for name in WORDS:
        of_class = (edges["evidence"] == name).to_numpy(dtype=bool, na_value=False)
        graph: nx.Graph[str] = nx.Graph(
            list(edges.loc[of_class, ["account_id", "account_id_y"]].itertuples(index=False))
        )
        parts = nx.number_connected_components(graph)
        rows.append((name, name in SIGNIFICANT, of_class.sum(), len(graph), parts))
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


def classify(conditions: dict[str, npt.NDArray[np.bool_]]) -> pd.Index:
    """Give each edge the strongest class whose condition holds; none holds: not significant, the last of all."""
    *names, _ = WORDS
    codes = np.select([conditions[name] for name in names], list(range(len(names))), len(names))
    return pd.Index(list(WORDS), dtype="str").take(codes)


def duration(seconds: int) -> str:
    """Return a window or a delay in words, from five minutes on in minutes, from two hours on in hours."""
    if seconds < 300:
        return f"{int(seconds)} second{'' if seconds == 1 else 's'}"
    number, unit = (seconds / 60, "minutes") if seconds < 7_200 else (seconds / 3_600, "hours")
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"


#: Fewer accounts outside the discovered edges than this are hardly a reference.
FEW_OUTSIDE = 50
#: Words after the number of edges of each class, several and one.
_BASIS = {
    "beyond the crowd": ("are beyond the crowd", "is beyond the crowd"),
    "closed circle": ("belong to a closed circle", "belongs to a closed circle"),
    "as the crowd": ("kept the pace of the others", "kept the pace of the others"),
    "open": ("are open", "is open"),
    "timetable": ("keep a fixed timetable", "keeps a fixed timetable"),
    "too few repeats": (
        "repeat one {object} too few times to decide",
        "repeats one {object} too few times to decide",
    ),
    "single episode": ("met once", "met once"),
    "not significant": (
        "are no more than activity and habits explain",
        "is no more than activity and habits explain",
    ),
}
#: What a reader needs to know where a class is named.
_MEANING = {
    "beyond the crowd": (
        "Beyond the crowd means: on several occasions closer together than the other accounts that posted the same "
        "{object}s in the same hours. Common taste, the hour or a source seen by all do not explain that; a private "
        "alert that only a few accounts answer within about {window} could."
    ),
    "closed circle": (
        "A closed circle means: most of the few accounts that posted these {object}s at all did so together, within "
        "{window}, again and again. An organised group and an audience that answers one source within about {window} "
        "look exactly alike; an audience that typically takes {delay} or more is ruled out."
    ),
}

#: Why an edge is undecided.
_UNTOLD = {
    "as the crowd": "only kept the pace of the others who posted them",
    "open": "met too seldom, or among too few others, to tell",
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
        Two to five lines, every number with its denominator: what is significant, and what that means; what is
        undecided; what the threshold keeps; whether there is anybody to compare with.

    Raises
    ------
    MissingColumnError
        A column is absent.
    InputError
        A class that does not exist.

    Examples
    --------
    The window is named where ``edges.attrs`` still has it; a table that was written and read has lost it.

    >>> edges = pd.DataFrame({"account_id": ["a", "a", "c"], "account_id_y": ["b", "c", "d"],
    ...                       "evidence": ["open", "single episode", "single episode"]})
    >>> print(evidence_headline(edges, edges.iloc[1:]))  # doctest: +NORMALIZE_WHITESPACE
    Nothing is beyond the crowd and there is no closed circle: of 3 pairs of accounts that posted the same captions
    within the time window, none did so clearly more often than their own activity and the others around them explain.
    1 pair remains undecided: the two posted the same captions together more often than their activity explains,
    but met too seldom, or among too few others, to tell.
    The weight keeps 2 of 3 pairs: both met once.
    """
    counts = evidence_table(edges).set_index("evidence")
    seconds = edges.attrs.get("time_window")
    window, delay = (
        (duration(seconds), duration(5 * seconds)) if seconds else ("the time window", "five time windows")
    )
    words = {"object": object_name, "window": window, "delay": delay}
    lines = [_significant(counts, len(edges), window, object_name)]
    lines += [_MEANING[name].format(**words) for name in SIGNIFICANT if counts["edges"][name]]
    lines.append(_undecided(counts, object_name))
    if kept is not None:
        lines.append(_kept(edges, kept, object_name))
    outside = edges.attrs.get("accounts_outside")
    if len(edges) and outside is not None and outside < FEW_OUTSIDE:
        accounts, share = _count(edges.attrs["accounts"], "account"), f"share{'s' if outside == 1 else ''}"
        few = (
            f"there are only {accounts}"
            if outside == edges.attrs["accounts"]
            else f"each of the {accounts} shares more with another than its activity explains"
            if outside == 0
            else f"{outside:,} of {accounts} {share} no more than activity explains"
        )
        lines.append(f"There is hardly anything to compare with: {few}.")
    return "\n".join(line for line in lines if line)


def class_words(counts: Mapping[Any, int], object_name: str = "caption") -> str:
    """Return the numbers of edges of each class in words, strongest class first."""
    parts = [(counts[name], words[counts[name] == 1]) for name, words in _BASIS.items() if counts.get(name)]
    if len(parts) == 1 and parts[0][0] > 1:
        ((number, words),) = parts
        return f"{'both' if number == 2 else f'all {number:,}'} {words.format(object=object_name)}"
    *most, last = [f"{number:,} {words.format(object=object_name)}" for number, words in parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _significant(counts: pd.DataFrame, n_edges: int, window: str, object_name: str) -> str:
    did = f"posted the same {object_name}s within {window}"
    if not n_edges:
        return f"No two accounts {did}."
    if not counts.loc[list(SIGNIFICANT), "edges"].sum():
        return (
            f"Nothing is beyond the crowd and there is no closed circle: of {_count(n_edges, 'pair')} of accounts that {did}, "
            "none did so clearly more often than their own activity and the others around them explain."
        )
    beyond, circle = (counts.to_dict("index")[evidence] for evidence in SIGNIFICANT)
    accounts, several = _count(circle["accounts"], "account"), circle["networks"] > 1
    form = f"{accounts} form {circle['networks']:,} closed circles"
    form = form if several else f"there is one closed circle of {accounts}"
    form = f"{form} ({_count(circle['edges'], 'pair')})" if circle["edges"] else "there is no closed circle"
    if beyond["edges"]:
        pairs, who = _count(beyond["edges"], "pair"), _count(beyond["accounts"], "account")
        text = f"{pairs} of {who} {_are(beyond['edges'])} beyond the crowd; {form}"
    else:
        text = (
            f"{form}; no pair is beyond the crowd, that is, closer together than the others who posted the same "
            f"{object_name}s in the same hours"
        )
    return f"{text[0].upper()}{text[1:]}. In all, {_count(n_edges, 'pair')} of accounts {did}."


def _undecided(counts: pd.DataFrame, object_name: str) -> str:
    numbers = {name: int(counts["edges"][name]) for name in UNDECIDED if counts["edges"][name]}
    total = sum(numbers.values())
    if not total:
        return ""
    reasons = [
        _UNTOLD[name] if number == total else f"{number:,} {_UNTOLD[name]}"
        for name, number in numbers.items()
    ]
    return (
        f"{_count(total, 'pair')} remain{'s' if total == 1 else ''} undecided: {'the two' if total == 1 else 'they'} posted the "
        f"same {object_name}s together more often than their activity explains, but {' and '.join(reasons)}."
    )


def _kept(edges: pd.DataFrame, kept: pd.DataFrame, object_name: str) -> str:
    check_table(kept, ("account_id", "account_id_y"), "the edges that are kept")
    tested, asked = ends_as_numbers(edges, kept)
    names = tested.isin(asked)
    rests = class_words(edges["evidence"][names].value_counts().to_dict(), object_name) or "none of them here"
    return f"The weight keeps {len(kept):,} of {_count(len(edges), 'pair')}: {rests}."


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
