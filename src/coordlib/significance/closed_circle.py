"""Confirmation B: did most who shared these objects do so together, faster than an audience?

Where nobody else shares the objects there is no crowd to compare with. Then the others that were present
within the hour are taken as an audience of one source, which meets a session with at most the *pace* of the
corpus (at most .18: a mean delay of five windows).

**Chance of a hit** P(s) = 1 - (1 - p · clock)^n, n = units of the other account within the hour, p = the
larger pace of the two, raised to the share met at s where less than half of those present coincide.

**Score.** A hit at which half or more of those present coincide ("tight") had the chance u = P(s) ·
P(Bin(others present - 1, pace · clock) >= others met - 1); any other hit u = P(s). Its score is floor(-ln
max(u, .001) / .25): no occasion, however large the group, counts for more than one in a thousand. The scores
of hits more than a window apart are added.

**p** = P(sum of scores >= observed), scores independent with P(score >= l) = min(P(s), exp(-l / 4)); the
larger of the two views.

**Closed.** Only if at least half of those present met, over the occasions no more crowded than the most
crowded tight hit (mean of the two views), and with two hits or more.

**It cannot tell** an organised group from an audience that answers one source faster than five windows on
average: the two have the same law, so no test can.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc

from coordlib.significance.arrays import Floats
from coordlib.significance.constants import NEARLY_ONE
from coordlib.significance.corpus import Corpus
from coordlib.significance.crowd import counted_hits
from coordlib.significance.occasions import Occasions
from coordlib.significance.presence import Presence
from coordlib.significance.tails import level, tail


def judge_circle(corpus: Corpus, presence: Presence, seen: Occasions, pace: Floats) -> Floats:
    """p-value of each pair from one account's view, before the rule that the circle be closed."""
    seen = seen.chosen(seen.near_chances >= 1)
    at = seen.session
    met, present, tight = presence.met[at], presence.circle[at], presence.tight[at]
    clock = presence.clock(corpus, at, seen.other)
    own_pace = pace[seen.owner]
    share = np.where(tight, own_pace, np.maximum(met / np.maximum(1, present), own_pace))
    chance: Floats = 1 - (1 - np.minimum(NEARLY_ONE, share * clock)) ** seen.near_chances.astype(np.float64)
    hits = counted_hits(corpus, seen)
    together = _at_least(met[hits] - 1, present[hits] - 1, np.minimum(1, own_pace[hits] * clock[hits]))
    unlikely = chance[hits] * np.where(tight[hits], together, 1)
    needed = np.bincount(seen.owner[hits], weights=level(unlikely), minlength=seen.n_pairs).astype(np.int64)
    n_hits = np.bincount(seen.owner[hits], minlength=seen.n_pairs)
    return np.where(n_hits < 2, 1.0, tail(seen.owner, chance, needed, scored=True))


def closed_share(presence: Presence, seen: Occasions) -> Floats:
    """Share of those present that met (see **Closed** above); 0 without a tight hit."""
    seen = seen.chosen(seen.near_chances >= 1)
    met, present = presence.met[seen.session], presence.circle[seen.session]
    tight = seen.hit & presence.tight[seen.session]
    largest = np.full(seen.n_pairs, -1)
    np.maximum.at(largest, seen.owner[tight], present[tight])
    alike = present <= largest[seen.owner]
    whole = seen.total(present * alike)
    return np.divide(seen.total(met * alike), whole, out=np.zeros(seen.n_pairs), where=whole > 0)


def _at_least(successes: np.ndarray, trials: np.ndarray, chance: Floats) -> Floats:
    """P(Binomial(trials, chance) >= successes)."""
    return np.where(successes <= 0, 1.0, bdtrc(np.maximum(successes - 1, 0), np.maximum(trials, 1), chance))
