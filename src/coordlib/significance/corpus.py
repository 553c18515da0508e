"""Shares as numbers: rows sorted by object, account and time, and the sessions and units made of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from coordlib.posts import SHARE_COLUMNS
from coordlib.significance.arrays import Ints, Timeline, counted_apart
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
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (np.diff(objects) != 0) | (np.diff(accounts) != 0)
        return cls(
            objects,
            accounts,
            times,
            np.cumsum(begins) - 1,
            objects[begins],
            accounts[begins],
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
        if not len(self.group_objects):
            return np.full(len(objects), -1)
        known = self.group_objects * self.n_accounts + self.group_accounts
        wanted = objects * self.n_accounts + accounts
        found = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[found] == wanted, found, -1)

    def _spells(self, length: int) -> Spells:
        begins = counted_apart(self.groups, self.times, length)
        start = np.flatnonzero(begins)
        end = np.append(start[1:], len(begins)) - 1 if len(start) else start
        return Spells(
            self.objects[start],
            self.accounts[start],
            self.groups[start],
            self.times[start],
            self.times[end],
            end - start + 1,
            np.cumsum(begins) - 1,
        )
