"""Bringing lists of accounts into the pool: who is mentioned often enough, written how."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coordlib.errors import FileFormatError, MissingColumnError, ParameterError
from coordlib.sources.tables import read_table
from coordlib.store import Store
from coordlib.store.deletion import forgotten
from coordlib.store.pool import add_to_pool

#: Columns that are read as the account when none is named, in this order.
ACCOUNT_COLUMNS = ("username", "account", "account_id", "author_name", "handle", "user", "profile", "url")
MENTION_COLUMNS = ("mentions", "n_mentions", "count", "n")

_PROFILE = re.compile(r"^(?:https?://)?(?:www\.|m\.)?tiktok\.com/@([^/?#\s]+)", re.IGNORECASE)
_HANDLE = re.compile(r"^[\w.]{2,24}$")


@dataclass(frozen=True)
class AccountList:
    """Accounts with their mentions, most mentioned first; the cells that are no account name."""

    mentions: dict[str, int]
    n_rows: int
    unreadable: tuple[tuple[int, str], ...] = ()

    def chosen(self, min_mentions: int) -> list[str]:
        """Return the accounts mentioned at least so often, sorted by name."""
        if min_mentions < 1:
            raise ParameterError(f"min_mentions = {min_mentions}: expected 1 or more")
        return sorted(name for name, number in self.mentions.items() if number >= min_mentions)


def account_name(text: str) -> str | None:
    """Return the account name in a cell: a handle, with or without ``@``, or a profile's address."""
    cell = text.strip().lstrip("'")
    match = _PROFILE.match(cell)
    name = (match[1] if match else cell.removeprefix("@")).lower()
    return name if _HANDLE.match(name) else None


def asked_account(text: str) -> str:
    """Return the name of the account somebody asks about, without ``@``; a blank is nobody's."""
    if not (name := text.strip().removeprefix("@").strip()):
        raise ParameterError(f"'{text}': is no account name; give one, without @")
    return name


def read_account_list(
    path: Path | str, *, column: str | None = None, mentions_column: str | None = None
) -> AccountList:
    """Read a list of accounts from a CSV or Parquet file, by the columns given, of a known name, or the only one; without counts a row is one mention."""
    table = read_table(path)
    lowered = {str(name).lower(): str(name) for name in table.columns}

    def found(given: str | None, known: Sequence[str]) -> str | None:
        if given is not None and given not in table.columns:
            raise MissingColumnError.from_names([given], table.columns, str(path))
        return given or next((lowered[name] for name in known if name in lowered), None)

    account = found(column, ACCOUNT_COLUMNS)
    if account is None:
        if len(table.columns) != 1:
            raise MissingColumnError.from_names(["username"], table.columns, str(path))
        account = str(table.columns[0])
    counted = found(mentions_column, MENTION_COLUMNS)
    mentions: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    counts = ["1"] * len(table) if counted is None else [str(cell).strip() for cell in table[counted]]
    for line, (cell, count) in enumerate(zip(table[account].fillna(""), counts, strict=True), start=2):
        if (name := account_name(cell)) is None:
            bad.append((line, " ".join(cell.split())[:60]))
        elif not count.isdecimal():
            raise FileFormatError(
                f"{path}: line {line}, column '{counted}': '{count[:40]}' is not a whole number of mentions"
            )
        else:
            mentions[name] += int(count)
    if not mentions:
        raise FileFormatError(
            f"{path}: column '{account}' holds no account name; name the right one with --column"
        )
    ordered = dict(sorted(mentions.items(), key=lambda item: (-item[1], item[0])))
    return AccountList(ordered, len(table), tuple(bad))


def import_accounts(
    store: Store, accounts: AccountList, *, min_mentions: int, added_on: str, source: str
) -> tuple[list[str], list[str]]:
    """Add the accounts mentioned often enough to the pool, with the reason; return those that were new and those that
    stay out because they were forgotten, sorted."""
    new: list[str] = []
    chosen = accounts.chosen(min_mentions)
    with store.transaction():
        out = forgotten(store, chosen)
        for name in (name for name in chosen if name not in set(out)):
            number = accounts.mentions[name]
            reason = f"mentioned {'once' if number == 1 else f'{number} times'} in {source}"
            new += add_to_pool(store, [name], added_on=added_on, reason=reason, source="import")
    return new, out
