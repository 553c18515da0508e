"""A set of posts with what is known about it, and how its accounts are named: as the platform does, or by pseudonyms.

A pseudonym is a keyed hash in the place of a name, before a notebook sees the posts; the workspace's database keeps the names, since
the collection needs them, and the key never lies there. Who searches for a caption may find its account.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from coordlib.errors import ParameterError
from coordlib.report.configuration import SITE_FILE, read_site
from coordlib.report.tables import facts
from coordlib.times import utc_text

#: Parameters of the method; the steps say themselves what they were made with.
METHOD = ("object_id", "time_window", "min_participation", "edge_weight", "min_weight", "evidence")
KEY = "COORDLIB_IDENTITY_KEY"
#: Name under which the system keyring keeps the key.
KEYRING_SERVICE = "coordlib-identities"
_WORD = re.compile(r"(@?)([\w.]+)")
#: Names shorter than this are replaced after an @ only: they are words, too.
_LEAST = 4
#: Columns that name an account otherwise.
_NAMES = re.compile(r"name|nick|avatar|bio|signature|profile", re.IGNORECASE)
_AS_THEY_ARE = ("content_id", "platform", "posted_at")


@dataclass(frozen=True, repr=False)
class PostSet:
    """Posts to detect coordination in, and what a report says about them. At the end of a cell it shows itself.

    Attributes
    ----------
    name, kind, title, date
        Name of the report's folder, what it is, the title of its page, the day it speaks of (YYYY-MM-DD).
    posts, pool
        A table of posts (:mod:`coordlib.posts`), in their order; accounts that were watched before.
    watched
        Accounts watched after the day, where its report adds nobody to the pool (none: those of its network join).
    facts, inputs
        Counts and coverage of the collection; name of an input to its SHA-256.
    history
        One row per earlier day, for the figure of the pool (empty where there is none).
    parameters
        What the report of this set was, or usually is, made with.
    truth
        Account to its planted network, in a simulated world.
    """

    name: str
    kind: Literal["day", "discovery", "table"]
    title: str
    date: str
    posts: pd.DataFrame
    workspace: Path
    pool: list[str] = field(default_factory=list)
    watched: list[str] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False
    run_id: str = ""
    started_at: int = 0
    truth: Mapping[str, str] = field(default_factory=dict)
    identities: Literal["handles", "pseudonyms"] = "handles"

    def __post_init__(self) -> None:
        self.posts.attrs.setdefault("posts_read", len(self.posts))

    @property
    def usual_object(self) -> str:
        """What usually counts as the same in such posts: a column of them."""
        return str(self.posts.attrs.get("object_id", "text"))

    @property
    def platform(self) -> str | None:
        """The platform of the posts, where it is one."""
        found = self.posts["platform"].dropna().unique()
        return str(found[0]) if len(found) == 1 else None

    def method(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return how to detect: what the parameters say, and where they say nothing, as these posts were reported."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return {name: given.get(name, self.parameters.get(name)) for name in METHOD}

    def within(self, grid: Mapping[str, Any]) -> dict[str, Any]:
        """Return how these posts were reported, as far as a grid of parameters has those values."""
        known = {name: self.parameters[name] for name in grid if name in self.parameters}
        return {name: value for name, value in known.items() if value in grid[name]}

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every input and of the posts as they are here."""
        own = {"posts": self.posts.to_json(orient="records", lines=True, force_ascii=True)}
        if self.kind == "day":
            own["pool before"] = "\n".join(sorted(self.pool))
        return {
            **self.inputs,
            **{name: hashlib.sha256(text.encode()).hexdigest() for name, text in own.items()},
        }

    def overview(self) -> dict[str, str]:
        """What there is to look at, in words."""
        times = self.posts["posted_at"].dropna()
        ends = [utc_text(t, "%Y-%m-%d %H:%M") for t in (times.min(), times.max())] if len(times) else []
        n_posts, n_accounts = self.posts["content_id"].nunique(), self.posts["account_id"].nunique()
        where = f" ({self.platform})" if self.platform else ""
        return {
            "Posts": f"{n_posts:,} by {n_accounts:,} accounts{where}",
            "Period": " to ".join(ends) + " UTC" if ends else "no posts",
            "Watched accounts": f"{len(self.pool):,}",
            "Columns": ", ".join(map(str, self.posts.columns)),
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        shown = facts(self.overview(), self.title)
        if self.simulated:
            shown.html += "<p class=cl-note>Simulated data: no account, post or network is real.</p>"
        return shown._repr_mimebundle_()

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"{name}: {value}" for name, value in self.overview().items())])


class Pseudonyms:
    """Names to pseudonyms; the same key gives the same ones on every day. `known` is every name that may stand somewhere."""

    def __init__(self, key: bytes, known: Iterable[str]) -> None:
        self._key = key
        self.known = {name: self.name(name) for name in known}
        self._folded = {name.casefold(): made for name, made in self.known.items()}
        odd = sorted((n for n in self.known if not re.fullmatch(r"[\w.]+", n)), key=len, reverse=True)
        self._odd = re.compile("|".join(map(re.escape, odd)), re.IGNORECASE) if odd else None

    def name(self, account: str) -> str:
        """Return the pseudonym of an account."""
        return f"account-{hmac.new(self._key, account.encode(), hashlib.sha256).hexdigest()[:12]}"

    def text(self, text: str) -> str:
        """Return a text with a pseudonym for every name in it, known or mentioned with an @."""
        if self._odd:
            text = self._odd.sub(lambda found: self._folded[found[0].casefold()], text)
        return _WORD.sub(self._word, text)

    def _word(self, found: re.Match[str]) -> str:
        mark, word = found[1], found[2]
        name = word.strip(".")
        made = self._folded.get(name.casefold())
        if made is None and mark and name and not name.startswith("account"):
            made = self.name(name.casefold())
        if made is None or not (mark or len(name) >= _LEAST):
            return found[0]
        return mark + word.replace(name, made)

    def value(self, value: Any) -> Any:
        """Return any value with pseudonyms in the texts it holds."""
        if isinstance(value, str):
            return self.known.get(value) or self.text(value)
        if isinstance(value, Mapping):
            return {self.value(name): self.value(item) for name, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value

    def posts(self, posts: pd.DataFrame) -> pd.DataFrame:
        """Return a table of posts without a name in it; addresses lead to accounts and are left out."""
        table = posts.copy()
        table["account_id"] = table["account_id"].map(self.known).astype("str")
        for name in table.columns.difference(["account_id", *_AS_THEY_ARE], sort=False):
            column = table[name]
            if name == "url" or _NAMES.search(str(name)):
                table[name] = pd.Series(None, index=table.index, dtype="str")
            elif not (is_numeric_dtype(column) or is_datetime64_any_dtype(column)):
                table[name] = column.map(self.value, na_action="ignore").astype(column.dtype)
        return table


def pseudonyms_of(workspace: Path, known: Iterable[str]) -> Pseudonyms | None:
    """Return the pseudonyms of a workspace; None where its ``site.yml`` names accounts as the platform does.

    A run that makes pages asks for them before it touches anything: without a key it must end as it began (ParameterError).
    """
    if read_site(workspace).identities == "handles":
        return None
    from coordlib.service import read_file  # its library is slow to load, and few pages need it

    key = (os.environ.get(KEY) or read_file(".env").get(KEY) or _from_keyring() or "").strip()
    if len(key) < 16:
        raise ParameterError(
            f"{workspace / SITE_FILE}: identities: pseudonyms needs a key of at least 16 characters that nobody can guess; set {KEY} in "
            f"the environment, in .env or in the keyring under '{KEYRING_SERVICE}' ('openssl rand -hex 32' makes one), and keep it"
        )
    return Pseudonyms(key.encode(), known)


def _from_keyring() -> str | None:
    try:
        import keyring

        return keyring.get_password(KEYRING_SERVICE, "key")
    except Exception:  # not installed, or an error of a backend's own: then there is no key there
        return None


def disguised(found: PostSet, known: Iterable[str] = ()) -> PostSet:
    """Return a set of posts as its workspace wants accounts to be named; `known` are accounts beside those that posted."""
    names = pseudonyms_of(
        Path(found.workspace),
        {*found.posts["account_id"].dropna(), *found.pool, *(found.watched or ()), *known},
    )
    if names is None:
        return found
    return replace(
        found,
        posts=names.posts(found.posts),
        pool=[names.known[name] for name in found.pool],
        watched=found.watched and [names.known[name] for name in found.watched],
        facts=names.value(found.facts),
        truth={},
        identities="pseudonyms",
    )
