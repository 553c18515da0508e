"""The parameters of every notebook and command: one model each, the one home of each default, checked by a test."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from coordlib.errors import ParameterError, UnknownParameterError, new_names
from coordlib.shown import Shown


def _told(default: Any, what: str, **limits: Any) -> Any:
    """Return a field with its default, what it is for, and the limits of its values."""
    return Field(default, description=what, **limits)


def _as_day(value: Any) -> dt.date:
    from coordlib.times import one_day  # with pandas, for which --help has no time

    return one_day(value)


Day = Annotated[dt.date, BeforeValidator(_as_day)]


class Parameters(Shown, BaseModel):
    """Base of all parameter models: unknown names are refused, values are validated."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    #: Old names of parameters, which go with the next version.
    renamed: ClassVar[Mapping[str, str]] = {}

    def __init__(self, /, **values: Any) -> None:
        self._fill(values, type(self).__name__)

    # As pydantic marks its own: parameters inside others and those taken from a model do not come through here.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def load(cls, values: dict[str, Any] | None = None, *, where: str = "parameters") -> Self:
        """Validate a mapping; what is wrong becomes one line, with the nearest known name for an unknown one."""
        made = cls.__new__(cls)
        made._fill(values or {}, where)
        return made

    def _fill(self, values: Mapping[str, Any], where: str) -> None:
        fields = type(self).model_fields
        values = new_names(values, self.renamed, where, level=4)
        if unknown := set(values) - set(fields):
            raise UnknownParameterError.from_names(unknown, fields, where, used=values)
        for name, value in values.items():
            if isinstance(value, bool) and fields[name].annotation is not bool:
                raise ParameterError(f"{where}: {name} = {str(value).lower()}: is no number or text")
        try:
            super().__init__(**values)
        except ValidationError as error:
            parts = []
            for item in error.errors():
                name, said = ".".join(map(str, item["loc"])), item["msg"].removeprefix("Value error, ")
                lacks = item["type"] == "missing"
                given = f" = {item['input']!r}" if name and not lacks else ""
                hint = lacks and getattr(fields.get(name), "description", None)
                said += f" ({hint})" if hint else ""
                parts.append(f"{name}{given}: {said[:1].lower()}{said[1:]}".removeprefix(": "))
            raise ParameterError(f"{where}: {'; '.join(dict.fromkeys(parts))}") from None

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

    q: float = _told(0.05, "Accepted share of false edges among the significant.", gt=0, lt=1)
    classes: list[EvidenceClass] = _told([], "Keep edges of these classes instead of the heavy ones.")

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

    time_window: int = _told(
        120, "Two posts of one object at most this far apart are a pair (seconds).", ge=0
    )
    min_participation: int = _told(2, "An account needs at least this many shares to take part.", ge=0)
    edge_weight: float = _told(0.9, "Keep edges heavier than this quantile of all edge weights.", ge=0, le=1)
    min_weight: int | None = _told(
        None, "A fixed smallest weight to keep instead of the quantile (none: quantile).", ge=1
    )
    evidence: Evidence = _told(
        EvidenceRule(),
        "Keep edges of classes of evidence instead of heavy ones: significant, or names of classes; q=0.01 sets the accepted share of false edges.",
    )
    object_id: str = _told(
        "text", "What counts as the same: text, hashtags, links, music_id or any column of the posts."
    )


#: What several models have.
_WORKSPACE = _told("demo", "Folder of the workspace (database, reports, site).")
_OUTPUT_DIR = _told(None, "Where files are written (none: among the drafts of the workspace).")
_NODES_SHOWN = _told(1000, "The network view shows at most this many accounts.", ge=10)
_ROWS_SHOWN = _told(200, "A table on the page shows at most this many rows.", ge=10)


class DailyMonitoring(DetectionParameters):
    """Parameters of notebooks/02-daily-monitoring.ipynb: one day of one workspace."""

    workspace: str = _WORKSPACE
    date: Day | None = _told(None, "The day to report (none: the newest day stored).")
    output_dir: str | None = _told(
        None, "Where the day's files are written (none: among the drafts of the workspace)."
    )
    min_posts: int = _told(
        100, "A day without a network and with fewer posts is called too little data.", ge=1
    )
    nodes_shown: int = _NODES_SHOWN
    rows_shown: int = _ROWS_SHOWN


class ComponentAnalysis(Parameters):
    """Parameters of notebooks/03-component-analysis.ipynb: one network of one day in depth, by default detected as on its page."""

    workspace: str = _WORKSPACE
    date: Day | None = _told(None, "The day the network was seen (none: the newest).")
    network: int | None = _told(
        1, "Number of the network on that day's page (none: the one of the account).", ge=1
    )
    account: str | None = _told(
        None, "An account of the network; needed where the method differs.", min_length=1
    )
    output_dir: str | None = _OUTPUT_DIR
    object_id: str | None = _told(None, "What counts as the same (none: as on the day).")
    time_window: int | None = _told(
        None, "Seconds between two posts of a pair, at most (none: as on the day).", ge=0
    )
    min_participation: int | None = _told(None, "Shares an account needs (none: as on the day).", ge=0)
    edge_weight: float | None = _told(None, "Quantile of the weights (none: as on the day).", ge=0, le=1)
    min_weight: int | None = _told(None, "A fixed smallest weight (none: as on the day).", ge=1)
    evidence: Evidence | None = _told(None, "Classes of evidence (none: as on the day).")
    rows_shown: int = _ROWS_SHOWN


class OwnTable(DetectionParameters):
    """Parameters of notebooks/06-own-table.ipynb and ``coordlib report``: a report of a file of posts."""

    source: str | None = _told(None, "File of posts (none: simulated posts).")
    format: str | None = _told(None, "Name of its format (none: recognised by its columns).")
    mapping: str | None = _told(None, "YAML file that says which column means what.")
    workspace: str = _told("demo", "Folder of the workspace (reports, site).")
    name: str | None = _told(None, "Name of the report (none: that of the file).", min_length=1)
    output_dir: str | None = _OUTPUT_DIR
    object_id: str | None = _told(  # type: ignore[assignment]
        None, "What counts as the same: a column of the posts (none: the usual one of the format)."
    )
    nodes_shown: int = _NODES_SHOWN
    rows_shown: int = _ROWS_SHOWN


class ParameterSweep(Parameters):
    """Parameters of notebooks/04-parameter-sweep.ipynb: how much a day's finding depends on its parameters."""

    workspace: str = _WORKSPACE
    date: Day | None = _told(None, "The day to look at (none: the newest stored).")
    source: str | None = _told(None, "A file of posts instead of a stored day.")
    mapping: str | None = _told(None, "YAML file that says which column of it means what.")
    output_dir: str | None = _OUTPUT_DIR
    object_id: list[str] = _told(["text"], "What counts as the same: columns of the posts.", min_length=1)
    time_window: list[int] = _told([10, 30, 60, 90, 120, 180, 300, 600], "Windows (seconds).", min_length=1)
    min_participation: list[int] = _told([1, 2, 3], "Shares an account needs.", min_length=1)
    edge_weight: list[float] = _told([0.5, 0.7, 0.8, 0.9, 0.95], "Quantiles of the weights.", min_length=1)
    min_weight: list[int | None] = _told([None], "Fixed smallest weights (null: the quantile).", min_length=1)
    reference: dict[str, Any] = _told(
        {}, "The point to compare with (empty: the day's own, else the usual values)."
    )
    rows_shown: int = _ROWS_SHOWN


#: Address of the Research API; a simulator replaces it.
BASE_URL = "https://open.tiktokapis.com"


class CollectionParameters(Parameters):
    """How a day's requests are spent; see coordlib.tiktok.plan."""

    days_back: int = _told(15, "Days of posts a monitoring day looks back on.", ge=1, le=31)
    lag_days: int = _told(
        3, "The newest days are left out: posts take up to two days to appear (days).", ge=0, le=30
    )
    daily_requests: int = _told(
        1000, "Requests a UTC day; lower it when colleagues share the project's quota.", ge=1
    )
    accounts_per_query: int = _told(100, "Accounts asked for in one query at most.", ge=1, le=100)
    pages_per_query: float = _told(
        3.0, "Accounts are put together until this many pages are expected.", gt=0, le=20
    )
    max_interval_days: int = _told(
        7, "A quiet account is asked at the latest after this many days.", ge=1, le=31
    )
    ask_when_expected: float = _told(
        1.0, "An account is asked once this many new posts are expected of it.", ge=0
    )
    caption_share: float = _told(0.3, "Share of the day's requests kept for searching captions.", ge=0, lt=1)
    caption_min_length: int = _told(80, "Captions shorter than this are not searched (characters).", ge=1)
    caption_min_accounts: int = _told(
        1, "A caption is searched when at least this many pool accounts share it.", ge=1
    )
    caption_margin_days: int = _told(
        15, "A caption is searched this many days around its known posts.", ge=0, le=30
    )
    captions_per_query: int = _told(20, "Captions searched in one query at most.", ge=1, le=100)
    caption_pages: int = _told(3, "Pages fetched of one caption query at most.", ge=1)
    min_yield: float = _told(
        0.1, "A caption query is made when it promises this many unknown posts per request.", ge=0
    )
    skip_known: bool = _told(True, "Leave accounts already known to share a caption out of its search.")
    refresh_days: int = _told(
        30, "Stored videos are checked again after this many days (the terms' duty).", ge=1, le=30
    )


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
    shares: str | None = _told(None, "Table of shares, CSV or Parquet (none: a simulated one).")
    workspace: str = _WORKSPACE
    output_dir: str | None = _OUTPUT_DIR
    time_window: float | None = _told(
        None, "Two shares of one URL at most this far apart are coordinated (seconds; none: estimated).", ge=1
    )
    q: float = _told(
        0.1,
        "The interval is estimated from the quickest URLs: this part of all (0.1: the quickest tenth).",
        ge=0,
        le=1,
    )
    p: float = _told(
        0.5,
        "The interval is the median time in which more than this part of a quick URL's shares is done.",
        ge=0,
        lt=1,
    )
    edge_weight: float = _told(0.9, "Keep edges at or above this quantile of all edge weights.", ge=0, le=1)
    clean_urls: bool = _told(False, "Make addresses of one page equal before anything else.")
    keep_ourl_only: bool = _told(False, "Use only shares whose link is the original URL (is_orig).")
    gtimestamps: bool = _told(False, "Put on each edge when either account shared each URL.")
    compat: Literal["coornet"] | None = _told(
        None, "'coornet' repeats the original, its fixed bins included (none: sliding window)."
    )
    seed: int = _told(1, "Seed of the Louvain clusters.", ge=0)
    order_by: EngagementCount = _told("engagement", "Count by which top URLs and posts are ordered.")
    top: int = _told(10, "Top URLs and posts per component.", ge=1)
    rows_shown: int = _ROWS_SHOWN


class Monitoring(DailyMonitoring, CollectionParameters):
    """Parameters of ``coordlib monitor``: how a day is collected, and how it is reported."""

    def collection(self) -> CollectionParameters:
        """Return the part that says how requests are spent."""
        return CollectionParameters.model_validate(dict(self), extra="ignore")

    def daily(self) -> DailyMonitoring:
        """Return the part that the day's notebook takes."""
        return DailyMonitoring.model_validate(dict(self), extra="ignore")


class SeedDiscovery(DetectionParameters):
    """Parameters of notebooks/01-seed-discovery.ipynb: accounts that share a hashtag's videos together."""

    workspace: str = _WORKSPACE
    hashtags: list[str] = _told(
        [], "Hashtags, without '#': any of them (empty: those of the newest stored discovery)."
    )
    regions: list[str] = _told([], "Two-letter codes of registration: any of them (empty: all).")
    start: Day | None = _told(None, "First day, UTC (none: ten days before the last).")
    end: Day | None = _told(None, "Last day, UTC (none: the newest day the archive has).")
    max_requests: int = _told(200, "Requests to spend at most.", ge=1)
    collect: bool = _told(False, "Ask the service (false: only use what is stored).")
    leave_out: list[str] = _told([], "Accounts that do not enter the pool.")
    add_to_pool: bool = _told(False, "Put the accounts found into the pool as seeds.")
    output_dir: str | None = _OUTPUT_DIR
    nodes_shown: int = _NODES_SHOWN
    rows_shown: int = _ROWS_SHOWN


Engine = Literal["auto", "quarto", "smalldocs"]
