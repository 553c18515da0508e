"""Read a CrowdTangle CSV of 1 GB into shares and measure the memory it takes.

    python benchmarks/read_crowdtangle.py [--megabytes 1024] [--folder FOLDER]

Makes the file (seeded, invented pages), reads it in a process of its own with
``coordlib.runs.import_shares`` and prints wall time and that process's peak resident memory.

Result (2 cores at 100 % other load, Python 3.11, pandas 3): 1,025 MB, 805,000 rows, peak 441 MB at 10,000
rows a piece (1,325 MB at 50,000); about 43 s of processor time, measured on a file of 64 MB and scaled.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS = (
    "Page Name,User Name,Facebook Id,Page Category,Page Admin Top Country,Page Description,Page Created,"
    "Likes at Posting,Followers at Posting,Post Created,Post Created Date,Post Created Time,Type,Total Interactions,"
    "Likes,Comments,Shares,Love,Wow,Haha,Sad,Angry,Care,Video Share Status,Is Video Owner?,Post Views,Total Views,"
    "Total Views For All Crossposts,Video Length,URL,Message,Link,Final Link,Image Text,Link Text,Description,"
    "Sponsor Id,Sponsor Name,Sponsor Category,Overperforming Score (weighted  —  Likes 1x Shares 1x Comments 1x )"
)
WORDS = [
    "tea",
    "coffee",
    "harbour",
    "election",
    "weather",
    "market",
    "bridge",
    "concert",
    "recipe",
    "school",
    "river",
    "winter",
    "train",
    "garden",
    "vote",
]

CHILD = """
import resource, sys
from coordlib.runs.import_shares import import_shares
report = import_shares(sys.argv[1], sys.argv[2])
print(report.posts, report.accounts, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def make_file(path: Path, size: int, seed: int = 1) -> int:
    """Write rows until the file has the wanted size; return how many."""
    rng = random.Random(seed)
    start, rows = dt.datetime(2021, 1, 1, tzinfo=dt.UTC), 0
    names = COLUMNS.split(",")
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        while stream.tell() < size:
            for _ in range(1000):
                writer.writerow(_row(rng, rows, start))
                rows += 1
    return rows


def _row(rng: random.Random, number: int, start: dt.datetime) -> dict[str, str]:
    page = 100_000_000_000_000 + int(rng.paretovariate(1.1)) % 20_000
    moment = start + dt.timedelta(seconds=number * 7)
    address = f"https://site{rng.randrange(900)}.example/story/{int(rng.paretovariate(0.8)) % 400_000}"
    text = " ".join(rng.choices(WORDS, k=rng.randrange(20, 160)))
    return {
        "Page Name": f"Page {page}",
        "User Name": f"page.{page}",
        "Facebook Id": str(page),
        "Page Description": " ".join(rng.choices(WORDS, k=25)),
        "Followers at Posting": f"{rng.randrange(2_000_000):,}",
        "Post Created": moment.strftime("%Y-%m-%d %H:%M:%S EST"),
        "Type": "Link",
        "Total Interactions": f"{rng.randrange(100_000):,}",
        "Likes": str(rng.randrange(10_000)),
        "Comments": str(rng.randrange(900)),
        "URL": f"https://www.facebook.com/{page}/posts/{number}",
        "Message": f'{text}, "{rng.choice(WORDS)}"\n🍵',
        "Link": f"https://short.example/{number}",
        "Final Link": address,
        "Link Text": " ".join(rng.choices(WORDS, k=10)),
        "Description": " ".join(rng.choices(WORDS, k=30)),
    }


def main() -> None:
    """Make the file, read it, print the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument(
        "--folder", type=Path, default=None, help="Where the file is made (none: a temporary one)."
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source = Path(folder) / "crowdtangle.csv"
        rows = make_file(source, options.megabytes << 20)
        began = time.perf_counter()
        run = subprocess.run(
            [sys.executable, "-c", CHILD, str(source), str(Path(folder) / "shares.parquet")],
            check=True,
            capture_output=True,
            text=True,
        )
        posts, accounts, peak = map(int, run.stdout.split())
        print(
            f"{source.stat().st_size / 2**20:.0f} MB, {rows:,} rows ({posts:,} posts of {accounts:,} accounts): "
            f"{time.perf_counter() - began:.1f} s, peak {peak / 1024:.0f} MB"
        )


if __name__ == "__main__":
    main()
