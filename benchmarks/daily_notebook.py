"""CPU of the daily notebook: a simulated day of about 9,500 posts, by papermill alone and by coordlib, in turns.

Run from the project's root: ``python benchmarks/daily_notebook.py [TURNS] [--accounts N]`` (default: 3 turns, 2,000 accounts).
CPU seconds are those of the kernel and of the process that started it, medians of the turns.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "02-daily-monitoring.ipynb"
BY_COORDLIB = "import sys; from coordlib.runs import run_notebook; run_notebook(*sys.argv[1:3], dict(zip(sys.argv[3::2], sys.argv[4::2])))"


def cpu(command: list[str]) -> float:
    """CPU seconds of a command and everything it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Make the day, then measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("turns", nargs="?", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = [sys.executable, "-m", "coordlib.cli"]
        accounts = ["--accounts", str(options.accounts), "--days", "2"]
        subprocess.run([*own, "simulate", "archive", str(folder / "archive"), *accounts], check=True)
        replay = ["replay", str(folder / "archive"), "--workspace", str(folder / "work"), "--no-render"]
        subprocess.run([*own, *replay], check=True)
        taken: dict[str, list[float]] = {"papermill": [], "coordlib": []}
        for turn in range(options.turns):
            for by, seconds in taken.items():
                given = {"workspace": str(folder / "work"), "output_dir": str(folder / f"{by}-{turn}")}
                files = [str(NOTEBOOK), str(folder / f"{by}-{turn}.ipynb")]
                if by == "papermill":
                    pairs = [word for item in given.items() for word in ("-p", *item)]
                    command = [sys.executable, "-m", "papermill", *files, *pairs, "--no-progress-bar"]
                else:
                    pairs = [word for item in given.items() for word in item]
                    command = [sys.executable, "-c", BY_COORDLIB, *files, *pairs]
                seconds.append(cpu(command))
        for by, seconds in taken.items():
            every = ", ".join(f"{second:.1f}" for second in seconds)
            print(f"by {by}: {statistics.median(seconds):.1f} s of CPU ({every})")


if __name__ == "__main__":
    main()
