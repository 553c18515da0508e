"""Confirmation: both tests of the second level, from the view of either account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from coordlib.significance.arrays import Floats, Ints
from coordlib.significance.closed_circle import closed_share, judge_circle
from coordlib.significance.coincidences import Coincidences
from coordlib.significance.constants import CLOSED
from coordlib.significance.corpus import Corpus
from coordlib.significance.crowd import circles_of, judge_crowd
from coordlib.significance.occasions import Occasions
from coordlib.significance.presence import Presence


@dataclass(frozen=True)
class Confirmation:
    """Both tests of the second level for some edges: p-values, and what was around."""

    crowd: Floats
    circle: Floats
    #: Share of those present that met (mean of the two views); sessions of others present beside the two
    #: (larger view).
    closed: Floats
    around: Floats

    @classmethod
    def of(
        cls, corpus: Corpus, found: Coincidences, presence: Presence, graph: sparse.csr_array, edges: Ints
    ) -> Confirmation:
        """Look at each edge from the view of one account, then of the other; the larger p counts."""
        left, right = found.left[edges], found.right[edges]
        circles = circles_of(left, right, graph)
        pace = np.maximum(presence.paces[left], presence.paces[right])
        crowd, circle, closed, around = np.zeros((4, len(edges)))
        for own, other in ((left, right), (right, left)):
            seen = Occasions.of(corpus, found, own, other)
            crowd = np.maximum(crowd, judge_crowd(corpus, found, presence, seen, circles))
            circle = np.maximum(circle, judge_circle(corpus, presence, seen, pace))
            closed += closed_share(presence, seen) / 2
            around = np.maximum(around, seen.total(presence.crowd[seen.session] - 1))
        return cls(crowd, np.where(closed >= CLOSED, circle, 1.0), closed, around)
