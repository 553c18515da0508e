"""Opening the database, its migrations, and transactions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from coordlib.errors import DatabaseFailedError, SchemaVersionError, StoreError
from coordlib.shown import Shown

#: Seconds a writer waits for another one before it gives up.
BUSY_TIMEOUT = 30
_DAMAGED = "the file is damaged, put a copy in its place"
#: What the machine does to a database that is open, by SQLite's codes; any other error is a mistake of ours.
_MACHINE = {
    sqlite3.SQLITE_FULL: "free space on the disk",
    sqlite3.SQLITE_IOERR: "free space on the disk, or see whether it is damaged",
    **dict.fromkeys((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN), "make file and folder writable"),
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED), "end the other program that holds it"),
    **dict.fromkeys((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB), _DAMAGED),
}
#: Values for the question marks of a statement, or for its names.
Values = Sequence[Any] | Mapping[str, Any]


def insert(table: str, names: Sequence[str], conflict: str = "") -> str:
    """Return the SQL that inserts a row of these columns; ``conflict`` is what follows ``ON CONFLICT``."""
    marks = ", ".join("?" * len(names))
    behind = f" ON CONFLICT {conflict}" if conflict else ""
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}){behind}"


def replaced(names: Iterable[str]) -> str:
    """Return the SQL that gives columns the values of the row that was to be inserted."""
    return "DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in names)


@dataclass(eq=False)
class Store(Shown):
    """An open workspace database; the SQL files under ``store/schema`` say what its tables hold."""

    connection: sqlite3.Connection = field(repr=False)
    path: Path
    read_only: bool = field(kw_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
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

    def rows(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Values = ()) -> sqlite3.Row | None:
        """Return the first row of a query, None where there is none."""
        found: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return found

    def value(self, sql: str, values: Values = ()) -> Any:
        """Return the first value of a query's first row, None where there is none."""
        found = self.row(sql, values)
        return None if found is None else found[0]

    def write(self, sql: str, values: Values = ()) -> int:
        """Run a statement in the open transaction or in one of its own; return how many rows it changed."""
        with self.transaction() as connection:
            return connection.execute(sql, values).rowcount

    def write_many(self, sql: str, rows: Iterable[Values]) -> None:
        """Run a statement for each row of values, in the open transaction or in one of its own."""
        with self.transaction() as connection:
            connection.executemany(sql, rows)


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
                file.touch(mode=0o600, exist_ok=False)
        # On a disk that takes no writing SQLite's own side files cannot be made.
        sealed = read_only and os.statvfs(file).f_flag & os.ST_RDONLY and not Path(f"{file}-wal").exists()
        how = "mode=ro&immutable=1" if sealed else "mode=ro"
        target = f"{file.absolute().as_uri()}?{how}" if read_only else str(path)
        connection = sqlite3.connect(target, uri=read_only, isolation_level=None, timeout=BUSY_TIMEOUT)
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
    """Run the migrations the file lacks: scripts that begin with their number."""
    scripts = sorted(Path(__file__).with_name("schema").glob("*.sql"))
    known = [(int(script.name[:4]), script.read_text("utf-8")) for script in scripts]
    newest, version = known[-1][0], store.schema_version
    if version == newest:
        return
    if version > newest or store.read_only:
        store.close()
        told = f"{store.path}: schema version {version}"
        if version > newest:
            raise SchemaVersionError(f"{told} is newer than this coordlib knows ({newest}); upgrade coordlib")
        raise StoreError(f"{told} is older than {newest}; open it once for writing")
    # The version is read again inside the lock: two processes may open a new file at once.
    with store.transaction() as connection:
        version = store.schema_version
        for number, sql in known:
            if number <= version:
                continue
            statement = ""  # one by one: sqlite3's own script runner would commit by itself
            for line in sql.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    connection.execute(statement)
                    statement = ""
            connection.execute(f"PRAGMA user_version = {number}")
