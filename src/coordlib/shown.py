"""What a function returns shows itself at the end of a notebook's cell: one table of its parts, in words, and nothing of strangers' making in it but text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: Characters that turn the reading direction and could disguise what a cell says.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: The least a notebook needs to look right under Jupyter's own style; the site has a style sheet of its own.
_CSS = "".join(Path(__file__).with_name("notebook.css").read_text(encoding="utf-8").splitlines())
STYLE = f"<style data-coordlib>{_CSS}</style>"
#: Characters of a value, and of one among others, and how many of these are shown.
_LONGEST, _LONGEST_INSIDE, _MOST = 300, 40, 6


def clean_text(value: object) -> str:
    """Return text without characters that no file format carries (controls, lone surrogates)."""
    return _CONTROL.sub("", str(value))


def in_one_direction(value: object) -> str:
    """Return clean text without characters that turn the reading direction and could disguise a name."""
    return _DIRECTION.sub("", clean_text(value))


def escape(value: object) -> str:
    """Return a value as text that is inert in HTML, attributes included."""
    return html.escape(in_one_direction(value), quote=True)


def in_notebook(markup: str) -> str:
    """Return a piece of a page as a notebook shows it."""
    # Jupyter would set "$…$" in what an account wrote as a formula, with links of the account's own in it.
    return f'{STYLE}<div class="tex2jax_ignore mathjax_ignore">{markup}</div>'


def two_columns(caption: str, rows: Mapping[str, str]) -> str:
    """Return names and what stands beside them, which is markup already, as a table."""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{cell}</td></tr>' for name, cell in rows.items()
    )
    return f'<table class="cl-facts"><caption>{escape(caption)}</caption><tbody>{lines}</tbody></table>'


class Shown:
    """Base of what functions return: at the end of a cell it is a table of its parts, captioned by its first sentence.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Found(Shown):
    ...     '''What was found: an example.'''
    ...     n_pairs: int
    ...     names: list[str]
    >>> "pairs</th><td>1,200</td></tr>" in Found(1200, ["<b>"])._repr_html_()
    True
    """

    __slots__ = ()
    #: What a part is called in the table, where its name does not say it.
    _names: ClassVar[Mapping[str, str]] = {}

    def _parts(self) -> Mapping[str, Any]:
        """Name to value, without what its ``repr`` leaves out."""
        known: Any = self
        own = getattr(known, "model_fields", None) or {part.name: part for part in fields(known)}
        return {name: getattr(self, name) for name, part in own.items() if part.repr}

    def _repr_html_(self) -> str:
        told = re.sub(r":\w+:|[`*]|\bcoordlib\.", "", self.__doc__ or type(self).__name__)
        rows = {name: escape(in_few_words(value)) for name, value in _labelled(self).items()}
        return in_notebook(two_columns(re.split(r"[.;:](?:\s|$)", told)[0], rows))


class InOrder:
    """Base of what was a tuple of its fields once: they can still be unpacked, counted and taken by place."""

    def __iter__(self) -> Iterator[Any]:
        known: Any = self
        return (getattr(self, part.name) for part in fields(known))

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    def __getitem__(self, place: Any) -> Any:
        return tuple(self)[place]


def in_few_words(value: Any, *, inside: bool = False) -> str:
    """Return a value as a reader understands it at a glance, what is long by its size and its first entries; what is `inside` another is shorter.

    Examples
    --------
    >>> in_few_words({"least": 0.5, "accounts": list(range(1000)), "terms": {"tea": 3, "cake": 1}})
    'least = 0.5; accounts = 0 · 1 · 2 · 3 · 4 · 5 and 994 more; terms = tea · cake'
    """
    longest = _LONGEST_INSIDE if inside and isinstance(value, str) else _LONGEST
    return text if len(text := _words(value, inside)) <= longest else f"{text[:longest]}…"


def _words(value: Any, inside: bool) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}".removesuffix(".0") if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, Path):  # a notebook is shown to others: not where the machine keeps its files
        return "/".join(("…", *value.parts[-3:])) if value.is_absolute() else value.as_posix()
    if hasattr(value, "number_of_edges"):
        return f"{_count(value.number_of_nodes(), 'node')}, {_count(value.number_of_edges(), 'edge')}"
    if hasattr(value, "columns"):
        return f"{_count(len(value), 'row')}: {_listed(value.columns, ', ', 12)}"
    if hasattr(value, "shape"):
        return _count(len(value), "value")
    if _plain(value):
        value = _labelled(value)
    if isinstance(value, Mapping):
        if inside or _plain(next(iter(value.values()), None)):
            return _listed(value, " · ")
        return _listed(value.items(), "; ", words=lambda entry: f"{entry[0]} = {_among(entry[1])}")
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        if _plain(next(iter(value), None)):
            return f"{len(value):,} entr{'y' if len(value) == 1 else 'ies'}"
        return _listed(sorted(value, key=str) if isinstance(value, set | frozenset) else value, " · ")
    return "a rule" if callable(value) else " ".join(str(value).split()) or "none"


def _labelled(value: Shown) -> dict[str, Any]:
    """What stands in its table, each under a name for readers; what is used as a dict keeps its keys."""
    if isinstance(value, Mapping):
        return dict(value)
    return {
        value._names.get(name) or name.removeprefix("n_").replace("_", " ").strip(): part
        for name, part in value._parts().items()
    }


def _plain(value: object) -> bool:
    """Whether it has no words of its own, but those that dataclass or pydantic wrote."""
    kind = type(value)
    made = hasattr(kind.__repr__, "__wrapped__") or hasattr(kind, "model_fields")
    return isinstance(value, Shown) and made and "__str__" not in vars(kind)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _among(value: Any) -> str:
    return in_few_words(value, inside=True)


def _listed(
    values: Collection[Any], between: str, most: int = _MOST, words: Callable[[Any], str] = _among
) -> str:
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    return (between.join(map(words, islice(values, most))) or "none") + more
