"""Pairs of posts whose values are close without being equal: perceptual hashes, embeddings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect.pairs import PAIR_COLUMNS
from coordlib.detect.threshold import check_quantile, check_whole
from coordlib.errors import InputError, ParameterError
from coordlib.ids import as_ids
from coordlib.posts import prep_data

#: Comparisons held at a time.
_AT_ONCE = 4_000_000
#: What stands in cells that have no value.
NO_VALUE = ("", "0", "na", "n/a", "nan", "none", "null")


def similar_pairs(
    posts: pd.DataFrame,
    column: str,
    time_window: int = 120,
    min_participation: int = 2,
    max_distance: int | None = None,
    min_cosine: float | None = None,
) -> pd.DataFrame:
    """Find all pairs of posts of two accounts within the window whose values in a column are close.

    Parameters
    ----------
    posts
        A table with ``account_id``, ``content_id``, ``posted_at`` and `column`. It is not changed.
    column
        Perceptual hashes as hexadecimal text of one length (pHash, dHash, PDQ) or whole numbers of 64 bits, or embeddings: a
        list or array of numbers a post, also as JSON text, all of one length. A missing, empty, ``0`` or ``NA`` value is in no
        pair.
    time_window
        Seconds between the two posts, at most.
    min_participation
        An account takes part with at least so many posts that have a value, and so many in pairs; a pair stays when
        either of its accounts does.
    max_distance
        For hashes: bits in which two may differ, at most (Hamming distance).
    min_cosine
        For embeddings: cosine of the angle between two, at least (0–1).

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`coordlib.detect_groups` and ``distance`` (int64, bits) or ``cosine`` (float, 6 decimals).
        ``object_id`` is what was repeated: the hash of the older post, or, for embeddings, its ``content_id``. Sorted by
        time of the newer post, then accounts and contents.

    Raises
    ------
    MissingColumnError, ParameterError, InputError
        A column that is not there; both or none of `max_distance` and `min_cosine`, or one out of range; values that are
        no hashes, or no embeddings, of one length (names the row).

    Notes
    -----
    Every two posts inside the window are compared, so nothing is missed; the time it takes grows with the posts inside
    a window, not with all of them. A distance that fits a hash is found by looking at pairs: for 64 bits, 8 to 10.

    Examples
    --------
    >>> posts = pd.DataFrame({"content_id": ["1", "2", "3"], "account_id": ["a", "b", "c"], "posted_at": [0, 5, 9],
    ...     "phash": ["ffd8a0b1c2d3e4f5", "ffd8a0b1c2d3e4f7", "00ff00ff00ff00ff"]})
    >>> similar_pairs(posts, "phash", 60, 1, max_distance=8)[["account_id", "account_id_y", "distance"]].values.tolist()
    [['a', 'b', 1]]
    """
    check_whole(time_window, "time_window")
    check_whole(min_participation, "min_participation")
    if (max_distance is None) == (min_cosine is None):
        raise ParameterError("similar_pairs: give max_distance (for hashes) or min_cosine (for embeddings)")
    if max_distance is not None:
        check_whole(max_distance, "max_distance")
    else:
        check_quantile(min_cosine, "min_cosine", "a number")
    if not isinstance(column, str):
        raise ParameterError(f"column = {column!r}: give the name of one column")
    check_table(posts, ("account_id", "content_id", "posted_at", column), "posts")
    posts = posts.reset_index(drop=True)
    bits = max_distance is not None
    known, values = _hashes(posts[column], column) if bits else _vectors(posts[column], column)
    table = prep_data(posts, object_id="content_id", timestamp_share="posted_at").drop(columns="object_id")
    table = table.assign(value=np.cumsum(known) - 1)[known].dropna()
    table = table.sort_values(["timestamp_share", "account_id", "content_id"], kind="stable")
    table = table[_often(table["account_id"], np.arange(len(table)), min_participation)]
    times = table["timestamp_share"].to_numpy(dtype=np.int64)
    least = float(max_distance if max_distance is not None else min_cosine or 0)
    none = np.empty(0, dtype=np.int64)
    parts = [(none, none, none), *_near(values[table["value"]], times, int(time_window), least, bits)]
    older, newer, close = map(np.concatenate, zip(*parts, strict=True))
    accounts, contents = table["account_id"].to_numpy(), table["content_id"].to_numpy()
    apart = (accounts[older] != accounts[newer]) & (contents[older] != contents[newer])
    older, newer, close = older[apart], newer[apart], close[apart]
    good = _often(table["account_id"], pd.unique(np.concatenate([older, newer])), min_participation)
    keep = good[older] | good[newer]
    older, newer, close = older[keep], newer[keep], close[keep]
    objects = posts[column].to_numpy()[table.index[older]] if bits else contents[older]
    columns = objects, accounts[older], accounts[newer], contents[older], contents[newer]
    pairs = pd.DataFrame(dict(zip(PAIR_COLUMNS, columns, strict=False)), dtype="str")
    pairs["time_delta"] = times[newer] - times[older]
    pairs["distance" if bits else "cosine"] = close if bits else np.round(close.astype(np.float64), 6)
    pairs.attrs = {"object_id": column, "time_window": time_window, "min_participation": min_participation}
    pairs.attrs["pairs_found"] = len(pairs)
    return pairs


def _often(accounts: pd.Series, rows: npt.NDArray[np.int64], least: int) -> npt.NDArray[np.bool_]:
    """Say of each row whether its account has at least so many of some rows."""
    codes, names = pd.factorize(accounts)
    return np.asarray((np.bincount(codes[rows], minlength=len(names)) >= least)[codes])


def _near(
    values: npt.NDArray[Any], times: npt.NDArray[np.int64], window: int, least: float, bits: bool
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[Any]]]:
    """Compare each row with the later ones inside its window, a block of rows at a time."""
    last = np.searchsorted(times, times + window, side="right")
    start = 0
    while start < len(times):
        stop = start + 1
        while stop < len(times) and (stop + 1 - start) * (last[stop] - start) <= _AT_ONCE:
            stop += 1
        end = int(last[stop - 1])
        if bits:
            close = np.zeros((stop - start, end - start), dtype=np.int64)
            for word in range(values.shape[1]):
                close += np.bitwise_count(values[start:stop, None, word] ^ values[None, start:end, word])
            near = close <= least
        else:
            # Rounded, because a product of matrices differs in the last digits with their shapes.
            close = np.round(values[start:stop] @ values[start:end].T, 9)
            near = close >= least
        one, two = np.nonzero(near)
        inside = (one < two) & (two + start < last[one + start])
        one, two = one[inside], two[inside]
        yield one + start, two + start, close[one, two]
        start = stop


def _hashes(column: pd.Series, name: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint64]]:
    """Return which rows have a hash, and the hashes as words of 64 bits."""
    if pd.api.types.infer_dtype(column, skipna=True) == "integer":
        column = column.map(
            lambda number: f"{int(number) % 2**64:016x}" if number else None, na_action="ignore"
        )
    text = as_ids(column, name).str.strip().str.lower().str.removeprefix("0x")
    known = (text.notna() & ~text.isin(NO_VALUE)).fillna(False).to_numpy(dtype=bool)
    text = text[known]
    length = int(text.str.len().max()) if len(text) else 16
    bad = ~(text.str.fullmatch("[0-9a-f]+") & (text.str.len() == length)).to_numpy(dtype=bool)
    if bad.any():
        row = int(text.index[bad][0])
        raise InputError(
            f"column '{name}', row {row + 1} of the data: {text[row][:40]!r} is no hexadecimal hash of {length} digits"
        )
    width = -(-length // 16) * 16
    words = np.frombuffer(bytes.fromhex("".join(text.str.zfill(width))), dtype=">u8").astype(np.uint64)
    return known, words.reshape(len(text), width // 16)


def _from_json(cell: object) -> object:
    """Return the list that a text holds, and everything else as it is."""
    if isinstance(cell, str) and cell.strip().startswith("["):
        with suppress(ValueError):
            return json.loads(cell)
    return cell


def _vectors(column: pd.Series, name: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return which rows have an embedding, and the embeddings in length 1."""
    column = column.map(_from_json)
    lists = column.map(lambda cell: isinstance(cell, list | tuple | np.ndarray) and len(cell) > 0)
    known = np.array(lists, dtype=bool)
    for row in np.flatnonzero(column.notna() & ~known).tolist():
        if str(column[row]).strip().lower() not in (*NO_VALUE, "[]"):
            raise InputError(f"column '{name}', row {row + 1} of the data: no list of numbers")
    cells = column[known].tolist()
    lengths = {len(cell) for cell in cells}
    if len(lengths) > 1:
        some = f"{min(lengths)} to {max(lengths)} numbers"
        raise InputError(f"column '{name}': embeddings have {some}; all need the same number")
    try:
        values = np.array(cells, dtype=np.float64).reshape(len(cells), next(iter(lengths), 1))
    except (TypeError, ValueError):
        raise InputError(f"column '{name}': holds lists of something other than numbers") from None
    with np.errstate(over="ignore"):  # what is too large is refused below
        size = np.sqrt((values**2).sum(axis=1))
    if not np.isfinite(size).all():
        first = int(np.flatnonzero(known)[~np.isfinite(size)][0])
        raise InputError(f"column '{name}', row {first + 1} of the data: not all of its numbers are finite")
    known[np.flatnonzero(known)[size == 0]] = False
    return known, values[size > 0] / size[size > 0, None]
