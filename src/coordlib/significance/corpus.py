"""Shares as numbers, the sessions and units made of them, and where two accounts coincide on one object."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Spells:
    """Posts of one account on one object, close in time, taken as one act; by object, account, time.

    Two spells coincide when a post of one is within the window of a post of the other.
    """

    #: Object, account and (object, account) of each.
    objects: Ints
    accounts: Ints
    groups: Ints
    #: Times of the first and last post (UTC seconds), and the number of posts.
    first: Ints
    last: Ints
    posts: Ints
    #: The spell of each row of the corpus.
    of_row: Ints

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


@dataclass(frozen=True)
class Corpus:
    """All shares that can be compared. Accounts and objects are numbered in the order of their names."""

    objects: Ints
    accounts: Ints
    times: Ints
    #: Number of the (object, account) of each row; object and account of each such number.
    groups: Ints
    group_objects: Ints
    group_accounts: Ints
    account_names: pd.Index
    window: int
    #: Rows left out: without object, account, content or time; posts that are their own object; repeated
    #: rows.
    left_out: int

    @classmethod
    def from_shares(cls, shares: pd.DataFrame, window: int) -> Corpus:
        """Number the ids, leave out what cannot be compared, and sort."""
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
        objects, accounts, times = (
            objects[order].astype(np.int64),
            accounts[order].astype(np.int64),
            times[order],
        )
        new_group = begins(objects, accounts)
        return cls(
            objects,
            accounts,
            times,
            np.cumsum(new_group) - 1,
            objects[new_group],
            accounts[new_group],
            pd.Index(names),
            int(window),
            len(shares) - len(order),
        )

    @property
    def n_accounts(self) -> int:
        return len(self.account_names)

    @property
    def n_objects(self) -> int:
        return int(self.objects[-1]) + 1 if len(self.objects) else 0

    @cached_property
    def sessions(self) -> Spells:
        """Posts within :data:`SESSION` of the first."""
        return self._spells(SESSION)

    @cached_property
    def units(self) -> Spells:
        """Posts within twice the window of the first: used wherever several chances count."""
        return self._spells(2 * self.window)

    def group_of(self, objects: Ints, accounts: Ints) -> Ints:
        """Number of an (object, account), or -1 where the account did not share the object."""
        known = self.group_objects * self.n_accounts + self.group_accounts
        found, there = stretches(known, objects * self.n_accounts + accounts)
        return np.where(there > 0, found, -1)

    def _spells(self, length: int) -> Spells:
        first = counted_apart(self.groups, self.times, length)
        start = np.flatnonzero(first)
        posts = np.diff(np.append(start, len(first)))
        return Spells(
            self.objects[start],
            self.accounts[start],
            self.groups[start],
            self.times[start],
            self.times[start + posts - 1],
            posts,
            np.cumsum(first) - 1,
        )


@dataclass(frozen=True)
class Coincidences:
    """What the pairs of posts come to, for each edge and each object of an edge ("place").

    Edges are sorted by their two accounts, ``left`` < ``right``; places by edge, then object.
    """

    left: Ints
    right: Ints
    #: Pairs of posts; distinct objects.
    weight: Ints
    n_objects: Ints
    #: Occasions: first coincidences of every object, counted only when more than the window apart. A queue
    #: released at one moment counts once, whatever the number of objects.
    occasions: Ints
    #: Coincident sessions, summed over the objects.
    episodes: Ints
    #: Edge and object of each place, and the coincident sessions there (the smaller number of the two accounts).
    place_edges: Ints
    place_objects: Ints
    place_meetings: Ints
    #: Distinct pairs of coincident sessions, from either; distinct pairs of coincident units, as the object of each.
    session: Ints
    met_session: Ints
    unit_pair_objects: Ints
    #: Sorted (session, other account) keys; see :meth:`meets`.
    _met: Ints
    _n_accounts: int

    @classmethod
    def of(cls, corpus: Corpus) -> Coincidences:
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
        place_edges = (np.cumsum(new_edge) - 1)[places]
        n_edges = len(edges)
        n_objects = np.bincount(place_edges, minlength=n_edges)
        times = np.maximum(corpus.times[left], corpus.times[right])
        met_at = np.minimum.reduceat(times, places) if len(places) else times
        by_time = np.lexsort((met_at, place_edges))
        counted = counted_apart(place_edges[by_time], met_at[by_time], corpus.window)

        place = np.cumsum(new_place) - 1
        meetings = np.minimum(
            *(
                np.bincount(
                    distinct(place * len(sessions) + sessions.of_row[rows]) // max(1, len(sessions)),
                    minlength=len(places),
                )
                for rows in (left, right)
            )
        )
        session, met_session = both_ways(*_distinct_pairs(sessions, left, right))
        units_left, _ = _distinct_pairs(units, left, right)
        return cls(
            left=accounts[left[edges]],
            right=accounts[right[edges]],
            weight=np.diff(np.append(edges, len(keys))),
            n_objects=n_objects,
            occasions=np.bincount(place_edges[by_time], weights=counted, minlength=n_edges).astype(np.int64),
            episodes=np.bincount(place_edges, weights=meetings, minlength=n_edges).astype(np.int64),
            place_edges=place_edges,
            place_objects=objects[places],
            place_meetings=meetings,
            session=session,
            met_session=met_session,
            unit_pair_objects=units.objects[units_left],
            _met=session * corpus.n_accounts + sessions.accounts[met_session],
            _n_accounts=corpus.n_accounts,
        )

    def __len__(self) -> int:
        return len(self.left)

    def meets(self, sessions: Ints, accounts: Ints) -> Bools:
        """Say for each session whether the account has a post within the window of one of its posts."""
        return stretches(self._met, sessions * self._n_accounts + accounts)[1] > 0


def _distinct_pairs(spells: Spells, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    keys = distinct(spells.of_row[left] * len(spells) + spells.of_row[right])
    one, other = np.divmod(keys, max(1, len(spells)))
    return one, other
