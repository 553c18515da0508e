"""The parameters of every notebook and command: one model each, the one home of each default, checked by a test."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from coordlib.errors import ParameterError, UnknownParameterError, new_names


class Parameters(BaseModel):
    """Base of all parameter models: unknown names are refused, values are validated."""

    # What a parameter is for stands below it where it does not fit beside it.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, use_attribute_docstrings=True)
    #: Old names of parameters, which go with the next version.
    renamed: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def load(cls, values: dict[str, Any] | None = None, *, where: str = "parameters") -> Self:
        """Validate a mapping; what is wrong becomes one line, with the nearest known name for an unknown one."""
        values = new_names(values or {}, cls.renamed, where)
        if unknown := set(values) - set(cls.model_fields):
            raise UnknownParameterError.from_names(unknown, cls.model_fields, where, used=values)
        for name, value in values.items():
            if isinstance(value, bool) and cls.model_fields[name].annotation is not bool:
                raise ParameterError(f"{where}: {name} = {str(value).lower()}: is no number or text")
        try:
            return cls(**values)
        except ValidationError as error:
            parts = []
            for item in error.errors():
                name, said = ".".join(map(str, item["loc"])) or "parameters", item["msg"]
                parts.append(f"{name} = {item.get('input')!r}: {said[:1].lower()}{said[1:]}")
            raise ParameterError(f"{where}: {'; '.join(parts)}") from None

    @classmethod
    def from_yaml(cls, path: Path | str) -> Self:
        """Read and validate a YAML file of parameters."""
        from coordlib.yaml_files import read_yaml

        return cls.load(read_yaml(path), where=str(path))

    def for_notebook(self) -> dict[str, Any]:
        """Return the values as papermill can inject them: text, numbers, booleans, None, lists, dicts."""
        return self.model_dump(mode="json")


EvidenceClass = Literal[
    "beyond the crowd",
    "closed circle",
    "as the crowd",
    "open",
    "timetable",
    "too few repeats",
    "single episode",
    "not significant",
]
#: Words that stand for several classes.
_CLASSES: Mapping[str, tuple[str, ...]] = {
    "significant": ("beyond the crowd", "closed circle"),
    "undecided": ("as the crowd", "open"),
}


class EvidenceRule(Parameters):
    """How edges are tested, and which classes of evidence make the network (none: the weight does)."""

    q: float = Field(0.05, gt=0, lt=1, description="Accepted share of false edges among the significant.")
    classes: list[EvidenceClass] = Field(default_factory=list)
    """Keep edges of these classes instead of the heavy ones."""

    def __str__(self) -> str:
        return f"{', '.join(self.classes) or 'the weight decides'}; q = {self.q:g}"


def _evidence_rule(value: object) -> object:
    """Spell out what stands for a rule: ``significant``, ``closed circle, open, q=0.01``, a list of classes."""
    if value is None or isinstance(value, str):
        words = [word.strip() for word in re.split("[,;]", value or "") if word.strip()]
        shares = [word.partition("=")[2].strip() for word in words if re.match(r"q\s*=", word)]
        value = [word for word in words if not re.match(r"q\s*=", word)]
        if shares:
            value = {"classes": value, "q": shares[-1]}
    if isinstance(value, list):
        value = {"classes": value}
    if not isinstance(value, Mapping | EvidenceRule):
        raise ValueError("give 'significant', names of classes, or {q: 0.05, classes: [...]}")
    if isinstance(value, Mapping) and isinstance(value.get("classes"), list):
        words = [name for word in value["classes"] for name in _CLASSES.get(word, (word,))]
        return {**value, "classes": list(dict.fromkeys(words))}
    return value


Evidence = Annotated[EvidenceRule, BeforeValidator(_evidence_rule)]


class DetectionParameters(Parameters):
    """How coordination is detected; the defaults are those the vera.ai report ran with."""

    time_window: int = Field(120, ge=0)
    """Two posts of one object at most this far apart are a pair (seconds)."""
    min_participation: int = Field(2, ge=0)
    """An account needs at least this many shares to take part."""
    edge_weight: float = Field(0.9, ge=0, le=1)
    """Keep edges heavier than this quantile of all edge weights."""
    min_weight: int | None = Field(None, ge=1)
    """A fixed smallest weight to keep instead of the quantile (none: quantile)."""
    evidence: Evidence = Field(default_factory=EvidenceRule)
    """Keep edges of classes of evidence instead of heavy ones: significant, or names of classes; q=0.01 sets the accepted share of false edges."""
    object_id: str = "text"
    """What counts as the same: text, hashtags, links, music_id or any column of the posts."""


#: What several models have.
_WORKSPACE = Field("demo", description="Folder of the workspace (database, reports, site).")
_OUTPUT_DIR = Field(None, description="Where files are written (none: among the drafts of the workspace).")
_NODES_SHOWN = Field(1000, ge=10, description="The network view shows at most this many accounts.")
_ROWS_SHOWN = Field(200, ge=10, description="A table on the page shows at most this many rows.")


class DailyMonitoring(DetectionParameters):
    """Parameters of notebooks/02-daily-monitoring.ipynb: one day of one workspace."""

    workspace: str = _WORKSPACE
    date: dt.date | None = Field(None, description="The day to report (none: the newest day stored).")
    output_dir: str | None = None
    """Where the day's files are written (none: among the drafts of the workspace)."""
    min_posts: int = Field(100, ge=1)
    """A day without a network and with fewer posts is called too little data."""
    nodes_shown: int = _NODES_SHOWN
    rows_shown: int = _ROWS_SHOWN


class ComponentAnalysis(Parameters):
    """Parameters of notebooks/03-component-analysis.ipynb: one network of one day in depth, by default detected as on its page."""

    workspace: str = _WORKSPACE
    date: dt.date | None = Field(None, description="The day the network was seen (none: the newest).")
    network: int | None = Field(1, ge=1)
    """Number of the network on that day's page (none: the one of the account)."""
    account: str | None = None
    """An account of the network; needed where the method differs."""
    output_dir: str | None = _OUTPUT_DIR
    object_id: str | None = Field(None, description="What counts as the same (none: as on the day).")
    time_window: int | None = Field(None, ge=0)
    """Seconds between two posts of a pair, at most (none: as on the day)."""
    min_participation: int | None = Field(None, ge=0)
    """Shares an account needs (none: as on the day)."""
    edge_weight: float | None = Field(None, ge=0, le=1)
    """Quantile of the weights (none: as on the day)."""
    min_weight: int | None = Field(None, ge=1, description="A fixed smallest weight (none: as on the day).")
    evidence: Evidence | None = Field(None, description="Classes of evidence (none: as on the day).")
    rows_shown: int = _ROWS_SHOWN


class OwnTable(DetectionParameters):
    """Parameters of notebooks/06-own-table.ipynb and ``coordlib report``: a report of a file of posts."""

    source: str | None = Field(None, description="File of posts (none: simulated posts).")
    format: str | None = Field(None, description="Name of its format (none: recognised by its columns).")
    mapping: str | None = Field(None, description="YAML file that says which column means what.")
    workspace: str = Field("demo", description="Folder of the workspace (reports, site).")
    name: str | None = Field(None, description="Name of the report (none: that of the file).")
    output_dir: str | None = _OUTPUT_DIR
    object_id: str | None = None  # type: ignore[assignment]
    """What counts as the same: a column of the posts (none: the usual one of the format)."""
    nodes_shown: int = _NODES_SHOWN
    rows_shown: int = _ROWS_SHOWN


class ParameterSweep(Parameters):
    """Parameters of notebooks/04-parameter-sweep.ipynb: how much a day's finding depends on its parameters."""

    workspace: str = _WORKSPACE
    date: dt.date | None = Field(None, description="The day to look at (none: the newest stored).")
    source: str | None = Field(None, description="A file of posts instead of a stored day.")
    mapping: str | None = Field(None, description="YAML file that says which column of it means what.")
    output_dir: str | None = _OUTPUT_DIR
    object_id: list[str] = Field(["text"], min_length=1)
    """What counts as the same: columns of the posts."""
    time_window: list[int] = Field([10, 30, 60, 90, 120, 180, 300, 600], min_length=1)
    """Windows (seconds)."""
    min_participation: list[int] = Field([1, 2, 3], min_length=1, description="Shares an account needs.")
    edge_weight: list[float] = Field([0.5, 0.7, 0.8, 0.9, 0.95], min_length=1)
    """Quantiles of the weights."""
    min_weight: list[int | None] = Field([None], min_length=1)
    """Fixed smallest weights (null: the quantile)."""
    reference: dict[str, Any] = Field(default_factory=dict)
    """The point to compare with (empty: the day's own, else the usual values)."""
    rows_shown: int = _ROWS_SHOWN


#: Address of the Research API; a simulator replaces it.
BASE_URL = "https://open.tiktokapis.com"


class CollectionParameters(Parameters):
    """How a day's requests are spent; see coordlib.tiktok.plan."""

    days_back: int = Field(15, ge=1, le=31, description="Days of posts a monitoring day looks back on.")
    lag_days: int = Field(3, ge=0, le=30)
    """The newest days are left out: posts take up to two days to appear (days)."""
    daily_requests: int = Field(1000, ge=1)
    """Requests a UTC day; lower it when colleagues share the project's quota."""
    accounts_per_query: int = Field(100, ge=1, le=100, description="Accounts asked for in one query at most.")
    pages_per_query: float = Field(3.0, gt=0, le=20)
    """Accounts are put together until this many pages are expected."""
    max_interval_days: int = Field(7, ge=1, le=31)
    """A quiet account is asked at the latest after this many days."""
    ask_when_expected: float = Field(1.0, ge=0)
    """An account is asked once this many new posts are expected of it."""
    caption_share: float = Field(0.3, ge=0, lt=1)
    """Share of the day's requests kept for searching captions."""
    caption_min_length: int = Field(80, ge=1)
    """Captions shorter than this are not searched (characters)."""
    caption_min_accounts: int = Field(1, ge=1)
    """A caption is searched when at least this many pool accounts share it."""
    caption_margin_days: int = Field(15, ge=0, le=30)
    """A caption is searched this many days around its known posts."""
    captions_per_query: int = Field(20, ge=1, le=100, description="Captions searched in one query at most.")
    caption_pages: int = Field(3, ge=1, description="Pages fetched of one caption query at most.")
    min_yield: float = Field(0.1, ge=0)
    """A caption query is made when it promises this many unknown posts per request."""
    skip_known: bool = True
    """Leave accounts already known to share a caption out of its search."""
    refresh_days: int = Field(30, ge=1, le=30)
    """Stored videos are checked again after this many days (the terms' duty)."""


EngagementCount = Literal[
    "engagement",
    "statistics.actual.likeCount",
    "statistics.actual.shareCount",
    "statistics.actual.commentCount",
    "statistics.actual.loveCount",
    "statistics.actual.wowCount",
    "statistics.actual.hahaCount",
    "statistics.actual.sadCount",
    "statistics.actual.angryCount",
]


class LinkSharing(Parameters):
    """Parameters of notebooks/05-link-sharing.ipynb and ``coordlib links``; the defaults are CooRnet's."""

    renamed = {"coordination_interval": "time_window", "percentile_edge_weight": "edge_weight"}
    shares: str | None = Field(None, description="Table of shares, CSV or Parquet (none: a simulated one).")
    workspace: str = _WORKSPACE
    output_dir: str | None = _OUTPUT_DIR
    time_window: float | None = Field(None, ge=1)
    """Two shares of one URL at most this far apart are coordinated (seconds; none: estimated)."""
    q: float = Field(0.1, ge=0, le=1)
    """The interval is estimated from the quickest URLs: this part of all (0.1: the quickest tenth)."""
    p: float = Field(0.5, ge=0, lt=1)
    """The interval is the median time in which more than this part of a quick URL's shares is done."""
    edge_weight: float = Field(0.9, ge=0, le=1)
    """Keep edges at or above this quantile of all edge weights."""
    clean_urls: bool = Field(False, description="Make addresses of one page equal before anything else.")
    keep_ourl_only: bool = False
    """Use only shares whose link is the original URL (is_orig)."""
    gtimestamps: bool = Field(False, description="Put on each edge when either account shared each URL.")
    compat: Literal["coornet"] | None = None
    """'coornet' repeats the original, its fixed bins included (none: sliding window)."""
    seed: int = Field(1, ge=0, description="Seed of the Louvain clusters.")
    order_by: EngagementCount = "engagement"
    """Count by which top URLs and posts are ordered."""
    top: int = Field(10, ge=1, description="Top URLs and posts per component.")
    rows_shown: int = _ROWS_SHOWN


class Monitoring(DailyMonitoring, CollectionParameters):
    """Parameters of ``coordlib monitor``: how a day is collected, and how it is reported."""

    def collection(self) -> CollectionParameters:
        """Return the part that says how requests are spent."""
        return CollectionParameters(
            **{name: getattr(self, name) for name in CollectionParameters.model_fields}
        )

    def daily(self) -> DailyMonitoring:
        """Return the part that the day's notebook takes."""
        return DailyMonitoring(**{name: getattr(self, name) for name in DailyMonitoring.model_fields})


class SeedDiscovery(DetectionParameters):
    """Parameters of notebooks/01-seed-discovery.ipynb: accounts that share a hashtag's videos together."""

    workspace: str = _WORKSPACE
    hashtags: list[str] = Field(default_factory=list)
    """Hashtags, without '#': any of them (empty: those of the newest stored discovery)."""
    regions: list[str] = Field(default_factory=list)
    """Two-letter codes of registration: any of them (empty: all)."""
    start: dt.date | None = Field(None, description="First day, UTC (none: ten days before the last).")
    end: dt.date | None = Field(None, description="Last day, UTC (none: the newest day the archive has).")
    max_requests: int = Field(200, ge=1, description="Requests to spend at most.")
    collect: bool = Field(False, description="Ask the service (false: only use what is stored).")
    leave_out: list[str] = Field(default_factory=list, description="Accounts that do not enter the pool.")
    add_to_pool: bool = Field(False, description="Put the accounts found into the pool as seeds.")
    output_dir: str | None = _OUTPUT_DIR
    nodes_shown: int = _NODES_SHOWN
    rows_shown: int = _ROWS_SHOWN


Engine = Literal["auto", "quarto", "smalldocs"]
