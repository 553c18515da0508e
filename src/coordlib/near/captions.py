"""Captions that are the same but for small changes, as a column that says which caption each post repeats; and what differs in them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from coordlib.columns import check_table
from coordlib.errors import InputError, ParameterError
from coordlib.ids import fold_hashtag, valid_text
from coordlib.near.similar import Sets, clusters

Level = Literal["copied", "reworded"]
#: The usual similarity of each level, and the column it makes. How they were set: docs/near-duplicates.md.
SIMILARITY = {"copied": 0.8, "reworded": 0.23}
COLUMNS = {"copied": "near_text", "reworded": "reworded_text"}
#: Columns that :func:`coordlib.prep_data` makes from the text when they are asked for.
MADE = (*COLUMNS.values(), "hashtag_sequence")
#: Different texts from which it can be said which words are rare; among fewer only copies are found.
FEWEST = 100
#: Characters of a piece of text (shingle).
_PIECE = 5


def add_near_text(
    posts: pd.DataFrame,
    level: Level = "copied",
    similarity: float | None = None,
    min_length: int = 20,
) -> pd.DataFrame:
    """Add a column that says which caption each post repeats, word for word or nearly so.

    Parameters
    ----------
    posts
        A table of posts with ``text`` and ``posted_at`` (UTC seconds). It is not changed.
    level
        ``"copied"``: the same text but for punctuation, emoji, blanks, spelling, a word or two. ``"reworded"``: the same
        rare words in other sentences; use it to look for leads, and read what it finds.
    similarity
        From 0 to 1: what two texts have in common at least (none: 0.8 for copied, 0.23 for reworded).
    min_length
        A text with fewer letters and digits, without hashtags, mentions and addresses, is nobody's copy.

    Returns
    -------
    pandas.DataFrame
        The posts with ``near_text`` (or ``reworded_text``): the caption, as written, of the earliest post of its cluster;
        missing where the text is missing or short. ``attrs[column]`` counts posts with a text, short ones, different
        texts, and clusters of more than one.

    Raises
    ------
    MissingColumnError, ParameterError
        There is no ``text`` or ``posted_at``; a similarity, length or level that cannot be.

    Notes
    -----
    Texts are compared without case, addresses, mentions, hashtags, punctuation, emoji and invisible characters. *Copied*:
    Jaccard similarity of their pieces of five characters, blanks left out, |A ∩ B| / |A ∪ B|; all pairs at or above the
    threshold are found, and clusters are complete: from the earliest on, a text joins one if it is that similar to every text
    in it. *Reworded*: weighted Jaccard of the first five letters of their words, Σ w over the shared / Σ w over all,
    w = log(N / max(n, 10))³ for a word in n of N texts; clusters by average linkage. The earliest post is by time, then text,
    so the order of the rows changes nothing. Nor do later posts rename a copied caption; a reworded one they may.

    References
    ----------
    Broder, A. Z. (1997). On the resemblance and containment of documents. Compression and Complexity of Sequences.
    Richard, M., Giordani, L., Brokate, C., & Liénard, J. (2023). Unmasking information manipulation. arXiv:2312.17338.

    Examples
    --------
    >>> posts = pd.DataFrame({"text": ["They lied to us about the bridge!", "they lied to us about THE bridge 🔥 #news",
    ...     "Good morning"], "posted_at": [20, 10, 30]})
    >>> add_near_text(posts)["near_text"].tolist()
    ['they lied to us about THE bridge 🔥 #news', 'they lied to us about THE bridge 🔥 #news', nan]
    """
    check_table(posts, ("text", "posted_at"), "posts")
    if level not in tuple(COLUMNS):
        raise ParameterError(f"level = {level!r}: choose 'copied' or 'reworded'")
    least = SIMILARITY[level] if similarity is None else similarity
    if isinstance(least, bool) or not isinstance(least, int | float | np.number) or not 0 < least <= 1:
        raise ParameterError(f"similarity = {similarity!r}: give a number above 0 and at most 1")
    if isinstance(min_length, bool) or not isinstance(min_length, int | np.integer) or min_length < 0:
        raise ParameterError(f"min_length = {min_length!r}: give a whole number of 0 or more")
    column, counts = _originals(posts["text"], posts["posted_at"], level, float(least), int(min_length))
    named = posts.assign(**{COLUMNS[level]: column})
    named.attrs = {**posts.attrs, COLUMNS[level]: counts}
    return named


def add_differing_words(pairs: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """Add to pairs of posts a column that says in which words their texts differ.

    Parameters
    ----------
    pairs
        Pairs as :func:`coordlib.detect_groups` returns them, or a report's. Not changed.
    posts
        The posts they are made of, with ``content_id`` and ``text``.

    Returns
    -------
    pandas.DataFrame
        The pairs with ``differing_words`` (:func:`coordlib.near.differing_words`), from the older to the newer post;
        empty where the texts are equal, missing where one is not known.

    Examples
    --------
    >>> posts = pd.DataFrame({"content_id": ["1", "2"], "text": ["They lied", "They lied again"]})
    >>> pairs = pd.DataFrame({"content_id": ["1"], "content_id_y": ["2"]})
    >>> add_differing_words(pairs, posts)["differing_words"].tolist()
    ['+ again']
    """
    check_table(pairs, ("content_id", "content_id_y"), "pairs")
    check_table(posts, ("content_id", "text"), "posts")
    known = posts.dropna(subset=["content_id", "text"])
    texts = dict(zip(known["content_id"].astype("str"), known["text"].astype("str"), strict=True))
    ends = (pairs[end].astype("str").map(texts) for end in ("content_id", "content_id_y"))
    both = list(zip(*ends, strict=True))
    words = {two: differing_words(*two) for two in set(both) if all(isinstance(text, str) for text in two)}
    found = pd.Series([words.get(two) for two in both], index=pairs.index, dtype="str")
    return pairs.assign(differing_words=found)


def made_column(frame: pd.DataFrame, name: str, when: pd.Series) -> pd.Series:
    """Return one of the columns :data:`MADE` of a table with ``text``; `when` are the times of its rows."""
    if name == "hashtag_sequence":
        return _each(frame["text"], hashtag_sequence)
    level: Level = "copied" if name == COLUMNS["copied"] else "reworded"
    return _originals(frame["text"], when, level, SIMILARITY[level], 20)[0]


def _each(text: pd.Series, change: Any) -> pd.Series:
    """Apply a function to each different text."""
    of_text, missing = cache(change), text.isna().to_numpy()
    found = [None if lost else of_text(str(one)) for one, lost in zip(text.tolist(), missing, strict=True)]
    return pd.Series(found, index=text.index, dtype="str")


def _originals(
    text: pd.Series, when: pd.Series, level: Level, least: float, min_length: int
) -> tuple[pd.Series, dict[str, int]]:
    """Return the earliest caption of each text's cluster, and the counts."""
    text = _each(text, valid_text)
    words = _each(text, comparable)
    known = text.notna().to_numpy() & (text.str.strip() != "").to_numpy()
    long = known & (words.str.replace(" ", "").str.len() >= max(min_length, 1)).fillna(False).to_numpy(bool)
    table = pd.DataFrame({"words": words.array, "text": text.array, "when": when.to_numpy()})[long]
    table = table.sort_values(["when", "text"], kind="stable", na_position="last")
    table = table.drop_duplicates("words", ignore_index=True)
    forms = table["words"].tolist()
    if level == "copied" or len(forms) < FEWEST:
        least = max(least, SIMILARITY["copied"] if level != "copied" else 0)
        first = clusters(Sets(*_pieces(forms), len(forms)), least, "complete")
    else:
        first = clusters(Sets(*_stems(forms), len(forms), rarity=True), least, "average")
    names = dict(zip(forms, table["text"].to_numpy()[first], strict=True))
    counts = {
        "with_text": int(known.sum()),
        "short": int((known & ~long).sum()),
        "different": len(forms),
        "clusters": int((np.bincount(first, minlength=1) > 1).sum()),
    }
    return words.where(long).map(names).astype("str").set_axis(text.index), counts


def _pieces(forms: list[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return the text and the number of every piece of five characters; a shorter text is one piece."""
    forms = [form.replace(" ", "").ljust(_PIECE) for form in forms]
    lengths = np.fromiter(map(len, forms), dtype=np.int64, count=len(forms))
    letters = np.frombuffer("".join(forms).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    rows = np.repeat(np.arange(len(forms)), lengths)
    if not len(rows):
        return rows, letters
    pieces = np.zeros(len(letters) - _PIECE + 1, dtype=np.uint64)
    # Five characters of 21 bits in 64: mixed, so that different pieces differ all but surely.
    for place in range(_PIECE):
        pieces = (pieces ^ letters[place : place + len(pieces)]) * np.uint64(0x9E3779B97F4A7C15)
        pieces ^= pieces >> np.uint64(29)
    whole = rows[_PIECE - 1 :] == rows[: len(pieces)]
    return rows[: len(pieces)][whole], pieces[whole]


def _stems(forms: list[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    found = [sorted(stems(form)) for form in forms]
    rows = np.repeat(np.arange(len(found)), np.fromiter(map(len, found), dtype=np.int64, count=len(found)))
    return rows, np.array([stem for row in found for stem in row], dtype=object)


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
    """Return the first five letters of each word of a comparable text; pairs of characters where words have no blanks."""
    found: set[str] = set()
    for word in text.split():
        if _UNSPACED.search(word):
            found.update(word[i : i + 2] for i in range(max(len(word) - 1, 1)))
        else:
            found.add(word[:_STEM])
    return found


def hashtag_sequence(text: str) -> str | None:
    """Return the hashtags of a text in their order, each once; None where there are fewer than three.

    Examples
    --------
    >>> hashtag_sequence("Look #One and #two, #THREE #one")
    '#one #two #three'
    """
    written = _HASHTAG.findall(unicodedata.normalize("NFKC", _checked(text)))
    tags = (re.sub(r"\W+$", "", tag) for tag in written)
    folded = dict.fromkeys(fold_hashtag(tag) for tag in tags if len(tag) > 1)
    return " ".join(f"#{tag}" for tag in folded) if len(folded) >= 3 else None


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
    >>> differing_words("Vote for Ann today", "Please vote for Bob today"), differing_words("lied again", "lied")
    ('Vote → Please vote; Ann → Bob', '− again')
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
