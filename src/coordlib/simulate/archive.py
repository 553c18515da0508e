"""Write a simulated world as an archive of daily folders, as the vera.ai collection left them.

Each day is what a run of the reference system would have stored that morning: the videos of its pool
over the last ten days and, for every caption of at least 80 characters, everybody else's videos with
that caption. The mess is the real one: two spellings of times, duplicate ids, missing fields, a day
without input, a day with nothing to find.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.errors import ParameterError
from coordlib.simulate.errorlog import day_errors
from coordlib.simulate.ids import chance
from coordlib.simulate.world import DAY, World

IntArray = npt.NDArray[np.int64]
DAYS_BACK = 10
LAG_DAYS = 2
MINIMUM_CAPTION = 80
COLUMNS = (
    "video_id", "author_name", "view_count", "comment_count", "share_count", "like_count", "region_code",
    "create_time", "effect_ids", "music_id", "video_description", "hashtag_names", "voice_to_text", "video_url",
)  # fmt: skip
MARKER = "simulated.json"


def write_archive(world: World, folder: Path | str, days: int | None = None) -> list[str]:
    """Write daily folders, the marker ``simulated.json`` and the truth.

    Parameters
    ----------
    world
        The world to be collected.
    folder
        Where to write; created if absent. An earlier simulated archive there is replaced; anything
        else is never touched.
    days
        Number of days (none: all of the world's).

    Returns
    -------
    list of str
        The days written, YYYY-MM-DD. With five days or more, one has no input and one no coordination.

    Raises
    ------
    ParameterError
        The folder holds something that is not a simulated archive, or there are not that many days.
    """
    folder = Path(folder)
    length = world.parameters.days if days is None else days
    if not 1 <= length <= world.parameters.days:
        raise ParameterError(f"days = {length}: this world has {world.parameters.days} days")
    _clear(folder)
    names = [_date(world.start + k * DAY) for k in range(length)]
    write_truth(world, folder, names)
    rng = np.random.default_rng([world.parameters.seed, 77])
    pool = _first_pool(world, rng)
    quiet, failed = (length // 3, (2 * length) // 3) if length >= 5 else (-1, -1)
    for number, name in enumerate(names):
        now = world.start + number * DAY
        recent, posts = _collect(world, pool, now)
        if number == quiet:
            recent = posts = _unrelated(world, posts)
        new: list[str] = []
        modern = number >= length / 2
        table = _table(world, posts, now, modern)
        if number not in (quiet, failed):
            known = set(pool)
            new = sorted(set(coordinated_accounts(table)) - known)
        pool += new
        state = "failed" if number == failed else "quiet" if number == quiet else "normal"
        _write_day(folder / name, world, table, recent, now, modern, pool, len(new), state)
    return names


def _date(second: int) -> str:
    return dt.datetime.fromtimestamp(second, dt.UTC).date().isoformat()


def _clear(folder: Path) -> None:
    """Remove an earlier simulated archive; refuse a folder with anything else in it."""
    if not folder.exists() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        return
    marker = folder / MARKER
    if not marker.exists():
        raise ParameterError(f"{folder}: holds files that are not a simulated archive; choose a new folder")
    for day in json.loads(marker.read_text(encoding="utf-8")).get("days", []):
        if len(Path(day).parts) == 1 and (folder / day).is_dir():
            shutil.rmtree(folder / day)


def coordinated_accounts(table: pd.DataFrame) -> list[str]:
    """Return the accounts of a day's coordinated network under the reference parameters."""
    from coordlib import detect_groups, generate_coordinated_network, prep_data

    shares = prep_data(
        table,
        object_id="video_description",
        account_id="author_name",
        content_id="video_id",
        timestamp_share="create_time",
    )
    pairs = detect_groups(shares, time_window=120, min_participation=2)
    graph = generate_coordinated_network(pairs, edge_weight=0.9, subgraph=1)
    return [str(node) for node in graph.nodes]


def _first_pool(world: World, rng: np.random.Generator) -> list[str]:
    """Seeds: a third of the planted accounts, and the false alarms every real pool has gathered."""
    planted = np.array(world.planted_accounts, dtype=object)
    organic = world.accounts.loc[world.accounts["network"] == "", "account_id"].to_numpy()
    seeds = np.concatenate(
        [planted[rng.random(len(planted)) < 0.35], organic[rng.random(len(organic)) < 0.3]]
    )
    return [str(name) for name in rng.permutation(seeds)]


def _collect(world: World, pool: list[str], now: int) -> tuple[IntArray, IntArray]:
    """Rows of the pool's recent videos, and of all videos with their searched captions besides."""
    videos = world.videos
    time = videos["create_time"].to_numpy()
    low, high = np.searchsorted(time, [now - (DAYS_BACK + LAG_DAYS) * DAY, now - LAG_DAYS * DAY])
    rows = np.arange(low, high)
    account, caption = (videos[name].to_numpy()[rows] for name in ("account", "caption"))
    open_account = ~world.accounts["private"].to_numpy()
    text = np.array([bool(caption.strip()) for caption in world.captions])
    shown = ~videos["gone"].to_numpy()[rows] & open_account[account] & text[caption]
    watched = np.zeros(len(world.accounts), dtype=bool)
    watched[world.accounts["account_id"].isin(pool).to_numpy()] = True
    recent = shown & watched[account]
    searched = np.zeros(len(world.captions), dtype=bool)
    searched[caption[recent]] = True
    searched &= np.array([len(text) >= MINIMUM_CAPTION for text in world.captions])
    everything = recent | (shown & searched[caption])
    # The pool is asked in chunks of 20, each answered newest first; the caption searches follow.
    place = np.full(len(world.accounts), len(pool))
    place[world.accounts.index[watched]] = (
        world.accounts.loc[watched, "account_id"].map({name: k for k, name in enumerate(pool)}).to_numpy()
    )
    identifier = videos["video_id"].to_numpy()[rows]
    key = np.where(recent, place[account] // 20, len(pool) + caption)
    order = np.lexsort((-identifier, key))
    return rows[order][recent[order]], rows[order][everything[order]]


def _unrelated(world: World, rows: IntArray) -> IntArray:
    """A handful of videos no two of which share a caption: a day with nothing to find."""
    caption = world.videos["caption"].to_numpy()[rows]
    _, first, count = np.unique(caption, return_index=True, return_counts=True)
    return np.asarray(rows[np.sort(first[count == 1])][:29])


def counts_at(videos: pd.DataFrame, now: int) -> pd.DataFrame:
    """Return the counts as they stood at a time: they grow towards their final values over days."""
    grown = 1 - np.exp(-np.clip(now - videos["create_time"].to_numpy(), 0, None) / (1.5 * DAY))
    names = ["view_count", "comment_count", "share_count", "like_count", "favorites_count"]
    return pd.DataFrame(
        {name: (videos[name].to_numpy() * grown).astype(np.int64) for name in names}, index=videos.index
    )


def _table(world: World, rows: IntArray, now: int, modern: bool) -> pd.DataFrame:
    """The rows as text, in the spelling of the older (T…Z, NA) or newer (blank, empty) archive."""
    videos = world.videos.iloc[rows]
    identifier = videos["video_id"].to_numpy()
    author = world.accounts["account_id"].to_numpy()[videos["account"].to_numpy()]
    missing = "" if modern else "NA"
    when = pd.to_datetime(videos["create_time"].to_numpy(), unit="s")
    tags = [",".join(world.hashtags[k]) if modern else "NA" for k in videos["caption"]]
    spoken = [world.voices[k] if k >= 0 else "NA" for k in videos["voice"]]
    table = counts_at(videos, now).astype(str)
    table["video_id"] = identifier.astype(str)
    table["author_name"] = author
    table["region_code"] = world.accounts["region"].to_numpy()[videos["account"].to_numpy()]
    table["create_time"] = when.strftime("%Y-%m-%d %H:%M:%S" if modern else "%Y-%m-%dT%H:%M:%SZ")
    table["effect_ids"] = missing
    table["music_id"] = videos["music_id"].astype(str).to_numpy()
    table["video_description"] = [world.captions[k] for k in videos["caption"]]
    table["hashtag_names"] = tags
    table["voice_to_text"] = spoken
    table["video_url"] = [
        f"https://www.tiktok.com/@{a}/video/{v}" for a, v in zip(author, identifier, strict=True)
    ]
    table.loc[chance(identifier, 1) < 0.004, "comment_count"] = "NA"
    table = table[list(COLUMNS)].reset_index(drop=True)
    if not modern and len(table) > 40:
        # Pages fetched twice, as in the archive's older days: same id, counts a little later.
        table = pd.concat([table, table[chance(identifier, 2) < 0.005]], ignore_index=True)
    return table


def _write_day(
    place: Path,
    world: World,
    table: pd.DataFrame,
    recent: IntArray,
    now: int,
    modern: bool,
    pool: list[str],
    new: int,
    state: str,
) -> None:
    place.mkdir()
    name = _date(now)
    if state != "failed":
        _write_gzip(place / "daily_snapshot.csv.gz", _csv(table))
        if modern:
            snapshot = _table(world, recent, now, modern)
            snapshot["effect_ids"] = "NA"
            snapshot["fetch_timestamp"] = f"{name} 00:01:07.22351"
            snapshot["fetch_date"] = name
            snapshot["data_source"] = "loaded_from_23h_cache"
            _write_gzip(place / "recent_videos_snapshot.csv.gz", _csv(snapshot))
    log = pd.DataFrame({"Timestamp": [name], "New_Accounts_Count": [new], "Total_Accounts": [len(pool)]})
    (place / "new_accounts_log.csv").write_text(_csv(log), encoding="utf-8", newline="")
    _write_gzip(place / "tiktok_coordinated_accounts_ids.csv.gz", _csv(pd.DataFrame({"x": pool})))
    errors = _csv(day_errors(world.parameters.seed, now, state))
    if state == "quiet":
        (place / "error_log.csv").write_text(errors, encoding="utf-8", newline="")
    else:
        _write_gzip(place / "error_log.csv.gz", errors)


def _csv(table: pd.DataFrame) -> str:
    text = io.StringIO(newline="")
    table.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


def _write_gzip(path: Path, text: str) -> None:
    # No file name and no time inside: the same world gives the same bytes.
    path.write_bytes(gzip.compress(text.encode("utf-8"), 6, mtime=0))


def write_truth(world: World, folder: Path | str, days: list[str]) -> None:
    """Write ``simulated.json`` (what this is), ``truth.csv`` and ``truth.json`` (who acts together)."""
    folder = Path(folder)
    about: dict[str, Any] = {
        "simulated": True,
        "note": "Simulated data: every account, caption and number in here is invented.",
        "parameters": asdict(world.parameters),
        "days": days,
        "videos": len(world.videos),
    }
    _write_json(folder / MARKER, about)
    truth = world.truth.sort_values(["network", "account_id"], kind="stable").reset_index(drop=True)
    (folder / "truth.csv").write_text(_csv(truth), encoding="utf-8", newline="")
    networks = [
        {
            "network": str(label),
            "kind": str(group["kind"].iloc[0]),
            "coordinated": bool(group["coordinated"].iloc[0]),
            "accounts": [str(name) for name in group["account_id"]],
        }
        for label, group in truth.groupby("network", sort=True)
    ]
    _write_json(folder / "truth.json", {"networks": networks})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
