"""The page for addresses that are not there: a host shows it at any depth, so it must find its styles from anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from coordlib.report.text import json_for_page

#: The page is written by a script, since a browser would ask for its styles before any script could say where they are:
#: in the folder above ``reports/``, or else where the address is.
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page not found</title></head><body>
<noscript><h1>Page not found</h1><p>There is no page at this address.</p></noscript>
<script>(function () {
var path = location.pathname, at = path.indexOf("/reports/"), root = path.slice(0, (at < 0 ? path.lastIndexOf("/") : at) + 1);
var page = PAGE.replace("<head>", "<head><base href=\\"" + root.replace(/"/g, "%22") + "\\">");
document.open(); document.write(page); document.close();
})();</script></body></html>
"""


def fit_any_depth(built: Path, address: str | None) -> None:
    """Make the rendered 404 page of a site look right wherever a host shows it.

    Quarto writes its links from the root of the host, with the path of the site's `address`.
    """
    root = re.escape(urlsplit(address or "").path.rstrip("/") + "/")
    page = built / "404.html"
    if page.is_file():
        text = re.sub(rf'(\s(?:href|src|content)="){root}(?!/)', r"\1./", page.read_text(encoding="utf-8"))
        page.write_text(_PAGE.replace("PAGE", json_for_page(text), 1), encoding="utf-8")
