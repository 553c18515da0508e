"""Shares with known coordination: accounts that act together on purpose, and accounts that never do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coordlib.errors import ParameterError
from coordlib.posts import as_posts

_START = 946_684_800  # 2000-01-01 00:00:00 UTC
_DAYS = 7_670  # up to the end of 2020, as CooRTweet's simulator


def simulate_data(
    approx_size: int = 200,
    n_accounts_coord: int = 5,
    n_accounts_noncoord: int = 4,
    n_objects: int = 5,
    min_participation: int = 3,
    time_window: int = 10,
    lambda_coord: float | None = None,
    lambda_noncoord: float | None = None,
    *,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate shares of coordinated and of other accounts, with the pairs that detection must find.

    Parameters
    ----------
    approx_size
        About how many shares to make, half by each kind of account (used where a lambda is not given).
    n_accounts_coord, n_accounts_noncoord
        Accounts of each kind.
    n_objects
        Objects they share.
    min_participation
        Every two coordinated accounts act together at least so often.
    time_window
        Coordinated accounts share at most so many seconds apart, others always further.
    lambda_coord, lambda_noncoord
        Mean of the Poisson numbers of joint shares per two accounts (beyond `min_participation`).
    seed
        The same seed gives the same shares.

    Returns
    -------
    tuple of pandas.DataFrame
        Shares (``object_id``, ``account_id``, ``content_id``, ``timestamp_share`` int64 UTC seconds), and the planned
        pairs (``object_id``, ``account_id``, ``account_id_y``, ``content_id``, ``content_id_y``, ``time_delta``,
        ``coordinated`` bool). ``detect_groups`` with the same window and participation finds
        the coordinated ones, and nothing else, where there are two coordinated accounts or more.

    Raises
    ------
    ParameterError
        A size, window or number below 1, or a negative lambda.

    Notes
    -----
    Arguments and idea follow simulate_data of CooRTweet; the random numbers are numpy's, so the values differ.
    Events of one window follow each other at more than twice the window, so no unplanned pair arises.

    Examples
    --------
    >>> shares, planned = simulate_data(seed=1)
    >>> from coordlib import detect_groups
    >>> len(detect_groups(shares, time_window=10, min_participation=3)) == int(planned["coordinated"].sum())
    True
    """
    sizes = {
        "approx_size": approx_size,
        "n_accounts_coord": n_accounts_coord,
        "n_accounts_noncoord": n_accounts_noncoord,
        "n_objects": n_objects,
        "min_participation": min_participation,
        "time_window": time_window,
    }
    for name, value in sizes.items():
        if value < 1:
            raise ParameterError(f"{name} = {value!r}: give a whole number of 1 or more")
    for name, mean in (("lambda_coord", lambda_coord), ("lambda_noncoord", lambda_noncoord)):
        if mean is not None and mean < 0:
            raise ParameterError(f"{name} = {mean!r}: give a number of 0 or more")
    random = np.random.default_rng(seed)
    n_accounts = n_accounts_coord + n_accounts_noncoord
    together = _joint_shares(random, 0, n_accounts_coord, approx_size, lambda_coord, min_participation)
    apart = _joint_shares(random, n_accounts_coord, n_accounts, approx_size, lambda_noncoord, 0)
    first = np.concatenate([together[0], apart[0]])
    second = np.concatenate([together[1], apart[1]])
    n_together, n_all = len(together[0]), len(first)
    coordinated = np.arange(n_all) < n_together
    near = random.integers(0, time_window, n_all, endpoint=True)
    far = time_window + random.integers(1, time_window, n_all, endpoint=True)
    delta = np.where(coordinated, near, far)
    # Longer than two windows and the longest distance between two planned posts.
    step = 4 * time_window + 1
    times = _START + 86_400 * int(random.integers(0, _DAYS)) + step * np.arange(n_all)
    objects = random.integers(1, n_objects, n_all, endpoint=True)
    planned = pd.DataFrame(
        {
            "object_id": _ids("object_", objects, n_objects),
            "account_id": _ids("account_", first + 1, n_accounts),
            "account_id_y": _ids("account_", second + 1, n_accounts),
            "content_id": _ids("share_", np.arange(1, n_all + 1), 2 * n_all),
            "content_id_y": _ids("share_", np.arange(n_all + 1, 2 * n_all + 1), 2 * n_all),
            "time_delta": delta.astype(np.int64),
            "coordinated": coordinated,
        }
    )
    older = planned[["object_id", "account_id", "content_id"]].assign(timestamp_share=times.astype(np.int64))
    newer = planned[["object_id", "account_id_y", "content_id_y"]].set_axis(older.columns[:3], axis=1)
    newer = newer.assign(timestamp_share=(times + delta).astype(np.int64))
    return pd.concat([older, newer], ignore_index=True), planned


def simulate_posts() -> pd.DataFrame:
    """Return simulated posts of ten days: six accounts post texts of their own together, 150 others post when they like.

    Most of the six post each of twelve texts within a minute, some twice. The others post each of 200 texts within
    four hours of each other, so that some of them meet by chance.

    Examples
    --------
    >>> simulate_posts().columns[:4].tolist()
    ['content_id', 'account_id', 'posted_at', 'text']
    """
    random = np.random.default_rng(1)
    begins = random.integers(0, 10 * 86_400 - 14_400, 200)
    rows = [
        (f"Simulated text {text}", f"account_{account:03d}", begins[text] + later)
        for text, account, later in zip(
            random.integers(200, size=2_000),
            random.integers(150, size=2_000),
            random.integers(14_400, size=2_000),
            strict=True,
        )
    ]
    for number, moment in enumerate(random.integers(0, 10 * 86_400 - 60, 12)):
        rows += [
            (f"Text of the six, number {number}", f"together_{member}", moment + random.integers(60))
            for member in range(6)
            for _ in range(random.choice(3, p=[0.2, 0.6, 0.2]))
        ]
    posts = pd.DataFrame(rows, columns=["text", "account_id", "posted_at"])
    posts["posted_at"] += 1_735_689_600  # 2025-01-01 00:00:00 UTC
    posts = posts.sort_values(["posted_at", "account_id", "text"], ignore_index=True)
    posts.insert(0, "content_id", [f"post_{number:04d}" for number in range(len(posts))])
    posts["hashtags"] = [[f"tag{text[-1]}"] for text in posts["text"]]
    return as_posts(posts, "simulated")


def _joint_shares(
    random: np.random.Generator, start: int, stop: int, size: int, mean: float | None, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both accounts of every joint share of the accounts start … stop − 1."""
    first, second = np.triu_indices(stop - start, k=1)
    rate = mean if mean is not None else (size / 4) / max(len(first), 1)
    counts = random.poisson(rate, len(first)) + least
    return np.repeat(first + start, counts), np.repeat(second + start, counts)


def _ids(prefix: str, numbers: np.ndarray, largest: int) -> pd.Series:
    width = len(str(largest))
    return pd.Series([f"{prefix}{number:0{width}d}" for number in numbers.tolist()], dtype="str")
