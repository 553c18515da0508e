"""Collect who posted a list of addresses on Bluesky; stopped at any moment, it continues where it was."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from coordlib.errors import EmptyInputError, FileFormatError, InputError, ParameterError, QueryError
from coordlib.runs.import_shares import check_table_name, table_writer
from coordlib.sources.bluesky import (
    BlueskySearch,
    Page,
    Search,
    found_link_shares,
    found_shares,
    page_from_line,
    page_line,
)


@dataclass(frozen=True)
class BlueskyReport:
    """What a collection found: searches asked for, pages and posts, shares written.

    ``doubts`` holds the addresses whose posts cannot be proved complete, with the reason.
    """

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
    client: BlueskySearch,
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

    Returns
    -------
    BlueskyReport

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
    >>> client = BlueskySearch(transport=httpx.MockTransport(service))
    >>> report = collect_links(["https://n.example/a"], Path(tempfile.mkdtemp()) / "shares.csv", client)
    >>> report.searches, report.shares, report.accounts
    (1, 1, 1)
    """
    output = Path(output)
    check_table_name(output)
    if not output.parent.is_dir():
        raise ParameterError(f"{output.parent}: there is no such folder; make it first")
    try:
        searches = [Search(target, kind, since, until) for target in dict.fromkeys(targets)]
    except QueryError as error:
        raise ParameterError(str(error)) from None
    if not searches:
        raise EmptyInputError("no address to search for; give at least one")
    pages_file = pages_file or output.with_suffix(".pages.jsonl")
    kept = list(_kept_pages(pages_file))
    _same_searches(kept, searches, pages_file)
    positions = {page.search: page.position for page in kept}
    with pages_file.open("a", encoding="utf-8") as stream:
        for search in tqdm(searches, unit=" searches", disable=None, desc="Bluesky", leave=False):
            seen = {post["uri"] for page in kept if page.search == search for post in page.posts}
            for page in client.pages(search, positions.get(search), seen):
                # A page and where the search stands after it are one line: both are kept, or neither.
                stream.write(page_line(page) + "\n")
                stream.flush()
                kept.append(page)
    table = found_link_shares(kept) if link_shares else found_shares(kept)
    with table_writer(output) as writer:
        writer.write(table)
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
    column = next((header.index(name) for name in ("url", "expanded", "domain") if name in header), None)
    if column is None:
        found = [line.strip() for line in text.splitlines() if not line.startswith("#")]
    else:
        found = [row[column].strip() for row in rows[1:] if len(row) > column]
    found = [target for target in dict.fromkeys(found) if target]
    if not found:
        raise EmptyInputError(f"{path}: holds no address; give one a line, or a column 'url'")
    return found


def _kept_pages(path: Path) -> Iterator[Page]:
    """Read what an earlier start kept; a last line cut short by a crash is asked for again."""
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    good = 0
    for number, line in enumerate(lines, start=1):
        try:
            page = page_from_line(line.decode("utf-8"))
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


def _same_searches(kept: list[Page], searches: list[Search], path: Path) -> None:
    wanted = set(searches)
    other = next((page.search for page in kept if page.search not in wanted), None)
    if other is not None:
        raise ParameterError(
            f"{path}: holds answers to another search ({other.target}); give the same addresses and period to "
            "continue it, or another --pages file"
        )
