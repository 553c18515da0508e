"""Pairs to edges: one row per two accounts, with weight, times, contents, objects and threshold."""

from __future__ import annotations

import itertools
import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.detect.pairs import PAIR_COLUMNS, check_whole
from coordlib.errors import MissingColumnError, ParameterError

Compat = Literal["coortweet"] | None

EDGE_COLUMNS = (
    "account_id",
    "account_id_y",
    "weight",
    "n_objects",
    "avg_time_delta",
    "n_content_id",
    "n_content_id_y",
    "edge_symmetry_score",
    "object_ids",
    "weight_threshold",
)


def coordinated_edges(
    pairs: pd.DataFrame,
    edge_weight: float = 0.9,
    min_weight: int | None = None,
    objects: bool = True,
    compat: Compat = None,
) -> pd.DataFrame:
    """Sum pairs of posts into one row per pair of accounts.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them. Not changed.
    edge_weight
        Quantile (0–1) of the weights that an edge must exceed to be marked in ``weight_threshold``.
    min_weight
        A fixed smallest weight to mark instead of the quantile (inclusive).
    objects
        Whether to list the shared objects of each edge.
    compat
        ``"coortweet"`` counts contents as CooRTweet does: distinct *older* and distinct *newer* contents,
        whichever account posted them. The default counts the contents of each account.

    Returns
    -------
    pandas.DataFrame
        ``account_id`` < ``account_id_y`` (by code point), ``weight`` (int64: pairs of posts; a pair counts once per
        object), ``n_objects`` (int64: distinct objects), ``avg_time_delta`` (float, seconds),
        ``n_content_id`` and ``n_content_id_y`` (int64), ``edge_symmetry_score`` (min/max of the two, 0–1),
        ``object_ids`` (list of str, in row order) if asked for, and ``weight_threshold`` (0 or 1).
        Edges are in the order in which their first pair appears.

    Raises
    ------
    ParameterError
        ``edge_weight`` outside 0–1, ``min_weight`` below 1.
    MissingColumnError
        A pair column is absent.

    Notes
    -----
    The threshold is the type-7 quantile of R; an edge is marked when its weight is strictly greater.

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
    return edges


def ties_at_top(
    weights: npt.NDArray[np.int64], edge_weight: float, min_weight: int | None = None
) -> str | None:
    """Say so when there are edges and the quantile keeps none of them, because it is the heaviest weight itself.

    Examples
    --------
    >>> ties_at_top(np.array([9, 9, 9]), 0.9)
    '3 edges tie at the top weight of 9, so the 0.9 quantile keeps none: use min_weight or a lower edge_weight'
    """
    if not len(weights) or min_weight is not None or weights.max() > weight_quantile(weights, edge_weight):
        return None
    count = int((weights == weights.max()).sum())
    tie = f"{count:,} edges tie" if count > 1 else "the only edge lies"
    return (
        f"{tie} at the top weight of {weights.max():,}, so the {float(edge_weight):g} quantile keeps none: "
        "use min_weight or a lower edge_weight"
    )


def check_quantile(edge_weight: object) -> None:
    """Refuse an edge weight that is not a number from 0 to 1."""
    number = isinstance(edge_weight, int | float | np.number) and not isinstance(edge_weight, bool)
    if not number or not 0 <= float(edge_weight) <= 1:  # type: ignore[arg-type]
        raise ParameterError(f"edge_weight = {edge_weight!r}: give a quantile from 0 to 1")


def check_least_weight(min_weight: object) -> None:
    """Refuse a fixed smallest weight that is not None or a whole number of one or more."""
    if min_weight is not None:
        check_whole(min_weight, "min_weight")
        if min_weight == 0:
            raise ParameterError(f"min_weight = {min_weight!r}: give a whole number of 1 or more")


def over_threshold(
    weights: npt.NDArray[np.int64], edge_weight: float, min_weight: int | None = None
) -> npt.NDArray[np.int64]:
    """Return 1 where a weight is over the threshold, else 0."""
    if min_weight is not None:
        return np.asarray(weights >= min_weight, dtype=np.int64)
    return np.asarray(weights > weight_quantile(weights, edge_weight), dtype=np.int64)


def weight_quantile(weights: npt.NDArray[np.int64] | npt.NDArray[np.float64], probability: float) -> float:
    """Return R's type-7 quantile, with R's own order of operations; NaN without weights.

    Where the two neighbouring weights are equal the value is exact, not interpolated: a rounding error of
    one unit in the last place would turn "strictly greater" into "greater or equal".

    Examples
    --------
    >>> weight_quantile(np.array([1, 1, 2, 3]), 0.5)
    1.5
    """
    if len(weights) == 0:
        return math.nan
    # R counts from 1, and adding 1 to the position rounds it; the same steps give the same threshold.
    position = 1 + (len(weights) - 1) * float(probability)
    low, high = math.floor(position) - 1, math.ceil(position) - 1
    parts = np.partition(weights, (low, high))
    below, above = float(parts[low]), float(parts[high])
    if below == above:
        return below
    fraction = position - math.floor(position)
    return (1 - fraction) * below + fraction * above


def aggregate(pairs: pd.DataFrame, *, objects: bool, compat: Compat) -> pd.DataFrame:
    """Return the edges without a threshold, in the order of each edge's first pair."""
    if compat not in (None, "coortweet"):
        raise ParameterError(f"compat = {compat!r}: choose None or 'coortweet'")
    missing = {name for name in PAIR_COLUMNS if name not in pairs.columns}
    if missing:
        raise MissingColumnError.from_names(missing, pairs.columns, "pairs (see detect_groups)")
    first, second, names = _account_codes(pairs)
    older_first = first <= second
    low, high = np.minimum(first, second), np.maximum(first, second)
    edge, keys = pd.factorize(low * np.int64(max(len(names), 1)) + high)
    count = len(keys)
    low_of, high_of = np.divmod(np.asarray(keys, dtype=np.int64), np.int64(max(len(names), 1)))
    weight = np.bincount(edge, minlength=count).astype(np.int64)
    seconds = pairs["time_delta"].to_numpy(dtype="float64", na_value=np.nan)
    object_codes, object_names = pd.factorize(pairs["object_id"], use_na_sentinel=False)
    object_edges, object_rows = _distinct(edge, object_codes)
    a_contents, b_contents = _contents(pairs, older_first if compat is None else None)
    n_a = np.bincount(_distinct(edge, a_contents)[0], minlength=count).astype(np.int64)
    n_b = np.bincount(_distinct(edge, b_contents)[0], minlength=count).astype(np.int64)
    edges = pd.DataFrame(
        {
            "account_id": names.take(low_of).array,
            "account_id_y": names.take(high_of).array,
            "weight": weight,
            "n_objects": np.bincount(object_edges, minlength=count).astype(np.int64),
            "avg_time_delta": np.bincount(edge, weights=seconds, minlength=count) / np.maximum(weight, 1),
            "n_content_id": n_a,
            "n_content_id_y": n_b,
            "edge_symmetry_score": np.minimum(n_a, n_b) / np.maximum(np.maximum(n_a, n_b), 1),
        }
    )
    if objects:
        values = pd.Index(object_names).take(object_codes[object_rows]).to_numpy(dtype=object)
        edges["object_ids"] = _lists(values, object_edges, count)
    return edges


def _account_codes(pairs: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], pd.Index]:
    """Number accounts by code point order, so that comparing numbers compares names."""
    both = pd.concat([pairs["account_id"], pairs["account_id_y"]], ignore_index=True)
    codes, names = pd.factorize(both, use_na_sentinel=False)
    plain = ["\U0010ffff" if name is None or name != name else str(name) for name in names]
    order = sorted(range(len(plain)), key=plain.__getitem__)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    ranked = rank[codes] if len(order) else np.empty(0, dtype=np.int64)
    return ranked[: len(pairs)], ranked[len(pairs) :], pd.Index(names, dtype="str").take(order)


def _contents(
    pairs: pd.DataFrame, older_first: npt.NDArray[np.bool_] | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Content codes of both sides of each edge: by account, or (without `older_first`) by age as CooRTweet."""
    both = pd.concat([pairs["content_id"], pairs["content_id_y"]], ignore_index=True)
    codes = pd.factorize(both, use_na_sentinel=False)[0].astype(np.int64)
    older, newer = codes[: len(pairs)], codes[len(pairs) :]
    if older_first is None:
        return older, newer
    return np.where(older_first, older, newer), np.where(older_first, newer, older)


def _distinct(
    edge: npt.NDArray[np.int64], codes: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Edges and first rows of the distinct (edge, code), in row order."""
    if len(edge) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    combined = edge.astype(np.int64) * (int(codes.max()) + 1) + codes
    rows = np.flatnonzero(~pd.Series(combined).duplicated().to_numpy())
    return edge[rows], rows


def _lists(values: npt.NDArray[np.object_], groups: npt.NDArray[np.int64], count: int) -> pd.Series:
    """Collect values by group into plain lists, keeping their order."""
    order = np.argsort(groups, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(groups, minlength=count))]).astype(int)
    sorted_values = [None if v is None or v != v else str(v) for v in values[order].tolist()]
    lists = [sorted_values[a:b] for a, b in itertools.pairwise(bounds)]
    return pd.Series(lists, dtype=object)
