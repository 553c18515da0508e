"""Identifiers as the platform makes them (the upper 32 bits are nearly the creation time), and chances fixed by an id."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
DAY = 86_400


def snowflake_ids(rng: np.random.Generator, times: IntArray) -> IntArray:
    """Return unique ids ``((time - d) << 32) | random`` for creation times in UTC seconds.

    d is the delay measured on 89,672 real videos: 4 to 163 seconds (median 33), for 0.2 % (drafts) one to 31 hours.
    """
    size = len(times)
    delay = np.clip(np.exp(rng.normal(np.log(33), 0.68, size)), 4, 163).astype(np.int64)
    draft = rng.random(size) < 0.002
    delay[draft] = rng.integers(3600, 31 * 3600, int(draft.sum()))
    ids = ((np.asarray(times, dtype=np.int64) - delay) << 32) | rng.integers(0, 1 << 32, size, dtype=np.int64)
    while len(again := np.setdiff1d(np.arange(size), np.unique(ids, return_index=True)[1])):
        ids[again] = (ids[again] >> 32 << 32) | rng.integers(0, 1 << 32, len(again), dtype=np.int64)
    return np.asarray(ids)


def mix(values: IntArray | int, salt: int) -> npt.NDArray[np.uint64]:
    """Scramble integers into evenly spread 64-bit numbers (splitmix64): properties that follow from an id alone."""
    with np.errstate(over="ignore"):
        z = np.atleast_1d(np.asarray(values, dtype=np.int64)).astype(np.uint64)
        z = z + np.uint64(0x9E3779B97F4A7C15) * np.uint64(salt * 2 + 1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))


def chance(values: IntArray | int, salt: int) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each integer, fixed by the integer and the salt."""
    return (mix(values, salt) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
