"""How the simulated Research API behaves: its switches, and the faults it can be told to make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from coordlib.errors import FileFormatError, ParameterError, UnknownParameterError
from coordlib.simulate.world import World, midnight

FaultName = Literal[
    "search_id_not_ready", "invalid_cursor", "internal_error", "broken_period", "gateway_504_html", "rate_limit",
    "daily_quota", "token_revoked", "scope_permission_missed", "scope_not_authorized", "not_found",
    "empty_page_has_more", "search_id_changes", "timeout", "bad_json", "null_bytes",
    "silent_empty_keyword", "duplicate_rows", "fuzzy_match", "user_refused", "old_id_name",
]  # fmt: skip

Day = Annotated[str, StringConstraints(pattern=r"^\d{8}$")]
#: The data endpoints that are simulated: their path after /v2/research/.
ENDPOINTS = (
    "video/query", "user/info", "validation_task/create", "validation_task_status/get",
    "validation_task/download",
)  # fmt: skip


class Fault(BaseModel):
    """One thing that goes wrong, and when.

    All conditions given must hold: the endpoint, a date range that the query touches, the cursor, a
    username in the body or the query, the simulated day. Of the calls for which they hold, the first
    ``first`` (none: all) fail with the given probability.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: FaultName
    probability: float = Field(default=1.0, ge=0, le=1)
    first: int | None = Field(default=None, ge=0, description="Only the first n matching calls.")
    endpoint: str | None = Field(default=None, description="Short name, for example 'video/query'.")
    dates: tuple[Day, Day] | None = Field(default=None, description="Queries touching these days (YYYYMMDD).")
    cursor: int | None = Field(default=None, description="Only requests with this cursor.")
    username: str | None = Field(default=None, description="Only requests that name this account.")
    active: tuple[Day, Day] | None = Field(
        default=None, description="Only on these days of the simulated clock (YYYYMMDD)."
    )
    tries: int = Field(default=2, ge=0, description="Failures before a search id becomes ready.")
    seconds: float = Field(
        default=0.0, ge=0, description="Or: simulated seconds until it is ready; for 'timeout': longest hang."
    )
    message: str | None = Field(default=None, description="Another wording of the error message.")


class ServerConfig(BaseModel):
    """Everything that can be set before the server starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clients: dict[str, str] = Field(
        default_factory=lambda: {"sim-key": "sim-secret"},
        repr=False,
        description="client_key → client_secret.",
    )
    now: int | None = Field(
        default=None, description="Simulated UTC second at the start (none: end of the world)."
    )
    tick: float = Field(default=1.0, ge=0, description="Simulated seconds that pass with each request.")
    seed: int = Field(default=0, ge=0, description="Of faults, key order, new ids.")
    token_seconds: int = Field(default=7200, ge=1)
    search_seconds: int = Field(default=3600, ge=1, description="Lifetime of a search id, simulated seconds.")
    quota: int = Field(default=1000, ge=0, description="Requests a UTC day and client key.")
    count_invalid: bool = Field(default=True, description="Whether refused requests (400) cost quota.")
    archive_delay: int = Field(default=48 * 3600, ge=0, description="Seconds until a video appears.")
    drop_share: float = Field(
        default=0.0, ge=0, le=1, description="Videos dropped from pages besides the deleted ones."
    )
    missing_share: float = Field(default=0.0, ge=0, le=1, description="Videos the archive never has.")
    end_inclusive: bool = Field(default=True, description="Whether end_date belongs to the period.")
    error_data: Literal["empty", "absent"] = "empty"
    core_fields_only: bool = Field(default=False, description="Refuse fields newer than 2023.")
    max_values: int | None = Field(
        default=None, ge=1, description="Largest number of values in one condition."
    )
    compliance_polls: int = Field(default=1, ge=0, description="Times a task answers 'Processing' first.")
    faults: tuple[Fault, ...] = ()


def read_faults(values: Iterable[Mapping[str, Any] | Fault]) -> tuple[Fault, ...]:
    """Validate faults given as mappings.

    Raises
    ------
    UnknownParameterError
        An unknown fault or setting, with the nearest known name.
    ParameterError
        A value outside its range.
    """
    faults = []
    for value in values:
        if isinstance(value, Fault):
            faults.append(value)
            continue
        unknown = set(value) - set(Fault.model_fields)
        if unknown:
            raise UnknownParameterError.from_names(unknown, Fault.model_fields, "fault")
        known = FaultName.__args__  # type: ignore[attr-defined]
        if value.get("name") not in known:
            raise UnknownParameterError.from_names([str(value.get("name"))], known, "fault")
        endpoint, places = value.get("endpoint"), (*ENDPOINTS, "oauth/token")
        if endpoint is not None and str(endpoint).strip("/") not in places:
            raise UnknownParameterError.from_names(
                [str(endpoint)], places, f"fault '{value['name']}': endpoint"
            )
        try:
            faults.append(Fault(**value))
        except ValidationError as error:
            item = error.errors()[0]
            where = ".".join(map(str, item["loc"]))
            raise ParameterError(f"fault '{value['name']}': {where}: {item['msg'].lower()}") from None
    return tuple(faults)


def archive_faults(first_day: dt.date, days: int, seed: int = 0) -> tuple[Fault, ...]:
    """The fault mix of vera.ai's production logs, 217 days and about 217,000 requests.

    ===================  ======================================  ============================================
    fault                measured                                here
    ===================  ======================================  ============================================
    broken_period        persistent 500s on whole periods, on    one creation day in 14 fails (95 % of calls)
                         28 of the last 30 logged days
    internal_error       16,587 logged after five tries each     2 % of single calls
    gateway_504_html     outages of days (686 rows in one)       0.4 %, and 40 % on one clock day in 20
    search_id_not_ready  2,894 in about 65,000 next pages        4 % of searches, twice in a row
    invalid_cursor       621                                     1 % of searches, twice in a row
    rate_limit           141                                     0.07 %
    token_revoked        189 on 101 days                         0.09 %
    ===================  ======================================  ============================================
    """
    rng = np.random.default_rng([seed, 11])
    calendar = [(first_day + dt.timedelta(days=k)).strftime("%Y%m%d") for k in range(days)]
    broken = [day for day in calendar if rng.random() < 1 / 14]
    outages = [day for day in calendar if rng.random() < 1 / 20]
    query = "video/query"
    return (
        *(Fault(name="broken_period", dates=(day, day), probability=0.95, endpoint=query) for day in broken),
        *(Fault(name="gateway_504_html", active=(day, day), probability=0.4) for day in outages),
        Fault(name="gateway_504_html", probability=0.004),
        Fault(name="internal_error", probability=0.02),
        Fault(name="search_id_not_ready", probability=0.04, tries=2, endpoint=query),
        Fault(name="invalid_cursor", probability=0.01, tries=2, endpoint=query),
        Fault(name="rate_limit", probability=0.0007),
        Fault(name="token_revoked", probability=0.0009),
        Fault(name="search_id_changes", probability=0.01, endpoint=query),
        Fault(name="empty_page_has_more", probability=0.005, endpoint=query),
    )


def preset(name: str, first_day: dt.date, days: int, seed: int = 0) -> tuple[Fault, ...]:
    """Return the faults of a preset: ``none`` or ``archive``."""
    if name == "none":
        return ()
    if name == "archive":
        return archive_faults(first_day, days, seed)
    raise UnknownParameterError.from_names([name], ["none", "archive"], "fault preset")


def load_config(
    world: World, path: Path | str | None = None, faults: str = "none", now: str | None = None
) -> ServerConfig:
    """Put together a server's settings from a YAML file, a fault preset (or YAML list of faults) and a day.

    Raises
    ------
    FileFormatError
        A file that is absent or not readable as YAML.
    UnknownParameterError, ParameterError
        A name nobody knows, a value outside its range.
    """
    values = _read_yaml(path) if path else {}
    if not isinstance(values, dict):
        raise FileFormatError(f"{path}: expected 'name: value' lines")
    unknown = set(values) - set(ServerConfig.model_fields)
    if unknown:
        raise UnknownParameterError.from_names(unknown, ServerConfig.model_fields, str(path))
    if faults.endswith((".yml", ".yaml")):
        values["faults"] = _read_yaml(faults)
    elif faults != "none" or "faults" not in values:
        first = dt.datetime.fromtimestamp(world.start, dt.UTC).date() - dt.timedelta(
            days=world.parameters.history
        )
        values["faults"] = preset(
            faults, first, world.parameters.days + world.parameters.history, world.parameters.seed
        )
    if not isinstance(values["faults"], list | tuple):
        raise FileFormatError(f"{faults}: expected a list of faults")
    values["faults"] = read_faults(values["faults"])
    if now is not None:
        values["now"] = midnight(now, "now")
    try:
        return ServerConfig(**values)
    except ValidationError as error:
        item = error.errors()[0]
        where = ".".join(map(str, item["loc"]))
        raise ParameterError(f"{path or 'server settings'}: {where}: {item['msg'].lower()}") from None


def _read_yaml(path: Path | str) -> Any:
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileFormatError(f"{path}: there is no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from None
