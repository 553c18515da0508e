"""What changed from one day's networks to the next: which share members, which began and ended, who came and went."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Change:
    """What changed between two days; networks keep the numbers of their own day.

    Attributes
    ----------
    again
        One row per network that shares accounts with one of the day before: ``network``, ``n_accounts``, ``network_before``,
        ``n_shared``, the largest overlap first.
    begun, ended
        One row per network without an account in common with any of the other day: ``network``, ``n_accounts``.
    came, gone
        Accounts in a network on one of the days only, sorted.
    """

    again: pd.DataFrame
    begun: pd.DataFrame
    ended: pd.DataFrame
    came: list[str]
    gone: list[str]


def change_since(before: pd.DataFrame, accounts: pd.DataFrame) -> Change:
    """Compare the networks of two days by their accounts (``account_id`` and ``network`` of each).

    Examples
    --------
    >>> before = pd.DataFrame({"account_id": ["a", "b", "c", "x"], "network": [1, 1, 2, 2]})
    >>> today = pd.DataFrame({"account_id": ["a", "b", "n", "p", "q"], "network": [3, 3, 3, 4, 4]})
    >>> found = change_since(before, today)
    >>> found.again.to_dict("records")
    [{'network': 3, 'n_accounts': 3, 'network_before': 1, 'n_shared': 2}]
    >>> found.begun["network"].tolist(), found.ended["network"].tolist(), found.came, found.gone
    ([4], [2], ['n', 'p', 'q'], ['c', 'x'])
    """
    sizes, sizes_before = (_sizes(table) for table in (accounts, before))
    both = accounts.merge(before, on="account_id", suffixes=("", "_before"))
    again = both.groupby(["network", "network_before"]).size().rename("n_shared").reset_index()
    again = again.merge(sizes, on="network")[["network", "n_accounts", "network_before", "n_shared"]]
    again = again.sort_values(["network", "n_shared", "network_before"], ascending=[True, False, True])
    now, then = set(accounts["account_id"]), set(before["account_id"])
    return Change(
        again.reset_index(drop=True),
        sizes[~sizes["network"].isin(both["network"])].reset_index(drop=True),
        sizes_before[~sizes_before["network"].isin(both["network_before"])].reset_index(drop=True),
        sorted(now - then),
        sorted(then - now),
    )


def _sizes(table: pd.DataFrame) -> pd.DataFrame:
    return table.groupby("network").size().rename("n_accounts").reset_index()
