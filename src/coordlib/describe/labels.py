"""Name networks by the words that set them apart: local, deterministic, and marked as made so.

A label is a pointer for a reader's eye, not a finding: it says which words are frequent in one
network's captions and rare in the others'. It knows no language: what every network says weighs
little, and a short word that recurs, as such words do in every language, counts once.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, pairwise
from typing import Any

import pandas as pd

from coordlib.columns import check_table
from coordlib.errors import takes_old_names
from coordlib.shown import Shown
from coordlib.urls import full_domain

#: How a label can have been made; shown to the reader beside it.
LOCAL, ENDPOINT, NONE = "local words (c-TF-IDF)", "language model", "no text"
MAX_WORDS = 8
MAX_TERMS = 5
#: Hashtags that ask for reach and say nothing about a topic: where all networks are one, nothing else tells.
_REACH_WORDS = (
    "foru fy viral virale viraltiktok viralvideo xyzbca parati paratii pourtoi perte pertee neiperte "
    "trend trending tiktok tiktoker tiktokindonesia capcut duet stitch explore explorepage reels reel "
    "shorts video videos follow followme like likes"
)
REACH_TAGS = frozenset(_REACH_WORDS.split())
_MAX_TAGS = 2
_MAX_TERM = 40
#: A term that weighs less than the heaviest divided by this says nothing about the network.
_RANGE = 4
#: Words up to this length count once however many captions hold them.
_SHORT = 4
_TOKEN = re.compile(r"https?://\S+|@[\w.]+|[#＃][\w·]+|[^\W_]+(?:['’][^\W_]+)*")
#: Scripts in which two signs are a word.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Label(Shown):
    """A network's name and how it came about.

    Attributes
    ----------
    text
        At most eight words on one line; empty where there is no text to go by.
    method
        How it was made, in words for the reader.
    details
        What the label rests on: counts and weights for a local one; prompt, model, time and
        response for one of a language model; the error where that failed.
    """

    text: str
    method: str
    details: dict[str, Any] = field(default_factory=dict)


@takes_old_names(component="network")
def label_components(
    posts: pd.DataFrame,
    *,
    network: str = "network",
    text: str = "text",
    hashtags: str | None = None,
    link: str | None = None,
    max_terms: int = MAX_TERMS,
) -> dict[Any, Label]:
    """Name each network by the terms of its posts that set it apart from the others.

    Parameters
    ----------
    posts
        One row per post (rows without a network are left out).
    network, text
        Columns with the network and the caption.
    hashtags
        Column with hashtags, as lists or comma-joined text; hashtags in captions count as well.
    link
        Column with a web address; its domain counts as a term.
    max_terms
        Phrases, hashtags and domains in a label at most.

    Returns
    -------
    dict
        A :class:`Label` per network, in sorted order of the networks.

    Raises
    ------
    MissingColumnError
        A named column is absent.

    Notes
    -----
    Class-based TF-IDF with BM25 weights and damped counts. The weight of term t in network c is
    ``√tf · ln(1 + (N − f + ½) / (f + ½))``: tf is the number of distinct captions of c that hold t
    (a caption copied a hundred times counts once, and so does a word repeated inside it), N the
    number of distinct captions outside c, f the number of those that hold t. Of words of up to four
    letters tf is 1. The eight heaviest terms are taken, at most two hashtags among them and none of less than a
    quarter of the heaviest weight; words that stand side by side in most captions that hold either are joined. Equal
    weights: longer words first where there are several captions, then the term that comes first in its caption, then by
    name. Hashtags that only ask for reach are left out.

    References
    ----------
    Grootendorst M (2022). BERTopic: Neural topic modeling with a class-based TF-IDF procedure.
    arXiv:2203.05794. Robertson S, Zaragoza H (2009). The probabilistic relevance framework: BM25
    and beyond. Foundations and Trends in Information Retrieval 3(4), doi:10.1561/1500000019.

    Examples
    --------
    >>> posts = pd.DataFrame({
    ...     "network": [1, 1, 2, 2],
    ...     "text": ["The harbour bridge reopens #news", "Harbour bridge: new photos",
    ...              "Green apple recipe #tea", "Best apple recipe #tea"],
    ... })
    >>> {number: label.text for number, label in label_components(posts, max_terms=2).items()}
    {1: 'harbour bridge · #news', 2: 'apple recipe · #tea'}
    """
    needed = [name for name in (network, text, hashtags, link) if name is not None]
    check_table(posts, needed, "posts to label")
    documents = pd.Series(_documents(posts, text, hashtags, link), index=posts.index, dtype="object")
    of_network = dict(iter(documents.groupby(posts[network], sort=True, dropna=True)))
    groups = {key: sorted(set(filter(any, found))) for key, found in of_network.items()}
    everywhere = _holders(set().union(*groups.values()))
    return {
        key: _label(own, everywhere, max_terms, {"posts": len(of_network[key]), "captions": len(own)})
        for key, own in groups.items()
    }


@takes_old_names(component="network")
def add_labels(networks: pd.DataFrame, labels: dict[Any, Label], *, network: str = "network") -> pd.DataFrame:
    """Return the table with ``label`` and ``label_method`` (str) after the network's number.

    A network without a label gets an empty one; the table handed in is not changed.

    Raises
    ------
    MissingColumnError
        The column of the network is absent.

    Examples
    --------
    >>> add_labels(pd.DataFrame({"network": [1]}), {1: Label("tea", LOCAL)}).iloc[0].to_list()[1:]
    ['tea', 'local words (c-TF-IDF)']
    """
    check_table(networks, [network], "networks to label")
    found = [labels.get(key, Label("", NONE)) for key in networks[network]]
    columns = {"label": [label.text for label in found], "label_method": [label.method for label in found]}
    table = networks.drop(columns=list(columns), errors="ignore")
    for place, (name, values) in enumerate(columns.items(), start=list(table.columns).index(network) + 1):
        table.insert(place, name, pd.Series(values, index=table.index, dtype="str"))
    return table


def term_weights(inside: Mapping[str, int], everywhere: Mapping[str, int]) -> dict[str, float]:
    """Weigh the terms of one class: ``√tf · ln(1 + (N − f + ½) / (f + ½))``, see :func:`label_components`.

    Both map a term to the number of captions that hold it, and "" to the number of captions.
    """
    others = everywhere[""] - inside[""]
    weights = {}
    for term, held in inside.items():
        if term:
            elsewhere = everywhere[term] - held
            counted = held if len(term) > _SHORT or _DENSE.search(term) else 1
            weights[term] = math.sqrt(counted) * math.log1p((others - elsewhere + 0.5) / (elsewhere + 0.5))
    return weights


#: The terms of one caption in their order; "" where something stands between two.
_Document = tuple[str, ...]


def subjects(networks: pd.DataFrame) -> list[tuple[str, int]]:
    """Labels and their accounts, networks of one label taken together, the largest first."""
    named = networks[networks["label"].fillna("") != ""]
    sizes = named.groupby("label", sort=True)["n_accounts"].sum().sort_values(ascending=False, kind="stable")
    return [(str(label), int(size)) for label, size in sizes.items()]


def _documents(posts: pd.DataFrame, text: str, hashtags: str | None, link: str | None) -> list[_Document]:
    nothing = [None] * len(posts)
    columns = (posts[name] if name else nothing for name in (text, hashtags, link))
    terms_of, found = cache(_terms), []
    for caption, tags, url in zip(*columns, strict=True):
        terms = terms_of(caption if isinstance(caption, str) else "")
        host = full_domain(url).removeprefix("www.") if isinstance(url, str) else ""
        more = [term for term in (*_tags(tags), host) if term and term not in terms]
        found.append((*terms, *(part for term in more for part in ("", term))))
    return found


def _holders(documents: Iterable[_Document]) -> Counter[str]:
    """Count the documents that hold each term, and under "" all of them."""
    return Counter(chain.from_iterable({*document, ""} for document in documents))


def _label(
    own: Sequence[_Document], everywhere: Counter[str], max_terms: int, details: dict[str, Any]
) -> Label:
    inside = _holders(own)
    weights = term_weights(inside, everywhere)
    first: dict[str, int] = {}
    for document in own:
        for place, term in enumerate(document):
            first[term] = min(place, first.get(term, place))

    def rank(term: str) -> tuple[float, int, int, str]:
        # Of what weighs the same in several captions a longer word says more, up to eight letters.
        brevity = 0 if term[0] == "#" or len(own) == 1 else max(0, 8 - len(term))
        return -round(weights[term], 9), brevity, first[term], term

    least = max(weights.values(), default=0.0) / _RANGE
    chosen = _choose(sorted((term for term, weight in weights.items() if weight >= least), key=rank))
    if not chosen:
        return Label("", NONE, details)
    phrases = _phrases(chosen, own, inside)
    long = [
        words for words in phrases if len(words) > 1 or len(words[0]) >= _SHORT or _DENSE.search(words[0])
    ]
    shown = (long or phrases)[:max_terms]
    terms = [term for words in shown for term in words]
    held = {term: {"captions": inside[term], "weight": round(weights[term], 6)} for term in terms}
    return Label(" · ".join(map(" ".join, shown)), LOCAL, {**details, "terms": held})


def _choose(ranked: Sequence[str]) -> list[str]:
    """Take the heaviest terms that say something new."""
    chosen: dict[str, str] = {}
    for term in ranked:
        tags = [other for other in chosen.values() if other[0] == "#"]
        if term[0] != "#" or len(tags) < _MAX_TAGS:
            chosen.setdefault(term.lstrip("#"), term)
        if len(chosen) == MAX_WORDS:
            break
    return list(chosen.values())


def _phrases(
    chosen: Sequence[str], documents: Sequence[_Document], inside: Mapping[str, int]
) -> list[list[str]]:
    """Join chosen words that stand side by side in most captions that hold either; the heaviest word of a phrase places it."""
    words = {term for term in chosen if term[0] != "#" and "." not in term}
    beside = Counter(pair for document in documents for pair in pairwise(document) if words.issuperset(pair))
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    for left, right in sorted(beside, key=lambda pair: (-beside[pair], pair)):
        together = 2 * beside[left, right] > max(inside[left], inside[right])
        if together and left not in after and right not in before:
            after[left], before[right] = right, left
    phrases: list[list[str]] = []
    for term in chosen:
        if any(term in phrase for phrase in phrases):
            continue
        phrases.append(run := [term])
        while (word := after.get(run[-1])) is not None and word not in run:
            run.append(word)
        while (word := before.get(run[0])) is not None and word not in run:
            run.insert(0, word)
    return phrases


def _terms(caption: str) -> _Document:
    """Return words, hashtags and domains in their order, and "" for what is none of them."""
    return tuple(_term(token) for token in _TOKEN.findall(_folded(caption).replace("’", "'")))


def _folded(text: str) -> str:
    """Return lower case in one spelling; İ is the letter i."""
    return unicodedata.normalize("NFKC", text).casefold().replace("i\u0307", "i")


def _term(token: str) -> str:
    if "://" in token:
        return full_domain(token).removeprefix("www.")
    if token[0] == "#":
        return token if _is_topic(token[1:]) else ""
    if token[0] == "@" or token in REACH_TAGS or token.isdigit() or len(token) > _MAX_TERM:
        return ""
    return token if len(token) >= (2 if _DENSE.search(token) else 3) else ""


def _tags(value: object) -> list[str]:
    items = re.split(r"[,\s]+", value) if isinstance(value, str) else value
    if not isinstance(items, Iterable):
        return []
    tags = [_folded(str(item)).lstrip("#") for item in items]
    return [f"#{tag}" for tag in dict.fromkeys(tags) if _is_topic(tag)]


def _is_topic(tag: str) -> bool:
    return 1 < len(tag) <= _MAX_TERM and tag not in REACH_TAGS and not tag.startswith(("fyp", "foryou"))
