"""Who shared what, dealt out anew with everybody's activity and every object's popularity kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import njit

from coordlib.significance.arrays import Ints, stretches

#: Trades for each row before the first table, and between two tables.
MIXING, THINNING = 200, 5


def curveball(
    starts: Ints, columns: Ints, strata: Ints, draws: int, random: np.random.Generator
) -> Iterator[Ints]:
    """Draw tables of zeros and ones with the row and column sums of a given one.

    Notes
    -----
    Two rows put what only one of them has into one pool, shuffle it, and take back as many as they gave. The
    chain reaches every table with these margins and has the uniform distribution as its limit; 200 trades a
    row come before the first table, 5 between two.

    References
    ----------
    Strona, G., Nappo, D., Boccacci, F., Fattorini, S., & San-Miguel-Ayanz, J. (2014). A fast and unbiased
    procedure to randomize ecological binary matrices with fixed row and column totals. Nature Communications
    5, 4114. Carstens, C. J. (2015). Proof of uniform sampling of binary matrices with fixed row sums and
    column sums for the fast Curveball algorithm. Physical Review E 91, 042812.
    """
    columns = columns.copy()
    begins, sizes = stretches(strata, strata)
    able = np.flatnonzero(sizes > 1)
    for draw in range(draws):
        if len(able):
            trades = (THINNING if draw else MIXING) * len(strata)
            _trade(starts, columns, able, begins, sizes, trades, random)
        yield columns


@njit(cache=True)
def _trade(
    starts: Ints,
    columns: Ints,
    able: Ints,
    begins: Ints,
    sizes: Ints,
    trades: int,
    random: np.random.Generator,
) -> None:
    marks = np.zeros(columns.max() + 1, dtype=np.int8)
    pool = np.empty(2 * np.diff(starts).max(), dtype=np.int64)
    for _ in range(trades):
        one = able[int(random.random() * len(able))]
        other = begins[one] + int(random.random() * (sizes[one] - 1))
        if other >= one:
            other += 1
        first, second = columns[starts[one] : starts[one + 1]], columns[starts[other] : starts[other + 1]]
        for column in first:
            marks[column] = 1
        # What both have goes to the front of the second row, the rest into the pool.
        common, pooled = 0, 0
        for place in range(len(second)):
            column = second[place]
            if marks[column] == 1:
                marks[column] = 2
                second[common] = column
                common += 1
            else:
                pool[pooled] = column
                pooled += 1
        kept = 0
        for place in range(len(first)):
            column = first[place]
            if marks[column] == 1:
                pool[pooled] = column
                pooled += 1
            else:
                first[kept] = column
                kept += 1
            marks[column] = 0
        for place in range(pooled - 1, 0, -1):
            drawn = int(random.random() * (place + 1))
            pool[place], pool[drawn] = pool[drawn], pool[place]
        for place in range(common, len(second)):
            second[place] = pool[place - common]
        given = len(second) - common
        for place in range(kept, len(first)):
            first[place] = pool[given + place - kept]
