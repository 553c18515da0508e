"""Words for what was shared and for the accounts' posts, so that a page says what was done and not what is usual."""

from __future__ import annotations

#: Column of a table of posts to what a reader calls one of its values.
_OBJECTS = {
    "text": "text",
    "hashtags": "hashtag",
    "links": "link",
    "url": "address",
    "music_id": "sound",
    "effect_ids": "effect",
    "voice_to_text": "transcript",
    "image_text": "image text",
    "domain": "domain",
    "retweeted_id": "retweeted post",
}


def object_word(object_id: object, platform: object = None) -> str:
    """Return what one shared object is called.

    Examples
    --------
    >>> object_word("text", "tiktok"), object_word("hashtags"), object_word("my_column")
    ('caption', 'hashtag', 'my column')
    """
    name = str(object_id)
    if name == "text" and platform in ("tiktok", "instagram"):
        return "caption"
    return _OBJECTS.get(name, name.replace("_", " "))


def plural(number: int, word: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "account"), plural(1200, "account")
    ('1 account', '1,200 accounts')
    """
    many = f"{word[:-1]}ies" if word.endswith("ry") else f"{word}s"
    return f"{number:,} {word if number == 1 else many}"
