"""A score for every account by which people can work down a list: who repeatedly met the same others, closely, on what few share.

Beside it two other ways to order accounts, and how well each finds those of a campaign that is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from coordlib.describe.networks import strongest_class
from coordlib.detect import kernel
from coordlib.detect.edges import aggregate
from coordlib.detect.pairs import as_shares, detect_groups
from coordlib.detect.threshold import check_whole
from coordlib.errors import InputError, MissingColumnError, ParameterError, takes_old_names
from coordlib.ids import as_ids
from coordlib.significance.arrays import counted_apart, distinct
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


@takes_old_names(evidence="significance")
def rank_accounts(
    table: pd.DataFrame,
    time_window: int = 120,
    half_life: float | None = None,
    object_id: str = "text",
    significance: pd.DataFrame | None = None,
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
    significance
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
    corpus = Corpus(as_shares(table, object_id), int(time_window))
    low, high, weight, occasions = _weights(corpus, float(half_life))
    n = corpus.n_accounts
    one, other = np.concatenate([low, high]), np.concatenate([high, low])
    weight, occasions = np.tile(weight, 2), np.tile(occasions, 2)
    # The partner that adds most, of equal ones the first by name.
    best = np.lexsort((other, -weight, one))
    best = best[np.diff(one[best], prepend=-1) != 0]
    best = best[weight[best] > 0]
    names = corpus.account_names
    most = pd.DataFrame({"partner": names[other[best]], "occasions": occasions[best]}, index=one[best])
    most = most.reindex(range(n)).fillna({"occasions": 0})
    ranked = pd.DataFrame(
        {
            "account_id": names,
            "score": np.minimum(1, np.sqrt(np.bincount(one, weights=weight**2, minlength=n))),
            "partner": most["partner"],
            "occasions": most["occasions"],
            "n_partners": np.bincount(one[occasions > 1], minlength=n),
            "n_shares": np.bincount(corpus.sessions.accounts, minlength=n),
        }
    ).astype(_COLUMNS)
    if significance is not None:
        check_classes(significance)
        ranked["evidence"] = ranked["account_id"].map(strongest_class(significance)).astype("str")
    return ranked.sort_values(["score", "account_id"], ascending=[False, True], ignore_index=True)


def _weights(corpus: Corpus, half_life: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Both accounts of every edge, its weight w and its occasions, sorted by account."""
    later, earlier = kernel.close_rows(corpus.objects, corpus.accounts, corpus.times, corpus.window)
    swap = corpus.accounts[later] > corpus.accounts[earlier]
    one, two = np.where(swap, earlier, later), np.where(swap, later, earlier)
    seconds = np.abs(corpus.times[later] - corpus.times[earlier])
    met_at = np.maximum(corpus.times[later], corpus.times[earlier])
    sessions = corpus.sessions
    meeting = sessions.of_row[one] * len(sessions) + sessions.of_row[two]
    order = np.argsort(meeting, kind="stable")
    starts = np.flatnonzero(np.diff(meeting[order], prepend=-1) != 0)
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
        acts = distinct(owner * len(sessions) + sessions.of_row[rows]) // len(sessions)
        occasions = np.minimum(occasions, np.bincount(acts, minlength=len(keys)))
    low, high = np.divmod(keys, corpus.n_accounts)
    shares = np.bincount(sessions.accounts, minlength=corpus.n_accounts) + PRIOR
    weight = np.bincount(owner, weights=worth) * (1 - 1 / occasions) / np.sqrt(shares[low] * shares[high])
    return low, high, weight, occasions


#: Columns that may say who belongs to a campaign, and the value that says so.
LABELS = {"coordinated": True, "is_control": False}
NO_LABEL = "no column says who belongs to a campaign: name it is_control (true outside it) or coordinated (true inside it)"
_TRUE, _FALSE = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no"}
#: Accounts whose similarities are computed at a time.
_ROWS = 512


def benchmark(
    labelled: pd.DataFrame,
    time_window: int = 120,
    min_participation: int = 2,
    object_id: str = "text",
    k: Sequence[int] = (10, 50, 100),
) -> pd.DataFrame:
    """Compare ways of ordering accounts on data in which it is known who belongs to a campaign.

    Parameters
    ----------
    labelled
        A table of posts, or shares, with a column ``coordinated`` (true: of the campaign) or, as in the archives of
        information operations, ``is_control`` (false: of the campaign). An account with one such post is of the campaign.
    time_window
        Seconds for the methods that look at time.
    min_participation
        Shares an account needs, for the percentile and the cosine; without enough its score is 0.
    object_id
        The column of a table of posts that counts as the object. Not used for shares.
    k
        Numbers of accounts for the precision at the top of the list.

    Returns
    -------
    pandas.DataFrame
        One row per method: ``method`` (str), ``accounts``, ``coordinated`` (int64: how many there are), ``auc`` (float,
        0–1; .5 is chance), ``average_precision`` (0–1; the share of coordinated accounts is chance), ``precision_at_10`` …
        (0–1, for each `k`), ``inspect_90`` (float: accounts to look at until 90 % of the coordinated ones are found). The
        methods are

        - ``percentile``: CooRTweet's, by the heaviest edge of each account, so by the quantile up to which it stays,
        - ``cosine``: the highest similarity to another account of what both shared at any time (TF-IDF),
        - ``score``: :func:`coordlib.rank_accounts`.

    Raises
    ------
    MissingColumnError
        No label, or columns of a table of posts or shares are missing.
    InputError
        A label that is neither true nor false, or the same for all accounts.

    Notes
    -----
    Cosine: x_io = n_io · ln(N / k_o), n_io how often i shared o, k_o of N accounts did; similarity x_i · x_j / (|x_i| |x_j|),
    as in Pacheco et al. (2021) for retweets. Equal scores are drawn by lot in all measures; no method sees the labels.

    References
    ----------
    Pacheco, D., Hui, P.-M., Torres-Lugo, C., Truong, B. T., Flammini, A., & Menczer, F. (2021). Uncovering coordinated
    networks on social media: Methods and case studies. ICWSM 15(1), https://doi.org/10.1609/icwsm.v15i1.18075.
    Seckin, O. C., et al. (2025). Labeled datasets for research on information operations. ICWSM 19(1),
    https://doi.org/10.1609/icwsm.v19i1.35958

    Examples
    --------
    >>> from coordlib.simulate.shares import simulate_pattern
    >>> benchmark(simulate_pattern("bursts"))[["method", "auc", "inspect_90"]].round(2).values.tolist()
    [['percentile', 1.0, 18.0], ['cosine', 1.0, 18.0], ['score', 1.0, 18.0]]
    """
    if not isinstance(k, list | tuple | range) or not k:
        raise ParameterError(f"k = {k!r}: give a list of whole numbers of 1 or more")
    for size in k:
        check_whole(size, "k", least=1)
    shares = as_shares(labelled, object_id, duplicates="drop")
    if shares["object_id"].isna().all():
        raise InputError(f"column '{shares.attrs.get('object_id', 'object_id')}': no post has anything in it")
    truth = account_labels(labelled)
    known, rows = truth.to_numpy(dtype=bool), []
    edges = aggregate(detect_groups(shares, time_window, min_participation), objects=False, compat=None)
    weights = [edges.set_index(name)["weight"] for name in ("account_id", "account_id_y")]
    for name, score in {
        "percentile": pd.concat(weights).groupby(level=0).max(),  # of each account's heaviest edge
        "cosine": _most_similar(shares, min_participation),
        "score": rank_accounts(shares, time_window).set_index("account_id")["score"],
    }.items():
        order = Order(score.reindex(truth.index, fill_value=0).to_numpy(dtype=np.float64), known)
        row: dict[str, str | float] = {
            "method": name,
            "accounts": len(known),
            "coordinated": int(known.sum()),
        }
        row |= {"auc": order.area_under_curve(), "average_precision": order.average_precision()}
        for size in k:
            row[f"precision_at_{size}"] = order.precision_at(size) if size <= len(known) else np.nan
        rows.append(row | {"inspect_90": order.accounts_to_inspect()})
    return pd.DataFrame(rows).astype({"method": "str"})


def account_labels(table: pd.DataFrame) -> pd.Series:
    """Say of each account, sorted, whether it belongs to a campaign."""
    name = next((name for name in LABELS if name in table.columns), None)
    if name is None:
        raise MissingColumnError(f"labelled data: {NO_LABEL}")
    written = table[name].astype("str").str.strip().str.lower()
    bad = ~written.isin(_TRUE | _FALSE)
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        value = str(table[name].iloc[row])[:40]
        raise InputError(f"column '{name}', row {row + 1} of the data: '{value}' is neither true nor false")
    marked = written.isin(_TRUE) == LABELS[name]
    marked.index = pd.Index(as_ids(table["account_id"], "account_id"))
    truth: pd.Series = marked.groupby(level=0).any().sort_index()
    if truth.nunique() < 2:
        raise InputError(
            f"column '{name}': all {len(truth):,} accounts are {'of the campaign' if truth.all() else 'outside it'}; "
            "a benchmark needs both kinds"
        )
    return truth


def _most_similar(shares: pd.DataFrame, min_participation: int) -> pd.Series:
    """Each account's highest cosine similarity to another account."""
    known = shares[["account_id", "object_id"]].dropna()
    known = known[known.groupby("account_id")["object_id"].transform("size") >= min_participation]
    who, names = pd.factorize(known["account_id"], sort=True)
    what, objects = pd.factorize(known["object_id"], sort=True)
    counts = sparse.csr_array((np.ones(len(who)), (who, what)), shape=(len(names), len(objects)))
    counts.sum_duplicates()
    shared_by = np.bincount(counts.indices, minlength=len(objects))
    vectors = counts @ sparse.diags_array(np.log(len(names) / np.maximum(shared_by, 1)))
    length = np.sqrt(vectors.multiply(vectors).sum(axis=1))
    vectors = (sparse.diags_array(1 / np.where(length > 0, length, 1)) @ vectors).tocsr()
    other, best = vectors.T.tocsr(), np.zeros(len(names))
    for start in range(0, len(names), _ROWS):
        part = (vectors[start : start + _ROWS] @ other).tocoo()
        others = part.row + start != part.col
        np.maximum.at(best, part.row[others] + start, part.data[others])
    return pd.Series(best.round(12), index=names)


class Order:
    """Accounts by their scores, the highest first, of which those in `truth` are of a campaign."""

    def __init__(self, scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> None:
        _, place = np.unique(-scores, return_inverse=True)
        #: Accounts and coordinated accounts of each distinct score, and how many of either have it or more.
        self.sizes = np.bincount(place)
        self.hits = np.bincount(place, weights=truth).astype(np.int64)
        self.reached, self.found = np.cumsum(self.sizes), np.cumsum(self.hits)

    def area_under_curve(self) -> float:
        """Return the chance that a coordinated account has a higher score than another one; a tie counts half.

        AUC = (R - n₁(n₁ + 1) / 2) / (n₁ n₀), R the sum of the mid-ranks of the n₁ coordinated accounts among all, from
        the lowest score (Hanley & McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747).
        """
        accounts, positive = int(self.reached[-1]), int(self.found[-1])
        ranks = float((self.hits * (accounts - self.reached + (self.sizes + 1) / 2)).sum())
        return (ranks - positive * (positive + 1) / 2) / (positive * (accounts - positive))

    def average_precision(self) -> float:
        """Return the mean precision over the coordinated accounts, each at the lowest score that still reaches it.

        AP = Σ_n (R_n - R_(n-1)) P_n over the distinct scores, highest first, with P_n and R_n precision and recall of all
        accounts with that score or more (Manning, Raghavan & Schütze 2008, Introduction to Information Retrieval,
        chapter 8, as scikit-learn has it). Of an order without sense it is the share of coordinated accounts.
        """
        return float((self.hits / self.found[-1] * self.found / self.reached).sum())

    def precision_at(self, k: int) -> float:
        """Return the expected share of coordinated accounts among the first k (of all, where there are fewer)."""
        k = min(k, int(self.reached[-1]))
        taken = np.clip(k - (self.reached - self.sizes), 0, self.sizes)
        return float((self.hits * taken / self.sizes).sum() / k)

    def accounts_to_inspect(self, share: float = 0.9) -> float:
        """Return how many accounts must be looked at, from the top, until this share of the coordinated ones is found.

        Where the last one needed is the m-th of t coordinated among s accounts with equal scores, m(s + 1) / (t + 1) of
        them are expected to be looked at.
        """
        needed = int(np.ceil(share * self.found[-1] - 1e-9))
        place = int(np.searchsorted(self.found, needed))
        size, hits = self.sizes[place], self.hits[place]
        within = float((needed - (self.found[place] - hits)) * (size + 1) / (hits + 1))
        return int(self.reached[place] - size) + within
