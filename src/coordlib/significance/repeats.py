"""Discovery 2: do two accounts repeat one object in step more often than their own habits explain?

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

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
from coordlib.significance.shared_objects import Tested
from coordlib.significance.tails import adjusted, tail


@dataclass(frozen=True)
class Repeats(Tested):
    """Beside the p-values: which edges had enough sessions to be tested, and which keep a timetable."""

    able: Bools
    timetable: Bools


def judge_repeats(corpus: Corpus, found: Coincidences, alpha: float) -> Repeats:
    """Test every edge for more repeats in step than habits explain (see the module)."""
    counts = np.bincount(corpus.sessions.groups, minlength=len(corpus.group_objects))
    least, family = _family(corpus, counts, alpha)
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


def _family(corpus: Corpus, counts: Ints, alpha: float) -> tuple[int, int]:
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
