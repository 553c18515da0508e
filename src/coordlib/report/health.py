"""The collection-health box of a report: what was asked, what came back, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from coordlib.report.tables import html_table
from coordlib.report.text import escape

#: Words for the outcomes of a request, where the ledger's own word is not plain enough.
OUTCOMES = {
    "ok": "answered",
    "account-refused": "refused: account not readable",
    "gateway": "gateway error (504)",
    "invalid": "refused: request not valid",
    "network": "no answer",
    "quota": "refused: daily quota spent",
    "rate-limit": "refused: too many at once",
    "search-not-ready": "search not ready yet",
    "server-error": "server error (500)",
    "token": "access token had ended",
    "unreadable": "answer not readable",
}


def health_table(health: Mapping[str, Any]) -> pd.DataFrame:
    """Return the numbers of the health box as a table: subject, count, of, unit, note.

    Parameters
    ----------
    health
        The ``health`` facts of a run (:func:`coordlib.runs.health.collection_health`). Absent parts
        are left out, so facts of an archive replay, which has none, give an empty table.

    Examples
    --------
    >>> health_table({"accounts": {"active": 4, "asked": 3, "answered": 2}})[["subject", "count", "of"]].values.tolist()
    [['asked', 3, 4], ['answered with posts', 2, 3]]
    """
    rows = [*_account_rows(health.get("accounts") or {}), *_caption_rows(health.get("captions") or {})]
    rows += _window_rows(health.get("windows") or {})
    rows += _request_rows(health.get("requests") or {})
    transcripts = health.get("transcripts") or {}
    if "with" in transcripts:
        rows.append(("posts", "with a transcript", transcripts["with"], transcripts.get("of"), "posts", ""))
    days = health.get("days") or []
    if days:
        empty = [item["date"] for item in days if not item["rows"]]
        rows.append(("days", "without any post", len(empty), len(days), "days", ", ".join(empty)))
        gaps = [f"{item['date']} ({item['queries']:,} queries)" for item in health.get("earlier_gaps") or []]
        rows.append(
            (
                "days",
                "with queries that failed in earlier runs",
                len(gaps),
                len(days),
                "days",
                ", ".join(gaps),
            )
        )
    truth = health.get("truth") or {}
    if truth:
        rows += _truth_rows(truth)
    rows += _archive_rows(health)
    frame = pd.DataFrame(rows, columns=["part", "subject", "count", "of", "unit", "note"])
    return frame.astype({"count": "Int64", "of": "Int64"})


def health_html(health: Mapping[str, Any]) -> str:
    """Return the collection-health box as one escaped HTML fragment.

    Takes the ``health`` facts of a run, or all facts of a run or of an archived day.

    Everything in it is escaped: account names, messages of the service and captions are hostile text.
    Without facts (an archive replay) the box says that they are not known.
    """
    facts = health.get("health") or health
    table = health_table(facts)
    if table.empty:
        body = "<p>The source of these posts kept no record of its requests.</p>"
        return _box("Collection health", "unknown", body)
    verdict, state = verdict_of(facts)
    accounts = facts.get("accounts") or {}
    body = f"<p>{escape(verdict)}</p>{_table(table)}"
    body += _warnings(facts.get("turned_to_zero") or [])
    body += _errors(facts.get("errors") or {})
    body += _list("Errors in the log, samples", map(escape, facts.get("error_samples") or []))
    body += _failed((facts.get("windows") or {}).get("failed_list") or [])
    body += _list("Accounts that failed", map(escape, accounts.get("failed_names") or []))
    body += _list("Accounts the service refuses", map(escape, accounts.get("refused_names") or []))
    body += _list("Notes", map(escape, health.get("notes") or facts.get("notes") or []))
    body += _truth(facts.get("truth") or {})
    return _box("Collection health", state, body)


def verdict_of(health: Mapping[str, Any]) -> tuple[str, str]:
    """Return one sentence on how complete the collection was, and ``complete``, ``gaps``, ``stopped`` or ``archive``.

    Examples
    --------
    >>> verdict_of({"accounts": {"active": 2, "asked": 2, "answered": 2}})
    ('Everything that was planned was asked and answered.', 'complete')
    """
    accounts, captions = health.get("accounts") or {}, health.get("captions") or {}
    windows = health.get("windows") or {}
    gaps = []
    for number, one, several in (
        (accounts.get("failed"), "account could not be asked for every day", "accounts could not be asked for every day"),
        (accounts.get("left_over"), "account was left for another day", "accounts were left for another day"),
        (captions.get("left_over"), "caption was left for another day", "captions were left for another day"),
        (captions.get("failed"), "caption could not be searched on every day", "captions could not be searched on every day"),
        (windows.get("failed"), "query failed for part of its days", "queries failed for part of their days"),
        (
            len(health.get("earlier_gaps") or []), "day of the period has gaps from earlier runs",
            "days of the period have gaps from earlier runs",
        ),
        (
            len(health.get("turned_to_zero") or []), "query that used to bring posts brought none",
            "queries that used to bring posts brought none",
        ),
    ):  # fmt: skip
        if number:
            gaps.append(f"{number:,} {one if number == 1 else several}")
    if stopped := health.get("stopped"):
        why = (
            "The service failed or refused every query"
            if stopped == "outage"
            else "The request quota was spent"
        )
        rest = f": {'; '.join(gaps)}" if gaps else ""
        return f"{why} before everything was asked{rest}. The next run continues.", "stopped"
    if health.get("source") == "archive":
        return (
            "These posts come from an archive; its files say this about how they were collected.",
            "archive",
        )
    if gaps:
        return f"The collection has gaps: {'; '.join(gaps)}.", "gaps"
    return "Everything that was planned was asked and answered.", "complete"


def _archive_rows(facts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What an archive's files tell of its collection: errors by type, repeated rows."""
    if facts.get("source") != "archive":
        return []
    errors = dict(facts.get("errors_by_type") or {})
    total = int(facts.get("n_errors") or 0)
    rows: list[tuple[Any, ...]] = [("errors", "logged by the collection", total, None, "errors", "")]
    rows += [
        ("errors", str(kind), int(number), total, "errors", "") for kind, number in sorted(errors.items())
    ]
    rows.append(("posts", "listed more than once", int(facts.get("n_duplicate_rows") or 0), None, "rows", ""))
    rows.append(
        (
            "posts",
            "with a transcript",
            int(facts.get("n_transcripts") or 0),
            facts.get("n_posts"),
            "posts",
            "",
        )
    )
    return rows


def _account_rows(part: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    asked = part.get("asked")
    rows: list[tuple[Any, ...]] = []
    for name, words, of in (
        ("asked", "asked", part.get("active")),
        ("answered", "answered with posts", asked),
        ("silent", "answered without posts", asked),
        ("failed", "failed on at least one day", asked),
        ("refused", "refused by the service", asked),
        ("not_due", "had nothing new to be asked for", part.get("active")),
        ("left_over", "left for another day", part.get("active")),
    ):
        if name in part:
            rows.append(("accounts", words, part[name], of, "accounts", ""))
    return rows


def _caption_rows(part: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    words = {
        "searched": "searched",
        "failed": "search failed on at least one day",
        "not_due": "needed no search",
        "left_over": "left for another day",
    }
    if not part.get("planned", True):
        return [("captions", "searched", 0, None, "captions", "the run stopped before captions were planned")]
    return [
        ("captions", text, part[name], part.get("found"), "captions", "")
        for name, text in words.items()
        if name in part
    ]


def _window_rows(part: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    if "failed" not in part:
        return []
    rows: list[tuple[Any, ...]] = [
        ("queries", "failed for part of the period", part["failed"], part.get("total"), "queries", "")
    ]
    if part.get("retried"):
        rows.append(
            ("queries", "repeated after failing earlier", part["retried"], part.get("total"), "queries", "")
        )
    if part.get("cut_short"):
        rows.append(
            ("queries", "cut short", part["cut_short"], part.get("total"), "queries", "page limit reached")
        )
    return rows


def _request_rows(part: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    spent = part.get("spent")
    if spent is not None:
        rows.append(("requests", "spent", spent, part.get("budget"), "requests", "of the quota of a day"))
    for kind, number in sorted((part.get("by_outcome") or {}).items()):
        rows.append(("requests", OUTCOMES.get(kind, str(kind)), number, spent, "requests", ""))
    return rows


def _truth_rows(truth: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (
            "planted truth",
            "pool accounts that were planted (precision)",
            truth["n_hits"],
            truth["n_pool"],
            "accounts",
            "",
        ),
        (
            "planted truth",
            "planted accounts in the pool (recall)",
            truth["n_hits"],
            truth["n_planted"],
            "accounts",
            "",
        ),
    ]


def _table(table: pd.DataFrame) -> str:
    shown = table.rename(columns={"part": "what", "subject": "counted"})
    whole = shown["of"].where(shown["of"] > 0)
    shown.insert(4, "share", (shown["count"] / whole).astype("Float64").astype(float))
    return html_table(shown, "Collection health in numbers", formats={"share": "percent"}, max_rows=None)


def _list(title: str, items: Iterable[str]) -> str:
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f"<details><summary>{escape(title)}</summary><ul>{entries}</ul></details>" if entries else ""


def _warnings(warnings: list[Mapping[str, Any]]) -> str:
    shown = [escape(str(item.get("text", ""))) for item in warnings]
    return _list(f"Known-active queries turned to zero: {len(warnings):,}", shown)


def _errors(errors: Mapping[str, Any]) -> str:
    items = []
    for kind, found in sorted(errors.items()):
        samples = found.get("samples") or []
        lines = "".join(
            "<li>"
            + escape(
                f"{sample.get('http_status') or 'no answer'} {sample.get('code') or ''} "
                f"{sample.get('message') or ''}".strip()
            )
            + (f" <code>{escape(str(sample['log_id']))}</code>" if sample.get("log_id") else "")
            + "</li>"
            for sample in samples
        )
        name = OUTCOMES.get(kind, str(kind))
        items.append(f"{escape(name)}: {int(found.get('count', 0)):,} requests<ul>{lines}</ul>")
    total = sum(int(found.get("count", 0)) for found in errors.values())
    return _list(f"Errors by type, with samples: {total:,} requests", items)


def _failed(windows: list[Mapping[str, Any]]) -> str:
    items = [
        escape(f"{item.get('phase')}: {item.get('start')} to {item.get('end')}: ")
        + escape(str(item.get("reason") or "no reason given"))
        + (f" <code>{escape(str(item['log_id']))}</code>" if item.get("log_id") else "")
        for item in windows
    ]
    return _list(f"Failed queries: {len(windows):,}", items)


def _truth(truth: Mapping[str, Any]) -> str:
    networks = truth.get("networks") or []
    items = [
        escape(
            f"{item['network']}: {item['n_hits']:,} of {item['n_planted']:,} planted accounts are in the pool"
        )
        for item in networks
    ]
    return _list("Simulated world: planted networks found", items)


def _box(title: str, state: str, body: str) -> str:
    return (
        f'<section class="cl-health" data-state="{escape(state)}" aria-label="{escape(title)}">'
        f"<h3>{escape(title)}</h3>{body}</section>"
    )
