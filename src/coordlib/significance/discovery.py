"""Discovery: both tests of the first level, what two accounts share and what they repeat in step.

They compare a pair with its own activity and habits, as if nobody looked at anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import pdtrc

from coordlib.detect.kernel import slices
from coordlib.significance.arrays import (
    Bools,
    Floats,
    Ints,
    begins,
    counted_apart,
    distinct,
    expand,
    stretches,
)
from coordlib.significance.constants import CHUNK, DAY, MOST_COUNTED, MOST_REPEATS, SESSION
from coordlib.significance.corpus import Coincidences, Corpus
from coordlib.significance.tails import adjusted, tail

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
    """Ask of every edge: do two accounts share more of the same objects in step than their activity explains?

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
    margins = Margins(corpus, found)
    least, family = _family_of_objects(margins, alpha)
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


def _family_of_objects(margins: Margins, alpha: float) -> tuple[int, int]:
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


@dataclass(frozen=True)
class Repeats(Tested):
    """Beside the p-values: which edges had enough sessions to be tested, and which keep a timetable."""

    able: Bools
    timetable: Bools


def judge_repeats(corpus: Corpus, found: Coincidences, alpha: float) -> Repeats:
    """Ask of every edge: do two accounts repeat one object in step more often than their own habits explain?

    **Statistic.** R: coincident sessions on objects where the two have at least two, not counting the first of
    every object (that they posted it at all in step may have any reason), those within half an hour of each other
    counted once.

    **Null.** Each session s of i meets j by chance λ_s = min(1, max(local, habit)). A session s' of j reaches u
    seconds, u = min(2w + 1 + length of s + length of s', (2w + 1) posts of s · posts of s').

    * *local* = Σ u / 86,400 over the sessions of j within half a day: how busy j is around then;
    * *habit* = Σ u / (2 · 1,800) over the sessions of j on other days within half an hour of the same time of
      day, divided by the number of these other days: whether j posts at that hour anyhow.

    **p** = P(Poisson-binomial(λ) >= R), from either account's view; the larger one counts.

    **Family.** Pairs with at least r0 sessions each on one object, r0 the smallest r in 2 … 12 with
    r p0^(r-1) <= alpha / m(r), p0 = (2w + 1) / 86,400 (Tarone 1990).

    **Timetable.** Two accounts that each keep a fixed timetable meet for ever. Where most sessions of one also
    lie at one and the same *larger* lag from posts of the other (half an hour to a day), the timetable explains
    the meetings: p is set to 1.
    """
    counts = np.bincount(corpus.sessions.groups, minlength=len(corpus.group_objects))
    least, family = _family_of_repeats(corpus, counts, alpha)
    # Edges with an object on which both accounts have enough sessions.
    sides = (side[found.place_edges] for side in (found.left, found.right))
    fewer = np.minimum(*(counts[corpus.group_of(found.place_objects, side)] for side in sides))
    able = np.bincount(found.place_edges[fewer >= least], minlength=len(found)) > 0
    places = np.flatnonzero((found.place_meetings >= 2) & able[found.place_edges])
    p, repeats = _from_one_side(corpus, found, places, found.left, found.right)
    other_p, other_repeats = _from_one_side(corpus, found, places, found.right, found.left)
    enough = np.minimum(repeats, other_repeats) >= max(1, least - 1)
    result = np.where(enough, np.maximum(p, other_p), 1.0)
    q = adjusted(result, family)
    timetable = _timetable(corpus, found, np.flatnonzero(q <= alpha))
    result[timetable] = 1
    return Repeats(result, adjusted(result, family), family, least, able, timetable & (q <= alpha / 2))


def _from_one_side(
    corpus: Corpus, found: Coincidences, places: Ints, own: Ints, other: Ints
) -> tuple[Floats, Ints]:
    """p-value and counted repeats of each edge, from the view of one of the two accounts."""
    sessions = corpus.sessions
    groups = corpus.group_of(found.place_objects[places], own[found.place_edges[places]])
    place, mine = expand(*stretches(sessions.groups, groups))
    edges = found.place_edges[places[place]]
    chances = _chances(corpus, mine, sessions.objects[mine], other[edges])
    met = np.flatnonzero(found.meets(mine, other[edges]))
    later = met[~begins(place[met])]
    events, at = edges[later], sessions.first[mine[later]]
    order = np.lexsort((at, events))
    counted = counted_apart(events[order], at[order], SESSION)
    repeats = np.bincount(events[order][counted], minlength=len(found))
    return tail(edges, chances, repeats), repeats


def _chances(corpus: Corpus, mine: Ints, objects: Ints, others: Ints) -> Floats:
    """λ of each session: the chance that the other account is met by how busy it is, or by its habits."""
    sessions, reach = corpus.sessions, 2 * corpus.window + 1
    starts, counts = stretches(sessions.groups, corpus.group_of(objects, others))
    result = np.empty(len(mine))
    for part in slices(counts, CHUNK):
        row, theirs = expand(starts[part], counts[part])
        n_rows = len(starts[part])
        own = mine[part][row]
        length = (sessions.last - sessions.first)[own] + (sessions.last - sessions.first)[theirs]
        seconds = np.minimum(reach + length, reach * sessions.posts[own] * sessions.posts[theirs])
        lag = sessions.first[theirs] - sessions.first[own]
        day = np.rint(lag / DAY).astype(np.int64)
        near = np.abs(lag) <= DAY // 2
        local = np.bincount(row[near], weights=seconds[near] / DAY, minlength=n_rows)
        same_hour = (day != 0) & (np.abs(lag - day * DAY) <= SESSION)
        habit = np.bincount(row[same_hour], weights=seconds[same_hour] / (2 * SESSION), minlength=n_rows)
        # Sessions are in the order of time, so days of one row stand together.
        days = np.bincount(row[begins(row, day) & (day != 0)], minlength=n_rows)
        result[part] = np.minimum(1, np.maximum(local, habit / np.maximum(days, 1)))
    return result


def _family_of_repeats(corpus: Corpus, counts: Ints, alpha: float) -> tuple[int, int]:
    by_chance = (2 * corpus.window + 1) / DAY
    for least in range(2, MOST_REPEATS + 1):
        pairs = _pairs_with(corpus, counts >= least)
        if least * by_chance ** (least - 1) <= alpha / max(1, pairs):
            return least, pairs
    return MOST_REPEATS + 1, 0


def _pairs_with(corpus: Corpus, able: Bools) -> int:
    """Pairs with enough sessions on one object; where there are many, counted once an object, which is more."""
    objects, accounts = corpus.group_objects[able], corpus.group_accounts[able]
    # Each account with those that follow it on the object.
    behind = np.arange(1, len(objects) + 1)
    rest = np.searchsorted(objects, objects, side="right") - behind
    if rest.sum() > MOST_COUNTED:
        return int(rest.sum())
    one, other = expand(behind, rest)
    return len(distinct(accounts[one] * corpus.n_accounts + accounts[other]))


def _timetable(corpus: Corpus, found: Coincidences, edges: Ints) -> Bools:
    """Which of the edges have sessions also at one larger lag from the other's posts, on their busiest object."""
    result = np.zeros(len(found), dtype=bool)
    for edge in edges:
        places = np.arange(*np.searchsorted(found.place_edges, [edge, edge + 1]))
        busiest = places[np.argmax(found.place_meetings[places])]
        meetings, ends = found.place_meetings[busiest], np.array([found.left[edge], found.right[edge]])
        if meetings >= 3:
            groups = corpus.group_of(found.place_objects[[busiest, busiest]], ends)
            mine, theirs = (
                np.arange(*np.searchsorted(corpus.groups, [group, group + 1])) for group in groups
            )
            result[edge] = _most_at_one_lag(corpus, mine, theirs) >= max(3, 0.6 * meetings)
    return result


def _most_at_one_lag(corpus: Corpus, mine: Ints, theirs: Ints) -> int:
    lags = corpus.times[theirs] - corpus.times[mine][:, None]
    far = (np.abs(lags) >= SESSION) & (np.abs(lags) <= DAY + 4 * SESSION)
    if far.sum() < 3:  # too few to matter
        return 0
    lags, sessions, most = lags[far], corpus.sessions.of_row[mine][far.nonzero()[0]], 0
    for phase in (0, corpus.window):
        bins = (lags + phase) // (2 * corpus.window)
        seen = distinct(bins * (sessions.max() + 1) + sessions) // (sessions.max() + 1)
        most = max(most, int(np.unique(seen, return_counts=True)[1].max()))
    return most
