"""Bringing lists of accounts into the pool: who is mentioned often enough, written how."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coordlib.errors import FileFormatError, MissingColumnError, ParameterError
from coordlib.sources.tables import read_table
from coordlib.store import Store
from coordlib.store.pool import add_to_pool

#: Columns that are read as the account when none is named, in this order.
ACCOUNT_COLUMNS = ("username", "account", "account_id", "author_name", "handle", "user", "profile", "url")
MENTION_COLUMNS = ("mentions", "n_mentions", "count", "n")

_PROFILE = re.compile(r"^(?:https?://)?(?:www\.|m\.)?tiktok\.com/@([^/?#\s]+)", re.IGNORECASE)
_HANDLE = re.compile(r"^[\w.]{2,24}$")


@dataclass(frozen=True)
class AccountList:
    """Accounts of a list with their mentions, most mentioned first, names as tie-break.

    ``unreadable`` holds the first cells that are no account name (blank ones too), with their line;
    ``n_unreadable`` counts all of them.
    """

    mentions: dict[str, int]
    n_rows: int
    unreadable: tuple[tuple[int, str], ...] = ()
    n_unreadable: int = 0

    def chosen(self, min_mentions: int) -> list[str]:
        """Return the accounts mentioned at least so often, sorted by name."""
        if min_mentions < 1:
            raise ParameterError(f"min_mentions = {min_mentions}: expected 1 or more")
        return sorted(name for name, number in self.mentions.items() if number >= min_mentions)


def account_name(text: str) -> str | None:
    """Return the account name in a cell: a handle, with or without ``@``, or a profile's address.

    Examples
    --------
    >>> account_name("@Esempio.Uno "), account_name("https://www.tiktok.com/@due/video/7"), account_name("no one")
    ('esempio.uno', 'due', None)
    """
    cell = text.strip().lstrip("'")
    match = _PROFILE.match(cell)
    name = (match[1] if match else cell.removeprefix("@")).lower()
    return name if _HANDLE.match(name) else None


def read_account_list(
    path: Path | str, *, column: str | None = None, mentions_column: str | None = None
) -> AccountList:
    """Read a list of accounts from a CSV or Parquet file; one row is one mention, unless a column counts them.

    The columns are those given, else the first of a known name, else the only one.
    """
    table = read_table(path)
    lowered = {str(name).lower(): str(name) for name in table.columns}
    account = _column(table, column, lowered, ACCOUNT_COLUMNS, path)
    if account is None:
        if len(table.columns) != 1:
            raise MissingColumnError.from_names(["username"], table.columns, str(path))
        account = str(table.columns[0])
    counted = _column(table, mentions_column, lowered, MENTION_COLUMNS, path)
    mentions: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    for line, cell in enumerate(table[account].fillna("").tolist(), start=2):
        name = account_name(cell)
        if name is None:
            bad.append((line, " ".join(cell.split())[:60]))
            continue
        mentions[name] += 1 if counted is None else _count(table[counted].iloc[line - 2], path, line, counted)
    if not mentions:
        raise FileFormatError(
            f"{path}: column '{account}' holds no account name; name the right one with --column"
        )
    ordered = dict(sorted(mentions.items(), key=lambda item: (-item[1], item[0])))
    return AccountList(ordered, len(table), tuple(bad[:5]), len(bad))


def import_accounts(
    store: Store, accounts: AccountList, *, min_mentions: int, added_on: str, source: str
) -> list[str]:
    """Add the accounts mentioned often enough to the pool; return those that were new, sorted.

    The reason recorded with each says where it comes from and how often it was mentioned.
    """
    new: list[str] = []
    with store.transaction():
        for name in accounts.chosen(min_mentions):
            number = accounts.mentions[name]
            times = "once" if number == 1 else f"{number} times"
            reason = f"mentioned {times} in {source}"
            new += add_to_pool(store, [name], added_on=added_on, reason=reason, source="import")
    return new


def _column(
    table: pd.DataFrame, given: str | None, lowered: dict[str, str], known: tuple[str, ...], path: Path | str
) -> str | None:
    if given is not None:
        if given not in table.columns:
            raise MissingColumnError.from_names([given], table.columns, str(path))
        return given
    return next((lowered[name] for name in known if name in lowered), None)


def _count(cell: str, path: Path | str, line: int, column: str) -> int:
    text = str(cell).strip()
    if not text.isdecimal():
        raise FileFormatError(
            f"{path}: line {line}, column '{column}': '{text[:40]}' is not a whole number of mentions"
        )
    return int(text)
