"""Write a simulated world as an archive of daily folders, as the vera.ai collection left them: with the mess of the real one.

Each day is what a run of the reference system would have stored that morning: the videos of its pool over the last ten days
and, for every caption of at least 80 characters, everybody else's videos with that caption.
"""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from coordlib.errors import ParameterError
from coordlib.files import read_json, write_text
from coordlib.places import SIMULATED
from coordlib.simulate.material import DAY, IntArray, chance, words
from coordlib.simulate.world import World
from coordlib.times import day_of, utc_text

DAYS_BACK, LAG_DAYS, MINIMUM_CAPTION = 10, 2, 80
#: Columns of an archive, in their order.
COLUMNS = tuple(words()["archive_columns"])


@dataclass(frozen=True)
class _Day:
    """A morning: its first second, the newer or the older spelling, ``normal``, ``quiet`` or ``failed``."""

    now: int
    modern: bool
    state: str


def write_archive(world: World, folder: Path | str) -> list[str]:
    """Write the daily folders of a world, the marker and the truth; return the days, YYYY-MM-DD.

    An earlier simulated archive in the folder is replaced, anything else is refused. With five days or more, one has no
    input and one no coordination.
    """
    folder, length = Path(folder), world.parameters.days
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / SIMULATED).exists() and any(folder.iterdir()):
        raise ParameterError(f"{folder}: holds files that are not a simulated archive; choose a new folder")
    for day in read_json(folder / SIMULATED).get("days", []):
        if len(Path(day).parts) == 1 and (folder / day).is_dir():
            shutil.rmtree(folder / day)
    names = world.dates
    write_truth(world, folder, names)
    pool = _first_pool(world)
    states = {length // 3: "quiet", (2 * length) // 3: "failed"} if length >= 5 else {}
    for number, name in enumerate(names):
        day = _Day(world.start + number * DAY, number >= length / 2, states.get(number, "normal"))
        recent, posts = _collect(world, pool, day.now)
        if day.state == "quiet":
            # A handful of videos no two of which share a caption: nothing to find.
            shared = world.videos["caption"].iloc[posts].duplicated(keep=False).to_numpy()
            recent = posts = posts[~shared][:29]
        table = _table(world, posts, day)
        new = sorted(_coordinated(table) - set(pool)) if day.state == "normal" else []
        pool += new
        _write_day(folder / name, world, table, recent, day, pool, len(new))
    return names


def _coordinated(table: pd.DataFrame) -> set[str]:
    """Return the accounts of a day's coordinated network under the reference parameters."""
    from coordlib import detect_groups, generate_coordinated_network, prep_data

    shares = prep_data(table, "video_description", "author_name", "video_id", "create_time")
    pairs = detect_groups(shares, time_window=120, min_participation=2)
    graph = generate_coordinated_network(pairs, edge_weight=0.9, subgraph=1)
    return {str(node) for node in graph.nodes}


def _first_pool(world: World) -> list[str]:
    """Seeds: a third of the planted accounts, and the false alarms every real pool has gathered."""
    rng = np.random.default_rng([world.parameters.seed, 77])
    planted = np.array(world.planted_accounts, dtype=object)
    organic = world.accounts.loc[world.accounts["network"] == "", "account_id"].to_numpy()
    chosen = planted[rng.random(len(planted)) < 0.35], organic[rng.random(len(organic)) < 0.3]
    return [str(name) for name in rng.permutation(np.concatenate(chosen))]


def _collect(world: World, pool: list[str], now: int) -> tuple[IntArray, IntArray]:
    """Rows of the pool's recent videos, and of all videos with their searched captions besides."""
    accounts = world.accounts
    newest = now - LAG_DAYS * DAY
    low, high = np.searchsorted(world.videos["create_time"], [newest - DAYS_BACK * DAY, newest])
    videos = world.videos.iloc[low:high]
    rows, account, caption = np.arange(low, high), videos["account"].to_numpy(), videos["caption"].to_numpy()
    filled = np.array([bool(caption.strip()) for caption in world.captions])
    shown = ~videos["gone"].to_numpy() & ~accounts["private"].to_numpy()[account] & filled[caption]
    place = accounts["account_id"].map({name: k for k, name in enumerate(pool)})
    recent = shown & place.notna().to_numpy()[account]
    long = np.array([len(text) >= MINIMUM_CAPTION for text in world.captions])[caption]
    everything = recent | (shown & long & np.isin(caption, caption[recent]))
    # The pool is asked in chunks of 20, each answered newest first; the caption searches follow.
    chunk = place.fillna(len(pool)).to_numpy(dtype=np.int64)[account] // 20
    order = np.lexsort((-videos["video_id"].to_numpy(), np.where(recent, chunk, len(pool) + caption)))
    return rows[order][recent[order]], rows[order][everything[order]]


def _table(world: World, rows: IntArray, day: _Day) -> pd.DataFrame:
    """The rows as text, in the older (T…Z, NA) or newer (blank, empty) spelling; counts as of that morning."""
    videos = world.videos.iloc[rows].reset_index(drop=True)
    accounts = world.accounts.iloc[videos["account"]].reset_index(drop=True)
    grown = 1 - np.exp(-np.clip(day.now - videos["create_time"], 0, None) / (1.5 * DAY))
    numbers = [name for name in COLUMNS if name.endswith("_count")]
    counts = {name: (videos[name] * grown).astype("int64").astype(str).astype(object) for name in numbers}
    identifier = videos["video_id"].astype(str)
    when = pd.to_datetime(videos["create_time"], unit="s")
    table = pd.DataFrame(
        counts
        | {
            "video_id": identifier,
            "author_name": accounts["account_id"],
            "region_code": accounts["region"],
            "create_time": when.dt.strftime("%Y-%m-%d %H:%M:%S" if day.modern else "%Y-%m-%dT%H:%M:%SZ"),
            "effect_ids": "" if day.modern else "NA",
            "music_id": videos["music_id"].astype(str),
            "video_description": [world.captions[k] for k in videos["caption"]],
            "hashtag_names": [",".join(world.hashtags[k]) if day.modern else "NA" for k in videos["caption"]],
            "voice_to_text": [world.voices[k] if k >= 0 else "NA" for k in videos["voice"]],
            "video_url": "https://www.tiktok.com/@" + accounts["account_id"] + "/video/" + identifier,
        },
        columns=list(COLUMNS),
    )
    table.loc[chance(videos["video_id"].to_numpy(), 1) < 0.004, "comment_count"] = "NA"
    if not day.modern and len(table) > 40:
        # Pages fetched twice, as in the archive's older days: same id, counts a little later.
        twice = chance(videos["video_id"].to_numpy(), 2) < 0.005
        table = pd.concat([table, table[twice]], ignore_index=True)
    return table


def _write_day(
    place: Path, world: World, table: pd.DataFrame, recent: IntArray, day: _Day, pool: list[str], new: int
) -> None:
    place.mkdir()
    name = day_of(day.now).isoformat()
    log = pd.DataFrame({"Timestamp": [name], "New_Accounts_Count": [new], "Total_Accounts": [len(pool)]})
    files = {
        "new_accounts_log.csv": log,
        "tiktok_coordinated_accounts_ids.csv.gz": pd.DataFrame({"x": pool}),
        "error_log.csv" + (".gz" if day.state != "quiet" else ""): _errors(world.parameters.seed, day),
    }
    if day.state != "failed":
        files["daily_snapshot.csv.gz"] = table
        if day.modern:
            fetched = {"fetch_timestamp": f"{name} 00:01:07.22351", "fetch_date": name}
            files["recent_videos_snapshot.csv.gz"] = _table(world, recent, day).assign(
                effect_ids="NA", **fetched, data_source="loaded_from_23h_cache"
            )
    for file, content in files.items():
        text = content.to_csv(index=False, lineterminator="\n")
        if file.endswith(".gz"):
            # No file name and no time inside: the same world gives the same bytes.
            (place / file).write_bytes(gzip.compress(text.encode("utf-8"), 6, mtime=0))
        else:
            write_text(place / file, text)


def _errors(seed: int, day: _Day) -> pd.DataFrame:
    """The error log of a day (columns timestamp, type, message), in the wording and with the shares of the real one."""
    rng = np.random.default_rng([seed, day.now, 5])
    rows, second = [], day.now + 65
    for kind, status, most in words()["error_days"][day.state]:
        for _ in range(int(rng.integers(max(1, most // 2), most + 1))):
            second += int(rng.integers(2, 110))
            reason, code, message = words()["errors"][status]
            stamp = utc_text(second, "%Y%m%d%H%M%S")
            log_id = stamp + "".join("0123456789ABCDEF"[k] for k in rng.integers(0, 16, 20))
            text = f"HTTP {reason}.\n• status: {code}\n• message: {message}\n• log_id: {log_id}"
            rows.append((day_of(day.now).isoformat(), kind, text))
    return pd.DataFrame(rows, columns=["timestamp", "type", "message"])


def write_truth(world: World, folder: Path | str, days: list[str]) -> None:
    """Write into a folder ``simulated.json`` (what this is) and ``truth.csv`` (who acts together)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    note = "Simulated data: every account, caption and number in here is invented."
    about = {"simulated": True, "note": note, "parameters": asdict(world.parameters), "days": days}
    truth = world.truth.sort_values(["network", "account_id"], kind="stable").reset_index(drop=True)
    write_text(folder / "truth.csv", truth.to_csv(index=False, lineterminator="\n"))
    write_text(folder / SIMULATED, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
