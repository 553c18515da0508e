"""What was shared: each object with the accounts and posts about it, and the hashtags of posts."""

from __future__ import annotations

import pandas as pd


def object_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Describe each object that pairs are about.

    Returns
    -------
    pandas.DataFrame
        ``object_id``, ``n_accounts`` and ``n_posts`` in pairs about it, ``n_pairs``, ``median_delta``
        (seconds); the object in most pairs first.
    """
    older = pairs[["object_id", "account_id", "content_id"]]
    newer = pairs[["object_id", "account_id_y", "content_id_y"]].set_axis(older.columns, axis=1)
    ends = pd.concat([older, newer]).groupby("object_id")
    deltas = pairs.groupby("object_id")["time_delta"]
    counts = pd.DataFrame(
        {
            "n_accounts": ends["account_id"].nunique(),
            "n_posts": ends["content_id"].nunique(),
            "n_pairs": deltas.size(),
            "median_delta": deltas.median(),
        }
    )
    table = counts.rename_axis("object_id").reset_index()
    return table.sort_values(["n_pairs", "object_id"], ascending=[False, True], ignore_index=True)


def hashtag_table(posts: pd.DataFrame) -> pd.DataFrame:
    """Count hashtags over a table of posts (``hashtags`` lists): ``hashtag``, ``n_posts``, ``n_accounts``."""
    tags = posts[["account_id", "content_id", "hashtags"]].explode("hashtags")
    tags = tags.rename(columns={"hashtags": "hashtag"}).dropna(subset=["hashtag"])
    tags = tags[tags["hashtag"].astype("str").str.strip() != ""]
    groups = tags.groupby("hashtag")
    table = pd.DataFrame(
        {"n_posts": groups["content_id"].nunique(), "n_accounts": groups["account_id"].nunique()}
    )
    table = table.rename_axis("hashtag").reset_index()
    return table.sort_values(["n_posts", "hashtag"], ascending=[False, True], ignore_index=True)
