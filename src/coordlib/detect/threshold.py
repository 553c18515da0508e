"""Which edges are heavy enough: a quantile of the weights as R computes it, or a fixed smallest weight."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from coordlib.errors import ParameterError

Weights = npt.NDArray[np.int64]
#: Above every number of seconds, posts and accounts; sums of it still fit into 64 bits.
_MOST = 10**12


def check_whole(value: object, name: str, least: int = 0, most: int = _MOST) -> None:
    """Refuse anything but a whole number of at least `least` and at most `most`."""
    number = isinstance(value, int | np.integer) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not number or int(value) < least:  # type: ignore[call-overload]
        raise ParameterError(f"{name} = {value!r}: give a whole number of {least} or more")
    if int(value) > most:  # type: ignore[call-overload]
        raise ParameterError(f"{name} = {value!r}: give at most {most:,}")


def check_seed(seed: object) -> None:
    """Refuse a seed that is no whole number of zero or more."""
    check_whole(seed, "seed", most=2**63 - 1)


def check_window(time_window: object, time_window_low: object) -> None:
    """Refuse a window whose ends are no whole numbers of seconds, or the wrong way round."""
    check_whole(time_window, "time_window")
    check_whole(time_window_low, "time_window_low")
    if int(time_window_low) > int(time_window):  # type: ignore[call-overload]
        raise ParameterError(
            f"time_window_low = {time_window_low!r}: is above time_window = {time_window!r}; nothing lies between"
        )


def ties_at_top(
    weights: Weights, edge_weight: float, min_weight: int | None = None, counts: Weights | None = None
) -> str | None:
    """Say so when there are edges and the quantile keeps none of them, because it is the heaviest weight itself.

    With `counts` each weight stands for so many edges, and weights ascend.
    """
    if (
        not len(weights)
        or min_weight is not None
        or weights.max() > weight_quantile(weights, edge_weight, counts)
    ):
        return None
    counts = np.ones(len(weights), dtype=np.int64) if counts is None else counts
    top = int(weights.max())
    return tie_words(top, int(counts[weights == top].sum()), int(counts.sum()), edge_weight)


def tie_words(top: int, tied: int, n_edges: int, edge_weight: float) -> str:
    """Say what keeps the heaviest edges where they tie, and how many lighter ones that leaves out."""
    tie = f"{tied:,} edges tie" if tied > 1 else "the only edge lies"
    lighter = f", which leaves out {n_edges - tied:,} lighter ones, or a lower number"
    lighter = lighter if n_edges > tied else ""
    return (
        f"{tie} at the top weight of {top:,}, so the {float(edge_weight):g} quantile keeps none: "
        f"use min_weight={top} (--min-weight {top}){lighter}"
    )


def check_quantile(value: object, name: str = "edge_weight", what: str = "a quantile") -> None:
    """Refuse what is not a number from 0 to 1."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 <= float(value) <= 1:  # type: ignore[arg-type]
        raise ParameterError(f"{name} = {value!r}: give {what} from 0 to 1")


def check_least_weight(min_weight: object) -> None:
    """Refuse a fixed smallest weight that is not None or a whole number of one or more."""
    if min_weight is not None:
        check_whole(min_weight, "min_weight", least=1)


def limit(weights: Weights, edge_weight: float, min_weight: int | None) -> float:
    """Return the threshold: the fixed smallest weight, which is enough, or the quantile, which has to be exceeded."""
    return weight_quantile(weights, edge_weight) if min_weight is None else float(min_weight)


def over_threshold(weights: Weights, edge_weight: float, min_weight: int | None = None) -> Weights:
    """Return 1 where a weight is over the threshold, else 0."""
    if min_weight is not None:
        return np.asarray(weights >= min_weight, dtype=np.int64)
    return np.asarray(weights > weight_quantile(weights, edge_weight), dtype=np.int64)


def weight_quantile(
    weights: Weights | npt.NDArray[np.float64], probability: float, counts: Weights | None = None
) -> float:
    """Return R's type-7 quantile, with R's own order of operations; NaN without weights.

    With `counts` each weight stands for so many edges, and weights ascend.

    Where the two neighbouring weights are equal the value is exact, not interpolated: a rounding error of
    one unit in the last place would turn "strictly greater" into "greater or equal".

    Examples
    --------
    >>> weight_quantile(np.array([1, 1, 2, 3]), 0.5), weight_quantile(np.array([1, 2, 3]), 0.5, np.array([2, 1, 1]))
    (1.5, 1.5)
    """
    if len(weights) == 0:
        return math.nan
    # R counts from 1, and adding 1 to the position rounds it; the same steps give the same threshold.
    total = len(weights) if counts is None else int(counts.sum())
    position = 1 + (total - 1) * float(probability)
    low, high = math.floor(position) - 1, math.ceil(position) - 1
    if counts is None:
        below, above = map(float, np.partition(weights, (low, high))[[low, high]])
    else:
        below, above = map(float, weights[np.searchsorted(np.cumsum(counts), [low, high], side="right")])
    if below == above:
        return below
    fraction = position - math.floor(position)
    return (1 - fraction) * below + fraction * above
