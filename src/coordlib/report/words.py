"""Words for what was shared and for the accounts' posts, so that a page says what was done and not what is usual."""

from __future__ import annotations

from collections.abc import Mapping

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
