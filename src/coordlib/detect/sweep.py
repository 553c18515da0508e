"""How much a finding depends on its parameters: many detections for the price of one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect import kernel
from coordlib.detect.account_sums import join
from coordlib.detect.kernel import IntArray
from coordlib.detect.pairs import NumberedShares, as_shares, close_pairs
from coordlib.detect.threshold import check_least_weight, check_quantile, check_whole, limit
from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.ids import as_ids
from coordlib.posts import SHARE_COLUMNS, prep_data

Facts = Mapping[str, Any]
#: What a grid can vary, with the values it has where the grid says nothing.
DEFAULTS: Facts = {
    "object_id": "text",
    "time_window": 120,
    "min_participation": 2,
    "edge_weight": 0.9,
    "min_weight": None,
}


@dataclass(frozen=True, repr=False)
class Sweep:
    """The points of a grid and what was found at each. At the end of a cell it shows its points.

    Attributes
    ----------
    points
        One row per point: the parameters, ``outcome``, ``pairs``, ``edges_all``, ``threshold``,
        ``left_out_by_tie`` (edges as heavy as the quantile, which must be exceeded), ``edges``,
        ``accounts``, ``networks``, and the overlap with the reference (Jaccard index of accounts and of edges, 0–1).
    inclusion
        One row per account that is in a network at any point: ``points`` (at how many), ``share`` (of all points, 0–1),
        ``in_reference``. The most often included first.
    reference
        Parameters of the point the others are compared with.
    varied
        Names of the parameters with more than one value.
    """

    points: pd.DataFrame
    inclusion: pd.DataFrame
    reference: Facts
    varied: tuple[str, ...]

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>{self.points.to_html(max_rows=12, index=False)}"

    def __repr__(self) -> str:
        accounts = self.points["accounts"]
        steady = int((self.inclusion["share"] == 1).sum())
        return (
            f"{len(self.points):,} points of {', '.join(self.varied) or 'one setting'}: {accounts.min():,} to {accounts.max():,} "
            f"accounts; {steady:,} of {len(self.inclusion):,} accounts are found at every point"
        )


def sweep(posts: pd.DataFrame, grid: Mapping[str, Sequence[Any]], *, reference: Facts | None = None) -> Sweep:
    """Detect coordination at every point of a grid of parameters.

    Parameters
    ----------
    posts
        A table of posts (:mod:`coordlib.posts`), or shares as :func:`coordlib.prep_data` returns them.
    grid
        Parameter to its values: ``time_window`` (seconds), ``min_participation``, ``edge_weight`` (quantile 0–1) or
        ``min_weight`` (fixed; None: the quantile), ``object_id`` (columns of the posts; shares have one already).
    reference
        The point to compare with (none: the usual values, or of each parameter the value in the middle of its list).

    Returns
    -------
    Sweep
        ``points`` in the order of the grid, ``inclusion`` by account.

    Raises
    ------
    UnknownParameterError, ParameterError
        A name the grid cannot vary, a value out of range, an empty list, a reference that is no point of the grid.

    Notes
    -----
    Pairs are formed once per object, in the widest window; every narrower window, participation and threshold is a
    selection of those. Each point equals :func:`coordlib.detect_groups` and
    :func:`coordlib.generate_coordinated_network` with ``subgraph=1`` at its parameters.

    References
    ----------
    Simonsohn, U., Simmons, J. P., & Nelson, L. D. (2020). Specification curve analysis. Nature Human Behaviour 4,
    1208–1214, https://doi.org/10.1038/s41562-020-0912-z

    Examples
    --------
    >>> shares = pd.DataFrame({"object_id": ["o", "o", "p", "p"], "account_id": ["a", "b", "a", "b"],
    ...     "content_id": ["1", "2", "3", "4"], "timestamp_share": [0, 5, 100, 190]})
    >>> found = sweep(shares, {"time_window": [10, 100], "min_participation": [1], "min_weight": [1, 2]})
    >>> found.points[["time_window", "min_weight", "accounts"]].values.tolist()
    [[10, 1, 2], [10, 2, 0], [100, 1, 2], [100, 2, 2]]
    """
    check_table(posts, ["account_id"], "posts")
    plain = set(SHARE_COLUMNS) <= set(posts.columns)
    if plain and "object_id" in grid:
        raise ParameterError(
            "grid: object_id varies with a table of posts only; these are shares of one object"
        )
    values = _checked({**grid, "object_id": [posts.attrs.get("object_id", "object_id")]} if plain else grid)
    names = pd.Index(as_ids(posts["account_id"], "account_id").dropna().unique(), dtype="str").sort_values()
    found = []
    for name in values["object_id"]:
        shares = as_shares(posts if plain else prep_data(posts, name, timestamp_share="posted_at"))
        for window, least, keys, weights in _edges_at(shares, values, names):
            for quantile, fixed in itertools.product(values["edge_weight"], values["min_weight"]):
                point = dict(zip(DEFAULTS, (name, window, least, quantile, fixed), strict=True))
                threshold = limit(weights, quantile, fixed)
                kept = keys[weights > threshold if fixed is None else weights >= threshold]
                tied = fixed is None and len(weights)
                facts = {
                    "outcome": "network" if len(kept) else "tied" if tied else "no-coordination",
                    "pairs": int(weights.sum()),
                    "edges_all": len(weights),
                    "threshold": threshold,
                    "left_out_by_tie": int((weights == threshold).sum()) if fixed is None else 0,
                }
                found.append((point, facts, kept))
    return compare(found, names, reference)


def edge_keys(first: IntArray, second: IntArray, n_names: int) -> IntArray:
    """Return one sorted number per edge from the numbers of its two accounts."""
    return np.sort(np.minimum(first, second) * np.int64(max(n_names, 1)) + np.maximum(first, second))


def compare(
    found: Sequence[tuple[Facts, Facts, IntArray]], names: pd.Index, reference: Facts | None = None
) -> Sweep:
    """Put points side by side: each a setting, facts about it, and its edges (:func:`edge_keys` of `names`)."""
    settings = pd.DataFrame([dict(point) for point, _, _ in found], dtype=object)
    varied = tuple(str(name) for name in settings if settings[name].map(repr).nunique() > 1)
    place = _reference(settings, reference)
    ends = [np.divmod(keys, np.int64(max(len(names), 1))) for _, _, keys in found]
    accounts = [np.unique(np.concatenate(pair)) for pair in ends]
    rows = [
        {
            **facts,
            "edges": len(keys),
            "accounts": len(members),
            "networks": _networks(*pair, members),
            "accounts_overlap": _jaccard(members, accounts[place]),
            "edges_overlap": _jaccard(keys, found[place][2]),
        }
        for (_, facts, keys), pair, members in zip(found, ends, accounts, strict=True)
    ]
    counts = np.bincount(np.concatenate(accounts), minlength=len(names))
    seen = np.flatnonzero(counts)
    inclusion = pd.DataFrame({"account_id": names.take(seen).astype("str"), "points": counts[seen]})
    inclusion["share"] = inclusion["points"] / len(found)
    inclusion["in_reference"] = np.isin(seen, accounts[place])
    inclusion = inclusion.sort_values(["points", "account_id"], ascending=[False, True], ignore_index=True)
    for name in settings:
        if not settings[name].isna().any():  # None beside numbers stays None
            settings[name] = settings[name].infer_objects()
    return Sweep(pd.concat([settings, pd.DataFrame(rows)], axis=1), inclusion, dict(found[place][0]), varied)


def _edges_at(
    shares: pd.DataFrame, values: Mapping[str, list[Any]], names: pd.Index
) -> Iterator[tuple[int, int, IntArray, IntArray]]:
    """Yield each window and participation with the key and the weight of every edge; accounts are numbered as in `names`."""
    windows, leasts = values["time_window"], values["min_participation"]
    coded = NumberedShares.from_shares(shares).prefiltered(int(min(leasts)))
    every = close_pairs(coded, int(max(windows)) * coded.ticks, remove_loops=True)
    apart = np.abs(coded.times[every[0]] - coded.times[every[1]])
    place = names.get_indexer(coded.account_names).astype(np.int64)
    rows_of = np.bincount(coded.accounts, minlength=len(coded.account_names))
    for window, least in itertools.product(windows, leasts):
        rows = (rows_of >= least)[coded.accounts]
        stays = (apart <= int(window) * coded.ticks) & rows[every[0]] & rows[every[1]]
        later, earlier = every[0][stays], every[1][stays]
        if least > 1:
            found = coded.contents[np.concatenate([later, earlier])]
            passing = kernel.passing_contents(found, coded.contents, coded.accounts, int(least))
            kept = passing[coded.contents[later]] | passing[coded.contents[earlier]]
            later, earlier = later[kept], earlier[kept]
        ends = place[coded.accounts[later]], place[coded.accounts[earlier]]
        keys, weights = np.unique(edge_keys(*ends, len(names)), return_counts=True)
        yield window, least, keys, weights.astype(np.int64)


def _checked(grid: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    if unknown := set(grid) - set(DEFAULTS):
        raise UnknownParameterError.from_names(unknown, DEFAULTS, "grid")
    for name, given in grid.items():
        if isinstance(given, str) or not isinstance(given, Iterable) or not len(list(given)):
            raise ParameterError(f"grid: {name} = {given!r}: give a list of at least one value")
    values = {name: list(dict.fromkeys(grid.get(name, [default]))) for name, default in DEFAULTS.items()}
    for name in ("time_window", "min_participation"):
        for value in values[name]:
            check_whole(value, name)
    for value in values["edge_weight"]:
        check_quantile(value)
    for value in values["min_weight"]:
        check_least_weight(value)
    return values


def _reference(settings: pd.DataFrame, reference: Facts | None) -> int:
    """Number of the point the others are compared with."""
    names, wanted = [str(name) for name in settings], dict(reference or {})
    if unknown := set(wanted) - set(names):
        raise UnknownParameterError.from_names(unknown, names, "reference")
    alike = np.zeros(len(settings), dtype=np.int64)
    for name in names:
        column = settings[name].tolist()
        values, usual = list({repr(cell): cell for cell in column}.values()), DEFAULTS.get(name)
        value = wanted.get(name, usual if usual in values else values[len(values) // 2])
        # What is asked for weighs more than what is usual.
        alike += (len(names) + 1 if name in wanted else 1) * np.array([cell == value for cell in column])
    if alike.max() < (len(names) + 1) * len(wanted):
        raise ParameterError(f"reference: {wanted} is no point of the grid")
    return int(alike.argmax())


def _networks(first: IntArray, second: IntArray, members: IntArray) -> int:
    """Count connected components."""
    firsts = np.arange(len(members))
    join(firsts, np.searchsorted(members, first), np.searchsorted(members, second))
    return int((firsts == np.arange(len(members))).sum())


def _jaccard(one: IntArray, two: IntArray) -> float:
    both = len(np.intersect1d(one, two, assume_unique=True))
    either = len(one) + len(two) - both
    return both / either if either else 1.0
