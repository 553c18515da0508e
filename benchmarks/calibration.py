"""What the usual parameters find and miss, on simulated posts and on archive days beside the project.

Run from the project's root: ``python benchmarks/calibration.py [RUNS] [--write]`` (30 runs a row by default). With ``--write`` the
numbers go to calibration.csv beside this file, and the tables into docs/calibration.md and reports/method.qmd.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import coordlib as cl
from coordlib.describe.calibration import EVASION, calibration_table
from coordlib.report.tables import write_csv
from coordlib.simulate import simulate_background
from coordlib.sources.archive import list_days, read_day

HERE = Path(__file__).resolve().parent
ARCHIVE = HERE.parents[1] / "shared" / "data" / "csbn"
#: Where a table stands: the file, its name there, and the settings it has.
PLACES = (
    (
        HERE.parent / "docs" / "calibration.md",
        "simulated",
        ("names dealt", "objects dealt", "size", "moments", "spread", "participation"),
    ),
    (HERE.parent / "docs" / "calibration.md", "evasion", tuple(EVASION)),
    (HERE.parent / "reports" / "method.qmd", "evasion", tuple(EVASION)),
)


def put(path: Path, name: str, table: str) -> None:
    """Replace what stands between the two marks of a table."""
    text = path.read_text(encoding="utf-8")
    marks = rf"(<!-- {name} -->).*?(<!-- end -->)"
    path.write_text(
        re.sub(marks, lambda found: f"{found[1]}\n\n{table}\n\n{found[2]}", text, flags=re.DOTALL),
        encoding="utf-8",
    )


def main() -> None:
    """Measure, print, and with ``--write`` keep it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("runs", nargs="?", type=int, default=30)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    found = cl.calibrate(simulate_background(), runs=given.runs)
    print(calibration_table(found))
    if given.write:
        write_csv(found, HERE / "calibration.csv")
        for path, name, settings in PLACES:
            put(path, name, calibration_table(found, settings))
    for day in list_days(ARCHIVE) if ARCHIVE.is_dir() else []:
        posts = read_day(day.path).posts
        if posts is not None and posts["text"].nunique() > 1:
            print(f"\n{day.date}\n{calibration_table(cl.calibrate(posts, runs=1 + given.runs // 10))}")


if __name__ == "__main__":
    main()
