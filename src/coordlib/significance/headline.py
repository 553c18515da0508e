"""The first lines of a page: what is significant, what is undecided, on what the heavy edges rest."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coordlib.columns import check_table
from coordlib.detect.edges import ends_as_numbers
from coordlib.significance.classes import SIGNIFICANT, duration, evidence_table

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
    The weight keeps 2 of 3 pairs: 2 met once.
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
        accounts = _count(edges.attrs["accounts"], "account")
        few = (
            f"There are only {accounts}"
            if outside == edges.attrs["accounts"]
            else f"Each of the {accounts} is in a pair that shares more than its activity explains"
            if outside == 0
            else f"Only {outside:,} of {accounts} {_are(outside)} in no pair that shares more than its activity explains"
        )
        lines.append(f"{few}: there is hardly anything to compare with.")
    return "\n".join(line for line in lines if line)


def class_words(counts: Mapping[str, int], object_name: str = "caption") -> str:
    """Return the numbers of edges of each class in words, strongest class first."""
    parts = [(counts[name], words[counts[name] == 1]) for name, words in _BASIS.items() if counts.get(name)]
    return ", ".join(f"{number:,} {words.format(object=object_name)}" for number, words in parts)


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
    parts = []
    if beyond["edges"]:
        parts.append(
            f"{_count(beyond['edges'], 'pair')} of {_count(beyond['accounts'], 'account')} "
            f"{_are(beyond['edges'])} beyond the crowd"
        )
    if circle["edges"]:
        accounts, several = _count(circle["accounts"], "account"), circle["networks"] > 1
        form = f"{accounts} form {circle['networks']:,} closed circles"
        form = form if several else f"there is one closed circle of {accounts}"
        parts.append(f"{form} ({_count(circle['edges'], 'pair')})")
    none = [] if beyond["edges"] else ["nothing is beyond the crowd"]
    none += [] if circle["edges"] else ["there is no closed circle"]
    text = "; ".join([*parts, *none])
    return f"{text[0].upper()}{text[1:]}. In all, {_count(n_edges, 'pair')} of accounts {did}."


def _undecided(counts: pd.DataFrame, object_name: str) -> str:
    crowd, open_ = (int(counts["edges"][name]) for name in ("as the crowd", "open"))
    if not crowd + open_:
        return ""
    reasons = []
    if crowd:
        reasons.append(f"{crowd:,} only kept the pace of the others who posted them")
    if open_:
        reasons.append(f"{open_:,} met too seldom, or among too few others, to tell")
    if len(reasons) == 1:
        reasons = [reasons[0].split(" ", 1)[1]]
    one = crowd + open_ == 1
    return (
        f"{_count(crowd + open_, 'pair')} remain{'s' if one else ''} undecided: {'the two' if one else 'they'} posted the same "
        f"{object_name}s together more often than their activity explains, but {' and '.join(reasons)}."
    )


def _kept(edges: pd.DataFrame, kept: pd.DataFrame, object_name: str) -> str:
    check_table(kept, ("account_id", "account_id_y"), "the edges that are kept")
    tested, asked = ends_as_numbers(edges, kept)
    names = tested.isin(asked)
    counts = {str(name): int(number) for name, number in edges["evidence"][names].value_counts().items()}
    rests = class_words(counts, object_name) or "none of them here"
    return f"The weight keeps {len(kept):,} of {_count(len(edges), 'pair')}: {rests}."


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
