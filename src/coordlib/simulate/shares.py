"""Tables of shares with known truth: accounts that act together on purpose, how they hide, and accounts that never do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from coordlib.errors import ParameterError
from coordlib.posts import SHARE_COLUMNS, as_posts
from coordlib.shown import Shown
from coordlib.simulate.material import DAY


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
    sizes = {"approx_size": approx_size, "n_accounts_coord": n_accounts_coord}
    sizes |= {"n_accounts_noncoord": n_accounts_noncoord, "n_objects": n_objects}
    sizes |= {"min_participation": min_participation, "time_window": time_window}
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
    first, second = np.concatenate([together, apart], axis=1)
    n_all = len(first)
    coordinated = np.arange(n_all) < together.shape[1]
    near = random.integers(0, time_window, n_all, endpoint=True)
    far = time_window + random.integers(1, time_window, n_all, endpoint=True)
    delta = np.where(coordinated, near, far)
    # Longer than two windows and the longest distance between two planned posts.
    step = 4 * time_window + 1
    # From 2000-01-01 to the end of 2020, as CooRTweet's simulator.
    times = 946_684_800 + DAY * int(random.integers(0, 7_670)) + step * np.arange(n_all)
    objects = random.integers(1, n_objects, n_all, endpoint=True)
    planned = pd.DataFrame(
        {
            "object_id": _ids("object_", objects, n_objects),
            "account_id": _ids("account_", first + 1, n_accounts),
            "account_id_y": _ids("account_", second + 1, n_accounts),
            "content_id": _ids("share_", range(1, n_all + 1), 2 * n_all),
            "content_id_y": _ids("share_", range(n_all + 1, 2 * n_all + 1), 2 * n_all),
            "time_delta": delta,
            "coordinated": coordinated,
        }
    )
    older = planned[["object_id", "account_id", "content_id"]].assign(timestamp_share=times)
    newer = planned[["object_id", "account_id_y", "content_id_y"]].set_axis(older.columns[:3], axis=1)
    return pd.concat([older, newer.assign(timestamp_share=times + delta)], ignore_index=True), planned


def simulate_posts() -> pd.DataFrame:
    """Return simulated posts of ten days: six accounts post texts of their own together, 150 others post when they like.

    Most of the six post each of twelve texts within a minute, some twice. The others post each of 200 texts within
    four hours of each other, so that some of them meet by chance.
    """
    random = np.random.default_rng(1)
    begins = random.integers(0, 10 * 86_400 - 14_400, 200)
    drawn = [random.integers(most, size=2_000) for most in (200, 150, 14_400)]
    rows = [
        (f"Simulated text {text}", f"account_{account:03d}", begins[text] + later)
        for text, account, later in zip(*drawn, strict=True)
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
) -> np.ndarray:
    """Both accounts of every joint share of the accounts start … stop − 1, in two rows."""
    pairs = np.stack(np.triu_indices(stop - start, k=1))
    rate = mean if mean is not None else (size / 4) / max(pairs.shape[1], 1)
    return np.repeat(pairs + start, random.poisson(rate, pairs.shape[1]) + least, axis=1)


def _ids(prefix: str, numbers: Iterable[int], largest: int = 0) -> pd.Series:
    """Return numbered names, as wide as the largest."""
    return pd.Series([f"{prefix}{number:0{len(str(largest))}d}" for number in numbers], dtype="str")


def _shares(what: np.ndarray, who: np.ndarray, when: np.ndarray) -> pd.DataFrame:
    """Return shares of numbered objects by numbered accounts, so many seconds after 2023-11-14 22:13:20 UTC."""
    return pd.DataFrame(
        {
            "object_id": _ids("object-", what),
            "account_id": _ids("account-", who),
            "content_id": _ids("post-", range(len(what))),
            "timestamp_share": 1_700_000_000 + when,
        }
    )


Pattern = Literal["bursts", "alternating bursts", "alternating subsets"]


@dataclass(frozen=True)
class Groups(Shown):
    """How planted groups behave; the defaults are a group that does not hide."""

    groups: int = 4
    size: int = 5  #: accounts of a group that are active at a time
    moments: int = 8  #: at which a group posts an object of its own
    spread: int = 60  #: the members post within so many seconds of each other
    participation: float = 1.0  #: chance of a member to take part in a moment
    rewritten: float = 0.0  #: share of the posts whose text is changed so that it is another object
    rotated: float = 0.0  #: chance of a member to be replaced by a new account after each moment
    #: Other posts of each member, as a multiple of the moments: copies of what others post, soon after them.
    hiding: float = 1.0


def plant_groups(shares: pd.DataFrame, groups: Groups | None = None, seed: int = 0) -> pd.DataFrame:
    """Add groups of accounts that act together to a table of shares.

    Parameters
    ----------
    shares
        Shares as :func:`coordlib.prep_data` returns them, without missing values: what goes on besides. Not changed.
    groups
        How the groups behave (none: the defaults of :class:`Groups`).
    seed
        The same seed gives the same groups.

    Returns
    -------
    pandas.DataFrame
        The shares and those of the groups, with ``group`` (str; missing for all other accounts) and ``moment`` (Int64: at
        which moment of its group; missing for all other posts). Ids of the groups begin with ``planted-``.

    Raises
    ------
    ParameterError
        No shares to plant groups into.

    Examples
    --------
    >>> shares = pd.DataFrame({"object_id": ["o", "p"], "account_id": ["a", "b"], "content_id": ["1", "2"],
    ...                        "timestamp_share": [1_700_000_000, 1_700_600_000]})
    >>> planted = plant_groups(shares, Groups(groups=1, size=3, moments=2))
    >>> planted.groupby("group")["account_id"].nunique().to_dict()
    {'planted-0': 3}
    """
    groups = groups or Groups()
    if shares.empty:
        raise ParameterError("shares: the table is empty; there is nothing to plant groups into")
    random = np.random.default_rng(seed)
    times, objects = shares["timestamp_share"].to_numpy(dtype=np.int64), shares["object_id"].to_numpy()
    rows: list[tuple[str, str, int, str, int | None]] = []
    for number in range(groups.groups):
        name, members, replaced = f"planted-{number}", list(range(groups.size)), groups.size
        seen: set[int] = set()
        for moment in range(groups.moments):
            base = int(random.integers(times.min(), times.max() + 1))
            taking = [one for one in members if random.random() < groups.participation]
            at = base + random.integers(0, max(1, groups.spread), len(taking), endpoint=True)
            own = random.random(len(taking)) < groups.rewritten
            for account, second, rewritten in zip(taking, at.tolist(), own.tolist(), strict=True):
                what = f"{name}-object-{moment}" + (f"-{account}" if rewritten else "")
                rows.append((what, f"{name}-account-{account}", second, name, moment))
            seen |= set(taking)
            for place in np.flatnonzero(random.random(groups.size) < groups.rotated).tolist():
                members[place], replaced = replaced, replaced + 1
        # What members post besides: copies of other posts, some minutes later.
        size = round(groups.hiding * groups.moments * groups.size) if seen else 0
        copied = random.integers(0, len(shares), size)
        later = times[copied] + random.exponential(600, size).astype(np.int64)
        who = random.choice(sorted(seen), size).tolist() if seen else []
        copies = zip(objects[copied], who, later.tolist(), strict=True)
        rows += [(what, f"{name}-account-{account}", second, name, None) for what, account, second in copies]
    columns = ["object_id", "account_id", "timestamp_share", "group", "moment"]
    kinds = dict(zip(columns, ("str", "str", "int64", "str", "Int64"), strict=True))
    planted = pd.DataFrame(rows, columns=columns).astype(kinds)
    planted["content_id"] = _ids("planted-post-", range(len(planted)))
    return pd.concat([shares[list(SHARE_COLUMNS)], planted], ignore_index=True)


def simulate_background(
    accounts: int = 600, posts: int = 6_000, days: int = 15, seed: int = 0
) -> pd.DataFrame:
    """Return shares of accounts that do not coordinate: every object appears at a moment and is taken up within hours.

    Accounts are log-normal in activity, objects popular as rank^-0.9, delays exponential with a mean of two hours.

    Examples
    --------
    >>> simulate_background(accounts=20, posts=50)["account_id"].nunique() <= 20
    True
    """
    random = np.random.default_rng(seed)
    activity = random.lognormal(0, 1.2, accounts)
    popularity = np.arange(1, accounts + 1) ** -0.9
    what = random.choice(accounts, posts, p=popularity / popularity.sum())
    who = random.choice(accounts, posts, p=activity / activity.sum())
    times = random.uniform(0, days * DAY, accounts)[what] + random.exponential(7_200, posts)
    return _shares(what, who, times.astype(np.int64))


def simulate_labelled(seed: int = 0) -> pd.DataFrame:
    """Simulate posts labelled as in the archives of information operations (Seckin et al. 2025): a table of posts.

    Four groups of five hide: each member is absent from a third of eight moments, and most of their posts are copies of
    what 600 others post. ``is_control`` is true for the others; ``object_id`` is the post that was copied.

    Examples
    --------
    >>> simulate_labelled().groupby("is_control")["account_id"].nunique().to_dict()
    {False: 20, True: 552}
    """
    planted = plant_groups(simulate_background(seed=seed), Groups(participation=2 / 3, hiding=3), seed)
    text, others = "Simulated repost of " + planted["object_id"], planted.pop("group").isna()
    posts = planted.rename(columns={"timestamp_share": "posted_at"}).assign(text=text, is_control=others)
    return as_posts(posts, "simulated")


def simulate_pattern(pattern: Pattern = "bursts", size: int = 20, seed: int = 0) -> pd.DataFrame:
    """Simulate a campaign in one of three patterns of activity, beside accounts that act on the same objects at random.

    Parameters
    ----------
    pattern
        ``"bursts"``: all members act on the same objects in short bursts. ``"alternating bursts"``: bursts follow each
        other at even distances, with nothing of theirs between. ``"alternating subsets"``: in turn one half of the members is
        active and then the other.
    size
        Members of the campaign.
    seed
        The same seed gives the same shares.

    Returns
    -------
    pandas.DataFrame
        Shares, with ``coordinated`` (bool): whether the account is a member.

    Raises
    ------
    ParameterError
        No such pattern.

    Notes
    -----
    The three patterns are named in Iannucci et al. (2025), section on synthetic data, and rebuilt here from those names:
    their sizes and rates are not known to us, so results are not to be compared with theirs number by number. Members act
    on the very objects of the others (200 of them, all popular), at any time of ten days; 300 others do, as often.

    References
    ----------
    Iannucci, L., Muratore, E., Matakos, A., & Kivelä, M. (2025). Detecting coordinated activities through temporal,
    multiplex, and collaborative analysis. https://arxiv.org/abs/2512.19677

    Examples
    --------
    >>> simulate_pattern("alternating subsets").groupby("coordinated")["account_id"].nunique().to_dict()
    {False: 300, True: 20}
    """
    if pattern not in get_args(Pattern):
        raise ParameterError(f"pattern = {pattern!r}: choose one of {', '.join(get_args(Pattern))}")
    random = np.random.default_rng(seed)
    others, objects, bursts, burst_objects, span = 300, 200, 10, 4, 10 * DAY
    even = pattern == "alternating bursts"
    begins = np.arange(bursts) * (span // bursts) if even else random.integers(0, span, bursts)
    rows = []
    for number, begin in enumerate(begins.tolist()):
        halves = np.split(np.arange(size), [size // 2])
        active = halves[number % 2] if pattern == "alternating subsets" else np.arange(size)
        for what in random.integers(0, objects, burst_objects).tolist():
            at = begin + int(random.integers(0, 600)) + random.integers(0, 60, len(active))
            rows += [(what, *taking) for taking in zip(active.tolist(), at.tolist(), strict=True)]
    # The others act as often as a member does, and members besides a quarter as often at random.
    often = len(rows) // size
    plain = [*np.repeat(np.arange(size, size + others), often), *np.repeat(np.arange(size), often // 4)]
    shared, moments = (random.integers(0, most, len(plain)).tolist() for most in (objects, span))
    rows += zip(shared, plain, moments, strict=True)
    what, who, when = (np.array(column) for column in zip(*rows, strict=True))
    return _shares(what, who, when).assign(coordinated=who < size)
