"""A small world of link sharing with planted networks and its truth, in the columns CrowdTangle used; everything is invented.

Newsrooms publish, ordinary accounts pass their articles on hours later, fan communities within minutes, and planted networks
within seconds, again and again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from coordlib.errors import ParameterError
from coordlib.shown import InOrder, Shown
from coordlib.simulate.material import DAY, words

#: The first second of the simulated period: 2026-01-05 00:00:00 UTC, a Monday.
START = 1_767_571_200
#: Posts per hour of the day, as measured on no platform in particular: low at night, two peaks.
_HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 9, 9, 8, 8, 8, 9, 10, 11, 12, 11, 9, 6, 4], dtype=float)
_TAILS = ("?utm_source=feed", "?fbclid=Iw0", "/", "#comments", "?ref=share")


@dataclass(frozen=True, eq=False)
class LinkWorld(Shown, InOrder):
    """Simulated shares and who is behind them; it can be unpacked.

    Attributes
    ----------
    shares
        One row per post in CrowdTangle's columns (``expanded``, ``date``, ``account.url`` …).
    truth
        ``account.url``, ``kind`` (ordinary, fan, planted) and ``network`` (0: none).
    """

    shares: pd.DataFrame
    truth: pd.DataFrame


def simulate_link_shares(
    n_accounts: int = 400, n_networks: int = 3, *, days: int = 14, seed: int = 1
) -> LinkWorld:
    """Simulate link shares with planted networks.

    Parameters
    ----------
    n_accounts
        Ordinary accounts; a tenth as many fans and up to 12 accounts per planted network are added.
    n_networks
        Planted networks, 0 or more.
    days
        Length of the period.
    seed
        The same seed gives the same bytes on every machine.

    Raises
    ------
    ParameterError
        A number below its minimum.

    Examples
    --------
    >>> world = simulate_link_shares(50, 1, days=2)
    >>> int((world.truth["network"] == 1).sum()) > 3
    True
    """
    least = {"n_accounts": (n_accounts, 10), "n_networks": (n_networks, 0), "days": (days, 1)}
    for name, (value, lowest) in least.items():
        if value < lowest:
            raise ParameterError(f"{name} = {value}: choose at least {lowest}")
    rng = np.random.default_rng(seed)
    accounts = _accounts(rng, n_accounts, n_networks)
    urls = _urls(rng, n_networks, days)
    # A few ordinary accounts per article, hours apart; popular articles are passed on by many.
    url = np.repeat(np.arange(len(urls)), np.minimum(rng.zipf(1.8, len(urls)), 60))
    delay = rng.lognormal(9.3, 1.6, len(url)).astype(np.int64) + 30
    who = rng.choice(np.flatnonzero(accounts["kind"] == "ordinary"), len(url))
    parts = [_shares(urls, who, url, delay)]
    # Fans of one newsroom share most of what it publishes within minutes: fast, and not coordinated.
    liked = urls[(urls["network"] == 0) & (urls["outlet"] == 1)]
    parts.append(_burst(rng, liked, np.flatnonzero(accounts["kind"] == "fan"), 0.3, 20, 1800))
    # Members share most of their network's articles, seconds after the first of them, and some news hours later.
    for network in range(1, n_networks + 1):
        who = np.flatnonzero(accounts["network"] == network)
        parts.append(_burst(rng, urls[urls["network"] == network], who, 0.75, 60, 12))
        news = rng.choice(np.flatnonzero(urls["network"] == 0), size=3 * len(who))
        parts.append(_shares(urls, np.repeat(who, 3), news, rng.lognormal(9.3, 1.6, len(news))))
    shares = pd.concat(parts, ignore_index=True)
    shares = shares[shares["seconds"] < START + days * DAY]
    shares = shares.sort_values(["seconds", "account", "url"]).reset_index(drop=True)
    return LinkWorld(_posts(rng, shares, accounts, urls), accounts[["account.url", "kind", "network"]])


def _accounts(rng: Generator, n_ordinary: int, n_networks: int) -> pd.DataFrame:
    sizes = rng.integers(5, 13, size=n_networks)
    n_fans = max(n_ordinary // 10, 4)
    kind = ["ordinary"] * n_ordinary + ["fan"] * n_fans + ["planted"] * int(sizes.sum())
    network = np.concatenate([np.zeros(n_ordinary + n_fans), np.repeat(np.arange(1, n_networks + 1), sizes)])
    n, types = len(kind), ("facebook_page", "facebook_group", "facebook_profile")
    number = rng.permutation(n) + 1000  # so that the number gives nobody away
    return pd.DataFrame(
        {
            "account.url": [f"https://social.example/{i}" for i in number],
            "account.id": [str(i) for i in number],
            "account.name": [f"Account {i}" for i in number],
            "account.handle": [f"account{i}" for i in number],
            "account.subscriberCount": np.round(rng.lognormal(8, 1.2, n)).astype(np.int64) + 10,
            "account.accountType": rng.choice(types, n, p=[0.6, 0.3, 0.1]),
            "account.pageAdminTopCountry": rng.choice(("AT", "CH", "DE", "IT"), n),
            "kind": kind,
            "network": network.astype(np.int64),
        }
    )


def _urls(rng: Generator, n_networks: int, days: int) -> pd.DataFrame:
    """Articles of newsrooms (network 0) and of the outlets that each planted network pushes."""
    parts, topics, pushed = [], words()["topics"], words()["pushed"]
    for network in range(n_networks + 1):
        n = 40 * days if network == 0 else 4 * days
        outlet = rng.integers(1, 25 if network == 0 else 4, size=n)
        host = [f"www.news{i}.example" if network == 0 else f"truth{network}-{i}.example" for i in outlet]
        hour = rng.choice(24, size=n, p=_HOURS / _HOURS.sum())
        when = START + rng.integers(0, days, n) * DAY + hour * 3600 + rng.integers(0, 3600, n)
        about = pushed[(network - 1) % len(pushed)]
        subject = [about if network else topics[i % len(topics)] for i in outlet]
        part = {"host": host, "outlet": outlet, "published": when, "network": network, "subject": subject}
        parts.append(pd.DataFrame(part))
    urls = pd.concat(parts, ignore_index=True)
    word = rng.choice(np.array(words()["headlines"], dtype=object), len(urls))
    number = pd.Series(range(1, len(urls) + 1)).astype(str)
    urls["title"] = urls["subject"].str.capitalize() + ": " + word + " (" + number + ")"
    urls["address"] = "https://" + urls["host"] + "/article/" + number
    return urls


def _shares(urls: pd.DataFrame, account: np.ndarray, url: np.ndarray, delay: np.ndarray) -> pd.DataFrame:
    """Shares of articles so many seconds after they were published."""
    seconds = urls["published"].loc[url].to_numpy() + delay.astype(np.int64)
    return pd.DataFrame({"account": account, "url": url, "seconds": seconds})


def _burst(
    rng: Generator, urls: pd.DataFrame, who: np.ndarray, share: float, least: int, mean: int
) -> pd.DataFrame:
    """Such a share of what these accounts could share of these articles, `least` seconds after each and later."""
    account, url = (grid.ravel() for grid in np.meshgrid(who, urls.index))
    chosen = rng.random(len(url)) < share
    delay = least + rng.exponential(mean, int(chosen.sum())).astype(np.int64)
    return _shares(urls, account[chosen], url[chosen], delay)


def _posts(rng: Generator, shares: pd.DataFrame, accounts: pd.DataFrame, urls: pd.DataFrame) -> pd.DataFrame:
    n = len(shares)
    who = accounts.iloc[shares["account"].to_numpy()].reset_index(drop=True)
    address = urls["address"].to_numpy(dtype=object)[shares["url"].to_numpy()]
    tail = np.where(rng.random(n) < 0.2, rng.choice(np.array(_TAILS, dtype=object), n), "")
    title = urls["title"].to_numpy(dtype=object)[shares["url"].to_numpy()]
    posts = pd.DataFrame(
        {
            "id": [str(i) for i in range(1, n + 1)],
            "platform": "Facebook",
            "date": shares["seconds"],
            "type": "link",
            "postUrl": [f"{url}/posts/{i}" for i, url in enumerate(who["account.url"], start=1)],
            "title": title,
            "description": "",
            "message": [f"Read: {text}" for text in title],
            "expanded": [f"{url}{end}" for url, end in zip(address, tail, strict=True)],
            "is_orig": tail == "",
        }
    )
    audience = np.log1p(who["account.subscriberCount"].to_numpy()) * 2
    for kind, share in words()["reactions"].items():
        posts[f"statistics.actual.{kind}Count"] = rng.poisson(audience * share)
    posts = posts.join(who.filter(like="account."))
    renamed = (rng.random(len(accounts)) < 0.05)[shares["account"].to_numpy()]
    posts.loc[renamed & (shares["seconds"].to_numpy() > START + 3 * DAY), "account.name"] += " (new name)"
    posts["account.platform"] = "Facebook"
    posts["account.platformId"] = posts["account.id"]
    posts["account.verified"] = False
    return posts
