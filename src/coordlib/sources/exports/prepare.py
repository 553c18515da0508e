"""Work out, for formats that need it, columns that a file holds only indirectly."""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd

from coordlib.sources.exports.model import first_filled
from coordlib.times import utc_seconds
from coordlib.urls import full_domain

STORY = "coordlib.story"
DOMAIN = "coordlib.domain"
ADDRESS = "coordlib.address"
RECORD = "coordlib.record"
RECORD_TIME = "coordlib.record_time"
RECORD_LINKS = "coordlib.record_links"
RECORD_TAGS = "coordlib.record_tags"
STATUS_TAGS = "coordlib.status_tags"
STATUS_TEXT = "coordlib.status_text"
TWEET_RETWEET = "coordlib.tweet_retweet"
TWEET_REFERENCE = "coordlib.tweet_reference"
TWEET_LINKS = "coordlib.tweet_links"
TWEET_TAGS = "coordlib.tweet_tags"

#: A client's clock may be wrong by this much before the network's own time is believed instead.
CLOCK_TOLERANCE_SECONDS = 600
_MARKUP = re.compile(r"<[^>]*>")
_PUBLIC = ("app.bsky.feed.post", "app.bsky.feed.repost")


def whole_numbers(values: pd.Series[Any]) -> pd.Series[Any]:
    """Read counts such as ``1,972,048``; what is not a whole number is unknown, never 0."""
    text = values.astype("str").str.strip().str.replace(r"(?<=\d),(?=\d{3})", "", regex=True)
    numbers = pd.to_numeric(text.where(text.str.fullmatch(r"-?\d{1,15}(?:\.0*)?", na=False)), errors="coerce")
    return numbers.astype("Int64")


def stories(table: pd.DataFrame) -> pd.DataFrame:
    """Give Media Cloud stories an id, whichever generation of the list they come from."""
    return table.assign(**{STORY: first_filled(table, ("id", "stories_id", "url"))})


def articles(table: pd.DataFrame) -> pd.DataFrame:
    """Give GDELT articles their domain, which its CSV leaves out."""
    address = first_filled(table, ("url", "URL"))
    host = address.map(lambda url: full_domain(url) or None if isinstance(url, str) else None).astype("str")
    given = first_filled(table, ("domain",))
    return table.assign(**{ADDRESS: address, DOMAIN: given.where(given.notna(), host)})


def jetstream_undone(table: pd.DataFrame) -> dict[str, int]:
    """Return from which row on a record holds: after its last update, and never where it was deleted."""
    operation = table.get("commit.operation", pd.Series("create", index=table.index))
    record = _record(table)
    updated = record[(operation == "update") & record.notna()]
    found = dict(zip(updated, updated.index.tolist(), strict=True))
    return found | dict.fromkeys(record[(operation == "delete") & record.notna()], sys.maxsize)


def _record(table: pd.DataFrame) -> pd.Series[Any]:
    return "at://" + table["did"] + "/" + table["commit.collection"] + "/" + table["commit.rkey"]


def jetstream(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the posts and reposts that were made and not deleted again, with their links and tags."""
    record = _record(table)
    operation = table.get("commit.operation", pd.Series("create", index=table.index))
    deleted = set(record[operation == "delete"])
    made = operation.isin(["create", "update"]) & table["commit.collection"].isin(_PUBLIC)
    kept = table[made & ~record.isin(deleted)]
    kept = kept.assign(**{RECORD: record[kept.index]})
    # An update repeats the record: the last one counts.
    kept = kept[~kept[RECORD].duplicated(keep="last")]
    moment = _believable(kept, ("commit.record.createdAt",), ("time_us",))
    return _with_facets(kept, "commit.record").assign(**{RECORD_TIME: moment})


def bluesky_posts(table: pd.DataFrame) -> pd.DataFrame:
    """Add the links and tags of posts as the search gives them."""
    moment = _believable(table, ("record.createdAt",), ("indexedAt",))
    return _with_facets(table, "record").assign(**{RECORD_TIME: moment})


def mastodon(table: pd.DataFrame) -> pd.DataFrame:
    """Add a status' tags and its text without markup."""
    content = first_filled(table, ("content",))
    text = content.map(
        lambda value: html.unescape(_MARKUP.sub(" ", value)).strip() if isinstance(value, str) else None
    )
    tags = first_filled(table, ("tags",)).map(
        lambda value: " ".join(item["name"] for item in _items(value) if isinstance(item.get("name"), str))
    )
    return table.assign(**{STATUS_TEXT: text.astype("str"), STATUS_TAGS: tags.astype("str")})


def tweets(table: pd.DataFrame) -> pd.DataFrame:
    """Add what a tweet of the API v2 retweets, quotes or answers, its links and its hashtags."""
    references = first_filled(table, ("referenced_tweets",)).map(_items)
    urls = first_filled(table, ("entities.urls",)).map(_items)
    tags = first_filled(table, ("entities.hashtags",)).map(_items)
    columns = {
        TWEET_RETWEET: [_first(found, "id", "retweeted") for found in references],
        TWEET_REFERENCE: [_first(found, "id") for found in references],
        TWEET_LINKS: [_joined(found, "unwound_url", "expanded_url", "url") for found in urls],
        TWEET_TAGS: [_joined(found, "tag").lower() for found in tags],
    }
    return table.assign(
        **{name: pd.Series(cells, index=table.index, dtype="str") for name, cells in columns.items()}
    )


def facet_values(facets: object, kind: str, key: str) -> Iterator[str]:
    """Yield the values of one kind of Bluesky facet: what of a text is a link or a tag."""
    for facet in facets if isinstance(facets, list) else []:
        features = facet.get("features") if isinstance(facet, dict) else None
        for feature in features if isinstance(features, list) else []:
            if isinstance(feature, dict) and str(feature.get("$type", "")).endswith(f"facet#{kind}"):
                value = feature.get(key)
                if isinstance(value, str):
                    yield value


def _believable(table: pd.DataFrame, claimed: tuple[str, ...], observed: tuple[str, ...]) -> pd.Series[str]:
    """Return the time a client claims, or the network's own where the two are far apart."""
    written = utc_seconds(first_filled(table, claimed))
    seen = utc_seconds(first_filled(table, observed))
    trusted = written.notna() & ~((written - seen).abs() > CLOCK_TOLERANCE_SECONDS).fillna(False)
    moment = written.where(trusted, seen)
    text: pd.Series[str] = moment.astype("str").where(moment.notna())
    return text


def _with_facets(table: pd.DataFrame, record: str) -> pd.DataFrame:
    facets = first_filled(table, (f"{record}.facets",)).map(_items)
    cards = [
        first_filled(table, (f"{record}.embed.external.uri",)),
        first_filled(table, (f"{record}.embed.media.external.uri",)),
    ]
    links = [
        " ".join(
            dict.fromkeys(
                [*facet_values(own, "link", "uri"), *(card for card in found if isinstance(card, str))]
            )
        )
        for own, *found in zip(facets, *cards, strict=True)
    ]
    tags = [" ".join(dict.fromkeys(facet_values(own, "tag", "tag"))) for own in facets]
    return table.assign(
        **{
            RECORD_LINKS: pd.Series(links, index=table.index, dtype="str"),
            RECORD_TAGS: pd.Series(tags, index=table.index, dtype="str"),
        }
    )


def _items(value: object) -> list[dict[str, Any]]:
    """Read a list of objects that the table holds as JSON text."""
    try:
        found = json.loads(value) if isinstance(value, str) else []
    except ValueError:
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _first(found: list[dict[str, Any]], key: str, kind: str | None = None) -> str | None:
    return next((str(item[key]) for item in found if key in item and kind in (None, item.get("type"))), None)


def _joined(found: list[dict[str, Any]], *keys: str) -> str:
    values = [next((str(item[key]) for key in keys if item.get(key)), "") for item in found]
    return " ".join(dict.fromkeys(value for value in values if value))
