"""Confirmation A: are two accounts closer than the others that shared the same objects in the same hours?

**Occasions** (:mod:`coordlib.significance.occasions`) reach three hours; a hit is a coincidence.

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

from __future__ import annotations

import numpy as np
from scipy import sparse

from coordlib.detect.kernel import slices
from coordlib.significance.arrays import Floats, Ints, Timeline, counted_apart, expand
from coordlib.significance.coincidences import Coincidences
from coordlib.significance.constants import CHUNK, CLIQUE, CROWD_REACH, NEARLY_ONE
from coordlib.significance.corpus import Corpus
from coordlib.significance.occasions import Occasions
from coordlib.significance.presence import Presence
from coordlib.significance.tails import tail


def judge_crowd(
    corpus: Corpus, found: Coincidences, presence: Presence, seen: Occasions, circles: sparse.csr_array
) -> Floats:
    """p-value of each pair from one account's view; `circles` are pairs by accounts, 1 for a member."""
    at = seen.session
    met, crowd = presence.met[at], presence.crowd[at]
    friends_met, friends = _friends(corpus, found, seen, circles)
    aside = 2 * friends <= crowd
    share = np.where(aside, (met - friends_met) / np.maximum(1, crowd - friends), met / np.maximum(1, crowd))
    factor = np.maximum(presence.clock(corpus, at, seen.other), presence.speed[seen.other])
    chance = 1 - (1 - np.minimum(NEARLY_ONE, share * factor)) ** seen.chances.astype(np.float64)
    hits = counted_hits(corpus, seen)
    needed = np.bincount(seen.owner[hits], minlength=seen.n_pairs)
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
    met, present = np.zeros(len(seen.owner)), np.zeros(len(seen.owner))
    concerned = np.flatnonzero(np.diff(circles.indptr)[seen.owner] > 0)
    if not len(concerned):
        return met, present
    sessions = corpus.sessions
    order = np.lexsort((sessions.first, sessions.objects))
    everybody = Timeline(sessions.objects[order], sessions.first[order])
    at = seen.session[concerned]
    starts = everybody.from_time(sessions.objects[at], sessions.first[at] - CROWD_REACH)
    counts = everybody.after(sessions.objects[at], sessions.last[at] + CROWD_REACH) - starts
    one = np.concatenate([found.sessions_left, found.sessions_right])
    other = np.concatenate([found.sessions_right, found.sessions_left])
    by_one = np.argsort(one, kind="stable")
    one, other = one[by_one], other[by_one]
    met_starts = np.searchsorted(one, at)
    met_counts = np.searchsorted(one, at, side="right") - met_starts
    for part in slices(counts + met_counts, CHUNK):
        owner = seen.owner[concerned[part]]
        for total, first, size, who in (
            (present, starts, counts, sessions.accounts[order]),
            (met, met_starts, met_counts, sessions.accounts[other]),
        ):
            _, place = expand(first[part], size[part])
            around = sparse.csr_array(
                (np.ones(len(place)), who[place], np.append(0, np.cumsum(size[part]))),
                shape=(len(owner), corpus.n_accounts),
            )
            total[concerned[part]] = around.multiply(circles[owner]).sum(axis=1)
    return met, np.maximum(met, present)
