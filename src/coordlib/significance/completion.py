"""Completion: pairs inside a confirmed network get a second look in a small family.

A pair with a common neighbour through significant edges, not significant itself, has a far better prior than
any pair of the corpus, and there are few such pairs. Its p is the larger of the two levels, each the smaller
of its two tests doubled; Benjamini-Hochberg over all such pairs. Without a significant edge nothing is looked
at, and two adjacent false edges are needed before it could add a third.
"""

from __future__ import annotations

import numpy as np

from coordlib.detect.kernel import slices
from coordlib.significance.arrays import Bools, Ints, distinct, expand
from coordlib.significance.coincidences import Coincidences
from coordlib.significance.constants import CHUNK, MOST_NEIGHBOURS


def second_look(found: Coincidences, significant: Bools, n_accounts: int) -> tuple[Ints, int]:
    """Edges, not significant, whose ends have a significant common neighbour; and the number of such pairs."""
    ends = np.concatenate([found.left[significant], found.right[significant]])
    others = np.concatenate([found.right[significant], found.left[significant]])
    order = np.argsort(ends, kind="stable")
    ends, others = ends[order], others[order]
    middle = np.flatnonzero(np.diff(ends, prepend=-1))
    degrees = np.diff(np.append(middle, len(ends)))
    # Each neighbour with those that follow it at the same account.
    stops = np.repeat(middle + degrees, degrees)
    at = np.flatnonzero(np.repeat(degrees <= MOST_NEIGHBOURS, degrees))
    found_keys = [np.empty(0, dtype=np.int64)]
    for part in slices(stops[at] - at - 1, CHUNK):
        row, place = expand(at[part] + 1, stops[at[part]] - at[part] - 1)
        one, other = others[at[part][row]], others[place]
        found_keys.append(distinct(np.minimum(one, other) * n_accounts + np.maximum(one, other)))
    pairs = distinct(np.concatenate(found_keys))
    keys = found.left * n_accounts + found.right
    family = np.setdiff1d(pairs, keys[significant], assume_unique=True)
    return np.flatnonzero(np.isin(keys, family)), len(family)
