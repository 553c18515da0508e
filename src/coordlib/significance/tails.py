"""Tails of sums of independent chances, and the false discovery rate: what every test ends in."""

from __future__ import annotations

import numpy as np

from coordlib.detect.kernel import slices
from coordlib.significance.arrays import Floats, Ints
from coordlib.significance.constants import CHUNK, FLOOR, MOST_EXACT, STEP

#: Scores of a hit run from 0 to this: -ln(FLOOR) in steps of STEP.
TOP_LEVEL = int(-np.log(FLOOR) / STEP)
#: exp(-STEP l), the chance that a score reaches level l, for l = 1 …
REACH = np.exp(-STEP * np.arange(1, TOP_LEVEL + 1))


def level(chance: Floats) -> Ints:
    """Score of a hit that had this chance: floor(-ln(max(chance, FLOOR)) / STEP), 0 to 27."""
    return np.floor(-np.log(np.maximum(chance, FLOOR)) / STEP).astype(np.int64)


def tail(owner: Ints, chances: Floats, needed: Ints, scored: bool = False) -> Floats:
    """P(sum >= needed) of independent events, for many sums at once.

    References
    ----------
    Hong, Y. (2013). On computing the distribution function for the Poisson binomial distribution.
    Computational Statistics & Data Analysis 59.
    """
    order = np.argsort(owner, kind="stable")
    owner, chances = owner[order], chances[order]
    counts = np.bincount(owner, minlength=len(needed))
    starts = np.cumsum(counts) - counts
    result = np.where(needed <= 0, 1.0, 0.0)
    reach = REACH if scored else np.ones(1)
    open_ = np.flatnonzero((needed > 0) & (needed <= counts * len(reach)))
    exact = open_[needed[open_] <= MOST_EXACT]
    # Sums of like size together, so that a batch is a rectangle.
    exact = exact[np.lexsort((-counts[exact], needed[exact]))]
    for batch in slices(needed[exact], CHUNK):
        sums = exact[batch]
        result[sums] = _exact(starts[sums], counts[sums], chances, needed[sums], reach)
    bounded = open_[needed[open_] > MOST_EXACT]
    if len(bounded):
        result[bounded] = _chernoff(owner, chances, needed, scored)[bounded]
    return result


def _exact(starts: Ints, counts: Ints, chances: Floats, needed: Ints, reach: Floats) -> Floats:
    """Distribution of each sum below `needed`, event by event; what reaches `needed` is absorbed."""
    by_count = np.argsort(-counts, kind="stable")
    starts, counts, needed = starts[by_count], counts[by_count], needed[by_count]
    width = int(needed.max())
    # Shifted to the right, so that every sum is absorbed at the same column.
    below = np.zeros((len(starts), width))
    below[np.arange(len(starts)), width - needed] = 1
    absorbed = np.zeros(len(starts))
    for event in range(int(counts.max())):
        active = int(np.searchsorted(-counts, -event, side="left"))
        # P(score = l) for l = 0 …, one row a sum.
        at_least = np.minimum(chances[starts[:active] + event][:, None], reach)
        exactly = -np.diff(at_least, prepend=1, append=0)
        old = below[:active]
        new = old * exactly[:, :1]
        for step in range(1, exactly.shape[1]):
            share = exactly[:, step]
            if not share.any():
                continue
            moved = old * share[:, None]
            cut = min(step, width)
            new[:, cut:] += moved[:, : width - cut]
            absorbed[:active] += moved[:, width - cut :].sum(axis=1)
        below[:active] = new
    result = np.empty(len(starts))
    result[by_count] = np.minimum(absorbed, 1)
    return result


def _chernoff(owner: Ints, chances: Floats, needed: Ints, scored: bool) -> Floats:
    best = np.full(len(needed), np.inf)
    for theta in np.geomspace(0.02, 1.5 if scored else 12, 40):
        if scored:
            growth = np.diff(np.exp(theta * np.arange(TOP_LEVEL + 1)))
            moment = np.minimum(chances[:, None], REACH) @ growth
        else:
            moment = chances * np.expm1(theta)
        exponent = np.bincount(owner, weights=np.log1p(moment), minlength=len(needed))
        best = np.minimum(best, exponent - theta * needed)
    return np.asarray(np.exp(np.minimum(best, 0)))


def adjusted(p: Floats, family: float) -> Floats:
    """Adjust p-values for a family larger than what is listed; the others count as p = 1.

    q of the k-th smallest p is the smallest p_(j) · family / j over j >= k, at most 1; 1 for an empty family.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57(1).
    """
    q = np.ones(len(p))
    # What has p = 1 may stand outside a small family and must not fill its ranks.
    listed = np.flatnonzero(p < 1)
    if family <= 0 or not len(listed):
        return q
    order = listed[np.argsort(p[listed], kind="stable")]
    steps = p[order] * family / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1)
    return q
