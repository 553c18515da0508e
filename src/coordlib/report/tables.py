"""Tables for a page and for a spreadsheet: escaped HTML, readable without scripts and sortable with one, and safe CSV.

``layouts.csv`` says how a report's tables look: a line without a column is a table (caption, order), any other a column.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from csv import reader
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from coordlib.errors import MissingColumnError
from coordlib.report.dictionary import UP, explained, how
from coordlib.report.display import Html
from coordlib.report.words import clean_text, escape, neutralise, plural, restore, safe_url
from coordlib.shown import two_columns
from coordlib.times import utc_text

#: How a column is shown: a format specification such as ``",.2f"``, a named format, or a function.
Format = str | Callable[[Any], str]
#: Where a cell leads: the column that holds its address, or a function of the cell.
Link = str | Callable[[Any], str | None]

_NEEDS_QUOTES = re.compile(r"""[,"\r\n\u2028\u2029\x0b\x0c\x85]""")
_LONGEST_CELL = 600
#: Text from this length on gets a wide cell instead of a tall one.
_LONG = 40
#: Columns that are a link, to the column of its address; the first that a table has is the link.
_ADDRESSES = {
    "posted_at": "url",
    "content_id": "url",
    "content_id_y": "url_y",
    "name": "name",
    "expanded": "expanded",
    "postUrl": "postUrl",
}

with Path(__file__).with_name("layouts.csv").open(encoding="utf-8", newline="") as _file:
    _LINES = list(reader(_file))[1:]
#: Name of a table to its caption and the columns its rows are ordered by (with a minus the largest first).
_CAPTIONS = {tables: (caption, order.split()) for tables, name, caption, order in _LINES if not name}
#: Name of a table to its columns: heading and format (see :class:`Table`).
LAYOUTS = {
    table: {
        name: (head, form or None) for tables, name, head, form in _LINES if name and table in tables.split()
    }
    for table in _CAPTIONS
}
#: Tables whose rows have an address: what a row is, and the column that tells it from the others.
_ROWS = {
    "accounts": ("account", "account_id"),
    "posts": ("post", "content_id"),
    "networks": ("network", "network"),
    "component_summary": ("component", "component"),
    "highly_connected_coordinated_entities": ("account", "name"),
    "top_coord_urls": ("url", "rank"),
}
#: Column that stands once above the rows that share it.
_GROUPS = {"posts": "text", "pairs": "object_id"}


class Inside(str):
    """An address within the site, of our own making: it becomes a link as it stands."""


class Table(Html):
    """A DataFrame that shows itself as a table, every cell escaped; ``frame`` gives it back.

    Parameters
    ----------
    frame
        What to show; the index is left out.
    caption
        Name of the table, also its label for screen readers.
    formats
        Column to format: a specification for numbers (``",.2f"``), ``"utc"`` (UTC seconds as date and time),
        ``"seconds"``, ``"percent"`` (of a share between 0 and 1), or a function.
    links
        Column to the column that holds its address, or to a function of the cell. Only http(s) and places on the page
        itself (``#…``) become links.
    labels
        Column to heading.
    max_rows
        Show at most this many rows and say so (none: all).
    csv
        Relative address of the file with all rows.
    table
        Name of the table in the data dictionary: headings then explain themselves and link there.
    up
        From the page to the folder of the data dictionary.
    group
        Column whose value stands once, in a row of its own above the rows that have it; the rows lie together.
    row_id
        Column with the place name of each row; it is not shown.

    Raises
    ------
    MissingColumnError
        ``formats``, ``links`` or ``labels`` name a column that is not there.

    Examples
    --------
    >>> print(Table(pd.DataFrame({"description": ["<b>"], "views": [1200]}), "Posts"))
    Posts
    description views
    <b> 1,200
    1 row.
    """

    def __init__(self, frame: pd.DataFrame, caption: str, **options: Any) -> None:
        super().__init__(html_table(frame, caption, **options))
        self.frame = frame


def html_table(
    frame: pd.DataFrame,
    caption: str,
    *,
    formats: Mapping[str, Format] | None = None,
    links: Mapping[str, Link] | None = None,
    labels: Mapping[str, str] | None = None,
    max_rows: int | None = 500,
    csv: str | None = None,
    table: str = "",
    up: str = UP,
    group: str | None = None,
    row_id: str | None = None,
) -> str:
    """Return a table as HTML (see :class:`Table`); ``data-sort`` is what a cell sorts by, where that is not its text."""
    formats, links, labels = dict(formats or {}), dict(links or {}), dict(labels or {})
    columns = [str(name) for name in frame.columns]
    targets = {name for name in links.values() if isinstance(name, str)}
    apart = {name for name in (group, row_id) if name}
    if missing := ({*formats, *links, *labels} | targets | apart) - set(columns):
        raise MissingColumnError.from_names(missing, columns, f"table '{caption}'")
    n_all, title = len(frame), escape(caption)
    whole = f' <a class="cl-csv" href="{escape(csv)}" download>All rows as CSV</a>' if csv else ""
    if not n_all:
        return f'<div class="cl-table" data-rows="0"><p class="cl-note">{title}: no rows.{whole}</p></div>'
    shown = frame if max_rows is None else frame.head(max_rows)
    visible = [name for name in columns if name not in (targets - set(links)) | apart]
    numbers = {name for name in visible if is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name])}
    numbers -= {name for name, form in formats.items() if form == "utc"}
    heads = []
    for name in visible:
        known, link = explained(table, name), how(table, name, up, told=False)
        told = f' title="{escape(known.definition)}"' if known else ""
        label = escape(labels.get(name, name.replace("_", " ")))
        kind = " class=num" if name in numbers else ""
        heads.append(f'<th scope="col"{kind}{told}>{label}{" " + link if link else ""}</th>')
    body = []
    above: object = None
    for row in shown.to_dict("records"):
        if group and row[group] != above:
            above = row[group]
            text = _cut(format_value(above, formats.get(group)))
            body.append(
                f'<tr class="cl-group"><th colspan="{len(visible)}" scope="rowgroup" dir="auto">{text}</th></tr>'
            )
        cells = [_cell(row, name, formats.get(name), links.get(name), name in numbers) for name in visible]
        place = f' id="{escape(row[row_id])}"' if row_id else ""
        body.append(f"<tr{place}>{''.join(cells)}</tr>")
    rows = plural(n_all, "row")
    if len(shown) == n_all:
        note = f'<span class="cl-count">{rows}.</span>'
    else:
        rest = f"the other {n_all - len(shown):,} are in {escape(csv)}"
        note = f"{len(shown):,} of {rows} are here; {rest if csv else 'the others are not on this page'}."
    lines = "\n".join(body)
    return (
        f'<div class="cl-table" data-rows="{n_all}"><div class="cl-scroll" role="region" tabindex="0" aria-label="{title}">'
        f"<table><caption>{title}</caption><thead><tr>{''.join(heads)}</tr></thead>\n<tbody>\n{lines}\n</tbody></table></div>"
        f'<p class="cl-note">{note}{whole}</p></div>'
    )


def _cell(row: Mapping[Any, Any], name: str, form: Format | None, link: Link | None, numeric: bool) -> str:
    value = row[name]
    text = format_value(value, form)
    # What a column sorts by: plain numbers of at most eight digits for numbers, the text itself otherwise.
    if isinstance(value, int | np.integer | np.bool_):
        raw = str(int(value))
    elif isinstance(value, float | np.floating) and text:
        raw = f"{value:.8g}"
    else:
        raw = format_value(value) if form else text
    content = _cut(text)
    if link is not None:
        target = row.get(link) if isinstance(link, str) else (None if is_missing(value) else link(value))
        inside = isinstance(target, Inside) or (isinstance(target, str) and target.startswith("#"))
        address = target if inside else None if is_missing(target) else safe_url(target)
        if address:
            outside = "" if inside else ' rel="nofollow"'
            content = f'<a href="{escape(address)}"{outside}>{content}</a>'
    if form == "utc":  # sorts as it reads
        return f"<td class=time>{content}</td>"
    with suppress(ValueError):
        if numeric and float(raw) == float(text.replace(",", "")):  # the script reads commas
            raw = text
    sort = f' data-sort="{escape(raw[:200])}"' if raw != text else ""
    if numeric:
        return f"<td class=num{sort}>{content}</td>"
    side = "" if text.isascii() else ' dir="auto"'
    width = " class=long" if len(text) > _LONG else ""
    return f"<td{side}{width}{sort}>{content}</td>"


def _cut(text: str) -> str:
    cut = "… (whole text in the CSV)" if len(text) > _LONGEST_CELL else ""
    return escape(text[:_LONGEST_CELL]) + cut


def report_table(
    name: str,
    frame: pd.DataFrame,
    *,
    max_rows: int = 500,
    csv: str | None = None,
    word: str = "caption",
    pages: Mapping[str, str] | None = None,
) -> Table:
    """Return one of the report's tables: its columns in reading order, with headings, links and formats."""
    (caption, by), layout = _CAPTIONS[name], LAYOUTS[name]
    words = {"object": word, "objects": f"{word}s", "Objects": f"{word}s".capitalize()}
    rows = frame
    if by:
        rows = frame.sort_values([one.lstrip("-") for one in by], ascending=[one[0] != "-" for one in by])
    columns = [column for column in layout if column in rows]
    table = rows[columns].copy()
    links: dict[str, Any] = {}
    if pages:
        links = {column: pages.get for column in ("account_id", "account_id_y") if column in table}
    for content, url in _ADDRESSES.items():
        if content in table and url in rows and f"_{url}" not in links.values():
            table[f"_{url}"] = rows[url]
            links[content] = f"_{url}"
    if "network" in table:
        # Where on the page the evidence of each row is.
        accounts = [f"/{quote(str(name), safe='')}" for name in rows.get("account_id", ())] or [""] * len(
            rows
        )
        ends = zip(rows["network"], accounts, strict=True)
        table["_evidence"] = ["" if is_missing(n) else f"#network-{int(n)}{name}" for n, name in ends]
        links["network"] = "_evidence"
    if "group" in table and "group" in layout:
        table["_outside"] = [
            "" if is_missing(n) else f"#outside-{int(n)}/{quote(str(a), safe='')}/{quote(str(b), safe='')}"
            for n, a, b in zip(rows["group"], rows["account_id"], rows["account_id_y"], strict=True)
        ]
        links["group"] = "_outside"
    kind, key = _ROWS.get(name, ("", ""))
    if key in table:
        table["_row"] = [f"{kind}-row-{quote(str(value), safe='')}" for value in table[key]]
    group = _GROUPS.get(name)
    return Table(
        table,
        caption.format(**words),
        formats={column: form for column in columns if (form := layout[column][1])},
        labels={column: layout[column][0].format(**words) for column in columns},
        links=links,
        max_rows=max_rows,
        csv=csv,
        table=name,
        group=group if group in table else None,
        row_id="_row" if "_row" in table else None,
    )


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing (None, NaN, NaT); a list never counts as missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and math.isnan(value)


def format_value(value: Any, form: Format | None = None) -> str:
    """Return a cell as a reader sees it."""
    if is_missing(value):
        return ""
    if callable(form):
        return str(form(value))
    if form == "utc":
        return utc_text(value)
    if form == "percent":
        return f"{float(value) * 100:.1f} %"
    if form == "seconds":
        return f"{float(value):,.1f}".removesuffix(".0") + " s"
    if form == "text":
        return str(value)
    if form:
        return format(value, form)
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{int(value):,}"
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:,.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:,.3g}"
    if isinstance(value, list | tuple | set | np.ndarray):
        items = [format_value(item) for item in value]
        more = [f"and {len(items) - 12:,} more"] if len(items) > 13 else []
        return " · ".join((items[:12] if more else items) + more)
    return str(value)


def plain(value: Any) -> Any:
    """Return a value as Python has it: numpy's numbers and arrays as numbers and lists, a set as a sorted list."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return sorted(value, key=str) if isinstance(value, set | frozenset) else value


def csv_cell(value: Any) -> str:
    """Return one cell of a CSV file: lists as JSON, numbers in full, text neutralised, quoted where a reader needs it."""
    if is_missing(value):
        return ""
    value = plain(value)
    if isinstance(value, bool | int | float):
        return repr(value).lower() if isinstance(value, bool) else repr(value)
    if isinstance(value, list | tuple | dict):
        cell = json.dumps(value, ensure_ascii=False, default=_in_json)
    else:
        cell = neutralise(clean_text(value))
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell


def _in_json(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def write_csv(frame: pd.DataFrame, path: Path | str, *, append: bool = False) -> Path:
    """Write a table as UTF-8 CSV with the same bytes for the same content on every machine: the one writer of CSV.

    Python's own writer leaves a lone carriage return bare, and readers then see two rows. With `append` a file with header goes on.
    """
    path = Path(path)
    columns = [_csv_cells(frame[name].tolist()) for name in frame.columns]
    head = [] if append else [",".join(csv_cell(str(name)) for name in frame.columns)]
    with path.open("a" if append else "w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in head)
        file.writelines(f"{','.join(row)}\n" for row in zip(*columns, strict=True))
    return path


def _csv_cells(values: list[Any]) -> list[str]:
    """Write a column; the same text stands in it again and again."""
    texts = {text: csv_cell(text) for text in {value for value in values if type(value) is str}}
    short: dict[type, Callable[[Any], str]] = {int: str, str: texts.__getitem__}
    return [short.get(type(value), csv_cell)(value) for value in values]


def read_csv(path: Path | str, *columns: str) -> pd.DataFrame:
    """Read a table that :func:`write_csv` wrote, or those of some `columns` that it has, every cell as the text that was written."""
    wanted = columns.__contains__ if columns else None
    return pd.read_csv(path, dtype=str, keep_default_na=False, usecols=wanted).map(restore)


def facts(
    values: Mapping[str, object], caption: str, table: str = "", up: str = UP, column: str | None = None
) -> Html:
    """Return names and values as a two-column table; with a `table` of the data dictionary each value links to its entry, or all to that of one `column`."""
    rows = {
        name: f"{escape(format_value(value))} {how(table, column or name, up)}"
        for name, value in values.items()
    }
    return Html(two_columns(caption, rows))


def dates_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the UTC seconds of its column ``date``, if it has them, as text, as CooRnet's files have times."""
    if "date" not in table or not is_integer_dtype(table["date"].dtype):
        return table
    dates = pd.to_datetime(table["date"], unit="s").dt.strftime("%Y-%m-%d %H:%M:%S")
    return table.assign(date=dates.astype("str"))
