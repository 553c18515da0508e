"""An executed notebook as a page: its front matter, and pages that say in words what happened.

nbformat, which takes its time, is imported where it is used: the kernel of every report imports this package.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from coordlib.files import written
from coordlib.report.display import PAGE
from coordlib.report.figures import in_few_colours
from coordlib.report.words import raw_block
from coordlib.shown import STYLE

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: Makes the tables of a page sortable, its evidence open; the address is that of a page two folders below reports/.
TABLE_SCRIPT = "".join(
    f'<script src="../../assets/{name}.js" defer></script>' for name in ("table", "evidence")
)
_HIDDEN = {"parameters", "injected-parameters", "remove-cell"}
#: Foot of every report.
_FOOT = "What no report here can find, and how often it was missed when it was known to be there: [what this cannot see](../../method.qmd#what-this-cannot-see)."
#: What else both renderers show without loading anything.
_PLAIN = ("image/png", "image/jpeg", "image/svg+xml", "text/markdown", "text/latex", "text/plain")
#: What would load something from another host.
_FOREIGN = re.compile(
    r"""<script\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?//[^>]*>.*?</script\s*>|<link\b[^>]*\bhref\s*=\s*["']?(?:https?:)?//[^>]*>""",
    re.IGNORECASE | re.DOTALL,
)
_LEFT_OUT = (
    '<p class="cl-note">What this output loads from elsewhere is in the notebook and not on the page.</p>'
)
#: The drawing a notebook shows, half a megabyte of script in it, and the still picture that is on the page.
_DRAWING = re.compile(r'<iframe srcdoc="[^"]*"[^>]*></iframe>')
_STILL = re.compile(r'<figure class="cl-still"><svg (.*? aria-label="(.*?)">.*?)</figure>', re.DOTALL)
_RUN_IT = '<p class="cl-note">A still picture: this cell, when it is run, makes the drawing in which one can search.</p>'
#: What of a table a downloaded notebook shows.
_BODY = re.compile(r"(?<=<tbody>\n)(?:(?!</tbody>).)*(?=\n</tbody>)", re.DOTALL)
_ROWS = 25
_FIRST = f'<p class="cl-note">The first {_ROWS} rows here, more on the page, all in the CSV and when this cell is run.</p>'
#: A parameter whose value is an absolute path (POSIX or Windows).
_PLACE = re.compile(r"""^(\w+) = ["'](?:/|[A-Za-z]:\\).*$""", re.MULTILINE)


def front_matter(meta: Mapping[str, Any]) -> str:
    """Return front matter as text; YAML does the quoting."""
    return f"---\n{yaml.safe_dump(dict(meta), sort_keys=False, allow_unicode=True, width=10_000)}---"


def head_of(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the front matter in the raw first cell of a notebook, empty where there is none."""
    raw = bool(cells) and cells[0]["cell_type"] == "raw"
    text = "".join(cells[0]["source"]).strip() if raw else ""
    value = yaml.safe_load(text.strip("-")) if text.startswith("---") else None
    return value if isinstance(value, dict) else {}


def set_front_matter(path: Path, meta: Mapping[str, Any]) -> None:
    """Merge entries into a notebook's front matter, making the raw first cell where there is none."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    before = head_of(notebook.cells)
    head = nbformat.v4.new_raw_cell(front_matter({**before, **meta}), id="front-matter")
    notebook.cells = [head, *notebook.cells[1 if before else 0 :]]
    write_notebook(path, notebook)


def set_note(path: Path, name: str, html: str = "") -> None:
    """Put a note on top of a page in the place of an earlier one of that name, or take that off; as it was, a page is left alone."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.get("id") != name]
    if html:
        place = 1 if head_of(notebook.cells) else 0
        cells.insert(place, nbformat.v4.new_markdown_cell(raw_block(html), id=name))
    if cells != notebook.cells:
        notebook.cells = cells
        write_notebook(path, notebook)


def _without_traces(notebook: NotebookNode) -> NotebookNode:
    """A copy without what papermill noted, its cells numbered."""
    copy = deepcopy(notebook)
    copy.metadata.pop("papermill", None)
    for number, cell in enumerate(copy.cells):
        cell["id"] = f"cell-{number}"
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
    return copy


def as_executed(notebook: NotebookNode, *, still: bool = False) -> NotebookNode:
    """Return an executed notebook as it is kept, without the machine's paths; `still`, beside a page, with pictures and short tables."""
    copy = _without_traces(notebook)
    for cell in copy.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = _PLACE.sub(r"# \1: a place on the machine this ran on", cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if still and "image/png" in data and data.pop("image/svg+xml", None):
                data["image/png"] = in_few_colours("".join(data["image/png"]))
            picture = _STILL.search("".join(data.pop(PAGE, "")))
            if still and "text/html" in data:
                html = _shortened("".join(data["text/html"]))
                data["text/html"] = (
                    (_image(*picture.groups()) + _RUN_IT).join(_DRAWING.split(html)) if picture else html
                )
    return copy


def _image(drawn: str, title: str) -> str:
    """Return the still picture as an image: of a drawing in the HTML Jupyter shows only the names, until the notebook is trusted."""
    style = 'xmlns="http://www.w3.org/2000/svg" width="900" color="#888" fill="#fff" font-family="sans-serif" font-size="13" text-anchor="middle"'
    coded = base64.b64encode(f"<svg {style} {drawn}".encode()).decode("ascii")
    return f'<img alt="{title}" style="max-width:100%" src="data:image/svg+xml;base64,{coded}">'


def _shortened(html: str) -> str:
    """Return an output with the first rows of each of our tables; escaped cells hold no tag that ends a row."""

    def first(body: re.Match[str]) -> str:
        return "</tr>\n".join(body[0].split("</tr>\n")[:_ROWS]).removesuffix("</tr>") + "</tr>"

    long = any(body.count("</tr>\n") >= _ROWS for body in _BODY.findall(html))
    return _BODY.sub(first, html) + _FIRST if long and "cl-table" in html else html


def as_page(notebook: NotebookNode, meta: Mapping[str, Any]) -> NotebookNode:
    """Return an executed notebook as a page of the site: front matter for its title, without the cells meant for work on it.

    All HTML becomes raw blocks: any ``text/html`` would make Quarto load scripts from another host.
    """
    import nbformat

    shown = [cell for cell in notebook.cells if not _HIDDEN & set(cell.metadata.get("tags", []))]
    if shown and shown[0].source.startswith("# "):
        del shown[0]
    page = _without_traces(nbformat.NotebookNode(notebook, cells=shown))
    for cell in page.cells:
        outputs = [_on_the_page(output) for output in cell.pop("outputs", [])]
        if cell.cell_type == "code":
            cell["outputs"] = [output for output in outputs if output]
    head = nbformat.v4.new_raw_cell(front_matter(meta), id="front-matter")
    script = nbformat.v4.new_markdown_cell(raw_block(TABLE_SCRIPT), id="table-script")
    foot = nbformat.v4.new_markdown_cell(_FOOT, id="foot")
    page.cells = [head, script, *page.cells, foot]
    return page


def _on_the_page(output: NotebookNode) -> NotebookNode | None:
    """Return an output as the page shows it; None for what a page cannot show."""
    data = output.get("data")
    if data is None or output.output_type == "error":
        return None if output.get("name") == "stderr" else output
    if (shown := data.get(PAGE, data.get("text/html"))) is not None:
        html = "".join(shown).replace(STYLE, "")
        if "dataframe" in html and "cl-table" not in html:
            html = f'<div class="cl-table cl-frame"><div class="cl-scroll" tabindex="0">{html}</div></div>'
        without = _FOREIGN.sub("", html)
        plain = {"text/markdown": raw_block(without + (_LEFT_OUT if without != html else ""))}
    else:
        plain = {name: value for name, value in data.items() if name in _PLAIN}
    output["data"], output["metadata"] = plain or {"text/markdown": raw_block(_LEFT_OUT)}, {}
    return output


def page_notebook(meta: Mapping[str, Any], blocks: list[str]) -> NotebookNode:
    """Return a notebook with front matter and blocks of HTML, and no code."""
    import nbformat

    cells = [nbformat.v4.new_raw_cell(front_matter(meta), id="front-matter")]
    for number, text in enumerate(blocks):
        cells.append(nbformat.v4.new_markdown_cell(raw_block(text), id=f"block-{number}"))
    notebook: NotebookNode = nbformat.v4.new_notebook(cells=cells)
    return notebook


def write_notebook(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook, whole or not at all."""
    import nbformat

    with written(path) as beside:
        nbformat.write(notebook, beside)
