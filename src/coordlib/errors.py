"""Every error coordlib raises on purpose, under :class:`CoordError`; each message is one line: what, where, what to do."""

from __future__ import annotations

import difflib
import functools
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Names = Collection[object]


class CoordError(Exception):
    """Base of every error coordlib raises on purpose."""

    def __init__(self, message: object = "") -> None:
        super().__init__(" ".join(str(message).splitlines()))  # a file's own line breaks are quoted in some

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows of it: one line, since the message says all there is to do."""
        return [f"{type(self).__name__}: {' '.join(str(self).split())}"]


class TiedWeightsWarning(UserWarning):
    """The heaviest edges tie, so a quantile of the weights keeps none of them."""


class DamagedLinesWarning(UserWarning):
    """Lines of a file that cannot be read were left out."""


class InputError(CoordError):
    """A file or a table holds something that cannot be used, in a `row` (from 0): the reader of the file can name the line."""

    def __init__(self, message: object = "", row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


class MissingColumnError(InputError):
    """A needed column is absent; the message lists the columns that are there."""

    @classmethod
    def from_names(cls, missing: Names, available: Names, where: str = "the table", used: Names = ()) -> Self:
        """Build the message from the missing and the available names, with the closest match of each that is not used."""
        have = [str(name) for name in available]
        hints = with_the_nearest(missing, have, used)
        shown = ", ".join(have[:30]) + (f", … ({len(have)} in all)" if len(have) > 30 else "")
        columns = "column" if len(set(missing)) == 1 else "columns"
        return cls(f"{where}: missing {columns} {hints}; the columns there are: {shown or 'none'}")


class EmptyInputError(InputError):
    """A file or a table has no rows."""


class TimeFormatError(InputError):
    """A time cannot be read as UTC seconds or as a date and time."""


class DuplicateContentError(InputError):
    """The same content is listed more than once for the same object."""


class FileFormatError(InputError):
    """A file is not what its name or its first bytes claim."""


class UnknownFormatError(InputError):
    """The columns of an export match none of the known formats."""


class ParameterError(CoordError, ValueError):
    """A parameter has a value outside its allowed range."""


class AlreadyReportedError(ParameterError):
    """A day that is reported already, with nothing left over."""


class UnknownParameterError(ParameterError):
    """A parameter name nobody knows."""

    @classmethod
    def from_names(cls, unknown: Names, known: Names, where: str = "parameters", used: Names = ()) -> Self:
        """Name each unknown parameter with the nearest known one that is not used already."""
        names = sorted(map(str, known))
        hints = with_the_nearest(unknown, names, used)
        return cls(f"{where}: unknown parameter {hints}; known: {', '.join(names)}")


class CollectError(CoordError):
    """Something went wrong while talking to a data source."""


class CredentialsError(CollectError):
    """Credentials are missing, refused or expired."""


class QueryError(CollectError, ValueError):
    """A query the service would refuse; found before a request was spent."""


class QuotaExhausted(CollectError):
    """The request budget of the day is spent."""


class ServiceError(CollectError):
    """The service failed, or answered something that cannot be understood."""


class UnreachableError(ServiceError):
    """Nothing answers at the address of a service, and nothing did before."""


class StoreError(CoordError):
    """The workspace database cannot be used as asked."""


class SchemaVersionError(StoreError):
    """The database was written by a newer coordlib."""


class DatabaseFailedError(StoreError):
    """The machine failed an open database: a full disk, a read-only one, a damaged file."""


class WorkspaceLockedError(StoreError):
    """Another run is writing to the workspace."""


class RunError(CoordError):
    """A notebook or a monitoring day failed."""


class NotebookInputError(RunError):
    """A notebook refused what it was given: no failure of its own, and nothing is kept of the run."""


class PublishError(CoordError):
    """Tables, packages or the site could not be written."""


class MissingDependencyError(CoordError, ImportError):
    """An optional package is needed for what was asked."""

    @classmethod
    def for_extra(cls, package: str, extra: str, purpose: str) -> MissingDependencyError:
        """Say which package is missing, what for, and how to install it."""
        return cls(f"{purpose} needs the package '{package}': pip install 'coordlib[{extra}]'")


def with_the_nearest(names: Names, known: Iterable[str], used: Names = ()) -> str:
    """List names, each with the nearest known one that is not used."""
    hints = []
    for name in sorted(map(str, names)):
        close = difflib.get_close_matches(name, [other for other in known if other not in used], n=1)
        hints.append(f"'{name}'" + (f" (did you mean '{close[0]}'?)" if close else ""))
    return ", ".join(hints)


def new_names(
    values: Mapping[str, Any], renamed: Mapping[str, str], where: str, level: int = 3
) -> dict[str, Any]:
    """Return values under their new names: an old name is taken for one version, with a warning that names the new one."""
    for old in sorted(renamed.keys() & values.keys()):
        if renamed[old] in values:
            raise ParameterError(f"{where}: {old} is the old name of {renamed[old]}; give one of the two")
        warnings.warn(f"{where}: {old} is now {renamed[old]}", FutureWarning, stacklevel=level)
    return {renamed.get(name, name): value for name, value in values.items()}


def takes_old_names(**renamed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take arguments by their old names as :func:`new_names` does."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **named: P.kwargs) -> R:
            return function(*args, **new_names(named, renamed, function.__name__))

        return call

    return decorate
