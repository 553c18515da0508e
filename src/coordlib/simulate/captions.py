"""Captions for the simulated world: unique, shared, generic, hostile, and their near-duplicates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coordlib.simulate.words import words

IntArray = npt.NDArray[np.int64]
_HASHTAG = re.compile(r"#([^\s#,.;:!?()\"']+)")

#: Shares of rows measured in the archive (97,436 and 23,526 of 323,217 rows).
SHARE_OUTER_BLANKS = 0.30
SHARE_INVISIBLE = 0.073


def _pick(rng: np.random.Generator, pool: Sequence[str], size: int) -> list[str]:
    return [pool[k] for k in rng.integers(0, len(pool), size)]


def make_captions(rng: np.random.Generator, language: str, size: int, *, long: bool = False) -> list[str]:
    """Assemble captions of one language, with two to five hashtags of one theme.

    Parameters
    ----------
    rng
        Source of randomness; the same state gives the same captions.
    language
        Key of the languages in words.yml.
    size
        Number of captions; they need not be distinct.
    long
        Guarantee at least 80 characters (the length from which the reference system searches a caption).
    """
    known = words()
    themes_of = known["themes"]
    subjects, phrases, endings = (
        _pick(rng, known["languages"][language][part], size) for part in ("subjects", "phrases", "endings")
    )
    emoji = _pick(rng, ("", "", *known["emoji"]), size)
    viral = _pick(rng, known["viral_tags"], size)
    themes = _pick(rng, tuple(themes_of), size)
    first = rng.integers(0, 1000, size)
    count = rng.integers(1, 4, size)
    number = rng.integers(2, 9999, size)
    shape = rng.integers(0, 6, size)
    captions = []
    for k in range(size):
        tags = themes_of[themes[k]]
        chosen = [tags[(int(first[k]) + step) % len(tags)] for step in range(int(count[k]))]
        body = _sentence(int(shape[k]), subjects[k], phrases[k], endings[k], int(number[k]))
        text = f"{body} {emoji[k]}".rstrip() + " " + " ".join(f"#{tag}" for tag in (*chosen, viral[k]))
        if long and len(text) < 84:
            text += " " + " ".join(f"#{tag}" for tag in tags if tag not in chosen)
        if long and len(text) < 84:
            text += " #" + "".join(tags)
        captions.append(text)
    return captions


def _sentence(shape: int, subject: str, phrase: str, ending: str, number: int) -> str:
    match shape:
        case 0:
            return f"{subject} {phrase}"
        case 1:
            return f"{subject} {phrase}, {ending}"
        case 2:
            return f'"{subject} {phrase}" ({number})'
        case 3:
            return f"{subject} {phrase}\n{ending}"
        case 4:
            return f"{ending} | {subject} {phrase}"
    return f"{subject} {phrase} – {ending} {number}"


def generic_captions(language: str) -> list[str]:
    """Short captions that many unrelated accounts use: bare tags and single emoji."""
    return [
        "#fyp", "#fyp #viral", "#fyp #foryou #viral", "#foryoupage", "😂😂😂", "❤️", "#viral #trending",
        f"#fyp #{language}", "#duet", "#stitch", "✨", "#fypシ ",
    ]  # fmt: skip


def hostile_captions(rng: np.random.Generator, size: int) -> list[str]:
    """Captions that attack a careless reader: markup, formulas, line breaks, quotes, fake missing values."""
    return _pick(rng, words()["hostile"], size)


def soil(rng: np.random.Generator, captions: Sequence[str]) -> list[str]:
    """Add outer blanks and invisible characters in the shares measured in the archive."""
    blanks = rng.random(len(captions)) < SHARE_OUTER_BLANKS
    leading = rng.random(len(captions)) < 0.1
    hidden = rng.random(len(captions)) < SHARE_INVISIBLE
    invisible = words()["invisible"]
    which = rng.integers(0, len(invisible), len(captions))
    place = rng.random(len(captions))
    soiled = []
    for k, caption in enumerate(captions):
        text = caption
        if hidden[k] and text:
            at = int(place[k] * len(text))
            text = text[:at] + invisible[which[k]] + text[at:]
        if blanks[k] and text:
            text = " " + text if leading[k] else text + " "
        soiled.append(text)
    return soiled


def near_duplicate(rng: np.random.Generator, caption: str) -> str:
    """Return a caption a reader would call the same: other blanks, emoji, case or invisible characters."""
    emoji, invisible = words()["emoji"], words()["invisible"]
    match int(rng.integers(0, 6)):
        case 0:
            return caption.replace(" ", "")
        case 1:
            return caption + str(emoji[int(rng.integers(0, len(emoji)))])
        case 2:
            at = int(rng.integers(0, len(caption) + 1))
            return caption[:at] + str(invisible[int(rng.integers(0, len(invisible)))]) + caption[at:]
        case 3:
            return caption.replace("#", " #").replace("  ", " ") + " "
        case 4:
            return caption[:1].swapcase() + caption[1:]
    return caption.replace(", ", " , ")


def hashtags_of(caption: str) -> list[str]:
    """Return the hashtags of a caption without ``#``, in order, each once, lower case.

    Examples
    --------
    >>> hashtags_of("Soup! #SoupTok #fyp#bread #fyp #")
    ['souptok', 'fyp', 'bread']
    """
    return list(dict.fromkeys(tag.lower() for tag in _HASHTAG.findall(caption)))
