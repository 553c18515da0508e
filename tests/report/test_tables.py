"""Tables on a page and in a spreadsheet."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordlib.errors import MissingColumnError, PublishError
from coordlib.files import written
from coordlib.report.tables import format_value, html_table, write_csv
from coordlib.report.words import escape, neutralise, raw_block, restore, safe_url

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "a, b\nc",
    "````````{=html}",
    "{{< meta x >}} ::: $x$ [a](b) @fig-x",
    "\u202eevil",
    "x\x00y\x1bz",
    "\ud800",
]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name == "href"]
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def read(html: str) -> _Tags:
    parser = _Tags()
    parser.feed(html)
    return parser


OURS = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "a", "span"}


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_text_of_an_account_becomes_an_element(texts: list[str]) -> None:
    found = read(html_table(pd.DataFrame({"text": texts + HOSTILE}, dtype=object), "Posts"))
    assert set(found.tags) <= OURS


def test_hostile_captions_and_headings_are_shown_as_they_were_written() -> None:
    html = html_table(pd.DataFrame({"<b>x</b>": HOSTILE[:3]}), "<i>Posts</i>")
    assert [cell.strip() for cell in read(html).cells][:2] == HOSTILE[:2]
    assert "<b>x" not in html
    assert "<i>Posts" not in html


def test_a_link_is_made_only_for_a_web_address() -> None:
    frame = pd.DataFrame(
        {"post": ["a", "b", "c"], "url": ["https://x.example/1", "javascript:alert(1)", None]}
    )
    found = read(html_table(frame, "Posts", links={"post": "url"}))
    assert found.links == ["https://x.example/1"]
    assert len([tag for tag in found.tags if tag == "th"]) == 1, "the address column itself is not shown"


def test_an_address_cannot_leave_its_attribute() -> None:
    frame = pd.DataFrame({"post": ["a"], "url": ['https://x.example/"onmouseover="alert(1)']})
    assert 'onmouseover="' not in html_table(frame, "Posts", links={"post": "url"})


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//x.example", " https:evil", "ftp://x"]
)
def test_other_schemes_are_no_links(address: str) -> None:
    assert safe_url(address) is None


def test_a_column_sorts_by_its_raw_value_and_times_as_they_read() -> None:
    frame = pd.DataFrame({"time": [1735689600], "share": [0.256], "n": [1234567]})
    html = html_table(frame, "T", formats={"time": "utc", "share": "percent"})
    assert ">2025-01-01 00:00:00<" in html
    assert 'data-sort="0.256"' in html
    assert ">25.6 %<" in html
    assert "<td class=num>1,234,567<" in html


def test_a_table_that_is_cut_says_so_and_names_the_file_with_all_rows() -> None:
    html = html_table(pd.DataFrame({"n": range(9)}), "T", max_rows=4, csv="n.csv")
    assert "4 of 9 rows are here; the other 5 are in n.csv." in html
    assert 'href="n.csv"' in html
    assert html.count("<tr>") == 5


def test_an_empty_table_says_that_it_has_no_rows() -> None:
    text = html_table(pd.DataFrame({"n": []}), "Accounts", csv="accounts.csv")
    assert "Accounts: no rows." in text
    assert "<table" not in text
    assert 'href="accounts.csv"' in text


def test_a_format_for_a_column_that_is_not_there_names_the_columns() -> None:
    with pytest.raises(MissingColumnError, match=r"'weigth'.*did you mean 'weight'"):
        html_table(pd.DataFrame({"weight": [1]}), "T", formats={"weigth": ",d"})


def test_a_long_list_of_members_is_cut_on_the_page() -> None:
    assert format_value([f"a{n}" for n in range(20)]).endswith("a11 · and 8 more")


@given(st.text())
def test_what_a_spreadsheet_would_run_is_neutralised_and_can_be_restored(text: str) -> None:
    safe = neutralise(text)
    assert restore(safe) == text
    try:
        float(safe)
    except ValueError:
        assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("cell", ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", "'=1"])
def test_known_formula_tricks_get_an_apostrophe(cell: str) -> None:
    assert neutralise(cell) == "'" + cell


def test_a_csv_gives_back_every_caption_identifier_and_list(tmp_path: Path) -> None:
    ids = ["7324567890123456789", "0012", "1e5"]
    frame = pd.DataFrame(
        {
            "content_id": ids,
            "text": ['a, "b"\nc', "=x", "مرحبا 🎉"],
            "object_ids": [["a,b"], [], ["c"]],
            "n": [1, 2, 3],
            "x": [0.1, None, 2.0],
        }
    )
    with write_csv(frame, tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["content_id"] for row in rows] == ids
    assert [restore(row["text"]) for row in rows] == frame["text"].tolist()
    assert [json.loads(row["object_ids"]) for row in rows] == frame["object_ids"].tolist()
    assert [row["x"] for row in rows] == ["0.1", "", "2.0"]


def test_a_csv_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    with (
        pytest.raises(PublishError, match=r"t\.csv: cannot be written"),
        written(tmp_path / "no" / "t.csv") as beside,
    ):
        write_csv(pd.DataFrame({"a": [1]}), beside)


@given(st.text(alphabet="`ab\n", max_size=60))
def test_no_text_can_close_the_raw_block_around_it(text: str) -> None:
    first, *middle, last = raw_block(escape(text)).split("\n")
    assert first == last + "{=html}"
    assert last not in "\n".join(middle)


def test_a_heading_explains_itself_and_leads_to_the_dictionary() -> None:
    html = html_table(pd.DataFrame({"weight": [3], "own": [1]}), "Edges", table="edges", up="../")
    assert (
        '<th scope="col" class=num title="Post pairs of the two accounts.">weight <a class="cl-how"' in html
    )
    assert 'href="../data-dictionary.html#edges-weight"' in html
    assert html.count("cl-how") == 1, "what nobody explained has no link that leads nowhere"


def test_what_many_rows_share_stands_once_above_them() -> None:
    frame = pd.DataFrame({"n": [1, 2, 3], "text": ["<b>a", "<b>a", "b"], "place": ["x", 'y"', "z"]})
    html = html_table(frame, "Posts", group="text", row_id="place")
    assert html.count('<tr class="cl-group">') == 2 and html.count("&lt;b&gt;a") == 1
    assert '<tr id="x">' in html and 'id="y&quot;"' in html and "place" not in html


def test_a_place_on_the_page_is_a_link_without_a_warning_to_robots() -> None:
    html = html_table(pd.DataFrame({"n": [1], "to": ["#network-1"]}), "T", links={"n": "to"})
    assert '<a href="#network-1">1</a>' in html
