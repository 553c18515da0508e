"""What simulated worlds are made of: captions (words from words.yml), and chances fixed by an id."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coordlib.yaml_files import read_yaml

IntArray = npt.NDArray[np.int64]
DAY = 86_400
_HASHTAG = re.compile(r"#([^\s#,.;:!?()\"']+)")


@functools.cache
def words() -> dict[str, Any]:
    """Return everything the simulated worlds are worded with (see the file)."""
    return read_yaml(Path(__file__).with_name("words.yml"))


def pick(rng: np.random.Generator, pool: Sequence[str], size: int) -> list[str]:
    """Draw so many texts of a pool, with repetition."""
    return [pool[k] for k in rng.integers(0, len(pool), size)]


def make_captions(rng: np.random.Generator, language: str, size: int, *, long: bool = False) -> list[str]:
    """Assemble so many captions of a language, with hashtags of one theme; ``long`` ones are searched (80 characters)."""
    known = words()
    parts = known["languages"][language]
    subjects, phrases, endings = (pick(rng, parts[name], size) for name in ("subjects", "phrases", "endings"))
    emoji = pick(rng, ("", "", *known["emoji"]), size)
    viral = pick(rng, known["viral_tags"], size)
    themes = pick(rng, tuple(known["themes"]), size)
    first, count = rng.integers(0, 1000, size).tolist(), rng.integers(1, 4, size).tolist()
    number, shape = rng.integers(2, 9999, size).tolist(), rng.integers(0, 6, size).tolist()
    captions = []
    for k in range(size):
        tags = known["themes"][themes[k]]
        chosen = [tags[(first[k] + step) % len(tags)] for step in range(count[k])]
        shapes = ("{0}", "{0}, {1}", '"{0}" ({2})', "{0}\n{1}", "{1} | {0}", "{0} – {1} {2}")
        body = shapes[shape[k]].format(f"{subjects[k]} {phrases[k]}", endings[k], number[k])
        text = f"{body} {emoji[k]}".rstrip() + " " + " ".join(f"#{tag}" for tag in (*chosen, viral[k]))
        if long and len(text) < 84:
            text += " " + " ".join(f"#{tag}" for tag in tags if tag not in chosen)
        if long and len(text) < 84:
            text += " #" + "".join(tags)
        captions.append(text)
    return captions


def soil(rng: np.random.Generator, captions: Sequence[str]) -> list[str]:
    """Add outer blanks and invisible characters as often as in the archive (97,436 and 23,526 of 323,217 rows)."""
    size, invisible = len(captions), words()["invisible"]
    blanks = rng.random(size) < 0.30
    leading = rng.random(size) < 0.1
    hidden = rng.random(size) < 0.073
    which = rng.integers(0, len(invisible), size)
    place = rng.random(size)
    soiled = []
    for k, text in enumerate(captions):
        if hidden[k] and text:
            at = int(place[k] * len(text))
            text = text[:at] + invisible[which[k]] + text[at:]
        if blanks[k] and text:
            text = " " + text if leading[k] else text + " "
        soiled.append(text)
    return soiled


def near_duplicate(rng: np.random.Generator, caption: str) -> str:
    """Return a caption a reader would call the same: other blanks, emoji, case or invisible characters."""
    match int(rng.integers(0, 6)):
        case 0:
            return caption.replace(" ", "")
        case 1:
            return caption + pick(rng, words()["emoji"], 1)[0]
        case 2:
            at = int(rng.integers(0, len(caption) + 1))
            return caption[:at] + pick(rng, words()["invisible"], 1)[0] + caption[at:]
        case 3:
            return caption.replace("#", " #").replace("  ", " ") + " "
        case 4:
            return caption[:1].swapcase() + caption[1:]
    return caption.replace(", ", " , ")


def hashtags_of(caption: str) -> list[str]:
    """Return the hashtags of a caption without ``#``, in order, each once, lower case."""
    return list(dict.fromkeys(tag.lower() for tag in _HASHTAG.findall(caption)))


def mix(values: IntArray | int, salt: int) -> npt.NDArray[np.uint64]:
    """Scramble integers into evenly spread 64-bit numbers (splitmix64): properties that follow from an id alone."""
    with np.errstate(over="ignore"):
        z = np.atleast_1d(np.asarray(values, dtype=np.int64)).astype(np.uint64)
        z = z + np.uint64(0x9E3779B97F4A7C15) * np.uint64(salt * 2 + 1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))


def chance(values: IntArray | int, salt: int) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each integer, fixed by the integer and the salt."""
    return (mix(values, salt) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
