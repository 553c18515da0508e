"""The network as a whole: is it more than active accounts and popular objects would give?

On many days no single edge can be decided; this question can still be answered.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect.pairs import as_pairs, as_shares
from coordlib.detect.threshold import (
    check_least_weight,
    check_quantile,
    check_seed,
    check_whole,
    weight_quantile,
)
from coordlib.errors import InputError, MissingDependencyError, ParameterError
from coordlib.significance.arrays import Floats, Ints
from coordlib.significance.constants import DAY

Stratum = Literal["day", "week"]
#: What is measured: its words, and those of a network that has more or less of it than random ones.
STATISTICS = MappingProxyType(
    {
        "modularity": ("communities", "more divided into communities", "less divided into communities"),
        "transitivity": (
            "closed triangles",
            "more closed triangles of accounts",
            "fewer closed triangles of accounts",
        ),
        "giant_share": ("largest network", "a larger largest network", "a smaller largest network"),
        "communities": ("number of communities", "more communities", "fewer communities"),
        "largest_community": (
            "largest community",
            "a larger largest community",
            "a smaller largest community",
        ),
    }
)
#: All draws together count at most so many pairs of accounts for each object they share, but there are so many draws at least.
#: A large table may take more: 85,000 incidences have their thousand draws in four minutes, where ten thousand have half a minute.
MEETINGS, MEETINGS_EACH, FEWEST_DRAWS = 400_000_000, 40_000, 99
_SECONDS = MappingProxyType({"day": DAY, "week": 7 * DAY})


def network_significance(
    shares: pd.DataFrame,
    pairs: pd.DataFrame,
    edge_weight: float = 0.9,
    min_weight: int | None = None,
    draws: int = 1_000,
    stratum: Stratum = "day",
    seed: int = 1,
) -> pd.DataFrame:
    """Compare the network with random ones of the same activity and popularity.

    Parameters
    ----------
    shares
        The shares the pairs were found in (their times say the day). Not changed.
    pairs
        Result of :func:`coordlib.detect_groups`. Not changed.
    edge_weight, min_weight
        Which edges are kept, as in :func:`coordlib.generate_coordinated_network`: above this quantile of the
        weights, or of at least this weight. Applied anew to every random network.
    draws
        Random networks of each kind (1,000 or more for a p-value below .002); fewer, down to :data:`FEWEST_DRAWS`, where
        very many accounts share an object: ``attrs`` says how many.
    stratum
        ``"day"`` or ``"week"`` (UTC): the second kind of random network keeps who was active, and what was
        shared, in each.
    seed
        Start of the chance; the same seed gives the same table.

    Returns
    -------
    pandas.DataFrame
        Ten rows: five statistics against two kinds of random networks. ``statistic`` (str: ``modularity``,
        ``transitivity``, ``giant_share``, ``communities``, ``largest_community``), ``null`` (str: ``"all
        times"``, or ``"by day"``/``"by week"``, the honest one: the other mixes accounts that were never
        active together), ``observed``, ``null_mean``, ``null_low``, ``null_high`` (float64; the last two hold
        95 % of the random networks between them), ``p_more``, ``p_less`` (float64: (1 + number at least as
        high (low)) / (1 + draws)). ``attrs``: ``draws``, ``seed``, ``accounts``, ``objects``, ``incidences``.

    Raises
    ------
    MissingDependencyError
        The package numba is not installed.
    ParameterError
        A number outside its range.
    MissingColumnError
        A column of shares or pairs is absent.
    InputError
        Pairs of posts that are not among the shares.

    Notes
    -----
    The table account × object has a one where an account has a post of the object that is in a pair. It is
    randomised with all margins kept (:mod:`coordlib.significance.curveball`), projected to accounts (weight =
    objects in common) and cut by the same rule. The observed values come from the same projection of the
    table as it is, so that both differ in nothing but who shared what; they are not those of the network of
    posts within the window, in which two accounts with the same object may have missed each other.

    A network that is more than its margins explain is not thereby coordinated: a common taste, language or
    subject divides networks as well.

    References
    ----------
    Strona, G., et al. (2014). A fast and unbiased procedure to randomize ecological binary matrices with
    fixed row and column totals. Nature Communications 5, 4114.

    Examples
    --------
    >>> from coordlib import detect_groups
    >>> from coordlib.simulate import simulate_data
    >>> shares, _ = simulate_data(seed=1)
    >>> found = network_significance(shares, detect_groups(shares, 120, 1), min_weight=2, draws=19)
    >>> found.loc[found["statistic"] == "modularity", "null"].tolist()
    ['all times', 'by day']
    """
    check_quantile(edge_weight)
    check_least_weight(min_weight)
    check_whole(draws, "draws", least=1)
    check_seed(seed)
    if stratum not in tuple(_SECONDS):
        raise ParameterError(f"stratum = {stratum!r}: choose 'day' or 'week'")
    shares = as_shares(shares)
    pairs = as_pairs(pairs)
    try:
        from coordlib.significance.curveball import curveball
        from coordlib.significance.projection import project, statistics
    except ImportError as error:
        raise MissingDependencyError(
            "network_significance needs the package 'numba': pip install numba"
        ) from error

    found = _incidences(shares, pairs)
    once = found.drop_duplicates(["account", "object"])
    accounts, objects = once["account"].nunique(), once["object"].nunique()

    def measure(account: Ints, object_: Ints) -> Floats:
        # What is above a quantile of weights, which are one or more, is at least two.
        least = 2 if min_weight is None else int(min_weight)
        first, second, weight, n_met = project(account, object_, accounts, objects, least)
        if min_weight is None and n_met:
            counts = np.bincount(weight, minlength=2)
            counts[1] = n_met - len(weight)
            chosen = weight > weight_quantile(np.arange(len(counts)), edge_weight, counts)
            first, second, weight = first[chosen], second[chosen], weight[chosen]
        return statistics(first, second, weight, accounts)

    observed = measure(found["account"].to_numpy(), found["object"].to_numpy())
    # Two accounts that have an object in common are counted once for each such object, in every draw.
    sizes = once["object"].value_counts().to_numpy()
    most = max(MEETINGS, MEETINGS_EACH * int(sizes.sum()))
    draws = min(int(draws), max(FEWEST_DRAWS, most // max(int((sizes * (sizes - 1) // 2).sum()), 1)))
    tables = []
    for null, length in (("all times", None), (f"by {stratum}", _SECONDS[stratum])):
        period = found["time"] // length if length else found["time"] * 0
        rows = found.assign(period=period).drop_duplicates(["period", "account", "object"])
        rows = rows.sort_values(["period", "account", "object"])
        new = ~rows.duplicated(["period", "account"]).to_numpy()
        starts = np.append(np.flatnonzero(new), len(rows))
        row_account = rows["account"].to_numpy()
        strata = pd.factorize(rows["period"].to_numpy()[new])[0].astype(np.int64)
        random = np.random.default_rng(int(seed))
        known, values = None, []
        for columns in curveball(starts, rows["object"].to_numpy(), strata, draws, random):
            if known is None or not np.array_equal(columns, known):
                known, value = columns.copy(), measure(row_account, columns)
            values.append(value)
        tables.append(_compared(null, observed, np.array(values)))
    result = pd.concat(tables, ignore_index=True)
    result.attrs = {
        "draws": draws,
        "seed": int(seed),
        "accounts": accounts,
        "objects": objects,
        "incidences": len(once),
    }
    return result


def network_sentence(table: pd.DataFrame) -> str:
    """Say what the comparison comes to, for the stricter kind of random network: first what is out of the ordinary.

    Parameters
    ----------
    table
        As :func:`network_significance` returns it.

    Examples
    --------
    >>> rows = [("modularity", "by day", 0.668, 0.414, 0.40, 0.43, 0.001, 1.0),
    ...         ("giant_share", "by day", 0.90, 0.91, 0.88, 0.94, 0.6, 0.4)]
    >>> table = pd.DataFrame(rows, columns=_COLUMNS)
    >>> table.attrs["draws"] = 1_000
    >>> network_sentence(table)  # doctest: +NORMALIZE_WHITESPACE
    'As a whole the network is unlike 1,000 random networks in which every account is as active and every
    object as popular, day by day: more divided into communities (0.668; 95 % of them: 0.400 to 0.430). Like them: largest network. That is no proof of
    coordination: a shared taste, language or subject does it too.'
    """
    check_table(table, {*_COLUMNS} - {"null_mean"}, "table (see network_significance)")
    if not table["observed"].any():
        return "There is no network to compare with random ones."
    rows = table[table["null"] != "all times"]
    by = f"{rows['null'].iloc[0].removeprefix('by ')} by {rows['null'].iloc[0].removeprefix('by ')}"
    # Lost where a table was written and read.
    draws = f"{table.attrs['draws']:,} " if "draws" in table.attrs else ""
    random = f"{draws}random networks in which every account is as active and every object as popular, {by}"
    odd = out_of_the_ordinary(rows)
    beyond = [
        f"{odd[name]} ({_number(found)}; 95 % of them: {_number(low)} to {_number(high)})"
        for name, found, low, high in rows[["statistic", "observed", "null_low", "null_high"]].to_numpy()
        if name in odd
    ]
    within = ", ".join(STATISTICS[name][0] for name in rows["statistic"] if name not in odd)
    if not beyond:
        return (
            f"As a whole the network is like {random}: {within}. "
            "That is no all-clear: a few accounts that act together hardly change a whole network."
        )
    rest = f" Like them: {within}." if within else ""
    return (
        f"As a whole the network is unlike {random}: {', '.join(beyond)}.{rest} "
        "That is no proof of coordination: a shared taste, language or subject does it too."
    )


def out_of_the_ordinary(rows: pd.DataFrame) -> dict[str, str]:
    """Return the words of each statistic that fewer than 5 % of the random networks of one kind have so high or so low."""
    more = 2 * rows["p_more"] <= 0.05
    chosen = rows[more | (2 * rows["p_less"] <= 0.05)]
    return {
        name: STATISTICS[name][1 if is_more else 2]
        for name, is_more in zip(chosen["statistic"], more[chosen.index], strict=True)
    }


_COLUMNS = ["statistic", "null", "observed", "null_mean", "null_low", "null_high", "p_more", "p_less"]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 2 else f"{value:.3f}"


def _incidences(shares: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Account, object and time of every post in a pair; numbers in the order of the names."""
    ends = [
        pairs[["object_id", account, content]].set_axis(["object_id", "account_id", "content_id"], axis=1)
        for account, content in (("account_id", "content_id"), ("account_id_y", "content_id_y"))
    ]
    posts = pd.concat(ends, ignore_index=True).dropna().astype("str").drop_duplicates()
    known = shares[["object_id", "account_id", "content_id", "timestamp_share"]].dropna()
    found = posts.merge(known, on=["object_id", "account_id", "content_id"])
    if lost := len(posts) - len(found.drop_duplicates(["object_id", "account_id", "content_id"])):
        raise InputError(
            f"pairs: {lost:,} of their {len(posts):,} posts are not among the shares; give the shares they were found in"
        )
    return pd.DataFrame(
        {
            "account": pd.factorize(found["account_id"], sort=True)[0].astype(np.int64),
            "object": pd.factorize(found["object_id"], sort=True)[0].astype(np.int64),
            "time": found["timestamp_share"].to_numpy().astype(np.int64),
        }
    )


def _compared(null: str, observed: Floats, values: Floats) -> pd.DataFrame:
    draws = len(values)
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    table = pd.DataFrame(
        {
            "statistic": list(STATISTICS),
            "null": null,
            "observed": observed,
            "null_mean": values.mean(axis=0),
            "null_low": low,
            "null_high": high,
            "p_more": (1 + (values >= observed - 1e-12).sum(axis=0)) / (1 + draws),
            "p_less": (1 + (values <= observed + 1e-12).sum(axis=0)) / (1 + draws),
        }
    )
    return table[_COLUMNS].astype({"statistic": "str", "null": "str"})
