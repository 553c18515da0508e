"""A set of posts with what is known about it: a stored day, a discovery, a table of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from coordlib.report.tables import facts
from coordlib.times import utc_text

#: Parameters of the method; the steps say themselves what they were made with.
METHOD = ("object_id", "time_window", "min_participation", "edge_weight", "min_weight", "evidence")


@dataclass(frozen=True, repr=False)
class PostSet:
    """Posts to detect coordination in, and what a report says about them. At the end of a cell it shows itself.

    Attributes
    ----------
    name, kind, title, date
        Name of the report's folder, what it is, the title of its page, the day it speaks of (YYYY-MM-DD).
    posts, pool
        A table of posts (:mod:`coordlib.posts`), in their order; accounts that were watched before.
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
    facts: Mapping[str, Any] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False
    run_id: str = ""
    started_at: int = 0
    truth: Mapping[str, str] = field(default_factory=dict)
    identities: Literal["handles", "pseudonyms"] = "handles"

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
