"""Accounts of a network of any size: degree, strength and component, summed from edges a batch at a time, without a graph."""

from __future__ import annotations

import numpy as np

from coordlib.detect.kernel import IntArray


class AccountSums:
    """What edges say of each account; memory follows accounts."""

    def __init__(self, n_accounts: int) -> None:
        self.degree = np.zeros(n_accounts, dtype=np.int64)
        self.strength = np.zeros(n_accounts, dtype=np.int64)
        self._first = np.arange(n_accounts)

    def add(self, low: IntArray, high: IntArray, weight: IntArray) -> None:
        """Count edges between two accounts each, by number."""
        for ends in (low, high):
            self.degree += np.bincount(ends, minlength=len(self.degree))
            self.strength += np.bincount(ends, weight, len(self.degree)).astype(np.int64)
        join(self._first, low, high)

    def networks(self) -> IntArray:
        """Return the number of each account's component, 0 for an account without edges.

        The largest is 1; of equal ones the heavier comes first, then the one with the first account, as for
        :func:`coordlib.describe.describe_networks`.
        """
        inside = self.degree > 0
        roots, places = np.unique(self._first[inside], return_inverse=True)
        strength = np.bincount(places, self.strength[inside])
        order = np.lexsort((roots, -strength, -np.bincount(places)))
        numbers = np.empty(len(roots), dtype=np.int64)
        numbers[order] = np.arange(1, len(roots) + 1)
        result = np.zeros(len(inside), dtype=np.int64)
        result[inside] = numbers[places]
        return result


def join(first: IntArray, low: IntArray, high: IntArray) -> None:
    """Let `first`, the first account of each account's component, know of further edges."""
    while True:
        one, two = first[low], first[high]
        apart = one != two
        if not apart.any():
            return
        low, high, one, two = low[apart], high[apart], one[apart], two[apart]
        # Of two components the later one joins the earlier; half of those that are apart or more do each time.
        np.minimum.at(first, np.maximum(one, two), np.minimum(one, two))
        while (first[first] != first).any():
            first[:] = first[first]
