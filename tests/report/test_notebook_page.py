"""An executed notebook becomes a page: nothing that makes a renderer load scripts, nothing lost, nothing local."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from typing import Any

import nbformat
import networkx as nx
import pandas as pd

from coordlib import Table
from coordlib.report import Html, NetworkView
from coordlib.report.display import PAGE, stack
from coordlib.report.notebook_page import as_executed, as_page

V4 = nbformat.v4


def output(data: dict[str, Any]) -> Any:
    return V4.new_output("display_data", data=data)


def a_notebook(*outputs: Any) -> Any:
    cells = [
        V4.new_markdown_cell("# Title"),
        V4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        V4.new_code_cell(
            "steps", outputs=[output({"text/html": "<p>a step</p>"})], metadata={"tags": ["remove-cell"]}
        ),
        V4.new_markdown_cell("only here", metadata={"tags": ["remove-cell"]}),
        V4.new_code_cell("shown", outputs=list(outputs)),
    ]
    return V4.new_notebook(cells=cells, metadata={"papermill": {"input_path": "/home/someone/x.ipynb"}})


def test_any_html_a_cell_shows_becomes_a_raw_block() -> None:
    """Quarto loads require.js and jquery from another host for any text/html, a plain DataFrame's too."""
    frame = pd.DataFrame({"a": ["```", "<b>"]})
    own = Table(frame, "Mine")._repr_mimebundle_()
    page = as_page(
        a_notebook(output({"text/html": frame.to_html(), "text/plain": "x"}), output(own)), {"title": "t"}
    )
    (shown,) = (cell for cell in page.cells if cell.get("outputs"))
    for found in shown.outputs:
        assert list(found.data) == ["text/markdown"]
        assert found.data["text/markdown"].startswith("````````{=html}")
        assert "data-coordlib" not in found.data["text/markdown"]
    assert "&lt;b&gt;" in shown.outputs[0].data["text/markdown"]


def test_what_an_object_is_on_the_site_takes_the_place_of_what_a_notebook_shows() -> None:
    bundle = stack(Html("<i>alone</i>", "<i>on the site</i>"), Html("<b>both</b>"))._repr_mimebundle_()
    assert "<i>alone</i><b>both</b>" in bundle["text/html"]
    page = as_page(a_notebook(output(bundle)), {"title": "t"})
    assert "<i>on the site</i><b>both</b>" in page.cells[-2].outputs[0].data["text/markdown"]
    kept = as_executed(a_notebook(output(bundle)))
    assert PAGE not in kept.cells[-1].outputs[0].data and "text/html" in kept.cells[-1].outputs[0].data


def test_beside_a_page_the_drawing_is_a_picture_and_a_run_by_hand_keeps_it() -> None:
    bundle = NetworkView(nx.path_graph(["a", "b", "c"]))._repr_mimebundle_()
    beside, own = (as_executed(a_notebook(output(bundle)), still=still) for still in (True, False))
    shown = beside.cells[-1].outputs[0].data["text/html"]
    assert "<svg" not in shown and "<iframe" not in shown and len(shown) < 20_000
    assert '<img alt="Network view: 3 accounts, 2 edges, 1 network."' in shown
    picture = ET.fromstring(b64decode(re.search(r"base64,([^\"]+)", shown)[1]))
    assert [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")] == ["a", "b", "c"]
    assert own.cells[-1].outputs[0].data["text/html"] == bundle["text/html"]


def test_beside_a_page_a_table_is_short_and_says_so() -> None:
    table = Table(pd.DataFrame({"n": range(40), "text": "</tr>\n"}), "Numbers")
    beside, own = (
        as_executed(a_notebook(output(table._repr_mimebundle_())), still=still) for still in (True, False)
    )
    short, whole = (found.cells[-1].outputs[0].data["text/html"] for found in (beside, own))
    assert (short.count("<tr>"), whole.count("<tr>")) == (26, 41), "one is the heading"
    assert "The first 25 rows here" in short and "The first 25 rows here" not in whole


def test_scripts_and_widgets_have_no_place_on_a_page() -> None:
    outputs = (
        output({"application/javascript": "alert(1)"}),
        output({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "Slider()"}),
        output({"image/png": "aGk=", "text/plain": "<Figure>"}),
    )
    page = as_page(a_notebook(*outputs), {"title": "t"})
    kinds = [sorted(found.data) for found in page.cells[-2].outputs]
    assert kinds == [["text/markdown"], ["text/plain"], ["image/png", "text/plain"]]
    assert "in the notebook and not on the page" in page.cells[-2].outputs[0].data["text/markdown"]


def test_nothing_is_loaded_from_another_host() -> None:
    html = '<script src="https://cdn.example/p.js"></script><link rel=stylesheet href=//cdn.example/x.css><p>kept</p><script>1</script>'
    page = as_page(a_notebook(output({"text/html": html})), {"title": "t"})
    assert "method.qmd#what-this-cannot-see" in page.cells[-1].source
    shown = page.cells[-2].outputs[0].data["text/markdown"]
    assert "cdn.example" not in shown and "<p>kept</p><script>1</script>" in shown
    assert "in the notebook and not on the page" in shown


def test_steps_and_parameters_stay_in_the_notebook_and_the_title_is_the_pages() -> None:
    notebook = a_notebook(output({"text/html": "<p>result</p>"}))
    page = as_page(notebook, {"title": "My page"})
    sources = [cell.source for cell in page.cells]
    assert "title: My page" in sources[0]
    assert not any(text in sources for text in ("# Title", "x = 1", "steps", "only here"))
    assert "papermill" not in page.metadata
    kept = as_executed(notebook)
    assert [cell.source for cell in kept.cells] == [cell.source for cell in notebook.cells]
    assert notebook.metadata["papermill"], "what was handed in is not changed"


def test_an_object_reads_as_text_where_there_is_no_html() -> None:
    assert (
        repr(Html("<table><tr><th>Posts</th><td>1 &amp; 2</td></tr></table><p>Note</p>"))
        == "Posts 1 & 2\nNote"
    )


def test_what_an_account_wrote_is_never_set_as_a_formula() -> None:
    """MathJax in Jupyter would make a link of its own from ``$\\href{…}{…}$``."""
    shown = Table(
        pd.DataFrame({"text": [r"$\href{https://evil.example}{click}$"]}), "Posts"
    )._repr_mimebundle_()
    assert '<div class="tex2jax_ignore mathjax_ignore"><div class="cl-table"' in shown["text/html"]
