"""Who else was there: for every session of the corpus, who met it and who shared the object around it.

The confirmation compares a pair with the sessions of *others on the same object around the same time*.
Sessions are counted, not posts: one spammer cannot dilute a crowd.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coordlib.significance.arrays import Bools, Floats, Ints, Timeline
from coordlib.significance.coincidences import Coincidences
from coordlib.significance.constants import (
    CIRCLE_REACH,
    CLOCK_PRIOR,
    CROWD_REACH,
    MOST_PRESENT,
    PACE,
    PACE_PRIOR,
    SPEED_PRIOR,
)
from coordlib.significance.corpus import Corpus

_HOUR = 3_600


@dataclass(frozen=True)
class Presence:
    """Others around each session of the corpus, and how fast and by which clock accounts post."""

    #: Sessions of others that coincide with it; that start within the crowd's reach; within the circle's
    #: reach.
    met: Ints
    crowd: Ints
    circle: Ints
    #: At least half of those within the circle's reach coincide: the session tells nothing about an audience.
    tight: Bools
    #: How often each account meets those present, relative to the corpus (1 = as everybody).
    speed: Floats
    #: Share of those present that an audience meets: in the corpus, and by account.
    pace: float
    paces: Floats
    #: Bin of the hour of each session, share of all sessions in each bin; sessions of each account per bin.
    bins: Ints
    bin_share: Floats
    account_bins: Ints

    @classmethod
    def of(cls, corpus: Corpus, found: Coincidences) -> Presence:
        """Count for every session."""
        sessions, window = corpus.sessions, corpus.window
        n, n_accounts = len(sessions), corpus.n_accounts
        met = np.bincount(found.sessions_left, minlength=n) + np.bincount(found.sessions_right, minlength=n)
        order = np.lexsort((sessions.first, sessions.objects))
        everybody = Timeline(sessions.objects[order], sessions.first[order])
        crowd, circle = (
            np.maximum(
                met,
                everybody.count(sessions.objects, sessions.first - reach, sessions.last + reach)
                - sessions.by_group.count(sessions.groups, sessions.first - reach, sessions.last + reach),
            )
            for reach in (CROWD_REACH, CIRCLE_REACH)
        )
        tight = (met >= 1) & (2 * met >= circle)

        def sums(present: Ints, chosen: Bools) -> list[Floats]:
            """Weighted sessions met and present, by account; a session counts as at most MOST_PRESENT."""
            weight = np.minimum(present, MOST_PRESENT) / np.maximum(present, 1) * chosen
            return [
                np.asarray(
                    np.bincount(sessions.accounts, weights=weight * n, minlength=n_accounts), dtype=np.float64
                )
                for n in (met, present)
            ]

        met_in_crowd, in_crowd = sums(crowd, (crowd >= 2) & ~tight)
        base = max(_ratio(met_in_crowd.sum(), in_crowd.sum()), (2 * window + 1) / (2 * CROWD_REACH))
        met_in_all, in_all = sums(circle, np.ones(n, dtype=bool))
        slowest = (2 * window + 1) / (2 * CIRCLE_REACH)
        pace = max(min(PACE, _ratio(met_in_all.sum(), in_all.sum())), slowest)
        met_in_circle, in_circle = sums(circle, (circle >= 2) & ~tight)
        bins = (sessions.first + window) % _HOUR // (2 * window)
        n_bins = -(-_HOUR // (2 * window))
        return cls(
            met,
            crowd,
            circle,
            tight,
            (met_in_crowd + SPEED_PRIOR * base) / (in_crowd + SPEED_PRIOR) / base,
            pace,
            np.maximum(pace, (met_in_circle + PACE_PRIOR * pace) / (in_circle + PACE_PRIOR)),
            bins,
            np.bincount(bins, minlength=n_bins) / max(1, n),
            np.bincount(sessions.accounts * n_bins + bins, minlength=n_accounts * n_bins),
        )

    def clock(self, corpus: Corpus, at: Ints, accounts: Ints) -> Floats:
        """How much more often the account posts in this bin of the hour than everybody does; at least 1.

        Counted on its sessions on other objects than that of the session: max(1, (n(b) + 10 φ(b)) / (n + 10)
        / φ(b)).
        """
        sessions, n_bins = corpus.sessions, len(self.bin_share)
        here = self.bins[at]
        groups = corpus.group_of(sessions.objects[at], accounts)
        keys = np.sort(sessions.groups * n_bins + self.bins)
        same_object = groups * n_bins + here
        on_it_here = np.searchsorted(keys, same_object, side="right") - np.searchsorted(keys, same_object)
        on_it = np.searchsorted(sessions.groups, groups, side="right") - np.searchsorted(
            sessions.groups, groups
        )
        everywhere = np.bincount(sessions.accounts, minlength=corpus.n_accounts)
        share = self.bin_share[here]
        in_bin = self.account_bins[accounts * n_bins + here] - on_it_here
        total = everywhere[accounts] - on_it
        return np.asarray(np.maximum(1, (in_bin + CLOCK_PRIOR * share) / (total + CLOCK_PRIOR) / share))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0
