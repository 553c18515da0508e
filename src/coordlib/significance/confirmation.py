"""Confirmation: both tests of the second level, from the view of either account.

They compare a pair with the sessions of *others on the same object around the same time*.
Sessions are counted, not posts: one spammer cannot dilute a crowd.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import bdtrc

from coordlib.detect.kernel import slices
from coordlib.significance.arrays import Bools, Floats, Ints, counted_apart, expand, stretches
from coordlib.significance.constants import (
    CHUNK,
    CIRCLE_REACH,
    CLIQUE,
    CLOCK_PRIOR,
    CLOSED,
    CROWD_REACH,
    MOST_PRESENT,
    NEARLY_ONE,
    PACE,
    PACE_PRIOR,
    SPEED_PRIOR,
)
from coordlib.significance.corpus import Coincidences, Corpus
from coordlib.significance.tails import level, tail

_HOUR = 3_600


class Presence:
    """Others around each session of the corpus, and how fast and by which clock accounts post."""

    def __init__(self, corpus: Corpus, found: Coincidences) -> None:
        """Count for every session."""
        sessions, window = corpus.sessions, corpus.window
        n, n_accounts = len(sessions), corpus.n_accounts
        everybody, _ = sessions.by_object
        #: Sessions of others that coincide with it; that start within the crowd's, within the circle's reach.
        self.met = met = np.bincount(found.session, minlength=n)
        self.crowd, self.circle = (
            np.maximum(
                met,
                everybody.count(sessions.objects, sessions.first - reach, sessions.last + reach)
                - sessions.by_group.count(sessions.groups, sessions.first - reach, sessions.last + reach),
            )
            for reach in (CROWD_REACH, CIRCLE_REACH)
        )
        #: At least half of those within the circle's reach coincide: the session tells nothing about an audience.
        self.tight = (met >= 1) & (2 * met >= self.circle)

        def sums(present: Ints, chosen: Bools) -> Floats:
            """Weighted sessions met and present, by account; a session counts as at most MOST_PRESENT."""
            weight = np.minimum(present, MOST_PRESENT) / np.maximum(present, 1) * chosen
            both = [np.bincount(sessions.accounts, weight * n, minlength=n_accounts) for n in (met, present)]
            return np.array(both, dtype=np.float64)

        met_in_crowd, in_crowd = sums(self.crowd, (self.crowd >= 2) & ~self.tight)
        base = max(met_in_crowd.sum() / max(1, in_crowd.sum()), (2 * window + 1) / (2 * CROWD_REACH))
        #: How often each account meets those present, relative to the corpus (1 = as everybody).
        self.speed = (met_in_crowd + SPEED_PRIOR * base) / (in_crowd + SPEED_PRIOR) / base
        met_in_all, in_all = sums(self.circle, np.ones(n, dtype=bool))
        slowest = (2 * window + 1) / (2 * CIRCLE_REACH)
        #: Share of those present that an audience meets: in the corpus, and by account.
        self.pace = max(min(PACE, float(met_in_all.sum() / max(1, in_all.sum()))), slowest)
        met_in_circle, in_circle = sums(self.circle, (self.circle >= 2) & ~self.tight)
        paces = (met_in_circle + PACE_PRIOR * self.pace) / (in_circle + PACE_PRIOR)
        self.paces = np.maximum(self.pace, paces)
        #: Bin of the hour of each session, share of all sessions in each bin; sessions of each account per bin.
        self.bins = (sessions.first + window) % _HOUR // (2 * window)
        n_bins = -(-_HOUR // (2 * window))
        self.bin_share = np.bincount(self.bins, minlength=n_bins) / max(1, n)
        self.account_bins = np.bincount(sessions.accounts * n_bins + self.bins, minlength=n_accounts * n_bins)

    def clock(self, corpus: Corpus, at: Ints, accounts: Ints) -> Floats:
        """How much more often the account posts in this bin of the hour than everybody does; at least 1.

        Counted on its sessions on other objects than that of the session: max(1, (n(b) + 10 φ(b)) / (n + 10)
        / φ(b)).
        """
        sessions, n_bins = corpus.sessions, len(self.bin_share)
        here = self.bins[at]
        groups = corpus.group_of(sessions.objects[at], accounts)
        _, on_it_here = stretches(np.sort(sessions.groups * n_bins + self.bins), groups * n_bins + here)
        _, on_it = stretches(sessions.groups, groups)
        everywhere = np.bincount(sessions.accounts, minlength=corpus.n_accounts)
        share = self.bin_share[here]
        in_bin = self.account_bins[accounts * n_bins + here] - on_it_here
        total = everywhere[accounts] - on_it
        return np.asarray(np.maximum(1, (in_bin + CLOCK_PRIOR * share) / (total + CLOCK_PRIOR) / share))


def confirm(
    corpus: Corpus, found: Coincidences, presence: Presence, graph: sparse.csr_array, edges: Ints
) -> tuple[Floats, Floats, Floats, Floats]:
    """Look at each edge from the view of one account, then of the other.

    The p-values of both tests (the larger one counts); the share of those present that met (mean of the two views);
    the sessions of others present beside the two (larger view).
    """
    left, right = found.left[edges], found.right[edges]
    circles = circles_of(left, right, graph)
    pace = np.maximum(presence.paces[left], presence.paces[right])
    crowd, circle, closed, around = np.zeros((4, len(edges)))
    for own, other in ((left, right), (right, left)):
        seen = occasions(corpus, found, own, other)
        crowd = np.maximum(crowd, judge_crowd(corpus, found, presence, seen, circles))
        p, share = judge_circle(corpus, presence, seen.chosen(seen.near_chances >= 1), pace)
        circle = np.maximum(circle, p)
        closed += share / 2
        others = np.bincount(seen.owner, weights=presence.crowd[seen.session] - 1, minlength=len(edges))
        around = np.maximum(around, others)
    return crowd, np.where(closed >= CLOSED, circle, 1.0), closed, around


class Occasions(NamedTuple):
    """Each session of one account on an object the other shared within hours of it, sorted by pair and time.

    Coarse timing decides what is an occasion, fine timing what is a hit.
    """

    #: Pair, session of the one account, and the other account.
    owner: Ints
    session: Ints
    other: Ints
    #: Units of the other account within the reach of the crowd and of the circle: its chances to be met.
    chances: Ints
    near_chances: Ints
    #: Whether the other account was met.
    hit: Bools

    def chosen(self, which: Bools | Ints) -> Occasions:
        """Only some of the occasions, or in another order."""
        return Occasions._make(column[which] for column in self)


def occasions(corpus: Corpus, found: Coincidences, own: Ints, other: Ints) -> Occasions:
    """Find the occasions of the pairs (own, other)."""
    sessions, units = corpus.sessions, corpus.units
    groups_of = np.argsort(corpus.group_accounts, kind="stable")
    starts, counts = stretches(corpus.group_accounts[groups_of], own)
    parts = [np.empty((4, 0), dtype=np.int64)]
    for part in slices(counts, CHUNK):
        pair, at = expand(starts[part], counts[part])
        pair, mine = pair + part.start, groups_of[at]
        theirs = corpus.group_of(corpus.group_objects[mine], other[pair])
        pair, mine, theirs = pair[theirs >= 0], mine[theirs >= 0], theirs[theirs >= 0]
        shared, session = expand(*stretches(sessions.groups, mine))
        first, last = sessions.first[session], sessions.last[session]
        near, wide = (
            units.by_group.count(theirs[shared], first - reach, last + reach)
            for reach in (CIRCLE_REACH, CROWD_REACH)
        )
        parts.append(np.array([column[wide > 0] for column in (pair[shared], session, wide, near)]))
    owner, session, wide, near = np.concatenate(parts, axis=1)
    hit = found.meets(session, other[owner])
    order = np.lexsort((session, sessions.first[session], owner))
    chances, near = np.maximum(wide, hit), np.maximum(near, hit)
    return Occasions(owner, session, other[owner], chances, near, hit).chosen(order)


def judge_crowd(
    corpus: Corpus, found: Coincidences, presence: Presence, seen: Occasions, circles: sparse.csr_array
) -> Floats:
    """Ask from one account's view (test A): are two accounts closer than the others that shared the same objects in the same hours?

    Occasions reach three hours; a hit is a coincidence. `circles` are pairs by accounts, 1 for a member.

    **Null.** Given the sessions around s, if the other account is any one of those present, it is met with
    probability f = (sessions that coincide with s) / (sessions present). Their taste, activity, time zone and
    hour of the day drop out: they decide who is present, not who is met. Two factors only raise the chance: the
    *clock* (accounts that schedule on the full hour meet there) and the *speed* of the other account (early birds
    meet each other):

        P(s) = 1 - (1 - f · max(clock, speed))^n,    n = units of the other account within three hours.

    The *circle* of the pair (common neighbours in the graph of discovered edges, if they are at least half of the
    neighbours of either) is set aside: friends of the pair are not its crowd. It stays in where it would be most
    of those present.

    **p** = P(Poisson-binomial(P) >= hits more than a window apart), 1 below two hits; the larger of the two
    views. Without a crowd f = 1, so p = 1: the test is silent. It equals a permutation of the names inside an
    object, without Monte Carlo.
    """
    at = seen.session
    met, crowd = presence.met[at], presence.crowd[at]
    friends_met, friends = _friends(corpus, found, seen, circles)
    aside = 2 * friends <= crowd
    share = np.where(aside, (met - friends_met) / np.maximum(1, crowd - friends), met / np.maximum(1, crowd))
    factor = np.maximum(presence.clock(corpus, at, seen.other), presence.speed[seen.other])
    chance = 1 - (1 - np.minimum(NEARLY_ONE, share * factor)) ** seen.chances.astype(np.float64)
    hits = counted_hits(corpus, seen)
    needed = np.bincount(seen.owner[hits], minlength=circles.shape[0])
    return np.where(needed < 2, 1.0, tail(seen.owner, chance, needed))


def counted_hits(corpus: Corpus, seen: Occasions) -> Ints:
    """Positions of the hits of each pair that are more than the window apart."""
    hits = np.flatnonzero(seen.hit)
    apart = counted_apart(seen.owner[hits], corpus.sessions.first[seen.session[hits]], corpus.window)
    return hits[apart]


def circles_of(left: Ints, right: Ints, graph: sparse.csr_array) -> sparse.csr_array:
    """Common neighbours of each pair, if at least :data:`CLIQUE` of all neighbours of either account."""
    common = graph[left].multiply(graph[right]).tocsr()
    n_common = np.diff(common.indptr)
    degree = np.diff(graph.indptr)
    partner = sparse.csr_array(
        (np.ones(len(right)), right, np.arange(len(right) + 1)), (len(right), graph.shape[1])
    )
    linked = graph[left].multiply(partner).sum(axis=1)
    # The two accounts themselves are nobody's circle.
    all_neighbours = degree[left] + degree[right] - n_common - 2 * linked
    kept = (n_common > 0) & (n_common >= CLIQUE * all_neighbours)
    used = sparse.csr_array(sparse.diags_array(kept.astype(np.float64)) @ common)
    used.eliminate_zeros()
    return used


def _friends(
    corpus: Corpus, found: Coincidences, seen: Occasions, circles: sparse.csr_array
) -> tuple[Floats, Floats]:
    """Sessions of the circle that coincide with each occasion, and that are present at it."""
    met, present = np.zeros((2, len(seen.owner)))
    concerned = np.flatnonzero(np.diff(circles.indptr)[seen.owner] > 0)
    sessions = corpus.sessions
    everybody, order = sessions.by_object
    at = seen.session[concerned]
    starts = everybody.from_time(sessions.objects[at], sessions.first[at] - CROWD_REACH)
    counts = everybody.after(sessions.objects[at], sessions.last[at] + CROWD_REACH) - starts
    met_starts, met_counts = stretches(found.session, at)
    for part in slices(counts + met_counts, CHUNK):
        owner = seen.owner[concerned[part]]
        for total, first, size, who in (
            (present, starts, counts, sessions.accounts[order]),
            (met, met_starts, met_counts, sessions.accounts[found.met_session]),
        ):
            _, place = expand(first[part], size[part])
            around = sparse.csr_array(
                (np.ones(len(place)), who[place], np.append(0, np.cumsum(size[part]))),
                shape=(len(owner), corpus.n_accounts),
            )
            total[concerned[part]] = around.multiply(circles[owner]).sum(axis=1)
    return met, np.maximum(met, present)


def judge_circle(corpus: Corpus, presence: Presence, seen: Occasions, pace: Floats) -> tuple[Floats, Floats]:
    """Ask from one account's view (test B): did most who shared these objects do so together, faster than an audience?

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
    crowded tight hit (mean of the two views), and with two hits or more. This share is returned beside p; 0 without
    a tight hit.

    **It cannot tell** an organised group from an audience that answers one source faster than five windows on
    average: the two have the same law, so no test can.
    """
    at, n_pairs = seen.session, len(pace)
    met, present, tight = presence.met[at], presence.circle[at], presence.tight[at]
    clock = presence.clock(corpus, at, seen.other)
    own_pace = pace[seen.owner]
    share = np.where(tight, own_pace, np.maximum(met / np.maximum(1, present), own_pace))
    chance: Floats = 1 - (1 - np.minimum(NEARLY_ONE, share * clock)) ** seen.near_chances.astype(np.float64)
    hits = counted_hits(corpus, seen)
    others_met, others = met[hits] - 1, np.maximum(present[hits] - 1, 1)
    together = bdtrc(np.maximum(others_met - 1, 0), others, np.minimum(1, own_pace[hits] * clock[hits]))
    unlikely = chance[hits] * np.where(tight[hits] & (others_met > 0), together, 1)
    needed = np.bincount(seen.owner[hits], weights=level(unlikely), minlength=n_pairs).astype(np.int64)
    n_hits = np.bincount(seen.owner[hits], minlength=n_pairs)
    p = np.where(n_hits < 2, 1.0, tail(seen.owner, chance, needed, scored=True))

    tight = seen.hit & tight
    largest = np.full(n_pairs, -1)
    np.maximum.at(largest, seen.owner[tight], present[tight])
    alike = present <= largest[seen.owner]
    n_met, n_present = (np.bincount(seen.owner, number * alike, n_pairs) for number in (met, present))
    return p, n_met / np.maximum(n_present, 1)
