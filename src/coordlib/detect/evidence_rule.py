"""Evidence beside weight: what the tests say of each edge, and the rule that keeps edges by their class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coordlib.errors import MissingColumnError, ParameterError

#: What a table of edges takes over from the tests of :func:`coordlib.edge_significance`.
EVIDENCE_COLUMNS = ("occasions", "episodes", "evidence", "q_value", "added")
_ENDS = ["account_id", "account_id_y"]


def join_evidence(
    edges: pd.DataFrame, significance: pd.DataFrame | None, classes: str | Sequence[str] | None = ()
) -> pd.DataFrame:
    """Put the class of each edge beside its weight; with classes, those edges are the marked ones.

    A class is missing where an edge was not tested: a content that stands under two accounts is tested for the earlier one.
    """
    if classes:
        from coordlib.parameters import DetectionParameters

        rule = {"evidence": list(classes) if isinstance(classes, list | tuple) else classes}
        classes = DetectionParameters.load(rule, where="classes").evidence.classes
    if significance is None:
        if classes:
            raise ParameterError(f"classes = {list(classes)}: need significance (see edge_significance)")
        return edges
    if missing := {*_ENDS, *EVIDENCE_COLUMNS} - set(significance.columns):
        raise MissingColumnError.from_names(
            missing, significance.columns, "significance (see edge_significance)"
        )
    windows = edges.attrs.get("time_window"), significance.attrs.get("time_window")
    if None not in windows and windows[0] != windows[1]:
        raise ParameterError(
            f"significance: was looked for within {windows[1]} seconds and the pairs within {windows[0]}; use one window"
        )
    tested, asked = ends_as_numbers(significance, edges)
    found = significance[list(EVIDENCE_COLUMNS)].set_axis(tested).reindex(asked).set_axis(edges.index)
    found = found.astype({"occasions": "Int64", "episodes": "Int64", "added": "boolean"})
    found = pd.concat([edges, found], axis=1)
    found.attrs = {
        **edges.attrs,
        "evidence": {"q": significance.attrs.get("q"), "classes": list(classes or ())},
    }
    if classes:
        found["weight_threshold"] = found["evidence"].isin(list(classes)).astype("int64")
    return found


def ends_as_numbers(*tables: pd.DataFrame) -> list[pd.Index]:
    """Return a number for the two accounts of each row, the same in each table: text is slow to compare."""
    codes, names = pd.factorize(pd.concat([table[end] for table in tables for end in _ENDS]))
    sizes = np.cumsum([len(table) for table in tables for _ in _ENDS])
    ends = np.split(codes, sizes[:-1])
    return [pd.Index(ends[i] * len(names) + ends[i + 1]) for i in range(0, len(ends), 2)]
