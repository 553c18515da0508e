"""Tables for a page and for a spreadsheet: escaped HTML that one small script makes sortable, and safe CSV.

The page keeps the whole table readable without JavaScript.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coordlib.errors import MissingColumnError, PublishError
from coordlib.report.dictionary import Column
from coordlib.report.display import Html
from coordlib.report.how import UP, explained, how
from coordlib.report.text import clean_text, escape, neutralise, restore, safe_url
from coordlib.times import utc_text

#: How a column is shown: a format specification such as ``",.2f"``, a named format, or a function.
Format = str | Callable[[Any], str]

_NEEDS_QUOTES = re.compile(r"""[,"\r\n\u2028\u2029\x0b\x0c\x85]""")
_LONGEST_CELL = 600
#: Text from this length on gets a wide cell instead of a tall one.
_LONG = 40


class Inside(str):
    """An address within the site, of our own making: it becomes a link as it stands."""


def html_table(
    frame: pd.DataFrame,
    caption: str,
    *,
    formats: Mapping[str, Format] | None = None,
    links: Mapping[str, str | Callable[[Any], str | None]] | None = None,
    labels: Mapping[str, str] | None = None,
    max_rows: int | None = 500,
    csv: str | None = None,
    table: str | None = None,
    up: str = UP,
    group: str | None = None,
    row_id: str | None = None,
) -> str:
    """Write a DataFrame as an HTML table whose every cell is escaped.

    Parameters
    ----------
    frame
        What to show; the index is left out.
    caption
        Name of the table, also its label for screen readers.
    formats
        Column to format: a specification for numbers (``",.2f"``), ``"utc"`` (UTC seconds as date and
        time), ``"seconds"``, ``"percent"`` (of a share between 0 and 1), or a function.
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

    Returns
    -------
    str
        A ``<div class="cl-table">`` with what a cell sorts by in ``data-sort``, where that is not its text.

    Raises
    ------
    MissingColumnError
        ``formats``, ``links`` or ``labels`` name a column that is not there.

    Examples
    --------
    >>> "&lt;b&gt;" in html_table(pd.DataFrame({"description": ["<b>"]}), "Posts")
    True
    """
    formats, links, labels = dict(formats or {}), dict(links or {}), dict(labels or {})
    columns = [str(name) for name in frame.columns]
    targets = {name for name in links.values() if isinstance(name, str)}
    apart = {name for name in (group, row_id) if name}
    missing = (set(formats) | set(links) | set(labels) | targets | apart) - set(columns)
    if missing:
        raise MissingColumnError.from_names(missing, columns, f"table '{caption}'")
    n_all = len(frame)
    if not n_all:
        return f'<div class="cl-table" data-rows="0"><p class="cl-note">{escape(caption)}: no rows.{_csv_link(csv)}</p></div>'
    shown = frame if max_rows is None else frame.head(max_rows)
    hidden = (targets - set(links)) | apart
    visible = [name for name in columns if name not in hidden]
    numeric = {name: _is_number(frame[name]) and formats.get(name) != "utc" for name in visible}
    head = "".join(
        _head(
            labels.get(name, _heading(name)),
            numeric[name],
            table and explained(table, name),
            how(table or "", name, up, told=False),
        )
        for name in visible
    )
    body = []
    above: object = None
    for row in shown.to_dict("records"):
        if group and row[group] != above:
            above = row[group]
            text = _cut(format_value(above, formats.get(group)))
            body.append(
                f'<tr class="cl-group"><th colspan="{len(visible)}" scope="rowgroup" dir="auto">{text}</th></tr>'
            )
        cells = [_cell(row, name, formats.get(name), links.get(name), numeric[name]) for name in visible]
        place = f' id="{escape(row[row_id])}"' if row_id else ""
        body.append(f"<tr{place}>" + "".join(cells) + "</tr>")
    note = _count_note(len(shown), n_all, csv)
    return (
        f'<div class="cl-table" data-rows="{n_all}"><div class="cl-scroll" role="region" tabindex="0" '
        f'aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n"
        + "\n".join(body)
        + f"\n</tbody></table></div>{note}</div>"
    )


def _head(label: str, numeric: bool, known: Column | str | None, link: str) -> str:
    told = f' title="{escape(known.definition)}"' if isinstance(known, Column) else ""
    kind = " class=num" if numeric else ""
    return f'<th scope="col"{kind}{told}>{escape(label)}{" " + link if link else ""}</th>'


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _count_note(n_shown: int, n_all: int, csv: str | None) -> str:
    rows = f"{n_all:,} row{'' if n_all == 1 else 's'}"
    if n_shown == n_all:
        return f'<p class="cl-note"><span class="cl-count">{rows}.</span>{_csv_link(csv)}</p>'
    where = (
        f"the other {n_all - n_shown:,} are in {escape(csv)}." if csv else "the others are not on this page."
    )
    return f'<p class="cl-note">{n_shown:,} of {rows} are here; {where}{_csv_link(csv)}</p>'


def _csv_link(csv: str | None) -> str:
    return f' <a class="cl-csv" href="{escape(csv)}" download>All rows as CSV</a>' if csv else ""


def _cell(
    row: Mapping[Any, Any],
    name: str,
    form: Format | None,
    link: str | Callable[[Any], str | None] | None,
    numeric: bool,
) -> str:
    value = row[name]
    text = format_value(value, form)
    raw = sort_value(value)
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
    if numeric and _same_number(raw, text):  # the script reads commas
        return f"<td class=num>{content}</td>"
    sort = f' data-sort="{escape(raw[:200])}"' if raw != text else ""
    if numeric:
        return f"<td class=num{sort}>{content}</td>"
    side = "" if text.isascii() else ' dir="auto"'
    width = " class=long" if len(text) > _LONG else ""
    return f"<td{side}{width}{sort}>{content}</td>"


def _same_number(raw: str, text: str) -> bool:
    try:
        return float(raw) == float(text.replace(",", ""))
    except ValueError:
        return raw == text


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_CELL:
        return escape(text)
    return escape(text[:_LONGEST_CELL]) + "… (whole text in the CSV)"


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing (None, NaN, NaT); a list never counts as missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and math.isnan(value)


def format_value(value: Any, form: Format | None = None) -> str:
    """Return a cell as a reader sees it.

    Examples
    --------
    >>> format_value(1735689600, "utc"), format_value(0.5, "percent"), format_value(1234567), format_value(None)
    ('2025-01-01 00:00:00', '50.0 %', '1,234,567', '')
    """
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


def sort_value(value: Any) -> str:
    """Return the text a column sorts by: plain numbers of at most eight digits for numbers, the text itself otherwise."""
    if is_missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return f"{value:.8g}"
    return str(int(value)) if isinstance(value, int | np.integer) else format_value(value)


def csv_value(value: Any) -> str:
    """Return one cell of a CSV file: lists as JSON, numbers in full, text neutralised."""
    if is_missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, np.ndarray | tuple | set | frozenset):
        value = sorted(value) if isinstance(value, set | frozenset) else list(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return neutralise(clean_text(value))


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def write_csv(frame: pd.DataFrame, path: Path | str, *, append: bool = False) -> Path:
    """Write a table as UTF-8 CSV with the same bytes for the same content on every machine: the one writer of CSV.

    Lists become JSON text, missing values empty cells, booleans ``true``/``false``, and text that a
    spreadsheet would run as a formula gets a leading apostrophe (:func:`neutralise`). Rows end in ``\\n``;
    cells with commas, quotes or line breaks of any kind are quoted (Python's own writer leaves a lone carriage return
    bare, and readers then see two rows). With `append` the rows go to the end of a file that has its header.

    Raises
    ------
    PublishError
        The file cannot be written.
    """
    path = Path(path)
    columns = [_csv_cells(frame[name].tolist()) for name in frame.columns]
    head = [] if append else [",".join(csv_cell(str(name)) for name in frame.columns)]
    try:
        with path.open("a" if append else "w", encoding="utf-8", newline="") as file:
            file.writelines(f"{line}\n" for line in head)
            file.writelines(f"{','.join(row)}\n" for row in zip(*columns, strict=True))
    except OSError as error:
        raise PublishError(f"{path}: cannot be written ({error.strerror})") from error
    return path


def _csv_cells(values: list[Any]) -> list[str]:
    """Write a column; the same text stands in it again and again."""
    texts: dict[str, str] = {}
    cells = []
    for value in values:
        if type(value) is str:
            cell = texts.get(value)
            if cell is None:
                cell = texts[value] = csv_cell(value)
        else:
            cell = str(value) if type(value) is int else csv_cell(value)
        cells.append(cell)
    return cells


def csv_cell(value: Any) -> str:
    """Return one cell of a CSV file as it is written, quoted where a reader needs it."""
    cell = csv_value(value)
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell


class Table(Html):
    """A table that shows itself; ``frame`` gives the DataFrame back. Options are those of :func:`html_table`."""

    def __init__(self, frame: pd.DataFrame, caption: str, **options: Any) -> None:
        super().__init__(html_table(frame, caption, **options))
        self.frame = frame


def read_csv(path: Path | str) -> pd.DataFrame:
    """Read a table that :func:`write_csv` wrote, every cell as the text that was written."""
    return pd.read_csv(path, dtype=str, keep_default_na=False).map(restore)


def facts(
    values: Mapping[str, object], caption: str, table: str | None = None, column: str | None = None
) -> Html:
    """Return names and values as a small table that shows itself."""
    return Html(facts_table(values, caption, table, column=column))


def facts_table(
    values: Mapping[str, object],
    caption: str,
    table: str | None = None,
    up: str = UP,
    column: str | None = None,
) -> str:
    """Return names and values as a two-column table (numbers with their unit in the value).

    With the name of a `table` of the data dictionary each value links to how it is counted: to the entry of its name,
    or to that of one `column` all of them are about.
    """
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(format_value(value))} {how(table or "", column or name, up)}</td></tr>'
        for name, value in values.items()
    )
    return f'<table class="cl-facts"><caption>{escape(caption)}</caption><tbody>{rows}</tbody></table>'


def dates_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the UTC seconds of its column ``date``, if it has them, as text, as CooRnet's files have times."""
    if "date" not in table or not pd.api.types.is_integer_dtype(table["date"].dtype):
        return table
    dates = pd.to_datetime(table["date"], unit="s").dt.strftime("%Y-%m-%d %H:%M:%S")
    return table.assign(date=dates.astype("str"))
