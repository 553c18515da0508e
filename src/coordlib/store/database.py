"""Opening the database, its migrations, and transactions."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Self

from coordlib.errors import DatabaseFailedError, SchemaVersionError, StoreError

#: Milliseconds a writer waits for another one before it gives up.
BUSY_TIMEOUT_MS = 30_000
_DAMAGED = "the file is damaged, put a copy in its place"
#: What the machine does to a database that is open, by SQLite's codes; any other error is a mistake of ours.
_MACHINE = {
    sqlite3.SQLITE_FULL: "free space on the disk",
    sqlite3.SQLITE_IOERR: "free space on the disk, or see whether it is damaged",
    sqlite3.SQLITE_READONLY: "make file and folder writable",
    sqlite3.SQLITE_CANTOPEN: "make file and folder writable",
    sqlite3.SQLITE_BUSY: "end the other program that holds it",
    sqlite3.SQLITE_LOCKED: "end the other program that holds it",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}


def migrations() -> list[tuple[int, str]]:
    """Return the numbered migrations, oldest first, as (version, SQL)."""
    found = []
    for entry in (resources.files("coordlib.store") / "schema").iterdir():
        match = re.fullmatch(r"(\d{4})_\w+\.sql", entry.name)
        if match:
            found.append((int(match[1]), entry.read_text(encoding="utf-8")))
    return sorted(found)


class Store:
    """An open workspace database.

    The tables are documented in the SQL files under ``store/schema``. The functions that read and
    write them live beside this module, one module a subject, and take a ``Store``.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
        self.connection = connection
        self.path = path
        self.read_only = read_only

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if advice := _advice(error):
            raise DatabaseFailedError(f"{self.path}: {error}; {advice}, and start again") from None

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @property
    def schema_version(self) -> int:
        """Version of the schema in the file."""
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction: all of it is kept, or none. Nested blocks join the outer one."""
        if self.connection.in_transaction:
            yield self.connection
            return
        self.connection.execute("BEGIN" if self.read_only else "BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.OperationalError):  # a full disk has rolled back by itself
                self.connection.execute("ROLLBACK")
            raise


def open_store(path: Path | str, *, read_only: bool = False) -> Store:
    """Open a workspace database, creating it or bringing its schema up to date.

    Parameters
    ----------
    path
        The database file, usually ``WORKSPACE/coordlib.sqlite``.
    read_only
        Open for reading only; a run may write at the same time.

    Raises
    ------
    StoreError
        The file is not there (read only), is not a database, or cannot be opened.
    SchemaVersionError
        The file was written by a newer coordlib.

    Examples
    --------
    >>> store = open_store(":memory:")
    >>> store.schema_version >= 1
    True
    >>> store.close()
    """
    file = Path(path)
    memory = str(path) == ":memory:"
    if read_only and not memory and not file.exists():
        raise StoreError(
            f"{file}: there is no workspace database here; run 'coordlib replay' or 'coordlib monitor' first"
        )
    try:
        if not memory and not read_only:
            file.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # posts of people: for the one who collects them alone
                os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        target = f"{file.absolute().as_uri()}?mode=ro" if read_only else str(path)
        connection = sqlite3.connect(
            target, uri=read_only, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        store = Store(connection, file, read_only=read_only)
        _migrate(store)
    except (sqlite3.DatabaseError, OSError) as error:
        kind = StoreError if _advice(error) in (None, _DAMAGED) else DatabaseFailedError
        raise kind(f"{file}: cannot be opened as a workspace database ({error})") from None
    return store


def _advice(error: BaseException | None) -> str | None:
    """What to do about an error of the machine; None for any other."""
    return _MACHINE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)  # the low byte is the kind


def _migrate(store: Store) -> None:
    known = migrations()
    newest = known[-1][0]
    version = store.schema_version
    if version > newest:
        store.close()
        raise SchemaVersionError(
            f"{store.path}: schema version {version} is newer than this coordlib knows ({newest}); upgrade coordlib"
        )
    if store.read_only:
        if version < newest:
            store.close()
            raise StoreError(
                f"{store.path}: schema version {version} is older than {newest}; open it once for writing"
            )
        return
    if version == newest:
        return
    # The version is read again inside the lock: two processes may open a new file at once.
    with store.transaction() as connection:
        version = store.schema_version
        for number, sql in known:
            if number > version:
                for statement in _statements(sql):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")


def _statements(sql: str) -> Iterator[str]:
    """Split a script into statements; sqlite3's own script runner would commit by itself."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
