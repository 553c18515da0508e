"""What a further day costs a site that has many already: CPU of ``coordlib render``, and room on disk.

Run from the project's root: ``python benchmarks/site_growth.py WORKSPACE [DAYS …]`` (default: 30 180 365), where WORKSPACE has a
few reported days (``make demo`` leaves one in demo/). They are repeated under new dates, and half of the accounts get new names
every ten days. CPU is told as a ratio to the first line; results are in site_growth.md beside this file.
"""

from __future__ import annotations

import datetime as dt
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_RENDER = (
    "import sys; from coordlib.site.build import render_site; render_site(sys.argv[1], engine='smalldocs')"
)


def repeat_days(source: Path, target: Path, first: int, last: int) -> None:
    """Put days into a workspace, the first ones of another over and over, under dates of their own."""
    models = sorted((source / "reports" / "days").glob("*-*-*/"))
    for number in range(first, last):
        model, day = models[number % len(models)], (dt.date(2024, 1, 1) + dt.timedelta(number)).isoformat()
        folder = target / "reports" / "days" / day
        shutil.copytree(model, folder)
        for name in ("run.json", "index.ipynb", "SHA256SUMS"):
            text = (folder / name).read_text(encoding="utf-8").replace(model.name, day)
            (folder / name).write_text(text, encoding="utf-8")
        if (folder / "accounts.csv").exists():
            head, *rows = (folder / "accounts.csv").read_text(encoding="utf-8").splitlines()
            rows = [f"n{number // 10}_{row}" if place % 2 else row for place, row in enumerate(rows)]
            (folder / "accounts.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")


def render(workspace: Path) -> float:
    """Render a site in a process of its own and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _RENDER, str(workspace)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def on_disk(folder: Path) -> int:
    """Return the bytes a folder takes on disk, what has several names counted once."""
    said = subprocess.run(
        ["du", "-s", "--block-size=1", str(folder)], check=True, capture_output=True, text=True
    )
    return int(said.stdout.split()[0])


def main(source: Path, steps: list[int]) -> None:
    """Measure and print one line a step."""
    with tempfile.TemporaryDirectory() as place:
        root, there, first = Path(place) / "world", 0, None
        (root / "reports").mkdir(parents=True)
        print(
            "| days | next day, CPU | site, MB a day | with the workspace, MB a day | search, MB | archive, KB |\n|---|---|---|---|---|---|"
        )
        for step in steps:
            repeat_days(source, root, there, step)
            render(root)
            there, times = step, []
            for _ in range(3):  # the least of three: what else the machine does only ever adds
                repeat_days(source, root, there, there + 1)
                there += 1
                times.append(render(root))
            spent = min(times)
            first = first or spent
            site = root / "_site" / "reports"
            room = on_disk(site) / 1e6 / there, on_disk(root) / 1e6 / there
            search = sum(path.stat().st_size for path in (site / "search").iterdir()) / 1e6
            archive = (site / "archive.html").stat().st_size / 1e3
            print(
                f"| {there} | {spent / first:.2f} ({spent:.1f} s) | {room[0]:.2f} | {room[1]:.2f} | {search:.2f} | {archive:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(text) for text in sys.argv[2:]] or [30, 180, 365])
