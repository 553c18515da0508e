"""An executed notebook as a page: its front matter, and pages that say in words what happened.

nbformat is imported where it is used: with a JupyterLab beside it, it takes two seconds, and the kernel of
every report imports this package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from coordlib.report.text import raw_block

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: A parameter whose value is an absolute path (POSIX or Windows).
_PLACE = re.compile(r"""^(\w+) = ["'](?:/|[A-Za-z]:\\).*$""", re.MULTILINE)


def front_matter(meta: Mapping[str, Any]) -> str:
    """Return front matter as text; YAML does the quoting."""
    return f"---\n{yaml.safe_dump(dict(meta), sort_keys=False, allow_unicode=True, width=10_000)}---"


def get_front_matter(notebook: NotebookNode) -> dict[str, Any]:
    """Return the front matter of a notebook's raw first cell, empty when there is none."""
    if not notebook.cells or notebook.cells[0].cell_type != "raw":
        return {}
    source = str(notebook.cells[0].source).strip()
    if not source.startswith("---"):
        return {}
    value = yaml.safe_load(source.strip("-"))
    return value if isinstance(value, dict) else {}


def set_front_matter(path: Path, meta: Mapping[str, Any]) -> None:
    """Merge entries into a notebook's front matter, making the raw first cell where there is none."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    before = get_front_matter(notebook)
    cell = nbformat.v4.new_raw_cell(front_matter({**before, **meta}), id="front-matter")
    if before:
        notebook.cells[0] = cell
    else:
        notebook.cells.insert(0, cell)
    write_notebook(path, notebook)


def mark_replaced(path: Path, number: int, current: str) -> None:
    """Say on an earlier version's page that a newer one replaced it, with the link."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    meta = get_front_matter(notebook)
    title = f"{meta.get('title', 'Report')} (version {number}, replaced)"
    note = (
        f'<div class="cl-banner cl-warn" role="note"><strong>Version {number}, replaced.</strong> The day was analysed '
        f'again with other results. <a href="{current}">Go to the current version</a>.</div>'
    )
    cells = notebook.cells[1:] if meta else notebook.cells
    head = nbformat.v4.new_raw_cell(front_matter({**meta, "title": title}), id="front-matter")
    banner = nbformat.v4.new_markdown_cell(raw_block(note), id="replaced")
    notebook.cells = [head, banner, *cells]
    write_notebook(path, notebook)


def hide_places(path: Path) -> None:
    """Leave absolute paths out of an executed notebook's injected parameters."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = _PLACE.sub(r"# \1: a place on the machine this ran on", cell.source)
    write_notebook(path, notebook)


def page_notebook(meta: Mapping[str, Any], blocks: list[str]) -> NotebookNode:
    """Return a notebook with front matter and blocks of HTML, and no code."""
    import nbformat

    cells = [nbformat.v4.new_raw_cell(front_matter(meta), id="front-matter")]
    cells += [
        nbformat.v4.new_markdown_cell(raw_block(text), id=f"block-{n}") for n, text in enumerate(blocks)
    ]
    notebook: NotebookNode = nbformat.v4.new_notebook(cells=cells)
    return notebook


def write_notebook(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook atomically."""
    import nbformat

    partial = path.with_name(f".{path.name}.part")
    nbformat.write(notebook, partial)
    partial.replace(path)
