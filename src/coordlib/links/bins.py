"""Kernels of link-sharing detection: which shares are close in time, which accounts that links.

Two ways. A *sliding window* compares shares with each other: two accounts are linked by a URL where
one followed the other within the interval. *Tumbling bins* (CooRnet) cut each URL's time line into
slices and forget, once an account was in any crowded slice, which slice it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coordlib.links.prepare import Bools, Ints, LinkRows

#: Pairs held in memory at once before they are reduced to links.
BLOCK = 4_000_000


@dataclass(frozen=True)
class Links:
    """One row per pair of accounts and URL they are linked by.

    Attributes
    ----------
    left, right
        Numbers of the two accounts (int64).
    url
        Number of the URL (int64).
    t_left, t_right
        When each of the two shared it: the earliest pair within the interval, or, in tumbling
        bins, each account's earliest share in a crowded bin (int64 UTC seconds).
    """

    left: Ints
    right: Ints
    url: Ints
    t_left: Ints
    t_right: Ints

    def __len__(self) -> int:
        return len(self.left)


def sliding_window(rows: LinkRows, interval: int) -> tuple[Links, Bools]:
    """Link two accounts by each URL both shared at most *interval* seconds apart (inclusive).

    Returns the links, ``left < right``, and for each row whether it is one end of such a pair.
    """
    order = np.lexsort((rows.account, rows.seconds, rows.url))
    url, seconds, account = rows.url[order], rows.seconds[order], rows.account[order]
    marked = np.zeros(len(url), dtype=np.bool_)
    parts: list[Links] = []
    for early, late in _pairs(_reach(url, seconds, interval)):
        different = account[early] != account[late]
        early, late = early[different], late[different]
        marked[early] = True
        marked[late] = True
        swap = account[early] > account[late]
        left, right = np.where(swap, late, early), np.where(swap, early, late)
        parts.append(
            _first_of_each(Links(account[left], account[right], url[early], seconds[left], seconds[right]))
        )
    by_row = np.zeros(len(url), dtype=np.bool_)
    by_row[order] = marked
    return _first_of_each(_joined(parts)), by_row


def tumbling_bins(rows: LinkRows, interval: int) -> tuple[Links, Bools, Ints]:
    """Repeat CooRnet: crowded slices of each URL's time line, then one clique per URL.

    A slice [t0 + k·s, t0 + (k+1)·s) with more than one post is coordinated, also where one account
    posted twice, if the URL has more than one account. All accounts of a URL's coordinated slices
    are linked with each other. Rows are marked by three membership tests (URL, date, account) that
    are independent of each other.

    Returns the links (``left`` is the account CooRnet met first), the marks, and the accounts in
    the order CooRnet meets them, on which its numbering of components depends.
    """
    starts = np.full(len(rows.urls), np.iinfo(np.int64).max)
    np.minimum.at(starts, rows.url, rows.seconds)
    slot = (rows.seconds - starts[rows.url]) // interval
    group = _numbers(rows.url, slot)
    accounts_of_url = np.bincount(
        np.unique(np.stack([rows.url, rows.account]), axis=1)[0], minlength=len(rows.urls)
    )
    chosen = (np.bincount(group)[group] > 1) & (accounts_of_url[rows.url] > 1)
    crowded = np.flatnonzero(chosen)
    marks = (
        np.isin(rows.url, rows.url[crowded])
        & np.isin(rows.seconds, rows.seconds[crowded])
        & np.isin(rows.account, rows.account[crowded])
    )
    first_row = np.full(int(group.max(initial=0)) + 1, len(rows))
    np.minimum.at(first_row, group, np.arange(len(rows)))
    met = crowded[np.lexsort((crowded, first_row[group[crowded]], -rows.url[crowded]))]
    _, first_met = np.unique(rows.account[met], return_index=True)
    vertices = rows.account[met][np.sort(first_met)]
    place = np.full(len(rows.accounts), -1, dtype=np.int64)
    place[vertices] = np.arange(len(vertices))

    member_url, member, when = _earliest(
        -rows.url[crowded], place[rows.account[crowded]], rows.seconds[crowded]
    )
    ends = np.searchsorted(member_url, member_url, side="right")
    parts = [
        Links(vertices[member[i]], vertices[member[j]], -member_url[i], when[i], when[j])
        for i, j in _pairs(ends - np.arange(len(member_url)) - 1)
    ]
    return _joined(parts), marks, vertices


def _reach(url: Ints, seconds: Ints, interval: int) -> Ints:
    """Return, per sorted row, how many of the following rows share its URL within the interval."""
    if not len(url):
        return np.zeros(0, dtype=np.int64)
    offset = seconds - seconds.min()
    width = int(offset.max()) + interval + 1
    key = url * width + offset
    last = np.searchsorted(key, key + interval, side="right")
    return np.asarray(last - np.arange(len(key)) - 1, dtype=np.int64)


def _pairs(following: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield (row, later row) index arrays, each row with its *following* rows, in bounded blocks."""
    total = np.cumsum(following)
    start = 0
    while start < len(following):
        done = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, done + BLOCK, side="right")), start + 1)
        counts = following[start:stop]
        early = np.repeat(np.arange(start, stop), counts)
        late = early + 1 + np.arange(len(early)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield early, late
        start = stop


def _first_of_each(links: Links) -> Links:
    """Keep the first link of each (account, account, URL); earlier ones come first in the input."""
    code = _numbers(_numbers(links.left, links.right), links.url)
    keep = np.unique(code, return_index=True)[1]
    return Links(
        links.left[keep], links.right[keep], links.url[keep], links.t_left[keep], links.t_right[keep]
    )


def _joined(parts: list[Links]) -> Links:
    empty = np.zeros(0, dtype=np.int64)
    columns = ("left", "right", "url", "t_left", "t_right")
    return Links(*(np.concatenate([empty, *(getattr(part, name) for part in parts)]) for name in columns))


def _earliest(url: Ints, account: Ints, seconds: Ints) -> tuple[Ints, Ints, Ints]:
    """Return one row per URL and account, with the earliest time, sorted by URL and account."""
    order = np.lexsort((seconds, account, url))
    url, account, seconds = url[order], account[order], seconds[order]
    new = np.ones(len(url), dtype=np.bool_)
    new[1:] = (url[1:] != url[:-1]) | (account[1:] != account[:-1])
    return url[new], account[new], seconds[new]


def _numbers(first: Ints, second: Ints) -> Ints:
    """Number the distinct (first, second) in sorted order, without overflow."""
    if not len(first):
        return np.zeros(0, dtype=np.int64)
    a = np.unique(first, return_inverse=True)[1].astype(np.int64)
    b = np.unique(second, return_inverse=True)[1].astype(np.int64)
    code = a * (int(b.max()) + 1) + b
    return np.asarray(np.unique(code, return_inverse=True)[1], dtype=np.int64)
