"""A score for every account by which people can work down a list: who repeatedly met the same others, closely, on what few share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coordlib.describe.networks import strongest_class
from coordlib.detect import kernel
from coordlib.detect.pairs import as_shares
from coordlib.detect.threshold import check_whole
from coordlib.errors import ParameterError
from coordlib.significance.arrays import counted_apart
from coordlib.significance.classes import check_classes
from coordlib.significance.corpus import Corpus

#: Shares added to each account's own before a sum is divided by them: an account of two posts, both beside another's,
#: is less striking than one of twenty. Chosen, with the rest of the formula, on simulated corpora (docs/ranking.md says how).
PRIOR = 2

_COLUMNS = {
    "account_id": "str",
    "score": "float64",
    "partner": "str",
    **dict.fromkeys(("occasions", "n_partners", "n_shares"), "int64"),
}


def rank_accounts(
    table: pd.DataFrame,
    time_window: int = 120,
    half_life: float | None = None,
    object_id: str = "text",
    evidence: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Order all accounts by how much they keep meeting the same others, so that people know whom to look at first.

    Parameters
    ----------
    table
        Shares as :func:`coordlib.prep_data` returns them, or a table of posts. All accounts. Not changed.
    time_window
        Two posts at most this many seconds apart meet (inclusive).
    half_life
        A meeting so many seconds apart counts half (none: a quarter of the window).
    object_id
        The column of a table of posts that counts as the object. Not used for shares.
    evidence
        Edges of :func:`coordlib.edge_significance`, whose strongest class of each account is put beside its score.

    Returns
    -------
    pandas.DataFrame
        One row per account, the highest score first, equal scores by ``account_id`` (code point):

        - ``score`` (float64, 0–1): 0 is nobody met twice, near 1 is an account that does nothing but share, in the same
          second, what only its partners share,
        - ``partner`` (str): the account that adds most (missing where the score is 0),
        - ``occasions`` (int64): meetings with that partner; those within one window, and those of one share, count once,
        - ``n_partners`` (int64): accounts met on two occasions or more,
        - ``n_shares`` (int64): its shares; those of one object within half an hour count once,
        - ``evidence`` (str), if asked for: missing where the account has no edge.

    Raises
    ------
    ParameterError
        A window below 1, a half-life that is not above 0.
    MissingColumnError
        Neither shares nor posts.

    Notes
    -----
    For accounts i and j, with a meeting m for every two of their shares of one object that coincide (posts of one account
    on one object within half an hour are one share), Δ_m the least seconds between them and k_m the number of accounts
    that shared the object at all::

        w_ij    = (1 - 1 / n_ij) / sqrt((s_i + 2)(s_j + 2)) · Σ_m 2^(-Δ_m / half_life) / sqrt(k_m - 1)
        score_i = sqrt(Σ_j w_ij²)

    n_ij are the occasions of the two, s_i the shares of i. An object shared by few counts more, a meeting within seconds
    counts more, a first meeting counts nothing, and who shares much must meet much. The sum of squares lets a few steady
    partners count more than many chance ones. The decay in time and by popularity follows the idea of Iannucci et al.
    (2025), who divide by k - 1 (Newman 2001) and by nothing for activity; on viral objects the square root loses less.

    A score is an order, not a finding: it says nothing about chance. The class of :func:`coordlib.edge_significance` does.

    References
    ----------
    Iannucci, L., Muratore, E., Matakos, A., & Kivelä, M. (2025). Detecting coordinated activities through temporal,
    multiplex, and collaborative analysis. https://arxiv.org/abs/2512.19677.
    Newman, M. E. J. (2001). Scientific collaboration networks. II. Physical Review E 64, 016132,
    https://doi.org/10.1103/PhysRevE.64.016132

    Examples
    --------
    Two accounts share five pages nobody else shares, two seconds apart; a third is once there as well.

    >>> rows = [(f"o{n}", who, f"{who}{n}", 10_000 * n + at) for n in range(5) for who, at in (("a", 0), ("b", 2))]
    >>> rows += [("o1", "c", "c1", 10_001), ("o9", "c", "c9", 90_000)]
    >>> columns = ["object_id", "account_id", "content_id", "timestamp_share"]
    >>> rank_accounts(pd.DataFrame(rows, columns=columns))[["account_id", "score", "partner", "occasions"]].round(2)
      account_id  score partner  occasions
    0          a   0.51       b          5
    1          b   0.51       a          5
    2          c   0.00     NaN          0
    """
    check_whole(time_window, "time_window", least=1)
    half_life = time_window / 4 if half_life is None else half_life
    if isinstance(half_life, bool) or not isinstance(half_life, int | float | np.number) or not half_life > 0:
        raise ParameterError(f"half_life = {half_life!r}: give a number of seconds above 0")
    corpus = Corpus.from_shares(as_shares(table, object_id), int(time_window))
    low, high, weight, occasions = _weights(corpus, float(half_life))
    n = corpus.n_accounts
    one, other = np.concatenate([low, high]), np.concatenate([high, low])
    weight, occasions = np.tile(weight, 2), np.tile(occasions, 2)
    # The partner that adds most, of equal ones the first by name.
    best = np.lexsort((other, -weight, one))
    best = best[np.diff(one[best], prepend=-1) != 0]
    best = best[weight[best] > 0]
    partner = np.full(n, -1)
    partner[one[best]] = other[best]
    most = np.zeros(n, dtype=np.int64)
    most[one[best]] = occasions[best]
    names = corpus.account_names
    ranked = pd.DataFrame(
        {
            "account_id": names,
            "score": np.minimum(1, np.sqrt(np.bincount(one, weights=weight**2, minlength=n))),
            "partner": pd.Series([names[code] if code >= 0 else None for code in partner], dtype="str"),
            "occasions": most,
            "n_partners": np.bincount(one[occasions > 1], minlength=n),
            "n_shares": np.bincount(corpus.sessions.accounts, minlength=n),
        }
    ).astype(_COLUMNS)
    if evidence is not None:
        check_classes(evidence)
        ranked["evidence"] = ranked["account_id"].map(strongest_class(evidence)).astype("str")
    return ranked.sort_values(["score", "account_id"], ascending=[False, True], ignore_index=True)


def _weights(corpus: Corpus, half_life: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Both accounts of every edge, its weight w and its occasions, sorted by account."""
    later, earlier = kernel.close_rows(corpus.objects, corpus.accounts, corpus.times, corpus.window)
    swap = corpus.accounts[later] > corpus.accounts[earlier]
    one, two = np.where(swap, earlier, later), np.where(swap, later, earlier)
    seconds = np.abs(corpus.times[later] - corpus.times[earlier])
    met_at = np.maximum(corpus.times[later], corpus.times[earlier])
    sessions = corpus.sessions
    meeting = sessions.of_row[one] * max(1, len(sessions)) + sessions.of_row[two]
    order = np.argsort(meeting, kind="stable")
    starts = np.flatnonzero(np.diff(meeting[order], prepend=-1) != 0)
    if not len(starts):
        return (np.empty(0, dtype=np.int64),) * 4
    row, other = one[order][starts], two[order][starts]
    least = np.minimum.reduceat(seconds[order], starts)
    first = np.minimum.reduceat(met_at[order], starts)
    crowd = np.bincount(corpus.group_objects)[corpus.objects[row]]
    worth = 0.5 ** (least / half_life) / np.sqrt(crowd - 1)
    edge = corpus.accounts[row] * corpus.n_accounts + corpus.accounts[other]
    by_edge = np.lexsort((first, edge))
    edge, first, worth = edge[by_edge], first[by_edge], worth[by_edge]
    row, other = row[by_edge], other[by_edge]
    keys, owner = np.unique(edge, return_inverse=True)
    occasions = np.bincount(owner, weights=counted_apart(owner, first, corpus.window)).astype(np.int64)
    for rows in (row, other):
        # One long share of an account is one occasion, however often the other came back to it.
        acts = np.unique(owner * len(sessions) + sessions.of_row[rows]) // len(sessions)
        occasions = np.minimum(occasions, np.bincount(acts, minlength=len(keys)))
    low, high = np.divmod(keys, corpus.n_accounts)
    shares = np.bincount(sessions.accounts, minlength=corpus.n_accounts) + PRIOR
    weight = np.bincount(owner, weights=worth) * (1 - 1 / occasions) / np.sqrt(shares[low] * shares[high])
    return low, high, weight, occasions
