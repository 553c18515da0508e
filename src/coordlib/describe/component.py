"""One network in depth: what it posted, when, with which words."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import pandas as pd

from coordlib.errors import ParameterError


@dataclass(frozen=True)
class Component:
    """One network of a day: its accounts, its pairs, its coordinated posts, all posts of its accounts."""

    accounts: pd.DataFrame
    pairs: pd.DataFrame
    posts: pd.DataFrame
    all_posts: pd.DataFrame
    graph: nx.Graph[str]


def select_component(
    network: int,
    *,
    graph: nx.Graph[str],
    accounts: pd.DataFrame,
    evidence: pd.DataFrame,
    posts: pd.DataFrame,
    day_posts: pd.DataFrame,
) -> Component:
    """Cut one network out of a day's tables.

    Parameters
    ----------
    network
        Number of the network in ``accounts``.
    graph, accounts, evidence, posts
        The day's network and tables (see :class:`coordlib.describe.day.DayAnalysis`).
    day_posts
        All posts of the day, to show what else the accounts posted.

    Raises
    ------
    ParameterError
        There is no network of that number.
    """
    chosen = accounts[accounts["network"] == network].reset_index(drop=True)
    if chosen.empty:
        known = accounts["network"].nunique()
        raise ParameterError(f"network = {network}: this day has {known} networks, numbered from 1")
    members = set(chosen["account_id"])
    inside = evidence["account_id"].isin(members) & evidence["account_id_y"].isin(members)
    return Component(
        accounts=chosen,
        pairs=evidence[inside].reset_index(drop=True),
        posts=posts[posts["account_id"].isin(members)].reset_index(drop=True),
        all_posts=day_posts[day_posts["account_id"].isin(members)].reset_index(drop=True),
        graph=graph.subgraph(sorted(members)).copy(),
    )


def caption_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Describe each shared object of a network.

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
    """Count hashtags over posts (``hashtags`` lists): ``hashtag``, ``n_posts``, ``n_accounts``."""
    tags = posts[["account_id", "content_id", "hashtags"]].explode("hashtags")
    tags = tags.rename(columns={"hashtags": "hashtag"}).dropna(subset=["hashtag"])
    tags = tags[tags["hashtag"].astype("str").str.strip() != ""]
    groups = tags.groupby("hashtag")
    table = pd.DataFrame(
        {"n_posts": groups["content_id"].nunique(), "n_accounts": groups["account_id"].nunique()}
    )
    table = table.rename_axis("hashtag").reset_index()
    return table.sort_values(["n_posts", "hashtag"], ascending=[False, True], ignore_index=True)


def hours_of_day(times: pd.Series) -> pd.Series:
    """Count posts per hour of the day (UTC): 24 counts, index 0 to 23, from times in UTC seconds."""
    hours = (times.dropna().astype("int64") // 3600) % 24
    return hours.value_counts().reindex(range(24), fill_value=0).rename("n_posts").rename_axis("hour")


def component_run(component: Component, date: str, *, simulated: bool) -> dict[str, object]:
    """Return what the head of an analysis page states: date, outcome, counts, whether it is simulated."""
    counts = {"n_accounts": len(component.accounts), "n_networks": 1}
    return {"date": date, "outcome": "network", "simulated": simulated, "counts": counts}


def component_facts(component: Component, date: str) -> dict[str, str]:
    """Put a network's size and evidence into words, each number with its unit."""
    pairs, posts = component.pairs, component.posts
    n_objects = pairs["object_id"].nunique()
    median = pairs["time_delta"].median() if len(pairs) else float("nan")
    return {
        "Seen on": date,
        "Accounts": f"{len(component.accounts):,}, joined by {component.graph.number_of_edges():,} edges",
        "Evidence": f"{len(pairs):,} pairs of posts, half of them within {median:g} seconds",
        "Captions": f"{n_objects:,} different caption{'' if n_objects == 1 else 's'}",
        "Coordinated posts": f"{len(posts):,} of the {len(component.all_posts):,} posts these accounts made that day's data holds",
    }
