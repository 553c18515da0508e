"""Files become tables of shares: an export, piece by piece; addresses, who posted them on Bluesky, continued where it stopped."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from coordlib.errors import (
    EmptyInputError,
    FileFormatError,
    InputError,
    ParameterError,
    QueryError,
    takes_old_names,
)
from coordlib.files import refuse_input, written
from coordlib.report.tables import dates_as_text, write_csv
from coordlib.report.words import plural
from coordlib.shown import Shown
from coordlib.sources import bluesky, exports

#: Rows in memory at a time; measured in benchmarks/read_crowdtangle.py.
CHUNK_ROWS = 10_000
#: How a table of shares is written, by the end of its name.
TABLES = (".parquet", ".csv")


@takes_old_names(object="object_id", account="account_id")
def import_shares(
    source: Path | str,
    output: Path | str,
    *,
    format: exports.Format | str | None = None,
    object_id: str | Sequence[str] | None = None,
    account_id: str | None = None,
    split: bool = True,
    link_shares: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> exports.ExportReport:
    """Read an export of any known format and write its shares.

    Parameters
    ----------
    source
        The export (CSV, Parquet, JSON, JSON lines).
    output
        ``.parquet`` or ``.csv``; written whole or not at all.
    format, account_id
        As for :func:`coordlib.sources.exports.read_export`.
    object_id, split
        As for :func:`coordlib.sources.exports.to_shares`.
    link_shares
        Write CooRnet's table of link shares instead (any format with links).
    chunk_rows
        Rows in memory at a time.

    Returns
    -------
    ExportReport
        Of the whole file, with the number of posts that hold no such object.

    Raises
    ------
    ParameterError, EmptyInputError
        An output that is neither Parquet nor CSV; no share is left, and nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "posts.csv").write_text("id,username,date,text\\n1,ann,2026-01-02 10:00:00,Tea\\n", encoding="utf-8")
    >>> import_shares(folder / "posts.csv", folder / "shares.csv").posts
    1
    >>> pd.read_csv(folder / "shares.csv").values.tolist()
    [['Tea', 'ann', 1, 1767348000]]
    """
    output = Path(output)
    refuse_input(output, source, endings=TABLES)
    reports: list[exports.ExportReport] = []
    # Distinct values over all pieces, held as hashes of eight bytes each.
    distinct: defaultdict[str, list[npt.NDArray[np.uint64]]] = defaultdict(list)
    empty = n_shares = 0
    with table_writer(output) as write, tqdm(unit=" rows", disable=None, desc="reading", leave=False) as bar:
        for piece in exports.iter_export(source, chunk_rows, format=format, account_id=account_id):
            if link_shares:
                object_id = exports.link_object(piece.format, piece.report.source)
                shares = exports.export_link_shares(piece)
            else:
                shares = exports.to_shares(piece, object_id=object_id, split=split)
            empty += exports.without_object(piece, object_id=object_id)
            write(shares)
            n_shares += len(shares)
            reports.append(piece.report)
            columns = {"account_id": "account_id", **piece.format.columns}
            for name, column in columns.items():
                values = piece.frame[column].explode().dropna().unique().astype("object")
                distinct[name].append(pd.util.hash_array(values))
            bar.update(piece.report.rows)
        report = exports.merge_reports(reports)
        counts = {name: len(pd.unique(np.concatenate(hashes))) for name, hashes in distinct.items()}
        without = {"no object of the kind asked for (post read, no share)": empty} if empty else {}
        report = replace(
            report,
            dropped={**report.dropped, **without},
            accounts=counts["account_id"],
            objects={name: counts.get(name, 0) for name in report.objects},
        )
        if not n_shares:
            reasons = "; ".join(f"{count} rows: {reason}" for reason, count in report.dropped.items())
            there = ", ".join(name for name, count in report.objects.items() if count)
            advice = (
                f"choose another object (--object-id): {there}" if there else "none of its objects is there"
            )
            raise EmptyInputError(f"{source}: gives no share ({reasons or 'no rows'}); {advice}")
    return replace(report, notes=(f"{plural(n_shares, 'share')} written to {output}", *report.notes))


@contextmanager
def table_writer(output: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Give what appends tables to a Parquet or CSV file, which is put in place only when everything went well."""
    columns: list[str] = []
    parquet: pq.ParquetWriter | None = None

    def write(table: pd.DataFrame) -> None:
        nonlocal columns, parquet
        table = dates_as_text(table)
        if output.suffix.lower() == ".csv":
            append = bool(columns)
            columns = columns or list(table.columns)
            write_csv(table[columns], beside, append=append)
            return
        arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        if parquet is None:
            # A column without values in the first piece would otherwise get the type "null".
            fields = [f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in arrow.schema]
            parquet = stack.enter_context(pq.ParquetWriter(beside, pa.schema(fields)))
        parquet.write_table(arrow.cast(parquet.schema))

    with written(output) as beside, ExitStack() as stack:
        yield write


@dataclass(frozen=True)
class BlueskyReport(Shown):
    """What a collection found; ``doubts`` holds the addresses whose posts cannot be proved complete, with the reason."""

    searches: int
    pages: int
    posts: int
    shares: int
    accounts: int
    pages_file: Path
    doubts: dict[str, str]


def collect_links(
    targets: list[str],
    output: Path | str,
    client: bluesky.BlueskySearch,
    *,
    kind: Literal["url", "domain"] = "url",
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    link_shares: bool = False,
    pages_file: Path | None = None,
) -> BlueskyReport:
    """Search for each address or domain and write the shares.

    Parameters
    ----------
    targets
        Addresses, or domains with ``kind="domain"``.
    output
        ``.parquet`` or ``.csv``.
    client
        The search client.
    since, until
        UTC; `until` is not included.
    link_shares
        Write CooRnet's table of link shares instead of shares.
    pages_file
        Where the answers are kept as they come (none: beside the output, ``.pages.jsonl``). The
        same call with the same file continues; remove it to start anew.

    Raises
    ------
    ParameterError
        An output, an address or a period that cannot be; nothing is asked then.
    CollectError
        The service refuses or fails; what was found so far is kept.

    Examples
    --------
    >>> import httpx, tempfile
    >>> def service(request):  # in place of the network
    ...     return httpx.Response(200, json={"posts": [{"uri": "at://did:plc:ann/app.bsky.feed.post/1",
    ...         "author": {"did": "did:plc:ann"}, "record": {"createdAt": "2026-01-02T10:00:00Z"}}]})
    >>> client = bluesky.BlueskySearch(transport=httpx.MockTransport(service))
    >>> report = collect_links(["https://n.example/a"], Path(tempfile.mkdtemp()) / "shares.csv", client)
    >>> report.searches, report.shares, report.accounts
    (1, 1, 1)
    """
    output = Path(output)
    refuse_input(output, endings=TABLES)
    try:
        searches = [bluesky.Search(target, kind, since, until) for target in dict.fromkeys(targets)]
    except QueryError as error:
        raise ParameterError(str(error)) from None
    if not searches:
        raise EmptyInputError("no address to search for; give at least one")
    pages_file = pages_file or output.with_suffix(".pages.jsonl")
    kept = list(_kept_pages(pages_file))
    wanted = set(searches)
    if others := [page.search for page in kept if page.search not in wanted]:
        raise ParameterError(
            f"{pages_file}: holds answers to another search ({others[0].target}); give the same addresses and period to "
            "continue it, or another --pages file"
        )
    positions = {page.search: page.position for page in kept}
    with pages_file.open("a", encoding="utf-8") as stream:
        for search in tqdm(searches, unit=" searches", disable=None, desc="Bluesky", leave=False):
            seen = {post["uri"] for page in kept if page.search == search for post in page.posts}
            for page in client.pages(search, positions.get(search), seen):
                # A page and where the search stands after it are one line: both are kept, or neither.
                stream.write(bluesky.page_line(page) + "\n")
                stream.flush()
                kept.append(page)
    table = bluesky.found_link_shares(kept) if link_shares else bluesky.found_shares(kept)
    with table_writer(output) as write:
        write(table)
    account = "account.url" if link_shares else "account_id"
    return BlueskyReport(
        searches=len(searches),
        pages=len(kept),
        posts=len({post["uri"] for page in kept for post in page.posts}),
        shares=len(table),
        accounts=int(table[account].nunique()),
        pages_file=pages_file,
        doubts={page.search.target: page.position.doubt for page in kept if page.position.doubt},
    )


def read_targets(path: Path | str) -> list[str]:
    """Read addresses or domains: one a line, or the column ``url``, ``expanded`` or ``domain`` of a CSV."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give a text file with one address a line") from None
    except (UnicodeDecodeError, OSError) as error:
        raise FileFormatError(f"{path}: cannot be read as UTF-8 text ({error.__class__.__name__})") from None
    rows = list(csv.reader(io.StringIO(text)))
    header = [name.strip().lower() for name in rows[0]] if rows else []
    found = [line.strip() for line in text.splitlines() if not line.startswith("#")]
    if known := [header.index(name) for name in ("url", "expanded", "domain") if name in header]:
        found = [row[known[0]].strip() for row in rows[1:] if len(row) > known[0]]
    if not (found := [target for target in dict.fromkeys(found) if target]):
        raise EmptyInputError(f"{path}: holds no address; give one a line, or a column 'url'")
    return found


def _kept_pages(path: Path) -> Iterator[bluesky.Page]:
    """Read what an earlier start kept; a last line cut short by a crash is asked for again."""
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    good = 0
    for number, line in enumerate(lines, start=1):
        try:
            page = bluesky.page_from_line(line.decode("utf-8"))
        except (ValueError, KeyError, TypeError):
            if number < len(lines):
                raise FileFormatError(
                    f"{path}, line {number}: is not a page of a Bluesky search; remove the file to start anew"
                ) from None
            break
        if not line.endswith(b"\n"):
            break
        good += len(line)
        yield page
    with path.open("r+b") as stream:
        stream.truncate(good)
