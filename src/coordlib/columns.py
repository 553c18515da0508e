"""What every door asks of a table: is it one, and has it each needed column, once?"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from coordlib.errors import InputError, MissingColumnError


def check_table(table: object, needed: Iterable[str], where: str) -> None:
    """Refuse what is no table, and a table that has a needed column not at all or more than once."""
    if not isinstance(table, pd.DataFrame):
        kind = type(table).__name__
        raise InputError(
            f"{where}: a {kind} is no table; give a pandas DataFrame (cl.load_table reads a file)"
        )
    if missing := {name for name in needed if name not in table.columns}:
        raise MissingColumnError.from_names(missing, table.columns, where)
    for name in needed:
        one_column(table, name)


def one_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column by its name, rows numbered from 0; refuse a name that two columns have."""
    named = int((frame.columns == name).sum())
    if named > 1:
        raise InputError(f"the table has {named} columns named '{name}'; rename all but one")
    return frame[name].reset_index(drop=True)
