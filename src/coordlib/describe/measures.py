"""How good an order of accounts is when it is known who belongs to a campaign; equal scores count as drawn by lot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Scores = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


def area_under_curve(scores: Scores, truth: Truth) -> float:
    """Return the chance that a coordinated account has a higher score than another one; a tie counts half.

    Notes
    -----
    AUC = (R - n₁(n₁ + 1) / 2) / (n₁ n₀), R the sum of the mid-ranks of the n₁ coordinated accounts among all.

    References
    ----------
    Hanley, J. A., & McNeil, B. J. (1982). The meaning and use of the area under a receiver operating characteristic (ROC)
    curve. Radiology 143(1), https://doi.org/10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> area_under_curve(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False]))
    0.875
    """
    positive = int(truth.sum())
    ranks = float(rankdata(scores)[truth].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * (len(truth) - positive))


def average_precision(scores: Scores, truth: Truth) -> float:
    """Return the mean precision over the coordinated accounts, each at the lowest score that still reaches it.

    Notes
    -----
    AP = Σ_n (R_n - R_(n-1)) P_n over the distinct scores, highest first, with P_n and R_n precision and recall of all
    accounts with that score or more (as scikit-learn has it). Of an order without sense it is the share of coordinated accounts.

    References
    ----------
    Manning, C. D., Raghavan, P., & Schütze, H. (2008). Introduction to Information Retrieval, chapter 8.

    Examples
    --------
    >>> round(average_precision(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])), 4)
    0.8333
    """
    sizes, hits = _groups(scores, truth)
    found = np.cumsum(hits)
    return float((hits / found[-1] * found / np.cumsum(sizes)).sum())


def precision_at(scores: Scores, truth: Truth, k: int) -> float:
    """Return the expected share of coordinated accounts among the first k (of all, where there are fewer).

    Examples
    --------
    >>> precision_at(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False]), 2)
    0.75
    """
    sizes, hits = _groups(scores, truth)
    k = min(k, len(scores))
    taken = np.clip(k - (np.cumsum(sizes) - sizes), 0, sizes)
    return float((hits * taken / sizes).sum() / k)


def accounts_to_inspect(scores: Scores, truth: Truth, share: float = 0.9) -> float:
    """Return how many accounts must be looked at, from the top, until this share of the coordinated ones is found.

    Notes
    -----
    Where the last one needed is the m-th of t coordinated among s accounts with equal scores, m(s + 1) / (t + 1) of them
    are expected to be looked at.

    Examples
    --------
    >>> accounts_to_inspect(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False]))
    2.5
    """
    sizes, hits = _groups(scores, truth)
    found = np.cumsum(hits)
    needed = int(np.ceil(share * found[-1] - 1e-9))
    place = int(np.searchsorted(found, needed))
    before = int(sizes[:place].sum())
    return before + float((needed - (found[place] - hits[place])) * (sizes[place] + 1) / (hits[place] + 1))


def _groups(scores: Scores, truth: Truth) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Accounts and coordinated accounts of each distinct score, highest first."""
    _, place = np.unique(-scores, return_inverse=True)
    return np.bincount(place), np.bincount(place, weights=truth).astype(np.int64)
