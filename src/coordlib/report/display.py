"""Things that show themselves: at the end of a notebook's cell, in nbconvert, and on the site.

Where its form on the site differs, an object carries that form under :data:`PAGE`, which Jupyter passes over.
"""

from __future__ import annotations

import html as markup
import re
from pathlib import Path

from coordlib.shown import in_notebook

#: Where the style, the README and the page of a drawing are.
TEMPLATES = Path(__file__).parent / "templates"

#: What an object looks like on the site, where that is not what a notebook shows.
PAGE = "application/vnd.coordlib.page+html"
_TAGS = re.compile(r"<[^>]+>")


class Html:
    """A piece of a page that shows itself at the end of a cell.

    Parameters
    ----------
    html
        Its markup; everything an account wrote is escaped in it already.
    page
        Its form on the site, where that differs.
    """

    def __init__(self, html: str, page: str | None = None) -> None:
        self.html, self.page = html, page

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        bundle = {"text/html": in_notebook(self.html), "text/plain": repr(self)}
        return bundle if self.page is None else bundle | {PAGE: self.page}

    def __repr__(self) -> str:
        rows = re.sub(r"</(tr|p|caption|li|div)>", "\n", re.sub(r"</t[hd]>", "  ", self.html))
        lines = [" ".join(line.split()) for line in markup.unescape(_TAGS.sub("", rows)).splitlines()]
        return "\n".join(line for line in lines if line)[:2000]


def stack(*parts: Html) -> Html:
    """Return several pieces as one."""
    pages = [part.html if part.page is None else part.page for part in parts]
    return Html("".join(part.html for part in parts), "".join(pages) if any(p.page for p in parts) else None)
