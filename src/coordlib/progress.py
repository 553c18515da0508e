"""Progress of long loops over tables."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

Piece = TypeVar("Piece", bound=Sized)


def with_progress(
    pieces: Iterable[Piece],
    words: str,
    total: int | None = None,
    unit: str = " rows",
    size: Callable[[Piece], int] = len,
) -> Iterator[Piece]:
    """Yield pieces of a table, and show in a terminal how many rows are done, at which rate, and the time left.

    What takes no second shows nothing; where nobody looks, tqdm is not even loaded.
    """
    if not sys.stderr.isatty():
        yield from pieces
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=words, unit=unit, unit_scale=True, delay=1, leave=False) as bar:
        for piece in pieces:
            yield piece
            bar.update(size(piece))
