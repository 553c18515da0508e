"""Turn the posts a Bluesky search found into shares, for detection and for CooRnet's functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from coordlib.sources.bluesky import Page
from coordlib.sources.exports import Export, format_by_name, normalise
from coordlib.sources.json_files import flatten


def posts_export(posts: Iterable[Mapping[str, Any]]) -> Export:
    """Bring posts of the search, each once, into a table of posts."""
    rows = [dict(flatten(dict(post))) for post in posts]
    needed = ["uri", "author.did", "record.createdAt"]
    table = pd.DataFrame(rows, columns=None if rows else needed).astype("str")
    for name in needed:
        if name not in table.columns:
            table[name] = pd.Series(pd.NA, index=table.index, dtype="str")
    return normalise(table, format_by_name("bluesky-posts"), where="Bluesky")


def found_shares(pages: Iterable[Page]) -> pd.DataFrame:
    """Return the shares of each address or domain that was searched for, sorted by object and time; a content is its at:// address."""
    listed = pd.DataFrame(
        [(page.search.target, post["uri"]) for page in pages for post in page.posts],
        columns=["object_id", "content_id"],
        dtype="str",
    ).drop_duplicates()
    posts = posts_export(_distinct(pages)).frame[["content_id", "account_id", "posted_at"]]
    posts = posts.rename(columns={"posted_at": "timestamp_share"})
    shares = listed.merge(posts, on="content_id", how="inner")
    shares = shares[["object_id", "account_id", "content_id", "timestamp_share"]]
    return shares.sort_values(["object_id", "timestamp_share", "content_id"], ignore_index=True)


def found_link_shares(pages: Iterable[Page]) -> pd.DataFrame:
    """Return the table CooRnet's functions take, one row per post and listed address; ``is_orig``: the post holds exactly that."""
    shares = found_shares(pages)
    frame = posts_export(_distinct(pages)).frame.set_index("content_id")
    post = frame.reindex(shares["content_id"]).reset_index(drop=True)
    handles = post["account_name"]
    return pd.DataFrame(
        {
            "expanded": shares["object_id"],
            "date": shares["timestamp_share"],
            "platform": "Bluesky",
            "platformId": shares["content_id"],
            "postUrl": "https://bsky.app/profile/"
            + shares["account_id"]
            + "/post/"
            + shares["content_id"].str.rsplit("/", n=1).str[-1],
            "message": post["text"],
            "account.url": "https://bsky.app/profile/" + shares["account_id"],
            "account.id": shares["account_id"],
            "account.name": post.get("author.displayName", handles),
            "account.handle": handles,
            "account.accountType": "bluesky_account",
            "statistics.actual.likeCount": post["likes"],
            "statistics.actual.shareCount": post["shares"],
            "statistics.actual.commentCount": post["comments"],
            "is_orig": [
                isinstance(found, list) and url in found
                for url, found in zip(shares["object_id"], post["links"], strict=True)
            ],
        }
    )


def _distinct(pages: Iterable[Page]) -> list[dict[str, Any]]:
    posts = {post["uri"]: post for page in pages for post in page.posts}
    return [posts[uri] for uri in sorted(posts)]
