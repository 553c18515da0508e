"""What the day's posts say about accounts: counts as numbers, one row per post, means that leave gaps out."""

from __future__ import annotations

import pandas as pd

from coordlib.errors import MissingColumnError
from coordlib.ids import as_ids
from coordlib.times import as_seconds

#: The counts of engagement, as far as a source has them.
MEASURES = ("views", "likes", "comments", "shares")

#: The columns that identify a post.
POST_KEYS = ("content_id", "account_id", "posted_at")


def plain_posts(posts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per post: ``content_id``, ``account_id``, ``posted_at``, counts, ``url``, ``text``, ``platform``, ``account_url``.

    A post that was collected twice keeps the row that sorts first and, of each count, the largest: counts grow, so
    that is the newest, whatever the order of the rows. Counts that are absent or unreadable are missing.

    Raises
    ------
    MissingColumnError
        ``content_id``, ``account_id`` or ``posted_at`` is absent.
    """
    missing = {name for name in POST_KEYS if name not in posts.columns}
    if missing:
        raise MissingColumnError.from_names(missing, posts.columns, "posts")
    table = pd.DataFrame(
        {
            "content_id": as_ids(posts["content_id"], "content_id"),
            "account_id": as_ids(posts["account_id"], "account_id"),
            "posted_at": as_seconds(posts["posted_at"], "posted_at"),
        }
    )
    for name in MEASURES:
        table[name] = _counts(posts, name)
    for name in ("url", "text", "platform", "account_url"):
        table[name] = _text(posts, name)
    for name in ("url", "account_url"):  # what is no web address is nothing a page may link to
        table[name] = table[name].where(table[name].str.match(r"https?://[^\s/?#]").fillna(False))
    table = table[table["content_id"].notna()]
    if table["content_id"].is_unique:
        return table.reset_index(drop=True)
    largest = table.groupby("content_id", sort=False)[list(MEASURES)].max()
    order = ["posted_at", "account_id", "text", "url"]
    table = table.sort_values(order, kind="stable").drop_duplicates("content_id").sort_index()
    for name in MEASURES:
        table[name] = table["content_id"].map(largest[name]).astype("Int64")
    return table.reset_index(drop=True)


def empty_table(columns: dict[str, str]) -> pd.DataFrame:
    """Return a table without rows, with these columns and dtypes."""
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in columns.items()})


def _counts(posts: pd.DataFrame, column: str) -> pd.Series:
    if column not in posts.columns:
        return pd.Series(pd.NA, index=range(len(posts)), dtype="Int64")
    numbers = pd.to_numeric(posts[column].reset_index(drop=True), errors="coerce")
    return numbers.astype("Float64").round().astype("Int64")


def _text(posts: pd.DataFrame, column: str) -> pd.Series:
    if column not in posts.columns:
        return pd.Series(None, index=range(len(posts)), dtype="str")
    return posts[column].reset_index(drop=True).astype("str")


def mean_engagement(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return ``avg_views``, ``avg_likes``, ``avg_comments``, ``avg_shares`` by group: means of the known counts."""
    means = table.groupby(by, sort=False)[list(MEASURES)].mean().astype("Float64").astype("float64")
    return means.rename(columns={name: f"avg_{name}" for name in MEASURES})
