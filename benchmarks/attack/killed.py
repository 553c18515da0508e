"""The coordlib command in a process that kills itself just before one of its renames.

    python killed.py NUMBER FILE ARGUMENTS…

NUMBER says before which rename (0: before none), FILE gets how many there were. Nothing of this is in the product:
renames are seen by an audit hook, the exchange of two folders by standing in its place.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # Python renames what it compiles, too

from coordlib import files  # noqa: E402
from coordlib.cli import main  # noqa: E402

wanted, told = int(sys.argv[1]), Path(sys.argv[2])
seen = 0
exchange = files._exchange


def step() -> None:
    """Count a rename, and end here where it is the one."""
    global seen
    seen += 1
    if seen == wanted:
        os.kill(os.getpid(), signal.SIGKILL)


def counted(one: Path, two: Path) -> bool:
    """Stand in the place of the exchange of two folders."""
    step()
    return exchange(one, two)


def heard(event: str, arguments: tuple[object, ...]) -> None:
    """Be told of every rename of this process."""
    if event == "os.rename":
        step()


files._exchange = counted
sys.addaudithook(heard)
atexit.register(lambda: told.write_text(str(seen), encoding="utf-8"))
sys.argv = ["coordlib", *sys.argv[3:]]
main()
