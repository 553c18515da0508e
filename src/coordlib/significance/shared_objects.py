"""Discovery 1: do two accounts share more of the same objects in step than their activity explains?

**Statistic.** The occasions of the edge: shared objects, counted once for what came within one window.

**Null.** How often they would meet if posts were dealt out at random, the larger of two expectations:

* *accounts*: λ = r_i r_j Σ_o min(1, d_i k_o / K) min(1, d_j k_o / K) q_o, with d the distinct objects of an
  account, k_o the accounts of an object, K = Σ k_o, q_o the share of an object's pairs of accounts that
  coincide, and r = max(1, units per object of the account / that of the corpus). After Chung & Lu (2002): a
  pair is expected in proportion to its degrees.
* *posts*: λ = Σ_o [1 - exp(-2 C_o s_i s_j / z)], with C_o the coincident pairs of units on the object, s an
  account's share of all units, z = 1 - Σ s². Each coincident pair could have carried any two names; it grows
  with the activity of both and saturates per object. Worlds with hyperactive accounts need it.

**p** = P(Poisson(λ) >= occasions), which is at least the tail of the sum of the single chances.

**Family.** Only accounts with at least r0 objects could reach a small p at all (Tarone 1990; Gilbert 2005;
Terada et al. 2013): r0 is the smallest r >= 2 at which the two least active accounts with r objects would
pass alpha / m(r), m(r) = pairs of accounts with at least r objects each. Fewer than r0 occasions never
decide. How many objects an account has says nothing on whom it meets, so the choice does not look at the
outcome.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import pdtrc

from coordlib.significance.arrays import Floats, Ints
from coordlib.significance.corpus import Coincidences, Corpus
from coordlib.significance.tails import adjusted

#: Edges whose expectation is formed at a time.
_EDGES = 5_000


@dataclass(frozen=True)
class Tested:
    """p-value of each edge, q within the family, size of the family, and the fewest meetings that decide."""

    p: Floats
    q: Floats
    family: int
    least: int


class Margins:
    """How active accounts and objects are: all the null knows."""

    def __init__(self, corpus: Corpus, found: Coincidences) -> None:
        """Count accounts, objects, units and coincidences."""
        self.objects = np.bincount(corpus.group_accounts, minlength=corpus.n_accounts)
        self.units = np.bincount(corpus.units.accounts, minlength=corpus.n_accounts)
        #: min(1, d k / K) needs the distinct sizes of objects, with the sum of q_o of each size.
        accounts = np.bincount(corpus.group_objects, minlength=corpus.n_objects)
        close = np.bincount(found.place_objects, minlength=corpus.n_objects)
        share = np.bincount(accounts, weights=close / np.maximum(1, accounts * (accounts - 1) / 2))
        self.sizes = np.flatnonzero(share > 0)
        self.closeness = share[self.sizes]
        #: 1 - exp(-2 C s s / z) needs the distinct numbers of coincident unit pairs, with how many objects have each.
        objects = np.bincount(np.bincount(found.unit_pair_objects))
        self.meetings = np.flatnonzero(objects[1:]) + 1
        self.meeting_objects = objects[self.meetings].astype(np.float64)

    def expected(self, left: Ints, right: Ints) -> Floats:
        """Occasions two accounts would have by activity alone (λ)."""
        all_objects, all_units = self.objects.sum(), self.units.sum()
        eager = np.maximum(1, self.units / self.objects * all_objects / all_units)
        share = self.units / all_units
        others = 1 - float(share @ share)
        result = np.empty(len(left))
        for start in range(0, len(left), _EDGES):
            part = slice(start, start + _EDGES)
            i, j = left[part], right[part]
            one, other = (np.minimum(1, self.objects[k][:, None] * self.sizes / all_objects) for k in (i, j))
            by_accounts = eager[i] * eager[j] * ((one * other) @ self.closeness)
            chance = -np.expm1(-2 * (share[i] * share[j] / others)[:, None] * self.meetings)
            result[part] = np.maximum(by_accounts, chance @ self.meeting_objects)
        return result


def judge_shared_objects(corpus: Corpus, found: Coincidences, alpha: float) -> Tested:
    """Test every edge for more shared objects than activity explains (see the module)."""
    margins = Margins(corpus, found)
    least, family = _family(margins, alpha)
    p = np.ones(len(found))
    tested = np.flatnonzero(
        (found.occasions >= 2)
        & (np.minimum(margins.objects[found.left], margins.objects[found.right]) >= least)
        & (family > 0)
    )
    expected = margins.expected(found.left[tested], found.right[tested])
    p[tested] = pdtrc(found.occasions[tested] - 1, expected)
    # Fewer meetings than r0 cannot decide in this family; in the small family of the completion two can.
    return Tested(p, adjusted(np.where(found.occasions >= least, p, 1), family), family, least)


def _family(margins: Margins, alpha: float) -> tuple[int, int]:
    by_activity = np.lexsort((margins.units, margins.objects))
    degrees = margins.objects[by_activity]
    for least in range(2, int(degrees.max(initial=0)) + 1):
        first = int(np.searchsorted(degrees, least))
        able = len(degrees) - first
        if able < 2:
            break
        pairs = able * (able - 1) // 2
        quietest = by_activity[first : first + 2]
        if pdtrc(least - 1, margins.expected(quietest[:1], quietest[1:])[0]) <= alpha / pairs:
            return least, pairs
    return 2, 0
