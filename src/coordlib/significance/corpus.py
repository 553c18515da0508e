"""Shares as numbers, the sessions and units made of them, and where two accounts coincide on one object."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from coordlib.detect import kernel
from coordlib.posts import SHARE_COLUMNS
from coordlib.significance.arrays import (
    Bools,
    Ints,
    Timeline,
    begins,
    both_ways,
    counted_apart,
    distinct,
    stretches,
)
from coordlib.significance.constants import SESSION


class Corpus:
    """All shares that can be compared. Accounts and objects are numbered in the order of their names."""

    def __init__(self, shares: pd.DataFrame, window: int) -> None:
        """Number the ids, leave out what cannot be compared, and sort by object, account and time."""
        known = shares[list(SHARE_COLUMNS)].dropna()
        kept = known[(known["object_id"] != known["content_id"]).to_numpy(dtype=bool)]
        if kept["content_id"].duplicated().any():
            # The earliest of a content listed twice for one object.
            kept = kept.sort_values(["timestamp_share", "account_id"], kind="stable")
            kept = kept.drop_duplicates(["object_id", "content_id"])
        objects, _ = pd.factorize(kept["object_id"], sort=True)
        accounts, names = pd.factorize(kept["account_id"], sort=True)
        times = kept["timestamp_share"].to_numpy().astype(np.int64)
        order = np.lexsort((times, accounts, objects))
        self.objects, self.accounts = objects[order].astype(np.int64), accounts[order].astype(np.int64)
        self.times, self.account_names, self.window = times[order], pd.Index(names), int(window)
        #: Number of the (object, account) of each row; object and account of each such number.
        new_group = begins(self.objects, self.accounts)
        self.groups = np.cumsum(new_group) - 1
        self.group_objects, self.group_accounts = self.objects[new_group], self.accounts[new_group]
        #: Rows left out: without object, account, content or time; posts that are their own object; repeated rows.
        self.left_out = len(shares) - len(order)

    @property
    def n_accounts(self) -> int:
        return len(self.account_names)

    @property
    def n_objects(self) -> int:
        return int(self.objects[-1]) + 1 if len(self.objects) else 0

    @cached_property
    def sessions(self) -> Spells:
        """Posts within :data:`SESSION` of the first."""
        return Spells(self, SESSION)

    @cached_property
    def units(self) -> Spells:
        """Posts within twice the window of the first: used wherever several chances count."""
        return Spells(self, 2 * self.window)

    def group_of(self, objects: Ints, accounts: Ints) -> Ints:
        """Number of an (object, account), or -1 where the account did not share the object."""
        known = self.group_objects * self.n_accounts + self.group_accounts
        found, there = stretches(known, objects * self.n_accounts + accounts)
        return np.where(there > 0, found, -1)


class Spells:
    """Posts of one account on one object, close in time, taken as one act; by object, account, time.

    Two spells coincide when a post of one is within the window of a post of the other.
    """

    def __init__(self, corpus: Corpus, length: int) -> None:
        """Take together what lies within so many seconds of the first post."""
        new = counted_apart(corpus.groups, corpus.times, length)
        #: The spell of each row of the corpus.
        self.of_row = np.cumsum(new) - 1
        start = np.flatnonzero(new)
        #: Object, account and (object, account) of each.
        self.objects, self.accounts = corpus.objects[start], corpus.accounts[start]
        self.groups = corpus.groups[start]
        #: The number of posts, and the times of the first and the last (UTC seconds).
        self.posts = np.diff(np.append(start, len(new)))
        self.first, self.last = corpus.times[start], corpus.times[start + self.posts - 1]

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def by_group(self) -> Timeline:
        """First posts of each account on each object."""
        return Timeline(self.groups, self.first)

    @cached_property
    def by_object(self) -> tuple[Timeline, Ints]:
        """First posts of everybody on each object, and the number of each spell in this order."""
        order = np.lexsort((self.first, self.objects))
        return Timeline(self.objects[order], self.first[order]), order


class Coincidences:
    """What the pairs of posts come to, for each edge and each object of an edge ("place").

    Edges are sorted by their two accounts, ``left`` < ``right``; places by edge, then object.
    """

    def __init__(self, corpus: Corpus) -> None:
        """Find all coincidences of different accounts."""
        accounts, sessions, units = corpus.accounts, corpus.sessions, corpus.units
        one, other = kernel.close_rows(corpus.objects, corpus.accounts, corpus.times, corpus.window)
        swap = accounts[one] > accounts[other]
        left, right = np.where(swap, other, one), np.where(swap, one, other)
        keys = accounts[left] * corpus.n_accounts + accounts[right]
        order = np.argsort(keys, kind="stable")
        # Rows are sorted by object and close_rows keeps their order, so the objects of an edge stand together.
        keys, left, right = keys[order], left[order], right[order]
        objects = corpus.objects[left]
        new_edge, new_place = begins(keys), begins(keys, objects)
        edges, places = np.flatnonzero(new_edge), np.flatnonzero(new_place)
        place, n_edges = np.cumsum(new_place) - 1, len(edges)
        self.left, self.right = accounts[left[edges]], accounts[right[edges]]
        #: Edge and object of each place, and the coincident sessions there (the smaller number of the two accounts).
        self.place_edges, self.place_objects = (np.cumsum(new_edge) - 1)[places], objects[places]
        n = len(sessions)
        keys_there = (distinct(place * n + sessions.of_row[rows]) // n for rows in (left, right))
        self.place_meetings = np.minimum(*(np.bincount(key, minlength=len(places)) for key in keys_there))
        #: Pairs of posts; distinct objects; coincident sessions, summed over the objects.
        self.weight = np.diff(np.append(edges, len(keys)))
        self.n_objects = np.bincount(self.place_edges, minlength=n_edges)
        episodes = np.bincount(self.place_edges, weights=self.place_meetings, minlength=n_edges)
        self.episodes = episodes.astype(np.int64)
        #: Occasions: first coincidences of every object, counted only when more than the window apart. A queue
        #: released at one moment counts once, whatever the number of objects.
        times = np.maximum(corpus.times[left], corpus.times[right])
        met_at = np.minimum.reduceat(times, places) if len(places) else times
        by_time = np.lexsort((met_at, self.place_edges))
        counted = counted_apart(self.place_edges[by_time], met_at[by_time], corpus.window)
        self.occasions = np.bincount(self.place_edges[by_time][counted], minlength=n_edges)
        #: Distinct pairs of coincident sessions, from either; distinct pairs of coincident units, as the object of each.
        self.session, self.met_session = both_ways(*_distinct_pairs(sessions, left, right))
        self.unit_pair_objects = units.objects[_distinct_pairs(units, left, right)[0]]
        self._n_accounts = corpus.n_accounts
        self._met = self.session * corpus.n_accounts + sessions.accounts[self.met_session]

    def __len__(self) -> int:
        return len(self.left)

    def meets(self, sessions: Ints, accounts: Ints) -> Bools:
        """Say for each session whether the account has a post within the window of one of its posts."""
        return stretches(self._met, sessions * self._n_accounts + accounts)[1] > 0


def _distinct_pairs(spells: Spells, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    keys = distinct(spells.of_row[left] * len(spells) + spells.of_row[right])
    return np.divmod(keys, len(spells))
