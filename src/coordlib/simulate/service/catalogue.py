"""The simulated archive behind the API: which videos match a query, and what is told about each."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.simulate.ids import chance, mix
from coordlib.simulate.service.validate import LENGTHS, VideoQuery, day_start
from coordlib.simulate.world import DAY, World

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")
_CACHE = 512
#: salts of the properties that follow from a video's id alone
_LAG, _EFFECT, _LIKES, _COMMENTS, _MISSING, _DROP, _STEM, _LABEL = 20, 21, 22, 23, 24, 25, 27, 28


class Catalogue:
    """Search over a world's videos.

    Captions are searched as one long case-folded text, so a keyword over a month of 10,000 accounts
    takes milliseconds; what depends on captions or accounts is decided once per caption or account.
    """

    def __init__(self, world: World, missing_share: float = 0.0, drop_share: float = 0.0) -> None:
        self.world = world
        videos, accounts = world.videos, world.accounts
        self.id = videos["video_id"].to_numpy()
        self.time = videos["create_time"].to_numpy()
        self.account = videos["account"].to_numpy()
        self.caption = videos["caption"].to_numpy()
        self.music = videos["music_id"].to_numpy()
        self.voice = videos["voice"].to_numpy()
        self.final = {name: videos[name].to_numpy() for name in COUNTS}
        self.duration = videos["duration"].to_numpy()
        self.handle: list[str] = [str(name) for name in accounts["account_id"]]
        self.region = accounts["region"].to_numpy().astype(str)
        self.private = accounts["private"].to_numpy()
        self.number = {name.casefold(): k for k, name in enumerate(self.handle)}
        self._by_id = np.argsort(self.id)
        self.gone = (
            videos["gone"].to_numpy() | self.private[self.account] | (chance(self.id, _DROP) < drop_share)
        )
        self.listed = chance(self.id, _MISSING) >= missing_share
        self.lag = (chance(self.id, _LAG) * 10 * DAY).astype(np.int64)
        effect = mix(self.id, _EFFECT)
        self.effect = np.where(
            effect % np.uint64(50) == 0, 100_000 + (effect >> np.uint64(32)) % np.uint64(40), 0
        )
        self.no_likes = chance(self.id, _LIKES) < 0.01
        self.no_comments = chance(self.id, _COMMENTS) < 0.004
        self.stem = chance(self.id, _STEM) < 0.01
        self.labelled = chance(self.id, _LABEL) < 0.02
        self._index_captions()
        self._by_account = np.argsort(self.account, kind="stable")
        self._bounds = np.searchsorted(self.account[self._by_account], np.arange(len(self.handle) + 1))

    def _index_captions(self) -> None:
        folded = [text.casefold().replace("\0", "") for text in self.world.captions]
        self._text = "\0".join(folded)
        lengths = np.fromiter((len(text) + 1 for text in folded), dtype=np.int64, count=len(folded))
        self._offset = np.concatenate([[0], np.cumsum(lengths)])
        self._tags: dict[str, list[int]] = {}
        for number, tags in enumerate(self.world.hashtags):
            for tag in tags:
                self._tags.setdefault(tag.casefold(), []).append(number)
        self._keywords: OrderedDict[str, IntArray] = OrderedDict()

    # -- what matches -------------------------------------------------------------------------

    def search(self, query: VideoQuery, newest: float, now: float) -> IntArray:
        """Return the rows that match, by decreasing id, as the archive stands ``now``; nothing created after ``newest``."""
        stop = min(query.end, int(newest) + 1)
        low, high = np.searchsorted(self.time, [query.start, max(stop, query.start)])
        rows = np.arange(low, high)
        keep = self.listed[low:high].copy()
        for condition in query.clauses["and"]:
            keep &= self._matches(condition, rows, now)
        if query.clauses["or"]:
            any_true = np.zeros(len(rows), dtype=bool)
            for condition in query.clauses["or"]:
                any_true |= self._matches(condition, rows, now)
            keep &= any_true
        for condition in query.clauses["not"]:
            keep &= ~self._matches(condition, rows, now)
        rows = rows[keep]
        return np.asarray(rows[np.argsort(-self.id[rows], kind="stable")])

    def _matches(self, condition: tuple[str, str, list[str]], rows: IntArray, now: float) -> BoolArray:
        field, operation, values = condition
        match field:
            case "keyword" | "hashtag_name":
                hit = np.zeros(len(self.world.captions), dtype=bool)
                for value in values:
                    hit[
                        self._with_keyword(value)
                        if field == "keyword"
                        else self._tags.get(value.casefold(), [])
                    ] = True
                return np.asarray(hit[self.caption[rows]])
            case "username":
                hit = np.zeros(len(self.handle), dtype=bool)
                hit[[self.number[v.casefold()] for v in values if v.casefold() in self.number]] = True
                return np.asarray(hit[self.account[rows]])
            case "region_code":
                return np.asarray(np.isin(self.region, [v.upper() for v in values])[self.account[rows]])
            case "video_id" | "music_id" | "effect_id":
                column = {"video_id": self.id, "music_id": self.music, "effect_id": self.effect}[field]
                return np.isin(column[rows], np.array([int(v) for v in values], dtype=np.int64))
            case "video_length":
                band = np.searchsorted([15, 60, 300], self.duration[rows], side="right")
                return np.isin(band, [LENGTHS.index(v) for v in values])
            case "create_date":
                return _compare(
                    self.time[rows] // DAY, operation, [day_start(v, field) // DAY for v in values]
                )
        return _compare(self.counts(rows, now)[field], operation, [int(v) for v in values])

    def _with_keyword(self, keyword: str) -> IntArray:
        """Captions that contain a keyword, ignoring case."""
        wanted = keyword.casefold()
        if wanted in self._keywords:
            self._keywords.move_to_end(wanted)
            return self._keywords[wanted]
        found, at = [], self._text.find(wanted) if "\0" not in wanted else -1
        while at >= 0:
            number = int(np.searchsorted(self._offset, at, side="right")) - 1
            found.append(number)
            at = self._text.find(wanted, int(self._offset[number + 1]))
        self._keywords[wanted] = np.array(found, dtype=np.int64)
        if len(self._keywords) > _CACHE:
            self._keywords.popitem(last=False)
        return self._keywords[wanted]

    def row_of(self, identifier: int) -> int | None:
        """Row of a video id, if there is such a video."""
        if not 0 <= identifier < 1 << 63:
            return None
        place = int(np.searchsorted(self.id, identifier, sorter=self._by_id))
        row = int(self._by_id[place]) if place < len(self.id) else -1
        return row if row >= 0 and int(self.id[row]) == identifier else None

    def rows_of(self, account: int, newest: float) -> IntArray:
        """Rows of an account's visible videos, newest first."""
        rows = self._by_account[self._bounds[account] : self._bounds[account + 1]]
        rows = rows[(self.time[rows] <= newest) & self.listed[rows] & ~self.gone[rows]]
        return np.asarray(rows[::-1])

    # -- what is told -------------------------------------------------------------------------

    def counts(self, rows: IntArray, now: float) -> dict[str, IntArray]:
        """Counts as the archive has them: grown with age, and up to ten days behind."""
        age = now - self.time[rows]
        known = np.maximum(age - self.lag[rows], 0.1 * age).clip(0)
        grown = 1 - np.exp(-known / (1.5 * DAY))
        return {name: (values[rows] * grown).astype(np.int64) for name, values in self.final.items()}

    def describe(self, rows: IntArray, now: float, names: list[str]) -> list[dict[str, Any]]:
        """Return video objects with the fields named; absent values are left out, ids are numbers."""
        counts = self.counts(rows, now)
        columns = {name: counts[name].tolist() for name in names if name in counts}
        makers = [(name, _MAKERS[name]) for name in names if name in _MAKERS]
        items = []
        for place, row in enumerate(rows.tolist()):
            item = {name: column[place] for name, column in columns.items()}
            for name, make in makers:
                value = make(self, row)
                if value is not None:
                    item[name] = value
            if self.no_likes[row]:
                item.pop("like_count", None)
            if self.no_comments[row]:
                item.pop("comment_count", None)
            items.append(item)
        return items

    def _tags_of(self, row: int) -> list[str]:
        return self.world.hashtags[int(self.caption[row])]


def _effect_info(catalogue: Catalogue, row: int) -> list[dict[str, Any]] | None:
    number = int(catalogue.effect[row])
    info = {"effect_id": number, "effect_name": f"sim effect {number}", "effect_photo_url": ""}
    return [info] if number else None


def _hashtag_info(catalogue: Catalogue, row: int) -> list[dict[str, Any]] | None:
    return [
        {"hashtag_id": sum(tag.encode()) * 7919, "hashtag_name": tag, "hashtag_description": ""}
        for tag in catalogue._tags_of(row)
    ] or None


def _stickers(catalogue: Catalogue, row: int) -> list[dict[str, Any]] | None:
    number = row % 97
    return [{"sticker_id": number, "sticker_name": f"sim sticker {number}"}] if number < 3 else None


_LABELLED = {"content": "simulated label", "sink": False, "type": 1, "vote": False, "warn": True}

#: What makes each field but the counts; None leaves the key out, as do fields without a maker.
_MAKERS: dict[str, Callable[[Catalogue, int], Any]] = {
    "id": lambda c, row: int(c.id[row]),
    "username": lambda c, row: c.handle[int(c.account[row])],
    "create_time": lambda c, row: int(c.time[row]),
    "region_code": lambda c, row: str(c.region[c.account[row]]),
    "video_description": lambda c, row: c.world.captions[int(c.caption[row])],
    "music_id": lambda c, row: int(c.music[row]),
    "video_duration": lambda c, row: int(c.duration[row]),
    "is_stem_verified": lambda c, row: bool(c.stem[row]),
    "effect_ids": lambda c, row: [str(c.effect[row])] if c.effect[row] else None,
    "effect_info_list": _effect_info,
    "hashtag_names": lambda c, row: c._tags_of(row) or None,
    "hashtag_info_list": _hashtag_info,
    "voice_to_text": lambda c, row: c.world.voices[int(c.voice[row])] if c.voice[row] >= 0 else None,
    "video_label": lambda c, row: _LABELLED if c.labelled[row] else None,
    "video_tag": lambda c, row: {"type": "AIGC Type", "number": 1} if c.labelled[row] else None,
    "sticker_info_list": _stickers,
    "video_mention_list": lambda c, row: [c.handle[row % len(c.handle)]] if row % 41 == 0 else None,
}


def _compare(column: IntArray, operation: str, values: list[int]) -> BoolArray:
    if operation in ("EQ", "IN"):
        return np.isin(column, values)
    ordered = {"GT": np.greater, "GTE": np.greater_equal, "LT": np.less, "LTE": np.less_equal}
    return np.asarray(ordered[operation](column, values[0]))
