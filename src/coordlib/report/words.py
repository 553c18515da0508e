"""What stands on pages: text that accounts wrote, made safe, and our words for what was shared, counts and values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from coordlib.shown import clean_text as clean_text
from coordlib.shown import escape as escape
from coordlib.shown import in_one_direction as in_one_direction

_FORMULA = re.compile(r"^'*[=+\-@\t\r\n|%＝＋－＠]")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_FOLDERS = re.compile(r"(?<![\w/:.])/(?:[^\s/:'\"<>]+/)*([^\s/:'\"<>]+/)")
#: Column of a table of posts to what a reader calls one of its values.
_OBJECTS = {
    "object_id": "object",
    "text": "text",
    "hashtags": "hashtag",
    "links": "link",
    "url": "link",
    "music_id": "sound",
    "effect_ids": "effect",
    "voice_to_text": "transcript",
    "image_text": "image text",
    "domain": "domain",
    "retweeted_id": "retweeted post",
    "near_text": "near-copied text",
}
#: What a reader has to be told before "the same" is understood, by column.
_SAME = {
    "near_text": "The same near-copied {text} is the same {text} but for case, punctuation, emoji, addresses, hashtags or a word or two; "
    "{text}s of fewer than 20 letters and digits take no part.",
    "reworded_text": "The same reworded {text} is another {text} with the same rare words: a lead to read, not evidence.",
    "hashtag_sequence": "The same hashtag sequence is the same three or more hashtags in the same order.",
}


def safe_url(value: object) -> str | None:
    """Return a web address fit for an ``href``, or None when it is not http(s)."""
    text = clean_text(value).strip()
    return text if re.match(r"^https?://[^\s/?#]+", text, re.IGNORECASE) else None


def hide_folders(text: str) -> str:
    """Return text with absolute paths cut to their last folder and name."""
    return _FOLDERS.sub(r"…/\1", text)


def neutralise(text: str) -> str:
    """Return a text cell that no spreadsheet runs as a formula: an apostrophe goes in front, also of apostrophes before such a
    character, so that :func:`restore` is exact. Numbers written as text stay as they are.
    """
    if _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + text
    return text


def restore(text: str) -> str:
    """Undo :func:`neutralise`."""
    if text.startswith("'") and _FORMULA.match(text):
        return text[1:]
    return text


def raw_block(text: str) -> str:
    """Return HTML as a raw Markdown block that Quarto and smalldocs print unchanged; nothing inside can close its fence."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(8, longest + 1)
    return f"{fence}{{=html}}\n{text}\n{fence}"


def json_for_page(value: object) -> str:
    """Return JSON that cannot leave a ``<script>`` element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def object_word(object_id: object, platform: object = None) -> str:
    """Return what one shared object is called."""
    name = str(object_id)
    word = _OBJECTS.get(name, name.replace("_", " "))
    captions = name in ("text", "near_text", "reworded_text") and platform in ("tiktok", "instagram")
    return word.replace("text", "caption") if captions else word


def same_words(object_id: object, platform: object = None) -> str:
    """Return what it means that two such objects are the same, empty where they are simply equal."""
    return _SAME.get(str(object_id), "").format(text=object_word("text", platform))


def plural(number: int, word: str) -> str:
    """Return a count with its noun."""
    many = f"{word[:-1]}ies" if word.endswith("ry") else f"{word}s"
    return f"{number:,} {word if number == 1 else many}"


def in_words(value: object) -> str:
    """Return the value of a parameter as a reader understands it."""
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name} = {in_words(inside)}" for name, inside in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(in_words, value)) or "none"
    return str(value)
