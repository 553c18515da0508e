"""Text that accounts wrote, made safe for pages, addresses and spreadsheets."""

from __future__ import annotations

import html
import json
import re

_FORMULA = re.compile(r"^'*[=+\-@\t\r\n|%＝＋－＠]")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FOLDERS = re.compile(r"(?<![\w/:.])/(?:[^\s/:'\"<>]+/)*([^\s/:'\"<>]+/)")
#: Characters that turn the reading direction and could disguise what a cell says.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean_text(value: object) -> str:
    """Return text without characters that no file format carries (controls, lone surrogates)."""
    return _CONTROL.sub("", str(value))


def in_one_direction(value: object) -> str:
    """Return clean text without characters that turn the reading direction and could disguise a name."""
    return _DIRECTION.sub("", clean_text(value))


def escape(value: object) -> str:
    """Return a value as text that is inert in HTML, attributes included."""
    return html.escape(in_one_direction(value), quote=True)


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
