"""Small jobs on sorted arrays: write out ranges, count in time, pick events apart from each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def expand(starts: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Write out ranges: the number of the range each element comes from, and the element."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts - starts, counts)


def begins(*keys: Ints) -> Bools:
    """Say which elements begin a run of equal ones (in every one of the columns)."""
    first = np.ones(len(keys[0]), dtype=bool)
    first[1:] = np.logical_or.reduce([np.diff(column) != 0 for column in keys])
    return first


def stretches(keys: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Return where each wanted number begins in sorted keys, and how many times it is there."""
    starts = np.searchsorted(keys, wanted)
    return starts, np.searchsorted(keys, wanted, side="right") - starts


def distinct(keys: Ints) -> Ints:
    """Sort whole numbers and leave out repetitions (np.unique hashes, which is slow for millions)."""
    keys = np.sort(keys)
    return np.asarray(keys[begins(keys)])


def both_ways(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return links seen from either end, sorted by it, then by the other; given sorted, with left < right."""
    ends, others = np.concatenate([right, left]), np.concatenate([left, right])
    order = np.argsort(ends, kind="stable")
    return ends[order], others[order]


def counted_apart(groups: Ints, times: Ints, gap: int) -> Bools:
    """Say which events count: the first of a group, and each more than `gap` after the last counted.

    Events are sorted by group and time. Sessions, units and occasions are all made by this one rule, which
    does not chain: an event close to an uncounted one may count.
    """
    counted = begins(groups) | (np.diff(times, prepend=times[:1]) > gap)
    # Within a run of events close to each other, jump from each event to the next that is far enough from it.
    heads = np.flatnonzero(counted)
    lengths = np.diff(np.append(heads, len(groups)))
    long = times[heads + lengths - 1] - times[heads] > gap
    run, rows = expand(heads[long], lengths[long])
    if not len(rows):
        return np.asarray(counted)
    index = Timeline(run, times[rows])
    jump = np.append(index.after(run, times[rows] + gap), len(rows))
    reached = np.append(counted[rows], False)
    while True:
        landed = jump[reached[:-1].nonzero()[0]]
        if reached[landed[landed < len(rows)]].all():
            counted[rows] = reached[:-1]
            return np.asarray(counted)
        reached[landed] = True
        reached[-1] = False
        jump = jump[jump]


class Timeline:
    """Events in groups, sorted by group and time: how many of a group lie in a stretch of time."""

    def __init__(self, groups: Ints, times: Ints) -> None:
        self._start = int(times.min()) if len(times) else 0
        self._stride = (int(times.max()) - self._start if len(times) else 0) + 3
        self._keys = groups * self._stride + (times - self._start + 1)

    def _key(self, groups: Ints, times: Ints) -> Ints:
        return np.asarray(groups * self._stride + np.clip(times - self._start + 1, 0, self._stride - 1))

    def from_time(self, groups: Ints, times: Ints) -> Ints:
        """Position of the first event of each group at this time or later."""
        return np.searchsorted(self._keys, self._key(groups, times), side="left")

    def after(self, groups: Ints, times: Ints) -> Ints:
        """Position of the first event of each group later than this time."""
        return np.searchsorted(self._keys, self._key(groups, times), side="right")

    def count(self, groups: Ints, low: Ints, high: Ints) -> Ints:
        """Count the events of each group between two times, both included."""
        return self.after(groups, high) - self.from_time(groups, low)
