"""How complete a collection was: the facts a run keeps of it, and the box of a report that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import starmap
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from coordlib.report.tables import html_table
from coordlib.report.words import escape, plural

#: Words for the outcomes of a request, where the ledger's own word is not plain enough.
_OUTCOMES = {
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


class Facts(BaseModel):
    """Facts as a run keeps them in JSON: None is not known, and what else a run knows is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AskedAccounts(Facts):
    """Accounts of the pool: how many were to be asked, were asked, and with what success."""

    active: int | None = None
    asked: int | None = None
    answered: int | None = None
    silent: int | None = None
    failed: int | None = None
    refused: int | None = None
    not_due: int | None = None
    left_over: int | None = None
    failed_names: list[str] = []
    refused_names: list[str] = []


class SearchedCaptions(Facts):
    """Captions: how many were found, were searched, and with what success; `planned` is false where no search was."""

    found: int | None = None
    searched: int | None = None
    failed: int | None = None
    not_due: int | None = None
    left_over: int | None = None
    planned: bool = True


class Queries(Facts):
    """Queries: how many failed for part of their days (with phase, days, reason, log_id), were repeated, were cut short."""

    total: int | None = None
    failed: int | None = None
    failed_list: list[dict[str, Any]] = []
    retried: int = 0
    cut_short: int = 0


class Requests(Facts):
    """Requests of the quota of a day, by outcome."""

    spent: int | None = None
    budget: int | None = None
    by_outcome: dict[str, int] = {}


class Health(Facts):
    """How complete a collection was: of a monitored day, or what the files of an archive tell of it (`errors` by kind, `truth` of a simulated world)."""

    stopped: str | None = None
    accounts: AskedAccounts = AskedAccounts()
    captions: SearchedCaptions = SearchedCaptions()
    windows: Queries = Queries()
    requests: Requests = Requests()
    errors: dict[str, dict[str, Any]] = {}
    transcripts: dict[str, int] = {}
    days: list[dict[str, Any]] = []
    earlier_gaps: list[dict[str, Any]] = []
    turned_to_zero: list[dict[str, Any]] = []
    probes: dict[str, str] = {}
    truth: dict[str, Any] | None = None
    source: str | None = None
    n_errors: int = 0
    errors_by_type: dict[str, int] = {}
    error_samples: list[str] = []
    n_duplicate_rows: int = 0
    n_transcripts: int = 0
    n_posts: int | None = None
    notes: list[str] = []

    @property
    def left_over(self) -> int:
        """Accounts and captions left for another day."""
        return (self.accounts.left_over or 0) + (self.captions.left_over or 0)


def health_table(facts: Mapping[str, Any] | Health) -> pd.DataFrame:
    """Return the numbers of the health box as a table: part, subject, count, of, unit, note; what is not known has no row."""
    health = Health.model_validate(facts)
    accounts, captions, queries, requests = health.accounts, health.captions, health.windows, health.requests
    rows: list[tuple[str, str, int, int | None, str, str]] = []

    def add(
        part: str, subject: str, count: int | None, of: int | None = None, note: str = "", unit: str = ""
    ) -> None:
        if count is not None:
            rows.append((part, subject, count, of, unit or part, note))

    add("accounts", "asked", accounts.asked, accounts.active)
    add("accounts", "answered with posts", accounts.answered, accounts.asked)
    add("accounts", "answered without posts", accounts.silent, accounts.asked)
    add("accounts", "failed on at least one day", accounts.failed, accounts.asked)
    add("accounts", "refused by the service", accounts.refused, accounts.asked)
    add("accounts", "had nothing new to be asked for", accounts.not_due, accounts.active)
    add("accounts", "left for another day", accounts.left_over, accounts.active)
    if captions.planned:
        add("captions", "searched", captions.searched, captions.found)
        add("captions", "search failed on at least one day", captions.failed, captions.found)
        add("captions", "needed no search", captions.not_due, captions.found)
        add("captions", "left for another day", captions.left_over, captions.found)
    else:
        add("captions", "searched", 0, note="the run stopped before captions were planned")
    add("queries", "failed for part of the period", queries.failed, queries.total)
    add("queries", "repeated after failing earlier", queries.retried or None, queries.total)
    add("queries", "cut short", queries.cut_short or None, queries.total, "page limit reached")
    add("requests", "spent", requests.spent, requests.budget, "of the quota of a day")
    for kind, number in sorted(requests.by_outcome.items()):
        add("requests", _OUTCOMES.get(kind, kind), number, requests.spent)
    add("posts", "with a transcript", health.transcripts.get("with"), health.transcripts.get("of"))
    if n_days := len(health.days):
        empty = [day["date"] for day in health.days if not day["rows"]]
        gaps = [f"{gap['date']} ({plural(gap['queries'], 'query')})" for gap in health.earlier_gaps]
        add("days", "without any post", len(empty), n_days, ", ".join(empty))
        add("days", "with queries that failed in earlier runs", len(gaps), n_days, ", ".join(gaps))
    if truth := health.truth:
        part, hits = "planted truth", truth["n_hits"]
        add(part, "pool accounts that were planted (precision)", hits, truth["n_pool"], unit="accounts")
        add(part, "planted accounts in the pool (recall)", hits, truth["n_planted"], unit="accounts")
    if health.source == "archive":
        add("errors", "logged by the collection", health.n_errors)
        for kind, number in sorted(health.errors_by_type.items()):
            add("errors", kind, number, health.n_errors)
        add("posts", "listed more than once", health.n_duplicate_rows, unit="rows")
        add("posts", "with a transcript", health.n_transcripts, health.n_posts)
    frame = pd.DataFrame(rows, columns=["part", "subject", "count", "of", "unit", "note"])
    return frame.astype({"count": "Int64", "of": "Int64"})


def health_html(facts: Mapping[str, Any]) -> str:
    """Return the collection-health box of a run or an archived day; names, messages and captions in it are hostile text, and escaped."""
    health = Health.model_validate(facts.get("health") or facts)
    numbers = health_table(health)
    if numbers.empty:
        return _box("unknown", "<p>The source of these posts kept no record of its requests.</p>")
    verdict, state = verdict_of(health)
    whole = numbers["of"].where(numbers["of"] > 0)
    numbers.insert(4, "share", (numbers["count"] / whole).astype("Float64").astype(float))
    labels = {"part": "what", "subject": "counted"}
    table = html_table(
        numbers,
        "Collection health in numbers",
        formats={"share": "percent"},
        labels=labels,
        max_rows=None,
        table="health",
    )
    zero, failed = health.turned_to_zero, health.windows.failed_list
    errors = sum(found.get("count", 0) for found in health.errors.values())
    planted = "{network}: {n_hits:,} of {n_planted:,} planted accounts are in the pool"
    networks = (health.truth or {}).get("networks", [])
    lists = {
        f"Known-active queries turned to zero: {len(zero):,}": [escape(item["text"]) for item in zero],
        f"Errors by type, with samples: {errors:,} requests": starmap(_kind, sorted(health.errors.items())),
        "Errors in the log, samples": map(escape, health.error_samples),
        f"Failed queries: {len(failed):,}": map(_failed, failed),
        "Accounts that failed": map(escape, health.accounts.failed_names),
        "Accounts the service refuses": map(escape, health.accounts.refused_names),
        "Notes": map(escape, facts.get("notes") or health.notes),
        "Simulated world: planted networks found": [escape(planted.format(**one)) for one in networks],
    }
    return _box(state, f"<p>{escape(verdict)}</p>{table}", *starmap(_list, lists.items()))


def verdict_of(facts: Mapping[str, Any] | Health) -> tuple[str, str]:
    """Return one sentence on how complete the collection was, and ``complete``, ``gaps``, ``stopped`` or ``archive``."""
    health = Health.model_validate(facts)
    accounts, captions = health.accounts, health.captions
    counted = (
        (accounts.failed, "account{s} could not be asked for every day"),
        (accounts.left_over, "account{s} {was} left for another day"),
        (captions.left_over, "caption{s} {was} left for another day"),
        (captions.failed, "caption{s} could not be searched on every day"),
        (health.windows.failed, "{query} failed for part of {its} days"),
        (len(health.earlier_gaps), "day{s} of the period {has} gaps from earlier runs"),
        (len(health.turned_to_zero), "{query} that used to bring posts brought none"),
    )
    one = {"s": "", "was": "was", "has": "has", "its": "its", "query": "query"}
    several = {"s": "s", "was": "were", "has": "have", "its": "their", "query": "queries"}
    gaps = "; ".join(
        f"{number:,} {words.format(**one if number == 1 else several)}" for number, words in counted if number
    )
    if health.stopped:
        outage, rest = health.stopped == "outage", f": {gaps}" if gaps else ""
        why = "The service failed or refused every query" if outage else "The request quota was spent"
        return f"{why} before everything was asked{rest}. The next run continues.", "stopped"
    if health.source == "archive":
        told = "These posts come from an archive; its files say this about how they were collected."
        return told, "archive"
    if gaps:
        return f"The collection has gaps: {gaps}.", "gaps"
    return "Everything that was planned was asked and answered.", "complete"


def _list(title: str, items: Iterable[str]) -> str:
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f"<details><summary>{escape(title)}</summary><ul>{entries}</ul></details>" if entries else ""


def _kind(kind: str, found: Mapping[str, Any]) -> str:
    """A kind of error with samples of it."""
    lines = []
    for one in found.get("samples") or []:
        told = f"{one.get('http_status') or 'no answer'} {one.get('code') or ''} {one.get('message') or ''}"
        lines.append(f"<li>{_logged(told.strip(), one)}</li>")
    name = escape(_OUTCOMES.get(kind, kind))
    return f"{name}: {int(found.get('count', 0)):,} requests<ul>{''.join(lines)}</ul>"


def _failed(query: Mapping[str, Any]) -> str:
    days = f"{query.get('phase')}: {query.get('start')} to {query.get('end')}"
    return _logged(f"{days}: {query.get('reason') or 'no reason given'}", query)


def _logged(words: str, item: Mapping[str, Any]) -> str:
    """Words with the service's own name of the request."""
    return escape(words) + (f" <code>{escape(item['log_id'])}</code>" if item.get("log_id") else "")


def _box(state: str, *body: str) -> str:
    title = "Collection health"
    return f'<section class="cl-health" data-state="{state}" aria-label="{title}"><h3>{title}</h3>{"".join(body)}</section>'
