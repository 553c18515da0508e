"""The reference list, formatted by us so that both renderers print it the same.

bibtexparser reads the file; every field is escaped, a DOI must look like one, an address must be http(s).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware

from coordlib.errors import FileFormatError, PublishError
from coordlib.report.text import escape, safe_url

_DOI = re.compile(r"^10\.\d{4,9}/\S+$")


def read_references(path: Path | str) -> dict[str, dict[str, str]]:
    """Return the entries of a BibTeX file by key, sorted; each maps field to text.

    Raises
    ------
    PublishError
        The file is absent.
    FileFormatError
        An entry cannot be read, or a key is there twice.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PublishError(f"{path}: the reference list cannot be read ({error.strerror})") from error
    library = parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    if library.failed_blocks:
        block = library.failed_blocks[0]
        raise FileFormatError(
            f"{path}, line {(block.start_line or 0) + 1}: this entry cannot be read as BibTeX"
        )
    return {
        entry.key: {field.key.lower(): _plain(str(field.value)) for field in entry.fields}
        for entry in sorted(library.entries, key=lambda entry: entry.key)
    }


def _plain(value: str) -> str:
    return " ".join(re.sub(r"[{}]", "", value).split())


def format_reference(entry: dict[str, str]) -> str:
    """Return one entry as HTML: authors, year, title, where, link.

    Examples
    --------
    >>> format_reference({"author": "A, B", "year": "2020", "title": "<b>", "doi": "10.1/no"})
    'A, B (2020). &lt;b&gt;.'
    """
    people = _people(entry.get("author") or entry.get("editor") or "")
    year = escape(entry.get("year") or entry.get("date", "")[:4] or "n.d.")
    parts = [f"{people} ({year})." if people else f"({year}).", _sentence(escape(entry.get("title", "")))]
    where = (
        entry.get("journal") or entry.get("booktitle") or entry.get("publisher") or entry.get("howpublished")
    )
    if where:
        numbers = escape(entry.get("volume", ""))
        numbers += f"({escape(entry['number'])})" if entry.get("number") else ""
        pages = escape(entry.get("pages", "").replace("--", "–"))
        parts.append(
            _sentence(", ".join(part for part in (f"<em>{escape(where)}</em>", numbers, pages) if part))
        )
    doi, url = entry.get("doi", ""), safe_url(entry.get("url", ""))
    if _DOI.match(doi):
        address = f"https://doi.org/{doi}"
        parts.append(f'<a href="{escape(address)}">{escape(address)}</a>')
    elif url:
        parts.append(f'<a href="{escape(url)}">{escape(url)}</a>')
    return " ".join(part for part in parts if part)


def _people(names: str) -> str:
    people = [part.strip() for part in re.split(r"\s+and\s+", names) if part.strip()]
    shown = [escape(person) for person in people[:6]]
    if len(people) > 6:
        return ", ".join(shown) + " et al."
    return " &amp; ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 2 else shown)


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "?", "!")) else text + "."


def references_html(path: Path | str, keys: Iterable[str] | None = None) -> str:
    """Return the list (or only the named entries) as HTML with an anchor ``ref-KEY`` for each."""
    entries = read_references(path)
    wanted = list(entries) if keys is None else sorted(set(keys))
    unknown = [key for key in wanted if key not in entries]
    if unknown:
        raise PublishError(f"{path}: no entry named {', '.join(unknown)}; there are {', '.join(entries)}")
    items = [f'<li id="ref-{escape(key)}">{format_reference(entries[key])}</li>' for key in wanted]
    return '<ol class="references">' + "\n".join(items) + "</ol>"
