"""Link sharing: read the shares, find the interval, detect, say it in numbers, and put together what the report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from coordlib.errors import EmptyInputError, UnknownFormatError, takes_old_names
from coordlib.links.coord_shares import CoordShares, get_coord_shares
from coordlib.links.interval import CoordInterval, estimate_coord_interval
from coordlib.links.prepare import NEEDED
from coordlib.parameters import LinkSharing
from coordlib.places import find_workspace
from coordlib.report.checksums import sha256_file
from coordlib.report.link_result import LinkReport, get_outputs
from coordlib.report.record import Counts, RunRecord
from coordlib.report.words import plural
from coordlib.runs.import_shares import CHUNK_ROWS
from coordlib.runs.reporting import draft_of, label_link_networks
from coordlib.runs.stored import file_label
from coordlib.shown import Shown
from coordlib.simulate.links import simulate_link_shares
from coordlib.sources import exports
from coordlib.sources.json_files import is_json, iter_records
from coordlib.sources.label_endpoint import LabelEndpoint
from coordlib.sources.tables import DAMAGED, line_of_row, read_table, refuse_damaged_ids
from coordlib.sources.text_layout import file_kind, inspect_text
from coordlib.times import DAYS_WITHOUT_HOUR, date_only, refuse_unreadable, utc_seconds, utc_text

#: What to do with a table that needs a mapping.
_HOW = "(coordlib import FILE --mapping MAPPING.yml --link-shares -o SHARES.csv, then links SHARES.csv)"


@dataclass(frozen=True)
class LinkInput(Shown):
    """A table of link shares, ``date`` in UTC seconds, and where it comes from.

    ``inputs`` are file names to SHA-256, ``reading`` says how a file was read and what was left out of it.
    """

    shares: pd.DataFrame
    name: str
    inputs: Mapping[str, str]
    simulated: bool
    reading: Mapping[str, str] = field(default_factory=dict)

    def _parts(self) -> Mapping[str, Any]:
        return {**super()._parts(), "period (UTC)": " to ".join(self.period)}

    @property
    def period(self) -> tuple[str, str]:
        """The times of the first and the last share (UTC, ``YYYY-MM-DD HH:MM:SS``)."""
        return utc_text(self.shares["date"].min()), utc_text(self.shares["date"].max())


@takes_old_names(path="source")
def load_link_shares(source: Path | str | None = None) -> LinkInput:
    """Read a table of link shares (CSV, Parquet, JSON); without a source, simulate one.

    A table with the columns ``account.url``, ``expanded`` and ``date`` is taken as it is; anything
    else goes through the recognition of platform exports. Counts that a platform never gives are no column.

    Raises
    ------
    UnknownFormatError, MissingColumnError, EmptyInputError, FileFormatError, TimeFormatError
        A file that cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "shares.csv"
    >>> _ = file.write_text("account.url,expanded,date\\na,u,1735689600\\nb,u,1735689605\\n", encoding="utf-8")
    >>> source = load_link_shares(file)
    >>> source.name, len(source.shares), source.period
    ('shares.csv', 2, ('2025-01-01 00:00:00', '2025-01-01 00:00:05'))
    """
    if source is None:
        return LinkInput(simulate_link_shares().shares, "simulated", {}, True)
    path = Path(source)
    shares, reading = _table(path)
    properties = [name for name in shares.columns if str(name).startswith("account.")]
    named = {name: shares[name].replace("", None) for name in properties}
    shares = shares.assign(date=_seconds(shares["date"], path), **named)
    counts = [name for name in shares.columns if str(name).startswith("statistics.")]
    shares = shares.drop(columns=[name for name in counts if shares[name].replace("", None).isna().all()])
    return LinkInput(shares, path.name, {path.name: sha256_file(path)}, False, reading)


def _table(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    where = str(path)
    if json := is_json(path, where):
        columns = set(next(iter_records(path, where, 1000)).columns)
    elif file_kind(path, where) == "parquet":
        columns = {str(name) for name in read_table(path, allow_no_rows=True).columns}
    else:
        columns = set(inspect_text(path, where).columns)
    if set(NEEDED) <= columns:
        names, reading = ["account.url", "account.name"], {}
        table = pd.concat(iter_records(path, where, CHUNK_ROWS)) if json else read_table(path, names=names)
        if DAMAGED in table:
            damaged = table[DAMAGED].notna()
            reading["Left out while reading"] = f"a damaged line: {int(damaged.sum()):,}"
            table = table[~damaged].drop(columns=DAMAGED)
        refuse_damaged_ids(table, ["account.url", "account.platformId", "id", "platformId"], where)
        return table, reading | ({"Good to know": DAYS_WITHOUT_HOUR} if date_only(table["date"]) else {})
    tables: list[pd.DataFrame] = []
    reports: list[exports.ExportReport] = []
    without = 0
    # Piece by piece: of a large export only the columns of the table of shares stay in memory.
    try:
        for piece in exports.iter_export(path, CHUNK_ROWS):
            known = piece.format
            without += exports.without_object(piece, object_id=exports.link_object(known, where))
            tables.append(exports.export_link_shares(piece))
            reports.append(piece.report)
    except UnknownFormatError as error:
        raise UnknownFormatError(str(error).replace("(--mapping)", _HOW)) from None
    shares = pd.concat(tables, ignore_index=True)
    report = exports.merge_reports(reports)
    left_out = report.dropped | ({"post without a link": without} if without else {})
    if shares.empty:
        raise EmptyInputError(
            f"{path}: none of its {report.posts:,} posts holds a link; it was read as {known.name}"
            + (f" (left out: {_reasons(report.dropped)})" if report.dropped else "")
        )
    reading = {"Read as": f"{known.title}: {report.posts:,} posts of {report.rows:,} rows"}
    if left_out:
        reading["Left out while reading"] = _reasons(left_out)
    return shares, reading | ({"Good to know": "; ".join(report.notes)} if report.notes else {})


def _seconds(dates: pd.Series, path: Path) -> pd.Series:
    def place(row: int) -> str:
        table = file_kind(path, str(path)) != "parquet" and not is_json(path, str(path))
        line = f"line {line_of_row(path, row, NEEDED)}" if table else f"row {row + 1}"
        return f"{path}, {line}, column 'date'"

    seconds = utc_seconds(dates)
    refuse_unreadable(dates, seconds, place, needed=True)
    return seconds.astype("int64")


def _reasons(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{reason}: {count:,}" for reason, count in counts.items())


def detect_links(shares: pd.DataFrame, parameters: LinkSharing) -> CoordShares:
    """Estimate the interval where none is given, and detect coordinated link sharing.

    Examples
    --------
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "expanded": ["u", "u"], "date": [0, 5]})
    >>> detect_links(shares, LinkSharing(time_window=10)).edges.values.tolist()
    [['a', 'b', 1]]
    """
    names = {"edge_weight", "clean_urls", "keep_ourl_only", "gtimestamps", "compat", "seed"}
    interval = chosen_interval(shares, parameters)
    return get_coord_shares(shares, interval, **parameters.model_dump(include=names))


def chosen_interval(shares: pd.DataFrame, parameters: LinkSharing) -> float | CoordInterval:
    """Return the interval that is given, or estimate it."""
    if parameters.time_window is not None:
        return parameters.time_window
    names = {"q", "p", "clean_urls", "keep_ourl_only", "compat"}
    return estimate_coord_interval(shares, **parameters.model_dump(include=names))


def link_facts(source: LinkInput, output: CoordShares) -> dict[str, str]:
    """Return a run in numbers, each with its unit and what it is a part of.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "shares.csv"
    >>> _ = file.write_text("account.url,expanded,date\\na,u,1735689600\\nb,u,1735689605\\n", encoding="utf-8")
    >>> source = load_link_shares(file)
    >>> link_facts(source, get_coord_shares(source.shares, 10))["Accounts in the network"]
    '2 of 2'
    """
    shares, entities, least, estimate = output.shares, output.entities, output.min_weight, output.estimate
    coordinated = shares[shares["is_coordinated"]]
    minimum = "no two accounts were linked"
    if not pd.isna(least):
        number = plural(int(least), "URL") if least == int(least) else f"{least:g} URLs"
        minimum = f"{number} in common"
    if estimate is None:
        window = f"{output.interval:,} s, as given"
    else:
        window = (
            f"{output.interval:,} s, estimated: the median over the {estimate.n_quickest:,} quickest of "
            f"{estimate.n_urls:,} URLs{' (it is 0 s, the smallest interval is 1 s)' if estimate.raised else ''}"
        )
    return {
        "Input": source.name,
        **source.reading,
        "Period (UTC)": " to ".join(source.period),
        "Shares looked at": f"{len(shares):,} of {len(source.shares):,} (URLs shared more than once)",
        **({"Left out": _reasons(output.left_out)} if output.left_out else {}),
        "Time window": window,
        "Coordinated shares": f"{len(coordinated):,} of {len(shares):,}",
        "URLs shared in a coordinated way": f"{coordinated['expanded'].nunique():,} of {shares['expanded'].nunique():,}",
        "Smallest edge kept": minimum,
        "Accounts in the network": f"{len(entities):,} of {shares['account.url'].nunique():,}",
        "Components": f"{entities['component'].nunique():,}",
        "Method": "CooRnet 1.7.0 (tumbling bins)" if output.compat == "coornet" else "sliding window",
    }


def make_link_report(source: LinkInput, found: CoordShares, parameters: Mapping[str, Any]) -> LinkReport:
    """Put together what a report of link sharing shows.

    Parameters
    ----------
    source
        The shares, of :func:`coordlib.load_link_shares`.
    found
        What :func:`coordlib.get_coord_shares` returned.
    parameters
        What the notebook was run with.
    """
    results = get_outputs(
        found,
        component_summary=True,
        cluster_summary=True,
        top_coord_urls=True,
        top_coord_shares=True,
        labels=label_link_networks(found, endpoint=LabelEndpoint.from_environment),
        top=parameters["top"],
        order_by=parameters["order_by"],
    )
    tables = {key: table for key, table in results.items() if isinstance(table, pd.DataFrame)}
    slug, entities = file_label(source.name), found.entities
    # Pages are public: they name no place on the machine of the run.
    told = {name: value for name, value in parameters.items() if name not in ("workspace", "output_dir")}
    run = RunRecord(
        name=f"links-{slug}",
        kind="links",
        title=f"Link sharing: {slug}" + (" (simulated data)" if source.simulated else ""),
        date=source.period[1][:10],
        outcome="network" if len(entities) else "no-coordination",
        simulated=source.simulated,
        parameters={**told, "shares": source.name, "time_window_used": found.interval},
        counts=Counts(
            n_posts=len(source.shares),
            n_urls=int(found.shares["expanded"].nunique()),
            n_accounts_all=int(found.shares["account.url"].nunique()),
            n_accounts=len(entities),
            n_networks=int(entities["component"].nunique()),
            least_urls=int(found.edges["weight"].min()) if len(found.edges) else 0,
        ),
        inputs=dict(source.inputs),
        labels=results["labels"],
    )
    place = find_workspace(parameters["workspace"], create=True)
    draft = draft_of(place, f"links-{slug}", parameters, LinkSharing)
    return LinkReport(found, tables, run, link_facts(source, found), draft)
