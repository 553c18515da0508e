"""Search Media Cloud for stories, through its own client: which outlet published which story, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from tqdm import tqdm

from coordlib.errors import (
    CredentialsError,
    EmptyInputError,
    MissingDependencyError,
    QueryError,
    ServiceError,
)
from coordlib.service import environment
from coordlib.sources.exports import Export
from coordlib.sources.exports.read import records_export

#: More pages than this is a question that should be asked more narrowly.
MAX_PAGES = 1000


def mediacloud_client() -> Any:
    """Return Media Cloud's own search client with the key of the environment or of ``.env``."""
    values = environment()
    key = values.get("MC_API_KEY") or values.get("COORDLIB_MEDIACLOUD_KEY")
    if not key:
        raise CredentialsError(
            "Media Cloud: no key; set MC_API_KEY in the environment (search.mediacloud.org gives one)"
        )
    try:
        from mediacloud.api import SearchApi
    except ImportError:
        raise MissingDependencyError.for_extra("mediacloud", "mediacloud", "searching Media Cloud") from None
    return SearchApi(key)


def search_stories(
    query: str,
    start: dt.date,
    end: dt.date,
    *,
    client: Any = None,
    collections: Sequence[int] = (),
    sources: Sequence[int] = (),
    max_pages: int = MAX_PAGES,
) -> Export:
    """Search for stories and return them in neutral columns.

    Parameters
    ----------
    query, start, end
        In Media Cloud's query language; first and last day.
    client
        Anything with ``story_list`` (and ``story_count``) as ``mediacloud.api.SearchApi`` has; None builds that client.
    collections, sources, max_pages
        Ids of the collections and sources to search; where to stop, which the report says.

    Returns
    -------
    Export
        As a Media Cloud story list read by :func:`coordlib.read_export`: account =
        outlet, content = story, objects ``title`` and ``link``. Publication dates are days.

    Raises
    ------
    QueryError, ServiceError, EmptyInputError
        An empty query or period; the service fails or lists none of the stories it counts; no story matches.

    Examples
    --------
    >>> class Client:  # as mediacloud.api.SearchApi
    ...     def story_list(self, query, start_date, end_date, **options):
    ...         return [{"id": "1", "title": "Tea is back", "url": "https://n.example/1", "media_url": "n.example",
    ...                  "publish_date": start_date}], None
    >>> export = search_stories("tea", dt.date(2026, 1, 2), dt.date(2026, 1, 2), client=Client())
    >>> export.frame[["account_id", "title"]].values.tolist()
    [['n.example', 'Tea is back']]
    """
    if not query.strip():
        raise QueryError("Media Cloud: the query is empty; give words to search for")
    if end < start:
        raise QueryError(f"Media Cloud: the last day ({end}) is before the first ({start})")
    client = client or mediacloud_client()
    asked: dict[str, Any] = {"collection_ids": list(collections), "source_ids": list(sources)}
    stories: list[Mapping[str, Any]] = []
    token, before, pages = None, object(), 0
    with tqdm(unit=" stories", disable=None, desc="Media Cloud", leave=False) as progress:
        # A token that stays the same leads nowhere.
        while pages == 0 or (token is not None and token != before and pages < max_pages):
            before = token
            try:
                page, token = client.story_list(query, start, end, pagination_token=token, **asked)
            except Exception as error:
                # The client raises errors of its own and of requests, whose text can hold the whole request.
                raise ServiceError(
                    f"Media Cloud: the search failed ({type(error).__name__}); are the key and the query right?"
                ) from None
            stories.extend(story for story in page if isinstance(story, Mapping))
            progress.update(len(page))
            pages += 1
    found, told = len({story.get("id") for story in stories}), None
    with suppress(Exception):  # the count is a proof, not a need
        told = int(client.story_count(query, start, end, **asked)["relevant"])
    if not stories and not told:
        raise EmptyInputError(f"Media Cloud: no story matches '{query[:80]}' from {start} to {end}")
    if not stories:
        raise ServiceError(
            f"Media Cloud: the service counts {told:,} stories and lists none; start again later"
        )
    # Dates as text, as the service's own CSV has them.
    rows = [
        {str(k): v.isoformat() if isinstance(v, dt.date) else v for k, v in story.items()}
        for story in stories
    ]
    where = f"Media Cloud '{query[:80]}' {start} to {end}"
    if token is not None:
        where += f" (stopped after {pages} pages, more are there)"
    elif told is not None and found < told:
        where += f" (not complete: {found:,} stories of the {told:,} the service counts)"
    return records_export(rows, "mediacloud", where)
