"""What the simulated Research API accepts as a query, which videos of the simulated archive match it, and what is told about each."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.simulate.material import DAY, IntArray, chance, mix
from coordlib.simulate.world import World
from coordlib.tiktok.query import LENGTHS, OPERATIONS, REGION_CODES
from coordlib.times import day_start

#: What a query without conditions is answered.
EMPTY_QUERY = "`query` must have one of [`and_conditions`, `or_conditions`, `not_conditions`]"
#: Field, operation and values.
Condition = tuple[str, str, list[str]]


class InvalidParams(Exception):
    """The request would be answered with 400 ``invalid_params`` and this message."""


@dataclass(frozen=True)
class VideoQuery:
    """A checked video query; its conditions stand in three lists. Equal whatever the page asked for."""

    clauses: dict[str, list[Condition]]
    start: int
    end: int
    is_random: bool
    max_count: int = field(compare=False)
    cursor: int = field(compare=False)
    search_id: str | None = field(compare=False)


def read_fields(text: str | None, allowed: Iterable[str]) -> list[str]:
    """Return the fields asked for; none, blanks between them and unknown names are refused."""
    names = (text or "").split(",")
    wrong = [name for name in names if name not in allowed]
    if wrong:
        raise InvalidParams("Invalid fields" + (f": {', '.join(wrong)}" if text else ""))
    return names


def _integer(body: Mapping[str, Any], name: str, default: int, low: int, high: float = float("inf")) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidParams(f"Invalid {name}")
    return value


def first_second(text: object, name: str) -> int:
    """Return the first UTC second of a day written YYYYMMDD."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{8}", text):
        raise InvalidParams(f"Invalid {name}: the format must be YYYYMMDD")
    try:
        return day_start(text)
    except ValueError:
        raise InvalidParams(f"Invalid {name}: there is no such day") from None


def read_query(body: Mapping[str, Any], max_values: int | None) -> VideoQuery:
    """Check the body of a video query; what is wrong is refused with the message the API would answer."""
    query = body.get("query")
    lists = {name: query.get(name) or [] for name in ("and", "or", "not")} if isinstance(query, dict) else {}
    if not any(lists.values()):
        raise InvalidParams(EMPTY_QUERY)
    clauses = {name: [_condition(item, max_values) for item in items] for name, items in lists.items()}
    start, end = (first_second(body.get(name), name) for name in ("start_date", "end_date"))
    if end < start:
        raise InvalidParams("The end_date must not be before the start_date")
    if end - start > 30 * DAY:
        raise InvalidParams("The end_date must be no more than 30 days after the start_date")
    search_id = body.get("search_id")
    if search_id is not None and not isinstance(search_id, str):
        raise InvalidParams("Invalid search_id")
    max_count, cursor = _integer(body, "max_count", 20, 1, 100), _integer(body, "cursor", 0, 0)
    is_random = bool(body.get("is_random"))
    return VideoQuery(clauses, start, end + DAY, is_random, max_count, cursor, search_id or None)


#: Fields whose values are checked one by one.
_VALUES: dict[str, Callable[[str], bool]] = {
    "region_code": lambda value: value.upper() in REGION_CODES,
    "video_length": LENGTHS.__contains__,
    "create_date": lambda value: first_second(value, "create_date") is not None,
}
_NUMBERS = ("video_id", "music_id", "effect_id", "view_count", "comment_count")


def _condition(item: object, max_values: int | None) -> Condition:
    if not isinstance(item, dict):
        raise InvalidParams("Invalid condition")
    field, operation, values = (item.get(name) for name in ("field_name", "operation", "field_values"))
    if not isinstance(field, str) or field not in OPERATIONS:
        raise InvalidParams(f"Invalid field_name: {field}")
    if not isinstance(operation, str) or operation not in OPERATIONS[field]:
        raise InvalidParams(f"Invalid operation: {operation} for {field}")
    if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
        raise InvalidParams(f"Invalid field_values for {field}")
    if max_values is not None and len(values) > max_values:
        raise InvalidParams(f"Too many field_values for {field}")
    for value in values:
        if field in _NUMBERS and not (value.isascii() and value.isdigit() and int(value) < 1 << 63):
            raise InvalidParams(f"Invalid field_values for {field}: {value}")
        if not _VALUES.get(field, bool)(value):
            raise InvalidParams(f"Invalid {field}: {value}")
    return field, operation, values


COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")
_COMPARED = {"GT": np.greater, "GTE": np.greater_equal, "LT": np.less, "LTE": np.less_equal}


class Catalogue:
    """Search over a world's videos."""

    def __init__(self, world: World, missing_share: float = 0.0, drop_share: float = 0.0) -> None:
        self.world = world
        videos, accounts = world.videos, world.accounts
        self.column = {str(name): videos[name].to_numpy() for name in videos.columns}
        self.id, self.time, self.account = (self.column[n] for n in ("video_id", "create_time", "account"))
        self.handle: list[str] = [str(name) for name in accounts["account_id"]]
        self.region = accounts["region"].to_numpy().astype(str)
        self.private = accounts["private"].to_numpy()
        self.number = {name.casefold(): k for k, name in enumerate(self.handle)}
        # Properties that follow from a video's id alone, each with a salt of its own.
        self.lag = (chance(self.id, 20) * 10 * DAY).astype(np.int64)
        effect = mix(self.id, 21)
        some = 100_000 + (effect >> np.uint64(32)) % np.uint64(40)
        self.column["effect_id"] = np.where(effect % np.uint64(50) == 0, some, 0)
        self.hidden = dict.fromkeys(COUNTS, np.zeros(len(self.id), dtype=bool))
        self.hidden |= {
            "like_count": chance(self.id, 22) < 0.01,
            "comment_count": chance(self.id, 23) < 0.004,
        }
        self.listed = chance(self.id, 24) >= missing_share
        self.gone = self.column["gone"] | self.private[self.account] | (chance(self.id, 25) < drop_share)
        self.stem, self.labelled = chance(self.id, 27) < 0.01, chance(self.id, 28) < 0.02
        self._texts: dict[str, list[str] | list[list[str]]] = {
            "keyword": [text.casefold() for text in world.captions],
            "hashtag_name": [[tag.casefold() for tag in tags] for tags in world.hashtags],
        }
        self._captions = functools.lru_cache(maxsize=512)(self._find_captions)

    def search(self, query: VideoQuery, newest: float, now: float) -> IntArray:
        """Return the rows that match, by decreasing id, as the archive stands ``now``; nothing created after ``newest``."""
        stop = min(query.end, int(newest) + 1)
        low, high = np.searchsorted(self.time, [query.start, max(stop, query.start)])
        rows = np.arange(low, high)
        every, some, none = (
            [self._matches(condition, rows, now) for condition in query.clauses[name]]
            for name in ("and", "or", "not")
        )
        keep = np.all([self.listed[low:high], *every, *(~matches for matches in none)], axis=0)
        rows = rows[keep & np.any(some, axis=0)] if some else rows[keep]
        return np.asarray(rows[np.argsort(-self.id[rows], kind="stable")])

    def _matches(self, condition: Condition, rows: IntArray, now: float) -> npt.NDArray[np.bool_]:
        field, operation, values = condition
        column: npt.NDArray[Any]
        wanted: Sequence[int | str]
        match field:
            case "keyword" | "hashtag_name":
                column = self.column["caption"][rows]
                wanted = [k for value in values for k in self._captions(field, value.casefold())]
            case "username":
                column, wanted = self.account[rows], [self.number.get(v.casefold(), -1) for v in values]
            case "region_code":
                column, wanted = self.region[self.account[rows]], [v.upper() for v in values]
            case "video_id" | "music_id" | "effect_id":
                column, wanted = self.column[field][rows], [int(v) for v in values]
            case "video_length":
                column = np.searchsorted([15, 60, 300], self.column["duration"][rows], side="right")
                wanted = [LENGTHS.index(v) for v in values]
            case "create_date":
                column, wanted = self.time[rows] // DAY, [first_second(v, field) // DAY for v in values]
            case _:
                column, wanted = self.counts(rows, now)[field], [int(v) for v in values]
        if operation in _COMPARED:
            return np.asarray(_COMPARED[operation](column, wanted[0]))
        return np.isin(column, wanted)

    def _find_captions(self, field: str, wanted: str) -> list[int]:
        """Captions that contain a case-folded keyword, or that have a hashtag."""
        return [number for number, text in enumerate(self._texts[field]) if wanted in text]

    def still_public(self) -> set[int]:
        """Ids of the videos that are there and were not withdrawn after they had been returned (2 % are)."""
        return set(self.id[~self.gone & (chance(self.id, 60) >= 0.02)].tolist())

    def counts(self, rows: IntArray, now: float) -> dict[str, IntArray]:
        """Counts as the archive has them: grown with age, and up to ten days behind."""
        age = now - self.time[rows]
        known = np.maximum(age - self.lag[rows], 0.1 * age).clip(0)
        grown = 1 - np.exp(-known / (1.5 * DAY))
        return {name: (self.column[name][rows] * grown).astype(np.int64) for name in COUNTS}

    def describe(self, rows: IntArray, now: float, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return video objects with the fields named; absent values are left out, ids are numbers."""
        counts = self.counts(rows, now)
        columns: dict[str, list[Any]] = {}
        for name in filter(counts.__contains__, names):
            columns[name] = np.where(self.hidden[name][rows], None, counts[name]).tolist()  # type: ignore[call-overload]
        for name in filter(_MAKERS.__contains__, names):
            columns[name] = [_MAKERS[name](self, row) for row in rows.tolist()]
        return [
            {name: column[k] for name, column in columns.items() if column[k] is not None}
            for k in range(len(rows))
        ]

    def tags_of(self, row: int) -> list[str]:
        """Hashtags of a video."""
        return self.world.hashtags[int(self.column["caption"][row])]


def _listed(kind: str, number: int, name: str, *empty: str) -> dict[str, Any]:
    """One entry of a list of effects, hashtags or stickers."""
    return {f"{kind}_id": number, f"{kind}_name": name} | {f"{kind}_{other}": "" for other in empty}


def _effects(catalogue: Catalogue, row: int) -> list[dict[str, Any]] | None:
    number = int(catalogue.column["effect_id"][row])
    return [_listed("effect", number, f"sim effect {number}", "photo_url")] if number else None


def _hashtags(catalogue: Catalogue, row: int) -> list[dict[str, Any]] | None:
    tags = catalogue.tags_of(row)
    return [_listed("hashtag", sum(tag.encode()) * 7919, tag, "description") for tag in tags] or None


def _stickers(catalogue: Catalogue, row: int) -> list[dict[str, Any]] | None:
    number = row % 97
    return [_listed("sticker", number, f"sim sticker {number}")] if number < 3 else None


_LABELLED = {"content": "simulated label", "sink": False, "type": 1, "vote": False, "warn": True}

#: What makes each field but the counts; None leaves the key out, as do fields without a maker.
_MAKERS: dict[str, Callable[[Catalogue, int], Any]] = {
    "id": lambda c, row: int(c.id[row]),
    "username": lambda c, row: c.handle[int(c.account[row])],
    "create_time": lambda c, row: int(c.time[row]),
    "region_code": lambda c, row: str(c.region[c.account[row]]),
    "video_description": lambda c, row: c.world.captions[int(c.column["caption"][row])],
    "music_id": lambda c, row: int(c.column["music_id"][row]),
    "video_duration": lambda c, row: int(c.column["duration"][row]),
    "is_stem_verified": lambda c, row: bool(c.stem[row]),
    "effect_ids": lambda c, row: [str(effect)] if (effect := c.column["effect_id"][row]) else None,
    "effect_info_list": _effects,
    "hashtag_names": lambda c, row: c.tags_of(row) or None,
    "hashtag_info_list": _hashtags,
    "voice_to_text": lambda c, row: c.world.voices[k] if (k := int(c.column["voice"][row])) >= 0 else None,
    "video_label": lambda c, row: _LABELLED if c.labelled[row] else None,
    "video_tag": lambda c, row: {"type": "AIGC Type", "number": 1} if c.labelled[row] else None,
    "sticker_info_list": _stickers,
    "video_mention_list": lambda c, row: [c.handle[row % len(c.handle)]] if row % 41 == 0 else None,
}
