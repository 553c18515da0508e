"""Attacks on the machine under coordlib: kills, full disks, signals, two runs at once, dead kernels, broken files.

    python benchmarks/attack/attack.py [PART …] [--minutes 10] [--again] [--fuzz-seconds 60] [--samples FOLDER]

With --minutes every part gets its share of that time, tries in an order that chance decides, and says how much of all it
tried. Each part leaves its result in build/attack, so a part that is done is not done again; docs/attacks.md gets the table.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import os
import platform
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from fuzz import N_READERS, fuzz_readers

from coordlib.report.checksums import sha256_file
from coordlib.report.package import is_published
from coordlib.report.record import RunRecord
from coordlib.simulate.archive import write_archive
from coordlib.simulate.world import build_world

PROJECT = Path(__file__).resolve().parents[2]
WORK = PROJECT / "build" / "attack"
KILLED = Path(__file__).with_name("killed.py")
#: Hidden files that belong to a workspace or a site.
KNOWN_HIDDEN = {".lock", ".coordlib-notes", ".coordlib-pages.json", ".coordlib-site", ".git", ".nojekyll"}
#: The part of --minutes each attack gets.
SHARES = {
    "renames": 0.22,
    "kills": 0.3,
    "disk": 0.12,
    "signals": 0.08,
    "two": 0.07,
    "kernels": 0.06,
    "hostile": 0.05,
    "fuzz": 0.1,
}
T = TypeVar("T")


@dataclass
class Result:
    """What one part tried, and what did not hold."""

    part: str
    what: str
    tried: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    on: str = ""
    #: Seconds the part has once it is prepared; none: until it has tried everything.
    budget: float | None = None
    #: What a part that ended early would have tried.
    of: int = 0

    def some_of(self, everything: Iterable[T]) -> Iterator[T]:
        """Give all there is to try; with an end, in an order that chance decides, until then."""
        items = list(everything)
        self.of += len(items)
        if self.budget is not None:
            random.Random(time.time_ns()).shuffle(items)
        for item in items:
            if self.budget is not None and self.budget <= 0:
                return
            begun = time.monotonic()
            yield item
            if self.budget is not None:
                self.budget -= time.monotonic() - begun

    def attempt(self, name: str, *faults: str) -> None:
        """Count one attempt and what was wrong with it."""
        self.tried += 1
        self.faults += [f"{name}: {fault}" for fault in faults]


def command(*words: object, kill: int | None = None, told: Path | None = None) -> list[str]:
    """Return the coordlib command, as it is or as one that kills itself."""
    start = ["-m", "coordlib.cli"] if kill is None else [str(KILLED), str(kill), str(told)]
    return [sys.executable, *start, *map(str, words)]


def run(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(words, capture_output=True, text=True, timeout=900, **options)  # type: ignore[call-overload, no-any-return]


def archive(days: int) -> Path:
    """Return an archive of simulated days, made once."""
    folder = WORK / f"archive-{days}"
    if not folder.exists():
        write_archive(build_world(accounts=120, days=days, seed=3), folder)
    return folder


def fresh(name: str) -> Path:
    """Return a new empty folder of that name."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def said_badly(done: subprocess.CompletedProcess[str], codes: set[int]) -> list[str]:
    """What is wrong with how a command ended: its exit code, a traceback, more than a line of error."""
    errors = [line for line in done.stderr.splitlines() if line.strip()]
    faults = [] if done.returncode in codes else [f"exit {done.returncode}: {' '.join(errors)[-300:]}"]
    if "Traceback" in done.stderr:
        faults.append(f"a traceback: {errors[-1][:200]}")
    return faults


def damage(workspace: Path) -> list[str]:
    """What is wrong with a workspace as it lies there, at any moment."""
    faults = []
    for folder in sorted(workspace.glob("reports/*/*/")):
        if not folder.name.startswith(".") and is_published(folder):
            outputs = RunRecord.read(folder).outputs
            changed = [name for name, told in outputs.items() if sha256_file(folder / name) != told]
            faults += [f"{folder.name}/{name} is not what its record says" for name in changed]
    database = workspace / "coordlib.sqlite"
    if database.exists():
        with sqlite3.connect(database) as connection:
            if (told := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                faults.append(f"database: {told}")
    return faults


def unfinished(workspace: Path) -> list[str]:
    """What a workspace still lacks, or has too much, after a command that ended well."""
    hidden = [path for path in workspace.rglob(".*") if path.name not in KNOWN_HIDDEN]
    faults = [f"left behind: {path.relative_to(workspace)}" for path in hidden]
    if (database := workspace / "coordlib.sqlite").exists():
        with sqlite3.connect(database) as connection:
            open_runs = connection.execute("SELECT run_id FROM runs WHERE status = 'running'").fetchall()
        faults += [f"run {name} is still open" for (name,) in open_runs]
    return faults + damage(workspace)


def content(workspace: Path) -> dict[str, object]:
    """What is published: each report and version with what it holds."""
    reports = sorted(path for path in workspace.glob("reports/*/*/") if (path / "run.json").exists())
    keys = {"content_sha256", "version", "outcome", "facts", "counts"}
    return {
        f"{path.parent.name}/{path.name}": RunRecord.read(path).model_dump(include=keys) for path in reports
    }


def attack_renames(result: Result) -> None:
    """Kill a command before each of its renames in turn, and start it again."""
    prepared, pages = fresh("renames-prepared"), fresh("renames-site")
    run(command("replay", archive(1), "-w", prepared, "--no-render"), check=True)
    run(command("render", "-w", prepared, "-o", pages / "out"), check=True)
    (pages / "out" / ".git").mkdir()
    (pages / "out" / ".git" / "HEAD").write_text("ref")
    (pages / "other.yml").write_text("time_window: 30\n")
    (pages / "posts.csv").write_text("id,username,date,text\n1,ann,2026-01-02 10:00:00,Tea\n")
    here = WORK / "renames"
    commands: dict[str, tuple[object, ...]] = {
        "a day again with other parameters": (
            "replay",
            archive(1),
            "-w",
            here / "w",
            "-f",
            here / "other.yml",
            "--no-render",
        ),
        "a site with .git beside it": ("render", "-w", here / "w", "-o", here / "out"),
        "a table of shares": ("import", here / "posts.csv", "-o", here / "shares.csv", "--object", "text"),
        "a pool in a file": ("pool", "export", here / "pool.csv", "-w", here / "w", "--force"),
    }
    for name, words in commands.items():
        expected: dict[str, object] = {}
        total = 0

        def attacked(number: int, words: tuple[object, ...] = words) -> subprocess.CompletedProcess[str]:
            fresh("renames")
            shutil.copytree(pages, here, dirs_exist_ok=True)
            shutil.copytree(prepared, here / "w")
            return run(command(*words, kill=number, told=here / "told"))

        done = attacked(0)  # undisturbed
        if done.returncode:
            result.attempt(name, *said_badly(done, {0}))
            continue
        total, expected = int((here / "told").read_text()), content(here / "w")
        for number in result.some_of(range(1, total + 1)):
            done = attacked(number)
            faults = [] if done.returncode == -signal.SIGKILL else ["was not killed"]
            faults += [f"after the kill: {fault}" for fault in damage(here / "w")]
            if not list((here / "w" / "reports" / "days").glob("2*/index.ipynb")):
                faults.append("after the kill: the published day is gone")
            if not (here / "out" / "index.html").exists() or not (here / "out" / ".git" / "HEAD").exists():
                faults.append("after the kill: no site, or without its .git")
            faults += said_badly(run(command(*words)), {0}) + unfinished(here / "w") + left_beside(here)
            if content(here / "w") != expected:
                faults.append("started again: not what an undisturbed run publishes")
            result.attempt(f"{name}, rename {number} of {total}", *faults)


def left_beside(folder: Path) -> list[str]:
    """Hidden files beside a workspace that nobody asked for."""
    return [f"left behind: {path.name}" for path in folder.glob(".*")]


def attack_kills(result: Result) -> None:
    """Kill at random: the collection at each of its answers but the last, replaying and rendering 40 times on their way."""
    spec = importlib.util.spec_from_file_location(
        "monitor_30_days", PROJECT / "benchmarks" / "monitor_30_days.py"
    )
    assert spec is not None and spec.loader is not None
    sys.path.append(str(PROJECT / "benchmarks"))
    collection = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(collection)
    world, place = build_world(accounts=400, days=10, seed=6), fresh("kills")
    days = world.dates
    collection.run_killed(place / "undisturbed", world, days, [])
    with sqlite3.connect(place / "undisturbed" / "coordlib.sqlite") as connection:
        total = connection.execute("SELECT count(*) FROM requests").fetchone()[0]
    # A kill of the collection costs about two seconds.
    n_kills = 160 if result.budget is None else max(5, int(result.budget) // 5)
    moments = sorted(random.Random(6).sample(range(1, total), min(n_kills, 160, total - 1)))
    killed = collection.run_killed(place / "killed", world, days, moments)
    one, other = collection.contents(place / "undisturbed"), collection.contents(place / "killed")
    result.tried += killed
    result.of += min(160, total - 1)
    result.faults += [f"collection: {name} differs" for name in one if one[name] != other[name]]
    words = ("replay", archive(2), "-w")
    begun = time.monotonic()
    run(command(*words, place / "w-undisturbed"), check=True)
    longest = time.monotonic() - begun
    chance = random.Random(7)
    for number in result.some_of(range(40)):
        with subprocess.Popen(command(*words, place / "w"), stdout=-3, stderr=-3) as process:
            time.sleep(chance.uniform(0.1, longest))
            process.kill()
        result.attempt(f"replay, kill {number + 1}", *damage(place / "w"))
    faults = said_badly(run(command(*words, place / "w")), {0}) + unfinished(place / "w")
    if content(place / "w") != content(place / "w-undisturbed"):
        faults.append("after the kills: not what an undisturbed run publishes")
    result.faults += faults


def attack_disk(result: Result) -> None:
    """Replay a day on a disk that is full at fifteen sizes, then with room."""
    for size in result.some_of((20, 60, 100, 150, 200, 250, 300, 400, 500, 650, 800, 1000, 1500, 2500, 4000)):
        place = fresh("disk")

        def limit(size: int = size) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size * 1024, size * 1024))

        done = run(command("replay", archive(1), "-w", place / "w", "--no-render"), preexec_fn=limit)
        faults = said_badly(done, {0, 1}) + damage(place / "w")
        faults += said_badly(run(command("replay", archive(1), "-w", place / "w", "--no-render")), {0})
        result.attempt(f"{size} KiB", *faults, *unfinished(place / "w"))


def attack_signals(result: Result) -> None:
    """Send SIGTERM and Ctrl-C at every stage, the first tenths of a second too."""
    delays = [0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 2.5, 3, 3.5, 4, 5, 6]
    for number, delay in result.some_of(enumerate(delays)):
        place, sent = fresh("signals"), (signal.SIGTERM, signal.SIGINT)[number % 2]
        with subprocess.Popen(
            command("replay", archive(2), "-w", place / "w"), stderr=subprocess.PIPE, stdout=-3, text=True
        ) as process:
            time.sleep(delay)
            process.send_signal(sent)
            _, errors = process.communicate(timeout=60)
        # Before Python has begun nobody can listen, and nothing is done yet.
        codes = {130, 0} if delay > 0.1 or (place / "w").exists() else {130, -sent}
        faults = [] if process.returncode in codes else [f"exit {process.returncode}: {errors[-300:]}"]
        result.attempt(f"{sent.name} after {delay} s", *faults, *damage(place / "w"))
    faults = said_badly(run(command("replay", archive(2), "-w", place / "w")), {0}) + unfinished(place / "w")
    result.attempt("started again", *faults)


def attack_two(result: Result) -> None:
    """Start two runs with different parameters in one workspace at the same moment."""
    for number in result.some_of(range(5)):
        place = fresh("two")
        both = []
        for window in (30, 90):
            (place / f"{window}.yml").write_text(f"time_window: {window}\n")
            words = command(
                "replay", archive(2), "-w", place / "w", "-f", place / f"{window}.yml", "--no-render"
            )
            both.append(subprocess.Popen(words, stdout=-3, stderr=-3))
        codes = [process.wait(timeout=300) for process in both]
        windows = {
            RunRecord.read(day).parameters["time_window"] for day in (place / "w/reports/days").iterdir()
        }
        faults = [] if sorted(codes) == [0, 4] else [f"exits {codes}"]
        faults += [] if windows == {(30, 90)[codes.index(0)]} else [f"parameters mixed: {windows}"]
        result.attempt(f"pair {number + 1}", *faults, *unfinished(place / "w"))


def attack_kernels(result: Result) -> None:
    """Kill the kernel of a day, give it no file handles, a temporary folder of 120 letters, braces in a path."""
    long = WORK / ("long" * 30)
    long.mkdir(exist_ok=True)
    tries: dict[str, tuple[set[int], dict[str, object]]] = {
        "a long temporary folder": ({0}, {"env": os.environ | {"TMPDIR": str(long)}}),
        "40 file handles": (
            {1},
            {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))},
        ),
        "braces in the path": ({0}, {}),
    }
    for name, (codes, options) in result.some_of(tries.items()):
        place = fresh("kernels") / "{a} {0}"
        done = run(command("replay", archive(1), "-w", place, "--no-render"), **options)
        result.attempt(name, *said_badly(done, codes), *unfinished(place))
    for number in result.some_of(range(4)):
        place = fresh("kernels")
        words = command("replay", archive(2), "-w", place, "--no-render")
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            kernel = None
            while kernel is None and process.poll() is None:
                time.sleep(0.1)
                kernel = next(iter(kernels_of(process.pid)), None)
            time.sleep(number * 0.6)
            if kernel is not None:
                os.kill(kernel, signal.SIGKILL)
            out, errors = process.communicate(timeout=300)
        days = [line for line in out.splitlines() if line.startswith("20")]
        faults = (
            [] if process.returncode == 1 and "Traceback" not in errors else [f"exit {process.returncode}"]
        )
        faults += [] if len(days) == 2 and days[0].split()[1] == "failed:" else [f"said {days}"]
        faults += [] if days[-1:] and "failed" not in days[-1] else ["the next day fell too"]
        result.attempt(f"kernel killed, {number + 1}", *faults, *unfinished(place))


def kernels_of(process: int) -> list[int]:
    """The kernels a process started."""
    children = Path(f"/proc/{process}/task/{process}/children")
    numbers = children.read_text().split() if children.exists() else []
    return [int(n) for n in numbers if "ipykernel" in Path(f"/proc/{n}/cmdline").read_text()]


def attack_hostile(result: Result) -> None:
    """Open pages made of hostile names and captions in a real browser."""
    tests = ["tests/site/test_browser.py", "-k", "hostile", "-q", "-n0", "-rA"]
    done = run([sys.executable, "-m", "pytest", *tests], cwd=PROJECT)
    lines = [
        line for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR", "SKIPPED"))
    ]
    for line in lines:
        result.attempt(line.split("::")[-1], *([] if line.startswith("PASSED") else [line]))


def main() -> None:
    """Do the parts that are not done yet, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", help="renames kills disk signals two kernels hostile fuzz (none: all)"
    )
    parser.add_argument(
        "--minutes", type=float, default=None, help="for all parts together (none: until all is tried)"
    )
    parser.add_argument("--again", action="store_true", help="do parts again that are done")
    parser.add_argument("--fuzz-seconds", type=float, default=60, help="for each reader")
    parser.add_argument(
        "--samples", type=Path, default=None, help="folder of files the fuzzing starts from as well"
    )
    options = parser.parse_args()

    def attack_fuzz(result: Result) -> None:
        """Read damaged files with every reader: each is read, or refused in one line, within ten seconds."""
        seconds = options.fuzz_seconds
        if result.budget is not None:
            seconds = max(1.0, result.budget / N_READERS)
        for reader, tried, faults in fuzz_readers(WORK / "fuzz", seconds, options.samples):
            result.tried += tried
            result.of += tried
            result.faults += [f"{reader}: {fault}" for fault in faults]

    parts: list[Callable[[Result], None]] = [
        attack_renames,
        attack_kills,
        attack_disk,
        attack_signals,
        attack_two,
        attack_kernels,
        attack_hostile,
        attack_fuzz,
    ]
    WORK.mkdir(parents=True, exist_ok=True)
    for part in parts:
        name = part.__name__.removeprefix("attack_")
        file = WORK / f"{name}.json"
        if (options.parts and name not in options.parts) or (
            file.exists() and not options.again and options.minutes is None
        ):
            continue
        result, begun = (
            Result(name, " ".join((part.__doc__ or "").split()), on=f"{dt.datetime.now(dt.UTC).date()}"),
            time.monotonic(),
        )
        if options.minutes is not None:
            result.budget = options.minutes * 60 * SHARES[name]
        part(result)
        result.seconds = round(time.monotonic() - begun)
        file.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
        print(
            f"{name}: {result.tried:,} tried, {len(result.faults)} faults, {result.seconds:.0f} s", flush=True
        )
        for fault in result.faults[:20]:
            print(f"  {fault}", flush=True)
    done = [WORK / f"{part.__name__.removeprefix('attack_')}.json" for part in parts]
    write_table([Result(**json.loads(file.read_text(encoding="utf-8"))) for file in done if file.exists()])


def write_table(results: list[Result]) -> None:
    """Put what was tried into the page of the documentation."""
    page = PROJECT / "docs" / "attacks.md"
    head, rest = page.read_text(encoding="utf-8").split("<!-- table -->")[::2]
    rows = ["", "", "| What was done | times | of | did not hold | seconds |", "|---|---:|---:|---:|---:|"]
    rows += [
        f"| {r.what} | {r.tried:,} | {max(r.of, r.tried):,} | {len(r.faults)} | {r.seconds:,.0f} |"
        for r in results
    ]
    found = [f"- {result.part}: {fault}" for result in results for fault in result.faults[:10]]
    rows += ["", *(["What did not hold:", "", *found, ""] if found else [])]
    where = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    rows += [f"Last done on {max((r.on for r in results), default='no day')}, {where}.", "", ""]
    page.write_text(f"{head}<!-- table -->{chr(10).join(rows)}<!-- table -->{rest}", encoding="utf-8")


if __name__ == "__main__":
    main()
