"""Pairs to edges: one row per two accounts, with weight, times, contents, objects and threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect import kernel
from coordlib.detect.pairs import as_pairs
from coordlib.detect.sums import sum_pairs
from coordlib.detect.threshold import check_least_weight, check_quantile, over_threshold
from coordlib.errors import ParameterError

Compat = Literal["coortweet"] | None
Classes = str | Sequence[str]

#: What a table of edges takes over from the tests of :func:`coordlib.edge_significance`.
EVIDENCE_COLUMNS = ("occasions", "episodes", "evidence", "q_value", "added")
_ENDS = ["account_id", "account_id_y"]


def coordinated_edges(
    pairs: pd.DataFrame,
    edge_weight: float = 0.9,
    min_weight: int | None = None,
    objects: bool = True,
    compat: Compat = None,
    significance: pd.DataFrame | None = None,
    classes: Classes = (),
) -> pd.DataFrame:
    """Sum pairs of posts into one row per pair of accounts.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them. Not changed.
    edge_weight
        Quantile (0–1, type 7 of R) of the weights that an edge must exceed to be marked in ``weight_threshold``.
    min_weight
        A fixed smallest weight to mark instead of the quantile (inclusive).
    objects
        Whether to list the shared objects of each edge.
    compat
        ``"coortweet"`` counts contents as CooRTweet does: distinct *older* and distinct *newer* contents,
        whichever account posted them. The default counts the contents of each account.
    significance
        Result of :func:`coordlib.edge_significance` for the same shares: what each edge is evidence of.
    classes
        Classes of evidence to mark instead of the heavy edges, such as ``["closed circle"]``.

    Returns
    -------
    pandas.DataFrame
        ``account_id`` < ``account_id_y`` (by code point), ``weight`` (int64: pairs of posts; a pair counts once per
        object), ``n_objects`` (int64: distinct objects), ``avg_time_delta`` (float, seconds),
        ``n_content_id`` and ``n_content_id_y`` (int64), ``edge_symmetry_score`` (min/max of the two, 0–1),
        ``object_ids`` (list of str, in row order) if asked for, and ``weight_threshold`` (0 or 1). With `significance` also
        ``occasions``, ``episodes`` (Int64), ``evidence`` (str), ``q_value`` (float64), ``added`` (boolean).
        Edges are in the order in which their first pair appears.

    Raises
    ------
    ParameterError, MissingColumnError
        ``edge_weight`` outside 0–1, ``min_weight`` below 1, classes without `significance`, another window there; a pair
        column is absent.

    Examples
    --------
    >>> pairs = pd.DataFrame({"object_id": ["o", "p"], "account_id": ["b", "a"], "account_id_y": ["a", "b"],
    ...                       "content_id": ["1", "3"], "content_id_y": ["2", "4"], "time_delta": [10, 20]})
    >>> coordinated_edges(pairs)[["account_id", "account_id_y", "weight", "avg_time_delta"]].values.tolist()
    [['a', 'b', 2, 15.0]]
    """
    check_quantile(edge_weight)
    check_least_weight(min_weight)
    edges = aggregate(pairs, objects=objects, compat=compat)
    weights = edges["weight"].to_numpy()
    edges["weight_threshold"] = over_threshold(weights, edge_weight, min_weight)
    edges.attrs = {**pairs.attrs, "edge_weight": float(edge_weight), "min_weight": min_weight}
    edges.attrs["edges_found"] = len(edges)
    return join_evidence(edges, significance, classes)


def join_evidence(edges: pd.DataFrame, significance: pd.DataFrame | None, classes: Classes) -> pd.DataFrame:
    """Put the class of each edge beside its weight; with classes, those edges are the marked ones.

    A class is missing where an edge was not tested: a content that stands under two accounts is tested for the earlier one.
    """
    if classes:
        from coordlib.parameters import DetectionParameters

        asked = {"evidence": list(classes) if isinstance(classes, list | tuple) else classes}
        classes = DetectionParameters.load(asked, where="classes").evidence.classes
    if significance is None:
        if classes:
            raise ParameterError(f"classes = {list(classes)}: need significance (see edge_significance)")
        return edges
    check_table(significance, (*_ENDS, *EVIDENCE_COLUMNS), "significance (see edge_significance)")
    windows = edges.attrs.get("time_window"), significance.attrs.get("time_window")
    if None not in windows and windows[0] != windows[1]:
        raise ParameterError(
            f"significance: was tested with a window of {windows[1]} seconds, the pairs were found with one of {windows[0]}; use one window"
        )
    tested, wanted = ends_as_numbers(significance, edges)
    found = significance[list(EVIDENCE_COLUMNS)].set_axis(tested).reindex(wanted).set_axis(edges.index)
    found = found.astype({"occasions": "Int64", "episodes": "Int64", "added": "boolean"})
    found = pd.concat([edges, found], axis=1)
    rule = {"q": significance.attrs.get("q"), "classes": list(classes or ())}
    found.attrs = {**edges.attrs, "evidence": rule}
    if classes:
        found["weight_threshold"] = found["evidence"].isin(list(classes)).astype("int64")
    return found


def ends_as_numbers(*tables: pd.DataFrame) -> list[pd.Index]:
    """Return a number for the two accounts of each row, the same in each table: text is slow to compare."""
    codes, names = pd.factorize(pd.concat([table[end] for table in tables for end in _ENDS]))
    sizes = np.cumsum([len(table) for table in tables for _ in _ENDS])
    ends = np.split(codes, sizes[:-1])
    return [pd.Index(ends[i] * len(names) + ends[i + 1]) for i in range(0, len(ends), 2)]


def aggregate(pairs: pd.DataFrame, *, objects: bool, compat: Compat) -> pd.DataFrame:
    """Return the edges without a threshold, in the order of each edge's first pair."""
    if compat not in (None, "coortweet"):
        raise ParameterError(f"compat = {compat!r}: choose None or 'coortweet'")
    pairs = as_pairs(pairs)
    first, second, names = _account_codes(pairs)
    low, high = np.minimum(first, second), np.maximum(first, second)
    object_codes, object_names = pd.factorize(pairs["object_id"], use_na_sentinel=False)
    both = pd.concat([pairs["content_id"], pairs["content_id_y"]], ignore_index=True)
    contents = pd.factorize(both, use_na_sentinel=False)[0].reshape(2, -1)
    if compat is None:
        contents = np.where(first <= second, contents, contents[::-1])
    seconds = pairs["time_delta"].to_numpy(dtype="float64", na_value=np.nan)
    whole = pairs["time_delta"].dtype == "int64"
    steps = pairs["time_delta"].to_numpy() if whole else np.zeros_like(low)
    found, first_pairs = sum_pairs(kernel.side_by_side(low, high, object_codes, *contents, steps))
    sums: npt.NDArray[np.number] = found.seconds
    if not whole:
        size = np.int64(max(len(names), 1))
        edge = np.searchsorted(found.low * size + found.high, low * size + high)
        sums = np.bincount(edge, weights=seconds, minlength=len(found))
    order = np.argsort(first_pairs, kind="stable")
    weight, n_a, n_b = found.weight[order], found.n_low[order], found.n_high[order]
    edges = pd.DataFrame(
        {
            "account_id": names.take(found.low[order]).array,
            "account_id_y": names.take(found.high[order]).array,
            "weight": weight.astype(np.int64),
            "n_objects": found.n_objects[order].astype(np.int64),
            "avg_time_delta": sums[order] / np.maximum(weight, 1),
            "n_content_id": n_a.astype(np.int64),
            "n_content_id_y": n_b.astype(np.int64),
            "edge_symmetry_score": np.minimum(n_a, n_b) / np.maximum(np.maximum(n_a, n_b), 1),
        }
    )
    if objects:
        values = np.array([None if name != name else name for name in object_names], dtype=object)
        ends = np.cumsum(found.n_objects, dtype=np.int64)[order]
        shared, starts = values[found.objects].tolist(), (ends - found.n_objects[order]).tolist()
        lists = [shared[start:end] for start, end in zip(starts, ends.tolist(), strict=True)]
        edges["object_ids"] = pd.Series(lists, dtype=object)
    return edges


def _account_codes(pairs: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], pd.Index]:
    """Number accounts by code point order, so that comparing numbers compares names."""
    both = pd.concat([pairs["account_id"], pairs["account_id_y"]], ignore_index=True)
    codes, found = pd.factorize(both, use_na_sentinel=False)
    names = pd.Index(found, dtype="str")
    order = names.argsort()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes[: len(pairs)]], rank[codes[len(pairs) :]], names.take(order)
