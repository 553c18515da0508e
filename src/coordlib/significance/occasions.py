"""Occasions of a pair: each session of one account on an object the other shared within hours of it.

Coarse timing decides what is an occasion, fine timing what is a hit. From one account's view, then from the
other's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coordlib.detect.kernel import slices
from coordlib.significance.arrays import Bools, Floats, Ints, expand
from coordlib.significance.coincidences import Coincidences
from coordlib.significance.constants import CHUNK, CIRCLE_REACH, CROWD_REACH
from coordlib.significance.corpus import Corpus


@dataclass(frozen=True)
class Occasions:
    """Occasions of many pairs from one account's view, sorted by pair and time."""

    n_pairs: int
    #: Pair, session of the one account, and the other account.
    owner: Ints
    session: Ints
    other: Ints
    #: Units of the other account within the reach of the crowd and of the circle: its chances to be met.
    chances: Ints
    near_chances: Ints
    #: Whether the other account was met.
    hit: Bools

    @classmethod
    def of(cls, corpus: Corpus, found: Coincidences, own: Ints, other: Ints) -> Occasions:
        """Find the occasions of the pairs (own, other)."""
        groups_of = np.argsort(corpus.group_accounts, kind="stable")
        bounds = np.searchsorted(corpus.group_accounts[groups_of], np.arange(corpus.n_accounts + 1))
        starts, counts = bounds[own], np.diff(bounds)[own]
        parts = [
            _occasions(corpus, own[part], other[part], part.start, groups_of, starts[part], counts[part])
            for part in slices(counts, CHUNK)
        ]
        owner, session, chances, near = (
            np.concatenate([part[column] for part in parts]) if parts else np.empty(0, dtype=np.int64)
            for column in range(4)
        )
        hit = found.meets(session, other[owner])
        order = np.lexsort((session, corpus.sessions.first[session], owner))
        chances, near = np.maximum(chances, hit), np.maximum(near, hit)
        return cls(
            len(own),
            owner[order],
            session[order],
            other[owner[order]],
            chances[order],
            near[order],
            hit[order],
        )

    def chosen(self, which: Bools) -> Occasions:
        """Only some of the occasions."""
        return Occasions(
            self.n_pairs,
            self.owner[which],
            self.session[which],
            self.other[which],
            self.chances[which],
            self.near_chances[which],
            self.hit[which],
        )

    def total(self, values: Ints | Floats | Bools) -> Floats:
        """Sum of a value over the occasions of each pair."""
        sums = np.bincount(self.owner, weights=values, minlength=self.n_pairs)
        return np.asarray(sums, dtype=np.float64)


def _occasions(
    corpus: Corpus, own: Ints, other: Ints, offset: int, groups_of: Ints, starts: Ints, counts: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    sessions, units = corpus.sessions, corpus.units
    pair, at = expand(starts, counts)
    mine = groups_of[at]
    theirs = corpus.group_of(corpus.group_objects[mine], other[pair])
    pair, mine, theirs = pair[theirs >= 0], mine[theirs >= 0], theirs[theirs >= 0]
    first = np.searchsorted(sessions.groups, mine)
    shared, session = expand(first, np.searchsorted(sessions.groups, mine, side="right") - first)
    near, wide = (
        units.by_group.count(theirs[shared], sessions.first[session] - reach, sessions.last[session] + reach)
        for reach in (CIRCLE_REACH, CROWD_REACH)
    )
    there = wide > 0
    return pair[shared][there] + offset, session[there], wide[there], near[there]
