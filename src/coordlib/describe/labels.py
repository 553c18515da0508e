# ruff: noqa: SIM905 - a list of words is easier to read as one text
"""Name networks by the words that set them apart: local, deterministic, and marked as made so.

A label is a pointer for a reader's eye, not a finding: it says which words are frequent in one
network's captions and rare in the others'.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pandas as pd
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from stop_words import AVAILABLE_LANGUAGES, LANGUAGE_MAPPING, get_stop_words

from coordlib.errors import MissingColumnError
from coordlib.urls import full_domain

#: How a label can have been made; shown to the reader beside it.
LOCAL, ENDPOINT, NONE = "local words (c-TF-IDF)", "language model", "no text"
MAX_WORDS = 8
MAX_TERMS = 5
#: Hashtags that ask for reach and say nothing about a topic.
REACH_TAGS = frozenset(
    "foru fy viral virale viraltiktok viralvideo xyzbca "
    "parati paratii pourtoi perte pertee neiperte trend trending tiktok tiktoker tiktokindonesia capcut duet stitch "
    "explore explorepage reels reel shorts video videos follow followme like likes".split()
)
_MAX_TAGS = 2
_MAX_TERM = 40
_MIN_LETTERS = 20
_MIN_CONFIDENCE = 0.5
_TOKEN = re.compile(r"https?://\S+|@[\w.]+|[#＃][\w·]+|[^\W_]+(?:['’][^\W_]+)*")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Label:
    """A network's name and how it came about.

    Attributes
    ----------
    text
        At most eight words on one line; empty where there is no text to go by.
    method
        How it was made, in words for the reader.
    language
        ISO 639 code of most of the captions; None where that is not clear.
    details
        What the label rests on: counts and weights for a local one; prompt, model, time and
        response for one of a language model; the error where that failed.
    """

    text: str
    method: str
    language: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def label_components(
    posts: pd.DataFrame,
    *,
    component: str = "network",
    text: str = "text",
    hashtags: str | None = None,
    link: str | None = None,
    max_terms: int = MAX_TERMS,
) -> dict[Any, Label]:
    """Name each component by the terms of its posts that set it apart from the others.

    Parameters
    ----------
    posts
        One row per post (rows without a component are left out).
    component, text
        Columns with the component and the caption.
    hashtags
        Column with hashtags, as lists or comma-joined text; hashtags in captions count as well.
    link
        Column with a web address; its domain counts as a term.
    max_terms
        Terms in a label at most.

    Returns
    -------
    dict
        A :class:`Label` per component, in sorted order of the components.

    Raises
    ------
    MissingColumnError
        A named column is absent.

    Notes
    -----
    Class-based TF-IDF: the weight of term t in component c is ``tf(t,c) · ln(1 + A / f(t))``, where
    tf counts the distinct captions of c that hold t (a caption copied a hundred times counts
    once, and so does a word repeated inside it), f(t) is the sum of tf over all components and A
    the mean number of terms per component. Stop words of 33 languages and hashtags that only ask
    for reach are left out. Equal weights: the term that comes first in its caption, then by name.

    References
    ----------
    Grootendorst M (2022). BERTopic: Neural topic modeling with a class-based TF-IDF procedure.
    arXiv:2203.05794.

    Examples
    --------
    >>> posts = pd.DataFrame({
    ...     "network": [1, 1, 2, 2],
    ...     "text": ["The harbour bridge reopens #news", "Harbour bridge: new photos",
    ...                     "Green tea recipe #tea", "Best tea recipe #tea"],
    ... })
    >>> {number: label.text for number, label in label_components(posts, max_terms=2).items()}
    {1: 'harbour bridge · reopens', 2: 'tea recipe · green'}
    """
    needed = [name for name in (component, text, hashtags, link) if name is not None]
    missing = [name for name in needed if name not in posts.columns]
    if missing:
        raise MissingColumnError.from_names(missing, posts.columns, "posts to label")
    groups = {
        key: _Texts.of(group, text, hashtags, link)
        for key, group in posts.groupby(component, sort=True, dropna=True)
    }
    weights = class_tf_idf({key: texts.counts for key, texts in groups.items()})
    return {key: _label(texts, weights[key], max_terms) for key, texts in groups.items()}


def add_labels(
    networks: pd.DataFrame, labels: dict[Any, Label], *, component: str = "network"
) -> pd.DataFrame:
    """Return the table with ``label``, ``label_method`` and ``language`` (str) after the network's number.

    A network without a label gets an empty one; the table handed in is not changed.

    Raises
    ------
    MissingColumnError
        The column of the component is absent.

    Examples
    --------
    >>> add_labels(pd.DataFrame({"network": [1]}), {1: Label("tea", LOCAL, "en")}).iloc[0].to_list()[1:]
    ['tea', 'local words (c-TF-IDF)', 'en']
    """
    if component not in networks.columns:
        raise MissingColumnError.from_names([component], networks.columns, "networks to label")
    none = Label("", NONE)
    found = [labels.get(key, none) for key in networks[component]]
    columns = {
        "label": [label.text for label in found],
        "label_method": [label.method for label in found],
        "language": [label.language for label in found],
    }
    table = networks.drop(columns=list(columns), errors="ignore")
    for place, (name, values) in enumerate(columns.items(), start=list(table.columns).index(component) + 1):
        table.insert(place, name, pd.Series(values, index=table.index, dtype="str"))
    return table


def class_tf_idf(counts: dict[Any, Counter[str]]) -> dict[Any, dict[str, float]]:
    """Weigh the terms of each class: ``tf · ln(1 + A / f)``, see :func:`label_components`."""
    total: Counter[str] = Counter()
    for terms in counts.values():
        total.update(terms)
    mean = sum(total.values()) / max(len(counts), 1)
    return {
        key: {term: count * math.log1p(mean / total[term]) for term, count in terms.items()}
        for key, terms in counts.items()
    }


def detect_language(captions: Iterable[str]) -> tuple[str | None, dict[str, int]]:
    """Return the language of most captions (None if no half agrees) and the count of each.

    Captions with fewer than twenty letters, and those the detector is unsure of, do not vote.

    Examples
    --------
    >>> detect_language(["Leggete questa notizia importante di oggi, per favore"])
    ('it', {'it': 1})
    """
    votes: Counter[str] = Counter()
    for caption in sorted(set(captions)):
        words = " ".join(
            token for token in _TOKEN.findall(caption) if token[0] not in "#＃@" and "://" not in token
        )
        if sum(character.isalpha() for character in words) < _MIN_LETTERS and not _HAN.search(words):
            continue
        language, confidence = _identifier().classify(words)
        if confidence >= _MIN_CONFIDENCE and language not in {"und", "zxx"}:
            votes[str(language)] += 1
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] * 2 < votes.total():
        return None, dict(ranked)
    return ranked[0][0], dict(ranked)


@dataclass
class _Texts:
    """The terms of one component: in how many distinct captions, and how early in them."""

    captions: list[str]
    counts: Counter[str]
    first: dict[str, int]
    posts: int

    @classmethod
    def of(cls, group: pd.DataFrame, text: str, hashtags: str | None, link: str | None) -> _Texts:
        captions = sorted(set(group[text].dropna().astype(str)) - {""})
        texts = cls(captions, Counter(), {}, len(group))
        for caption in captions:
            texts._add(_terms(caption))
        if hashtags is not None:
            for tags in sorted({_tags(value) for value in group[hashtags]}):
                known = {term for term in tags if texts.counts[term]}
                texts._add([(term, 1000) for term in tags if term not in known])
        if link is not None:
            hosts = {full_domain(url).removeprefix("www.") for url in group[link].dropna().astype(str)}
            texts._add([(host, 2000) for host in sorted(hosts) if host])
        return texts

    def _add(self, terms: Iterable[tuple[str, int]]) -> None:
        places: dict[str, int] = {}
        for term, place in terms:
            places.setdefault(term, place)
        for term, place in places.items():
            self.counts[term] += 1
            self.first[term] = min(place, self.first.get(term, place))


def _label(texts: _Texts, weights: dict[str, float], max_terms: int) -> Label:
    language, votes = detect_language(texts.captions)
    details: dict[str, Any] = {"posts": texts.posts, "captions": len(texts.captions), "languages": votes}
    ranked = sorted(weights, key=lambda term: (-weights[term], texts.first[term], -len(term), term))
    chosen = _choose(ranked, max_terms)
    if not chosen:
        return Label("", NONE, language, details)
    details["terms"] = {
        term: {"captions": texts.counts[term], "weight": round(weights[term], 6)} for term in chosen
    }
    return Label(" · ".join(chosen), LOCAL, language, details)


def _choose(ranked: Sequence[str], max_terms: int) -> list[str]:
    """Take the heaviest terms that say something new, up to eight words."""
    chosen: list[str] = []
    words: set[str] = set()
    for term in ranked:
        parts = term.lstrip("#").split()
        if words & set(parts) or (term[0] == "#" and sum(other[0] == "#" for other in chosen) == _MAX_TAGS):
            continue
        if len(words) + len(parts) > MAX_WORDS:
            continue
        chosen.append(term)
        words.update(parts)
        if len(chosen) == max_terms:
            break
    return chosen


def _terms(caption: str) -> list[tuple[str, int]]:
    """Return words, pairs of neighbouring words, hashtags and domains with their place."""
    found: list[tuple[str, int]] = []
    before: str | None = None
    text = unicodedata.normalize("NFKC", caption).casefold().replace("’", "'")
    for place, token in enumerate(_TOKEN.findall(text)):
        word: str | None = None
        if "://" in token:
            host = full_domain(token).removeprefix("www.")
            found += [(host, place)] if host else []
        elif token[0] == "#":
            found += [(token, place)] if _is_topic(token[1:]) else []
        elif token[0] != "@" and _says_something(token):
            word = token
            if before is not None:
                found.append((f"{before} {word}", place - 1))
            found.append((word, place))
        before = word
    return found


def _says_something(word: str) -> bool:
    if word in _stop_words() or word in REACH_TAGS or word.isdigit() or len(word) > _MAX_TERM:
        return False
    return len(word) >= (2 if _HAN.search(word) else 3)


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        items: Iterable[object] = re.split(r"[,\s]+", value)
    elif isinstance(value, Iterable):
        items = value
    else:
        return ()
    tags = [unicodedata.normalize("NFKC", str(item)).casefold().lstrip("#") for item in items]
    return tuple(f"#{tag}" for tag in dict.fromkeys(tags) if _is_topic(tag))


def _is_topic(tag: str) -> bool:
    return 1 < len(tag) <= _MAX_TERM and tag not in REACH_TAGS and not tag.startswith(("fyp", "foryou"))


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    """Stop words of all languages at once: captions mix languages, and a name needs none of them."""
    codes = sorted(set(LANGUAGE_MAPPING) | set(AVAILABLE_LANGUAGES))
    return frozenset(word.casefold() for code in codes for word in get_stop_words(code))
