"""A text without what people change in passing, so that two versions of it can be compared; and what differs in them."""

from __future__ import annotations

import difflib
import re
import unicodedata

from coordlib.errors import InputError
from coordlib.ids import fold_hashtag

_URL = re.compile(r"(?:https?://|www\.)\S+")
_MENTION = re.compile(r"(?<!\w)@[\w.]+")
_HASHTAG = re.compile(r"[#＃][^\s#＃]+")
#: Writing without blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
#: Letters that make the stem of a word: inflections and derivations of most languages come later.
_STEM = 5


class _Letters(dict[int, int | None]):
    """Each character to itself if it is a letter, a mark on one or a digit; invisible ones go, the others are blanks."""

    def __missing__(self, code: int) -> int | None:
        kind = unicodedata.category(chr(code))
        invisible = kind == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
        self[code] = None if invisible else code if kind[0] in "LMN" else ord(" ")
        return self[code]


_LETTERS = _Letters()


def comparable(text: str) -> str:
    """Return the words of a text, in one spelling.

    Unicode's compatibility form (NFKC), no case, no addresses, mentions and hashtags, no punctuation, emoji or invisible
    characters, one blank between words. Marks on letters stay: they are vowels in many languages.

    Examples
    --------
    >>> comparable("Vote\\u200b TODAY!!! 🔥 https://example.org @someone #vote  ｎｏｗ")
    'vote today now'
    """
    text = unicodedata.normalize("NFKC", _checked(text)).casefold()
    text = _HASHTAG.sub(" ", _MENTION.sub(" ", _URL.sub(" ", text)))
    return " ".join(text.translate(_LETTERS).split())


def stems(text: str) -> set[str]:
    """Return the first five letters of each word of a comparable text; pairs of characters where words have no blanks.

    Examples
    --------
    >>> sorted(stems("the election was rigged"))
    ['elect', 'rigge', 'the', 'was']
    """
    found: set[str] = set()
    for word in text.split():
        if _UNSPACED.search(word):
            found.update(word[i : i + 2] for i in range(max(len(word) - 1, 1)))
        else:
            found.add(word[:_STEM])
    return found


def hashtag_sequence(text: str, least: int = 3) -> str | None:
    """Return the hashtags of a text in their order, each once; None where there are fewer than `least`.

    Examples
    --------
    >>> hashtag_sequence("Look #One and #two, #THREE #one")
    '#one #two #three'
    """
    tags = (
        re.sub(r"\W+$", "", tag) for tag in _HASHTAG.findall(unicodedata.normalize("NFKC", _checked(text)))
    )
    folded = dict.fromkeys(fold_hashtag(tag) for tag in tags if len(tag) > 1)
    return " ".join(f"#{tag}" for tag in folded) if len(folded) >= least else None


def differing_words(first: str, second: str) -> str:
    """Say in which words two texts differ.

    Parameters
    ----------
    first, second
        Two texts as written.

    Returns
    -------
    str
        ``old → new`` for words in place of others, ``− old`` for words left out, ``+ new`` for words added, with ``; ``
        between them; empty where the texts are equal up to blanks. It holds what accounts wrote: escape it in a page.

    Notes
    -----
    Aligned by the longest common runs of words (Ratcliff & Obershelp, as in Python's difflib).

    Examples
    --------
    >>> differing_words("Vote for Ann today", "Please vote for Bob today")
    'Vote → Please vote; Ann → Bob'
    >>> differing_words("they lied to us again", "they lied to us")
    '− again'
    """
    old, new = _checked(first).split(), _checked(second).split()
    parts = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left, right = " ".join(old[a:b]), " ".join(new[c:d])
        if what == "replace":
            parts.append(f"{left} → {right}")
        elif what != "equal":
            parts.append(f"− {left}" if left else f"+ {right}")
    return "; ".join(parts)


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise InputError(f"text = {str(text)[:40]!r}: a {type(text).__name__} is no text")
    return text
