"""Damaged files for every reader: each is read, or refused with a sentence, in bounded time."""

from __future__ import annotations

import gzip
import json
import random
import re
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pandas as pd

from coordlib.errors import CoordError
from coordlib.places import Workspace
from coordlib.runs.link_sharing import load_link_shares
from coordlib.runs.pool import read_account_list
from coordlib.simulate.archive import write_archive
from coordlib.simulate.world import build_world
from coordlib.sources.archive import read_day
from coordlib.sources.exports import load_mapping, read_export
from coordlib.sources.exports.shares import to_shares
from coordlib.sources.tables import read_table
from coordlib.sources.tweets import load_tweets_json
from coordlib.yaml_files import read_yaml

#: Seconds one damaged file may take.
PATIENCE = 10
#: What strangers' files have held: put in at random places.
WORDS = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b'"',
    b"'",
    b",",
    b"\t",
    b";",
    b"[",
    b"{",
    b"}",
    b"]",
    b"&a",
    b"*a",
    b"NaN",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"9" * 30,
    b"0x41",
    b"=1+1",
    b"2026-02-30",
    b"0001-01-01",
    b"\xe2\x80\xae",
    b"\\ud800",
    b"https://t\xe2\x80\xa6",
    b"[[[[[[[[",
    b'{"a":' * 50,
    b"!!python/object:os.system",
    b"<<: *x",
    b"\xc3\x28",
]


class TooSlowError(BaseException):
    """A reader took longer than it may."""


def _samples() -> dict[str, bytes]:
    tweet = {
        "id": "1600000000000000001",
        "text": "see https://news.example/a #tag",
        "author_id": "12",
        "created_at": "2026-01-02T10:00:00.000Z",
        "public_metrics": {"retweet_count": 1, "like_count": 2},
        "entities": {"urls": [{"expanded_url": "https://news.example/a"}], "hashtags": [{"tag": "tag"}]},
    }
    post = {
        "uri": "at://did:plc:a/app.bsky.feed.post/3k",
        "author": {"did": "did:plc:a", "handle": "a.example"},
        "record": {"text": "Tea", "createdAt": "2026-01-02T10:00:00Z"},
        "indexedAt": "2026-01-02T10:00:01Z",
    }
    rows = [
        (n, f"user{n % 3}", f"2026-01-02 10:00:0{n}", f"Tea {n} https://n.example/{n % 2}") for n in range(8)
    ]
    table = "id,username,date,text\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    links = "account.url,expanded,date\n" + "".join(
        f"a{n % 3},https://n.example/{n % 2},176735{n}000\n" for n in range(8)
    )
    return {
        "posts.csv": table.encode(),
        "posts.tsv": table.replace(",", "\t").encode(),
        "posts.csv.gz": gzip.compress(table.encode(), mtime=0),
        "links.csv": links.encode(),
        "tweets.jsonl": "".join(json.dumps(tweet) + "\n" for _ in range(4)).encode(),
        "tweets.json": json.dumps(
            {"data": [tweet] * 3, "includes": {"users": [{"id": "12", "username": "a"}]}}
        ).encode(),
        "bluesky.json": json.dumps([post] * 3).encode(),
        "parameters.yml": b"date: 2025-01-03\ntime_window: 60\nobject_id: text\nhashtags: [a, b]\n",
        "mapping.yml": b"account_id: username\ncontent_id: id\ntimestamp_share: date\nobjects: {text: text}\n",
        "accounts.csv": b"username,mentions\nann,3\nbob,2\n",
    }


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Change a file in one to five places: cut, doubled, exchanged, a byte changed, a word put in."""
    for _ in range(chance.randint(1, 5)):
        place, end = sorted(chance.randrange(len(data) + 1) for _ in "ab")
        end = min(end, place + 400)
        match chance.randrange(6):
            case 0:
                data = data[:place]
            case 1:
                data = data[:place] + data[place:end] * chance.choice([2, 3, 50]) + data[end:]
            case 2:
                data = data[:place] + data[end:]
            case 3:
                data = data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
            case _:
                data = data[:place] + chance.choice(WORDS) + data[place:]
        data = data[:200_000]
    return data


def _exported(path: Path) -> object:
    return to_shares(read_export(path))


def _mapped(path: Path) -> object:
    export = path.with_name("mapped-posts.csv")
    export.write_bytes(_samples()["posts.csv"])
    return read_export(export, format=load_mapping(path))


#: So many readers share the time.
N_READERS = 8


def fuzz_readers(work: Path, seconds: float, samples: Path | None) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each reader with how many files it got and what it did wrong."""
    work.mkdir(parents=True, exist_ok=True)
    own = _samples()
    others = sorted(samples.rglob("*")) if samples else []
    found = {
        path.name: path.read_bytes()
        for path in others
        if path.is_file()
        and path.suffix in (".csv", ".json", ".jsonl", ".ndjson", ".tsv", ".tab")
        and path.stat().st_size < 100_000
    }
    exports = {
        name: data for name, data in own.items() if name.startswith(("posts", "tweets", "bluesky"))
    } | found
    pd.DataFrame(
        {"id": ["1", "2"], "username": ["a", "b"], "date": [1767350000, 1767350005], "text": ["x", "x"]}
    ).to_parquet(work / "posts.parquet")
    parquet = {"posts.parquet": (work / "posts.parquet").read_bytes()}
    readers: dict[str, tuple[Callable[[Path], object], dict[str, bytes]]] = {
        "exports": (_exported, exports | parquet),
        "tables": (
            read_table,
            {name: data for name, data in exports.items() if ".json" not in name} | parquet,
        ),
        "link shares": (load_link_shares, {"links.csv": own["links.csv"]}),
        "tweets of academictwitteR": (load_tweets_json, {"data_1.json": own["tweets.json"]}),
        "YAML": (read_yaml, {"parameters.yml": own["parameters.yml"]}),
        "mappings": (_mapped, {"mapping.yml": own["mapping.yml"]}),
        "account lists": (read_account_list, {"accounts.csv": own["accounts.csv"]}),
        "archive days": (lambda path: read_day(path.parent), _archive_day(work)),
    }
    for name, (reader, files) in readers.items():
        yield name, *_fuzz(reader, files, work / name.replace(" ", "-"), seconds)


def _archive_day(work: Path) -> dict[str, bytes]:
    folder = work / "archive"
    if not folder.exists():
        write_archive(build_world(accounts=60, days=1, seed=1), folder)
    day = next(path for path in sorted(folder.iterdir()) if path.is_dir())
    files = {path.name: path.read_bytes() for path in sorted(day.iterdir())}
    return {
        name.removesuffix(".gz"): (gzip.decompress(data) if name.endswith(".gz") else data)[:20_000]
        for name, data in files.items()
    }


def _fuzz(
    reader: Callable[[Path], object], files: dict[str, bytes], work: Path, seconds: float
) -> tuple[int, list[str]]:
    chance, tried, faults = random.Random(11), 0, set()
    folder = Workspace(work).day_folder("2026-01-02")
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    end = time.monotonic() + seconds
    signal.signal(signal.SIGALRM, _too_slow)
    while time.monotonic() < end:
        name = chance.choice(sorted(files))
        path = folder / name
        path.write_bytes(_damaged(files[name], chance))
        tried += 1
        signal.alarm(PATIENCE)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reader(path)
        except CoordError as error:
            if "\n" in str(error).strip():
                faults.add(f"{name}: {type(error).__name__} of more than one line")
        except (Exception, TooSlowError) as error:
            fault = f"{name}: {type(error).__name__}: {_kind(error)}"
            if len(faults) < 50 and fault not in faults:
                faults.add(fault)
                (work / f"fault-{len(faults)}-{name}").write_bytes(path.read_bytes())
        finally:
            signal.alarm(0)
            path.unlink(missing_ok=True)
    return tried, sorted(faults)


def _kind(error: BaseException) -> str:
    """What an error says, without what differs from file to file."""
    return re.sub(r"'.*?'|\d+", "…", " ".join(str(error).split()))[:80]


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlowError(f"longer than {PATIENCE} s")
