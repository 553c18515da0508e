"""Steps over texts compiled by numba: which ids are the same."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numba
import numpy as np

compile_step: Any = numba.njit(cache=True, nogil=True)


def _without_blas() -> None:
    """Spare numba the search for BLAS, which loads scipy.linalg (a quarter of a second); what needs it finds it all the same."""
    name = "scipy.linalg.cython_blas"
    if not {name, "numba.np.arraymath"} & set(sys.modules):
        sys.modules[name] = None  # type: ignore[assignment]
        try:
            importlib.import_module("numba.np.arraymath")._HAVE_BLAS = True  # type: ignore[attr-defined]
        finally:
            del sys.modules[name]


_without_blas()


@compile_step
def mix_texts(starts, words, text, seed, digests):  # type: ignore[no-untyped-def]
    """Write the digest of each text, eight bytes mixed at a time, the last ones at the top of their word.

    `words` are the eight bytes that begin at each byte of the text, where there are so many.
    """
    for row in range(len(digests)):
        stop = starts[row + 1]
        digest = np.uint64(stop - starts[row]) ^ seed
        for first in range(starts[row], stop, 8):
            last = min(first + 8, stop)
            word = np.uint64(0)
            if first < len(words):
                word = words[first]
            else:
                for k in range(first, last):
                    word |= np.uint64(text[k]) << np.uint64(8 * (k - first))
            word <<= np.uint64(8 * (first + 8 - last))
            digest = (digest ^ word) * np.uint64(0x9E3779B97F4A7C15)
            digest ^= digest >> np.uint64(32)
        digests[row] = digest


@compile_step
def in_one_place(digests, bits):  # type: ignore[no-untyped-def]
    """Say of each digest whether another begins with the same bits (6 or more): all that are equal, and a few more."""
    taken, twice = np.zeros((2, 1 << (bits - 6)), dtype=np.uint64)
    shift, low, six = np.uint64(64 - bits), np.uint64(63), np.uint64(6)
    for digest in digests:
        place = digest >> shift
        bit = np.uint64(1) << (place & low)
        word = place >> six
        was = taken[word]
        if was & bit:
            twice[word] |= bit
        else:
            taken[word] = was | bit
    found = np.empty(len(digests), dtype=np.bool_)
    for row in range(len(digests)):
        place = digests[row] >> shift
        found[row] = (twice[place >> six] >> (place & low)) & np.uint64(1)
    return found


@compile_step
def same_text(codes, starts, text, other_starts, other_text):  # type: ignore[no-untyped-def]
    """Say for each row whether the text with the row's code is the row's other text."""
    same = np.zeros(len(codes), dtype=np.bool_)
    for row in range(len(codes)):
        code = codes[row]
        if code < 0 or starts[code + 1] - starts[code] != other_starts[row + 1] - other_starts[row]:
            continue
        k = 0
        length = starts[code + 1] - starts[code]
        while k < length and text[starts[code] + k] == other_text[other_starts[row] + k]:
            k += 1
        same[row] = k == length
    return same
