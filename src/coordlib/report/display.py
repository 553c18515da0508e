"""Things that show themselves: at the end of a notebook's cell, in nbconvert, and on the site.

In a notebook an object is ordinary ``text/html``. Where its form on the site differs (a drawing for phones beside the one
for desks, a frame that loads a file), it carries that form under :data:`PAGE`, which Jupyter passes over.
"""

from __future__ import annotations

import html as markup
import re
from typing import Any

#: What an object looks like on the site, where that is not what a notebook shows.
PAGE = "application/vnd.coordlib.page+html"
#: The least a notebook needs to look right under Jupyter's own style; the site has a style sheet of its own.
STYLE = (
    "<style data-coordlib>"
    ".cl-scroll{overflow:auto;max-height:30rem}.cl-table table,.cl-facts{border-collapse:collapse;margin:.3rem 0}"
    ".cl-table caption,.cl-facts caption{caption-side:top;text-align:left;font-weight:600;padding:.2rem 0;color:inherit}"
    ".cl-table th,.cl-table td,.cl-facts th,.cl-facts td{text-align:left!important;vertical-align:top!important;"
    "padding:.25rem .6rem .25rem 0;max-width:34rem;white-space:pre-line;overflow-wrap:break-word}.cl-csv,.cl-how{display:none}"
    ".cl-table .num{text-align:right!important;white-space:nowrap}.cl-table .time{white-space:nowrap}"
    ".cl-table .long{min-width:18rem}.cl-note{opacity:.8;font-size:.9em;margin:.2rem 0}"
    ".cl-banner{border-left:.35rem solid #8a8f98;padding:.4rem .8rem;margin:.3rem 0}"
    ".cl-found{border-color:#0b6b50}.cl-warn{border-color:#c07c00}.cl-failed{border-color:#c0392b}"
    ".cl-simulated{border-color:#8e44ad}.cl-cite pre{white-space:pre-wrap}"
    "</style>"
)
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
        # Jupyter would set "$…$" in what an account wrote as a formula, with links of the account's own in it.
        shown = f'{STYLE}<div class="tex2jax_ignore mathjax_ignore">{self.html}</div>'
        bundle = {"text/html": shown, "text/plain": repr(self)}
        return bundle if self.page is None else bundle | {PAGE: self.page}

    def __repr__(self) -> str:
        rows = re.sub(r"</(tr|p|caption|li|div)>", "\n", re.sub(r"</t[hd]>", "  ", self.html))
        lines = [" ".join(line.split()) for line in markup.unescape(_TAGS.sub("", rows)).splitlines()]
        return "\n".join(line for line in lines if line)[:2000]


def stack(*parts: Html) -> Html:
    """Return several pieces as one."""
    pages = [part.html if part.page is None else part.page for part in parts]
    return Html("".join(part.html for part in parts), "".join(pages) if any(p.page for p in parts) else None)


def page_html(data: dict[str, Any]) -> str | None:
    """Return what an output of a cell shows on the site: its own form for it, else its HTML without our style."""
    own = data.get(PAGE)
    found = own if own is not None else data.get("text/html")
    text = "".join(found) if isinstance(found, list) else found
    return None if text is None else text.replace(STYLE, "")
